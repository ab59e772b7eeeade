"""The rules of the work: what may follow what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.types import EventKind, Status
from storage.workflow import FOR_EVERYBODY, MOVES, Facts, after, is_held, may

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

LEGAL = {
    (Status.NEW, Status.PENDING),
    (Status.NEW, Status.SNOOZED),
    (Status.NEW, Status.RESOLVED),
    (Status.NEW, Status.DISMISSED),
    (Status.NEW, Status.SPAM),
    (Status.OPEN, Status.PENDING),
    (Status.OPEN, Status.SNOOZED),
    (Status.OPEN, Status.RESOLVED),
    (Status.OPEN, Status.DISMISSED),
    (Status.OPEN, Status.SPAM),
    (Status.PENDING, Status.OPEN),
    (Status.PENDING, Status.SNOOZED),
    (Status.PENDING, Status.RESOLVED),
    (Status.PENDING, Status.DISMISSED),
    (Status.PENDING, Status.SPAM),
    (Status.SNOOZED, Status.OPEN),
    (Status.SNOOZED, Status.SNOOZED),
    (Status.SNOOZED, Status.PENDING),
    (Status.SNOOZED, Status.RESOLVED),
    (Status.SNOOZED, Status.DISMISSED),
    (Status.SNOOZED, Status.SPAM),
    (Status.RESOLVED, Status.OPEN),
    (Status.DISMISSED, Status.OPEN),
    (Status.SPAM, Status.OPEN),
}


@given(st.lists(st.sampled_from(list(EventKind)), max_size=40))
def test_only_legal_moves_are_reachable(steps: list[EventKind]) -> None:
    status = Status.NEW
    for step in steps:
        if may(step, Facts(status), "anna", NOW):
            continue
        moved = after(step, status)
        assert step not in MOVES or (status, moved) in LEGAL
        assert step in MOVES or moved is status
        status = moved


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_way_back_to_open(status: Status) -> None:
    ways = [kind for kind in MOVES if not may(kind, Facts(status), "anna", NOW)]
    reached = {after(kind, status) for kind in ways}
    assert status in (Status.NEW, Status.OPEN) or Status.OPEN in reached


@given(
    st.sampled_from(list(EventKind)),
    st.sampled_from(list(Status)),
    st.sampled_from([None, "anna", "bram"]),
    st.none() | st.integers(-5, 5),
)
def test_who_has_a_case_decides_alone(
    step: EventKind, status: Status, assignee: str | None, minutes: int | None
) -> None:
    lease = None if minutes is None else NOW + timedelta(minutes=minutes)
    facts = Facts(status, assignee, lease)
    held = assignee == "bram" and (minutes is None or minutes >= 0)
    assert is_held(facts, "anna", NOW) is held
    if held and step not in FOR_EVERYBODY:
        assert may(step, facts, "anna", NOW) == "is held by bram"
    else:
        assert may(step, facts, "anna", NOW) == may(step, Facts(status), "anna", NOW)


def test_a_refusal_says_why() -> None:
    assert may(EventKind.RESOLVED, Facts(Status.RESOLVED), "anna", NOW) == "is resolved already"
    assert may(EventKind.SNOOZED, Facts(Status.SPAM), "anna", NOW) == "is spam and cannot be snoozed; reopen it first"
