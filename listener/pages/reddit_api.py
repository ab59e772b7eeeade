"""Reddit by its interface (OAuth): lists, whole trees of comments with what hides behind "more", and deletions."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from listener.errors import ReadError
from listener.pages.fields import inside, json_of, number, record_of, rows, word
from listener.types import Key, Link, LogIn, Page, Reading, SourceSpec
from storage.types import Post, PostKind

INTERFACE = "https://oauth.reddit.com"
DOOR = "https://www.reddit.com"
SITE = "https://www.reddit.com"
MORE = 100
"""Comments that one question for more may name (reddit.com/dev/api, GET /api/morechildren)."""
MOST_MORE = 10
"""Such questions a thread is worth."""
DEEPEST = 200
"""Levels of answers that are looked at."""
_TAKEN = ("[deleted]", "[removed]", "[ Removed by Reddit ]")


def login(source: SourceSpec, refresh: str) -> LogIn | None:
    """The application's own log-in, or that of an account with it; None without `client_id`."""
    options = source.options
    if not options.get("client_id"):
        return None
    user = f"{options['client_id']}:{options.get('client_secret') or ''}".encode()
    form = {"grant_type": "client_credentials"}
    if options.get("username"):
        name, word_of = str(options["username"]), str(options.get("password") or "")
        form = {"grant_type": "password", "username": name, "password": word_of}
    return LogIn(
        url=f"{options.get('service') or DOOR}/api/v1/access_token",
        content=urlencode(form).encode(),
        headers={
            "Authorization": "Basic " + base64.b64encode(user).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


def key(page: Page) -> Key:
    """The key in the answer. Raises `ReadError` where there is none: Reddit says so with a good status."""
    said = record_of(page)
    if not word(said, "access_token"):
        raise ReadError(f"Reddit does not let us in ({word(said, 'error') or 'no reason given'}): check the account.")
    return Key(token=word(said, "access_token"), seconds=float(number(said, "expires_in") or 3600))


def headers(source: SourceSpec) -> Mapping[str, str]:
    """The key, where there is one."""
    token = source.options.get("token")
    return {"Authorization": f"Bearer {token}"} if token else {}


def start(source: SourceSpec, subreddit: str) -> list[Link]:
    """The newest posts and comments of a subreddit, or what is found (there)."""
    base = str(source.options.get("service") or INTERFACE)
    place = f"{base}/r/{subreddit}" if subreddit else base
    option = source.options.get("search")
    texts = [str(each) for each in (option if isinstance(option, list) else [option]) if each]
    if texts:
        inside_it = "&restrict_sr=1" if subreddit else ""
        return [
            Link(url=f"{place}/search?q={quote(each, safe='')}&sort=new&type=link&limit=100&raw_json=1{inside_it}")
            for each in texts
        ]
    return [Link(url=f"{place}/{path}?limit=100&raw_json=1") for path in ("new", "comments")]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A list, a thread, or more of a thread's comments. Raises `ReadError` where the page is none of Reddit's."""
    base = str(source.options.get("service") or INTERFACE)
    found = json_of(page)
    if link.role == "more":
        things = rows(inside(inside(found, "json"), "data"), "things") if isinstance(found, dict) else []
        return Reading(posts=tuple(_comments(things, link.carry)))
    if link.role == "thread":
        if not isinstance(found, list) or len(found) != 2:
            raise ReadError(f"{page.url} holds no thread of Reddit.")
        return _thread([rows(inside(each, "data"), "children") for each in found if isinstance(each, dict)], link, base)
    if not isinstance(found, dict) or word(found, "kind") != "Listing":
        raise ReadError(f"{page.url} holds no list of Reddit.")
    return _listed(rows(inside(found, "data"), "children"), base)


def _listed(things: list[dict[str, Any]], base: str) -> Reading:
    posts = [post for each in things if (post := _post(inside(each, "data"), word(each, "kind")))]
    stamps: dict[str, str] = {}
    for post, each in zip(posts, things, strict=False):
        stamps.setdefault(post.conversation_id, f"{post.external_id} {word(inside(each, 'data'), 'num_comments')}")
    links = (
        Link(
            url=f"{base}/comments/{thread.removeprefix('t3_')}?limit=500&sort=new&raw_json=1",
            role="thread",
            conversation=thread,
            stamp=stamp,
        )
        for thread, stamp in stamps.items()
    )
    return Reading(posts=tuple(posts), links=tuple(links))


def _thread(parts: list[list[dict[str, Any]]], link: Link, base: str) -> Reading:
    started = [post for each in parts[0] if (post := _post(inside(each, "data"), word(each, "kind")))]
    thread = started[0] if started else None
    about = {
        "thread": thread.external_id if thread else link.conversation,
        "title": thread.title if thread else "",
        "url": thread.url if thread else "",
    }
    hidden = [child for each in _all(parts[1]) if word(each, "kind") == "more" for child in _children(each)]
    more = [
        Link(
            url=f"{base}/api/morechildren?api_type=json&raw_json=1&link_id={about['thread']}&children={','.join(some)}",
            role="more",
            conversation=link.conversation,
            carry=about,
        )
        for some in (hidden[at : at + MORE] for at in range(0, min(len(hidden), MORE * MOST_MORE), MORE))
    ]
    return Reading(posts=(*started, *_comments(_all(parts[1]), about)), links=tuple(more))


def _all(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Comments with all below them, level by level."""
    found: list[dict[str, Any]] = []
    for _ in range(DEEPEST):
        found += things
        things = [
            below
            for each in things
            for below in rows(inside(inside(inside(each, "data"), "replies"), "data"), "children")
        ]
    return found


def _children(more: Mapping[str, Any]) -> Iterator[str]:
    names = inside(more, "data").get("children")
    yield from (each for each in (names if isinstance(names, list) else []) if isinstance(each, str) and each.isalnum())


def _comments(things: list[dict[str, Any]], about: Mapping[str, Any]) -> Iterator[Post]:
    for each in things:
        if word(each, "kind") == "t1" and (post := _post(inside(each, "data"), "t1", about)):
            yield post


def _post(data: Mapping[str, Any], kind: str, about: Mapping[str, Any] | None = None) -> Post | None:
    name = word(data, "name")
    if kind not in ("t1", "t3") or not name:
        return None
    is_comment = kind == "t1"
    text = word(data, "body" if is_comment else "selftext")
    link = "" if is_comment or data.get("is_self") else word(data, "url")
    author = word(data, "author")
    thread = word(data, "link_id") if is_comment else name
    parent = word(data, "parent_id") if is_comment else ""
    edited = data.get("edited")
    about = about or {}
    return Post(
        external_id=name,
        url=f"{SITE}{word(data, 'permalink')}"
        if word(data, "permalink").startswith("/")
        else str(about.get("url", "")),
        title="" if is_comment else word(data, "title"),
        text=text or link or word(data, "title"),
        author="" if author == "[deleted]" else author,
        author_id="" if author == "[deleted]" else author,
        author_url=f"{SITE}/user/{quote(author)}" if author and author != "[deleted]" else "",
        conversation_id=thread,
        conversation_url=f"{SITE}/comments/{thread.removeprefix('t3_')}/",
        conversation_title=word(data, "link_title", "title") or str(about.get("title", "")),
        parent_id=parent if parent.startswith("t1_") else "",
        kind=PostKind.COMMENT if is_comment else PostKind.POST,
        published_at=_moment(data.get("created_utc")),
        edited_at=_moment(edited) if not isinstance(edited, bool) else None,
        deleted=text in _TAKEN,
    )


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float) or not 0 < seconds < 4e9:
        return None
    return datetime.fromtimestamp(seconds, UTC)
