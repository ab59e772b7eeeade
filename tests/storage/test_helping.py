"""Who helps whom, read from the tables: threads with the answers of others, persons, our own answers, feelings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest

from storage.database import Database
from storage.helping import Helping, Questions
from storage.inbox import Inbox
from storage.intake import Intake
from storage.people import People
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post, Sentiment

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Forum:
    """A forum whose posts are stored as the listener stores them: mentions understood, the others as context."""

    def __init__(self, database: Database) -> None:
        self.database, self.door = database, Helping(database)
        self.ids, self.minutes = count(1), count(0, 10)

    def says(self, author: str, text: str, *, topic: str = "t1", **more: Any) -> int:
        """Stores a post and gives its id; `intents` or `sentiment` make it a mention."""
        number = next(self.ids)
        at = NOON + timedelta(minutes=next(self.minutes))
        opinion = Opinion(
            lang="nl", intents=more.pop("intents", ()), sentiment=more.pop("sentiment", Sentiment.NEUTRAL)
        )
        source, own = more.pop("source", "praatpaal"), more.pop("own", False)
        mentions = not own and (bool(opinion.intents) or opinion.sentiment is not Sentiment.NEUTRAL)
        values = {
            "external_id": f"{number}", "url": f"https://forum.example/{number}", "text": text, "author": author,
            "conversation_id": topic, "published_at": at,
        } | more  # fmt: skip
        new = NewPost(
            post=Post(**values),
            matches=(Match(brand="zonnebank", query="zonnebank"),) if mentions else (),
            opinion=opinion if mentions else None,
            wants_case=mentions,
            is_own=own,
        )
        Intake(self.database).store(source, "phpbb", [new])
        return number

    def asks(self, author: str = "marieke_v", **more: Any) -> int:
        return self.says(author, "Ik kom de app niet in. Hebben anderen dit?", intents=("question",), **more)

    def helped(self) -> list[tuple[int, int, bool, bool | None]]:
        """Question, answer, thanked, before us."""
        return [
            (each.help.question, each.help.answer, each.help.thanked, each.before_us)
            for asked in self.door.ledger("", START, END).asked
            for each in asked.helped
        ]


@pytest.fixture
def forum(database: Database) -> Forum:
    return Forum(database)


def test_a_thread_in_which_a_customer_helps_is_read_with_its_context(forum: Forum) -> None:
    question = forum.asks()
    forum.says("jan.de.boer", "Ja, hier precies hetzelfde op een Pixel 7.")
    answer = forum.says("hulpvaardig_henk", "Wat bij mij hielp: app verwijderen en opnieuw installeren.")
    forum.says("marieke_v", "Dank je Henk, dat werkte!", parent_id=str(answer), intents=("thanks",))
    forum.asks("opa_kees", topic="t2")
    ledger = forum.door.ledger("brand:zonnebank", START, END)
    assert [each.thanked for each in ledger.asked] == [True]
    assert forum.helped() == [(question, answer, True, True)]
    [henk] = ledger.helpers.values()
    assert henk.accounts == (("praatpaal", "hulpvaardig_henk"),)
    assert forum.door.last_seen([henk])[henk.person] == NOON + timedelta(minutes=20)
    assert forum.door.ledger("brand:maanbank", START, END).asked == ()


def test_accounts_merged_into_one_person_are_one_helper_and_nobody_helps_themself(forum: Forum) -> None:
    forum.asks()
    forum.says("henk", "Opnieuw installeren hielp bij mij.")
    forum.says("marieke_v2", "Of wachten tot morgen, dat kan ook.")
    forum.asks("opa_kees", topic="t2", source="elders")
    forum.says("henk_1961", "Je pas werkt nog in de automaat.", topic="t2", source="elders")
    people = People(forum.database)
    people.merge("henk", "henk_1961", "anna")
    people.merge("marieke_v", "marieke_v2", "anna")
    ledger = forum.door.ledger("", START, END)
    [henk] = ledger.helpers.values()
    assert henk.accounts == (("praatpaal", "henk"), ("elders", "henk_1961"))
    assert len(ledger.by_helper()[henk.person]) == 2


def test_our_own_accounts_and_staff_under_another_name_are_no_customers(forum: Forum) -> None:
    forum.asks()
    forum.says("Zonnebank", "Wij zoeken het uit, installeer hem opnieuw.", own=True)
    forum.says("sanne_van_zonnebank", "Opnieuw installeren helpt.")
    forum.says("piet_van_team", "Anders even bellen met ons.")
    forum.says("Piet", "Ik werk daar: opnieuw installeren.")
    People(forum.database).merge("sanne_van_zonnebank", "Zonnebank", "anna")
    People(forum.database).join("piet_van_team", ["staff"], "anna")
    People(forum.database).merge("Piet", "piet_van_team", "anna")
    assert forum.door.ledger("", START, END).asked == ()


def test_an_answer_of_ours_decides_who_was_first(forum: Forum) -> None:
    early = forum.asks()
    forum.says("henk", "Opnieuw installeren hielp bij mij.")
    forum.says("Zonnebank", "Wij zoeken het uit.", own=True)
    late = forum.asks("opa_kees", topic="t2")
    forum.says("Zonnebank", "Uw pas werkt nog.", own=True, topic="t2", parent_id=str(late))
    forum.says("henk", "Je pas werkt nog in de automaat.", topic="t2", parent_id=str(late))
    assert [(question, before) for question, _, _, before in forum.helped()] == [(early, True), (late, False)]


def test_what_was_put_away_as_irrelevant_or_spam_is_no_question(forum: Forum) -> None:
    question = forum.asks()
    forum.says("henk", "Opnieuw installeren hielp bij mij.")
    case = Inbox(forum.database).mention(question).case_id
    assert case is not None
    Steps(forum.database).claim(case, "anna")
    Steps(forum.database).dismiss(case, "anna")
    assert forum.door.ledger("", START, END).asked == ()


def test_a_writer_without_a_name_is_not_told_apart_and_so_left_out(forum: Forum) -> None:
    forum.asks("")
    forum.says("henk", "Opnieuw installeren hielp bij mij.")
    assert forum.door.ledger("", START, END).asked == ()


def test_what_was_seen_later_does_not_count_as_of_a_moment(forum: Forum, clock: Any) -> None:
    question = forum.asks()
    before = forum.database.now()
    clock.advance(hours=1)
    forum.says("henk", "Opnieuw installeren hielp bij mij.")
    found = Inbox(forum.database).mention(question)
    asked = Questions(*(np.array([each], np.int64) for each in (found.id, found.conversation_id, found.case_id or 0)))
    assert (len(forum.door.of(asked, as_of=before).asked), len(forum.door.of(asked).asked)) == (0, 1)


def test_feelings_are_counted_by_person_and_day(forum: Forum) -> None:
    for day in (2, 2, 9):
        at = datetime(2026, 3, day, 9, tzinfo=UTC)
        forum.says("henk", "Top, die Zonnebank!", topic=f"f{day}", sentiment=Sentiment.POSITIVE, published_at=at)
    forum.says("henk", "Nu even niet.", topic="g", sentiment=Sentiment.NEGATIVE)
    forum.says("Zonnebank", "Wij zijn geweldig!", own=True, sentiment=Sentiment.POSITIVE)
    [felt] = forum.door.feelings("", START, END).values()
    assert [len(ids) for ids in felt.positive.values()] == [2, 1] and len(felt.negative) == 1
