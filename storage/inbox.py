"""The desk's door to read by: lists and searches of cases and mentions, a case opened, what changed since."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows, tables
from storage.database import Database, in_chunks
from storage.errors import NotFound
from storage.query import columns, grammar, matcher, sql, tree
from storage.types import Author, Case, CaseFile, Event, Mention, Reply, Sentiment

POST = tables.Post.__table__  # type: ignore[attr-defined]
CASE = tables.Case.__table__  # type: ignore[attr-defined]
AUTHOR = tables.Author.__table__  # type: ignore[attr-defined]
CONVERSATION = tables.Conversation.__table__  # type: ignore[attr-defined]
EVENT = tables.Event.__table__  # type: ignore[attr-defined]
REPLY = tables.Reply.__table__  # type: ignore[attr-defined]

BATCH = 200
"""Mentions read at a time by a search: what bounds its memory and the length of its reads."""

THREAD = 500
"""Newest posts of a conversation that an opened case shows, besides its first post and the case's own."""

Place = tuple[datetime, int]
"""A post's place in time: when, and its id."""

WALKS = (500, 5000)
"""Rows at the beginning of a list that a page is looked for among, before all that answer are gathered and sorted."""

EARLIER = 20
"""Earlier posts of the author that an opened case shows."""

OVERLAP = 1000
"""Event ids that `changed_since` looks at again: PostgreSQL gives them out before commit, so a lower one may follow."""

JOINED = POST.outerjoin(CASE, CASE.c.id == POST.c.case_id)
"""What the condition of a query is over."""

INBOX_ORDER = (CASE.c.priority_score.desc(), CASE.c.last_mention_at.asc(), CASE.c.id.asc())
"""Most urgent first; of equal urgency the one that has waited longest."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query made ready: what the database can tell, and the last word where it cannot tell all."""

    where: sa.ColumnElement[bool]
    """With the help of the search index: to find the few that answer."""
    row_by_row: sa.ColumnElement[bool]
    """The same without the index: to try rows that are at hand."""
    exact: bool
    any_post: bool
    """Whether context posts are asked for, besides mentions."""
    answers: Callable[[Mention], bool]


class Inbox:
    """What the desk, the command line and the exports read. Every query is of the one query language."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._reported: dict[int, int] = {}

    def page(
        self, query: str, *, limit: int = 50, after: Case | None = None, me: str | None = None
    ) -> tuple[Case, ...]:
        """Cases with a mention that answers `query`, in inbox order; `after` is the last case of the page before.

        Raises `QueryError`.
        """
        with self.database.read() as connection:
            ids = self._case_ids(connection, self._ask(query, me), limit=limit, after=after)
            return tuple(rows.cases(connection, ids))

    def ids(self, query: str, *, me: str | None = None, limit: int | None = None) -> array[int]:
        """Ids of the cases with a mention that answers `query`, in inbox order. Raises `QueryError`."""
        with self.database.read() as connection:
            return array("q", self._case_ids(connection, self._ask(query, me), limit=limit))

    def count(self, query: str, *, me: str | None = None) -> int:
        """How many cases have a mention that answers `query`. Raises `QueryError`."""
        question = self._ask(query, me)
        with self.database.read() as connection:
            if not question.exact:
                return len(self._case_ids(connection, question))
            counted = sa.select(sa.func.count(POST.c.case_id.distinct())).select_from(JOINED)
            return int(connection.execute(counted.where(question.where)).scalar_one())

    def cases(self, ids: Sequence[int]) -> list[Case]:
        """The cases of `ids`, in that order; those that are gone are left out."""
        with self.database.read() as connection:
            return rows.cases(connection, list(ids))

    def case(self, case_id: int) -> Case:
        """One case. Raises `NotFound`."""
        found = self.cases([case_id])
        if not found:
            raise NotFound(f"There is no case {case_id}.")
        return found[0]

    def mention(self, mention_id: int) -> Mention:
        """One stored post. Raises `NotFound`."""
        with self.database.read() as connection:
            found = rows.mentions(connection, [mention_id])
        if not found:
            raise NotFound(f"There is no mention {mention_id}.")
        return found[0]

    def mentions(
        self,
        query: str,
        *,
        limit: int | None = None,
        after: Mention | None = None,
        newest_first: bool = True,
        me: str | None = None,
    ) -> Iterator[Mention]:
        """The mentions that answer `query`, by time; `after` is the last mention of the page before.

        They come in batches, each a short read of its own, so a search of any length takes little memory and holds
        nobody up. Raises `QueryError` at once, before the first mention.
        """
        return self._stream(self._ask(query, me), limit, after, newest_first)

    def open(self, case_id: int) -> CaseFile:
        """A case with its thread, replies, trail, and the author's earlier posts. Raises `NotFound`."""
        with self.database.read() as connection:
            found = rows.cases(connection, [case_id])
            if not found:
                raise NotFound(f"There is no case {case_id}.")
            case = found[0]
            return CaseFile(
                case=case,
                conversation_title=self._title(connection, case),
                thread=self._thread(connection, case),
                replies=self._replies(connection, case_id),
                trail=self._trail(connection, case_id),
                author=_author(connection, case.author_id) if case.author_id else None,
                earlier=self._earlier(connection, case),
            )

    def trail(self, case_id: int) -> tuple[Event, ...]:
        """What happened to a case, oldest first. Raises `NotFound`."""
        self.case(case_id)
        with self.database.read() as connection:
            return self._trail(connection, case_id)

    def cursor(self) -> int:
        """Where `changed_since` may begin: the newest event."""
        with self.database.read() as connection:
            newest = int(connection.execute(sa.select(sa.func.max(EVENT.c.id))).scalar() or 0)
            self._reported = self._changes(connection, newest)
        return newest

    def changed_since(self, cursor: int) -> tuple[int, tuple[int, ...]]:
        """The new cursor, and the ids of the cases that changed since the old one, oldest change first.

        A case may be told once too often, never once too few.
        """
        with self.database.read() as connection:
            found = self._changes(connection, cursor)
        fresh = tuple(id_ for id_, at in found.items() if at > cursor or self._reported.get(id_, 0) < at)
        self._reported = found
        return max((cursor, *found.values())), fresh

    def _changes(self, connection: Connection, cursor: int) -> dict[int, int]:
        """Case -> its newest event, of the cases that changed since a little before the cursor."""
        floor = cursor if self.database.is_sqlite else cursor - OVERLAP
        query = sa.select(CASE.c.id, CASE.c.changed).where(CASE.c.changed > floor).order_by(CASE.c.changed)
        return {row.id: row.changed for row in connection.execute(query)}

    def _ask(self, query: str, me: str | None) -> Question:
        node, now = grammar.parse(query.strip() or "*"), self.database.now().astimezone(self.database.zone)
        dialect: columns.Dialect = "sqlite" if self.database.is_sqlite else "postgresql"
        search = sql.search(node, dialect=dialect, now=now, me=me)
        row_by_row = sql.search(tree.Not(tree.Not(node)), dialect=dialect, now=now, me=me).where
        any_post = tree.asks_for_context(node)
        mention = sa.true() if any_post else POST.c.is_mention
        return Question(
            where=sa.and_(mention, search.where),
            row_by_row=sa.and_(mention, row_by_row),
            exact=search.exact,
            any_post=any_post,
            answers=matcher.compiled(node, now=now, me=me),
        )

    def _case_ids(
        self, connection: Connection, question: Question, *, limit: int | None = None, after: Case | None = None
    ) -> list[int]:
        """In inbox order. A page is looked for among the first cases; only where too few answer, among all."""
        beyond = _beyond(after) if after else sa.true()
        for walk in WALKS if limit is not None else ():
            first = sa.select(CASE.c.id).where(beyond).order_by(*INBOX_ORDER).limit(walk).subquery()
            among = sa.select(CASE.c.id).join(first, first.c.id == CASE.c.id)
            found = self._answering(connection, question, among, question.row_by_row, limit)
            if len(found) == limit:
                return found
        return self._answering(connection, question, sa.select(CASE.c.id).where(beyond), question.where, limit)

    def _answering(
        self,
        connection: Connection,
        question: Question,
        among: sa.Select[int],
        where: sa.ColumnElement[bool],
        limit: int | None,
    ) -> list[int]:
        wanted = among.join(POST, POST.c.case_id == CASE.c.id).where(where).order_by(*INBOX_ORDER)
        if not question.exact:
            pairs = connection.execute(wanted.add_columns(POST.c.id)).all()
            return list(islice(_checked(connection, question, pairs), limit))
        return list(connection.scalars(wanted.group_by(CASE.c.id).limit(limit)))

    def _stream(
        self, question: Question, limit: int | None, after: Mention | None, newest_first: bool
    ) -> Iterator[Mention]:
        given, place = 0, self._place(after) if after else None
        while limit is None or given < limit:
            size = BATCH if limit is None or not question.exact else min(BATCH, limit - given)
            with self.database.read() as connection:
                found = _next_posts(connection, question, size, place, newest_first)
                batch = rows.mentions(connection, [post_id for _, post_id in found])
            chosen = [each for each in batch if question.exact or question.answers(each)]
            yield from chosen if limit is None else chosen[: limit - given]
            given += len(chosen)
            if len(found) < size:
                return
            place = found[-1]

    def _place(self, mention: Mention) -> Place:
        """Where a mention stands in time: as it is stored, for a post from the future is put where it was seen."""
        with self.database.read() as connection:
            at = connection.execute(sa.select(POST.c.at).where(POST.c.id == mention.id)).scalar()
        return at or mention.published_at or mention.first_seen_at, mention.id

    def _title(self, connection: Connection, case: Case) -> str:
        title = sa.select(CONVERSATION.c.title).where(CONVERSATION.c.id == case.conversation_id)
        return str(connection.execute(title).scalar_one())

    def _thread(self, connection: Connection, case: Case) -> tuple[Mention, ...]:
        """The whole conversation, unless it is very long: then its first post, the case's own, and the newest."""
        place = sa.select(POST.c.at, POST.c.id)
        within, newest = POST.c.conversation_id == case.conversation_id, (POST.c.at.desc(), POST.c.id.desc())
        parts = (
            place.where(within).order_by(*newest).limit(THREAD),
            place.where(within).order_by(POST.c.at, POST.c.id).limit(1),
            place.where(POST.c.case_id == case.id).order_by(*newest).limit(THREAD),
        )
        found = {(row.at, row.id) for part in parts for row in connection.execute(part)}
        return tuple(rows.mentions(connection, [post_id for _, post_id in sorted(found)]))

    def _earlier(self, connection: Connection, case: Case) -> tuple[Mention, ...]:
        if case.author_id is None:
            return ()
        elsewhere = POST.c.author_id == case.author_id, POST.c.conversation_id != case.conversation_id
        query = sa.select(POST.c.id).where(*elsewhere).order_by(POST.c.at.desc(), POST.c.id.desc()).limit(EARLIER)
        return tuple(rows.mentions(connection, connection.scalars(query).all()))

    def _replies(self, connection: Connection, case_id: int) -> tuple[Reply, ...]:
        query = sa.select(REPLY).where(REPLY.c.case_id == case_id).order_by(REPLY.c.id)
        return tuple(rows.reply(row) for row in connection.execute(query))

    def _trail(self, connection: Connection, case_id: int) -> tuple[Event, ...]:
        query = sa.select(EVENT).where(EVENT.c.case_id == case_id).order_by(EVENT.c.id)
        return tuple(rows.event(row) for row in connection.execute(query))


def _checked(connection: Connection, question: Question, pairs: Sequence[Any]) -> Iterator[int]:
    """Of pairs of a case and a mention that may answer: the cases that do, each mention looked at in memory."""
    found: set[int] = set()
    for some in in_chunks(pairs, BATCH):
        for mention in rows.mentions(connection, [pair[1] for pair in some]):
            if mention.case_id is not None and mention.case_id not in found and question.answers(mention):
                found.add(mention.case_id)
                yield mention.case_id


def _beyond(case: Case) -> sa.ColumnElement[bool]:
    """Cases that come after `case` in inbox order; the first part is what an index can begin at."""
    score, waiting = CASE.c.priority_score, CASE.c.last_mention_at
    later = sa.or_(waiting > case.last_mention_at, sa.and_(waiting == case.last_mention_at, CASE.c.id > case.id))
    return sa.and_(score <= case.priority_score, sa.or_(score < case.priority_score, later))


def _next_posts(
    connection: Connection, question: Question, limit: int, after: Place | None, newest_first: bool
) -> list[Place]:
    """By time. A batch is looked for among the next posts; only where too few answer, among all that do."""
    order = (POST.c.at.desc(), POST.c.id.desc()) if newest_first else (POST.c.at, POST.c.id)
    beyond: sa.ColumnElement[bool] = sa.true()
    if after is not None:
        here, last = sa.tuple_(POST.c.at, POST.c.id), sa.tuple_(sa.literal(after[0], POST.c.at.type), after[1])
        beyond = here < last if newest_first else here > last
    query = sa.select(POST.c.at, POST.c.id).select_from(JOINED).order_by(*order).limit(limit)
    for walk in () if question.any_post else WALKS:
        first = sa.select(POST.c.id).where(POST.c.is_mention, beyond).order_by(*order).limit(walk).subquery()
        near = connection.execute(query.join(first, first.c.id == POST.c.id).where(question.row_by_row)).all()
        if len(near) == limit:
            return [(row.at, row.id) for row in near]
    return [(row.at, row.id) for row in connection.execute(query.where(question.where, beyond))]


def _author(connection: Connection, author_id: int) -> Author:
    counted = sa.select(
        sa.func.count().label("mentions"),
        sa.func.count(POST.c.case_id.distinct()).label("cases"),
        sa.func.min(POST.c.first_seen_at).label("first_seen_at"),
    ).where(POST.c.author_id == author_id, POST.c.is_mention)
    felt = sa.select(POST.c.sentiment, sa.func.count()).where(POST.c.author_id == author_id, POST.c.is_mention)
    row = connection.execute(sa.select(AUTHOR).where(AUTHOR.c.id == author_id)).one()
    counts = connection.execute(counted).one()
    return Author(
        id=row.id,
        source=row.source,
        name=row.name,
        url=row.url or None,
        is_own=row.is_own,
        mentions=counts.mentions,
        cases=counts.cases,
        first_seen_at=counts.first_seen_at,
        sentiments={Sentiment(name): n for name, n in connection.execute(felt.group_by(POST.c.sentiment))},
    )
