"""Closed days and hours from an iCalendar file (RFC 5545): whole days, stretches, and what comes back; pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from operator import itemgetter
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar

from storage.sla import Interval, joined

LARGEST = 2_000_000
"""Bytes of a file that are read."""

FIRST, LAST = datetime(2000, 1, 1), datetime(2070, 1, 1)  # noqa: DTZ001  the wall's clock
"""Between these, what comes back is worked out."""

MOST = 200_000
"""Closed days and stretches that a file gives: a day that comes back for seventy years fits many times."""

MOST_RULES, OLDEST = 100, 1900
"""Events that come back, and the year before which none begins: what bounds the time that reading takes."""

RARE = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
"""Conditions that daily and weekly events may never answer; looking for them would take long."""

OFTEN = ("HOURLY", "MINUTELY", "SECONDLY")
"""No closed days come back so often."""


@dataclass(frozen=True, slots=True)
class Closures:
    """When nobody is there, whatever the hours say."""

    days: frozenset[date]
    """Days on which nothing begins."""
    stretches: tuple[Interval, ...]
    """In order of beginning, apart from each other."""

    def between(self, start: datetime, end: datetime) -> tuple[Interval, ...]:
        """The stretches that touch this one."""
        first = bisect_right(self.stretches, start, key=itemgetter(1))
        return self.stretches[first : bisect_left(self.stretches, end, key=itemgetter(0))]


def read_closures(data: bytes, zone: tzinfo) -> Closures:
    """The events of a file as closed time; times without a zone are in `zone`, cancelled events are left out.

    Raises `ValueError` with one sentence.
    """
    if len(data) > LARGEST:
        raise ValueError(f"is larger than {LARGEST // 1_000_000} MB")
    try:
        events = list(Calendar.from_ical(data).walk("VEVENT"))
        _refuse_too_much(events)
        found = list(islice(_all(events, zone), MOST + 1))
    except ValueError as error:
        raise ValueError(f"is no iCalendar file that can be read: {str(error).splitlines()[0][:200]}") from None
    except (TypeError, AttributeError, KeyError, LookupError, OverflowError) as error:
        raise ValueError(f"is no iCalendar file that can be read ({type(error).__name__})") from None
    if len(found) > MOST:
        raise ValueError(f"gives more than {MOST:,} closed days")
    days = frozenset(each for each in found if isinstance(each, date))
    return Closures(days, tuple(joined(sorted(each for each in found if isinstance(each, tuple)))))


def _refuse_too_much(events: Sequence[Any]) -> None:
    if sum("RRULE" in event for event in events) > MOST_RULES:
        raise ValueError(f"more than {MOST_RULES} events come back")
    if any(event["DTSTART"].dt.year < OLDEST for event in events):
        raise ValueError(f"an event begins before {OLDEST}")


def _all(events: Iterable[Any], zone: tzinfo) -> Iterator[date | Interval]:
    """Days and stretches of all events; an event that was moved takes the place of the one that came back."""
    moved: dict[str, set[Any]] = {}
    for event in events:
        if "RECURRENCE-ID" in event:
            moved.setdefault(str(event.get("UID")), set()).add(_plain(event["RECURRENCE-ID"].dt, zone))
    for event in events:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            gone = set() if "RECURRENCE-ID" in event else moved.get(str(event.get("UID")), set())
            yield from _one(event, zone, gone)


def _one(event: Any, zone: tzinfo, gone: set[Any]) -> Iterator[date | Interval]:
    begin = event["DTSTART"].dt
    is_day = not isinstance(begin, datetime)
    length = _length(event, begin)
    place = zone if is_day or begin.tzinfo is None else begin.tzinfo
    wall = datetime.combine(begin, time()) if is_day else begin.replace(tzinfo=None)
    left_out = gone | {_plain(each.dt, zone) for listed in _listed(event, "EXDATE") for each in listed.dts}
    for start in _walls(event, wall, place):
        key = start.date() if is_day else start.replace(tzinfo=place).astimezone(UTC)
        if key in left_out:
            continue
        if is_day:
            yield from (start.date() + timedelta(days=n) for n in range(max(1, length.days)))
        elif length > timedelta():
            yield start.replace(tzinfo=place).astimezone(UTC), (start.replace(tzinfo=place).astimezone(UTC) + length)


def _length(event: Any, begin: date) -> timedelta:
    if "DTEND" in event:
        end = event["DTEND"].dt
        return end - begin if isinstance(end, datetime) == isinstance(begin, datetime) else timedelta()
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return length
    return timedelta() if isinstance(begin, datetime) else timedelta(days=1)


def _walls(event: Any, wall: datetime, place: tzinfo) -> Iterator[datetime]:
    """When it begins, by the clock on the wall of its own zone: once, by its rule, and on the days it names."""
    rule = event.get("RRULE")
    if rule is None:
        yield wall
    else:
        yield from _recurring(rule, wall, place)
    for listed in _listed(event, "RDATE"):
        for each in listed.dts:
            moment = each.dt if isinstance(each.dt, datetime) else datetime.combine(each.dt, time())
            yield moment.astimezone(place).replace(tzinfo=None) if moment.tzinfo else moment


def _recurring(rule: Any, wall: datetime, place: tzinfo) -> Iterator[datetime]:
    """Every time it comes back. A rule is always given an end, so that one that nothing answers ends too."""
    often = str(rule.get("FREQ", [""])[0]).upper()
    if often in OFTEN:
        raise ValueError("an event comes back more often than daily")
    if often in ("DAILY", "WEEKLY") and not RARE.isdisjoint(rule):
        raise ValueError(f"an event comes back {often.lower()} on certain days of a month or year: write it as monthly")
    parts = {name: values for name, values in rule.items() if name not in ("UNTIL", "COUNT")}
    until = min([LAST, *(_wall(each, place) for each in rule.get("UNTIL", []))])
    text = ";".join(f"{name}={','.join(map(str, values))}" for name, values in parts.items())
    every = rrulestr(f"{text};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=wall)
    counts: list[int] = rule.get("COUNT", [])
    yield from (start for start in islice(every, min(counts, default=None)) if start >= FIRST)


def _wall(moment: date, place: tzinfo) -> datetime:
    """The last moment of a day; a moment by the clock on the wall."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.max)
    return moment.astimezone(place).replace(tzinfo=None) if moment.tzinfo else moment


def _listed(event: Any, name: str) -> list[Any]:
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _plain(moment: date, zone: tzinfo) -> Any:
    """A day as it is; a moment in UTC."""
    if not isinstance(moment, datetime):
        return moment
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
