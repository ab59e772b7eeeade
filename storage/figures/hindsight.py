"""Mentions as they stood at an earlier moment, worked back from what is now with the events and the texts kept since.

What has no history stays as it is now: which queries a mention answers, its duplicates, its author's groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.case_times import OPENINGS, Step, replay
from storage.schema import EVENT, REPLY, REVISION
from storage.types import EventKind, Mention, Priority, Sentiment

OUT = frozenset({EventKind.HELD, EventKind.SENDING, EventKind.SENT, EventKind.UNCERTAIN})
"""After these a reply is out or on its way; after any other event of a reply it is not."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, with whether it stood at the moment looked back to: it had happened, and was not taken back."""

    at: datetime
    kind: EventKind
    actor: str
    post_id: int | None
    data: Mapping[str, Any]
    past: bool
    stood: bool


@dataclass(slots=True)
class Traces:
    """What is known of the past of a page of mentions, by case, by mention, and by the mention a reply answers."""

    of_case: dict[int | None, list[Happened]] = field(default_factory=lambda: defaultdict(list))
    of_replies: dict[int, dict[int, EventKind]] = field(default_factory=lambda: defaultdict(dict))
    """Mention -> each reply to it with the last that happened to it by then."""
    revisions: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Mention -> its earlier texts, each with when it ceased to be."""


def as_it_stood(connection: Connection, mentions: Sequence[Mention], moment: datetime) -> list[Mention]:
    """The mentions as they were at `moment`; all must have been seen by then."""
    traces = _traces(connection, mentions, moment)
    return [_stood(mention, traces, moment) for mention in mentions]


def _traces(connection: Connection, mentions: Sequence[Mention], moment: datetime) -> Traces:
    traces, ids = Traces(), [mention.id for mention in mentions]
    undo = EVENT.alias("undo")
    happened = (
        sa.select(EVENT, undo.c.at.label("undone_at"))
        .select_from(EVENT.outerjoin(undo, undo.c.id == EVENT.c.undone_by))
        .where(EVENT.c.case_id.in_({mention.case_id for mention in mentions if mention.case_id}))
        .order_by(EVENT.c.id)
    )
    for row in connection.execute(happened):
        traces.of_case[row.case_id].append(_happened(row, moment))
    replies = (
        sa.select(REPLY.c.post_id, EVENT.c.reply_id, EVENT.c.kind)
        .join(EVENT, EVENT.c.reply_id == REPLY.c.id)
        .where(REPLY.c.post_id.in_(ids), EVENT.c.at <= moment)
        .order_by(EVENT.c.id)
    )
    for post_id, reply_id, kind in connection.execute(replies):
        traces.of_replies[post_id][reply_id] = EventKind(kind)
    for row in connection.execute(sa.select(REVISION).where(REVISION.c.post_id.in_(ids)).order_by(REVISION.c.id)):
        traces.revisions[row.post_id].append(row)
    return traces


def _happened(row: Any, moment: datetime) -> Happened:
    past = row.at <= moment
    stood = past and (row.undone_by is None or row.undone_at is None or row.undone_at > moment)
    return Happened(row.at, EventKind(row.kind), row.actor, row.post_id, row.data, past, stood)


def _stood(mention: Mention, traces: Traces, moment: datetime) -> Mention:
    events = traces.of_case[mention.case_id] if mention.case_id is not None else []
    changes = _case_then(mention, events) | _text_then(mention, traces.revisions[mention.id], moment)
    own = [each for each in events if each.post_id == mention.id]
    changes |= _understood_then(mention.id, events) | {"deleted_at": _deleted_then(mention, own, moment)}
    changes["has_reply"] = not OUT.isdisjoint(traces.of_replies[mention.id].values())
    return replace(mention, **changes)


def _case_then(mention: Mention, events: Sequence[Happened]) -> dict[str, Any]:
    if mention.case_id is None:
        return {}
    standing = [each for each in events if each.stood]
    steps = [
        Step(each.at, each.kind, to=each.data.get("to"))
        for each in events
        if each.stood or (each.past and each.kind in OPENINGS)
    ]
    return {
        "status": replay(steps),
        "assignee": _assignee(standing),
        "tags": _tags(standing),
        "has_note": any(each.kind is EventKind.NOTED for each in standing),
        **_team_then(standing),
    }


def _team_then(standing: Iterable[Happened]) -> dict[str, Any]:
    """Whose department it was, to whom it was handed over without an answer, and the playbook followed."""
    then: dict[str, Any] = {"department": None, "handed_to": None, "playbook": None}
    for each in standing:
        match each.kind:
            case EventKind.HANDED_OVER:
                then["handed_to"] = each.data["to"]
            case EventKind.ACCEPTED:
                then |= {"handed_to": None, "department": each.data["to"]}
            case EventKind.REFUSED | EventKind.RESOLVED | EventKind.DISMISSED | EventKind.SPAMMED:
                then["handed_to"] = None
            case EventKind.PLAYBOOK:
                then["playbook"] = each.data["playbook"]
    return then


def _assignee(standing: Iterable[Happened]) -> str | None:
    holder: str | None = None
    for each in standing:
        if each.kind in (EventKind.CLAIMED, EventKind.HANDED_OVER, EventKind.ACCEPTED):
            holder = each.actor
        elif each.kind is EventKind.ASSIGNED:
            holder = each.data.get("to")
        elif each.kind is EventKind.RELEASED:
            holder = None
    return holder


def _tags(standing: Iterable[Happened]) -> tuple[str, ...]:
    tags: set[str] = set()
    for each in standing:
        if each.kind is EventKind.TAGGED:
            tags.add(each.data["tag"])
        elif each.kind is EventKind.UNTAGGED:
            tags.discard(each.data["tag"])
    return tuple(sorted(tags))


def _understood_then(mention: int, events: Iterable[Happened]) -> dict[str, Any]:
    """The last correction that stood then; before any correction, what the first one (made since) replaced."""
    then: dict[str, Any] = {}
    for each in events:
        for name, before in _replaced(mention, each):
            then.setdefault(name, before)
            if each.stood:
                then[name] = each.data["to"]
    return {name: value for each in then for name, value in _understood(each, then[each])}


def _replaced(mention: int, event: Happened) -> Iterator[tuple[str, Any]]:
    """What an event changed of what was understood of a mention: the field, and what it replaced."""
    if event.kind is EventKind.CORRECTED and event.post_id == mention:
        yield event.data["field"], event.data["from"]
    elif event.kind is EventKind.PRIORITISED:
        yield from (("priority", before) for before, _, ids in event.data.get("was", ()) if mention in ids)


def _understood(name: str, value: Any) -> list[tuple[str, Any]]:
    match name:
        case "sentiment":
            return [("sentiment", Sentiment(value))]
        case "priority":
            return [("priority", Priority(value))]
        case "intent":
            return [("intents", (value,) if isinstance(value, str) else tuple(value or ()))]
    return [(name, value)]


def _deleted_then(mention: Mention, own: Sequence[Happened], moment: datetime) -> datetime | None:
    """A post that is gone can come back, edited; where no event tells, what is known now must do."""
    told = [each for each in own if each.kind in (EventKind.DELETED, EventKind.EDITED)]
    if told and not told[-1].past:
        past = [each for each in told if each.past]
        return past[-1].at if past and past[-1].kind is EventKind.DELETED else None
    return None if mention.deleted_at and mention.deleted_at > moment else mention.deleted_at


def _text_then(mention: Mention, revisions: Sequence[Any], moment: datetime) -> dict[str, Any]:
    """A revision holds what was said until its moment: the first one after `moment` is what was said then."""
    later = next((each for each in revisions if each.at > moment), None)
    if later is None:
        return {}
    before = [each.at for each in revisions if each.at <= moment]
    return {"title": later.title, "text": later.text, "edited_at": before[-1] if before else None}
