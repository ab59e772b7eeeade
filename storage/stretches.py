"""When somebody waited for us: the stretches of a case in which an answer or a resolution was due; pure.

A case is a row of things that happened, in the order we knew of them. What follows from them depends on their kinds
alone but for one question (was an answer found elsewhere older than the mention?), so cases in which the same kinds
happened in the same order are worked out once: `course` gives a case's stretches by the places of the things that
begin and end them. Reports measure many cases by it, and `desk.clocks` one with a promise in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from storage.types import EventKind, Status
from storage.workflow import MOVES


class Thing(IntEnum):
    """What can happen to a case, as far as waiting goes."""

    MENTION = 1
    FRESH = 2
    """A mention that opened a closed case in the same moment."""
    SENT = 3
    ELSEWHERE = 4
    HANDED_OVER = 5
    PENDED = 6
    SNOOZED = 7
    WOKEN = 8
    RESOLVED = 9
    DISMISSED = 10
    SPAMMED = 11
    REOPENED = 12
    RENEWED = 13
    """A mention came to a dismissed case: it is new again."""


KINDS = {
    EventKind.SENT: Thing.SENT,
    EventKind.ANSWERED_ELSEWHERE: Thing.ELSEWHERE,
    EventKind.HELD: Thing.HANDED_OVER,
    EventKind.SUBMITTED: Thing.HANDED_OVER,
    EventKind.PENDED: Thing.PENDED,
    EventKind.SNOOZED: Thing.SNOOZED,
    EventKind.WOKEN: Thing.WOKEN,
    EventKind.RESOLVED: Thing.RESOLVED,
    EventKind.DISMISSED: Thing.DISMISSED,
    EventKind.SPAMMED: Thing.SPAMMED,
    EventKind.REOPENED: Thing.REOPENED,
}
"""The events that count."""

TARGETS = ("first_response", "next_response", "resolution")
"""What is waited for."""
FIRST, NEXT, RESOLUTION = range(3)

_TO = {KINDS[kind]: move.target for kind, move in MOVES.items()} | {Thing.RENEWED: Status.NEW}
_ANSWERS = (Thing.SENT, Thing.ELSEWHERE)
_OPENINGS = (Thing.REOPENED, Thing.RENEWED)
_PAUSED = (Status.PENDING, Status.SNOOZED)


class End(StrEnum):
    """How a stretch of waiting ends."""

    DONE = "done"
    LEFT = "left"
    """The case was closed without it."""
    RUNNING = "running"


class Stretch(NamedTuple):
    """Somebody waits: from the oldest of some mentions, but not before a floor, until something."""

    target: int
    """The place in `TARGETS`."""
    waits: tuple[int, ...]
    floor: int | None
    end: int | None
    """None while it runs."""
    how: End
    at_first: bool = False
    """From the first mention we knew of, even where we came to know an older one later."""
    counts: bool = True
    """False for an answer to a case that was closed: nobody was promised one."""


@dataclass(frozen=True, slots=True)
class Course:
    """What became of a case; all places are those of its things."""

    stretches: tuple[Stretch, ...]
    """In the order they ended, those that run last."""
    pauses: tuple[tuple[int, int | None], ...]
    """From, and up to (None: still)."""
    status: Status
    reopened: int
    was_closed: bool
    answered: bool
    replies: int


IsOlder = Callable[[int, int], bool]
"""Whether an answer elsewhere (its place) was given before a mention (its place) was written, by their source."""


def course(things: bytes, is_older: IsOlder | None = None) -> Course:
    """The course of a case in which these `Thing`s happened; `is_older` where an answer elsewhere is among them."""
    if is_older is None:
        return _same_course(things)
    return _sweep(things, is_older)


@lru_cache(maxsize=4096)
def _same_course(things: bytes) -> Course:
    return _sweep(things, lambda answer, mention: False)


def _sweep(things: bytes, is_older: IsOlder) -> Course:
    sweep = _Sweep(is_older)
    for place, thing in enumerate(things):
        sweep.take(place, Thing(thing))
    return Course(
        stretches=(*sweep.ended, *sweep.running()),
        pauses=tuple(sweep.pauses),
        status=sweep.status,
        reopened=sweep.reopened,
        was_closed=sweep.was_closed,
        answered=sweep.answered,
        replies=sum(thing == Thing.SENT for thing in things),
    )


@dataclass(slots=True)
class _Sweep:
    """Goes through what happened once, and keeps what is going on."""

    is_older: IsOlder
    status: Status = Status.NEW
    waiting: list[int] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    """The mentions of this very moment, to a closed case."""
    floor: int | None = None
    answered: bool = False
    working: tuple[tuple[int, ...], int | None, bool] | None = None
    """Where the stretch to the resolution began: its mentions, its floor, whether from the first known."""
    ended: list[Stretch] = field(default_factory=list)
    pauses: list[tuple[int, int | None]] = field(default_factory=list)
    reopened: int = 0
    was_closed: bool = False

    def take(self, place: int, thing: Thing) -> None:
        if thing in (Thing.MENTION, Thing.FRESH):
            self.waiting.append(place)
            self.fresh = [*self.fresh, place] if thing is Thing.FRESH else []
            if self.working is None and self.status.is_open:
                self.working = ((place,), None, True)
            return
        if thing in _ANSWERS:
            self._answer(place, thing)
        to = self._reached(thing)
        if to is not self.status:
            self._move(place, to)
        if thing in _OPENINGS:
            self.fresh = []

    def running(self) -> Iterator[Stretch]:
        if self.status.is_open:
            if self.waiting:
                yield Stretch(self._response, tuple(self.waiting), self.floor, None, End.RUNNING)
            if self.working:
                yield self._resolution(None, End.RUNNING)

    @property
    def _response(self) -> int:
        return NEXT if self.answered else FIRST

    def _resolution(self, end: int | None, how: End) -> Stretch:
        waits, floor, at_first = self.working or ((), None, False)
        return Stretch(RESOLUTION, waits, floor, end, how, at_first)

    def _reached(self, thing: Thing) -> Status:
        if thing in _TO:
            return _TO[thing]
        opens = thing in (Thing.SENT, Thing.HANDED_OVER) and self.status is Status.NEW
        return Status.OPEN if opens else self.status

    def _answer(self, place: int, thing: Thing) -> None:
        """An answer from elsewhere answers only what was asked before it, where the source dates both."""
        elsewhere = thing is Thing.ELSEWHERE
        answered = [wait for wait in self.waiting if not (elsewhere and self.is_older(place, wait))]
        if not answered:
            self.answered = self.answered or not (elsewhere and self.waiting)
            return
        here = Stretch(self._response, tuple(answered), self.floor, place, End.DONE, counts=self.status.is_open)
        self.ended.append(here)
        self.waiting = [wait for wait in self.waiting if wait not in answered]
        self.answered, self.floor = True, place

    def _move(self, place: int, to: Status) -> None:
        if self.pauses and self.pauses[-1][1] is None:
            self.pauses[-1] = (self.pauses[-1][0], place)
        if to in _PAUSED:
            self.pauses.append((place, None))
        if self.status.is_open and not to.is_open:
            self._close(place, to)
        elif to.is_open and not self.status.is_open:
            self._reopen(place)
        self.status = to

    def _close(self, place: int, to: Status) -> None:
        if self.waiting:
            self.ended.append(Stretch(self._response, tuple(self.waiting), self.floor, place, End.LEFT))
        if self.working:
            self.ended.append(self._resolution(place, End.DONE if to is Status.RESOLVED else End.LEFT))
        self.working, self.floor, self.was_closed = None, place, True

    def _reopen(self, place: int) -> None:
        """By a new mention: from when that was asked. By hand: from now."""
        self.reopened += 1
        fresh = [wait for wait in self.fresh if wait in self.waiting]
        if fresh:
            self.waiting, self.working = fresh, (tuple(fresh), self.floor, False)
        else:
            self.floor = place
            self.working = ((), place, False)


def thing_of(kind: EventKind, to: str | None) -> Thing:
    """The thing that an event is; a closed case that is opened again is new where nobody had worked on it."""
    return Thing.RENEWED if kind is EventKind.REOPENED and to == Status.NEW else KINDS[kind]
