"""Pages that would take for ever, or all memory, cost themselves and nothing else."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from listener import reading
from listener.errors import ReadError
from listener.reading import Readers
from listener.types import Link, Page, SourceSpec


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    async with Readers(workers=1, small=1000, cpu=1) as opened:
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


@pytest.mark.parametrize("how", ["for_ever", "everything", "dies"])
async def test_a_page_that_hurts_costs_itself_only(readers: Readers, hurts: Any, clock: Any, how: str) -> None:
    page = a_page(b"x" * 1001, clock)
    with pytest.raises(ReadError, match=r"^https://x\.example/a takes too much .* to read: it is left out\.$"):
        await readers.run(getattr(hurts, how), page)
    assert await readers.run(hurts.who, page) != os.getpid()


async def test_refusals_and_faults_come_back_as_they_were(readers: Readers, hurts: Any, clock: Any) -> None:
    page = a_page(b"x" * 1001, clock)
    with pytest.raises(ReadError, match="no board"):
        await readers.run(hurts.refuses, page)
    with pytest.raises(RuntimeError, match="KeyError: 'x'"):
        await readers.run(hurts.errs, page)


async def test_a_page_of_too_many_posts_is_cut(readers: Readers, hurts: Any, clock: Any) -> None:
    source, link = SourceSpec(name="x", url="https://x.example/a"), Link(url="https://x.example/a")
    found = await readers.run(reading.read, a_page(b"x" * 1001, clock), hurts.many, link, source)
    assert (len(found.posts), len(found.links)) == (reading.POSTS, 1)
