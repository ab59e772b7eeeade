"""Pages that describe their posts in schema.org terms: forum threads, questions with answers, comments, reviews."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from listener.errors import ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.markup import text_of, unescaped, web_url
from listener.pages.microdata import Item, is_a, items_in, json_ld, microdata, words
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

MOST_POSTS = 2000
"""Posts, or links to threads, that one page can hold."""

_FORUM = ("DiscussionForumPosting", "SocialMediaPosting", "Question")
_ARTICLES = ("Article", "BlogPosting", "NewsArticle", "TechArticle", "Report", "LiveBlogPosting", "OpinionNewsArticle")
_REVIEWS = ("Review", "UserReview", "CriticReview", "EmployerReview")
_ANSWERS = ("Comment", "Answer", "CorrectionComment")
_POSTS = (*_FORUM, *_ARTICLES, *_REVIEWS, *_ANSWERS)
_INSIDE = ("acceptedAnswer", "suggestedAnswer", "comment", "comments", "review", "reviews")
_AROUND = ("mainEntity", "mainEntityOfPage", "hasPart", "itemListElement", "item", "itemReviewed")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a post stands: its page, its conversation, and what it answers."""

    page: Page
    thread: str
    title: str
    zone: str
    forum: bool = False
    parent: str = ""


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The page itself."""
    return [Link(url=web_url(source.url, source.url))]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """The posts of a page and, from the page of the source itself, the threads that it lists.

    Raises `ReadError` where there is neither, or where the option `links` finds nothing.
    """
    root = tree.tree_of(page)
    shown = tree.line(tree.first(root, "h1", "title"))
    roots = _posts_of(json_ld(root)), _posts_of(microdata(root))
    found = [list(islice(_read_all(each, shown, page, link, source), MOST_POSTS)) for each in roots]
    better = 1 if len(found[1]) > len(found[0]) else 0
    threads = [] if link.conversation or link.role == "page" else _threads(root, page, source, roots[better])
    if not found[better] and not threads:
        raise ReadError(f"{page.url} describes no posts in schema.org terms (JSON-LD or microdata).")
    links = [*threads, *_onward(root, page, link, found[better])]
    return Reading(posts=tuple(found[better]), links=tuple(links))


def _onward(root: Node, page: Page, link: Link, posts: list[Post]) -> Iterator[Link]:
    """The next page, told to which thread it belongs where this one shows a single thread."""
    threads = {post.conversation_id for post in posts}
    carry = {"thread": posts[0].conversation_id, "title": posts[0].conversation_title} if len(threads) == 1 else {}
    if following := tree.next_page(root, page.url):
        yield Link(url=following, role="page", conversation=link.conversation, carry=carry)


def _posts_of(items: list[Item]) -> list[Item]:
    """The outermost posts among the items of a page, in order."""
    found: list[Item] = []
    waiting = [(item, 0) for item in reversed(items)]
    inner: set[int] = set()
    seen: set[int] = set()  # items may hold each other by reference
    while waiting:
        item, depth = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if is_a(item, *_POSTS):
            found.append(item)
            inner.update(id(each) for each in items_in(item, *_INSIDE))
        elif depth < 8:
            waiting.extend((each, depth + 1) for each in reversed(items_in(item, *_AROUND, *_INSIDE)))
    return [item for item in found if id(item) not in inner] or found[:1]


def _threads(root: Node, page: Page, source: SourceSpec, posts: list[Item]) -> list[Link]:
    """The threads of a list: by the option `links`, else by the page's ItemList, else its posts that live elsewhere."""
    css = str(source.options.get("links") or "")
    stamps = {url: _stamp(item) for item in posts if (url := _address(item, page.url))}
    if css:
        urls = [tree.link(each, page.url).split("#")[0] for each in tree.select(root, css)]
        if not any(urls):
            raise ReadError(f"The selector {css!r} (option links) finds no links on {page.url}.")
    else:
        urls = [_address(each, page.url) for item in json_ld(root) if is_a(item, "ItemList") for each in _listed(item)]
        urls += stamps if len(posts) > 1 else ()
    own = {page.url.split("#")[0], source.url}
    return [
        Link(url=url, role="conversation", conversation=url, stamp=stamps.get(url, ""))
        for url in list(dict.fromkeys(urls))[:MOST_POSTS]
        if url and url not in own
    ]


def _listed(item: Item) -> Iterator[Item]:
    for entry in items_in(item, "itemListElement"):
        yield from items_in(entry, "item") or [
            {"url": [words(entry, "item", "url")]} if words(entry, "item") else entry
        ]


def _stamp(item: Item) -> str:
    counts = [words(each, "userInteractionCount") for each in items_in(item, "interactionStatistic")]
    return "/".join((words(item, "commentCount", "answerCount"), *counts, words(item, "dateModified"))).strip("/")


def _address(item: Item, base: str) -> str:
    """The item's own address without its fragment; "" where it has none."""
    return next((web_url(base, each).split("#")[0] for each in _names(item) if not each.startswith("#")), "")


def _names(item: Item) -> Iterator[str]:
    """The addresses by which an item may be known, best first."""
    pages = (str(each.get("@id", "")) for each in items_in(item, "mainEntityOfPage"))
    for name in (words(item, "url"), str(item.get("@id", "")), words(item, "fragment"), *pages):
        if name and not name.startswith("_:"):
            yield name


def _read_all(roots: list[Item], shown: str, page: Page, link: Link, source: SourceSpec) -> Iterator[Post]:
    seen: set[int] = set()
    for item in roots:
        known = str(link.carry.get("thread") or link.conversation)
        thread = known if len(roots) == 1 or is_a(item, *_ANSWERS) else ""
        title = _line(words(item, "headline", "name")) if is_a(item, *_FORUM, *_ARTICLES) else ""
        place = _Place(
            page=page,
            thread=thread or (_address(item, page.url) if is_a(item, *_FORUM, *_ARTICLES) else "") or page.url,
            title=title or str(link.carry.get("title") or shown),
            zone=str(source.options.get("timezone") or "UTC"),
            forum=is_a(item, *_FORUM),
        )
        yield from _read_one(item, place, seen, depth=0)


def _read_one(item: Item, place: _Place, seen: set[int], depth: int) -> Iterator[Post]:
    """A post and, after it, those inside it; each item once, for items may hold each other by reference."""
    if id(item) in seen:
        return
    seen.add(id(item))
    post = _post(item, place, opens=depth == 0 and not is_a(item, *_ANSWERS, *_REVIEWS))
    if post.text or post.title:
        yield post
    parent = post.external_id if is_a(item, *_ANSWERS, *_REVIEWS) else ""
    inside = _Place(place.page, place.thread, place.title, place.zone, place.forum, parent)
    for each in items_in(item, *_INSIDE) if depth < 30 else ():
        yield from _read_one(each, inside, seen, depth + 1)


def _post(item: Item, place: _Place, *, opens: bool) -> Post:
    base, now = place.page.url, place.page.fetched_at
    body = words(item, "text", "articleBody", "reviewBody")
    teaser = "" if body else words(item, "description", "abstract")
    text = text_of(body or teaser)
    author, author_url = _author(item, base)
    url = next((url for each in _names(item) if (url := web_url(base, each))), "")
    published = parse_date(words(item, "datePublished", "dateCreated", "uploadDate"), now=now, zone=place.zone)
    edited = parse_date(words(item, "dateModified"), now=now, zone=place.zone)
    return Post(
        external_id=_identity(item, base) or url or _digest(author, str(published), text),
        url=url or place.thread,
        text=text,
        title=_line(words(item, "headline", "name")) if opens or is_a(item, *_REVIEWS) else "",
        author=author,
        author_id=author,
        author_url=author_url,
        conversation_id=place.thread,
        conversation_url=place.thread,
        conversation_title=place.title,
        parent_id=next((_identity(each, base) for each in items_in(item, "parentItem")), "") or place.parent,
        kind=_kind(item, place),
        published_at=published,
        edited_at=edited if edited and published and edited > published else None,
        partial=bool(teaser),
        lang=words(item, "inLanguage")[:2].lower() or None,
        rating=_rating(item),
    )


def _identity(item: Item, base: str) -> str:
    """What the site calls the post: its address where it has one, so that page and list agree."""
    for named in (str(item.get("@id", "")), words(item, "url"), words(item, "fragment")):
        if named and not named.startswith("_:"):
            return web_url(base, named) or named
    return words(item, "identifier")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:24]


def _author(item: Item, base: str) -> tuple[str, str]:
    for person in items_in(item, "author", "creator"):
        if name := _line(words(person, "name", "alternateName", "givenName")):
            address = words(person, "url", "sameAs") or str(person.get("@id", ""))
            return name, web_url(base, address) if address and not address.startswith(("#", "_:")) else ""
    return _line(words(item, "author", "creator")), ""


def _line(text: str) -> str:
    """A title or a name on one line; entities are decoded, and what looks like a tag was meant to be read."""
    return " ".join(unescaped(text).split())


def _kind(item: Item, place: _Place) -> PostKind:
    if is_a(item, *_REVIEWS):
        return PostKind.REVIEW
    if is_a(item, *_ARTICLES):
        return PostKind.ARTICLE
    if is_a(item, *_FORUM):
        return PostKind.POST
    return PostKind.REPLY if place.forum or is_a(item, "Answer") else PostKind.COMMENT


def _rating(item: Item) -> float | None:
    """The stars, brought to 1 to 5 from the scale that the review names (schema.org: 1 to 5 where it names none)."""
    for given in items_in(item, "reviewRating", "rating"):
        try:
            value, best, worst = (
                float(words(given, name).replace(",", ".") or default)
                for name, default in (("ratingValue", "nan"), ("bestRating", "5"), ("worstRating", "1"))
            )
        except ValueError:
            return None
        if worst < best and worst <= value <= best:
            return round(1 + 4 * (value - worst) / (best - worst), 2)
    return None
