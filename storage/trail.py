"""Appending events: one place that writes what happened, and marks the case as changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.schema import CASE, EVENT
from storage.types import EventKind
from storage.workflow import MOVING


@cache
def _insert() -> sa.Executable:
    return sa.insert(EVENT).returning(EVENT.c.id)


def append(
    connection: Connection,
    kind: EventKind,
    *,
    at: datetime,
    actor: str,
    case_id: int | None = None,
    post_id: int | None = None,
    reply_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> int:
    """Writes an event and, in the same transaction, the case's `changes`; gives the event's id.

    The case's version grows where the event is of a kind after which a reply should be read again.
    """
    row = {"at": at, "actor": actor, "kind": kind.value, "case_id": case_id, "post_id": post_id}
    row |= {"reply_id": reply_id, "data": dict(data or {})}
    event_id = int(connection.execute(_insert(), row).scalar_one())
    if case_id is not None:
        values = {"changed": event_id, **(changes or {})}
        if kind in MOVING:
            values["version"] = CASE.c.version + 1
        connection.execute(sa.update(CASE).where(CASE.c.id == case_id).values(values))
    return event_id
