"""Bluesky as it is spoken: every public post, edit and deletion of the network, from a Jetstream server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from listener.errors import ReadError
from listener.pages.fields import inside, loads, word
from listener.sources import bluesky
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post

SERVER = "wss://jetstream2.us-east.bsky.network/subscribe"
"""Where Bluesky itself serves it (github.com/bluesky-social/jetstream, "Public Instances")."""
POSTS = "app.bsky.feed.post"
BEFORE = 5_000_000
"""Microseconds that are heard twice after a pause, as servers' clocks differ."""


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """Nothing has to be asked for: posts come by themselves, from where they stopped coming."""
    return []


def live(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The stream, from the last post that was stored on; servers keep a day or more of it."""
    url = source.url if source.url.startswith(("ws://", "wss://")) else SERVER
    path = f"{url}{'&' if '?' in url else '?'}wantedCollections={POSTS}"
    cursor = memory.get("cursor")
    return [Link(url=f"{path}&cursor={int(cursor) - BEFORE}" if cursor else path)]


def hear(text: str, event: str, link: Link, source: SourceSpec, now: datetime) -> Reading:
    """A post, its edit or its deletion. Raises `ReadError` for what is no event of Jetstream."""
    try:
        said = loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("time_us"), int) or not word(said, "did"):
        raise ReadError(f"{link.url} says what is no event of Jetstream.")
    memory = {"cursor": said["time_us"]}
    commit, did = inside(said, "commit"), word(said, "did")
    if word(commit, "collection") != POSTS or not word(commit, "rkey"):
        return Reading(memory=memory)
    uri = f"at://{did}/{POSTS}/{word(commit, 'rkey')}"
    if word(commit, "operation") == "delete":
        return Reading(posts=(Post(external_id=uri, url="", text="", deleted=True),), memory=memory)
    page = Page(url=link.url, status=200, headers={}, body=b"", fetched_at=now)
    post = bluesky.post_of(uri, inside(commit, "record"), did, did, page)
    if post.published_at is None:
        post = replace(post, published_at=min(now, _moment(said["time_us"]) or now))
    return Reading(posts=(post,), links=(_thread(post.conversation_id),), memory=memory)


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """The thread of a post that was heard, with everybody's names; an account is known by what never changes of it."""
    reading = bluesky.read(page, link, source)
    return replace(reading, posts=tuple(replace(post, author_id=_did(post)) for post in reading.posts))


def _thread(root: str) -> Link:
    path = "app.bsky.feed.getPostThread?depth=100&parentHeight=0&uri="
    return Link(url=f"{bluesky.PUBLIC}/xrpc/{path}{quote(root, safe='')}", role="thread", conversation=root, carry={})


def _did(post: Post) -> str:
    return post.external_id.removeprefix("at://").partition("/")[0] or post.author_id


def _moment(microseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC)
    except (ValueError, OverflowError, OSError):
        return None
