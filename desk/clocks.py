"""How the promises to a case stand, read from what happened to it and nothing else; pure.

A response clock runs from the oldest mention that waits until an answer: `first_response` before the first answer,
`next_response` after it. The `resolution` clock runs from the first mention until the case is resolved. A case that is
opened again starts new clocks: the time it was closed is nobody's delay. While it is pending or snoozed all clocks
stand still and keep the open time that is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from desk.service import Promise, Service
from storage.case_times import Step
from storage.history import History, Wait
from storage.sla import WARN_AT, Reading, State, due_at, read_clock
from storage.stretches import TARGETS, End, Stretch, Thing, course, thing_of
from storage.types import EventKind, Status
from storage.workflow import MOVES


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


class _Run(NamedTuple):
    """A stretch of waiting by the clock: from when, until when it was met, or until the case was closed without."""

    target: str
    begin: datetime
    done: datetime | None
    left: datetime | None


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
    told = _Told(waits, steps)
    pauses = told.pauses()
    found = (_clock(each, promise, pauses, now) for each in told.runs() if each.target in promise.targets)
    return tuple(sorted((each for each in found if each), key=lambda each: each.since))


def clocks_of(history: History, service: Service, now: datetime) -> tuple[Clock, ...]:
    """The clocks of a case by what is promised to it; none where nothing is."""
    promise = service.promise_for(history.newest, now)
    return clocks(history.waits, history.steps, promise, now) if promise else ()


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


class _Told:
    """What happened to a case, by the time we knew of it (a mention before the step it caused), and its course."""

    def __init__(self, waits: Sequence[Wait], steps: Sequence[Step]) -> None:
        things: list[tuple[datetime, Wait | Step]] = [(wait.seen_at, wait) for wait in sorted(waits)]
        in_order = enumerate(sorted([*things, *((step.at, step) for step in steps)], key=lambda pair: pair[0]))
        every = {place: thing for place, (_, thing) in in_order}
        self.waits = {place: each for place, each in every.items() if isinstance(each, Wait)}
        self.steps = {place: each for place, each in every.items() if isinstance(each, Step)}
        opened = {step.at for step in steps if step.kind is EventKind.REOPENED}
        codes = bytes(_thing(each, opened) for each in every.values())
        self.course = course(codes, self._is_older if Thing.ELSEWHERE in codes else None)

    def pauses(self) -> list[Pause]:
        """When nothing counted."""
        return [
            Pause(
                self.steps[first].at,
                None if last is None else self.steps[last].at,
                MOVES[self.steps[first].kind].target,
            )
            for first, last in self.course.pauses
        ]

    def runs(self) -> Iterator[_Run]:
        """The stretches by the clock."""
        given: dict[int, datetime] = {}
        for each in self.course.stretches:
            begin = self._begin(each, given)
            end = None if each.end is None else self._end(self.steps[each.end], begin)
            done, left = (end if each.how is how else None for how in (End.DONE, End.LEFT))
            if each.end is not None and done is not None:
                given[each.end] = done
            if each.counts:
                yield _Run(TARGETS[each.target], begin, done, left)

    def _is_older(self, answer: int, mention: int) -> bool:
        step, wait = self.steps[answer], self.waits[mention]
        return wait.dated and (step.spoken_at or step.at) < wait.asked_at

    def _begin(self, stretch: Stretch, given: Mapping[int, datetime]) -> datetime:
        """From the oldest mention that waits, but not before the last answer was given, or the last opening."""
        asked = [self.waits[place].asked_at for place in stretch.waits]
        if stretch.floor is None:
            return min(asked)
        floor = given.get(stretch.floor) or self.steps[stretch.floor].at
        return max(min(asked), floor) if asked else floor

    def _end(self, step: Step, begin: datetime) -> datetime:
        """When it was given; by our clock, where the source's gives no order."""
        given = min(step.spoken_at or step.at, step.at)
        return given if given >= begin else step.at


def _thing(thing: Wait | Step, opened: Collection[datetime]) -> Thing:
    if isinstance(thing, Step):
        return thing_of(thing.kind, thing.to)
    return Thing.FRESH if thing.seen_at in opened else Thing.MENTION


def _clock(stretch: _Run, promise: Promise, pauses: Sequence[Pause], now: datetime) -> Clock | None:
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
