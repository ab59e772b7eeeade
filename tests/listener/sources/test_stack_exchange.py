"""A question of Stack Exchange is read with its answers and the comments on all of them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import ReadError
from listener.sources import stack_exchange
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SPEC = SourceSpec(name="se", url="https://money.stackexchange.com/", options={"search": "zonne bank"})
OWNER = {"display_name": "Anna &amp; co", "user_id": 5, "link": "https://money.stackexchange.com/users/5/anna"}
AT = {"owner": OWNER, "creation_date": 1795168800}
QUESTION = {"question_id": 7, "title": "Zonnebank &quot;fee&quot;?", "link": "https://money.stackexchange.com/questions/7/x",
            "body": "<p>Why?</p>", "last_activity_date": 1795172400, **AT}  # fmt: skip


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[..., Reading]:
    def reading(link: Link, *items: Any, **more: Any) -> Reading:
        body = json.dumps({"items": list(items), **more}).encode()
        return stack_exchange.read(page(link.url, body=body), link, SPEC)

    return reading


def test_a_site_is_listened_to_by_search_by_tags_or_whole() -> None:
    (search,) = stack_exchange.start(SPEC, {})
    assert "/search/advanced?" in search.url and "&site=money&q=zonne%20bank" in search.url
    options = {"tagged": ["fees", "c++"], "key": "k&k"}
    (tagged,) = stack_exchange.start(SourceSpec(name="s", url="https://stackoverflow.com/", options=options), {})
    assert tagged.url.endswith("&site=stackoverflow.com&key=k%26k&tagged=fees;c%2B%2B")
    assert stack_exchange.start(SourceSpec(name="s", url="https://stackoverflow.com"), {})[0].url.endswith(
        "stackoverflow.com"
    )


def test_a_question_is_read_with_answers_and_comments(read: Callable[..., Reading]) -> None:
    listed = read(stack_exchange.start(SPEC, {})[0], QUESTION, backoff=10)
    (post,), (lead,) = listed.posts, listed.links
    assert (post.external_id, post.title, post.text, listed.hint) == ("7", 'Zonnebank "fee"?', "Why?", 10)
    assert (post.author, post.author_id) == ("Anna & co", "5")
    assert post.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (lead.conversation, lead.stamp) == ("7", "1795172400")
    (answers,) = read(lead, QUESTION).links
    found = read(answers, {"answer_id": 9, "question_id": 7, "body": "<p>Because.</p>", **AT})
    (answer,), (comments,) = found.posts, found.links
    assert (answer.external_id, answer.conversation_id, answer.kind) == ("9", "7", PostKind.REPLY)
    assert (answer.url, answer.parent_id) == ("https://money.stackexchange.com/a/9", "")
    assert "/posts/7;9/comments?" in comments.url
    rows = [{"comment_id": 1, "post_id": 9, "body": "Thanks", **AT}, {"comment_id": 2, "post_id": 7, "body": "?", **AT}]
    on_answer, on_question = read(comments, *rows).posts
    assert (on_answer.external_id, on_answer.parent_id, on_answer.conversation_id) == ("comment-1", "9", "7")
    assert (on_question.parent_id, on_question.conversation_title) == ("", 'Zonnebank "fee"?')
    assert {link.conversation for link in (answers, comments)} == {"7"}


@pytest.mark.parametrize("found", [{"error_id": 502, "error_message": "too many requests"}, [], {"items": 3}])
def test_an_error_is_passed_on_in_a_sentence(page: Callable[..., Page], found: Any) -> None:
    link = stack_exchange.start(SPEC, {})[0]
    with pytest.raises(ReadError, match=r"\.$"):
        stack_exchange.read(page(link.url, body=json.dumps(found).encode()), link, SPEC)


@pytest.mark.parametrize("role", ["list", "question", "answers", "comments"])
def test_strange_rows_hurt_nobody(read: Callable[..., Reading], role: str) -> None:
    link = Link(url="https://api.stackexchange.com/2.3/x", role=role, conversation="7", carry={"question_id": "7"})
    read(link, {}, None, {"question_id": [], "owner": 3}, {"answer_id": 1, "body": 5, "creation_date": "x"})
