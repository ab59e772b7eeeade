"""Mailing lists whose archive has a page a mail, as Pipermail (Mailman 2), MHonArc, Sympa and Hypermail write it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from html import escape
from itertools import dropwhile, takewhile
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.fields import count_of
from listener.pages.markup import text_of, web_url
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Months of an archive that are listened to, the newest, where the option `list_pages` does not say."""
MOST_MAILS = 75
"""Mails of a thread that are fetched, each a page of its own: the first and the newest."""
LOOKED_AT = 500
"""Elements of a mail's page among which its headers are looked for."""
LISTS_ALL = True
_MAIL = re.compile(r"/(?:msg)?\d{4,9}\.html?\Z")
_INDEX = re.compile(r"/(?:threads?|thrd(\d{1,4}))\.html?\Z")
_MONTH = re.compile(r"/(\d{4})[-/]?(?:\d\d|Q\d|[A-Z][a-z]{2,8})/(?:threads?\.html?)?\Z")
_HEADER = re.compile(r"(from|van|date|datum|subject|onderwerp)\s{0,3}:\s{0,9}(\S.{0,300})", re.IGNORECASE)
_NAMES = {"van": "from", "datum": "date", "onderwerp": "subject"}
_ANSWER = re.compile(r"^(?:(?:re|aw|antw|sv|betr)\s?:\s*)+", re.IGNORECASE)
_SIGNATURE = re.compile(r"\n-- ?\n[\s\S]{0,1000}\Z|\n-{10,} (?:next part|volgend deel) -{10,}\n[\s\S]*\Z")


@dataclass(slots=True)
class _Thread:
    """The mails of a thread as an index shows them: each with the one it answers."""

    title: str
    mails: dict[str, str] = field(default_factory=dict)


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The archive, one month of it, or one mail."""
    return [Link(url=web_url(source.url, source.url))]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the months of an archive, the threads of one, or a mail. Raises `ReadError` where it is none of these.

    Options: `list_pages` (how many months, or pages of threads, are read), `timezone` (of dates that name none).
    """
    root = tree.tree_of(page)
    headers = _headers(root)
    if link.role == "mail" or headers:
        return _mail(root, headers, page, link, source)
    threads, left = _threads(root, page.url), _left(link, source)
    months = [] if link.carry else _months(root, page.url)[:left]
    index = [] if threads and _INDEX.search(urlsplit(page.url).path) else _indexes(root, page.url)[:1]
    if lists := months or index:
        return Reading(links=tuple(Link(url=url, carry={"left": 1 if months else left}) for url in lists))
    if not threads:
        raise ReadError(f"{page.url} is neither a mail nor a list of mails: give the address of the list's archive.")
    following = _following(root, page.url) if left > 1 else ""
    more = (Link(url=following, carry={"left": left - 1}),) if following else ()
    return Reading(links=(*map(_link, threads), *more))


def _left(link: Link, source: SourceSpec) -> int:
    return int(link.carry.get("left") or count_of(source.options, "list_pages", LIST_PAGES))


def _addresses(root: Node, base: str, pattern: re.Pattern[str]) -> dict[str, Node]:
    """The links of a page whose address looks so, each once, with where they stand."""
    found: dict[str, Node] = {}
    for anchor in tree.select(root, "a[href]"):
        url = tree.link(anchor, base).split("#")[0]
        if urlsplit(url).netloc == urlsplit(base).netloc and url != base and pattern.search(urlsplit(url).path):
            found.setdefault(url, anchor)
    return found


def _months(root: Node, base: str) -> list[str]:
    """The months of an archive, the newest first."""
    found = list(_addresses(root, base, _MONTH))
    years = [int(year[1]) for url in found if (year := _MONTH.search(urlsplit(url).path))]
    is_oldest_first = years != sorted(years, reverse=True) or (len(found) > 1 and found == sorted(found))
    return found[::-1] if is_oldest_first else found


def _indexes(root: Node, base: str) -> list[str]:
    """Where a page leads that lists the same mails by thread."""
    return list(_addresses(root, base, _INDEX))


def _following(root: Node, base: str) -> str:
    """The next page of threads: the one whose number follows."""
    here = _INDEX.search(urlsplit(base).path)
    number = int(here[1] or 1) if here else 1
    for url in _indexes(root, base):
        if (found := _INDEX.search(urlsplit(url).path)) and int(found[1] or 1) == number + 1:
            return url
    return ""


def _threads(root: Node, base: str) -> list[_Thread]:
    """The threads of an index: a mail that stands in a list within another's is its answer."""
    threads: list[_Thread] = []
    above: list[tuple[int, str]] = []
    for url, anchor in _addresses(root, base, _MAIL).items():
        depth = sum(1 for _ in anchor.iterancestors("ul", "ol"))
        while above and above[-1][0] >= depth:
            above.pop()
        if not above:
            threads.append(_Thread(_ANSWER.sub("", tree.line(anchor))))
        threads[-1].mails[url] = above[-1][1] if above else ""
        above.append((depth, url))
    return threads


def _link(thread: _Thread) -> Link:
    """Where a thread is read: at its first mail, which leads to the others."""
    urls = list(thread.mails)
    stamp = hashlib.sha256("\n".join(urls).encode("utf-8", "replace")).hexdigest()[:16]
    kept = urls[1:] if len(urls) <= MOST_MAILS else urls[1 - MOST_MAILS :]
    rest = [[url, thread.mails[url]] for url in kept]
    carry = {"title": thread.title, "mails": rest, "cut": len(rest) < len(urls) - 1}
    return Link(url=urls[0], role="mail", conversation=urls[0], stamp=stamp, carry=carry)


def _headers(root: Node) -> dict[str, Node]:
    """The elements that say who wrote a mail, when and about what: in lines with a label, or below its heading."""
    found: dict[str, Node] = {}
    for node, _ in zip(root.iter("li", "span", "p", "div", "tr", "td", "b", "strong"), range(LOOKED_AT), strict=False):
        if header := _HEADER.fullmatch(tree.line(node)):
            name = header[1].lower()
            found.setdefault(_NAMES.get(name, name), node)
    name, date = (tree.first(root, f"h1 ~ {tag}") for tag in ("b", "i"))
    if name is not None and date is not None and tree.first(root, "h1 ~ pre") is not None:
        found = {"from": name, "date": date} | found
    return found if {"from", "date"} <= set(found) else {}


def _told(headers: Mapping[str, Node], name: str) -> str:
    words = tree.line(headers.get(name))
    header = _HEADER.fullmatch(words)
    return header[2] if header else words


def _mail(root: Node, headers: Mapping[str, Node], page: Page, link: Link, source: SourceSpec) -> Reading:
    if not headers:
        raise ReadError(f"{page.url} does not show who wrote the mail, and when.")
    author, address = _sender(_told(headers, "from"))
    subject = _told(headers, "subject") or tree.line(tree.heading(root))
    thread = link.conversation or page.url
    title = str(link.carry.get("title") or "") or _ANSWER.sub("", subject)
    is_first = link.url == thread or not link.conversation
    zone = str(source.options.get("timezone") or "UTC")
    post = Post(
        external_id=page.url,
        url=page.url,
        title=subject if is_first or _ANSWER.sub("", subject) != title else "",
        text=_text(root, headers["date"]),
        author=author,
        author_id=address or author,
        conversation_id=thread,
        conversation_url=thread,
        conversation_title=title,
        parent_id=str(link.carry.get("parent") or ""),
        kind=PostKind.POST if is_first else PostKind.REPLY,
        published_at=parse_date(_told(headers, "date"), now=page.fetched_at, zone=zone),
    )
    return Reading(posts=(post,), links=tuple(_others(link, thread, title)), incomplete=bool(link.carry.get("cut")))


def _others(link: Link, thread: str, title: str) -> Iterator[Link]:
    for url, parent in link.carry.get("mails", ()):
        yield Link(url=url, role="mail", conversation=thread, carry={"title": title, "parent": parent})


def _sender(shown: str) -> tuple[str, str]:
    """A sender's name, and the address where the archive shows it."""
    name, address = parseaddr(shown)
    bare = re.sub(r"\s*[<(].{0,200}[>)]\Z", "", shown).strip(' "')
    return (name or bare or address), address if "@" in address else ""


def _text(root: Node, date: Node) -> str:
    """What a mail says: what stands between lines across the page, below its date; else its first plain text."""
    below = dropwhile(lambda each: each is not date, root.iter())
    bodies = (_between(each) for each in below if each.tag == "hr")
    body = next((each for each in bodies if each), "")
    text = text_of(body) if body else tree.text(tree.first(root, "pre"))
    return _SIGNATURE.sub("", f"\n{text}").strip()


def _between(rule: Node) -> str:
    """The markup from one line across the page to the next; "" where there is none, or nothing but links."""
    parts = list(takewhile(lambda each: each.tag != "hr", rule.itersiblings()))
    markup = escape(rule.tail or "") + "".join(tree.inner(each) + escape(each.tail or "") for each in parts)
    linked = sum(len(tree.line(anchor)) for each in parts for anchor in tree.select(each, "a[href]"))
    return markup if len(tree.line(tree.fragment(markup))) > 2 * linked else ""
