"""Fetching from servers of our own on loopback: what a page, a redirect, a refusal and an old copy come out as."""

from __future__ import annotations

import asyncio
import errno
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from listener.errors import Blocked, FetchError
from listener.fetch import Fetcher
from listener.network.wire import Limits
from listener.types import NotModified, Page, Request

QUICK = Limits(connect=2, read=2, total=4)


@asynccontextmanager
async def serving(answer: Callable[[str, dict[str, str]], bytes]) -> AsyncIterator[tuple[int, list[dict[str, str]]]]:
    """A server whose answer is hand-written bytes; gives its port and what it was asked."""
    asked: list[dict[str, str]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {":line": lines[0]} | {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:-2])}
        asked.append(headers)
        writer.write(answer(lines[0].split()[1], headers))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


def ok(body: bytes, *headers: str) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def moved(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


async def fetch(answer: Callable[[str, dict[str, str]], bytes], path: str = "/", **options: Any) -> Page | NotModified:
    async with serving(answer) as (port, _), Fetcher(limits=QUICK) as fetcher:
        return await fetcher.get(Request(f"http://127.0.0.1:{port}{path}", allow_private=True, **options))


async def test_a_page_comes_with_its_address_headers_and_body() -> None:
    page = await fetch(
        lambda *_: ok(b"<rss/>", "Content-Type: Application/RSS+XML; charset=x", "X-A: 1", "x-a: 2"), "/f#x"
    )
    assert isinstance(page, Page)
    assert (page.status, page.body, page.content_type) == (200, b"<rss/>", "application/rss+xml")
    assert page.url.endswith("/f") and page.headers["x-a"] == "1, 2" and page.moved_to == ""
    assert page.fetched_at.tzinfo is not None


async def test_we_say_who_we_are_and_nothing_else() -> None:
    us = Fetcher(limits=QUICK, contact="https://webcare.example/bot")
    async with serving(lambda *_: ok(b"", "Set-Cookie: a=b")) as (port, asked), us as fetcher:
        for _ in range(2):
            await fetcher.get(Request(f"http://127.0.0.1:{port}/x?y=1", allow_private=True))
    assert asked[1].keys() == {":line", "user-agent", "accept", "accept-encoding", "connection", "host"}
    assert asked[1][":line"] == "GET /x?y=1 HTTP/1.1"
    assert asked[1]["user-agent"].startswith("webcare/")
    assert asked[1]["user-agent"].endswith(" (+https://webcare.example/bot)")
    assert asked[1]["host"] == f"127.0.0.1:{port}"


async def test_validators_go_back_byte_for_byte_and_unchanged_is_said() -> None:
    etag = 'W/"é-ÿ x"'

    def answer(_: str, headers: dict[str, str]) -> bytes:
        if headers.get("if-none-match") == etag and headers.get("if-modified-since") == "yesterday, or so":
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode("latin-1")
        return ok(b"new", f"ETag: {etag}", "Last-Modified: yesterday, or so")

    page = await fetch(answer)
    again = await fetch(answer, etag=page.headers["etag"], last_modified=page.headers["last-modified"])
    assert isinstance(again, NotModified) and again.headers["etag"] == etag


async def test_a_304_that_nobody_asked_for_is_an_error() -> None:
    with pytest.raises(FetchError, match="304"):
        await fetch(lambda *_: b"HTTP/1.1 304 Not Modified\r\n\r\n")


DEFLATED = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hallo", mtime=0)),
        ("x-gzip", gzip.compress(b"hal", mtime=0) + gzip.compress(b"lo", mtime=0)),
        ("gzip", gzip.compress(b"hallo", mtime=0) + b"\0\0padding"),
        ("deflate", zlib.compress(b"hallo")),
        ("deflate", DEFLATED.compress(b"hallo") + DEFLATED.flush()),
        ("identity", b"hallo"),
    ],
)
async def test_bodies_are_decompressed(encoding: str, body: bytes) -> None:
    page = await fetch(lambda *_: ok(body, f"Content-Encoding: {encoding}"))
    assert isinstance(page, Page) and page.body == b"hallo"


async def test_chunks_and_bodies_until_the_end_are_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n2\r\nlo\r\n0\r\n\r\n"
    for raw in (chunked, b"HTTP/1.0 200 OK\r\n\r\nhallo"):
        page = await fetch(lambda *_, raw=raw: raw)
        assert isinstance(page, Page) and page.body == b"hallo"


async def test_redirects_are_followed_and_only_a_wholly_permanent_move_is_told() -> None:
    def answer(path: str, _: dict[str, str]) -> bytes:
        steps = {"/a": moved("/b?é=1", 301), "/b?%C3%A9=1": moved("c", 308), "/x": moved("/b?%C3%A9=1", 307)}
        return steps.get(path) or ok(path.encode())

    page = await fetch(answer, "/a")
    assert isinstance(page, Page) and page.body == b"/c" and page.url == page.moved_to and page.url.endswith("/c")
    page = await fetch(answer, "/x")
    assert isinstance(page, Page) and page.body == b"/c" and page.moved_to == ""


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda path, _: moved(path), "in a circle"),
        (lambda path, _: moved(path + "x"), "more than 5 times"),
        (lambda *_: b"HTTP/1.1 302 Moved\r\n\r\n", "without saying where"),
        (lambda *_: moved(""), "without saying where"),
        (lambda *_: moved("ftp://blog.example/"), "only http and https"),
        (lambda *_: moved("http://[::1"), "not a web address"),
        (lambda *_: moved("http://anna:geheim@blog.example/"), "carries a user name"),
        (lambda *_: moved("/" + "a" * 9000), "too long"),
        (lambda *_: moved("http://127.0.0.1:22/"), "other ports"),
    ],
)
async def test_redirects_that_lead_nowhere_are_refused(answer: Any, sentence: str) -> None:
    with pytest.raises(FetchError, match=sentence) as refusal:
        await fetch(answer)
    assert "geheim" not in str(refusal.value)


class Web(httpx.AsyncBaseTransport):
    """A transport that only writes down what would have been asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer, self.asked = answer, list[httpx.Request]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


def resolver(*answers: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """Names that lead somewhere else each time they are looked up."""
    left = [answer.split() for answer in answers]

    async def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def redirect(location: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(302, headers={"location": location})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::ffff:169.254.169.254]/", "http://2130706433/", "http://10.0.0.1/"]
)
async def test_nothing_inside_is_connected_to(url: str) -> None:
    web = Web(lambda _: httpx.Response(200))
    async with Fetcher(transport=web, resolve=resolver("1.1.1.1")) as fetcher:
        with pytest.raises(Blocked, match="inside the network"):
            await fetcher.get(Request(url))
    assert web.asked == []


@pytest.mark.parametrize("answer", ["127.0.0.1", "1.1.1.1 192.168.0.1", "::1", "::ffff:10.0.0.1"])
async def test_names_that_lead_inside_are_not_connected_to(answer: str) -> None:
    web = Web(lambda _: httpx.Response(200))
    async with Fetcher(transport=web, resolve=resolver(answer)) as fetcher:
        with pytest.raises(Blocked, match="inside the network"):
            await fetcher.get(Request("https://blog.example/"))
    assert web.asked == []


@pytest.mark.parametrize("location", ["http://127.0.0.1:8080/", "//169.254.169.254/latest", "http://inside.example/"])
async def test_a_redirect_inside_is_not_followed(location: str) -> None:
    web = Web(redirect(location))
    async with Fetcher(transport=web, resolve=resolver("1.1.1.1", "10.0.0.1")) as fetcher:
        with pytest.raises(Blocked, match="inside the network"):
            await fetcher.get(Request("https://blog.example/"))
    assert len(web.asked) == 1


async def test_the_connection_goes_to_the_addresses_that_were_checked() -> None:
    web = Web(lambda _: httpx.Response(200, content=b"x"))
    async with Fetcher(transport=web, resolve=resolver("1.1.1.1 1.0.0.1", "127.0.0.1")) as fetcher:
        await fetcher.get(Request("https://rebind.example/"))
        with pytest.raises(Blocked):
            await fetcher.get(Request("https://rebind.example/"))
    assert [request.extensions["addresses"] for request in web.asked] == [("1.1.1.1", "1.0.0.1")]


async def test_a_name_is_connected_to_by_its_checked_address_with_its_own_name_as_host() -> None:
    us = Fetcher(limits=QUICK, resolve=resolver("127.0.0.1"))
    async with serving(lambda *_: ok(b"hallo")) as (port, asked), us as fetcher:
        page = await fetcher.get(Request(f"http://blog.example:{port}/", allow_private=(f"blog.example:{port}",)))
    assert isinstance(page, Page) and page.url == f"http://blog.example:{port}/"
    assert asked[0]["host"] == f"blog.example:{port}"


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("/next", True),
        ("https://blog.example:8443/", False),
        ("http://blog.example/", False),
        ("https://b.example/", False),
    ],
)
async def test_credentials_stay_with_the_origin_they_are_for(location: str, kept: bool) -> None:
    web = Web(lambda request: httpx.Response(200) if len(web.asked) > 1 else redirect(location)(request))
    async with Fetcher(transport=web) as fetcher:
        headers = {"Authorization": "Basic YW5uYTpnZWhlaW0=", "Api-Key": "k", "Accept": "a/b"}
        await fetcher.get(Request("https://blog.example/", headers=headers))
    assert web.asked[0].headers["authorization"] == headers["Authorization"]
    assert web.asked[0].headers["accept"] == "a/b"
    assert ("authorization" in web.asked[1].headers, "api-key" in web.asked[1].headers) == (kept, kept)
    assert "referer" not in web.asked[1].headers


@pytest.mark.parametrize(
    ("status", "headers", "sentence", "wait"),
    [
        (401, {}, "wants a login", None),
        (403, {}, "ask its owner", None),
        (403, {"cf-mitigated": "challenge"}, "only browsers", None),
        (404, {}, r"nothing at https://blog.example/feed\?…", None),
        (410, {}, "removed for good", None),
        (418, {}, "does not give us", None),
        (429, {}, "slow down", None),
        (429, {"retry-after": "7200"}, "come back in 2 h", 7200),
        (429, {"retry-after": "-1"}, "slow down", None),
        (429, {"retry-after": "soon"}, "slow down", None),
        (429, {"retry-after": "99999999999"}, "come back in 7 days", 7 * 86400),
        (429, {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, "slow down", 0),
        (503, {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, "come back in 7 days", 7 * 86400),
        (500, {}, "trouble of its own", None),
        (206, {}, "cannot use", None),
        (999, {}, "trouble of its own", None),
    ],
)
async def test_a_refusal_is_said_in_words(
    status: int, headers: dict[str, str], sentence: str, wait: float | None
) -> None:
    web = Web(lambda _: httpx.Response(status, headers=headers))
    async with Fetcher(transport=web) as fetcher:
        with pytest.raises(FetchError, match=sentence) as refusal:
            await fetcher.get(Request("https://blog.example/feed?token=geheim"))
    assert refusal.value.status == status and refusal.value.retry_after == wait
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), r"No host named blog\.example"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "cannot be looked up now"),
        (ConnectionResetError(), "broke off the connection"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "cannot be reached .network is unreachable."),
        (ssl.SSLError(1, "wrong version number"), "does not speak proper TLS"),
        (httpx.ConnectTimeout("x"), "did not answer within 2 s"),
        (httpx.ReadTimeout("x"), "fell silent for 2 s"),
        (httpx.UnsupportedProtocol("x"), "no usable answer"),
    ],
)
async def test_a_connection_that_fails_is_said_in_words(error: Exception, sentence: str) -> None:
    async def fail(host: str, port: int) -> list[str]:
        raise error

    async with Fetcher(limits=QUICK, resolve=fail) as fetcher:
        with pytest.raises(FetchError, match=sentence) as failure:
            await fetcher.get(Request("https://blog.example/?token=geheim"))
    assert "geheim" not in str(failure.value) and failure.value.status is None


async def test_a_closed_port_is_said_in_words() -> None:
    async with serving(lambda *_: b"") as (port, _):
        pass
    async with Fetcher(limits=QUICK) as fetcher:
        with pytest.raises(FetchError, match="refuses connections"):
            await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True))


async def test_the_system_looks_names_up_and_every_address_is_tried() -> None:
    async with serving(lambda *_: ok(b"hallo")) as (port, asked), Fetcher(limits=QUICK) as fetcher:
        with pytest.raises(Blocked, match="inside the network"):
            await fetcher.get(Request(f"http://localhost:{port}/"))
        assert asked == []
        for _ in range(2):
            page = await fetcher.get(Request(f"http://localhost:{port}/", allow_private=(f"localhost:{port}",)))
            assert isinstance(page, Page) and page.body == b"hallo"
    async with serving(lambda *_: ok(b"hallo")) as (port, _), Fetcher(resolve=resolver("::1 127.0.0.1")) as fetcher:
        assert isinstance(await fetcher.get(Request(f"http://two.example:{port}/", allow_private=True)), Page)
