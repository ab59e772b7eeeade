"""The steps a person takes on cases: each one transaction that changes the cases and appends an event for each.

Data of an event: what its kind says (`from`, `to`, `tag`, `text`, `until` …), `before` (the case's columns as they
were, which is what undo puts back), and `batch` where one step was taken on several cases.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from storage import corrections, locks, rows, workflow
from storage.corrections import CORRECTABLE, SCORES
from storage.database import Database, insert_ignore
from storage.errors import HeldByOther, LostCase, NotFound, StepRefused
from storage.schema import CASE, EVENT, POST, TAG
from storage.trail import append
from storage.types import SYSTEM, Case, EventKind, Priority, Status

LEASE = timedelta(minutes=10)
"""How long a claim lasts when nobody renews it; a desk renews it every minute."""

Ids = int | Sequence[int]
"""One case, or several that take the step together: all or none."""

Changes = tuple[dict[str, Any], dict[str, Any]]
"""The case's new columns, and what the event says."""


class Steps:
    """All steps but those on replies. Each gives the cases as they are afterwards.

    Each raises `NotFound`, `HeldByOther` where another agent has the case, and `StepRefused` where the step may not be
    taken from the case's status.
    """

    def __init__(self, database: Database, stamp: Mapping[str, Any] = {}) -> None:
        """`stamp` is said in the data of every event: a `batch` makes one act of several steps."""
        self.database, self._stamp = database, stamp

    def claim(self, case_id: int, agent: str, *, lease: timedelta = LEASE) -> Case:
        """Takes a case that nobody has, or whose lease ran out. Claiming again renews the lease, without an event."""
        return self.claim_all((case_id,), agent, lease=lease)[0]

    def claim_all(self, case_ids: Ids, agent: str, *, lease: timedelta = LEASE) -> tuple[Case, ...]:
        """Takes several cases, all or none."""
        with self._transaction(case_ids) as (connection, found, now, batch):
            for case in found:
                _claim(connection, case, agent, now, lease, batch)
            return _cases(connection, found)

    def take_over(self, case_id: int, agent: str, reason: str, *, lease: timedelta = LEASE) -> Case:
        """Takes a case from whoever has it; its draft comes along. Who may do so is for the desk's policy to say."""
        with self._transaction(case_id) as (connection, found, now, batch):
            data = {"from": found[0].assignee, "reason": reason, "lease": lease.total_seconds()} | batch
            changes = {"assignee": agent, "lease_until": now + lease, "epoch": CASE.c.epoch + 1}
            _write(connection, EventKind.CLAIMED, found[0], agent, now, changes, data)
            return _cases(connection, found)[0]

    def renew(self, case_id: int, agent: str, epoch: int, *, lease: timedelta = LEASE) -> None:
        """The heartbeat of a desk that has the case open. Raises `LostCase` when it changed hands."""
        mine = sa.and_(CASE.c.id == case_id, CASE.c.assignee == agent, CASE.c.epoch == epoch)
        with self.database.write() as connection:
            until = _longest(sa.literal(self.database.now() + lease, CASE.c.lease_until.type))
            if not connection.execute(sa.update(CASE).where(mine).values(lease_until=until)).rowcount:
                holder = connection.execute(sa.select(CASE.c.assignee).where(CASE.c.id == case_id)).scalar()
                raise LostCase(f"Case {case_id} is no longer yours: {holder or 'nobody'} has it now.")

    def release(self, case_ids: Ids, agent: str) -> tuple[Case, ...]:
        """Lets go of cases; nothing happens to those that nobody has."""

        def change(case: Row[Any], now: datetime) -> Changes | None:
            if case.assignee is None:
                return None
            changes = {"assignee": None, "lease_until": None, "epoch": CASE.c.epoch + 1}
            return changes, {"from": case.assignee}

        return self._take(EventKind.RELEASED, case_ids, agent, change)

    def assign(self, case_ids: Ids, agent: str, to: str | None) -> tuple[Case, ...]:
        """Gives cases to somebody for good (no lease), or to nobody; refused while another agent is at work on one."""

        def change(case: Row[Any], now: datetime) -> Changes | None:
            if case.assignee == to and case.lease_until is None:
                return None
            changes = {"assignee": to, "lease_until": None, "epoch": CASE.c.epoch + 1}
            return changes, {"from": case.assignee, "to": to}

        return self._take(EventKind.ASSIGNED, case_ids, agent, change)

    def snooze(self, case_ids: Ids, agent: str, until: datetime) -> tuple[Case, ...]:
        """Puts cases away until a time in the future."""
        if until <= self.database.now():
            raise StepRefused(f"{until:%Y-%m-%d %H:%M} is past: choose a time in the future to snooze until.")
        data = {"until": until.isoformat()}
        return self._move(EventKind.SNOOZED, case_ids, agent, {"snoozed_until": until}, data)

    def pend(self, case_ids: Ids, agent: str) -> tuple[Case, ...]:
        """Waits for somebody else: the author or a colleague."""
        return self._move(EventKind.PENDED, case_ids, agent)

    def resolve(self, case_ids: Ids, agent: str) -> tuple[Case, ...]:
        """The work is done."""
        return self._move(EventKind.RESOLVED, case_ids, agent)

    def dismiss(self, case_ids: Ids, agent: str) -> tuple[Case, ...]:
        """Not about us, or not for us to answer."""
        return self._move(EventKind.DISMISSED, case_ids, agent)

    def spam(self, case_ids: Ids, agent: str) -> tuple[Case, ...]:
        """Unwanted rubbish."""
        return self._move(EventKind.SPAMMED, case_ids, agent)

    def reopen(self, case_ids: Ids, agent: str) -> tuple[Case, ...]:
        """Puts cases back to open, whether closed, pending or snoozed."""
        waiting = (Status.PENDING, Status.SNOOZED)
        with self._transaction(case_ids) as (connection, found, now, batch):
            for case in found:
                kind = EventKind.WOKEN if case.status in waiting else EventKind.REOPENED
                _allow(kind, case, agent, now)
                _write(connection, kind, case, agent, now, *_moved(kind, case, now, {}, batch))
            return _cases(connection, found)

    def wake_due(self) -> int:
        """Wakes every case whose snooze is over, as the system's step; gives their number."""
        due = sa.and_(CASE.c.status == Status.SNOOZED.value, CASE.c.snoozed_until <= self.database.now())
        with self.database.read() as connection:  # asked every second, so it takes nobody's turn to write in vain
            if connection.execute(sa.select(CASE.c.id).where(due).limit(1)).first() is None:
                return 0
        with self.database.write() as connection:
            now = self.database.now()
            found = connection.execute(sa.select(CASE).where(due).with_for_update(skip_locked=True)).all()
            for case in found:
                _write(connection, EventKind.WOKEN, case, SYSTEM, now, *_moved(EventKind.WOKEN, case, now, {}, {}))
            return len(found)

    def prioritise(self, case_ids: Ids, agent: str, to: Priority) -> tuple[Case, ...]:
        """Sets the priority, and with it the place in the inbox; of the mentions too, for queries ask those."""
        with self._transaction(case_ids) as (connection, found, now, batch):
            for case in found:
                _allow(EventKind.PRIORITISED, case, agent, now)
                if case.priority != to.value:
                    data = {"from": case.priority, "to": to.value, "was": corrections.rank(connection, case.id, to)}
                    changes = {"priority": to.value, "priority_score": SCORES[to]}
                    _write(connection, EventKind.PRIORITISED, case, agent, now, changes, data | batch)
            return _cases(connection, found)

    def tag(self, case_ids: Ids, agent: str, tag: str) -> tuple[Case, ...]:
        """Labels cases; nothing happens to those that have the label."""
        tag = _tag_name(tag)
        with self._transaction(case_ids) as (connection, found, now, batch):
            for case in found:
                row = {"case_id": case.id, "tag": tag}
                if not connection.execute(sa.select(TAG).filter_by(**row)).first():
                    connection.execute(insert_ignore(self.database, TAG, [row], ["case_id", "tag"]))
                    _write(connection, EventKind.TAGGED, case, agent, now, {}, {"tag": tag} | batch)
            return _cases(connection, found)

    def untag(self, case_ids: Ids, agent: str, tag: str) -> tuple[Case, ...]:
        """Takes a label off; nothing happens to cases without it."""
        tag = _tag_name(tag)
        with self._transaction(case_ids) as (connection, found, now, batch):
            for case in found:
                gone = sa.delete(TAG).where(TAG.c.case_id == case.id, TAG.c.tag == tag)
                if connection.execute(gone).rowcount:
                    _write(connection, EventKind.UNTAGGED, case, agent, now, {}, {"tag": tag} | batch)
            return _cases(connection, found)

    def note(self, case_ids: Ids, agent: str, text: str) -> tuple[Case, ...]:
        """Writes something down for colleagues."""
        if not text.strip():
            raise StepRefused("A note needs words.")
        return self._take(EventKind.NOTED, case_ids, agent, lambda case, now: ({}, {"text": text}))

    def correct(self, post_id: int, agent: str, field: str, to: str | float) -> Case:
        """Corrects what was understood of a mention: sentiment, intent, priority, relevance or lang.

        Several intents are joined by ",", the most likely first; "" is none. What is right already is confirmed, which
        is an event as well: both are what the understanding learns from. Raises `StepRefused` for a value that is none.
        """
        if field not in CORRECTABLE:
            raise StepRefused(f"{field} cannot be corrected; choose from {', '.join(CORRECTABLE)}.")
        with self.database.write() as connection:
            found = connection.execute(sa.select(POST.c.case_id).where(POST.c.id == post_id)).first()
            if found is None or found.case_id is None:
                raise NotFound(f"There is no mention {post_id} with a case.")
            case = _locked(connection, (found.case_id,))[0]  # before the post, as every step does
            post = connection.execute(sa.select(POST).where(POST.c.id == post_id)).one()
            was, now = corrections.read(connection, post, field), self.database.now()
            after = corrections.meant(connection, field, to)
            if was != after or not corrections.is_confirmed(connection, post_id, field):
                corrections.write(connection, post_id, field, after)
                data = {"field": field, "from": was, "to": after, "model": post.model}
                append(
                    connection, EventKind.CORRECTED, at=now, actor=agent, case_id=case.id, post_id=post_id, data=data
                )
            return _cases(connection, [case])[0]

    def _move(
        self, kind: EventKind, case_ids: Ids, agent: str, changes: Mapping[str, Any] = {}, data: Mapping[str, Any] = {}
    ) -> tuple[Case, ...]:
        return self._take(kind, case_ids, agent, lambda case, now: _moved(kind, case, now, changes, data))

    def _take(
        self, kind: EventKind, case_ids: Ids, agent: str, change: Callable[[Row[Any], datetime], Changes | None]
    ) -> tuple[Case, ...]:
        """One step on cases, all or none; a case for which `change` has nothing to do is left as it is."""
        with self._transaction(case_ids) as (connection, found, now, batch):
            for case in found:
                _allow(kind, case, agent, now)
                changed = change(case, now)
                if changed is not None:
                    _write(connection, kind, case, agent, now, changed[0], changed[1] | batch)
            return _cases(connection, found)

    @contextmanager
    def _transaction(self, case_ids: Ids) -> Iterator[tuple[Connection, list[Row[Any]], datetime, dict[str, Any]]]:
        wanted = (case_ids,) if isinstance(case_ids, int) else tuple(dict.fromkeys(case_ids))
        batch = ({"batch": uuid.uuid4().hex} if len(wanted) > 1 else {}) | dict(self._stamp)
        with self.database.write() as connection:
            yield connection, _locked(connection, wanted), self.database.now(), batch


def facts(case: Row[Any]) -> workflow.Facts:
    """What the workflow looks at, of a row."""
    return workflow.Facts(status=Status(case.status), assignee=case.assignee, lease_until=case.lease_until)


def _locked(connection: Connection, case_ids: Sequence[int]) -> list[Row[Any]]:
    """The rows, locked until the transaction ends. Raises `NotFound`."""
    found = locks.cases(connection, case_ids)
    missing = [each for each in case_ids if each not in found]
    if missing:
        raise NotFound(f"There is no case {missing[0]}.")
    return [found[each] for each in case_ids]


def _allow(kind: EventKind, case: Row[Any], agent: str, now: datetime) -> None:
    seen = facts(case)
    if kind is EventKind.ASSIGNED and seen.lease_until is None:
        return  # an assignment without a lease may be changed by anybody
    if not workflow.goes_past(kind, agent) and workflow.is_held(seen, agent, now):
        raise HeldByOther(case.id, str(case.assignee))
    why_not = workflow.may(kind, seen, agent, now)
    if why_not:
        raise StepRefused(f"Case {case.id} {why_not}.")


@cache
def _win() -> sa.Executable:
    """One conditional statement decides who has a case, whatever was read before."""
    agent, moment = sa.bindparam("agent", type_=CASE.c.assignee.type), CASE.c.lease_until.type
    now, until = sa.bindparam("now", type_=moment), sa.bindparam("until", type_=moment)
    mine = CASE.c.assignee == agent
    free = sa.or_(CASE.c.assignee.is_(None), mine, CASE.c.lease_until < now)
    hands = sa.case((mine, CASE.c.epoch), else_=CASE.c.epoch + 1)
    values = {"assignee": agent, "lease_until": sa.case((mine, _longest(until)), else_=until), "epoch": hands}
    won = sa.update(CASE).where(CASE.c.id == sa.bindparam("case"), free).values(values)
    return won.returning(CASE.c.epoch)


def _claim(
    connection: Connection, case: Row[Any], agent: str, now: datetime, lease: timedelta, batch: Mapping[str, str]
) -> None:
    """Takes a case for an agent. Raises `HeldByOther`."""
    won = connection.execute(_win(), {"case": case.id, "agent": agent, "now": now, "until": now + lease}).first()
    if won is None:
        since = sa.select(sa.func.max(EVENT.c.at)).where(
            EVENT.c.case_id == case.id, EVENT.c.kind.in_([EventKind.CLAIMED.value, EventKind.ASSIGNED.value])
        )
        raise HeldByOther(case.id, str(case.assignee), connection.execute(since).scalar())
    if case.assignee != agent:
        data = {"from": case.assignee, "lease": lease.total_seconds(), **batch}
        changes = {"assignee": agent, "lease_until": now + lease, "epoch": won.epoch}
        _write(connection, EventKind.CLAIMED, case, agent, now, changes, data)


def _longest(until: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    """Renewing a lease never makes it shorter."""
    return sa.case((CASE.c.lease_until > until, CASE.c.lease_until), else_=until)


def _moved(
    kind: EventKind, case: Row[Any], now: datetime, changes: Mapping[str, Any], data: Mapping[str, Any]
) -> Changes:
    """A step to another status. A closed case is nobody's any more once it is opened again: its lease ends."""
    status = workflow.after(kind, Status(case.status))
    values: dict[str, Any] = {"status": status.value, "snoozed_until": None}
    if not status.is_open and case.handed_to is not None:
        values["handed_to"] = None  # what is done is nobody's to accept
    if not status.is_open and case.assignee is not None:
        values["lease_until"] = now - timedelta(seconds=1)
    return {**values, **changes}, {"from": case.status, "to": status.value, **data}


def _write(
    connection: Connection,
    kind: EventKind,
    case: Row[Any],
    agent: str,
    now: datetime,
    changes: Mapping[str, Any],
    data: Mapping[str, Any],
) -> int:
    before = {name: _plain(case._mapping[name]) for name in changes if name != "epoch"}
    said = {**data, "before": before} if before else data
    return append(connection, kind, at=now, actor=agent, case_id=case.id, data=said, changes=changes)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _cases(connection: Connection, found: Sequence[Row[Any]]) -> tuple[Case, ...]:
    return tuple(rows.cases(connection, [case.id for case in found]))


def _tag_name(tag: str) -> str:
    name = " ".join(tag.split()).casefold().lstrip("#")
    if not name or len(name) > 50:
        raise StepRefused("A tag has 1 to 50 characters.")
    return name
