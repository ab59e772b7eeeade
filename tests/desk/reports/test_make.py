"""Reports made from a database, whole way: rows, figures, names put away, files."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.reports import Report, ReportError, find_format
from desk.reports.make import Request, make
from desk.reports.record import paged, record
from storage import figures as module
from storage.database import Database
from storage.errors import QueryError
from storage.figures import Figures
from storage.intake import Intake
from storage.intake.twins import Copies
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post, Reason, Sentiment

ZONE = ZoneInfo("Europe/Amsterdam")
REQUEST = Request(query="", start=datetime(2026, 11, 1, tzinfo=ZONE), end=datetime(2026, 12, 1, tzinfo=ZONE), zone=ZONE)


@pytest.fixture
def figures(database: Database) -> Figures:
    """The doors of a database with three mentions by two people."""
    posts = [
        NewPost(
            post=Post(external_id=str(day), url=f"https://forum.example/{day}", text=f"{author} over Zonnebank",
                      author=author, author_url=f"https://forum.example/u/{author}", conversation_id=f"c{day}",
                      published_at=datetime(2026, 11, day, 9, tzinfo=UTC)),
            matches=(Match(brand="zonnebank", query="zonnebank"),),
            opinion=Opinion(lang="nl", sentiment=sentiment),
            wants_case=True,
        )
        for day, author, sentiment in (
            (3, "Jan", Sentiment.NEGATIVE), (4, "Petra", Sentiment.POSITIVE), (5, "Jan", Sentiment.NEGATIVE)
        )
    ]  # fmt: skip
    Intake(database).store("forum", "phpbb", posts)
    return Figures(database)


def records(report: Report) -> list[dict[str, object]]:
    out = io.BytesIO()
    find_format("jsonl")(report, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_rows_and_figures_of_a_report_agree(figures: Figures) -> None:
    report = make(figures, replace(REQUEST, query="sentiment:negative"))
    assert report.summary().mentions == len(records(report)) == 2
    assert [each["author"] for each in records(report)] == ["Jan", "Jan"]
    assert records(report)[0]["published_at"] == "2026-11-03T10:00:00+01:00"


def test_one_author_has_one_code_and_the_name_is_nowhere(figures: Figures) -> None:
    report = make(figures, replace(REQUEST, pseudonymise=True))
    first, other, again = (each["author"] for each in records(report))
    assert first == again != other
    table = next(each for each in report.summary().tables if each.key == "top_authors")
    assert {line.label.split(" ")[0] for line in table.lines} == {first, other}
    out = io.BytesIO()
    for form in ("csv", "json", "html", "md"):
        find_format(form)(report, out)
    assert b"Petra" not in out.getvalue()


def test_codes_of_two_reports_cannot_be_laid_side_by_side(figures: Figures) -> None:
    one, two = (make(figures, replace(REQUEST, pseudonymise=True)) for _ in range(2))
    assert not {each["author"] for each in records(one)} & {each["author"] for each in records(two)}


def test_a_report_explains_itself(figures: Figures) -> None:
    report = make(figures, REQUEST)
    assert len(report.summary().explain("sources/forum/negative")) == 2


def test_a_language_we_do_not_speak_and_a_bad_query_are_refused(figures: Figures) -> None:
    with pytest.raises(ReportError, match="speaks nl or en"):
        make(figures, replace(REQUEST, lang="de"))
    with pytest.raises(QueryError):
        make(figures, replace(REQUEST, query="(half"))


NASTY = ["=1+1", 'a,b;c\n"d"', "\x1b[31m", "\u202egnp", "é😀", "'@x", "+31 6 12345678", "| x |", "-", ""]


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_the_fast_way_out_gives_the_very_bytes_of_the_slow_one(database: Database, form: str) -> None:
    published = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)  # around the hour that comes twice
    posts = [
        NewPost(
            post=Post(external_id=f"p{n}", url=f"https://forum.example/{n}", text=text or "Zonnebank", author=text,
                      title=text, conversation_id=f"c{n % 3}", parent_id=f"p{n - 1}" if n % 2 else "",
                      published_at=None if n == 4 else published + timedelta(minutes=20 * n, microseconds=n),
                      rating=n / 2, conversation_url=f"https://forum.example/c{n % 3}"),
            matches=(Match(brand="zonnebank", query="zonnebank"), Match(brand="maanbank", query="bank"))[: 1 + n % 2],
            opinion=Opinion(
                lang="nl", sentiment=Sentiment.NEGATIVE, score=-0.1 * n, confidence=1 / 3, intents=("outage", "error"),
                reasons=(Reason(about="sentiment", label="words", words=("storing", text), share=-0.4),)),
            wants_case=n != 3,
        )
        for n, text in enumerate(NASTY)
    ]  # fmt: skip
    first, second, *_ = Intake(database).store("forum", "phpbb", posts).new_mentions
    Copies(database).join(second, first, "anna")
    Intake(database).store("forum", "phpbb", [replace(posts[2], post=replace(posts[2].post, text="Anders"))])
    figures = Figures(database)
    for case in range(1, 4):
        Steps(database).tag(case, "anna", f"t{case}")
    start, end = datetime(2026, 10, 1, tzinfo=ZONE), datetime(2026, 12, 1, tzinfo=ZONE)
    fast = make(figures, replace(REQUEST, start=start, end=end))
    slow = replace(fast, pages=lambda: paged(record(each, ZONE) for each in figures.mentions("", start, end)))
    written = []
    for report in (fast, slow):
        out = io.BytesIO()
        find_format(form)(report, out)
        written.append(out.getvalue())
    assert written[0] == written[1]
    assert written[0].count(b"forum.example/") >= len(NASTY)


def test_an_export_of_a_query_that_memory_decides_and_of_many_pages_is_whole(
    figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 1)
    found = records(make(figures, replace(REQUEST, query='"Jan"c')))
    assert [each["author"] for each in found] == ["Jan", "Jan"]
