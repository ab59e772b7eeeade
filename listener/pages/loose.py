"""Reads any feed by feedparser, however it is broken; of one that is not well formed as much as takes a few seconds."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

import feedparser

from listener.errors import ReadError
from listener.pages import charsets
from listener.pages.effort import needs_limits
from listener.pages.entry import Entry, Parsed, get, person, records, text
from listener.pages.mending import mended

LOOSE_BYTES, LOOSE_TAGS = 2_000_000, 60_000
"""How much is read of a feed: feedparser takes 30 microseconds a tag."""
_CLOSING = re.compile(rb"</(?:\w{1,20}:)?(?:rss|feed|rdf|channel)\s*>\s*\Z", re.IGNORECASE)


def read(url: str, body: bytes, charset: str) -> Parsed:
    """The feed found at `url`.

    Raises `ReadError` where feedparser fails, and `Heavy` where that is not to be tried.
    """
    body = charsets.possible(_bounded(body))
    found = _parsed(url, body, charset)
    if found.bozo and charset and (whole := mended(body)) != body:
        found = _parsed(url, whole, charset)
    breaks_off = bool(found.bozo) and not _CLOSING.search(body)
    return Parsed(_words(found.feed), [_words(each) for each in found.entries], found.version, breaks_off)


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


def _words(said: Mapping[str, Any]) -> Entry:
    """What feedparser found in an entry, or says of the feed."""
    entry = Entry()
    entry.id, entry.link, entry.title, entry.author = (text(said, key) for key in ("id", "link", "title", "author"))
    entry.is_html_title = "html" in text(get(said, "title_detail") or {}, "type")
    for each in records(said, "content"):
        if len(content := text(each, "value")) > len(entry.content):
            entry.content, entry.is_plain_content = content, text(each, "type") == "text/plain"
    summary = get(said, "summary_detail") or {"value": text(said, "summary")}
    entry.summary, entry.is_plain_summary = text(summary, "value"), text(summary, "type") == "text/plain"
    entry.links = list(records(said, "links"))
    entry.people = [person(each) for each in records(said, "authors")]
    entry.published, entry.updated = text(said, "published", "created"), text(said, "updated")
    entry.reference = text(get(said, "thr_in-reply-to") or {}, "ref", "href")
    entry.comments_feed = text(said, "wfw_commentrss")
    entry.comments, entry.answers = text(said, "slash_comments"), text(said, "thr_total")
    entry.ttl, entry.period = text(said, "ttl"), text(said, "sy_updateperiod")
    entry.frequency, entry.generator = text(said, "sy_updatefrequency"), text(said, "generator")
    return entry
