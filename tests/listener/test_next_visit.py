"""When to come back: always within bounds, slower with every failure, sooner where something happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.next_visit import (
    BRISK_FLOOR,
    CAP,
    FIRST,
    FLOOR,
    JITTER,
    SLEEP_AFTER,
    VisitFacts,
    after,
    conversation,
    http_hint,
    pace,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = 3600.0
MIDDLE = 0.5
chances = st.floats(0, 1, exclude_max=True)
lengths = st.floats(0, 1e8)
facts = st.builds(
    VisitFacts,
    now=st.just(NOW),
    every=st.none() | st.floats(1, 1e6),
    pace=lengths,
    found_new=st.booleans(),
    posted=st.lists(st.floats(-1e5, 1e8).map(lambda ago: NOW - timedelta(seconds=ago)), max_size=30),
    hint=lengths,
    failures=st.integers(0, 100),
    retry_after=st.floats(0, 7 * CAP),
)


def posts(gap: float, *, last: float = 0.0, number: int = 30) -> list[datetime]:
    return [NOW - timedelta(seconds=last + gap * back) for back in range(number)]


@given(facts, chances)
def test_a_wait_is_always_within_bounds(visit: VisitFacts, random: float) -> None:
    wait = after(visit, random=random)
    asked = max(visit.every or 0, visit.retry_after * (1 + JITTER))
    assert (BRISK_FLOOR if visit.every else FLOOR) <= wait <= max(CAP, asked)
    assert wait >= visit.retry_after


@given(facts, chances)
def test_more_failures_never_mean_a_shorter_wait(visit: VisitFacts, random: float) -> None:
    failed = replace(visit, failures=visit.failures + 1)
    if visit.failures or visit.every:
        assert after(failed, random=random) >= after(visit, random=random)


@given(facts, chances, lengths)
def test_a_hint_never_means_a_shorter_wait(visit: VisitFacts, random: float, hint: float) -> None:
    assert after(replace(visit, hint=visit.hint + hint), random=random) >= after(visit, random=random)


def test_a_source_of_which_nothing_is_known_is_visited_in_an_hour() -> None:
    assert after(VisitFacts(now=NOW), random=MIDDLE) == FIRST


def test_a_person_s_wish_is_kept_whatever_was_observed_or_hinted() -> None:
    visit = VisitFacts(now=NOW, every=900, pace=900, found_new=True, posted=posts(60), hint=9e9)
    assert after(visit, random=MIDDLE) == 900
    assert after(replace(visit, every=7 * CAP), random=MIDDLE) == 7 * CAP
    assert after(replace(visit, every=10), random=MIDDLE) == BRISK_FLOOR
    assert after(replace(visit, every=10), random=MIDDLE, floor=1) == 10


def test_the_first_pace_is_half_the_gap_between_posts() -> None:
    assert pace(VisitFacts(now=NOW, posted=posts(4 * HOUR))) == 2 * HOUR
    assert pace(VisitFacts(now=NOW, posted=posts(60))) == FLOOR
    assert pace(VisitFacts(now=NOW, posted=posts(60, last=300 * CAP))) == CAP


def test_finding_something_halves_the_pace_and_finding_nothing_stretches_it() -> None:
    visit = VisitFacts(now=NOW, pace=4 * HOUR)
    assert pace(replace(visit, found_new=True)) == 2 * HOUR
    assert pace(visit) == 6 * HOUR
    assert pace(replace(visit, posted=posts(10 * HOUR))) == 5 * HOUR
    assert pace(replace(visit, found_new=True, posted=posts(HOUR))) == HOUR / 2


def test_failures_double_the_wait_and_leave_the_pace() -> None:
    visit = VisitFacts(now=NOW, pace=HOUR, posted=posts(60), failures=3)
    assert (pace(visit), after(visit, random=MIDDLE)) == (HOUR, 8 * HOUR)
    assert after(replace(visit, failures=50), random=MIDDLE) == CAP


def test_the_wait_is_spread_but_never_before_a_retry_after() -> None:
    visit = VisitFacts(now=NOW, pace=2 * HOUR, posted=(), found_new=True)
    assert after(visit, random=0) == pytest.approx(0.9 * HOUR)
    assert after(visit, random=0.999999) == pytest.approx(1.1 * HOUR, rel=1e-4)
    assert after(replace(visit, retry_after=3 * CAP), random=0) == 3 * CAP


def test_a_conversation_is_read_ever_less_and_then_sleeps() -> None:
    when, visits = 0.0, []
    while (wait := conversation(NOW + timedelta(seconds=when), NOW, random=MIDDLE)) is not None:
        when += wait
        visits.append(when / 60)
    assert visits[:5] == [5, 10, 20, 40, 80]
    assert 35 < len(visits) < 42 and visits[-1] - visits[-2] == 24 * 60
    assert visits[-1] * 60 > SLEEP_AFTER


@given(st.floats(-1e5, SLEEP_AFTER), chances)
def test_a_conversation_that_is_awake_is_read_within_bounds(silence: float, random: float) -> None:
    wait = conversation(NOW, NOW - timedelta(seconds=silence), random=random)
    assert wait is not None and BRISK_FLOOR <= wait <= CAP


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "public, Max-Age=600"}, 600),
        ({"cache-control": 'max-age="600"', "age": "100"}, 500),
        ({"cache-control": "max-age=600, no-cache"}, 0),
        ({"cache-control": "no-store", "expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"cache-control": "max-age=99999999999999999999"}, CAP),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, 3600),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT", "date": "Sun, 01 Mar 2026 12:30:00 GMT"}, 1800),
        ({"expires": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0),
        ({"expires": "0"}, 0),
        ({"cache-control": "max-age=60", "expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, 60),
    ],
)
def test_caching_headers_say_how_long_an_answer_is_fresh(headers: dict[str, str], seconds: float) -> None:
    assert http_hint(headers, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
def test_any_caching_headers_give_a_hint_within_bounds(headers: dict[str, str]) -> None:
    assert 0 <= http_hint(headers, NOW) <= CAP


def replay(published: list[float], horizon: float, fixed: float | None = None) -> tuple[float, int]:
    """Visit a source for `horizon` seconds; gives the mean delay in finding a post, and the number of visits."""
    random, when, steady, seen, visits, delays = Random(1), 0.0, 0.0, 0, 0, list[float]()
    while when < horizon:
        there = [moment for moment in published if moment <= when]
        delays += [when - moment for moment in there[seen:] if moment > 0]
        visit = VisitFacts(
            now=NOW + timedelta(seconds=when),
            pace=steady,
            found_new=len(there) > seen,
            posted=[NOW + timedelta(seconds=moment) for moment in there],
        )
        seen, visits, steady = len(there), visits + 1, pace(visit)
        when += fixed or after(visit, random=random.random())
    return sum(delays) / max(len(delays), 1), visits


def test_on_a_replayed_month_an_active_source_is_found_sooner_and_a_dead_one_costs_little() -> None:
    random, month = Random(2), 30 * CAP
    days = range(-3, 30)
    busy = sorted(day * CAP + random.uniform(8, 23) * HOUR for day in days for _ in range(20))
    weekly = [day * 7 * CAP + random.uniform(0, CAP) for day in range(-4, 5)]
    dead = [-400 * CAP - back * HOUR for back in range(20, 0, -1)]
    busy_delay, busy_visits = replay(busy, month)
    hourly_delay, hourly_visits = replay(busy, month, fixed=HOUR)
    assert busy_delay < 0.5 * hourly_delay and busy_visits < 3 * hourly_visits
    assert replay(dead, month)[1] <= 34
    weekly_delay, weekly_visits = replay(weekly, month)
    assert weekly_delay < CAP and weekly_visits < hourly_visits / 8
