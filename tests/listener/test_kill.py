"""The real program is killed while it listens, again and again, and in the end nothing is lost and nothing is twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.schema import CASE, EVENT, POST

THREADS, POSTS = 10, 4
MOMENTS = {"sqlite": (2, 4, 5, 5), "postgres": (3, 6)}
"""After how many answers of the site each run is killed: the rules, the list, then a conversation each."""


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
def start(site: Any, board_kind: str, listen_apart: Callable[[list[dict[str, Any]]], Any]) -> Any:
    """Starts the program that listens once to the site."""
    site.board(threads())
    return listen_apart([{"name": "board", "kind": board_kind, "url": f"{site.base}/board", "pause": 0}])


def run_and_kill(site: Any, start: Any, answers: int) -> int | None:
    """Runs until the site has given so many answers; then the process is gone without a word."""
    until = len(site.asked) + answers
    process = start()
    site.after = lambda count: os.kill(process.pid, signal.SIGKILL) if count == until else None
    process.join()
    site.after = lambda count: None
    return process.exitcode


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
    site: Any, start: Any, apart: Any, database: Database
) -> None:
    kind = "sqlite" if database.is_sqlite else "postgres"
    for answers in MOMENTS[kind]:
        assert run_and_kill(site, start, answers) == -signal.SIGKILL
    last = start()
    last.join()
    said = apart.stderr.read_text()
    assert (last.exitcode, "Traceback" in said) == (0, False), said
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
