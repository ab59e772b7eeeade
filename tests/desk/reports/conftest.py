"""Rows and reports to try the formats on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from desk.reports import Report
from desk.reports.record import paged, record
from desk.reports.summary import summarise
from storage.figures.open_time import micros
from storage.stretches import TARGETS
from storage.types import Mention, PostKind, Priority, Sentiment, Status
from storage.types.figures import NOWHERE, Answers, Cases, Ending, Facets, Frame, Waits

ZONE = ZoneInfo("Europe/Amsterdam")
START, END = datetime(2026, 3, 2, tzinfo=ZONE), datetime(2026, 3, 9, tzinfo=ZONE)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(kw_only=True)
class Row:
    """A mention; with `case`, the first of its case, and what became of that."""

    mention: int
    at: datetime
    late: float | None = 0.0
    source: str = "forum"
    source_kind: str = "phpbb"
    brands: tuple[str, ...] = ("zonnebank",)
    lang: str = "nl"
    sentiment: Sentiment = Sentiment.NEUTRAL
    intents: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    author: str | None = "Jan"
    thread: int = 0
    outside: bool = False
    case: dict[str, Any] | None = None
    """Columns of `Cases`, and `waits`: (target, from, to in hours, ending, business hours, promised, who, channel)."""
    of: int | None = None
    """The mention that began its case."""


@pytest.fixture
def row() -> Callable[..., Row]:
    """Makes a row; `hours` after noon of the first day."""
    ids = count(1)

    def make(hours: float = 0, **more: Any) -> Row:
        mention = next(ids)
        return Row(**({"mention": mention, "at": NOON + timedelta(hours=hours), "thread": mention} | more))

    return make


def frame_of(rows: Sequence[Row], **more: Any) -> Frame:
    """The rows in columns, in the order of a frame."""
    rows = sorted(rows, key=lambda row: (row.at, row.mention))
    keys = [
        Facets(r.source, r.source_kind, r.brands, r.lang, r.sentiment.value, r.priority.value, r.intents) for r in rows
    ]
    facets = list(dict.fromkeys(keys))
    authors = list(dict.fromkeys([("", ""), *((r.source, r.author) for r in rows if r.author)]))
    begun = [place for place, each in enumerate(rows) if each.case is not None]
    case_of = {rows[place].mention: number for number, place in enumerate(begun)}
    cases = [rows[place].case or {} for place in begun]
    waits = [(number, *wait) for number, case in enumerate(cases) for wait in case.get("waits", ())]
    answers = [(number, *each) for number, case in enumerate(cases) for each in case.get("answers", ())]
    people = list(dict.fromkeys(["", *(w[7] for w in waits), *(a[1] for a in answers)]))
    channels = list(dict.fromkeys(["", *(w[8] for w in waits), *(a[2] for a in answers)]))

    def column(name: str, kind: Any, default: Any = 0) -> Any:
        return np.array([case.get(name, default) for case in cases], kind)

    return Frame(
        mention=np.array([r.mention for r in rows], np.int64),
        at=np.array([micros(r.at) for r in rows], np.int64),
        late=np.array([np.nan if r.late is None else r.late for r in rows], np.float64),
        facet=np.array([facets.index(key) for key in keys], np.int32),
        author=np.array([authors.index((r.source, r.author)) if r.author else 0 for r in rows], np.int32),
        thread=np.array([r.thread for r in rows], np.int64),
        case=np.array([case_of.get(r.of or r.mention, NOWHERE) for r in rows], np.int32),
        outside=np.array([r.outside for r in rows], np.bool_),
        facets=tuple(facets),
        authors=tuple(authors),
        cases=Cases(
            id=np.array([rows[place].mention for place in begun], np.int64),
            opening=np.array(begun, np.int32),
            status=np.array([list(Status).index(case.get("status", Status.NEW)) for case in cases], np.int8),
            answered=column("answered", np.bool_),
            replies=column("replies", np.int32),
            reopened=column("reopened", np.int32),
            was_closed=column("was_closed", np.bool_),
            began_negative=column("began_negative", np.bool_),
            ended_negative=column("ended_negative", np.bool_),
        ),
        waits=Waits(
            case=np.array([w[0] for w in waits], np.int32),
            target=np.array([TARGETS.index(w[1]) for w in waits], np.int8),
            begin=np.array([micros(NOON + timedelta(hours=w[2])) for w in waits], np.int64),
            end=np.array([micros(NOON + timedelta(hours=w[3])) for w in waits], np.int64),
            ending=np.array([Ending[w[4]] for w in waits], np.int8),
            used=np.array([w[5] * 3600 for w in waits], np.float64),
            allowed=np.array([np.nan if w[6] is None else w[6] * 3600 for w in waits], np.float64),
            actor=np.array([people.index(w[7]) for w in waits], np.int32),
            channel=np.array([channels.index(w[8]) for w in waits], np.int32),
        ),
        answers=Answers(
            case=np.array([a[0] for a in answers], np.int32),
            actor=np.array([people.index(a[1]) for a in answers], np.int32),
            channel=np.array([channels.index(a[2]) for a in answers], np.int32),
        ),
        people=tuple(people),
        channels=tuple(channels),
        **more,
    )


@pytest.fixture(name="frame_of")
def make_frame() -> Callable[..., Frame]:
    """Puts rows in columns."""
    return frame_of


@pytest.fixture
def mention() -> Callable[..., Mention]:
    """Makes a mention."""

    def make(**more: Any) -> Mention:
        values: dict[str, Any] = {
            "id": 1, "case_id": 2, "source": "forum", "source_kind": "phpbb", "brand": "zonnebank",
            "brands": ("zonnebank", "maanbank"), "queries": ("zonnebank", "maanbank"), "url": "https://f.example/1",
            "title": "Storing", "text": "De app ligt eruit.\n\nWéér!", "lang": "nl", "author": "Jan",
            "author_url": "https://f.example/u/jan", "author_id": 5, "conversation_id": 7, "conversation_url": None,
            "parent_id": None, "kind": PostKind.POST, "published_at": NOON, "first_seen_at": NOON, "edited_at": None,
            "deleted_at": None, "sentiment": Sentiment.NEGATIVE, "sentiment_score": -0.5, "confidence": 0.9,
            "intents": ("complaint", "outage"), "relevance": None, "priority": Priority.HIGH, "priority_score": 70,
            "reasons": (), "reach": None, "duplicates": (3, 4), "status": None, "assignee": None, "tags": ("app",),
            "rating": None,
        }  # fmt: skip
        return Mention(**(values | more))

    return make


@pytest.fixture
def report() -> Callable[..., Report]:
    """Makes a report over a week of rows and mentions."""

    def make(rows: Sequence[Row] = (), mentions: Sequence[Mention] = (), **more: Any) -> Report:
        lang = more.get("lang", "en")
        values: dict[str, Any] = {
            "title": "Week", "query": "zonnebank", "start": START, "end": END, "zone": ZONE, "generated_at": NOON,
            "as_of": None, "lang": lang,
            "summary": lambda: summarise(frame_of(rows), START, END, ZONE, lang),
            "pages": lambda: paged(record(each, ZONE) for each in mentions),
        }  # fmt: skip
        return Report(**(values | more))

    return make
