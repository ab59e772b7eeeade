"""Erasing what people wrote: on their request, and what is older than may be kept. What is counted of it stays.

A post keeps its times, its brand and how it was judged, so that figures hold; its words, its address and who wrote it
are gone from every table and index. Nothing in the database tells any more whose it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from storage import locks, trail
from storage.database import Database, in_chunks
from storage.errors import StepRefused
from storage.intake import graves
from storage.intake.identity import content_hash
from storage.query.sql import index
from storage.schema import AUTHOR, BAND, CASE, CONVERSATION, EVENT, GROUP, NOTICE, PERSON, POST, REPLY, REVISION, SOURCE
from storage.types import SYSTEM, Account, Erased, EventKind, Post, ReplyState, Status
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
        ids, sources = [account.id for account in accounts], {account.source for account in accounts}
        with self.database.write() as connection:
            locks.sources(connection, sources)
            mine = CASE.c.author_id.in_(ids)
            _lock(connection, mine)
            _refuse(connection, accounts)
            addresses = _addresses(connection, ids)
            known = (
                graves.of_account(each.source, each.external_id, each.name, each.url, addresses[each.id])
                for each in accounts
            )
            graves.dig(self.database, connection, set().union(*known))
            done = self._cases(connection, mine)  # with the look at replies: none leaves between
        done += self._posts(POST.c.author_id.in_(ids), everywhere=True)
        with self.database.write() as connection:
            locks.sources(connection, sources)
            done += self._cases(connection, mine)  # a rule may have opened one meanwhile
            done += _accounts(connection, ids)
            _answers(connection, sources)
            _notices(connection, [word for each in accounts for word in (each.name, each.url, each.external_id)])
            _notices(connection, list(set().union(*addresses.values())))
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
                done += self._cases(connection, sa.and_(CASE.c.id.in_(some), CASE.c.id.in_(idle)))
        done += self._silent()
        with self.database.write() as connection:
            _delete_notices(connection, NOTICE.c.at < moment)
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

    def _silent(self) -> Erased:
        """Deletes the accounts that wrote nothing which is kept."""
        wrote, had = (sa.exists().where(each.c.author_id == AUTHOR.c.id) for each in (POST, CASE))
        silent = sa.select(AUTHOR.c.id, AUTHOR.c.source).where(~wrote, ~had, ~AUTHOR.c.is_own)
        with self.database.read() as connection:
            found = connection.execute(silent).all()
        done = Erased()
        for some in in_chunks(found):
            with self.database.write() as connection:
                locks.sources(connection, {row.source for row in some})  # before looking again: now nobody writes
                done += _accounts(
                    connection, connection.scalars(silent.where(AUTHOR.c.id.in_([row.id for row in some]))).all()
                )
        return done

    def _posts(self, where: sa.ColumnElement[bool], *, everywhere: bool = False) -> Erased:
        """Erases posts batch by batch, oldest first; `everywhere`: other sources may not bring them back either."""
        done, last = Erased(), 0
        columns = (POST.c.id, POST.c.source, POST.c.external_id, POST.c.external_key, POST.c.conversation_id)
        thread = CONVERSATION.c.url.label("thread")
        page = sa.select(*columns, POST.c.kind, POST.c.url, thread).join(
            CONVERSATION, CONVERSATION.c.id == POST.c.conversation_id
        )
        while True:
            with self.database.write() as connection:
                some = connection.execute(page.where(where, POST.c.id > last).order_by(POST.c.id).limit(BATCH)).all()
                if not some:
                    return done
                last = some[-1].id
                locks.conversations(connection, {row.conversation_id for row in some})
                some = connection.execute(page.where(where, POST.c.id.in_([row.id for row in some]))).all()
                known = {("post", row.source, row.external_id) for row in some}
                graves.dig(
                    self.database, connection, known | (_own_addresses(connection, some) if everywhere else set())
                )
                _blank_posts(connection, some, self.database.now())
                self._titles(connection, some)
                done += Erased(posts=len(some))

    def _titles(self, connection: Connection, posts: Sequence[Any]) -> None:
        """Erases the title of conversations they began, and the whole of those in which nobody else wrote."""
        here = {row.conversation_id for row in posts}
        left = sa.exists().where(POST.c.conversation_id == CONVERSATION.c.id, POST.c.external_id != "")
        query = sa.select(CONVERSATION, left.label("others")).where(CONVERSATION.c.id.in_(here))
        identities = {(row.conversation_id, row.external_id) for row in posts}
        began = {row.conversation_id for row in posts if graves.opens(row.kind)}
        for row in connection.execute(query).all():
            if row.others and row.id not in began and (row.id, row.external_id) not in identities:
                continue
            graves.dig(self.database, connection, {("title", row.source, row.external_id)})
            values = {"title": "", "link": graves.untitled(row.link)} if row.others else _nothing_of(row)
            connection.execute(sa.update(CONVERSATION).where(CONVERSATION.c.id == row.id).values(**values))
            _untitle(connection, row.id)

    def _cases(self, connection: Connection, where: sa.ColumnElement[bool]) -> Erased:
        """Ends cases, and takes from them whose they were and what was said to them."""
        _lock(connection, where)
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


def _lock(connection: Connection, where: sa.ColumnElement[bool]) -> None:
    locks.cases(connection, connection.scalars(sa.select(CASE.c.id).where(where)).all())


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


def _untitle(connection: Connection, conversation: int) -> None:
    """Takes the title of a conversation from the answers in it: a visit brings them without it from now on."""
    here = sa.and_(POST.c.conversation_id == conversation, POST.c.title != "")
    for row in connection.execute(sa.select(POST).where(here)).all():
        said = Post(external_id="", url="", text=row.text, deleted=row.deleted_at is not None)
        blank = {"title": "", "title_words": "", "content_hash": content_hash(said)}
        connection.execute(sa.update(POST).where(POST.c.id == row.id).values(**blank))
    inside = sa.select(POST.c.id).where(POST.c.conversation_id == conversation)
    connection.execute(sa.update(REVISION).where(REVISION.c.post_id.in_(inside)).values(title=""))


def _addresses(connection: Connection, ids: Sequence[int]) -> Mapping[int, set[str]]:
    """Where the posts of each of these accounts stand."""
    found: dict[int, set[str]] = {each: set() for each in ids}
    for row in connection.execute(sa.select(POST.c.author_id, POST.c.url).where(POST.c.author_id.in_(ids))):
        found[row.author_id].add(row.url)
    return found


def _own_addresses(connection: Connection, posts: Sequence[Any]) -> set[graves.Named]:
    """What these posts are known by in any source; an address that others share tells nothing of one of them."""
    here = {row.conversation_id for row in posts}
    shared = sa.select(POST.c.url).where(POST.c.conversation_id.in_(here)).group_by(POST.c.url)
    many = set(connection.scalars(shared.having(sa.func.count() > 1)))
    own = (graves.of_address(row.kind, row.url, row.thread) for row in posts if row.url not in many)
    return set().union(*own)


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


def _notices(connection: Connection, words: Sequence[str]) -> None:
    """Deletes messages to people outside the desk in which one of these stands."""
    named = [word for word in words if len(word) >= SHORTEST]
    for some in in_chunks(named, 100):
        said = (column.contains(word, autoescape=True) for column in (NOTICE.c.title, NOTICE.c.text) for word in some)
        _delete_notices(connection, sa.or_(*said))


def _delete_notices(connection: Connection, where: sa.ColumnElement[bool]) -> None:
    keys = connection.scalars(sa.select(NOTICE.c.key).where(where).order_by(NOTICE.c.key).with_for_update()).all()
    for some in in_chunks(keys):
        connection.execute(sa.delete(NOTICE).where(NOTICE.c.key.in_(some)))
