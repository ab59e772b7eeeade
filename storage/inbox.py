"""The desk's door to read by: lists and searches of cases and mentions, a case opened, what changed since."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import rows, searching
from storage.database import Database, in_chunks
from storage.errors import NotFound
from storage.schema import AUTHOR, CASE, CONVERSATION, EVENT, POST, REPLY
from storage.types import Author, Case, CaseFile, Event, EventKind, Mention, Reply, Sentiment
from storage.workflow import ON_CASE

BATCH = 200
"""Mentions read at a time by a search: what bounds its memory and the length of its reads."""

PAGE = 20_000
"""Ids of what answers that are found at a time, at most."""

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
        self, query: str, *, limit: int = 50, me: str | None = None, watch: searching.Watch | None = None
    ) -> tuple[Case, ...]:
        """The first cases with a mention that answers `query`, in inbox order.

        `watch` is told how many cases a long search went through, and may stop it. Raises `QueryError`.
        """
        question = searching.ask(self.database, query, me)
        with self.database.read() as connection:
            ids = list(searching.case_ids(connection, question, limit=limit, watch=watch))
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
        with self.database.read() as connection:
            return _case(connection, case_id)

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
        newest_first: bool = True,
        me: str | None = None,
    ) -> Iterator[Mention]:
        """The mentions that answer `query`, by time.

        They come in batches, each a short read of its own, so a search of any length takes little memory and holds
        nobody up. Raises `QueryError` at once, before the first mention.
        """
        return self._stream(searching.ask(self.database, query, me), limit, newest_first)

    def sightings(self, query: str, *, me: str | None = None) -> Iterator[tuple[int, datetime, str | None]]:
        """Of what answers `query`, newest first: its id, its time and its author's name. Raises `QueryError`."""
        return self._sightings(searching.ask(self.database, query, me))

    def posts(self, ids: Sequence[int]) -> list[Mention]:
        """The posts of `ids`, in that order; ids that are gone are left out."""
        with self.database.read() as connection:
            return rows.mentions(connection, ids)

    def _sightings(self, question: searching.Question) -> Iterator[tuple[int, datetime, str | None]]:
        query = sa.select(POST.c.id, POST.c.at, AUTHOR.c.name).outerjoin(AUTHOR, AUTHOR.c.id == POST.c.author_id)
        for page in self._pages(question, None, True):
            with self.database.read() as connection:
                found = {
                    row.id: (row.id, row.at, row.name)
                    for some in in_chunks(page)
                    for row in connection.execute(query.where(POST.c.id.in_(some)))
                }
            yield from (found[each] for each in page if each in found)

    def open(self, case_id: int) -> CaseFile:
        """A case with its thread, replies, trail, and the author's earlier posts. Raises `NotFound`."""
        with self.database.read() as connection:
            case, trail = _case(connection, case_id), _trail(connection, case_id)
            thread, earlier = _thread(connection, case), _earlier(connection, case)
            posts = {each.id: each for each in rows.mentions(connection, [*thread, *earlier])}
            return CaseFile(
                case=case,
                conversation_title=str(connection.execute(_read_title(), {"id": case.conversation_id}).scalar_one()),
                thread=tuple(posts[each] for each in thread if each in posts),
                replies=_replies(connection, case_id),
                trail=trail,
                author=_author(connection, case.author_id) if case.author_id else None,
                earlier=tuple(posts[each] for each in earlier if each in posts),
            )

    def refreshed(self, file: CaseFile, case: Case) -> CaseFile:
        """An opened case, of which `case` is read anew; its posts only where its trail says that they may have changed.

        Raises `NotFound`.
        """
        known = {each.id for each in file.trail}
        with self.database.read() as connection:
            trail = _trail(connection, case.id)
            if all(each.kind in ON_CASE for each in trail if each.id not in known):
                return _as_of(file, case, trail, _replies(connection, case.id))
        return self.open(case.id)

    def trail(self, case_id: int) -> tuple[Event, ...]:
        """What happened to a case, oldest first. Raises `NotFound`."""
        self.case(case_id)
        with self.database.read() as connection:
            return _trail(connection, case_id)

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

    def _stream(self, question: searching.Question, limit: int | None, newest_first: bool) -> Iterator[Mention]:
        for page in self._pages(question, limit, newest_first):
            for ids in in_chunks(page, BATCH):
                with self.database.read() as connection:
                    chosen = rows.mentions(connection, ids)
                yield from chosen

    def _pages(self, question: searching.Question, limit: int | None, newest_first: bool) -> Iterator[list[int]]:
        """Ids of what answers: few at first, then more at a time, for each read looks the words up anew."""
        left, place, size = limit, None, BATCH
        while left is None or left > 0:
            wanted = size if left is None else min(size, left)
            with self.database.read() as connection:
                found, place = searching.next_posts(connection, question, wanted, place, newest_first)
            yield found[:left]
            if place is None:
                return
            left = None if left is None else left - len(found)
            size = min(4 * size, PAGE)


def _case(connection: Connection, case_id: int) -> Case:
    found = rows.cases(connection, [case_id])
    if not found:
        raise NotFound(f"There is no case {case_id}.")
    return found[0]


def _as_of(file: CaseFile, case: Case, trail: tuple[Event, ...], replies: tuple[Reply, ...]) -> CaseFile:
    """The file with its mentions as they are after steps on the case alone."""
    facts = {
        name: getattr(case, name) for name in ("status", "assignee", "tags", "department", "handed_to", "playbook")
    }
    facts["has_note"] = any(each.kind is EventKind.NOTED and "undone_by" not in each.data for each in trail)
    left = {each.post_id for each in replies if each.state.value in rows.LEFT}
    thread = (
        replace(each, **facts, has_reply=each.id in left) if each.case_id == case.id else each for each in file.thread
    )
    return replace(file, case=case, trail=trail, replies=replies, thread=tuple(thread))


@cache
def _read_title() -> sa.Select[Any]:
    return sa.select(CONVERSATION.c.title).where(CONVERSATION.c.id == sa.bindparam("id"))


@cache
def _read_thread() -> tuple[sa.Select[Any], ...]:
    """The newest posts of a conversation; its first, and those of a case."""
    place, newest = sa.select(POST.c.at, POST.c.id), (POST.c.at.desc(), POST.c.id.desc())
    within, own = POST.c.conversation_id == sa.bindparam("id"), POST.c.case_id == sa.bindparam("id")
    return (
        place.where(within).order_by(*newest).limit(sa.bindparam("most")),
        place.where(within).order_by(POST.c.at, POST.c.id).limit(1),
        place.where(own).order_by(*newest).limit(sa.bindparam("most")),
    )


def _thread(connection: Connection, case: Case) -> list[int]:
    """The whole conversation, unless it is very long: then its first post, the case's own, and the newest."""
    newest, first, own = _read_thread()
    found = connection.execute(newest, {"id": case.conversation_id, "most": THREAD}).all()
    if len(found) == THREAD:
        found = [*found, *connection.execute(first, {"id": case.conversation_id})]
        found += connection.execute(own, {"id": case.id, "most": THREAD})
    return [post_id for _, post_id in sorted({(row.at, row.id) for row in found})]


@cache
def _read_earlier() -> sa.Select[Any]:
    elsewhere = POST.c.author_id == sa.bindparam("author"), POST.c.conversation_id != sa.bindparam("conversation")
    return sa.select(POST.c.id).where(*elsewhere).order_by(POST.c.at.desc(), POST.c.id.desc()).limit(EARLIER)


def _earlier(connection: Connection, case: Case) -> list[int]:
    """What the author wrote in other conversations, the newest first."""
    if case.author_id is None:
        return []
    here = {"author": case.author_id, "conversation": case.conversation_id}
    return list(connection.scalars(_read_earlier(), here))


@cache
def _read_replies() -> sa.Select[Any]:
    return sa.select(REPLY).where(REPLY.c.case_id == sa.bindparam("id")).order_by(REPLY.c.id)


def _replies(connection: Connection, case_id: int) -> tuple[Reply, ...]:
    return tuple(rows.reply(row) for row in connection.execute(_read_replies(), {"id": case_id}))


@cache
def _read_trail() -> sa.Select[Any]:
    return sa.select(EVENT).where(EVENT.c.case_id == sa.bindparam("id")).order_by(EVENT.c.id)


def _trail(connection: Connection, case_id: int) -> tuple[Event, ...]:
    return tuple(rows.event(row) for row in connection.execute(_read_trail(), {"id": case_id}))


@cache
def _read_author() -> tuple[sa.Select[Any], sa.Select[Any]]:
    """An account, with its number of cases; and by feeling its mentions, and when the first was seen."""
    wrote = sa.and_(POST.c.author_id == sa.bindparam("id"), rows.IS_MENTION)
    cases = sa.select(sa.func.count(POST.c.case_id.distinct())).where(wrote).scalar_subquery()
    felt = sa.select(POST.c.sentiment, sa.func.count().label("mentions"), sa.func.min(POST.c.first_seen_at).label("at"))
    who = sa.select(AUTHOR, cases.label("cases")).where(AUTHOR.c.id == sa.bindparam("id"))
    return who, felt.where(wrote).group_by(POST.c.sentiment)


def _author(connection: Connection, author_id: int) -> Author:
    who, felt = _read_author()
    row = connection.execute(who, {"id": author_id}).one()
    feelings = connection.execute(felt, {"id": author_id}).all()
    return Author(
        id=row.id,
        source=row.source,
        name=row.name,
        url=row.url or None,
        is_own=row.is_own,
        mentions=sum(each.mentions for each in feelings),
        cases=row.cases,
        first_seen_at=min((each.at for each in feelings), default=None),
        sentiments={Sentiment(each.sentiment): each.mentions for each in feelings},
    )
