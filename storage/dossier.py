"""What is known of a writer beyond the open case, and what the posts of a case said before they were edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows
from storage.database import Database
from storage.schema import AUTHOR, CASE, EVENT, GROUP, POST, REPLY, REVISION
from storage.types import Case, Event, EventKind, Reply, ReplyState, Sentiment

CASES = 10
REPLIES = 5
NOTES = 5
"""The newest of each that are told."""
WEEKS = 26
"""Weeks back that feelings are counted over."""
MOST = 2000
"""Mentions of one writer that their feelings are counted from, the newest; nobody writes more but a machine."""

OUT = (ReplyState.SENT.value, ReplyState.UNCERTAIN.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A person as the desk knows them: all their accounts together."""

    accounts: tuple[tuple[str, str], ...] = ()
    """Their other accounts, as source and name."""
    groups: tuple[str, ...] = ()
    moods: tuple[tuple[int, int, int], ...] = ()
    """Mentions, negative and positive ones, of each of the last `WEEKS` weeks, oldest first."""
    cases: tuple[Case, ...] = ()
    """Their other cases, the newest first."""
    replies: tuple[Reply, ...] = ()
    """What we told them in those, the newest first."""
    notes: tuple[Event, ...] = ()
    """What colleagues noted in those, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a post said until it was edited."""

    post_id: int
    until: datetime
    title: str
    text: str


class Dossiers:
    """What there is to know besides the case itself."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of(self, case: Case) -> Dossier:
        """What is known of the writer of a case; nothing of one without a name."""
        if case.author_id is None:
            return Dossier()
        with self.database.read() as connection:
            ids, person, accounts = _accounts(connection, case.author_id)
            others = sa.and_(CASE.c.author_id.in_(ids), CASE.c.id != case.id)
            newest = sa.select(CASE.c.id).where(others).order_by(CASE.c.last_mention_at.desc(), CASE.c.id.desc())
            return Dossier(
                accounts=tuple(accounts),
                groups=_groups(connection, person),
                moods=_moods(connection, ids, self.database.now()),
                cases=tuple(rows.cases(connection, connection.scalars(newest.limit(CASES)).all())),
                replies=_replies(connection, others),
                notes=_notes(connection, others),
            )

    def edits(self, case: Case, since: datetime | None) -> Mapping[int, Before]:
        """Of each post of the conversation that was edited after `since`: what it said then."""
        if since is None:
            return {}
        query = (
            sa.select(REVISION)
            .join(POST, POST.c.id == REVISION.c.post_id)
            .where(POST.c.conversation_id == case.conversation_id, REVISION.c.at > since)
            .order_by(REVISION.c.id.desc())
        )
        with self.database.read() as connection:
            found = connection.execute(query).all()
        return {row.post_id: Before(post_id=row.post_id, until=row.at, title=row.title, text=row.text) for row in found}


def _accounts(connection: Connection, author_id: int) -> tuple[list[int], int | None, list[tuple[str, str]]]:
    person = connection.execute(sa.select(AUTHOR.c.person_id).where(AUTHOR.c.id == author_id)).scalar()
    if person is None:
        return [author_id], None, []
    columns = (AUTHOR.c.id, AUTHOR.c.source, AUTHOR.c.name)
    found = connection.execute(sa.select(*columns).where(AUTHOR.c.person_id == person).order_by(AUTHOR.c.id)).all()
    return [row.id for row in found], person, [(row.source, row.name) for row in found if row.id != author_id]


def _groups(connection: Connection, person: int | None) -> tuple[str, ...]:
    if person is None:
        return ()
    return tuple(
        connection.scalars(sa.select(GROUP.c.group).where(GROUP.c.person_id == person).order_by(GROUP.c.group))
    )


def _moods(connection: Connection, ids: Sequence[int], now: datetime) -> tuple[tuple[int, int, int], ...]:
    since = now - timedelta(weeks=WEEKS)
    query = sa.select(POST.c.at, POST.c.sentiment).where(POST.c.author_id.in_(ids), rows.IS_MENTION, POST.c.at > since)
    weeks = [[0, 0, 0] for _week in range(WEEKS)]
    for at, sentiment in connection.execute(query):
        week = weeks[min(WEEKS - 1, max(0, (at - since) // timedelta(weeks=1)))]
        week[0] += 1
        week[1] += sentiment == Sentiment.NEGATIVE.value
        week[2] += sentiment == Sentiment.POSITIVE.value
    return tuple((every, negative, positive) for every, negative, positive in weeks)


def _replies(connection: Connection, others: sa.ColumnElement[bool]) -> tuple[Reply, ...]:
    query = sa.select(REPLY).join(CASE, CASE.c.id == REPLY.c.case_id).where(others, REPLY.c.state.in_(OUT))
    return tuple(rows.reply(row) for row in connection.execute(query.order_by(REPLY.c.id.desc()).limit(REPLIES)))


def _notes(connection: Connection, others: sa.ColumnElement[bool]) -> tuple[Event, ...]:
    noted = sa.and_(EVENT.c.kind == EventKind.NOTED.value, EVENT.c.undone_by.is_(None))
    query = sa.select(EVENT).join(CASE, CASE.c.id == EVENT.c.case_id).where(others, noted)
    return tuple(rows.event(row) for row in connection.execute(query.order_by(EVENT.c.id.desc()).limit(NOTES)))
