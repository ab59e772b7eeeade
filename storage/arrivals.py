"""Storing a batch of posts in one transaction, so that nothing is lost, doubled or half done.

posts -> conversations kept? -> authors -> new | edited | deleted -> matches -> cases -> events
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from storage import cases, tables
from storage.database import Database, in_chunks
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


def key_of(external: str) -> str:
    """A short stand-in for an identity of any length (a guid may be 64 kB, an index entry may not)."""
    return hashlib.sha256(external.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def content_hash(post: Post) -> str:
    """Tells whether a post says something else than before."""
    return key_of(f"{post.title}\0{post.text}\0{post.deleted}")


def storable(text: str) -> str:
    """The text as both databases can hold it: NUL as U+2400, lone surrogates as "?"."""
    return text.replace("\0", "\u2400").encode("utf-8", "replace").decode("utf-8") if _is_odd(text) else text


def _is_odd(text: str) -> bool:
    return "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A post that is held already."""

    id: int
    hash: str
    partial: bool
    is_mention: bool
    deleted: bool

    def says_the_same(self, post: Post) -> bool:
        """Whether storing `post` would change nothing of what it says."""
        if post.deleted or self.deleted:
            return post.deleted and self.deleted
        if post.partial and not self.partial:
            return True
        return self.hash == content_hash(post) and self.partial == post.partial


def known(connection: sa.Connection, source: str, external_ids: Collection[str]) -> dict[str, Known]:
    """External id -> what is held of it, for those of a source that are held."""
    keys = {key_of(each): each for each in external_ids}
    columns = [
        POST.c.external_key,
        POST.c.id,
        POST.c.content_hash,
        POST.c.partial,
        POST.c.is_mention,
        POST.c.deleted_at,
    ]
    found: dict[str, Known] = {}
    for some in in_chunks(list(keys)):
        query = sa.select(*columns).where(POST.c.source == source, POST.c.external_key.in_(some))
        for row in connection.execute(query):
            found[keys[row.external_key]] = Known(
                id=row.id,
                hash=row.content_hash,
                partial=row.partial,
                is_mention=row.is_mention,
                deleted=row.deleted_at is not None,
            )
    return found


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
        held = known(self.connection, self.source, [new.post.external_id for new in posts])
        conversations = self._conversations(posts, threads, held)
        posts = [new for new in posts if _conversation_of(new.post) in conversations]
        authors = self._authors(posts)
        fresh, edited = [], []
        for new in posts:
            place = conversations[_conversation_of(new.post)], authors.get(_author_of(new.post))
            old = held.get(new.post.external_id)
            if old is None:
                fresh.append((self._insert(new, *place), new))
            elif self._update(old, new, *place):
                edited.append((old.id, new))
        self._mark_gone(posts, threads, conversations)
        self.cases.context(conversations.values(), fresh)
        return Stored(
            new_mentions=tuple(post_id for post_id, new in fresh if new.matches),
            edited_mentions=tuple(post_id for post_id, new in edited if new.matches),
            new_posts=len(fresh),
        )

    def _without_forgotten(self, posts: Sequence[NewPost]) -> list[NewPost]:
        """Leaves out what a person asked to be forgotten: it does not come back with the next visit."""
        graves = {key for new in posts for key in _grave_keys(self.source, new.post)}
        found: set[str] = set()
        for some in in_chunks(list(graves)):
            found |= set(self.connection.scalars(sa.select(TOMBSTONE.c.key).where(TOMBSTONE.c.key.in_(some))))
        return [new for new in posts if not found.intersection(_grave_keys(self.source, new.post))]

    def _conversations(
        self, posts: Sequence[NewPost], threads: Sequence[ReadThread], held: Mapping[str, Known]
    ) -> dict[str, int]:
        """The conversations that are kept: those with a mention here, or held already. External id -> our id."""
        wanted = {_conversation_of(new.post) for new in posts} | {thread.external_id for thread in threads}
        rows = self._find(CONVERSATION, wanted)
        mentioned = {_conversation_of(new.post) for new in posts if new.matches}
        read = {thread.external_id: thread for thread in threads}
        kept: dict[str, int] = {}
        for each in wanted:
            row = rows.get(key_of(each))
            followed = each in mentioned or (row is not None and row.followed)
            values = self._thread_values(read.get(each), followed=followed)
            values |= self._newest([new.post for new in posts if _conversation_of(new.post) == each], row)
            if row is None and (followed or each in read):
                id_ = self._add_conversation(each, posts, values)
            elif row is not None:
                id_ = row.id
                if values and any(getattr(row, name) != value for name, value in values.items()):
                    change = sa.update(CONVERSATION).where(CONVERSATION.c.id == id_)
                    self.connection.execute(change.values(**values))
            if followed:
                kept[each] = id_
        return kept

    def _thread_values(self, thread: ReadThread | None, *, followed: bool) -> dict[str, Any]:
        values: dict[str, Any] = {"followed": True} if followed else {}
        if thread is not None:
            values |= {"stamp": storable(thread.stamp), "next_at": thread.next_at, "link": dict(thread.link)}
            values |= {"url": storable(thread.url)} if thread.url else {}
            values |= {"title": storable(thread.title)} if thread.title else {}
        return values

    def _newest(self, posts: Sequence[Post], row: Any) -> dict[str, Any]:
        times = [post.published_at for post in posts if post.published_at]
        times += [row.last_post_at] if row is not None and row.last_post_at else []
        return {"last_post_at": max(times)} if times else {}

    def _add_conversation(self, external: str, posts: Sequence[NewPost], values: dict[str, Any]) -> int:
        sample = next((new.post for new in posts if _conversation_of(new.post) == external), None)
        row = tables.Conversation(
            source=self.source,
            external_key=key_of(external),
            external_id=storable(external),
            url=storable(sample.conversation_url or sample.url) if sample else "",
            title=storable(sample.conversation_title or sample.title) if sample else "",
        )
        return self._add(CONVERSATION, row.model_dump() | values)

    def _authors(self, posts: Sequence[NewPost]) -> dict[str, int]:
        """Author identity -> our id; posts whose source names nobody have no author."""
        wanted = {_author_of(new.post): new for new in posts if _author_of(new.post)}
        rows = self._find(AUTHOR, wanted)
        found: dict[str, int] = {}
        for external, new in wanted.items():
            row = rows.get(key_of(external))
            values = {
                "name": storable(new.post.author or external),
                "url": storable(new.post.author_url),
                "is_own": new.is_own,
            }
            if row is None:
                key = {
                    "source": self.source,
                    "external_key": key_of(external),
                    "external_id": storable(external),
                }
                found[external] = self._add(AUTHOR, key | values)
                continue
            found[external] = row.id
            changed = {name: value for name, value in values.items() if value and getattr(row, name) != value}
            if changed:
                self.connection.execute(sa.update(AUTHOR).where(AUTHOR.c.id == row.id).values(**changed))
        return found

    def _insert(self, new: NewPost, conversation: int, author: int | None) -> int:
        post = new.post
        row = {
            "source": self.source,
            "source_kind": self.kind,
            "external_key": key_of(post.external_id),
            "external_id": storable(post.external_id),
            "first_seen_at": self.now,
            "fingerprint": new.fingerprint,
            "is_own": new.is_own,
            **self._said(post, conversation, author),
            **_judged(new.opinion),
        }
        post_id = self._add(POST, row)
        if post.deleted:
            self.connection.execute(sa.update(POST).where(POST.c.id == post_id).values(deleted_at=self.now))
        self._join(post_id, new, conversation, author)
        if new.is_own:
            self.cases.answered(conversation, post_id, post)
        return post_id

    def _join(self, post_id: int, new: NewPost, conversation: int, author: int | None) -> None:
        """Makes a post that answers queries a mention: its matches, intents, and the case it belongs to."""
        if not new.matches:
            return
        rows = [{"post_id": post_id, "brand": match.brand, "query": match.query} for match in set(new.matches)]
        self.connection.execute(sa.insert(MATCH), rows)
        self._intend(post_id, new.opinion)
        values: dict[str, Any] = {"is_mention": True, "brand": new.matches[0].brand}
        if new.wants_case:
            values["case_id"] = self.cases.found(post_id, new, conversation, author)
        self.connection.execute(sa.update(POST).where(POST.c.id == post_id).values(**values))

    def _intend(self, post_id: int, opinion: Opinion | None) -> None:
        self.connection.execute(sa.delete(INTENT).where(INTENT.c.post_id == post_id))
        if opinion and opinion.intents:
            rows = [{"post_id": post_id, "intent": intent, "place": n} for n, intent in enumerate(opinion.intents)]
            self.connection.execute(sa.insert(INTENT), rows)

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
            values |= _judged(new.opinion)
            self._intend(old.id, new.opinion)
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
        """Marks the posts that we hold of conversations read completely, and that were not among what was read."""
        for thread in threads:
            read = {key_of(new.post.external_id) for new in posts if _conversation_of(new.post) == thread.external_id}
            if not (thread.complete and read and thread.external_id in conversations):
                continue
            held = sa.select(POST).where(
                POST.c.conversation_id == conversations[thread.external_id],
                POST.c.source == self.source,
                POST.c.deleted_at.is_(None),
            )
            for row in self.connection.execute(held).all():
                if row.external_key not in read:
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

    def _add(self, table: sa.Table, values: dict[str, Any]) -> int:
        values.pop("id", None)
        new_id: int = self.connection.execute(sa.insert(table).values(**values).returning(table.c.id)).scalar_one()
        return new_id


def _last_of_each(posts: Sequence[NewPost]) -> list[NewPost]:
    """One post an identity: the whole text wins over a teaser, then the later over the earlier."""
    best: dict[str, NewPost] = {}
    for new in posts:
        other = best.get(new.post.external_id)
        if other is None or other.post.partial or not new.post.partial:
            best[new.post.external_id] = new
    return list(best.values())


def _conversation_of(post: Post) -> str:
    return post.conversation_id or post.external_id


def _author_of(post: Post) -> str:
    return post.author_id or post.author


def _grave_keys(source: str, post: Post) -> tuple[str, str]:
    return key_of(f"post\0{source}\0{post.external_id}"), key_of(f"author\0{source}\0{_author_of(post)}")


def _judged(opinion: Opinion | None) -> dict[str, Any]:
    if opinion is None:
        return {"reasons": []}
    values = {
        "sentiment": opinion.sentiment.value,
        "sentiment_score": opinion.score,
        "confidence": opinion.confidence,
        "relevance": opinion.relevance,
        "priority": opinion.priority.value,
        "priority_score": opinion.priority_score,
        "reasons": [asdict(reason) for reason in opinion.reasons],
        "model": opinion.model,
    }
    return values | ({"lang": opinion.lang} if opinion.lang else {})
