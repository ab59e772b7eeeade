"""Promises, alerts and planned reports from the command line."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import webcare
from storage import migrations
from storage.database import Database, utc_now
from storage.intake import Intake
from storage.types import Match, NewPost, Post

CONFIG = """
brands: {zonnebank: {query: zonnebank}}
hours: {kantoor: {mon-sun: ["00:00-24:00"]}}
sla: [{for: "brand:zonnebank", first_response: 1h, hours: kantoor}]
alerts: [{unclaimed: 15m, sla: true, notify: ["${ALERT_URL}"]}]
reports: {week: {query: "brand:zonnebank", every: "mon 08:00", to: reports/}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and one mention of fifty minutes ago."""
    for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE", "ALERT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIG, encoding="utf-8")
    database = Database(f"sqlite:///{tmp_path / 'webcare.db'}", clock=lambda: utc_now() - timedelta(minutes=50))
    migrations.upgrade(database)
    post = Post(external_id="p1", url="https://forum.example/1", text="Zonnebank werkt niet", author="Jan")
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), wants_case=True)
    Intake(database).store("forum", "phpbb", [new])
    database.close()
    return tmp_path


def test_a_missing_address_is_a_complaint_to_who_listens_and_not_to_who_looks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert webcare.main(["check"]) == 2
    assert "sources.yaml:5: the environment has no ALERT_URL" in capsys.readouterr().err
    assert webcare.main(["case", "1", "why"]) == 0
    assert "first_response: warned. 1 h by kantoor, for brand:zonnebank" in capsys.readouterr().out
    assert webcare.main(["case", "1", "why", "--format", "json"]) == 0
    (clock,) = json.loads(capsys.readouterr().out)[0]["clocks"]
    assert (clock["target"], clock["state"], clock["allowed_seconds"]) == ("first_response", "warned", 3600.0)


def test_the_name_of_a_planned_report_stands_for_its_query(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert webcare.main(["report", "week", "-o", "week.json"]) == 0
    assert [each["url"] for each in json.loads((folder / "week.json").read_text())] == ["https://forum.example/1"]
    monkeypatch.setenv("ALERT_URL", "https://hooks.example/1")
    capsys.readouterr()
    assert webcare.main(["check"]) == 0
    assert "is right: 1 brands, 0 sources" in capsys.readouterr().out
    assert webcare.main(["listen", "--once"]) == 0


class Heard(BaseHTTPRequestHandler):
    """Keeps what it is told."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_one_round_of_listening_warns_and_tells_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    server.heard = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    host = f"127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("ALERT_URL", f"http://{host}/hook")
    (folder / "sources.yaml").write_text(f'allow_private: ["{host}"]\n{CONFIG}', encoding="utf-8")
    try:
        assert [webcare.main(["listen", "--once"]) for _ in range(2)] == [0, 0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [each["data"]["title"] for each in server.heard] == ["Case 1: first response at risk"]
    assert webcare.main(["case", "1", "why"]) == 0
    assert "sla_warned by webcare" in capsys.readouterr().out


def test_faults_of_all_keys_are_said_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "brands: {a: {query: '('}}\nsla: [{resolution: soon}]\nalerts: [{spike: 3}]\nreports: {x: {every: never}}\n"
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    assert webcare.main(["check"]) == 2
    said = capsys.readouterr().err
    assert all(f"sources.yaml:{line}: " in said for line in (1, 2, 3, 4)), said
