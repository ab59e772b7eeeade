"""Who helps whom, from the command line, on the demo's forum: listened to, understood, and asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import webcare
from front.samples import server
from front.samples.world import World
from storage.database import utc_now

CONFIG = """database: sqlite:///webcare.db
team: {{bram: {{role: lead}}}}
allow_private: true
brands: {{zonnebank: {{query: zonnebank*}}}}
sources:
  - {{name: praatpaal, kind: phpbb, url: "{forum}", pause: 0}}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command after one round of listening to the forum."""
    for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str, str]:
        status = webcare.main(["--agent", "bram", *words])
        return (status, *capsys.readouterr())

    with server.running(World.begin(utc_now, utc_now()), 0) as sites:
        (tmp_path / "sources.yaml").write_text(CONFIG.format(**sites), encoding="utf-8")
        assert command("listen", "--once", "--now")[0] == 0
    return command


def test_henk_helped_marieke_who_thanked_him_and_may_be_an_ambassador_one_day(run: Run, tmp_path: Path) -> None:
    found = {each["person"]: each for each in json.loads(run("helpers", "--format", "json")[1])}
    henk = found["hulpvaardig_henk"]
    assert (henk["helps"], henk["thanked"], henk["before_us"], henk["median_minutes"]) == (1, 1, 1.0, 40)
    assert (henk["sources"], henk["points"], henk["ambassador"]) == (["praatpaal"], 3, "")
    assert "marieke_v" not in found
    evidence = json.loads(run("helpers", "--explain", "Hulpvaardig_Henk", "--format", "json")[1])
    assert [each["what"] for each in evidence] == ["help", "thanks", "worked"]
    assert evidence[0]["evidence"] == "among the next posts; before us"
    assert json.loads(run("helpers", "--ambassadors", "--format", "json")[1]) == []
    assert "hulpvaardig_henk" not in run("helpers", "--pseudonymise")[1]
    for name, word in (("r.html", "Klanten helpen klanten"), ("r.txt", "hulpvaardig_henk"), ("r.xlsx", "")):
        assert run("report", "--lang", "nl", "-o", name)[0] == 0
        assert word.encode() in (tmp_path / name).read_bytes()
    place = "helpers/praatpaal:hulpvaardig_henk/thanked"
    assert run("report", "--explain", place)[1] == f"{evidence[0]['mention']}\n"
    status, _, err = run("helpers", "--explain", "nobody")
    assert (status, err.count("\n")) == (1, 1) and err.startswith("nobody helped nobody")
    assert run("helpers", "(half")[0] == 2
