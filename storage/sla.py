"""Business hours and the time they leave: what is open when, how much of it has passed, and when a target is due; pure.

A moment is open when the clock on the wall of the calendar's zone reads a time within the day's hours. That holds on
the days clocks change too: an hour that comes twice counts twice, an hour that is left out does not count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAY = timedelta(days=1)

HORIZON = 37
"""Months looked ahead for an open hour; who is closed for longer is never open."""

WARN_AT = 0.8
"""The share of a target after which somebody is warned."""

Span = tuple[timedelta, timedelta]
"""From and up to, counted from the day's midnight on the wall clock; past 24 hours it runs into the next day."""
Interval = tuple[datetime, datetime]
"""From and up to, in UTC."""


def open_on_every_date(day: date) -> bool:
    """The closed days of who has none."""
    return False


def any_of(tests: Iterable[Callable[[date], bool]]) -> Callable[[date], bool]:
    """Whether a day is closed by one of several."""
    every = tuple(tests)
    return lambda day: any(test(day) for test in every)


def never_shut(start: datetime, end: datetime) -> Sequence[Interval]:
    """The closed stretches of who has none."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When somebody is there."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    """Monday to Sunday; the spans of a day in order."""
    is_closed: Callable[[date], bool] = open_on_every_date
    """Days on which nothing begins; what began the evening before goes on."""
    shut: Callable[[datetime, datetime], Sequence[Interval]] = never_shut
    """The stretches between two moments in which nobody is there, in order, whatever the hours say."""


def always(zone: ZoneInfo) -> Calendar:
    """Open day and night."""
    return Calendar(zone=zone, week=(((timedelta(), DAY),),) * 7)


def read_calendar(hours: Mapping[str, Any], zone: ZoneInfo) -> Calendar:
    """A calendar as `sources.yaml` writes it: `{mon-fri: ["09:00-17:30"], sat: "10:00-14:00", holidays: NL}`.

    Days not named are closed. `holidays` is a country, or a country and region (DE-BY); `closed` lists further days.
    A span that ends before it begins runs past midnight. Raises `ValueError` with one sentence.
    """
    week: list[list[Span]] = [[] for _ in DAYS]
    for key, spans in hours.items():
        if key not in ("holidays", "closed", "timezone"):
            for day in weekdays(key):
                week[day] += [_span(text) for text in ([spans] if isinstance(spans, str) else spans)]
    if "timezone" in hours:
        zone = ZoneInfo(str(hours["timezone"]))
    closed = _closed(str(hours.get("holidays", "")), [str(day) for day in hours.get("closed", ())])
    return Calendar(zone=zone, week=tuple(tuple(sorted(spans)) for spans in week), is_closed=closed)


def weekdays(key: str) -> list[int]:
    """The days that `mon` or `mon-fri` names, Monday is 0. Raises `ValueError` with one sentence."""
    first, _, last = key.strip().lower().partition("-")
    if first not in DAYS or (last and last not in DAYS):
        raise ValueError(f"{key!r} names no day: write mon, mon-fri or sat.")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]


def _span(text: str) -> Span:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)", str(text).strip())
    if not found:
        raise ValueError(f"{text!r} is no stretch of hours: write 09:00-17:30.")
    start = timedelta(hours=int(found[1]), minutes=int(found[2]))
    end = timedelta(hours=int(found[3]), minutes=int(found[4]))
    if end > DAY:
        raise ValueError(f"{text!r} ends after 24:00: write the hours past midnight as 22:00-02:00.")
    return start, end if end > start else end + DAY


def _closed(holidays: str, days: Sequence[str]) -> Callable[[date], bool]:
    try:
        listed = frozenset(date.fromisoformat(day) for day in days)
    except ValueError:
        raise ValueError(f"One of the closed days {', '.join(days)} is no day: write 2026-12-24.") from None
    if not holidays:
        return listed.__contains__
    import holidays as calendars

    country, _, region = holidays.upper().partition("-")
    try:
        public = calendars.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        raise ValueError(f"The holidays of {holidays} are not known: write a country such as NL or DE-BY.") from None
    return lambda day: day in listed or day in public


def open_intervals(calendar: Calendar, start: datetime) -> Iterator[Interval]:
    """What is open from `start` on, in order, joined where one stretch runs into the next, for `HORIZON` months."""
    return joined(_from(calendar, start.astimezone(UTC)))


def _from(calendar: Calendar, start: datetime) -> Iterator[Interval]:
    first = start.year * 12 + start.month - 1
    for month in range(first, first + HORIZON):
        pieces = _month(calendar, month)
        place = bisect_right(pieces, start, key=itemgetter(1)) if month == first else 0
        for begin, end in islice(pieces, place, None):
            yield max(begin, start), end


@lru_cache(maxsize=1024)
def _month(calendar: Calendar, month: int) -> tuple[Interval, ...]:
    """What is open in a month, counted from the year 0 in UTC: remembered, for many clocks ask for the same."""
    start, end = (datetime(each // 12, each % 12 + 1, 1, tzinfo=UTC) for each in (month, month + 1))
    found = list(joined(_pieces(calendar, start, end)))
    for closed in calendar.shut(start, end):
        found = [part for piece in found for part in _without(piece, closed)]
    return tuple(found)


def joined(pieces: Iterable[Interval]) -> Iterator[Interval]:
    """Intervals in order of beginning as ones that lie apart from each other."""
    held: Interval | None = None
    for begin, end in pieces:
        if held and begin <= held[1]:
            held = (held[0], max(held[1], end))
            continue
        if held:
            yield held
        held = (begin, end)
    if held:
        yield held


def _pieces(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    """Each span of each day between two moments; by stretches in which the zone keeps one distance to UTC."""
    for begin, stop, offset in _offsets(calendar.zone, start, end):
        first, last = (each.replace(tzinfo=None) + offset for each in (begin, stop))
        day = first.date() - DAY
        while day <= last.date():
            for opens, closes in _hours(calendar, day):
                opens, closes = max(opens, first), min(closes, last)
                if opens < closes:
                    yield (opens - offset).replace(tzinfo=UTC), (closes - offset).replace(tzinfo=UTC)
            day += DAY


def _hours(calendar: Calendar, day: date) -> Iterator[tuple[datetime, datetime]]:
    if not calendar.is_closed(day):
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the wall's clock
        for opens, closes in calendar.week[day.weekday()]:
            yield midnight + opens, midnight + closes


def _offsets(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Stretches of at most a day with one distance to UTC; a change is found to the second."""
    while start < end:
        stop, offset = min(start + DAY, end), _offset(zone, start)
        if _offset(zone, stop) != offset:
            change = _change(zone, start, stop)
            yield start, change, offset
            start, offset = change, _offset(zone, change)
        yield start, stop, offset
        start = stop


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first moment at which the clock has been changed."""
    old = _offset(zone, before)
    seconds = (after - before) // timedelta(seconds=1)
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + timedelta(seconds=middle)) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def counted(calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Interval] = ()) -> list[Interval]:
    """The open stretches from `start` to `end` outside the pauses: what a clock counts, and what it can show."""
    found: list[Interval] = []
    for opens, closes in open_intervals(calendar, start):
        if opens >= end:
            break
        found.append((opens, min(closes, end)))
    for pause in pauses:
        found = [part for interval in found for part in _without(interval, pause)]
    return found


def _without(interval: Interval, pause: Interval) -> list[Interval]:
    start, end = interval
    parts = ((start, min(end, pause[0])), (max(start, pause[1]), end))
    return [part for part in parts if part[0] < part[1]]


def business_time(calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Interval] = ()) -> timedelta:
    """How much open time lies between two moments, pauses left out."""
    return sum((end - start for start, end in counted(calendar, start, end, pauses)), timedelta())


def due_at(calendar: Calendar, start: datetime, target: timedelta, pauses: Iterable[Interval] = ()) -> datetime | None:
    """The moment at which `target` of open time has passed; None for who is not open long enough within `HORIZON`.

    A target that is used up just when the doors close is due then, not when they open again.
    """
    left, pauses = target, tuple(pauses)
    for interval in open_intervals(calendar, start):
        parts = [interval]
        for pause in pauses:
            parts = [part for each in parts for part in _without(each, pause)]
        for opens, closes in parts:
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
    return None


class State(StrEnum):
    """How a target stands."""

    ACTIVE = "active"
    WARNED = "warned"
    PAUSED = "paused"
    HIT = "hit"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A target's clock as it is read at a moment."""

    state: State
    due_at: datetime | None
    """None while it is paused, and for who is never open."""
    used: timedelta
    """Open time that has passed."""
    counted: tuple[Interval, ...]
    """The stretches that make up `used`: the why of the reading."""


def read_clock(
    calendar: Calendar,
    target: timedelta,
    begin: datetime,
    now: datetime,
    *,
    done: datetime | None = None,
    pauses: Sequence[tuple[datetime, datetime | None]] = (),
) -> Reading:
    """How a target that began at `begin` stands at `now`; `done` is when it was met, an open pause has no end yet.

    Time in a pause does not count, whatever the reason; the open time that was left stays left.
    """
    end = min(done, now) if done else now
    ended = [(start, stop or end) for start, stop in pauses]
    stretches = counted(calendar, begin, end, ended)
    used = sum((stop - start for start, stop in stretches), timedelta())
    is_paused = done is None and any(stop is None or stop > now for start, stop in pauses if start <= now)
    due = None if is_paused and used < target else due_at(calendar, begin, target, ended)
    return Reading(
        state=_state(used, target, done is not None, is_paused), due_at=due, used=used, counted=tuple(stretches)
    )


def _state(used: timedelta, target: timedelta, is_done: bool, is_paused: bool) -> State:
    if used > target or (used == target and not is_done):
        return State.MISSED
    if is_done:
        return State.HIT
    if is_paused:
        return State.PAUSED
    return State.WARNED if used >= WARN_AT * target else State.ACTIVE
