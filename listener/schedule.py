"""The clock: one dumb tick that takes what the table says is due. Nothing is planned in memory."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from listener import crawl
from listener.types import SourceSpec
from storage.errors import StorageError
from storage.roster import AHEAD
from storage.types import DueSource

try:
    import uvloop
except ImportError:  # not made for Windows
    uvloop = None  # type: ignore[assignment]

log = logging.getLogger("webcare.listen")
T = TypeVar("T")

TICK = 1.0
"""Seconds between looks at the table."""
WORKERS = 16
"""Visits under way at once, unless said otherwise."""
SLOW = 0.5
"""Seconds after which a visit is slow: it goes on, and its place is given to another."""
CROWD = 4
"""Visits under way for each place at which slow ones are waited for after all."""
M_MMAP_THRESHOLD = -3
"""Its number in glibc's `malloc.h`."""
LARGE = 256 * 1024
"""Bytes from which on memory is given back to the system at once."""
NEW_OBJECTS = 50_000
"""So many are made before Python looks among them for garbage in circles."""

Lease = Callable[[], Awaitable[list[DueSource]]]
Report = Callable[[crawl.Outcome], None]
Chore = tuple[float, Callable[[], Awaitable[object]]]
"""Something else to be done by the clock: every so many seconds."""


def _say_nothing(_: crawl.Outcome) -> None:
    """The report of a listener nobody watches."""


class Schedule:
    """Visits sources as they fall due, at most `workers` at once; `names` narrows them.

    A source of the table that is not among `sources` is visited by what the table says of it.
    """

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
        self._ready: deque[DueSource] = deque()
        """Leased, and not yet visited."""
        self._visits: dict[asyncio.Task[None], str] = {}
        """Under way, each with its source's name."""
        self.unwritten = 0
        """Visits of which nothing could be written down: the database was away, or full."""
        self._is_done = False
        """A lease gave nothing: all that there was to do is under way."""
        self._turn = asyncio.Lock()
        self._tick = asyncio.Event()
        self._latest = kit.clock()
        """The latest that it ever was."""
        self._writer = kit.writer()

    def register(self) -> None:
        """Tells the table which sources there are."""
        self.kit.intake.register((spec.name, spec.kind, spec.url) for spec in self.specs.values())
        self.kit.intake.put_right()

    async def once(self, *, regardless: bool = False) -> None:
        """Visits each source that is due now (or every one, `regardless`) and returns when all are done."""
        await self._work(partial(self._lease, regardless=regardless, unvisited_since=self.kit.clock()))

    async def forever(self, chores: Sequence[Chore] = (), *, stop: asyncio.Event | None = None) -> None:
        """Visits sources by schedule until `stop` is set, or the process is asked to end."""
        stop = stop or _stop_on_signal()
        scheduler = AsyncIOScheduler(timezone="UTC")
        for seconds, chore in [(TICK, self.tick), *chores]:
            self._add(scheduler, seconds, chore)
        scheduler.start()
        work = asyncio.create_task(self._work(self._await_due))
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def tick(self) -> None:
        """Has the table looked at again, if somebody waits for it."""
        self._tick.set()

    def _add(self, scheduler: Any, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        async def safely() -> None:
            try:
                await work()
            except StorageError as error:  # the database may be away for a while: said, and tried again
                log.error("%s", error)
            except Exception:
                log.exception("%s failed", getattr(work, "__name__", "a chore"))

        scheduler.add_job(safely, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None)

    async def _work(self, lease: Lease) -> None:
        """Some workers, each with a visit at a time, until `lease` gives nothing; in the end nothing stays leased."""
        self._is_done = False
        workers = [asyncio.create_task(self._visit_all(lease)) for _ in range(self.workers)]
        try:
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for each in done:
                each.result()
            await asyncio.gather(*self._visits)
        finally:
            visits = dict(self._visits)
            left = [*workers, *visits]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await self._writer.settle()
            unfinished = [name for visit, name in visits.items() if visit.cancelled()]
            await self._give_back([*unfinished, *(due.name for due in self._ready)])
            self._ready.clear()

    async def _visit_all(self, lease: Lease) -> None:
        """One visit after another; a slow one is left to itself, so that slow hosts keep nobody waiting."""
        while due := await self._next(lease):
            visit = asyncio.create_task(self._visit(due))
            self._visits[visit] = due.name
            visit.add_done_callback(self._visits.pop)
            crowded = len(self._visits) > self.workers * CROWD
            await asyncio.wait([visit], timeout=None if crowded else SLOW)
            if visit.done():
                visit.result()

    async def _next(self, lease: Lease) -> DueSource | None:
        """The next leased source, of those at hand or of more that are leased; None from when there is none."""
        async with self._turn:
            if not self._ready and not self._is_done:
                self._ready.extend(await lease())
                self._is_done = not self._ready
            return self._ready.popleft() if self._ready else None

    async def _lease(self, **how: Any) -> list[DueSource]:
        now = self.kit.clock()
        if now < self._latest - AHEAD:
            log.warning("The clock was put back: what is due is reckoned anew.")
            await asyncio.to_thread(self.kit.intake.put_right)
            self._latest = now
        self._latest = max(now, self._latest)
        leasing = asyncio.create_task(
            asyncio.to_thread(self.kit.intake.due, limit=self.workers, names=self.names, **how)
        )
        try:
            return await asyncio.shield(leasing)
        except asyncio.CancelledError:  # its thread goes on: what it leases is given back with the rest
            with suppress(StorageError):
                self._ready.extend(await leasing)
            raise

    async def _await_due(self) -> list[DueSource]:
        """What is due, as soon as something is."""
        while True:
            self._tick.clear()
            try:
                if found := await self._lease():
                    return found
            except StorageError as error:
                log.error("%s", error)
            await self._tick.wait()

    async def _visit(self, due: DueSource) -> None:
        spec = self.specs.get(due.name) or SourceSpec(name=due.name, kind=due.kind, url=due.url)
        try:
            self.report(await crawl.visit(due, spec, self.kit, self._writer))
        except StorageError as error:  # its lease lapses: it is not tried again at once
            self.unwritten += 1
            log.error("%s: %s", due.name, error)

    async def _give_back(self, names: Collection[str]) -> None:
        if names:
            with suppress(StorageError):  # else the leases lapse by themselves
                await asyncio.to_thread(self.kit.intake.release, names)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs the listener to its end, in the fastest event loop there is.

    What is held by now stays till the end: the garbage collector need not look through it again and again. Nor need it
    look for circles so often, for posts make none.
    """
    _give_back_at_once()
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *before[1:])
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
            return runner.run(work)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _give_back_at_once() -> None:
    """Has the C library give large pages back when they are done with; by itself glibc soon keeps them (mallopt(3))."""
    with suppress(OSError, AttributeError, TypeError):  # elsewhere there is no such call; on Windows no such library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)


def _stop_on_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(sign, stop.set)
    return stop
