"""Erasing what people wrote: on their request, and what is older than may be kept. What is counted of it stays.

A post keeps its times, its brand and how it was judged, so that figures hold; its words, its address and who wrote it
are gone from every table and index. Nothing in the database tells any more whose it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from storage import trail
from storage.database import Database, in_chunks
from storage.errors import StepRefused
from storage.intake import graves
from storage.query.sql import index
from storage.schema import AUTHOR, BAND, CASE, CONVERSATION, EVENT, GROUP, NOTICE, PERSON, POST, REPLY, REVISION, SOURCE
from storage.types import SYSTEM, Account, Erased, EventKind, ReplyState, Status
from storage.workflow import OPEN

BATCH = 200
"""Posts erased in one transaction: others work on meanwhile."""

AWAY = (ReplyState.SENDING.value, ReplyState.UNCERTAIN.value)
"""A reply that may be arriving right now has to end first."""

WAITING = (ReplyState.DRAFT.value, ReplyState.AWAITING_APPROVAL.value, ReplyState.HELD.value)

TOLD = frozenset(
    {"from", "to", "until", "field", "channel", "kind", "batch", "rule", "published_at", "at", "target", "state"}
    | {"tag", "before", "model", "lease"}
)
"""Keys of an event whose words are ours; all other words of an event of a forgotten person go."""

SHORTEST = 3
"""Characters of the shortest name that other places are looked through for."""


class Erasure:
    """The door to erasing."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def forget(self, accounts: Sequence[Account], agent: str) -> Erased:
        """Erases for good all that these accounts wrote and that was written to them; they are not collected again.

        Raises `StepRefused` while a reply to them is on its way, and for an account of our own.
        """
        ids = [account.id for account in accounts]
        with self.database.write() as connection:
            _refuse(connection, accounts)
            graves.dig(self.database, connection, {("author", each.source, each.external_id) for each in accounts})
            done = self._cases(connection, CASE.c.author_id.in_(ids))  # with the look at replies: none leaves between
        done += self._posts(POST.c.author_id.in_(ids))
        with self.database.write() as connection:
            done += _accounts(connection, ids)
            _answers(connection, {account.source for account in accounts})
            _notices(connection, [word for each in accounts for word in (each.name, each.url, each.external_id)])
            data = {"accounts": done.accounts, "posts": done.posts, "cases": done.cases, "replies": done.replies}
            trail.append(connection, EventKind.FORGOTTEN, at=self.database.now(), actor=agent, data=data)
        self._scrub()
        return done

    def forget_before(self, moment: datetime, *, dry_run: bool = False) -> Erased:
        """Erases posts older than `moment`, with who wrote nothing since; cases that are open or have a reply on its
        way are kept with their posts."""
        away = sa.exists().where(REPLY.c.case_id == CASE.c.id, REPLY.c.state.in_(AWAY))
        idle = sa.select(CASE.c.id).where(CASE.c.last_mention_at < moment, CASE.c.status.not_in(OPEN), ~away)
        old = sa.and_(
            POST.c.at < moment,
            POST.c.external_id != "",
            sa.or_(POST.c.case_id.is_(None), POST.c.case_id.in_(idle)),
        )
        if dry_run:
            return self._counted(old, idle)
        with self.database.read() as connection:
            cases = connection.scalars(idle.where(CASE.c.author_key.not_like("forgotten:%"))).all()
        done = self._posts(old)
        for some in in_chunks(cases, BATCH):
            with self.database.write() as connection:
                done += self._cases(connection, CASE.c.id.in_(some))
        with self.database.write() as connection:
            silent = ~sa.exists().where(POST.c.author_id == AUTHOR.c.id)
            unknown = ~sa.exists().where(CASE.c.author_id == AUTHOR.c.id)
            gone = connection.scalars(sa.select(AUTHOR.c.id).where(silent, unknown, ~AUTHOR.c.is_own)).all()
            for chunk in in_chunks(gone):
                done += _accounts(connection, chunk)
            connection.execute(sa.delete(NOTICE).where(NOTICE.c.at < moment))
        if done != Erased():
            self._scrub()
        return done

    def traces(self, words: Collection[str]) -> Mapping[str, int]:
        """Where these words still stand, as `table.column` and its number of rows: what others wrote of somebody."""
        wanted = [word for word in words if len(word) >= SHORTEST]
        found: dict[str, int] = {}
        with self.database.read() as connection:
            for table in SQLModel.metadata.sorted_tables:
                for column in table.columns:
                    if wanted and isinstance(column.type, (sa.String, sa.JSON)):
                        text = sa.func.lower(sa.cast(column, sa.Text))
                        here = sa.or_(*(text.contains(word.lower(), autoescape=True) for word in wanted))
                        if count := connection.scalar(sa.select(sa.func.count()).select_from(table).where(here)):
                            found[f"{table.name}.{column.name}"] = count
        return found

    def _posts(self, where: sa.ColumnElement[bool]) -> Erased:
        """Erases posts batch by batch, oldest first."""
        done, last = Erased(), 0
        page = sa.select(POST.c.id, POST.c.source, POST.c.external_id, POST.c.external_key, POST.c.conversation_id)
        while True:
            with self.database.write() as connection:
                some = connection.execute(page.where(where, POST.c.id > last).order_by(POST.c.id).limit(BATCH)).all()
                if not some:
                    return done
                graves.dig(self.database, connection, {("post", row.source, row.external_id) for row in some})
                _blank_posts(connection, some, self.database.now())
                self._titles(connection, some)
                last, done = some[-1].id, done + Erased(posts=len(some))

    def _titles(self, connection: Connection, posts: Sequence[Any]) -> None:
        """Erases the title of conversations they began, and the whole of those in which nobody else wrote."""
        here = {row.conversation_id for row in posts}
        left = sa.exists().where(POST.c.conversation_id == CONVERSATION.c.id, POST.c.external_id != "")
        query = sa.select(CONVERSATION, left.label("others")).where(CONVERSATION.c.id.in_(here))
        began = {(row.conversation_id, row.external_id) for row in posts}
        for row in connection.execute(query).all():
            if row.others and (row.id, row.external_id) not in began:
                continue
            graves.dig(self.database, connection, {("title", row.source, row.external_id)})
            values = {"title": ""} if row.others else _nothing_of(row)
            connection.execute(sa.update(CONVERSATION).where(CONVERSATION.c.id == row.id).values(**values))

    def _cases(self, connection: Connection, where: sa.ColumnElement[bool]) -> Erased:
        """Ends cases, and takes from them whose they were and what was said to them."""
        cases = connection.execute(sa.select(CASE.c.id, CASE.c.status).where(where)).all()
        ids, now = [row.id for row in cases], self.database.now()
        for row in cases:
            values: dict[str, Any] = {"author_id": None, "author_key": f"forgotten:{row.id}"}
            if row.status in OPEN:
                told = {"from": row.status, "to": Status.DISMISSED.value, "why": "forgotten"}
                values |= {"status": Status.DISMISSED.value, "snoozed_until": None}
                trail.append(connection, EventKind.DISMISSED, at=now, actor=SYSTEM, case_id=row.id, data=told)
            connection.execute(sa.update(CASE).where(CASE.c.id == row.id).values(**values))
        blank: dict[str, Any] = {"text": "", "url": None, "external_id": None, "error": None}
        mine = REPLY.c.case_id.in_(ids)
        replies = int(connection.scalar(sa.select(sa.func.count()).where(mine)) or 0)
        stopped = sa.update(REPLY).where(mine, REPLY.c.state.in_(WAITING))
        connection.execute(stopped.values(state=ReplyState.CANCELLED.value))
        connection.execute(sa.update(REPLY).where(mine).values(**blank))
        _events(connection, EVENT.c.case_id.in_(ids))
        return Erased(cases=len(ids), replies=replies)

    def _counted(self, old: sa.ColumnElement[bool], idle: Any) -> Erased:
        with self.database.read() as connection:
            posts = sa.select(sa.func.count()).select_from(POST).where(old)
            cases = sa.select(sa.func.count()).select_from(
                idle.where(CASE.c.author_key.not_like("forgotten:%")).subquery()
            )
            return Erased(posts=int(connection.scalar(posts) or 0), cases=int(connection.scalar(cases) or 0))

    def _scrub(self) -> None:
        """Takes the words out of the search index, the log of writes, and the pages that were given back."""
        with self.database.write() as connection:
            index.scrub(connection)
        self.database.scrub()


def _refuse(connection: Connection, accounts: Sequence[Account]) -> None:
    ids = [account.id for account in accounts]
    for row in connection.execute(sa.select(AUTHOR).where(AUTHOR.c.id.in_(ids), AUTHOR.c.is_own)):
        raise StepRefused(f"{row.source}/{row.name} is an account of our own.")
    cases = sa.select(CASE.c.id).where(CASE.c.author_id.in_(ids))
    for row in connection.execute(sa.select(REPLY).where(REPLY.c.case_id.in_(cases), REPLY.c.state.in_(AWAY)).limit(1)):
        raise StepRefused(f"Reply {row.id} to case {row.case_id} is {row.state}: settle it in the outbox first.")


def _blank_posts(connection: Connection, posts: Sequence[Any], now: datetime) -> None:
    ids = [row.id for row in posts]
    keys = [row.external_key for row in posts]
    here = {row.conversation_id for row in posts}
    answers = sa.and_(POST.c.conversation_id.in_(here), POST.c.parent_key.in_(keys))
    connection.execute(sa.update(POST).where(answers).values(parent_key=""))
    connection.execute(sa.delete(REVISION).where(REVISION.c.post_id.in_(ids)))
    connection.execute(sa.delete(BAND).where(BAND.c.post_id.in_(ids)))
    words = ("external_id", "url", "title", "text", "title_words", "text_words", "author_words", "parent_key")
    blank: dict[str, Any] = dict.fromkeys((*words, "fingerprint", "content_hash"), "")
    blank |= {"author_id": None, "reach": None, "reasons": [], "deleted_at": now}
    blank["external_key"] = sa.literal("forgotten:") + sa.cast(POST.c.id, sa.Text)
    connection.execute(sa.update(POST).where(POST.c.id.in_(ids)).values(**blank))
    _events(connection, EVENT.c.post_id.in_(ids))


def _nothing_of(conversation: Any) -> dict[str, Any]:
    """The row of a conversation of which nothing is to be known any more, and which is never visited again."""
    blank: dict[str, Any] = dict.fromkeys(("external_id", "url", "title", "stamp"), "")
    return blank | {"external_key": f"forgotten:{conversation.id}", "link": {}, "next_at": None, "followed": False}


def _events(connection: Connection, where: sa.ColumnElement[bool]) -> None:
    """Leaves of events what figures are counted from, and takes their words."""
    for row in connection.execute(sa.select(EVENT.c.id, EVENT.c.data).where(where)).all():
        kept = {name: value for name, value in row.data.items() if name in TOLD or not _has_words(value)}
        if kept != row.data:
            connection.execute(sa.update(EVENT).where(EVENT.c.id == row.id).values(data=kept))


def _has_words(value: Any) -> bool:
    return isinstance(value, (str, list, dict)) and bool(value)


def _accounts(connection: Connection, ids: Sequence[int]) -> Erased:
    """Deletes accounts, and persons that have none left."""
    connection.execute(sa.delete(AUTHOR).where(AUTHOR.c.id.in_(ids)))
    nobody = sa.select(PERSON.c.id).where(~sa.exists().where(AUTHOR.c.person_id == PERSON.c.id))
    gone = connection.scalars(nobody).all()
    connection.execute(sa.delete(GROUP).where(GROUP.c.person_id.in_(gone)))
    connection.execute(sa.delete(PERSON).where(PERSON.c.id.in_(gone)))
    return Erased(accounts=len(ids))


def _answers(connection: Connection, sources: Collection[str]) -> None:
    """Forgets how the last answers of these sources began: they may have been in it."""
    connection.execute(sa.update(SOURCE).where(SOURCE.c.name.in_(sources)).values(answer=""))


def _notices(connection: Connection, words: Iterable[str]) -> None:
    """Deletes messages to people outside the desk that name somebody."""
    named = [word for word in words if len(word) >= SHORTEST]
    said = (NOTICE.c.title, NOTICE.c.text)
    if named:
        here = (column.contains(word, autoescape=True) for column in said for word in named)
        connection.execute(sa.delete(NOTICE).where(sa.or_(*here)))
