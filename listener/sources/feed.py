"""Feeds of every format: articles, comments, and where the whole text and the comments of an article are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from listener.errors import ListenerError, is_gone
from listener.pages import comment_scripts, tree
from listener.pages.fields import count_of
from listener.pages.syndication import Feed, Item, parse
from listener.sources import article, sitemap
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LOOKED_AT = 1_000_000
"""Characters of a page in which a comment box is looked for."""
OLDER_PAGES = 3
"""Pages of older items that are read on the first visit, where a feed says where they are."""
ON_PAGE = "page"
"""What the option `comments` says where the comments of an article stand on its page alone."""
_SITE = ("robots", "sitemap", "home", "page")
"""Roles in which the site is read as a sitemap tells it, or where there is none, as its own pages list it."""
HOME_PAGES = 10
"""Pages of a site's own list that are read for what is older than its feed."""
_COMMENT_MARK = re.compile(r"#(comment|isso|c|reactie|disqus_thread|respond)[-_]?\d")
_COMMENT_TITLE = re.compile(
    r"(?:comment on|reactie op|commentaar op|kommentar zu)\s(.{1,500})\s(?:by|door|von|van)\s.{1,200}\Z",
    re.IGNORECASE,
)
_FEED_TITLE = re.compile(r"(?:comments on|reacties op|commentaar op|kommentare zu)\s?:\s*(.+)\Z", re.IGNORECASE)


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The feed itself; on the first visit what is older may follow."""
    first = {"older": OLDER_PAGES, "back": count_of(source.options, "older", 0)}
    return [Link(url=source.url, carry={} if memory.get("read") else first)]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a feed, a comment feed (role `comments`) or an article whose feed gave a teaser (role `article`).

    Options: `full_text` (default true: read teasers whole at their address), `comments` (an address with `{path}`,
    `{url}` or `{id}` in it, where the comment feed of an article is, or `page`), `older` (articles older than the feed
    that are read on the first visit, as the sitemap names them; default 0), `timezone` (of dates without one).
    """
    if link.role == "article" or link.carry.get("below"):
        return _whole(page, link, source)
    if link.role in _SITE:
        return _back(page, link, source)
    if link.role == "comments" and (told := comment_scripts.read(page, link)):
        return told
    feed = parse(page, zone=str(source.options.get("timezone", "UTC")))
    comments = {item.id: item for item in feed.items if link.role == "comments" or is_comment(item)}
    posts = tuple(
        comment_post(item, link, feed, comments) if item.id in comments else article_post(item) for item in feed.items
    )
    links = [lead for item in feed.items if item.id not in comments for lead in _leads(item, source, page)]
    older = int(link.carry.get("older", 0))
    if older and feed.next_url and feed.next_url != page.url:
        links.append(Link(url=feed.next_url, carry={"older": older - 1}))
    if back := int(link.carry.get("back", 0)):
        known = [_bare(item.url) for item in feed.items]
        carry = {"back": back, "known": known, "home": _home_of(feed, page), "pages": HOME_PAGES}
        links.append(Link(url=urljoin(page.url, "/robots.txt"), role="robots", carry=carry))
    memory = {"read": True} if link.role == "list" else {}
    return Reading(posts=posts, links=tuple(links), memory=memory, hint=feed.hint, hub=feed.hub)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """Where an article cannot be fetched its teaser has to do, but its comments are read; a sitemap need not be."""
    if link.role in _SITE:
        usual = sitemap.fallback(link, error, source, memory)
        home = [Link(url=link.carry["home"], role="home")] if link.role == "sitemap" else start(source, memory)[:1]
        return [replace(each, carry=link.carry) for each in usual or home]
    url, is_below = link.carry.get("url"), link.carry.get("below")
    if link.role == "comments" and is_gone(error) and url and not is_below:  # some sites have none until one is said
        return [replace(link, url=str(url), carry={**link.carry, "below": True})]
    return _comments_of(link.carry, link.conversation) if link.role == "article" else []


def _back(page: Page, link: Link, source: SourceSpec) -> Reading:
    """What is older than the feed: from robots.txt to the sitemap, and to the pages on which an article has a date."""
    if link.role == "home":
        return _listed(page, link)
    found = sitemap.read(page, link, source)
    if link.role == "page":
        is_dated = any(post.kind == PostKind.ARTICLE and post.published_at for post in found.posts)
        return found if is_dated else Reading()
    known = set(link.carry["known"])
    files = (replace(each, carry=link.carry) for each in found.links if each.role == "sitemap")
    pages = (each for each in found.links if each.role == "page" and _bare(each.url) not in known)
    return Reading(links=(*files, *islice(pages, int(link.carry["back"]))))


def _home_of(feed: Feed, page: Page) -> str:
    """The site that this is the feed of, where it says so."""
    return feed.url if urlsplit(feed.url).netloc == urlsplit(page.url).netloc else urljoin(page.url, "/")


def _listed(page: Page, link: Link) -> Reading:
    """The links of a site's own list that look like those of its feed's items, and the next page of it."""
    root, known = tree.tree_of(page), list(link.carry["known"])
    folders = {_folder(each) for each in known}
    urls = dict.fromkeys(tree.link(each, page.url).split("#")[0] for each in tree.select(root, "a[href]"))
    pages = [url for url in urls if _folder(_bare(url)) in folders and _bare(url) not in known and "?" not in url]
    links = [Link(url=url, role="page", conversation=url, stamp="listed") for url in pages[: int(link.carry["back"])]]
    left = int(link.carry["pages"]) - 1
    if left and (following := tree.next_page(root, page.url)):
        carry = {**link.carry, "known": known + [_bare(url) for url in pages], "pages": left}
        links.append(Link(url=following, role="home", carry=carry))
    return Reading(links=tuple(links))


def _folder(bare: str) -> str:
    """Where a page lies, whatever its date."""
    return re.sub(r"\d+", "#", bare.rpartition("/")[0])


def _bare(url: str) -> str:
    """An address without what varies between a feed and a sitemap."""
    return url.split("#")[0].partition("://")[2].removeprefix("www.").rstrip("/")


def is_comment(item: Item) -> bool:
    """Whether an item of a feed is a comment on something rather than an article."""
    return bool(item.answers or _COMMENT_MARK.search(item.url) or _COMMENT_TITLE.match(item.title))


def article_post(item: Item) -> Post:
    """An item that begins a conversation."""
    return Post(
        external_id=item.id,
        url=item.url,
        title=item.title,
        text=item.text,
        author=item.author,
        author_id=item.author_url or item.author,
        author_url=item.author_url,
        conversation_id=item.id,
        conversation_url=item.url,
        conversation_title=item.title,
        kind=PostKind.ARTICLE,
        published_at=item.published,
        edited_at=item.edited,
        partial=item.is_teaser,
    )


def comment_post(item: Item, link: Link, feed: Feed, comments: Mapping[str, Item]) -> Post:
    """An item that answers something: in a feed of one article's comments, or among those of a whole site."""
    thread, parent = _place(item, link.conversation, comments)
    titled = _COMMENT_TITLE.match(item.title)
    about = _FEED_TITLE.match(feed.title)
    return Post(
        external_id=item.id,
        url=item.url,
        text=item.text,
        author=item.author,
        author_id=item.author_url or item.author,
        author_url=item.author_url,
        conversation_id=thread,
        conversation_url=str(link.carry.get("url") or "") or urldefrag(item.url).url,
        conversation_title=str(link.carry.get("title") or "")
        or (titled.group(1) if titled else about.group(1) if about else ""),
        parent_id=parent,
        kind=PostKind.COMMENT,
        published_at=item.published,
        edited_at=item.edited,
    )


def _place(item: Item, thread: str, comments: Mapping[str, Item]) -> tuple[str, str]:
    """The conversation and the comment an item answers.

    `thr:in-reply-to` names a comment or the article, whichever was answered: a comment is known by its being in
    the feed or by the mark in its address; what is left is the article.
    """
    seen, at = {item.id}, item
    while at.answers in comments and at.answers not in seen:
        seen.add(at.answers)
        at = comments[at.answers]
    to_comment = bool(item.answers) and (item.answers in comments or bool(_COMMENT_MARK.search(item.answers)))
    if thread:
        return thread, item.answers if item.answers != thread and (to_comment or "#" not in item.answers) else ""
    root = at.answers if at.answers and not _COMMENT_MARK.search(at.answers) else urldefrag(item.url).url
    return root, item.answers if to_comment else ""


def _leads(item: Item, source: SourceSpec, page: Page) -> list[Link]:
    """Where more of an item is: its page when this is a teaser (its comments are then found from there)."""
    carry: dict[str, Any] = {
        "title": item.title,
        "url": item.url,
        "comments_feed": item.comments_feed or _comments_feed(item, source),
        "comments": item.comments,
    }
    if not (item.is_teaser and item.url and source.options.get("full_text", True)):
        return _comments_of(carry, item.id) or _on_page(item, source, page)
    carry |= {"text": item.text, "author": item.author, "author_url": item.author_url}
    if item.published:
        carry["published"] = item.published.isoformat()
    stamp = hashlib.sha1(f"{item.text}|{item.comments}".encode(errors="replace"), usedforsecurity=False)
    return [Link(url=item.url, role="article", conversation=item.id, stamp=stamp.hexdigest(), carry=carry)]


def _comments_feed(item: Item, source: SourceSpec) -> str:
    pattern = str(source.options.get("comments", ""))
    if not pattern or pattern == ON_PAGE:
        return ""
    for name, value in (("{path}", urlsplit(item.url).path), ("{url}", item.url), ("{id}", item.id)):
        pattern = pattern.replace(name, quote(value, safe="/"))
    return pattern


def _on_page(item: Item, source: SourceSpec, page: Page) -> list[Link]:
    """The page of an article whose comments stand there alone: it is looked at again each day while the feed has it."""
    if source.options.get("comments") != ON_PAGE or not item.url:
        return []
    stamp, carry = f"{item.comments}/{page.fetched_at:%Y-%m-%d}", {"title": item.title, "url": item.url, "below": True}
    return [Link(url=item.url, role="comments", conversation=item.id, stamp=stamp, carry=carry)]


def LISTS_ALL(link: Link) -> bool:  # noqa: N802 - a fact about the kind, of which only some comments are sure
    """Whether all comments of an article are shown where they are kept."""
    return comment_scripts.lists_all(
        link.url if link.role == "comments" else str(link.carry.get("comments_feed") or "")
    )


def comment_box(page: Page) -> str:
    """Where the comments are of a page that leaves them to a script, as the option `comments`; else ""."""
    return comment_scripts.box(tree.decoded(page)[:LOOKED_AT], page.url)


def comments_at(page: Page, source: SourceSpec) -> str:
    """Where the page of an article shows that its comments are, as the option `comments` says it; "" nowhere."""
    if where := comment_box(page) or _comment_feed(page):
        return where
    found = article.read(page, Link(url=page.url, role="article"), source).posts
    return ON_PAGE if any(post.kind == PostKind.COMMENT for post in found) else ""


def _comment_feed(page: Page) -> str:
    """The comment feed that lies below an article's own address, as its page names it; "" where it names none."""
    site, path = urljoin(page.url, "/").rstrip("/"), urlsplit(page.url).path
    for each in tree.select(tree.tree_of(page), 'link[rel~="alternate"][type$="+xml"]'):
        feed = urlsplit(tree.link(each, page.url))
        if "comment" in feed.path[len(path) :] and feed.path.startswith(path) and path.endswith("/") and not feed.query:
            return f"{site}{{path}}{feed.path[len(path) :]}"
    return ""


def _comments_of(carry: Mapping[str, Any], thread: str) -> list[Link]:
    """The comment feed of an article, unless the feed says that there is no comment."""
    address, count = str(carry.get("comments_feed") or ""), str(carry.get("comments") or "")
    if not address or count == "0":
        return []
    about = {"title": carry.get("title"), "url": carry.get("url")}
    return [Link(url=address, role="comments", conversation=thread, stamp=count, carry=about)]


def whole(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A teaser's article with what stands below it, and its comment feed: unstamped, for its link's stamp led here."""
    found = article.read(page, link, source)
    follow = (replace(each, stamp="") for each in _comments_of(link.carry, link.conversation))
    return replace(found, links=(*found.links, *follow))


def _whole(page: Page, link: Link, source: SourceSpec) -> Reading:
    """The same with each comment once: where there is a feed of them, by the names they have there."""
    found = whole(page, link, source)
    if not any(each.role == "comments" for each in found.links):
        return found
    posts = tuple(post for post in found.posts if post.kind == PostKind.ARTICLE)
    return replace(found, posts=posts, links=tuple(each for each in found.links if each.role == "comments"))
