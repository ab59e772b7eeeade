"""What may take its time is asked one after the other, and nobody waits for it in the end."""

import asyncio
import threading

import pytest

from desk.screens.counter import Counter
from storage.errors import NotFound


async def test_slow_questions_are_answered_one_after_the_other_while_others_are_not_held_up():
    counter, gate, order = Counter(lambda: "clerk"), threading.Event(), []

    def wait(_clerk):
        gate.wait(10)
        order.append("first")

    first = asyncio.ensure_future(counter.slow(wait))
    second = asyncio.ensure_future(counter.slow(lambda _clerk: order.append("second")))
    assert await counter.read(lambda clerk: clerk) == "clerk" and order == []
    gate.set()
    await asyncio.gather(first, second)
    assert order == ["first", "second"]
    counter.close()


async def test_a_slow_question_raises_what_the_clerk_raises_and_may_be_dropped():
    counter, gate = Counter(lambda: "clerk"), threading.Event()

    def refuse(_clerk):
        raise NotFound("There is none.")

    with pytest.raises(NotFound):
        await counter.slow(refuse)
    dropped = asyncio.ensure_future(counter.slow(lambda _clerk: gate.wait(10)))
    await asyncio.sleep(0)
    dropped.cancel()
    gate.set()
    assert await counter.slow(lambda clerk: clerk) == "clerk"
    counter.close()
