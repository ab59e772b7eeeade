"""Finds the cases and posts that answer a query, in order and a page at a time: by an index, else by trying all.

The first of a list are tried row by row, and further as long as they promise a page: many searches find it there. Then
an index leads to what may answer, by words or by fields; where that is little, it is read and put in order. Where it is
much, the list is gone on along, past all that the index of words does not yield; its vocabulary tells the words that
are like one, or hold a part of one. What no index can lead to is gone through in windows, so that somebody can watch.
Where SQL cannot decide, a row's text is tried in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby, islice, takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.database import Database, in_chunks
from storage.query import grammar, sql, tree
from storage.query.sql import columns, index, residue
from storage.query.sql.columns import Condition
from storage.query.sql.leads import Lead
from storage.schema import CASE, POST

WALK = 500
"""Rows at the beginning of a list that are tried before an index is asked."""
PROMISING = 5_000
"""Rows of a list that are tried for a page when so many would fill it, by what was found until there."""
FEW = 4_000
"""What is read and put in order at once, where an index yields no more."""
FAR = 50_000
"""Rows along which only posts that an index yields are read."""
WINDOW = 5000
"""Cases of which the posts are read at once where no index leads, after fewer at first."""
TRIED = 2000
"""Posts that are tried in memory at once: what bounds a search's memory and the length of its reads."""

RANK = (CASE.c.priority_score, CASE.c.last_mention_at, CASE.c.id)
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

    search: sql.Search
    any_post: bool
    """Whether context posts are asked for, besides mentions."""
    residue: residue.Residue
    dialect: columns.Dialect
    _compile: Callable[..., sql.Search]
    _led: sql.Search | None = field(default=None)

    @property
    def exact(self) -> bool:
        """Whether the database decides."""
        return self.search.exact

    @property
    def columns(self) -> Sequence[sa.ColumnElement[Any]]:
        """What a row is tried by where the database does not decide."""
        return () if self.exact else self.residue.columns

    def answers(self, row: Any) -> bool:
        """Whether a row that has these columns, and that the database found, answers."""
        return self.exact or self.residue.answers(row)

    def led(self, connection: Connection) -> sql.Search:
        """The search with the vocabulary's help; the words are looked up once."""
        if self._led is None:
            self._led = self._compile(vocabulary=partial(index.words, connection))
        return self._led

    @property
    def kind(self) -> Condition:
        """Mentions, unless context is asked for."""
        return sa.true() if self.any_post else columns.aside(POST.c.is_mention, self.dialect)


def ask(database: Database, query: str, me: str | None) -> Question:
    """Raises `QueryError`."""
    node, now = grammar.parse(query.strip() or "*"), database.now().astimezone(database.zone)
    dialect: columns.Dialect = "sqlite" if database.is_sqlite else "postgresql"
    compile_ = partial(sql.search, node, dialect=dialect, now=now, me=me)
    return Question(compile_(), tree.asks_for_context(node), residue.of(node, dialect, now, me), dialect, compile_)


def case_ids(
    connection: Connection,
    question: Question,
    *,
    limit: int | None = None,
    watch: Watch | None = None,
) -> Iterator[int]:
    """In inbox order, each case once."""
    return islice(_cases(connection, question, limit, watch or (lambda count, total: True)), limit)


def count_cases(connection: Connection, question: Question, most: int | None) -> int:
    """How many cases answer, up to `most`: there it ends. What most views ask of posts stands in an index."""
    if not question.exact:
        return sum(1 for _ in islice(case_ids(connection, question), most))
    if (led := _led(connection, _leads(connection, question))) is not None:
        return sum(1 for _ in islice(_among(connection, question, *led, None, most, lambda *_: True), most))
    found = sa.select(POST.c.case_id).distinct().select_from(sql.JOINED)
    kind = sa.true() if question.any_post else POST.c.is_mention
    found = found.where(kind, question.search.where, POST.c.case_id.is_not(None)).limit(most)
    with _by_indices(connection):
        return int(connection.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one())


def _cases(connection: Connection, question: Question, limit: int | None, watch: Watch) -> Iterator[int]:
    read = partial(_answering, connection, question, goes_on=lambda: watch(0, 0))
    after: Rank | None = None
    tried = found = 0
    while limit is not None and found * PROMISING >= limit * tried:
        end = _end_of(connection, after, WALK)
        for each in read(_between(after, end), limit=limit, along=True):
            found += 1
            yield each
        tried += WALK
        if (after := end) is None:
            return
    if (led := _led(connection, _leads(connection, question))) is not None:
        yield from _among(connection, question, *led, after, limit, watch)
        return
    if limit is None and question.exact:
        yield from read(sa.and_(question.search.where, _between(after, None)))
    elif (words := question.led(connection).words) is not None:
        only = columns.aside(POST.c.id, question.dialect).in_(words)
        end = _end_of(connection, after, FAR)
        yield from read(sa.and_(only, _between(after, end)), limit=limit, along=True)
        if end is not None:
            yield from _beyond(connection, question, words, end, limit, watch)
    else:
        yield from _in_windows(connection, question, after, tried, watch)


def _beyond(
    connection: Connection, question: Question, words: sa.Select[Any], end: Rank, limit: int | None, watch: Watch
) -> Iterator[int]:
    """The cases that answer far down the list: all that the words yield is read, which is seldom much that answers."""
    answering = sa.select(POST.c.id).select_from(sql.JOINED).where(POST.c.id.in_(words), question.search.row_by_row)
    if (led := _led(connection, [Lead(POST.c.id, answering)])) is not None:
        yield from _among(connection, question, *led, end, limit, watch)
        return
    only = columns.aside(POST.c.id, question.dialect).in_(words)
    within, goes_on = sa.and_(only, _between(end, None)), lambda: watch(0, 0)
    yield from _answering(connection, question, within, limit=limit, along=True, goes_on=goes_on)


def _led(connection: Connection, leads: Iterable[Lead]) -> tuple[sa.ColumnElement[Any], Sequence[Any]] | None:
    """What an index yields, and of which column it is; None where all yield much."""
    with _by_indices(connection):
        for lead in leads:
            keys = connection.scalars(lead.keys.limit(FEW + 1)).all()
            if len(keys) <= FEW:
                return lead.key, keys
    return None


def _leads(connection: Connection, question: Question) -> Iterator[Lead]:
    """Where indices lead; with the help of the vocabulary last, for that takes longest to read."""
    yield from question.search.leads
    if (led := question.led(connection)).lookup != question.search.lookup:
        yield from led.leads


@contextmanager
def _by_indices(connection: Connection) -> Iterator[None]:
    """PostgreSQL thinks it cheap to make out a row's words, and would do so for all rows: it is told to look up."""
    settings = {"enable_seqscan": "off", "work_mem": "'64MB'"} if connection.dialect.name == "postgresql" else {}
    for name, value in settings.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = {value}")
    yield
    for name in settings:
        connection.exec_driver_sql(f"SET LOCAL {name} TO DEFAULT")


def _among(
    connection: Connection,
    question: Question,
    key: sa.ColumnElement[Any],
    keys: Sequence[Any],
    after: Rank | None,
    limit: int | None,
    watch: Watch,
) -> Iterator[int]:
    """The cases beyond `after` that answer by posts with one of these keys, in order."""
    case_id = columns.aside(POST.c.case_id, question.dialect)  # from the posts to their cases, not from all open ones
    wanted = sa.select(*RANK, *question.columns).join(POST, case_id == CASE.c.id)
    wanted = wanted.where(question.kind, question.search.row_by_row, _between(after, None))
    if question.exact:
        wanted = wanted.group_by(CASE.c.id).order_by(*INBOX_ORDER).limit(limit)
    ranks = set()
    for some in takewhile(lambda _: watch(0, 0), in_chunks(keys)):
        found = connection.execute(wanted.where(key.in_(some)))
        ranks |= {(-row.priority_score, row.last_mention_at, row.id) for row in found if question.answers(row)}
    yield from (case_id for _, _, case_id in sorted(ranks))


def _answering(
    connection: Connection,
    question: Question,
    within: Condition,
    *,
    limit: int | None = None,
    along: bool = False,
    goes_on: Callable[[], bool] = lambda: True,
) -> Iterator[int]:
    """The cases within some bounds that answer, in order, each once.

    `along`: those that answer are met on the way, and hardly more are read than are wanted; else they are put in order.
    """
    wanted = sa.select(CASE.c.id, *question.columns).join(POST, POST.c.case_id == CASE.c.id)
    wanted = wanted.where(within, question.kind, question.search.row_by_row).order_by(*INBOX_ORDER)
    if question.exact and not along:
        wanted = wanted.group_by(CASE.c.id).limit(limit)
    with connection.execute(wanted.execution_options(yield_per=min(limit or TRIED, TRIED))) as found:
        parts = takewhile(lambda _: goes_on(), found.partitions())
        yield from (id_ for id_, _ in groupby(row.id for part in parts for row in part if question.answers(row)))


def _in_windows(
    connection: Connection, question: Question, after: Rank | None, tried: int, watch: Watch
) -> Iterator[int]:
    """All cases are tried, and somebody is told how many of how many."""
    total = int(connection.execute(sa.select(sa.func.count()).select_from(CASE)).scalar_one())
    size = WALK
    while watch(tried, total):
        size = min(2 * size, WINDOW)
        end = _end_of(connection, after, size)
        yield from _answering(connection, question, _between(after, end), along=True)
        tried += size
        if (after := end) is None:
            return


def _end_of(connection: Connection, after: Rank | None, size: int) -> Rank | None:
    """The last of the next `size` cases; None where there are no more beyond."""
    ranks = sa.select(*RANK).where(_between(after, None)).order_by(*INBOX_ORDER)
    row = connection.execute(ranks.offset(size - 1).limit(1)).first()
    return (row.priority_score, row.last_mention_at, row.id) if row is not None else None


def _between(after: Rank | None, end: Rank | None) -> Condition:
    """Cases beyond `after` in inbox order, up to and with `end`; the scores are what an index can begin and end at."""
    score = CASE.c.priority_score
    beyond = sa.and_(score <= after[0], _comes_after(after)) if after else sa.true()
    return sa.and_(beyond, score >= end[0], sa.not_(_comes_after(end))) if end else beyond


def _comes_after(rank: Rank) -> Condition:
    urgency, since, case_id = rank
    score, waiting = CASE.c.priority_score, CASE.c.last_mention_at
    later = sa.or_(waiting > since, sa.and_(waiting == since, CASE.c.id > case_id))
    return sa.or_(score < urgency, sa.and_(score == urgency, later))


def next_posts(
    connection: Connection, question: Question, limit: int, after: Place | None, newest_first: bool
) -> tuple[list[int], Place | None]:
    """Ids of posts that answer, by time, among the next ones; and where to go on, None when that was all.

    `limit` is how many are wanted; of an inexact question more or fewer may come.
    """
    order = (POST.c.at.desc(), POST.c.id.desc()) if newest_first else (POST.c.at, POST.c.id)
    beyond = _later(after, newest_first)
    query = sa.select(POST.c.at, POST.c.id).select_from(sql.JOINED).order_by(*order)
    query = query.add_columns(*question.columns)
    wanted = limit if question.exact else TRIED
    if not question.any_post:
        first = sa.select(POST.c.id).where(POST.c.is_mention, beyond).order_by(*order).limit(WALK).subquery()
        near = query.join(first, first.c.id == POST.c.id).where(question.search.row_by_row).limit(wanted)
        found = connection.execute(near).all()
        chosen = [row.id for row in found if question.answers(row)]
        if len(chosen) >= limit:
            return chosen[:limit], _place_of(found, chosen[limit - 1])
    kind: Condition = sa.true() if question.any_post else POST.c.is_mention
    where = question.search.row_by_row
    if (led := _led(connection, _leads(connection, question))) is not None:
        kind, where = question.kind, sa.and_(led[0].in_(led[1]), where)
    elif (words := question.led(connection).words) is not None:
        where = sa.and_(columns.aside(POST.c.id, question.dialect).in_(words), where)
    found = connection.execute(query.where(kind, where, beyond).limit(wanted)).all()
    chosen = [row.id for row in found if question.answers(row)]
    return chosen, (found[-1].at, found[-1].id) if len(found) == wanted else None


def _place_of(found: Sequence[Any], post_id: int) -> Place:
    return next((row.at, row.id) for row in found if row.id == post_id)


def _later(after: Place | None, newest_first: bool) -> Condition:
    if after is None:
        return sa.true()
    here, last = sa.tuple_(POST.c.at, POST.c.id), sa.tuple_(sa.literal(after[0], POST.c.at.type), after[1])
    return here < last if newest_first else here > last
