"""Which step may follow from which status of a case, and who may take it while somebody has the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from storage.types import EventKind, Status

OPEN = frozenset(status for status in Status if status.is_open)
CLOSED = frozenset(Status) - OPEN


@dataclass(frozen=True, slots=True)
class Move:
    """A step that changes the status: from which, to which."""

    sources: frozenset[Status]
    target: Status


MOVES: Mapping[EventKind, Move] = MappingProxyType(
    {
        EventKind.PENDED: Move(OPEN - {Status.PENDING}, Status.PENDING),
        EventKind.SNOOZED: Move(OPEN, Status.SNOOZED),
        EventKind.WOKEN: Move(frozenset({Status.PENDING, Status.SNOOZED}), Status.OPEN),
        EventKind.RESOLVED: Move(OPEN, Status.RESOLVED),
        EventKind.DISMISSED: Move(OPEN, Status.DISMISSED),
        EventKind.SPAMMED: Move(OPEN, Status.SPAM),
        EventKind.REOPENED: Move(CLOSED, Status.OPEN),
    }
)
"""Every step that changes the status. A first reply opens a new case; nothing else moves one."""

FOR_EVERYBODY = frozenset(
    {
        EventKind.TAGGED,
        EventKind.UNTAGGED,
        EventKind.NOTED,
        EventKind.CORRECTED,
        EventKind.ACCEPTED,
        EventKind.REFUSED,
        EventKind.PLAYBOOK,
        EventKind.TICKED,
    }
)
"""Steps that are allowed while another agent has the case."""

ON_CASE = (frozenset(MOVES) | FOR_EVERYBODY) - {EventKind.CORRECTED} | {
    EventKind.CLAIMED,
    EventKind.RELEASED,
    EventKind.ASSIGNED,
    EventKind.PRIORITISED,
    EventKind.HANDED_OVER,
    EventKind.DRAFTED,
    EventKind.SUBMITTED,
    EventKind.APPROVED,
    EventKind.REJECTED,
    EventKind.HELD,
    EventKind.CANCELLED,
    EventKind.SENDING,
    EventKind.FAILED,
}
"""Events after which a case and its replies are other than before, and the posts of its conversation are not."""

RULE = "rule:"
"""What the actor of a rule's step begins with."""

MOVING = frozenset(MOVES) | {
    EventKind.FOUND,
    EventKind.EDITED,
    EventKind.DELETED,
    EventKind.CONTEXT,
    EventKind.ANSWERED_ELSEWHERE,
    EventKind.ASSIGNED,
    EventKind.HANDED_OVER,
    EventKind.ACCEPTED,
    EventKind.REFUSED,
    EventKind.NOTED,
    EventKind.HELD,
    EventKind.SENT,
    EventKind.UNDONE,
}
"""Events after which a reply written before them should be read again: each raises the case's version."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at."""

    status: Status
    assignee: str | None = None
    lease_until: datetime | None = None


def goes_past(step: EventKind, agent: str) -> bool:
    """Whether `agent` may take `step` while another has the case: a rule may call for haste, too."""
    return step in FOR_EVERYBODY or (step is EventKind.PRIORITISED and agent.startswith(RULE))


def is_held(facts: Facts, agent: str, now: datetime) -> bool:
    """Whether somebody else has the case: assigned for good (no lease), or by a lease that still runs."""
    if facts.assignee is None or facts.assignee == agent:
        return False
    return facts.lease_until is None or facts.lease_until >= now


def may(step: EventKind, facts: Facts, agent: str, now: datetime) -> str:
    """Why `agent` may not take `step` now, in words; "" when it may be taken."""
    if not goes_past(step, agent) and is_held(facts, agent, now):
        return f"is held by {facts.assignee}"
    move = MOVES.get(step)
    if move is None or facts.status in move.sources:
        return ""
    if facts.status is move.target:
        return f"is {facts.status.value} already"
    return f"is {facts.status.value} and cannot be {step.value}; reopen it first"


def after(step: EventKind, status: Status) -> Status:
    """The status a case has after `step`."""
    move = MOVES.get(step)
    return move.target if move else status
