"""Sources that mean harm, beside healthy ones: what each costs, what is said of it, and what the others notice.

    python bench/hostile.py [NAME …]

A server in a process of its own plays some 240 hostile hosts and 50 healthy ones; names lead to loopback, and a
connection to anything else is counted and refused. Exits with 1 where a promise is broken: 30 s and 96 MB for any
source, the healthy ones whole and at most twice as slow, a sentence for every failure, no connection elsewhere.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hostile_answers import ANSWERS, POSTS
from hostile_server import serve

from listener import crawl, judge, understanding
from listener.fetch import Fetcher
from listener.politeness import PoliteFetcher
from listener.reading import Readers
from listener.schedule import Schedule
from listener.types import Brand, SourceSpec, Watchlist
from storage import migrations
from storage.database import Database
from storage.intake import Intake

HEALTHY = 50
GROUPS = 8
"""The hostile sources stand beside the healthy ones in so many groups, of some 50; names choose others."""
MOST_SECONDS, MOST_MEGABYTES, MOST_SLOWER = 32.0, 96.0, 2.0
HTML = ("", "schema_org", "article", "phpbb", "mybb", "xenforo")
JSON = ("discourse", "flarum", "mastodon", "bluesky", "lemmy", "wordpress", "stack_exchange", "nodebb")
KINDS = {"feed": ("feed",), "html": HTML, "json": JSON, "sitemap": ("sitemap",), "any": ("feed", "", "discourse")}
Measured = dict[str, tuple[crawl.Outcome, float]]


def resident() -> float:
    """Megabytes that this process and its children hold."""
    found, page = 0, os.sysconf("SC_PAGE_SIZE")
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    for pid in [os.getpid(), *map(int, children.read_text().split())]:
        try:
            found += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        except OSError:
            continue
    return found / 2**20


@contextmanager
def peak() -> Iterator[list[float]]:
    """The most megabytes held meanwhile, looked at fifty times a second."""
    seen, done = [resident()], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            seen[0] = max(seen[0], resident())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


class Guard:
    """Stands before every connection: only the server's port on loopback is let through, the rest is counted."""

    def __init__(self, port: int) -> None:
        self.port, self.others, self._open = port, list[str](), asyncio.open_connection
        setattr(asyncio, "open_connection", self.connect)  # noqa: B010 - the one door of the listener to the network

    async def connect(self, host: Any, port: int, **more: Any) -> Any:
        """As `asyncio.open_connection`."""
        if (host, port) != ("127.0.0.1", self.port):
            self.others.append(f"{host}:{port}")
            raise ConnectionRefusedError
        return await self._open(host, port, **more)


async def to_loopback(host: str, port: int) -> list[str]:
    """Looks up the names of the play; there are no others."""
    if host.endswith(".test"):
        return ["10.0.0.1", "127.0.0.1"] if host.startswith("half-inside") else ["127.0.0.1"]
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def sources(names: list[str], port: int) -> list[SourceSpec]:
    """A source for each hostile answer, read as each kind that might meet it."""
    found = []
    for name, (group, _) in ANSWERS.items():
        for kind in KINDS[group]:
            host = f"{name}.{kind or 'unknown'}.test".replace("_", "-").replace(" ", "-")
            if not names or any(each in host for each in names):
                found.append(source(host, kind, port))
    return found


def source(host: str, kind: str, port: int) -> SourceSpec:
    """One source; only its own host may be fetched, loopback being private."""
    url = f"http://{host}:{port}/" + ("t/een/1" if kind == "discourse" else "")
    return SourceSpec(name=host, url=url, kind=kind, pause=0, allow_private=(f"{host}:{port}",))


async def visits(specs: list[SourceSpec], fetcher: Fetcher, readers: Readers, folder: str) -> Measured:
    """Visits all the sources once, as the listener does."""
    database = Database(f"sqlite:///{folder}/{time.monotonic_ns()}.db")
    migrations.upgrade(database)
    watchlist = Watchlist(brands=(Brand(name="b", queries={"b": "zonnebank*"}),))
    kit = crawl.Kit(
        web=PoliteFetcher(fetcher, pause=0),
        intake=Intake(database),
        bench=judge.prepare(watchlist, understanding.load()),
        clock=lambda: datetime.now(UTC),
        run=readers.run,
    )
    found: Measured = {}

    def note(outcome: crawl.Outcome) -> None:
        visit = outcome.visit
        found[visit.source] = outcome, (visit.finished_at - visit.started_at).total_seconds()

    schedule = Schedule(kit, specs, report=note)
    schedule.register()
    await schedule.once(regardless=True)
    return found


async def measure(port: int, names: list[str]) -> list[str]:
    """What was promised and not kept, of all the groups."""
    guard, broken = Guard(port), list[str]()
    hostile = sources(names, port)
    good = [source(f"good{n}.test", "feed", port) for n in range(HEALTHY)]
    with tempfile.TemporaryDirectory() as folder:
        async with Fetcher(resolve=to_loopback) as fetcher, Readers() as readers:
            await visits(good, fetcher, readers, folder)  # everything is loaded once
            for at in range(1 if names else GROUPS):
                some = hostile if names else hostile[at::GROUPS]
                alone = await visits(good, fetcher, readers, folder)
                before = resident()
                with peak() as most:
                    beside = await visits([*some, *good], fetcher, readers, folder)
                print(f"{len(some)} hostile sources: {before:.0f} MB before, {most[0]:.0f} MB at most")
                broken += judged(some, good, alone, beside)
                under_way = min(len(some), 16 * 4)  # so many visits are let run beside each other
                more = most[0] - before
                broken += [f"{more:.0f} MB more than before"] if more > MOST_MEGABYTES * under_way else []
    return broken + [f"a connection to {each}" for each in guard.others]


def judged(some: list[SourceSpec], good: list[SourceSpec], alone: Measured, beside: Measured) -> list[str]:
    """What one group broke."""
    broken = [f"{spec.name} was never done" for spec in [*some, *good] if spec.name not in beside]
    for spec in some:
        visit, seconds = beside[spec.name][0].visit, beside[spec.name][1]
        print(f"{seconds:6.1f} s  {spec.name:44}  {visit.outcome:9} {visit.posts:4} posts  {visit.sentence[:110]}")
        broken += [f"{spec.name} took {seconds:.0f} s"] if seconds > MOST_SECONDS else []
        broken += [f"{spec.name}: a fault of ours"] if "fault in webcare" in visit.sentence else []
        broken += [f"{spec.name} failed without a word"] if visit.outcome == "failed" and not visit.sentence else []
    broken += [f"{each.name} is not whole" for each in good if beside[each.name][0].visit.posts != POSTS]
    times = [statistics.median(found[each.name][1] for each in good) for found in (alone, beside)]
    print(f"a healthy source takes {times[0]:.2f} s alone and {times[1]:.2f} s beside them")
    is_slow = times[1] > MOST_SLOWER * times[0]
    return broken + ([f"the healthy ones are {times[1] / times[0]:.1f} times as slow"] if is_slow else [])


def main() -> int:
    """Plays all of it, and says what is broken."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        broken = asyncio.run(measure(ours.recv(), sys.argv[1:]))
    finally:
        server.kill()
    print("\n".join(["", *broken] if broken else ["", "every promise kept"]))
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
