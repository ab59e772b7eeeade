"""Whose turn it is among those who wait: who asks for little, and asked for little so far, goes before the others.

Fair queueing by finishing times (Demers, Keshav and Shenker 1989), with the clock for the round's number. What comes
now and takes a second is due when what comes in `SHARE` seconds and takes none is: so it is overtaken by small things,
but never for longer than that.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SHARE = 10.0
"""Seconds that a thing steps back for each second that it takes."""
MOST = 10_000
"""Who asked lately and is remembered."""


class Turns:
    """When what is asked for is due. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        """When the last thing that each asked for is due."""

    def due(self, who: str, seconds: float) -> float:
        """When something that takes so many seconds is due: after all else that the same one asked for."""
        now = self._clock()
        if len(self._last) >= MOST:
            self._last = {each: due for each, due in self._last.items() if due > now}
        due = max(now, self._last.get(who, now)) + SHARE * seconds
        self._last[who] = due
        return due


class Places:
    """Lets so many in at once; of those that wait the one that is due first."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = itertools.count()

    @property
    def is_crowded(self) -> bool:
        """Whether somebody waits."""
        return self._free < 0

    @asynccontextmanager
    async def taken(self, due: float) -> AsyncIterator[None]:
        """Around what needs a place."""
        self._free -= 1
        if self._free < 0:
            await self._wait(due)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, due: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (due, next(self._number), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._free += 1
            else:  # it was our turn already
                self._leave()
            raise

    def _leave(self) -> None:
        self._free += 1
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
