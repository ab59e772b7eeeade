"""Counting and measuring columns, with the ids behind every number worked out when they are asked for; pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from math import ceil
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from desk.reports import SMALL, Cell, Ids
from storage.types.figures import Flags, Floats, Ints

Key = TypeVar("Key", bound=Hashable)
Group = TypeVar("Group", bound=Hashable)


FRACTIONS = (0.5, 0.9)
"""What is told of a sample: the median and the 90th percentile."""


class Counts(Generic[Key]):
    """How often each of some keys was seen: `codes` are places in `keys`, `ids` the mentions they were seen at."""

    def __init__(
        self, keys: Sequence[Key], codes: NDArray[Any], ids: Ints, chosen: Sequence[int] | None = None
    ) -> None:
        """`chosen`: count only these places."""
        self._keys, self._codes, self._ids = keys, codes, ids
        self._n: Sequence[int] = np.bincount(codes, minlength=len(keys)).tolist()
        self._chosen = [place for place, n in enumerate(self._n) if n] if chosen is None else chosen

    def keys(self) -> list[Key]:
        """The keys seen."""
        return [self._keys[place] for place in self._chosen]

    def n(self, want: Callable[[Key], object] | None = None) -> int:
        """How many have a key that `want` accepts."""
        return sum(self._n[place] for place in self._wanted(want))

    def cell(self, want: Callable[[Key], object] | None = None) -> Cell:
        """The count as a cell."""
        return Cell(self.n(want), ids=self.ids(want))

    def ids(self, want: Callable[[Key], object] | None = None) -> Ids:
        """What gives the ids counted, in ascending order."""
        wanted = self._wanted(want)
        return lambda: self._behind(wanted)

    def by(self, groups: Callable[[Key], Iterable[Group]]) -> dict[Group, Counts[Key]]:
        """The same counts under each group a key belongs to; a key of two groups counts in both."""
        found: dict[Group, list[int]] = {}
        for place in self._chosen:
            for group in groups(self._keys[place]):
                found.setdefault(group, []).append(place)
        return {group: self._part(places) for group, places in found.items()}

    def none(self) -> Counts[Key]:
        """Nothing of it."""
        return self._part(())

    def _part(self, places: Sequence[int]) -> Counts[Key]:
        part = Counts.__new__(Counts)
        part._keys, part._codes, part._ids, part._n = self._keys, self._codes, self._ids, self._n
        part._chosen = places
        return part

    def _wanted(self, want: Callable[[Key], object] | None) -> Sequence[int]:
        return [place for place in self._chosen if want is None or want(self._keys[place])]

    def _behind(self, places: Sequence[int]) -> tuple[int, ...]:
        accepted = np.zeros(len(self._n), np.bool_)
        accepted[list(places)] = True
        return ascending(self._ids[accepted[self._codes]])


def ascending(ids: Ints) -> tuple[int, ...]:
    """Each id once."""
    return tuple(np.unique(ids).tolist())


def count(chosen: Flags, ids: Ints) -> Cell:
    """How many are chosen."""
    return Cell(int(np.count_nonzero(chosen)), ids=lambda: ascending(ids[chosen]))


class Sample:
    """Lengths of time, measured anew when they are asked for; `ids` gives the mentions they are measured at.

    What is told of them is kept, and they are not: there are dozens of samples of up to a million.
    """

    def __init__(self, measure: Callable[[], Floats], ids: Ids) -> None:
        self._measure, self._ids = measure, ids

    @cached_property
    def _told(self) -> tuple[int, dict[float, float | None]]:
        values = self._measure()
        n = len(values)
        if n:
            values.partition(sorted({place for each in FRACTIONS for place in _ranks(n, each)}))
        return n, {each: quantile(values, each) for each in FRACTIONS}

    def n(self) -> Cell:
        """How many."""
        return Cell(self._told[0], ids=self._ids)

    def at(self, fraction: float) -> Cell:
        """The value that one of `FRACTIONS` of the sample does not exceed: see `quantile`."""
        n, values = self._told
        return Cell(values[fraction], small=0 < n < SMALL, ids=self._ids)


def quantile(values: Sequence[float] | Floats, fraction: float) -> float | None:
    """Of values that stand as if sorted: nearest rank (the ⌈fraction·n⌉th), for an even n at 0.5 the middle two's mean.

    None where there is no value.
    """
    if not len(values):
        return None
    low, high = _ranks(len(values), fraction)
    return float(values[low]) if low == high else float(values[low] + values[high]) / 2


def _ranks(n: int, fraction: float) -> tuple[int, int]:
    """The places, in order of size, of the two values (or of the one, twice) whose mean is the quantile of `n`."""
    if fraction == 0.5 and n % 2 == 0:
        return n // 2 - 1, n // 2
    place = max(ceil(fraction * n), 1) - 1
    return place, place


def ratio(part: Cell, whole: Cell) -> Cell:
    """A share from 0 to 1 with the ids of its part; None of nothing; small where the whole is."""
    if not whole.value or part.value is None:
        return Cell(None, ids=part.ids)
    return Cell(part.value / whole.value, small=whole.value < SMALL, ids=part.ids)
