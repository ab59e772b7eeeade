"""Thousands of queries at once give what each gives alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import QueryError
from storage.query import matcher, tree
from storage.query.many import Matcher, check_collectable
from storage.query.seen import PostView
from storage.types import Post, PostKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def is_collectable(node: tree.Node) -> bool:
    try:
        check_collectable(node)
    except QueryError:
        return False
    return True


@settings(max_examples=60)
@given(data=st.data())
def test_all_at_once_gives_what_one_by_one_gives(
    data: st.DataObject, trees: st.SearchStrategy[tree.Node], texts: st.SearchStrategy[str]
) -> None:
    queries = dict(enumerate(data.draw(st.lists(trees.filter(is_collectable), max_size=12))))
    many = Matcher(queries, clock=lambda: NOW)
    for number in range(4):
        draw: Any = data.draw
        post = Post(
            external_id=str(number),
            url=draw(st.sampled_from(["https://www.x.nl/a", "https://b.x.nl", ""])),
            title=draw(st.just("") | texts),
            text=draw(texts),
            author=draw(st.sampled_from(["", "Jan", "jàn de Vries"])),
            kind=draw(st.sampled_from(PostKind)),
            lang=draw(st.sampled_from([None, "nl", "NL"])),
            published_at=draw(st.sampled_from([None, NOW])),
            reach=draw(st.sampled_from([None, 5000])),
        )
        source = draw(st.sampled_from(["blog", "Blog", "got"]))
        view = PostView.of(post, source=source, source_kind="rss", now=NOW)
        alone = [name for name, node in queries.items() if matcher.matches(node, view, now=NOW)]
        assert many.which(post, source=source, source_kind="rss") == alone


def test_answers_come_by_name_in_the_order_given() -> None:
    many = Matcher({"b": "bank*", "a": '"de bank"', "all": "*", "no": "maan OR zon"})
    assert many.which(Post(external_id="1", url="", text="de bank"), source="x", source_kind="rss") == ["b", "a", "all"]


def test_a_field_that_is_empty_is_found_in_any_case_of_none() -> None:
    many = Matcher({"lower": "lang:none", "upper": "lang:NONE"})
    assert many.which(Post(external_id="1", url="", text="bank"), source="x", source_kind="rss") == ["lower", "upper"]


def test_ages_are_measured_when_a_post_comes_not_when_the_queries_were_read() -> None:
    time = [NOW]
    many = Matcher({"young": "bank age:<1d"}, clock=lambda: time[0])
    post = Post(external_id="1", url="", text="bank", published_at=NOW)
    assert many.which(post, source="x", source_kind="rss") == ["young"]
    time[0] = NOW.replace(year=2027)
    assert many.which(post, source="x", source_kind="rss") == []


@pytest.mark.parametrize(
    "query", ["a tag:x", "NOT is:open", "bank status:new", "has:reply OR a", "brand:x", "priority:high"]
)
def test_what_nobody_knows_of_a_new_post_is_refused_for_collecting(query: str) -> None:
    with pytest.raises(QueryError) as caught:
        Matcher({"x": query})
    assert ":" in caught.value.query[caught.value.position :]


def test_a_wrong_query_among_many_is_refused() -> None:
    with pytest.raises(QueryError):
        Matcher({"good": "bank", "bad": "bank AND"})
