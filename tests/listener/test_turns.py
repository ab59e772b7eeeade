"""Nobody who asks for little waits behind those who ask for much, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from listener.turns import SHARE, Places, Turns


class Clock:
    """Stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_takes_little_goes_first(clock: Clock) -> None:
    turns = Turns(clock)
    large, small = turns.due("large", 1.0), turns.due("small", 0.01)
    assert small < large


def test_one_who_asked_for_much_already_lets_others_go_first(clock: Clock) -> None:
    turns = Turns(clock)
    for _ in range(100):
        flood = turns.due("flood", 0.1)
    clock.now += 1
    assert turns.due("other", 0.5) < flood < turns.due("flood", 0.01)


def test_nothing_is_overtaken_for_ever(clock: Clock) -> None:
    turns = Turns(clock)
    large = turns.due("large", 1.0)
    clock.now += SHARE
    assert turns.due("small", 0.0) >= large


def test_what_was_asked_long_ago_is_forgotten(clock: Clock) -> None:
    turns = Turns(clock)
    turns.due("flood", 1.0)
    clock.now += 2 * SHARE
    assert turns.due("flood", 0.01) == turns.due("other", 0.01)


async def test_of_those_that_wait_the_one_that_is_due_comes_in_and_who_leaves_the_queue_keeps_nobody_out() -> None:
    places, came = Places(1), list[float]()

    async def visit(due: float) -> None:
        async with places.taken(due):
            came.append(due)
            await asyncio.sleep(0)

    async with places.taken(0.0):
        waiting = [asyncio.create_task(visit(due)) for due in (3.0, 1.0, 4.0, 2.0)]
        await asyncio.sleep(0)
        waiting[1].cancel()
    waiting[3].cancel()  # whose turn it is by now
    await asyncio.gather(*waiting, return_exceptions=True)
    await visit(5.0)
    assert came == [3.0, 4.0, 5.0]
