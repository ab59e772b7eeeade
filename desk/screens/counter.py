"""Where the screens ask the clerk: calls run in threads, steps one after the other in the order they were asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from desk.errors import DeskError
from storage.errors import StorageError

if TYPE_CHECKING:
    from desk.clerk import Clerk

T = TypeVar("T")

REFUSALS = (StorageError, DeskError)
"""What a clerk says no with; anything else is a fault of the program."""

LAST_WORD = 3.0
"""Seconds that leaving waits for the last write."""


class Counter:
    """The clerk, made at the first question: what it needs takes longer to import than the first paint may take."""

    def __init__(self, make_clerk: Callable[[], Clerk]) -> None:
        self._make_clerk = make_clerk
        self._clerk: Clerk | None = None
        self._making = threading.Lock()
        self._steps = ThreadPoolExecutor(1, thread_name_prefix="desk-steps")
        self._reads = ThreadPoolExecutor(2, thread_name_prefix="desk-reads")
        self._slow = ThreadPoolExecutor(1, thread_name_prefix="desk-slow")

    async def call(self, function: Callable[[], T]) -> T:
        """Calls something that needs no clerk, where it holds nobody up."""
        return await asyncio.get_running_loop().run_in_executor(self._reads, function)

    async def read(self, call: Callable[[Clerk], T]) -> T:
        """Asks something. Raises what the clerk raises."""
        return await asyncio.get_running_loop().run_in_executor(self._reads, self._ask, call)

    async def slow(self, call: Callable[[Clerk], T]) -> T:
        """Asks something that may take its time: nothing that the keys wait for is asked there. Raises the same."""
        return await asyncio.get_running_loop().run_in_executor(self._slow, self._ask, call)

    async def step(self, call: Callable[[Clerk], T]) -> T:
        """Takes a step, after those asked before it. Raises what the clerk raises."""
        return await asyncio.get_running_loop().run_in_executor(self._steps, self._ask, call)

    def step_now(self, call: Callable[[Clerk], T]) -> T:
        """Takes a step and waits for it, `LAST_WORD` at most: for when the desk goes down."""
        return self._steps.submit(self._ask, call).result(timeout=LAST_WORD)

    def close(self) -> None:
        """Takes no more questions."""
        self._steps.shutdown(wait=False, cancel_futures=True)
        self._reads.shutdown(wait=False, cancel_futures=True)
        self._slow.shutdown(wait=False, cancel_futures=True)

    def _ask(self, call: Callable[[Clerk], T]) -> T:
        with self._making:
            if self._clerk is None:
                self._clerk = self._make_clerk()
        return call(self._clerk)
