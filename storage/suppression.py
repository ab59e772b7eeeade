"""Who should get no marketing now: people in an open complaint, and for a while after it was resolved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows
from storage.database import Database, in_chunks
from storage.query import grammar, matcher, sql
from storage.schema import AUTHOR, CASE, EVENT, PERSON, POST
from storage.types import EventKind, Status, Suppression
from storage.workflow import OPEN

_EVER = datetime.max.replace(tzinfo=UTC)


def digest(text: str) -> str:
    """How a person is named outside: SHA-256 of the small letters without space around them, as mailing tools do."""
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()


class Suppressions:
    """The door to the list."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def rows(self, query: str, cool_down: timedelta) -> list[Suppression]:
        """A row for each account of each person with a mention that answers `query` in a case that is open, or was
        resolved less than `cool_down` ago; of several such cases the one that counts longest.

        What was dismissed or is spam does not count. Raises `QueryError`.
        """
        since = self.database.now() - cool_down
        with self.database.read() as connection:
            resolved = {row.case_id: row.at for row in connection.execute(_resolved(since))}
            cases: dict[int, tuple[datetime | None, Any]] = {}
            for row in self._cases(connection, query, since):
                until = None if row.status in OPEN else resolved[row.id] + cool_down
                if row.author_id not in cases or _end(cases[row.author_id][0]) < _end(until):
                    cases[row.author_id] = until, row
            found: dict[int, Suppression] = {}
            for account in _accounts(connection, list(cases)):
                each = _suppression(account, *cases[account.because])
                if account.id not in found or _end(found[account.id].until) < _end(each.until):
                    found[account.id] = each
        return list(found.values())

    def _cases(self, connection: Connection, query: str, since: datetime) -> Iterator[Any]:
        """The cases that count, once for each mention of them that answers."""
        now, node = self.database.now().astimezone(self.database.zone), grammar.parse(query)
        asked = sql.search(node, dialect="sqlite" if self.database.is_sqlite else "postgresql", now=now)
        lately = CASE.c.id.in_(_resolved(since).with_only_columns(EVENT.c.case_id))
        counts = sa.or_(CASE.c.status.in_(OPEN), sa.and_(CASE.c.status == Status.RESOLVED.value, lately))
        wanted = (
            sa.select(POST.c.id.label("post_id"), CASE.c.id, CASE.c.status, CASE.c.author_id, CASE.c.opened_at)
            .select_from(sql.JOINED)
            .where(asked.where, POST.c.is_mention, CASE.c.author_id.is_not(None), counts)
            .order_by(CASE.c.id, POST.c.id)
        )
        for some in in_chunks(connection.execute(wanted).all()):
            if asked.exact:
                yield from some
                continue
            mentions = rows.mentions(connection, [row.post_id for row in some])
            answering = {each.id for each in mentions if matcher.matches(node, each, now=now)}
            yield from (row for row in some if row.post_id in answering)


def _resolved(since: datetime) -> sa.Select[Any]:
    """Cases resolved after `since`, and when last."""
    told = sa.and_(EVENT.c.kind == EventKind.RESOLVED.value, EVENT.c.at > since, EVENT.c.undone_by.is_(None))
    return sa.select(EVENT.c.case_id, sa.func.max(EVENT.c.at).label("at")).where(told).group_by(EVENT.c.case_id)


def _accounts(connection: Connection, authors: Sequence[int]) -> Iterator[Any]:
    """All accounts of the persons behind these: whoever complains on a forum reads mail as well."""
    one = AUTHOR.alias("one")
    same = sa.or_(AUTHOR.c.id == one.c.id, AUTHOR.c.person_id == one.c.person_id)
    joined = sa.join(one, AUTHOR, same).outerjoin(PERSON, PERSON.c.id == AUTHOR.c.person_id)
    wanted = sa.select(one.c.id.label("because"), AUTHOR, PERSON.c.customer).select_from(joined)
    for some in in_chunks(authors):
        yield from connection.execute(wanted.where(one.c.id.in_(some)).order_by(AUTHOR.c.id))


def _suppression(account: Any, until: datetime | None, case: Any) -> Suppression:
    return Suppression(
        source=account.source,
        name=account.name,
        external_id=account.external_id,
        customer=account.customer or "",
        case_id=case.id,
        since=case.opened_at,
        until=until,
    )


def _end(until: datetime | None) -> datetime:
    return until or _EVER
