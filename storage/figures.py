"""The reports' door: one row a mention, with the times of its case counted from events, streamed in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows, tables
from storage.case_times import CaseTimes, case_times
from storage.database import Database
from storage.hindsight import as_it_stood
from storage.history import steps
from storage.query.grammar import parse
from storage.query.matcher import matches
from storage.query.sql import search
from storage.query.tree import Node
from storage.types import FigureRow, Mention, Priority, Sentiment

CHUNK = 1000
"""Mentions read at a time: a short read each, so that a long report never holds the database."""

Noun = TypeVar("Noun")

SENTIMENTS = {each.value: each for each in Sentiment}
PRIORITIES = {each.value: each for each in Priority}

POST = tables.Post.__table__  # type: ignore[attr-defined]
CASE = tables.Case.__table__  # type: ignore[attr-defined]
AUTHOR = tables.Author.__table__  # type: ignore[attr-defined]
MATCH = tables.PostMatch.__table__  # type: ignore[attr-defined]
INTENT = tables.PostIntent.__table__  # type: ignore[attr-defined]
EVENT = tables.Event.__table__  # type: ignore[attr-defined]
REPLY = tables.Reply.__table__  # type: ignore[attr-defined]

COLUMNS = (
    POST.c.id,
    POST.c.case_id,
    POST.c.conversation_id,
    POST.c.at,
    POST.c.published_at,
    POST.c.first_seen_at,
    POST.c.source,
    POST.c.source_kind,
    POST.c.brand,
    POST.c.lang,
    POST.c.sentiment,
    POST.c.priority,
    AUTHOR.c.name.label("author"),
)


NO_CASE = CaseTimes(asked_at=None, status=None)
"""The times of a mention that nobody has to answer."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, read once."""

    node: Node
    start: datetime
    end: datetime
    moment: datetime
    back: bool
    """Whether `moment` lies in the past: then everything is looked at as it stood."""
    me: str | None

    def answers(self, mention: Mention) -> bool:
        """Whether a mention answers the query at the moment."""
        return matches(self.node, mention, now=self.moment, me=self.me)


Load = Callable[[Connection, Sequence[Any], Mapping[int, Mention], Ask], list[Noun]]
"""From a page of rows to what is asked for."""


class Figures:
    """What reports are counted from."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def rows(
        self, query: str, start: datetime, end: datetime, *, as_of: datetime | None = None, me: str | None = None
    ) -> Iterator[FigureRow]:
        """The mentions that answer `query`, dated from `start` up to (not including) `end`, oldest first.

        With `as_of`, as it stood at that moment: nothing found, done, corrected or taken back later counts, neither
        for the rows nor for what the query asks. Raises `QueryError`.
        """
        return self._pages(self._ask(query, start, end, as_of, me), _figure_rows)

    def mentions(
        self, query: str, start: datetime, end: datetime, *, as_of: datetime | None = None, me: str | None = None
    ) -> Iterator[Mention]:
        """The same mentions in the same order, whole, for an export. Raises `QueryError`."""
        return self._pages(self._ask(query, start, end, as_of, me), _mentions)

    def _ask(self, query: str, start: datetime, end: datetime, as_of: datetime | None, me: str | None) -> Ask:
        moment = (as_of or self.database.now()).astimezone(self.database.zone)
        return Ask(parse(query.strip() or "*"), start, end, moment, as_of is not None, me)

    def _pages(self, ask: Ask, load: Load[Noun]) -> Iterator[Noun]:
        """Nothing is handed out while the database is being read: whoever takes the rows may be slow."""
        where, exact = self._condition(ask)
        page = wanted = _select(where, ask)
        while True:
            with self.database.read() as connection:
                posts = connection.execute(page).all()
                chosen, whole = (posts, {}) if exact else _answering(connection, posts, ask)
                nouns = load(connection, chosen, whole, ask)
            yield from nouns
            if len(posts) < CHUNK:
                return
            page = wanted.where(_after(posts[-1]))

    def _condition(self, ask: Ask) -> tuple[sa.ColumnElement[bool], bool]:
        """The database knows what is; what was, is looked at in memory."""
        if ask.back:
            return sa.true(), False
        dialect: Literal["sqlite", "postgresql"] = "sqlite" if self.database.is_sqlite else "postgresql"
        found = search(ask.node, dialect=dialect, now=ask.moment, me=ask.me)
        return found.where, found.exact


def _after(last: Any) -> sa.ColumnElement[bool]:
    later = sa.or_(POST.c.at > last.at, POST.c.id > last.id)
    return sa.and_(POST.c.at >= last.at, later)


def _select(where: sa.ColumnElement[bool], ask: Ask) -> sa.Select[Any]:
    in_period = sa.and_(POST.c.at >= ask.start, POST.c.at < ask.end, POST.c.first_seen_at <= ask.moment)
    return (
        sa.select(*COLUMNS)
        .select_from(
            POST.outerjoin(CASE, CASE.c.id == POST.c.case_id).outerjoin(AUTHOR, AUTHOR.c.id == POST.c.author_id)
        )
        .where(POST.c.is_mention, in_period, where)
        .order_by(POST.c.at, POST.c.id)
        .limit(CHUNK)
    )


def _answering(connection: Connection, posts: Sequence[Any], ask: Ask) -> tuple[Sequence[Any], dict[int, Mention]]:
    """The posts that answer, looked at whole, and their mentions by id."""
    mentions = rows.mentions(connection, [post.id for post in posts])
    if ask.back:
        mentions = as_it_stood(connection, mentions, ask.moment)
    whole = {mention.id: mention for mention in mentions if ask.answers(mention)}
    return [post for post in posts if post.id in whole], whole


def _mentions(connection: Connection, posts: Sequence[Any], whole: Mapping[int, Mention], ask: Ask) -> list[Mention]:
    return list(whole.values()) if whole else rows.mentions(connection, [post.id for post in posts])


def _figure_rows(
    connection: Connection, posts: Sequence[Any], whole: Mapping[int, Mention], ask: Ask
) -> list[FigureRow]:
    ids = [post.id for post in posts]
    intents = _intents(connection, ids)
    brands = _brands(connection, ids)
    cases = _times(connection, sorted({post.case_id for post in posts if post.case_id is not None}), ask.moment)
    found = [_row(post, intents.get(post.id, ()), brands.get(post.id, ()), cases.get(post.case_id)) for post in posts]
    return [_understood_then(row, whole[row.mention_id]) for row in found] if ask.back else found


def _understood_then(row: FigureRow, mention: Mention) -> FigureRow:
    return replace(
        row, sentiment=mention.sentiment, intents=mention.intents, priority=mention.priority, lang=mention.lang
    )


def _row(post: Any, intents: tuple[str, ...], brands: tuple[str, ...], case: tuple[int, CaseTimes] | None) -> FigureRow:
    id_, case_id, thread, at, published_at, seen_at, source, kind, brand, lang, sentiment, priority, author = post
    first, times = case or (None, NO_CASE)
    return FigureRow(
        mention_id=id_,
        case_id=case_id,
        conversation_id=thread,
        at=at,
        published_at=published_at,
        first_seen_at=seen_at,
        source=source,
        source_kind=kind,
        brand=brand,
        brands=tuple(dict.fromkeys((brand, *brands))) if brand else brands,
        lang=lang,
        sentiment=SENTIMENTS[sentiment],
        intents=intents,
        priority=PRIORITIES[priority],
        author=author or None,
        opens_case=first == id_,
        asked_at=times.asked_at,
        answered=times.answered,
        responded_at=times.responded_at,
        resolved_at=times.resolved_at,
        status=times.status,
        reopened=times.reopened,
        replies=times.replies,
        agents=times.agents,
    )


def _intents(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = sa.select(INTENT.c.post_id, INTENT.c.intent).where(INTENT.c.post_id.in_(ids))
    return _grouped(connection.execute(query.order_by(INTENT.c.post_id, INTENT.c.place)).all())


def _brands(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The brands of each mention that answers more than one query; most answer one, of the brand they are about."""
    several = sa.select(MATCH.c.post_id).where(MATCH.c.post_id.in_(ids)).group_by(MATCH.c.post_id)
    query = sa.select(MATCH.c.post_id, MATCH.c.brand).where(MATCH.c.post_id.in_(several.having(sa.func.count() > 1)))
    return _grouped(connection.execute(query.distinct().order_by(MATCH.c.post_id, MATCH.c.brand)).all())


def _grouped(pairs: Sequence[Any]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for post_id, name in pairs:
        found[post_id] = (*found.get(post_id, ()), name)
    return found


def _times(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, tuple[int, CaseTimes]]:
    """Case id -> (its first mention, its times)."""
    found = steps(connection, ids, moment)
    return {
        case_id: (post_id, case_times(published_at, first_seen_at, found.get(case_id, ())))
        for case_id, post_id, published_at, first_seen_at, _ in _openings(connection, ids, moment)
    }


def _openings(connection: Connection, ids: Sequence[int], moment: datetime) -> Sequence[Any]:
    """The first mention of each case: the one dated first among those seen by then. A case's posts are mentions."""
    order = (POST.c.at, POST.c.id)
    place = sa.func.row_number().over(partition_by=POST.c.case_id, order_by=order).label("place")
    seen = (
        sa.select(POST.c.case_id, POST.c.id, POST.c.published_at, POST.c.first_seen_at, place)
        .where(POST.c.case_id.in_(ids), POST.c.first_seen_at <= moment)
        .subquery()
    )
    return connection.execute(sa.select(seen).where(seen.c.place == 1)).all()
