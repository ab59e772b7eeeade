"""What the events of a case lead to: when it was asked, and the status it ends in; pure.

Two clocks meet here: the source's (`published_at`) and ours (everything else). Where they disagree so much that a
length would be negative, ours is believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from storage.types import SYSTEM, EventKind, Status
from storage.workflow import MOVES

RESPONSES = frozenset({EventKind.SENT, EventKind.ANSWERED_ELSEWHERE})
"""What counts as our answer: a reply that left, or an own account that answered outside the desk."""

OPENINGS = frozenset({EventKind.HELD, EventKind.SUBMITTED, EventKind.SENT})
"""A reply handed over opens a new case, and it stays open when the reply is called back."""


class Step(NamedTuple):
    """An event, as far as times are concerned. Taken back steps are not handed in."""

    at: datetime
    kind: EventKind
    actor: str = SYSTEM
    to: str | None = None
    """The status it led to."""
    spoken_at: datetime | None = None
    """Of a response that was found later than it was given: when that was, as far as is known."""


def asked(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """When a mention began to wait: published, unless that is unknown or lies after the moment we saw it."""
    if published_at is None or published_at > first_seen_at:
        return first_seen_at
    return published_at


def replay(steps: Iterable[Step]) -> Status:
    """The status the steps end in."""
    status = Status.NEW
    for step in steps:
        status = reached(step, status)
    return status


def reached(step: Step, status: Status) -> Status:
    """The status a case has after a step."""
    if step.kind in MOVES:
        return Status(step.to) if step.to else MOVES[step.kind].target
    return Status.OPEN if step.kind in OPENINGS and status is Status.NEW else status
