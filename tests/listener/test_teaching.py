"""What agents correct and confirm is learnt from, version by version, and can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from listener import judge, teaching
from listener.types import Brand, Watchlist
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.lessons import Lessons
from storage.steps import Steps
from storage.types import Post, Priority


def arrived(database: Database, *texts: str) -> list[int]:
    """Mentions with these texts, understood by the default classifier; their ids."""
    watchlist = Watchlist(brands=(Brand(name="zonnebank", queries={"zonnebank": "*"}),))
    bench = judge.prepare(watchlist, teaching.classifier("default", {}))
    at = datetime(2026, 11, 22, tzinfo=UTC)
    posts = [
        Post(external_id=str(n), url=f"https://x.example/{n}", text=text, author=f"a{n}", published_at=at)
        for n, text in enumerate(texts)
    ]
    intake = Intake(database)
    intake.register({"forum": ("feed", "https://x.example")})
    found = judge.judge(posts, bench, source="forum", kind="feed")
    return list(intake.store("forum", "feed", found).new_mentions)


def said(database: Database) -> list[tuple[str, str, str, str]]:
    return [(each.text, each.field, each.before, each.after) for each in Lessons(database).judgements()]


def test_a_correction_is_learnt_from_and_an_undone_one_is_not(database: Database) -> None:
    from storage.undo import Undo

    (mention,) = arrived(database, "De app van Zonnebank is werkelijk gek goed")
    Steps(database).correct(mention, "anna", "sentiment", "negative")
    assert [(field, after) for _, field, _, after in said(database)] == [("sentiment", "negative")]
    Undo(database).undo("anna")
    assert said(database) == []


def test_handling_a_case_confirms_what_was_left_and_dismissing_says_it_is_not_about_us(database: Database) -> None:
    first, second = arrived(database, "Zonnebank is waardeloos en traag!", "Tien minuten zonnebank per week")
    steps = Steps(database)
    steps.resolve(1, "anna")
    steps.dismiss(2, "anna")
    found = {(text[:9], field): (before, after) for text, field, before, after in said(database)}
    assert found["Zonnebank", "sentiment"] == ("negative", "negative")
    assert found["Zonnebank", "relevance"][1] == "yes"
    assert found["Tien minu", "relevance"][1] == "no"
    assert ("Tien minu", "sentiment") not in found
    assert first != second


def test_a_priority_set_by_hand_is_learnt_from_and_one_left_is_confirmed(database: Database) -> None:
    texts = ("Zonnebank is waardeloos en traag!", "De app van Zonnebank doet het niet", "Zonnebank belde terug")
    arrived(database, *texts)
    steps = Steps(database)
    understood = Inbox(database).mention(1).priority
    steps.prioritise(1, "anna", Priority.URGENT)
    steps.prioritise(2, "rule:haste", Priority.URGENT)
    steps.resolve((1, 2, 3), "anna")
    found = {text[:9]: (before, after) for text, field, before, after in said(database) if field == "priority"}
    assert found == {texts[0][:9]: (understood, "urgent"), texts[2][:9]: ("low", "low")}


def test_training_stores_a_version_that_can_be_rolled_back(sqlite_database: Database, clock: Any) -> None:
    texts = [f"De blorkse dienst van Zonnebank viel mij op, nummer {n}" for n in range(60)]
    for mention in arrived(sqlite_database, *texts):
        Steps(sqlite_database).correct(mention, "anna", "sentiment", "positive")
    card = teaching.train(sqlite_database)
    (row,) = [each for each in card if each["field"] == "sentiment"]
    assert (row["lang"], row["reviews"]) == ("nl", 60)
    assert row["frozen_after"] >= row["frozen_before"] - 0.01
    lessons = Lessons(sqlite_database)
    assert row["used"] == (lessons.layer() is not None)
    if row["used"]:
        learnt = teaching.classifier("default", {}, sqlite_database)
        assert learnt("De blorkse dienst van Zonnebank viel weer op").score > 0
    assert lessons.roll_back() is not None
    assert lessons.layer() is None
    assert lessons.roll_back() is None


def test_the_nightly_training_runs_once_a_day_and_only_when_there_is_something_new(
    sqlite_database: Database, clock: Any
) -> None:
    current = teaching.Current(lambda: teaching.classifier("default", {}, sqlite_database))
    assert not teaching.nightly(sqlite_database, current)
    (mention,) = arrived(sqlite_database, "De app van Zonnebank doet het weer niet")
    Steps(sqlite_database).correct(mention, "anna", "sentiment", "negative")
    assert teaching.nightly(sqlite_database, current)
    assert not teaching.nightly(sqlite_database, current)
    clock.advance(days=2)
    assert not teaching.nightly(sqlite_database, current)
    Steps(sqlite_database).correct(mention, "anna", "sentiment", "neutral")
    assert teaching.nightly(sqlite_database, current)
    assert current("Waardeloze app van Zonnebank!").sentiment == "negative"
