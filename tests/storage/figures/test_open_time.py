"""Business time for many moments at once is business time for each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.figures.open_time import OpenTime, micros, moment_of
from storage.sla import Calendar, business_time, read_calendar

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)

spans = st.tuples(st.integers(0, 95), st.integers(1, 96)).map(
    lambda pair: (timedelta(minutes=15 * pair[0]), timedelta(minutes=15 * (pair[0] + pair[1])))
)
weeks = st.lists(st.lists(spans, max_size=2).map(lambda day: tuple(sorted(day))), min_size=7, max_size=7).map(tuple)
zones = st.sampled_from([ZoneInfo(name) for name in ("Europe/Amsterdam", "Australia/Lord_Howe", "UTC")])
calendars = st.builds(
    lambda week, zone, closed: Calendar(zone=zone, week=week, is_closed=frozenset(closed).__contains__),
    weeks, zones, st.lists(st.dates(date(2026, 3, 25), date(2026, 4, 10)), max_size=3),
)  # fmt: skip
moments = st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None)).map(lambda at: at.replace(tzinfo=UTC))


@settings(max_examples=30)
@given(calendars, st.lists(st.tuples(moments, moments), min_size=1, max_size=8))
def test_between_two_moments_lies_what_the_line_has_risen(
    calendar: Calendar, pairs: list[tuple[datetime, datetime]]
) -> None:
    line = OpenTime([calendar], START, END)
    for start, end in (sorted(pair) for pair in pairs):
        (low, high) = line.rise(np.array([micros(start), micros(end)]))
        assert timedelta(microseconds=int(high - low)) == business_time(calendar, start, end)
        (is_open,) = line.is_open(np.array([micros(start)]))
        assert is_open == (business_time(calendar, start, start + timedelta(microseconds=1)) > timedelta())


def test_somebody_is_there_when_one_of_the_calendars_is_open() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    both = [read_calendar({"mon": hours}, zone) for hours in ("09:00-12:00", "11:00-14:00")]
    line = OpenTime(both, START, END)
    noon = datetime(2026, 3, 2, 12, 30, tzinfo=zone)
    assert line.is_open(np.array([micros(noon), micros(noon + timedelta(hours=2))])).tolist() == [True, False]
    day = np.array([micros(noon - timedelta(hours=12)), micros(noon + timedelta(hours=11))])
    assert np.diff(line.rise(day)).tolist() == [5 * 3600 * 1_000_000]


def test_years_are_counted_though_a_calendar_looks_only_months_ahead() -> None:
    office = read_calendar({"mon": "09:00-17:00"}, ZoneInfo("UTC"))
    line = OpenTime([office], datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    ends = np.array([micros(datetime(2016, 1, 1, tzinfo=UTC)), micros(datetime(2026, 1, 1, tzinfo=UTC))])
    assert np.diff(line.rise(ends)).tolist() == [522 * 8 * 3600 * 1_000_000]


def test_a_moment_is_a_number_and_back() -> None:
    at = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    assert moment_of(micros(at)) == at
