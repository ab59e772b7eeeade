"""Reads classic forums by their HTML: index, topic lists, topic pages. What differs between engines is an `Engine`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from listener.errors import ReadError
from listener.pages import tree
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
    r"^.*?\b(?:on|op|modified|edit|edited|bewerkt|gewijzigd|aangepast)\b(?:\s*:|\s)\s*", re.IGNORECASE
)
_ANSWER = re.compile(r"^(?:(?:re|aw|antw|sv)\s?:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A forum engine: how its addresses look (patterns, with the number as a group) and where things are (CSS)."""

    name: str
    forum: re.Pattern[str]
    """The address of a topic list."""
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
    item: str
    """A post on a topic's page; the number is in its `id`, `name` or `data-node-id`."""
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
    quote_boxes: str = ""
    """Quotes that are not marked up as such."""
    session: re.Pattern[str] = re.compile(r"(?!)")
    """What a session puts into addresses of guests."""
    day_first: bool = True
    next: str = ""
    """Links to a topic's other pages, or to the next; found by the usual signs where not said."""

    def start(self, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
        """The board's index and the topic lists known by now; the address of one list or topic stands alone."""
        address = web_url(source.url, source.url)
        if self.topic.search(address):
            return [Link(url=address, role="conversation")]
        carry = {"pages": count_of(source.options, "list_pages", LIST_PAGES)}
        known = [] if self.forum.search(address) else memory.get("forums", ())
        return [Link(url=url, role="forum", carry=carry) for url in dict.fromkeys((address, *map(str, known)))]

    def read(self, page: Page, link: Link, source: SourceSpec) -> Reading:
        """A topic list, or a page of a topic. Raises `ReadError` where a page shows nothing of what it should."""
        root = tree.tree_of(page)
        if link.role != "forum":
            return self._thread(root, page, link, source)
        forums = [] if link.carry.get("inner") else self._forums(root, page.url)
        topics = list(self._topics(root, page.url))
        if not forums and not topics and not link.carry.get("inner"):
            raise ReadError(f"{page.url} shows no forums and no topics; is this the address of a {self.name} board?")
        left = int(link.carry.get("pages", 1))
        carry = {**link.carry, "inner": True}
        lists = [Link(url=url, role="forum", carry=carry) for url in forums]
        if topics and left > 1 and (following := self.session.sub("", tree.next_page(root, page.url))):
            lists.append(Link(url=following, role="forum", carry={"pages": left - 1, "inner": True}))
        memory = {"forums": forums} if forums and page.url.rstrip("/") == source.url.rstrip("/") else {}
        return Reading(links=(*topics, *lists), memory=memory)

    def _link(self, anchor: Node | None, base: str) -> str:
        return self.session.sub("", tree.link(anchor, base))

    def _forums(self, root: Node, base: str) -> list[str]:
        links = (self._link(each, base).split("#")[0] for each in tree.select(root, "a[href]")[:MOST_LINKS])
        return list(dict.fromkeys(url for url in links if url != base and self.forum.search(url)))[:MOST]

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
        numbers = [self.post.search(tree.link(each, base)) for each in tree.select(row, "a[href]")[:MOST]]
        if newest := max((int(_group(found)[:18]) for found in numbers if found), default=0):
            return f"p{newest}"
        return "|".join(
            _shown(each, attribute) for css, attribute in map(_parts, self.moved) for each in tree.select(row, css)
        )

    def _thread(self, root: Node, page: Page, link: Link, source: SourceSpec) -> Reading:
        canonical = self._link(tree.first(root, 'link[rel="canonical"]'), page.url)
        found = self.topic.search(canonical) or self.topic.search(page.url)
        entered = link.role != "page"
        about = {
            "topic": (_group(found) if found else "") or link.conversation or page.url,
            "title": tree.line(tree.first(root, self.title)),
            "url": canonical or page.url.split("#")[0],
            **link.carry,
        }
        items = [(number, each) for each in tree.select(root, self.item)[:MOST] if (number := _own_number(each))]
        posts = [self._post(number, each, about, page, source) for number, each in items]
        if not posts:
            raise ReadError(f"{page.url} shows no posts; the style of this {self.name} board is not understood.")
        if entered:
            posts[0] = replace(posts[0], title=posts[0].conversation_title, kind=PostKind.POST)
        carry = {key: about[key] for key in ("topic", "title", "url")}
        links = [
            Link(url=url, role="page", conversation=link.conversation, carry=carry)
            for url in self._pages(root, page.url)
            if url not in (page.url, about["url"])
        ]
        return Reading(posts=tuple(posts), links=tuple(links))

    def _pages(self, root: Node, base: str) -> list[str]:
        if not self.next:
            return [url] if (url := tree.next_page(root, base)) else []
        found = [self._link(each, base).split("#")[0] for each in tree.select(root, self.next)]
        return [url for url in dict.fromkeys(found) if url and self.topic.search(url)]

    def _post(self, number: str, item: Node, about: Mapping[str, Any], page: Page, source: SourceSpec) -> Post:
        body, author = tree.first(item, self.body), tree.first(item, self.author)
        parent = "" if body is None else self._quoted(body, page.url, number)
        edited = tree.first(item, self.edited) if self.edited else None
        edited_at = None if edited is None else self._moment(edited, page, source)
        if self.edited:
            tree.drop(item, self.edited)  # some engines put it into the date
        name, profile = tree.line(author), self._profile(author, page.url)
        if body is not None:
            self._tidy(body)
        return Post(
            external_id=number,
            url=self._permalink(item, page.url, number) or f"{about['url']}#{item.get('id') or number}",
            text=tree.text(body),
            author=name,
            author_id=name,
            author_url=profile,
            conversation_id=str(about["topic"]),
            conversation_url=str(about["url"]),
            conversation_title=_ANSWER.sub("", str(about["title"])),
            parent_id=parent,
            kind=PostKind.REPLY,
            published_at=self._written(item, page, source),
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
            heading.tag = "p"
        for box in tree.select(body, self.quote_boxes) if self.quote_boxes else ():
            box.tag = "blockquote"

    def _written(self, item: Node, page: Page, source: SourceSpec) -> datetime | None:
        for css in self.date:
            for each in tree.select(item, css):
                if moment := self._moment(each, page, source):
                    return moment
        return None

    def _moment(self, node: Node, page: Page, source: SourceSpec) -> datetime | None:
        """The date an element shows: a `datetime`, a date hidden behind "yesterday", or its words."""
        options = source.options
        for shown in _dates(node):
            moment = parse_date(
                shown,
                now=page.fetched_at,
                zone=str(options.get("timezone") or "UTC"),
                day_first=bool(options.get("day_first", self.day_first)),
            )
            if moment:
                return moment
        return None


def _dates(node: Node) -> Iterator[str]:
    """What of an element may be a date, best first."""
    time = node if node.get("datetime") else tree.first(node, "time[datetime]")
    if time is not None:
        yield str(time.get("datetime"))
    if (hidden := tree.first(node, "span[title]")) is not None:
        yield f"{hidden.get('title')} {hidden.tail or ''}"
    words = _BEFORE_DATE.sub("", re.sub(r"[«»()]", " ", tree.line(node)))
    yield re.split(r"\s(?:by|door|von)\s", words)[0].strip(" .,")


def _group(found: re.Match[str]) -> str:
    return next((group for group in found.groups() if group), "")


def _own_number(item: Node) -> str:
    """The number of a post in its element's `id`, `data-content`, `data-node-id` or `name`."""
    for attribute in ("id", "data-content", "data-node-id", "name"):
        if found := re.search(r"(\d+)$", item.get(attribute) or ""):
            return found[1]
    return ""


def _parts(spec: str) -> tuple[str, str]:
    css, _, attribute = spec.partition("@")
    return css, attribute


def _shown(node: Node, attribute: str) -> str:
    return str(node.get(attribute) or "") if attribute else tree.line(node)
