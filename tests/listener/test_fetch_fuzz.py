"""Whatever bytes a server sends, and however they are compressed: a bounded answer or a sentence, nothing else."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import FetchError
from listener.fetch import Fetcher
from listener.network.inflate import InflateError, inflate
from listener.network.wire import Exchange, Limits, WireError
from listener.types import Request

LIMIT = 2048
PIECES = [
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 404 \r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/9 1\r\n", b"\r\n", b"\n"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 07, 7\r\n", b"Transfer-Encoding: chunked\r\n", b"X: \xff\x00\r\n"),
    *(b" folded\r\n", b"5\r\nhallo\r\n", b"0\r\n\r\n", b"ffffffffffffffffffff\r\n", b"hallo", b": \r\n"),
]


class Nowhere(asyncio.Transport):
    """Takes what is written and closes at once."""

    def write(self, data: object) -> None:
        """Forget it."""

    def abort(self) -> None:
        """Nothing is open."""

    def is_closing(self) -> bool:
        """Always."""
        return True


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=12))
def test_any_answer_is_read_within_bounds_or_refused(pieces: list[bytes]) -> None:
    async def ask() -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(pieces))
        reader.feed_eof()
        protocol = asyncio.StreamReaderProtocol(reader)
        writer = asyncio.StreamWriter(Nowhere(), protocol, reader, asyncio.get_running_loop())
        exchange = Exchange(reader, writer, Limits(head=LIMIT, body=LIMIT))
        status, _ = await exchange.ask(b"/", [(b"host", b"blog.example")])
        assert 200 <= status < 1000
        return b"".join([piece async for piece in exchange.body()])

    try:
        assert len(asyncio.run(ask())) <= sum(map(len, pieces))
    except WireError as refusal:
        assert str(refusal)


ENCODINGS = ["", "identity", "gzip", "x-gzip", "deflate", "br", "gzip, gzip"]


@given(st.binary(max_size=500), st.sampled_from(ENCODINGS), st.booleans())
def test_any_body_unpacks_within_bounds_or_is_refused(raw: bytes, encoding: str, cut: bool) -> None:
    try:
        assert len(inflate(raw, encoding, 100, cut=cut)) <= 100
    except InflateError as refusal:
        assert str(refusal)


@given(st.binary(max_size=5000), st.integers(1, 9))
def test_what_was_packed_comes_out_whole_and_cut_anywhere_does_not(body: bytes, level: int) -> None:
    packed = gzip.compress(body, level)
    assert inflate(packed, "gzip", 5000) == body
    assert inflate(zlib.compress(body), "deflate", 5000) == body
    for end in {1, len(packed) // 2, len(packed) - 1}:
        with pytest.raises(InflateError):
            inflate(packed[:end], "gzip", 5000)
        assert body.startswith(inflate(packed[:end], "gzip", 5000, cut=True))


@given(st.text(), st.text())
def test_any_redirect_and_header_ends_in_an_answer_or_a_sentence(location: str, etag: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/feed":
            return httpx.Response(302, headers=[(b"location", location.encode("utf-8", "replace"))])
        return httpx.Response(200)

    async def get() -> None:
        async with Fetcher(transport=httpx.MockTransport(answer)) as fetcher:
            await fetcher.get(Request("https://blog.example/feed", etag=etag))

    try:
        asyncio.run(get())
    except FetchError as failure:
        assert str(failure).isprintable()
