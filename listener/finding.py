"""Finding out what kind of source an address is: looks at the page, then at the few addresses worth a try."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import urlsplit

from listener import discover
from listener.errors import ListenerError, OutOfTime, ReadError
from listener.reading import Run, here
from listener.sources import feed
from listener.types import Get, Link, NotModified, Page, Reading, SourceSpec
from storage.types import PostKind

PROBES = 12
"""Addresses that are tried besides the one given."""
BOARDS = 2
"""Parts of a site named as those where people talk that are looked at."""
ARTICLES = 3
"""Articles of a blog that are looked at for comments: the oldest of its feed."""


async def find(source: SourceSpec, get: Get, run: Run = here) -> discover.Guess:
    """What the source's address is. Raises `ListenerError` when it cannot be reached or nothing there can be read."""
    page = await _got(source, source.url, get)
    guess: discover.Guess | None = await run(discover.guess, page)
    if guess is not None and "older" in guess.options:
        guess = await _closer(guess, page, source, get, run)
    if guess is not None and (guess.url == page.url or not guess.is_empty):
        return guess
    seen = {_digest(page)}
    for link in (await run(discover.probes, page))[:PROBES]:
        try:
            answer = await _got(source, link.url, get)
            if (digest := _digest(answer)) in seen:  # some sites show the same page at every address
                continue
            seen.add(digest)
            probed: discover.Guess | None = await run(discover.guess, answer)
        except OutOfTime as error:
            raise OutOfTime(f"{error} Name its kind in sources.yaml, so that it need not be found out.") from None
        except ListenerError:
            continue
        if probed is not None and not probed.is_empty:
            return probed
        guess = guess or probed
    shown: discover.Guess | None = await run(discover.of_blocks, page)
    if last := await _forum(page, source, get, run) or shown or guess:
        return last
    raise ReadError(discover.unknown(page))


async def _forum(page: Page, source: SourceSpec, get: Get, run: Run) -> discover.Guess | None:
    """What the part of a site is where people talk, where its front page lists no threads itself."""
    if not _is_front(source) or len(await run(discover.threads_of, page)) > 1:
        return None
    for url in (await run(discover.boards_of, page))[:BOARDS]:
        try:
            place = await _got(source, url, get)
            found: discover.Guess | None = await run(discover.guess, place)
            if found is None:
                found = await run(discover.of_blocks, place)
            elif found.kind in ("feed", "article"):
                found = await _threads(place, source, get, run) or found
        except ListenerError:
            continue
        if found is not None:
            return found
    return None


async def _closer(guess: discover.Guess, page: Page, source: SourceSpec, get: Get, run: Run) -> discover.Guess:
    """The same blog, told where the comments of its articles are, where its feed does not say so and its pages do."""
    if "comments" in guess.options:
        return guess
    try:
        listed: Reading = await run(feed.read, await _got(source, guess.url, get), Link(url=guess.url), source)
    except ListenerError:
        return replace(guess, is_empty=True)
    if not listed.posts and not listed.links:
        return replace(guess, is_empty=True)
    urls = [post.url for post in listed.posts if urlsplit(post.url).netloc == urlsplit(guess.url).netloc]
    try:
        for url in [] if any(link.role == "comments" for link in listed.links) else urls[-ARTICLES:]:
            if where := await run(feed.comments_at, await _got(source, url, get), source):
                return replace(guess, options={**guess.options, "comments": where})
        has_answers = any(post.kind is PostKind.COMMENT for post in listed.posts)
        return guess if has_answers else await _talk(page, source, get, run) or guess
    except ListenerError:
        pass  # it is a blog all the same
    return guess


def _is_front(source: SourceSpec) -> bool:
    return urlsplit(source.url).path in ("", "/")


async def _talk(page: Page, source: SourceSpec, get: Get, run: Run) -> discover.Guess | None:
    """The threads that a page lists, or the one that it is, where its feed shows less of them: several answer there."""
    if not _is_front(source) and await run(discover.is_thread, page):
        shown: discover.Guess | None = await run(discover.of_blocks, page)
        return shown
    return await _threads(page, source, get, run) or await _forum(page, source, get, run)


async def _threads(page: Page, source: SourceSpec, get: Get, run: Run) -> discover.Guess | None:
    """The threads that a page lists, where one of the first is a thread indeed."""
    for url in (await run(discover.threads_of, page))[:ARTICLES]:
        if await run(discover.is_thread, await _got(source, url, get)):
            shown: discover.Guess | None = await run(discover.of_blocks, page)
            return shown
    return None


async def feeds(source: SourceSpec, get: Get, run: Run = here) -> list[discover.FoundFeed]:
    """The feeds that the page at the source's address names."""
    found: list[discover.FoundFeed] = await run(discover.feeds_of, await _got(source, source.url, get))
    return found


def _digest(page: Page) -> bytes:
    """What tells a page from others without holding it."""
    return hashlib.sha256(page.body).digest()


async def _got(source: SourceSpec, url: str, get: Get) -> Page:
    page = await get(source.request(url))
    if isinstance(page, NotModified):  # nothing was asked conditionally
        raise ReadError(f"{url} answers that nothing changed, without having been asked.")
    return page
