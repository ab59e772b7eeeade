"""Keeping what was forgotten forgotten: a visit brings it again, and it is left out."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.database import Database, in_chunks, insert_ignore
from storage.intake.identity import author_of, conversation_of, grave
from storage.schema import SETTING, TOMBSTONE
from storage.types import NewPost, ReadThread

SECRET = "grave"  # noqa: S105 - the name of the row, not the secret
"""The setting that holds the key of the hashes; with the database it goes wherever that goes."""

Named = tuple[str, str, str]
"""What was forgotten ("post", "author" or "title"), its source, and the source's own identity of it."""


def dig(database: Database, connection: Connection, forgotten: Collection[Named]) -> None:
    """Writes down what is not to be collected again."""
    row = {"name": SECRET, "value": secrets.token_hex(32)}
    connection.execute(insert_ignore(database, SETTING, [row], ["name"]))
    secret = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == SECRET)).scalar_one()
    keys = [{"key": grave(secret, *each), "at": database.now()} for each in forgotten]
    for some in in_chunks(keys, 200):
        connection.execute(insert_ignore(database, TOMBSTONE, some, ["key"]))


def spare(
    connection: Connection, source: str, posts: Sequence[NewPost], threads: Sequence[ReadThread]
) -> tuple[Sequence[NewPost], Sequence[ReadThread]]:
    """What of a batch may be stored: without forgotten posts, posts of forgotten authors, and titles they gave."""
    secret = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == SECRET)).scalar()
    if secret is None:
        return posts, threads

    def keys(new: NewPost) -> tuple[str, str]:
        return grave(secret, "post", source, new.post.external_id), grave(secret, "author", source, author_of(new.post))

    def title(conversation: str) -> str:
        return grave(secret, "title", source, conversation)

    wanted = {key for new in posts for key in (*keys(new), title(conversation_of(new.post)))}
    found = _found(connection, wanted | {title(thread.external_id) for thread in threads})
    if not found:
        return posts, threads
    kept = [new for new in posts if not found.intersection(keys(new))]
    return (
        [_untitled(new) if title(conversation_of(new.post)) in found else new for new in kept],
        [replace(each, title="") if title(each.external_id) in found else each for each in threads],
    )


def _untitled(new: NewPost) -> NewPost:
    return replace(new, post=replace(new.post, conversation_title="", title=""))


def _found(connection: Connection, keys: Collection[str]) -> set[str]:
    found: set[str] = set()
    for some in in_chunks(list(keys)):
        found |= set(connection.scalars(sa.select(TOMBSTONE.c.key).where(TOMBSTONE.c.key.in_(some))))
    return found
