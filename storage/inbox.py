"""The desk's door to read by: lists and searches of cases and mentions, a case opened, what changed since."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows, searching, tables
from storage.database import Database
from storage.errors import NotFound
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

EARLIER = 20
"""Earlier posts of the author that an opened case shows."""

OVERLAP = 1000
"""Event ids that `changed_since` looks at again: PostgreSQL gives them out before commit, so a lower one may follow."""


class Inbox:
    """What the desk, the command line and the exports read. Every query is of the one query language."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._reported: dict[int, int] = {}

    def page(
        self,
        query: str,
        *,
        limit: int = 50,
        after: Case | None = None,
        me: str | None = None,
        watch: searching.Watch | None = None,
    ) -> tuple[Case, ...]:
        """Cases with a mention that answers `query`, in inbox order; `after` is the last case of the page before.

        `watch` is told how many cases a long search went through, and may stop it. Raises `QueryError`.
        """
        rank = (after.priority_score, after.last_mention_at, after.id) if after else None
        question = searching.ask(self.database, query, me)
        with self.database.read() as connection:
            ids = list(searching.case_ids(connection, question, limit=limit, after=rank, watch=watch))
            return tuple(rows.cases(connection, ids))

    def ids(
        self, query: str, *, me: str | None = None, limit: int | None = None, watch: searching.Watch | None = None
    ) -> array[int]:
        """Ids of the cases with a mention that answers `query`, in inbox order. Raises `QueryError`."""
        question = searching.ask(self.database, query, me)
        with self.database.read() as connection:
            return array("q", searching.case_ids(connection, question, limit=limit, watch=watch))

    def count(self, query: str, *, most: int | None = None, me: str | None = None) -> int:
        """How many cases have a mention that answers `query`; `most` where it is that or more. Raises `QueryError`."""
        question = searching.ask(self.database, query, me)
        with self.database.read() as connection:
            return searching.count_cases(connection, question, most)

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
        return self._stream(searching.ask(self.database, query, me), limit, after, newest_first)

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

    def _stream(
        self, question: searching.Question, limit: int | None, after: Mention | None, newest_first: bool
    ) -> Iterator[Mention]:
        left, place = limit, self._place(after) if after else None
        while left is None or left > 0:
            size = BATCH if left is None else min(BATCH, left)
            with self.database.read() as connection:
                found, place = searching.next_posts(connection, question, size, place, newest_first)
                chosen = rows.mentions(connection, found if left is None else found[:left])
            yield from chosen
            left = None if left is None else left - len(chosen)
            if place is None:
                return

    def _place(self, mention: Mention) -> searching.Place:
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
