"""Counting and measuring, with the ids behind every number when they are wanted; pure."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable
from itertools import chain
from math import ceil
from typing import Generic, TypeVar

from desk.reports import SMALL, Cell

Key = TypeVar("Key", bound=Hashable)
Group = TypeVar("Group", bound=Hashable)


class Counts(Generic[Key]):
    """How often each key was seen; with `keep`, for which ids."""

    def __init__(self, keep: bool) -> None:
        self.keep = keep
        self._n: dict[Key, int] = {}
        self._ids: dict[Key, array[int]] = {}

    def add(self, key: Key, mention: int) -> None:
        """Counts one mention."""
        self._n[key] = self._n.get(key, 0) + 1
        if self.keep:
            self._ids.setdefault(key, array("q")).append(mention)

    def keys(self) -> list[Key]:
        """The keys seen."""
        return list(self._n)

    def n(self, want: Callable[[Key], object] | None = None) -> int:
        """How many have a key that `want` accepts."""
        return sum(n for key, n in self._n.items() if want is None or want(key))

    def cell(self, want: Callable[[Key], object] | None = None) -> Cell:
        """The count as a cell."""
        return Cell(self.n(want), ids=self.ids(want))

    def ids(self, want: Callable[[Key], object] | None = None) -> tuple[int, ...] | None:
        """The ids counted, in ascending order; None when they were not kept."""
        if not self.keep:
            return None
        return tuple(sorted(set(chain.from_iterable(ids for key, ids in self._ids.items() if not want or want(key)))))

    def by(self, groups: Callable[[Key], Iterable[Group]]) -> dict[Group, Counts[Key]]:
        """The same counts under each group a key belongs to; a key of two groups counts in both."""
        found: dict[Group, Counts[Key]] = {}
        for key, n in self._n.items():
            for group in groups(key):
                part = found.get(group) or found.setdefault(group, Counts(self.keep))
                part._n[key] = part._n.get(key, 0) + n
                if self.keep:
                    part._ids[key] = self._ids[key]
        return found


class Sample:
    """Measured durations, and the cases that have none: still waiting, or at an unknown moment."""

    def __init__(self, keep: bool) -> None:
        self._values = array("d")
        self._measured: Counts[str] = Counts(keep)

    def add(self, seconds: float, mention: int) -> None:
        """A measured duration."""
        self._values.append(seconds)
        self._measured.add("n", mention)

    def wait(self, mention: int) -> None:
        """It has not happened yet."""
        self._measured.add("waiting", mention)

    def miss(self, mention: int) -> None:
        """It happened, but nobody knows when."""
        self._measured.add("unknown", mention)

    def count(self, what: str) -> Cell:
        """How many: n (measured), waiting or unknown."""
        return self._measured.cell(lambda key: key == what)

    def at(self, fraction: float) -> Cell:
        """The value that `fraction` of the sample does not exceed: nearest rank; at 0.5 the mean of the middle two."""
        values = sorted(self._values)
        ids = self._measured.ids(lambda key: key == "n")
        return Cell(quantile(values, fraction), small=0 < len(values) < SMALL, ids=ids)


def quantile(values: list[float] | array[float], fraction: float) -> float | None:
    """Of sorted values: nearest rank (the ⌈fraction·n⌉th), and for an even n at 0.5 the mean of the middle two.

    None where there is no value.
    """
    n = len(values)
    if not n:
        return None
    if fraction == 0.5 and n % 2 == 0:
        return (values[n // 2 - 1] + values[n // 2]) / 2
    return values[max(ceil(fraction * n), 1) - 1]


def ratio(part: Cell, whole: Cell) -> Cell:
    """A share from 0 to 1 with the ids of its part; None of nothing; small where the whole is."""
    if not whole.value or part.value is None:
        return Cell(None, ids=part.ids)
    return Cell(part.value / whole.value, small=whole.value < SMALL, ids=part.ids)
