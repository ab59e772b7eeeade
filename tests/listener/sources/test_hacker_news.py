"""Hacker News' search finds stories and comments, and each leads to its whole thread."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import ReadError
from listener.sources import hacker_news
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SPEC = SourceSpec(name="hn", url="https://news.ycombinator.com/", options={"search": ["zonnebank", "zonne bank"]})
STORY = {"objectID": "10", "story_id": 10, "title": "Zonnebank opens its API", "url": "https://zonnebank.example/api",
         "author": "pg", "created_at": "2026-11-20T10:00:00Z", "created_at_i": 1795168800}  # fmt: skip
COMMENT = {"objectID": "12", "story_id": 10, "parent_id": 11, "story_title": "Zonnebank opens its API", "author": "tl",
           "comment_text": "Finally &#x2F; <p>good", "created_at": "2026-11-20T12:00:00Z", "created_at_i": 1795176000,
           "_tags": ["comment"]}  # fmt: skip


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[[Link, Any], Reading]:
    return lambda link, found: hacker_news.read(page(link.url, body=json.dumps(found).encode()), link, SPEC)


def test_a_search_finds_stories_and_comments(read: Callable[[Link, Any], Reading]) -> None:
    first, second = hacker_news.start(SPEC, {})
    assert second.url.endswith("&query=zonne%20bank")
    reading = read(first, {"hits": [COMMENT, STORY]})
    comment, story = reading.posts
    assert (comment.text, comment.parent_id, comment.conversation_id) == ("Finally /\n\ngood", "11", "10")
    assert (comment.kind, comment.title, comment.conversation_title) == (
        PostKind.COMMENT,
        "",
        "Zonnebank opens its API",
    )
    assert (story.title, story.text, story.parent_id) == (
        "Zonnebank opens its API",
        "https://zonnebank.example/api",
        "",
    )
    assert story.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    (thread,) = reading.links
    assert (thread.conversation, thread.stamp) == ("10", "12")
    assert thread.url == "https://hn.algolia.com/api/v1/items/10"
    assert hacker_news.start(SPEC, reading.memory)[0].url.endswith("created_at_i>1795172400")


def test_a_thread_is_read_whole(read: Callable[[Link, Any], Reading]) -> None:
    leaf = {"id": 12, "parent_id": 11, "author": "tl", "text": "b", "created_at": "2026-11-20T12:00:00.000Z"}
    gone = {"id": 13, "parent_id": 10, "author": None, "text": None, "children": [{**leaf, "id": 14, "parent_id": 13}]}
    middle = {"id": 11, "parent_id": 10, "author": "x", "text": "a", "children": [leaf]}
    tree = {"id": 10, "title": "T", "author": "pg", "children": [middle, gone]}
    posts = read(Link(url="https://hn.algolia.com/api/v1/items/10", role="thread"), tree).posts
    assert [(post.external_id, post.parent_id) for post in posts] == [
        ("10", ""),
        ("11", ""),
        ("12", "11"),
        ("14", "13"),
    ]
    assert {post.conversation_id for post in posts} == {"10"}


@pytest.mark.parametrize("found", [{"hits": 3}, {}, []])
def test_what_is_no_search_is_refused(read: Callable[[Link, Any], Reading], found: Any) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        read(Link(url="https://hn.algolia.com/x"), found)


def test_a_time_to_come_does_not_stop_the_listening(read: Callable[[Link, Any], Reading]) -> None:
    reading = read(Link(url="https://hn.algolia.com/x"), {"hits": [{**STORY, "created_at_i": 9999999999}, {"x": 1}]})
    assert reading.memory["newest"] == int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
