"""A whole site by its sitemap: the pages that changed, each read as an article or thread with its comments."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from listener.errors import ListenerError, ReadError
from listener.pages import traps, tree
from listener.pages.fields import count_of
from listener.pages.markup import is_overloaded, web_url
from listener.pages.syndication import moment
from listener.sources import article
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

NEWEST = 200
"""Pages that are followed of each sitemap, where the option `newest` does not say."""
MOST_LISTED = 50_000
"""Pages or sitemaps that are read of one file: as many as sitemaps.org/protocol.html allows."""
MOST_FILES = 20
"""Sitemaps that are followed of robots.txt or an index; of more, those that changed last."""
SHORT = 200
"""Characters below which the text of a page without a date is no article."""
LARGEST = 50 * 1024 * 1024
"""Bytes of a packed sitemap once it is unpacked: as many as sitemaps.org/protocol.html allows."""
_NAMED = re.compile(r"^[ \t]{0,20}sitemap[ \t]{0,20}:[ \t]{0,20}(\S{1,2000})", re.IGNORECASE | re.MULTILINE)
_OLDEST = datetime.min.replace(tzinfo=UTC)
_LISTS = re.compile(
    r"\A/?(?:index\d{0,4}\.\w{3,5})?\Z|/page\d{1,4}(?:\.html)?\Z"
    r"|/(?:tags?|categor(?:y|ies|ie|ieen)|authors?|auteurs?|archives?|page)(?:/|\.html\Z|\Z)",
    re.IGNORECASE,
)
"""Paths of pages that list others, which are read themselves."""
_OPENERS = (PostKind.POST, PostKind.REVIEW)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A page or a sitemap that a sitemap lists."""

    url: str
    changed: str
    """`lastmod` as it was written; "" where it was not."""
    at: datetime


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The site's robots.txt, or the sitemap whose address was given; then those they named when last they changed.

    Options: `newest` (pages followed of each sitemap, default 200), `match` (a path that addresses of pages begin
    with, or a list of these), `timezone` as for articles.
    """
    is_sitemap = re.search(r"\.(xml|txt)(\.gz)?\Z", urlsplit(source.url).path.lower())
    first = (
        Link(url=source.url, role="sitemap")
        if is_sitemap
        else Link(url=urljoin(source.url, "/robots.txt"), role="robots")
    )
    roots = (first.url, _usual(source.url))
    known = dict.fromkeys(url for root in roots for url in _remembered(memory, root, depth=0))
    return [first, *(Link(url=url, role="sitemap") for url in known)]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads robots.txt, a sitemap or an index of these, or one page. Raises `ReadError` where the page is none."""
    if link.role == "robots":
        return _files(link, [web_url(page.url, each) for each in _NAMED.findall(tree.decoded(page))])
    if link.role == "page":
        return _page(page, link, source)
    return _sitemap(page, link, source)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """Where robots.txt names no sitemap, the place where most sites have it."""
    return [Link(url=_usual(link.url), role="sitemap")] if link.role == "robots" else []


def _usual(url: str) -> str:
    return urljoin(url, "/sitemap.xml")


def _remembered(memory: Mapping[str, Any], url: str, depth: int) -> Iterator[str]:
    """The sitemaps that the file at `url` named: an unchanged file is not read again, but those it names may change."""
    for each in memory.get(_key(url), ()) if depth < 3 else ():
        yield each
        yield from _remembered(memory, each, depth + 1)


def _key(url: str) -> str:
    return f"named by {url}"


def _files(link: Link, urls: list[str]) -> Reading:
    named = list(dict.fromkeys(url for url in urls if url and url != link.url))[:MOST_FILES]
    if not named:
        raise ReadError(f"{link.url} names no sitemap.")
    return Reading(links=tuple(Link(url=url, role="sitemap") for url in named), memory={_key(link.url): named})


def _sitemap(page: Page, link: Link, source: SourceSpec) -> Reading:
    """The sitemaps of an index, or the pages of a sitemap that are the source's, those that changed last first."""
    body = _unpacked(page).strip()
    if body.startswith(b"http"):
        lines = [each for each in body.decode("utf-8", "replace").split() if each.startswith("http")]
        return _changed([_Entry(web_url(page.url, each), "", _OLDEST) for each in lines], source)
    root = _tree(page, body)
    if files := _entries(root, "sitemap", page):
        return _files(link, [each.url for each in files])
    entries = _entries(root, "url", page)
    if not entries and root.tag.rpartition("}")[2] != "urlset":
        raise ReadError(f"{page.url} does not hold a sitemap.")
    return _changed(entries, source)


def _unpacked(page: Page) -> bytes:
    """The sitemap's bytes, which some sites keep packed as a file."""
    if not page.body.startswith(b"\x1f\x8b"):
        return page.body
    try:
        return zlib.decompressobj(wbits=31).decompress(page.body, LARGEST)
    except zlib.error as error:
        raise ReadError(f"{page.url} is packed and cannot be unpacked: {error}.") from None


def pages(page: Page, source: SourceSpec) -> list[str]:
    """The addresses that a sitemap lists of the source's own pages, those that changed last first."""
    entries = _entries(_tree(page, _unpacked(page).strip()), "url", page)
    return [each.url for each in entries if _is_ours(each.url, source)]


def _tree(page: Page, body: bytes) -> Any:
    body = traps.disarmed(page.url, traps.shortened(body, b"url|sitemap", MOST_LISTED))
    if is_overloaded(body):
        raise ReadError(f"{page.url} has a tag with more attributes than anybody writes and is not read.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise ReadError(f"{page.url} does not hold a sitemap.")
    return root


def _entries(root: Any, name: str, page: Page) -> list[_Entry]:
    """What a sitemap lists under this name, newest first; equally old ones as they are listed."""
    found = []
    for each in root.iter(f"{{*}}{name}"):
        url = web_url(page.url, _words(each, "{*}loc"))
        changed = _words(each, "{*}lastmod") or _words(each, ".//{*}publication_date")
        found.append(_Entry(url, changed[:60], moment(changed, page.fetched_at) or _OLDEST))
    return sorted((each for each in found if each.url), key=lambda each: each.at, reverse=True)


def _words(node: Any, path: str) -> str:
    try:
        return (node.findtext(path) or "").strip()
    except UnicodeDecodeError:  # lxml keeps a lone surrogate of a broken file and cannot say it
        return ""


def _changed(entries: list[_Entry], source: SourceSpec) -> Reading:
    """The pages, each under its address; one without a `lastmod` is read once."""
    ours = [each for each in entries if _is_ours(each.url, source)][: count_of(source.options, "newest", NEWEST)]
    return Reading(
        links=tuple(
            Link(url=each.url, role="page", conversation=each.url, stamp=each.changed or "listed") for each in ours
        )
    )


def _is_ours(url: str, source: SourceSpec) -> bool:
    """Whether a page is on the source's host, for a sitemap may not send us elsewhere, and begins as was asked.

    Where nothing was asked, lists of other pages are left out.
    """
    option = source.options.get("match")
    prefixes = tuple(str(each) for each in (option if isinstance(option, list) else [option]) if each)
    page, site = urlsplit(url), urlsplit(source.url)
    is_here = page.netloc.removeprefix("www.") == site.netloc.removeprefix("www.")
    return is_here and (page.path.startswith(prefixes) if prefixes else not _LISTS.search(page.path))


def _page(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A thread as schema.org tells it; else the article with its comments; nothing where there is neither.

    A sitemap also lists pages that are neither, such as how to reach somebody: these are no trouble.
    """
    described = article.described(page, link, source)
    if link.carry.get("thread") or any(post.kind in _OPENERS for post in described.posts):
        return described
    try:
        found = article.read(page, link, source)
    except ReadError:
        return described
    main = next((post for post in found.posts if post.kind == PostKind.ARTICLE), None)
    if main and not main.published_at and len(main.text) < SHORT:
        return described
    return found
