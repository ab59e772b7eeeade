"""The zone and the order of dates that a page gives away by the time it shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.pages import page_clock, tree

NOW = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
HALF_HOURS = st.integers(-23, 27)


def clock(markup: str) -> list[object]:
    return list(tree.select(tree.fragment(markup), "b"))


def zone(halves: int) -> str:
    return f"UTC{'-' if halves < 0 else '+'}{abs(halves) // 2:02}:{'30' if halves % 2 else '00'}"


@given(HALF_HOURS, st.integers(0, 14), st.sampled_from(["%d-%m-%Y, %H:%M", "%B %d, %Y, %I:%M:%S %p", "%Y-%m-%d %H:%M"]))
def test_a_shown_clock_tells_its_distance_to_utc_however_long_the_page_took(halves: int, late: int, form: str) -> None:
    shown = (NOW + timedelta(minutes=30 * halves)).strftime(form)
    found, _ = page_clock.of_clock(clock(f"<b>Huidige tijd: {shown}</b>"), NOW + timedelta(minutes=late))
    assert found == zone(halves)


@given(HALF_HOURS)
def test_a_clock_without_a_date_hangs_where_it_is_at_most_half_a_day_away(halves: int) -> None:
    shown = (NOW + timedelta(minutes=30 * halves)).strftime("%I:%M %p")
    found, order = page_clock.of_clock(clock(f"<p>The time now is <b>{shown}</b>.</p>"), NOW)
    assert found in (zone(halves), zone(halves - 48), zone(halves + 48))
    assert order is None


@pytest.mark.parametrize(
    ("markup", "told"),
    [
        ("<b>Current time: 11-22-2026, 01:00 PM</b>", ("UTC+01:00", False)),
        ("<b>Huidige tijd: 22-11-2026, 13:00</b>", ("UTC+01:00", True)),
        ("<b>22-11-2025, 13:00</b>", ("", None)),
        ("<b>Welkom</b><b>1:00 PM</b>", ("UTC+01:00", None)),
        ("<p>All times are GMT +1. The time now is <b>02:00 PM</b>.</p>", ("UTC+02:00", None)),
        ("<p>All times are GMT +5.5. The time now is <b>08:00 AM</b>.</p>", ("UTC+05:30", None)),
        ("<p>All times are GMT. The time now is <b>08:00 AM</b>.</p>", ("UTC+00:00", None)),
    ],
)
def test_what_a_page_says_of_its_zone_and_order(markup: str, told: tuple[str, bool | None]) -> None:
    assert page_clock.of_clock(clock(markup), NOW) == told


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Europa/Amsterdam", "Europe/Amsterdam"),
        ("Europa/Brussel", "Europe/Brussels"),
        ("America/New York", "America/New_York"),
        ("America/Argentina/Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Onbekend/Nergens", ""),
        ("../../etc/passwd", ""),
        ("/etc/localtime", ""),
        ("Europe/", ""),
        ("UTC", ""),
        ("", ""),
    ],
)
def test_a_zone_is_known_by_its_place_in_the_language_of_the_board(words: str, name: str) -> None:
    assert page_clock.zone_named(words) == name


def test_a_clock_on_a_day_that_reads_both_ways_tells_the_order_by_being_right() -> None:
    eleventh = datetime(2026, 12, 11, 12, tzinfo=UTC)
    assert page_clock.of_clock(clock("<b>11-12-2026, 13:00</b>"), eleventh) == ("UTC+01:00", True)
    assert page_clock.of_clock(clock("<b>12-11-2026, 13:00</b>"), eleventh) == ("UTC+01:00", False)


@pytest.mark.parametrize(
    ("texts", "order"), [(["11-12-2026", "13-12-2026"], True), (["12-13-26"], False), (["1-2-26"], None)]
)
def test_the_first_number_above_twelve_tells_the_order(texts: list[str], order: bool | None) -> None:
    assert page_clock.of_dates(texts) is order
