"""One pass over the rows of a report: everything its figures need, in memory that does not grow with the rows; pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from desk.reports.counts import Counts, Sample
from desk.reports.period import Steps
from storage.types import FigureRow, Status

QUARTER = 900
"""Seconds. Every zone's offset today is whole quarters of an hour: a quarter lies in one local hour, wherever."""

CLOSED = frozenset(status for status in Status if not status.is_open)

ALL = ""
"""The group of everything together."""


class Facets(NamedTuple):
    """What a mention is counted by."""

    source: str
    source_kind: str
    brands: tuple[str, ...]
    lang: str
    sentiment: str
    priority: str
    intents: tuple[str, ...]


class Arrival(NamedTuple):
    """The step of the period a mention is dated in, and its sentiment."""

    step: int
    sentiment: str


class Writer(NamedTuple):
    """An account and the sentiment of a mention of theirs."""

    source: str
    name: str
    sentiment: str


class CaseFacets(NamedTuple):
    """What a case is counted by."""

    source: str
    status: Status
    answered: bool
    replies: int
    reopened: bool

    @property
    def was_closed(self) -> bool:
        """Whether it was ever closed."""
        return self.reopened or self.status in CLOSED

    @property
    def was_solved(self) -> bool:
        """Whether a first time right could be judged: replied to, and resolved or reopened."""
        return self.replies > 0 and (self.reopened or self.status is Status.RESOLVED)

    @property
    def is_right(self) -> bool:
        """First time right."""
        return self.replies == 1 and not self.reopened and self.status is Status.RESOLVED


class Tally:
    """The counts of a report. `keep`: remember the ids behind each."""

    def __init__(self, steps: Steps, keep: bool) -> None:
        self.steps, self.keep = steps, keep
        self.mentions: Counts[Facets] = Counts(keep)
        self.over_time: Counts[Arrival] = Counts(keep)
        self.quarters: Counts[int] = Counts(keep)
        self.writers: Counts[Writer] = Counts(keep)
        self.cases: Counts[CaseFacets] = Counts(keep)
        self.replies: Counts[str] = Counts(keep)
        self.conversations: Counts[str] = Counts(keep)
        self.joined: Counts[str] = Counts(keep)
        self.handled: Counts[str] = Counts(keep)
        self.delay = self._samples()
        self.response = self._samples()
        self.resolution = self._samples()
        self.agent_response = self._samples()
        self.agent_resolution = self._samples()
        self._seen = bytearray()

    def _samples(self) -> defaultdict[str, Sample]:
        return defaultdict(lambda: Sample(self.keep))

    def add(self, row: FigureRow) -> None:
        """Counts a mention, and its case where it begins."""
        mention, sentiment, epoch = row.mention_id, row.sentiment.value, row.at.timestamp()
        self.mentions.add(
            Facets(
                row.source,
                row.source_kind,
                row.brands or ((row.brand,) if row.brand else ()),
                row.lang or "",
                sentiment,
                row.priority.value,
                row.intents,
            ),
            mention,
        )
        self.over_time.add(Arrival(self.steps.place(epoch), sentiment), mention)
        self.quarters.add(int(epoch // QUARTER), mention)
        if row.author:
            self.writers.add(Writer(row.source, row.author, sentiment), mention)
        self._add_delay(row)
        self._add_conversation(row)
        if row.opens_case:
            self._add_case(row)

    def _add_delay(self, row: FigureRow) -> None:
        late = _seconds(row.published_at, row.first_seen_at)
        for sample in (self.delay[ALL], self.delay[row.source]):
            if late is None:
                sample.miss(row.mention_id)
            else:
                sample.add(late, row.mention_id)

    def _add_conversation(self, row: FigureRow) -> None:
        """A conversation counts once, and once more when one of its cases was answered: two bits each."""
        place, mention = row.conversation_id, row.mention_id
        if place >= len(self._seen):
            self._seen.extend(bytes(place + 1024 - len(self._seen)))
        before = self._seen[place]
        self._seen[place] = after = before | (3 if row.answered else 1)
        if after & ~before & 1:
            self.conversations.add(row.source, mention)
        if after & ~before & 2:
            self.joined.add(row.source, mention)

    def _add_case(self, row: FigureRow) -> None:
        mention, status = row.mention_id, row.status or Status.NEW
        self.cases.add(CaseFacets(row.source, status, row.answered, row.replies, row.reopened > 0), mention)
        for _ in range(row.replies):
            self.replies.add(row.source, mention)
        response = _seconds(row.asked_at, row.responded_at)
        resolution = _seconds(row.asked_at, row.resolved_at)
        for group in (ALL, row.source):
            _measure(self.response[group], response, row.answered, mention)
            _measure(self.resolution[group], resolution, status is Status.RESOLVED, mention)
        for agent in row.agents:
            self.handled.add(agent, mention)
            _measure(self.agent_response[agent], response, row.answered, mention)
            _measure(self.agent_resolution[agent], resolution, status is Status.RESOLVED, mention)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """From start to end; None where one is unknown or they are the wrong way round."""
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def _measure(sample: Sample, seconds: float | None, happened: bool, mention: int) -> None:
    if seconds is not None:
        sample.add(seconds, mention)
    elif happened:
        sample.miss(mention)
    else:
        sample.wait(mention)
