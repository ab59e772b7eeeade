"""Hacker News: stories and comments by its search (hn.algolia.com/api), newest first, and whole threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from listener.errors import ReadError
from listener.pages.fields import number, record_of, rows, word
from listener.pages.markup import line_of, text_of, web_url
from listener.pages.syndication import moment
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

API = "https://hn.algolia.com/api/v1"
SITE = "https://news.ycombinator.com"
OVERLAP = 3600
"""Seconds before the newest known post that are asked again: the search learns of posts a little late."""


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """A search for each text of the option `search` (a text or a list); without it the newest of everything."""
    option = source.options.get("search")
    texts = [str(each) for each in (option if isinstance(option, list) else [option or ""])]
    since = max(0, int(memory.get("newest", 0)) - OVERLAP)
    newer = f"&numericFilters=created_at_i>{since}" if since else ""
    path = "search_by_date?tags=(story,comment,poll)&hitsPerPage=100&typoTolerance=false"
    return [Link(url=f"{API}/{path}&query={quote(each, safe='')}{newer}") for each in texts]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads what a search found, or one thread. Raises `ReadError` where the page is neither."""
    record = record_of(page)
    if link.role == "thread":
        return Reading(posts=tuple(_tree(record, page)))
    if not isinstance(record.get("hits"), list):
        raise ReadError(f"{page.url} does not hold what the search of Hacker News should give.")
    hits = [row for row in rows(record, "hits") if word(row, "objectID")]
    newest = max((number(row, "created_at_i") for row in hits), default=0)
    threads: dict[str, str] = {}
    for row in hits:
        threads.setdefault(word(row, "story_id", "objectID"), word(row, "objectID"))
    links = tuple(
        Link(url=f"{API}/items/{quote(thread)}", role="thread", conversation=thread, stamp=stamp)
        for thread, stamp in threads.items()
    )
    known = min(newest, int(page.fetched_at.timestamp()))
    return Reading(posts=tuple(_hit(row, page) for row in hits), links=links, memory={"newest": known} if known else {})


def _hit(row: Mapping[str, Any], page: Page) -> Post:
    return _post(
        page,
        identity=word(row, "objectID"),
        story=word(row, "story_id", "objectID"),
        parent=word(row, "parent_id"),
        title=word(row, "story_title", "title"),
        markup=word(row, "comment_text", "story_text"),
        address=word(row, "url"),
        author=word(row, "author"),
        created=word(row, "created_at"),
    )


def _tree(story: Mapping[str, Any], page: Page) -> list[Post]:
    """The story and all comments below it, level by level."""
    posts, level = [], [story]
    while level:
        posts += [
            _post(
                page,
                identity=word(row, "id"),
                story=word(story, "id"),
                parent=word(row, "parent_id"),
                title=word(story, "title"),
                markup=word(row, "text"),
                address=word(row, "url"),
                author=word(row, "author"),
                created=word(row, "created_at"),
            )
            for row in level
            if word(row, "id") and word(row, "author")  # a deleted comment has neither author nor text
        ]
        level = [child for row in level for child in rows(row, "children")]
    return posts


def _post(
    page: Page,
    *,
    identity: str,
    story: str,
    parent: str,
    title: str,
    markup: str,
    address: str,
    author: str,
    created: str,
) -> Post:
    is_story = identity == story
    text = text_of(markup)
    linked = web_url(page.url, address) if is_story and address else ""
    return Post(
        external_id=identity,
        url=f"{SITE}/item?id={identity}",
        title=line_of(title) if is_story else "",
        text="\n\n".join(part for part in (text, linked) if part),
        author=author,
        author_id=author,
        author_url=f"{SITE}/user?id={quote(author)}" if author else "",
        conversation_id=story,
        conversation_url=f"{SITE}/item?id={story}",
        conversation_title=line_of(title),
        parent_id=parent if parent != story else "",
        kind=PostKind.POST if is_story else PostKind.COMMENT,
        published_at=moment(created, page.fetched_at),
        lang="en",
    )
