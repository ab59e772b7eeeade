"""Any page with posts on it, without being told where they are: what repeats is read, as far as that goes."""

from __future__ import annotations

import copy
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ListenerError, ReadError
from listener.pages import blocks, bylines, comments, opening, page_clock, tree
from listener.pages.dates import parse_date
from listener.pages.fields import count_of
from listener.pages.markup import web_url
from listener.pages.tree import Node
from listener.sources import article
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Pages of a list that are read where the option `list_pages` does not say."""
MOST_LINKS = 200
"""Threads of one list that are followed."""
GROUPS = 3
"""Kinds of links on one page that may be threads, or lists of them."""
MOST_WAYS = 2000
"""Links and buttons of an article's page among which one to more comments is looked for."""
LISTS = 50
"""Lists that are remembered."""
_ELSEWHERE = re.compile(
    r"/(?:log-?in|log-?out|sign-?(?:in|up)|register|registreren|aanmelden|inloggen|privacy|cookies?|contact|zoeken|search|"
    r"rss|feeds?|tags?)(?:[/?.]|\Z)|/posts?(?:/\d|[?.]|/?\Z)|[?&](?:sort|order|order_?by)=",
    re.I,
)
_COLUMNS = re.compile(
    r"(?:topics?|threads?|replies|views|posts?|last (?:posts?|reply)|onderwerp(?:en)?|antwoorden|reacties|berichten|"
    r"weergaven|gelezen|bekeken|laatste (?:bericht(?:en)?|reactie))"
)
"""What stands above the rows of a list of threads."""
_MORE = re.compile(
    r"\b(?:load|show|view|see|read|all|more|older|previous|laad|toon|bekijk|lees|alle|meer|oudere|vorige)\b"
    r".{0,20}\b(?:comments?|repl(?:y|ies)|responses|reacties?|antwoorden)\b",
    re.I,
)
"""What stands on the way to comments that a page does not show."""
_ANSWER = re.compile(r"^(?:(?:re|aw|antw|sv|betr)\s?:\s*)+", re.I)
_POST = re.compile(r"(?<=\d/)(?:(?:last|latest|newest|new|unread)(?:-?(?:post|reply))?|post/\d{1,18})/?\Z", re.I)
_PAGE = re.compile(r"(?:[?&](?:page|p|pagina|start)=(\d{1,6})|/page/?-?(\d{1,6})/?)\Z", re.I)
_SENTENCE = re.compile(r"(?:\S+[^\S\n]+){4}\S*[.!?…]")
"""What an article has, and a page that only leads to others has not."""
_VIEWS = r"(?:views?|hits|weergaven|gelezen|bekeken)"
_SEEN = re.compile(rf"\b{_VIEWS}\s?:?\s?[\d.,]+[km]?\b|\b[\d.,]+[km]?\s?(?:x|keer|times)?\s?{_VIEWS}\b", re.I)
"""How often a thread was looked at, among other words."""
_OF_VIEWS = re.compile(rf"(?:\A|[\s_-]){_VIEWS}(?:[_-]?count)?(?=\s|\Z)", re.I)
"""The name of an element that shows it, or of a column."""
LISTS_ALL = True


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The page: the last one of a thread, or a list of threads, and the lists that were found on it."""
    known = [str(key)[5:] for key in memory if str(key).startswith("list ")][:LISTS]
    urls = dict.fromkeys((str(memory.get("last") or web_url(source.url, source.url)), *known))
    return [Link(url=url, carry={"lists": known} if known else {}) for url in urls]


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The first page of a thread whose last page is gone."""
    return [] if link.conversation or link.url != memory.get("last") else start(source, {})


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a thread, or the links of a list. Raises `ReadError` where neither can be made out.

    Options: `timezone` (of dates without one), `day_first` (default true), `list_pages` (how many are read).
    """
    root = tree.tree_of(page)
    moment = partial(_moment, page=page, source=source, day_first=_day_first(root, source))
    found = blocks.find(root, page.url, moment)
    if link.role == "conversation" and (all(map(comments.is_below, found)) or _is_in_article(found)):
        told = _article(root, bool(found), page, link, source)
        if told is not None:
            return told
    if _is_thread(found, root, page.url):
        if link.role != "page" and (first := opening.above(found, root, page.url, moment)):
            found.insert(0, first)
        return _thread(found, root, page, link) if link.conversation else _to_thread(found, root, page, source)
    known = link.carry.get("lists", ())
    threads = [each for each in _threads(root, page.url) if each.url not in known]
    if link.conversation:  # it was taken for a thread and is none
        is_list = bool(threads) and link.role == "conversation"
        return Reading(
            links=(Link(url=link.url),) if is_list else (),
            memory={f"list {link.conversation}": True} if is_list else {},
            incomplete=True,
        )
    if not threads and tree.asks_login(root):
        raise ReadError(f"{page.url} asks strangers to log in and shows nothing else: take an address that is open.")
    if not threads and not known:
        raise ReadError(
            f"{page.url} shows neither posts nor a list of threads that can be told by what repeats: "
            "name its parts with the kind selectors."
        )
    left = int(link.carry.get("pages") or count_of(source.options, "list_pages", LIST_PAGES))
    following = tree.next_page(root, page.url) if threads and left > 1 else ""
    more = (Link(url=following, carry={**link.carry, "pages": left - 1}),) if following else ()
    return Reading(links=(*threads, *more))


def _is_in_article(found: list[bylines.Block]) -> bool:
    """Whether the only date of a page is that of an article: one nobody signed, or with more around it than it says."""
    block, *others = found
    around = block.parts[0]
    is_more = next(around.iterdescendants("article"), None) is not None or comments.has_room(around)
    return not others and (is_more or not block.author)


def _article(root: Node, is_commented: bool, page: Page, link: Link, source: SourceSpec) -> Reading | None:
    """An article with what is said below it, where the page holds one: dated, or with comments."""
    is_one = sum(tree.first(each, "article article") is None for each in tree.select(root, "article")) == 1
    if not is_one and not is_commented:
        return None
    try:
        found = article.read(page, link, source)
    except ReadError:
        return None
    main, below = found.posts[0], found.posts[1:]
    said = main.text.replace(tree.line(tree.heading(root)), "")
    is_one = main.kind == PostKind.ARTICLE and bool(_SENTENCE.search(said) and (main.published_at or below))
    return replace(found, incomplete=not _shows_all(root, found)) if is_one else None


def _shows_all(root: Node, found: Reading) -> bool:
    """Whether an article's page shows some of what is said below it, and no way to more."""
    ways = (tree.line(each) for each in tree.select(root, "a, button")[:MOST_WAYS])
    return len(found.posts) > 1 and not found.links and not any(map(_MORE.search, ways))


def _day_first(root: Node, source: SourceSpec) -> bool:
    """Whether the day comes before the month: as the source says, else as a date tells that can be read in one way."""
    short = (each.text for each in root.iter() if each.text and len(each.text) <= bylines.SHORT)
    told = source.options.get("day_first", page_clock.of_dates(short))
    return told is not False


def _moment(text: str, page: Page, source: SourceSpec, day_first: bool) -> datetime | None:
    zone = str(source.options.get("timezone") or "UTC")
    return parse_date(text, now=page.fetched_at, zone=zone, day_first=day_first)


def _is_thread(found: list[bylines.Block], root: Node, base: str) -> bool:
    """Whether these are posts rather than the rows of a list: most have a writer and several words of their own.

    What begins with a line that leads to another page, a different one each, is a row; so is what stands alone on a
    page that names the columns of a list.
    """
    said = [block for block in found if block.author and len(block.text.split()) >= 3 and block.linked < 0.5]
    led = [url for block in found if (url := _led_to(block, base))]
    is_list = len(led) > 1 and len(set(led)) >= 0.8 * len(found)
    is_list = is_list or (len(found) == 1 and _columns(root) > 1)
    return bool(found) and not is_list and len(said) >= 0.6 * len(found)


def _columns(root: Node) -> int:
    """How many names of a list's columns a page shows."""
    shown = map(_own, tree.select(root, "th, td, div, li, dt, span"))
    return len({words for words in shown if _COLUMNS.fullmatch(words)})


def _own(node: Node) -> str:
    """The words of an element without those of the elements in it."""
    return " ".join((node.text or "").split())[: bylines.SHORT].casefold()


def _led_to(block: bylines.Block, base: str) -> str:
    """Where a post's first line leads, as a title in a list does: to another page of the site; or ""."""
    title = block.text.split("\n")[0].strip(" >-")
    for anchor in (each for part in block.parts for each in tree.select(part, "a[href]")):
        url = _first_page(tree.link(anchor, base))
        line = tree.line(anchor)
        is_title = line == title or (line == block.author and title.startswith(f"{line} "))
        if title and is_title and not bylines.WHO_LINK.search(url):
            here, there = urlsplit(_first_page(base)), urlsplit(url)
            return url if there.netloc == here.netloc and there.path != here.path else ""
    return ""


def _to_thread(found: list[bylines.Block], root: Node, page: Page, source: SourceSpec) -> Reading:
    """Leads to the whole thread that the source is, from the page of it on which something new is to be expected."""
    url = web_url(source.url, source.url)
    said = "\n".join((*(f"{block.author}: {block.text}" for block in found), tree.next_page(root, page.url)))
    whole = Link(
        url=url, role="conversation", conversation=_first_page(url), stamp=_digest(said), carry={"alone": True}
    )
    return Reading(links=(whole,))


def _thread(found: list[bylines.Block], root: Node, page: Page, link: Link) -> Reading:
    is_first_page = link.role != "page"
    title = str(link.carry.get("title") or "") or tree.line(tree.heading(root))
    ids = _identities(found)
    opener = _opener(found) if is_first_page else -1
    known = str(link.carry.get("thread") or link.conversation)
    thread = _known_by(found[opener], found, link) if is_first_page else known
    posts = tuple(
        Post(
            external_id=f"{thread}#{ids[id(block)]}",
            url=block.url or (f"{page.url}#{block.id}" if block.id else page.url),
            title=title if place == opener else "",
            text=_untitled(block.text, title),
            author=block.author,
            author_id=block.author,
            author_url=block.author_url,
            conversation_id=thread,
            conversation_url=thread,
            conversation_title=title,
            parent_id=f"{thread}#{ids[id(block.parent)]}" if block.parent else "",
            kind=PostKind.POST if place == opener else PostKind.REPLY,
            published_at=block.moment,
        )
        for place, block in enumerate(found)
    )
    if following := tree.next_page(root, page.url):
        carry = {**link.carry, "title": title, "thread": thread}
        onward = Link(url=following, role="page", conversation=link.conversation, carry=carry)
        return Reading(posts=posts, links=(onward,))
    is_window = is_first_page and not _is_in_order(found)  # the newest first, and no page of older ones
    return Reading(
        posts=posts,
        memory={"last": page.url} if link.carry.get("alone") else {},
        incomplete=is_window or _has_later_page(root, page.url),
    )


def _known_by(opener: bylines.Block, found: Sequence[bylines.Block], link: Link) -> str:
    """What a thread is known by: its address, unless that is the one of any post in it, as Fossil's; then its opener.

    By its address it would be another thread with each answer. Such posts have numbers of the whole site.
    """
    where = link.conversation
    is_a_posts = any(_shape(block.url) == _shape(where) and urlsplit(block.url).path not in where for block in found)
    return f"{where.rpartition('/')[0]}/#{opener.id}" if is_a_posts and opener.id else where


def _shape(url: str) -> str:
    """An address without what numbers it."""
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "", url)


def _opener(found: Sequence[bylines.Block]) -> int:
    """Where the post stands that opens a thread: first, or last where each is older than the one above it."""
    is_newest_first = len(found) > 1 and all(above.moment > below.moment for above, below in pairwise(found))
    return len(found) - 1 if is_newest_first else 0


def _is_in_order(found: Sequence[bylines.Block]) -> bool:
    """Whether what answers the same post stands in the order in which it was written."""
    beside: dict[int, list[datetime]] = defaultdict(list)
    for block in found:
        beside[id(block.parent)].append(block.moment)
    return all(earlier <= later for moments in beside.values() for earlier, later in pairwise(moments))


def _has_later_page(root: Node, base: str) -> bool:
    """Whether a page links to a later one of the same thread, which was not found to follow it."""
    thread, here = _first_page(base), _page_number(base)
    later = (each for each in tree.select(root, "a[href]")[:5000] if _page_number(str(each.get("href"))) > here)
    return any(_first_page(tree.link(each, base)) == thread for each in later)


def _page_number(url: str) -> int:
    found = _PAGE.search(url.split("#")[0])
    return int(found[1] or found[2]) if found else 0


def _untitled(text: str, title: str) -> str:
    """The text without a subject above it that is the title of the thread."""
    subject, _, rest = text.partition("\n")
    is_title = bool(rest) and _ANSWER.sub("", " ".join(subject.split())) == _ANSWER.sub("", title)
    return rest.strip() if is_title else text


def _identities(found: list[bylines.Block]) -> dict[int, str]:
    """The page's own names of its posts; else a digest of writer and words, as "3 hours ago" is another time soon."""
    seen: Counter[str] = Counter()
    ids: dict[int, str] = {}
    for block in found:
        own = block.id or _digest(f"{block.author}\n{block.text}")
        ids[id(block)] = f"{own}-{seen[own]}" if seen[own] else own
        seen[own] += 1
    return ids


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:24]


def _threads(root: Node, base: str) -> list[Link]:
    """The links that look alike and say most: the titles of threads. What stands in a row tells whether it changed."""
    host = urlsplit(base).netloc
    groups: dict[str, dict[str, Node]] = defaultdict(dict)
    addresses: dict[str, str] = {}
    for anchor in tree.select(root, "a[href]")[:5000]:
        url, words = _first_page(tree.link(anchor, base)), tree.line(anchor)
        path = urlsplit(url).path
        if bylines.WHO_LINK.search(url):
            continue
        if urlsplit(url).netloc != host or url == base or path in ("", "/") or _ELSEWHERE.search(url):
            continue
        shape = "/".join("*" if re.search(r"[\d-]", part) else part for part in path.split("/"))
        if len(words) >= (3 if re.search(r"\d", path) else 8):
            known = addresses.setdefault(url.rstrip("/"), url)
            groups[f"{bylines.sign(anchor.getparent())} {shape}"].setdefault(known, anchor)
    best = sorted(groups.values(), key=lambda each: -sum(min(len(tree.line(a)), 80) for a in each.values()))
    taken = [group for group in best[:GROUPS] if group is best[0] or len(group) >= 3 or _is_headed(group)]
    some = {url: anchor for group in taken for url, anchor in group.items()}
    held = Counter(above for anchor in some.values() for above in anchor.iterancestors())
    return [
        Link(url=url, role="conversation", conversation=url, stamp=_stamp(anchor, held))
        for url, anchor in list(some.items())[:MOST_LINKS]
    ]


def _is_headed(group: Mapping[str, Node]) -> bool:
    """Whether each of these links is the heading of an article, of which the last page of a list may show but one."""
    above = [{each.tag for each in anchor.iterancestors()} for anchor in group.values()]
    return all("article" in tags and tags & {"h1", "h2", "h3", "h4"} for tags in above)


def _first_page(url: str) -> str:
    """The address of a thread, whatever page or post of it a link leads to."""
    address, _, place = url.partition("#")
    if number := re.search(r"\d{1,18}\Z", place):
        whole = re.sub(rf"[?&]\w{{1,20}}={number[0]}\Z", "", address)
        address = whole if re.search(r"\d", urlsplit(whole).path + urlsplit(whole).query) else address
    return _POST.sub("", _PAGE.sub("", address))


def _stamp(anchor: Node, held: Mapping[Node, int]) -> str:
    """What stands in a thread's row: all around its link in which there is no other thread's."""
    row = anchor
    while (above := row.getparent()) is not None and held[above] == 1 and above.tag != "body":
        row = above
    return _digest(_SEEN.sub("", tree.line(_without_views(row))[:1000]))[:16]


def _without_views(row: Node) -> Node:
    """A copy of a thread's row without the number that grows when somebody looks: no reason to read it again."""
    own = copy.deepcopy(row)
    table = next((each for each in (row, *row.iterancestors()) if each.tag == "table"), None)
    heads = [] if table is None else [tree.line(each) for each in tree.select(table, "th")[:50]]
    cells = (zip(heads, each, strict=True) for each in own.iter("tr") if len(each) == len(heads))
    for cell in [cell for each in cells for head, cell in each if _OF_VIEWS.fullmatch(head)]:
        cell.clear(keep_tail=True)
    for each in own.iter():
        if _OF_VIEWS.search(each.get("class") or "") and re.fullmatch(r"[\d.,\s]+[km]?", tree.line(each), re.I):
            each.clear(keep_tail=True)
    return own
