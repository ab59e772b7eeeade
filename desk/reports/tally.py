"""The columns of a report made ready to be counted: by step of the period, hour of the week, source, agent; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from desk.reports import Cell, Ids
from desk.reports.counts import Counts, Sample, ascending, count, ratio
from desk.reports.period import Steps
from storage.types import Sentiment, Status
from storage.types.figures import NOWHERE, Codes, Ending, Facets, Flags, Frame, Ints, snug

QUARTER = 900
"""Seconds. Every zone's offset today is whole quarters of an hour: a quarter lies in one local hour, wherever."""

MICROS = 1_000_000
"""In a second."""

SENTIMENTS = tuple(each.value for each in Sentiment)
STATUSES = tuple(Status)


class Arrival(NamedTuple):
    """The step of the period a mention is dated in, and its sentiment."""

    step: int
    sentiment: str


class CaseFacets(NamedTuple):
    """What a case is counted by."""

    source: str
    status: Status
    answered: bool
    reopened: bool
    was_closed: bool
    replied: bool
    replied_once: bool

    @property
    def was_solved(self) -> bool:
        """Whether a first time right could be judged: replied to, and resolved or reopened."""
        return self.replied and (self.reopened or self.status is Status.RESOLVED)

    @property
    def is_right(self) -> bool:
        """First time right."""
        return self.replied_once and not self.reopened and self.status is Status.RESOLVED


@dataclass(frozen=True, slots=True)
class Service:
    """Some of the stretches in which people waited: how long, and whether within what was promised."""

    calendar: Sample
    business: Sample
    waiting: Cell
    left: Cell
    unknown: Cell
    hits: Cell
    judged: Cell

    @property
    def in_target(self) -> Cell:
        """The share of what was promised that was kept; who waits too long already counts."""
        return ratio(self.hits, self.judged)


class _Judged(NamedTuple):
    """Stretches of waiting, by their places, and how each ended."""

    place: Ints
    done: Flags
    waiting: Flags
    left: Flags
    unknown: Flags
    hits: Flags
    judged: Flags


class Tally:
    """A frame as it is counted."""

    def __init__(self, frame: Frame, steps: Steps, zone: ZoneInfo) -> None:
        self.frame, self.steps, self.zone = frame, steps, zone
        self.facets: Counts[Facets] = Counts(frame.facets, frame.facet, frame.mention)

    @cached_property
    def over_time(self) -> Counts[Arrival]:
        """Mentions by step and sentiment."""
        edges = np.array([round(each * MICROS) for each in self.steps.epochs], np.int64)
        keys = [Arrival(place, each) for place in range(len(edges)) for each in SENTIMENTS]
        first = snug(np.arange(0, len(keys), len(SENTIMENTS)), len(keys))
        codes = np.repeat(first, _between(self.frame.at, edges))
        codes += self._sentiment
        return Counts(keys, codes, self.frame.mention)

    @cached_property
    def hours(self) -> Counts[tuple[int, int]]:
        """Mentions by weekday and hour, on the wall's clock."""
        return self._by_hour(self.frame.at, self.frame.mention)

    @cached_property
    def outside(self) -> Counts[tuple[int, int]]:
        """The same of those that came while nobody was there."""
        chosen = self.frame.outside
        return self._by_hour(self.frame.at[chosen], self.frame.mention[chosen])

    def _by_hour(self, at: Ints, ids: Ints) -> Counts[tuple[int, int]]:
        first, last = (int(at[place]) // (QUARTER * MICROS) if len(at) else 0 for place in (0, -1))
        quarters = np.arange(first, last + 1)
        many = _between(at, quarters * QUARTER * MICROS)
        hours = np.zeros(len(quarters), np.uint8)
        seen = np.flatnonzero(many)
        hours[seen] = [_hour_of_week(each, self.zone) for each in quarters[seen].tolist()]
        keys = [(day, hour) for day in range(7) for hour in range(24)]
        return Counts(keys, np.repeat(hours, many), ids)

    @cached_property
    def written(self) -> NDArray[np.intp]:
        """How many mentions each of `Frame.authors` wrote; those of unknown authors are left out."""
        many = np.bincount(self.frame.author, minlength=len(self.frame.authors))
        many[0] = 0
        return many

    def writers(self) -> Cell:
        """Authors of whom we know the name."""
        frame = self.frame
        return Cell(int(np.count_nonzero(self.written)), ids=lambda: ascending(frame.mention[frame.author > 0]))

    def top_writers(self, most: int) -> list[tuple[str, str]]:
        """Those who wrote most, by source and name."""
        authors, many = self.frame.authors, self.written
        least = np.sort(many)[-most:][0] if len(many) else 0
        able = np.flatnonzero(many >= max(least, 1)).tolist()
        return [authors[place] for place in sorted(able, key=lambda place: (-many[place], authors[place]))[:most]]

    def by_writer(self, writers: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Counts[Arrival]]:
        """The mentions of some authors by sentiment."""
        place = np.full(len(self.frame.authors), -1, np.int32)
        place[[self.frame.authors.index(each) for each in writers]] = np.arange(len(writers))
        mine = np.flatnonzero(place[self.frame.author] >= 0)
        keys = [Arrival(number, each) for number in range(len(writers)) for each in SENTIMENTS]
        codes = place[self.frame.author[mine]] * len(SENTIMENTS) + self._sentiment[mine]
        found = Counts(keys, codes, self.frame.mention[mine]).by(lambda key: (key.step,))
        return {writer: found[number] for number, writer in enumerate(writers)}

    @cached_property
    def _sentiment(self) -> NDArray[np.uint8]:
        table = [SENTIMENTS.index(each.sentiment) for each in self.frame.facets]
        return np.array(table or [0], np.uint8)[self.frame.facet]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources of the mentions."""
        return tuple(dict.fromkeys(each.source for each in self.frame.facets))

    @cached_property
    def source(self) -> Codes:
        """The place in `sources` of each mention."""
        table = [self.sources.index(each.source) for each in self.frame.facets]
        return snug(np.array(table or [0], np.int32), len(table))[self.frame.facet]

    def delay(self, source: str | None = None) -> tuple[Sample, Cell]:
        """From published to first seen, and how many have no such length."""
        place = None if source is None else self.sources.index(source)

        def mine(known: bool) -> Flags:
            chosen: Flags = np.isnan(self.frame.late) ^ known
            return chosen if place is None else chosen & (self.source == place)

        def behind(known: bool) -> Ids:
            return lambda: ascending(self.frame.mention[mine(known)])

        sample = Sample(lambda: self.frame.late[mine(known=True)], behind(known=True))
        return sample, Cell(int(np.count_nonzero(mine(known=False))), ids=behind(known=False))

    @cached_property
    def conversations(self) -> Counts[str]:
        """Conversations by the source of their first mention."""
        _, first = np.unique(self.frame.thread, return_index=True)
        return Counts(self.sources, self.source[first], self.frame.mention[first])

    @cached_property
    def joined(self) -> Counts[str]:
        """The conversations in which we answered."""
        mine = np.append(self.frame.cases.answered, False)[self.frame.case]
        _, first = np.unique(self.frame.thread[mine], return_index=True)
        return Counts(self.sources, self.source[mine][first], self.frame.mention[mine][first])

    @cached_property
    def counted(self) -> Ints:
        """The places of the cases that count: those whose first mention is in the report."""
        return np.flatnonzero(self.frame.cases.opening >= 0).astype(np.int32)

    @cached_property
    def opening(self) -> Ints:
        """Of each case: the id of the mention it began with; 0 where the case is not counted."""
        place = self.frame.cases.opening
        return np.where(place >= 0, self.frame.mention[place], 0) if len(place) else place

    @cached_property
    def cases(self) -> Counts[CaseFacets]:
        """Cases by what they came to."""
        cases, mine = self.frame.cases, self.counted
        columns = (
            self.source[cases.opening[mine]], cases.status[mine], cases.answered[mine], cases.reopened[mine] > 0,
            cases.was_closed[mine], cases.replies[mine] > 0, cases.replies[mine] == 1,
        )  # fmt: skip
        sizes = (max(len(self.sources), 1), len(STATUSES), 2, 2, 2, 2, 2)
        code = np.zeros(len(mine), np.int64)
        for column, size in zip(columns, sizes, strict=True):
            code = code * size + column
        seen, place = np.unique(code, return_inverse=True)
        return Counts([self._case(each, sizes) for each in seen.tolist()], snug(place, len(seen)), self.opening[mine])

    def _case(self, code: int, sizes: tuple[int, ...]) -> CaseFacets:
        parts = []
        for size in reversed(sizes):
            code, part = divmod(code, size)
            parts.append(part)
        source, status, *flags = reversed(parts)
        return CaseFacets(self.sources[source], STATUSES[status], *map(bool, flags))

    def turned(self) -> tuple[Cell, Cell]:
        """The cases that did not end as negatively as they began, and those that could have."""
        cases = self.frame.cases
        began = cases.began_negative & (cases.opening >= 0)
        return count(began & ~cases.ended_negative, self.opening), count(began, self.opening)

    def waiting(self) -> Cell:
        """Cases in which somebody waits for an answer."""
        waits = self.frame.waits
        running = (waits.ending == Ending.RUNNING) & (waits.target < 2)
        chosen = np.zeros(len(self.opening), np.bool_)
        chosen[waits.case[running]] = True
        return count(chosen & (self.frame.cases.opening >= 0), self.opening)

    @cached_property
    def answers(self) -> Counts[tuple[str, str]]:
        """Answers by channel and by who gave them."""
        frame, answers = self.frame, self.frame.answers
        mine = frame.cases.opening[answers.case] >= 0
        keys = [(channel, person) for channel in frame.channels for person in frame.people]
        codes = answers.channel[mine].astype(np.int64) * len(frame.people) + answers.actor[mine]
        return Counts(keys, snug(codes, len(keys)), self.opening[answers.case[mine]])

    def service(
        self, *targets: int, source: str | None = None, actor: str | None = None, channel: str | None = None
    ) -> Service:
        """How long people waited for some of `stretches.TARGETS`; of all, or a source, an agent or a channel."""
        waits, cases = self.frame.waits, self.frame.cases

        def chosen() -> Ints:
            mine = np.isin(waits.target, targets) & (cases.opening[waits.case] >= 0)
            if source is not None:
                mine &= self._source_of_case[waits.case] == self.sources.index(source)
            if actor is not None:
                mine &= waits.actor == self.frame.people.index(actor)
            if channel is not None:
                mine &= waits.channel == self.frame.channels.index(channel)
            return np.flatnonzero(mine).astype(np.int32)

        return self._service(chosen)

    def _service(self, chosen: Callable[[], Ints]) -> Service:
        """Ids are worked out anew when asked for: kept for every cell they would be the largest part of a report."""
        waits, found = self.frame.waits, self._judged(chosen())
        done = found.place[found.done]

        def behind(name: str) -> Ids:
            def ids() -> tuple[int, ...]:
                again = self._judged(chosen())
                return ascending(self.opening[waits.case[again.place[getattr(again, name)]]])

            return ids

        def cell(name: str) -> Cell:
            return Cell(int(np.count_nonzero(getattr(found, name))), ids=behind(name))

        return Service(
            calendar=Sample(lambda: (waits.end[done] - waits.begin[done]) / MICROS, behind("done")),
            business=Sample(lambda: waits.used[done], behind("done")),
            waiting=cell("waiting"),
            left=cell("left"),
            unknown=cell("unknown"),
            hits=cell("hits"),
            judged=cell("judged"),
        )

    def _judged(self, place: Ints) -> _Judged:
        waits = self.frame.waits
        ending, used, allowed = waits.ending[place], waits.used[place], waits.allowed[place]
        done, unknown = ending == Ending.DONE, ending == Ending.UNKNOWN
        hits = (done | unknown) & (used <= allowed)
        missed = np.where(done | unknown, used > allowed, used >= allowed)
        waiting, left = ending == Ending.RUNNING, ending == Ending.LEFT
        return _Judged(place, done, waiting, left, unknown, hits, judged=hits | missed)

    @cached_property
    def _source_of_case(self) -> Codes:
        place = self.frame.cases.opening
        return np.where(place >= 0, self.source[place], NOWHERE) if len(place) else place


def _between(at: Ints, edges: Ints) -> NDArray[np.intp]:
    """How many moments (ascending, none before the first edge) lie from each edge up to the next, or the end."""
    return np.diff(np.searchsorted(at, edges), append=len(at))


def _hour_of_week(quarter: int, zone: ZoneInfo) -> int:
    at = datetime.fromtimestamp(quarter * QUARTER, UTC).astimezone(zone)
    return at.weekday() * 24 + at.hour
