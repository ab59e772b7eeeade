"""Finds the cases and posts that answer a query, in order and a page at a time: by the index, else by trying all.

The newest or most urgent are tried first, row by row: most searches find a page there. Only then is the index asked,
and its vocabulary for words that are like one or hold a part of one. What no index can lead to is gone through in
windows, so that somebody can watch and stop it. Where SQL cannot decide, a row's text is tried in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import tables
from storage.database import Database, in_chunks
from storage.query import columns, grammar, index, residue, sql, tree
from storage.query.columns import Condition

POST = tables.Post.__table__  # type: ignore[attr-defined]
CASE = tables.Case.__table__  # type: ignore[attr-defined]

WALKS = (500, 5000)
"""Rows at the beginning of a list that are tried before the index is asked."""
WINDOW = 5000
"""Cases of which the posts are read at once where no index leads."""
TRIED = 2000
"""Posts that are tried in memory at once: what bounds a search's memory and the length of its reads."""

INBOX_ORDER = (CASE.c.priority_score.desc(), CASE.c.last_mention_at.asc(), CASE.c.id.asc())
"""Most urgent first; of equal urgency the one that has waited longest."""

Place = tuple[datetime, int]
"""A post's place in time: when, and its id."""
Rank = tuple[int, datetime, int]
"""A case's place in the inbox: urgency, waiting since, and its id."""
Watch = Callable[[int, int], bool]
"""Is told how many cases of how many were gone through, and says whether to go on."""


@dataclass(slots=True)
class Question:
    """A query made ready: what the database can tell, and the last word where it cannot tell all."""

    row_by_row: Condition
    """Without the index: to try rows that are at hand."""
    exact: bool
    any_post: bool
    """Whether context posts are asked for, besides mentions."""
    residue: residue.Residue
    _compile: Callable[..., sql.Search]
    _led: tuple[Condition, bool] | None = field(default=None)

    def led(self, connection: Connection) -> tuple[Condition, bool]:
        """The condition with the index's help, and whether the index leads anywhere; the words are looked up once."""
        if self._led is None:
            vocabulary = None if self.exact else partial(index.words, connection)
            search = self._compile(vocabulary=vocabulary)
            self._led = sa.and_(self.kind, search.where), search.led
        return self._led

    @property
    def kind(self) -> Condition:
        """Mentions, unless context is asked for."""
        return sa.true() if self.any_post else POST.c.is_mention


def ask(database: Database, query: str, me: str | None) -> Question:
    """Raises `QueryError`."""
    node, now = grammar.parse(query.strip() or "*"), database.now().astimezone(database.zone)
    dialect: columns.Dialect = "sqlite" if database.is_sqlite else "postgresql"
    search = sql.search(node, dialect=dialect, now=now, me=me)
    question = Question(
        row_by_row=search.row_by_row,
        exact=search.exact,
        any_post=tree.asks_for_context(node),
        residue=residue.of(node, dialect, now, me),
        _compile=partial(sql.search, node, dialect=dialect, now=now, me=me),
    )
    question.row_by_row = sa.and_(question.kind, search.row_by_row)
    return question


def case_ids(
    connection: Connection,
    question: Question,
    *,
    limit: int | None = None,
    after: Rank | None = None,
    watch: Watch | None = None,
) -> Iterator[int]:
    """In inbox order, each case once."""
    return islice(_cases(connection, question, limit, after, watch or (lambda count, total: True)), limit)


def count_cases(connection: Connection, question: Question, most: int | None) -> int:
    """How many cases answer, up to `most`: there it ends. What most views ask of posts stands in an index."""
    if not question.exact:
        return sum(1 for _ in islice(case_ids(connection, question), most))
    found = sa.select(POST.c.case_id).distinct().select_from(sql.JOINED)
    found = found.where(question.led(connection)[0], POST.c.case_id.is_not(None)).limit(most)
    return int(connection.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one())


def _cases(
    connection: Connection, question: Question, limit: int | None, after: Rank | None, watch: Watch
) -> Iterator[int]:
    count = 0
    for size in WALKS if limit is not None else ():
        yield from _in_window(connection, question, after, size)
        count, after = count + size, _end_of(connection, after, size)
        if after is None:
            return
    where, leads = question.led(connection)
    if question.exact or leads:
        yield from _by_index(connection, question, where, after, limit)
        return
    total = int(connection.execute(sa.select(sa.func.count()).select_from(CASE)).scalar_one())
    while watch(count, total):
        yield from _in_window(connection, question, after, WINDOW)
        count, after = count + WINDOW, _end_of(connection, after, WINDOW)
        if after is None:
            return


def _in_window(connection: Connection, question: Question, after: Rank | None, size: int) -> Iterator[int]:
    """Of the next `size` cases those that answer."""
    first = sa.select(CASE.c.id).where(_beyond(after)).order_by(*INBOX_ORDER).limit(size).subquery()
    among = sa.select(CASE.c.id).join(first, first.c.id == CASE.c.id).join(POST, POST.c.case_id == CASE.c.id)
    wanted = among.where(question.row_by_row).order_by(*INBOX_ORDER)
    if question.exact:
        yield from connection.scalars(wanted.group_by(CASE.c.id)).all()
        return
    reading = wanted.add_columns(*question.residue.columns).execution_options(yield_per=TRIED)
    with connection.execute(reading) as tried:
        yield from _once(row.id for row in tried if question.residue.answers(row))


def _end_of(connection: Connection, after: Rank | None, size: int) -> Rank | None:
    """The last of the next `size` cases; None where there are no more beyond."""
    rank = sa.select(CASE.c.priority_score, CASE.c.last_mention_at, CASE.c.id).where(_beyond(after))
    row = connection.execute(rank.order_by(*INBOX_ORDER).offset(size - 1).limit(1)).first()
    return (row.priority_score, row.last_mention_at, row.id) if row is not None else None


def _by_index(
    connection: Connection, question: Question, where: Condition, after: Rank | None, limit: int | None
) -> Iterator[int]:
    wanted = sa.select(CASE.c.id).join(POST, POST.c.case_id == CASE.c.id).where(where, _beyond(after))
    wanted = wanted.order_by(*INBOX_ORDER)
    if question.exact:
        with connection.scalars(wanted.group_by(CASE.c.id).limit(limit).execution_options(yield_per=TRIED)) as found:
            yield from found
        return
    pairs = connection.execute(wanted.add_columns(POST.c.id.label("post_id"))).all()
    yield from _once(_tried(connection, question, pairs))


def _tried(connection: Connection, question: Question, pairs: Sequence[Any]) -> Iterator[int]:
    for some in in_chunks(pairs):
        read = sa.select(POST.c.id.label("post_id"), *question.residue.columns).select_from(sql.JOINED)
        rows = connection.execute(read.where(POST.c.id.in_([pair.post_id for pair in some])))
        answering = {row.post_id for row in rows if question.residue.answers(row)}
        yield from (pair.id for pair in some if pair.post_id in answering)


def _once(ids: Iterator[int]) -> Iterator[int]:
    seen: set[int] = set()
    for each in ids:
        if each not in seen:
            seen.add(each)
            yield each


def _beyond(rank: Rank | None) -> Condition:
    """Cases that come after `rank` in inbox order; the first part is what an index can begin at."""
    if rank is None:
        return sa.true()
    urgency, since, case_id = rank
    score, waiting = CASE.c.priority_score, CASE.c.last_mention_at
    later = sa.or_(waiting > since, sa.and_(waiting == since, CASE.c.id > case_id))
    return sa.and_(score <= urgency, sa.or_(score < urgency, later))


def next_posts(
    connection: Connection, question: Question, limit: int, after: Place | None, newest_first: bool
) -> tuple[list[int], Place | None]:
    """Ids of posts that answer, by time, among the next ones; and where to go on, None when that was all.

    `limit` is how many are wanted; of an inexact question more or fewer may come.
    """
    order = (POST.c.at.desc(), POST.c.id.desc()) if newest_first else (POST.c.at, POST.c.id)
    beyond = _later(after, newest_first)
    query = sa.select(POST.c.at, POST.c.id).select_from(sql.JOINED).order_by(*order)
    wanted = limit if question.exact else TRIED
    if not question.exact:
        query = query.add_columns(*question.residue.columns)
    for walk in () if question.any_post else WALKS:
        first = sa.select(POST.c.id).where(POST.c.is_mention, beyond).order_by(*order).limit(walk).subquery()
        near = query.join(first, first.c.id == POST.c.id).where(question.row_by_row).limit(wanted)
        found = connection.execute(near).all()
        chosen = _answering(question, found)
        if len(chosen) >= limit:
            return chosen[:limit], _place_of(found, chosen[limit - 1])
    where, _ = question.led(connection)
    found = connection.execute(query.where(where, beyond).limit(wanted)).all()
    return _answering(question, found), (found[-1].at, found[-1].id) if len(found) == wanted else None


def _answering(question: Question, found: Sequence[Any]) -> list[int]:
    return [row.id for row in found if question.exact or question.residue.answers(row)]


def _place_of(found: Sequence[Any], post_id: int) -> Place:
    return next((row.at, row.id) for row in found if row.id == post_id)


def _later(after: Place | None, newest_first: bool) -> Condition:
    if after is None:
        return sa.true()
    here, last = sa.tuple_(POST.c.at, POST.c.id), sa.tuple_(sa.literal(after[0], POST.c.at.type), after[1])
    return here < last if newest_first else here > last
