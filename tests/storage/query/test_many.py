"""Thousands of queries at once give what each gives alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from storage.errors import QueryError
from storage.query import grammar, matcher, tree
from storage.query import many as many_module
from storage.query.many import Matcher, arrival, check_collectable, fuzzy
from storage.query.many.fuzzy import Likeness
from storage.query.seen import PostView
from storage.types import Post, PostKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def is_collectable(node: tree.Node) -> bool:
    try:
        check_collectable(node)
    except QueryError:
        return False
    return True


@pytest.fixture(autouse=True, scope="module")
def _counted_at_once() -> Iterator[None]:
    """Queries are laid out anew after a post or two, as they are in a stream after some hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_module, "ALL", 3)
        patch.setattr(many_module, "EVERY", 1)
        patch.setattr(many_module, "GROWTH", 2)
        yield


@settings(max_examples=40)
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


WORDS = ["de", "den", "bank", "banken", "zon", "zonnebank", "rente"]
PARTS = st.sampled_from(
    [
        *(*WORDS, "-de", "ban*", "*ank", "*nn*", "z*n", "bank~1", "zonnebnak~2", '"de bank"', '"den zon*"'),
        *("-title:zon", "(de OR -bank)", "(zon OR rente)", "de NEAR/2 (zon OR bank)", "lang:nl", "source:blog"),
    ]
)


@pytest.mark.parametrize("few", [0, 99], ids=["as a set", "one by one"])
@settings(max_examples=12)
@given(
    asked=st.lists(st.lists(PARTS, min_size=1, max_size=4), min_size=40, max_size=80),
    told=st.lists(st.lists(st.sampled_from(WORDS), max_size=12), min_size=6, max_size=6),
)
def test_scores_of_queries_about_the_same_few_words_give_what_each_gives(
    few: int, asked: list[list[str]], told: list[list[str]]
) -> None:
    queries = {number: grammar.parse(" ".join(parts)) for number, parts in enumerate(asked)}
    many = Matcher(queries, clock=lambda: NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrival, "FEW", few)
        for words in told:
            post = Post(external_id="1", url="", title=" ".join(words[:2]), text=" ".join(words[2:]), lang="nl")
            view = PostView.of(post, source="blog", source_kind="rss", now=NOW)
            alone = [name for name, node in queries.items() if matcher.matches(node, view, now=NOW)]
            assert many.which(post, source="blog", source_kind="rss") == alone


LETTERS = st.text("abc", min_size=1, max_size=11)


@given(word=st.text("abc", min_size=5, max_size=11), others=st.sets(LETTERS), distance=st.sampled_from([1, 2]))
def test_a_word_is_like_another_when_so_many_letters_differ_wherever_they_are(
    word: str, others: set[str], distance: int
) -> None:
    like = Likeness([tree.Fuzzy(word, distance)])
    for other in others:
        assert bool(like.of({other})) is (OSA.distance(word, other) <= distance)
    assert bool(like.of(others)) is any(OSA.distance(word, other) <= distance for other in others)


def test_threads_share_a_matcher_that_learns_and_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzy, "MOST_WORDS", 20)
    queries = {part: " ".join(["bank~1", part]) for part in ("rente", "zon", '"de bank"', "-den", "den NEAR/1 bank")}
    posts = [
        Post(external_id=str(n), url="", text=f"de banl{n % 7} bank{n % 3 * 'e'} den w{n} {WORDS[n % 7]}")
        for n in range(150)
    ]
    shared = Matcher(queries)

    def which(post: Post) -> list[str]:
        return shared.which(post, source="x", source_kind="rss")

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(which, posts))
    finally:
        sys.setswitchinterval(usual)
    assert found == [Matcher(queries).which(post, source="x", source_kind="rss") for post in posts]


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
