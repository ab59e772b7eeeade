"""A site on loopback that answers as a test says, and a reply with the mention it is for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from storage.types import Mention, PostKind, Priority, Reply, ReplyState, Sentiment

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Asked:
    """A request as the site read it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query, by name."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def all(self, name: str) -> list[str]:
        """Every value of a name in the query."""
        return parse_qs(urlsplit(self.target).query).get(name, [])

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Said:
    """What the site answers; `how` is whole, cut (hangs up instead), hang (never answers) or drip (byte by byte)."""

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"
    body: bytes | None = None


Answering = Callable[[Asked], Said]


class StandIn(ThreadingHTTPServer):
    """A site whose answers a test writes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answering: Answering) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering, self.asked, self.over = answering, list[Asked](), threading.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no trouble of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, self.rfile.read(length))
        self.server.asked.append(asked)
        self._say(self.server.answering(asked))

    do_GET = do_POST = do_PUT = _do

    def _say(self, said: Said) -> None:
        self.close_connection = True
        if said.how == "cut":
            return
        if said.how == "hang":
            self.server.over.wait(30)
            return
        body = said.body if said.body is not None else json.dumps(said.data).encode()
        if said.how == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 5000:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.server.over.wait(0.01):
                    return
        self.send_response(said.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **said.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[[Answering], StandIn]]:
    """Starts a site that answers as the given function says."""
    started: list[tuple[StandIn, threading.Thread]] = []

    def start(answering: Answering) -> StandIn:
        site = StandIn(answering)
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        started.append((site, thread))
        return site

    yield start
    for site, thread in started:
        site.over.set()
        site.shutdown()
        thread.join()
        site.server_close()


@pytest.fixture
def said() -> type[Said]:
    """What a site answers."""
    return Said


@pytest.fixture
def reply() -> Callable[..., Reply]:
    """A reply of Anna's."""

    def make(text: str = "Dag Jan, kun je ons een bericht sturen? ^Anna", **more: Any) -> Reply:
        values: dict[str, Any] = {
            "id": 1, "case_id": 1, "post_id": 1, "agent": "anna", "channel": "x", "state": ReplyState.SENDING,
            "key": "5f2b0c9d7e", "created_at": datetime.now(UTC), "hold_until": None, "sent_at": None, "url": None,
            "error": None,
        }  # fmt: skip
        return Reply(text=text, **(values | more))

    return make


@pytest.fixture
def mention() -> Callable[..., Mention]:
    """A mention of Jan's."""

    def make(**more: Any) -> Mention:
        values: dict[str, Any] = {
            "id": 1, "case_id": 1, "source": "forum", "source_kind": "x", "brand": "zonnebank",
            "brands": ("zonnebank",), "queries": ("zonnebank",), "url": "https://forum.example/1", "title": "Storing",
            "text": "De app werkt niet",
            "lang": "nl", "author": "Jan", "author_url": None, "author_id": 1, "conversation_id": 1,
            "conversation_url": None, "parent_id": None, "kind": PostKind.POST, "published_at": NOON,
            "first_seen_at": NOON, "edited_at": None, "deleted_at": None, "sentiment": Sentiment.NEGATIVE,
            "sentiment_score": -0.5, "confidence": 0.8, "intents": ("complaint",), "relevance": None,
            "priority": Priority.NORMAL, "priority_score": 35, "reasons": (), "reach": None, "duplicates": (),
            "status": None, "assignee": None, "tags": (), "rating": None,
        }  # fmt: skip
        return Mention(**(values | more))

    return make
