"""Rows and reports to try the formats on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desk.reports import Report
from desk.reports.record import record
from desk.reports.summary import summarise
from storage.types import FigureRow, Mention, PostKind, Priority, Sentiment

ZONE = ZoneInfo("Europe/Amsterdam")
START, END = datetime(2026, 3, 2, tzinfo=ZONE), datetime(2026, 3, 9, tzinfo=ZONE)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def row() -> Callable[..., FigureRow]:
    """Makes a row; `hours` after noon of the first day. A row with `asked_at` begins a case."""
    ids = count(1)

    def make(hours: float = 0, **more: Any) -> FigureRow:
        at = NOON + timedelta(hours=hours)
        mention = next(ids)
        values: dict[str, Any] = {
            "mention_id": mention, "case_id": mention, "at": at, "first_seen_at": at, "source": "forum",
            "source_kind": "phpbb", "brand": "zonnebank", "lang": "nl", "sentiment": Sentiment.NEUTRAL, "intents": (),
            "priority": Priority.NORMAL, "author": "Jan", "opens_case": "asked_at" in more, "asked_at": None,
            "responded_at": None, "resolved_at": None, "reopened": 0, "replies": 0, "agents": (),
            "published_at": at, "conversation_id": mention,
        }  # fmt: skip
        return FigureRow(**(values | more))

    return make


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

    def make(rows: Sequence[FigureRow] = (), mentions: Sequence[Mention] = (), **more: Any) -> Report:
        lang = more.get("lang", "en")
        values: dict[str, Any] = {
            "title": "Week", "query": "zonnebank", "start": START, "end": END, "zone": ZONE, "generated_at": NOON,
            "as_of": None, "lang": lang,
            "summary": lambda: summarise(rows, START, END, ZONE, lang),
            "records": lambda: (record(each, ZONE) for each in mentions),
        }  # fmt: skip
        return Report(**(values | more))

    return make
