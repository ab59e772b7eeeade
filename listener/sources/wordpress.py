"""WordPress: posts and comments by its REST interface where that is open, else by its feeds, under one identity."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urldefrag, urlsplit

from listener.errors import FetchError, ReadError
from listener.markup import line_of, text_of, web_url
from listener.sources import feed as feeds
from listener.syndication import Item, moment, parse
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

FIRST_PAGES, MOST_PAGES = 5, 50
"""Pages of a hundred posts or comments that are read on the first visit, and on a later one to catch up."""
OVERLAP = timedelta(days=3)
"""How far before the newest known comment is asked again: comments are approved late, and edited."""
KNOWN_POSTS = 300
"""Addresses of posts whose number is remembered, so that comments in a feed find their post."""
REFUSED = frozenset((400, 401, 403, 404, 405, 406, 410, 451))
"""Answers by which a site says that it has no REST interface for strangers."""
_COMMENT = re.compile(r"#comment-(\d{1,18})\Z")
_POST_FIELDS = "id,date_gmt,modified_gmt,guid,link,title,content,author,_links,_embedded"


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The newest posts, the way that worked before: by REST (`/wp-json/`), or by feeds.

    Options: `api` (where the REST interface is, if not at `/wp-json/`), `timezone`, `full_text` as for feeds.
    """
    api = str(source.options.get("api") or memory.get("api") or f"{_site(source)}wp-json/")
    carry = {key: memory[key] for key in ("posts", "modified", "commented", "comments") if key in memory}
    return [_feed_link(source, carry) if memory.get("way") == "feeds" else _posts_link({**carry, "api": api})]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the list of posts, the list of comments, one post, or one post's comments, from REST or from feeds."""
    if link.role == "article":
        return _renamed(feeds.read(page, link, source))
    if link.role in ("feed", "comment-feed", "comments"):
        return _read_feed(page, link, source)
    rows = _rows(page)
    if rows is None and link.role == "posts":  # a web page where JSON should be: the interface is not open
        return Reading(links=(_feed_link(source, link.carry),))
    if rows is None:
        raise ReadError(f"{page.url} does not hold what WordPress' REST interface should give.")
    if link.role == "post":
        return Reading(posts=tuple(_post(row, page) for row in rows))
    readers = {"posts": _read_posts, "comment-list": _read_comments, "thread": _read_thread}
    return readers[link.role](page, rows, link, source)


def fallback(link: Link, error: FetchError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The next way to read the same: plain addresses of the REST interface, then feeds."""
    if link.role == "article":
        return feeds.fallback(link, error, source, memory)
    if error.status not in REFUSED or link.carry.get("page", 1) > 1:
        return []
    if link.role == "posts" and error.status == 404 and "rest_route" not in link.url:
        return [_posts_link({**link.carry, "api": f"{_site(source)}?rest_route=/"})]
    if link.role == "posts":
        return [_feed_link(source, link.carry)]
    return [_comment_feed_link(source, link.carry)] if link.role == "comment-list" else []


# By REST (developer.wordpress.org/rest-api/reference): the list of posts leads to the list of comments, and new
# comments lead to their threads, each read whole once. What one page must know of another is carried along.


def _posts_link(carry: Mapping[str, Any]) -> Link:
    since = _since(carry.get("modified"), timedelta(seconds=1))
    newer = f"&orderby=modified&order=asc&modified_after={since}" if since else ""
    path = f"posts?per_page=100&_embed=author&_fields={_POST_FIELDS}{newer}"
    return Link(url=_api(carry, path), role="posts", carry={**carry, "is_first": not since})


def _comments_link(carry: Mapping[str, Any], source: SourceSpec) -> Link:
    if carry.get("comments") == "feeds":
        return _comment_feed_link(source, carry)
    since = _since(carry.get("commented"), OVERLAP)
    path = f"comments?per_page=100&_embed=up{f'&after={since}' if since else ''}"
    return Link(url=_api(carry, path), role="comment-list", carry={**carry, "page": 1, "is_first": not since})


def _since(moment: Any, overlap: timedelta) -> str:
    return quote((datetime.fromisoformat(moment) - overlap).strftime("%Y-%m-%dT%H:%M:%SZ")) if moment else ""


def _api(carry: Mapping[str, Any], path: str) -> str:
    api = str(carry["api"])
    return f"{api.rstrip('/')}/wp/v2/{path.replace('?', '&', 1) if 'rest_route=' in api else path}"


def _next(page: Page, link: Link, carry: Mapping[str, Any]) -> Link | None:
    """The next page of a list, where there is one and it is not beyond the bound."""
    number = int(carry.get("page", 1)) + 1
    if 'rel="next"' not in page.headers.get("link", "") or number > (
        FIRST_PAGES if carry.get("is_first") else MOST_PAGES
    ):
        return None
    url = re.sub(r"&page=\d+\Z", "", link.url) + f"&page={number}"
    return replace(link, url=url, stamp="", carry={**carry, "page": number})


def _newest(page: Page, rows: list[dict[str, Any]], key: str, known: Any) -> str:
    """The latest of the rows' moments and the one that was known; never one that is still to come."""
    moments = (moment(_utc(row, key), page.fetched_at) for row in rows)
    return max([str(known or ""), *(each.isoformat() for each in moments if each)])


def _read_posts(page: Page, rows: list[dict[str, Any]], link: Link, source: SourceSpec) -> Reading:
    posts = tuple(_post(row, page) for row in rows)
    known = _remember(link.carry, {_key(post.url): post.external_id for post in posts})
    memory = {"way": "rest", "api": link.carry["api"], "posts": known}
    if newest := _newest(page, rows, "modified_gmt", link.carry.get("modified")):
        memory["modified"] = newest
    carry = {**link.carry, **memory}
    return Reading(posts=posts, links=(_next(page, link, carry) or _comments_link(carry, source),), memory=memory)


def _read_comments(page: Page, rows: list[dict[str, Any]], link: Link, source: SourceSpec) -> Reading:
    """The newest comments of the site; they lead to their threads, unless all comments there are were seen."""
    posts = tuple(_comment(row, page) for row in rows)
    known = str(link.carry.get("commented") or "")
    newest = _newest(page, rows, "date_gmt", link.carry.get("newest") or known)
    more = _next(page, link, {**link.carry, "newest": newest})
    if any(_is_before(post, known) for post in posts):
        more = None
    newer = [row for row, post in zip(rows, posts, strict=True) if not _is_before(post, known)]
    links = [] if link.carry.get("is_first") and not more else _threads(newer, link.carry)
    links += [*_unknown_posts(page, rows, link.carry), *([more] if more else [])]
    return Reading(posts=posts, links=tuple(links), memory={"commented": newest} if newest else {})


def _is_before(post: Post, known: str) -> bool:
    return bool(known) and post.published_at is not None and post.published_at.isoformat() < known


def _read_thread(page: Page, rows: list[dict[str, Any]], link: Link, source: SourceSpec) -> Reading:
    more = _next(page, link, link.carry)
    return Reading(posts=tuple(_comment(row, page) for row in rows), links=(more,) if more else ())


def _threads(rows: list[dict[str, Any]], carry: Mapping[str, Any]) -> list[Link]:
    """Each commented post's comments, stamped with the newest."""
    newest: dict[int, int] = {}
    for row in rows:
        newest[_number(row, "post")] = max(newest.get(_number(row, "post"), 0), row["id"])
    return [
        Link(
            url=_api(carry, f"comments?post={post}&per_page=100&order=asc&_embed=up"),
            role="thread",
            conversation=f"post-{post}",
            stamp=str(number),
        )
        for post, number in newest.items()
    ]


def _unknown_posts(page: Page, rows: list[dict[str, Any]], carry: Mapping[str, Any]) -> list[Link]:
    """The posts that were commented on but never seen, each at the address its comment gives (it may be a page)."""
    known = set(carry.get("posts", {}).values())
    strange = (row for row in rows if f"post-{row.get('post')}" not in known)
    addresses = dict.fromkeys(web_url(page.url, _s(up, "href")) for row in strange for up in _list(row, "_links", "up"))
    host = urlsplit(page.url).netloc
    return [
        Link(url=f"{url}{'&' if '?' in url else '?'}_embed=author", role="post")
        for url in addresses
        if urlsplit(url).netloc == host
    ]


def _rows(page: Page) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(page.body)
    except (ValueError, RecursionError):
        return None
    rows = found if isinstance(found, list) else [found]
    rows = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int)]
    return rows if rows or found == [] else None


def _post(row: Mapping[str, Any], page: Page) -> Post:
    author: Mapping[str, Any] = next(iter(_list(row, "_embedded", "author")), {})
    content = row.get("content")
    is_protected = isinstance(content, dict) and bool(content.get("protected"))
    published, modified = (moment(_utc(row, key), page.fetched_at) for key in ("date_gmt", "modified_gmt"))
    url, title = web_url(page.url, _s(row, "link")), line_of(_rendered(row, "title"))
    return Post(
        external_id=f"post-{row['id']}",
        url=url,
        title=title,
        text=text_of(_rendered(row, "content")),
        author=line_of(_s(author, "name")),
        author_id=_s(author, "slug") or line_of(_s(author, "name")),
        author_url=_s(author, "url") or _s(author, "link"),
        conversation_id=f"post-{row['id']}",
        conversation_url=url,
        conversation_title=title,
        kind=PostKind.ARTICLE,
        published_at=published,
        edited_at=modified if published and modified and modified - published > timedelta(minutes=1) else None,
        partial=is_protected,
    )


def _comment(row: Mapping[str, Any], page: Page) -> Post:
    about: Mapping[str, Any] = next(iter(_list(row, "_embedded", "up")), {})
    name, address = line_of(_s(row, "author_name")), web_url(page.url, _s(row, "link"))
    parent = _number(row, "parent")
    own = _s(row, "author_url")
    return Post(
        external_id=f"comment-{row['id']}",
        url=address,
        text=text_of(_rendered(row, "content")),
        author=name,
        author_id=own or name,
        author_url=web_url(page.url, own) if own else "",
        conversation_id=f"post-{_number(row, 'post')}",
        conversation_url=_s(about, "link") or urldefrag(address).url,
        conversation_title=line_of(_rendered(about, "title")),
        parent_id=f"comment-{parent}" if parent else "",
        kind=PostKind.COMMENT,
        published_at=moment(_utc(row, "date_gmt"), page.fetched_at),
    )


def _s(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _number(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    return value if isinstance(value, int) else 0


def _rendered(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return _s(value, "rendered") if isinstance(value, dict) else ""


def _utc(row: Mapping[str, Any], key: str) -> str:
    return f"{_s(row, key)}Z" if _s(row, key) else ""


def _list(row: Mapping[str, Any], within: str, key: str) -> list[dict[str, Any]]:
    outer = row.get(within)
    found = outer.get(key) if isinstance(outer, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


# By feeds: the feed of posts leads to the feed of all comments, and posts whose number of comments changed to
# theirs.


def _site(source: SourceSpec) -> str:
    """The blog's address with a slash behind it, whichever of its feeds or interfaces was given."""
    bare = source.url.split("?")[0].split("#")[0]
    return re.sub(r"/(feed|comments/feed|wp-json)(/.*)?\Z", "", bare).rstrip("/") + "/"


def _feed_link(source: SourceSpec, carry: Mapping[str, Any]) -> Link:
    carry = {"posts": carry.get("posts", {})}
    return Link(url=f"{_site(source)}feed/", role="feed", carry=carry)


def _comment_feed_link(source: SourceSpec, carry: Mapping[str, Any]) -> Link:
    return Link(url=f"{_site(source)}comments/feed/", role="comment-feed", carry=carry)


def _read_feed(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a feed as feeds are read, and then gives everything the name it has by REST too."""
    role = "list" if link.role == "feed" else "comments"
    items = parse(page).items
    found = feeds.read(page, replace(link, role=role), source)
    if link.role == "comments":
        return _renamed(found)
    known = _remember(link.carry, {_key(item.url): _post_name(item) for item in items if link.role == "feed"})
    reading = _renamed(found, known)
    if link.role == "comment-feed":
        memory = {"comments": "feeds"} if link.carry.get("api") else {}
        return replace(reading, links=_unlisted(reading, link.carry), memory=memory)
    shown = [post.external_id for post in reading.posts]
    links = (*reading.links, _comment_feed_link(source, {"posts": known, "shown": shown}))
    return replace(reading, links=links, memory={"way": "feeds", "posts": known})


def _unlisted(reading: Reading, carry: Mapping[str, Any]) -> tuple[Link, ...]:
    """The comment feeds of posts that the feed of posts no longer shows."""
    newest: dict[str, Post] = {}
    for post in reading.posts:
        if post.conversation_id not in carry.get("shown", ()):
            newest.setdefault(post.conversation_id, post)
    return tuple(
        Link(
            url=f"{post.conversation_url.rstrip('/')}/feed/",
            role="comments",
            conversation=thread,
            stamp=post.external_id,
            carry={"url": post.conversation_url, "title": post.conversation_title},
        )
        for thread, post in newest.items()
        if not urlsplit(post.conversation_url).query
    )


def _renamed(reading: Reading, known: Mapping[str, str] | None = None) -> Reading:
    """The same posts and links under WordPress' own numbers, as far as these are known."""
    names = known or {}

    def name(identity: str, url: str) -> str:
        comment = _COMMENT.search(identity) or _COMMENT.search(url)
        if comment:
            return f"comment-{comment.group(1)}"
        return names.get(_key(url)) or _numbered(identity) or _numbered(url) or f"post-{_key(url)}"

    posts = tuple(
        replace(
            post,
            external_id=name(post.external_id, post.url),
            conversation_id=post.conversation_id
            if post.conversation_id.startswith("post-")
            else name(post.conversation_id, post.conversation_url),
            parent_id=name(post.parent_id, post.parent_id) if post.parent_id else "",
        )
        for post in reading.posts
    )
    links = tuple(
        replace(link, conversation=name(link.conversation, str(link.carry.get("url"))))
        if link.conversation and not link.conversation.startswith("post-")
        else link
        for link in reading.links
    )
    return replace(reading, posts=posts, links=links)


def _post_name(item: Item) -> str:
    return _numbered(item.id) or _numbered(item.url) or f"post-{_key(item.url)}"


def _numbered(address: str) -> str:
    """`post-7` from an address that ends in `?p=7`, which is how WordPress makes a post's lasting identity."""
    try:
        number = parse_qs(urlsplit(address).query).get("p", [""])[0]
    except ValueError:
        return ""
    return f"post-{number}" if number.isdigit() else ""


def _key(url: str) -> str:
    """What of a post's address stays when the site moves to another host or scheme."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _remember(carry: Mapping[str, Any], found: Mapping[str, str]) -> dict[str, str]:
    """Numbers of posts by address; a number that is known is kept, the newest `KNOWN_POSTS` stay."""
    known = dict(carry.get("posts", {}))
    for address, name in found.items():
        known[address] = known.pop(address, name)
    return dict(list(known.items())[-KNOWN_POSTS:])
