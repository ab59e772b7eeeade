"""Finding out what an address is: it is looked at once, then a few addresses that the page makes likely."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from listener import finding
from listener.errors import FetchError, ReadError
from listener.types import NotModified, Page, Request, SourceSpec

FEED = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>Blog</title><item><title>x</title></item></channel></rss>"
)


class Pages:
    """A web of a few pages; what is not among them is not found."""

    def __init__(self, pages: dict[str, bytes], clock: Any) -> None:
        self.pages, self.clock, self.asked = pages, clock, list[str]()

    async def get(self, request: Request) -> Page | NotModified:
        """The page."""
        url = request.url
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError(f"{url} is not there (404).", status=404)
        body = self.pages[url]
        kind = "application/rss+xml" if body.startswith(b"<?xml") else "text/html"
        return Page(url=url, status=200, headers={"content-type": kind}, body=body, fetched_at=self.clock())


def source(url: str = "https://blog.example/") -> SourceSpec:
    return SourceSpec(name="blog", url=url)


async def test_a_feed_is_known_at_sight(clock: Any) -> None:
    web = Pages({"https://blog.example/rss": FEED}, clock)
    guess = await finding.find(source("https://blog.example/rss"), web.get)
    assert (guess.kind, guess.url, web.asked) == ("feed", "https://blog.example/rss", ["https://blog.example/rss"])


async def test_the_feed_that_a_page_names_is_tried(clock: Any) -> None:
    page = b"<html><head><link rel=alternate type='application/rss+xml' href='/rss'></head><body></body></html>"
    guess = await finding.find(
        source(), Pages({"https://blog.example/": page, "https://blog.example/rss": FEED}, clock).get
    )
    assert (guess.kind, guess.url) == ("feed", "https://blog.example/rss")


@pytest.mark.parametrize("feed", [FEED.split(b"<item>")[0] + b"</channel></rss>", b"<html>Log in"])
async def test_a_feed_that_holds_nothing_gives_way_to_one_that_does(clock: Any, feed: bytes) -> None:
    site = "https://blog.example"
    page = b"<html><head><link rel=alternate type='application/rss+xml' href='/news'></head><body></body></html>"
    pages = {f"{site}/": page, f"{site}/news": feed}
    assert (await finding.find(source(), Pages(pages, clock).get)).url == f"{site}/news", "there is nothing else"
    assert (await finding.find(source(), Pages({**pages, f"{site}/rss": FEED}, clock).get)).url == f"{site}/rss"


async def test_the_feeds_of_a_page_are_listed(clock: Any) -> None:
    page = b"<html><head><link rel=alternate type='application/rss+xml' title='Alles' href='/rss'></head></html>"
    (feed,) = await finding.feeds(source(), Pages({"https://blog.example/": page}, clock).get)
    assert (feed.url, feed.title) == ("https://blog.example/rss", "Alles")


async def test_a_site_that_only_shows_a_log_in_is_said_to(clock: Any) -> None:
    web = Pages({"https://blog.example/": b"<html><form><input name=u><input type='password' name=p></form>"}, clock)
    with pytest.raises(ReadError, match="asks strangers to log in"):
        await finding.find(source(), web.get)


async def test_a_page_that_says_nothing_is_asked_little_and_said(clock: Any) -> None:
    web = Pages({"https://blog.example/": b"<html><body>Hello</body></html>"}, clock)
    with pytest.raises(ReadError, match=r"name its kind in sources\.yaml"):
        await finding.find(source(), web.get)
    assert len(web.asked) <= finding.PROBES + 1


async def test_an_address_that_does_not_answer_is_said_as_it_is(clock: Any) -> None:
    with pytest.raises(FetchError, match="404"):
        await finding.find(source(), Pages({}, clock).get)


BLOG = b"<html><head><link rel=alternate type='application/rss+xml' href='/rss'></head><body></body></html>"
WHOLE = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>B</title><item><title>x</title><link>https://%s/1</link>"
    b"<description>&lt;p&gt;Het hele verhaal.&lt;/p&gt;</description></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("article", "comments"),
    [
        (b"<html><script data-isso='//isso.example/'></script>", "https://isso.example/feed?uri={path}"),
        (Path("tests/data/sources/wordpress_page.html").read_bytes(), "page"),
        (b"<html><p>Het hele verhaal.", None),
    ],
)
async def test_where_comments_are_is_found_out_on_a_page_of_the_blog(
    article: bytes, comments: str | None, clock: Any
) -> None:
    pages = {"https://blog.example/": BLOG, "https://blog.example/rss": WHOLE % b"blog.example"}
    guess = await finding.find(source(), Pages({**pages, "https://blog.example/1": article}, clock).get)
    assert (guess.kind, guess.options.get("comments"), guess.options["older"]) == ("feed", comments, 50)


async def test_no_other_site_is_looked_at_for_comments(clock: Any) -> None:
    web = Pages({"https://blog.example/": BLOG, "https://blog.example/rss": WHOLE % b"elsewhere.example"}, clock)
    assert (await finding.find(source(), web.get)).kind == "feed"
    assert web.asked == ["https://blog.example/", "https://blog.example/rss"]


TICKETS = (
    f"<table>{''.join(f'<tr><td><a href=/ticket/{n}>Kan niet inloggen {n}</a></td></tr>' for n in range(3))}</table>"
)
FEEDS = "<html><head><link rel=alternate type='application/rss+xml' href='/rss'></head><body>"
ANSWERS = "".join(
    f"<div id=c{n}><h3>by <span class=author>{name}</span>, 2026-11-0{n} 10:00</h3><p>{text}</p></div>"
    for n, name, text in ((1, "jan", "Ja, hier precies hetzelfde."), (2, "henk", "Even opnieuw installeren hielp mij."))
)


async def test_a_list_of_threads_is_listened_to_by_its_pages_where_its_feed_shows_how_they_begin(clock: Any) -> None:
    site = "https://blog.example"
    pages = {f"{site}/report/1": f"{FEEDS}{TICKETS}", f"{site}/ticket/0": f"<html><body><h1>Inloggen</h1>{ANSWERS}"}
    web = Pages({f"{site}/rss": FEED} | {url: text.encode() for url, text in pages.items()}, clock)
    guess = await finding.find(source(f"{site}/report/1"), web.get)
    assert (guess.kind, guess.url) == ("blocks", f"{site}/report/1")


@pytest.mark.parametrize("head", ["<html><body>", FEEDS])
async def test_a_front_page_that_lists_nothing_leads_to_where_people_talk(clock: Any, head: str) -> None:
    site = "https://blog.example"
    pages = {f"{site}/": f"{head}<h1>Welkom</h1><nav><a href=/report>Tickets</a></nav>", f"{site}/report": TICKETS}
    feed = {f"{site}/rss": FEED} if head == FEEDS else {}
    web = Pages(feed | {url: text.encode() for url, text in pages.items()}, clock)
    guess = await finding.find(source(), web.get)
    assert (guess.kind, guess.url) == ("blocks", f"{site}/report")


async def test_one_thread_is_listened_to_as_itself_though_it_names_a_feed(clock: Any) -> None:
    site = "https://blog.example"
    web = Pages({f"{site}/ticket/1": f"{FEEDS}<h1>Inloggen</h1>{ANSWERS}".encode(), f"{site}/rss": FEED}, clock)
    assert (await finding.find(source(f"{site}/ticket/1"), web.get)).kind == "blocks"
