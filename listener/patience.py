"""What a visit may still cost: one clock for the answers it waits for, the pages it has read and what is stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from listener.errors import OutOfTime
from listener.reading import Run
from listener.types import Page

T = TypeVar("T")

VISIT = 28.0
"""Seconds of one visit, the pauses we make ourselves not included."""


class Patience:
    """The seconds of one visit. Whoever is still at it when they are used up is stopped by `OutOfTime`."""

    def __init__(self, seconds: float = VISIT) -> None:
        self._most = self._left = seconds

    @property
    def used(self) -> float:
        """The share that is used up: 1 and more when nothing is left."""
        return 1 - self._left / self._most

    @asynccontextmanager
    async def spend(self, host: str, free: float = 0.0) -> AsyncIterator[None]:
        """Around one thing that takes time; its first `free` seconds are not counted. Raises `OutOfTime`."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            if self._left <= 0:
                raise self._is_over(host)
            async with asyncio.timeout(self._left + free) as bound:
                yield
        except TimeoutError:
            if bound.expired():
                raise self._is_over(host) from None
            raise
        finally:
            self._left -= max(0.0, loop.time() - started - free)

    @contextmanager
    def count(self) -> Iterator[None]:
        """Around one thing that takes time and is not to be stopped half-way."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._left -= time.monotonic() - started

    def bounding(self, run: Run) -> Run:
        """The same way of reading pages, on this clock."""

        async def bounded(work: Callable[..., T], page: Page, *rest: Any) -> Any:
            async with self.spend(urlsplit(page.url).hostname or ""):
                return await run(work, page, *rest)

        return bounded

    def _is_over(self, host: str) -> OutOfTime:
        return OutOfTime(
            f"{host} and its pages took more than the {self._most:g} s of one visit: the next one goes on from there."
        )
