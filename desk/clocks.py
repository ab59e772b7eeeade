"""How the promises to a case stand, read from what happened to it and nothing else; pure.

A response clock runs from the oldest mention that waits until an answer: `first_response` before the first answer,
`next_response` after it. The `resolution` clock runs from the first mention until the case is resolved. A case that is
opened again starts new clocks: the time it was closed is nobody's delay. While it is pending or snoozed all clocks
stand still and keep the open time that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from desk.service import Promise
from storage.case_times import RESPONSES, Step, reached
from storage.history import Wait
from storage.sla import WARN_AT, Reading, State, due_at, read_clock
from storage.types import EventKind, Status

PAUSED = (Status.PENDING, Status.SNOOZED)


class Standing(StrEnum):
    """How a case stands by all its clocks."""

    ACTIVE = "active"
    HIT = "hit"
    MISSED = "missed"
    ACTIVE_WITH_MISSES = "active_with_misses"


class Pause(NamedTuple):
    """A stretch in which nothing counts, and why."""

    start: datetime
    end: datetime | None
    reason: Status


class Stretch(NamedTuple):
    """What a clock is about: from when, until when it was met, or until the case was closed without that."""

    target: str
    begin: datetime
    done: datetime | None = None
    left: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A promise to a case, as it stands."""

    target: str
    promise: Promise
    allowed: timedelta
    since: datetime
    done_at: datetime | None
    """When it was met, in time or not."""
    left_at: datetime | None
    """When the case was closed without it."""
    pauses: tuple[Pause, ...]
    reading: Reading

    @property
    def is_running(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.done_at is None and self.left_at is None

    @property
    def left(self) -> timedelta:
        """The open time that is left; negative when it is used up and more."""
        return self.allowed - self.reading.used

    @property
    def warn_at(self) -> datetime | None:
        """The moment `WARN_AT` of it is used up, as things stand; None while it is paused."""
        if self.reading.due_at is None:
            return None
        pauses = [(start, end) for start, end, _ in self.pauses if end is not None]
        return due_at(self.promise.calendar, self.since, self.allowed * WARN_AT, pauses)

    def sentences(self, zone: tzinfo) -> list[str]:
        """What it is, where it stands, and every stretch that was counted or left out."""
        hours = self.promise.hours or "day and night"
        lines = [
            f"{self.target}: {self.reading.state}. {spoken(self.allowed)} by {hours}, for {self.promise.query}; "
            f"{spoken(self.reading.used)} used since {_at(self.since, zone)}{self._end(zone)}."
        ]
        lines += [f"  counted {_at(a, zone)} to {_at(b, zone)}: {spoken(b - a)}" for a, b in self.reading.counted]
        for start, end, reason in self.pauses:
            until = f"to {_at(end, zone)}" if end else "until now"
            lines.append(f"  paused {_at(start, zone)} {until}: {reason.value}")
        return lines

    def _end(self, zone: tzinfo) -> str:
        if self.done_at:
            return f", done at {_at(self.done_at, zone)}"
        if self.left_at:
            return f", closed without it at {_at(self.left_at, zone)}"
        if self.reading.state is State.PAUSED:
            return f", {spoken(self.left)} left"
        return f", due {_at(self.reading.due_at, zone)}" if self.reading.due_at else ", never open long enough"


def clocks(waits: Sequence[Wait], steps: Sequence[Step], promise: Promise, now: datetime) -> tuple[Clock, ...]:
    """The clocks of a case, ended and running, in order of beginning.

    `waits` are its mentions and `steps` its events without those taken back. A clock that the case was closed without
    counts only where it was too late already.
    """
    sweep = _Sweep()
    for thing in _in_order(waits, steps):
        sweep.take(thing)
    stretches = [*sweep.ended, *sweep.running()]
    found = (_clock(each, promise, sweep.pauses, now) for each in stretches if each.target in promise.targets)
    return tuple(sorted((each for each in found if each), key=lambda each: each.since))


def standing(found: Iterable[Clock]) -> Standing | None:
    """How a case stands by its clocks; None without any."""
    found = tuple(found)
    if not found:
        return None
    missed = any(each.reading.state is State.MISSED for each in found)
    if any(each.is_running for each in found):
        return Standing.ACTIVE_WITH_MISSES if missed else Standing.ACTIVE
    return Standing.MISSED if missed else Standing.HIT


def spoken(length: timedelta) -> str:
    """`3 h 30 min`, as people say it; under a minute in seconds."""
    seconds = int(length.total_seconds())
    if abs(seconds) < 60:
        return f"{seconds} s"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    words = " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min")) if n)
    return f"-{words}" if seconds < 0 else words


def _at(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _in_order(waits: Sequence[Wait], steps: Sequence[Step]) -> Iterator[Wait | Step]:
    """By the time we knew of it; a mention before the step it caused."""
    things: list[tuple[datetime, Wait | Step]] = [(wait.seen_at, wait) for wait in sorted(waits)]
    return (thing for _, thing in sorted([*things, *((step.at, step) for step in steps)], key=lambda pair: pair[0]))


@dataclass(slots=True)
class _Sweep:
    """Goes through what happened once, and keeps what is going on."""

    status: Status = Status.NEW
    waiting: list[Wait] = field(default_factory=list)
    floor: datetime | None = None
    """No response clock begins before the last answer, or the last opening."""
    answered: bool = False
    working: datetime | None = None
    """When the resolution clock began."""
    ended: list[Stretch] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)

    def take(self, thing: Wait | Step) -> None:
        if isinstance(thing, Wait):
            self.waiting.append(thing)
            if self.working is None and self.status.is_open:
                self.working = thing.asked_at
            return
        if thing.kind in RESPONSES:
            self._answer(thing)
        to = reached(thing, self.status)
        if to is not self.status:
            self._move(to, thing.at)

    def running(self) -> Iterator[Stretch]:
        if self.status.is_open:
            if self.waiting:
                yield Stretch(self._response, self._begin(self.waiting))
            if self.working:
                yield Stretch("resolution", self.working)

    @property
    def _response(self) -> str:
        return "next_response" if self.answered else "first_response"

    def _begin(self, waiting: Iterable[Wait]) -> datetime:
        first = min(wait.asked_at for wait in waiting)
        return max(first, self.floor) if self.floor else first

    def _answer(self, step: Step) -> None:
        """An answer from elsewhere answers only what was asked before it, where the source dates both."""
        spoken_at = step.spoken_at or step.at
        is_older = step.kind is EventKind.ANSWERED_ELSEWHERE
        answered = [wait for wait in self.waiting if not (is_older and wait.dated and spoken_at < wait.asked_at)]
        if not answered:
            self.answered = self.answered or not (is_older and self.waiting)
            return
        begin, moment = self._begin(answered), min(spoken_at, step.at)
        moment = moment if moment >= begin else step.at
        if self.status.is_open:
            self.ended.append(Stretch(self._response, begin, done=moment))
        self.waiting = [wait for wait in self.waiting if wait not in answered]
        self.answered, self.floor = True, moment

    def _move(self, to: Status, at: datetime) -> None:
        if self.pauses and self.pauses[-1].end is None:
            self.pauses[-1] = self.pauses[-1]._replace(end=at)
        if to in PAUSED:
            self.pauses.append(Pause(at, None, to))
        if self.status.is_open and not to.is_open:
            self._close(to, at)
        elif to.is_open and not self.status.is_open:
            self._reopen(at)
        self.status = to

    def _close(self, to: Status, at: datetime) -> None:
        if self.waiting:
            self.ended.append(Stretch(self._response, self._begin(self.waiting), left=at))
        if self.working:
            done = at if to is Status.RESOLVED else None
            self.ended.append(Stretch("resolution", self.working, done=done, left=None if done else at))
        self.working, self.floor = None, at

    def _reopen(self, at: datetime) -> None:
        """By a new mention: from when that was asked. By hand: from now."""
        fresh = [wait for wait in self.waiting if wait.seen_at == at]
        if fresh:
            self.waiting, self.working = fresh, self._begin(fresh)
        else:
            self.floor = self.working = at


def _clock(stretch: Stretch, promise: Promise, pauses: Sequence[Pause], now: datetime) -> Clock | None:
    end = stretch.done or stretch.left or now
    within = tuple(each for each in pauses if each.start < end and (each.end is None or each.end > stretch.begin))
    allowed = promise.targets[stretch.target]
    held = [(start, stop) for start, stop, _ in within]
    reading = read_clock(promise.calendar, allowed, stretch.begin, end, done=stretch.done, pauses=held)
    if stretch.left and reading.state is not State.MISSED:
        return None
    return Clock(
        target=stretch.target,
        promise=promise,
        allowed=allowed,
        since=stretch.begin,
        done_at=stretch.done,
        left_at=stretch.left,
        pauses=within,
        reading=reading,
    )
