"""Periods and their steps, on ordinary days and on the days the clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.reports import ReportError
from desk.reports.period import cut, midnight, read_period

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_period_of_days_holds_its_last_day() -> None:
    start, end = read_period("2026-11-01", "2-11-2026", ZONE, NOW)
    assert (start, end) == (datetime(2026, 11, 1, tzinfo=ZONE), datetime(2026, 11, 3, tzinfo=ZONE))


def test_without_days_it_is_the_last_thirty_up_to_and_with_today() -> None:
    start, end = read_period(None, None, ZONE, NOW)
    assert (start, end) == (datetime(2026, 10, 24, tzinfo=ZONE), datetime(2026, 11, 23, tzinfo=ZONE))


def test_a_moment_is_itself_the_end() -> None:
    _, end = read_period("2026-11-01", "2026-11-02T17:00", ZONE, NOW)
    assert end == datetime(2026, 11, 2, 17, tzinfo=ZONE)


@pytest.mark.parametrize(("start", "end"), [("gisteren", None), ("2026-11-03", "2026-11-01"), ("2026-13-01", None)])
def test_no_day_and_no_time_between_are_said(start: str, end: str | None) -> None:
    with pytest.raises(ReportError):
        read_period(start, end, ZONE, NOW)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_day_has_as_many_hours_as_it_has(day: tuple[int, int, int], hours: int) -> None:
    start, end = read_period("-".join(map(str, day)), "-".join(map(str, day)), ZONE, NOW)
    steps = cut(start, end, ZONE)
    assert (steps.unit, len(steps.starts)) == ("hour", hours)
    labels = [steps.label(index) for index in range(hours)]
    assert len(set(labels)) == hours


@pytest.mark.parametrize(
    ("days", "unit", "count"), [(2, "hour", 48), (7, "day", 7), (91, "day", 91), (182, "week", 27), (1000, "month", 33)]
)
def test_steps_suit_the_length(days: int, unit: str, count: int) -> None:
    start = datetime(2026, 6, 2, tzinfo=ZONE)
    steps = cut(start, midnight(start.date() + timedelta(days=days), ZONE), ZONE)
    assert (steps.unit, len(steps.starts)) == (unit, count)


@given(
    start=st.integers(1_577_836_800, 1_893_456_000),  # seconds since 1970: 2020 to 2030
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=1500)),
    part=st.floats(0, 1, exclude_max=True),
    zone=st.sampled_from(["Europe/Amsterdam", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_every_moment_of_a_period_falls_in_one_step(start: int, length: timedelta, part: float, zone: str) -> None:
    local = ZoneInfo(zone)
    first = datetime.fromtimestamp(start, local)
    last = (first.astimezone(UTC) + length).astimezone(local)
    steps = cut(first, last, local)
    epoch = first.timestamp() + part * length.total_seconds()
    index = steps.place(epoch)
    assert 0 <= index < len(steps.starts)
    assert steps.epochs[index] <= epoch
    assert index + 1 == len(steps.epochs) or epoch < steps.epochs[index + 1]
    assert list(steps.epochs) == sorted(set(steps.epochs))
