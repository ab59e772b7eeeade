"""A Flarum forum in a subfolder, by its JSON:API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.errors import ReadError
from listener.sources import flarum
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

BASE = "https://flarum.example/praat"
SOURCE = SourceSpec(name="praat", kind="flarum", url=BASE)
LIST = f"{BASE}/api/discussions?sort=-lastPostedAt"
POSTS = f"{BASE}/api/posts?filter[discussion]=5&sort=-number&page[limit]=50"
TITLE = "Zonnebank app: kan niet meer inloggen"


@pytest.fixture
def topic(page: Pages) -> Reading:
    return flarum.read(page(POSTS, "flarum/posts.json"), Link(url=POSTS, role="conversation", conversation="5"), SOURCE)


def listed(page: Pages, since: str) -> Reading:
    return flarum.read(
        page(LIST, "flarum/discussions.json"), Link(url=LIST, carry={"since": since, "pages": 2}), SOURCE
    )


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (BASE + "/", LIST),
        (f"{BASE}/all", LIST),
        (f"{BASE}/t/geld", LIST + "&filter[tag]=geld"),
        (f"{BASE}/d/5-zonnebank-app/3", POSTS),
    ],
)
def test_any_address_of_a_forum_has_its_list(address: str, url: str) -> None:
    assert flarum.start(SourceSpec(name="praat", url=address), {})[0].url == url


def test_a_discussion_that_is_a_source_rings_by_its_newest_posts_before_it_is_read_whole(page: Pages) -> None:
    source = SourceSpec(name="praat", url=f"{BASE}/d/5-zonnebank-app/3")
    [bell] = flarum.start(source, {})
    reading = flarum.read(page(bell.url, "flarum/posts.json"), bell, source)
    [whole] = reading.links
    assert (whole.url, whole.conversation, whole.role, reading.posts) == (POSTS, "5", "conversation", ())
    edited = page("", "flarum/posts.json").body.replace(b'"editedAt"', b'"other"')
    assert flarum.read(page(bell.url, body=edited), bell, source).links[0].stamp != whole.stamp


def test_a_key_goes_into_the_headers() -> None:
    assert flarum.headers(SourceSpec(name="praat", url=BASE, options={"api_key": "k"})) == {"Authorization": "Token k"}
    assert flarum.headers(SOURCE) == {}


def test_the_list_rings_for_each_discussion(page: Pages) -> None:
    links = listed(page, "2026-11-16").links
    assert [(link.conversation, link.stamp) for link in links[1:]] == [
        ("5", "53/54/2026-11-17T20:31:00+00:00"),
        ("6", "3/4/2026-11-15T10:00:00+00:00"),
    ]
    assert links[1].url == POSTS


def test_the_next_page_of_the_list_is_read_only_while_all_on_this_one_is_new(page: Pages) -> None:
    assert listed(page, "").links[-1].url == LIST + "&page%5Boffset%5D=20"
    assert listed(page, "").memory == {"since": "2026-11-17T20:31:00+00:00"}


def test_a_post_keeps_its_text_author_time_and_place(topic: Reading) -> None:
    first = topic.posts[-1]
    assert first.text == "Sinds de update kan ik niet meer inloggen bij Zonnebank.\n\nIemand anders ook?"
    assert (first.external_id, first.conversation_id, first.parent_id) == ("11", "5", "")
    assert (first.author, first.author_id, first.author_url) == ("Marieke V", "marieke_v", f"{BASE}/u/marieke_v")
    assert (first.url, first.conversation_url) == (f"{BASE}/d/5-zonnebank-app/1", f"{BASE}/d/5-zonnebank-app")
    assert (first.title, first.conversation_title, first.kind) == (TITLE, TITLE, PostKind.POST)
    assert first.published_at == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert first.edited_at == datetime(2026, 11, 16, 8, 20, tzinfo=UTC)


def test_an_answer_knows_its_parent_and_keeps_its_quote(topic: Reading) -> None:
    answer = topic.posts[1]
    assert (answer.external_id, answer.parent_id, answer.author, answer.kind) == ("13", "11", "", PostKind.REPLY)
    assert answer.text == "> marieke_v Iemand anders ook?\n\nJa, hier ook."


def test_hidden_posts_are_deleted_and_notices_are_left_out(topic: Reading) -> None:
    assert [(post.external_id, post.deleted, post.text == "") for post in topic.posts] == [
        ("15", True, True),
        ("13", False, False),
        ("11", False, False),
    ]


def test_older_posts_are_on_further_pages_of_the_same_conversation(topic: Reading) -> None:
    [link] = topic.links
    assert (link.role, link.conversation) == ("page", "5")
    assert link.url.endswith("page%5Boffset%5D=50")


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"data": {}}', b'{"data": [1, {}]}', b""])
def test_another_shape_is_refused_with_a_sentence_or_read_as_empty(page: Pages, body: bytes) -> None:
    for role in ("list", "conversation"):
        try:
            assert flarum.read(page(LIST, body=body), Link(url=LIST, role=role), SOURCE).posts == ()
        except ReadError as error:
            assert LIST in str(error)
