"""Taking back what an agent did, and doing it again: from the events, so it works across restarts and machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from storage import corrections, locks, rows
from storage.database import Database, insert_ignore
from storage.errors import NothingToUndo, StepRefused
from storage.outbox import call_back
from storage.schema import CASE, EVENT, REPLY, TAG
from storage.trail import append
from storage.types import SYSTEM, Event, EventKind, Priority, ReplyState

DEPTH = 50
"""Acts that can be taken back; a step on several cases is one act."""

STEPS = frozenset(
    {
        EventKind.CLAIMED,
        EventKind.RELEASED,
        EventKind.ASSIGNED,
        EventKind.TAGGED,
        EventKind.UNTAGGED,
        EventKind.NOTED,
        EventKind.PRIORITISED,
        EventKind.CORRECTED,
        EventKind.SNOOZED,
        EventKind.WOKEN,
        EventKind.PENDED,
        EventKind.RESOLVED,
        EventKind.DISMISSED,
        EventKind.SPAMMED,
        EventKind.REOPENED,
        EventKind.HANDED_OVER,
        EventKind.ACCEPTED,
        EventKind.REFUSED,
        EventKind.PLAYBOOK,
        EventKind.TICKED,
    }
)
"""What can be taken back and done again."""

ACTS = STEPS | {EventKind.HELD, EventKind.SENT, EventKind.SUBMITTED, EventKind.APPROVED, EventKind.REJECTED}
"""What stands in the way of taking back an earlier step of somebody else."""

REPLIES = frozenset({EventKind.HELD.value, EventKind.SUBMITTED.value})
"""A reply handed over: taken back by calling it back, as long as it has not left."""

COLUMNS = {"assignee", "lease_until", "status", "snoozed_until", "priority", "priority_score"}
COLUMNS |= {"department", "handed_to", "playbook", "checklist"}
TIMES = {"lease_until", "snoozed_until"}


class Undo:
    """The last acts of an agent, backwards and forwards."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def undo(self, agent: str, on: int | None = None, *, by: str = "") -> Event:
        """Takes back the agent's newest act that is not taken back yet; gives the (last) event that did.

        `on` looks only at acts that touched that case; `by` is who asks, where that is somebody else (it was a rule
        that acted). Raises `StepRefused` when there is nothing to take back, or when somebody else acted on the case
        since.
        """
        with self.database.write() as connection:
            for act in _acts(connection, agent, on):
                left = [event for event in act if event.undone_by is None and not self._has_left(connection, event)]
                if left:
                    return self._turn(connection, agent, left, back=True, by=by)
        where = f" on case {on}" if on is not None else ""
        raise NothingToUndo(f"There is nothing to undo among the last {DEPTH} acts of {agent}{where}.")

    def redo(self, agent: str) -> Event:
        """Does again what the agent's newest undo took back; a new act in between makes that impossible."""
        with self.database.write() as connection:
            newest = sa.select(EVENT).where(EVENT.c.actor == agent, EVENT.c.kind == EventKind.UNDONE.value)
            row = connection.execute(newest.where(EVENT.c.undone_by.is_(None)).order_by(EVENT.c.id.desc())).first()
            fresh = next((act[0] for act in _acts(connection, agent) if _stands(act[0])), None)
            if row is None or (fresh is not None and fresh.id > row.id):
                raise StepRefused("There is nothing to redo.")
            return self._turn(connection, agent, _batch(connection, row), back=False)

    def _has_left(self, connection: Connection, event: Row[Any]) -> bool:
        """A reply that left the outbox's hold is no act to take back any more; what was done with it is."""
        if event.kind not in REPLIES:
            return False
        state = connection.execute(sa.select(REPLY.c.state).where(REPLY.c.id == event.reply_id)).scalar()
        return state not in (ReplyState.HELD, ReplyState.AWAITING_APPROVAL)

    def _turn(self, connection: Connection, agent: str, act: Sequence[Row[Any]], *, back: bool, by: str = "") -> Event:
        locks.cases(connection, {event.case_id for event in act})
        now, turned = self.database.now(), 0
        for event in act:
            _refuse_if_turned(connection, event)
            _refuse_if_acted(connection, agent, event)
        for event in act:
            if event.kind in REPLIES:
                turned = self._call_back(connection, agent, event, now)
            else:
                turned = self._turn_one(connection, by or agent, event, now, back)
        return rows.event(connection.execute(sa.select(EVENT).where(EVENT.c.id == turned)).one())

    def _turn_one(self, connection: Connection, agent: str, event: Row[Any], now: datetime, back: bool) -> int:
        """Puts back what stood before `event`; the new event says what stood before it in turn."""
        case = connection.execute(sa.select(CASE).where(CASE.c.id == event.case_id)).one()
        changes, before = _restored(event, case)
        if back:
            kind, data = EventKind.UNDONE, {"event": event.id, "kind": event.kind}
            self._invert(connection, event, EventKind(event.kind), back=True)
        else:
            first = connection.execute(sa.select(EVENT).where(EVENT.c.id == event.data["event"])).one()
            kind, data = EventKind(first.kind), {**first.data, "redo": event.id}
            data |= self._invert(connection, first, kind, back=False)
        said = {**data, "before": before} if before else data
        if "batch" in event.data:
            said["batch"] = f"{event.data['batch']}'"
        ids = {"case_id": event.case_id, "post_id": event.post_id}
        new_id = append(connection, kind, at=now, actor=agent, data=said, changes=changes, **ids)
        _mark(connection, event.id, new_id)
        return new_id

    def _invert(self, connection: Connection, event: Row[Any], kind: EventKind, *, back: bool) -> dict[str, Any]:
        """Turns what an act changed outside its case's row; gives what the new event says of it besides."""
        match kind:
            case EventKind.TAGGED | EventKind.UNTAGGED:
                row = {"case_id": event.case_id, "tag": event.data["tag"]}
                if (kind is EventKind.TAGGED) is back:
                    connection.execute(sa.delete(TAG).where(TAG.c.case_id == row["case_id"], TAG.c.tag == row["tag"]))
                else:
                    connection.execute(insert_ignore(self.database, TAG, [row], ["case_id", "tag"]))
            case EventKind.CORRECTED:
                value = event.data["from" if back else "to"]
                corrections.write(connection, event.post_id, event.data["field"], value)
            case EventKind.PRIORITISED if back:
                corrections.put_back(connection, event.data.get("was", ()))
            case EventKind.PRIORITISED:
                return {"was": corrections.rank(connection, event.case_id, Priority(event.data["to"]))}
        return {}

    def _call_back(self, connection: Connection, agent: str, event: Row[Any], now: datetime) -> int:
        call_back(connection, event.reply_id, agent, now)
        newest = sa.select(EVENT).where(EVENT.c.reply_id == event.reply_id).order_by(EVENT.c.id.desc())
        row = connection.execute(newest.limit(1)).one()
        _mark(connection, event.id, row.id)
        return int(row.id)


def _acts(connection: Connection, agent: str, on: int | None = None) -> Iterator[Sequence[Row[Any]]]:
    """The agent's last acts (on a case), newest first; the events of a step on several cases are one act."""
    mine = _undoable(agent).order_by(EVENT.c.id.desc())
    acts: list[list[Row[Any]]] = []
    chosen = mine if on is None else mine.where(EVENT.c.case_id == on)
    with closing(connection.execute(chosen).yield_per(DEPTH)) as events:
        for event in events:
            batch = event.data.get("batch")
            if batch and acts and acts[-1][0].data.get("batch") == batch:
                acts[-1].append(event)
            elif len(acts) == DEPTH:
                break
            else:
                acts.append([event])
    for act in acts:
        yield act if on is None else _whole(connection, act)


def _undoable(agent: str) -> sa.Select[Any]:
    kinds = [kind.value for kind in STEPS] + list(REPLIES)
    return sa.select(EVENT).where(EVENT.c.actor == agent, EVENT.c.kind.in_(kinds))


def _whole(connection: Connection, act: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """An act with what it did to other cases, newest first."""
    newest, mine = act[0], _undoable(act[0].actor)
    if not newest.data.get("batch"):
        return act
    later = _alike(connection, mine.where(EVENT.c.id > newest.id).order_by(EVENT.c.id), newest)
    earlier = _alike(connection, mine.where(EVENT.c.id <= newest.id).order_by(EVENT.c.id.desc()), newest)
    return [*reversed(later), *earlier]


def _batch(connection: Connection, event: Row[Any]) -> list[Row[Any]]:
    if not event.data.get("batch"):
        return [event]
    near = sa.select(EVENT).where(EVENT.c.actor == event.actor, EVENT.c.kind == event.kind, EVENT.c.id <= event.id)
    return _alike(connection, near.order_by(EVENT.c.id.desc()), event)


def _alike(connection: Connection, query: sa.Select[Any], event: Row[Any]) -> list[Row[Any]]:
    """The first rows, as long as they are of the event's batch."""
    with closing(connection.execute(query).yield_per(DEPTH)) as events:
        return list(takewhile(lambda row: row.data.get("batch") == event.data["batch"], events))


def _stands(event: Row[Any]) -> bool:
    """A fresh act that was neither taken back nor done again: after it there is nothing to redo."""
    return event.undone_by is None and "redo" not in event.data


def _refuse_if_turned(connection: Connection, event: Row[Any]) -> None:
    """What was found before its case was locked may have been taken back since, from another window."""
    by = connection.execute(sa.select(EVENT.c.undone_by).where(EVENT.c.id == event.id)).scalar_one()
    if by != event.undone_by:
        raise StepRefused(f"Case {event.case_id}: {event.kind} was taken back just now.")


def _refuse_if_acted(connection: Connection, agent: str, event: Row[Any]) -> None:
    since = sa.select(EVENT).where(
        EVENT.c.case_id == event.case_id,
        EVENT.c.id > event.id,
        EVENT.c.actor != agent,
        EVENT.c.kind.in_([kind.value for kind in ACTS]),
        EVENT.c.undone_by.is_(None),
    )
    other = connection.execute(since.order_by(EVENT.c.id).limit(1)).first()
    if other is not None:
        raise StepRefused(
            f"Case {event.case_id}: {event.kind} cannot be taken back any more; "
            f"{'the desk' if other.actor == SYSTEM else other.actor} {other.kind} it since, at {other.at:%H:%M} UTC."
        )


def _restored(event: Row[Any], case: Row[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns to put back, and what stands in them now."""
    saved = {name: value for name, value in event.data.get("before", {}).items() if name in COLUMNS}
    changes = {name: _moment(value) if name in TIMES else value for name, value in saved.items()}
    before = {name: _plain(case._mapping[name]) for name in saved}
    if "assignee" in changes and changes["assignee"] != case.assignee:
        changes["epoch"] = CASE.c.epoch + 1
    return changes, before


def _mark(connection: Connection, event_id: int, undone_by: int) -> None:
    connection.execute(sa.update(EVENT).where(EVENT.c.id == event_id).values(undone_by=undone_by))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
