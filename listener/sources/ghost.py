"""Ghost: articles by the site's feed and, once, its sitemap; comments by the interface that its own pages use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ListenerError, ReadError
from listener.pages.fields import inside, line, number, record_of, rows, word
from listener.pages.markup import text_of, web_url
from listener.pages.syndication import moment
from listener.sources import article, sitemap
from listener.sources import feed as feeds
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIMIT = 100
"""Comments asked for at once: the most that Ghost gives."""
OLDER = 80
"""Articles older than the feed that are read on the first visit, from their pages."""
LISTS_ALL = True
"""A comment that is not among those of its article is gone."""
REFUSED = frozenset((400, 401, 403, 404, 405, 422))
"""Answers by which a site says that it has no comments, or none for strangers."""
_INSIDE = re.compile(r"/(?:rss|members|ghost|tag|author|page)(?:/.*)?\Z")
_IDENTITY = re.compile(r"[0-9a-f]{24}")
_POST_ID = re.compile(rb"\bdata-post-id=[\"']([0-9a-f]{24})[\"']")


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The site's feed, and its newest comments, which say below which articles something was said."""
    base = _base(source)
    query = f"limit={LIMIT}&order=created_at%20desc&include=post,member,count.replies"
    return [
        Link(url=f"{base}/rss/", role="feed", carry={} if memory.get("read") else {"first": True}),
        Link(url=f"{base}/members/api/comments/?{query}", role="newest"),
    ]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the feed, the newest comments, the comments of one article, or on the first visit what the feed left out.

    Raises `ReadError` where the page is none of these.
    """
    base = _base(source)
    if link.role == "feed":  # it holds whole articles: what is cut short there is for members
        return _feed(page, link, source)
    if link.role == "sitemap":
        urls = (each for each in sitemap.pages(page, source) if each not in link.carry["known"])
        older = (Link(url=url, role="older", conversation=url, stamp="older") for url in islice(urls, OLDER))
        return Reading(links=tuple(older))
    if link.role == "older":
        return _older(page, link, source)
    record = record_of(page)
    if not isinstance(record.get("comments"), list):
        raise ReadError(f"{page.url} does not hold comments as Ghost should give them.")
    found = [row for row in rows(record, "comments") if _IDENTITY.fullmatch(word(row, "id"))]
    if link.role == "newest":
        return Reading(links=tuple(_threads(found, page, base)))
    posts = [post for row in found for post in _with_replies(row, page, link)]
    return Reading(posts=tuple(posts), links=(*_more(found, link, base), *_next(record, link)))


def _feed(page: Page, link: Link, source: SourceSpec) -> Reading:
    reading = feeds.read(page, replace(link, role="list", carry={}), source)
    known = [post.url for post in reading.posts]
    left_out = (Link(url=f"{_base(source)}/sitemap-posts.xml", role="sitemap", carry={"known": known}),)
    return replace(reading, links=left_out if link.carry.get("first") else (), memory={"read": True})


def _older(page: Page, link: Link, source: SourceSpec) -> Reading:
    """An article from its page, under the name that its comments know it by; nothing where that is not told."""
    named = _POST_ID.search(page.body)
    if named is None:
        return Reading()
    identity = named[1].decode()
    found = article.read(page, replace(link, conversation=identity), source).posts
    posts = tuple(post for post in found if post.external_id == identity)
    below = (
        Link(
            url=_comments(_base(source), identity),
            role="comments",
            carry={"post": identity, "url": post.url, "title": post.title},
        )
        for post in posts
    )
    return Reading(posts=posts, links=tuple(below))


def _comments(base: str, identity: str) -> str:
    return f"{base}/members/api/comments/post/{identity}/?limit={LIMIT}"


def _thread(link: Link) -> str:
    """The article that the comments at a link are about."""
    return str(link.carry.get("post") or link.conversation)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """Where comments are closed the feed has to do; older versions know the comments of an article by a filter."""
    if getattr(error, "status", None) not in REFUSED:
        return []
    if link.role in ("newest", "sitemap"):
        return [Link(url=f"{_base(source)}/rss/", role="feed")]
    if link.role == "comments" and "/comments/post/" in link.url:
        url = f"{_base(source)}/members/api/comments/?limit={LIMIT}&filter=post_id:{_thread(link)}"
        return [replace(link, url=url)]
    return []


def _base(source: SourceSpec) -> str:
    """The site's own address, without a slash at its end."""
    parts = urlsplit(web_url(source.url, source.url))
    return f"{parts.scheme}://{parts.netloc}{_INSIDE.sub('', parts.path).rstrip('/')}"


def _threads(found: list[dict[str, Any]], page: Page, base: str) -> Iterator[Link]:
    """Each article that was commented on, stamped with which comments there are and how many answers they have."""
    said: dict[str, list[str]] = {}
    about: dict[str, dict[str, Any]] = {}
    for row in found:
        post = inside(row, "post")
        if _IDENTITY.fullmatch(identity := word(post, "id")):
            about.setdefault(identity, post)
            state = (
                word(row, "id"),
                word(row, "edited_at"),
                word(row, "status"),
                word(inside(row, "count"), "replies"),
            )
            said.setdefault(identity, []).append("/".join(state))
    for identity, states in said.items():
        post = about[identity]
        yield Link(
            url=_comments(base, identity),
            role="comments",
            conversation=identity,
            stamp=hashlib.sha256("\n".join(states).encode("utf-8", "replace")).hexdigest()[:24],
            carry={"url": web_url(page.url, word(post, "url")), "title": line(post, "title")},
        )


def _with_replies(row: dict[str, Any], page: Page, link: Link) -> Iterator[Post]:
    above = str(link.carry.get("above", ""))
    yield _comment(row, above, page, link)
    for each in rows(row, "replies"):
        if _IDENTITY.fullmatch(word(each, "id")):
            yield _comment(each, word(row, "id"), page, link)


def _more(found: list[dict[str, Any]], link: Link, base: str) -> Iterator[Link]:
    """The replies of each comment that has more of them than it came with."""
    for row in found:
        if number(inside(row, "count"), "replies") > len(rows(row, "replies")) and link.role == "comments":
            url = f"{base}/members/api/comments/{word(row, 'id')}/replies/?limit={LIMIT}"
            carry = {**link.carry, "above": word(row, "id")}
            yield Link(url=url, role="replies", conversation=link.conversation, carry=carry)


def _next(record: Mapping[str, Any], link: Link) -> Iterator[Link]:
    following = number(inside(inside(record, "meta"), "pagination"), "next")
    if following > 1:
        yield replace(link, url=re.sub(r"&page=\d+\Z", "", link.url) + f"&page={following}", stamp="")


def _comment(row: Mapping[str, Any], above: str, page: Page, link: Link) -> Post:
    """A comment; below which it stands is not always which it answers."""
    identity, member = word(row, "id"), inside(row, "member")
    address, name = str(link.carry.get("url") or ""), line(member, "name")
    is_gone = word(row, "status") in ("deleted", "hidden")
    return Post(
        external_id=identity,
        url=f"{address}#ghost-comments-{identity}" if address else "",
        text="" if is_gone else text_of(word(row, "html")),
        author=name,
        author_id=word(member, "uuid", "id") or name,
        conversation_id=_thread(link),
        conversation_url=address,
        conversation_title=str(link.carry.get("title") or ""),
        parent_id=word(row, "in_reply_to_id", "parent_id") or above,
        kind=PostKind.COMMENT,
        published_at=moment(word(row, "created_at"), page.fetched_at),
        edited_at=moment(word(row, "edited_at"), page.fetched_at),
        deleted=is_gone,
    )
