"""Mastodon's lists lead to whole threads, under the post that began them, and catch up without a gap."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import ReadError
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
    posts = read(lead, {"ancestors": [status(1), status(2, parent=1)], "descendants": [status(4, parent=3)]}).posts
    assert [post.external_id for post in posts] == ["1", "2", "3", "4"]
    assert {post.conversation_id for post in posts} == {"1"}
    assert [post.parent_id for post in posts] == ["", "1", "2", "3"]


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
