"""Reports and the log, from the command line: what is behind a figure, then and now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import webcare
from storage import migrations
from storage.database import Database
from storage.intake import Intake
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post, Sentiment

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
CONFIG = (
    "timezone: Europe/Amsterdam\nbrands: {zonnebank: {query: zonnebank}}\nhours: {kantoor: {mon-fri: '09:00-17:30'}}\n"
)


@pytest.fixture
def where(tmp_path: Path) -> list[str]:
    """A configuration, and a database in which Jan and Petra wrote and Jan's case was resolved a day later."""
    (tmp_path / "sources.yaml").write_text(CONFIG)
    moment = [MONDAY]
    database = Database(f"sqlite:///{tmp_path}/webcare.db", clock=lambda: moment[0])
    migrations.upgrade(database)
    for number, (name, sentiment) in enumerate((("Jan", Sentiment.NEGATIVE), ("Petra", Sentiment.POSITIVE))):
        post = Post(
            external_id=name, url="https://forum.example/1", text="Zonnebank", author=name, conversation_id=name,
            published_at=MONDAY + timedelta(hours=10 * number),
        )  # fmt: skip
        match, opinion = Match(brand="zonnebank", query="zonnebank"), Opinion(lang="nl", sentiment=sentiment)
        moment[0] = MONDAY + timedelta(hours=10 * number)
        Intake(database).store(
            "forum", "phpbb", [NewPost(post=post, matches=(match,), opinion=opinion, wants_case=True)]
        )
    moment[0] = MONDAY + timedelta(days=1)
    Steps(database).resolve(1, "anna")
    database.close()
    return ["--config", str(tmp_path / "sources.yaml"), "--database", f"sqlite:///{tmp_path}/webcare.db"]


PERIOD = ("--from", "2026-11-16", "--to", "2026-11-20")


def test_every_figure_is_listed_and_says_which_mentions_are_behind_it(
    where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert webcare.main([*where, "report", *PERIOD, "--explain"]) == 0
    listed = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines()[2:])
    assert listed["mentions"] == "2"
    assert webcare.main([*where, "report", *PERIOD, "--format", "jsonl"]) == 0
    exact = {each["figure"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert exact["outside_hours"] == {"figure": "outside_hours", "value": 0.5, "unit": "percent", "small": True}
    assert exact["turnaround"]["value"] is None
    assert webcare.main([*where, "report", *PERIOD, "--explain", "mentions", "--format", "csv"]) == 0
    assert capsys.readouterr().out.split() == ["id", "1", "2"]
    for figure, ids in (
        ("sources/forum/negative", "1\n"),
        ("outside_hours", "2\n"),
        ("statuses/resolved/cases", "1\n"),
    ):
        assert webcare.main([*where, "report", *PERIOD, "--explain", figure]) == 0
        assert capsys.readouterr().out == ids, figure


def test_what_is_behind_a_figure_can_be_asked_of_the_past(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    past = ["--as-of", "2026-11-16T23:00", "--explain", "statuses/new/cases"]
    assert webcare.main([*where, "report", *PERIOD, *past]) == 0
    assert capsys.readouterr().out == "1\n2\n"
    assert webcare.main([*where, "report", *PERIOD, "--as-of", "2026-11-16T12:00", "--explain", "mentions"]) == 0
    assert capsys.readouterr().out == "1\n"


def test_who_asks_is_who_me_means(where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert webcare.main([*where, "--agent", "anna", "case", "2", "claim"]) == 0
    capsys.readouterr()
    for agent, ids in (("anna", "2\n"), ("bert", "")):
        asked = [*where, "--agent", agent, "report", "assignee:me", *PERIOD]
        assert webcare.main([*asked, "--explain", "mentions", "-o", str(tmp_path / "mine.jsonl")]) == 0
        assert capsys.readouterr().out == ids
        assert len((tmp_path / "mine.jsonl").read_text().splitlines()) == len(ids.split())


def test_a_figure_that_is_not_there_and_a_report_to_nowhere_are_said(
    where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert webcare.main([*where, "report", *PERIOD, "--explain", "nothing"]) == 1
    assert "There is no figure 'nothing'" in capsys.readouterr().err
    assert webcare.main([*where, "report"]) == 1
    assert "-o FILE" in capsys.readouterr().err


def test_the_log_can_be_asked_by_query_and_by_day(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def kinds(*words: str) -> list[tuple[str, int]]:
        assert webcare.main([*where, "events", *words, "--format", "jsonl"]) == 0
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        return [(line["kind"], line["case_id"]) for line in lines]

    assert kinds() == [("found", 1), ("found", 2), ("resolved", 1)]
    assert kinds("sentiment:negative") == [("found", 1), ("resolved", 1)]
    assert kinds("--from", "2026-11-17") == [("resolved", 1)]
    assert kinds("sentiment:positive", "--to", "2026-11-16") == [("found", 2)]
