"""Mentions as they are exported: plain values straight from the rows, at the pace of the driver.

The same values as `rows.mentions` gives and `record` writes, a page at a time and without making nouns of them; a test
holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import frames, rows, tables
from storage.frames import AUTHOR, CASE, INTENT, MATCH, POST

CONVERSATION = tables.Conversation.__table__  # type: ignore[attr-defined]
TAG = tables.CaseTag.__table__  # type: ignore[attr-defined]

FIELDS = (
    "id", "case_id", "source", "source_kind", "brand", "queries", "url", "title", "text", "lang", "author",
    "author_url", "conversation_id", "parent_id", "kind", "published_at", "first_seen_at", "edited_at", "deleted_at",
    "sentiment", "sentiment_score", "intent", "priority", "priority_score", "reasons", "reach", "duplicates", "status",
    "assignee", "tags", "rating",
    "brands", "intents", "author_id", "conversation_url", "confidence", "relevance", "is_own", "external_id",
)  # fmt: skip
"""The fields of an exported record; new ones come at the end, so that scripts and spreadsheets keep working."""

OUR_TIMES = (POST.c.published_at, POST.c.first_seen_at, POST.c.edited_at, POST.c.deleted_at)

COLUMNS = (
    POST.c.id, sa.type_coerce(POST.c.at, sa.Text), POST.c.case_id, POST.c.source, POST.c.source_kind, POST.c.brand,
    POST.c.url, POST.c.title, POST.c.text, POST.c.lang, AUTHOR.c.name, AUTHOR.c.url, POST.c.conversation_id,
    POST.c.parent_key, POST.c.kind, *(sa.type_coerce(each, sa.Text) for each in OUR_TIMES), POST.c.sentiment,
    POST.c.sentiment_score, POST.c.priority, POST.c.priority_score, sa.cast(POST.c.reasons, sa.Text), POST.c.reach,
    POST.c.fingerprint, CASE.c.status, CASE.c.assignee, POST.c.rating, POST.c.author_id, CONVERSATION.c.url,
    POST.c.confidence, POST.c.relevance, POST.c.is_own, POST.c.external_id,
)  # fmt: skip


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
        self._minute = lru_cache(maxsize=4096)(self._local_minute)

    def of(self, connection: Connection, page: Sequence[Any]) -> list[dict[str, Any]]:
        """The records of a page of `record_query`."""
        ids = np.array(sorted(row[0] for row in page), np.int64)
        cases = frames.distinct(np.array([row[2] for row in page if row[2] is not None], np.int64))
        matched = _grouped(connection, MATCH.c.post_id, (MATCH.c.brand, MATCH.c.query), ids)
        intents = _grouped(connection, INTENT.c.post_id, (INTENT.c.place, INTENT.c.intent), ids)
        tags = _grouped(connection, TAG.c.case_id, (TAG.c.tag,), cases)
        parents = rows.parents(connection, [_Answering(row) for row in page if row[13]])
        twins = rows.twins(connection, {row[25] for row in page if row[25]})
        return [self._record(row, matched, intents, tags, parents, twins) for row in page]

    def _record(
        self,
        row: Any,
        matched: Mapping[int, list[Any]],
        intents: Mapping[int, list[Any]],
        tags: Mapping[int, list[Any]],
        parents: Mapping[tuple[int, str], int],
        twins: Mapping[str, list[int]],
    ) -> dict[str, Any]:
        (
            id_, _, case, source, kind, brand, url, title, text, lang, author, author_url, thread, parent, what,
            published, seen, edited, deleted, sentiment, score, priority, priority_score, reasons, reach, fingerprint,
            status, assignee, rating, author_id, thread_url, confidence, relevance, is_own, external,
        ) = row  # fmt: skip
        pairs, wants = matched.get(id_, ()), [intent for _, intent in intents.get(id_, ())]
        alike = [each for each in twins.get(fingerprint, ()) if each != id_] if fingerprint else []
        iso = self.iso
        return {
            "id": id_, "case_id": case, "source": source, "source_kind": kind, "brand": brand,
            "queries": list(dict.fromkeys([query for _, query in pairs])), "url": url, "title": title, "text": text,
            "lang": lang, "author": author, "author_url": author_url or None, "conversation_id": thread,
            "parent_id": parents.get((thread, parent)) if parent else None, "kind": what,
            "published_at": iso(published), "first_seen_at": iso(seen), "edited_at": iso(edited),
            "deleted_at": iso(deleted), "sentiment": sentiment, "sentiment_score": score,
            "intent": wants[0] if wants else None, "priority": priority, "priority_score": priority_score,
            "reasons": _reasons(reasons), "reach": reach, "duplicates": alike[: rows.MOST_DUPLICATES], "status": status,
            "assignee": assignee, "tags": [tag for (tag,) in tags.get(case, ())], "rating": rating,
            "brands": list(dict.fromkeys([name for name, _ in pairs])), "intents": wants, "author_id": author_id,
            "conversation_url": thread_url or None, "confidence": confidence, "relevance": relevance,
            "is_own": bool(is_own), "external_id": external,
        }  # fmt: skip

    def iso(self, value: Any) -> str | None:
        """A moment of a row as ISO 8601 in the zone; the minute is looked up, the rest is the row's own."""
        if value is None:
            return None
        if isinstance(value, str):
            minute, offset, is_plain = self._minute(value[:16])
            if is_plain:
                rest = value[16:19] if value.endswith(".000000") else value[16:]
                return f"{minute}{rest}{offset}"
        return moment(value).astimezone(self.zone).isoformat()

    def _local_minute(self, minute: str) -> tuple[str, str, bool]:
        """A minute of UTC on the wall's clock, its distance to UTC, and whether that is whole minutes."""
        local = datetime.fromisoformat(minute).replace(tzinfo=UTC).astimezone(self.zone)
        text, distance = local.isoformat(), local.utcoffset()
        return text[:16], text[19:], distance is not None and not distance.seconds % 60


class _Answering:
    """A row as `rows.parents` looks at it."""

    def __init__(self, row: Any) -> None:
        self.source, self.conversation_id, self.parent_key = row[3], row[12], row[13]


@lru_cache(maxsize=4096)
def _reasons(text: str) -> list[dict[str, Any]]:
    return [
        {name: each.get(name, empty) for name, empty in (("about", ""), ("label", ""), ("words", []), ("share", 0.0))}
        for each in json.loads(text)
    ]


def _grouped(
    connection: Connection, key: sa.Column[Any], columns: Sequence[sa.Column[Any]], ids: Any
) -> dict[int, list[Any]]:
    """Rows of a side table by what they belong to, ordered by the columns."""
    found: dict[int, list[Any]] = {}
    for page in frames.by_ids(connection, sa.select(key, *columns).order_by(*columns), key, ids):
        for of, *values in page:
            found.setdefault(of, []).append(values)
    return found
