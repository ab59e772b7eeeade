"""The reports' door: all that is counted, in columns with the times of cases read from events; and mentions, whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows
from storage.database import Database, in_chunks
from storage.figures import frames
from storage.figures.asking import Ask, answering, stood
from storage.figures.export import Records, moment, read_page, record_query
from storage.figures.framing import Framing
from storage.figures.open_time import moment_of
from storage.query import tree
from storage.query.grammar import parse
from storage.query.sql import search
from storage.schema import EVENT, POST, REPLY
from storage.types import Event, Mention
from storage.types.figures import Frame, Hours

CHUNK = 4000
"""Mentions read at a time for an export: a short read each, so that whoever takes them may be slow."""


class LoggedEvent(NamedTuple):
    """An event with what stands elsewhere about it."""

    event: Event
    undone_by: int | None
    undone_at: datetime | None
    agent: str | None
    """Of a reply: who wrote it."""
    channel: str | None
    """Of a reply: by which way it leaves."""
    sent_at: datetime | None
    """Of a reply that left: when."""


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

    def records(
        self, query: str, start: datetime, end: datetime, *, zone: tzinfo | None = None, me: str | None = None
    ) -> Iterator[dict[str, Sequence[Any]]]:
        """The same mentions as exported records, as things are now: some at a time, the values of each field.

        The fields are those of `export.FIELDS`. Raises `QueryError`.
        """
        return self._record_pages(self._ask(query, start, end, None, me), Records(zone))

    def _record_pages(self, ask: Ask, records: Records) -> Iterator[dict[str, Sequence[Any]]]:
        last: tuple[datetime, int] | None = None
        while True:
            where, exact = self._rest(ask, last)
            with self.database.read() as connection:
                found = read_page(connection, record_query(where).limit(CHUNK))
                chosen = found if exact else _kept(connection, found, ask)
                made = records.of(connection, chosen)
            yield made
            if len(found) < CHUNK:
                return
            last = moment(found[-1][1]), found[-1][0]

    def _rest(self, ask: Ask, last: tuple[datetime, int] | None) -> tuple[sa.ColumnElement[bool], bool]:
        """What is left after the last mention handed out; said by one lower bound, for SQLite looks at one only."""
        dialect = self.database.engine.dialect.name
        if last is None:
            return ask.condition(dialect)
        where, exact = replace(ask, start=last[0]).condition(dialect)
        return sa.and_(where, sa.or_(POST.c.at > last[0], POST.c.id > last[1])), exact

    def events(
        self, query: str = "*", start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[LoggedEvent]:
        """What happened from `start` up to `end`, as it was written; with a query, to cases with a mention that does.

        Raises `QueryError`.
        """
        always = datetime(1, 1, 1, tzinfo=UTC)
        ask = self._ask(query, start or always, end or datetime.max.replace(tzinfo=UTC), None, None)
        return self._event_pages(ask, None if isinstance(ask.node, tree.Everything) else {})

    def _event_pages(self, ask: Ask, wanted: dict[int, bool] | None) -> Iterator[LoggedEvent]:
        after = 0
        while True:
            with self.database.read() as connection:
                page = connection.execute(_event_page(ask, after)).all()
                chosen = page if wanted is None else _of_wanted(connection, page, ask, wanted)
                found = [_logged(row) for row in chosen]
            yield from found
            if len(page) < CHUNK:
                return
            after = page[-1].id

    def _ask(self, query: str, start: datetime, end: datetime, as_of: datetime | None, me: str | None) -> Ask:
        moment = (as_of or self.database.now()).astimezone(self.database.zone)
        return Ask(parse(query.strip() or "*"), start, end, moment, as_of is not None, me)

    def _pages(self, ask: Ask) -> Iterator[Mention]:
        """Nothing is handed out while the database is being read: whoever takes the mentions may be slow."""
        last: tuple[datetime, int] | None = None
        while True:
            where, exact = self._rest(ask, last)
            wanted = sa.select(POST.c.id, POST.c.at).select_from(frames.with_cases(where)).where(where)
            with self.database.read() as connection:
                posts = connection.execute(wanted.order_by(POST.c.at, POST.c.id).limit(CHUNK)).all()
                ids = [post.id for post in posts]
                found = stood(connection, ids, ask) if exact else list(answering(connection, ids, ask))
            yield from found
            if len(posts) < CHUNK:
                return
            last = posts[-1].at, posts[-1].id


def _kept(connection: Connection, page: Sequence[Any], ask: Ask) -> list[Any]:
    """The rows whose mention answers, looked at whole."""
    kept = {mention.id for mention in answering(connection, [row[0] for row in page], ask)}
    return [row for row in page if row[0] in kept]


def _event_page(ask: Ask, after: int) -> sa.Select[Any]:
    undo = EVENT.alias("undo")
    more = (undo.c.at.label("undone_at"), REPLY.c.agent, REPLY.c.channel, REPLY.c.sent_at)
    here = sa.and_(EVENT.c.id > after, EVENT.c.at >= ask.start, EVENT.c.at < ask.end)
    joined = EVENT.outerjoin(undo, undo.c.id == EVENT.c.undone_by).outerjoin(REPLY, REPLY.c.id == EVENT.c.reply_id)
    return sa.select(EVENT, *more).select_from(joined).where(here).order_by(EVENT.c.id).limit(CHUNK)


def _of_wanted(connection: Connection, page: Sequence[Any], ask: Ask, wanted: dict[int, bool]) -> list[Any]:
    """The events of cases with a mention that answers; what was found out of a case is remembered."""
    new = sorted({row.case_id for row in page if row.case_id is not None} - wanted.keys())
    found = search(ask.node, dialect=frames.known(connection.dialect.name), now=ask.moment, me=ask.me)
    for some in in_chunks(new):
        query = sa.select(POST.c.case_id, POST.c.id).select_from(frames.with_cases(found.row_by_row))
        posts = connection.execute(query.where(POST.c.case_id.in_(some), rows.IS_MENTION, found.row_by_row)).all()
        cases = {row.id: row.case_id for row in posts}
        answers = cases if found.exact else [mention.id for mention in answering(connection, list(cases), ask)]
        wanted |= dict.fromkeys(some, False) | {cases[post]: True for post in answers}
    return [row for row in page if wanted.get(row.case_id)]


def _logged(row: Any) -> LoggedEvent:
    return LoggedEvent(rows.event(row), row.undone_by, row.undone_at, row.agent, row.channel, row.sent_at)
