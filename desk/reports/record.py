"""A mention as it is exported: the promised fields in the promised order, then what we know besides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from operator import attrgetter
from typing import Any

from storage.types import Mention, Reason

FIELDS = (
    "id", "case_id", "source", "source_kind", "brand", "queries", "url", "title", "text", "lang", "author",
    "author_url", "conversation_id", "parent_id", "kind", "published_at", "first_seen_at", "edited_at", "deleted_at",
    "sentiment", "sentiment_score", "intent", "priority", "priority_score", "reasons", "reach", "duplicates", "status",
    "assignee", "tags", "rating",
    "brands", "intents", "author_id", "conversation_url", "confidence", "relevance", "is_own", "external_id",
)  # fmt: skip
"""The fields of an exported record; new ones come at the end, so that scripts and spreadsheets keep working."""

_TIMES = frozenset({"published_at", "first_seen_at", "edited_at", "deleted_at"})
_LISTS = frozenset({"queries", "duplicates", "tags", "brands", "intents"})
_PLAIN = tuple(field for field in FIELDS if field not in _TIMES | _LISTS | {"reasons"})
_plain_values = attrgetter(*_PLAIN)


def record(mention: Mention, zone: tzinfo | None = None) -> dict[str, Any]:
    """The mention with JSON values: times ISO 8601 with offset (in `zone`, else UTC), unknown is None."""
    found: dict[str, Any] = dict.fromkeys(FIELDS)
    found |= zip(_PLAIN, _plain_values(mention), strict=True)
    for field in _LISTS:
        found[field] = list(getattr(mention, field))
    for field in _TIMES:
        found[field] = _iso(getattr(mention, field), zone)
    found["reasons"] = [_reason(reason) for reason in mention.reasons]
    return found


def _iso(moment: datetime | None, zone: tzinfo | None) -> str | None:
    if moment is None:
        return None
    return (moment.astimezone(zone) if zone else moment).isoformat()


def _reason(reason: Reason) -> Mapping[str, Any]:
    return {"about": reason.about, "label": reason.label, "words": list(reason.words), "share": reason.share}
