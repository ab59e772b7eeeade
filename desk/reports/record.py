"""A mention and an event as they are exported: the promised fields in the promised order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from itertools import islice
from operator import attrgetter
from typing import Any

from desk.reports import Page
from storage.figures import LoggedEvent
from storage.figures.export import FIELDS as FIELDS
from storage.types import Mention, Reason

PAGE = 1000
"""Records put together at a time."""

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


def paged(records: Iterable[Mapping[str, Any]]) -> Iterator[Page]:
    """Records as the pages of a report."""
    left = iter(records)
    while some := list(islice(left, PAGE)):
        yield {field: [each[field] for each in some] for field in FIELDS}


EVENT_FIELDS = (
    "id", "at", "kind", "actor", "case_id", "post_id", "reply_id", "data", "undone_by", "undone_at", "agent",
    "channel", "sent_at",
)  # fmt: skip
"""The fields of an exported event; new ones come at the end."""


def event_record(logged: LoggedEvent, zone: tzinfo | None = None) -> dict[str, Any]:
    """The event with JSON values: times ISO 8601 with offset (in `zone`, else UTC), unknown is None."""
    event = logged.event
    data = {name: value for name, value in event.data.items() if name != "undone_by"}
    values = (
        event.id, _iso(event.at, zone), event.kind.value, event.actor, event.case_id, event.post_id, event.reply_id,
        data, logged.undone_by, _iso(logged.undone_at, zone), logged.agent, logged.channel, _iso(logged.sent_at, zone),
    )  # fmt: skip
    return dict(zip(EVENT_FIELDS, values, strict=True))


def _iso(moment: datetime | None, zone: tzinfo | None) -> str | None:
    if moment is None:
        return None
    return (moment.astimezone(zone) if zone else moment).isoformat()


def _reason(reason: Reason) -> Mapping[str, Any]:
    return {"about": reason.about, "label": reason.label, "words": list(reason.words), "share": reason.share}
