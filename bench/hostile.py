"""Sources that mean harm, beside healthy ones: what each costs, what is said of it, and what the others notice.

    python -m bench.hostile                  eight rounds, each of an eighth of all, some five minutes
    python -m bench.hostile 3                the third of them
    python -m bench.hostile html gz-bomb     a group of answers, or hosts by a part of their name, in one round
    python -m bench.hostile --alone json     one source after the other: what a single one takes of memory

A server in a process of its own plays some 430 hostile hosts and 50 healthy ones; names lead to loopback, and a
connection to anything else is counted and refused. Each source is read as every kind that might meet it. Exits with 1
where a promise is broken: 30 s and 96 MB for any source, the healthy ones whole and at most twice as slow, a sentence
for every failure, no connection elsewhere. `-v` prints every source, else the costliest and what is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.hostile_answers import ANSWERS, POSTS
from bench.hostile_server import serve
from listener import crawl, judge, understanding
from listener.fetch import Fetcher
from listener.politeness import PoliteFetcher
from listener.reading import Readers
from listener.schedule import WORKERS, Schedule, run
from listener.streams import Streams
from listener.types import Brand, SourceSpec, Watchlist
from storage import migrations
from storage.database import Database
from storage.intake import Intake

HEALTHY = 50
"""Half of them of a few KB, half of some 80 KB."""
ROUNDS = 8
MOST_SECONDS, MOST_MEGABYTES, MOST_SLOWER = 30.0, 96.0, 2.0
SHOWN = 4
"""The costliest sources of a round that are shown."""
HTML = ("", "schema_org", "article", "phpbb", "mybb", "xenforo")
JSON = ("discourse", "flarum", "mastodon", "bluesky", "lemmy", "wordpress", "stack_exchange", "nodebb")
FEED = ("feed",)
KINDS: dict[str, tuple[str, ...]] = {
    "wire": FEED,
    "redirects": FEED,
    "xml": FEED,
    "robots": FEED,
    "html": HTML,
    "json": JSON,
    "sitemap": ("sitemap",),
    "slow_links": ("feed", "", "phpbb", "schema_org"),
    "text": FEED,
    "dns": FEED,
    "socket": ("jetstream",),
    "events": ("mastodon",),
}
"""The groups of answers, and how their hosts are read; a site that is endless is of the kind that its group names."""
SPELL = 5.0
"""Seconds that a stream is heard."""
NAMES = {
    "dns-mapped": ["::ffff:10.0.0.1"],
    "dns-nat64": ["64:ff9b::a00:1"],
    "dns-zero": ["0.0.0.0"],
    "dns-link": ["127.0.0.1", "fe80::1"],
    "dns-none": [],
    "dns-many": ["127.0.0.1"] * 5000 + ["10.0.0.1"],
    "half-inside": ["10.0.0.1", "127.0.0.1"],
}
"""What hosts lead to that do not lead to loopback alone."""
IDLE = 28.0
"""Megabytes of a reader that has read nothing."""
_SENTENCE = re.compile(r"[-\[A-Z0-9a-z].{20,}[.?!]", re.DOTALL)
Measured = dict[str, tuple[crawl.Outcome, float]]


@dataclass(frozen=True, slots=True)
class Held:
    """Megabytes of memory."""

    here: float
    reader: float
    """By the reader that holds most."""


def held(server: int) -> Held:
    """What this process and its readers hold; the server of the play is none of them."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    readers = [_resident(pid) for pid in map(int, children) if pid != server and _is_reader(pid)]
    return Held(_resident(os.getpid()), max(readers, default=0.0))


def _is_reader(pid: int) -> bool:
    """Whether a process has begun its own life: until then it shows the memory of the one that starts it."""
    try:
        return b"listener.reader" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


@contextmanager
def peak(server: int) -> Iterator[list[Held]]:
    """The most megabytes held meanwhile, looked at twenty times a second."""
    seen, done = [held(server)], threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            now = held(server)
            seen[0] = Held(max(seen[0].here, now.here), max(seen[0].reader, now.reader))

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
    name = host.split(".")[0]
    if name == "dns-slow":
        await asyncio.sleep(60)
    if host.endswith(".test"):
        return NAMES.get(name, ["127.0.0.1"])
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def sources(names: Collection[str], port: int) -> list[SourceSpec]:
    """A source for each hostile answer, read as each kind that might meet it."""
    found = []
    for name, (group, _) in ANSWERS.items():
        for kind in KINDS.get(group) or (group.split()[1],):
            host = f"{name}.{kind or 'unknown'}.test".replace("_", "-").replace(" ", "-")
            if not names or any(each == group or each in host for each in names):
                found.append(source(host, kind, port))
    return found


def source(host: str, kind: str, port: int) -> SourceSpec:
    """One source; only its own host may be fetched, loopback being private."""
    is_thread = kind == "discourse" and not host.startswith("e-")
    url = f"{'ws' if kind == 'jetstream' else 'http'}://{host}:{port}/" + ("t/een/1" if is_thread else "")
    options = {"live": True} if host.startswith("v-") else {}
    private = () if host.startswith("dns-") else (f"{host}:{port}",)
    return SourceSpec(name=host, url=url, kind=kind, options=options, pause=0, allow_private=private)


async def visits(
    specs: list[SourceSpec],
    fetcher: Fetcher,
    readers: Readers,
    database: Database,
    bench: judge.Bench,
    workers: int = WORKERS,
) -> Measured:
    """Visits all the sources once, as the listener does."""
    web = PoliteFetcher(fetcher, pause=0)
    kit = crawl.Kit(
        web=web,
        ears=Streams(fetcher, web),
        spell=SPELL,
        intake=Intake(database),
        bench=bench,
        clock=lambda: datetime.now(UTC),
        run=readers.run,
    )
    found: Measured = {}

    def note(outcome: crawl.Outcome) -> None:
        visit = outcome.visit
        found[visit.source] = outcome, (visit.finished_at - visit.started_at).total_seconds()

    schedule = Schedule(kit, specs, report=note, workers=workers, names=[spec.name for spec in specs])
    schedule.register()
    await schedule.once(regardless=True)
    return found


def warm_bench() -> judge.Bench:
    """What a listener judges with that has seen each language before."""
    bench = judge.prepare(Watchlist(brands=(Brand(name="b", queries={"b": "zonnebank*"}),)), understanding.load())
    for text in ("De Zonnebank is weer eens erg traag vandaag", "The Zonnebank is very slow again today", "银行"):
        bench.classifier(text)
    return bench


class Play:
    """All that is measured, and what was broken of what is promised."""

    def __init__(self, port: int, server: int, folder: str, *, is_loud: bool) -> None:
        self._server, self._folder, self._is_loud = server, folder, is_loud
        self._good = [source(f"{'large' if n % 2 else 'good'}{n}.test", "feed", port) for n in range(HEALTHY)]
        self._bench = warm_bench()
        self.broken: list[str] = []

    async def rounds(self, rounds: Mapping[int, list[SourceSpec]]) -> None:
        """Each with the hostile sources beside the healthy ones, which were visited alone just before."""
        async with Fetcher(resolve=to_loopback) as fetcher, Readers() as readers:
            await self._visits(self._good, fetcher, readers)  # everything is loaded once
            print("round  sources  slowest s  here +MB  reader MB  healthy s alone -> beside, median  CPU s")
            for number, some in rounds.items():
                alone = await self._visits(self._good, fetcher, readers)
                before, cpu = held(self._server), time.process_time()
                with peak(self._server) as most:
                    beside = await self._visits([*some, *self._good], fetcher, readers)
                times = [statistics.median(found[each.name][1] for each in self._good) for found in (alone, beside)]
                more, slowest = most[0].here - before.here, max(beside[each.name][1] for each in some)
                print(
                    f"{number:5}  {len(some):7}  {slowest:9.1f}  {more:8.0f}  {most[0].reader:9.0f}  "
                    f"{times[0]:16.2f} -> {times[1]:.2f} ({times[1] / times[0]:.1f} x)           "
                    f"{time.process_time() - cpu:5.1f}",
                    flush=True,
                )
                self._judge(some, beside)
                self.broken += [f"{each.name} is not whole" for each in self._good if _posts(beside, each) != POSTS]
                if times[1] > MOST_SLOWER * times[0]:
                    self.broken.append(f"round {number}: the healthy ones are {times[1] / times[0]:.1f} times as slow")

    async def alone(self, some: list[SourceSpec]) -> None:
        """One after the other, each judged by the memory that it alone takes."""
        async with Fetcher(resolve=to_loopback) as fetcher:
            async with Readers() as readers:
                await self._visits(self._good, fetcher, readers)
            for spec in some:
                async with Readers() as readers:  # which have read nothing yet
                    before = held(self._server)
                    with peak(self._server) as most:
                        found = await self._visits([spec], fetcher, readers, workers=1)
                idle = IDLE if most[0].reader else 0.0
                more = most[0].here - before.here + most[0].reader - idle
                print(f"+{more:4.0f} MB ({most[0].here - before.here:.0f} here)", end=" ")
                self._judge([spec], found)
                if more > MOST_MEGABYTES:
                    self.broken.append(f"{spec.name} took {more:.0f} MB")

    def _judge(self, some: list[SourceSpec], found: Measured) -> None:
        self.broken += [f"{spec.name} was never done" for spec in some if spec.name not in found]
        costly = sorted((spec.name for spec in some if spec.name in found), key=lambda name: -found[name][1])
        for name in costly if self._is_loud else costly[:SHOWN]:
            visit, seconds = found[name][0].visit, found[name][1]
            print(f"       {seconds:6.1f} s  {name:34}  {visit.outcome:9} {visit.posts:5} posts  {visit.sentence}")
        for name in costly:
            visit, seconds = found[name][0].visit, found[name][1]
            self.broken += [f"{name} took {seconds:.1f} s"] if seconds > MOST_SECONDS else []
            self.broken += [f"{name}: a fault of ours"] if "fault in webcare" in visit.sentence else []
            is_mute = visit.outcome == "failed" and not _SENTENCE.fullmatch(visit.sentence)
            self.broken += [f"{name} failed without a sentence: {visit.sentence!r}"] if is_mute else []

    async def _visits(
        self, specs: list[SourceSpec], fetcher: Fetcher, readers: Readers, workers: int = WORKERS
    ) -> Measured:
        return await visits(specs, fetcher, readers, self._database(), self._bench, workers)

    def _database(self) -> Database:
        database = Database(f"sqlite:///{self._folder}/{time.monotonic_ns()}.db")
        migrations.upgrade(database)
        return database


def _posts(found: Measured, spec: SourceSpec) -> int:
    return found[spec.name][0].visit.posts if spec.name in found else 0


async def measure(port: int, server: int, options: argparse.Namespace) -> list[str]:
    """What was promised and not kept."""
    guard = Guard(port)
    numbers = [int(name) for name in options.names if name.isdigit()]
    names = [name for name in options.names if not name.isdigit()]
    some = sources(names, port)
    with tempfile.TemporaryDirectory() as folder:
        play = Play(port, server, folder, is_loud=options.verbose)
        if options.alone:
            await play.alone(some)
        elif names:
            await play.rounds({1: some})
        else:
            await play.rounds({n: some[n - 1 :: ROUNDS] for n in numbers or range(1, ROUNDS + 1)})
    return play.broken + [f"a connection to {each} was tried" for each in guard.others]


def main() -> int:
    """Plays all of it, and says what is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="GROUP", help=f"a round (1-{ROUNDS}), {', '.join(KINDS)}, or hosts")
    parser.add_argument("--alone", action="store_true", help="one source after the other")
    parser.add_argument("-v", "--verbose", action="store_true", help="every source")
    options, started = parser.parse_args(), time.monotonic()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        broken = run(measure(ours.recv(), server.pid or 0, options))
    finally:
        server.kill()
    print(f"\n{time.monotonic() - started:.0f} s in all.", *(broken or ["Every promise was kept."]), sep="\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
