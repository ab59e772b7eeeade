"""The times of a case are those of its events, and never nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.case_times import Step, case_times
from storage.types import EventKind, Status

SEEN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(hours: float) -> datetime:
    return SEEN + timedelta(hours=hours)


def step(hours: float, kind: EventKind, actor: str = "anna", **more: object) -> Step:
    return Step(at(hours), kind, actor, **more)  # type: ignore[arg-type]


def test_the_first_reply_that_left_is_the_first_response() -> None:
    steps = [step(1, EventKind.SENT), step(2, EventKind.SENT, "bram"), step(3, EventKind.RESOLVED, "bram")]
    times = case_times(at(-1), SEEN, steps)
    assert (times.asked_at, times.responded_at, times.resolved_at) == (at(-1), at(1), at(3))
    assert (times.replies, times.agents, times.status) == (2, ("anna", "bram"), Status.RESOLVED)


def test_a_date_after_we_saw_it_is_not_believed() -> None:
    times = case_times(at(5), SEEN, [step(1, EventKind.SENT)])
    assert (times.asked_at, times.responded_at) == (SEEN, at(1))


def test_without_a_date_a_case_is_measured_from_when_it_was_seen() -> None:
    assert case_times(None, SEEN, [step(1, EventKind.SENT)]).asked_at == SEEN


def test_an_answer_given_elsewhere_counts_from_when_it_was_given_not_from_when_it_was_found() -> None:
    steps = [step(20, EventKind.ANSWERED_ELSEWHERE, spoken_at=at(-3))]
    assert case_times(at(-4), SEEN, steps).responded_at == at(-3)


def test_an_answer_elsewhere_that_is_older_than_the_question_answers_another() -> None:
    steps = [step(20, EventKind.ANSWERED_ELSEWHERE, spoken_at=at(-30))]
    times = case_times(at(-4), SEEN, steps)
    assert (times.answered, times.responded_at) == (False, None)


def test_an_answer_elsewhere_to_a_question_without_a_date_came_at_an_unknown_moment() -> None:
    times = case_times(None, SEEN, [step(0, EventKind.ANSWERED_ELSEWHERE, spoken_at=at(-30))])
    assert (times.answered, times.responded_at) == (True, None)


def test_a_reply_that_was_seen_to_have_arrived_counts_from_when_it_left() -> None:
    assert case_times(SEEN, SEEN, [step(20, EventKind.SENT, spoken_at=at(2))]).responded_at == at(2)


def test_a_reply_opens_a_new_case_and_a_new_mention_wakes_without_reopening() -> None:
    steps = [step(1, EventKind.HELD), step(2, EventKind.SNOOZED), step(3, EventKind.REOPENED, to="open")]
    times = case_times(SEEN, SEEN, steps)
    assert (case_times(SEEN, SEEN, steps[:1]).status, times.status, times.reopened) == (Status.OPEN, Status.OPEN, 0)


def test_a_dismissed_case_that_speaks_up_again_is_reopened_as_new() -> None:
    steps = [step(1, EventKind.DISMISSED), step(3, EventKind.REOPENED, to="new")]
    times = case_times(SEEN, SEEN, steps)
    assert (times.status, times.reopened) == (Status.NEW, 1)


def test_a_response_before_any_question_is_an_unknown_moment_not_a_negative_time() -> None:
    times = case_times(None, SEEN, [step(-1, EventKind.SENT)])
    assert times.answered
    assert times.responded_at is None


def test_a_reopened_case_is_resolved_at_its_last_resolution() -> None:
    steps = [step(1, EventKind.RESOLVED), step(5, EventKind.REOPENED), step(9, EventKind.RESOLVED)]
    times = case_times(SEEN, SEEN, steps)
    assert (times.resolved_at, times.reopened) == (at(9), 1)


def test_a_case_that_is_open_again_has_no_resolution() -> None:
    steps = [step(1, EventKind.RESOLVED), step(5, EventKind.REOPENED)]
    times = case_times(SEEN, SEEN, steps)
    assert (times.resolved_at, times.status) == (None, Status.OPEN)


def test_a_dismissed_case_is_not_a_resolved_one() -> None:
    times = case_times(SEEN, SEEN, [step(1, EventKind.DISMISSED)])
    assert (times.resolved_at, times.status) == (None, Status.DISMISSED)


@given(
    published=st.none() | st.floats(-1000, 1000),
    steps=st.lists(
        st.tuples(st.floats(-100, 1000), st.sampled_from(EventKind), st.none() | st.floats(-1000, 1000)), max_size=12
    ),
)
def test_no_duration_is_ever_negative(
    published: float | None, steps: list[tuple[float, EventKind, float | None]]
) -> None:
    happened = [
        step(hours, kind, spoken_at=None if spoken is None else at(spoken))
        for hours, kind, spoken in sorted(steps, key=lambda each: each[0])
    ]
    times = case_times(None if published is None else at(published), SEEN, happened)
    assert times.asked_at <= SEEN
    for moment in (times.responded_at, times.resolved_at):
        assert moment is None or moment >= times.asked_at
    assert times.responded_at is None or times.answered
    assert times.resolved_at is None or times.status is Status.RESOLVED
