"""The whole listener, measured: polls with scheduling, robots and database; new posts; a firehose; a million sources.

    python bench/listen.py [--reader PYTHON] [--database ADDRESS] [PART …]

Parts: polls, new, firehose, shared, million (default: all). Rates are per second of this process's CPU, so that the
server in its own process and a busy machine do not count. `--reader` names a Python that has `reader` installed, to be
measured beside us on the same feeds. `--database` names a PostgreSQL to be used instead of a fresh SQLite file; it is
emptied between the measurements. Every poll is a new connection to another host, as for sources all over the web.

`reader` fetches the same feeds with one worker, reads them by feedparser and stores all their items, a transaction a
feed; no query is asked, and its search index is made afterwards, which is the second figure. We hold every item
against a thousand queries and store those that answer one, searchable, understood and as cases, with reasons.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa
from listen_site import ITEMS, QUERIES, text

from listener import crawl, judge, understanding
from listener.fetch import Fetcher
from listener.politeness import PoliteFetcher
from listener.reading import Readers
from listener.schedule import Schedule, run
from listener.types import Brand, SourceSpec, Watchlist
from listener.walk import Batch
from listener.writer import Portion, Writer
from storage import migrations
from storage.database import Database
from storage.intake import Intake
from storage.types import Post

HOSTS = 300
FIREHOSE = 20_000
SITE = Path(__file__).parent / "listen_site.py"


async def nobody(host: str, port: int) -> list[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


@contextmanager
def fresh_database(address: str = "") -> Iterator[Database]:
    """An empty SQLite file, or the PostgreSQL at the address, emptied."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(address or f"sqlite:///{folder}/bench.db")
        if address:
            with database.write() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
        migrations.upgrade(database)
        yield database
        database.close()


def prepare() -> judge.Bench:
    """A brand with a thousand queries."""
    queries = {f"q{n}": f'merk{n} OR ("merk {n}" AND rekening)' for n in range(QUERIES)}
    return judge.prepare(Watchlist(brands=(Brand(name="merk", queries=queries),)), understanding.load())


async def visit_all(port: int, path: str, rounds: int, bench: judge.Bench, address: str = "") -> list[float]:
    """Visits per CPU second in each round over all hosts, whose robots.txt is known by then."""
    rates = []
    with fresh_database(address) as database:
        sources = [
            SourceSpec(
                name=f"site{n}",
                url=f"http://site{n}.example:{port}{path.format(n)}",
                kind="feed",
                pause=0,
                allow_private=True,
            )
            for n in range(HOSTS)
        ]
        async with Fetcher(resolve=nobody) as fetcher, Readers() as readers:
            web = PoliteFetcher(fetcher, pause=0)
            kit = crawl.Kit(web=web, intake=Intake(database), bench=bench, clock=database.now, run=readers.run)
            schedule = Schedule(kit, sources, workers=64)
            schedule.register()
            for spec in sources:
                await web.get(spec.request(spec.url))
            gc.collect()
            gc.freeze()
            for _ in range(rounds):
                started = time.process_time()
                await schedule.once(regardless=True)
                rates.append(HOSTS / (time.process_time() - started))
    return rates


async def bare(port: int, path: str) -> float:
    """Polls per CPU second of a plain httpx client."""
    limits = httpx.Limits(max_keepalive_connections=20)
    left = iter(range(HOSTS))
    async with httpx.AsyncClient(headers={"connection": "close"}, limits=limits) as client:

        async def work() -> None:
            for _ in left:
                await client.get(f"http://127.0.0.1:{port}{path}", headers={"if-none-match": '"a"'})

        started = time.process_time()
        await asyncio.gather(*(work() for _ in range(64)))
        return HOSTS / (time.process_time() - started)


def polls(port: int, _: str, address: str) -> None:
    """Sources that have nothing new, by 304 and by the same bytes."""
    bench = prepare()
    for path, goal in (("/304", 300), ("/200", 250)):
        rates = run(visit_all(port, path, 4, bench, address))[1:]
        anchor = asyncio.run(bare(port, path))
        middle = statistics.median(rates)
        say(f"polls, {path[1:]} unchanged", middle, "polls/CPU s", goal)
        print(f"{'':34}{middle / anchor:9.2f} x bare httpx ({anchor:.0f})")


def new(port: int, reader: str, address: str) -> None:
    """Feeds of twenty new items: parsed, matched against a thousand queries, the mentions understood and stored."""
    bench = prepare()
    run(visit_all(port, "/all/{}", 1, bench, address))
    cases = (("/one/", "1 a mention"), ("/all/", "all mentions"), ("/blog/", "marked up, 1 a mention"))
    for path, what in cases:
        rounds = [_beside(reader, port, path, bench, address) for _ in range(3)]
        rate, plain, searchable = map(statistics.median, zip(*rounds, strict=True))
        say(f"{ITEMS} new items, {what}", rate, "polls/CPU s", 0)
        if reader:
            say("", rate / plain, f"x reader ({plain:.0f})", 10)
            say("", rate / searchable, f"x reader with its search index ({searchable:.0f})", 0)


def _beside(reader: str, port: int, path: str, bench: judge.Bench, address: str) -> list[float]:
    """Polls per CPU second of us, of reader, and of reader with its search index; one after the other."""
    (rate,) = run(visit_all(port, path + "{}", 1, bench, address))
    if not reader:
        return [rate, 0, 0]
    question = [reader, "-c", READER, str(port), path, "60"]
    said = subprocess.run(question, capture_output=True, text=True, check=True).stdout.split()
    return [rate, *map(float, said)]


READER = """
import sys, tempfile, time
from reader import make_reader
port, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with tempfile.TemporaryDirectory() as folder:
    reader = make_reader(folder + "/reader.db")
    for n in range(count):
        reader.add_feed(f"http://127.0.0.1:{port}{path}{n}")
    started = time.process_time()
    reader.update_feeds()
    print(count / (time.process_time() - started))
    reader.enable_search()
    reader.update_search()
    print(count / (time.process_time() - started))
    assert reader.get_entry_counts().total == 20 * count
"""


def firehose(port: int, _: str, address: str) -> None:
    """Posts one after another, as a stream of short public messages brings them, in batches."""
    bench = prepare()
    posts = [
        Post(
            external_id=f"at://{n}",
            url=f"https://social.example/{n}",
            text=text(n, 25),
            author=f"handle{n % 5000}.example",
            author_id=f"did:{n % 5000}",
            published_at=datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=n),
        )
        for n in range(FIREHOSE)
    ]
    with fresh_database(address) as database:
        intake = Intake(database)
        intake.register({"stream": ("bluesky", "https://social.example")})
        writer = Writer(intake, bench, database.now)
        spec = SourceSpec(name="stream", url="https://social.example", kind="bluesky")
        gc.collect()
        gc.freeze()
        started, stored = time.process_time(), 0
        for at in range(0, FIREHOSE, 500):
            some = posts[at : at + 500]
            matched = judge.matched(some, bench, spec.name, spec.kind)
            (outcome,) = writer.write([Portion((Batch(posts=tuple(some)), spec), matched)])
            stored += outcome.new_posts
        rate = FIREHOSE / (time.process_time() - started)
    assert stored == FIREHOSE // 50
    say(f"firehose, 1 in 50 stored of {FIREHOSE}", rate, "posts/CPU s", 5000)


def shared(port: int, _: str, address: str) -> None:
    """Visits of feeds with a mention by one, two and four processes on one PostgreSQL, in the CPU time of all."""
    if not address:
        print("shared: left out, it needs --database")
        return
    for count in (1, 2, 4):
        with fresh_database(address) as database:
            Intake(database).register(
                (f"site{n}", "feed", f"http://site{n}.example:{port}/one/{n}") for n in range(HOSTS)
            )
            started = time.perf_counter()
            question = [sys.executable, __file__, "share", address]
            workers = [subprocess.Popen(question, stdout=subprocess.PIPE, text=True) for _ in range(count)]
            said = [each.communicate()[0].split() for each in workers]
            wall = time.perf_counter() - started
            assert [each.returncode for each in workers] == [0] * count
            visits, spent = sum(int(each[0]) for each in said), sum(float(each[1]) for each in said)
            assert visits == HOSTS and Intake(database).health()[0].posts == 1
        parts = "+".join(each[0] for each in said)
        say(f"{count} processes on one database", visits / spent, f"visits/CPU s of all ({parts}; {wall:.1f} s)", 0)


async def share(address: str) -> None:
    """Visits whatever is due in a database; says how many that were, and the CPU time it took."""
    database, bench, done = Database(address), prepare(), list[crawl.Outcome]()
    async with Fetcher(resolve=nobody) as fetcher, Readers() as readers:
        web = PoliteFetcher(fetcher, pause=0)
        kit = crawl.Kit(web=web, intake=Intake(database), bench=bench, clock=database.now, run=readers.run)
        sources = [
            SourceSpec(name=each.name, url=each.url, kind="feed", pause=0, allow_private=True)
            for each in kit.intake.health()
        ]
        schedule = Schedule(kit, sources, workers=16, report=done.append)
        started = time.process_time()
        await schedule.once()
        print(len(done), time.process_time() - started)
    database.close()


def million(port: int, _: str, address: str) -> None:
    """A million registered sources: memory, and how long it takes to see which are due."""
    count = 1_000_000
    with fresh_database(address) as database:
        intake = Intake(database)
        started = time.perf_counter()
        intake.register((f"site{n}", "feed", f"https://site{n}.example/feed") for n in range(count))
        say("registering a million sources", time.perf_counter() - started, "s", 0)
        spent = []
        for _ in range(20):
            started = time.process_time()
            due = intake.due(limit=100)
            spent.append(time.process_time() - started)
            assert len(due) == 100
        say("due look-up and lease of 100", 1000 * statistics.median(spent), "ms (goal: at most 5)", 0)
    say("memory at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB (goal: at most 400)", 0)


def say(what: str, value: float, unit: str, goal: float) -> None:
    """A line of figures."""
    print(f"{what:34}{value:9.1f} {unit}" + (f" (goal: at least {goal:g})" if goal else ""), flush=True)


PARTS: dict[str, Callable[[int, str, str], None]] = {
    "polls": polls,
    "new": new,
    "firehose": firehose,
    "shared": shared,
    "million": million,
}


def main() -> None:
    """Starts the server, measures the parts in processes of their own, and prints a line each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reader", default="")
    arguments.add_argument("--database", default="")
    arguments.add_argument("parts", nargs="*")
    chosen = arguments.parse_args()
    server = subprocess.Popen([sys.executable, SITE], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        port = server.stdout.readline().strip()
        for part in chosen.parts or PARTS:
            subprocess.run([sys.executable, __file__, "part", part, port, chosen.reader, chosen.database], check=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["part"]:
        PARTS[sys.argv[2]](int(sys.argv[3]), *sys.argv[4:])
    elif sys.argv[1:2] == ["share"]:
        run(share(sys.argv[2]))
    else:
        main()
