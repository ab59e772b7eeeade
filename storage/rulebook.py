"""The rules' door: what happened since they last looked, and a transaction in which a rule acts once on a case.

Events are read by a cursor over their ids. PostgreSQL gives ids out before commit, so an event may appear below the
cursor: the ids that were missing are remembered and looked for again, for as long as a transaction may live. Cursor,
runs, steps and events are written in one transaction, so that whatever is killed whenever, a rule acts once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import locks, rows, tables, workflow
from storage.database import Database, Within, in_chunks, insert_ignore
from storage.errors import NotFound, NothingToUndo, StepRefused
from storage.intake import cases
from storage.outbox import Outbox
from storage.schema import AUTHOR, CASE, EVENT, POST, REPLY, RUN, SETTING
from storage.steps import Steps
from storage.teamwork import Teamwork
from storage.trail import append
from storage.types import Case, Event, EventKind, Mention, ReplyState, Status
from storage.undo import Undo

CURSOR = "rules.cursor"
"""The setting that holds the newest event looked at and the gaps below it; its row is the lock of all rule work."""

PATIENCE = timedelta(minutes=10)
"""How long a missing event is looked for: longer than any transaction lives."""

HANDLED = (EventKind.SENT, EventKind.HELD, EventKind.SUBMITTED, EventKind.RESOLVED, EventKind.CLAIMED)
"""What shows that an agent knows a person."""

POSTS = "rules.posts."
"""What the setting is called that holds the newest post a rule looked at for cases to open; then the rule's key."""

OVERLAP = 1000
"""Ids below that one which are looked at again: PostgreSQL gives ids out before commit."""

BY_HAND = 0
"""The event of a run that a person asked for."""


class Rulebook:
    """What the rules are read and written by."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self) -> None:
        """Lets the rules look at what happens from now on, where they never looked before."""
        with self.database.write() as connection:
            newest = int(connection.execute(sa.select(sa.func.max(EVENT.c.id))).scalar() or 0)
            row = {"name": CURSOR, "value": json.dumps({"at": newest, "gaps": []})}
            connection.execute(insert_ignore(self.database, SETTING, [row], ["name"]))

    def is_waiting(self) -> bool:
        """Whether there is anything to look at; a read, so that looking often disturbs nobody."""
        with self.database.read() as connection:
            value = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == CURSOR)).scalar()
            if value is None:
                return True
            unseen = sa.select(EVENT.c.id).where(_unseen(json.loads(value))).limit(1)
            return connection.execute(unseen).first() is not None

    def has_posts(self, rule: str) -> bool:
        """Whether posts arrived since this rule last looked for cases to open. The first time it looks from now on."""
        name = POSTS + rule
        with self.database.read() as connection:
            seen = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == name)).scalar()
            newest = int(connection.execute(sa.select(sa.func.max(POST.c.id))).scalar() or 0)
        if seen is None:
            with self.database.write() as connection:
                row = {"name": name, "value": str(newest)}
                connection.execute(insert_ignore(self.database, SETTING, [row], ["name"]))
        return seen is not None and newest > int(seen)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A transaction of rule work, once no other process is at it. It commits whole, or not at all."""
        self.begin()
        with self.database.write() as connection:
            value = connection.execute(_mine().with_for_update()).scalar_one()
            yield Turn(self.database, connection, json.loads(value))

    @contextmanager
    def look(self) -> Iterator[Turn]:
        """For asking what a turn knows; nothing may be changed by it."""
        with self.database.read() as connection:
            yield Turn(self.database, connection, {})

    @contextmanager
    def turn_or_none(self) -> Iterator[Turn | None]:
        """The same, but None while another process is at it."""
        self.begin()
        with self.database.write() as connection:
            value = connection.execute(_mine().with_for_update(skip_locked=True)).scalar()
            yield None if value is None else Turn(self.database, connection, json.loads(value))

    def is_due(self, what: str, every: timedelta) -> bool:
        """Whether `every` passed since this was last due; true for one process only."""
        name, now = f"rules.{what}", self.database.now().astimezone(UTC)
        said, before = (moment.isoformat(timespec="seconds") for moment in (now, now - every))
        past = sa.and_(SETTING.c.name == name, SETTING.c.value <= before)
        with self.database.read() as connection:
            if connection.execute(sa.select(SETTING.c.name).where(SETTING.c.name == name, sa.not_(past))).first():
                return False
        with self.database.write() as connection:
            connection.execute(insert_ignore(self.database, SETTING, [{"name": name, "value": ""}], ["name"]))
            return bool(connection.execute(sa.update(SETTING).where(past).values(value=said)).rowcount)

    def unrun(self, rule: str, case_ids: Sequence[int], *, by_hand: bool = False) -> list[tuple[int, int]]:
        """Of these cases, those the rule did not look after yet: the case, and the event that its newest mention
        was found (or `BY_HAND`)."""
        found: list[tuple[int, int]] = []
        newest = sa.literal(BY_HAND) if by_hand else sa.func.max(EVENT.c.id)
        for some in in_chunks(case_ids):
            arrived = sa.select(EVENT.c.case_id, newest.label("event_id")).where(
                EVENT.c.case_id.in_(some), EVENT.c.kind == EventKind.FOUND.value
            )
            each = arrived.group_by(EVENT.c.case_id).subquery()
            done = sa.exists(sa.literal(1)).where(
                RUN.c.rule == rule, RUN.c.case_id == each.c.case_id, RUN.c.event_id == each.c.event_id
            )
            with self.database.read() as connection:
                query = sa.select(each.c.case_id, each.c.event_id).where(sa.not_(done))
                found += [(row.case_id, row.event_id) for row in connection.execute(query)]
        return sorted(found)

    def newest_mention(self, case_id: int) -> Mention | None:
        """The mention a case's rules are about."""
        with self.database.read() as connection:
            return _newest_mention(connection, case_id)

    def undo(self, name: str, case_id: int, agent: str) -> None:
        """Takes back all that the rule's newest run did to a case, its draft too, in the name of `agent`.

        Raises `StepRefused` where there is nothing to take back, or somebody acted on the case since.
        """
        actor = workflow.RULE + name
        drafts = sa.select(REPLY.c.id).where(
            REPLY.c.case_id == case_id, REPLY.c.agent == actor, REPLY.c.state == ReplyState.DRAFT.value
        )
        with self.database.write() as connection:
            within = Within(self.database, connection)
            drafted = connection.scalars(drafts).all()
            for reply_id in drafted:
                Outbox(within).cancel(reply_id, agent)
            opened = self._opened(connection, actor, case_id)
            try:
                Undo(within).undo(actor, on=case_id, by=agent)
            except NothingToUndo:
                if not drafted and not opened:
                    raise
            if opened:  # what nobody was to answer is for nobody again
                Steps(within).dismiss(case_id, agent)

    def _opened(self, connection: Connection, actor: str, case_id: int) -> bool:
        """Whether a rule opened this case, and it is open."""
        is_open = CASE.c.status.in_([status.value for status in Status if status.is_open])
        first = sa.select(EVENT.c.actor).where(EVENT.c.case_id == case_id).order_by(EVENT.c.id).limit(1)
        asked = sa.select(CASE.c.id).where(CASE.c.id == case_id, is_open, first.scalar_subquery() == actor)
        return connection.execute(asked).first() is not None

    def undo_applied(self, name: str, agent: str) -> tuple[list[int], dict[int, str]]:
        """Takes back what the rule's newest application by hand did, case by case.

        Gives the cases, and those where it could not be, each with why. Raises `StepRefused` where there is nothing to
        take back.
        """
        actor = workflow.RULE + name
        runs = sa.select(EVENT).where(EVENT.c.actor == actor, EVENT.c.kind == EventKind.RULE.value)
        with self.database.read() as connection:
            found = [rows.event(row) for row in connection.execute(runs.order_by(EVENT.c.id.desc()))]
        run = next((event.data["run"] for event in found if event.data.get("run")), None)
        if run is None:
            raise StepRefused(f"{name} was not applied by hand, so there is nothing to take back.")
        mine = {event.case_id for event in found if event.data.get("run") == run and event.data.get("acts")} - {None}
        taken, left = list[int](), dict[int, str]()
        for case_id in sorted(case_id for case_id in mine if case_id is not None):
            try:
                self.undo(name, case_id, agent)
                taken.append(case_id)
            except NothingToUndo:
                continue
            except StepRefused as refused:
                left[case_id] = str(refused)
        if not taken and not left:
            raise NothingToUndo(f"What {name} did when it was applied last is taken back already.")
        return taken, left


class Turn:
    """Rule work in one transaction; `database` is for the doors that take the steps."""

    def __init__(self, database: Database, connection: Connection, cursor: dict[str, Any]) -> None:
        self.database, self._connection, self._cursor = Within(database, connection), connection, cursor
        self._at_hand: dict[int, Mention] = {}
        self._newest: dict[int, Mention | None] = {}
        """By case; these two spare the reading again of what no rule touched since."""

    def events(self, limit: int) -> list[Event]:
        """What happened to cases since the rules last looked, oldest first; they will not be given again."""
        query = sa.select(EVENT).where(_unseen(self._cursor)).order_by(EVENT.c.id).limit(limit)
        found = [rows.event(row) for row in self._connection.execute(query)]
        if found:
            moved = _moved(self._cursor, [event.id for event in found], self.database.now())
            self._remember(CURSOR, json.dumps(moved))
        posts = {event.post_id for event in found if event.post_id is not None}
        self._at_hand = {each.id: each for each in rows.mentions(self._connection, sorted(posts))}
        return [event for event in found if event.case_id is not None]

    def lock(self, case_ids: Iterable[int]) -> None:
        """Keeps others from these cases until the turn ends."""
        locks.cases(self._connection, set(case_ids))

    def lock_conversations(self, conversations: Collection[int]) -> None:
        """Keeps others from all cases of these conversations, and from opening new ones, until the turn ends."""
        locks.conversations(self._connection, conversations)

    def case(self, case_id: int) -> Case | None:
        """The case as it is now, locked until the turn ends."""
        self.lock([case_id])
        found = rows.cases(self._connection, [case_id])
        return found[0] if found else None

    def mention(self, case_id: int, post_id: int | None = None) -> Mention | None:
        """The mention an event is about, where it is one of the case; else the case's newest."""
        known = self._at_hand.get(post_id or 0)
        if known is None and post_id is not None:
            known = next(iter(rows.mentions(self._connection, [post_id])), None)
        if known and known.case_id == case_id:
            return known
        if case_id not in self._newest:
            self._newest[case_id] = _newest_mention(self._connection, case_id)
        return self._newest[case_id]

    def without_case(self, rule: str, limit: int) -> list[Mention]:
        """The next mentions of others without a case, oldest first; at least those this rule did not look at before."""
        name = POSTS + rule
        seen = int(self._connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == name)).scalar() or 0)
        newest = int(self._connection.execute(sa.select(sa.func.max(POST.c.id))).scalar() or 0)
        floor = seen if self.database.is_sqlite else max(0, seen - OVERLAP)
        caseless = sa.and_(POST.c.is_mention, POST.c.case_id.is_(None), sa.not_(POST.c.is_own))
        fresh = sa.select(POST.c.id).where(POST.c.id > floor, POST.c.id <= newest, caseless).order_by(POST.c.id)
        most = limit + seen - floor
        ids = self._connection.scalars(fresh.limit(most)).all()
        self._remember(name, str(max(seen, newest if len(ids) < most else ids[-1])))
        return rows.mentions(self._connection, ids)

    def open_case(self, post_id: int, rule: str) -> tuple[int, int]:
        """Gives a mention without a case one: its author's in that conversation, opened where there is none.

        Gives the case, and the event that says that the mention joined it. A case that was done is open again. Its
        conversation is locked by now.
        """
        post = self._connection.execute(sa.select(POST).where(POST.c.id == post_id)).one()
        key = str(post.author_id) if post.author_id is not None else f"post:{post.external_key}"
        ours = sa.and_(CASE.c.conversation_id == post.conversation_id, CASE.c.author_key == key)
        now, actor = self.database.now(), workflow.RULE + rule
        blank = tables.Case(author_key=key, opened_at=now, last_mention_at=post.at).model_dump(exclude={"id"})
        names = ("conversation_id", "author_id", "brand", "priority", "priority_score")
        row = blank | {name: post._mapping[name] for name in names}
        self._connection.execute(insert_ignore(self.database, CASE, [row], ["conversation_id", "author_key"]))
        case = self._connection.execute(sa.select(CASE).where(ours)).one()
        self._connection.execute(sa.update(POST).where(POST.c.id == post_id).values(case_id=case.id))
        if Status(case.status) in cases.WAKES:
            Steps(self.database).reopen(case.id, actor)
        changes = {"last_mention_at": max(case.last_mention_at, post.at)}
        more: dict[str, Any] = {"case_id": case.id, "post_id": post_id, "data": {"rule": rule}, "changes": changes}
        return case.id, append(self._connection, EventKind.FOUND, at=now, actor=actor, **more)

    def claims(self, rule: str, case_id: int, event_id: int) -> bool:
        """Whether this is the first time; the database decides."""
        row = {"rule": rule, "case_id": case_id, "event_id": event_id, "at": self.database.now()}
        first = insert_ignore(self.database, RUN, [row], ["rule", "case_id", "event_id"])
        return self._connection.execute(first, execution_options={"preserve_rowcount": True}).rowcount == 1

    def steps(self, stamp: Mapping[str, Any]) -> Teamwork:
        """The steps of this turn, each said with `stamp`."""
        return Teamwork(self.database, stamp)

    def write_down(self, name: str, case_id: int, data: Mapping[str, Any]) -> None:
        """Appends the event that a rule ran. What is at hand of the case is read again after it."""
        self._newest.pop(case_id, None)
        self._at_hand = {id_: each for id_, each in self._at_hand.items() if each.case_id != case_id}
        actor = workflow.RULE + name
        append(self._connection, EventKind.RULE, at=self.database.now(), actor=actor, case_id=case_id, data=data)

    def load(self, agents: Iterable[str]) -> Mapping[str, int]:
        """How many cases each of them has that are not closed."""
        is_open = CASE.c.status.in_([status.value for status in Status if status.is_open])
        query = sa.select(CASE.c.assignee, sa.func.count().label("cases")).where(
            CASE.c.assignee.in_(list(agents)), is_open
        )
        return {row.assignee: row.cases for row in self._connection.execute(query.group_by(CASE.c.assignee))}

    def acquaintances(self, author_id: int) -> list[str]:
        """Who handled cases of this author's person, the latest first."""
        person = sa.select(AUTHOR.c.person_id).where(AUTHOR.c.id == author_id).scalar_subquery()
        same = sa.select(AUTHOR.c.id).where(AUTHOR.c.person_id == person)
        theirs = sa.or_(CASE.c.author_id == author_id, CASE.c.author_id.in_(same))
        query = (
            sa.select(EVENT.c.actor, sa.func.max(EVENT.c.id).label("last"))
            .join(CASE, CASE.c.id == EVENT.c.case_id)
            .where(theirs, EVENT.c.kind.in_([kind.value for kind in HANDLED]))
        )
        return [row.actor for row in self._connection.execute(query.group_by(EVENT.c.actor).order_by(sa.desc("last")))]

    def last_turn(self, rule: str) -> str:
        """Who was given a case last by this rule; "" at first."""
        value = sa.select(SETTING.c.value).where(SETTING.c.name == f"rules.turn.{rule}")
        return str(self._connection.execute(value).scalar() or "")

    def took_turn(self, rule: str, agent: str) -> None:
        """Remembers who was given a case last by this rule."""
        self._remember(f"rules.turn.{rule}", agent)

    def _remember(self, name: str, value: str) -> None:
        self._connection.execute(insert_ignore(self.database, SETTING, [{"name": name, "value": ""}], ["name"]))
        self._connection.execute(sa.update(SETTING).where(SETTING.c.name == name).values(value=value))


def runs_of(database: Database, case_id: int) -> tuple[Event, ...]:
    """What rules did to a case, oldest first. Raises `NotFound`."""
    with database.read() as connection:
        if connection.execute(sa.select(CASE.c.id).where(CASE.c.id == case_id)).first() is None:
            raise NotFound(f"There is no case {case_id}.")
        query = sa.select(EVENT).where(EVENT.c.case_id == case_id, EVENT.c.kind == EventKind.RULE.value)
        return tuple(rows.event(row) for row in connection.execute(query.order_by(EVENT.c.id)))


def _mine() -> sa.Select[str]:
    return sa.select(SETTING.c.value).where(SETTING.c.name == CURSOR)


def _newest_mention(connection: Connection, case_id: int) -> Mention | None:
    newest = sa.select(POST.c.id).where(POST.c.case_id == case_id, rows.IS_MENTION)
    post_id = connection.execute(newest.order_by(POST.c.at.desc(), POST.c.id.desc()).limit(1)).scalar()
    found = rows.mentions(connection, [post_id]) if post_id is not None else []
    return found[0] if found else None


def _unseen(cursor: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    gaps = (EVENT.c.id.between(low, high) for low, high, _ in cursor["gaps"])
    return sa.or_(EVENT.c.id > cursor["at"], *gaps)


def _moved(cursor: Mapping[str, Any], seen: Sequence[int], now: datetime) -> dict[str, Any]:
    """The cursor after these ids, in rising order, were looked at: what is missing among them stays a gap."""
    top, said = max(cursor["at"], seen[-1]), now.isoformat()
    spans = [*cursor["gaps"], [cursor["at"] + 1, top, said]]
    fresh = [span for span in spans if datetime.fromisoformat(span[2]) > now - PATIENCE]
    return {"at": top, "gaps": [[*hole, at] for low, high, at in fresh for hole in _holes(low, high, seen)]}


def _holes(low: int, high: int, seen: Sequence[int]) -> list[tuple[int, int]]:
    edges = [low - 1, *(each for each in seen if low <= each <= high), high + 1]
    return [(before + 1, after - 1) for before, after in pairwise(edges) if after - before > 1]
