"""Replies on their way out: draft, approve, hold, send once, receipt; and what to do when it went wrong.

draft -> (awaiting_approval ->) held -> sending -> sent | failed | uncertain

A reply is held only by the agent who has the case, in one transaction with the case's version. `sending` is committed
before the request leaves, so a crash leaves a trace: a reply that may have arrived is never sent again by itself,
unless its channel recognises the key.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from storage import fence, locks, rows, workflow
from storage.database import Database, owner_is_dead
from storage.errors import HeldByOther, NotFound, StepRefused
from storage.schema import POST, REPLY
from storage.trail import append
from storage.types import SYSTEM, EventKind, Receipt, Reply, ReplyState, Status

SENDING_LEASE = timedelta(minutes=3)
"""How long a send may take before its process is thought gone; longer than any channel's own time limit."""

WAITING = (ReplyState.HELD, ReplyState.AWAITING_APPROVAL)
"""States in which a reply can still be called back."""

UNDERWAY = (*WAITING, ReplyState.SENDING, ReplyState.UNCERTAIN)
"""States of a reply that may still reach the author."""


class Words(NamedTuple):
    """What is said, by whom, and how it is to leave."""

    agent: str
    text: str
    channel: str


class Outbox:
    """Every step on replies, each one transaction that changes the reply and appends an event."""

    def __init__(self, database: Database, stamp: Mapping[str, Any] = {}) -> None:
        """`stamp` is said in the data of the event that hands a reply over, as `Steps` says it."""
        self.database, self._stamp = database, stamp

    def list(self, states: Collection[ReplyState] = UNDERWAY) -> tuple[Reply, ...]:
        """Replies in these states, oldest first."""
        wanted = REPLY.c.state.in_([state.value for state in states])
        with self.database.read() as connection:
            found = connection.execute(sa.select(REPLY).where(wanted).order_by(REPLY.c.id))
            return tuple(rows.reply(row) for row in found)

    def reply(self, reply_id: int) -> Reply:
        """One reply. Raises `NotFound`."""
        with self.database.read() as connection:
            return rows.reply(_found(connection, reply_id))

    def draft(self, case_id: int, agent: str, text: str, channel: str) -> Reply:
        """Keeps what is being written: one draft a case, which goes along to whoever takes the case over.

        Raises `HeldByOther` where another agent has the case.
        """
        with self.database.write() as connection:
            now = self.database.now()
            case = _locked(connection, case_id)
            _refuse_other(case, agent, now)
            return self._keep(connection, case, Words(agent, text, channel), now)

    def hold(
        self,
        case_id: int,
        agent: str,
        text: str,
        *,
        channel: str,
        post_id: int,
        epoch: int,
        seen_version: int,
        key: str,
        hold: timedelta,
        needs_approval: bool = False,
    ) -> Reply:
        """Hands a reply over to be sent after `hold`, or to wait for approval first.

        The same `key` again gives the reply that is there. Raises `LostCase` when the case changed hands since `epoch`,
        and `ConversationMoved` when others changed it since `seen_version`; either way the text is kept as a draft.
        Raises `StepRefused` while a colleague's reply is underway, and for words that were sent in this case before.
        """
        with self.database.write() as connection:
            now = self.database.now()
            case = _locked(connection, case_id)
            known = connection.execute(sa.select(REPLY).where(REPLY.c.key == key)).first()
            if known is not None and known.state not in (ReplyState.DRAFT, ReplyState.CANCELLED):
                return rows.reply(known)
            _refuse_double(connection, case, agent, text)
            refusal = fence.refusal(connection, case, agent, epoch, seen_version)
            values: dict[str, Any]
            if refusal is None:
                needs_approval = needs_approval or fence.wants_approval(connection, text, now)
                state = ReplyState.AWAITING_APPROVAL if needs_approval else ReplyState.HELD
                until = None if needs_approval else now + hold
                values = {"post_id": post_id, "state": state.value, "key": key, "epoch": epoch}
                values |= {"hold_until": until, "created_at": now, "error": None}
                return self._hold(connection, case, Words(agent, text, channel), values, now)
            self._rescue(connection, case, Words(agent, text, channel), now)
        raise refusal

    def _hold(
        self, connection: Connection, case: Row[Any], words: Words, values: dict[str, Any], now: datetime
    ) -> Reply:
        values |= words._asdict()
        draft = _draft(connection, case.id)
        if draft is not None:
            statement: Any = sa.update(REPLY).where(REPLY.c.id == draft.id).values(values)
        else:
            statement = sa.insert(REPLY).values(case_id=case.id, attempts=0, lease_owner="", **values)
        row = connection.execute(statement.returning(REPLY)).one()
        kind = EventKind.HELD if values["hold_until"] else EventKind.SUBMITTED
        changes = {"status": Status.OPEN.value} if case.status == Status.NEW.value else {}
        data = {"channel": words.channel, "text": words.text, "before": {name: case._mapping[name] for name in changes}}
        data |= self._stamp
        _tell(connection, kind, row, words.agent, now, data, changes)
        return rows.reply(row)

    def cancel(self, reply_id: int, agent: str) -> Reply:
        """Calls a reply back before it leaves: its text becomes the draft again. A draft is thrown away.

        Raises `StepRefused` when it has left.
        """
        with self.database.write() as connection:
            return call_back(connection, reply_id, agent, self.database.now())

    def approve(self, reply_id: int, agent: str, text: str | None = None) -> Reply:
        """Lets a reply go that waited for approval, with `text` in place of its own. Nobody approves their own."""
        with self.database.write() as connection:
            row = _in_state(connection, reply_id, "approved", ReplyState.AWAITING_APPROVAL)
            if row.agent == agent:
                raise StepRefused("A reply is approved by somebody else than its writer.")
            now, other = self.database.now(), {"text": text} if text and text != row.text else {}
            said = {"was": row.text, **other} if other else {}
            return put(
                connection, row, EventKind.APPROVED, agent, now, said, state=ReplyState.HELD, hold_until=now, **other
            )

    def reject(self, reply_id: int, agent: str, why: str) -> Reply:
        """Gives a reply back to its writer as a draft, with the reason."""
        with self.database.write() as connection:
            row = _in_state(connection, reply_id, "rejected", ReplyState.AWAITING_APPROVAL)
            state = ReplyState.CANCELLED if _draft(connection, row.case_id) is not None else ReplyState.DRAFT
            return put(connection, row, EventKind.REJECTED, agent, self.database.now(), state=state, error=why)

    def take_due(self, owner: str, accepts: Callable[[Reply], bool] = lambda reply: True) -> Reply | None:
        """Takes the next reply whose time has come, for this process alone; it is `sending` once this returns.

        `accepts` says which replies this process can send at all. The reply is `failed` instead when the conversation
        changed since it was handed over; then a person reads it again. One at a time, so that a slow channel does not
        use up the time of the replies behind it.
        """
        now = self.database.now()
        ripe = sa.and_(REPLY.c.state == ReplyState.HELD.value, REPLY.c.hold_until <= now)
        with self.database.read() as connection:
            first = connection.execute(sa.select(REPLY).where(ripe).order_by(REPLY.c.hold_until, REPLY.c.id))
            waiting = [rows.reply(row) for row in first]
        taken = (self._take(reply.id, owner, now) for reply in waiting if accepts(reply))
        return next((each for each in taken if each is not None), None)

    def _take(self, reply_id: int, owner: str, now: datetime) -> Reply | None:
        with self.database.write() as connection:
            row = _lock(connection, reply_id)
            if row.state != ReplyState.HELD or row.hold_until > now:
                return None
            changes = fence.overtaken(connection, row)
            if changes:
                why = f"Not sent: the conversation changed since it was written: {'; '.join(changes)}. Read it again."
                return put(connection, row, EventKind.FAILED, SYSTEM, now, state=ReplyState.FAILED, error=why)
            lease: dict[str, Any] = {"state": ReplyState.SENDING, "lease_owner": owner}
            lease |= {"lease_until": now + SENDING_LEASE, "attempts": row.attempts + 1}
            return put(connection, row, EventKind.SENDING, SYSTEM, now, **lease)

    def sent(self, reply_id: int, receipt: Receipt) -> Reply:
        """It arrived. A receipt that comes late, after the reply was given up as uncertain, still counts."""
        with self.database.write() as connection:
            row = _lock(connection, reply_id)
            if row.state == ReplyState.SENT:
                return rows.reply(row)
            return self._arrived(connection, row, row.agent, receipt)

    def failed(self, reply_id: int, why: str) -> Reply:
        """It certainly did not arrive."""
        return self._ended(reply_id, EventKind.FAILED, ReplyState.FAILED, why)

    def uncertain(self, reply_id: int, why: str) -> Reply:
        """It may have arrived; a person looks."""
        return self._ended(reply_id, EventKind.UNCERTAIN, ReplyState.UNCERTAIN, why)

    def recover(self, tells_duplicates: Callable[[str], bool]) -> tuple[Reply, ...]:
        """Takes up replies that a dead or silent process left `sending`.

        Those on a channel that tells duplicates by their key are held again, due at once; others become uncertain.
        """
        sending = sa.select(REPLY).where(REPLY.c.state == ReplyState.SENDING.value)
        with self.database.read() as connection:
            left = [row for row in connection.execute(sending) if self._is_left(row)]
        found = (self._take_up(row.id, tells_duplicates(row.channel)) for row in left)
        return tuple(each for each in found if each is not None)

    def _is_left(self, row: Row[Any]) -> bool:
        gone = owner_is_dead(row.lease_owner) or row.lease_until < self.database.now()
        return bool(row.state == ReplyState.SENDING and gone)

    def _take_up(self, reply_id: int, again: bool) -> Reply | None:
        why = "The program stopped while this was being sent; look whether it arrived."
        with self.database.write() as connection:
            row = _lock(connection, reply_id)
            if not self._is_left(row):
                return None
            if again:
                now = self.database.now()
                return put(connection, row, EventKind.HELD, SYSTEM, now, state=ReplyState.HELD, hold_until=now)
            return put(
                connection, row, EventKind.UNCERTAIN, SYSTEM, self.database.now(), state=ReplyState.UNCERTAIN, error=why
            )

    def retry(self, reply_id: int, agent: str) -> Reply:
        """Sends a failed reply again, with the same key. One that is uncertain is settled first."""
        with self.database.write() as connection:
            row = _in_state(connection, reply_id, "sent again", ReplyState.FAILED)
            now = self.database.now()
            _refuse_other(_locked(connection, row.case_id), agent, now)
            if fence.wants_approval(connection, row.text, now):
                kind, state, until = EventKind.SUBMITTED, ReplyState.AWAITING_APPROVAL, None
            else:
                kind, state, until = EventKind.HELD, ReplyState.HELD, now
            return put(connection, row, kind, agent, now, state=state, hold_until=until, error=None)

    def settle(self, reply_id: int, agent: str, *, arrived: bool) -> Reply:
        """A person looked whether an uncertain reply arrived."""
        with self.database.write() as connection:
            row = _in_state(connection, reply_id, "settled", ReplyState.UNCERTAIN)
            if arrived:
                return self._arrived(connection, row, agent, Receipt(url=row.url, external_id=row.external_id))
            why = f"It did not arrive, says {agent}."
            return put(
                connection, row, EventKind.FAILED, agent, self.database.now(), state=ReplyState.FAILED, error=why
            )

    def _arrived(self, connection: Connection, row: Row[Any], agent: str, receipt: Receipt) -> Reply:
        now = self.database.now()
        said: dict[str, Any] = {"state": ReplyState.SENT, "sent_at": now, "error": None}
        said |= {"url": receipt.url or row.url, "external_id": receipt.external_id or row.external_id}
        return put(connection, row, EventKind.SENT, agent, now, {"sentence": receipt.sentence}, **said)

    def _ended(self, reply_id: int, kind: EventKind, state: ReplyState, why: str) -> Reply:
        with self.database.write() as connection:
            row = _in_state(connection, reply_id, _words(state), ReplyState.SENDING)
            return put(connection, row, kind, SYSTEM, self.database.now(), state=state, error=why)

    def _keep(self, connection: Connection, case: Row[Any], words: Words, now: datetime) -> Reply:
        draft = _draft(connection, case.id)
        if draft is not None:
            change = sa.update(REPLY).where(REPLY.c.id == draft.id).values(words._asdict()).returning(REPLY)
            return rows.reply(connection.execute(change).one())
        row = _add_draft(connection, case, words, ReplyState.DRAFT, now)
        _tell(connection, EventKind.DRAFTED, row, words.agent, now, {"channel": words.channel})
        return rows.reply(row)

    def _rescue(self, connection: Connection, case: Row[Any], words: Words, now: datetime) -> None:
        """Keeps a text that may not be sent: as the draft, or beside it where a colleague's draft is there."""
        draft = _draft(connection, case.id)
        if draft is None or draft.agent == words.agent:
            self._keep(connection, case, words, now)
        else:
            _add_draft(connection, case, words, ReplyState.CANCELLED, now)


def _add_draft(connection: Connection, case: Row[Any], words: Words, state: ReplyState, now: datetime) -> Row[Any]:
    row = {"case_id": case.id, "post_id": _newest_post(connection, case.id), "state": state.value, "epoch": case.epoch}
    row |= {"key": uuid.uuid4().hex, "created_at": now, "attempts": 0, "lease_owner": "", **words._asdict()}
    return connection.execute(sa.insert(REPLY).values(row).returning(REPLY)).one()


def put(
    connection: Connection,
    row: Row[Any],
    kind: EventKind,
    actor: str,
    at: datetime,
    more: Mapping[str, Any] | None = None,
    **values: Any,
) -> Reply:
    """Changes a reply and appends the event that says so, with `more` of what happened."""
    change = sa.update(REPLY).where(REPLY.c.id == row.id).values(**{**values, "state": values["state"].value})
    changed = connection.execute(change.returning(REPLY)).one()
    data = {"from": row.state, "to": changed.state, "channel": changed.channel}
    data |= {name: values[name] for name in ("error", "url", "attempts") if values.get(name)} | dict(more or {})
    _tell(connection, kind, changed, actor, at, data)
    return rows.reply(changed)


def call_back(connection: Connection, reply_id: int, agent: str, at: datetime) -> Reply:
    """`Outbox.cancel`, in a transaction of the caller's."""
    row = _lock(connection, reply_id)
    if row.state not in (*WAITING, ReplyState.DRAFT, ReplyState.FAILED):
        raise StepRefused(f"Reply {reply_id} cannot be called back: it is {_words(row.state)}.")
    drop = row.state == ReplyState.DRAFT or _draft(connection, row.case_id) is not None
    state = ReplyState.CANCELLED if drop else ReplyState.DRAFT
    return put(connection, row, EventKind.CANCELLED, agent, at, state=state, hold_until=None)


def _locked(connection: Connection, case_id: int) -> Row[Any]:
    found = locks.cases(connection, (case_id,))
    if not found:
        raise NotFound(f"There is no case {case_id}.")
    return found[case_id]


def _refuse_other(case: Row[Any], agent: str, now: datetime) -> None:
    facts = workflow.Facts(Status(case.status), case.assignee, case.lease_until)
    if workflow.is_held(facts, agent, now):
        raise HeldByOther(case.id, case.assignee)


def _refuse_double(connection: Connection, case: Row[Any], agent: str, text: str) -> None:
    """Nobody is answered twice: not by two colleagues at once, and not with the same words again."""
    states = [state.value for state in (*UNDERWAY, ReplyState.SENT)]
    for row in connection.execute(sa.select(REPLY).where(REPLY.c.case_id == case.id, REPLY.c.state.in_(states))):
        if row.agent != agent and row.state != ReplyState.SENT:
            raise StepRefused(f"Reply {row.id} by {row.agent} is {_words(row.state)}: settle or cancel that first.")
        if row.text == text:
            raise StepRefused(f"Case {case.id} was answered with these words before: reply {row.id}.")


def _found(connection: Connection, reply_id: int) -> Row[Any]:
    row = connection.execute(sa.select(REPLY).where(REPLY.c.id == reply_id)).first()
    if row is None:
        raise NotFound(f"There is no reply {reply_id}.")
    return row


def _lock(connection: Connection, reply_id: int) -> Row[Any]:
    """The reply as it is once its case is locked."""
    _locked(connection, _found(connection, reply_id).case_id)
    return _found(connection, reply_id)


def _in_state(connection: Connection, reply_id: int, what: str, state: ReplyState) -> Row[Any]:
    row = _lock(connection, reply_id)
    if row.state != state:
        raise StepRefused(f"Reply {reply_id} cannot be {what}: it is {_words(row.state)}.")
    return row


def _draft(connection: Connection, case_id: int) -> Row[Any] | None:
    live = sa.select(REPLY).where(REPLY.c.case_id == case_id, REPLY.c.state == ReplyState.DRAFT.value)
    return connection.execute(live.order_by(REPLY.c.id.desc()).limit(1)).first()


def _newest_post(connection: Connection, case_id: int) -> int:
    newest = sa.select(POST.c.id).where(POST.c.case_id == case_id).order_by(POST.c.at.desc(), POST.c.id.desc())
    found = connection.execute(newest.limit(1)).scalar()
    if found is None:
        raise StepRefused(f"Case {case_id} has no mention left to answer.")
    return int(found)


def _words(state: str) -> str:
    return ReplyState(state).value.replace("_", " ")


def _tell(
    connection: Connection,
    kind: EventKind,
    reply: Row[Any],
    actor: str,
    at: datetime,
    data: dict[str, Any],
    changes: dict[str, Any] | None = None,
) -> None:
    ids = {"case_id": reply.case_id, "post_id": reply.post_id, "reply_id": reply.id}
    append(connection, kind, at=at, actor=actor, data=data, changes=changes, **ids)
