"""Closed days of an iCalendar file agree with somebody who counts every minute; whatever is in it, an answer comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.closures import LARGEST, read_closures
from storage.sla import business_time, read_calendar

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)
ZONES = {name: ZoneInfo(name) for name in ("Europe/Amsterdam", "Europe/London", "America/New_York", "Asia/Kolkata")}
OFFICE = read_calendar({"mon-fri": ["09:00-12:30", "13:00-17:30"], "fri-sat": ["22:00-02:00"]}, AMSTERDAM)
STEPS = {"YEARLY": None, "WEEKLY": timedelta(weeks=1), "DAILY": timedelta(days=1)}


def file(*events: str) -> bytes:
    """A calendar of events, each the lines between its begin and end."""
    body = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{each}\r\nEND:VEVENT\r\n" for n, each in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n".encode()


def closed(day: str, *events: str) -> timedelta:
    """Open time on a day when these events are closed."""
    closures = read_closures(file(*events), AMSTERDAM)
    office = read_calendar({"mon-sun": ["09:00-17:00"]}, AMSTERDAM)
    days = lambda each: each in closures.days  # noqa: E731
    begin = datetime.combine(date.fromisoformat(day), time(), AMSTERDAM)
    calendar = replace(office, is_closed=days, shut=closures.between)
    return business_time(calendar, begin, begin + timedelta(hours=23))


HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "event", "hours"),
    [
        ("2026-04-27", "DTSTART;VALUE=DATE:20260427", 0),
        ("2029-04-27", "DTSTART;VALUE=DATE:20160427\r\nRRULE:FREQ=YEARLY", 0),
        ("2029-04-28", "DTSTART;VALUE=DATE:20160427\r\nRRULE:FREQ=YEARLY", 8),
        ("2029-04-27", "DTSTART;VALUE=DATE:20160427\r\nRRULE:FREQ=YEARLY;UNTIL=20280101", 8),
        ("2028-04-27", "DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=YEARLY;COUNT=2", 8),
        ("2027-04-27", "DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=YEARLY;COUNT=2", 0),
        ("2027-04-27", "DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20270427", 8),
        ("2026-12-26", "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227", 0),
        ("2026-12-27", "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227", 8),
        ("2026-11-26", "DTSTART;VALUE=DATE:20251127\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", 0),
        ("2026-06-01", "DTSTART:20260601T120000\r\nDURATION:PT2H", 6),
        ("2026-06-01", "DTSTART:20260601T100000Z\r\nDTEND:20260601T120000Z", 6),
        ("2026-06-01", "DTSTART;TZID=Europe/London:20260601T150000\r\nDTEND;TZID=Europe/London:20260601T180000", 7),
        ("2026-12-07", "DTSTART;TZID=America/New_York:20260601T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY", 7),
        ("2026-06-01", "DTSTART:20260601T120000\r\nDURATION:PT2H\r\nSTATUS:CANCELLED", 8),
        ("2026-06-02", "DTSTART:20260601T120000\r\nDURATION:PT2H\r\nRDATE:20260602T120000", 6),
        ("2026-06-01", "DTSTART:20260601T120000", 8),
    ],
)
def test_a_day_has_the_hours_that_are_left(day: str, event: str, hours: int) -> None:
    assert closed(day, event) == hours * HOURS


def test_an_event_that_was_moved_is_where_it_was_moved_to() -> None:
    calendar = file("DTSTART:20260601T120000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3")
    moved = b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20260602T120000\r\nDTSTART:20260602T150000\r\nDURATION:PT1H\r\n"
    found = read_closures(calendar.replace(b"END:VCAL", moved + b"END:VEVENT\r\nEND:VCAL"), AMSTERDAM)
    hours = [start.astimezone(AMSTERDAM).hour for start, _ in found.stretches]
    assert hours == [12, 15, 12]


minutes = st.integers(0, 30 * 1440)
timed = st.tuples(st.sampled_from(list(ZONES)), minutes, st.integers(1, 2000), st.sampled_from([None, *STEPS]))
whole = st.tuples(st.integers(-370, 30), st.integers(1, 3), st.sampled_from([None, *STEPS]))
FROM = datetime(2026, 3, 20)  # noqa: DTZ001  the wall's clock


def said(event: Any) -> str:
    """An event as a file says it."""
    if len(event) == 4:
        zone, start, length, freq = event
        lines = f"DTSTART;TZID={zone}:{FROM + start * MINUTE:%Y%m%dT%H%M}00\r\nDURATION:PT{length}M"
    else:
        start, length, freq = event
        first = FROM.date() + timedelta(days=start)
        lines = f"DTSTART;VALUE=DATE:{first:%Y%m%d}\r\nDTEND;VALUE=DATE:{first + timedelta(days=length):%Y%m%d}"
    return lines + (f"\r\nRRULE:FREQ={freq}" if freq else "")


def begins(first: datetime, freq: str | None, wall: datetime) -> list[datetime]:
    """When an event begins in the weeks around a moment: by hand, without any library."""
    around = [wall + timedelta(days=n) for n in range(-5, 2)]
    days = [datetime.combine(each.date(), first.time()) for each in around]
    if freq is None:
        return [first]
    fits = {"DAILY": lambda _: True, "WEEKLY": lambda day: (day - first).days % 7 == 0}
    same = fits.get(freq, lambda day: (day.month, day.day) == (first.month, first.day))
    return [day for day in days if day >= first and same(day)]


def is_shut(events: list[Any], moment: datetime) -> bool:
    """Whether a timed event covers a moment."""
    for event in events:
        if len(event) == 4:
            zone, start, length, freq = event
            wall = moment.astimezone(ZONES[zone]).replace(tzinfo=None)
            for begin in begins(FROM + start * MINUTE, freq, wall):
                at = begin.replace(tzinfo=ZONES[zone]).astimezone(UTC)
                if at <= moment < at + length * MINUTE:
                    return True
    return False


def is_day_off(events: list[Any], day: date) -> bool:
    """Whether an event of whole days covers a day."""
    for event in events:
        if len(event) == 3:
            start, length, freq = event
            first = datetime.combine(FROM.date() + timedelta(days=start), time())
            for begin in begins(first, freq, datetime.combine(day, time())):
                if begin.date() <= day < begin.date() + timedelta(days=length):
                    return True
    return False


def is_open(events: list[Any], moment: datetime) -> bool:
    """By the clock on the wall, and no event covers it."""
    wall = moment.astimezone(AMSTERDAM).replace(tzinfo=None)
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        since = wall - datetime.combine(day, time())
        if any(a <= since < b for a, b in OFFICE.week[day.weekday()]) and not is_day_off(events, day):
            return not is_shut(events, moment)
    return False


@settings(max_examples=15)
@given(st.lists(timed | whole, max_size=3), st.integers(0, 14 * 1440), st.integers(1, 1440))
def test_open_time_is_what_counting_minutes_gives(events: list[Any], start: int, length: int) -> None:
    closures = read_closures(file(*map(said, events)), AMSTERDAM)
    office = replace(OFFICE, is_closed=closures.days.__contains__, shut=closures.between)
    begin = (FROM.replace(tzinfo=UTC)) + start * MINUTE
    oracle = sum(is_open(events, begin + n * MINUTE) for n in range(length))
    assert business_time(office, begin, begin + length * MINUTE) == oracle * MINUTE


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<html>", "no iCalendar file"),
        (b"\xff\xfe\x00", "no iCalendar file"),
        (file("SUMMARY:x"), "no iCalendar file"),
        (file("DTSTART:soon"), "no iCalendar file"),
        (file("DTSTART:20260101T120000\r\nDURATION:PT1M\r\nRRULE:FREQ=SECONDLY"), "more often than daily"),
        (file("DTSTART:00010101T120000\r\nDURATION:PT1M\r\nRRULE:FREQ=DAILY"), "before 1900"),
        (file(*["DTSTART;VALUE=DATE:20000101\r\nRRULE:FREQ=DAILY"] * 8), "more than 200,000"),
        (file(*["DTSTART;VALUE=DATE:20000101\r\nRRULE:FREQ=YEARLY"] * 101), "more than 100 events"),
        (file("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "write it as monthly"),
        (b"x" * (LARGEST + 1), "is larger than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        read_closures(data, AMSTERDAM)
    assert "\n" not in str(refused.value)


@settings(max_examples=60)
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from(file("DTSTART:20260101").split(b"\r\n")), max_size=12).map(b"\r\n".join)
)
def test_whatever_is_in_a_file_an_answer_comes(data: bytes) -> None:
    try:
        assert read_closures(data, AMSTERDAM).days is not None
    except ValueError as refused:
        assert str(refused)


def test_a_rule_that_nothing_answers_ends() -> None:
    never = "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
    assert len(read_closures(file(never), AMSTERDAM).days) == 0
