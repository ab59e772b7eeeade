"""NodeBB forums, by their read API: the recent list says which topics moved, the topic's pages give its posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages.dates import parse_date
from listener.pages.fields import count_of, inside, json_of, line, number, rows, word
from listener.pages.markup import line_of, text_of, web_url
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Pages of the list that are read at most, where the option `list_pages` does not say."""
MOST_POSTS = 500
"""Posts, or topics, that one answer can hold."""
MOST_PAGES = 50
"""Pages of one topic that are asked for, the newest first."""
LISTS_ALL = True
"""A post that is not on the pages of its topic is gone."""
_SECTION = re.compile(r"/(?:api/)?(?:category|topic|tags?|recent|popular|top|unread|categories)(?:/.*)?$")


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The list of what moved last: of the whole forum, or of the category whose address was given."""
    base, path = _base(source.url), urlsplit(source.url).path.rstrip("/")
    if found := re.search(r"/topic/(\d+(?:/[^/]+)?)", path):
        return [Link(url=f"{base}/api/topic/{found[1]}", role="bell")]
    section = re.search(r"/(?:category|tags?)/.+$", path)
    carry = {"since": memory.get("since", 0), "pages": count_of(source.options, "list_pages", LIST_PAGES)}
    return [Link(url=f"{base}/api{section[0] if section else '/recent'}", carry=carry)]


def headers(source: SourceSpec) -> Mapping[str, str]:
    """What a forum that asks for an API token wants to be told; nothing without one."""
    key = source.options.get("api_key")
    return {"Authorization": f"Bearer {key}"} if key else {}


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A list of topics, or a page of a topic. Raises `ReadError` where the page is neither."""
    found, base = json_of(page), _base(source.url)
    if isinstance(found, str) and found.startswith("/") and "to" not in link.carry:  # "it is elsewhere", said in JSON
        url = f"{base}/api{found.removeprefix(urlsplit(base).path)}"
        return Reading(
            links=(Link(url=url, role=link.role, conversation=link.conversation, carry={**link.carry, "to": url}),)
        )
    if isinstance(found, dict) and isinstance(found.get("posts"), list):
        return _whole(found, link) if link.role == "bell" else _topic(found, page, link, base)
    if isinstance(found, dict) and isinstance(found.get("topics"), list):
        return _list(found, page, link, base)
    raise ReadError(f"{page.url} is no list or topic of NodeBB; is its read API open to guests?")


def _whole(found: dict[str, Any], link: Link) -> Reading:
    """Leads to all of a topic that is a source, stamped with what changes when it moves."""
    stamp = "/".join((word(found, "postcount"), word(found, "lastposttime")))
    return Reading(links=(Link(url=link.url, role="conversation", conversation=word(found, "tid"), stamp=stamp),))


def _base(url: str) -> str:
    """The forum's own address, without a slash at its end."""
    parts = urlsplit(web_url(url, url))
    return f"{parts.scheme}://{parts.netloc}{_SECTION.sub('', parts.path).rstrip('/')}"


def _list(found: dict[str, Any], page: Page, link: Link, base: str) -> Reading:
    """Each topic with a stamp; the next page of the list where this one held nothing seen before."""
    topics = [row for row in rows(found, "topics")[:MOST_POSTS] if word(row, "tid") and not row.get("deleted")]
    links = [
        Link(
            url=f"{base}/api/topic/{word(row, 'slug') or word(row, 'tid')}",
            role="conversation",
            conversation=word(row, "tid"),
            stamp="/".join((word(row, "postcount"), word(row, "lastposttime"), word(inside(row, "teaser"), "pid"))),
        )
        for row in topics
    ]
    moved = [number(row, "lastposttime") for row in topics if not row.get("pinned")]
    since, left = int(link.carry.get("since") or 0), int(link.carry.get("pages", 1))
    here, last = _pages(found)
    if here < last and left > 1 and all(at > since for at in moved):
        links.append(Link(url=_page(page.url, here + 1), carry={"since": since, "pages": left - 1}))
    return Reading(links=tuple(links), memory={"since": max([since, *moved])})


def _pages(found: dict[str, Any]) -> tuple[int, int]:
    """Which page this is, and how many there are."""
    pagination = inside(found, "pagination")
    return max(1, number(pagination, "currentPage")), max(1, number(pagination, "pageCount"))


def _page(url: str, place: int) -> str:
    return f"{url.split('?')[0]}?page={place}"


def _topic(found: dict[str, Any], page: Page, link: Link, base: str) -> Reading:
    """The posts of a page, and from the page where a topic is entered all its other pages, newest first."""
    topic = word(found, "tid") or link.conversation
    address = f"{base}/topic/{word(found, 'slug') or topic}"
    title = line(found, "titleRaw") or line_of(word(found, "title"))
    opening = word(found, "mainPid")
    posts = tuple(
        _post(row, topic, title, address, base, page, opens=word(row, "pid") == opening or row.get("index") == 0)
        for row in rows(found, "posts")[:MOST_POSTS]
        if word(row, "pid")
    )
    here, last = _pages(found)
    places = (place for place in range(last, 0, -1) if place != here)
    others = islice(places, MOST_PAGES) if link.role != "page" else ()
    links = tuple(Link(url=_page(page.url, place), role="page", conversation=link.conversation) for place in others)
    return Reading(posts=posts, links=links)


def _post(row: dict[str, Any], topic: str, title: str, address: str, base: str, page: Page, *, opens: bool) -> Post:
    pid, user, gone = word(row, "pid"), inside(row, "user"), bool(row.get("deleted"))
    slug, parent = word(user, "userslug"), word(row, "toPid")
    name = word(row, "handle") or word(user, "displayname", "username")
    return Post(
        external_id=pid,
        url=pid if pid.startswith("http") else f"{base}/post/{pid}",
        text="" if gone else text_of(word(row, "content")),
        title=title if opens else "",
        author=line_of(name),
        author_id=word(user, "username") or name,
        author_url=f"{base}/user/{slug}" if slug else "",
        conversation_id=topic,
        conversation_url=address,
        conversation_title=title,
        parent_id=parent if parent not in ("0", pid) else "",
        kind=PostKind.POST if opens else PostKind.REPLY,
        published_at=parse_date(word(row, "timestampISO", "timestamp"), now=page.fetched_at),
        edited_at=parse_date(word(row, "editedISO", "edited"), now=page.fetched_at),
        deleted=gone,
    )
