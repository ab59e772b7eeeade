"""Storing what visits brought in one transaction, so that nothing is lost, doubled or half done.

posts -> conversations kept? -> authors -> new | edited | deleted -> matches -> cases -> events

All visits of a transaction are stored together: each step asks, and writes, once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage import tables
from storage.database import Database
from storage.intake import bulk, cases, graves
from storage.intake.identity import (
    Known,
    Place,
    author_of,
    content_hash,
    conversation_of,
    find,
    key_of,
    known,
    storable,
)
from storage.intake.twins import Twins
from storage.query import fold
from storage.schema import AUTHOR, CONVERSATION, INTENT, MATCH, POST, REVISION
from storage.types import Delivery, EventKind, NewPost, Opinion, Post, PostKind, ReadThread, Stored

_BLANK_CONVERSATION = tables.Conversation(source="", external_key="").model_dump(exclude={"id"})


@dataclass(frozen=True, slots=True)
class _Found:
    """A post of one of the deliveries, whose conversation is kept."""

    by: Delivery
    new: NewPost
    conversation: int
    author: int | None

    @property
    def place(self) -> Place:
        return self.by.source, self.new.post.external_id

    @property
    def case(self) -> cases.CaseKey:
        key = str(self.author) if self.author is not None else f"post:{key_of(self.new.post.external_id)}"
        return self.conversation, key


class _Stored(NamedTuple):
    """A post that was inserted."""

    id: int
    found: _Found
    case: int | None


class Arrivals:
    """Deliveries, of a source each, in one transaction that the caller opened."""

    def __init__(self, database: Database, connection: sa.Connection, deliveries: Sequence[Delivery]) -> None:
        self.connection, self.now = connection, database.now()
        self.cases = cases.Cases(connection, self.now)
        self.twins = Twins(connection)
        self.deliveries = graves.spare(database, connection, [_distinct(each) for each in deliveries])

    def store(self) -> list[Stored]:
        """Stores all of it and says for each delivery which mentions are new or edited."""
        conversations = self._conversations()
        kept = [
            (by, new, conversations[place])
            for by in self.deliveries
            for new in by.posts
            if (place := (by.source, conversation_of(new.post))) in conversations
        ]
        self.cases.hold({conversation for _, _, conversation in kept})
        authors = self._authors([(by.source, new) for by, new, _ in kept])
        posts = [_Found(*each, authors.get((each[0].source, author_of(each[1].post)))) for each in kept]
        held = known(self.connection, [each.place for each in posts])
        edited = [
            (each.by.source, old.id)
            for each in posts
            if (old := held.get(each.place)) and self._update(old, each) and each.new.matches
        ]
        fresh = self._insert_all([each for each in posts if each.place not in held])
        for delivery in self.deliveries:
            self._mark_gone(delivery, conversations)
        self.cases.context([(each.found.conversation, each.case) for each in fresh])
        return [_outcome(each.source, fresh, edited) for each in self.deliveries]

    def _conversations(self) -> dict[Place, int]:
        """The conversations that are kept: those with a mention here, or held already."""
        of: dict[Place, list[NewPost]] = {}
        read: dict[Place, ReadThread] = {}
        for by in self.deliveries:
            read |= {(by.source, thread.external_id): thread for thread in by.threads}
            for new in by.posts:
                of.setdefault((by.source, conversation_of(new.post)), []).append(new)
        of |= {place: [] for place in read if place not in of}
        rows = find(self.connection, CONVERSATION, of)
        kept, fresh = dict[Place, int](), dict[Place, dict[str, Any]]()
        for place, news in of.items():
            row = rows.get(place)
            is_followed = any(new.matches for new in news) or (row is not None and row.followed)
            if row is None and not is_followed and place not in read:
                continue
            values = _thread_values(read.get(place), [new.post for new in news], row, followed=is_followed)
            if row is None:
                fresh[place] = _new_conversation(*place, news) | values
            elif any(getattr(row, name) != value for name, value in values.items()):
                self.connection.execute(sa.update(CONVERSATION).where(CONVERSATION.c.id == row.id).values(**values))
            if row is not None and is_followed:
                kept[place] = row.id
        ids = self._insert(CONVERSATION, list(fresh.values()))
        self.cases.begin(ids)
        born = {place: each for (place, row), each in zip(fresh.items(), ids, strict=True) if row["followed"]}
        return kept | born

    def _authors(self, posts: Iterable[tuple[str, NewPost]]) -> dict[Place, int]:
        """The ids of who wrote these posts of sources; posts whose source names nobody have no author."""
        wanted = {(source, author): new for source, new in posts if (author := author_of(new.post))}
        rows = find(self.connection, AUTHOR, wanted)
        fresh = dict[Place, dict[str, Any]]()
        for place, new in wanted.items():
            source, external = place
            values = {
                "name": storable(new.post.author or external),
                "url": storable(new.post.author_url),
                "is_own": new.is_own,
            }
            row = rows.get(place)
            if row is None:
                identity = {"source": source, "external_key": key_of(external), "external_id": storable(external)}
                fresh[place] = identity | values
                continue
            changed = {name: value for name, value in values.items() if value and getattr(row, name) != value}
            if changed:
                self.connection.execute(sa.update(AUTHOR).where(AUTHOR.c.id == row.id).values(**changed))
        ids = self._insert(AUTHOR, list(fresh.values()))
        return {place: row.id for place, row in rows.items()} | dict(zip(fresh, ids, strict=True))

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> Sequence[int]:
        """Inserts rows under ids that are drawn beforehand, so that none has to be asked back."""
        if not rows:
            return []
        ids = bulk.draw(self.connection, table, len(rows))
        bulk.add(self.connection, table, [{"id": each, **row} for each, row in zip(ids, rows, strict=True)])
        return ids

    def _insert_all(self, arrived: Sequence[_Found]) -> list[_Stored]:
        """Stores new posts in their order. One of our own is told to the cases that are open by then: it ends a run."""
        fresh: list[_Stored] = []
        run: list[_Found] = []
        for each in arrived:
            run.append(each)
            if each.new.is_own:
                fresh += self._insert_run(run)
                self.cases.answered(each.conversation, fresh[-1].id, each.new.post)
                run = []
        return fresh + self._insert_run(run)

    def _insert_run(self, run: Sequence[_Found]) -> list[_Stored]:
        if not run:
            return []
        ids = bulk.draw(self.connection, POST, len(run))
        mentions = [
            cases.Arrived(each.case, each.author, post_id, each.new)
            for post_id, each in zip(ids, run, strict=True)
            if each.new.wants_case
        ]
        places = self.cases.places(mentions)
        fresh = [
            _Stored(post_id, each, places[each.case] if each.new.wants_case else None)
            for post_id, each in zip(ids, run, strict=True)
        ]
        news = [(each.id, each.found.new) for each in fresh]
        marks = self.twins.marks(news)
        bulk.add(self.connection, POST, [self._row(each) | {"fingerprint": marks.get(each.id, "")} for each in fresh])
        self.twins.sample(news)
        self._tell(news)
        self.cases.found(mentions, places)
        return fresh

    def _row(self, stored: _Stored) -> dict[str, Any]:
        by, new = stored.found.by, stored.found.new
        post = new.post
        return {
            "id": stored.id,
            "source": by.source,
            "source_kind": by.kind,
            "external_key": key_of(post.external_id),
            "external_id": storable(post.external_id),
            "first_seen_at": self.now,
            "deleted_at": self.now if post.deleted else None,
            "is_own": new.is_own,
            "is_mention": bool(new.matches),
            "brand": new.matches[0].brand if new.matches else None,
            "case_id": stored.case,
            **self._said(stored.found),
            **_judged(new.opinion, post.lang),
        }

    def _tell(self, posts: Sequence[tuple[int, NewPost]]) -> None:
        """Stores which queries posts answer, and what they want."""
        self._intend([(post_id, new.opinion) for post_id, new in posts if new.matches and new.opinion])
        matches = [(post_id, match.brand, match.query) for post_id, new in posts for match in set(new.matches)]
        bulk.insert(self.connection, MATCH, matches)

    def _intend(self, opinions: Sequence[tuple[int, Opinion]]) -> None:
        intents = [
            (post_id, intent, place) for post_id, opinion in opinions for place, intent in enumerate(opinion.intents)
        ]
        bulk.insert(self.connection, INTENT, intents)

    def _join(self, post_id: int, found: _Found) -> None:
        """Makes a held post that now answers queries a mention."""
        new = found.new
        self.connection.execute(sa.delete(INTENT).where(INTENT.c.post_id == post_id))
        self._tell([(post_id, new)])
        values: dict[str, Any] = {"is_mention": True, "brand": new.matches[0].brand}
        if new.wants_case:
            mention = cases.Arrived(found.case, found.author, post_id, new)
            places = self.cases.places([mention])
            values["case_id"] = places[found.case]
            self.cases.found([mention], places)
        self.connection.execute(sa.update(POST).where(POST.c.id == post_id).values(**values))
        self.twins.again(post_id, new, "")

    def _update(self, old: Known, found: _Found) -> bool:
        """Brings a held post up to date; True when its text was edited (a teaser made whole is no edit)."""
        new = found.new
        if new.matches and not old.is_mention:
            self._join(old.id, found)
        if old.says_the_same(new.post):
            return False
        row = self.connection.execute(sa.select(POST).where(POST.c.id == old.id)).one()
        if new.post.deleted:
            return self._delete(row)
        was_edited = not old.partial and (row.title, row.text) != (
            storable(new.post.title),
            storable(new.post.text),
        )
        values = self._said(found) | {"deleted_at": None}
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
        if new.matches:
            self.twins.again(old.id, new, row.fingerprint)
        if was_edited:
            self.cases.changed(EventKind.EDITED, found.conversation, old.id, row.case_id)
        return was_edited

    def _mark_gone(self, delivery: Delivery, conversations: Mapping[Place, int]) -> None:
        """Marks posts that we hold of conversations read completely, and that were not among what was read.

        When more than half of them are missing, it is likelier that the source shows itself in another way. Comments
        read without their article say nothing of it. A page may hold several conversations: one that is no longer
        on it may have moved.
        """
        if not any(thread.complete for thread in delivery.threads):
            return
        read: dict[Place, set[str]] = {}
        for new in delivery.posts:
            read.setdefault((delivery.source, conversation_of(new.post)), set()).add(key_of(new.post.external_id))
        for place, keys in read.items():
            if place in conversations:
                self._mark_missing(delivery.source, conversations[place], keys)

    def _mark_missing(self, source: str, conversation: int, read: Collection[str]) -> None:
        here = sa.and_(POST.c.conversation_id == conversation, POST.c.source == source)
        held = self.connection.execute(sa.select(POST).where(here, POST.c.deleted_at.is_(None))).all()
        shown = {row.kind for row in held if row.external_key in read}
        silent = {PostKind.ARTICLE.value} - shown
        missing = [row for row in held if row.external_key not in read and row.kind not in silent]
        if 2 * len(missing) <= len(held):
            for row in missing:
                self._delete(row)

    def _delete(self, row: Any) -> bool:
        if row.deleted_at is None:
            gone = sa.update(POST).where(POST.c.id == row.id)
            self.connection.execute(gone.values(deleted_at=self.now))
            self.cases.changed(EventKind.DELETED, row.conversation_id, row.id, row.case_id)
        return False

    def _said(self, found: _Found) -> dict[str, Any]:
        post = found.new.post
        title, text = storable(post.title), storable(post.text)
        return {
            "conversation_id": found.conversation,
            "parent_key": key_of(post.parent_id) if post.parent_id else "",
            "author_id": found.author,
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


def _outcome(source: str, fresh: Sequence[_Stored], edited: Sequence[tuple[str, int]]) -> Stored:
    mine = [each for each in fresh if each.found.by.source == source]
    return Stored(
        new_mentions=tuple(each.id for each in mine if each.found.new.matches),
        edited_mentions=tuple(post_id for of, post_id in edited if of == source),
        new_posts=len(mine),
    )


def _distinct(delivery: Delivery) -> Delivery:
    """One post an identity: the whole text wins over a teaser, then the later over the earlier."""
    best: dict[str, NewPost] = {}
    for new in delivery.posts:
        other = best.get(new.post.external_id)
        if other is None or other.post.partial or not new.post.partial:
            best[new.post.external_id] = new
    return delivery if len(best) == len(delivery.posts) else replace(delivery, posts=list(best.values()))


def _thread_values(thread: ReadThread | None, posts: Sequence[Post], row: Any, *, followed: bool) -> dict[str, Any]:
    """What is now known of a conversation."""
    values: dict[str, Any] = {"followed": True} if followed else {}
    if thread is not None:
        values |= {"stamp": storable(thread.stamp), "next_at": thread.next_at, "link": dict(thread.link)}
        values |= {"url": storable(thread.url)} if thread.url else {}
        values |= {"title": storable(thread.title)} if thread.title else {}
    times = [post.published_at for post in posts if post.published_at]
    times += [row.last_post_at] if row is not None and row.last_post_at else []
    return values | ({"last_post_at": max(times)} if times else {})


def _new_conversation(source: str, external: str, news: Sequence[NewPost]) -> dict[str, Any]:
    sample = news[0].post if news else None
    return {
        **_BLANK_CONVERSATION,
        "source": source,
        "external_key": key_of(external),
        "external_id": storable(external),
        "url": storable(sample.conversation_url or sample.url) if sample else "",
        "title": storable(sample.conversation_title or sample.title) if sample else "",
    }


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
