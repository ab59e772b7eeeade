"""Flarum forums, by their JSON:API: the list of discussions says which moved, then their posts are read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.fields import count_of, inside, line, number, record_of, rows, word
from listener.pages.markup import web_url
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LISTS_ALL = True
"""A post that is not on the pages of its discussion is gone."""
LIST_PAGES = 3
"""Pages of the list that are read at most, where the option `list_pages` does not say."""
PER_PAGE = 50
"""Posts asked for at once: the most that Flarum gives."""
MOST_ROWS = 200
"""Discussions or posts that one answer can hold."""
_SECTION = re.compile(r"/(?:api|d|t|u|all|tags|following)(?:/.*)?$")


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The discussions that moved last: of the whole forum, or of the tag whose address was given; or one discussion."""
    base, path = _base(source.url), urlsplit(source.url).path
    if found := re.search(r"/d/(\d+)", path):
        return [Link(url=_posts_address(base, found[1]), role="bell", carry={"discussion": found[1]})]
    tag = re.search(r"/t/([\w-]+)", path)
    narrowed = f"&filter[tag]={tag[1]}" if tag else ""
    carry = {"since": memory.get("since", ""), "pages": count_of(source.options, "list_pages", LIST_PAGES)}
    return [Link(url=f"{base}/api/discussions?sort=-lastPostedAt{narrowed}", carry=carry)]


def headers(source: SourceSpec) -> Mapping[str, str]:
    """What a forum that asks for an API key wants to be told; nothing without one."""
    key = source.options.get("api_key")
    return {"Authorization": f"Token {key}"} if key else {}


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A list of discussions, or a page of the posts of one. Raises `ReadError` where the page is neither."""
    record, base = record_of(page), _base(source.url)
    if not isinstance(record.get("data"), list):
        raise ReadError(f"{page.url} is no list of Flarum; is its API open to guests?")
    if link.role == "list":
        return _list(record, page, link, base)
    if link.role == "bell":
        return Reading(links=(_whole(record, link),))
    return _posts(record, page, link, base)


def _base(url: str) -> str:
    """The forum's own address, without a slash at its end."""
    parts = urlsplit(web_url(url, url))
    return f"{parts.scheme}://{parts.netloc}{_SECTION.sub('', parts.path).rstrip('/')}"


def _posts_address(base: str, discussion: str) -> str:
    return f"{base}/api/posts?filter[discussion]={discussion}&sort=-number&page[limit]={PER_PAGE}"


def _whole(record: dict[str, Any], link: Link) -> Link:
    """All of a discussion that is a source, stamped with its newest posts."""
    newest = [
        (word(row, "id"), word(inside(row, "attributes"), "editedAt")) for row in rows(record, "data")[:MOST_ROWS]
    ]
    stamp = hashlib.sha256(repr(newest).encode()).hexdigest()[:16]
    return Link(url=link.url, role="conversation", conversation=str(link.carry["discussion"]), stamp=stamp)


def _list(record: dict[str, Any], page: Page, link: Link, base: str) -> Reading:
    """Each discussion with a stamp; the next page of the list where this one held nothing seen before."""
    found = [(word(row, "id"), inside(row, "attributes")) for row in rows(record, "data")[:MOST_ROWS]]
    links = [
        Link(
            url=_posts_address(base, identity),
            role="conversation",
            conversation=identity,
            stamp="/".join(word(facts, key) for key in ("commentCount", "lastPostNumber", "lastPostedAt")),
            carry={"title": line(facts, "title"), "slug": word(facts, "slug") or identity},
        )
        for identity, facts in found
        if identity
    ]
    moved = [word(facts, "lastPostedAt", "createdAt") for _, facts in found if not facts.get("isSticky")]
    since, left = str(link.carry.get("since", "")), int(link.carry.get("pages", 1))
    following = web_url(page.url, word(inside(record, "links"), "next"))
    if following != page.url and word(inside(record, "links"), "next") and left > 1 and all(at > since for at in moved):
        links.append(Link(url=following, carry={"since": since, "pages": left - 1}))
    return Reading(links=tuple(links), memory={"since": max([since, *moved])})


def _posts(record: dict[str, Any], page: Page, link: Link, base: str) -> Reading:
    """The comments of a page; lines like "renamed the discussion" are nobody's words."""
    around = {(word(row, "type"), word(row, "id")): inside(row, "attributes") for row in rows(record, "included")}
    posts = tuple(
        _post(row, around, link, base, page)
        for row in rows(record, "data")[:MOST_ROWS]
        if word(inside(row, "attributes"), "contentType") in ("comment", "") and word(row, "id")
    )
    return Reading(posts=posts, links=tuple(_onward(record, page, link)))


def _onward(record: dict[str, Any], page: Page, link: Link) -> Iterator[Link]:
    following = word(inside(record, "links"), "next")
    if following and (url := web_url(page.url, following)) not in ("", page.url):
        yield Link(url=url, role="page", conversation=link.conversation, carry=link.carry)


def _related(row: dict[str, Any], name: str) -> tuple[str, str]:
    pointer = inside(inside(inside(row, "relationships"), name), "data")
    return word(pointer, "type"), word(pointer, "id")


def _post(row: dict[str, Any], around: dict[tuple[str, str], Any], link: Link, base: str, page: Page) -> Post:
    facts, now = inside(row, "attributes"), page.fetched_at
    user, discussion = around.get(_related(row, "user"), {}), around.get(_related(row, "discussion"), {})
    topic = _related(row, "discussion")[1] or link.conversation
    title = line(discussion, "title") or str(link.carry.get("title", ""))
    address = f"{base}/d/{word(discussion, 'slug') or link.carry.get('slug') or topic}"
    place, gone = number(facts, "number"), bool(facts.get("isHidden") or facts.get("hiddenAt"))
    name, slug = line(user, "displayName", "username"), word(user, "slug", "username")
    text, parent = _text(word(facts, "contentHtml"))
    return Post(
        external_id=word(row, "id"),
        url=f"{address}/{place}" if place else address,
        text="" if gone else text or word(facts, "content"),
        title=title if place == 1 else "",
        author=name,
        author_id=word(user, "username") or name,
        author_url=f"{base}/u/{slug}" if slug else "",
        conversation_id=topic,
        conversation_url=address,
        conversation_title=title,
        parent_id=parent if parent != word(row, "id") else "",
        kind=PostKind.POST if place == 1 else PostKind.REPLY,
        published_at=parse_date(word(facts, "createdAt"), now=now),
        edited_at=parse_date(word(facts, "editedAt"), now=now),
        deleted=gone,
    )


def _text(markup: str) -> tuple[str, str]:
    """The text of a post's HTML, and the post that it mentions first: the one it answers."""
    root = tree.fragment(markup)
    mention = tree.first(root, "a.PostMention[data-id]")
    return tree.text(root), "" if mention is None else str(mention.get("data-id"))
