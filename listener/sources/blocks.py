"""Any page with posts on it, without being told where they are: what repeats is read, as far as that goes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages import blocks, bylines, tree
from listener.pages.dates import parse_date
from listener.pages.markup import web_url
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

MOST_LINKS = 200
"""Threads of one list that are followed."""
GROUPS = 3
"""Kinds of links on one page that may be threads, or lists of them."""
LISTS = 50
"""Lists that are remembered."""
_ELSEWHERE = re.compile(
    r"/(?:log-?in|log-?out|sign-?(?:in|up)|register|registreren|aanmelden|inloggen|privacy|cookies?|contact|zoeken|search|"
    r"rss|feeds?|tags?|posts?)(?:[/?.]|\Z)",
    re.I,
)
_PAGE = re.compile(r"(?:[?&](?:page|p|pagina|start)=\d{1,6}|/page/?-?\d{1,6}/?)\Z", re.I)


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The page: a thread, or a list of threads; and the lists that were found on it."""
    known = [str(key)[5:] for key in memory if str(key).startswith("list ")][:LISTS]
    return [Link(url=url) for url in dict.fromkeys((web_url(source.url, source.url), *known))]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a thread, or the links of a list. Raises `ReadError` where neither can be made out.

    Options: `timezone` (of dates without one), `day_first` (default true).
    """
    root = tree.tree_of(page)
    found = blocks.find(root, page.url, lambda text: _moment(text, page, source))
    if _is_thread(found):
        return _thread(found, root, page, link)
    threads = _threads(root, page.url)
    if link.conversation:  # it was taken for a thread and is none: where it is a list, the next visit knows
        return Reading(memory={f"list {link.conversation}": True} if threads else {})
    if not threads:
        raise ReadError(
            f"{page.url} shows neither posts nor a list of threads that can be told by what repeats: "
            "name its parts with the kind selectors."
        )
    following = tree.next_page(root, page.url)
    more = (Link(url=following, carry={"pages": 1}),) if following and not link.carry.get("pages") else ()
    return Reading(links=(*threads, *more))


def _moment(text: str, page: Page, source: SourceSpec) -> Any:
    options = source.options
    zone, day_first = str(options.get("timezone") or "UTC"), options.get("day_first", True) is not False
    return parse_date(text, now=page.fetched_at, zone=zone, day_first=day_first)


def _is_thread(found: list[bylines.Block]) -> bool:
    """Whether these are posts rather than the rows of a list: most have a writer and several words."""
    said = [block for block in found if block.author and len(block.text.split()) >= 3 and block.linked < 0.5]
    return bool(found) and len(said) >= 0.6 * len(found)


def _thread(found: list[bylines.Block], root: Node, page: Page, link: Link) -> Reading:
    thread = str(link.carry.get("thread") or link.conversation or _first_page(page.url))
    title = str(link.carry.get("title") or "") or tree.line(tree.first(root, "h1", "title"))
    ids = _identities(found)
    is_first_page = "thread" not in link.carry
    posts = tuple(
        Post(
            external_id=f"{thread}#{ids[id(block)]}",
            url=block.url or (f"{page.url}#{block.id}" if block.id else page.url),
            title=title if is_first_page and place == 0 else "",
            text=block.text,
            author=block.author,
            author_id=block.author,
            author_url=block.author_url,
            conversation_id=thread,
            conversation_url=thread,
            conversation_title=title,
            parent_id=f"{thread}#{ids[id(block.parent)]}" if block.parent else "",
            kind=PostKind.POST if is_first_page and place == 0 else PostKind.REPLY,
            published_at=block.moment,
        )
        for place, block in enumerate(found)
    )
    following = tree.next_page(root, page.url)
    carry = {"thread": thread, "title": title}
    role = "page" if link.conversation else "list"
    links = (Link(url=following, role=role, conversation=link.conversation, carry=carry),) if following else ()
    return Reading(posts=posts, links=links)


def _identities(found: list[bylines.Block]) -> dict[int, str]:
    """The page's own names of its posts; else a digest of writer and words, as "3 hours ago" is another time soon."""
    seen: Counter[str] = Counter()
    ids: dict[int, str] = {}
    for block in found:
        words = f"{block.author}\n{block.text}".encode("utf-8", "replace")
        own = block.id or hashlib.sha256(words).hexdigest()[:24]
        ids[id(block)] = f"{own}-{seen[own]}" if seen[own] else own
        seen[own] += 1
    return ids


def _threads(root: Node, base: str) -> list[Link]:
    """The links that look alike and say most: the titles of threads. What stands in a row tells whether it changed."""
    host = urlsplit(base).netloc
    groups: dict[str, dict[str, Node]] = defaultdict(dict)
    for anchor in tree.select(root, "a[href]")[:5000]:
        url, words = _first_page(tree.link(anchor, base)), tree.line(anchor)
        path = urlsplit(url).path
        if bylines.WHO_LINK.search(url):
            continue
        if urlsplit(url).netloc != host or url == base or path in ("", "/") or _ELSEWHERE.search(url):
            continue
        shape = "/".join("*" if re.search(r"[\d-]", part) else part for part in path.split("/"))
        if len(words) >= (3 if re.search(r"\d", path) else 8):
            groups[f"{bylines.sign(anchor.getparent())} {shape}"].setdefault(url, anchor)
    best = sorted(groups.values(), key=lambda each: -sum(min(len(tree.line(a)), 80) for a in each.values()))
    taken = [group for group in best[:GROUPS] if group is best[0] or len(group) >= 3]
    some = {url: anchor for group in taken for url, anchor in group.items()}
    return [
        Link(url=url, role="conversation", conversation=url, stamp=_stamp(anchor))
        for url, anchor in list(some.items())[:MOST_LINKS]
    ]


def _first_page(url: str) -> str:
    """The address of a thread, whatever page or post of it a link leads to."""
    return _PAGE.sub("", url.split("#")[0])


def _stamp(anchor: Node) -> str:
    row = next((each for each in anchor.iterancestors("tr", "li", "article", "dl")), anchor.getparent())
    return hashlib.sha256(tree.line(row)[:500].encode("utf-8", "replace")).hexdigest()[:16]
