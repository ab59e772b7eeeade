"""When two posts are one: the keys that posts, authors and conversations are known by, and what is held of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from storage import tables
from storage.database import in_chunks
from storage.types import Post

_ODD = re.compile("[\0\ud800-\udfff]")
POST = tables.Post.__table__  # type: ignore[attr-defined]


def key_of(external: str) -> str:
    """A short stand-in for an identity of any length (a guid may be 64 kB, an index entry may not)."""
    return hashlib.sha256(external.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def content_hash(post: Post) -> str:
    """Tells whether a post says something else than before."""
    return key_of(f"{post.title}\0{post.text}\0{post.deleted}")


def storable(text: str) -> str:
    """The text as both databases can hold it: NUL as U+2400, lone surrogates as "?"."""
    if _ODD.search(text) is None:
        return text
    return text.replace("\0", "\u2400").encode("utf-8", "replace").decode("utf-8")


def conversation_of(post: Post) -> str:
    """The source's identity of the conversation a post is in; its own where it stands alone."""
    return post.conversation_id or post.external_id


def author_of(post: Post) -> str:
    """The source's identity of who wrote it; "" where nobody is named."""
    return post.author_id or post.author


def grave_keys(source: str, post: Post) -> tuple[str, str]:
    """What a post and its author are remembered by once they were forgotten."""
    return key_of(f"post\0{source}\0{post.external_id}"), key_of(f"author\0{source}\0{author_of(post)}")


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
