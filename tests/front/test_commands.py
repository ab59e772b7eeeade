"""The command line as a user meets it: what it prints, where, and with which status."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

import webcare
from front import querying
from front.listening import Seldom
from front.samples import server
from front.samples.world import World
from storage import settings
from storage.database import utc_now


class Shell:
    """Runs commands in a folder of their own and keeps what they said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.out = self.err = ""

    def __call__(self, *words: str, agent: str = "anna") -> int:
        options = ["--agent", agent]
        try:
            status = webcare.main([*options, *words])
        except SystemExit as left:
            status = int(left.code or 0)
        self.out, self.err = self.capsys.readouterr()
        return status

    def json(self, *words: str) -> Any:
        """What a command prints as JSON."""
        assert self(*words, "--format", "json") == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE", "WEBCARE_AGENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, capsys)


@pytest.fixture
def listened(shell: Shell) -> Any:
    """A desk that has listened once to the sample sites, which stay up."""
    from front import demo

    with server.running(World.begin(utc_now, utc_now())) as sites:
        (shell.folder / "sources.yaml").write_text(demo.configuration(sites, "anna"), encoding="utf-8")
        assert shell("listen", "--once") == 0, shell.err
        yield shell


def test_a_first_configuration_is_written_once_and_is_right(shell: Shell) -> None:
    assert shell("init", str(shell.folder)) == 0
    assert shell("check") == 0
    assert "is right: 2 brands, 2 sources" in shell.out
    assert shell("init", str(shell.folder)) == 2
    assert "is there already" in shell.err


def test_a_bad_configuration_is_refused_with_every_complaint(shell: Shell) -> None:
    (shell.folder / "sources.yaml").write_text("brand: {}\nsources: [{name: a}]\nteam: {anna: {role: boss}}\n")
    for command in (["check"], ["listen", "--once"]):
        assert shell(*command) == 2
        assert "sources.yaml:1: brand: is not a key that is known here (did you mean brands?)" in shell.err
        assert "sources[0].url: is missing" in shell.err
        assert "team.anna.role" in shell.err
        assert "Traceback" not in shell.err


def test_no_configuration_is_said_in_a_sentence(shell: Shell) -> None:
    assert shell("listen", "--once") == 2
    assert "cannot be read" in shell.err
    assert "webcare init" in shell.err


@pytest.mark.parametrize(("query", "caret"), [("bank AND", "^"), ('"open', "^"), ("prioriti:high", "priority")])
def test_a_bad_query_is_refused_where_it_is_wrong(shell: Shell, query: str, caret: str) -> None:
    assert shell("mentions", query) == 2
    assert caret in shell.err


def test_a_mentions_way_from_the_web_to_a_report(listened: Shell) -> None:
    found = listened.json("mentions", "source:geldblog author:emma")
    (emma,) = found
    assert listened.json("mentions", "author:alert_anja")[0]["assignee"] == "sara", "a rule gave it to her"
    assert (emma["kind"], emma["brand"], emma["status"], emma["lang"]) == ("comment", "zonnebank", "new", "en")
    case = str(emma["case_id"])
    assert listened("case", case, "claim", agent="anna") == 0
    assert listened("case", case, "claim", agent="bram") == 1
    assert "is held by anna" in listened.err
    assert listened("case", case, "reply", "We refunded the second card, Emma. ^anna") == 0, listened.err
    assert "sent" in listened.out
    assert listened("case", case, "resolve") == 0
    assert listened("listen", "--once", "--now") == 0
    shown = listened.json("case", case, "show")[0]
    assert [reply["state"] for reply in shown["replies"]] == ["sent"]
    assert any(post["is_own"] and "refunded" in post["text"] for post in shown["thread"])
    assert shown["case"]["status"] == "resolved"
    report = listened.folder / "report.html"
    assert listened("report", "brand:zonnebank", "-o", str(report)) == 0
    assert "<script" not in report.read_text(encoding="utf-8")


def test_every_step_has_its_word(listened: Shell) -> None:
    case = str(listened.json("mentions", "author:pieter_p")[0]["case_id"])
    steps = [
        ["claim"],
        ["tag", "incasso", "boos"],
        ["untag", "boos"],
        ["note", "belt", "morgen", "terug"],
        ["priority", "urgent"],
        ["sentiment", "positive"],
        ["intent", "question,complaint"],
        ["relevance", "yes"],
        ["snooze", "2h"],
        ["pend"],
        ["release"],
        ["dismiss"],
        ["reopen"],
        ["undo"],
        ["reopen"],
        ["spam"],
    ]
    for step in steps:
        assert listened("case", case, *step) == 0, (step, listened.err)
    assert listened.json("mentions", "author:pieter_p")[0]["tags"] == ["incasso"]
    assert listened("case", case, "show") == 0
    assert "belt morgen terug" in listened.out
    assert listened("case", case, "why") == 0
    assert "priority" in listened.out


def test_listening_again_changes_nothing(listened: Shell) -> None:
    before = listened.json("mentions", "*")
    assert listened("listen", "--once", "--now") == 0
    seen = {each["id"]: each for each in listened.json("mentions", "*")}
    assert [seen[each["id"]] for each in before] == before


def test_a_source_that_fails_is_said_and_the_others_go_on(listened: Shell) -> None:
    config = listened.folder / "sources.yaml"
    text = config.read_text().replace(
        "sources:\n", 'sources:\n  - {name: weg, kind: feed, url: "http://127.0.0.1:9/"}\n'
    )
    config.write_text(text)
    assert listened("listen", "--once", "--now") == 1
    assert "weg: " in listened.err
    rows = {row["name"]: row for row in listened.json("sources", "health")}
    assert rows["weg"]["health"] == "degraded"
    assert rows["geldblog"]["health"] == "ok"


def test_a_port_that_is_taken_is_said_in_a_sentence(listened: Shell) -> None:
    taken = listened.json("sources", "list")[0]["url"].rsplit(":", 1)[1].strip("/")
    assert listened("demo", "--headless", "--port", taken) == 1
    assert listened.err == f"127.0.0.1:{taken}: Address already in use.\n"
    assert listened("demo", "--headless", "--port", "99999") == 2


def test_the_log_says_the_same_once_a_minute() -> None:
    seldom = Seldom()

    def passes(at: float, sentence: str) -> bool:
        return seldom.filter(logging.makeLogRecord({"msg": sentence, "created": at}))

    assert [passes(at, "away") for at in (100, 101, 159, 160, 161)] == [True, False, False, True, False]
    assert passes(161, "something else")


def test_trying_an_address_stores_nothing(listened: Shell) -> None:
    before = len(listened.json("mentions", "*"))
    assert listened("try", "praatpaal") == 0
    assert re.search(r"is read as phpbb: \d{2} posts", listened.err), "what is stored is shown as well"
    assert len(listened.json("mentions", "*")) == before


def test_texts_are_classified_line_by_line(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"id": 7, "text": "Waardeloze service, ik zeg mijn rekening op!"}\nnonsense\n{"text": ""}\n')
    with lines.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert shell("classify") == 1
    first, empty = map(json.loads, shell.out.splitlines())
    assert (first["id"], first["lang"], first["sentiment"]) == (7, "nl", "negative")
    assert {"score", "intent", "priority", "reasons"} <= first.keys()
    assert empty["sentiment"] == "unrated"
    assert "line 2 is not understood: it is not JSON" in shell.err


def test_a_query_is_explained_tried_and_compared(listened: Shell) -> None:
    assert listened("query", "check", "bank rente OR lening") == 0
    assert "OR" in listened.out
    assert listened("query", "test", "zonnebank*") == 0
    assert "posts on" in listened.out
    assert listened("query", "test", "nergensgezegd") == 0
    assert listened.out == "No stored post answers this query.\n"
    assert listened("query", "test", "brand:zonebank tag:geen") == 0
    assert "brand: knows no 'zonebank'; did you mean zonnebank?" in listened.err
    assert "“geen” is a name here" in listened.err
    assert listened("query", "diff", "zonnebank", "zonnebank") == 0
    assert listened.out == "0 posts gained, 0 lost\n"
    assert listened("query", "diff", "zonnebank", "zonnebank NOT app") == 0
    assert listened.out.startswith("0 posts gained, ")
    changed = listened.json("query", "diff", "zonnebank", "zonnebank NOT app")
    assert {row["change"] for row in changed} == {"lost"}


def test_days_of_long_ago_are_counted_by_month() -> None:
    days = {f"2026-{month:02}-{day:02}": month for month in (8, 9, 10) for day in range(1, 21)}
    counted = querying._latest_by_day(days)
    assert counted[:3] == [("2026-08", 160), ("2026-09", 81), ("2026-09-10", 9)]
    assert sum(count for _, count in counted) == sum(days.values())


def test_a_wrong_query_is_refused_as_it_was_written(listened: Shell) -> None:
    for words in (("query", "test", "a) OR (b"), ("query", "diff", "zonnebank", "a) OR (b")):
        assert listened(*words) == 2
        assert listened.err.splitlines()[0] == "a) OR (b"


def test_a_database_is_kept(listened: Shell) -> None:
    copy = listened.folder / "copy.db"
    assert listened("db", "upgrade") == 0
    assert listened("db", "check") == 0
    assert listened("db", "backup", str(copy)) == 0
    assert listened("db", "backup", str(copy)) == 1
    assert "is there already" in listened.err


def test_subscriptions_of_another_reader_become_sources(shell: Shell) -> None:
    opml = shell.folder / "subs.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="Nieuws: x} {" xmlUrl="https://a.example/rss"/>'
        '<outline text="map"><outline title="Blog" xmlUrl="https://b.example/feed"/></outline></body></opml>'
    )
    assert shell("sources", "import", str(opml)) == 0
    (shell.folder / "sources.yaml").write_text("sources:\n" + shell.out)
    assert shell("check") == 0, shell.err


def test_a_desk_without_a_terminal_is_refused_in_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stdin__", None)
    assert shell("desk") == 1
    assert "needs a terminal" in shell.err


def test_a_source_is_added_to_the_file_with_its_comments_left(listened: Shell) -> None:
    config = listened.folder / "sources.yaml"
    before = config.read_text(encoding="utf-8")
    (nieuws,) = [row for row in listened.json("sources", "list") if row["name"] == "nieuws"]
    assert listened("sources", "add", nieuws["url"], "--name", "nieuws") == 0, listened.err
    assert "nieuws-2: feed" in listened.out
    assert listened("check") == 0, listened.err
    added = config.read_text(encoding="utf-8")
    assert [line for line in added.splitlines() if line not in before.splitlines()] == [
        f'  - {{name: "nieuws-2", kind: "feed", url: "{nieuws["url"]}/"}}'
    ]


@pytest.mark.parametrize(
    "text",
    [
        "brands: {}\n",
        "sources:\n# mine\n\n  # more\n  - {name: b, url: 'https://b.example'}\n",
        "sources:\n- {name: b, url: 'https://b.example'}",
    ],
)
def test_one_more_source_fits_into_every_list(text: str) -> None:
    from front.subscribing import with_source

    document = settings.parse(with_source(text, "a", "feed", "https://a.example/?x: y"), "s.yaml", {})
    assert document.values["sources"][0] == {"name": "a", "kind": "feed", "url": "https://a.example/?x: y"}


def test_the_sources_go_out_as_opml_and_come_back(listened: Shell) -> None:
    assert listened("sources", "export") == 0
    opml = listened.folder / "out.opml"
    opml.write_text(listened.out, encoding="utf-8")
    assert listened("sources", "import", str(opml)) == 0
    assert listened.out.count("url:") == 4
