"""Sources that speak by themselves lose nothing: not when they hang up, repeat themselves, talk nonsense, or we die."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.server import ServerProtocol

from listener import live
from listener.errors import Blocked
from listener.network import stream
from listener.politeness import PoliteFetcher
from listener.streams import Streams
from listener.types import Link, Request
from storage.types import Health

BASE = 1_795_340_000_000_000
OpenListener = Callable[..., Any]


def post(number: int, text: str, **more: Any) -> str:
    """An event of Jetstream: a post of account `a` with this number."""
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-22T09:00:00Z", **more}
    return event(number, {"operation": "create", "collection": "app.bsky.feed.post", "record": record})


def event(number: int, commit: dict[str, Any], at: int = 0) -> str:
    commit = {"rkey": f"k{number}", "collection": "app.bsky.feed.post", **commit}
    return json.dumps(
        {"did": "did:plc:a", "time_us": BASE + (at or number) * 1_000_000, "kind": "commit", "commit": commit}
    )


class Jetstream:
    """A stand-in: keeps all events and gives those after the cursor, then hangs up when told to."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.asked: list[str] = []
        self.hang_up_after: list[int] = []
        self.noise: list[str] = []
        self.odd: list[Frame] = []
        self.raw = b""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.decode().split(" ")[1]
        if path == "/robots.txt":
            writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        self.asked.append(path)
        if self.raw:
            writer.write(self.raw)
            await writer.drain()
            return
        protocol = ServerProtocol()
        protocol.receive_data(head)
        (request,) = protocol.events_received()
        protocol.send_response(protocol.accept(request))  # type: ignore[arg-type]
        cursor = int(path.rpartition("cursor=")[2] or 0) if "cursor=" in path else 0
        wanted = [each for each in self.events if json.loads(each)["time_us"] > cursor]
        limit = self.hang_up_after.pop(0) if self.hang_up_after else len(wanted)
        for each in [*self.noise, *wanted[:limit]]:
            protocol.send_text(each.encode())
        for frame in self.odd:
            protocol.send_frame(frame)
        if limit < len(wanted):
            protocol.send_frame(Frame(Opcode.CLOSE, Close(1011, "").serialize()))
        for data in protocol.data_to_send():
            writer.write(data)
            await writer.drain()
        if limit >= len(wanted):
            await reader.read()


@asynccontextmanager
async def served(handle: Any) -> AsyncIterator[int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def heard(open_listener: OpenListener, port: int, kind: str, **more: Any) -> AsyncIterator[Any]:
    """A listener with ears, for one source, whose spells are short."""
    async with open_listener() as listener:
        fetcher = listener.kit.web._fetcher
        web = PoliteFetcher(fetcher, pause=0)
        listener.kit = replace(listener.kit, ears=Streams(fetcher, web), spell=0.4)
        scheme = "ws" if kind == "jetstream" else "http"
        listener.listen_to(f"{scheme}://127.0.0.1:{port}/", kind, **more)
        yield listener


def texts(listener: Any) -> Sequence[tuple[str, bool]]:
    """What is held: text, and whether it was deleted."""
    import sqlalchemy as sa

    with listener.database.read() as connection:
        rows = connection.execute(sa.text("SELECT text, deleted_at FROM post ORDER BY external_id")).all()
    return [(row.text, row.deleted_at is not None) for row in rows]


async def test_what_answers_a_query_is_kept_and_the_rest_passes_by(open_listener: OpenListener) -> None:
    sky = Jetstream()
    sky.events = [post(n, "iets anders") for n in range(1, 60)] + [post(60, "Zonnebank is weer traag")]
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        outcome = await listener.visit()
        assert texts(listener) == [("Zonnebank is weer traag", False)]
        assert (outcome.new_posts, len(outcome.new_mentions), outcome.visit.posts) == (1, 1, 60)
        assert listener.health() == ("ok", "")
    assert "cursor" not in sky.asked[0] and "wantedCollections=app.bsky.feed.post" in sky.asked[0]


async def test_nothing_is_lost_or_doubled_when_the_server_hangs_up(open_listener: OpenListener) -> None:
    sky = Jetstream()
    sky.events = [post(n, f"Zonnebank {n:03}") for n in range(100, 160)]
    sky.hang_up_after = [7, 1, 30]
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        for _ in range(4):
            await listener.visit()
        assert [text for text, _ in texts(listener)] == [f"Zonnebank {n:03}" for n in range(100, 160)]
    assert sky.asked[1].endswith(f"cursor={BASE + 106_000_000 - 5_000_000}")


async def test_edits_and_deletions_are_honoured_and_answers_kept_as_context(open_listener: OpenListener) -> None:
    sky = Jetstream()
    root = {"uri": "at://did:plc:a/app.bsky.feed.post/k1"}
    sky.events = [post(1, "Zonnebank is traag"), post(3, "Los bericht"), post(4, "Zonnebank weg ermee")]
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        await listener.visit()
        sky.events += [
            post(5, "Bij mij ook", reply={"root": root, "parent": root}),
            event(1, {"operation": "update", "record": {"text": "Zonnebank is heel traag"}}, at=6),
            event(4, {"operation": "delete"}, at=7),
            event(99, {"operation": "delete"}, at=8),
        ]
        await listener.visit()
        assert texts(listener) == [
            ("Zonnebank is heel traag", False),
            ("Zonnebank weg ermee", True),
            ("Bij mij ook", False),
        ]


async def test_nonsense_between_posts_costs_nothing_else(open_listener: OpenListener) -> None:
    sky = Jetstream()
    sky.noise = ["", "null", "[]", '{"time_us":"x"}', '{"a":' * 5000, '{"did":"a","time_us":1e999}', "\x00"]
    sky.events = [post(2, "\ud800 Zonnebank"), post(9, "Zonnebank toch")]
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        await listener.visit()
        assert [text for text, _ in texts(listener)] == ["\ufffd\ufffd\ufffd Zonnebank", "Zonnebank toch"]


async def test_what_is_no_jetstream_is_said_in_a_sentence(open_listener: OpenListener) -> None:
    sky = Jetstream()
    sky.noise = ["nonsens"] * 30
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        await listener.visit()
        assert "says nothing that jetstream would say" in listener.health()[1]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "refuses us"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo", "cannot use|does not give"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", "does not speak WebSocket"),
        (b"SSH-2.0-OpenSSH\r\n", "does not speak WebSocket"),
        (b"HTTP/1.1 101 X\r\n" + b"X: a\r\n" * 9999, "does not speak WebSocket"),
    ],
)
async def test_a_server_without_the_stream_is_said_in_a_sentence(
    open_listener: OpenListener, raw: bytes, sentence: str
) -> None:
    sky = Jetstream()
    sky.raw = raw
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        outcome = await listener.visit()
        assert outcome.visit.outcome == "failed" and outcome.visit.health is Health.DEGRADED
        assert re.search(sentence, outcome.visit.sentence), outcome.visit.sentence


async def test_a_message_too_long_ends_the_stream_and_not_the_listener(open_listener: OpenListener) -> None:
    sky = Jetstream()
    sky.odd = [Frame(Opcode.TEXT, b"a" * (stream.LARGEST + 1))]
    sky.events = [post(1, "Zonnebank eerst")]
    async with served(sky.handle) as port, heard(open_listener, port, "jetstream") as listener:
        await listener.visit()
        assert [text for text, _ in texts(listener)] == ["Zonnebank eerst"]


async def test_an_address_inside_the_network_is_not_connected_to(
    open_listener: OpenListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    async def connect(host: str, *args: Any, **more: Any) -> Any:
        tried.append(host)
        raise OSError

    monkeypatch.setattr(asyncio, "open_connection", connect)
    async with open_listener() as listener:
        streams = Streams(listener.kit.web._fetcher, PoliteFetcher(listener.kit.web._fetcher, pause=0))
        inside = ("ws://10.0.0.1/", "wss://127.0.0.1/", "ws://[::ffff:169.254.169.254]/", "ws://2130706433/")
        for url in (*inside, "http://192.168.1.1/", "file:///a", "wss://user:x@10.0.0.1/"):
            with pytest.raises(Blocked):
                async with streams.open(Request(url)):
                    pass
    assert tried == []


def status(number: int, text: str, **more: Any) -> dict[str, Any]:
    account = {"acct": "marieke", "display_name": "Marieke", "url": "https://toot.example/@marieke"}
    told = {"id": str(number), "content": f"<p>{text}</p>", "created_at": "2026-11-22T09:00:00Z", "account": account}
    return {
        "url": f"https://toot.example/@marieke/{number}",
        "in_reply_to_id": None,
        "replies_count": 0,
        **told,
        **more,
    }


async def test_mastodon_tells_of_posts_edits_and_deletions_between_its_lists(open_listener: OpenListener) -> None:
    said = [
        b":thump\n\n",
        b"event: update\ndata: " + json.dumps(status(2, "Zonnebank doet het niet")).encode() + b"\n\n",
        b"event: update\r\ndata: " + json.dumps(status(3, "Heel iets anders")).encode() + b"\r\n\r\n",
        b"event: status.update\ndata: " + json.dumps(status(1, "Zonnebank valt mee")).encode() + b"\n\n",
        b"event: delete\ndata: 2\n\nevent: filters_changed\n\nevent: update\ndata: {onzin\n\n",
    ]
    asked: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        asked.append(path)
        if "streaming" in path:
            assert "authorization: Bearer geheim" in head
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            whole = b"".join(said)
            for part in (whole[at : at + 7] for at in range(0, len(whole), 7)):  # cut anywhere
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                await writer.drain()
            await reader.read()
        else:
            body = json.dumps([status(1, "Zonnebank valt tegen")] if "timelines" in path else {}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        with suppress(OSError):
            writer.close()

    options = {"live": True, "tags": "zonnebank", "token": "geheim"}
    async with served(handle) as port, heard(open_listener, port, "mastodon", options=options) as listener:
        await listener.visit()
        assert texts(listener) == [("Zonnebank valt mee", False)]  # what was taken back at once was never kept
    assert "/api/v1/streaming/hashtag?tag=zonnebank" in asked


async def test_of_long_messages_fewer_wait() -> None:
    backlog = live._Backlog(live.QUEUE)
    said = Link(url="https://a.example"), stream.Message("x" * (live.SIZE // 4))
    for _ in range(4):
        assert not backlog.full()
        backlog.put_nowait(said)
    assert backlog.full()
    assert backlog.get_nowait() == said
    assert not backlog.full()
