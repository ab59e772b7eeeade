"""Reddit: new posts and comments of a subreddit or a search, and whole threads; by its interface, else its feeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from listener.pages import reddit_api
from listener.pages.markup import text_of
from listener.pages.syndication import Item, parse
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

SITE = "https://www.reddit.com"
_THREAD = re.compile(r"/comments/([a-z0-9]{1,12})(?:/[^/?#]{0,300})?(?:/([a-z0-9]{1,12}))?")
_FRAME = re.compile(r"<!-- SC_OFF -->(.*)<!-- SC_ON -->", re.DOTALL)
_LINKED = re.compile(r'<a href="([^"]{1,2000})">\[link\]</a>')


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """New posts and new comments of the subreddit at `/r/NAME`; with the option `search`, what is found (there).

    With `client_id` and `client_secret` of an application they are read by the interface; with `username` and
    `password` as that account.
    """
    subreddit = re.search(r"/r/(\w{1,50}(?:\+\w{1,50})*)", source.url)
    place = f"{SITE}/r/{subreddit.group(1)}" if subreddit else SITE
    if source.options.get("client_id"):
        return reddit_api.start(source, subreddit.group(1) if subreddit else "")
    option = source.options.get("search")
    texts = [str(each) for each in (option if isinstance(option, list) else [option]) if each]
    inside = "&restrict_sr=on" if subreddit else ""
    if texts:
        return [Link(url=f"{place}/search.rss?q={quote(each, safe='')}&sort=new&limit=100{inside}") for each in texts]
    return [Link(url=f"{place}/{path}.rss?limit=100") for path in ("new/", "comments/")]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a feed of posts and comments. Raises `ReadError` where there is none, as when Reddit wants a login.

    A feed does not say which comment another answers, so that all answer the thread as a whole.
    """
    if source.options.get("client_id"):
        return reddit_api.read(page, link, source)
    feed = parse(page)
    posts = tuple(post for item in feed.items if (post := _post(item)))
    if link.role == "thread":
        return Reading(posts=posts)
    newest: dict[str, Post] = {}
    for post in posts:
        newest.setdefault(post.conversation_id, post)
    links = tuple(
        Link(
            url=f"{SITE}/comments/{thread.removeprefix('t3_')}/.rss?limit=500&sort=new",
            role="thread",
            conversation=thread,
            stamp=post.external_id,
        )
        for thread, post in newest.items()
    )
    return Reading(posts=posts, links=links, hint=feed.hint)


login, key, headers = reddit_api.login, reddit_api.key, reddit_api.headers


def _post(item: Item) -> Post | None:
    """A post or comment; None for what has no thread, such as a subreddit that a search found."""
    place = _THREAD.search(urlsplit(item.url).path)
    if place is None:
        return None
    thread, comment = f"t3_{place.group(1)}", place.group(2)
    author = item.author.removeprefix("/u/")
    title = re.sub(r"\A/u/\S{1,50} on ", "", item.title)
    post = Post(
        external_id=f"t1_{comment}" if comment else thread,
        url=item.url,
        text=_text(item),
        title="" if comment else title,
        author=author,
        author_id=author,
        author_url=f"{SITE}/user/{quote(author)}" if author else "",
        conversation_id=thread,
        conversation_url=f"{SITE}/comments/{place.group(1)}/",
        conversation_title=title,
        kind=PostKind.COMMENT if comment else PostKind.POST,
        published_at=item.published,
    )
    return post if comment else replace(post, conversation_url=item.url)


def _text(item: Item) -> str:
    """What was written, without the line "submitted by"; for a link that was posted, its address."""
    written = _FRAME.search(item.html)
    if written:
        return text_of(written.group(1))
    linked = _LINKED.search(item.html)
    return text_of(linked.group(1)) if linked else item.text
