"""How long people waited is what their case's events say, and never nonsense: the bugs of others, by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.case_times import Step, asked, replay
from storage.figures.open_time import micros
from storage.figures.service_times import Asked, Measured, Steps, measure
from storage.stretches import KINDS, TARGETS, thing_of
from storage.types import EventKind, Status
from storage.types.figures import Ending

SEEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = 3600 * 1_000_000


def at(hours: float) -> datetime:
    return SEEN + timedelta(hours=hours)


class Wait(NamedTuple):
    """A stretch, in hours since the first mention was seen."""

    target: str
    begin: float
    end: float
    ending: str


class Mention(NamedTuple):
    """When a mention was seen, and published as its source says."""

    seen: float
    published: float | None


def step(hours: float, kind: EventKind, **more: object) -> Step:
    return Step(at(hours), kind, **more)  # type: ignore[arg-type]


def measured(mentions: list[Mention], steps: list[Step], now: float = 1000) -> Measured:
    begins = [asked(None if m.published is None else at(m.published), at(m.seen)) for m in mentions]
    dated = [m.published is not None and at(m.published) == b for m, b in zip(mentions, begins, strict=True)]
    return measure(
        1,
        Asked(
            np.zeros(len(mentions), np.int32),
            np.array([micros(at(m.seen)) for m in mentions], np.int64),
            np.array([micros(b) for b in begins], np.int64),
            np.array(dated, np.bool_),
        ),
        Steps(
            np.zeros(len(steps), np.int32),
            np.array([micros(s.at) for s in steps], np.int64),
            np.array([micros(s.spoken_at or s.at) for s in steps], np.int64),
            np.array([thing_of(s.kind, s.to) for s in steps], np.uint8),
        ),
        micros(at(now)),
    )


def waits(mentions: list[Mention], *steps: Step) -> list[Wait]:
    found, zero = measured(mentions, list(steps)), micros(SEEN)
    rows = zip(found.target, found.begin, found.end, found.ending, strict=True)
    return [Wait(TARGETS[t], (b - zero) / HOUR, (e - zero) / HOUR, Ending(how).name) for t, b, e, how in rows]


ONE = [Mention(0, -1)]


def test_the_first_reply_that_left_is_the_first_response() -> None:
    found = waits(ONE, step(1, EventKind.SENT), step(2, EventKind.SENT), step(3, EventKind.RESOLVED))
    assert found == [("first_response", -1, 1, "DONE"), ("resolution", -1, 3, "DONE")]


def test_a_reopened_case_does_not_wait_for_the_eleven_days_that_it_was_closed() -> None:
    """Elsewhere this gave a reply time of 985,492 seconds."""
    back = 985_492 / 3600
    found = waits(
        [*ONE, Mention(back, back)],
        step(1, EventKind.SENT),
        step(1, EventKind.RESOLVED),
        step(back, EventKind.REOPENED, to="open"),
        step(back + 0.5, EventKind.SENT),
        step(back + 1, EventKind.RESOLVED),
    )
    assert [(each.target, round(each.end - each.begin, 6)) for each in found] == [
        ("first_response", 2), ("resolution", 2), ("next_response", 0.5), ("resolution", 1)
    ]  # fmt: skip


def test_a_case_reopened_by_hand_waits_from_then() -> None:
    found = waits(ONE, step(1, EventKind.RESOLVED), step(50, EventKind.REOPENED, to="open"), step(51, EventKind.SENT))
    assert found == [
        ("first_response", -1, 1, "LEFT"),
        ("resolution", -1, 1, "DONE"),
        ("first_response", 50, 51, "DONE"),
        ("resolution", 50, 1000, "RUNNING"),
    ]


def test_who_is_never_answered_is_not_hidden() -> None:
    """Elsewhere only answered conversations were averaged: the worse, the better it looked."""
    assert waits(ONE) == [("first_response", -1, 1000, "RUNNING"), ("resolution", -1, 1000, "RUNNING")]
    assert waits(ONE, step(3, EventKind.DISMISSED))[0] == ("first_response", -1, 3, "LEFT")


def test_a_next_response_is_measured_from_the_oldest_mention_since_the_last() -> None:
    found = waits([*ONE, Mention(5, 4), Mention(6, 6)], step(1, EventKind.SENT), step(8, EventKind.SENT))
    assert found[1] == ("next_response", 4, 8, "DONE")


def test_a_mention_written_before_our_answer_but_found_after_it_waits_from_the_answer() -> None:
    found = waits([*ONE, Mention(5, 0.5)], step(1, EventKind.SENT), step(8, EventKind.SENT))
    assert found[1] == ("next_response", 1, 8, "DONE")


@pytest.mark.parametrize("published", [5, None])
def test_a_date_after_we_saw_it_or_none_is_when_we_saw_it(published: float | None) -> None:
    assert waits([Mention(0, published)], step(1, EventKind.SENT))[0] == ("first_response", 0, 1, "DONE")


def test_an_answer_given_elsewhere_counts_from_when_it_was_given_not_from_when_it_was_found() -> None:
    found = waits([Mention(0, -4)], step(20, EventKind.ANSWERED_ELSEWHERE, spoken_at=at(-3)))
    assert found[0] == ("first_response", -4, -3, "DONE")


def test_an_answer_elsewhere_that_is_older_than_the_question_answers_another() -> None:
    found = measured([Mention(0, -4)], [step(20, EventKind.ANSWERED_ELSEWHERE, spoken_at=at(-30))])
    assert (found.answered.tolist(), found.ending.tolist()) == ([False], [Ending.RUNNING] * 2)


def test_an_answer_elsewhere_to_a_question_without_a_date_came_at_an_unknown_moment() -> None:
    found = waits([Mention(0, None)], step(0, EventKind.ANSWERED_ELSEWHERE, spoken_at=at(-30)))
    assert found[0].ending == "UNKNOWN"


def test_a_reply_that_was_seen_to_have_arrived_counts_from_when_it_left() -> None:
    assert waits([Mention(0, 0)], step(20, EventKind.SENT, spoken_at=at(2)))[0].end == 2


def test_a_dismissed_case_that_speaks_up_again_is_reopened_as_new() -> None:
    steps = [step(1, EventKind.DISMISSED), step(3, EventKind.REOPENED, to="new")]
    found = measured([Mention(0, 0), Mention(3, 3)], steps)
    assert (list(Status)[found.status[0]], found.reopened.tolist()) == (replay(steps), [1]) == (Status.NEW, [1])


def test_a_reply_opens_a_new_case_and_a_new_mention_wakes_without_reopening() -> None:
    steps = [step(1, EventKind.HELD), step(2, EventKind.SNOOZED), step(3, EventKind.REOPENED, to="open")]
    found = measured([Mention(0, 0), Mention(3, 3)], steps)
    assert (list(Status)[found.status[0]], found.reopened.tolist()) == (Status.OPEN, [0])
    assert (found.pause_begin - micros(SEEN)).tolist() == [2 * HOUR, 2 * HOUR]


@given(
    mentions=st.lists(st.tuples(st.floats(0, 500), st.none() | st.floats(-1000, 1000)), min_size=1, max_size=4),
    steps=st.lists(
        st.tuples(st.floats(-100, 999), st.sampled_from(sorted(KINDS)), st.none() | st.floats(-1000, 1000)), max_size=12
    ),
)
def test_nobody_waits_less_than_nothing(
    mentions: list[tuple[float, float | None]], steps: list[tuple[float, EventKind, float | None]]
) -> None:
    happened = [
        step(hours, kind, spoken_at=None if spoken is None else at(spoken))
        for hours, kind, spoken in sorted(steps, key=lambda each: each[0])
    ]
    found = measured([Mention(*each) for each in mentions], happened)
    assert (found.begin <= found.end).all()
    assert list(Status)[found.status[0]] is replay(happened)
    lengths = found.pause_end - found.pause_begin
    assert (lengths > 0).all()
    within = found.end - found.begin
    np.subtract.at(within, found.pause_of, lengths)
    assert (within >= 0).all()
