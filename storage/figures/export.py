"""Mentions as they are exported: plain values straight from the rows, at the pace of the driver.

The same values as `rows.mentions` gives and `record` writes, a page at a time and without making nouns of them; a test
holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows
from storage.figures import frames, packs
from storage.figures.frames import BETWEEN
from storage.figures.packs import BETWEEN_ROWS
from storage.schema import AUTHOR, CASE, CONVERSATION, INTENT, MATCH, POST, TAG

FIELDS = (
    "id", "case_id", "source", "source_kind", "brand", "queries", "url", "title", "text", "lang", "author",
    "author_url", "conversation_id", "parent_id", "kind", "published_at", "first_seen_at", "edited_at", "deleted_at",
    "sentiment", "sentiment_score", "intent", "priority", "priority_score", "reasons", "reach", "duplicates", "status",
    "assignee", "tags", "rating",
    "brands", "intents", "author_id", "conversation_url", "confidence", "relevance", "is_own", "external_id",
)  # fmt: skip
"""The fields of an exported record; new ones come at the end, so that scripts and spreadsheets keep working."""

ALMOST_AN_HOUR = timedelta(hours=1, microseconds=-1)

MOST_HOURS = 10_000
"""Remembered at a time: more than a year of them."""

OUR_TIMES = (POST.c.published_at, POST.c.first_seen_at, POST.c.edited_at, POST.c.deleted_at)

COLUMNS = (
    POST.c.id, sa.type_coerce(POST.c.at, sa.Text), POST.c.case_id, POST.c.source, POST.c.source_kind, POST.c.brand,
    POST.c.url, POST.c.title, POST.c.text, POST.c.lang, AUTHOR.c.name, AUTHOR.c.url, POST.c.conversation_id,
    POST.c.parent_key, POST.c.kind, *(sa.type_coerce(each, sa.Text) for each in OUR_TIMES), POST.c.sentiment,
    POST.c.sentiment_score, POST.c.priority, POST.c.priority_score, sa.cast(POST.c.reasons, sa.Text), POST.c.reach,
    POST.c.fingerprint, CASE.c.status, CASE.c.assignee, POST.c.rating, POST.c.author_id, CONVERSATION.c.url,
    POST.c.confidence, POST.c.relevance, POST.c.is_own, POST.c.external_id,
)  # fmt: skip

MATCHES = sa.select(MATCH.c.post_id, frames.one_text(MATCH.c.brand, MATCH.c.query)).order_by(
    MATCH.c.post_id, MATCH.c.brand, MATCH.c.query
)
INTENTS = sa.select(INTENT.c.post_id, INTENT.c.intent).order_by(INTENT.c.post_id, INTENT.c.place, INTENT.c.intent)
TAGS = sa.select(TAG.c.case_id, TAG.c.tag).order_by(TAG.c.case_id, TAG.c.tag)
"""The side tables, each row with what it belongs to, and as one text."""


def record_query(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The rows of an export, oldest first."""
    joined = (
        POST.join(CONVERSATION, CONVERSATION.c.id == POST.c.conversation_id)
        .outerjoin(AUTHOR, AUTHOR.c.id == POST.c.author_id)
        .outerjoin(CASE, CASE.c.id == POST.c.case_id)
    )
    return sa.select(*COLUMNS).select_from(joined).where(where).order_by(POST.c.at, POST.c.id)


def read_page(connection: Connection, query: sa.Select[Any]) -> Sequence[Any]:
    """All rows of a query that is limited, as the driver gives them."""
    return [row for page in frames.pages(connection, query) for row in page]


def moment(value: Any) -> datetime:
    """A moment of a row, as the driver gives it: text in UTC on SQLite, a datetime on PostgreSQL."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


class Records:
    """Makes records of pages of rows; what of the calendar is asked for again and again is remembered."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        """`zone`: in which times are written; UTC where it is not said."""
        self.zone = zone or UTC
        self._hours = _Hours(self.zone)

    def of(self, connection: Connection, page: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """The records of a page of `record_query`: the values of each of `FIELDS`. Equal lists may be one list."""
        (
            id_, _, case, source, kind, brand, url, title, text, lang, author, author_url, thread, parent, what,
            published, seen, edited, deleted, sentiment, score, priority, priority_score, reasons, reach, fingerprint,
            status, assignee, rating, author_id, thread_url, confidence, relevance, is_own, external,
        ) = zip(*page, strict=True) if page else ((),) * len(COLUMNS)  # fmt: skip
        ids = np.sort(np.array(id_, np.int64))
        cases = frames.distinct(np.array([each for each in case if each is not None], np.int64))
        matched = [*map(_texts(connection, MATCHES, ids).get, id_)]
        intents = [*map(_listed, map(_texts(connection, INTENTS, ids).get, id_))]
        return {
            "id": id_, "case_id": case, "source": source, "source_kind": kind, "brand": brand,
            "queries": [*map(_queries, matched)], "url": url, "title": title, "text": text, "lang": lang,
            "author": author, "author_url": _or_none(author_url), "conversation_id": thread,
            "parent_id": _parents(connection, source, thread, parent), "kind": what,
            "published_at": self._times(published), "first_seen_at": self._times(seen),
            "edited_at": self._times(edited), "deleted_at": self._times(deleted), "sentiment": sentiment,
            "sentiment_score": score, "intent": [each[0] if each else None for each in intents], "priority": priority,
            "priority_score": priority_score, "reasons": [*map(_reasons, reasons)], "reach": reach,
            "duplicates": _duplicates(connection, id_, fingerprint), "status": status, "assignee": assignee,
            "tags": [*map(_listed, map(_texts(connection, TAGS, cases).get, case))],
            "rating": rating, "brands": [*map(_brands, matched)], "intents": intents, "author_id": author_id,
            "conversation_url": _or_none(thread_url), "confidence": confidence, "relevance": relevance,
            "is_own": [*map(bool, is_own)], "external_id": external,
        }  # fmt: skip

    def _times(self, values: Sequence[Any]) -> Sequence[str | None]:
        """Moments of rows as ISO 8601 in the zone; the hour is looked up, the rest is the row's own."""
        if not any(values):
            return values
        hours = self._hours
        return [
            f"{found[0]}{each[13:19] if each[19:] == '.000000' else each[13:]}{found[1]}"
            if each.__class__ is str and (found := hours[each[:13]])[0]
            else self._iso(each)
            for each in values
        ]

    def _iso(self, value: Any) -> str | None:
        return None if value is None else moment(value).astimezone(self.zone).isoformat()


class _Hours(dict[str, tuple[str, str]]):
    """Hours of UTC on the wall's clock, with their distance to UTC; "" where the minutes are not the same there."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone

    def __missing__(self, hour: str) -> tuple[str, str]:
        if len(self) >= MOST_HOURS:
            self.clear()
        first = datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC)
        starts, ends = (each.astimezone(self.zone).isoformat() for each in (first, first + ALMOST_AN_HOUR))
        is_whole = starts[13:19] == ":00:00" and starts[:13] == ends[:13] and starts[19:] == ends[26:]
        self[hour] = found = (starts[:13], starts[19:]) if is_whole else ("", "")
        return found


def _or_none(values: Sequence[str | None]) -> Sequence[str | None]:
    return [each or None for each in values]


def _parents(
    connection: Connection, sources: Sequence[str], threads: Sequence[int], parents: Sequence[str]
) -> Sequence[int | None]:
    """The ids of the posts that these answer."""
    if not any(parents):
        return [None] * len(parents)
    answering = list(map(_Answering, sources, threads, parents))
    found = rows.parents(connection, [each for each in answering if each.parent_key])
    return [found.get((each.conversation_id, each.parent_key)) if each.parent_key else None for each in answering]


class _Answering(NamedTuple):
    """A row as `rows.parents` looks at it."""

    source: str
    conversation_id: int
    parent_key: str


def _duplicates(connection: Connection, ids: Sequence[int], fingerprints: Sequence[str]) -> Sequence[list[int]]:
    """The other posts that say the same."""
    twins = rows.twins(connection, set(filter(None, fingerprints)))
    found = {key: several for key, several in twins.items() if len(several) > 1}
    none: list[int] = []
    return [
        [twin for twin in found[key] if twin != id_][: rows.MOST_DUPLICATES] if key in found else none
        for id_, key in zip(ids, fingerprints, strict=True)
    ]


@lru_cache(maxsize=4096)
def _listed(several: str | None) -> list[str]:
    return several.split(BETWEEN_ROWS) if several else []


@lru_cache(maxsize=4096)
def _brands(several: str | None) -> list[str]:
    return list(dict.fromkeys(each.partition(BETWEEN)[0] for each in _listed(several)))


@lru_cache(maxsize=4096)
def _queries(several: str | None) -> list[str]:
    return list(dict.fromkeys(each.partition(BETWEEN)[2] for each in _listed(several)))


@lru_cache(maxsize=4096)
def _reasons(text: str) -> list[dict[str, Any]]:
    return [
        {name: each.get(name, empty) for name, empty in (("about", ""), ("label", ""), ("words", []), ("share", 0.0))}
        for each in json.loads(text)
    ]


def _texts(connection: Connection, side: sa.Select[Any], ids: Any) -> dict[int | None, str]:
    """Rows of a side table by what they belong to; several of one with `BETWEEN_ROWS` between them."""
    found: dict[int | None, str] = {}
    for condition in frames.among_ids(side.selected_columns[0], ids):  # type: ignore[arg-type]
        of, texts = packs.read(connection, side.where(condition)).columns()
        keys = of.tolist()
        new = dict(zip(keys, texts, strict=True))
        if len(new) < len(keys):
            new = {}
            for key, text in zip(keys, texts, strict=True):
                new[key] = f"{new[key]}{BETWEEN_ROWS}{text}" if key in new else text
        found |= new
    return found
