"""Any page, through the CSS selectors that the configuration gives for it: the last resort, and an exact one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from listener.errors import ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.fields import count_of
from listener.pages.markup import web_url
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Pages of a list that are read where the option `list_pages` does not say."""
MOST_POSTS = 1000
"""Posts, or links to threads, that one page can hold."""
MOST_LISTS = 100
"""Lists that are remembered, to be looked at on every visit."""

_ATTRIBUTE = re.compile(r"(?P<css>[^@]*(?:@[^@]*[\]'\"][^@]*)*)@(?P<attribute>[\w:-]+)\s*\Z")
_ADDRESSES = frozenset(("href", "src", "cite", "action", "data-url", "data-href"))


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The page itself: a list of lists, a list of threads, or a thread, as the options say."""
    options = source.options
    role = "lists" if options.get("lists") else "list" if options.get("list") else "page"
    carry = {"pages": count_of(options, "list_pages", LIST_PAGES)}
    known = memory.get("lists", ()) if role == "lists" else ()  # they may move while the page that leads to them stays
    first = Link(url=web_url(source.url, source.url), role=role, carry=carry)
    return [first, *(Link(url=str(url), role="list", carry=carry) for url in known)]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Links of a list, or the posts of a thread's page. Raises `ReadError` naming the selector that finds nothing."""
    root, options = tree.tree_of(page), source.options
    if link.role == "lists":
        found = _links(root, page, options, "lists")
        links = tuple(Link(url=url, role="list", carry=link.carry) for url, _ in found)
        return Reading(links=links, memory={"lists": [each.url for each in links[:MOST_LISTS]]})
    if link.role == "list":
        return Reading(links=tuple(_threads(root, page, link, options)))
    return _thread(root, page, link, source)


def _links(root: Node, page: Page, options: Mapping[str, Any], key: str) -> list[tuple[str, Node]]:
    """The addresses that a selector finds, each once, with the element; refuses a selector that finds none."""
    css = _split(str(options[key]))[0]
    anchors = [_anchor(each) for each in tree.select(root, css)[:MOST_POSTS]]
    found = {url.split("#")[0]: each for each in anchors if (url := tree.link(each, page.url))}
    found.pop(page.url, None)
    if not found:
        raise _nothing(page, key, options)
    return list(found.items())


def _anchor(node: Node) -> Node:
    return node if node.get("href") else tree.first(node, "a[href]")


def _threads(root: Node, page: Page, link: Link, options: Mapping[str, Any]) -> Iterator[Link]:
    """Each thread, with a stamp where the option `stamp` says what shows a change; and the list's next page."""
    links = _links(root, page, options, "list")
    anchors = {id(each) for _, each in links}
    for url, anchor in links:
        stamp = _stamp(_row(anchor, anchors), str(options["stamp"]), page.url) if options.get("stamp") else ""
        yield Link(url=url, role="conversation", conversation=url, stamp=stamp)
    left = int(link.carry.get("pages", 1)) - 1
    for following in _next(root, page, options) if left > 0 else ():
        yield Link(url=following, role="list", carry={"pages": left})


def _row(anchor: Node, anchors: set[int]) -> Node:
    """The widest part of the page around this thread's link that holds no other thread's."""
    row = anchor
    for wider in anchor.iterancestors():
        if any(id(each) in anchors and each is not anchor for each in wider.iter("a", anchor.tag)):
            return row
        row = wider
    return row


def _stamp(row: Node, spec: str, base: str) -> str:
    css, attribute = _split(spec)
    return "|".join(_shown(each, attribute, base) for each in tree.select(row, css))[:500]


def _thread(root: Node, page: Page, link: Link, source: SourceSpec) -> Reading:
    options = source.options
    if not options.get("item"):
        raise ReadError(f"The source {source.name} needs the option item: the CSS selector of one post on its page.")
    items = tree.select(root, str(options["item"]))[:MOST_POSTS]
    if not items:
        raise _nothing(page, "item", options)
    if options.get("text") and not any(_found(item, options["text"]) is not None for item in items):
        raise _nothing(page, "text", options)
    thread = str(link.carry.get("thread") or link.conversation or page.url)
    title = str(link.carry.get("title") or _value(root, options, "title", page.url))
    entered = "thread" not in link.carry
    posts = [_post(item, page, source, thread, title) for item in items]
    if entered:
        posts[0] = replace(posts[0], title=posts[0].title or title, kind=PostKind.POST)
    carry = {"thread": thread, "title": title}
    links = tuple(
        Link(url=url, role="page", conversation=link.conversation, carry=carry)
        for url in _next(root, page, options)
        if url != thread
    )
    return Reading(posts=tuple(posts), links=links)


def _next(root: Node, page: Page, options: Mapping[str, Any]) -> list[str]:
    """The pages that the option `next` finds, all of them where it finds a row of page numbers."""
    if not options.get("next"):
        return [url] if (url := tree.next_page(root, page.url)) else []
    found = [tree.link(_anchor(each), page.url).split("#")[0] for each in tree.select(root, str(options["next"]))]
    return [url for url in dict.fromkeys(found) if url and url != page.url]


def _post(item: Node, page: Page, source: SourceSpec, thread: str, thread_title: str) -> Post:
    options, base = source.options, page.url
    author, date = _value(item, options, "author", base), _value(item, options, "date", base)
    body = _found(item, options.get("text") or "")
    text = tree.text(body) if body is not None else ""
    own_id = _value(item, options, "id", base) or item.get("id") or ""
    url = _value(item, options, "permalink", base) or (f"{thread}#{own_id}" if own_id else "")
    own_title = _value(item, options, "title", base)
    identity = own_id.rpartition("#")[2] or url or hashlib.sha256(f"{author}\n{date}\n{text}".encode()).hexdigest()[:24]
    return Post(
        external_id=identity,
        url=url or thread,
        text=text,
        title=own_title if own_title != thread_title else "",
        author=author,
        author_id=author,
        author_url=_value(item, options, "author_url", base) or _author_link(item, options, base),
        conversation_id=thread,
        conversation_url=thread,
        conversation_title=thread_title or own_title,
        parent_id=_value(item, options, "parent", base).rpartition("#")[2],
        kind=PostKind.REPLY,
        published_at=parse_date(
            date,
            now=page.fetched_at,
            zone=str(options.get("timezone") or "UTC"),
            day_first=options.get("day_first", True) is not False,
            pattern=str(options.get("date_pattern") or ""),
        ),
    )


def _author_link(item: Node, options: Mapping[str, Any], base: str) -> str:
    author = _found(item, options["author"]) if options.get("author") else None
    if author is None:
        return ""
    return tree.link(author if author.get("href") else tree.first(author, "a[href]"), base)


def _split(spec: str) -> tuple[str, str]:
    """A selector and, where it ends in `@name`, the attribute it asks for."""
    found = _ATTRIBUTE.match(spec)
    return (found["css"].strip(), found["attribute"]) if found else (spec.strip(), "")


def _found(node: Node, spec: object) -> Node | None:
    css = _split(str(spec))[0]
    return tree.first(node, css) if css else node


def _value(node: Node, options: Mapping[str, Any], key: str, base: str) -> str:
    """What an option finds in an element; "" where the option is not given or finds nothing."""
    spec = str(options.get(key) or "")
    if not spec:
        return ""
    found = _found(node, spec)
    return "" if found is None else _shown(found, _split(spec)[1], base, prefer="datetime" if key == "date" else "")


def _shown(node: Node, attribute: str, base: str, prefer: str = "") -> str:
    """An attribute, an address made absolute, or else the text on one line."""
    if attribute in _ADDRESSES:
        return tree.link(node, base, attribute)
    if attribute or (prefer and node.get(prefer)):
        return " ".join(str(node.get(attribute or prefer) or "").split())
    return tree.line(node)


def _nothing(page: Page, key: str, options: Mapping[str, Any]) -> ReadError:
    return ReadError(
        f"The selector {str(options[key])!r} (option {key}) finds nothing on {page.url}; the page may have changed."
    )
