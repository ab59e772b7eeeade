"""Business time agrees with somebody who counts every minute by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.sla import Calendar, State, always, business_time, counted, due_at, read_calendar, read_clock

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=AMSTERDAM)
OFFICE = read_calendar({"mon-fri": ["09:00-12:30", "13:00-17:30"]}, AMSTERDAM)

quarters = st.integers(0, 95).map(lambda n: timedelta(minutes=15 * n))
spans = st.tuples(quarters, st.integers(1, 96)).map(lambda pair: (pair[0], pair[0] + timedelta(minutes=15 * pair[1])))
weeks = st.lists(st.lists(spans, max_size=3).map(lambda day: tuple(sorted(day))), min_size=7, max_size=7).map(tuple)
zones = st.sampled_from(
    [AMSTERDAM, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata"),
     ZoneInfo("America/Santiago"), ZoneInfo("UTC")]
)  # fmt: skip
calendars = st.builds(
    lambda week, zone, closed: Calendar(zone=zone, week=week, is_closed=frozenset(closed).__contains__),
    weeks, zones, st.lists(st.dates(date(2026, 3, 25), date(2026, 4, 10)), max_size=3),
)  # fmt: skip
starts = st.sampled_from(
    [datetime(2026, 3, 27, 5, 7, tzinfo=UTC), datetime(2026, 10, 23, 23, 50, tzinfo=UTC),
     datetime(2026, 4, 3, 12, tzinfo=UTC), datetime(2026, 9, 5, 1, tzinfo=UTC), datetime(2026, 10, 31, 4, tzinfo=UTC)]
).flatmap(lambda day: st.integers(0, 1440).map(lambda n: day + n * MINUTE))  # fmt: skip
minutes = st.integers(0, 4 * 1440)


def is_open(calendar: Calendar, moment: datetime) -> bool:
    """By the clock on the wall: within a span of today, or of one that began yesterday."""
    wall = moment.astimezone(calendar.zone).replace(tzinfo=None)
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        since = wall - datetime(day.year, day.month, day.day)  # noqa: DTZ001
        if not calendar.is_closed(day) and any(a <= since < b for a, b in calendar.week[day.weekday()]):
            return True
    return False


@settings(max_examples=60)
@given(calendars, starts, minutes)
def test_business_time_is_what_counting_minutes_gives(calendar: Calendar, start: datetime, length: int) -> None:
    oracle = sum(is_open(calendar, start + n * MINUTE) for n in range(length))
    assert business_time(calendar, start, start + length * MINUTE) == oracle * MINUTE


@settings(max_examples=40)
@given(calendars, starts, minutes, st.lists(st.tuples(minutes, minutes), max_size=3))
def test_paused_minutes_are_not_counted(
    calendar: Calendar, start: datetime, length: int, pauses: list[tuple[int, int]]
) -> None:
    held = [(min(pair), max(pair)) for pair in pauses]
    oracle = sum(is_open(calendar, start + n * MINUTE) for n in range(length) if not any(a <= n < b for a, b in held))
    moments = [(start + a * MINUTE, start + b * MINUTE) for a, b in held]
    assert business_time(calendar, start, start + length * MINUTE, moments) == oracle * MINUTE


@settings(max_examples=60)
@given(calendars, starts, st.integers(1, 3000))
def test_a_target_is_due_at_the_minute_that_uses_it_up(calendar: Calendar, start: datetime, length: int) -> None:
    due = due_at(calendar, start, length * MINUTE)
    if due is None:
        assert not any(calendar.week)
        return
    assert business_time(calendar, start, due) == length * MINUTE
    assert business_time(calendar, start, due - MINUTE) < length * MINUTE


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-02 09:00", 1, "2026-03-02 10:00"),
        ("2026-03-02 12:00", 1, "2026-03-02 13:30"),  # the lunch break
        ("2026-03-06 17:00", 1, "2026-03-09 09:30"),  # the weekend
        ("2026-03-02 03:00", 8, "2026-03-02 17:30"),  # used up as the doors close
        ("2026-03-27 17:00", 1, "2026-03-30 09:30"),  # the weekend in which the clock goes forward
    ],
)
def test_an_hour_at_the_office(start: str, hours: int, due: str) -> None:
    begin, end = (datetime.fromisoformat(each).replace(tzinfo=AMSTERDAM) for each in (start, due))
    assert due_at(OFFICE, begin, timedelta(hours=hours)) == end


def test_a_night_shift_is_as_long_as_the_night() -> None:
    night = read_calendar({"sat": "22:00-06:00"}, AMSTERDAM)
    lengths = []
    for day in (datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2026, 6, 6)):  # noqa: DTZ001
        start = day.replace(tzinfo=AMSTERDAM)
        lengths.append(business_time(night, start, start + timedelta(days=3)))
    assert lengths == [timedelta(hours=hours) for hours in (7, 9, 8)]


def test_public_holidays_of_a_country_are_closed() -> None:
    dutch = read_calendar({"mon-sun": "09:00-17:00", "holidays": "NL", "closed": ["2026-04-28"]}, AMSTERDAM)
    start = datetime(2026, 4, 26, 17, tzinfo=AMSTERDAM)  # the eve of Koningsdag, which is followed by a free day
    assert due_at(dutch, start, timedelta(hours=1)) == datetime(2026, 4, 29, 10, tzinfo=AMSTERDAM)


def test_who_is_never_open_has_nothing_due() -> None:
    assert due_at(read_calendar({}, AMSTERDAM), MONDAY, timedelta(hours=1)) is None


@pytest.mark.parametrize(
    "hours",
    [{"maandag": "09:00-17:00"}, {"mon": "9 to 5"}, {"mon": "09:00-25:00"}, {"mon": "09:00-24:30"},
     {"holidays": "XX"}, {"closed": ["kerst"]}],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_said_in_a_sentence(hours: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        read_calendar(hours, AMSTERDAM)


def test_a_clock_that_was_paused_goes_on_with_what_was_left() -> None:
    pause = (MONDAY + timedelta(minutes=30), MONDAY + timedelta(days=1))
    paused = read_clock(OFFICE, timedelta(hours=1), MONDAY, MONDAY + timedelta(hours=3), pauses=[(pause[0], None)])
    assert (paused.state, paused.due_at, paused.used) == (State.PAUSED, None, timedelta(minutes=30))
    again = read_clock(OFFICE, timedelta(hours=1), MONDAY, pause[1], pauses=[pause])
    assert (again.state, again.due_at) == (State.ACTIVE, MONDAY + timedelta(days=1, minutes=30))


@pytest.mark.parametrize(
    ("after", "done", "state"),
    [(30, None, "active"), (48, None, "warned"), (60, None, "missed"), (90, 60, "hit"), (90, 61, "missed")],
)
def test_a_target_warns_at_four_fifths_and_is_missed_when_it_is_used_up(
    after: int, done: int | None, state: str
) -> None:
    reading = read_clock(
        always(AMSTERDAM),
        timedelta(hours=1),
        MONDAY,
        MONDAY + after * MINUTE,
        done=None if done is None else MONDAY + done * MINUTE,
    )
    assert reading.state == state
    assert reading.due_at == MONDAY + timedelta(hours=1)


def test_a_reading_shows_every_stretch_it_counted() -> None:
    start, end = MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=5)
    stretches = counted(OFFICE, start, end)
    assert stretches == [(start, start + 30 * MINUTE), (start + 60 * MINUTE, end)]
    assert read_clock(OFFICE, timedelta(hours=8), start, end).counted == tuple(stretches)
