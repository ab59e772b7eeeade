"""How long people waited, for many cases at once: from what happened to the stretches of `stretches`, measured; pure.

Two clocks meet here: the source's (`published_at`) and ours (everything else). Where they disagree so much that a
length would be negative, ours is believed; where even that gives no order, the length is unknown, never a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from storage.stretches import Course, End, Thing, course
from storage.types import Status
from storage.types.figures import Codes, Ending, Flags, Ints

STATUSES = tuple(Status)
_OPENED = (Thing.REOPENED, Thing.RENEWED)
_MENTIONS = (Thing.MENTION, Thing.FRESH)


class Asked(NamedTuple):
    """The mentions of cases, each case's together."""

    case: Codes
    seen: Ints
    asked: Ints
    """Published, unless that is unknown or lies after the moment we saw it."""
    dated: Flags
    """Whether `asked` is the source's own time."""


class Steps(NamedTuple):
    """The events of cases that count, in the order they were written."""

    case: Codes
    at: Ints
    spoken: Ints
    """Of an answer: when it was given, as far as is known."""
    thing: NDArray[np.uint8]


class Measured(NamedTuple):
    """The stretches, and what the cases came to."""

    case: Codes
    target: NDArray[np.int8]
    begin: Ints
    end: Ints
    ending: NDArray[np.int8]
    step: Codes
    """The place of the step that ended it; -1 while it runs."""
    pause_of: Codes
    """Of each pause: the place of the stretch it lies in."""
    pause_begin: Ints
    pause_end: Ints
    status: NDArray[np.int8]
    reopened: Codes
    was_closed: Flags
    answered: Flags
    replies: Codes


@dataclass(frozen=True, slots=True)
class _Things:
    """What happened, case by case in order; mentions between two steps are one thing."""

    bounds: Ints
    """Where the things of each case begin, and the end of all."""
    code: NDArray[np.uint8]
    at: Ints
    value: Ints
    """Of mentions: the oldest of them; of answers: when they were given, and of other steps `at`."""
    first: Ints
    """Of mentions: the one we knew first."""
    dated: Flags
    spoken: Ints
    step: Codes


def measure(cases: int, asked: Asked, steps: Steps, moment: int) -> Measured:
    """The stretches of `cases` cases, numbered from 0, at a moment before which all of it happened."""
    things = _things(cases, asked, steps)
    found = _Found(cases, moment, things)
    for shape, members in _alike(things):
        if Thing.ELSEWHERE not in shape:
            found.add(course(shape), members)
            continue
        for case in members:
            found.add(course(shape, _older(things, int(things.bounds[case]))), np.array([case], np.int32))
    return found.all()


def _alike(things: _Things) -> Iterator[tuple[bytes, Codes]]:
    """The cases in which the same things happened in the same order."""
    lengths = np.diff(things.bounds)
    for length in np.unique(lengths).tolist():
        cases = np.flatnonzero(lengths == length).astype(np.int32)
        if not length:
            yield b"", cases
            continue
        row = things.code[things.bounds[cases][:, np.newaxis] + np.arange(length)]
        shapes, which = np.unique(row.view(f"S{length}").ravel(), return_inverse=True)
        order = np.argsort(which, kind="stable")
        starts = np.searchsorted(which[order], np.arange(1, len(shapes)))
        yield from zip(shapes.tolist(), np.split(cases[order], starts), strict=True)


def _older(things: _Things, base: int) -> Callable[[int, int], bool]:
    def is_older(answer: int, mention: int) -> bool:
        asked = base + mention
        return bool(things.dated[asked]) and bool(things.spoken[base + answer] < things.value[asked])

    return is_older


def _things(cases: int, asked: Asked, steps: Steps) -> _Things:
    """A mention stands before the step it caused; mentions of one moment stand by age."""
    n = len(asked.case)
    in_order = np.lexsort((asked.asked, asked.seen))
    case = np.concatenate([asked.case[in_order], steps.case]).astype(np.int32)
    at = np.concatenate([asked.seen[in_order], steps.at])
    order = np.lexsort((at, case)).astype(np.int32)
    case, at = case[order], at[order]
    code = np.concatenate([_mention_codes(asked, steps)[in_order], steps.thing])[order]
    value = np.concatenate([asked.asked[in_order], np.minimum(steps.spoken, steps.at)])[order]
    place = np.where(order >= n, order - n, -1).astype(np.int32)
    starts = np.flatnonzero(_begins(cases, case, code))
    dated = np.concatenate([asked.dated[in_order], np.zeros(len(steps.case), np.bool_)])[order][starts]
    place = place[starts]
    spoken = steps.spoken[place] if len(steps.spoken) else np.zeros(len(place), np.int64)
    return _Things(
        bounds=np.searchsorted(case[starts], np.arange(cases + 1)),
        code=code[starts],
        at=at[starts],
        value=np.minimum.reduceat(value, starts) if len(starts) else value,
        first=value[starts],
        dated=dated,
        spoken=spoken,
        step=place,
    )


def _begins(cases: int, case: Codes, code: NDArray[np.uint8]) -> Flags:
    """Where another thing begins. Mentions stay apart where an answer elsewhere may be older than some of them."""
    apart = np.zeros(cases, np.bool_)
    apart[case[code == Thing.ELSEWHERE]] = True
    begins = np.ones(len(case), np.bool_)
    begins[1:] = (case[1:] != case[:-1]) | (code[1:] != code[:-1]) | ~np.isin(code[1:], _MENTIONS)
    return begins | apart[case]


def _mention_codes(asked: Asked, steps: Steps) -> NDArray[np.uint8]:
    """Fresh are those that opened their case again: seen in the moment it was."""
    codes = np.full(len(asked.case), Thing.MENTION, np.uint8)
    opened = np.isin(steps.thing, _OPENED)
    moments = set(zip(steps.case[opened].tolist(), steps.at[opened].tolist(), strict=True))
    for place in np.flatnonzero(np.isin(asked.case, steps.case[opened])).tolist():
        if (int(asked.case[place]), int(asked.seen[place])) in moments:
            codes[place] = Thing.FRESH
    return codes


@dataclass(slots=True)
class _Found:
    """Puts together what the courses of all cases come to."""

    cases: int
    moment: int
    things: _Things
    columns: dict[str, list[NDArray[Any]]] = field(default_factory=lambda: defaultdict(list))
    of_case: dict[str, NDArray[Any]] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        kinds: dict[str, Any] = {"status": np.int8, "reopened": np.int32, "replies": np.int32}
        kinds |= {"was_closed": np.bool_, "answered": np.bool_}
        self.of_case = {name: np.zeros(self.cases, kind) for name, kind in kinds.items()}

    def add(self, found: Course, members: Codes) -> None:
        """Measures the stretches of cases that took the same course."""
        self.of_case["status"][members] = STATUSES.index(found.status)
        for name in ("reopened", "replies", "was_closed", "answered"):
            self.of_case[name][members] = getattr(found, name)
        base = self.things.bounds[members]
        moments: dict[int, Ints] = {}
        for stretch in found.stretches:
            begin = self._begin(base, stretch.waits, stretch.floor, stretch.at_first, moments)
            end, known = self._end(base, stretch.end, begin)
            if stretch.end is not None and stretch.how is End.DONE:
                moments[stretch.end] = end
            if stretch.counts:
                ending = np.where(known, _ENDINGS[stretch.how], Ending.UNKNOWN).astype(np.int8)
                self._put(members, stretch.target, begin, end, ending, self._step(base, stretch.end))
                self._pause(base, found.pauses, begin, end, len(members))

    def _begin(
        self, base: Ints, waits: Sequence[int], floor: int | None, at_first: bool, moments: dict[int, Ints]
    ) -> Ints:
        """From the oldest mention that waits, but not before the floor."""
        values = self.things.first if at_first else self.things.value
        begins = [values[base + wait] for wait in waits]
        if floor is None:
            oldest: Ints = np.minimum.reduce(begins)
            return oldest
        least: Ints = moments[floor] if floor in moments else self.things.at[base + floor]
        return np.maximum(np.minimum.reduce(begins), least) if begins else least

    def _end(self, base: Ints, place: int | None, begin: Ints) -> tuple[Ints, Flags]:
        """When it ended, and whether that is known: an answer given before the question was, by the source's clock."""
        if place is None:
            return np.full(len(base), self.moment, np.int64), np.ones(len(base), np.bool_)
        given = self.things.value[base + place]
        known = given >= begin
        return np.where(known, given, np.maximum(self.things.at[base + place], begin)), known

    def _step(self, base: Ints, place: int | None) -> Codes:
        return np.full(len(base), -1, np.int32) if place is None else self.things.step[base + place]

    def _put(self, case: Codes, target: int, begin: Ints, end: Ints, ending: NDArray[np.int8], step: Codes) -> None:
        values: dict[str, NDArray[Any]] = {"case": case, "begin": begin, "end": end, "ending": ending, "step": step}
        values["target"] = np.full(len(case), target, np.int8)
        for name, column in values.items():
            self.columns[name].append(column)
        self.count += len(case)

    def _pause(self, base: Ints, pauses: Sequence[tuple[int, int | None]], begin: Ints, end: Ints, n: int) -> None:
        """The parts of the pauses that lie within the stretches put last."""
        for first, last in pauses:
            opens = np.maximum(self.things.at[base + first], begin)
            closes = np.minimum(end, self.moment if last is None else self.things.at[base + last])
            within = np.flatnonzero(opens < closes)
            if len(within):
                self.columns["pause_of"].append((self.count - n + within).astype(np.int32))
                self.columns["pause_begin"].append(opens[within])
                self.columns["pause_end"].append(closes[within])

    def all(self) -> Measured:
        """Everything, in columns."""
        kinds: dict[str, Any] = {"case": np.int32, "target": np.int8, "ending": np.int8, "step": np.int32}
        kinds |= {"begin": np.int64, "end": np.int64}
        kinds |= {"pause_of": np.int32, "pause_begin": np.int64, "pause_end": np.int64}
        joined = {name: _joined(self.columns[name], kind) for name, kind in kinds.items()}
        return Measured(**joined, **self.of_case)


_ENDINGS = {End.DONE: Ending.DONE, End.LEFT: Ending.LEFT, End.RUNNING: Ending.RUNNING}


def _joined(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
