"""One desk in a process of its own, driven from a tab of a browser; it ends when the tab does."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

READY = b"__GANGLION__\n"
"""The line after which Textual's web driver speaks in packets."""

PATIENCE = 5.0
"""Seconds that a desk has to keep its draft and leave."""

LARGEST = 500, 300
"""Columns and rows of the largest screen."""


class Seat(AppService):
    """Textual-serve's side of a desk, without a shell, without its output in our log, and with an end."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        send: Callable[[bytes], Awaitable[None]],
        say: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[Any]],
    ) -> None:
        super().__init__("", write_bytes=send, write_str=say, close=close, download_manager=DownloadManager())
        self._words = words

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width, height) | {"TEXTUAL_DRIVER": "desk.tab:TabDriver"}
        self._process = await asyncio.create_subprocess_exec(
            *self._words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Hands on what the desk paints until it ends; once nobody looks, it is read and thrown away."""
        assert self._process is not None and self._process.stdout is not None
        stdout, is_watched = self._process.stdout, True
        with suppress(asyncio.IncompleteReadError, ValueError):
            while await stdout.readline() not in (READY, b""):
                pass
            while True:
                kind = await stdout.readexactly(1)
                payload = await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))
                try:
                    if is_watched:
                        await self._hand_on(kind, payload)
                except (ConnectionError, RuntimeError):
                    is_watched = False
        with suppress(ConnectionError, RuntimeError):
            await self.remote_close()

    async def _hand_on(self, kind: bytes, payload: bytes) -> None:
        if kind == b"D":
            await self.on_data(payload)
        elif kind == b"M":
            await self.on_meta(payload)

    async def take(self, message: Any) -> None:
        """What the tab says: keys, a new size, focus. Raises `ValueError` for what no tab of ours says."""
        match message:
            case ["stdin", str(keys)]:
                await self.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(*clamped(width, height))
            case ["ping", str(data)]:
                await self.remote_write_str(f'["pong", "{data}"]' if data.isalnum() else '["pong", ""]')
            case ["focus", *_]:
                await self.focus()
            case ["blur", *_]:
                await self.blur()
            case _:
                raise ValueError("no message of a desk's tab")

    async def stop(self) -> None:
        """Asks the desk to leave, and kills it when it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        await self.send_meta({"type": "quit"})
        self.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if self._task is not None:
            await self._task


def clamped(width: int, height: int) -> tuple[int, int]:
    """A size of the screen that a desk can be asked to fill."""
    return max(1, min(width, LARGEST[0])), max(1, min(height, LARGEST[1]))
