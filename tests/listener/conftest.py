"""A small web of loopback sites that answer as a test says, and a listener that visits them for real."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from listener import crawl, judge, understanding
from listener.fetch import Fetcher
from listener.network.wire import Limits
from listener.politeness import PoliteFetcher
from listener.types import Brand, SourceSpec, Watchlist
from storage.database import Database
from storage.intake import Intake
from storage.types import DueSource

KINDS = str(Path(__file__).parent.parent / "data" / "kinds")
CONTENT = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
WATCHLIST = Watchlist(brands=(Brand(name="zonnebank", queries={"zonnebank": "zonnebank*"}),))
LISTENS = "import sys, webcare; sys.exit(webcare.main())"


@dataclass
class Answer:
    """What a path says."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Site(ThreadingHTTPServer):
    """A site on loopback; what was not said is not found. A question with the right ETag is answered 304."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.posted: list[bytes] = []
        self.hears = threading.Event()
        """Questions are answered while this is set."""
        self.hears.set()
        self.after: Callable[[int], None] = lambda _: None
        """Called after each answer, with how many there were."""

    def say(self, path: str, body: str | bytes = b"", status: int = 200, **headers: str) -> None:
        """Sets what a path answers; headers are written with underscores."""
        raw = body.encode() if isinstance(body, str) else body
        self.answers[path] = Answer(raw, status, {name.replace("_", "-"): value for name, value in headers.items()})

    def feed(self, path: str, *items: dict[str, Any], **headers: str) -> None:
        """Says an RSS feed of these items (guid, title, text, author, link, date)."""
        self.say(path, rss(self.base, items), **headers)

    def board(self, threads: dict[str, list[dict[str, Any]]], **stamps: str) -> None:
        """Says a board: a list of threads with stamps (the number of posts, unless given), and each thread."""
        rows = [{"id": name, "stamp": stamps.get(name, str(len(posts)))} for name, posts in threads.items()]
        self.say("/board", json.dumps({"threads": rows}))
        for name, posts in threads.items():
            self.say(f"/thread/{name}", json.dumps({"posts": posts}))


class Handler(BaseHTTPRequestHandler):
    """One question to a site."""

    server: Site
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Remembers what was posted, and answers as to a question."""
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def do_GET(self) -> None:
        """Answers as the site was told to."""
        site = self.server
        site.asked.append(self.path)
        site.headers.append({name.lower(): value for name, value in self.headers.items()})
        site.hears.wait()
        said = site.answers.get(self.path, Answer(status=404))
        tag = said.headers.get("etag")
        same = bool(tag) and self.headers.get("If-None-Match") == tag
        try:
            self._answer(Answer(b"", 304, said.headers) if same else said)
        except OSError:
            return
        site.after(len(site.asked))

    def _answer(self, said: Answer) -> None:
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.status != 304:
            self.send_header("content-length", str(len(said.body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(said.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Says nothing."""


def rss(base: str, items: tuple[dict[str, Any], ...]) -> str:
    """An RSS 2.0 feed."""
    written = "".join(
        f"<item><guid isPermaLink='false'>{escape(str(item['guid']))}</guid>"
        f"<title>{escape(item.get('title', 'Over de bank'))}</title>"
        f"<link>{escape(item.get('link', base + '/' + str(item['guid'])))}</link>"
        f"<author>{escape(item.get('author', 'Marieke'))}</author>"
        f"<{item.get('in', 'content:encoded')}>{escape(item['text'])}</{item.get('in', 'content:encoded')}>"
        f"<pubDate>{item.get('date', 'Sun, 22 Nov 2026 09:00:00 GMT')}</pubDate></item>"
        for item in items
    )
    return (
        f"<?xml version='1.0'?><rss version='2.0' {CONTENT}><channel><title>Geldblog</title>{written}</channel></rss>"
    )


@pytest.fixture
def board_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a simple kind of source, for a list of threads at one address and the threads at others."""
    monkeypatch.syspath_prepend(KINDS)
    yield "testkinds.board"
    sys.modules.pop("testkinds.board", None)


@pytest.fixture
def listen_apart(
    database_url: str, tmp_path: Path, apart: Any
) -> Callable[[list[dict[str, Any]]], Callable[[], BaseProcess]]:
    """Makes of sources what starts the real program, to listen to them once into the test's database."""

    def configured(sources: list[dict[str, Any]]) -> Callable[[], BaseProcess]:
        config = {
            "database": database_url,
            "allow_private": True,
            "brands": {"zonnebank": {"query": "zonnebank*"}},
            "sources": sources,
        }
        path = tmp_path / "sources.yaml"
        path.write_text(json.dumps(config))
        return lambda: apart.start(LISTENS, "--config", str(path), "listen", "--once", "--now")

    return configured


@contextmanager
def _running() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.hears.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    """A site that answers as it is told."""
    with _running() as server:
        yield server


@pytest.fixture
def other_site() -> Iterator[Site]:
    """Another such site."""
    with _running() as server:
        yield server


@pytest.fixture(scope="session")
def bench() -> judge.Bench:
    """One brand, Zonnebank, and the classifier that the program has."""
    return judge.prepare(WATCHLIST, understanding.load())


@dataclass
class Listener:
    """A listener with a real network and a real database."""

    kit: crawl.Kit
    database: Database
    specs: dict[str, SourceSpec] = field(default_factory=dict)

    def listen_to(self, url: str, kind: str = "feed", name: str = "blog", **more: Any) -> SourceSpec:
        """Registers a source besides those there are."""
        self.specs[name] = SourceSpec(name=name, url=url, kind=kind, pause=0, allow_private=True, **more)
        self.kit.intake.register({spec.name: (spec.kind, spec.url) for spec in self.specs.values()})
        return self.specs[name]

    async def visit(self, name: str = "blog") -> crawl.Outcome:
        """Visits a source now, due or not."""
        due: list[DueSource] = await asyncio.to_thread(self.kit.intake.due, names=[name], regardless=True)
        assert due, "it is leased or paused"
        return await crawl.visit(due[0], self.specs[name], self.kit, self.kit.writer())

    def health(self, name: str = "blog") -> tuple[str, str]:
        """What is said of a source."""
        (found,) = (each for each in self.kit.intake.health() if each.name == name)
        return found.health.value, found.sentence


@pytest.fixture
def open_listener(
    database: Database, clock: Any, bench: judge.Bench
) -> Callable[[], AbstractAsyncContextManager[Listener]]:
    """Opens a listener on the test's database, whose clock stands still and whose waits are exact."""

    @asynccontextmanager
    async def opened(limits: Limits | None = None) -> AsyncIterator[Listener]:
        async with Fetcher(limits=limits or Limits(total=5.0, read=5.0)) as fetcher:
            web = PoliteFetcher(fetcher, pause=0)
            kit = crawl.Kit(web=web, intake=Intake(database), bench=bench, clock=clock, chance=lambda: 0.5)
            yield Listener(kit, database)

    return opened
