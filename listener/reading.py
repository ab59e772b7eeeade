"""Reads pages within bounds: light ones here, the others in worker processes with limits on their time and memory.

A page can be made so that reading it takes hours or gigabytes. Here only what takes linear time is done with a small
page. All else is read by a process that the system stops, and that a new one replaces: first in a room that each page
soon leaves; one that needs longer is read again, from its beginning, in a room where slow ones only keep each other
waiting.
"""

from __future__ import annotations

import asyncio
import ctypes
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
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from lxml import etree

from listener.errors import ListenerError, ReadError
from listener.pages.effort import Heavy, light_only
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post

T = TypeVar("T")
Run = Callable[..., Any]
"""As `Readers.run`."""

SMALL = 32 * 1024
"""Bytes up to which a page may be read in this process."""
ROOMS = ((2, 0.2), (2, 1.0), (1, 8.0))
"""Workers that read at once, and the seconds of work after which a page goes on to the next room."""
MEMORY = 104 * 1024 * 1024
"""Bytes that a worker may hold while it reads; a new one holds about half of it."""
LEAST = 24 * 1024 * 1024
"""Bytes that a page gets of a worker that holds much already."""
PACE = 2 * 1024 * 1024
"""Bytes that are read in a second, if nothing is wrong with them: larger pages begin in a room for slower ones."""
LARGEST = 100 * 1024 * 1024
"""Bytes that a worker may still hold after a page; one that holds more is replaced."""
PATIENCE = 30.0
"""Seconds after which a page is given up, whatever it waits for."""
POSTS = 2000
"""Posts, and links, that are taken of one page."""
TEXT = 200_000
"""Characters that are taken of a post: more than anybody reads, and than searches look through."""
LINE = 5_000
"""The same of its title and its author."""

_PACKED = b"\x1f\x8b"
"""How a gzip file begins: such a page is larger than it looks."""
_HEAD = 8
_SERVE = "from listener.reading import serve; serve()"


async def here(work: Callable[..., T], page: Page, *rest: Any) -> T:
    """Does the work in a thread of this process, without bounds of its own."""
    return await asyncio.to_thread(work, page, *rest)


def read(page: Page, kind: Callable[[Page, Link, SourceSpec], Reading], link: Link, source: SourceSpec) -> Reading:
    """What the kind makes of the page, cut off at `POSTS` posts and links, and at `TEXT` and `LINE` within a post."""
    reading = kind(page, link, source)
    if any(len(post.text) > TEXT or max(map(len, _lines(post))) > LINE for post in reading.posts):
        reading = replace(reading, posts=tuple(map(_cut, reading.posts)))
    if max(len(reading.posts), len(reading.links)) <= POSTS:
        return reading
    return replace(reading, posts=reading.posts[:POSTS], links=reading.links[:POSTS])


def _lines(post: Post) -> tuple[str, str, str]:
    return post.title, post.author, post.conversation_title


def _cut(post: Post) -> Post:
    title, author, about = (each[:LINE] for each in _lines(post))
    return replace(post, text=post.text[:TEXT], title=title, author=author, conversation_title=about)


def _lightly(work: Callable[..., T], page: Page, *rest: Any) -> T:
    with light_only():
        return work(page, *rest)


class _Slow(BaseException):
    """Raised in a worker when the seconds of its room are over; no `except Exception` of a kind keeps it."""


@dataclass(slots=True)
class _Room:
    """Workers that have the same time for a page."""

    workers: int
    seconds: float
    place: int
    free: asyncio.Semaphore = field(init=False)
    idle: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.workers)


class Readers:
    """Some worker processes, started when they are first needed. Use it as an async context manager."""

    def __init__(
        self, *, rooms: tuple[tuple[int, float], ...] = ROOMS, small: int = SMALL, memory: int = MEMORY
    ) -> None:
        self._small, self._memory = small, memory
        self._rooms = [_Room(workers, seconds, place) for place, (workers, seconds) in enumerate(rooms, 1)]

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
                return await asyncio.to_thread(_lightly, work, page, *rest)
        roomy = [room for room in self._rooms if room.seconds * PACE >= len(page.body)]
        for room in roomy or self._rooms[-1:]:
            said, value = await self._read_in(room, work, page, rest)
            if said != "slow":
                break
        if said in ("slow", "full"):
            what = "time" if said == "slow" else "memory"
            raise ReadError(f"{page.url} takes too much {what} to read: it is left out.")
        if said == "fault":
            raise RuntimeError(value)
        if said == "refused":
            raise value
        result: T = value
        return result

    async def _read_in(
        self, room: _Room, work: Callable[..., Any], page: Page, rest: tuple[Any, ...]
    ) -> tuple[str, Any]:
        """What a worker of the room says: "done", "refused", "fault", "slow" or "full", and what goes with it."""
        question = pickle.dumps((room.seconds, self._memory, work, replace(page, body=b""), rest))
        async with room.free:
            is_used, said, value = True, "full", None
            while is_used and said == "full":  # what a worker holds of other pages is not this page's fault
                is_used = bool(room.idle)
                worker = room.idle.pop() if is_used else await _start(room.place)
                try:
                    async with asyncio.timeout(PATIENCE):
                        said, value = await _ask(worker, question, page.body)
                except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                    await _end(worker)
                    raise ReadError(f"{page.url} takes too much time or memory to read: it is left out.") from None
                except BaseException:
                    await _end(worker)
                    raise
                if said == "full" or _held(worker.pid) > LARGEST:
                    await _end(worker)
                else:
                    room.idle.append(worker)
        return said, value


async def _start(place: int) -> Process:
    path = os.pathsep.join(each for each in sys.path if each) or "."
    environment = {**os.environ, "PYTHONPATH": path}
    # a session of its own: the keyboard's interrupt is for the listener, which ends its workers itself
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVE, str(place), stdin=PIPE, stdout=PIPE, env=environment, start_new_session=True
    )


async def _ask(worker: Process, question: bytes, body: bytes) -> tuple[str, Any]:
    assert worker.stdin and worker.stdout
    for part in (question, body):  # the body apart, for it need not be copied then
        worker.stdin.write(len(part).to_bytes(_HEAD, "big"))
        worker.stdin.write(part)
        await worker.stdin.drain()
    size = int.from_bytes(await worker.stdout.readexactly(_HEAD), "big")
    found: tuple[str, Any] = pickle.loads(await worker.stdout.readexactly(size))  # noqa: S301 - our own process
    return found


def _held(pid: int) -> int:
    """Bytes of memory a process holds; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


async def _end(worker: Process) -> None:
    if worker.returncode is None:
        worker.kill()
    if worker.stdin:
        worker.stdin.close()
    await worker.wait()


def serve() -> None:
    """A worker's life: questions on the standard input, answers on the standard output, until the input ends."""
    os.nice(5 * int(sys.argv[1]))  # the quicker the room, the sooner it is its turn
    signal.signal(signal.SIGPROF, _stop)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer

    def heard() -> bytes:
        return questions.read(int.from_bytes(questions.read(_HEAD), "big"))

    while question := heard():
        answer = pickle.dumps(_answer(question, heard()))
        answers.write(len(answer).to_bytes(_HEAD, "big"))
        answers.write(answer)
        answers.flush()
        del question, answer
        _give_back()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Slow


def _answer(question: bytes, body: bytes) -> tuple[str, Any]:
    seconds, memory, work, page, rest = pickle.loads(question)  # noqa: S301 - from our own process
    page = replace(page, body=body)
    try:
        try:
            _limit(seconds, memory)
            return "done", work(page, *rest)
        finally:
            _unlimit()
    except _Slow:
        return "slow", None
    except ListenerError as error:
        return "refused", error
    except (MemoryError, etree.XPathEvalError):  # with expressions of our own: that there is no memory for it
        return "full", None
    except Exception as error:  # told as what it is, for the log
        return "fault", f"{type(error).__name__}: {error}"


def _limit(seconds: float, memory: int) -> None:
    """Sets the bounds from here on: memory with what is held now, and seconds of work besides those done.

    Python looks up from its work when a timer asks it to; what never looks up is killed soon after.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    last = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (last, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    held = Path("/proc/self/statm")
    if held.exists():
        mapped, resident = (int(each) * resource.getpagesize() for each in held.read_text().split()[:2])
        limit = mapped + max(LEAST, memory - resident)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _unlimit() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _give_back() -> None:
    """Gives the system what the last page took, as far as the C library knows how to."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
