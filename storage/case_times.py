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

ENDINGS = frozenset({EventKind.RESOLVED, EventKind.DISMISSED, EventKind.SPAMMED})


class Step(NamedTuple):
    """An event, as far as times are concerned. Taken back steps are not handed in."""

    at: datetime
    kind: EventKind
    actor: str = SYSTEM
    to: str | None = None
    """The status it led to."""
    spoken_at: datetime | None = None
    """For an answer given elsewhere: when its source says it was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """What figures need to know of a case."""

    asked_at: datetime
    answered: bool = False
    responded_at: datetime | None = None
    resolved_at: datetime | None = None
    status: Status = Status.NEW
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
    responses = [step for step in steps if step.kind in RESPONSES]
    status, resolved_at = _ending(steps)
    return CaseTimes(
        asked_at=begin,
        answered=bool(responses),
        responded_at=_first_response(begin, responses),
        resolved_at=resolved_at if resolved_at and resolved_at >= begin else None,
        status=status,
        reopened=sum(step.kind is EventKind.REOPENED for step in steps),
        replies=sum(step.kind is EventKind.SENT for step in steps),
        agents=_people(step.actor for step in steps if step.kind in ENDINGS or step.kind is EventKind.SENT),
    )


def _first_response(begin: datetime, responses: Iterable[Step]) -> datetime | None:
    moments = [_spoken(step, begin) for step in responses]
    return min((moment for moment in moments if moment >= begin), default=None)


def _spoken(step: Step, begin: datetime) -> datetime:
    """An answer elsewhere is found later than it was given: its own date counts, where it can be true."""
    if step.spoken_at is not None and begin <= step.spoken_at <= step.at:
        return step.spoken_at
    return step.at


def _ending(steps: Iterable[Step]) -> tuple[Status, datetime | None]:
    status, resolved_at = Status.NEW, None
    for step in steps:
        reached = _reached(step, status)
        if reached is not status:
            status, resolved_at = reached, step.at if reached is Status.RESOLVED else None
    return status, resolved_at


def _reached(step: Step, status: Status) -> Status:
    """The status after a step: what the event says, else what the step leads to; a first reply opens a new case.

    Only steps that move a case say a status: the `to` of an assignment is a person, that of a reply its own state.
    """
    if step.kind in MOVES:
        return Status(step.to) if step.to else MOVES[step.kind].target
    replied = step.kind in (EventKind.HELD, EventKind.SENT)
    return Status.OPEN if replied and status is Status.NEW else status


def _people(actors: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(actor for actor in actors if actor and actor != SYSTEM))
