"""When a case was asked, answered and resolved, read from its events alone; pure.

Two clocks meet here: the source's (`published_at`) and ours (everything else). Where they disagree so much that a
duration would be negative, ours is believed; where even that gives no order, the moment is unknown, never a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.types import SYSTEM, EventKind, Status
from storage.workflow import MOVES

RESPONSES = frozenset({EventKind.SENT, EventKind.ANSWERED_ELSEWHERE})
"""What counts as our answer: a reply that left, or an own account that answered outside the desk."""

OPENINGS = frozenset({EventKind.HELD, EventKind.SUBMITTED, EventKind.SENT})
"""A reply handed over opens a new case, and it stays open when the reply is called back."""

ENDINGS = frozenset({EventKind.RESOLVED, EventKind.DISMISSED, EventKind.SPAMMED})


class Step(NamedTuple):
    """An event, as far as times are concerned. Taken back steps are not handed in."""

    at: datetime
    kind: EventKind
    actor: str = SYSTEM
    to: str | None = None
    """The status it led to."""
    spoken_at: datetime | None = None
    """Of a response that was found later than it was given: when that was, as far as is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """What figures need to know of a case."""

    asked_at: datetime | None
    answered: bool = False
    responded_at: datetime | None = None
    resolved_at: datetime | None = None
    status: Status | None = Status.NEW
    reopened: int = 0
    replies: int = 0
    agents: tuple[str, ...] = ()


def asked(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """When a mention began to wait: published, unless that is unknown or lies after the moment we saw it."""
    if published_at is None or published_at > first_seen_at:
        return first_seen_at
    return published_at


def case_times(published_at: datetime | None, first_seen_at: datetime, steps: Sequence[Step]) -> CaseTimes:
    """The times of a case whose first mention was published and seen then; `steps` in order of happening."""
    begin = asked(published_at, first_seen_at)
    responses = [step for step in steps if step.kind in RESPONSES and not _came_before(step, published_at, begin)]
    status, resolved_at, reopened = replay(steps)
    return CaseTimes(
        asked_at=begin,
        answered=bool(responses),
        responded_at=_first_response(begin, responses),
        resolved_at=resolved_at if resolved_at and resolved_at >= begin else None,
        status=status,
        reopened=reopened,
        replies=sum(step.kind is EventKind.SENT for step in steps),
        agents=_people(step.actor for step in steps if step.kind in ENDINGS or step.kind is EventKind.SENT),
    )


def _came_before(step: Step, published_at: datetime | None, begin: datetime) -> bool:
    """Whether an answer elsewhere is older than the question, by the one clock of their source: it answers another."""
    spoken = step.spoken_at if step.kind is EventKind.ANSWERED_ELSEWHERE else None
    return spoken is not None and published_at == begin and spoken < begin


def _first_response(begin: datetime, responses: Iterable[Step]) -> datetime | None:
    moments = (min(step.spoken_at or step.at, step.at) for step in responses)
    return min((moment for moment in moments if moment >= begin), default=None)


def replay(steps: Iterable[Step]) -> tuple[Status, datetime | None, int]:
    """The status the steps end in, when that was resolved, and how often a closed case was opened again."""
    status, resolved_at, reopened = Status.NEW, None, 0
    for step in steps:
        to = reached(step, status)
        if to is not status:
            reopened += to.is_open and not status.is_open
            status, resolved_at = to, step.at if to is Status.RESOLVED else None
    return status, resolved_at, reopened


def reached(step: Step, status: Status) -> Status:
    """The status a case has after a step."""
    if step.kind in MOVES:
        return Status(step.to) if step.to else MOVES[step.kind].target
    return Status.OPEN if step.kind in OPENINGS and status is Status.NEW else status


def _people(actors: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(actor for actor in actors if actor and actor != SYSTEM))
