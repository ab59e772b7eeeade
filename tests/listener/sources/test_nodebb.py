"""A NodeBB forum in a subfolder, by the JSON of its read API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.errors import ReadError
from listener.sources import nodebb
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

BASE = "http://nodebb.example/forum"
SOURCE = SourceSpec(name="nodebb", kind="nodebb", url=BASE + "/")
SLUG = "12/zonnebank-app-kan-niet-meer-inloggen-na-update"
TITLE = "Zonnebank app: kan niet meer inloggen na update"


@pytest.fixture
def topic(page: Pages) -> Reading:
    link = Link(url=f"{BASE}/api/topic/{SLUG}", role="conversation", conversation="12")
    return nodebb.read(page(link.url, "nodebb/topic.json"), link, SOURCE)


def listed(page: Pages, since: int) -> Reading:
    link = Link(url=f"{BASE}/api/recent", carry={"since": since, "pages": 2})
    return nodebb.read(page(link.url, "nodebb/recent.json"), link, SOURCE)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (BASE, f"{BASE}/api/recent"),
        (f"{BASE}/recent", f"{BASE}/api/recent"),
        (f"{BASE}/category/2/geldzaken", f"{BASE}/api/category/2/geldzaken"),
        (f"{BASE}/topic/12/zonnebank/4", f"{BASE}/api/topic/12/zonnebank"),
        ("http://nodebb.example", "http://nodebb.example/api/recent"),
    ],
)
def test_any_address_of_a_forum_has_its_list(address: str, url: str) -> None:
    assert nodebb.start(SourceSpec(name="nodebb", url=address), {})[0].url == url


def test_a_topic_that_is_a_source_rings_before_it_is_read_whole(page: Pages) -> None:
    source = SourceSpec(name="nodebb", url=f"{BASE}/topic/{SLUG}/4")
    [bell] = nodebb.start(source, {})
    reading = nodebb.read(page(bell.url, "nodebb/topic.json"), bell, source)
    [whole] = reading.links
    assert (whole.url, whole.conversation, whole.stamp) == (f"{BASE}/api/topic/{SLUG}", "12", "45/1794947460000")
    assert not reading.posts
    with pytest.raises(ReadError):
        nodebb.read(page(bell.url, body=b"{}"), bell, source)


def test_the_list_rings_for_each_topic_that_is_there(page: Pages) -> None:
    reading = listed(page, 1794947460000)
    assert [(link.url, link.conversation, link.stamp) for link in reading.links] == [
        (f"{BASE}/api/topic/{SLUG}", "12", "23/1794947460000/123"),
        (f"{BASE}/api/topic/14/spaarrente-vergelijken-wie-geeft-er-nog-2", "14", "3/1794736800000/90"),
    ]
    assert reading.memory == {"since": 1794947460000}


def test_the_next_page_of_the_list_is_read_only_while_all_on_this_one_is_new(page: Pages) -> None:
    assert listed(page, 0).links[-1].url == f"{BASE}/api/recent?page=2"
    assert listed(page, 1794736800000).links[-1].conversation == "14"


def test_a_post_keeps_its_text_author_time_and_place(topic: Reading) -> None:
    first, second, *_ = topic.posts
    assert first.text.startswith("Sinds de update") and "\n\nHeeft iemand anders" in first.text
    assert (first.external_id, first.conversation_id, first.parent_id) == ("101", "12", "")
    assert (first.author, first.author_url) == ("marieke_v", f"{BASE}/user/marieke_v")
    assert (first.url, first.conversation_url) == (f"{BASE}/post/101", f"{BASE}/topic/{SLUG}")
    assert (first.title, first.conversation_title, first.kind) == (TITLE, TITLE, PostKind.POST)
    assert first.published_at == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert (first.edited_at, second.edited_at) == (datetime(2026, 11, 16, 8, 20, tzinfo=UTC), None)
    assert (second.title, second.kind) == ("", PostKind.REPLY)


def test_an_answer_knows_its_parent_and_keeps_its_quote(topic: Reading) -> None:
    answer = topic.posts[3]
    assert answer.parent_id == "103"
    assert answer.text.endswith("\n\n> verwijder de app\n\nDank je Henk, dat werkte!")


def test_deleted_posts_and_guests_are_shown_as_they_are(topic: Reading) -> None:
    deleted, guest = topic.posts[4:]
    assert (deleted.deleted, deleted.text) == (True, "")
    assert (guest.author, guest.author_url) == ("Bezoeker", "")


def test_the_other_pages_of_a_topic_are_asked_for_newest_first(page: Pages, topic: Reading) -> None:
    assert [link.url for link in topic.links] == [f"{BASE}/api/topic/{SLUG}?page={place}" for place in (3, 2)]
    assert not nodebb.read(page(topic.links[0].url, "nodebb/topic.json"), topic.links[0], SOURCE).links


def test_a_redirect_said_in_json_is_followed_once(page: Pages) -> None:
    link = Link(url=f"{BASE}/api/topic/12", role="conversation", conversation="12")
    [further] = nodebb.read(page(link.url, body=f'"/forum/topic/{SLUG}"'.encode()), link, SOURCE).links
    assert (further.url, further.conversation) == (f"{BASE}/api/topic/{SLUG}", "12")
    with pytest.raises(ReadError):
        nodebb.read(page(further.url, body=b'"/forum/topic/12/again"'), further, SOURCE)


def test_a_title_that_looks_like_markup_is_kept_as_it_was_written(page: Pages) -> None:
    written = 'Rare <script> & "tekens"'
    record = json.loads(page("", "nodebb/topic.json").body) | {"title": written, "titleRaw": written}
    link = Link(url=f"{BASE}/api/topic/{SLUG}", role="conversation")
    reading = nodebb.read(page(link.url, body=json.dumps(record).encode()), link, SOURCE)
    assert reading.posts[0].title == reading.posts[1].conversation_title == written


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"[]", b"[" * 99_999, b'{"posts": [1, {}]}', b'{"topics": [{}]}', b""]
)
def test_another_shape_is_refused_with_a_sentence_or_read_as_empty(page: Pages, body: bytes) -> None:
    link = Link(url=f"{BASE}/api/recent")
    try:
        assert nodebb.read(page(link.url, body=body), link, SOURCE).posts == ()
    except ReadError as error:
        assert link.url in str(error)
