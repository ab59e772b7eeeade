"""Reads classic forums by their HTML: index, topic lists, topic pages. What differs between engines is an `Engine`.

A source that is one topic is visited at its last page; when that says something new, all its pages are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from listener.errors import ReadError
from listener.pages import page_clock, tree
from listener.pages.bell import entrance, ring
from listener.pages.dates import parse_date
from listener.pages.fields import count_of
from listener.pages.markup import web_url
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 2
"""Pages of each topic list that are read where the option `list_pages` does not say."""
MOST = 500
"""Posts, topics or forums that one page can hold."""
MOST_LINKS = 5000
"""Links of a page that are looked at for forums."""
_BEFORE_DATE = re.compile(
    r"^.*?\b(?:on|op|modified|edit|edited|bewerkt|bewerking|gewijzigd|aangepast)\b(?:\s*:|\s)\s*", re.IGNORECASE
)
_AFTER_DATE = re.compile(r"\s(?:by|door|von|van)\s|[.;,]?\s(?:edit |bewerkings?)?(?:reason|reden)\s?:", re.IGNORECASE)
_ANSWER = re.compile(r"^(?:(?:re|aw|antw|sv)\s?:\s*)+", re.IGNORECASE)
_PAGE = re.compile(r"^\.(\d{1,9})|[/&?;]p(?:age)?[-=]?(\d{1,6})(?=$|[/&])|-page-(\d{1,6})\.html")
"""A page's number, or how many posts came before it, in what of an address follows the topic's number."""
_INTO = re.compile(r"[&?]pid=\d+|-post-\d+(?=\.html)|#.*")
"""What in an address names a post of a topic."""
_COUNT = re.compile(r"\d[\d.,]*(?:\s?[kKmM]\b)?")
_NAMES = ("id", "data-content", "data-node-id", "name")
_FORM = "input[name='tid'], input[name='t'], input[name='searchthreadid'], input[name='threadid']"
"""Where forms name the topic they are about."""
_SAID = "#fatal_error .padding, #fatal_error, .blockMessage, .standard_error, .errorwrap"
"""Where boards say why they do not show what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A forum engine: how its addresses look (patterns, with the number as a group) and where things are (CSS)."""

    name: str
    forum: re.Pattern[str]
    """The address of a topic list."""
    forum_link: str = ""
    """Links to topic lists whose addresses have no sign of it."""
    topic: re.Pattern[str]
    """The address of a topic, whatever page of it."""
    post: re.Pattern[str]
    """The address of a post."""
    topic_link: str
    """Links to topics in a list."""
    row: str
    """The row of a list that such a link stands in."""
    moved: tuple[str, ...]
    """What in a row changes with a new post, where no link there has the number of the newest; `css@attribute` too."""
    answers: str
    """Where a row counts the answers, before anything else: a post that is taken away changes nothing but that."""
    item: str
    """A post on a topic's page; the number is in its `id`, `name` or `data-node-id`, or in that of a part of it."""
    number: re.Pattern[str] = re.compile(r"(\d+)$")
    body: str
    author: str
    date: tuple[str, ...]
    """Best first; a `datetime` attribute goes before the text."""
    title: str
    """The topic's title on its page."""
    edited: str = ""
    """The notice of an edit: a `time`, or words with a date in it."""
    quotes: str = "blockquote cite a"
    """Links to quoted posts, or elements whose attributes name them, within the body."""
    headings: str = "blockquote cite"
    """Who is quoted: kept on a line of its own."""
    noise: str = ""
    """What the engine adds to texts."""
    counted: re.Pattern[str] = re.compile(r"(?!)")
    """What in a text counts on while nobody edits it, as the downloads of a file."""
    quote_boxes: str = ""
    """Quotes that are not marked up as such."""
    session: re.Pattern[str] = re.compile(r"(?!)")
    """What a session puts into addresses of guests."""
    day_first: bool = True
    """Where neither the option of that name nor the page tells."""
    clock: str = ""
    """Where a page shows what time it is."""
    pager: str = ".pagination a[href]"
    """Links to a topic's other pages."""

    def start(self, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
        """The board's index and the topic lists known by now; one list alone; of a topic the last page known."""
        address = web_url(source.url, source.url)
        if self.topic.search(_INTO.sub("", address)) or self.post.search(address):
            return [Link(url=str(memory.get("last") or address), role="last")]
        carry = {"pages": count_of(source.options, "list_pages", LIST_PAGES)}
        known = [] if self.forum.search(address) else memory.get("forums", ())
        return [Link(url=url, role="forum", carry=carry) for url in dict.fromkeys((address, *map(str, known)))]

    def fallback(self, link: Link, error: Exception, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
        """For a last page that is not there any more, the topic's own address."""
        return entrance(link, error, source)

    def read(self, page: Page, link: Link, source: SourceSpec) -> Reading:
        """A topic list, or a page of a topic. Raises `ReadError` where a page shows nothing of what it should."""
        sheet = _Sheet(page, source, self)
        if link.role == "forum":
            return self._list(sheet, link)
        thread = self._thread(sheet, link)
        return thread if link.role != "last" else ring(thread.posts, page, link, self._later(sheet, thread))

    def _list(self, sheet: _Sheet, link: Link) -> Reading:
        root, is_inner = sheet.root, bool(link.carry.get("inner"))
        forums = [] if is_inner else self._forums(sheet)
        topics = list(self._topics(root, sheet.base))
        if not forums and not topics and not is_inner:
            said = sheet.said or f"is this the address of a {self.name} board?"
            raise ReadError(f"{sheet.page.url} shows no forums and no topics; {said}")
        left = int(link.carry.get("pages", 1))
        carry = {**link.carry, "inner": True}
        lists = [Link(url=url, role="forum", carry=carry) for url in forums]
        if topics and left > 1 and (following := self.session.sub("", tree.next_page(root, sheet.base))):
            lists.append(Link(url=following, role="forum", carry={"pages": left - 1, "inner": True}))
        is_entrance = sheet.page.url.rstrip("/") == sheet.source.url.rstrip("/")
        return Reading(links=(*topics, *lists), memory={"forums": forums} if forums and is_entrance else {})

    def _link(self, anchor: Node | None, base: str) -> str:
        return self.session.sub("", tree.link(anchor, base))

    def _forums(self, sheet: _Sheet) -> list[str]:
        named = {*tree.select(sheet.root, self.forum_link)} if self.forum_link else set[Node]()
        links = tree.select(sheet.root, "a[href]")[:MOST_LINKS]
        urls = ((each, self._link(each, sheet.base).split("#")[0]) for each in links)
        found = (url for each, url in urls if url != sheet.page.url and (each in named or self.forum.search(url)))
        return list(dict.fromkeys(found))[:MOST]

    def _topics(self, root: Node, base: str) -> Iterator[Link]:
        stamps: dict[Node, str | None] = dict.fromkeys(tree.select(root, self.row))
        for anchor in tree.select(root, self.topic_link)[:MOST]:
            url = self._link(anchor, base).split("#")[0]
            if found := self.topic.search(url):
                row = next((each for each in anchor.iterancestors() if each in stamps), None)
                if row is not None and stamps[row] is None:
                    stamps[row] = self._stamp(row, base)
                stamp = stamps[row] if row is not None else ""
                yield Link(url=url, role="conversation", conversation=_group(found), stamp=stamp or "")

    def _stamp(self, row: Node, base: str) -> str:
        """The number of the newest post, or what else moves with it, and how many answers there are."""
        numbers = [self.post.search(tree.link(each, base)) for each in tree.select(row, "a[href]")[:MOST]]
        newest = max((int(_group(found)[:18]) for found in numbers if found), default=0)
        shown = [_shown(each, what) for css, what in map(_parts, self.moved) for each in tree.select(row, css)]
        count = _COUNT.search(tree.line(tree.first(row, self.answers)))
        return "|".join((*([f"p{newest}"] if newest else shown), *([count[0]] if count else [])))

    def _thread(self, sheet: _Sheet, link: Link) -> Reading:
        page, canonical = sheet.page, self._link(tree.first(sheet.root, 'link[rel="canonical"]'), sheet.base)
        topic = self._number(canonical) or self._number(page.url) or _of_form(sheet.root) or link.conversation
        pages = self._pages(sheet, topic)
        heading = tree.first(sheet.root, self.title)
        addresses = (canonical, page.url, *pages, self._link(heading, sheet.base))
        named = [url for url in (_INTO.sub("", each) for each in addresses) if self._number(url)]
        about = {
            "topic": topic or page.url,
            "title": tree.line(heading),
            "url": next((url for url in named if not self._place(url)), canonical or page.url.split("#")[0]),
            **link.carry,
        }
        posts = [self._post(number, each, about, sheet) for number, each in sheet.items]
        if not posts:
            said = sheet.said or f"the style of this {self.name} board is not understood."
            raise ReadError(f"{page.url} shows no posts; {said}")
        if link.role != "page" and not self._place(canonical or page.url):
            posts[0] = replace(posts[0], title=posts[0].conversation_title, kind=PostKind.POST)
        carry = {key: about[key] for key in ("topic", "title", "url")}
        links = [Link(url=url, role="page", conversation=link.conversation, carry=carry) for url in pages]
        return Reading(posts=tuple(posts), links=tuple(links))

    def _number(self, url: str) -> str:
        """The topic's number in an address of it; "" where there is none."""
        found = self.topic.search(_INTO.sub("", url))
        return _group(found) if found else ""

    def _place(self, url: str) -> int:
        """The number of a topic's page, or of the posts before it; 0 for the first."""
        found = self.topic.search(_INTO.sub("", url))
        shown = _PAGE.search(found.string[found.end(found.lastindex or 0) :]) if found else None
        place = int(_group(shown)) if shown else 0
        return place if place > 1 else 0

    def _pages(self, sheet: _Sheet, topic: str) -> list[str]:
        """The other pages that a page of a topic links to, the last first: a topic may be too long to be read whole."""
        found = [self._link(each, sheet.base).split("#")[0] for each in tree.select(sheet.root, self.pager)]
        found.append(tree.next_page(sheet.root, sheet.base) if not found else "")
        numbers = {url: self._number(url) for url in found if url != sheet.page.url}
        others = [url for url, number in numbers.items() if number and number == (topic or number)]
        return sorted(others, key=self._place, reverse=True)

    def _later(self, sheet: _Sheet, thread: Reading) -> str:
        """The last page that a page links to; where addresses do not number pages, the next; "" on the last."""
        here, last = sheet.page.url, max((each.url for each in thread.links), key=self._place, default="")
        if self._place(last) > self._place(here):
            return last
        following = self._link(tree.first(sheet.root, 'link[rel~="next"], a[rel~="next"]'), sheet.base)
        is_own = following != here and self._number(following) == thread.posts[0].conversation_id
        return following if is_own and not self._place(following) else ""

    def _post(self, number: str, item: Node, about: Mapping[str, Any], sheet: _Sheet) -> Post:
        base, body, author = sheet.base, tree.first(item, self.body), tree.first(item, self.author)
        parent = "" if body is None else self._quoted(body, base, number)
        edited = tree.first(item, self.edited) if self.edited else None
        edited_at = None if edited is None else sheet.moment(edited)
        if self.edited:
            tree.drop(item, self.edited)  # some engines put it into the date
        name, profile = tree.line(author), self._profile(author, base)
        if body is not None:
            self._tidy(body)
        return Post(
            external_id=number,
            url=self._permalink(item, base, number) or f"{about['url']}#{item.get('id') or number}",
            text=self.counted.sub("", tree.text(body)).strip(),
            author=name,
            author_id=name,
            author_url=profile,
            conversation_id=str(about["topic"]),
            conversation_url=str(about["url"]),
            conversation_title=_ANSWER.sub("", str(about["title"])),
            parent_id=parent,
            kind=PostKind.REPLY,
            published_at=self._written(item, sheet),
            edited_at=edited_at,
        )

    def _profile(self, author: Node | None, base: str) -> str:
        if author is None:
            return ""
        around = author if author.tag == "a" else next(author.iterancestors("a"), None)
        return self._link(around if around is not None else tree.first(author, "a[href]"), base)

    def _permalink(self, item: Node, base: str, number: str) -> str:
        for anchor in tree.select(item, "a[href]"):
            url = self._link(anchor, base)
            if (
                (found := self.post.search(url))
                and _group(found) == number
                and not re.search(r"reply|quote|report", url)
            ):
                return url
        return ""

    def _quoted(self, body: Node, base: str, number: str) -> str:
        for each in tree.select(body, self.quotes):
            named = " ".join((tree.link(each, base), *(str(value) for value in each.attrib.values())))
            if (found := self.post.search(named)) and _group(found) != number:
                return _group(found)
        return ""

    def _tidy(self, body: Node) -> None:
        body.tag = "div"  # vBulletin's is a blockquote
        if self.noise:
            tree.drop(body, self.noise)
        for heading in tree.select(body, self.headings):
            heading.tag, quote = "p", heading.getnext()
            if quote is not None and quote.tag == "blockquote":
                heading.tail, quote.text = quote.text, None
                quote.insert(0, heading)
        for box in tree.select(body, self.quote_boxes) if self.quote_boxes else ():
            box.tag = "blockquote"

    def _written(self, item: Node, sheet: _Sheet) -> datetime | None:
        shown = (each for css in self.date for each in tree.select(item, css))
        return next((moment for each in shown if (moment := sheet.moment(each))), None)


@dataclass(frozen=True)
class _Sheet:
    """A page of a board, with what it tells of itself."""

    page: Page
    source: SourceSpec
    engine: Engine

    @cached_property
    def root(self) -> Node:
        return tree.tree_of(self.page)

    @cached_property
    def base(self) -> str:
        """What the page's links count from."""
        return tree.link(tree.first(self.root, "base[href]"), self.page.url) or self.page.url

    @cached_property
    def items(self) -> list[tuple[str, Node]]:
        """The posts, each with its number."""
        found = tree.select(self.root, self.engine.item)[:MOST]
        numbered = (
            (self._number(each, tree.first(each, self.engine.body), tree.first(each, "[id]")), each) for each in found
        )
        return list({number: (number, each) for number, each in numbered if number}.values())

    def _number(self, *nodes: Node | None) -> str:
        """The number of a post in the `id`, `data-content`, `data-node-id` or `name` of the first that has one."""
        named = (str(node.get(name) or "") for node in nodes if node is not None for name in _NAMES)
        return next((found[1] for each in named if (found := self.engine.number.search(each))), "")

    @cached_property
    def said(self) -> str:
        """What the board says instead of what was asked for."""
        words = tree.line(tree.first(self.root, *_SAID.split(", ")))
        if not words and tree.asks_login(self.root) and not self.items:
            return "it asks strangers to log in, or its style is not understood."
        return f"it says: {words[:200]}" if words else ""

    @cached_property
    def clock(self) -> tuple[str, bool]:
        """The zone of the page's dates, and whether their day comes before their month."""
        options, engine = self.source.options, self.engine
        shown = tree.select(self.root, engine.clock)[:3] if engine.clock else []
        zone, order = page_clock.of_clock(shown, self.page.fetched_at)
        if order is None:
            order = page_clock.of_dates(
                text for css in engine.date for text in map(_all_of, tree.select(self.root, css))
            )
        if order is None:
            lang = str(self.root.get("lang") or "en").lower()
            order = engine.day_first or not lang.startswith("en")
        return str(options.get("timezone") or zone or "UTC"), bool(options.get("day_first", order))

    def moment(self, node: Node) -> datetime | None:
        """The date an element shows: a `datetime`, a date hidden behind "yesterday", or its words."""
        zone, day_first = self.clock
        for shown in _dates(node):
            if moment := parse_date(shown, now=self.page.fetched_at, zone=zone, day_first=day_first):
                return moment
        return None


def _all_of(node: Node) -> str:
    """The words of an element, and what it hides behind some."""
    return " ".join((tree.line(node), *(str(each.get("title")) for each in tree.select(node, "[title]"))))


def _dates(node: Node) -> Iterator[str]:
    """What of an element may be a date, best first."""
    time = node if node.get("datetime") else tree.first(node, "time[datetime]")
    if time is not None:
        yield str(time.get("datetime"))
    epoch = node if node.get("data-time") else tree.first(node, "[data-time]")
    if epoch is not None:
        yield str(epoch.get("data-time"))
    hidden = node if node.get("title") and node.tag in ("span", "abbr") else tree.first(node, "span[title]")
    if hidden is not None:
        yield f"{hidden.get('title')} {hidden.tail or ''}"
    words = _BEFORE_DATE.sub("", re.sub(r"[«»()]|^#\s?\d+\s", " ", tree.line(node)))
    yield _AFTER_DATE.split(words)[0].strip(" .,")


def _of_form(root: Node) -> str:
    """The number of the topic that a form on its page is about."""
    form = tree.first(root, _FORM)
    return "" if form is None else str(form.get("value") or "")


def _group(found: re.Match[str]) -> str:
    return next((group for group in found.groups() if group), "")


def _parts(spec: str) -> tuple[str, str]:
    css, _, attribute = spec.partition("@")
    return css, attribute


def _shown(node: Node, attribute: str) -> str:
    return str(node.get(attribute) or "") if attribute else tree.line(node)
