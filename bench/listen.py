"""The whole listener, measured: polls with scheduling, robots and database; new posts; a firehose; a million sources.

    python bench/listen.py [--reader PYTHON] [PART …]

Parts: polls, new, firehose, million, hostile (default: all). Rates are per second of this process's CPU, so that the
server in its own process and a busy machine do not count. `--reader` names a Python that has `reader` installed, to be
measured beside us. Every poll is a new connection to another host, as it is for sources all over the web.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx

from listener import crawl, judge, understanding
from listener.fetch import Fetcher
from listener.politeness import PoliteFetcher
from listener.reading import Readers
from listener.schedule import Schedule
from listener.types import Brand, SourceSpec, Watchlist
from storage import migrations
from storage.database import Database
from storage.intake import Intake
from storage.types import Post

HOSTS = 300
ITEMS = 20
QUERIES = 1000
FIREHOSE = 20_000
WORDS = [
    "de",
    "het",
    "een",
    "van",
    "voor",
    "niet",
    "vandaag",
    "rekening",
    "geld",
    "app",
    "betalen",
    "sparen",
    "rente",
    "klant",
    "service",
    "bank",
    "storing",
    "pas",
    "bericht",
    "wachten",
    "telefoon",
    "hulp",
    "lekker",
    "weer",
    "fiets",
    "trein",
    "huis",
    "werk",
    "goed",
    "slecht",
    "altijd",
    "nooit",
    "morgen",
    "gisteren",
    "straks",
    "the",
    "and",
    "with",
    "money",
    "account",
    "is",
    "was",
    "not",
    "today",
    "card",
    "please",
    "help",
    "thanks",
    "great",
    "awful",
    "again",
]


def text(seed: int, length: int = 40) -> str:
    """Words that look like a post; one in fifty names a brand."""
    dice = random.Random(seed)
    words = dice.choices(WORDS, k=length)
    if seed % 50 == 0:
        words[3] = f"merk{dice.randrange(QUERIES)}"
    return " ".join(words).capitalize() + "."


def feed(number: int, *, mentions: int = ITEMS) -> bytes:
    """A feed of twenty items that are not in any other feed; so many of them name a brand, and are stored."""
    items = "".join(
        f"<item><guid>{number}-{n}</guid><title>Bericht {n}</title><link>http://site{number}.example/{n}</link>"
        f"<author>lezer{n}</author><pubDate>Sun, 22 Nov 2026 {n:02}:00:00 GMT</pubDate>"
        f"<content:encoded>{f'merk{(number + n) % QUERIES}' if n < mentions else 'iets'} "
        f"{text(number * 100 + n + 1, 60)}</content:encoded></item>"
        for n in range(ITEMS)
    )
    head = "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'>"
    return f"{head}<channel><title>Site {number}</title>{items}</channel></rss>".encode()


async def serve() -> None:
    """Answers for ever: /304 and /200 are always the same, /all/N is feed N, /one/N has one mention in it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.readuntil(b"\r\n\r\n")
        path = question.split(b" ", 2)[1].decode()
        body, tag = b"", b""
        if path == "/304":
            body, tag = same, b'ETag: "a"\r\n'
        elif path == "/200":
            body = same
        elif path.startswith("/bad/"):
            await hurt(writer, path[5:])
            return
        elif path.startswith("/all/"):
            body = feed(int(path[5:]))
        elif path.startswith("/one/"):
            body = feed(int(path[5:]), mentions=1)
        status = b"404 Not Found" if not body else b"200 OK"
        if tag and b'if-none-match: "a"' in question.lower():
            status, body = b"304 Not Modified", b""
        head = b"HTTP/1.1 %s\r\n%sContent-Type: application/rss+xml\r\n" % (status, tag)
        head += b"" if status.startswith(b"304") else b"Content-Length: %d\r\n" % len(body)
        writer.write(head + b"Connection: close\r\n\r\n" + body)
        writer.close()

    same = feed(0)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def hurt(writer: asyncio.StreamWriter, how: str) -> None:
    """Says what does harm, for as long as somebody listens; a drip a second, and silence for ever."""
    try:
        for piece in harm(how):
            writer.write(piece)
            await writer.drain()
            if how == "drip":
                await asyncio.sleep(1)
        if how == "silent":
            await asyncio.sleep(60)
    except OSError:
        pass
    finally:
        writer.close()


async def nobody(host: str, port: int) -> list[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


@contextmanager
def fresh_database() -> Iterator[Database]:
    """An empty SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        migrations.upgrade(database)
        yield database
        database.close()


def prepare() -> judge.Bench:
    """A brand with a thousand queries."""
    queries = {f"q{n}": f'merk{n} OR ("merk {n}" AND rekening)' for n in range(QUERIES)}
    return judge.prepare(Watchlist(brands=(Brand(name="merk", queries=queries),)), understanding.load())


async def visit_all(port: int, path: str, rounds: int, bench: judge.Bench) -> list[float]:
    """Visits per CPU second in each round over all hosts, whose robots.txt is known by then."""
    rates = []
    with fresh_database() as database:
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
                await web.get(spec.url, allow_private=True, pause=0)
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


def polls(port: int, _: str) -> None:
    """Sources that have nothing new, by 304 and by the same bytes."""
    bench = prepare()
    for path, goal in (("/304", 300), ("/200", 250)):
        rates = asyncio.run(visit_all(port, path, 4, bench))[1:]
        anchor = asyncio.run(bare(port, path))
        middle = statistics.median(rates)
        say(f"polls, {path[1:]} unchanged", middle, "polls/CPU s", goal)
        print(f"{'':34}{middle / anchor:9.2f} x bare httpx ({anchor:.0f})")


def new(port: int, reader: str) -> None:
    """Feeds of twenty new items: parsed, matched against a thousand queries, the mentions understood and stored."""
    bench, anchor = prepare(), 0.0
    if reader:
        said = subprocess.run([reader, "-c", READER, str(port), "60"], capture_output=True, text=True, check=True)
        anchor = float(said.stdout)
        say(f"{ITEMS} new items, by reader", anchor, "polls/CPU s", 0)
    asyncio.run(visit_all(port, "/all/{}", 1, bench))
    for path, what in (("/one/{}", "1 a mention"), ("/all/{}", "all mentions")):
        (rate,) = asyncio.run(visit_all(port, path, 1, bench))
        say(f"{ITEMS} new items, {what}", rate, "polls/CPU s", 10 * anchor)


READER = """
import sys, tempfile, time
from reader import make_reader
port, count = sys.argv[1], int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    reader = make_reader(folder + "/reader.db")
    for n in range(count):
        reader.add_feed(f"http://127.0.0.1:{port}/all/{n}")
    started = time.process_time()
    reader.update_feeds()
    print(count / (time.process_time() - started))
    assert reader.get_entry_counts().total == 20 * count
"""


HOSTILE = ("silent", "drip", "endless", "bomb", "deep", "attributes", "item", "head", "items", "entities")


def hostile(port: int, _: str) -> None:
    """Fifty healthy sources alone, and the same beside fifty that mean harm; how long the last healthy one took."""
    httpx.get(f"http://127.0.0.1:{port}/bad/items", timeout=60)  # has the pages made
    bench = prepare()
    asyncio.run(beside(port, 0, bench))
    alone, whole, _memory = asyncio.run(beside(port, 0, bench))
    beside_them, still_whole, memory = asyncio.run(beside(port, 50, bench))
    say("50 healthy alone, last after", alone, f"s ({whole} posts)", 0)
    say("50 healthy beside 50 hostile", beside_them, f"s ({still_whole} posts)", 0)
    say("ratio", beside_them / alone, "(goal: at most 2)", 0)
    say("memory added by all together", memory, "MB", 0)
    assert whole == still_whole == 50 * ITEMS


async def beside(port: int, bad: int, bench: judge.Bench) -> tuple[float, int, float]:
    """Seconds until the last of fifty healthy sources was done, their posts, and the MB that all of it added."""
    names = [f"good{n}" for n in range(50)] + [f"bad{n}" for n in range(bad)]
    random.Random(7).shuffle(names)
    paths = {name: f"/all/{name[4:]}" if name[0] == "g" else f"/bad/{HOSTILE[int(name[3:]) % 10]}" for name in names}
    sources = [
        SourceSpec(name=name, url=f"http://{name}.example:{port}{path}", kind="feed", pause=0, allow_private=True)
        for name, path in paths.items()
    ]
    done: list[tuple[float, str, int]] = []
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with fresh_database() as database:
        async with Fetcher(resolve=nobody) as fetcher, Readers() as readers:
            web = PoliteFetcher(fetcher, pause=0)
            kit = crawl.Kit(web=web, intake=Intake(database), bench=bench, clock=database.now, run=readers.run)
            started = time.perf_counter()

            def report(outcome: crawl.Outcome) -> None:
                done.append((time.perf_counter() - started, outcome.visit.source, outcome.new_posts))

            schedule = Schedule(kit, sources, report=report)
            schedule.register()
            await schedule.once()
    good = [each for each in done if each[1].startswith("good")]
    added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
    return max(each[0] for each in good), sum(each[2] for each in good), added / 1024


@cache
def harms() -> dict[str, bytes]:
    """Pages that hurt whoever reads them, made once."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nConnection: close\r\n"
    rss = b"<?xml version='1.0'?><rss version='2.0'><channel>"
    bodies = {
        "deep": rss + b"<a>" * 1_000_000,
        "attributes": rss + b"<item " + b"".join(b"a%d='x' " % n for n in range(300_000)) + b"/></channel></rss>",
        "item": rss + b"<item><description>" + b"&lt;b&gt;x " * 400_000 + b"</description></item></channel></rss>",
        "items": rss + b"<item><title>merk1</title></item>" * 120_000 + b"</channel></rss>",
        "entities": b"<!DOCTYPE a [<!ENTITY a '" + b"x" * 50_000 + b"'>]><rss>" + b"&a;" * 100_000 + b"</rss>",
    }
    packed = gzip.compress(b"x" * 300_000_000, 6)
    bomb = head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    return {"bomb": bomb, "start": head, **{name: head + b"\r\n" + body for name, body in bodies.items()}}


def harm(how: str) -> Iterator[bytes]:
    """What a hostile path answers, piece by piece."""
    start = harms()["start"]
    if how in harms():
        yield harms()[how]
    elif how == "endless":
        yield start + b"\r\n"
        yield from itertools.repeat(b"<item>x</item>" * 5000)
    elif how == "head":
        yield start
        yield from (b"X-%d: x\r\n" % n for n in itertools.count())
    elif how == "drip":
        yield from (bytes([each]) for each in start + b"\r\n" + b"<rss>" * 100)


def firehose(port: int, _: str) -> None:
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
    with fresh_database() as database:
        intake = Intake(database)
        intake.register({"stream": ("bluesky", "https://social.example")})
        kit = crawl.Kit(web=None, intake=intake, bench=bench, clock=database.now)  # type: ignore[arg-type]
        spec = SourceSpec(name="stream", url="https://social.example", kind="bluesky")
        started, stored = time.process_time(), 0
        for at in range(0, FIREHOSE, 500):
            stored += crawl.store(crawl.Batch(posts=tuple(posts[at : at + 500])), spec, kit).new_posts
        rate = FIREHOSE / (time.process_time() - started)
    assert stored == FIREHOSE // 50
    say(f"firehose, 1 in 50 stored of {FIREHOSE}", rate, "posts/CPU s", 5000)


def million(port: int, _: str) -> None:
    """A million registered sources: memory, and how long it takes to see which are due."""
    count = 1_000_000
    with fresh_database() as database:
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


PARTS: dict[str, Callable[[int, str], None]] = {
    "polls": polls,
    "new": new,
    "firehose": firehose,
    "million": million,
    "hostile": hostile,
}


def main() -> None:
    """Starts the server, measures the parts in processes of their own, and prints a line each."""
    arguments = sys.argv[1:]
    reader = ""
    if arguments[:1] == ["--reader"]:
        reader, arguments = arguments[1], arguments[2:]
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        port = server.stdout.readline().strip()
        for part in arguments or PARTS:
            subprocess.run([sys.executable, __file__, "part", part, port, reader], check=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    elif sys.argv[1:2] == ["part"]:
        PARTS[sys.argv[2]](int(sys.argv[3]), sys.argv[4])
    else:
        main()
