"""Reads pages within bounds: small ones here, large ones in a worker process with limits on its time and memory.

A page can be made so that reading it takes hours or gigabytes. What a page of `SMALL` bytes can do is bounded by its
size; a larger one is read by a process that the system stops, and that a new one replaces.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from listener.errors import ListenerError, ReadError
from listener.types import Link, Page, Reading, SourceSpec

T = TypeVar("T")
Run = Callable[..., Any]
"""As `Readers.run`."""

SMALL = 32 * 1024
"""Bytes up to which a page is read in this process."""
MIDDLING = 256 * 1024
"""Bytes up to which a page is of the usual size. The readers that larger ones may not take are for these alone."""
WORKERS = 5
"""Processes that read at once: the system shares the cores among them, so that a slow page holds up no quick one."""
LARGE = 2
"""How many of them read large pages."""
MEMORY = 96 * 1024 * 1024
"""Bytes that reading one page may take besides what the worker has already."""
LARGEST = 192 * 1024 * 1024
"""Bytes that a worker may hold after a page; one that holds more is replaced."""
CPU = 10
"""Seconds of work that a large page may take."""
QUICK = 3
"""The same for a page of the usual size."""
PATIENCE = 30.0
"""Seconds after which a page is given up, whatever it waits for."""
POSTS = 2000
"""Posts, and links, that are taken of one page."""

_PACKED = b"\x1f\x8b"
"""How a gzip file begins: such a page is larger than it looks."""
_HEAD = 8
_SERVE = "from listener.reading import serve; serve()"


async def here(work: Callable[..., T], page: Page, *rest: Any) -> T:
    """Does the work in a thread of this process, without bounds of its own."""
    return await asyncio.to_thread(work, page, *rest)


def read(page: Page, kind: Callable[[Page, Link, SourceSpec], Reading], link: Link, source: SourceSpec) -> Reading:
    """What the kind makes of the page, cut off at `POSTS` posts and links."""
    reading = kind(page, link, source)
    if max(len(reading.posts), len(reading.links)) <= POSTS:
        return reading
    return replace(reading, posts=reading.posts[:POSTS], links=reading.links[:POSTS])


class Readers:
    """Some worker processes, started when they are first needed. Use it as an async context manager."""

    def __init__(self, *, workers: int = WORKERS, small: int = SMALL, cpu: int = CPU, memory: int = MEMORY) -> None:
        self._small, self._bounds = small, (cpu, memory)
        self._room = asyncio.Semaphore(workers)
        self._room_for_large = asyncio.Semaphore(max(1, min(LARGE, workers - 1)))
        self._idle: list[Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._idle:
            await _end(self._idle.pop())

    async def run(self, work: Callable[..., T], page: Page, *rest: Any) -> T:
        """`work(page, *rest)`, for a function of a module. Raises what it raises of ours, else `ReadError`."""
        if len(page.body) <= self._small and not page.body.startswith(_PACKED):
            return await here(work, page, *rest)
        is_large = len(page.body) > MIDDLING or page.body.startswith(_PACKED)
        cpu, memory = self._bounds
        bounds = (cpu if is_large else min(cpu, QUICK), memory)
        async with self._room_for_large if is_large else nullcontext(), self._room:
            question = pickle.dumps((bounds, work, page, rest))  # a copy of the page, so only when it is its turn
            worker = self._idle.pop() if self._idle else await _start()
            try:
                async with asyncio.timeout(PATIENCE):
                    said, value = await _ask(worker, question)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                await _end(worker)
                raise ReadError(f"{page.url} takes too much time or memory to read: it is left out.") from None
            except BaseException:
                await _end(worker)
                raise
            if _held(worker.pid) > LARGEST:
                await _end(worker)  # a new one takes less; what a page once took is not always given back
            else:
                self._idle.append(worker)
        if said == "fault":
            raise RuntimeError(value)
        if said == "refused":
            raise value
        result: T = value
        return result


async def _start() -> Process:
    path = os.pathsep.join(each for each in sys.path if each) or "."
    environment = {**os.environ, "PYTHONPATH": path}
    # a session of its own: the keyboard's interrupt is for the listener, which ends its workers itself
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVE, stdin=PIPE, stdout=PIPE, env=environment, start_new_session=True
    )


async def _ask(worker: Process, question: bytes) -> tuple[str, Any]:
    assert worker.stdin and worker.stdout
    worker.stdin.write(len(question).to_bytes(_HEAD, "big") + question)
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
    os.nice(5)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while head := questions.read(_HEAD):
        answer = pickle.dumps(_answer(questions.read(int.from_bytes(head, "big"))))
        answers.write(len(answer).to_bytes(_HEAD, "big") + answer)
        answers.flush()


def _answer(question: bytes) -> tuple[str, Any]:
    (cpu, memory), work, page, rest = pickle.loads(question)  # noqa: S301 - from our own process
    try:
        _limit(cpu, memory)
        return "done", work(page, *rest)
    except ListenerError as error:
        return "refused", error
    except MemoryError:
        return "refused", ReadError(f"{page.url} takes too much memory to read: it is left out.")
    except Exception as error:  # told as what it is, for the log
        return "fault", f"{type(error).__name__}: {error}"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _limit(cpu: int, memory: int) -> None:
    """Sets the bounds from here on: memory besides what is held now, and seconds of work besides those done."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + cpu + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    held = Path("/proc/self/statm")
    if held.exists():
        pages = int(held.read_text().split()[0])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
