"""What each part of the language finds, in Dutch and English examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage.query import grammar, matcher
from storage.query.seen import PostView
from storage.types import Mention, Post, Priority, Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Make = Callable[..., Mention]


def answers(query: str, mention: Mention, *, me: str | None = None, now: datetime = NOW) -> bool:
    return matcher.matches(grammar.parse(query), mention, now=now, me=me)


TEXT = "De Zonnebank-app doet het niet: ‘Inloggen mislukt’. Wie helpt? #zonnebank @zonnebank.nl https://x.nl"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zonnebank", True),
        ("Z0nnebаnk", True),
        ("zonne*", True),
        ("*bank", True),
        ("*nneba*", True),
        ("zonneb?nk", True),
        ("zonneb?k", False),
        ("z*k", True),
        ("zonnebank-app", True),
        ('"app doet het"', True),
        ('"app het"', False),
        ('"zonneb* app"', True),
        ('"inloggen mislukt wie"', True),
        ("mislukt AND helpt", True),
        ("mislukt maanbank", False),
        ("maanbank OR helpt", True),
        ("helpt NOT maanbank", True),
        ("helpt -zonnebank", False),
        ("zonnebnak~1", True),
        ("zonebnak~1", False),
        ("zonebnak~2", True),
        ("#zonnebank", True),
        ("#zonne", False),
        ("#zonne*", True),
        ("@zonnebank", True),
        ("@zonnebank.nl", True),
        ("app NEAR/2 het", True),
        ("het NEAR/2 app", True),
        ("app NEAR/1 het", False),
        ("app ONEAR/2 het", True),
        ("het ONEAR/2 app", False),
        ("(app OR toestel) NEAR/2 niet", False),
        ("(app OR toestel) NEAR/3 (niet OR het)", True),
        ("zonnebank NEAR/1 app NEAR/1 doet", True),
        ("zonnebank NEAR/1 app NEAR/1 het", False),
        ('"inloggen mislukt" NEAR/2 helpt', True),
        ('"Zonnebank"c', True),
        ('"zonnebank"c', True),  # the tag
        ('"De zonnebank"c', False),
        ('"#zonne"c', False),
        ('"Wie helpt?"c', True),
        ("/inlog+en\\s+mis/", True),
        ("/^inlog/", False),
        ("title:zonnebank", False),
        ("*", True),
    ],
)
def test_text_is_found_by_what_the_query_says(query: str, found: bool, mention: Make) -> None:
    assert answers(query, mention(text=TEXT)) is found


def test_a_phrase_does_not_run_from_the_title_into_the_text(mention: Make) -> None:
    post = mention(title="Ik wil geld", text="terug van de bank")
    assert answers("geld terug title:geld -title:terug", post)
    assert not answers('"geld terug" OR geld NEAR/3 terug', post)


@pytest.mark.parametrize(
    ("query", "changes"),
    [
        ("author:jan", {"author": "Ján de Vries"}),
        ('author:"de vries"', {"author": "Ján de Vries"}),
        ("site:blog.example", {"url": "https://www.blog.example/x"}),
        ("site:example", {}),
        ("source:BLOG", {}),
        ("source:b*", {}),
        ("kind:post", {}),
        ("lang:none", {"lang": None}),
        ("brand:(maan* OR zonnebank)", {}),
        ("query:zonnebank", {}),
        ("intent:question", {"intents": ("complaint", "question")}),
        ("relevance:<0.3", {"relevance": 0.2}),
        ("priority:>=high", {"priority": Priority.URGENT}),
        ("priority:<high is:new is:open", {}),
        ("status:open is:open", {"status": Status.OPEN}),
        ("assignee:me is:assigned", {"assignee": "anna"}),
        ("assignee:none is:unassigned", {}),
        ('tag:"boze klant"', {"tags": ("Boze klant",)}),
        ("tag:none -has:tag", {}),
        ("group:pers", {"groups": ("pers",)}),
        ("has:reply has:note", {"has_reply": True, "has_note": True}),
        ("has:link", {"text": "zie WWW.x.nl"}),
        ("rating:<=2 has:rating", {"rating": 1.0}),
        ("reach:>=1k reach:<1m", {"reach": 1000}),
        ("age:>4h age:<6h within:1d", {}),
        ("after:2026-11-22 before:2026-11-23", {}),
        ("after:today before:2027", {}),
        ("id:7 case:1", {"id": 7}),
        ("is:mention -is:context", {}),
        ("is:duplicate is:own is:edited is:deleted", {
            "duplicates": (2,), "is_own": True, "edited_at": NOW, "deleted_at": NOW}),
    ],
)  # fmt: skip
def test_fields_are_found_by_their_values(query: str, changes: dict[str, Any], mention: Make) -> None:
    assert answers(query, mention(**changes), me="anna")


@pytest.mark.parametrize(
    "query", ["reach:>0", "reach:<10", "rating:1", "relevance:>=0", "tag:*", "has:parent", "is:snoozed"]
)
def test_a_post_without_a_value_does_not_answer_and_answers_the_opposite(query: str, mention: Make) -> None:
    assert not answers(query, mention())
    assert answers(f"NOT {query}", mention())


def test_nobody_has_the_cases_of_me_when_nobody_asks(mention: Make) -> None:
    assert not answers("assignee:me", mention(assignee="me"))


def test_dates_are_read_in_the_time_zone_of_now(mention: Make) -> None:
    late = mention(published_at=datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    assert not answers("after:2026-11-22", late)
    assert answers("after:2026-11-22", late, now=NOW.astimezone(ZoneInfo("Europe/Amsterdam")))


def test_a_post_that_is_not_stored_yet_is_matched_by_what_its_source_says() -> None:
    post = Post(external_id="1", url="https://x.nl/1", text="storing bij de bank", author="Jan", published_at=NOW)
    view = PostView.of(post, source="blog", source_kind="rss", now=NOW + timedelta(hours=1))
    for query, found in {
        "storing source:blog author:jan site:x.nl": True,
        "is:open": False,
        "-status:new": True,
    }.items():
        assert matcher.matches(grammar.parse(query), view, now=NOW) is found


@pytest.mark.parametrize(
    "query", ["/(a*)*b/", "*a*a*a*a*a*a*a*b", "aaaaaa~2", "a NEAR/100 (a NEAR/100 b)", '"a a a a b"']
)
def test_no_text_makes_a_query_slow(query: str, mention: Make) -> None:
    assert not answers(query, mention(text="a" * 50_000 + " a" * 19_000))


def test_text_that_is_no_valid_unicode_is_searched_all_the_same(mention: Make) -> None:
    assert answers('/bank/ bank "bank"c', mention(text="de \ud800 bank \x00"))
