"""A crisis: for a while every reply waits for approval, but for one statement that is approved already."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import fence, locks
from storage.database import Database, insert_ignore
from storage.errors import StepRefused
from storage.outbox import put
from storage.schema import REPLY, SETTING
from storage.trail import append
from storage.types import EventKind, ReplyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Crisis:
    """What was decided, by whom, and how long it holds."""

    statement: str
    by: str
    since: datetime
    until: datetime


class Crises:
    """Begins and ends a crisis; it ends by itself when its time has come. Each begin and end is an event."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def current(self) -> Crisis | None:
        """The crisis that holds now, if any."""
        with self.database.read() as connection:
            said = fence.crisis(connection, self.database.now())
        if said is None:
            return None
        times = {name: datetime.fromisoformat(said[name]) for name in ("since", "until")}
        return Crisis(statement=said["statement"], by=said["by"], **times)

    def begin(self, statement: str, until: datetime, agent: str) -> int:
        """From now on replies wait for approval, those too that were about to leave; gives the number of these.

        Said again it changes the statement or the end. Raises `StepRefused` for an end in the past, and no words.
        """
        now, words = self.database.now(), statement.strip()
        if until <= now:
            raise StepRefused(f"{until:%Y-%m-%d %H:%M} is past: choose a time in the future for the crisis to end.")
        if not words:
            raise StepRefused("A crisis needs a statement: what everybody may say.")
        data = {"statement": words, "by": agent, "since": now.isoformat(), "until": until.isoformat()}
        with self.database.write() as connection:
            self._write(connection, json.dumps(data))
            locks.all_cases(connection)  # a reply that was handed over just now looked for a crisis before this one
            append(connection, EventKind.CRISIS_BEGUN, at=now, actor=agent, data=data)
            stopped = _held(connection, words)
            for row in stopped:
                state = ReplyState.AWAITING_APPROVAL
                put(connection, row, EventKind.SUBMITTED, row.agent, now, state=state, hold_until=None)
        return len(stopped)

    def end(self, agent: str) -> None:
        """Replies leave by themselves again; those that wait go on waiting. Raises `StepRefused` without a crisis."""
        if self.current() is None:
            raise StepRefused("There is no crisis to end.")
        with self.database.write() as connection:
            self._write(connection, "")
            append(connection, EventKind.CRISIS_ENDED, at=self.database.now(), actor=agent)

    def _write(self, connection: sa.Connection, value: str) -> None:
        row = {"name": fence.CRISIS, "value": ""}
        connection.execute(insert_ignore(self.database, SETTING, [row], ["name"]))
        connection.execute(sa.update(SETTING).where(SETTING.c.name == fence.CRISIS).values(value=value))


def _held(connection: sa.Connection, words: str) -> Sequence[sa.Row[Any]]:
    """The replies about to leave with other words than these."""
    held = sa.and_(REPLY.c.state == ReplyState.HELD.value, REPLY.c.text != words)
    return connection.execute(sa.select(REPLY).where(held).order_by(REPLY.c.id)).all()
