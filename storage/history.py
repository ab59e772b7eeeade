"""What happened to cases, as far as clocks go: when mentions came, which steps stand, and what was said of targets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import locks, rows
from storage.case_times import OPENINGS, RESPONSES, Step, asked
from storage.database import Database, in_chunks
from storage.schema import CASE, EVENT, POST, REPLY
from storage.trail import append
from storage.types import SYSTEM, CaseFile, Event, EventKind, Mention, Status
from storage.workflow import MOVES

COUNTED = frozenset(MOVES) | RESPONSES | OPENINGS
"""The kinds of events that times are counted from."""

SAID = (EventKind.SLA_WARNED, EventKind.SLA_MISSED)
"""What is said of a target, once each."""


class Wait(NamedTuple):
    """A mention that somebody waits for an answer to."""

    asked_at: datetime
    """Published, unless that is unknown or lies after the moment we saw it."""
    seen_at: datetime
    dated: bool
    """Whether `asked_at` is the source's own time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the clocks of a case are read from."""

    case_id: int
    newest: Mention
    waits: tuple[Wait, ...]
    """Its mentions, oldest first."""
    steps: tuple[Step, ...]


class Histories:
    """The door for whoever watches the clocks."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def open_cases(self, after: int = 0) -> Iterator[tuple[int, int]]:
        """Open cases, each with its newest event, of those to which something happened after that event."""
        is_open = CASE.c.status.in_([status.value for status in Status if status.is_open])
        query = sa.select(CASE.c.id, CASE.c.changed).where(is_open, CASE.c.changed > after).order_by(CASE.c.id)
        with self.database.read() as connection:
            for row in connection.execute(query):
                yield row.id, row.changed

    def of(self, case_ids: Sequence[int]) -> Iterator[History]:
        """The histories of cases, read some at a time; those without a mention are left out."""
        for some in in_chunks(case_ids):
            with self.database.read() as connection:
                found = _histories(connection, some, self.database.now())
            yield from found

    def of_file(self, file: CaseFile) -> History | None:
        """The history of an opened case: what it says already is not read again. None without a mention."""
        posts = [each for each in file.thread if each.case_id == file.case.id and each.is_mention]
        if len(posts) < file.case.mentions:  # of very many the file holds the newest
            return next(self.of([file.case.id]), None)
        agents = {each.id: (each.agent, each.sent_at) for each in file.replies}
        counted = (each for each in file.trail if each.kind in COUNTED)
        stood = (each for each in counted if each.kind in OPENINGS or "undone_by" not in each.data)
        return History(
            case_id=file.case.id,
            newest=posts[-1],
            waits=tuple(_wait(each) for each in posts),
            steps=tuple(_step(each, *agents.get(each.reply_id or 0, (None, None))) for each in stood),
        )

    def say(self, case_id: int, kind: EventKind, data: Mapping[str, Any]) -> bool:
        """Appends that a target is at risk or missed, unless that was said: once for each `target` and `since`."""
        with self.database.write() as connection:
            locks.cases(connection, (case_id,))
            before = sa.select(EVENT.c.data).where(EVENT.c.case_id == case_id, EVENT.c.kind == kind.value)
            names = ("target", "since")
            if any(all(each[name] == data[name] for name in names) for each in connection.scalars(before)):
                return False
            append(connection, kind, at=self.database.now(), actor=SYSTEM, case_id=case_id, data=data)
            return True

    def said(self, since: datetime) -> list[Event]:
        """What was said of targets since a moment, oldest first."""
        query = sa.select(EVENT).where(EVENT.c.at >= since, EVENT.c.kind.in_([kind.value for kind in SAID]))
        with self.database.read() as connection:
            return [rows.event(row) for row in connection.execute(query.order_by(EVENT.c.id))]

    def since(self) -> datetime | None:
        """When the first post was seen: nothing is known of the time before."""
        with self.database.read() as connection:
            return connection.execute(sa.select(POST.c.first_seen_at).order_by(POST.c.id).limit(1)).scalar()


def _histories(connection: Connection, ids: Sequence[int], now: datetime) -> list[History]:
    found = steps(connection, ids, now)
    columns = (POST.c.id, POST.c.case_id, POST.c.published_at, POST.c.first_seen_at)
    query = sa.select(*columns).where(POST.c.case_id.in_(ids), rows.IS_MENTION).order_by(POST.c.at, POST.c.id)
    posts = defaultdict(list)
    for row in connection.execute(query):
        posts[row.case_id].append(row)
    newest = {each.case_id: each for each in rows.mentions(connection, [of_case[-1].id for of_case in posts.values()])}
    return [
        History(
            case_id=id_,
            newest=newest[id_],
            waits=tuple(_wait(row) for row in posts[id_]),
            steps=tuple(found.get(id_, ())),
        )
        for id_ in ids
        if id_ in newest
    ]


def _wait(row: Any) -> Wait:
    begin = asked(row.published_at, row.first_seen_at)
    return Wait(begin, row.first_seen_at, dated=begin == row.published_at)


def steps(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, list[Step]]:
    """The events of each case up to `moment`, in order, without those that were taken back by then."""
    undo = EVENT.alias("undo")
    query = (
        sa.select(
            EVENT.c.case_id, EVENT.c.at, EVENT.c.kind, EVENT.c.actor, EVENT.c.data, REPLY.c.agent, REPLY.c.sent_at
        )
        .select_from(
            EVENT.outerjoin(undo, undo.c.id == EVENT.c.undone_by).outerjoin(REPLY, REPLY.c.id == EVENT.c.reply_id)
        )
        .where(EVENT.c.case_id.in_(ids), EVENT.c.kind.in_([kind.value for kind in COUNTED]), EVENT.c.at <= moment)
        .where(sa.or_(EVENT.c.undone_by.is_(None), undo.c.at > moment, EVENT.c.kind.in_(sorted(OPENINGS))))
        .order_by(EVENT.c.id)
    )
    found: dict[int, list[Step]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.case_id].append(_step(row, row.agent, row.sent_at))
    return found


def _step(event: Any, agent: str | None, sent_at: datetime | None) -> Step:
    """An event as a step; of one about a reply, whose that is and when it was sent."""
    kind = EventKind(event.kind)
    found_later = sent_at if kind is EventKind.SENT else _moment(event.data.get("published_at"))
    return Step(event.at, kind, agent or event.actor, event.data.get("to"), found_later)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
