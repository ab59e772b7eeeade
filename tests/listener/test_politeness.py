"""Good manners: robots.txt by RFC 9309, one request at a time, a pause between, and quiet when it is asked for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from listener.errors import Blocked, FetchError
from listener.fetch import Fetcher
from listener.network.robots import MOST_WILD, Robots
from listener.politeness import PoliteFetcher, Turnstile, awake_or_asleep
from listener.types import Page, Request
from storage.database import Database
from storage.intake import Intake

DAY = 86400.0


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, list[float]()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Site(httpx.AsyncBaseTransport):
    """Web sites that answer from a table, and write down when each address was asked."""

    def __init__(self, time: Time, pages: dict[str, Any]) -> None:
        self.time, self.pages, self.asked, self.busy = time, pages, list[tuple[str, float]](), 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append((url, self.time.now))
        self.busy += 1
        assert self.busy == 1, "two requests at one time"
        await asyncio.sleep(0)
        self.busy -= 1
        answer = self.pages.get(url, (404, {}, b""))
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        return httpx.Response(status, headers=headers, content=body)

    @property
    def urls(self) -> list[str]:
        return [url for url, _ in self.asked]


def polite(pages: dict[str, Any]) -> tuple[PoliteFetcher, Site, Time]:
    time = Time()
    site = Site(time, pages)
    fetcher = Fetcher(transport=site, now=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    return PoliteFetcher(fetcher, turnstile=Turnstile(clock=time, sleep=time.sleep)), site, time


FEED, ROBOTS = "https://blog.example/feed", "https://blog.example/robots.txt"
ASKED = Request(FEED)


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        (b"", "/feed", True),
        (b"User-agent: *\nDisallow: /", "/feed", False),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "/feed", False),
        (b"User-agent: webcare\nDisallow: /", "/feed", False),
        (b"User-agent: WebCare\nAllow: /\n\nUser-agent: *\nDisallow: /", "/feed", True),
        (b"User-agent: other\nDisallow: /", "/feed", True),
        (b"User-agent: *\nDisallow: /feed\nAllow: /feed/public", "/feed/public/1", True),
        (b"User-agent: *\nAllow: /feed/public\nDisallow: /feed", "/feed/x", False),
        (b"User-agent: *\nDisallow: /*.xml$", "/a.xml", False),
        (b"User-agent: *\nDisallow: /*.xml$", "/a.xml?x", True),
        (b"User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b", "/a", False),
        (b"User-agent: a\nUser-agent: webcare\nDisallow: /a", "/a", False),
        (b"User-agent: webcare\n# x\nSitemap: /s\nUser-agent: a\nDisallow: /a", "/a", False),
        (b"User-agent: webcare*\nUser-agent: a\n\nUser-agent b\nDisallow: /a", "/a", False),
        (b"User-agent: webcare\nAllow: /\nUser-agent: a\nUser-agent: b\nDisallow: /a", "/a", True),
        (b"User-agent: webcare/1.0 (a crawler)\nDisallow: /a", "/a", False),
        (b"User-agent: web\nDisallow: /a", "/a", True),
        (b"User-agent: *\nDisallow: /a\nUser-agent: w\nUser-agent: 7bot\nAllow: /a", "/a", False),
        (b"User-agent: webcare-news\nDisallow: /a", "/a", True),
        (b"User-agent: *\rDisallow: /a/%62%61z%2Fx\r", "/a/baz%2fx", False),
        (b"User-agent: *\nDisallow:", "/a", True),
        (b"<!doctype html><p>Disallow: /</p>", "/a", True),
        (b"\x00\xff\xfe\nDisallow: /\n" * 99, "/a", True),
        (b"User-agent: *\r\nDisallow: /gr\xc3\xbcn", "/gr%C3%BCn", False),
    ],
)
def test_robots_txt_is_read_by_rfc_9309(robots: bytes, path: str, allowed: bool) -> None:
    assert Robots.read(robots).allows("https://blog.example" + path) is allowed


@pytest.mark.parametrize(("asked", "delay"), [(b"5", 5), (b"9999", 60), (b"x", 0), (b"-1", 0), (b"nan", 0)])
def test_a_crawl_delay_counts_up_to_a_minute(asked: bytes, delay: float) -> None:
    assert Robots.read(b"User-agent: *\nCrawl-delay: " + asked).delay == delay


def test_what_comes_after_500_kib_of_robots_txt_does_not_count() -> None:
    assert Robots.read(b"# \n" * 200_000 + b"User-agent: *\nDisallow: /").allows(FEED)


def test_a_group_of_endless_names_is_read_in_the_memory_of_one() -> None:
    names = b"".join(b"User-agent: a%d\n" % n for n in range(13_000))
    rules = b"".join(b"Disallow: /%d\n" % n for n in range(13_000))
    robots = Robots.read(names + b"User-agent: *\n" + rules)
    assert not robots.allows("https://blog.example/12999") and robots.allows("https://blog.example/feed")


def test_rules_with_wildcards_beyond_number_forbid_what_they_begin_with() -> None:
    wild = b"".join(b"Disallow: /x/*%d\n" % n for n in range(MOST_WILD))
    robots = Robots.read(b"User-agent: *\n" + wild + b"Disallow: /dicht/*9\nAllow: /dicht/o*\nDisallow: /slot")
    forbidden = [not robots.allows(f"https://blog.example{path}") for path in ("/dicht/o", "/slot", "/x/y", "/feed")]
    assert forbidden == [True, True, False, False]


async def test_what_robots_txt_forbids_is_not_fetched_and_the_sentence_says_so() -> None:
    web, site, _ = polite({ROBOTS: b"User-agent: *\nDisallow: /feed", FEED: b"x"})
    for _ in range(2):
        with pytest.raises(Blocked, match=r"robots\.txt of blog\.example"):
            await web.get(ASKED)
    assert site.urls == [ROBOTS]


async def test_robots_txt_counts_on_every_hop() -> None:
    web, site, _ = polite(
        {
            FEED: (301, {"location": "https://other.example/feed"}, b""),
            "https://other.example/robots.txt": b"User-agent: *\nDisallow: /",
        }
    )
    with pytest.raises(Blocked, match=r"robots\.txt of other\.example"):
        await web.get(ASKED)
    assert site.urls == [ROBOTS, FEED, "https://other.example/robots.txt"]


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418])
async def test_without_a_robots_txt_everything_is_allowed(status: int) -> None:
    web, _, _ = polite({ROBOTS: (status, {}, b""), FEED: b"x"})
    assert isinstance(await web.get(ASKED), Page)


async def test_a_robots_txt_that_redirects_for_ever_allows_everything() -> None:
    web, _, _ = polite({ROBOTS: (302, {"location": "/robots.txt"}, b""), FEED: b"x"})
    assert isinstance(await web.get(ASKED), Page)


@pytest.mark.parametrize("answer", [(500, {}, b""), (503, {}, b""), httpx.ConnectTimeout("x"), httpx.ReadTimeout("x")])
async def test_while_robots_txt_cannot_be_reached_nothing_is_fetched(answer: object) -> None:
    web, site, time = polite({ROBOTS: answer, FEED: b"x"})
    for _ in range(3):
        with pytest.raises(FetchError, match=r"asked for robots\.txt"):
            await web.get(ASKED)
    assert site.urls == [ROBOTS]
    site.pages[ROBOTS] = b""
    time.now += 61
    assert isinstance(await web.get(ASKED), Page)


async def test_an_old_robots_txt_stands_in_for_one_that_cannot_be_reached_for_a_month() -> None:
    web, site, time = polite({ROBOTS: b"User-agent: *\nDisallow: /private", FEED: b"x"})
    await web.get(ASKED)
    site.pages[ROBOTS] = (500, {}, b"")
    time.now += 2 * DAY
    assert isinstance(await web.get(ASKED), Page)
    with pytest.raises(Blocked):
        await web.get(Request("https://blog.example/private"))
    time.now += 30 * DAY
    with pytest.raises(FetchError, match=r"asked for robots\.txt"):
        await web.get(ASKED)


async def test_robots_txt_is_asked_for_once_a_day_however_many_want_it() -> None:
    web, site, time = polite({ROBOTS: b"", FEED: b"x"})
    await asyncio.gather(*(web.get(ASKED) for _ in range(5)))
    assert site.urls == [ROBOTS] + [FEED] * 5
    time.now += DAY
    await web.get(ASKED)
    assert site.urls[-2:] == [ROBOTS, FEED]


async def test_requests_to_a_host_come_one_by_one_and_a_second_apart() -> None:
    web, site, _ = polite({FEED: (302, {"location": "/new"}, b""), "https://blog.example/new": b"x"})
    await asyncio.gather(*(web.get(ASKED) for _ in range(4)))
    times = [when for _, when in site.asked]
    assert len(times) == 9 and all(later - earlier >= 1 for earlier, later in pairwise(times))


async def test_a_crawl_delay_is_kept_and_our_own_servers_need_no_pause() -> None:
    web, site, time = polite({ROBOTS: b"User-agent: *\nCrawl-delay: 7", FEED: b"x"})
    for _ in range(3):
        await web.get(ASKED)
    assert [when - 1000 for _, when in site.asked] == [0, 1, 8, 15]
    web, site, time = polite({FEED: b"x"})
    for _ in range(3):
        await web.get(Request(FEED, pause=0))
    assert time.slept == []


@pytest.mark.parametrize("status", [429, 503])
async def test_during_retry_after_nobody_asks_the_host_anything(status: int) -> None:
    busy = (status, {"retry-after": "7200"}, b"")
    web, site, time = polite({ROBOTS: b"", FEED: busy, "https://blog.example/b": b"x"})
    with pytest.raises(FetchError, match="come back in 2 h"):
        await web.get(ASKED)
    asked = len(site.asked)
    time.now += 3600
    with pytest.raises(FetchError, match="come back in 60 min") as refusal:
        await web.get(Request("https://blog.example/b"))
    assert refusal.value.retry_after == 3600
    assert len(site.asked) == asked
    time.now += 3600
    assert isinstance(await web.get(Request("https://blog.example/b")), Page)


async def test_a_429_without_a_time_means_a_minute() -> None:
    web, _, _ = polite({ROBOTS: b"", FEED: (429, {}, b"")})
    with pytest.raises(FetchError):
        await web.get(ASKED)
    with pytest.raises(FetchError) as refusal:
        await web.get(ASKED)
    assert refusal.value.retry_after == 60


async def test_a_short_hold_is_waited_for() -> None:
    web, site, time = polite({ROBOTS: b"", FEED: (429, {"retry-after": "5"}, b"")})
    with pytest.raises(FetchError):
        await web.get(ASKED)
    site.pages[FEED] = b"x"
    assert isinstance(await web.get(ASKED), Page) and time.slept == [1, 5]


async def test_a_visitor_who_gives_up_leaves_the_turnstile_free() -> None:
    time = Time()
    turnstile = Turnstile(clock=time, sleep=time.sleep)
    inside = asyncio.Event()

    async def stay() -> None:
        async with turnstile.through("blog.example", 1):
            inside.set()
            await asyncio.sleep(60)

    first, second = asyncio.create_task(stay()), asyncio.create_task(stay())
    await inside.wait()
    for task in (second, first):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    async with turnstile.through("blog.example"):
        assert time.now == 1001


async def test_hosts_that_are_done_with_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.politeness._MOST_HOSTS", 10)
    time = Time()
    turnstile = Turnstile(clock=time, sleep=time.sleep)
    turnstile.hold("quiet.example", 100)
    for number in range(100):
        async with turnstile.through(f"{number}.example"):
            pass
    assert len(turnstile._hosts) <= 10
    with pytest.raises(FetchError, match="come back in 100 s"):
        async with turnstile.through("quiet.example"):
            pass


async def test_a_restart_does_not_ask_for_robots_again(database: Database, clock: Any) -> None:
    pages = {"https://a.example/robots.txt": b"User-agent: *\nDisallow: /dicht", "https://a.example/": b"open"}
    for asked in (["https://a.example/robots.txt", "https://a.example/"], ["https://a.example/"]):
        time = Time()
        site = Site(time, pages)
        turnstile = Turnstile(clock=time, sleep=time.sleep)
        web = PoliteFetcher(Fetcher(transport=site), turnstile=turnstile, shelf=Intake(database), now=clock)
        await web.get(Request("https://a.example/"))
        with pytest.raises(Blocked, match=r"robots\.txt"):
            await web.get(Request("https://a.example/dicht"))
        assert site.urls == asked
    clock.advance(days=1, seconds=1)
    site = Site(Time(), pages)
    await PoliteFetcher(Fetcher(transport=site), shelf=Intake(database), now=clock).get(Request("https://a.example/"))
    assert len(site.urls) == 2


@pytest.mark.parametrize("asked", [FEED, ROBOTS])
async def test_a_wish_to_be_left_alone_outlives_a_restart_for_every_source_of_the_host(
    asked: str, database: Database, clock: Any
) -> None:
    pages = {ROBOTS: b"", FEED: b"x", "https://blog.example/other": b"y"}
    pages[asked] = (503, {"retry-after": "3600"}, b"")

    def started() -> tuple[PoliteFetcher, Site]:
        time = Time()
        site, turnstile = Site(time, pages), Turnstile(clock=time, sleep=time.sleep)
        return PoliteFetcher(Fetcher(transport=site), turnstile=turnstile, shelf=Intake(database), now=clock), site

    web, _ = started()
    with pytest.raises(FetchError):
        await web.get(ASKED)
    pages |= {ROBOTS: b"", FEED: b"x"}
    clock.advance(minutes=20)
    web, site = started()
    with pytest.raises(FetchError, match="come back in 40 min"):
        await web.get(Request("https://blog.example/other"))
    assert site.asked == []
    Intake(database).keep_robots("https://elsewhere.example", clock(), b"")
    clock.advance(minutes=41)
    web, site = started()
    assert isinstance(await web.get(Request("https://blog.example/other")), Page)


def test_the_clock_of_pauses_goes_on() -> None:
    assert awake_or_asleep() <= awake_or_asleep()
