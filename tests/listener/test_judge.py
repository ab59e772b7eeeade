"""What a post means to us: whose it is, which queries it answers, and what is understood of it."""

from __future__ import annotations

from typing import Any

import pytest

from listener import judge, understanding
from listener.types import Brand, Watchlist
from storage.types import Match, NewPost, Post

BRANDS = (
    Brand(name="maanbank", queries={"maanbank": "maanbank*"}, competitor=True),
    Brand(
        name="zonnebank",
        queries={"naam": 'zonnebank* OR "zonne bank"', "klacht": "zonnebank* storing"},
        own_accounts=("@zonnebank_help", "webcare@zonnebank.example"),
    ),
)


@pytest.fixture(scope="module")
def bench() -> judge.Bench:
    return judge.prepare(Watchlist(brands=BRANDS), understanding.load())


def one(bench: judge.Bench, text: str, **but: Any) -> NewPost:
    post = Post(**{"external_id": "1", "url": "https://forum.example/1", "text": text} | but)
    (found,) = judge.judge([post], bench, source="forum", kind="phpbb")
    return found


def test_a_post_names_every_query_it_answers_our_own_first(bench: judge.Bench) -> None:
    found = one(bench, "Storing bij Zonnebank, bij Maanbank niet.")
    assert found.matches == (
        Match(brand="zonnebank", query="naam"),
        Match(brand="zonnebank", query="klacht"),
        Match(brand="maanbank", query="maanbank"),
    )
    assert found.wants_case
    assert found.opinion is not None


def test_a_post_that_answers_nothing_is_not_understood(bench: judge.Bench) -> None:
    found = one(bench, "Wie heeft er een goed recept?")
    assert (found.matches, found.opinion, found.wants_case) == ((), None, False)


def test_a_post_about_a_competitor_alone_wants_no_case(bench: judge.Bench) -> None:
    found = one(bench, "Maanbank doet het weer niet, belachelijk!")
    assert found.opinion is not None
    assert not found.wants_case


@pytest.mark.parametrize("who", [{"author": "Zonnebank_Help"}, {"author_id": "@zonnebank_help", "author": "Sanne"}])
def test_our_own_accounts_are_known_by_name_and_by_handle(bench: judge.Bench, who: dict[str, str]) -> None:
    found = one(bench, "Zonnebank helpt je graag!", **who)
    assert (found.is_own, found.wants_case) == (True, False)


def test_a_post_without_an_author_is_nobodys(bench: judge.Bench) -> None:
    assert not one(bench, "Zonnebank?").is_own


def test_what_is_settled_is_matched_and_not_understood_again(bench: judge.Bench) -> None:
    post = Post(external_id="1", url="", text="Zonnebank doet het niet.")
    (found,) = judge.understood(judge.matched([post], bench, "forum", "phpbb"), bench, {"1"})
    assert (len(found.matches), found.opinion) == (1, None)


def test_a_text_too_short_to_tell_speaks_as_its_conversation_does(bench: judge.Bench) -> None:
    long = "Waarom kan ik al de hele ochtend niet inloggen bij Zonnebank? Ik krijg steeds een foutmelding."
    posts = [
        Post(external_id="1", url="", text=long, conversation_id="7"),
        Post(external_id="2", url="", text="Zonnebank?", conversation_id="7"),
    ]
    found = judge.judge(posts, bench, source="forum", kind="phpbb")
    assert [each.opinion.lang for each in found if each.opinion] == ["nl", "nl"]
