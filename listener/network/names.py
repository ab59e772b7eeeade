"""Looks host names up, off the event loop, with a time limit and a short memory."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from storage.addresses import unique

_KEEP = 60.0
"""Seconds an answer is kept: long enough for the pages of one visit."""
_MOST = 10_000
WORKERS = 128
"""Names that are looked up at once."""


class Names:
    """The system's resolver in threads of its own: more than there are visits at a time, as a dead name holds one."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="dns")
        self._known: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """All addresses of a host; raises `OSError` (`socket.gaierror`) when it has none."""
        kept = self._known.get((host, port))
        if kept and kept[0] > time.monotonic():
            return kept[1]
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(self._pool, _look_up, host, port)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[host, port] = (time.monotonic() + _KEEP, infos)
        return infos

    def close(self) -> None:
        """Let the threads go; look-ups that have begun end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> tuple[str, ...]:
    return unique(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
