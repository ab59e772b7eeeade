"""What may be kept is kept so long and no longer, by itself; the suppression list follows the complaints."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desk import privacy, retention
from desk.privacy import Privacy
from storage.database import Database
from storage.errors import ConfigError
from storage.inbox import Inbox
from storage.intake import Intake
from storage.people import People
from storage.settings import parse
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post

ZONE = ZoneInfo("Europe/Amsterdam")


def store(database: Database, name: str, author: str, intent: str = "complaint") -> int:
    """A mention with a case of its own; gives the case."""
    post = Post(external_id=name, url=f"https://f.example/{name}", text=f"{name} Zonnebank", author=author)
    match = (Match(brand="zonnebank", query="zonnebank"),)
    new = NewPost(post=post, matches=match, opinion=Opinion(lang="nl", intents=(intent,)), wants_case=True)
    [mention] = Intake(database).store("forum", "phpbb", [new]).new_mentions
    return Inbox(database).mention(mention).case_id or 0


def read(text: str) -> Privacy:
    return privacy.read(parse(text, "sources.yaml", {}))


def test_a_file_says_how_long_posts_are_kept_and_faults_have_their_line() -> None:
    rules = read('privacy: {keep: 400d, suppress: "intent:churn", cool_down: 3d, suppression: s.csv}')
    assert rules == Privacy(keep=timedelta(days=400), suppress="intent:churn", cool_down=timedelta(days=3), to="s.csv")
    assert read("brands: {}") == Privacy()
    for bad, said in (
        ("keep: 2h", "privacy.keep: must be a day or longer"),
        ("keep: long", "privacy.keep"),
        ("supress: x", "did you mean suppress"),
        ('suppress: "intent:("', "privacy.suppress"),
    ):
        with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
            read("privacy: {" + bad + "}")


def test_what_is_too_old_is_erased_once_a_day_by_one_of_many(
    database: Database, another: Callable[[], Database], clock: Any, tmp_path: Path
) -> None:
    rules = Privacy(keep=timedelta(days=30))
    old = store(database, "oud", "Jan")
    Steps(database).resolve(old, "anna")
    clock.advance(days=31)
    for each in (database, another()):
        retention.tick(each, rules, tmp_path, ZONE)
    assert Inbox(database).case(old).text == ""
    late = store(database, "ouder", "Piet")
    Steps(database).resolve(late, "anna")
    clock.advance(hours=1)
    retention.tick(database, Privacy(keep=timedelta(minutes=30)), tmp_path, ZONE)
    assert Inbox(database).case(late).text, "today is done"
    clock.advance(days=1)
    retention.tick(database, Privacy(keep=timedelta(minutes=30)), tmp_path, ZONE)
    assert Inbox(database).case(late).text == ""


def test_the_list_appears_with_a_complaint_and_names_nobody(sqlite_database: Database, tmp_path: Path) -> None:
    database, rules, path = sqlite_database, Privacy(to="out/blocked.csv"), tmp_path / "out" / "blocked.csv"
    retention.tick(database, rules, tmp_path, ZONE)
    assert path.read_text().split() == ["id,kind,since,until,valid_until"]
    case_id = store(database, "klacht", "Jan")
    store(database, "vraag", "Piet", "question")
    People(database).link("Jan", "Jan@Example.nl", "anna")
    retention.tick(database, rules, tmp_path, ZONE)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [(row["kind"], row["until"]) for row in rows] == [("account", ""), ("customer", "")]
    assert "Jan" not in path.read_text()
    written = path.stat().st_mtime_ns
    retention.tick(database, rules, tmp_path, ZONE)
    assert path.stat().st_mtime_ns == written, "nothing changed, nothing is written"
    Steps(database).dismiss(case_id, "anna")
    retention.tick(database, rules, tmp_path, ZONE)
    assert len(path.read_text().splitlines()) == 1
