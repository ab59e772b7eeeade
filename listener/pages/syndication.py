"""Reads a feed of any format (RSS, Atom, RDF, JSON Feed), well formed or not, into items."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from listener.errors import ReadError
from listener.pages import charsets, loose, traps, wellformed
from listener.pages.dates import parse_date, plain_date
from listener.pages.entry import Entry, Person, get, person, records, text
from listener.pages.fields import loads
from listener.pages.markup import line_of, text_of, web_url
from listener.types import Hub, Page

TOPIC = 2000
"""Characters of the name a hub knows a feed by."""
MOST_ITEMS = 500
"""Items read of one feed; of more, the newest are kept."""
SHORT = 600
"""Characters below which a summary is taken to be a teaser."""
_CUT_OFF = re.compile(
    r"(\[(…|\.\.\.)\]|lees (meer|verder)|read more|continue reading|meer lezen)[\W_]*\Z"
    r"|\b(the post|het bericht) .{1,300} (appeared first on|verscheen eerst op) [^\n]{1,200}\Z",
    re.IGNORECASE,
)
_CUTS = ("[…", "[...", "lees meer", "lees verder", "read more", "reading", "meer lezen", "eerst op", "first on")
"""Without one of these no text is cut off in those words."""
_BLOCK = re.compile(r"<(p|br|div|ul|ol|blockquote)\b", re.IGNORECASE)
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_ANCHOR = re.compile(r"<a\s[^>]{0,500}?href=[\"']?([^\"'\s>]{1,2000})", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<!\S)\(?@([\w.-]{1,100})@[\w.-]{1,200}")
_MAILED = re.compile(
    r"\s*[^\s@()<>]{1,100}@[^\s@()<>]{1,200}\s*\((.{1,200})\)\s*\Z"
    r"|(.{1,200}?)\s*<[^\s<>]{1,200}@[^\s<>]{1,200}>\s*\Z|(.{1,200}?)\s*\([^\s()]{1,200}@[^\s()]{1,200}\)\s*\Z"
)
_ANSWERED = re.compile(
    r"\s*(?:<p>)?[^<\n]{1,60}<a href=\"([^\"\s]{1,2000}#comment-\d{1,20})\"[^>]{0,200}>[^<]{0,300}</a>\.\s*(?:</p>)?\s*"
)
_HTML = re.compile(rb"\s*(<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Item:
    """One entry of a feed, as plain text."""

    id: str
    url: str
    title: str
    text: str
    html: str
    """The markup `text` was read from."""
    is_teaser: bool
    author: str
    author_url: str
    published: datetime | None
    edited: datetime | None
    answers: str = ""
    """What `thr:in-reply-to` refers to."""
    comments_feed: str = ""
    comments: str = ""
    """How many comments there are, as the feed says it; "" where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed that was read."""

    title: str
    url: str
    """The page it is the feed of."""
    items: tuple[Item, ...]
    hint: float = 0.0
    """Seconds it asks to be left alone."""
    hub: Hub | None = None
    generator: str = ""
    next_url: str = ""
    """Where older items are (RFC 5005, JSON Feed)."""


def parse(page: Page, zone: str = "UTC") -> Feed:
    """Reads a feed; dates without a zone are taken to be in `zone`.

    Raises `ReadError` where the page is empty, no feed, or made to hurt its reader.
    """
    body = page.body.strip()
    if not body:
        raise ReadError(f"{page.url} answered with an empty page; no feed is there now.")
    return _json_feed(page, body, zone) if body.startswith(b"{") else _xml_feed(page, body, zone)


def _chosen(items: Sequence[Item]) -> tuple[Item, ...]:
    """The newest; those that share an id with another address have their own address as identity."""
    addresses = Counter([each for each, _ in {(item.id, item.url) for item in items}])
    if len(addresses) < len(items):
        items = [replace(item, id=item.url) if item.url and addresses[item.id] > 1 else item for item in items]
    if len(items) > MOST_ITEMS and any(item.published for item in items):
        oldest = datetime.min.replace(tzinfo=UTC)
        items = sorted(items, key=lambda item: item.published or oldest, reverse=True)
    return tuple(items[:MOST_ITEMS])


def moment(text: str, now: datetime, zone: str = "UTC") -> datetime | None:
    """A feed's date as UTC; never later than `now`, for what is read is there."""
    found = (plain_date(text, now=now) or parse_date(text, now=now, zone=zone)) if text else None
    return min(found, now) if found else None


def _xml_feed(page: Page, body: bytes, zone: str) -> Feed:
    if _HTML.match(body):
        raise ReadError(f"{page.url} answered with a web page instead of a feed; perhaps it wants a login.")
    body = traps.disarmed(page.url, body)
    body, charset = charsets.encoded(page, body)
    quick = wellformed.read(page.url, body) if charset == "utf-8" else None
    found = quick or loose.read(page.url, body, charset)
    if not found.version and not found.entries:
        raise ReadError(f"{page.url} does not hold a feed (RSS, Atom or JSON Feed were expected).")
    feed = found.feed
    items = [_item(entry, page, found.version, zone) for entry in found.entries]
    if found.version.startswith("atom"):  # whose entries have the feed's author where they name none (RFC 4287, 4.2.1)
        author, author_url = _author(feed.people, feed.author, page.url)
        items = [each if each.author else replace(each, author=author, author_url=author_url) for each in items]
    elif account := _account(feed.title, feed.summary):
        items = [each if each.author else replace(each, author=account) for each in items]
    if items and found.breaks_off:
        items[-1] = replace(items[-1], is_teaser=True)
    return Feed(
        title=line_of(feed.title),
        url=_address(page.url, feed.link),
        items=_chosen(items),
        hint=_hint(feed),
        hub=_hub(page, feed.links, _link(feed.links, "self")),
        generator=feed.generator,
        next_url=_address(page.url, _link(feed.links, "next")),
    )


def _account(title: str, about: str) -> str:
    """Whose posts a feed holds that names an account of the Fediverse, `@NAME@SERVER`, in its title or below it."""
    if named := _ACCOUNT.search(title):
        name = line_of(title[: named.start()])
        return name if name and "(" in named[0] else named[1]
    return line_of(title) if _ACCOUNT.search(about) else ""


def _item(entry: Entry, page: Page, version: str, zone: str) -> Item:
    is_atom, is_whole = version.startswith("atom"), bool(entry.content)
    html, answered = _answered(entry.content or entry.summary)
    is_plain = is_atom and (entry.is_plain_content if is_whole else entry.is_plain_summary)
    said = html if is_plain else text_of(html)
    url, links = _page(entry, page.url), entry.links
    author, author_url = _author(entry.people, entry.author, page.url)
    updated = moment(entry.updated, page.fetched_at, zone)
    published = moment(entry.published, page.fetched_at, zone) if entry.published else updated
    return Item(
        id=entry.id or url or _digest(entry.title, said),
        url=url,
        title=line_of(entry.title) if entry.is_html_title else " ".join(entry.title.split()),
        text=said,
        html=html,
        is_teaser=_is_teaser(said, html, is_whole) or (is_atom and bool(said) and not is_whole),
        author=author,
        author_url=author_url,
        published=published,
        edited=updated if updated and published and updated - published > timedelta(minutes=1) else None,
        answers=entry.reference or answered,
        comments_feed=_address(page.url, entry.comments_feed or (_replies(links) if links else "")),
        comments=entry.comments or entry.answers or (_count(links) if links else ""),
    )


def _address(base: str, href: str) -> str:
    return web_url(base, href) if href else ""


def _link(links: Iterable[Mapping[str, Any]], relation: str, kind: str = "") -> str:
    found = (text(link, "href") for link in links if link.get("rel") == relation and kind in text(link, "type"))
    return next(found, "")


def _replies(links: Sequence[Mapping[str, Any]]) -> str:
    named = (_link(links, name, f"{kind}+xml") for name in ("replies", "comments") for kind in ("atom", "rss"))
    return next(filter(None, named), "")


def _count(links: Sequence[Mapping[str, Any]]) -> str:
    counts = (text(link, "thr:count", "count") for link in links if link.get("rel") == "replies")
    return next(counts, "")


def _page(entry: Entry, base: str) -> str:
    """The item's page; feedparser also calls an identity that is no address a link."""
    is_mere_identity = not entry.links and entry.link == entry.id and "://" not in entry.link
    return "" if is_mere_identity else _address(base, entry.link)


def _answered(html: str) -> tuple[str, str]:
    """Parts a comment from the line in which WordPress says, in any language, which comment it answers."""
    found = _ANSWERED.match(html) if "#comment-" in html else None
    return (html[found.end() :], found.group(1)) if found else (html, "")


def _is_teaser(text: str, html: str, is_whole: bool) -> bool:
    """Whether there must be more to read: it says so at its end, or it is a summary of a few plain sentences.

    What Atom calls a summary is an excerpt whatever its length (RFC 4287, 4.2.13); RSS knows no other place for a text.
    """
    end = text[-300:].lower()
    if any(map(end.__contains__, _CUTS)) and _CUT_OFF.search(text[-600:]):
        return True
    return not is_whole and (text.endswith(("…", "...")) or (len(text) < SHORT and not _BLOCK.search(html)))


def _author(people: Sequence[Person], written: str, base: str) -> tuple[str, str]:
    """The names as shown and the first one's address; some forums put an HTML link where a name should be."""
    first = people[0] if people else Person()
    anchor = _ANCHOR.search(first.name) if "<" in first.name else None
    mailed = _MAILED.match(written) if "@" in written and len(people) < 2 else None
    if mailed:
        names = [name.strip() for name in mailed.groups() if name]
    else:
        names = [line_of(each.name) or each.email for each in people]
    address = first.address or (anchor.group(1) if anchor else "")
    return ", ".join(dict.fromkeys([name for name in names if name])), _address(base, address)


def _digest(*texts: str) -> str:
    return "sha1:" + hashlib.sha1("\n".join(texts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _hint(feed: Entry) -> float:
    """Seconds to wait that `ttl` (minutes) or `sy:updatePeriod` and `-Frequency` ask for; a day at most."""
    minutes = _number(feed.ttl)
    period = _PERIODS.get(feed.period.lower(), 0)
    often = max(1.0, _number(feed.frequency))
    return min(86400.0, max(minutes * 60, period / often))


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else 0.0


def _hub(page: Page, links: Sequence[Mapping[str, Any]], topic: str) -> Hub | None:
    """Who rings for this feed, and by which name: what the feed says, else the headers (W3C WebSub, 4)."""
    url = _address(page.url, _link(links, "hub") or _header_link(page, "hub"))
    name = topic or _header_link(page, "self")
    return (
        Hub(url=url, topic=(urljoin(page.url, name) if _address(page.url, name) else page.url)[:TOPIC]) if url else None
    )


def _header_link(page: Page, rel: str) -> str:
    found = re.search(rf"<([^<>]{{1,2000}})>\s*;[^,]{{0,200}}rel=\"?{rel}\b", page.headers.get("link", ""))
    return found.group(1) if found else ""


def _json_feed(page: Page, body: bytes, zone: str) -> Feed:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), with keys that some forums write with blanks around them."""
    try:
        found = loads(body)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{page.url} holds broken JSON: {error}.") from None
    if not isinstance(found, dict) or "jsonfeed.org/version" not in str(found.get("version", "")):
        raise ReadError(f"{page.url} holds JSON that is no JSON Feed.")
    hubs = [{"rel": "hub", "href": text(each, "url")} for each in records(found, "hubs")]
    return Feed(
        title=text(found, "title"),
        url=_address(page.url, text(found, "home_page_url")),
        items=_chosen([_json_item(each, page, zone) for each in records(found, "items")[: wellformed.LOOKED_AT]]),
        hub=_hub(page, hubs, text(found, "feed_url")),
        next_url=_address(page.url, text(found, "next_url")),
    )


def _json_item(raw: dict[str, Any], page: Page, zone: str) -> Item:
    item = {str(key).strip(): value for key, value in raw.items()}
    html = text(item, "content_html")
    said = text_of(html) or text(item, "content_text")
    summary = text_of(text(item, "summary"))
    url = _address(page.url, text(item, "url", "external_url"))
    writer = get(item, "author")  # of version 1.0; some give the mere name
    people = records(item, "authors") or [writer if isinstance(writer, dict) else {"name": writer}]
    author, author_url = _author([person(each) for each in people], "", page.url)
    published = moment(text(item, "date_published", "date_modified"), page.fetched_at, zone)
    modified = moment(text(item, "date_modified"), page.fetched_at, zone)
    identity = get(item, "id")
    return Item(
        id=str(identity).strip() if isinstance(identity, str | int) else url or _digest(said),
        url=url,
        title=text(item, "title"),
        text=said or summary,
        html=html,
        is_teaser=_is_teaser(said or summary, html, bool(said)),
        author=author,
        author_url=author_url,
        published=published,
        edited=modified if modified and published and modified > published else None,
    )
