"""Ends visits together: those that end while the database is busy with others share the next transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from storage.types import Visit


class Endings:
    """A queue before `Roster.finish`. Belongs to one event loop."""

    def __init__(self, finish: Callable[..., None]) -> None:
        self._finish = finish
        self._waiting: list[tuple[Visit, asyncio.Future[None]]] = []
        self._work: asyncio.Task[None] | None = None

    async def finish(self, visit: Visit) -> None:
        """Returns when the visit's ending is stored. Raises `StorageError` when it cannot be."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((visit, done))
        if self._work is None:
            self._work = asyncio.create_task(self._store())
        await done

    async def _store(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting, []
            fault: Exception | None = None
            try:
                await asyncio.to_thread(self._finish, *(visit for visit, _ in some))
            except Exception as error:  # belongs to each of those who wait
                fault = error
            for _, done in some:
                if done.cancelled():
                    continue
                if fault is None:
                    done.set_result(None)
                else:
                    done.set_exception(fault)
        self._work = None

    async def settle(self) -> None:
        """Returns when nothing waits any more."""
        while self._work is not None:
            await asyncio.wait([self._work])
