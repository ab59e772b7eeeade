"""One HTTP/1.1 question and its answer over a connection to an address that was checked before."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import h11

_READ = 64 * 1024
_PIECES = 50_000
"""Data pieces in one body: honest servers send some hundreds; a million one-byte chunks would keep a core busy."""

Headers = list[tuple[bytes, bytes]]
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class WireError(Exception):
    """The other side did not keep to the protocol or to the limits; the text follows the host's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much: seconds and bytes."""

    connect: float = 5.0
    """To look up the name, and again to connect, with TLS."""
    read: float = 15.0
    """Of silence."""
    total: float = 25.0
    """For one address with all its redirects, not counting the pauses we make ourselves."""
    head: int = 64 * 1024
    body: int = 5 * 1024 * 1024
    """Decoded, and as sent."""
    redirects: int = 5


class Exchange:
    """A connection for one request; close it, whatever happened."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader, self._writer, self._limits = reader, writer, limits
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.head)
        self._received = 0

    async def ask(
        self, target: bytes, headers: Headers, method: str = "GET", content: bytes = b""
    ) -> tuple[int, Headers]:
        """Send a question and wait for status and headers; `content` goes with a POST.

        Raises `WireError`, `OSError`, `TimeoutError`, and `ValueError` when the question itself is not valid HTTP.
        """
        try:
            question = h11.Request(method=method, target=target, headers=headers)
        except h11.LocalProtocolError as error:
            raise ValueError(str(error)) from None
        for event in (question, *([h11.Data(data=content)] if content else ()), h11.EndOfMessage()):
            if said := self._http.send(event):
                self._writer.write(said)
        if content:  # a question alone never fills the buffer
            async with asyncio.timeout(self._limits.read):
                await self._writer.drain()
        while not isinstance(answer := await self._next(self._limits.head), h11.Response):
            if not isinstance(answer, h11.InformationalResponse):
                raise WireError("closed the connection without an answer")
        return answer.status_code, list(answer.headers)

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The body as sent, still compressed; a body shorter than announced raises `WireError`."""
        most = self._limits.head + self._limits.body + self._limits.body // 4
        for _ in range(_PIECES):
            event = await self._next(most)
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)
        raise WireError("sent its answer in far too small pieces")

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """A body that need not end, as sent; only silence ends it, or the other side."""
        while isinstance(event := await self._next(self._limits.head), h11.Data):
            self._received = 0
            yield bytes(event.data)

    async def _next(self, most: int) -> object:
        """The next event; `most` bounds what may have come in by now, framing included."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise WireError(_words(error)) from None
            if event is not h11.NEED_DATA:
                return event
            if self._received > most:
                raise WireError(f"sent more than {most // 1024} KiB")
            async with asyncio.timeout(self._limits.read):
                data = await self._reader.read(_READ)
            self._received += len(data)
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise WireError("closed the connection without an answer")
            self._http.receive_data(data)

    async def close(self) -> None:
        """Drop the connection at once; nothing more is said or heard."""
        self._writer.transport.abort()
        with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
            await self._writer.wait_closed()


def _words(error: h11.RemoteProtocolError) -> str:
    """h11's finding, said so that it can follow a host's name."""
    text = str(error)
    if "complete message body" in text or "incomplete chunked" in text:
        return "broke off in the middle of its answer"
    if error.error_status_hint == 431:
        return "sent headers without end"
    return "gave an answer that is not HTTP"


async def connect(
    addresses: Sequence[str], port: int, tls: ssl.SSLContext | None, host: str, limits: Limits
) -> Exchange:
    """As `open_pair`, for one question."""
    return Exchange(*await open_pair(addresses, port, tls, host, limits), limits)


async def open_pair(addresses: Sequence[str], port: int, tls: ssl.SSLContext | None, host: str, limits: Limits) -> Pair:
    """Connect to the first of the checked addresses that answers; `host` is the name its certificate must carry.

    Raises `OSError` (which includes `ssl.SSLError`) or `TimeoutError`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limits.connect
    name = host if tls else None
    for tried, address in enumerate(addresses, 1):
        left = deadline - loop.time()
        # Half of what is left, so that a dead IPv6 route does not use up the time of a living IPv4 one.
        share = left if tried == len(addresses) else left / 2
        try:
            async with asyncio.timeout(share):
                return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name, limit=_READ)
        except OSError:
            if tried == len(addresses):
                raise
    raise OSError("no address")
