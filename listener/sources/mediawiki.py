"""Talk pages of a MediaWiki: its recent changes say which of them moved, and what is signed there is read."""

from __future__ import annotations

import copy
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from listener.errors import ListenerError, ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.fields import inside, number, record_of, rows, word
from listener.pages.markup import web_url
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

NAMESPACES = "1|3|4|5"
"""Talk about pages, with users, and the project's own pages with its forums."""
MOST_PAGES = 50
"""Talk pages of one visit, those that changed last."""
MOST = 3000
"""Paragraphs of one page."""
_TITLE = re.compile(r"(?:[?&]title=|/wiki/|/index\.php/)([^?&#]{1,300})")
_NO_TALK = re.compile(r"(?:Special|Speciaal|Spezial|Spécial|File|Bestand|Datei|Fichier)\s?:", re.I)
_USER = re.compile(
    r"(?:User(?:[ _]talk)?|Gebruiker|Overleg[ _]gebruiker|Benutzer(?:in)?(?:[ _]Diskussion)?|Utilisat(?:eur|rice)"
    r"|Discussion[ _]utilisat(?:eur|rice)|(?:Special|Speciaal|Spezial|Spécial):(?:Contributions|Bijdragen|Beiträge)/)"
    r":?([^?&#/]{1,100})",
    re.I,
)
"""Where a signature's links lead to, in four languages."""
_SIGNED = re.compile(
    r"((?:\d{1,2}:\d\d,?\s)?\d{1,2}\.?\s[^\W\d]{3,10}\.?\s\d{4}(?:\sà|\sum|\som)?(?:,?\s\d{1,2}:\d\d)?\s\([A-Z]{2,5}\))\s*\Z"
)
"""The time at the end of a signature."""
_BEGINS = "\ue000"
"""Marks where a signature begins."""
_OUTSIDE = ("table", "blockquote", "nav", "figure")
_REVISION = re.compile(rb'"wgRevisionId":\s?(\d{1,12})')
LISTS_ALL = True


@dataclass(slots=True)
class _Said:
    """What somebody signed."""

    who: str
    account: str
    address: str
    at: datetime
    text: str
    depth: int
    section: str
    title: str
    id: str = ""
    parent: str = ""


@dataclass(slots=True)
class _Section:
    anchor: str = ""
    title: str = ""
    waiting: list[str] = field(default_factory=list)
    """Paragraphs whose signature is still to come."""
    depth: int = 0
    """How far in the first of these stands."""


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The talk pages that changed last; or the one whose address is given. Option: `api` (where `api.php` is)."""
    address = web_url(source.url, source.url)
    title = _title(address)
    if ":" in title and not _NO_TALK.match(title):
        return [Link(url=address.split("#")[0], role="talk", carry={"name": f"page {title}"})]
    return [_changes(str(source.options.get("api") or f"{_root(address)}/w/api.php"))]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the recent changes, or a talk page. Raises `ReadError` where the page is neither."""
    if link.role == "talk":
        return _to_talk(page, link)
    return _read_changes(page, link) if link.role == "list" else _read_talk(page, link)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The interface at the root, where it is not in the usual folder and nobody said where it is."""
    is_guess = link.role == "list" and not source.options.get("api")
    return [_changes(f"{_root(source.url)}/api.php")] if is_guess else []


def _root(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _title(address: str) -> str:
    found = _TITLE.search(address)
    return unquote(found[1]).replace("_", " ") if found else ""


def _changes(api: str) -> Link:
    query = {
        "action": "query",
        "list": "recentchanges",
        "rcnamespace": NAMESPACES,
        "rctype": "edit|new",
        "rctoponly": 1,
        "rclimit": MOST_PAGES,
        "rcprop": "title|ids",
        "format": "json",
    }
    return Link(url=f"{api}?{urlencode(query)}", carry={"api": api})


def _read_changes(page: Page, link: Link) -> Reading:
    """Each talk page that changed, with its newest revision as the stamp."""
    query = inside(record_of(page), "query")
    if "recentchanges" not in query:
        raise ReadError(f"{page.url} does not hold what MediaWiki's interface should give.")
    links = []
    for row in rows(query, "recentchanges"):
        asked = {"action": "parse", "pageid": number(row, "pageid"), "prop": "text", "format": "json"}
        name = f"page {word(row, 'title')}"
        url = f"{link.carry['api']}?{urlencode(asked)}"
        carry = {"url": f"{link.carry['api'].removesuffix('api.php')}index.php?title={quote(word(row, 'title'))}"}
        links.append(Link(url=url, role="page", conversation=name, stamp=word(row, "revid"), carry=carry))
    return Reading(links=tuple(links))


def _to_talk(page: Page, link: Link) -> Reading:
    """Leads to the one page that is listened to, with its revision as the stamp."""
    revision = _REVISION.search(page.body)
    stamp = revision[1].decode() if revision else hashlib.sha256(page.body).hexdigest()[:24]
    return Reading(links=(Link(url=link.url, role="page", conversation=link.carry["name"], stamp=stamp),))


def _read_talk(page: Page, link: Link) -> Reading:
    """What is signed on a talk page. A page on which nothing is signed holds no posts."""
    root = tree.fragment(_parsed(page)) if link.carry else tree.first(tree.tree_of(page), ".mw-parser-output")
    if root is None:
        raise ReadError(f"{page.url} holds no page of a MediaWiki.")
    paragraphs = list(root.iter("h1", "h2", "h3", "h4", "p", "dd", "li", "pre"))
    url, said = str(link.carry.get("url") or page.url), list(_signed(paragraphs[:MOST], page))
    _relate(said)
    posts = tuple(_post(each, url, link.conversation) for each in said)
    return Reading(posts=posts, incomplete=len(paragraphs) > MOST)


def _parsed(page: Page) -> str:
    """The markup of a page as the interface gives it."""
    parsed = inside(record_of(page), "parse")
    if not parsed:
        raise ReadError(f"{page.url} does not hold what MediaWiki's interface should give.")
    return word(inside(parsed, "text"), "*")


def _signed(paragraphs: Sequence[Node], page: Page) -> Iterator[_Said]:
    """All that is signed, in the page's order; what stands above a signature, up to the one before, belongs to it."""
    section = _Section()
    for node in paragraphs:
        if node.tag in ("h1", "h2"):
            headline = tree.first(node, ".mw-headline")
            named = node if headline is None else headline
            section = _Section(str(named.get("id") or ""), tree.line(named))
        elif node.tag in ("h3", "h4"):
            section.waiting = []
        elif _is_said(node) and (said := _paragraph(node, section, page)):
            yield said


def _is_said(node: Node) -> bool:
    """Whether a paragraph is part of the talk: in no table, quote or list of contents."""
    return not any(each.tag in _OUTSIDE or "toc" in (each.get("class") or "").split() for each in node.iterancestors())


def _paragraph(node: Node, section: _Section, page: Page) -> _Said | None:
    """Adds a paragraph to what waits for its signature; all of that, where this is the one that is signed."""
    own = copy.deepcopy(node)
    tree.drop(own, "dl, ul, ol, style, script, .mw-editsection")
    if not section.waiting:
        section.depth = sum(1 for _ in node.iterancestors("dl", "ul", "ol"))
    shown = tree.line(own)
    signers = [(each, found[1]) for each in tree.select(own, "a[href]") if (found := _USER.search(_target(each)))]
    signed = _SIGNED.search(shown) if signers else None
    at = parse_date(signed[1], now=page.fetched_at) if signed else None
    if at is None:
        section.waiting += [tree.text(own)] if shown else []
        return None
    account = _name(signers[-1][1])
    mine = [anchor for anchor, name in signers[-3:] if _name(name) == account]
    who = next((words for each in mine if _name(words := tree.line(each)).casefold() == account.casefold()), account)
    address = tree.link(mine[0], page.url)
    _mark(mine[0])
    text = "\n\n".join([*section.waiting, tree.text(own).split(_BEGINS)[0].rstrip(" \n-–—(")]).strip()
    section.waiting = []
    return _Said(who, account, address, at, text, section.depth, section.anchor, section.title)


def _target(anchor: Node) -> str:
    return unquote(str(anchor.get("href")))


def _name(target: str) -> str:
    return " ".join(target.replace("_", " ").split())


def _mark(anchor: Node) -> None:
    """Puts the mark where a signature begins."""
    before, parent = anchor.getprevious(), anchor.getparent()
    if before is not None:
        before.tail = f"{before.tail or ''}{_BEGINS}"
    elif parent is not None:
        parent.text = f"{parent.text or ''}{_BEGINS}"


def _relate(said: list[_Said]) -> None:
    """Names each by its section, writer and minute, so that it stays the same when edited; and what it answers."""
    seen: Counter[str] = Counter()
    above: list[_Said] = []
    for each in said:
        name = f"{each.section}/{each.account}/{each.at:%Y%m%d%H%M}"
        seen[name] += 1
        each.id = f"{name}/{seen[name]}" if seen[name] > 1 else name
        while above and (above[-1].section != each.section or above[-1].depth >= each.depth):
            above.pop()
        each.parent = above[-1].id if above else ""
        above.append(each)


def _post(said: _Said, url: str, page: str) -> Post:
    name, place = page.removeprefix("page "), f"{url}#{quote(said.section)}" if said.section else url
    return Post(
        external_id=f"{name}#{said.id}",
        url=place,
        title="" if said.depth else said.title,
        text=said.text,
        author=said.who,
        author_id=said.account,
        author_url=said.address,
        conversation_id=f"{name}#{said.section}",
        conversation_url=place,
        conversation_title=said.title or name,
        parent_id=f"{name}#{said.parent}" if said.parent else "",
        kind=PostKind.REPLY if said.depth else PostKind.POST,
        published_at=said.at,
    )
