"""The hint under a question that a customer answered already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk import locale
from desk.widgets.conversation import conversation
from desk.widgets.helped import MOST, hints
from storage.types import Case, CaseFile, Mention, PostKind, Priority, Sentiment, Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANSWER = "Wat bij mij hielp: opnieuw installeren."


@pytest.fixture(autouse=True)
def dutch() -> Any:
    locale.use("nl", UTC)
    yield
    locale.use("en", UTC)


def a_post(number: int, author: str, text: str, **more: Any) -> Mention:
    values: dict[str, Any] = {
        "id": number, "case_id": None, "source": "forum", "source_kind": "phpbb", "brand": None, "brands": (),
        "queries": (), "url": "", "title": "", "text": text, "lang": "nl", "author": author, "author_url": None,
        "author_id": sum(map(ord, author)), "conversation_id": 1, "conversation_url": None, "parent_id": None,
        "kind": PostKind.POST, "published_at": NOW + timedelta(seconds=number),
        "first_seen_at": NOW + timedelta(hours=1),
        "edited_at": None, "deleted_at": None, "sentiment": Sentiment.UNRATED, "sentiment_score": None,
        "confidence": None, "intents": (), "relevance": None, "priority": Priority.NORMAL, "priority_score": 0,
        "reasons": (), "reach": None, "duplicates": (), "status": None, "assignee": None, "tags": (), "rating": None,
    }  # fmt: skip
    return Mention(**(values | more))


def a_file(*posts: Mention) -> CaseFile:
    case = Case(
        id=1, version=1, epoch=0, status=Status.NEW, assignee=None, lease_until=None, snoozed_until=None,
        priority=Priority.NORMAL, priority_score=35, brand="zonnebank", source="forum", source_kind="phpbb",
        conversation_id=1, author_id=1, author="marieke_v", title="App", text="Hoe dan?", url="https://forum.example/1",
        lang="nl", sentiment=Sentiment.NEUTRAL, intents=("question",), tags=(), mentions=1, opened_at=NOW,
        last_mention_at=NOW, reply_state=None,
    )  # fmt: skip
    return CaseFile(case=case, conversation_title="App", thread=posts, replies=(), trail=(), author=None, earlier=())


QUESTION = a_post(1, "marieke_v", "Hoe kom ik weer in de app?", case_id=1, intents=("question",))


def said(file: CaseFile) -> str:
    return "\n".join("".join(text for text, _ in line) for line in conversation(file, NOW)(70))


@pytest.mark.parametrize(
    ("thanks", "hint"),
    [
        ("Oké.", "henk beantwoordde dit"),
        ("Dank je Henk!", "henk beantwoordde dit, en werd bedankt"),
        ("Dank je Henk, dat werkte!", "henk beantwoordde dit, en het werkte"),
    ],
)
def test_a_question_that_a_customer_answered_says_so_in_its_place(thanks: str, hint: str) -> None:
    lines = said(a_file(QUESTION, a_post(2, "henk", ANSWER), a_post(3, "marieke_v", thanks))).splitlines()
    place = lines.index(f"  ↳ {hint}")
    assert "Hoe kom ik weer in de app?" in lines[place - 1]


def test_the_answer_that_was_thanked_for_is_told_before_an_earlier_one() -> None:
    posts = QUESTION, a_post(2, "jan", ANSWER), a_post(3, "henk", ANSWER), a_post(4, "marieke_v", "Dank je Henk!")
    assert "henk" in hints(a_file(*posts))[1][0][0]


@pytest.mark.parametrize("answer", [{"is_own": True}, {"deleted_at": NOW}, {"author_id": None}, {"text": "Ik ook"}])
def test_our_own_answer_and_what_is_none_give_no_hint(answer: dict[str, Any]) -> None:
    assert hints(a_file(QUESTION, a_post(2, "henk", **({"text": ANSWER} | answer)))) == {}


def test_only_questions_of_the_open_case_have_a_hint_and_what_comes_long_after_is_not_read() -> None:
    other = a_post(2, "kees", "En hoe kom ik er uit?", case_id=2, intents=("question",))
    assert hints(a_file(QUESTION, other, a_post(3, "henk", ANSWER, parent_id=2))) == {}
    chat = [a_post(place, "jan", "Ik ook") for place in range(2, MOST + 2)]
    assert hints(a_file(QUESTION, *chat, a_post(MOST + 2, "henk", ANSWER, parent_id=1))) == {}


def test_a_name_that_would_act_on_the_terminal_is_made_fit() -> None:
    [line] = hints(a_file(QUESTION, a_post(2, "he\x1b[2Jnk" * 9, ANSWER))).values()
    assert "\x1b" not in line[0][0] and len(line[0][0]) < 60
