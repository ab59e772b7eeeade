"""Reads pages within bounds: light ones here, the others in worker processes with limits on their time and memory.

A page can be made so that reading it takes hours or gigabytes. Here only what takes linear time is done with a small
page. All else is read by a process that the system stops, and that a new one replaces: first in a room that each page
soon leaves; one that needs longer is read again, from its beginning, in a room where slow ones only keep each other
waiting. In each room those go first whose pages are small, and were quickly read so far.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages.effort import Heavy, light_only
from listener.reader import HEAD
from listener.turns import Places, Turns
from listener.types import Page

T = TypeVar("T")
Run = Callable[..., Any]
"""As `Readers.run`."""

SMALL = 64 * 1024
"""Bytes up to which a page may be read in this process: at once, for handing it to a thread takes as long."""
ROOMS = ((2, 0.1), (2, 0.8), (1, 8.0))
"""Workers that read at once, and the seconds of work after which a page goes on to the next room."""
NICE = 9
"""How much nicer than those of the room before the workers of a room are: slow pages get what time others leave."""
MEMORY = 100 * 1024 * 1024
"""Bytes that a worker may hold while it reads; a new one holds a third of it."""
LARGEST = 72 * 1024 * 1024
"""Bytes that a worker may still hold after a page; one that holds more is replaced."""
PACE = 2 * 1024 * 1024
"""Bytes that are read in a second, if nothing is wrong with them: larger pages begin in a room for slower ones."""
KNOWN = 10_000
"""Hosts of which it is remembered how long their last page took."""
PATIENCE = 30.0
"""Seconds after which a page is given up, whatever it waits for."""

_PACKED = b"\x1f\x8b"
"""How a gzip file begins: such a page is larger than it looks."""
_SERVE = "import os; os.setpgid(0, 0); from listener.reader import serve; serve()"
"""In a group of its own, for the keyboard's interrupt is for the listener, which ends its workers itself. But in our
session: Linux heeds only within a session who is nice."""


async def here(work: Callable[..., T], page: Page, *rest: Any) -> T:
    """Does the work in a thread of this process, without bounds of its own."""
    return await asyncio.to_thread(work, page, *rest)


def _lightly(work: Callable[..., T], page: Page, *rest: Any) -> T:
    with light_only():
        return work(page, *rest)


_Said = tuple[str, float, Any]
"""What a worker says of a page, after how many seconds of work, and what goes with it."""


@dataclass(slots=True)
class _Room:
    """Workers that have the same time for a page."""

    workers: int
    seconds: float
    place: int
    places: Places = field(init=False)
    idle: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = Places(self.workers)


class Readers:
    """Some worker processes, started when they are first needed. Use it as an async context manager."""

    def __init__(
        self, *, rooms: tuple[tuple[int, float], ...] = ROOMS, small: int = SMALL, memory: int = MEMORY
    ) -> None:
        self._small, self._memory = small, memory
        self._rooms = [_Room(workers, seconds, place) for place, (workers, seconds) in enumerate(rooms)]
        self._turns = Turns()
        self._took: dict[str, float] = {}
        """Seconds of work for the last page of each host."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for room in self._rooms:
            while room.idle:
                await _end(room.idle.pop())

    async def run(self, work: Callable[..., T], page: Page, *rest: Any) -> T:
        """`work(page, *rest)`, for a function of a module. Raises what it raises of ours, else `ReadError`."""
        if len(page.body) <= self._small and not page.body.startswith(_PACKED):
            with suppress(Heavy):
                return _lightly(work, page, *rest)
        said, found = await self._read(work, page, rest)
        if said == "done":
            result: T = found
            return result
        if said == "refused":
            try:
                raise found
            finally:
                del found  # else it and this frame hold each other, and the page
        if said == "fault":
            raise RuntimeError(found)
        what = {"slow": "time", "full": "memory"}.get(said, "time or memory")
        raise ReadError(f"{page.url} takes too much {what} to read: it is left out.")

    async def _read(self, work: Callable[..., Any], page: Page, rest: tuple[Any, ...]) -> tuple[str, Any]:
        """What workers say of the page, from the first room that may have the time for it to the last.

        It is expected to take what the last page of its host took; of strangers nothing good is expected.
        """
        host, least = urlsplit(page.url).netloc, len(page.body) / PACE
        took = self._took.pop(host, max(least, self._rooms[0].seconds))
        for room in [room for room in self._rooms if room.seconds >= max(least, took)] or self._rooms[-1:]:
            said, took, found = await self._read_in(room, self._turns.due(host, took), work, page, rest)
            if said not in ("slow", "dead"):
                break
        self._took[host] = took
        if len(self._took) > KNOWN:
            del self._took[next(iter(self._took))]
        return said, found

    async def _read_in(
        self, room: _Room, due: float, work: Callable[..., Any], page: Page, rest: tuple[Any, ...]
    ) -> _Said:
        """What a worker of the room says: "done", "refused", "fault", "slow", "full" or, when it ended, "dead"."""
        question = pickle.dumps((room.seconds, self._memory, work, replace(page, body=b""), rest))
        async with room.places.taken(due):
            is_used, said = True, "full"
            while is_used and said == "full":  # what a worker holds of other pages is not this page's fault
                is_used = bool(room.idle)
                worker = room.idle.pop() if is_used else await _start(room.place)
                try:
                    async with asyncio.timeout(PATIENCE):
                        said, took, found = await _ask(worker, question, page.body)
                except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                    said, took, found = "dead", room.seconds, None
                except BaseException:
                    await _end(worker)
                    raise
                await self._keep(worker, room, said)
        return said, took, found

    async def _keep(self, worker: Process, room: _Room, said: str) -> None:
        """Has a worker wait for its next page: along with a slow one in the next room, where nobody misses it here.

        So one source alone has one worker, whatever its pages are like.
        """
        if said in ("full", "dead") or _held(worker.pid) > LARGEST:
            await _end(worker)
            return
        onward = self._rooms[min(room.place + 1, len(self._rooms) - 1)]
        if said == "slow" and not onward.idle and not room.places.is_crowded:
            room = onward
            with suppress(OSError, AttributeError):  # gone, or a system without it: then it is as nice as it was
                os.setpriority(os.PRIO_PROCESS, worker.pid, NICE * room.place)
        room.idle.append(worker)


async def _start(place: int) -> Process:
    path = os.pathsep.join(each for each in sys.path if each) or "."
    environment = {**os.environ, "PYTHONPATH": path}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", _SERVE, str(NICE * place), stdin=PIPE, stdout=PIPE, env=environment
    )


async def _ask(worker: Process, question: bytes, body: bytes) -> _Said:
    assert worker.stdin and worker.stdout
    for part in (question, body):  # the body apart, for it need not be copied then
        worker.stdin.write(len(part).to_bytes(HEAD, "big"))
        worker.stdin.write(part)
        await worker.stdin.drain()
    size = int.from_bytes(await worker.stdout.readexactly(HEAD), "big")
    found: _Said = pickle.loads(await worker.stdout.readexactly(size))  # noqa: S301 - our own process
    return found


def _held(pid: int) -> int:
    """Bytes of memory a process holds; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


async def _end(worker: Process) -> None:
    if worker.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)  # its own `kill` may take its ending from the loop, which waits for it
    if worker.stdin:
        worker.stdin.close()
    await worker.wait()
