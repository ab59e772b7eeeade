"""One article's page: its main text, author and date, without menus, advertisements and comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages.effort import library, needs_limits
from listener.pages.markup import is_overloaded, line_of, web_url
from listener.pages.syndication import moment
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LONGEST = 2_000_000
"""Bytes of a page that are looked at."""
SHORT = 600
"""Characters below which the text of a page that asks for a password is no article."""
_PUBLISHED = (
    re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{4,60})"'),
    re.compile(
        r"<meta[^>]{0,200}?(?:article:published_time|datePublished|dc\.date)[^>]{0,200}?content=[\"']([^\"']{4,60})",
        re.I,
    ),
    re.compile(r"<time[^>]{0,200}?datetime=[\"']([^\"']{4,60})", re.I),
    re.compile(r"class=[\"'][^\"']{0,100}\bpublished\b[^>]{0,100}?title=[\"']([^\"']{4,60})", re.I),
)
_LINKED_DATA = re.compile(rb"<script[^>]{1,200}ld\+json[^>]{0,200}>(.*?)(?:</script>|\Z)", re.I | re.S)
_LOGIN = re.compile(rb"<input[^>]{0,200}type=[\"']?password", re.I)
_ELLIPSIS = re.compile(r"[\s\[(]*(…|\.\.\.)[\])]?.{0,60}\Z", re.DOTALL)


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The article."""
    return [Link(url=source.url, role="article")]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the article; what a feed said of it (in `link.carry`) is believed over what the page seems to say.

    A teaser that is not part of the text found is put before it. Where nothing is found, a teaser stays what it
    was, and an article by itself raises `ReadError`.
    """
    if page.body[:5] == b"%PDF-" or b"\0" in page.body[:200]:
        raise ReadError(f"{page.url} is not a web page but {page.content_type or 'a file'}.")
    needs_limits()
    body = page.body[:LONGEST]
    if is_overloaded(body):
        raise ReadError(f"{page.url} has a tag with more attributes than anybody writes and is not read.")
    sound = _LINKED_DATA.sub(_if_sound, body)
    found: Any = library("trafilatura").bare_extraction(sound, url=page.url, include_comments=False, with_metadata=True)
    text = _untitled(_paragraphs(found.text or ""), line_of(found.title or "")) if found else ""
    teaser = str(link.carry.get("text") or "")
    asks_login = len(text) < SHORT and bool(_LOGIN.search(body))
    if len(text) < len(teaser) or not text or asks_login:
        if teaser:
            return Reading()
        raise ReadError(f"No article could be found at {page.url}.")
    return Reading(
        posts=(_post(page, link, found, _with_teaser(text, teaser), _published(page, link, source, found.date)),)
    )


def _if_sound(script: re.Match[bytes]) -> bytes:
    """A script of linked data, unless it is broken: what trafilatura does to mend one takes time by its square."""
    try:
        json.loads(script[1])
    except (ValueError, RecursionError):
        return b""
    return script[0]


def _post(page: Page, link: Link, found: Any, text: str, published: datetime | None) -> Post:
    carry = link.carry
    url = str(carry.get("url") or "") or _canonical(page.url, found.url or "")
    title = str(carry.get("title") or "") or line_of(found.title or "")
    author = str(carry.get("author") or "") or (found.author or "").replace("; ", ", ")
    author_url = str(carry.get("author_url") or "")
    identity = link.conversation or url
    return Post(
        external_id=identity,
        url=url,
        title=title,
        text=text,
        author=author,
        author_id=author_url or author,
        author_url=author_url,
        conversation_id=identity,
        conversation_url=url,
        conversation_title=title,
        kind=PostKind.ARTICLE,
        published_at=published,
    )


def _canonical(url: str, claimed: str) -> str:
    """The address the page gives itself, where that is on the same host: elsewhere it could take another's place."""
    address = web_url(url, claimed) if claimed else ""
    return address if urlsplit(address).netloc == urlsplit(url).netloc else web_url(url, "")


def _paragraphs(text: str) -> str:
    """Trafilatura writes a paragraph a line; list items stay together."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    parts = [
        ("\n" if line.startswith("- ") and before.startswith("- ") else "\n\n") + line
        for before, line in zip(["", *lines], lines, strict=False)
    ]
    return "".join(parts).strip()


def _untitled(text: str, title: str) -> str:
    """The text without the heading that is the title, which is kept apart."""
    return text.removeprefix(title).lstrip() if title and text.startswith(title) else text


def _with_teaser(text: str, teaser: str) -> str:
    words = _ELLIPSIS.sub("", teaser).split()
    if not words or " ".join(words[:12]) in " ".join(text.split()):
        return text
    return f"{teaser}\n\n{text}"


def _published(page: Page, link: Link, source: SourceSpec, guessed: str) -> datetime | None:
    zone = str(source.options.get("timezone", "UTC"))
    if carried := str(link.carry.get("published") or ""):
        return moment(carried, page.fetched_at, zone)
    html = page.body[:LONGEST].decode("utf-8", "replace")
    said = (match.group(1) for each in _PUBLISHED if (match := each.search(html)))
    moments = (moment(text, page.fetched_at, zone) for text in (*said, guessed))
    return next((each for each in moments if each), None)
