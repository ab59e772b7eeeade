"""A visit has one clock: what is slow costs the visit its time and nobody else's, and the next visit goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from listener import crawl
from listener.errors import FetchError, OutOfTime
from listener.patience import Patience

POST = {"author": "jan", "text": "Zonnebank is traag", "title": "Zonnebank"}


class Uses(Patience):
    """Patience for so many things, however long they take."""

    times = 3

    @asynccontextmanager
    async def spend(self, host: str, free: float = 0.0) -> AsyncIterator[None]:
        self.times -= 1
        if self.times < 0:
            raise self._is_over(host)
        yield


@pytest.fixture
async def listener(open_listener: Any) -> AsyncIterator[Any]:
    async with open_listener() as opened:
        yield opened


async def test_who_is_at_it_when_the_time_is_over_is_stopped_and_nobody_begins_after() -> None:
    patience = Patience(0.01)
    with pytest.raises(OutOfTime, match=r"^a\.test and its pages took more than the 0\.01 s of one visit: the next"):
        async with patience.spend("a.test"):
            await asyncio.sleep(60)
    assert patience.used >= 1
    with pytest.raises(OutOfTime):
        async with patience.spend("a.test", free=60):
            pytest.fail("it was begun")


def test_what_is_stored_uses_the_same_time_and_is_not_stopped_half_way() -> None:
    patience = Patience(1e-9)
    with patience.count():
        is_stored = True
    assert is_stored and patience.used >= 1


async def test_what_fits_in_the_pause_costs_nothing_and_what_goes_wrong_stays_as_it_is() -> None:
    patience = Patience(0.01)
    async with patience.spend("a.test", free=60):
        await asyncio.sleep(0.02)
    for error in (TimeoutError(), FetchError("no")):
        with pytest.raises(type(error)):
            async with patience.spend("a.test", free=60):
                raise error
    assert patience.used == 0


async def test_a_visit_whose_time_is_over_stores_what_it_read_and_the_next_goes_on(
    site: Any, listener: Any, board_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.board({str(thread): [dict(POST, id=f"{thread}")] for thread in range(3)})
    listener.listen_to(f"{site.base}/board", board_kind)
    monkeypatch.setattr(crawl, "Patience", Uses)
    monkeypatch.setattr(Uses, "times", 7)  # robots.txt, the list and two threads: three fetched, three read
    first = await listener.visit()
    assert (first.visit.outcome, first.visit.health.value) == ("ok", "ok")
    assert "the next one goes on from there" in first.visit.sentence
    assert 0 < first.new_posts < 3
    second = await listener.visit()
    assert first.new_posts + second.new_posts == 3


async def test_a_source_too_slow_for_its_first_page_is_said_to_be(
    site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.listen_to(f"{site.base}/feed")
    monkeypatch.setattr(crawl, "Patience", Uses)
    monkeypatch.setattr(Uses, "times", 1)
    visit = (await listener.visit()).visit
    assert (visit.outcome, visit.health.value, visit.status) == ("failed", "degraded", None)
    assert "took more than the 28 s of one visit" in visit.sentence
