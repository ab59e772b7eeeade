"""A look ahead: a second process reads the first rows while this one imports the screen. It only ever saves time."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Look = Callable[[], Any]


class Scout:
    """Somebody sent out once. Who finds nothing (no second process here, a fault, a slow disk) is not missed."""

    def __init__(self, look: Look) -> None:
        """Must be called while there is one thread only, and before anything heavy is imported."""
        self._pid, self._pipe = 0, -1
        if not hasattr(os, "fork"):
            return
        self._pipe, out = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._pipe)
            _report(look, out)
        os.close(out)

    def found(self) -> Any:
        """What was found; None where nothing was. Waits for it, and answers once."""
        if self._pid == 0:
            return None
        with os.fdopen(self._pipe, "rb") as pipe, suppress(Exception):
            report = pipe.read()
            self._bury()
            return pickle.loads(report) if report else None  # noqa: S301 - from our own child
        return None

    def close(self) -> None:
        """Nobody waits any longer."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._bury()

    def _bury(self) -> None:
        pid, self._pid = self._pid, 0
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _report(look: Look, out: int) -> None:
    """In the other process: looks, tells, and is gone without a word or a trace of its parent's affairs."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        with os.fdopen(out, "wb") as pipe:
            pipe.write(pickle.dumps(look()))
    finally:
        os._exit(0)
