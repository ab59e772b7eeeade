"""Servers that mean harm: each attack ends within its limit, in one sentence, with nothing half or left open."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from listener.errors import FetchError
from listener.fetch import Fetcher
from listener.network.wire import Limits
from listener.types import Page, Request

SHORT = Limits(connect=0.5, read=0.2, total=0.6, head=8192, body=64 * 1024)
ROOMY = replace(SHORT, connect=5.0, read=5.0, total=20.0)
"""As small, and long enough for what is not about time on a machine that has much to do."""
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Attack = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def attacked(attack: Attack, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that reads the question and then does its worst until the other side has gone."""
    open_ones: list[tuple[asyncio.StreamWriter, asyncio.Task[None]]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await attack(writer)
        writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append((writer, asyncio.create_task(handle(reader, writer))))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer, task in open_ones:
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*(task for _, task in open_ones), return_exceptions=True)


def says(*pieces: bytes, every: float = 0.0) -> Attack:
    """Send some pieces, then hang up."""

    async def attack(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)
        writer.write_eof()
        await writer.drain()

    return attack


def endlessly(start: bytes, piece: bytes, every: float = 0.0) -> Attack:
    """Send a beginning, and then the same for ever."""

    async def attack(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    return attack


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def gzipped(body: bytes, encoding: bytes = b"gzip") -> Attack:
    return says(HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body)) + body)


def bomb(wbits: int) -> bytes:
    squeeze = zlib.compressobj(9, wbits=wbits)
    return b"".join(squeeze.compress(b"\0" * 2**20) for _ in range(40)) + squeeze.flush()


BOMB_BYTES = bomb(31)
CUT = gzip.compress(bytes(range(256)) * 40)

ATTACKS: dict[str, tuple[Attack, str]] = {
    "says nothing": (silence, "fell silent"),
    "head byte by byte": (endlessly(HEAD + b"X: ", b"a", 0.05), "not done within 0.6 s"),
    "body byte by byte": (endlessly(HEAD + b"Content-Length: 9999\r\n\r\n", b"a", 0.05), "not done within 0.6 s"),
    "stalls in mid-body": (endlessly(HEAD + b"Content-Length: 9999\r\n\r\n", b"a", 60), "fell silent"),
    "one endless header": (endlessly(HEAD + b"X: ", b"a" * 999), "headers without end"),
    "endless headers": (endlessly(HEAD, b"X: a\r\n" * 99), "headers without end"),
    "endless interim answers": (endlessly(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 99), "sent more than 8 KiB"),
    "interim answers one by one": (endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05), "not done within 0.6 s"),
    "an endless interim answer": (endlessly(b"HTTP/1.1 100 Continue\r\n", b"X: a\r\n" * 99), "headers without end"),
    "a header of thirty thousand lines": (says(HEAD + b"X: a\r\n" * 30_000 + b"\r\n"), "headers without end"),
    "a giant cookie": (says(HEAD + b"Set-Cookie: a=" + b"b" * 200_000 + b"\r\n\r\n"), "headers without end"),
    "nine thousand cookies": (says(HEAD + b"Set-Cookie: a=b\r\n" * 9000 + b"\r\n"), "headers without end"),
    "an answer without a head": (says(b"<html>hallo</html>\r\n\r\n"), "not HTTP"),
    "an endless answer without a head": (endlessly(b"", b"hallo " * 99), "headers without end|not HTTP"),
    "chunk by chunk": (endlessly(CHUNKED, b"1\r\na\r\n", 0.05), "not done within 0.6 s"),
    "trailers one by one": (endlessly(CHUNKED + b"0\r\n", b"X: a\r\n", 0.05), "not done within 0.6 s"),
    "endless body": (endlessly(HEAD + b"\r\n", b"a" * 4096), "sent more than 64 KiB"),
    "endless chunks": (endlessly(CHUNKED, b"ff\r\n" + b"a" * 255 + b"\r\n"), "sent more than 64 KiB"),
    "endless tiny chunks": (endlessly(CHUNKED, b"1\r\na\r\n" * 999), "sent more than"),
    "endless chunk extension": (endlessly(CHUNKED, b"1;" + b"a" * 4096), "headers without end|not HTTP"),
    "endless trailers": (endlessly(CHUNKED + b"0\r\n", b"X: a\r\n" * 99), "headers without end"),
    "a chunk of 10^18 bytes": (endlessly(CHUNKED + b"de0b6b3a7640000\r\n", b"a" * 4096), "sent more than 64 KiB"),
    "a negative chunk": (says(CHUNKED + b"-5\r\nhallo\r\n0\r\n\r\n"), "not HTTP"),
    "a length of 10^18": (endlessly(HEAD + b"Content-Length: 1000000000000000000\r\n\r\n", b"a" * 4096), "sent more"),
    "body shorter than said": (says(HEAD + b"Content-Length: 99\r\n\r\nhallo"), "broke off in the middle"),
    "no last chunk": (says(CHUNKED + b"5\r\nhallo\r\n"), "broke off in the middle"),
    "two lengths": (says(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhallo!"), "not HTTP"),
    "a length that is no number": (says(HEAD + b"Content-Length: x\r\n\r\nhallo"), "not HTTP"),
    "hangs up": (says(), "without an answer"),
    "not HTTP": (says(b"220 mail.example ESMTP\r\n\r\n"), "not HTTP"),
    "another protocol": (
        says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "not HTTP|answer",
    ),
    "gzip bomb": (gzipped(BOMB_BYTES), "unpacks to more than"),
    "gzip bomb by its old name": (gzipped(BOMB_BYTES, b"x-gzip"), "unpacks to more than"),
    "deflate bomb": (gzipped(bomb(15), b"deflate"), "unpacks to more than"),
    "bare deflate bomb": (gzipped(bomb(-15), b"deflate"), "unpacks to more than"),
    "bomb after a small gzip": (gzipped(gzip.compress(b"hallo") + BOMB_BYTES), "unpacks to more than"),
    "gzip in gzip": (gzipped(gzip.compress(gzip.compress(b"hallo")), b"gzip, gzip"), "more than once"),
    "cut gzip": (gzipped(CUT[:-40]), "in the middle of a compressed answer"),
    "gzip without its sum": (gzipped(CUT[:-8]), "in the middle of a compressed answer"),
    "damaged gzip": (gzipped(CUT[:20] + b"\xff\xff\xff" + CUT[23:]), "damaged|in the middle"),
    "no gzip at all": (gzipped(b"<rss></rss>"), "damaged"),
    "thousand gzips": (gzipped(gzip.compress(b"a") * 1000), "too many pieces"),
    "escapes for an encoding": (gzipped(b"hallo", b"x\x1b[2J"), r"did not ask for \(x\ufffd\[2j\)"),
    "brotli unasked": (gzipped(b"\x0b\x02\x80hallo\x03", b"br"), r"did not ask for \(br\)"),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_ends_in_a_sentence(name: str) -> None:
    attack, sentence = ATTACKS[name]
    is_slow = "0.6 s" in sentence or "silent" in sentence
    async with attacked(attack) as port, Fetcher(limits=SHORT if is_slow else ROOMY) as fetcher:
        with pytest.raises(FetchError, match=sentence) as failure:
            await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True))
    assert str(failure.value).startswith("127.0.0.1 ")


async def test_a_slow_chain_of_redirects_has_one_clock() -> None:
    async def attack(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(b"HTTP/1.1 302 Moved\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % id(writer))

    async with attacked(attack) as port, Fetcher(limits=Limits(read=0.5, total=0.4)) as fetcher:
        with pytest.raises(FetchError, match="not done within"):
            await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True))


async def test_names_that_never_resolve_are_given_up() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with Fetcher(limits=Limits(connect=0.1), resolve=never) as fetcher:
        with pytest.raises(FetchError, match="could not be looked up in time"):
            await fetcher.get(Request("http://blog.example/"))


async def test_a_header_that_would_break_the_request_is_not_sent() -> None:
    async with attacked(silence) as port, Fetcher() as fetcher:
        with pytest.raises(FetchError, match="cannot be sent"):
            await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True, headers={"X": "a\r\nHost: b"}))


async def test_bytes_after_the_announced_length_are_not_read() -> None:
    async with attacked(says(HEAD + b"Content-Length: 5\r\n\r\nhalloHTTP/1.1 200 OK")) as port, Fetcher() as fetcher:
        page = await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True))
    assert isinstance(page, Page) and page.body == b"hallo"


async def test_a_body_may_be_cut_where_only_its_beginning_counts() -> None:
    for attack in (endlessly(HEAD + b"\r\n", b"abcdefgh" * 512), gzipped(gzip.compress(b"abcdefgh" * 9999))):
        async with attacked(attack) as port, Fetcher(limits=SHORT) as fetcher:
            page = await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True, cut=1000))
        assert isinstance(page, Page) and page.body == b"abcdefgh" * 125


async def test_a_bomb_takes_little_memory() -> None:
    async with attacked(gzipped(BOMB_BYTES)) as port, Fetcher() as fetcher:
        tracemalloc.start()
        try:
            with pytest.raises(FetchError):
                await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True))
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()


async def test_hostile_servers_do_not_hold_up_a_healthy_one() -> None:
    before = asyncio.all_tasks()
    healthy = says(HEAD + b"Content-Length: 5\r\n\r\nhallo")
    async with attacked(silence) as bad, attacked(healthy) as good, Fetcher() as fetcher:
        asked = Request(f"http://127.0.0.1:{bad}/", allow_private=True)
        stuck = [asyncio.create_task(fetcher.get(asked)) for _ in range(50)]
        page = await fetcher.get(Request(f"http://127.0.0.1:{good}/", allow_private=True))
        assert isinstance(page, Page) and not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        ends = await asyncio.gather(*stuck, return_exceptions=True)
        assert {type(end) for end in ends} == {asyncio.CancelledError}
    assert asyncio.all_tasks() == before


async def test_no_log_names_an_address(caplog: pytest.LogCaptureFixture) -> None:
    healthy = says(HEAD + b"Content-Length: 0\r\n\r\n")
    with caplog.at_level(logging.INFO):
        async with attacked(healthy) as port, Fetcher() as fetcher:
            await fetcher.get(Request(f"http://127.0.0.1:{port}/?token=geheim", allow_private=True))
    assert "geheim" not in caplog.text
