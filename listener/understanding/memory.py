"""Remember a row of numbers for each word that was seen, so that a word is weighed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import numpy as np


class Memory:
    """Word -> row of `numbers`. It is emptied when it is full: nobody keeps a row from one use to the next."""

    def __init__(self, width: int, kind: type[np.generic], most: int) -> None:
        self.places: dict[str, int] = {}
        """Word -> its row."""
        self.numbers: np.ndarray[Any, Any] = np.zeros((1024, width), dtype=kind)
        self._count, self._most = 0, most
        self.turn = Lock()
        """Held from what is unknown to the last look at a row: several threads judge with one memory."""

    def unknown(self, words: Iterable[str]) -> list[str]:
        """Those of these words that are to be weighed: the new ones, or all of them after it was emptied."""
        asked = set(words)
        fresh = asked.difference(self.places)
        if len(self.places) + len(fresh) <= self._most:
            return sorted(fresh)
        self.places.clear()
        self._count = 0
        return sorted(asked)

    def add(self, words: Sequence[str], rows: np.ndarray[Any, Any]) -> int:
        """Remembers the rows of new words; the number of the first of them."""
        start, self._count = self._count, self._count + len(words)
        while self._count > len(self.numbers):
            self.numbers = np.concatenate([self.numbers, np.zeros_like(self.numbers)])
        self.numbers[start : self._count] = rows
        self.places.update(zip(words, range(start, self._count), strict=True))
        return start
