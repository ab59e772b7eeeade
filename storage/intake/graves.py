"""Keeping what was forgotten forgotten: a visit brings it again, from wherever, and it is left out.

What was forgotten is known again by keyed hashes: in its own source by that source's identities; in any other by the
address of the post or of its writer's page, and by the account's name on the same site.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.database import Database, in_chunks, insert_ignore
from storage.intake.identity import author_of, conversation_of, grave
from storage.schema import SETTING, TOMBSTONE
from storage.types import Delivery, NewPost, Post, PostKind

SECRET = "grave"  # noqa: S105 - the name of the row, not the secret
"""The setting that holds the key of the hashes; with the database it goes wherever that goes."""

Named = tuple[str, str, str]
"""What was forgotten, where it was, and what it was known by there.

In a source: "post", "author" and "title" (of a conversation), by the source's own identity. Of a site: "account", by
what it is known by, and "shown", the name of one that is known by something else. Anywhere: "url" and "profile".
"""

ANSWERS = (PostKind.REPLY, PostKind.COMMENT)
"""Kinds of posts that never begin a conversation."""


def dig(database: Database, connection: Connection, forgotten: Collection[Named]) -> None:
    """Writes down what is not to be collected again."""
    row = {"name": SECRET, "value": secrets.token_hex(32)}
    connection.execute(insert_ignore(database, SETTING, [row], ["name"]))
    secret = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == SECRET)).scalar_one()
    keys = [{"key": key, "at": database.now()} for key in sorted(grave(secret, *each) for each in forgotten)]
    for some in in_chunks(keys, 200):
        connection.execute(insert_ignore(database, TOMBSTONE, some, ["key"]))


def of_account(source: str, identity: str, name: str, page: str, addresses: Collection[str]) -> set[Named]:
    """What an account is known again by. `page` is its own address, `addresses` are those of what it wrote."""
    known = {("author", source, identity)} | _page(page)
    for site in {_site(each) for each in addresses} - {""}:
        known.add(("account", site, identity.casefold()))
        if name and name != identity:
            known.add(("shown", site, name.casefold()))
    return known


def of_address(kind: str, url: str, conversation: str) -> set[Named]:
    """What a post is known again by in any source, where its address is not that of the whole conversation."""
    is_own = opens(kind) or _plain(url) != _plain(conversation)
    return {("url", "", _plain(url))} if is_own and _site(url) else set()


def spare(database: Database, connection: Connection, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
    """What of deliveries may be stored: without forgotten posts, posts of forgotten authors, and titles they gave.

    The title of a conversation that somebody opened who was forgotten earlier is written down as forgotten too.
    """
    secret = connection.execute(sa.select(SETTING.c.value).where(SETTING.c.name == SECRET)).scalar()
    if secret is None:
        return deliveries
    keys = {each: grave(secret, *each) for by in deliveries for each in _all_of(by)}
    there = _found(connection, set(keys.values()))
    if not there:
        return deliveries
    buried = {each for each, key in keys.items() if key in there}
    begun = {
        ("title", by.source, conversation_of(new.post))
        for by in deliveries
        for new in by.posts
        if opens(new.post.kind) and _is_of(by.source, new.post, buried)
    }
    dig(database, connection, begun - buried)
    return [_spared(by, buried | begun) for by in deliveries]


def opens(kind: str) -> bool:
    """Whether a post of this kind begins its conversation, and gave it its title."""
    return kind not in ANSWERS


def untitled(link: Mapping[str, Any]) -> dict[str, Any]:
    """How to read a conversation again, without the title that was seen where it was linked."""
    carried = {name: value for name, value in link.get("carry", {}).items() if name != "title"}
    return {**link, "carry": carried} if "carry" in link else dict(link)


def _spared(by: Delivery, buried: Collection[Named]) -> Delivery:
    posts = [_eased(by.source, new, buried) for new in by.posts if not _is_of(by.source, new.post, buried)]
    threads = [
        replace(each, title="", link=untitled(each.link)) if ("title", by.source, each.external_id) in buried else each
        for each in by.threads
    ]
    return replace(by, posts=posts, threads=threads)


def _eased(source: str, new: NewPost, buried: Collection[Named]) -> NewPost:
    """Another's post without a forgotten title, and without a pointer at a forgotten post."""
    post = new.post
    if ("title", source, conversation_of(post)) in buried:
        post = replace(post, conversation_title="", title="")
    if ("post", source, post.parent_id) in buried:
        post = replace(post, parent_id="")
    return new if post is new.post else replace(new, post=post)


def _is_of(source: str, post: Post, buried: Collection[Named]) -> bool:
    return any(each in buried for each in _known_by(source, post))


def _all_of(by: Delivery) -> Iterator[Named]:
    for new in by.posts:
        yield from _known_by(by.source, new.post)
        yield "title", by.source, conversation_of(new.post)
        yield "post", by.source, new.post.parent_id
    for thread in by.threads:
        yield "title", by.source, thread.external_id


def _known_by(source: str, post: Post) -> Iterator[Named]:
    """All that a post would be known by, had it or its writer been forgotten."""
    identity, site = author_of(post), _site(post.url)
    yield "post", source, post.external_id
    yield "author", source, identity
    yield from of_address(post.kind, post.url, post.conversation_url)
    yield from _page(post.author_url)
    if identity and site:
        yield "account", site, identity.casefold()
        yield ("account" if post.author_id else "shown"), site, post.author.casefold()


def _page(url: str) -> set[Named]:
    """An account's own page; the front page of a site may be anybody's."""
    return {("profile", "", _plain(url))} if "/" in _plain(url) else set()


def _site(url: str) -> str:
    return re.split("[/?#]", _plain(url), maxsplit=1)[0]


@lru_cache(maxsize=4096)
def _plain(url: str) -> str:
    """An address without what differs between sources: how it is fetched, and what counts who came from where."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    words = urlencode([each for each in parse_qsl(parts.query) if not each[0].startswith("utm_")])
    return host and f"{host}{parts.path.rstrip('/')}?{words}#{parts.fragment}".rstrip("?#")


def _found(connection: Connection, keys: Collection[str]) -> set[str]:
    found: set[str] = set()
    for some in in_chunks(list(keys)):
        found |= set(connection.scalars(sa.select(TOMBSTONE.c.key).where(TOMBSTONE.c.key.in_(some))))
    return found
