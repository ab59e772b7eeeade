"""How a source does, judged from its history alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener import health
from listener.errors import FetchError, ReadError
from listener.health import OnHold, Signs, check_identity, identity, judge, overdue
from storage.types import Health, Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def hourly(count: int, *, until: datetime = NOW) -> list[datetime]:
    return [until - timedelta(hours=each) for each in range(count)]


def signs(**but: Any) -> Signs:
    return Signs(**{"now": NOW, "status": 200, "pages": 3} | but)


def test_a_good_visit_is_ok_and_needs_no_words() -> None:
    assert judge(signs(posted=hourly(40))) == (Health.OK, "")


def test_a_failed_visit_is_degraded_in_its_own_words() -> None:
    fault = FetchError("geldblog.example did not answer.", status=None)
    assert judge(signs(fault=fault, failures=1)) == (Health.DEGRADED, "geldblog.example did not answer.")


def test_pages_that_could_not_be_read_are_counted() -> None:
    level, sentence = judge(signs(troubles=[ReadError("It is no topic.")]))
    assert level is Health.DEGRADED
    assert sentence == "1 of its 3 pages could not be read and will be tried again; the first: It is no topic."


@pytest.mark.parametrize(("failures", "level"), [(11, Health.DEGRADED), (12, Health.DEAD), (300, Health.DEAD)])
def test_twelve_failures_in_a_row_are_death(failures: int, level: Health) -> None:
    found, sentence = judge(signs(fault=FetchError("It answers 500.", status=500), status=500, failures=failures))
    assert found is level
    assert ("tried once a day" in sentence) == (level is Health.DEAD)


def test_gone_for_good_is_believed_the_second_time() -> None:
    fault = FetchError("It is gone for good (410).", status=410)
    assert judge(signs(fault=fault, status=410, status_before=200, failures=1))[0] is Health.DEGRADED
    level, sentence = judge(signs(fault=fault, status=410, status_before=410, failures=2))
    assert level is Health.DEAD
    assert "take it out of sources.yaml" in sentence


def test_a_source_is_silent_when_twice_its_longest_pause_is_over() -> None:
    posted = hourly(40, until=NOW - timedelta(hours=2))
    assert judge(signs(posted=posted))[0] is Health.OK
    level, sentence = judge(signs(posted=posted, now=NOW + timedelta(minutes=1)))
    assert level is Health.SILENT
    assert sentence.startswith("Its newest post is of 2026-11-22 10:00 UTC, and by its own history another was due by")


def test_a_weekend_is_no_silence() -> None:
    weeks = [NOW - timedelta(days=day) for day in range(2, 40) if (NOW - timedelta(days=day)).weekday() < 5]
    assert overdue(weeks, NOW) is None


def test_too_short_a_history_says_nothing() -> None:
    assert overdue(hourly(health.ENOUGH - 1, until=NOW - timedelta(days=300)), NOW) is None


times = st.integers(0, 3000 * 24).map(lambda hours: NOW - timedelta(hours=hours - 100))


@given(st.lists(times, max_size=60), times)
def test_nothing_is_overdue_while_a_pause_is_no_longer_than_its_longest(posted: list[datetime], now: datetime) -> None:
    due = overdue(posted, now)
    past = sorted({time for time in posted if time <= now})
    if due is not None:
        gaps = [later - earlier for earlier, later in pairwise(past)]
        assert past[-1] < due < now
        assert now - past[-1] > max(gaps)


def posts(site: str = "geldblog.example", author: str = "Marieke") -> list[Post]:
    return [Post(external_id=str(n), url=f"https://{site}/{n}", text="x", author=author) for n in range(3)]


@pytest.mark.parametrize(
    "same",
    [
        identity(posts(author="Lucky"), "en"),
        identity(posts("casino.example"), "en"),
        identity(posts("casino.example", "Lucky"), "nl"),
        identity(posts("casino.example", "Lucky"), None),
        identity([], "en"),
    ],
)
def test_a_source_that_kept_anything_of_itself_is_the_same(same: dict[str, Any]) -> None:
    check_identity(identity(posts(), "nl"), same, "https://geldblog.example/feed")


def test_a_source_of_which_everything_is_other_is_held() -> None:
    stranger = identity(posts("casino.example", "Lucky"), "en")
    with pytest.raises(OnHold, match=r"led to geldblog\.example in 'nl' and now leads to casino\.example in 'en'"):
        check_identity(identity(posts(), "nl"), stranger, "https://geldblog.example/feed")
    check_identity({}, stranger, "https://geldblog.example/feed")
