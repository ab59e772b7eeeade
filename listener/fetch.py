"""The only network of the listener: one address in, one bounded page out, or one sentence why not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self, cast
from urllib.parse import urljoin

import httpx

from listener.errors import Blocked, FetchError
from listener.network import failures, wire
from listener.network.addresses import Target, check_addresses, check_port, parse, shown
from listener.network.inflate import InflateError, inflate
from listener.network.names import Names
from listener.network.wire import Limits
from listener.types import Gate, NotModified, Page, Request
from storage.addresses import Allowed

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to IP addresses; raises `OSError` when there are none."""


def _open_gate(_url: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/json;q=0.9, "
    "application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at INFO they write addresses with their passwords and tokens


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Hop:
    """One question on the way of a request."""

    target: Target
    request: Request
    is_own: bool = True
    """Whether the target is of the origin that was asked for."""
    content: bytes | None = None
    """What is posted; None: nothing is, the address is only asked for."""


@dataclass(frozen=True, slots=True)
class _Moved:
    """A redirect."""

    location: str
    status: int


_Answer = Page | NotModified | _Moved


class Fetcher:
    """Fetches pages within limits, from addresses outside the network; use it as an async context manager.

    `contact` (an address of a page or a mailbox) goes into the User-Agent. `transport` replaces the network; with it
    names are looked up only by a `resolve` of your own. `now` gives aware UTC times.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        limits: Limits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._limits = limits or Limits()
        self._names = Names() if transport is None and resolve is None else None
        self._resolve: Resolve | None = resolve or self._names
        self._transport = transport or CheckedTransport(self._limits)
        self._now = now
        self.user_agent = f"webcare/{_version()}" + (f" (+{contact})" if contact else "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()
        if self._names:
            self._names.close()

    async def get(self, request: Request, gate: Gate = _open_gate) -> Page | NotModified:
        """Fetch one address, following redirects, each hop checked and all on one clock.

        Raises `Blocked` before any connection when an address may not be fetched, else `FetchError`.
        """
        first = target = parse(request.url)
        left, permanent, seen = self._limits.total, True, {target.url}
        loop = asyncio.get_running_loop()
        for _ in range(self._limits.redirects + 1):
            async with gate(target.url):
                started = loop.time()
                answer = await self._within(left, _Hop(target, request, target.origin == first.origin))
                left -= loop.time() - started
            if not isinstance(answer, _Moved):
                moved = permanent and target is not first
                return replace(answer, moved_to=target.url) if moved else answer
            permanent = permanent and answer.status in _PERMANENT
            target = _next_target(target, answer)
            if target.url in seen:
                raise FetchError(f"{first.host} redirects in a circle: check the address.", status=answer.status)
            seen.add(target.url)
        times = self._limits.redirects
        raise FetchError(f"{first.host} redirects more than {times} times: check the address.", status=302)

    async def post(self, request: Request, content: bytes, gate: Gate = _open_gate) -> Page:
        """Send something to one address, as a log-in does; a redirect is not followed. Raises as `get` does."""
        target = parse(request.url)
        async with gate(target.url):
            answer = await self._within(self._limits.total, _Hop(target, request, content=content))
        if not isinstance(answer, Page):
            raise FetchError(f"{target.host} sends what is posted to it elsewhere: check the address.", status=302)
        return answer

    async def _within(self, seconds: float, hop: _Hop) -> _Answer:
        """One hop within what is left on the clock; every failure becomes a sentence."""
        host = hop.target.host
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(hop)
        except TimeoutError:
            raise FetchError(f"{host} was not done within {self._limits.total:g} s: it is too slow now.") from None
        except httpx.ConnectTimeout:
            raise FetchError(f"{host} did not answer within {self._limits.connect:g} s.") from None
        except httpx.TimeoutException:
            raise FetchError(
                f"{host} fell silent for {self._limits.read:g} s before its answer was complete."
            ) from None
        except (httpx.RemoteProtocolError, InflateError) as error:
            raise FetchError(f"{host} {error}.") from None
        except (httpx.TransportError, OSError) as error:
            raise failures.of_exception(error, host) from error
        except (httpx.InvalidURL, ValueError):
            what = f"{shown(hop.target.url)} or a header for it"
            raise FetchError(f"{what} cannot be sent: check the settings.") from None

    async def _ask(self, hop: _Hop) -> _Answer:
        addresses = await self.checked(hop.target, hop.request.allow_private)
        request = httpx.Request(
            "GET" if hop.content is None else "POST",
            hop.target.url,
            content=hop.content,
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in self._fields(hop).items()],
            extensions={"target": hop.target, "addresses": addresses},
        )
        response = await self._transport.handle_async_request(request)
        try:
            return await self._answer(response, hop)
        finally:
            await response.aclose()

    def _fields(self, hop: _Hop) -> dict[str, str]:
        """The header fields of a question."""
        known = {"if-none-match": hop.request.etag, "if-modified-since": hop.request.last_modified}
        private = {name.lower(): value for name, value in hop.request.headers.items()} if hop.is_own else {}
        return {
            "user-agent": self.user_agent,
            "accept": _ACCEPT,
            "accept-encoding": "gzip, deflate",
            "connection": "close",
            **{name: value for name, value in known.items() if value},
            **private,
            "host": hop.target.netloc,
            **({"content-length": str(len(hop.content))} if hop.content is not None else {}),
        }

    async def checked(self, target: Target, allow_private: Allowed) -> tuple[str, ...]:
        """The addresses to connect to, all of them checked; () where an injected transport looks names up itself."""
        check_port(target, allow_private)
        if target.literal is not None:
            addresses: tuple[str, ...] = (target.host,)
        elif self._resolve is None:
            return ()
        else:
            try:
                async with asyncio.timeout(self._limits.connect):
                    addresses = tuple(await self._resolve(target.host, target.port))
            except TimeoutError:
                raise FetchError(f"{target.host} could not be looked up in time: check the network's DNS.") from None
        check_addresses(target, addresses, allow_private)
        return addresses

    async def _answer(self, response: httpx.Response, hop: _Hop) -> _Answer:
        headers, target, cut = _headers(response), hop.target, hop.request.cut
        status, now = response.status_code, self._now()
        if status in _REDIRECTS:
            return _Moved(headers.get("location", ""), status)
        if status == 304 and (hop.request.etag or hop.request.last_modified):
            return NotModified(url=target.url, headers=headers, fetched_at=now)
        if not 200 <= status < 300 or status == 206:
            raise failures.of_status(status, headers, target.host, shown(target.url), now)
        limit = cut or self._limits.body
        raw = await _raw(response, limit, cut=bool(cut))
        body = inflate(raw, headers.get("content-encoding", ""), limit, cut=bool(cut))
        return Page(url=target.url, status=status, headers=headers, body=body, fetched_at=now)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Speaks to the checked addresses in the request's extensions and to no others; one connection a request."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Connect, ask, and give back status, headers and an unread body."""
        target: Target = request.extensions["target"]
        tls = self._tls if target.scheme == "https" else None
        try:
            exchange = await wire.connect(request.extensions["addresses"], target.port, tls, target.host, self._limits)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("connect") from error
        except OSError as error:
            raise httpx.ConnectError("connect") from error
        body = _Body(exchange)
        try:
            with _Translated():
                status, headers = await exchange.ask(
                    request.url.raw_path, request.headers.raw, request.method, request.content
                )
        except BaseException:
            await body.aclose()
            raise
        return httpx.Response(status, headers=headers, stream=body)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return tls_context()


def tls_context() -> ssl.SSLContext:
    """How TLS is spoken by all of the listener: certificates are checked, and HTTP/1.1 is asked for."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: wire.Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _Translated():
            async with aclosing(self._exchange.body()) as pieces:
                async for piece in pieces:
                    yield piece

    async def aclose(self) -> None:
        await self._exchange.close()


class _Translated:
    """Turns what the wire raises into httpx's words, which every transport speaks."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, wire.WireError):
            raise httpx.RemoteProtocolError(str(error)) from error
        if isinstance(error, TimeoutError):
            raise httpx.ReadTimeout("read") from error
        if isinstance(error, OSError):
            raise httpx.ReadError("read") from error


async def _raw(response: httpx.Response, limit: int, *, cut: bool) -> bytes:
    """The body as sent, `limit` bytes at most."""
    raw = bytearray()
    pieces = aiter(cast(httpx.AsyncByteStream, response.stream))
    try:
        async for piece in pieces:
            raw += piece
            if len(raw) > limit:
                break
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
    if len(raw) > limit and not cut:
        raise InflateError(f"sent more than {limit // 1024} KiB, which is too much for one page")
    return bytes(raw)


def _headers(response: httpx.Response) -> dict[str, str]:
    """By lower-case name, repeated ones joined; latin-1 keeps every byte, so that validators go back unchanged."""
    headers: dict[str, str] = {}
    for name, value in response.headers.raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _next_target(target: Target, moved: _Moved) -> Target:
    """Where a redirect leads; raises `FetchError` when it says nothing, `Blocked` when that is no web address."""
    location = moved.location.strip()
    if not location:
        raise FetchError(f"{target.host} redirects without saying where to: tell its owner.", status=moved.status)
    with contextlib.suppress(UnicodeError):  # not UTF-8: percent-encoded as it stands
        location = location.encode("latin-1").decode()
    try:
        return parse(urljoin(target.url, location))
    except ValueError:
        raise Blocked(f"{target.host} redirects to something that is not a web address.") from None


def _version() -> str:
    try:
        return version("webcare")
    except PackageNotFoundError:
        return "0"
