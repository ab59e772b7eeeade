"""Playbooks, hand-overs, alerts and the team from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import webcare
from storage import migrations
from storage.database import Database, utc_now
from storage.intake import Intake
from storage.types import Match, NewPost, Opinion, Post

CONFIG = """
team:
  anna: {department: webcare}
  bram: {role: lead, department: webcare}
  sara: {department: service, languages: [nl]}
brands: {zonnebank: {query: zonnebank}, maanbank: {query: maanbank, competitor: true}}
replies: {storing: {nl: "We zoeken het uit."}}
playbooks: {storing: {steps: [Kijk, Meld], replies: [storing], do: [{tag: storing}]}}
rules: [{name: kans, when: "brand:maanbank", do: [open_case, {tag: kans}]}]
sla: [{first_response: 1h}]
alerts:
  - {name: stil, on: "brand:zonnebank", silence: 24h, notify: []}
  - {spike: 3, unclaimed: 15m, notify: []}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command as somebody, on a case of ours of four days ago and a mention of a competitor."""
    for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIG, encoding="utf-8")
    database = Database(f"sqlite:///{tmp_path}/webcare.db", clock=lambda: utc_now() - timedelta(days=4))
    migrations.upgrade(database)
    for number, brand in enumerate(("zonnebank", "maanbank"), 1):
        post = Post(external_id=f"p{number}", url=f"https://f.example/{number}", text=f"{brand}!", author="jan\x1b[2J")
        match, ours = (Match(brand=brand, query=brand),), brand == "zonnebank"
        new = NewPost(post=post, matches=match, opinion=Opinion(lang="nl"), wants_case=ours)
        Intake(database).store("forum", "phpbb", [new])
    database.close()

    def command(agent: str, *words: str) -> tuple[int, str, str]:
        return (webcare.main(["--agent", agent, *words]), *capsys.readouterr())

    return command


def test_a_playbook_is_followed_and_ticked_off(run: Run) -> None:
    assert run("anna", "case", "1", "playbook", "storing")[:2] == (0, "Case 1: follows storing.\n")
    assert run("anna", "case", "1", "tick", "2")[0] == 0
    shown = run("anna", "case", "1", "show")[1]
    assert "playbook storing; its replies: storing\n  [ ] 1 Kijk\n  [x] 2 Meld (anna, " in shown
    assert run("anna", "case", "1", "untick", "2")[0] == run("anna", "case", "1", "undo")[0] == 0
    (row,) = json.loads(run("anna", "case", "1", "show", "--format", "json")[1])
    assert [(step["text"], step["by"]) for step in row["case"]["checklist"]] == [("Kijk", None), ("Meld", "anna")]
    assert run("anna", "case", "1", "tick", "3")[0] == 1


def test_a_hand_over_is_refused_and_then_accepted_by_its_department(run: Run) -> None:
    assert run("anna", "case", "1", "hand-over", "sales")[0] == 1
    assert run("anna", "case", "1", "hand-over", "service", "--note", "boos\x1b[2J")[0] == 0
    assert "handed over to service, which did not answer yet" in run("anna", "case", "1", "show")[1]
    assert len(run("sara", "mentions", "handover:service", "--format", "jsonl")[1].splitlines()) == 1
    status, _, said = run("anna", "case", "1", "accept")
    assert (status, said) == (1, "Case 1 was handed over to service; anna is not of it.\n")
    assert run("sara", "case", "1", "refuse", "van", "sales")[0] == 0
    assert run("anna", "case", "1", "hand-over", "service")[0] == run("sara", "case", "1", "accept")[0] == 0
    shown = run("sara", "case", "1", "show")[1]
    assert "held by sara" in shown and "department: service" in shown and "\x1b" not in shown
    assert "# anna: handed over to service. boos" in shown and "# sara: service refused. van sales" in shown
    assert "promises: active with misses." in run("sara", "case", "1", "why")[1]


def test_what_was_applied_is_taken_back_as_a_whole_by_leads(run: Run) -> None:
    assert "1 of them are a competitor's and would get a case" in run("bram", "rules", "try", "kans")[1]
    assert run("bram", "rules", "apply", "kans")[1].startswith("kans acted on 1 cases")
    assert len(run("anna", "mentions", "tag:kans is:open", "--format", "jsonl")[1].splitlines()) == 1
    assert run("anna", "rules", "undo", "kans")[0] == 1
    assert run("bram", "rules", "undo", "kans")[:2] == (0, "What kans did is taken back on 1 cases, and left on 0.\n")
    assert run("anna", "mentions", "brand:maanbank is:open", "--format", "jsonl")[1] == ""


def test_alerts_are_listed_and_tried_on_the_past(run: Run) -> None:
    listed = json.loads(run("anna", "alerts", "--format", "json")[1])
    assert [(row["name"], row["tells"]) for row in listed] == [
        ("stil", ["silence"]),
        ("spike unclaimed *", ["spike", "unclaimed"]),
    ]
    status, out, said = run("anna", "alerts", "try", "stil", "--format", "jsonl")
    assert status == 0 and json.loads(out)["title"] == "Silence: nothing in 24 h for brand:zonnebank"
    assert said == "1 in 30 days, 0.0 a day.\n"
    assert "unclaimed is about who has an urgent case now" in run("anna", "alerts", "try", "2")[2]
    status, _, said = run("anna", "alerts", "try", "stiel")
    assert status == 1 and "did you mean stil" in said


def test_the_team_and_what_it_may_is_printed(run: Run) -> None:
    team = json.loads(run("anna", "team", "--format", "json")[1])
    assert team[2] == {"name": "sara", "role": "agent", "department": "service", "languages": ["nl"]}
    table = {row["act"]: row for row in json.loads(run("anna", "team", "may", "--format", "json")[1])}
    assert table["reply"] == {
        "act": "reply", "viewer": "no", "trainee": "after approval", "agent": "yes", "lead": "yes",
    }  # fmt: skip
