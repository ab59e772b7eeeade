"""Copies of a text from the command line: shown, parted for good, and joined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import webcare
from listener import fingerprint
from storage import migrations
from storage.database import Database
from storage.intake import Intake
from storage.types import Match, NewPost, Post

TEXT = "Zonnebank verhoogt per januari de rente op spaarrekeningen naar twee procent, zo heeft de bank vandaag gemeld. "
CONFIG = "database: sqlite:///webcare.db\nbrands: {zonnebank: {query: zonnebank}}\n"


def test_copies_are_shown_parted_and_joined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIG, encoding="utf-8")
    database = Database(f"sqlite:///{tmp_path}/webcare.db")
    migrations.upgrade(database)
    for source in ("krant", "blog"):
        post = Post(external_id="1", url=f"https://{source}.example/1", text=TEXT * 2, author=source)
        match = (Match(brand="zonnebank", query="zonnebank"),)
        Intake(database).store(source, "feed", [NewPost(post=post, matches=match, sketch=fingerprint.of(post))])
    database.close()

    def copies() -> list[str]:
        assert webcare.main(["duplicates", "show", "1", "--format", "json"]) == 0
        return [each["source"] for each in json.loads(capsys.readouterr().out)]

    assert copies() == ["krant", "blog"]
    assert webcare.main(["--agent", "lea", "duplicates", "part", "2"]) == 0
    assert "stands alone" in capsys.readouterr().out
    assert copies() == ["krant"]
    assert webcare.main(["--agent", "lea", "duplicates", "join", "2", "1"]) == 0
    assert "counts as a copy" in capsys.readouterr().out
    assert copies() == ["krant", "blog"]
    assert webcare.main(["duplicates", "part", "9"]) != 0
    assert "no mention 9" in capsys.readouterr().err
    assert webcare.main(["events", "--format", "jsonl"]) == 0
    done = [json.loads(line) for line in capsys.readouterr().out.splitlines()][-2:]
    assert [(each["kind"], each["actor"]) for each in done] == [("parted", "lea"), ("joined", "lea")]
