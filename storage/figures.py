"""The reports' door: all that is counted, in columns with the times of cases read from events; and mentions, whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import frames, rows
from storage.database import Database
from storage.frames import POST
from storage.framing import Ask, Framing, answering
from storage.open_time import moment_of
from storage.query.grammar import parse
from storage.types import Mention
from storage.types.figures import Frame, Hours

CHUNK = 1000
"""Mentions read at a time for an export: a short read each, so that whoever takes them may be slow."""


class Figures:
    """What reports are counted from."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def frame(
        self,
        query: str,
        start: datetime,
        end: datetime,
        *,
        as_of: datetime | None = None,
        me: str | None = None,
        hours: Hours | None = None,
    ) -> Frame:
        """The mentions that answer `query`, dated from `start` up to (not including) `end`, and their cases.

        With `as_of`, as it stood at that moment: nothing found, done, corrected or taken back later counts, neither
        for the figures nor for what the query asks. Raises `QueryError`.
        """
        ask = self._ask(query, start, end, as_of, me)
        with self.database.read() as connection:
            return Framing(frames.snapshot(connection), ask, hours).frame()

    def arrivals(self, query: str, start: datetime, end: datetime) -> list[datetime]:
        """When the mentions that answer `query` are dated, from `start` up to `end`. Raises `QueryError`."""
        ask = self._ask(query, start, end, None, None)
        with self.database.read() as connection:
            found = Framing(frames.snapshot(connection), ask).chosen()
        return [moment_of(at) for at in found.at.tolist()]

    def mentions(
        self, query: str, start: datetime, end: datetime, *, as_of: datetime | None = None, me: str | None = None
    ) -> Iterator[Mention]:
        """The same mentions in the same order, whole, for an export. Raises `QueryError`."""
        return self._pages(self._ask(query, start, end, as_of, me))

    def _ask(self, query: str, start: datetime, end: datetime, as_of: datetime | None, me: str | None) -> Ask:
        moment = (as_of or self.database.now()).astimezone(self.database.zone)
        return Ask(parse(query.strip() or "*"), start, end, moment, as_of is not None, me)

    def _pages(self, ask: Ask) -> Iterator[Mention]:
        """Nothing is handed out while the database is being read: whoever takes the mentions may be slow."""
        where, exact = ask.condition(self.database.engine.dialect.name)
        wanted = sa.select(POST.c.id, POST.c.at).select_from(frames.with_cases(where)).where(where)
        page = wanted = wanted.order_by(POST.c.at, POST.c.id).limit(CHUNK)
        while True:
            with self.database.read() as connection:
                posts = connection.execute(page).all()
                ids = [post.id for post in posts]
                found = rows.mentions(connection, ids) if exact else list(answering(connection, ids, ask))
            yield from found
            if len(posts) < CHUNK:
                return
            page = wanted.where(_after(posts[-1]))


def _after(last: Any) -> sa.ColumnElement[bool]:
    later = sa.or_(POST.c.at > last.at, POST.c.id > last.id)
    return sa.and_(POST.c.at >= last.at, later)
