"""The clock: one dumb tick that takes what the table says is due. Nothing is planned in memory."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from listener import crawl
from listener.types import SourceSpec
from storage.errors import StorageError
from storage.types import DueSource

log = logging.getLogger("webcare.listen")

TICK = 1.0
"""Seconds between looks at the table."""
WORKERS = 16
"""Visits under way at once, unless said otherwise."""

Report = Callable[[crawl.Outcome], None]
Chore = tuple[float, Callable[[], Awaitable[object]]]
"""Something else to be done by the clock: every so many seconds."""


def _say_nothing(_: crawl.Outcome) -> None:
    """The report of a listener nobody watches."""


class Schedule:
    """Visits sources as they fall due, at most `workers` at once."""

    def __init__(
        self,
        kit: crawl.Kit,
        sources: Sequence[SourceSpec],
        *,
        workers: int = WORKERS,
        names: Collection[str] | None = None,
        report: Report = _say_nothing,
    ) -> None:
        self.kit, self.workers, self.report = kit, workers, report
        self.specs: Mapping[str, SourceSpec] = {spec.name: spec for spec in sources}
        self.names = None if names is None else list(names)
        self._visits: set[asyncio.Task[None]] = set()

    def register(self) -> None:
        """Tells the table which sources there are."""
        self.kit.intake.register({spec.name: (spec.kind, spec.url) for spec in self.specs.values()})

    async def once(self, *, regardless: bool = False) -> None:
        """Visits each source that is due now (or every one, `regardless`) and returns when all are done."""
        left = set(self.specs if self.names is None else self.names)
        while left or self._visits:
            room = self.workers - len(self._visits)
            due = await self._due(room, left, regardless=regardless) if left and room else []
            left -= {each.name for each in due}
            for each in due:
                self._start(each)
            if not self._visits:
                return
            if not due or len(self._visits) >= self.workers:
                await asyncio.wait(self._visits, return_when=asyncio.FIRST_COMPLETED)

    async def forever(self, chores: Sequence[Chore] = (), *, stop: asyncio.Event | None = None) -> None:
        """Visits sources by schedule until `stop` is set, or the process is asked to end."""
        stop = stop or _stop_on_signal()
        scheduler = AsyncIOScheduler(timezone="UTC")
        self._add(scheduler, TICK, self.tick)
        for seconds, chore in chores:
            self._add(scheduler, seconds, chore)
        scheduler.start()
        try:
            await self.tick()
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            await self._end_visits()

    async def tick(self) -> None:
        """Takes as many due sources as there is room for."""
        room = self.workers - len(self._visits)
        if room > 0:
            for due in await self._due(room, self.names):
                self._start(due)

    def _add(self, scheduler: Any, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        async def safely() -> None:
            try:
                await work()
            except StorageError as error:  # the database may be away for a while: said, and tried again
                log.error("%s", error)
            except Exception:
                log.exception("%s failed", getattr(work, "__name__", "a chore"))

        scheduler.add_job(safely, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None)

    async def _due(self, room: int, names: Collection[str] | None, *, regardless: bool = False) -> list[DueSource]:
        return await asyncio.to_thread(self.kit.intake.due, limit=room, names=names, regardless=regardless)

    def _start(self, due: DueSource) -> None:
        task = asyncio.create_task(self._visit(due))
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    async def _visit(self, due: DueSource) -> None:
        try:
            self.report(await crawl.visit(due, self.specs[due.name], self.kit))
        except StorageError as error:
            log.error("%s: %s", due.name, error)
            await self._give_back(due)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(due))
            raise

    async def _give_back(self, due: DueSource) -> None:
        with suppress(StorageError):  # else the lease lapses by itself
            await asyncio.to_thread(self.kit.intake.release, [due.name])

    async def _end_visits(self) -> None:
        for task in list(self._visits):
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)


def _stop_on_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(sign, stop.set)
    return stop
