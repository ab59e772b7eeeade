"""Sites that lead a visit astray: in circles, without end, or to where nothing may be fetched."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from listener import walk
from listener.errors import Blocked
from listener.fetch import Fetcher
from listener.types import Request

INSIDE = [
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1]/",
    "http://[::ffff:192.168.1.1]:8080/",
    "http://0x7f.1:6379/",
    "http://3232235777/",
    "http://inside.test/",
    "file:///etc/passwd",
    "gopher://10.0.0.1/",
]
INDEX = "<sitemapindex>{}</sitemapindex>"
POST = "<div id='p{0}' class='post'><h3>Zonnebank</h3><div class='content'>Zonnebank is traag, {0}</div></div>"


@pytest.fixture
async def listener(open_listener: Any) -> AsyncIterator[Any]:
    async with open_listener() as opened:
        yield opened


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where a connection is tried to; none leaves this machine."""
    tried: list[str] = []
    connect = asyncio.open_connection

    async def guarded(host: str, port: int, **how: Any) -> Any:
        tried.append(host)
        if host != "127.0.0.1":
            raise ConnectionRefusedError
        return await connect(host, port, **how)

    monkeypatch.setattr(asyncio, "open_connection", guarded)
    return tried


def listen(listener: Any, site: Any, path: str, kind: str) -> None:
    """Of all that is private only the site itself may be fetched."""
    spec = listener.listen_to(site.base + path, kind)
    listener.specs[spec.name] = replace(spec, allow_private=(site.base.removeprefix("http://"),))


@pytest.mark.parametrize("inside", INSIDE)
async def test_a_chain_of_redirects_inside_ends_before_any_connection(
    site: Any, connections: list[str], inside: str
) -> None:
    async def within(host: str, port: int) -> list[str]:
        return ["192.168.0.7"]

    for hop, to in (("/feed", "/b"), ("/b", "/c"), ("/c", inside)):
        site.say(hop, status=302, location=to)
    async with Fetcher(resolve=within) as fetcher:
        with pytest.raises(Blocked, match=r"is inside the network|web servers have other ports|only http and https"):
            await fetcher.get(Request(f"{site.base}/feed", allow_private=(site.base.removeprefix("http://"),)))
    assert site.asked == ["/feed", "/b", "/c"]
    assert connections == ["127.0.0.1"] * 3


@pytest.mark.parametrize("where", ["item", "next", "comments", "stylesheet"])
async def test_addresses_inside_that_a_feed_names_are_never_connected_to(
    site: Any, listener: Any, connections: list[str], where: str
) -> None:
    comments = "<wfw:commentRss xmlns:wfw='http://wellformedweb.org/CommentAPI/'>http://10.0.0.1/c</wfw:commentRss>"
    link = "http://169.254.169.254/x" if where == "item" else f"{site.base}/x"
    item = f"<item><guid>1</guid><title>Zonnebank</title><link>{link}</link>{comments if where == 'comments' else ''}"
    following = "<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='next' href='http://10.0.0.1/n'/>"
    style = "<?xml-stylesheet href='http://10.0.0.1/s'?>" if where == "stylesheet" else ""
    body = f"{style}<rss version='2.0'><channel>{following if where == 'next' else ''}{item}</item></channel></rss>"
    site.say("/feed", f"<?xml version='1.0'?>{body}", content_type="application/rss+xml")
    listen(listener, site, "/feed", "feed")
    assert (await listener.visit()).visit.posts
    assert set(connections) == {"127.0.0.1"}


async def test_sitemaps_that_name_each_other_are_each_asked_once(site: Any, listener: Any) -> None:
    names = ("/sitemap.xml", "/a.xml", "/b.xml")
    for name in names:
        site.say(name, INDEX.format("".join(f"<sitemap><loc>{site.base}{each}</loc></sitemap>" for each in names)))
    listen(listener, site, "/sitemap.xml", "sitemap")
    await listener.visit()
    asked = Counter(path for path in site.asked if path != "/robots.txt")
    assert set(asked) == set(names) and max(asked.values()) == 1


@pytest.mark.parametrize("bound", ["PAGES", "LINKS"])
async def test_sitemaps_without_end_end_with_the_visit(
    bound: str, site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, bound, 10)
    for n in range(40):
        nexts = "".join(f"<sitemap><loc>{site.base}/{n + more}.xml</loc></sitemap>" for more in (1, 2))
        site.say(f"/{n}.xml", INDEX.format(nexts))
    listen(listener, site, "/0.xml", "sitemap")
    visit = (await listener.visit()).visit
    assert "the next one goes on from there" in visit.sentence
    assert visit.pages <= 10


@pytest.mark.parametrize("pages", [1, 2, 3])
async def test_pages_of_a_thread_that_go_in_circles_are_not_read_for_ever(site: Any, listener: Any, pages: int) -> None:
    for n in range(pages):
        following = f"<link rel='next' href='/viewtopic.php?t=7&x={(n + 1) % pages}'>"
        site.say(f"/viewtopic.php?t=7&x={n}", f"<html><head>{following}</head><body>{POST.format(n + 1)}</body></html>")
    listen(listener, site, "/viewtopic.php?t=7&x=0", "phpbb")
    outcome = await listener.visit()
    assert outcome.new_posts == pages
    most = max(Counter(path for path in site.asked if path != "/robots.txt").values())
    assert most <= 2  # on the way to its last page, and with the whole thread


async def test_a_thread_without_end_is_left_after_so_many_pages(
    site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "THREAD_PAGES", 5)
    monkeypatch.setattr(walk, "PAGES", 12)
    for n in range(40):
        following = f"<a rel='next' href='/viewtopic.php?t=7&x={n + 1}'>volgende</a>"
        site.say(f"/viewtopic.php?t=7&x={n}", f"<html><body>{POST.format(n + 1)}{following}</body></html>")
    listen(listener, site, "/viewtopic.php?t=7&x=0", "phpbb")
    outcome = await listener.visit()
    assert 0 < outcome.new_posts <= 12
    assert outcome.visit.pages < 12 + 5  # a thread that was begun is read on


async def test_a_thread_of_too_many_posts_is_left_after_so_many(
    site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "THREAD_POSTS", 4)
    site.say(
        "/viewforum.php?f=1", "<html><body><a class='topictitle' href='/viewtopic.php?t=7&x=0'>a</a></body></html>"
    )
    for n in range(5):
        following = f"<a rel='next' href='/viewtopic.php?t=7&x={n + 1}'>volgende</a>"
        posts = POST.format(2 * n + 1) + POST.format(2 * n + 2)
        site.say(f"/viewtopic.php?t=7&x={n}", f"<html><body>{posts}{following}</body></html>")
    listen(listener, site, "/viewforum.php?f=1", "phpbb")
    assert (await listener.visit()).new_posts == 4
