"""The real program is killed while it listens, again and again, and in the end nothing is lost and nothing is twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables
from storage.database import Database

ROOT = Path(__file__).parent.parent.parent
KINDS = ROOT / "tests" / "data" / "kinds"
THREADS, POSTS = 10, 4
MOMENTS = {"sqlite": (2, 4, 5, 5), "postgres": (3, 6)}
"""After how many answers of the site each run is killed: the rules, the list, then a conversation each."""
POST, CASE, EVENT = (each.__table__ for each in (tables.Post, tables.Case, tables.Event))


def threads() -> dict[str, list[dict[str, Any]]]:
    """Forty posts in ten conversations; one in two is a mention, and two in each conversation are one person's."""
    return {
        f"t{thread}": [
            {
                "id": f"{thread}-{number}",
                "text": f"{'Zonnebank' if number % 2 else 'Iets'} doet het niet, keer {number} in draad {thread}.",
                "author": f"lezer{number % 3}",
            }
            for number in range(POSTS)
        ]
        for thread in range(THREADS)
    }


@pytest.fixture
def program(site: Any, database_url: str, tmp_path: Path) -> list[str]:
    """The command line that listens once to the site, into the test's database."""
    site.board(threads())
    source = {"name": "board", "kind": "testkinds.board", "url": f"{site.base}/board", "pause": 0}
    config = {
        "database": database_url,
        "allow_private": True,
        "brands": {"zonnebank": {"query": "zonnebank*"}},
        "sources": [source],
    }
    path = tmp_path / "sources.yaml"
    path.write_text(json.dumps(config))
    run = "import sys, webcare; sys.exit(webcare.main())"
    return [sys.executable, "-c", run, "--config", str(path), "listen", "--once", "--now"]


def start(program: list[str]) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(ROOT), str(KINDS)])
    return subprocess.Popen(program, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE)


def run_and_kill(site: Any, program: list[str], answers: int) -> int:
    """Runs until the site has given so many answers; then the process is gone without a word."""
    until = len(site.asked) + answers
    process = start(program)
    site.after = lambda count: os.kill(process.pid, signal.SIGKILL) if count == until else None
    process.communicate()
    site.after = lambda count: None
    return process.returncode


def found(database: Database) -> dict[str, Any]:
    """Everything that must be as if nothing had happened."""
    with database.read() as connection:
        events = sa.select(EVENT.c.kind, POST.c.external_id).join(POST, POST.c.id == EVENT.c.post_id)
        return {
            "posts": sorted(connection.execute(sa.select(POST.c.external_id, POST.c.text, POST.c.is_mention)).all()),
            "cases": sorted(connection.execute(sa.select(CASE.c.author_key, CASE.c.conversation_id)).all()),
            "events": sorted(connection.execute(events).all()),
        }


def test_however_often_it_is_killed_nothing_is_lost_and_nothing_is_twice(
    site: Any, program: list[str], database: Database
) -> None:
    kind = "sqlite" if database.is_sqlite else "postgres"
    for answers in MOMENTS[kind]:
        assert run_and_kill(site, program, answers) == -signal.SIGKILL
    last = start(program)
    _, said = last.communicate()
    assert (last.returncode, b"Traceback" in said) == (0, False), said.decode()
    held = found(database)
    everything = [(post["id"], post["text"]) for posts in threads().values() for post in posts]
    assert [(row[0], row[1]) for row in held["posts"]] == sorted(everything)
    mentions = sorted(row[0] for row in held["posts"] if row[2])
    assert mentions == sorted(name for name, text in everything if text.startswith("Zonnebank"))
    assert held["events"] == [("found", name) for name in mentions]
    assert len(held["cases"]) == len(set(held["cases"])) == 2 * THREADS
    if database.is_sqlite:
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
