"""Comments that a script puts below articles: how each is known, where it keeps them, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.errors import ReadError
from listener.pages.fields import inside, json_of, line, number, rows, word
from listener.pages.markup import text_of, web_url
from listener.types import Link, Page, Reading
from storage.types import Post, PostKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 4_000_000_000_000
"""Milliseconds after 1970 up to which a moment is believed: in the year 2096."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How a script is known by the page it works on, where it keeps the comments, and what they are called there."""

    name: str
    mark: re.Pattern[str]
    """What stands in the page besides the script's name, with the server's address as its group."""
    address: str
    """What follows that address: the comments of one article, by its `{path}`."""
    list: tuple[str, str] = ("", "")
    """Where the list of comments is in the JSON; "" of a script that gives a feed."""
    pages: str = ""
    """How many pages there are, beside the list; their number stands in the address."""
    id: str = ""
    text: str = ""
    """As HTML."""
    author: str = ""
    author_url: str = ""
    at: str = ""
    """Milliseconds after 1970."""
    answers: str = ""
    """The id of the comment that this one answers."""
    children: str = ""


SCRIPTS = (
    Script(
        name="isso",
        mark=re.compile(r"\bdata-isso=[\"']([^\"'\s]{1,300})[\"']"),
        address="/feed?uri={path}",
    ),
    Script(
        name="waline",
        mark=re.compile(r"\bserverURL[\"']?\s{0,9}[:=]\s{0,9}[\"']([^\"'\s]{1,300})[\"']"),
        address="/api/comment?path={path}&pageSize=100&sortBy=insertedAt_asc&page=1",
        list=("data", "data"),
        pages="totalPages",
        id="objectId",
        text="comment",
        author="nick",
        author_url="link",
        at="time",
        answers="pid",
        children="children",
    ),
)


def box(html: str, base: str) -> str:
    """Where the comments are of a page that leaves them to a script, with `{path}` for its own; "" where none is."""
    for script in SCRIPTS:
        if script.name in html.casefold() and (found := script.mark.search(html)):
            return web_url(base, found[1]).rstrip("/") + script.address
    return ""


def lists_all(url: str) -> bool:
    """Whether all comments of an article are given at this address."""
    return _of(url) is not None


def read(page: Page, link: Link) -> Reading | None:
    """The comments below an article; None where a feed has to tell them. Raises `ReadError` for what is no list."""
    script = _of(link.url)
    if script is None:
        return None
    record = json_of(page)
    around = inside(record, script.list[0]) if isinstance(record, dict) else {}
    if not isinstance(around.get(script.list[1]), list):
        raise ReadError(f"{page.url} does not hold the comments that {script.name} should give.")
    posts = tuple(_post(row, script, link) for row in _all(rows(around, script.list[1]), script))
    here = int(re.findall(r"\d+\Z", link.url)[0])
    if here >= number(around, script.pages):
        return Reading(posts=posts)
    return Reading(posts=posts, links=(replace(link, url=re.sub(r"\d+\Z", str(here + 1), link.url)),))


def _of(url: str) -> Script | None:
    """The script that keeps comments at an address, where it gives them as JSON."""
    for each in SCRIPTS if re.search(r"[?&]page=\d{1,6}\Z", url) else ():
        if each.list[0] and each.address.partition("{")[0] in url:
            return each
    return None


def _all(found: list[dict[str, Any]], script: Script) -> Iterator[dict[str, Any]]:
    """The comments with their answers, one level deep as scripts show them."""
    for row in found:
        yield row
        yield from rows(row, script.children)


def _post(row: Mapping[str, Any], script: Script, link: Link) -> Post:
    own, answers, moment = word(row, script.id), word(row, script.answers), number(row, script.at)
    name, site = line(row, script.author), word(row, script.author_url)
    site = web_url(link.url, site) if site else ""
    url = str(link.carry.get("url") or "")
    return Post(
        external_id=f"{script.name}-{own}",
        url=f"{url}#{own}",
        text=text_of(word(row, script.text)),
        author=name,
        author_id=site or name,
        author_url=site,
        conversation_id=link.conversation,
        conversation_url=url,
        conversation_title=str(link.carry.get("title") or ""),
        parent_id=f"{script.name}-{answers}" if answers else "",
        kind=PostKind.COMMENT,
        published_at=_EPOCH + timedelta(milliseconds=moment) if 0 < moment < _LATEST else None,
    )
