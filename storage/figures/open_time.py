"""Business time for many moments at once: the open seconds of a calendar so far are a line that only rises; pure.

Between two moments lies what the line has risen: `rise(end) - rise(start)`. The same answer as `storage.sla` gives for
two moments (a property test holds them together), at the cost of a look-up for a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.sla import Calendar, Interval, joined, open_intervals

Micros = NDArray[np.int64]
"""Moments or lengths of time, in microseconds (moments since 1970, in UTC)."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BLOCK = 20_000
"""Moments looked at together."""
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """A moment in microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(value: int) -> datetime:
    """The moment that `micros` made a number of."""
    return EPOCH + timedelta(microseconds=int(value))


class OpenTime:
    """What is open between two moments, by any of some calendars; outside them nothing is known."""

    def __init__(self, calendars: Iterable[Calendar], start: datetime, end: datetime) -> None:
        intervals = joined(sorted(each for calendar in calendars for each in _intervals(calendar, start, end)))
        edges = [(micros(opens), micros(closes)) for opens, closes in intervals]
        self._opens = np.array([opens for opens, _ in edges], np.int64)
        self._closes = np.array([closes for _, closes in edges], np.int64)
        self._before = np.concatenate([[0], np.cumsum(self._closes - self._opens)]).astype(np.int64)

    def rise(self, moments: Micros) -> Micros:
        """The open time from the beginning up to each moment."""
        return _in_blocks(self._rise, moments, np.int64) if len(self._opens) else np.zeros(len(moments), np.int64)

    def _rise(self, moments: Micros) -> Micros:
        place = np.searchsorted(self._opens, moments, side="right")
        last = np.maximum(place - 1, 0)
        within = np.minimum(moments, self._closes[last]) - self._opens[last]
        return np.where(place > 0, self._before[last] + within, 0)

    def is_open(self, moments: Micros) -> NDArray[np.bool_]:
        """Whether each moment is within the hours."""
        return _in_blocks(self._is_open, moments, np.bool_) if len(self._opens) else np.zeros(len(moments), np.bool_)

    def _is_open(self, moments: Micros) -> NDArray[np.bool_]:
        place = np.searchsorted(self._opens, moments, side="right")
        return (place > 0) & (moments < self._closes[np.maximum(place - 1, 0)])


def _in_blocks(step: Callable[[Micros], NDArray[Any]], moments: Micros, kind: Any) -> NDArray[Any]:
    """A step over all moments, some at a time: what it makes on the way stays small."""
    found = np.empty(len(moments), kind)
    for start in range(0, len(moments), BLOCK):
        found[start : start + BLOCK] = step(moments[start : start + BLOCK])
    return found


def _intervals(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    """What is open between two moments, however far they lie apart."""
    while start < end:
        last = start
        for opens, closes in open_intervals(calendar, start):
            if opens >= end:
                return
            yield opens, min(closes, end)
            last = closes
        # the calendar looks a limited way ahead, by whole months: go on from the last it gave, or a month on
        start = last if last > start else start + timedelta(days=28)
