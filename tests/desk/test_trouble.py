"""A database in trouble is said in words while keys stay alive, and the desk goes on once it is well again."""

import os
import resource
import sqlite3
import sys
from pathlib import Path

import psycopg
import pytest

from bench.terminal import HOUSE, opened
from desk.app import Desk
from desk.clerk import Clerk
from desk.policy import Policy
from storage.database import Database
from storage.errors import DatabaseUnavailable

NO_ANSWER = "does not answer"


async def alive(seat) -> bool:
    """Whether the next key still does what it says."""
    before = seat.screen.cases.row
    await seat.press("j" if before == 0 else "k")
    return seat.screen.cases.row != before


async def test_a_database_that_somebody_holds_is_said_and_waited_for(desk, arrive, clerk, sqlite_url, monkeypatch):
    monkeypatch.setattr("storage.database.BUSY_SECONDS", 0.1)
    first, _ = arrive(), arrive()
    async with desk() as seat:
        holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        await seat.press("c")
        assert "locked" in seat.said and await alive(seat)
        holder.execute("ROLLBACK")
        holder.close()
        await seat.press("g", "c")
        assert "Yours." in seat.said
    assert clerk("x").cases([first])[0].assignee == "anna"


async def test_a_file_that_is_taken_away_is_said_and_its_return_is_noticed(desk, arrive, clerk, sqlite_url):
    first, _ = arrive(), arrive()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with desk() as seat:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        away = path.rename(path.with_suffix(".away"))
        await seat.press("c")
        assert NO_ANSWER in seat.said and "unable to open" in seat.said and await alive(seat)
        assert not path.exists()
        await seat.poll()
        assert "database does not answer" in seat.text
        away.rename(path)
        await seat.press("g", "c")
        await seat.poll()
        assert "Yours." in seat.said and "database does not answer" not in seat.text
    assert clerk("x").cases([first])[0].assignee == "anna"


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on files")
async def test_a_disk_that_is_full_is_said(desk, arrive, clerk, sqlite_url):
    first, _ = arrive(), arrive()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with desk() as seat:
        log = path.with_name(path.name + "-wal")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
        try:
            await seat.press("c")
            assert NO_ANSWER in seat.said and await alive(seat)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await seat.press("g", "c")
        assert "Yours." in seat.said
    assert clerk("x").cases([first])[0].assignee == "anna"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_server_that_goes_away_is_said_and_its_return_is_noticed(postgres_server, database, seat_of, clock):
    agent = Clerk(database, agent="anna", policy=Policy(), channels=lambda name: None)
    app = Desk(lambda: agent, agent="anna", now=clock, poll=3600)
    name = database.url.database
    async with app.run_test(size=(120, 40)) as pilot:
        seat = seat_of(app, pilot)
        await seat.settle()
        with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as server:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            await seat.press("tab", "full_stop")
            assert NO_ANSWER in seat.said
            await seat.press("question_mark", "escape")
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await seat.press("full_stop")
        assert NO_ANSWER not in seat.said


def test_a_connection_is_never_to_a_file_that_is_gone(sqlite_url):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    database = Database(sqlite_url)
    with database.read():
        pass
    path.unlink()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match="unable to open"), database.read():
            pass
    assert not path.exists()
    database.close()


CRASH = """
import sys, webcare
from desk.screens.triage import TriageScreen
def fail(self):
    shown = f"{self.file!r} {self.cases.case!r}"
    assert "Jan Geheim" in shown
    raise ValueError(shown)
TriageScreen.action_down = fail
sys.exit(webcare.main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_crash_on_a_real_terminal_tells_where_and_nothing_of_the_post(arrive, sqlite_url):
    arrive(text="Mijn IBAN is NL00GEHEIM, zonnebank", author="Jan Geheim", title="Geheim")
    words = [sys.executable, "-c", CRASH, "--config", os.devnull, "--database", sqlite_url, "--agent", "anna", "desk"]
    os.environ["PYTHONPATH"] = str(HOUSE)
    with opened(words) as terminal:
        assert "Jan Geheim" in terminal.read(b"Jan Geheim")
        terminal.press("l")
        assert "GEHEIM" in terminal.read(b"GEHEIM")
        terminal.press("j")
        last = terminal.read(b"fail").partition("1049l")[2]
    assert "The desk stopped: ValueError" in last and " fail" in last
    assert "Geheim" not in last and "GEHEIM" not in last and "CaseFile" not in last
