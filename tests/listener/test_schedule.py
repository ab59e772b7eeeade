"""The clock: what is due is visited, one source's trouble is nobody else's, and stopping gives everything back."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from listener import crawl
from listener import schedule as schedules
from listener.schedule import Schedule
from storage.errors import DatabaseUnavailable

ITEM = {"guid": "1", "title": "Storing", "text": "Zonnebank doet het vandaag weer niet, wat een ellende."}


@pytest.fixture
async def listener(open_listener: Any) -> Any:
    async with open_listener() as opened:
        yield opened


def a_schedule(listener: Any, **more: Any) -> tuple[Schedule, list[crawl.Outcome]]:
    said: list[crawl.Outcome] = []
    schedule = Schedule(listener.kit, list(listener.specs.values()), report=said.append, **more)
    schedule.register()
    return schedule, said


def listen_to_three(site: Any, listener: Any) -> None:
    site.feed("/good", ITEM)
    site.say("/bad", status=500)
    for name, path in (("one", "/good"), ("two", "/bad"), ("three", "/good")):
        listener.listen_to(site.base + path, name=name)


async def test_once_visits_each_source_that_is_due_once(site: Any, listener: Any, clock: Any) -> None:
    listen_to_three(site, listener)
    schedule, said = a_schedule(listener, workers=2)
    await schedule.once()
    assert sorted(each.visit.source for each in said) == ["one", "three", "two"]
    await schedule.once()
    assert len(said) == 3
    clock.advance(milliseconds=1)
    await schedule.once(regardless=True)
    assert len(said) == 6


async def test_once_keeps_to_the_sources_that_were_named(site: Any, listener: Any) -> None:
    listen_to_three(site, listener)
    schedule, said = a_schedule(listener, names=["three"])
    await schedule.once()
    assert [each.visit.source for each in said] == ["three"]


async def test_a_paused_source_is_left_alone_until_it_is_retried(site: Any, listener: Any) -> None:
    listen_to_three(site, listener)
    schedule, said = a_schedule(listener, names=["one"])
    listener.kit.intake.pause("one")
    await schedule.once(regardless=True)
    assert said == []
    assert listener.health("one")[0] == "on_hold"
    schedule.register()
    listener.kit.intake.retry("one")
    await schedule.once()
    assert [each.visit.source for each in said] == ["one"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_that_is_put_back_leaves_nothing_unvisited(
    site: Any, listener: Any, clock: Any, restarted: bool
) -> None:
    listen_to_three(site, listener)
    clock.advance(days=400)
    schedule, said = a_schedule(listener)
    await schedule.once()
    clock.advance(days=-400)
    if restarted:
        schedule, said = a_schedule(listener)
    await schedule.once()
    assert len(said) == (0 if restarted else 3), "nothing is visited in a burst either"
    clock.advance(days=1)
    await schedule.once()
    assert len(said) == (3 if restarted else 6)


async def test_forever_visits_as_sources_fall_due_does_its_chores_and_stops(
    site: Any, listener: Any, clock: Any
) -> None:
    listen_to_three(site, listener)
    stop, chores = asyncio.Event(), []

    async def chore() -> None:
        chores.append(len(said))
        clock.advance(days=2)
        if len(said) >= 6:
            stop.set()
        elif len(chores) == 1:
            raise RuntimeError("a fault of a chore stops nothing")

    schedule, said = a_schedule(listener)
    async with asyncio.timeout(20):
        await schedule.forever([(0.05, chore)], stop=stop)
    assert len(said) >= 6


async def test_stopping_gives_the_leases_of_unfinished_visits_back(site: Any, listener: Any) -> None:
    listen_to_three(site, listener)
    stop = asyncio.Event()
    site.hears.clear()
    schedule, said = a_schedule(listener)
    running = asyncio.create_task(schedule.forever(stop=stop))
    while not site.asked:
        await asyncio.sleep(0)
    stop.set()
    await running
    assert said == []
    assert len(await asyncio.to_thread(listener.kit.intake.due)) == 3


async def test_stopping_while_leases_are_taken_gives_these_back_too(
    site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen_to_three(site, listener)
    lease, begun, go, ended = listener.kit.intake.due, asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(**how: Any) -> Any:
        loop.call_soon_threadsafe(begun.set)
        go.wait(20)
        try:
            return lease(**how)
        finally:
            ended.set()

    with monkeypatch.context() as patch:
        patch.setattr(listener.kit.intake, "due", slowly)
        schedule, _ = a_schedule(listener)
        stop = asyncio.Event()
        running = asyncio.create_task(schedule.forever(stop=stop))
        await begun.wait()
        stop.set()
        await asyncio.wait([running], timeout=0.05)
        go.set()
        await running
        await asyncio.to_thread(ended.wait, 20)
    assert len(await asyncio.to_thread(lease)) == 3


async def test_a_database_that_is_away_for_a_while_stops_nothing(
    site: Any, listener: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_three(site, listener)

    def away(*_: Any) -> None:
        raise DatabaseUnavailable("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(listener.kit.intake, "store_all", away)
        schedule, said = a_schedule(listener)
        await schedule.once()
        assert (said, schedule.unwritten, caplog.text.count("does not answer")) == ([], 3, 3)
    clock.advance(minutes=6)
    schedule, said = a_schedule(listener)
    await schedule.once()
    assert len(said) == 3


async def test_a_source_that_only_the_table_knows_is_visited_as_the_table_says(
    site: Any, listener: Any, clock: Any
) -> None:
    site.feed("/feed", ITEM)
    listener.kit.intake.register([("stored", "feed", f"{site.base}/feed")])
    schedule = Schedule(listener.kit, [], report=(said := []).append)
    await schedule.once()
    assert [(each.visit.source, each.visit.outcome) for each in said] == [("stored", "failed")]
    assert "allow_private" in said[0].visit.sentence


async def test_hosts_that_do_not_answer_keep_nobody_waiting(
    site: Any, other_site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "SLOW", 0.01)
    site.feed("/feed", ITEM)
    other_site.hears.clear()
    for n in range(6):
        listener.listen_to(f"{other_site.base}/feed{n}", name=f"a-deaf-{n}")
    for n in range(4):
        listener.listen_to(f"{site.base}/feed", name=f"well-{n}")
    said: list[str] = []

    def report(outcome: crawl.Outcome) -> None:
        said.append(outcome.visit.source)
        if len(said) == 4:
            other_site.hears.set()

    schedule = Schedule(listener.kit, list(listener.specs.values()), workers=2, report=report)
    await schedule.once()
    assert sorted(said[:4]) == [f"well-{n}" for n in range(4)]
    assert len(said) == 10
