"""The fence around a reply: whether who wrote it still has the case, and whether the case is still what they read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from storage import workflow
from storage.errors import ConversationMoved, LostCase
from storage.schema import EVENT, SETTING
from storage.types import EventKind

STOPS = frozenset(
    {
        EventKind.FOUND,
        EventKind.EDITED,
        EventKind.DELETED,
        EventKind.ANSWERED_ELSEWHERE,
        EventKind.NOTED,
        EventKind.SENT,
    }
)
"""Events that stop a reply which already waits to leave; other people's posts in a busy thread do not."""


CRISIS = "crisis"
"""The setting that holds the present or the last crisis; "" after one was ended."""


def crisis(connection: Connection, now: datetime) -> dict[str, Any] | None:
    """What was said of the crisis that holds now (statement, by, since, until), if any."""
    value = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == CRISIS)).scalar()
    said: dict[str, Any] = json.loads(value) if value else {}
    return said if said and datetime.fromisoformat(said["until"]) > now else None


def wants_approval(connection: Connection, text: str, now: datetime) -> bool:
    """Whether a reply has to wait for approval whoever wrote it: in a crisis, but for the approved statement."""
    said = crisis(connection, now)
    return said is not None and text.strip() != said["statement"]


def refusal(
    connection: Connection, case: Row[Any], agent: str, epoch: int, seen_version: int
) -> LostCase | ConversationMoved | None:
    """Why the reply may not go, or None. `case` is the row as locked by the transaction that would send."""
    if case.assignee != agent or case.epoch != epoch:
        holder = case.assignee or "nobody"
        return LostCase(f"Case {case.id} changed hands: {holder} has it now. Your text is kept as a draft.")
    changes = _changes_since(connection, case, agent, seen_version)
    if changes:
        return ConversationMoved(f"Case {case.id} changed since you read it: {'; '.join(changes)}.", changes)
    return None


def _changes_since(connection: Connection, case: Row[Any], agent: str, seen_version: int) -> Sequence[str]:
    """What others did since the version that was seen; each such event raised the version by one."""
    missed = case.version - seen_version
    if missed <= 0:
        return ()
    kinds = [kind.value for kind in workflow.MOVING]
    query = sa.select(EVENT).where(EVENT.c.case_id == case.id, EVENT.c.kind.in_(kinds))
    newest = connection.execute(query.order_by(EVENT.c.id.desc()).limit(missed)).all()
    return [describe(row) for row in reversed(newest) if row.actor != agent]


def overtaken(connection: Connection, reply: Row[Any]) -> Sequence[str]:
    """What happened in a reply's case since it was last handed over or approved that its writer should know first."""
    handed = [EventKind.HELD.value, EventKind.APPROVED.value]
    since = sa.select(sa.func.max(EVENT.c.id)).where(EVENT.c.reply_id == reply.id, EVENT.c.kind.in_(handed))
    query = sa.select(EVENT).where(
        EVENT.c.case_id == reply.case_id,
        EVENT.c.id > since.scalar_subquery(),
        EVENT.c.kind.in_([kind.value for kind in STOPS]),
        EVENT.c.actor != reply.agent,
    )
    return [describe(row) for row in connection.execute(query.order_by(EVENT.c.id))]


def describe(event: Any) -> str:
    """An event in a few words, for somebody whose reply it stops."""
    at = f"{event.at:%H:%M} UTC"
    match EventKind(event.kind):
        case EventKind.FOUND:
            return f"a new mention at {at}"
        case EventKind.CONTEXT:
            return f"new posts in the conversation at {at}"
        case EventKind.EDITED:
            return f"a post was edited at {at}"
        case EventKind.DELETED:
            return f"a post was deleted at {at}"
        case EventKind.ANSWERED_ELSEWHERE:
            return f"one of our own accounts answered at {at}"
        case kind:
            return f"{event.actor} {kind.value} it at {at}"
