"""Where the screens ask the clerk: calls run in threads, steps one after the other in the order they were asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
        self._slowly = threading.Lock()

    async def call(self, function: Callable[[], T]) -> T:
        """Calls something that needs no clerk, where it holds nobody up."""
        return await asyncio.get_running_loop().run_in_executor(self._reads, function)

    async def read(self, call: Callable[[Clerk], T]) -> T:
        """Asks something. Raises what the clerk raises."""
        return await asyncio.get_running_loop().run_in_executor(self._reads, self._ask, call)

    async def slow(self, call: Callable[[Clerk], T]) -> T:
        """Asks something that may take its time, one after the other; leaving does not wait for it. Raises the same."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def tell(settle: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # the desk has closed meanwhile
                loop.call_soon_threadsafe(lambda: None if answer.done() else settle())

        def run() -> None:
            try:
                with self._slowly:
                    found = self._ask(call)
            except Exception as error:
                problem = error
                tell(lambda: answer.set_exception(problem))
            else:
                tell(lambda: answer.set_result(found))

        threading.Thread(target=run, name="desk-slow", daemon=True).start()
        return await answer

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

    def _ask(self, call: Callable[[Clerk], T]) -> T:
        with self._making:
            if self._clerk is None:
                self._clerk = self._make_clerk()
        return call(self._clerk)
