"""Nobody is answered twice, by real processes that race and are killed, and a site that counts what arrives."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from desk import channels, clockwork
from desk.clerk import Clerk
from desk.policy import ChannelSpec, Policy
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.types import Match, NewPost, Post, ReplyState

WORKERS, CASES = 2, 6

WORKER = """
import sys
from datetime import timedelta
from desk import channels, clockwork
from desk.clerk import Clerk
from desk.errors import DeskError
from desk.policy import ChannelSpec, Policy
from storage.database import Database
from storage.errors import StorageError

url, name, site, gate, cases, turn = sys.argv[1:5] + [int(each) for each in sys.argv[5:]]
options = {"url": site, "secret": "very-secret-secret", "allow_private": True}
policy = Policy(channels={"forum": ChannelSpec(name="webhook", options=options)})
database = Database(url)
clerk = Clerk(database, agent=name, policy=policy, channels=channels.load)
open(gate).read()
for number in range(cases):
    case_id = (number + turn) % cases + 1
    for _ in range(2):
        try:
            clerk.reply(case_id, f"Dag, zegt {name}", hold=timedelta())
            clerk.resolve(case_id)
            clockwork.tick(database, policy, channels.load, desk_of=name)
        except (StorageError, DeskError):
            pass
"""


class Site:
    """Takes signed replies, counts them, and may kill whoever sends before it answers."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.victim: Callable[[], int] | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.arrived.append(self.headers["webhook-id"])
                if outer.victim is not None:
                    victim, outer.victim = outer.victim, None
                    os.kill(victim(), signal.SIGKILL)
                with suppress(ConnectionError):
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    thread = Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def fill(database: Database, cases: int) -> None:
    """Mentions by different people, a case each."""
    posts = [
        Post(
            external_id=f"p{number}",
            url=f"https://forum.example/{number}",
            text="De app van Zonnebank werkt niet",
            author=f"Jan {number}",
            author_id=f"jan{number}",
            conversation_id=f"c{number}",
            published_at=database.now(),
        )
        for number in range(cases)
    ]
    intake = Intake(database)
    intake.register({"forum": ("phpbb", "https://forum.example")})
    match = (Match(brand="zonnebank", query="zonnebank"),)
    intake.store("forum", "phpbb", [NewPost(post=post, matches=match, wants_case=True) for post in posts])


Worker = tuple[BaseProcess, Path]
"""An agent in a process of their own, and the gate (a FIFO) at which they wait for the word to begin."""


@pytest.fixture
def worker(apart: Any, site: Site, tmp_path: Path) -> Callable[..., Worker]:
    """Puts an agent to work on a database."""

    def begin(url: str, number: int, cases: int = CASES) -> Worker:
        gate = tmp_path / f"gate{number}"
        os.mkfifo(gate)
        return apart.start(WORKER, url, f"agent{number}", site.url, str(gate), str(cases), str(number)), gate

    return begin


def let_go(*workers: Worker) -> list[int | None]:
    """Lets them all begin, once all are there; how each ended."""
    gates = [os.open(gate, os.O_WRONLY) for _, gate in workers]  # each opens when somebody waits there
    for gate in gates:
        os.close(gate)
    for process, _ in workers:
        process.join(100)
    return [process.exitcode for process, _ in workers]


@pytest.fixture
def opened(database_url: str) -> Iterator[Database]:
    """The database of this test by the clock on the wall, as the workers see it."""
    found = Database(database_url)
    yield found
    found.close()


def clerk_of(database: Database, name: str, site: Site) -> Clerk:
    """A clerk in this process, who answers as the workers do."""
    options: dict[str, Any] = {"url": site.url, "secret": "very-secret-secret", "allow_private": True}
    policy = Policy(channels={"forum": ChannelSpec(name="webhook", options=options)})
    return Clerk(database, agent=name, policy=policy, channels=channels.load)


def test_agents_in_processes_of_their_own_answer_each_case_once(
    opened: Database, database_url: str, site: Site, worker: Callable[..., Worker]
) -> None:
    fill(opened, CASES)
    assert let_go(*(worker(database_url, number) for number in range(WORKERS))) == [0] * WORKERS
    files = [Inbox(opened).open(number + 1) for number in range(CASES)]
    sent = [[reply.key for reply in file.replies if reply.state is ReplyState.SENT] for file in files]
    assert [len(keys) for keys in sent] == [1] * CASES
    assert Counter(site.arrived) == Counter(key for keys in sent for key in keys)
    left = {reply.state for file in files for reply in file.replies} - {ReplyState.SENT}
    assert left <= {ReplyState.DRAFT, ReplyState.CANCELLED}  # the words of who came too late


@pytest.mark.parametrize("tells", [True, False])
def test_a_sender_killed_once_the_reply_is_there_sends_it_again_only_where_that_is_told(
    sqlite_url: str, site: Site, worker: Callable[..., Worker], tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Database(sqlite_url)
    fill(opened, 1)
    process, gate = worker(sqlite_url, 0, 1)
    site.victim = lambda: process.pid
    assert let_go((process, gate)) == [-signal.SIGKILL] and len(site.arrived) == 1
    clerk = clerk_of(opened, "bram", site)
    assert clerk.outbox()[0].state is ReplyState.SENDING
    monkeypatch.setattr("desk.channels.webhook.tells_duplicates", tells)
    for _ in range(3):
        clockwork.tick(opened, clerk.policy, channels.load, desk_of="bram")
    (reply,) = clerk.open(1).replies
    assert reply.state is (ReplyState.SENT if tells else ReplyState.UNCERTAIN)
    assert site.arrived == [reply.key] * (2 if tells else 1)
    opened.close()
