"""Pages that would take for ever, or all memory, cost themselves and nothing else."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from listener import discover, reader
from listener.errors import ReadError
from listener.pages import syndication, tree
from listener.pages.effort import Heavy, light_only
from listener.reading import Readers
from listener.types import Link, Page, SourceSpec


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    async with Readers(rooms=((1, 0.1), (1, 0.3)), small=1000) as opened:
        yield opened


@pytest.fixture
def hurts(board_kind: str) -> Any:
    return importlib.import_module("testkinds.hurts")


def a_page(body: bytes, clock: Any) -> Page:
    return Page(url="https://x.example/a", status=200, headers={}, body=body, fetched_at=clock())


async def test_a_large_page_is_read_in_another_process_that_stays(readers: Readers, hurts: Any, clock: Any) -> None:
    page = a_page(b"x" * 1001, clock)
    first, second = [await readers.run(hurts.who, page) for _ in range(2)]
    assert first == second != os.getpid()
    assert await readers.run(hurts.who, a_page(b"x" * 1000, clock)) == os.getpid()


async def test_a_small_page_that_needs_limits_is_read_apart(readers: Readers, hurts: Any, clock: Any) -> None:
    page = a_page(b"x", clock)
    assert await readers.run(hurts.heavy, page) == await readers.run(hurts.who, a_page(b"x" * 1001, clock))
    assert await readers.run(hurts.who, page) == os.getpid()


@pytest.mark.parametrize(
    ("work", "body", "is_light"),
    [
        (syndication.parse, b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss>", True),
        (syndication.parse, b"<rss version='2.0'><channel><item><title>a & b</title></item></channel></rss>", False),
        (discover.guess, b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss>", True),
        (discover.guess, b"<html><body><p>niets</body></html>", False),
        (tree.tree_of, b"<p>niets</p>", False),
    ],
)
def test_what_a_stranger_can_make_long_needs_limits(work: Any, body: bytes, is_light: bool, clock: Any) -> None:
    with light_only(), nullcontext() if is_light else pytest.raises(Heavy):
        work(a_page(body, clock))
    work(a_page(body, clock))


async def test_a_slow_page_is_read_where_it_keeps_no_quick_one(readers: Readers, hurts: Any, clock: Any) -> None:
    quick, slow = [await readers.run(work, a_page(b"x" * 1001, clock)) for work in (hurts.who, hurts.slow)]
    another = await readers.run(hurts.who, replace(a_page(b"x" * 1001, clock), url="https://quick.example/"))
    assert os.getpid() != quick == slow != another, "who reads it goes along to the slower room"
    assert os.getpriority(os.PRIO_PROCESS, slow) > os.getpriority(os.PRIO_PROCESS, another)


async def test_who_was_quick_before_does_not_wait_behind_strangers(hurts: Any, clock: Any) -> None:
    done: list[str] = []

    async def read(host: str) -> None:
        await readers.run(hurts.who, replace(a_page(b"x" * 1001, clock), url=f"https://{host}.example/"))
        done.append(host)

    async with Readers(rooms=((1, 60.0),), small=1000) as readers:
        await read("known")
        await asyncio.gather(*map(read, ["first", "second", "third", "known"]))
    assert done[:3] == ["known", "first", "known"]


@pytest.mark.parametrize("how", ["for_ever", "never_looks_up", "everything", "says_too_much", "dies"])
async def test_a_page_that_hurts_costs_itself_only(readers: Readers, hurts: Any, clock: Any, how: str) -> None:
    page = a_page(b"x" * 1001, clock)
    with pytest.raises(ReadError, match=r"^https://x\.example/a takes too much .* to read: it is left out\.$"):
        await readers.run(getattr(hurts, how), page)
    assert await readers.run(hurts.who, page) != os.getpid()


async def test_what_importing_a_library_takes_is_not_held_against_the_page(
    readers: Readers, hurts: Any, clock: Any
) -> None:
    assert await readers.run(hurts.needs_library, a_page(b"x" * 1001, clock)) == "200000000"


async def test_refusals_and_faults_come_back_as_they_were(readers: Readers, hurts: Any, clock: Any) -> None:
    page = a_page(b"x" * 1001, clock)
    with pytest.raises(ReadError, match="no board"):
        await readers.run(hurts.refuses, page)
    with pytest.raises(RuntimeError, match="KeyError: 'x'"):
        await readers.run(hurts.errs, page)


def test_a_post_keeps_what_anybody_can_read_or_open(hurts: Any, clock: Any) -> None:
    source, link = SourceSpec(name="x", url="https://x.example/a"), Link(url="https://x.example/a")
    (post,) = reader.read(a_page(b"", clock), hurts.odd, link, source).posts
    assert (len(post.text), len(post.title), post.external_id) == (reader.TEXT, reader.LINE, "x")
    assert post.url == post.author_url == ""


async def test_a_page_of_too_many_posts_is_cut(readers: Readers, hurts: Any, clock: Any) -> None:
    source, link = SourceSpec(name="x", url="https://x.example/a"), Link(url="https://x.example/a")
    found = await readers.run(reader.read, a_page(b"x" * 1001, clock), hurts.many, link, source)
    assert (len(found.posts), len(found.links)) == (reader.POSTS, 1)
