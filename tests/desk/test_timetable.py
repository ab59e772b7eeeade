"""Reports are written when the file says so: each once, whoever is killed, and late ones as things stood then."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import printing, timetable
from desk.notifier import written
from desk.timetable import Planned, read_every
from storage.database import Database
from storage.errors import ConfigError
from storage.intake import Intake
from storage.notices import Notices
from storage.settings import parse
from storage.types import Match, NewPost, Post

ZONE = ZoneInfo("Europe/Amsterdam")


def read(text: str) -> tuple[Planned, ...]:
    """The reports of a file."""
    return timetable.read(parse(text, "sources.yaml", {}))


WEEK = read('reports: {week: {query: "brand:zonnebank", every: "mon 08:00", to: reports/, as: json}}')


def arrive(database: Database, number: int, at: datetime) -> None:
    """Stores a mention published at a time."""
    post = Post(
        external_id=f"p{number}", url=f"https://forum.example/{number}", text="Zonnebank", author="Jan",
        conversation_id=f"c{number}", published_at=at,
    )  # fmt: skip
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), wants_case=True)
    Intake(database).store("forum", "phpbb", [new])


def mentions_of(path: Path) -> list[str]:
    """The addresses of the mentions in a report."""
    return [each["url"] for each in json.loads(path.read_text())]


@pytest.mark.parametrize(
    ("every", "due", "first", "end"),
    [
        ("mon 08:00", "2026-11-23 08:00", "2026-11-16", "2026-11-23"),
        ("daily 07:30", "2026-11-23 07:30", "2026-11-22", "2026-11-23"),
        ("mon-fri 07:30", "2026-11-23 07:30", "2026-11-20", "2026-11-23"),
        ("mon,thu 07:30", "2026-11-23 07:30", "2026-11-19", "2026-11-23"),
        ("1st 08:00", "2026-12-01 08:00", "2026-11-01", "2026-12-01"),
        ("15th 8:00", "2026-12-15 08:00", "2026-11-15", "2026-12-15"),
    ],
)
def test_a_report_covers_what_lies_before_the_day_it_is_written(every: str, due: str, first: str, end: str) -> None:
    begin = datetime(2026, 11, 22, 13, tzinfo=ZONE)
    slot = next(read_every(every).slots(begin, begin + timedelta(days=40), ZONE))
    assert slot.at == datetime.fromisoformat(due).replace(tzinfo=ZONE)
    assert (slot.first.isoformat(), slot.end.isoformat()) == (first, end)


@given(
    st.integers(0, 2 * 366 * 24 * 60).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n)),
    st.lists(st.integers(0, 60 * 24 * 20), max_size=8),
    st.sampled_from(["daily 02:30", "tue,fri-sat 02:30", "daily 00:00", "sun 02:30", "1st 23:59", "28th 02:30"]),
)
def test_however_often_one_looks_every_time_comes_once(start: datetime, looks: list[int], text: str) -> None:
    every, begin = read_every(text), start
    moments = [begin, *(begin + timedelta(minutes=n) for n in sorted(looks))]
    pieces = [slot for a, b in pairwise(moments) for slot in every.slots(a, b, ZONE)]
    assert pieces == list(every.slots(begin, moments[-1], ZONE))
    assert len({slot.end for slot in pieces}) == len(pieces)


def test_a_report_is_written_once_whoever_looks(
    database: Database, clock: Any, tmp_path: Path, another: Callable[[], Database]
) -> None:
    arrive(database, 1, clock())
    assert printing.tick(database, WEEK, tmp_path, ZONE) == []
    clock.time = datetime(2026, 11, 23, 6, 59, tzinfo=UTC)
    assert printing.tick(database, WEEK, tmp_path, ZONE) == []
    clock.advance(minutes=1)
    (path,) = printing.tick(database, WEEK, tmp_path, ZONE)
    assert path == tmp_path / "reports" / "week-2026-11-16.json"
    assert mentions_of(path) == ["https://forum.example/1"]
    path.unlink()
    assert printing.tick(database, WEEK, tmp_path, ZONE) == printing.tick(another(), WEEK, tmp_path, ZONE) == []
    assert not path.exists()


def test_what_was_missed_is_written_later_as_things_stood(
    sqlite_database: Database, clock: Any, tmp_path: Path
) -> None:
    printing.tick(sqlite_database, WEEK, tmp_path, ZONE)
    published = clock()
    arrive(sqlite_database, 1, published)
    clock.advance(weeks=3)
    arrive(sqlite_database, 2, published)
    paths = printing.tick(sqlite_database, WEEK, tmp_path, ZONE)
    assert [path.name for path in paths] == [
        "week-2026-11-16.json", "week-2026-11-23.json", "week-2026-11-30.json"
    ]  # fmt: skip
    assert mentions_of(paths[0]) == ["https://forum.example/1"], "the other was found after it was due"


def test_after_a_long_absence_only_the_newest_are_written(
    sqlite_database: Database, clock: Any, tmp_path: Path
) -> None:
    printing.tick(sqlite_database, WEEK, tmp_path, ZONE)
    clock.advance(weeks=40)
    assert len(printing.tick(sqlite_database, WEEK, tmp_path, ZONE)) == printing.CATCH_UP
    assert printing.tick(sqlite_database, WEEK, tmp_path, ZONE) == []


def test_a_report_that_cannot_be_written_is_tried_again(
    sqlite_database: Database, clock: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    printing.tick(sqlite_database, WEEK, tmp_path, ZONE)
    (tmp_path / "reports").write_text("in the way")
    clock.time = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert printing.tick(sqlite_database, WEEK, tmp_path, ZONE) == []
    assert "The report week could not be written" in caplog.text
    (tmp_path / "reports").unlink()
    assert printing.tick(sqlite_database, WEEK, tmp_path, ZONE) == []
    clock.advance(minutes=11)
    assert len(printing.tick(sqlite_database, WEEK, tmp_path, ZONE)) == 1


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from desk import printing, reports, timetable
from storage.database import Database
from storage.settings import parse

def killed(*words):
    if sys.argv[4] == "after":
        save(*words)
    os.kill(os.getpid(), signal.SIGKILL)

save, reports.save = reports.save, killed
now = datetime.fromisoformat(sys.argv[2])
text = 'reports: {week: {query: "brand:zonnebank", every: "mon 08:00", to: reports/, as: json}}'
plan = timetable.read(parse(text, "sources.yaml", {}))
printing.tick(Database(sys.argv[1], clock=lambda: now), plan, Path(sys.argv[3]), ZoneInfo("Europe/Amsterdam"))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_killed_while_writing_leaves_it_to_the_next(
    database: Database, database_url: str, clock: Any, apart: Any, tmp_path: Path, moment: str
) -> None:
    printing.tick(database, WEEK, tmp_path, ZONE)
    clock.time = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert apart.run(KILLED, database_url, clock().isoformat(), str(tmp_path), moment) == -signal.SIGKILL
    assert len(printing.tick(database, WEEK, tmp_path, ZONE)) == 1
    assert printing.tick(database, WEEK, tmp_path, ZONE) == []
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["week-2026-11-16.json"]


def test_who_wants_it_gets_the_file(sqlite_database: Database, clock: Any, tmp_path: Path) -> None:
    (plan,) = read('reports: {dag: {every: "daily 07:30", as: [json, csv], notify: "https://hooks.example/1"}}')
    (target,) = plan.targets
    plan = replace(plan, targets=(replace(target, an_hour=0),))  # it waits, so that the test can look
    printing.tick(sqlite_database, [plan], tmp_path, ZONE)
    clock.advance(days=1)
    paths = printing.tick(sqlite_database, [plan], tmp_path, ZONE)
    assert [path.suffix for path in paths] == [".json", ".csv"]
    message = Notices(sqlite_database).take(target.id, an_hour=6)
    assert message is not None
    assert [notice.path for notice in message.notices] == sorted(map(str, paths))
    assert written(message)[0] == "webcare: 2 reports"


def test_every_fault_of_the_file_is_said_with_its_place() -> None:
    text = """
reports:
  a: {every: "29th 08:00"}
  b: {every: "mon 8", query: "is:opn", as: hmtl}
  c: {to: reports/}
  d: {every: "mon 08:00", query: "assignee:me"}
"""
    with pytest.raises(ConfigError) as caught:
        read(text)
    said = "\n".join(caught.value.complaints)
    assert "sources.yaml:3: reports.a.every: is no time to write a report" in said
    assert "reports.b.every: is no time" in said
    assert "reports.b.query: is not a query" in said
    assert "reports.d.query: is not a query: Nobody asks here who could be me" in said
    assert "is no report format (did you mean html?)" in said
    assert "sources.yaml:5: reports.c.every: is missing" in said
    with pytest.raises(ConfigError, match="is no name for a file"):
        read('reports: {"../x": {every: "mon 08:00"}}')
