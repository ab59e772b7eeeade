"""Reads a feed of any format (RSS, Atom, RDF, JSON Feed), well formed or not, into items."""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urljoin

import feedparser

from listener.errors import ReadError
from listener.pages import charsets, traps, wellformed
from listener.pages.dates import parse_date, plain_date
from listener.pages.effort import needs_limits
from listener.pages.fields import loads
from listener.pages.markup import line_of, text_of, web_url
from listener.pages.mending import mended
from listener.types import Hub, Page

TOPIC = 2000
"""Characters of the name a hub knows a feed by."""
MOST_ITEMS = 500
"""Items read of one feed; of more, the newest are kept."""
SHORT = 600
"""Characters below which a summary is taken to be a teaser."""
LOOSE_BYTES, LOOSE_TAGS = 2_000_000, 60_000
"""How much is read of a feed that is not well formed: feedparser takes 30 microseconds a tag."""
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
_MAILED = re.compile(
    r"\s*[^\s@()<>]{1,100}@[^\s@()<>]{1,200}\s*\((.{1,200})\)\s*\Z"
    r"|(.{1,200}?)\s*<[^\s<>]{1,200}@[^\s<>]{1,200}>\s*\Z|(.{1,200}?)\s*\([^\s()]{1,200}@[^\s()]{1,200}\)\s*\Z"
)
_ANSWERED = re.compile(
    r"\s*(?:<p>)?[^<\n]{1,60}<a href=\"([^\"\s]{1,2000}#comment-\d{1,20})\"[^>]{0,200}>[^<]{0,300}</a>\.\s*(?:</p>)?\s*"
)
_CLOSING = re.compile(rb"</(?:\w{1,20}:)?(?:rss|feed|rdf|channel)\s*>\s*\Z", re.IGNORECASE)
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
    feed = _json_feed(page, body, zone) if body.startswith(b"{") else _xml_feed(page, body, zone)
    return replace(feed, items=_newest(_distinct(feed.items)))


def _distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Gives items that share an id with another address their own address as identity."""
    addresses = Counter(each for each, _ in {(item.id, item.url) for item in items})
    return tuple(replace(item, id=item.url) if item.url and addresses[item.id] > 1 else item for item in items)


def _newest(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if len(items) <= MOST_ITEMS or not any(item.published for item in items):
        return items[:MOST_ITEMS]
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(items, key=lambda item: item.published or oldest, reverse=True)[:MOST_ITEMS])


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
    if quick is None:
        body = charsets.possible(_bounded(body))
    found = quick or _parsed(page.url, body, charset)
    if found.bozo and charset and (whole := mended(body)) != body:
        found = _parsed(page.url, whole, charset)
    if not found.version and not found.entries:
        raise ReadError(f"{page.url} does not hold a feed (RSS, Atom or JSON Feed were expected).")
    feed, entries = found.feed, found.entries
    items = [_entry(entry, page, found.version, zone) for entry in entries]
    if found.version.startswith("atom"):  # whose entries have the feed's author where they name none (RFC 4287, 4.2.1)
        author, author_url = _author(_dicts(feed, "authors"), _text(feed, "author"), page.url)
        items = [each if each.author else replace(each, author=author, author_url=author_url) for each in items]
    if items and found.bozo and not _CLOSING.search(body):
        items[-1] = replace(items[-1], is_teaser=True)
    links = _links(feed)
    return Feed(
        title=line_of(_text(feed, "title")),
        url=_address(page.url, _text(feed, "link")),
        items=tuple(items),
        hint=_hint(feed),
        hub=_hub(page, links, _link(links, "self")),
        generator=_text(feed, "generator"),
        next_url=_address(page.url, _link(links, "next")),
    )


def _bounded(body: bytes) -> bytes:
    """As much of a broken feed as feedparser reads in a few seconds; the newest items mostly come first."""
    tags = re.finditer(rb"<[/A-Za-z]", body)
    last = next(islice(tags, LOOSE_TAGS, None), None)
    return body[: min(LOOSE_BYTES, last.start() if last else LOOSE_BYTES)]


def _parsed(url: str, body: bytes, charset: str) -> Any:
    needs_limits()
    headers = {"content-location": url}
    if charset:
        headers["content-type"] = f"application/xml; charset={charset}"
    # Never the bytes themselves: feedparser opens the file that a short text may name.
    file = io.BytesIO(body)
    try:
        return feedparser.parse(file, sanitize_html=False, resolve_relative_uris=False, response_headers=headers)
    except MemoryError:
        raise
    except Exception as error:  # some elements out of their place confuse it
        raise ReadError(f"{url} is too broken a feed to be read ({type(error).__name__}).") from error


def _entry(entry: Mapping[str, Any], page: Page, version: str, zone: str) -> Item:
    said = _texts(entry)
    content, is_whole = _content(entry, said)
    html, answered = _answered(_text(content, "value"))
    is_atom = version.startswith("atom")
    is_plain = is_atom and _text(content, "type") == "text/plain"
    text = html if is_plain else text_of(html)
    links = _links(entry)
    url = _page(said, links, page.url)
    author, author_url = _author(_dicts(entry, "authors"), said.get("author", ""), page.url)
    updated = moment(said.get("updated", ""), page.fetched_at, zone)
    born = said.get("published") or said.get("created")
    published = moment(born, page.fetched_at, zone) if born else updated
    return Item(
        id=said.get("id") or url or _digest(said.get("title", ""), text),
        url=url,
        title=_title(entry, said.get("title", "")),
        text=text,
        html=html,
        is_teaser=_is_teaser(text, html, is_whole) or (is_atom and bool(text) and not is_whole),
        author=author,
        author_url=author_url,
        published=published,
        edited=updated if updated and published and updated - published > timedelta(minutes=1) else None,
        answers=_answers(entry) or answered,
        comments_feed=_address(page.url, said.get("wfw_commentrss") or (links and _replies(links)) or ""),
        comments=said.get("slash_comments") or said.get("thr_total") or (links and _count(links)) or "",
    )


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    """What feedparser found that is text, as it is meant, without the guesses it makes when there is nothing."""
    return {key: _meant(value) for key, value in dict(entry).items() if value.__class__ is str}


def _meant(text: str) -> str:
    return (text if text.isascii() else charsets.meant(text)).strip()


def _get(entry: Mapping[str, Any], key: str) -> Any:
    """What feedparser found under a key, without the guesses it makes (and warns of) when there is nothing."""
    return dict.get(entry, key) if isinstance(entry, dict) else None


def _text(entry: Mapping[str, Any], key: str) -> str:
    value: Any = dict.get(entry, key)  # type: ignore[call-overload]
    return _meant(value) if value.__class__ is str else ""


def _address(base: str, href: str) -> str:
    return web_url(base, href) if href else ""


def _first(entry: Mapping[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := _text(entry, key))), "")


def _dicts(entry: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = _get(entry, key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _links(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _dicts(entry, "links")


def _link(links: Iterable[dict[str, Any]], relation: str, kind: str = "") -> str:
    found = (_text(link, "href") for link in links if link.get("rel") == relation and kind in _text(link, "type"))
    return next(found, "")


def _replies(links: list[dict[str, Any]]) -> str:
    named = (_link(links, name, f"{kind}+xml") for name in ("replies", "comments") for kind in ("atom", "rss"))
    return next(filter(None, named), "")


def _count(links: list[dict[str, Any]]) -> str:
    counts = (_text(link, "thr:count") or _text(link, "count") for link in links if link.get("rel") == "replies")
    return next(counts, "")


def _answers(entry: Mapping[str, Any]) -> str:
    reference = _get(entry, "thr_in-reply-to") or {}
    return _first(reference, "ref", "href")


def _page(said: Mapping[str, str], links: Sequence[Any], base: str) -> str:
    """The item's page; feedparser also calls an identity that is no address a link."""
    link = said.get("link", "")
    is_mere_identity = not links and link == said.get("id", "") and "://" not in link
    return "" if is_mere_identity else _address(base, link)


def _title(entry: Mapping[str, Any], title: str) -> str:
    is_html = "html" in _text(_get(entry, "title_detail") or {}, "type")
    return line_of(title) if is_html else " ".join(title.split())


def _content(entry: Mapping[str, Any], said: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """The longest content, else the summary, and whether it is meant to be all there is."""
    best, most = None, 0
    for each in _dicts(entry, "content"):
        if (size := len(_text(each, "value"))) > most:
            best, most = each, size
    if best is not None:
        return best, True
    return _get(entry, "summary_detail") or {"value": said.get("summary", "")}, False


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


def _author(people: Sequence[dict[str, Any]], written: str, base: str) -> tuple[str, str]:
    """The names as shown and the first one's address; some forums put an HTML link where a name should be."""
    people = people or [{}]
    name = _text(people[0], "name")
    anchor = _ANCHOR.search(name) if "<" in name else None
    mailed = _MAILED.match(written) if "@" in written and len(people) == 1 else None
    names = [line_of(_text(each, "name")) or _text(each, "email") for each in people]
    if mailed:
        names = [name.strip() for name in mailed.groups() if name]
    address = _first(people[0], "href", "url") or (anchor.group(1) if anchor else "")
    return ", ".join(dict.fromkeys(name for name in names if name)), _address(base, address)


def _digest(*texts: str) -> str:
    return "sha1:" + hashlib.sha1("\n".join(texts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _hint(feed: Mapping[str, Any]) -> float:
    """Seconds to wait that `ttl` (minutes) or `sy:updatePeriod` and `-Frequency` ask for; a day at most."""
    minutes = _number(_text(feed, "ttl"))
    period = _PERIODS.get(_text(feed, "sy_updateperiod").lower(), 0)
    often = max(1.0, _number(_text(feed, "sy_updatefrequency")))
    return min(86400.0, max(minutes * 60, period / often))


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else 0.0


def _hub(page: Page, links: list[dict[str, Any]], topic: str) -> Hub | None:
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
    hubs = [{"rel": "hub", "href": _text(each, "url")} for each in _dicts(found, "hubs")]
    return Feed(
        title=_text(found, "title"),
        url=_address(page.url, _text(found, "home_page_url")),
        items=tuple(_json_item(each, page, zone) for each in _dicts(found, "items")[: wellformed.LOOKED_AT]),
        hub=_hub(page, hubs, _text(found, "feed_url")),
        next_url=_address(page.url, _text(found, "next_url")),
    )


def _json_item(raw: dict[str, Any], page: Page, zone: str) -> Item:
    item = {str(key).strip(): value for key, value in raw.items()}
    html = _text(item, "content_html")
    text = text_of(html) or _text(item, "content_text")
    summary = text_of(_text(item, "summary"))
    url = _address(page.url, _first(item, "url", "external_url"))
    writer = _get(item, "author")  # of version 1.0; some give the mere name
    people = _dicts(item, "authors") or [writer if isinstance(writer, dict) else {"name": writer}]
    author, author_url = _author(people, "", page.url)
    published = moment(_first(item, "date_published", "date_modified"), page.fetched_at, zone)
    modified = moment(_text(item, "date_modified"), page.fetched_at, zone)
    identity = _get(item, "id")
    return Item(
        id=str(identity).strip() if isinstance(identity, str | int) else url or _digest(text),
        url=url,
        title=_text(item, "title"),
        text=text or summary,
        html=html,
        is_teaser=_is_teaser(text or summary, html, bool(text)),
        author=author,
        author_url=author_url,
        published=published,
        edited=modified if modified and published and modified > published else None,
    )
