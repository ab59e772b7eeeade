"""Lemmy's newest posts and comments lead to whole threads, with each comment under the one it answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import ReadError
from listener.sources import lemmy
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SPEC = SourceSpec(name="lemmy", url="https://lemmy.example/c/geldzaken@feddit.example")
CREATOR = {"name": "anna", "display_name": "Anna B", "actor_id": "https://feddit.example/u/anna"}
POST = {"id": 7, "name": "Zonnebank &amp; co", "body": "Wie **weet** dit?", "url": "https://nieuws.example/a",
        "published": "2026-11-20T10:00:00.123456", "updated": None}  # fmt: skip


def comment(number: int, path: str, **more: Any) -> dict[str, Any]:
    row = {"id": number, "post_id": 7, "content": f"tekst {number}", "published": "2026-11-20T11:00:00Z", "path": path}
    return {"comment": {**row, **more}, "post": POST, "creator": CREATOR, "counts": {}}


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[[Link, Any], Reading]:
    return lambda link, found: lemmy.read(page(link.url, body=json.dumps(found).encode()), link, SPEC)


def test_a_community_a_server_or_a_search_is_listened_to() -> None:
    posts, comments = lemmy.start(SPEC, {})
    assert (
        posts.url
        == "https://lemmy.example/api/v3/post/list?community_name=geldzaken%40feddit.example&sort=New&limit=50"
    )
    assert "/comment/list?community_name=" in comments.url
    assert "type_=Local" in lemmy.start(SourceSpec(name="l", url="https://lemmy.example/"), {})[0].url
    (search,) = lemmy.start(SourceSpec(name="l", url="https://lemmy.example/", options={"search": "zonne bank"}), {})
    assert search.url.endswith("/search?type_=All&sort=New&limit=50&q=zonne%20bank")
    assert lemmy.headers(SourceSpec(name="l", url="", options={"token": "t"}))


def test_one_post_is_listened_to_alone_and_rings_by_its_count_of_comments(read: Callable[[Link, Any], Reading]) -> None:
    [bell] = lemmy.start(SourceSpec(name="l", url="https://lemmy.example/post/7?scrollToComments=true"), {})
    found = {"post_view": {"post": POST, "creator": CREATOR, "counts": {"comments": 3}}}
    [whole] = read(bell, found).links
    assert (whole.url, whole.conversation, whole.stamp) == (bell.url, "7", "3 comments")
    reading = read(whole, found)
    assert [post.external_id for post in reading.posts] == ["7"]
    assert "&post_id=7" in reading.links[0].url


def test_a_thread_is_read_with_its_comments(read: Callable[[Link, Any], Reading]) -> None:
    link = lemmy.start(SPEC, {})[0]
    listed = read(link, {"posts": [{"post": POST, "creator": CREATOR, "counts": {"comments": 2}}]})
    (post,), (lead,) = listed.posts, listed.links
    assert (post.title, post.text) == ("Zonnebank & co", "Wie **weet** dit?\n\nhttps://nieuws.example/a")
    assert (post.author, post.author_id, post.url) == ("Anna B", CREATOR["actor_id"], "https://lemmy.example/post/7")
    assert post.published_at == datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
    assert (lead.conversation, lead.stamp) == ("7", "2 comments")
    (answers,) = read(lead, {"post_view": {"post": POST, "creator": CREATOR}}).links
    assert answers.conversation == "7" and "&post_id=7" in answers.url
    gone = comment(14, "0.14", deleted=True)
    first, second, third = read(answers, {"comments": [comment(12, "0.12"), comment(13, "0.12.13"), gone]}).posts
    assert (first.external_id, first.parent_id, second.parent_id) == ("comment-12", "", "comment-12")
    assert {one.conversation_id for one in (first, second, third)} == {"7"}
    assert (first.kind, first.text, third.deleted, third.text) == (PostKind.COMMENT, "tekst 12", True, "")


def test_a_new_comment_leads_to_its_thread(read: Callable[[Link, Any], Reading]) -> None:
    link = lemmy.start(SPEC, {})[1]
    (lead,) = read(link, {"comments": [comment(15, "0.15"), comment(12, "0.12")]}).links
    assert (lead.conversation, lead.stamp, lead.role) == ("7", "15", "post")


@pytest.mark.parametrize("found", [{"error": "couldnt_find_community"}, [], "x"])
def test_what_is_not_lemmys_is_refused(read: Callable[[Link, Any], Reading], found: Any) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        read(lemmy.start(SPEC, {})[0], found)


def test_strange_rows_hurt_nobody(read: Callable[[Link, Any], Reading]) -> None:
    strange = [
        {},
        {"post": 3, "comment": []},
        None,
        {"comment": {"id": 1, "path": 5}, "post": {"id": []}, "creator": "x"},
    ]
    assert len(read(lemmy.start(SPEC, {})[0], {"posts": strange, "comments": strange}).posts) == 1
