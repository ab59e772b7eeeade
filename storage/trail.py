"""Appending events: one place that writes what happened, and marks the case as changed by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import tables
from storage.types import EventKind
from storage.workflow import MOVING

EVENT = tables.Event.__table__  # type: ignore[attr-defined]
CASE = tables.Case.__table__  # type: ignore[attr-defined]


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
    event_id = int(connection.execute(sa.insert(EVENT).values(row).returning(EVENT.c.id)).scalar_one())
    if case_id is not None:
        values = {"changed": event_id, **(changes or {})}
        if kind in MOVING:
            values["version"] = CASE.c.version + 1
        connection.execute(sa.update(CASE).where(CASE.c.id == case_id).values(values))
    return event_id


def append_many(
    connection: Connection, kind: EventKind, about: Sequence[tuple[int, int]], *, at: datetime, actor: str
) -> None:
    """Writes one event of this kind for each case and post, as `append` would, in a few statements."""
    common = {"at": at, "actor": actor, "kind": kind.value, "reply_id": None, "data": {}}
    connection.execute(sa.insert(EVENT), [{**common, "case_id": case, "post_id": post} for case, post in about])
    cases = {case for case, _ in about}
    newest = sa.select(EVENT.c.case_id, sa.func.max(EVENT.c.id)).where(EVENT.c.case_id.in_(cases))
    moves = Counter(case for case, _ in about if kind in MOVING)
    changes = [
        {"of": case, "newest": event, "moves": moves[case]}
        for case, event in connection.execute(newest.group_by(EVENT.c.case_id)).all()
    ]
    values = {"changed": sa.bindparam("newest"), "version": CASE.c.version + sa.bindparam("moves")}
    connection.execute(sa.update(CASE).where(CASE.c.id == sa.bindparam("of")).values(values), changes)
