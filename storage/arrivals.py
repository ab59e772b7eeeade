"""Storing a batch of posts in one transaction, so that nothing is lost, doubled or half done.

posts -> conversations kept? -> authors -> new | edited | deleted -> matches -> cases -> events
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from storage import cases, tables
from storage.database import Database, in_chunks
from storage.identity import (
    Known,
    author_of,
    content_hash,
    conversation_of,
    grave_keys,
    key_of,
    known,
    storable,
)
from storage.query import fold
from storage.types import EventKind, NewPost, Opinion, Post, ReadThread, Stored

AUTHOR = tables.Author.__table__  # type: ignore[attr-defined]
CONVERSATION = tables.Conversation.__table__  # type: ignore[attr-defined]
INTENT = tables.PostIntent.__table__  # type: ignore[attr-defined]
MATCH = tables.PostMatch.__table__  # type: ignore[attr-defined]
POST = tables.Post.__table__  # type: ignore[attr-defined]
REVISION = tables.Revision.__table__  # type: ignore[attr-defined]
SOURCE = tables.Source.__table__  # type: ignore[attr-defined]
TOMBSTONE = tables.Tombstone.__table__  # type: ignore[attr-defined]

_BLANK_CONVERSATION = tables.Conversation(source="", external_key="").model_dump(exclude={"id"})


Arrived = tuple[NewPost, int, int | None]
"""A post that is not held, its conversation and its author."""


class Arrivals:
    """One batch of one source, in one transaction that the caller opened."""

    def __init__(self, database: Database, connection: sa.Connection, source: str, kind: str) -> None:
        self.connection, self.source, self.kind = connection, source, kind
        self.now = database.now()
        if not database.is_sqlite:  # two visits of one source may overlap after a lapsed lease: one at a time
            connection.execute(sa.select(SOURCE.c.name).where(SOURCE.c.name == source).with_for_update())
        self.cases = cases.Cases(connection, self.now)

    def store(self, posts: Sequence[NewPost], threads: Sequence[ReadThread]) -> Stored:
        """Stores the batch and says which mentions are new or edited."""
        posts = self._without_forgotten(_last_of_each(posts))
        conversations = self._conversations(posts, threads)
        posts = [new for new in posts if conversation_of(new.post) in conversations]
        held = known(self.connection, self.source, [new.post.external_id for new in posts])
        authors = self._authors(posts)
        arrived, edited = list[Arrived](), list[int]()
        for new in posts:
            place = conversations[conversation_of(new.post)], authors.get(author_of(new.post))
            old = held.get(new.post.external_id)
            if old is None:
                arrived.append((new, *place))
            elif self._update(old, new, *place) and new.matches:
                edited.append(old.id)
        fresh = self._insert_all(arrived)
        self._mark_gone(posts, threads, conversations)
        self.cases.context(conversations.values(), fresh)
        return Stored(
            new_mentions=tuple(post_id for post_id, new in fresh if new.matches),
            edited_mentions=tuple(edited),
            new_posts=len(fresh),
        )

    def _without_forgotten(self, posts: Sequence[NewPost]) -> list[NewPost]:
        """Leaves out what a person asked to be forgotten: it does not come back with the next visit."""
        if self.connection.execute(sa.select(TOMBSTONE.c.key).limit(1)).first() is None:
            return list(posts)
        graves = {key for new in posts for key in grave_keys(self.source, new.post)}
        found: set[str] = set()
        for some in in_chunks(list(graves)):
            found |= set(self.connection.scalars(sa.select(TOMBSTONE.c.key).where(TOMBSTONE.c.key.in_(some))))
        return [new for new in posts if not found.intersection(grave_keys(self.source, new.post))]

    def _conversations(self, posts: Sequence[NewPost], threads: Sequence[ReadThread]) -> dict[str, int]:
        """The conversations that are kept: those with a mention here, or held already. External id -> our id."""
        of: dict[str, list[NewPost]] = {thread.external_id: [] for thread in threads}
        for new in posts:
            of.setdefault(conversation_of(new.post), []).append(new)
        read = {thread.external_id: thread for thread in threads}
        rows = self._find(CONVERSATION, of)
        followed, fresh = list[str](), list[dict[str, Any]]()
        for each, news in of.items():
            row = rows.get(key_of(each))
            is_followed = any(new.matches for new in news) or (row is not None and row.followed)
            values = self._thread_values(read.get(each), [new.post for new in news], row, followed=is_followed)
            if is_followed:
                followed.append(each)
            if row is None and (is_followed or each in read):
                fresh.append(self._new_conversation(each, news) | values)
            elif row is not None and any(getattr(row, name) != value for name, value in values.items()):
                self.connection.execute(sa.update(CONVERSATION).where(CONVERSATION.c.id == row.id).values(**values))
        if fresh:
            self.connection.execute(sa.insert(CONVERSATION), _even(fresh))
            rows |= self._find(CONVERSATION, followed)
        return {each: rows[key_of(each)].id for each in followed}

    def _thread_values(
        self, thread: ReadThread | None, posts: Sequence[Post], row: Any, *, followed: bool
    ) -> dict[str, Any]:
        """What is now known of a conversation."""
        values: dict[str, Any] = {"followed": True} if followed else {}
        if thread is not None:
            values |= {"stamp": storable(thread.stamp), "next_at": thread.next_at, "link": dict(thread.link)}
            values |= {"url": storable(thread.url)} if thread.url else {}
            values |= {"title": storable(thread.title)} if thread.title else {}
        times = [post.published_at for post in posts if post.published_at]
        times += [row.last_post_at] if row is not None and row.last_post_at else []
        return values | ({"last_post_at": max(times)} if times else {})

    def _new_conversation(self, external: str, news: Sequence[NewPost]) -> dict[str, Any]:
        sample = news[0].post if news else None
        return {
            **_BLANK_CONVERSATION,
            "source": self.source,
            "external_key": key_of(external),
            "external_id": storable(external),
            "url": storable(sample.conversation_url or sample.url) if sample else "",
            "title": storable(sample.conversation_title or sample.title) if sample else "",
        }

    def _authors(self, posts: Sequence[NewPost]) -> dict[str, int]:
        """Author identity -> our id; posts whose source names nobody have no author."""
        wanted = {author_of(new.post): new for new in posts if author_of(new.post)}
        rows = self._find(AUTHOR, wanted)
        fresh = []
        for external, new in wanted.items():
            row = rows.get(key_of(external))
            values = {
                "name": storable(new.post.author or external),
                "url": storable(new.post.author_url),
                "is_own": new.is_own,
            }
            if row is None:
                identity = {"external_key": key_of(external), "external_id": storable(external)}
                fresh.append({"source": self.source, **identity, **values})
                continue
            changed = {name: value for name, value in values.items() if value and getattr(row, name) != value}
            if changed:
                self.connection.execute(sa.update(AUTHOR).where(AUTHOR.c.id == row.id).values(**changed))
        if fresh:
            self.connection.execute(sa.insert(AUTHOR), fresh)
            rows = self._find(AUTHOR, wanted)
        return {external: rows[key_of(external)].id for external in wanted}

    def _insert_all(self, arrived: Sequence[Arrived]) -> list[tuple[int, NewPost]]:
        """Stores new posts in their order. One of our own is told to the cases that are open by then: it ends a run."""
        fresh: list[tuple[int, NewPost]] = []
        run: list[Arrived] = []
        for each in arrived:
            run.append(each)
            if each[0].is_own:
                fresh += self._insert_run(run)
                self.cases.answered(each[1], fresh[-1][0], each[0].post)
                run = []
        return fresh + self._insert_run(run)

    def _insert_run(self, run: Sequence[Arrived]) -> list[tuple[int, NewPost]]:
        if not run:
            return []
        keys = [_case_key(*each) for each in run]
        cases, opened = self.cases.places(
            (key, author, new) for key, (new, _, author) in zip(keys, run, strict=True) if new.wants_case
        )
        rows = [
            self._row(*each) | {"case_id": cases.get(key) if each[0].wants_case else None}
            for key, each in zip(keys, run, strict=True)
        ]
        self.connection.execute(sa.insert(POST), rows)
        held = known(self.connection, self.source, [new.post.external_id for new, _, _ in run])
        ids = [held[new.post.external_id].id for new, _, _ in run]
        fresh = list(zip(ids, (new for new, _, _ in run), strict=True))
        self._tell(fresh)
        self.cases.found(
            [(row["case_id"], *each) for row, each in zip(rows, fresh, strict=True) if row["case_id"]], opened
        )
        return fresh

    def _row(self, new: NewPost, conversation: int, author: int | None) -> dict[str, Any]:
        post = new.post
        return {
            "source": self.source,
            "source_kind": self.kind,
            "external_key": key_of(post.external_id),
            "external_id": storable(post.external_id),
            "first_seen_at": self.now,
            "deleted_at": self.now if post.deleted else None,
            "fingerprint": new.fingerprint,
            "is_own": new.is_own,
            "is_mention": bool(new.matches),
            "brand": new.matches[0].brand if new.matches else None,
            **self._said(post, conversation, author),
            **_judged(new.opinion, post.lang),
        }

    def _tell(self, posts: Sequence[tuple[int, NewPost]]) -> None:
        """Stores which queries posts answer, and what they want."""
        self._intend([(post_id, new.opinion) for post_id, new in posts if new.matches and new.opinion])
        matches = [
            {"post_id": post_id, "brand": match.brand, "query": match.query}
            for post_id, new in posts
            for match in set(new.matches)
        ]
        if matches:
            self.connection.execute(sa.insert(MATCH), matches)

    def _intend(self, opinions: Sequence[tuple[int, Opinion]]) -> None:
        intents = [
            {"post_id": post_id, "intent": intent, "place": place}
            for post_id, opinion in opinions
            for place, intent in enumerate(opinion.intents)
        ]
        if intents:
            self.connection.execute(sa.insert(INTENT), intents)

    def _join(self, post_id: int, new: NewPost, conversation: int, author: int | None) -> None:
        """Makes a held post that now answers queries a mention."""
        self.connection.execute(sa.delete(INTENT).where(INTENT.c.post_id == post_id))
        self._tell([(post_id, new)])
        values: dict[str, Any] = {"is_mention": True, "brand": new.matches[0].brand}
        if new.wants_case:
            key = _case_key(new, conversation, author)
            cases, opened = self.cases.places([(key, author, new)])
            values["case_id"] = cases[key]
            self.cases.found([(cases[key], post_id, new)], opened)
        self.connection.execute(sa.update(POST).where(POST.c.id == post_id).values(**values))

    def _update(self, old: Known, new: NewPost, conversation: int, author: int | None) -> bool:
        """Brings a held post up to date; True when its text was edited (a teaser made whole is no edit)."""
        if new.matches and not old.is_mention:
            self._join(old.id, new, conversation, author)
        if old.says_the_same(new.post):
            return False
        row = self.connection.execute(sa.select(POST).where(POST.c.id == old.id)).one()
        if new.post.deleted:
            return self._delete(row)
        was_edited = not old.partial and (row.title, row.text) != (
            storable(new.post.title),
            storable(new.post.text),
        )
        values = self._said(new.post, conversation, author) | {
            "deleted_at": None,
            "fingerprint": new.fingerprint,
        }
        if new.post.published_at is None:  # what was known of its time stays known
            values |= {"published_at": row.published_at, "at": row.at}
        if new.opinion is not None:
            values |= _judged(new.opinion, new.post.lang)
            self.connection.execute(sa.delete(INTENT).where(INTENT.c.post_id == old.id))
            self._intend([(old.id, new.opinion)])
        if was_edited:
            values["edited_at"] = new.post.edited_at or self.now
            past = {"post_id": old.id, "at": self.now, "title": row.title, "text": row.text}
            self.connection.execute(sa.insert(REVISION).values(**past))
        self.connection.execute(sa.update(POST).where(POST.c.id == old.id).values(**values))
        if was_edited:
            self.cases.changed(EventKind.EDITED, conversation, old.id, row.case_id)
        return was_edited

    def _mark_gone(
        self, posts: Sequence[NewPost], threads: Sequence[ReadThread], conversations: Mapping[str, int]
    ) -> None:
        """Marks posts that we hold of conversations read completely, and that were not among what was read.

        When more than half of them are missing, it is likelier that the source shows itself in another way.
        """
        for thread in threads:
            read = {key_of(new.post.external_id) for new in posts if conversation_of(new.post) == thread.external_id}
            if not (thread.complete and read and thread.external_id in conversations):
                continue
            here = sa.and_(POST.c.conversation_id == conversations[thread.external_id], POST.c.source == self.source)
            held = self.connection.execute(sa.select(POST).where(here, POST.c.deleted_at.is_(None))).all()
            missing = [row for row in held if row.external_key not in read]
            if 2 * len(missing) <= len(held):
                for row in missing:
                    self._delete(row)

    def _delete(self, row: Any) -> bool:
        if row.deleted_at is None:
            gone = sa.update(POST).where(POST.c.id == row.id)
            self.connection.execute(gone.values(deleted_at=self.now))
            self.cases.changed(EventKind.DELETED, row.conversation_id, row.id, row.case_id)
        return False

    def _said(self, post: Post, conversation: int, author: int | None) -> dict[str, Any]:
        title, text = storable(post.title), storable(post.text)
        return {
            "conversation_id": conversation,
            "parent_key": key_of(post.parent_id) if post.parent_id else "",
            "author_id": author,
            "author_words": fold.words(f"{post.author} {post.author_id}"),
            "kind": post.kind.value,
            "url": storable(post.url),
            "title": title,
            "text": text,
            "title_words": fold.words(title),
            "text_words": fold.words(text),
            "lang": post.lang,
            "published_at": post.published_at,
            "at": min(post.published_at or self.now, self.now),
            "edited_at": post.edited_at,
            "partial": post.partial,
            "rating": post.rating,
            "reach": post.reach,
            "content_hash": content_hash(post),
        }

    def _find(self, table: sa.Table, externals: Iterable[str]) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for some in in_chunks([key_of(each) for each in externals]):
            query = sa.select(table).where(table.c.source == self.source, table.c.external_key.in_(some))
            rows |= {row.external_key: row for row in self.connection.execute(query)}
        return rows


def _last_of_each(posts: Sequence[NewPost]) -> list[NewPost]:
    """One post an identity: the whole text wins over a teaser, then the later over the earlier."""
    best: dict[str, NewPost] = {}
    for new in posts:
        other = best.get(new.post.external_id)
        if other is None or other.post.partial or not new.post.partial:
            best[new.post.external_id] = new
    return list(best.values())


def _judged(judged: Opinion | None, lang: str | None) -> dict[str, Any]:
    """What was understood; nothing, where nothing was."""
    opinion = judged or Opinion()
    return {
        "sentiment": opinion.sentiment.value,
        "sentiment_score": judged and opinion.score,
        "confidence": judged and opinion.confidence,
        "relevance": opinion.relevance,
        "priority": opinion.priority.value,
        "priority_score": opinion.priority_score,
        "reasons": [
            {"about": each.about, "label": each.label, "words": list(each.words), "share": each.share}
            for each in opinion.reasons
        ],
        "model": opinion.model,
        "lang": opinion.lang or lang,
    }


def _case_key(new: NewPost, conversation: int, author: int | None) -> cases.CaseKey:
    return conversation, str(author) if author is not None else f"post:{key_of(new.post.external_id)}"


def _even(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that all name the same columns, so that one statement takes them all."""
    every: dict[str, Any] = {name: None for row in rows for name in row}
    return [every | row for row in rows]
