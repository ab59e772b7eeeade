"""Rules from the command line: seen, explained, tried, applied and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storage.types import Match, NewPost, Opinion, Post

CONFIG = """database: sqlite:///webcare.db
team: {anna: {role: agent}, bram: {role: lead}}
brands: {zonnebank: {query: zonnebank}, maanbank: {query: maanbank, competitor: true}}
rules:
  - {when: "intent:question lang:nl", do: [{assign: anna}, {tag: vraag}]}
  - {name: wacht, on: time, after: 4h, when: "-has:reply is:open", do: [{priority: high}]}
"""


@pytest.fixture
def run(begun: Any) -> Any:
    """Runs a command on two cases of ours and one mention of a competitor; gives status, output and errors."""
    return begun(CONFIG, [asked(*each) for each in enumerate(["zonnebank", "zonnebank", "maanbank"], 1)])


def asked(number: int, brand: str) -> NewPost:
    """A question about a brand."""
    post = Post(external_id=f"p{number}", url=f"https://f.example/{number}", text=f"Hoe dan, {brand}?\x1b[2J")
    opinion = Opinion(lang="nl", intents=("question",))
    match = (Match(brand=brand, query=brand),)
    return NewPost(post=post, matches=match, opinion=opinion, wants_case=brand == "zonnebank")


def test_the_rules_are_listed_in_their_order(run: Any) -> None:
    status, out, _ = run("rules", "list", "--format", "json")
    assert status == 0
    assert [(rule["name"], rule["on"], rule["do"]) for rule in json.loads(out)] == [
        ("intent:question lang:nl", "arrival", ["assign anna", "tag vraag"]),
        ("wacht", "time, after 4:00:00", ["priority high"]),
    ]
    assert run("rules")[0] == 0


def test_trying_counts_and_changes_nothing(run: Any) -> None:
    status, out, _ = run("rules", "try", "intent:question lang:nl")
    assert status == 0
    assert "2 mentions in 2 cases on 1 days" in out
    assert "1 more have no case" in out
    assert "applied now it would act on 2 open cases, and leave 0 alone" in out
    assert "\x1b" not in out
    assert "tags: none" in run("case", "1")[1]


def test_applying_acts_once_and_can_be_taken_back(run: Any) -> None:
    assert "acted on 2 cases" in run("rules", "apply", "intent:question lang:nl")[1]
    assert "acted on 0 cases" in run("rules", "apply", "intent:question lang:nl")[1]
    assert "held by anna" in run("case", "1")[1]
    (first, _) = json.loads(run("rules", "explain", "1", "--format", "json")[1])
    assert first["is_for_it"] == "yes"
    assert "applied by hand" in first["did"][0]
    assert run("rules", "undo", "intent:question lang:nl", "1")[0] == 0
    assert "held by" not in run("case", "1")[1]
    status, _, said = run("rules", "undo", "intent:question lang:nl", "1")
    assert (status, "nothing to undo" in said) == (1, True)


def test_explaining_says_what_is_missing(run: Any) -> None:
    (_, second) = json.loads(run("rules", "explain", "1", "--format", "json")[1])
    assert (second["rule"], second["is_for_it"]) == ("wacht", "no")
    assert "not waited long enough: " in second["why_not"][0]
    assert run("rules", "explain", "99")[0] == 1


def test_only_a_lead_applies_rules(run: Any) -> None:
    status, _, said = run("rules", "apply", "wacht", agent="anna")
    assert (status, "may not apply rules" in said) == (1, True)


def test_a_rule_that_is_not_there_is_said(run: Any) -> None:
    status, _, said = run("rules", "try", "wach")
    assert (status, "did you mean wacht?" in said) == (1, True)


def test_check_says_what_is_wrong_with_a_rule(run: Any, tmp_path: Path) -> None:
    text = CONFIG.replace("assign: anna", "assign: ana")
    (tmp_path / "sources.yaml").write_text(text, encoding="utf-8")
    status, _, said = run("check")
    assert (status, "sources.yaml:5: rules[0].do[0]: assign: ana is not in the team (did you mean anna?)" in said) == (
        2,
        True,
    )


def test_a_case_without_a_step_is_shown(run: Any) -> None:
    status, out, _ = run("case", "1")
    assert (status, "Case 1: new" in out) == (0, True)


def test_a_crisis_begins_shows_and_ends(run: Any) -> None:
    assert "no crisis" in run("crisis")[1]
    assert run("crisis", "on", "--until", "4h", "--statement", "Wij kijken\x1b[2J", agent="anna")[0] == 1
    assert "Crisis until" in run("crisis", "on", "--until", "4h", "--statement", "Wij kijken\x1b[2J")[1]
    status, out, _ = run("crisis", "show")
    assert (status, "Wij kijken" in out, "\x1b" in out) == (0, True, False)
    assert "waits for approval" in run("case", "1", "reply", "Hallo", agent="anna")[1]
    assert run("crisis", "off")[0] == 0
    assert "no crisis" in run("crisis", "show")[1]
