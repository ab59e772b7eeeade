"""People: several accounts are one person, somebody is forgotten everywhere, what is old goes, figures stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.database import Database
from storage.erasure import Erasure
from storage.errors import NotFound, StepRefused
from storage.figures import Figures
from storage.people import People
from storage.suppression import Suppressions, digest
from storage.types import Erased, Opinion, Priority, Sentiment, Status

COMPLAINT = Opinion(
    lang="nl", sentiment=Sentiment.NEGATIVE, intents=("complaint",), priority=Priority.HIGH, priority_score=60
)
NAME, WORDS = "Qrsjandevries", "Xyzwonderlijk"


def accounts(desk: Any, who: str) -> Any:
    return People(desk.database).find(who).accounts


def test_accounts_are_merged_into_one_person_and_split_again(desk: Any) -> None:
    desk.case(author="Jan")
    desk.case(author="jan_op_twitter")
    people = People(desk.database)
    merged = people.merge("Jan", "jan_op_twitter", "anna")
    assert [account.name for account in merged.accounts] == ["Jan", "jan_op_twitter"]
    assert people.find("jan_op_twitter") == people.find(f"person:{merged.id}") == merged
    with pytest.raises(StepRefused, match="one person already"):
        people.merge("Jan", "jan_op_twitter", "anna")
    assert people.split("jan_op_twitter", "anna").id is None
    assert [account.name for account in people.find("Jan").accounts] == ["Jan"]
    with pytest.raises(StepRefused, match="was not merged"):
        people.split("Jan", "anna")


def test_a_name_that_several_accounts_have_is_not_guessed(desk: Any) -> None:
    desk.case(author="Jan", author_id="1")
    desk.case(author="jan", author_id="2")
    people = People(desk.database)
    with pytest.raises(NotFound, match="2 accounts are called Jan: forum/Jan, forum/jan"):
        people.find("Jan")
    with pytest.raises(NotFound, match="Nobody is known as Piet"):
        people.find("Piet")
    assert people.merge("1", "2", "anna").accounts == people.find("Jan").accounts


def test_a_group_finds_all_that_its_people_wrote_under_any_account(desk: Any) -> None:
    first, second = desk.case(author="Jan"), desk.case(author="Jan2")
    desk.case(author="Piet")
    people = People(desk.database)
    people.join("Jan", ["press"], "anna")
    people.join("Jan2", ["vip"], "anna")
    assert people.merge("Jan", "Jan2", "anna").groups == ("press", "vip")
    assert sorted(desk.inbox.ids("group:press")) == [first, second]
    people.leave("Jan2", ["press"], "anna")
    assert not desk.inbox.ids("group:press")
    with pytest.raises(StepRefused, match="in none of these groups"):
        people.leave("Jan", ["press"], "anna")


def test_all_that_is_held_of_a_person_is_told(desk: Any) -> None:
    case_id = desk.case("Waarom?", author=NAME, external_id="x")
    desk.post("Waarom toch?", author=NAME, external_id="x", conversation="c1")
    desk.steps.note(case_id, "anna", "belt terug")
    desk.hold(case_id, text="Dag Jan!")
    people = People(desk.database)
    posts, before, replies, events = people.held(people.find(NAME))
    assert [each.text for each in posts] == ["Waarom toch?"]
    assert [each["text"] for each in before] == ["Waarom?"]
    assert [each.text for each in replies] == ["Dag Jan!"]
    assert "belt terug" in [each.data.get("text") for each in events]


def everything(database: Database) -> str:
    """All that stands in all tables, as text."""
    with database.read() as connection:
        tables = SQLModel.metadata.sorted_tables
        return "\n".join(str(row) for table in tables for row in connection.execute(sa.select(table)))


def handled_case_of_somebody(desk: Any) -> int:
    """A case in which their words and name went everywhere they can go."""
    said = f"{WORDS} slecht van Zonnebank"
    here = {"conversation": "x", "conversation_url": "https://forum.example/t"}
    case_id = desk.case(said, author=NAME, external_id="x", opinion=COMPLAINT, **here)
    desk.post(f"{said}!", author=NAME, external_id="x", conversation="x", opinion=COMPLAINT)
    desk.post("Ik ook", author="Piet", conversation="x", parent_id="x")
    desk.steps.note(case_id, "anna", f"{NAME} belt altijd")
    desk.steps.tag(case_id, "anna", "klacht")
    reply = desk.hold(case_id, text=f"Dag {NAME}, wat vervelend", key="k")
    desk.outbox.cancel(reply.id, "anna")
    desk.steps.resolve(case_id, "anna")
    return case_id


def figures(desk: Any) -> list[Any]:
    """What is counted, without who wrote it."""
    ever = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    rows = Figures(desk.database).mentions("brand:zonnebank", *ever)
    return [
        (row.id, row.published_at, row.first_seen_at, row.sentiment, row.intents, row.tags, row.status) for row in rows
    ]


def test_who_is_forgotten_is_gone_from_every_table_and_what_is_counted_stays(desk: Any) -> None:
    case_id = handled_case_of_somebody(desk)
    before = figures(desk)
    done = Erasure(desk.database).forget(accounts(desk, NAME), "anna")
    assert done == Erased(accounts=1, posts=1, cases=1, replies=1)
    left = everything(desk.database)
    assert NAME not in left and WORDS.lower() not in left.lower() and "forum.example/p1" not in left
    assert figures(desk) == before
    assert desk.inbox.open(case_id).case.status is Status.RESOLVED
    assert Erasure(desk.database).traces([NAME, WORDS]) == {}
    with pytest.raises(NotFound):
        People(desk.database).find(NAME)


def test_who_is_forgotten_is_not_collected_again_and_others_in_the_conversation_are(desk: Any) -> None:
    handled_case_of_somebody(desk)
    Erasure(desk.database).forget(accounts(desk, NAME), "anna")
    assert desk.post(f"{WORDS} slecht!", author=NAME, external_id="x", conversation="x") == 0
    assert desk.post(f"{WORDS} alweer", author=NAME, external_id="y", conversation="y") == 0
    new = desk.post("Zonnebank, hoe zit dat?", author="Kees", conversation="x", conversation_title=WORDS)
    assert desk.inbox.mention(new).author == "Kees"
    assert WORDS not in everything(desk.database)


def test_nothing_of_who_is_forgotten_is_left_in_the_files(desk: Any) -> None:
    for _ in range(3):
        desk.case(author="Piet")
    handled_case_of_somebody(desk)
    Erasure(desk.database).forget(accounts(desk, NAME), "anna")
    assert desk.database.scrub()
    if desk.database.is_sqlite:
        file = Path(str(desk.database.url.database))
        data = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        assert [word for word in (NAME, NAME.lower(), WORDS, WORDS.lower()) if word.encode() in data] == []


def test_what_others_wrote_of_a_name_is_told_with_its_place(desk: Any) -> None:
    handled_case_of_somebody(desk)
    desk.case(f"Die {NAME} heeft gelijk over Zonnebank", author="Piet")
    erasure = Erasure(desk.database)
    erasure.forget(accounts(desk, NAME), "anna")
    assert erasure.traces([NAME]) == {"post.text": 1, "post.text_words": 1}


def test_nobody_is_forgotten_while_a_reply_to_them_is_on_its_way(desk: Any, clock: Any) -> None:
    desk.hold(desk.case(author=NAME))
    clock.advance(seconds=11)
    assert desk.outbox.take_due("me:1", lambda reply: True) is not None
    with pytest.raises(StepRefused, match="settle it in the outbox"):
        Erasure(desk.database).forget(accounts(desk, NAME), "anna")
    assert NAME in everything(desk.database)


def test_an_open_case_of_who_is_forgotten_ends(desk: Any) -> None:
    case_id = desk.case(author=NAME)
    desk.hold(case_id)
    Erasure(desk.database).forget(accounts(desk, NAME), "anna")
    assert desk.inbox.case(case_id).status is Status.DISMISSED
    assert not desk.inbox.ids("is:open")


def test_our_own_account_is_never_forgotten(desk: Any) -> None:
    desk.case(conversation="c")
    desk.post("Dank!", author="zonnebank", conversation="c", is_own=True)
    with pytest.raises(StepRefused, match="account of our own"):
        Erasure(desk.database).forget(accounts(desk, "zonnebank"), "anna")


def test_what_is_older_than_may_be_kept_goes_but_open_cases_stay(desk: Any, clock: Any) -> None:
    old, waiting = desk.case(WORDS, author=NAME), desk.case("Nog open", author="Kees")
    desk.steps.claim(old, "anna")
    desk.steps.resolve(old, "anna")
    before = figures(desk)
    clock.advance(days=400)
    new = desk.case("Nieuw", author="Mia")
    erasure = Erasure(desk.database)
    limit = desk.database.now() - timedelta(days=365)
    assert erasure.forget_before(limit, dry_run=True) == Erased(posts=1, cases=1)
    assert erasure.forget_before(limit) == Erased(accounts=1, posts=1, cases=1)
    assert erasure.forget_before(limit) == Erased()
    assert WORDS not in everything(desk.database) and NAME not in everything(desk.database)
    assert [desk.inbox.case(each).text for each in (waiting, new)] == ["Nog open", "Nieuw"]
    assert figures(desk)[: len(before)] == before
    assert desk.post("terug", author=NAME, external_id="later") > 0, "who is only old may write again"
    assert desk.post(WORDS, author=NAME, external_id="p1", conversation="c1") == 0


def test_people_in_an_open_complaint_get_no_marketing_and_for_a_while_after(desk: Any, clock: Any) -> None:
    case_id = desk.case(author="Jan", opinion=COMPLAINT)
    desk.case(author="Piet")
    desk.case(author="Jan_mail")
    people = People(desk.database)
    people.merge("Jan", "Jan_mail", "anna")
    people.link("Jan", "J.deVries@Example.nl", "anna")

    def names() -> list[tuple[str, bool]]:
        found = Suppressions(desk.database).rows("intent:complaint", timedelta(days=7))
        return sorted((each.name, each.until is None) for each in found)

    assert names() == [("Jan", True), ("Jan_mail", True)]
    desk.steps.claim(case_id, "anna")
    desk.steps.resolve(case_id, "anna")
    assert names() == [("Jan", False), ("Jan_mail", False)]
    clock.advance(days=8)
    assert names() == []
    desk.steps.reopen(case_id, "anna")
    assert names() == [("Jan", True), ("Jan_mail", True)]
    Erasure(desk.database).forget(accounts(desk, "Jan"), "anna")
    assert names() == []


def test_a_dismissed_complaint_keeps_nobody_back(desk: Any) -> None:
    case_id = desk.case(author="Jan", opinion=COMPLAINT)
    desk.steps.dismiss(case_id, "anna")
    assert Suppressions(desk.database).rows("intent:complaint", timedelta(days=7)) == []


def test_a_customer_is_named_outside_as_mailing_tools_do() -> None:
    assert digest(" J.deVries@Example.nl ") == digest("j.devries@example.nl")


def test_what_is_old_stays_while_a_reply_to_it_may_be_arriving(desk: Any, clock: Any) -> None:
    case_id = desk.case(WORDS, author=NAME)
    desk.hold(case_id)
    clock.advance(seconds=11)
    reply = desk.outbox.take_due("me:1", lambda reply: True)
    desk.outbox.uncertain(reply.id, "who knows")
    desk.steps.resolve(case_id, "anna")
    clock.advance(days=400)
    assert Erasure(desk.database).forget_before(desk.database.now() - timedelta(days=365)) == Erased()
    desk.outbox.settle(reply.id, "anna", arrived=True)
    assert Erasure(desk.database).forget_before(desk.database.now() - timedelta(days=365)).posts == 1
