"""WordPress: posts and comments by its REST interface where that is open, else by its feeds, under one identity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urldefrag, urlsplit

from listener.errors import ListenerError, ReadError
from listener.pages.fields import inside, json_of, number, rows, word
from listener.pages.markup import line_of, text_of, web_url
from listener.pages.syndication import moment
from listener.sources import feed as feeds
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

FIRST_PAGES, MOST_PAGES = 5, 50
"""Pages of a hundred posts or comments that are read on the first visit, and on a later one to catch up."""
OVERLAP = timedelta(days=3)
"""How far before the newest known comment is asked again: comments are approved late, and edited."""
KNOWN_POSTS = 300
"""Addresses of posts whose number is remembered, so that they keep it when only feeds are left."""
FEED_PAGES = 20
"""Pages of the feed of posts that are read on the first visit, and on a later one to catch up."""
REFUSED = frozenset((400, 401, 403, 404, 405, 406, 410, 451))
"""Answers by which a site says that it has no REST interface for strangers."""
_FEEDS = {"posts": ("feed", "feed/"), "comment-list": ("comment-feed", "comments/feed/")}
"""What is read instead of a REST list: its role, and its place below the site."""
_COMMENT = re.compile(r"#comment-(\d{1,18})\Z")
_POST_FIELDS = "id,date_gmt,modified_gmt,guid,link,title,content,author,_links,_embedded"


def LISTS_ALL(link: Link) -> bool:  # noqa: N802 - a fact about the kind, of which only REST is sure
    """Whether a post and its comments are read whole from here: by REST they are, by feeds only the newest."""
    return link.role == "post"


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The lists of posts and of comments, each the way that worked before: by REST (`/wp-json/`) or by feed.

    Options: `api` (where the REST interface is, if not at `/wp-json/`); `timezone` and `full_text` as for feeds.
    """
    api = str(source.options.get("api") or memory.get("api") or f"{_site(source)}wp-json/")
    return [
        _feed(role, source, memory) if memory.get(f"{role}_by") == "feed" else _list(role, api, memory)
        for role in _FEEDS
    ]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a list of posts or comments, one post, or one post's comments, from REST or from a feed."""
    if link.role in ("feed", "comment-feed"):
        return _read_feed(page, link, source)
    if link.role in ("article", "comments"):
        return _read_thread(page, link, source)
    readers = {"posts": _read_posts, "comment-list": _read_comments, "post": _read_post, "answers": _read_answers}
    return readers[link.role](page, _rows(page), link)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The next way to read the same: plain addresses of the REST interface, then feeds; a post's comments alone."""
    status = getattr(error, "status", None)
    if link.role == "article":
        return feeds.fallback(link, error, source, memory)
    if link.role == "feed" and status == 404 and link.carry.get("page", 1) > 1:  # there are no older posts
        return [_feed("posts", source, memory)]
    if not (isinstance(error, ReadError) or status in REFUSED) or link.carry.get("page", 1) > 1:
        return []
    if link.role == "post":
        return [_answers(link)]
    if link.role in _FEEDS and status == 404 and "rest_route" not in link.url:
        return [_list(link.role, f"{_site(source)}?rest_route=/", link.carry)]
    return [_feed(link.role, source, memory)] if link.role in _FEEDS else []


def _site(source: SourceSpec) -> str:
    """The blog's address with a slash behind it, whichever of its feeds or interfaces was given."""
    bare = source.url.split("?")[0].split("#")[0]
    return re.sub(r"/(feed|comments/feed|wp-json)(/.*)?\Z", "", bare).rstrip("/") + "/"


def _key(url: str) -> str:
    """What of a post's address stays when the site moves to another host or scheme."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


# By REST (developer.wordpress.org/rest-api/reference). A comment in the list leads to its post and all its comments.


def _list(role: str, api: str, memory: Mapping[str, Any]) -> Link:
    """A list from where it was last read; the first time from its newest entry back."""
    newest = str(memory.get(role) or "")
    since = quote(_before(newest, OVERLAP if role == "comment-list" else timedelta(seconds=1))) if newest else ""
    if role == "posts":
        newer = f"&orderby=modified&order=asc&modified_after={since}" if since else ""
        path = f"posts?per_page=100&_embed=author&_fields={_POST_FIELDS}{newer}"
    else:
        path = "comments?per_page=100&_embed=up" + (f"&after={since}" if since else "")
    return Link(
        url=_below(api, path), role=role, carry={"api": api, role: newest, "numbers": memory.get("numbers", {})}
    )


def _before(newest: str, overlap: timedelta) -> str:
    return (datetime.fromisoformat(newest) - overlap).strftime("%Y-%m-%dT%H:%M:%SZ")


def _below(api: str, path: str) -> str:
    return f"{api.rstrip('/')}/wp/v2/{path.replace('?', '&', 1) if 'rest_route=' in api else path}"


def _read_posts(page: Page, found: list[dict[str, Any]], link: Link) -> Reading:
    posts = tuple(_post(row, page) for row in found)
    known = {**link.carry.get("numbers", {}), **{_key(post.url): post.external_id for post in posts}}
    memory = {
        "api": link.carry["api"],
        "numbers": dict(list(known.items())[-KNOWN_POSTS:]),
        **_newest(page, found, link),
    }
    return Reading(posts=posts, links=_next(page, link, memory), memory=memory)


def _read_comments(page: Page, found: list[dict[str, Any]], link: Link) -> Reading:
    """The newest comments of the site, which lead to their posts unless these are all the comments there are."""
    posts = tuple(_comment(row, page) for row in found)
    memory, known = _newest(page, found, link), str(link.carry["comment-list"])
    has_caught_up = bool(known) and any(post.published_at and post.published_at.isoformat() < known for post in posts)
    more = () if has_caught_up else _next(page, link, {"newest": memory.get("comment-list", "")})
    is_all = not (known or more or link.carry.get("page"))
    return Reading(posts=posts, links=more if is_all else (*_threads(page, found, link), *more), memory=memory)


def _read_post(page: Page, found: list[dict[str, Any]], link: Link) -> Reading:
    return Reading(posts=tuple(_post(row, page) for row in found), links=(_answers(link),))


def _read_answers(page: Page, found: list[dict[str, Any]], link: Link) -> Reading:
    return Reading(posts=tuple(_comment(row, page) for row in found), links=_next(page, link, {}))


def _threads(page: Page, found: list[dict[str, Any]], link: Link) -> list[Link]:
    """Each post that was commented on, stamped with its newest comment; it may be a page or another type of post."""
    threads: dict[str, Link] = {}
    for row in sorted(found, key=lambda row: number(row, "id")):
        up = next(iter(rows(inside(row, "_links"), "up")), {})
        post, address = word(row, "post"), web_url(page.url, word(up, "href"))
        if urlsplit(address).netloc != urlsplit(page.url).netloc:  # a site may not send us elsewhere
            address = _below(str(link.carry["api"]), f"posts/{post}")
        threads[post] = Link(
            url=f"{address}{'&' if '?' in address else '?'}_embed=author",
            role="post",
            conversation=f"post-{post}",
            stamp=word(row, "id"),
            carry={"api": link.carry["api"], "post": post},
        )
    return list(threads.values())


def _answers(link: Link) -> Link:
    path = f"comments?post={link.carry['post']}&per_page=100&order=asc&_embed=up"
    return Link(url=_below(str(link.carry["api"]), path), role="answers", conversation=link.conversation)


def _next(page: Page, link: Link, carry: Mapping[str, Any]) -> tuple[Link, ...]:
    """The next page of a list, where there is one and it is not beyond the bound."""
    place = int(link.carry.get("page", 1)) + 1
    is_first = link.role in _FEEDS and not link.carry.get(link.role)
    if 'rel="next"' not in page.headers.get("link", "") or place > (FIRST_PAGES if is_first else MOST_PAGES):
        return ()
    url = re.sub(r"&page=\d+\Z", "", link.url) + f"&page={place}"
    return (
        replace(
            link,
            url=url,
            stamp="",
            carry={**link.carry, **carry, link.role: link.carry.get(link.role, ""), "page": place},
        ),
    )


def _newest(page: Page, found: list[dict[str, Any]], link: Link) -> dict[str, str]:
    """Role -> the latest moment of what was listed so far; never one that is still to come."""
    key = "modified_gmt" if link.role == "posts" else "date_gmt"
    moments = (moment(_utc(row, key), page.fetched_at) for row in found)
    before = (str(link.carry.get(name) or "") for name in (link.role, "newest"))
    newest = max([*before, *(each.isoformat() for each in moments if each)])
    return {link.role: newest} if newest else {}


def _rows(page: Page) -> list[dict[str, Any]]:
    found = json_of(page)
    wanted = rows({"rows": found if isinstance(found, list) else [found]}, "rows")
    numbered = [row for row in wanted if number(row, "id")]
    if not numbered and found != []:
        raise ReadError(f"{page.url} does not hold what WordPress' REST interface should give.")
    return numbered


def _post(row: Mapping[str, Any], page: Page) -> Post:
    author: Mapping[str, Any] = next(iter(rows(inside(row, "_embedded"), "author")), {})
    published, modified = (moment(_utc(row, key), page.fetched_at) for key in ("date_gmt", "modified_gmt"))
    name, title = line_of(word(author, "name")), line_of(word(inside(row, "title"), "rendered"))
    identity, url = f"post-{number(row, 'id')}", web_url(page.url, word(row, "link"))
    return Post(
        external_id=identity,
        url=url,
        title=title,
        text=text_of(word(inside(row, "content"), "rendered")),
        author=name,
        author_id=word(author, "slug") or name,
        author_url=word(author, "url", "link"),
        conversation_id=identity,
        conversation_url=url,
        conversation_title=title,
        kind=PostKind.ARTICLE,
        published_at=published,
        edited_at=modified if published and modified and modified - published > timedelta(minutes=1) else None,
        partial=bool(inside(row, "content").get("protected")),
    )


def _comment(row: Mapping[str, Any], page: Page) -> Post:
    about: Mapping[str, Any] = next(iter(rows(inside(row, "_embedded"), "up")), {})
    name, url = line_of(word(row, "author_name")), web_url(page.url, word(row, "link"))
    parent, own = number(row, "parent"), word(row, "author_url")
    return Post(
        external_id=f"comment-{number(row, 'id')}",
        url=url,
        text=text_of(word(inside(row, "content"), "rendered")),
        author=name,
        author_id=own or name,
        author_url=web_url(page.url, own) if own else "",
        conversation_id=f"post-{number(row, 'post')}",
        conversation_url=word(about, "link") or urldefrag(url).url,
        conversation_title=line_of(word(inside(about, "title"), "rendered")),
        parent_id=f"comment-{parent}" if parent else "",
        kind=PostKind.COMMENT,
        published_at=moment(_utc(row, "date_gmt"), page.fetched_at),
    )


def _utc(row: Mapping[str, Any], key: str) -> str:
    return f"{word(row, key)}Z" if word(row, key) else ""


# By feeds: the posts and comments of the window the blog was set to, and the comment feed of each post commented on.


def _feed(role: str, source: SourceSpec, memory: Mapping[str, Any]) -> Link:
    feed_role, place = _FEEDS[role]
    is_first = f"{role}_by" not in memory and not memory.get(role)
    carry = {"numbers": memory.get("numbers", {}), "instead_of": role, "is_first": is_first}
    return Link(url=_site(source) + place, role=feed_role, carry={**carry, "newest": str(memory.get(feed_role) or "")})


def _read_feed(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a feed of the blog as feeds are read, and then gives everything the name it has by REST too."""
    known = link.carry.get("numbers", {})
    reading = _named(feeds.read(page, replace(link, role="list"), source), known)
    memory = {f"{link.carry['instead_of']}_by": "feed"}
    if link.role == "comment-feed":
        old = _quiet(known, source) if link.carry.get("is_first") else []
        threads = {each.conversation: each for each in (*old, *reading.links, *_commented(reading))}
        return replace(reading, links=_windowed(tuple(threads.values()), reading), memory=memory)
    dates = [post.published_at.isoformat() for post in reading.posts if post.published_at]
    newest = str(link.carry.get("newest") or "")
    memory["feed"] = max([newest, str(link.carry.get("latest") or ""), *dates])
    more = _older(link, memory["feed"]) if dates and min(dates) > newest else ()
    return replace(reading, links=(*_windowed(reading.links, reading), *more), memory=memory)


def _older(link: Link, latest: str) -> tuple[Link, ...]:
    """The next page of the feed of posts: all back to the first on the first visit, later to the last one known."""
    place = int(link.carry.get("page", 1)) + 1
    if place > FEED_PAGES or not (link.carry.get("is_first") or link.carry.get("newest")):
        return ()
    url = f"{link.url.split('?')[0]}?paged={place}"
    return (replace(link, url=url, carry={**link.carry, "page": place, "latest": latest}),)


def _windowed(links: tuple[Link, ...], reading: Reading) -> tuple[Link, ...]:
    """The same links, which know how much a feed of this blog shows: one as long as that may leave out the rest."""
    return tuple(replace(each, carry={**each.carry, "window": len(reading.posts)}) for each in links)


def _read_thread(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A post's page with the comments on it, or its comment feed, from which its page leads to the older ones."""
    if link.role == "article":
        found = feeds.whole(page, link, source)
        numbered = (each for each in found.posts if each.kind == PostKind.ARTICLE or _COMMENT.search(each.external_id))
        return _named(replace(found, posts=tuple(numbered)), {})
    found = feeds.read(page, link, source)
    window, carry = int(link.carry.get("window") or 0), {**link.carry, "below": True}
    below = Link(url=str(link.carry.get("url")), role="article", conversation=link.conversation, carry=carry)
    is_cut = 0 < window <= len(found.posts) and bool(below.url)
    return _named(replace(found, links=(below,) if is_cut else ()), {})


def _commented(reading: Reading) -> list[Link]:
    """The comment feeds of the posts that the newest comments are about, each stamped with its newest."""
    newest: dict[str, Post] = {}
    for post in reading.posts:
        newest.setdefault(post.conversation_id, post)
    return [
        _comment_feed(thread, post.conversation_url, post.conversation_title, post.external_id)
        for thread, post in newest.items()
        if not urlsplit(post.conversation_url).query
    ]


def _quiet(known: Mapping[str, str], source: SourceSpec) -> list[Link]:
    """The comment feeds of the posts that REST named where only feeds show comments: the newest tell of few."""
    return [
        _comment_feed(thread, web_url(source.url, path), "", "none of the newest")
        for path, thread in known.items()
        if "?" not in path
    ]


def _comment_feed(thread: str, url: str, title: str, stamp: str) -> Link:
    carry = {"url": url, "title": title}
    return Link(url=f"{url.rstrip('/')}/feed/", role="comments", conversation=thread, stamp=stamp, carry=carry)


def _named(reading: Reading, known: Mapping[str, str]) -> Reading:
    """The same posts and links under WordPress' own numbers, as far as their addresses tell these or they are known."""

    def thread(identity: str, url: str) -> str:
        return (
            identity if identity.startswith("post-") else known.get(_key(url)) or _numbered(url) or f"post-{_key(url)}"
        )

    def name(post: Post) -> str:
        comment = _COMMENT.search(post.external_id) or _COMMENT.search(post.url)
        return f"comment-{comment.group(1)}" if comment else thread(post.external_id, post.url)

    posts = tuple(
        replace(
            post,
            external_id=name(post),
            conversation_id=thread(post.conversation_id, post.conversation_url),
            parent_id=f"comment-{parent.group(1)}" if (parent := _COMMENT.search(post.parent_id)) else "",
        )
        for post in reading.posts
    )
    links = tuple(
        replace(link, conversation=thread(link.conversation, str(link.carry.get("url")))) if link.conversation else link
        for link in reading.links
    )
    return replace(reading, posts=posts, links=links)


def _numbered(url: str) -> str:
    """`post-7` from a plain address, `/?p=7`."""
    found = parse_qs(urlsplit(url).query).get("p", [""])[0]
    return f"post-{found}" if found.isascii() and found.isdigit() else ""
