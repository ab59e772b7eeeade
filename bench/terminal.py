"""A program on a pseudo-terminal of its own: keys go in, and it is known when the last byte was painted."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOUSE = Path(__file__).parents[1]
COLUMNS, ROWS = 120, 40
QUIET = 0.15
"""Seconds without a byte after which a paint is over."""


class Terminal:
    """A program on a pseudo-terminal of its own: keys go in, and it is known when the last byte was painted."""

    def __init__(self, command: list[str], columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.began = time.perf_counter()
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            look = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"}
            time.sleep(0.02)  # until the window has its size
            os.execve(command[0], command, {**os.environ, **look})  # not `execv`: libraries put COLUMNS behind Python
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began += 0.02
        self.at = self.began
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode

    def until(self, found: Callable[[bytes], bool], seconds: float = 60) -> float:
        """Reads until what was painted satisfies `found`; seconds since `at`."""
        painted, over = b"", time.perf_counter() + seconds
        while time.perf_counter() < over:
            if select.select([self.end], [], [], 0.5)[0]:
                painted += os.read(self.end, 1 << 16)
                if found(painted):
                    return time.perf_counter() - self.at
        raise TimeoutError(painted[-2000:])

    def settle(self, quiet: float = QUIET) -> float:
        """Reads until nothing comes for `quiet` seconds; from `at` to the last byte, in seconds."""
        last = self.at
        while select.select([self.end], [], [], quiet)[0]:
            os.read(self.end, 1 << 16)
            last = time.perf_counter()
        return last - self.at

    def read(self, until: bytes = b"", quiet: float = QUIET, seconds: float = 30) -> str:
        """All that is painted until nothing comes for `quiet` seconds, once `until` was among it."""
        painted, over = b"", time.perf_counter() + seconds
        while time.perf_counter() < over:
            if not select.select([self.end], [], [], quiet)[0]:
                if until in painted:
                    break
                continue
            try:
                painted += os.read(self.end, 1 << 16)
            except OSError:  # the program ended
                break
        return self._decode(painted)

    def press(self, keys: str) -> None:
        """Writes keys; from here the clock runs."""
        self.at = time.perf_counter()
        os.write(self.end, keys.encode())

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> tuple[int, int]:
        """Memory held now, and at most."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        now, peak = (int(status.split(name)[1].split()[0]) // 1024 for name in ("VmRSS:", "VmHWM:"))
        return now, peak

    def close(self) -> None:
        """Ends the program."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.end)


@contextmanager
def opened(command: list[str], columns: int = COLUMNS, rows: int = ROWS) -> Iterator[Terminal]:
    """A program on a terminal, ended afterwards."""
    terminal = Terminal(command, columns, rows)
    try:
        yield terminal
    finally:
        terminal.close()
