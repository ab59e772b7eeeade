"""Mastodon's lists lead to whole threads, under the post that began them, and catch up without a gap."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import mastodon
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]


def spec(url: str = "https://toot.example/", **options: Any) -> SourceSpec:
    return SourceSpec(name="toot", url=url, options=options)


def status(
    number: int, content: str = "<p>Zonnebank</p>", parent: int = 0, replies: int = 0, **more: Any
) -> dict[str, Any]:
    return {
        "id": str(number),
        "url": f"https://toot.example/@anna/{number}",
        "created_at": "2026-11-20T10:00:00.000Z",
        "edited_at": None,
        "in_reply_to_id": str(parent) if parent else None,
        "replies_count": replies,
        "language": "nl",
        "content": content,
        "account": {
            "acct": "anna",
            "display_name": "Anna B",
            "url": "https://toot.example/@anna",
            "followers_count": 12,
        },
        "reblog": None,
        **more,
    }


@pytest.fixture
def read(page: Pages) -> Callable[[Link, Any], Reading]:
    return lambda link, found: mastodon.read(page(link.url, body=json.dumps(found).encode()), link, spec())


def test_what_is_listened_to_is_said_by_address_or_options() -> None:
    one, two, three = mastodon.start(spec(tags=["#zonnebank", "geld"], search="zonne bank"), {})
    assert one.url == "https://toot.example/api/v1/timelines/tag/zonnebank?limit=40"
    assert two.url.endswith("/tag/geld?limit=40") and three.url.endswith("&q=zonne%20bank")
    assert mastodon.start(spec("https://toot.example/tags/zonnebank"), {})[0].url == one.url
    assert mastodon.start(spec("https://toot.example/@anna"), {})[0].role == "account"
    assert "timelines/public?local=true" in mastodon.start(spec(), {})[0].url
    assert mastodon.headers(spec(token="t")) == {"Authorization": "Bearer t"} and not mastodon.headers(spec())


def test_a_list_gives_posts_and_threads(read: Callable[[Link, Any], Reading]) -> None:
    (link,) = mastodon.start(spec(tags="zonnebank"), {})
    boost = status(9, reblog=status(1))
    found = [
        status(3, "<p>Ja @<b>bank</b><br>echt</p>", parent=2, spoiler_text="Klacht"),
        boost,
        status(2, replies=1),
        status(1),
    ]
    reading = read(link, found)
    answer, root, _ = reading.posts
    assert (answer.text, answer.parent_id, answer.kind) == ("Klacht\n\nJa @bank\necht", "2", PostKind.REPLY)
    assert (root.author, root.author_id, root.reach, root.lang) == ("Anna B", "anna", 12, "nl")
    assert root.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert [each.conversation_id for each in reading.posts] == ["2", "2", "1"], "as far as the list shows it"
    assert [each.conversation for each in reading.links] == ["2", "1"], "a thread is read once"
    (later,) = mastodon.start(spec(tags="zonnebank"), reading.memory)
    assert later.url.endswith("&since_id=3")


def test_a_thread_goes_by_the_post_that_began_it(read: Callable[[Link, Any], Reading]) -> None:
    (link,) = mastodon.start(spec(tags="zonnebank"), {})
    lead = read(link, [status(3, parent=2)]).links[0]
    json.dumps(dict(lead.carry))
    reading = read(lead, {"ancestors": [status(1), status(2, parent=1)], "descendants": [status(4, parent=3)]})
    posts, (whole,) = reading.posts, reading.links
    assert (whole.url, whole.conversation) == ("https://toot.example/api/v1/statuses/1/context", lead.conversation)
    assert [post.external_id for post in posts] == ["1", "2", "3", "4"]
    assert {post.conversation_id for post in posts} == {"1"}
    assert [post.parent_id for post in posts] == ["", "1", "2", "3"]


def test_a_post_that_was_seen_a_while_ago_is_asked_for_again(read: Callable[[Link, Any], Reading]) -> None:
    (link,) = mastodon.start(spec(), {})
    lead = read(link, [status(1)]).links[0]
    later = replace(lead, carry={**lead.carry, "seen": "2026-11-20T00:00:00+00:00"})
    reading = read(later, {"ancestors": [], "descendants": [status(2, parent=1)]})
    (again,) = reading.links
    assert ([post.external_id for post in reading.posts], again.url) == (
        ["2"],
        "https://toot.example/api/v1/statuses/1",
    )
    (post,) = read(again, status(1, "<p>Opgelost", edited_at="2026-11-21T10:00:00Z")).posts
    assert (post.text, post.conversation_id, post.edited_at) == (
        "Opgelost",
        "1",
        datetime(2026, 11, 21, 10, tzinfo=UTC),
    )


def test_a_post_is_gone_where_the_server_knows_neither_its_thread_nor_itself(
    read: Callable[[Link, Any], Reading],
) -> None:
    lead = read(mastodon.start(spec(), {})[0], [status(1)]).links[0]
    gone = FetchError("weg", status=404)
    (itself,) = mastodon.fallback(lead, gone, spec(), {})
    (asked,) = mastodon.fallback(itself, gone, spec(), {})
    assert asked.url == "https://toot.example/api/v1/instance", "a server that says nothing at all has deleted nothing"
    assert [(post.external_id, post.deleted) for post in read(asked, {}).posts] == [("1", True)]
    assert not mastodon.fallback(lead, FetchError("nu niet", status=503), spec(), {})


def test_what_is_missing_is_gone_only_where_a_thread_shows_as_many_answers_as_it_counts(
    read: Callable[[Link, Any], Reading],
) -> None:
    lead = read(mastodon.start(spec(), {})[0], [status(1, replies=1)]).links[0]
    later = replace(lead, carry={**lead.carry, "seen": ""})
    assert not read(lead, {"ancestors": [], "descendants": [status(2, parent=1)]}).incomplete
    for below in ([], [status(2, parent=1, replies=1)]):
        assert read(lead, {"ancestors": [], "descendants": below}).incomplete
    (itself,) = read(later, {"ancestors": [], "descendants": [status(2, parent=1)]}).links
    assert [read(itself, status(1, replies=count)).incomplete for count in (1, 2)] == [False, True]


def test_it_catches_up_page_by_page_and_only_then_remembers(read: Callable[[Link, Any], Reading]) -> None:
    (link,) = mastodon.start(spec(tags="zonnebank"), {"timelines/tag/zonnebank?limit=40": "5"})
    first = read(link, [status(n) for n in range(140, 100, -1)])
    (more,) = [each for each in first.links if each.role == "list"]
    assert not first.memory and more.url.endswith("&since_id=5&max_id=101")
    last = read(more, [status(n) for n in range(100, 90, -1)])
    assert last.memory == {"timelines/tag/zonnebank?limit=40": "140"}
    assert all(each.role == "thread" for each in last.links)


def test_an_account_leads_to_its_posts(read: Callable[[Link, Any], Reading]) -> None:
    (link,) = mastodon.start(spec("https://toot.example/@anna"), {})
    (lead,) = read(link, {"id": "77", "acct": "anna"}).links
    assert lead.url == "https://toot.example/api/v1/accounts/77/statuses?exclude_reblogs=true&limit=40"
    assert len(read(lead, [status(1)]).posts) == 1


@pytest.mark.parametrize("found", [{"error": "This method requires an authenticated user"}, "x", None, {"id": 1}])
def test_what_is_not_mastodons_is_refused(read: Callable[[Link, Any], Reading], found: Any) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        read(mastodon.start(spec(), {})[0], found)


@pytest.mark.parametrize(
    "row", [{}, {"id": "1"}, {"id": "1", "account": 3, "content": [], "created_at": 5, "language": 7}, None]
)
def test_strange_rows_hurt_nobody(read: Callable[[Link, Any], Reading], row: Any) -> None:
    assert len(read(mastodon.start(spec(), {})[0], [row]).posts) <= 1
