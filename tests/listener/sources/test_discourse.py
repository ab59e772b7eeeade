"""A Discourse forum in a subfolder, by the JSON its serializers write."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import discourse
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

BASE = "http://forum.example/praat"
SOURCE = SourceSpec(name="praat", kind="discourse", url=BASE + "/")
TOPIC = f"{BASE}/t/zonnebank-app-kan-niet-meer-inloggen-na-update/12"
TITLE = "Zonnebank app: kan niet meer inloggen na update"


@pytest.fixture
def topic(page: Pages) -> Reading:
    link = Link(url=f"{BASE}/t/12.json", role="conversation", conversation="12")
    return discourse.read(page(link.url, "discourse/topic.json"), link, SOURCE)


def listed(page: Pages, since: str) -> Reading:
    link = Link(url=f"{BASE}/latest.json", carry={"since": since, "pages": 2})
    return discourse.read(page(link.url, "discourse/latest.json"), link, SOURCE)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (BASE, f"{BASE}/latest.json"),
        (f"{BASE}/latest", f"{BASE}/latest.json"),
        (f"{BASE}/c/geld/sparen/7", f"{BASE}/c/geld/sparen/7.json"),
        (f"{BASE}/tag/rente", f"{BASE}/tag/rente.json"),
        (f"{BASE}/t/een-onderwerp/12/3", f"{BASE}/t/12.json"),
        ("http://forum.example", "http://forum.example/latest.json"),
    ],
)
def test_any_address_of_a_forum_has_its_list(address: str, url: str) -> None:
    assert discourse.start(SourceSpec(name="praat", url=address), {})[0].url == url


def test_a_topic_that_is_a_source_rings_before_it_is_read_whole(page: Pages) -> None:
    source = SourceSpec(name="praat", url=f"{BASE}/t/een-onderwerp/12/3")
    [bell] = discourse.start(source, {})
    reading = discourse.read(page(bell.url, "discourse/topic.json"), bell, source)
    [whole] = reading.links
    assert (whole.url, whole.conversation, reading.posts) == (f"{BASE}/t/12.json", "12", ())
    body = page("", "discourse/topic.json").body
    count = json.loads(body)["posts_count"]
    fewer = body.replace(f'"posts_count": {count}'.encode(), b'"posts_count": 1').replace(
        f'"posts_count":{count}'.encode(), b'"posts_count":1'
    )
    assert discourse.read(page(bell.url, body=fewer), bell, source).links[0].stamp != whole.stamp
    assert discourse.read(page(whole.url, "discourse/topic.json"), whole, source).posts


def test_a_key_goes_into_the_headers_and_no_key_leaves_them_alone() -> None:
    with_key = SourceSpec(name="praat", url=BASE, options={"api_key": "k", "api_user": "webcare"})
    assert discourse.headers(with_key) == {"Api-Key": "k", "Api-Username": "webcare"}
    assert discourse.headers(SOURCE) == {}


def test_the_list_rings_for_each_topic_and_remembers_how_far_it_came(page: Pages) -> None:
    reading = listed(page, "")
    assert [(link.url, link.conversation) for link in reading.links[:3]] == [
        (f"{BASE}/t/{number}.json", str(number)) for number in (1, 12, 14)
    ]
    assert reading.links[1].stamp == "23/23/2026-11-17T20:31:00.000Z/2026-11-17T20:31:00.000Z"
    assert reading.memory == {"since": "2026-11-17T20:31:00.000Z"}


def test_the_next_page_of_the_list_is_read_only_while_all_on_this_one_is_new(page: Pages) -> None:
    more = "http://forum.example/latest.json?no_definitions=true&page=1"
    assert listed(page, "2026-11-01T00:00:00.000Z").links[-1].url == more
    assert listed(page, "2026-11-16T00:00:00.000Z").links[-1].url != more


def test_a_post_keeps_its_text_author_time_and_place(topic: Reading) -> None:
    first, second, *_ = topic.posts
    assert first.text.startswith("Sinds de update") and first.text.endswith(
        ".\n\nHeeft iemand anders dit ook? De klantenservice van Zonnebank neemt niet op."
    )
    assert (first.external_id, first.conversation_id, first.parent_id) == ("12/1", "12", "")
    assert (first.author, first.author_id, first.author_url) == ("marieke_v", "marieke_v", f"{BASE}/u/marieke_v")
    assert (first.url, first.conversation_url) == (f"{TOPIC}/1", TOPIC)
    assert (first.title, first.conversation_title, first.kind) == (TITLE, TITLE, PostKind.POST)
    assert first.published_at == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert (first.edited_at, second.edited_at) == (datetime(2026, 11, 16, 8, 20, tzinfo=UTC), None)
    assert (second.title, second.kind, second.reach) == ("", PostKind.REPLY, 7)


def test_what_the_forum_adds_to_a_text_is_left_out(topic: Reading) -> None:
    texts = {post.external_id: post.text for post in topic.posts}
    assert "88 KB" not in texts["12/2"]
    assert texts["12/8"] == "Zie ook:\n\nhttps://nieuws.example/storing"
    assert "12/6" not in texts


def test_an_answer_knows_its_parent_by_reply_or_by_quote(topic: Reading) -> None:
    posts = {post.external_id: post for post in topic.posts}
    assert posts["12/4"].parent_id == "12/3"
    assert posts["12/5"].parent_id == "12/1"
    assert posts["12/5"].text == (
        "> marieke_v:\n>\n> Heeft iemand anders dit ook?\n\n"
        "Dag Marieke, excuus voor het ongemak. De storing is om 11:40 verholpen."
    )


def test_a_hidden_post_is_deleted_and_its_replacement_text_nobodys(topic: Reading) -> None:
    [hidden] = [post for post in topic.posts if post.deleted]
    assert (hidden.external_id, hidden.text) == ("12/7", "")


def test_the_other_posts_are_asked_for_by_number_newest_first(page: Pages, topic: Reading) -> None:
    assert topic.links[0].url == f"{BASE}/t/12/posts.json?post_ids[]=121&post_ids[]=122&post_ids[]=123"
    assert topic.links[1].url.startswith(f"{BASE}/t/12/posts.json?post_ids[]=109&")
    reading = discourse.read(page(topic.links[0].url, "discourse/posts.json"), topic.links[0], SOURCE)
    [post] = reading.posts
    assert (post.external_id, post.parent_id, post.conversation_title) == ("12/21", "12/5", TITLE)
    assert (post.url, reading.links) == (f"{TOPIC}/21", ())


def test_posts_that_cannot_be_asked_for_by_number_are_asked_for_by_page(topic: Reading) -> None:
    [link] = discourse.fallback(topic.links[0], FetchError("not found", status=404), SOURCE, {})
    assert link.url == f"{BASE}/t/12.json?page=2"
    assert discourse.fallback(link, FetchError("not found", status=404), SOURCE, {}) == []


def test_a_title_that_looks_like_markup_is_kept_as_it_was_written(page: Pages) -> None:
    written = 'Rare <script> & "tekens"'
    record = json.loads(page("", "discourse/topic.json").body) | {"title": written, "titleRaw": written}
    link = Link(url=f"{BASE}/t/12.json", role="conversation")
    reading = discourse.read(page(link.url, body=json.dumps(record).encode()), link, SOURCE)
    assert reading.posts[0].title == reading.posts[1].conversation_title == written


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"[]", b"[" * 99_999, b'{"post_stream": []}', b'{"topic_list": {"topics": [1]}}', b""]
)
def test_another_shape_is_refused_with_a_sentence_or_read_as_empty(page: Pages, body: bytes) -> None:
    link = Link(url=f"{BASE}/latest.json")
    try:
        assert discourse.read(page(link.url, body=body), link, SOURCE).posts == ()
    except ReadError as error:
        assert link.url in str(error)
