"""The windows beside the list: sources with what they said, reports written and opened, on a real database."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.printing import Printer
from desk.service import Service
from desk.timetable import Planned, read_every
from listener.types import Page
from listener.walk import beginning
from storage.roster import Roster
from storage.types import Health, Visit


@pytest.fixture
def roster(sqlite_database, clock):
    """Two sources, of which one is silent and said something strange."""
    roster = Roster(sqlite_database)
    roster.register({"blog": ("wordpress", "https://blog.example"), "forum": ("phpbb", "https://forum.example")})
    times = {"started_at": clock(), "finished_at": clock(), "next_at": clock() + timedelta(hours=2), "interval": 60.0}
    roster.finish(
        Visit(source="blog", **times, answer="200 text/html, 9 bytes, https://blog.example\n\nwelkom"),
        Visit(
            source="forum",
            **times,
            health=Health.SILENT,
            sentence="Nothing new\x1b[31m for long.",
            answer="200 text/html, 1,000 bytes, https://forum.example\n\n<h1>Log in</h1>\x1b]52;c;ZXZpbA==\x07 [/b]",
        ),
    )
    return roster


@pytest.mark.parametrize("size", [(60, 16), (100, 24), (180, 50)])
async def test_the_sources_tell_how_they_do_and_what_they_said(desk, roster, size):
    async with desk(size=size, sources=lambda: roster) as seat:
        await seat.press("S")
        assert "forum" in seat.text and "silent" in seat.text and "Nothing new␛[31m for long." in seat.text
        assert seat.text.index("forum") < seat.text.index("blog"), "those in trouble first"
        await seat.press("enter")
        assert "<h1>Log in</h1>␛]52;c;ZXZpbA==␇ [/b]" in seat.text and "200 text/html" in seat.text
        await seat.press("escape", "j", "v")
        assert "welkom" in seat.text


async def test_a_source_is_paused_taken_up_again_tried_and_accepted_by_one_key(desk, roster, clock):
    def state():
        return {each.name: (each.health, each.next_at) for each in roster.health()}["forum"]

    async with desk("carla", size=(100, 24), sources=lambda: roster) as seat:
        await seat.press("S", "p")
        assert state() == (Health.ON_HOLD, None) and "Paused" in seat.text
        assert "on hold" in seat.text and "no visit planned" in seat.text
        await seat.press("p")
        assert state() == (Health.OK, clock()), seat.text
        await seat.press("a")
        assert "Accepted" in seat.text
        await seat.press("r")
        assert "visited as soon as" in seat.text


async def test_who_may_only_handle_cases_may_not_pause_a_source(desk, roster):
    async with desk("tom", size=(100, 24), sources=lambda: roster) as seat:
        await seat.press("S", "p")
        assert "may not manage sources" in seat.text and {each.next_at for each in roster.health()} != {None}


async def test_without_sources_that_is_said_in_dutch(desk, sqlite_database):
    async with desk(size=(80, 24), lang="nl", sources=lambda: Roster(sqlite_database)) as seat:
        await seat.press("S")
        assert "Er zijn nog geen bronnen" in seat.text
        await seat.press("r", "enter", "j", "G", "escape")
        assert seat.app.screen is seat.screen


def test_a_page_begins_as_text_that_any_database_takes(clock):
    body = "<p>caf\xe9\x00\x1b[31m".encode("latin-1") + b"x" * 9000
    headers = {"content-type": 'text/html; charset="iso-8859-1"'}
    page = Page(url="https://forum.example/", status=200, headers=headers, body=body, fetched_at=clock())
    first, _blank, rest = beginning(page).partition("\n\n")
    assert first == "200 text/html, 9,013 bytes, https://forum.example/"
    assert rest.startswith("<p>café\ufffd\ufffd[31m") and len(rest) == 4000
    strange = Page(
        url="u", status=200, headers={"content-type": "text/html; charset=x-nonsense"}, body=b"a", fetched_at=clock()
    )
    assert beginning(strange).endswith("\n\na")


@pytest.fixture
def printer(sqlite_database, tmp_path):
    """Two planned reports, relative to a folder of the test's own."""
    planned = (
        Planned(name="week", query="brand:zonnebank", every=read_every("mon 08:00"), forms=("html", "csv")),
        Planned(name="week-2", query="*", every=read_every("daily 07:30"), forms=("txt",)),
    )
    return Printer(sqlite_database, planned, tmp_path, ZoneInfo("Europe/Amsterdam"), Service())


async def test_a_report_is_written_now_and_opened(desk, arrive, printer, tmp_path, monkeypatch):
    arrive()
    opened = []
    monkeypatch.setattr("desk.screens.reports.has_browser", lambda: True)
    monkeypatch.setattr("desk.app.Desk.open_url", lambda _self, url, **_more: opened.append(url))
    async with desk(size=(100, 24), printer=lambda: printer) as seat:
        await seat.press("P")
        assert "week" in seat.text and "mon 08:00" in seat.text and "Not written yet" in seat.text
        await seat.press("w")
        files = sorted(path.name for path in (tmp_path / "reports").iterdir())
        assert len(files) == 2 and all(name.startswith("week-2026-") and "-now." in name for name in files), files
        assert "Written" in seat.text
        await seat.press("enter", "y")
        assert opened and opened[0].startswith("file://") and opened[0].endswith(".html")
        await seat.press("j", "enter")
        assert "Not written yet" in seat.text, "a file of another report with a longer name is not this one's"


async def test_a_report_that_cannot_be_written_is_said(desk, arrive, printer, tmp_path):
    (tmp_path / "reports").write_text("in the way")
    async with desk(size=(100, 24), printer=lambda: printer) as seat:
        await seat.press("P", "w")
        assert "week could not be written" in seat.text and "Being written" not in seat.text


async def test_without_reports_that_is_said(desk, sqlite_database, tmp_path):
    nothing = Printer(sqlite_database, (), tmp_path, ZoneInfo("Europe/Amsterdam"), Service())
    async with desk(size=(80, 24), printer=lambda: nothing) as seat:
        await seat.press("P", "w", "enter")
        assert "There are no reports yet" in seat.text
