"""What people outside the desk are told: raised once, waiting for its time, sent as one message, tried again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import tables
from storage.database import Database, in_chunks, insert_ignore, owner_is_dead, process_name
from storage.schema import NOTICE

LEASE = timedelta(minutes=5)
"""How long whoever sends a message has it; longer than any sending takes."""

HOUR = timedelta(hours=1)
MOST = 500
"""Notices a message holds."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""How long after a failure it is tried again; then it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell."""

    at: datetime
    title: str
    text: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes to a target at once."""

    key: str
    """The same each time it is tried, so that a receiver can tell it had it."""
    notices: tuple[Notice, ...]


class Notices:
    """The door for whoever raises notices, and whoever sends them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def tell(
        self,
        topic: str,
        targets: Collection[str],
        title: str,
        text: str,
        *,
        send_at: datetime | None = None,
        again: timedelta | None = None,
        path: str = "",
    ) -> bool:
        """Raises a notice for each target, unless its topic was raised before: ever, or within `again`."""
        now = self.database.now()
        with self.database.write() as connection:
            newest = sa.select(sa.func.max(NOTICE.c.at), sa.func.count(NOTICE.c.at.distinct()))
            last, number = connection.execute(newest.where(NOTICE.c.topic == topic)).one()
            if not targets or (last is not None and (again is None or now - last < again)):
                return False
            row: dict[str, Any] = {
                "topic": topic,
                "at": now,
                "title": title,
                "text": text,
                "path": path,
                "send_at": send_at or now,
            }
            found = [
                tables.Notice(key=f"{topic}#{number}@{target}", target=target, **row).model_dump()
                for target in dict.fromkeys(targets)
            ]
            said = insert_ignore(self.database, NOTICE, found, ["key"])
            return connection.execute(said, execution_options={"preserve_rowcount": True}).rowcount > 0

    def told(self, topics: Collection[str]) -> set[str]:
        """Which of these topics were raised before."""
        with self.database.read() as connection:
            parts = in_chunks(list(topics))
            return {each for some in parts for each in connection.scalars(_topics(some))}

    def take(self, target: str, *, an_hour: int) -> Message | None:
        """A message that is due for a target, leased to this process; None where there is none.

        First what was tried before, then all that waits, as one, unless `an_hour` messages left in the past hour.
        """
        with self.database.write() as connection:
            now = self.database.now()
            mine = sa.and_(NOTICE.c.target == target, NOTICE.c.state == "waiting", NOTICE.c.send_at <= now)
            query = sa.select(NOTICE).where(mine).order_by(NOTICE.c.at, NOTICE.c.key).with_for_update(skip_locked=True)
            waiting = [row for row in connection.execute(query) if _is_free(row, now)]
            tried = next((row.batch for row in waiting if row.batch), "")
            chosen = [row for row in waiting if row.batch == tried][:MOST]
            if not chosen or (not tried and self._left(connection, target, now) >= an_hour):
                return None
            batch = tried or uuid.uuid4().hex
            leased = {"batch": batch, "lease_owner": process_name(), "lease_until": now + LEASE}
            keys = NOTICE.c.key.in_([row.key for row in chosen])
            connection.execute(sa.update(NOTICE).where(keys).values(attempts=NOTICE.c.attempts + 1, **leased))
        return Message(key=batch, notices=tuple(_notice(row) for row in chosen))

    def _left(self, connection: Connection, target: str, now: datetime) -> int:
        sent = sa.and_(NOTICE.c.target == target, NOTICE.c.state == "sent", NOTICE.c.sent_at > now - HOUR)
        return int(connection.execute(sa.select(sa.func.count(NOTICE.c.batch.distinct())).where(sent)).scalar_one())

    def sent(self, message: Message) -> None:
        """It arrived. Its words are not kept: they may speak of people."""
        self._end(message, state="sent", sent_at=self.database.now(), error="", text="")

    def failed(self, message: Message, why: str) -> None:
        """It did not; it is tried again after a while, `len(WAITS)` times, then given up."""
        with self.database.read() as connection:
            tries = sa.select(sa.func.max(NOTICE.c.attempts)).where(NOTICE.c.batch == message.key)
            attempts = int(connection.execute(tries).scalar() or 1)
        if attempts > len(WAITS):
            self._end(message, state="failed", error=why, text="")
        else:
            self._end(message, send_at=self.database.now() + WAITS[attempts - 1], error=why)

    def _end(self, message: Message, **values: Any) -> None:
        with self.database.write() as connection:
            mine = sa.select(NOTICE.c.key).where(NOTICE.c.batch == message.key, NOTICE.c.state == "waiting")
            keys = connection.scalars(mine.order_by(NOTICE.c.key).with_for_update()).all()  # as erasing locks them
            freed = sa.update(NOTICE).where(NOTICE.c.key.in_(keys))
            connection.execute(freed.values(lease_until=None, **values))

    def troubles(self) -> list[tuple[datetime, str, str]]:
        """When, title and why of notices that were given up, oldest first."""
        query = sa.select(NOTICE.c.at, NOTICE.c.title, NOTICE.c.error).where(NOTICE.c.state == "failed")
        with self.database.read() as connection:
            return [(row.at, row.title, row.error) for row in connection.execute(query.order_by(NOTICE.c.at))]


def _topics(some: Sequence[str]) -> sa.Select[Any]:
    return sa.select(NOTICE.c.topic).distinct().where(NOTICE.c.topic.in_(some))


def _is_free(row: Any, now: datetime) -> bool:
    return row.lease_until is None or row.lease_until < now or owner_is_dead(row.lease_owner)


def _notice(row: Any) -> Notice:
    return Notice(at=row.at, title=row.title, text=row.text, path=row.path)
