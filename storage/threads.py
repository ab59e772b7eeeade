"""The door to conversations that nobody looked at: found by a few narrow questions, read as their rhythm only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import workflow
from storage.database import Database, in_chunks
from storage.schema import CASE, CONVERSATION, EVENT, POST
from storage.steps import Steps
from storage.types import SYSTEM, EventKind, Sentiment

USUAL = timedelta(days=14)
"""How far back it is counted what is usual at a source."""

MOST = 5000
"""Posts of a source that are counted for that: one with more is not quiet, whatever it has."""


TAG = "timebomb"
"""The label of cases whose conversation is about to blow up: `tag:timebomb` finds them, and rules may wait for it."""


class Voice(NamedTuple):
    """A post of a thread, as far as its rhythm goes."""

    at: datetime
    author: int
    """Tells people apart; a post that names nobody is somebody by itself."""
    is_mention: bool
    is_negative: bool | None
    """None where nothing was understood of it, as of posts that are no mentions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation that nobody of us looked at or answered."""

    conversation_id: int
    source: str
    url: str
    title: str
    began_at: datetime
    case_ids: tuple[int, ...]
    """Its open cases."""
    voices: tuple[Voice, ...]
    """Its posts, oldest first."""
    usual: float
    """Posts an hour that its source usually has in other threads."""


class Threads:
    """What a look for time bombs reads."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def unseen(self, now: datetime, *, window: timedelta, least: int) -> list[Thread]:
        """Threads with `least` posts in the window, a negative one, an open case, and nobody of us in them by `now`.

        With `now` in the past it tells how that stood then, as if every post had been seen when it was published.
        """
        with self.database.read() as connection:
            lively = self._lively(connection, now - window, now, least)
            return [thread for some in in_chunks(lively) for thread in self._threads(connection, some, now)]

    def flag(self, case_ids: Sequence[int], why: Mapping[str, Any]) -> None:
        """Puts `TAG` on cases, once: where a person took it off again it stays off. `why` is said in the event."""
        with self.database.read() as connection:
            ours = sa.and_(EVENT.c.kind == EventKind.TAGGED.value, EVENT.c.actor == SYSTEM)
            before = set(connection.scalars(sa.select(EVENT.c.case_id).where(ours, EVENT.c.case_id.in_(case_ids))))
        for case_id in sorted(set(case_ids) - before):
            Steps(self.database, why).tag(case_id, SYSTEM, TAG)

    def _lively(self, connection: Connection, since: datetime, now: datetime, least: int) -> Sequence[int]:
        here = sa.and_(POST.c.is_mention.in_([True, False]), POST.c.at > since, POST.c.at <= now)
        angry = sa.func.sum(sa.case((POST.c.sentiment == Sentiment.NEGATIVE.value, 1), else_=0))
        query = sa.select(POST.c.conversation_id).where(here).group_by(POST.c.conversation_id)
        return connection.scalars(query.having(sa.func.count() >= least, angry > 0)).all()

    def _threads(self, connection: Connection, ids: Sequence[int], now: datetime) -> list[Thread]:
        cases = _unseen_cases(connection, ids, now)
        posts = _posts(connection, cases, now)
        alone = {id_: found for id_, found in posts.items() if not any(row.is_own for row in found)}
        usual = {source: _usual(connection, source, now) for source in {found[0].source for found in alone.values()}}
        about = sa.select(CONVERSATION).where(CONVERSATION.c.id.in_(list(alone)))
        return [
            _thread(row, cases[row.id], alone[row.id], usual[row.source], now)
            for row in connection.execute(about.order_by(CONVERSATION.c.id))
        ]


def _unseen_cases(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, tuple[int, ...]]:
    """Conversation -> its cases that were not closed by then, of those in which no person had taken a step."""
    cases: dict[int, list[int]] = defaultdict(list)
    opened = sa.select(CASE.c.id, CASE.c.conversation_id).where(
        CASE.c.conversation_id.in_(ids), CASE.c.opened_at <= now
    )
    for row in connection.execute(opened.order_by(CASE.c.id)):
        cases[row.conversation_id].append(row.id)
    machines = sa.or_(EVENT.c.actor == SYSTEM, EVENT.c.actor.startswith(workflow.RULE, autoescape=True))
    by_us = sa.or_(sa.not_(machines), EVENT.c.kind == EventKind.ANSWERED_ELSEWHERE.value)
    closing = EVENT.c.kind.in_([kind.value for kind, move in workflow.MOVES.items() if not move.target.is_open])
    every = [id_ for found in cases.values() for id_ in found]
    seen, closed = (_with_event(connection, every, now, each) for each in (by_us, closing))
    unseen = {id_: found for id_, found in cases.items() if seen.isdisjoint(found)}
    return {id_: left for id_, found in unseen.items() if (left := tuple(each for each in found if each not in closed))}


def _with_event(connection: Connection, ids: Sequence[int], now: datetime, which: sa.ColumnElement[bool]) -> set[int]:
    """The cases that had such an event by then."""
    asked = sa.select(EVENT.c.case_id).where(EVENT.c.at <= now, EVENT.c.undone_by.is_(None), which).distinct()
    return {id_ for some in in_chunks(ids) for id_ in connection.scalars(asked.where(EVENT.c.case_id.in_(some)))}


def _posts(connection: Connection, ids: Collection[int], now: datetime) -> dict[int, list[Any]]:
    columns = POST.c.id, POST.c.conversation_id, POST.c.source, POST.c.at, POST.c.author_id, POST.c.is_mention
    query = sa.select(*columns, POST.c.is_own, POST.c.sentiment).where(
        POST.c.conversation_id.in_(list(ids)), POST.c.at <= now, POST.c.deleted_at.is_(None)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(POST.c.at, POST.c.id)):
        found[row.conversation_id].append(row)
    return found


def _usual(connection: Connection, source: str, now: datetime) -> float:
    """Posts of a source an hour. Its index is read up to `MOST` rows and no further."""
    here = sa.and_(POST.c.source == source, POST.c.at > now - USUAL, POST.c.at <= now)
    some = sa.select(POST.c.at).where(here).limit(MOST).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()) / (
        USUAL / timedelta(hours=1)
    )


def _thread(row: Any, cases: tuple[int, ...], posts: Sequence[Any], usual: float, now: datetime) -> Thread:
    own = len([each for each in posts if each.at > now - USUAL]) / (USUAL / timedelta(hours=1))
    return Thread(
        conversation_id=row.id,
        source=row.source,
        url=row.url,
        title=row.title,
        began_at=posts[0].at,
        case_ids=cases,
        voices=tuple(_voice(each) for each in posts),
        usual=max(0.0, usual - own),
    )


def _voice(row: Any) -> Voice:
    rated = row.is_mention and row.sentiment != Sentiment.UNRATED.value
    negative = row.sentiment == Sentiment.NEGATIVE.value if rated else None
    return Voice(row.at, row.author_id if row.author_id is not None else -row.id, row.is_mention, negative)
