"""When two posts are one: the keys that posts, authors and conversations are known by, and what is held of them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.intake import bulk
from storage.schema import POST
from storage.types import Post

_ODD = re.compile("[\0\ud800-\udfff]")

Place = tuple[str, str]
"""A source, and that source's own identity of a post, an author or a conversation."""


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


def grave(secret: str, what: str, source: str, external: str) -> str:
    """What something forgotten is known again by: a hash that says nothing without the key."""
    return hmac.digest(secret.encode(), key_of(f"{what}\0{source}\0{external}").encode(), "sha256").hex()[:40]


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


def find(connection: sa.Connection, table: sa.Table, places: Iterable[Place], *columns: str) -> dict[Place, Any]:
    """The rows of these things that are held: the named columns (`source` and `external_key` among them), or all."""
    keys = {(source, key_of(external)): (source, external) for source, external in places}
    rows = bulk.find(connection, table, keys, *columns)
    return {keys[row.source, row.external_key]: row for row in rows}


def known(connection: sa.Connection, places: Iterable[Place]) -> dict[Place, Known]:
    """What is held of these posts."""
    columns = ("source", "external_key", "id", "content_hash", "partial", "is_mention", "deleted_at")
    return {
        place: Known(
            id=row.id,
            hash=row.content_hash,
            partial=row.partial,
            is_mention=row.is_mention,
            deleted=row.deleted_at is not None,
        )
        for place, row in find(connection, POST, places, *columns).items()
    }
