"""Dates as feeds, boards and APIs write them, read into the moment they mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import ReadError
from listener.pages.dates import parse_date, plain_date

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)  # a Sunday
ZONE = "Europe/Amsterdam"

moments = st.datetimes(
    datetime(2001, 1, 1),  # noqa: DTZ001 (Hypothesis wants naive bounds)
    datetime(2026, 11, 22),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))


def read(text: str, **options: object) -> str | None:
    found = parse_date(text, now=NOW, zone=ZONE, **options)  # type: ignore[arg-type]
    return found and found.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-17T21:31:00+01:00", "2026-11-17 20:31"),
        ("2026-11-17T21:31:00Z", "2026-11-17 21:31"),
        ("20261117T213100Z", "2026-11-17 21:31"),
        ("2026-11-17 21:31", "2026-11-17 20:31"),
        ("Tue, 17 Nov 2026 21:31:00 +0100", "2026-11-17 20:31"),
        ("Tue, 17 Nov 26 21:31:00 GMT", "2026-11-17 21:31"),
        ("Fri, 17 Jul 2026 21:31:00 CEST", "2026-07-17 19:31"),
        ("Tue, 17 Nov 2026 21:31:00 MEZ", "2026-11-17 20:31"),
        ("Tue Nov 17 21:31:00 CET 2026", "2026-11-17 20:31"),
        ("ma, 16 nov 2026 20:15:00 +0100", "2026-11-16 19:15"),
        ("1763415060", "2025-11-17 21:31"),
        ("1763415060123", "2025-11-17 21:31"),
    ],
)
def test_machine_formats_are_read_with_their_zone(text: str, utc: str) -> None:
    assert read(text) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Tue Nov 17, 2026 9:31 pm", "2026-11-17 20:31"),
        ("di 17 nov 2026, 21:31", "2026-11-17 20:31"),
        ("dinsdag 17 november 2026 om 21:31", "2026-11-17 20:31"),
        ("21 November 2026 - 13:45", "2026-11-21 12:45"),
        ("17-11-2026 21:31", "2026-11-17 20:31"),
        ("11-17-2026, 09:31 PM", "2026-11-17 20:31"),
        ("17. Mai 2026 21:31", "2026-05-17 19:31"),
        ("November 17th, 2026 at 9:31 am", "2026-11-17 08:31"),
        ("17-mrt-2026 21:31", "2026-03-17 20:31"),
        ("« 17 Nov 2026, 09:31:05 »", "2026-11-17 08:31"),
        ("17 november 2026, 9.31 uur", "2026-11-17 08:31"),
        ("17 nov", "2026-11-16 23:00"),
        ("31 dec", "2025-12-30 23:00"),
    ],
)
def test_what_boards_write_is_read_on_the_boards_own_clock(text: str, utc: str) -> None:
    assert read(text) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("gisteren 14:05", "2026-11-21 13:05"),
        ("Yesterday, 02:35 PM", "2026-11-21 13:35"),
        ("vandaag om 9:12", "2026-11-22 08:12"),
        ("Today at 9:12 AM", "2026-11-22 08:12"),
        ("maandag om 15:12", "2026-11-16 14:12"),
        ("Sunday at 11:59 PM", "2026-11-15 22:59"),
        ("3 uur geleden", "2026-11-22 08:00"),
        ("een half uur geleden", "2026-11-22 10:30"),
        ("half an hour ago", "2026-11-22 10:30"),
        ("1 uur en 5 minuten geleden", "2026-11-22 09:55"),
        ("a minute ago", "2026-11-22 10:59"),
        ("about 2 weeks ago", "2026-11-08 11:00"),
        ("3h", "2026-11-22 08:00"),
        ("zojuist", "2026-11-22 11:00"),
        ("less than a minute ago", "2026-11-22 11:00"),
    ],
)
def test_relative_dates_count_from_the_moment_of_fetching(text: str, utc: str) -> None:
    assert read(text) == utc


@pytest.mark.parametrize(
    "text", ["", "hello", "May", "10", "2026", "1999-01-01", "2031-01-01", "99999999999999", "0000-00-00", "x" * 500]
)
def test_what_is_no_date_or_an_impossible_one_is_none(text: str) -> None:
    assert read(text) is None


def test_a_clock_that_runs_a_little_ahead_is_believed_and_a_day_ahead_is_not() -> None:
    assert read("2026-11-23T10:00:00Z") == "2026-11-23 10:00"
    assert read("2026-11-23T12:00:00Z") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Thu, 11/12/2026 - 18:00", "2026-11-12"),
        ("Thu, 11/12/2025 - 18:00", "2025-12-11"),
        ("Wed, 11/12/2025 - 18:00", "2025-11-12"),
        ("woensdag 11-12-2025", "2025-11-12"),
        ("11/12/2026", "2026-11-12"),
        ("23/12/2026", None),
    ],
)
def test_a_weekday_or_the_present_tells_which_number_is_the_day(text: str, day: str | None) -> None:
    found = parse_date(text, now=NOW)
    assert (found and f"{found:%Y-%m-%d}") == day


def test_the_order_of_day_and_month_is_the_sites() -> None:
    assert read("05/06/2026 13:00") == "2026-06-05 11:00"
    assert read("05/06/2026 13:00", day_first=False) == "2026-05-06 11:00"


def test_a_pattern_reads_dutch_month_names_too() -> None:
    assert read("03 mei 2026 - 13:45", pattern="%d %B %Y - %H:%M") == "2026-05-03 11:45"


def test_a_zone_that_does_not_exist_is_named_in_the_refusal() -> None:
    with pytest.raises(ReadError, match="Mars/Olympus"):
        parse_date("2026-11-17", now=NOW, zone="Mars/Olympus")


@given(
    moments,
    st.sampled_from(["%d-%m-%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%a %b %d, %Y %I:%M:%S %p", "%d %B %Y - %H:%M:%S"]),
)
def test_a_date_written_in_a_common_way_is_read_back(moment: datetime, pattern: str) -> None:
    assert parse_date(moment.strftime(pattern), now=NOW) == moment


@given(moments, st.sampled_from(["UTC", ZONE, "America/New_York", "Asia/Kolkata"]))
def test_the_two_internet_formats_are_read_back_in_any_zone(moment: datetime, zone: str) -> None:
    local = moment.astimezone(ZoneInfo(zone))
    assert parse_date(local.isoformat(), now=NOW) == moment
    assert parse_date(format_datetime(local), now=NOW) == moment


@given(st.text(max_size=39))
def test_any_text_is_a_date_within_the_bounds_or_none(text: str) -> None:
    found = parse_date(text, now=NOW, zone=ZONE)
    assert found is None or datetime(2000, 1, 1, tzinfo=UTC) <= found <= NOW + timedelta(hours=24)


@given(
    st.integers(0, 40 * 365 * 24 * 3600),
    st.sampled_from(["GMT", "UTC", "+0000", "+0100", "-0730", "Z", "+02:00", "-11:30", "CET", ""]),
    st.booleans(),
)
def test_the_quick_reader_says_what_the_thorough_one_says_or_nothing(seconds: int, zone: str, is_iso: bool) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    moment = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S" if is_iso else "%a, %d %b %Y %H:%M:%S ") + zone
    found = plain_date(text, now=now)
    assert found is None or found == parse_date(text, now=now)
    if zone in (("Z", "+02:00") if is_iso else ("GMT", "+0000")):
        assert found == parse_date(text, now=now)


@pytest.mark.parametrize("text", ["32 Nov 2026 09:00:00 GMT", "2026-02-30T09:00:00Z", "", "gisteren", "22 Nov 26"])
def test_the_quick_reader_leaves_what_is_no_plain_date(text: str) -> None:
    assert plain_date(text, now=datetime(2026, 11, 22, 12, tzinfo=UTC)) is None
