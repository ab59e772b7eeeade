"""Answers that need not end: server-sent events and WebSocket messages, over a connection that was checked before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.uri import WebSocketURI

from listener.network.addresses import Target
from listener.network.wire import Exchange, Limits, Pair, WireError

LARGEST = 256 * 1024
"""Bytes of one message; a post is a few thousand."""
SILENCE = 90.0
"""Seconds without a word, not even an answer to "are you there", after which a stream is taken for dead."""
ASK = 30.0
"""Seconds of silence after which a WebSocket is asked whether anybody is there."""
_READ = 64 * 1024


class Refused(Exception):
    """The other side answered with another status than that of a stream."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(str(status))
        self.status, self.headers = status, headers


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said on a stream."""

    text: str
    event: str = ""
    """What kind of event it is, where the stream says so."""


def patient(limits: Limits) -> Limits:
    """The limits for a stream, which may be silent for longer than a page."""
    return replace(limits, read=SILENCE)


async def events(exchange: Exchange, target: Target, headers: dict[str, str]) -> AsyncGenerator[Message, None]:
    """The events of a `text/event-stream` (WHATWG HTML 9.2), as long as they come.

    Raises `Refused`, and what `Exchange` raises.
    """
    asked = {**headers, "accept": "text/event-stream", "cache-control": "no-store"}
    raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in asked.items()]
    status, answered = await exchange.ask(target.path.encode(), raw)
    said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answered}
    if status != 200:
        raise Refused(status, said)
    if "text/event-stream" not in said.get("content-type", ""):
        raise WireError("answered with something else than a stream of events")
    event, data, size, rest = "", list[str](), 0, b""
    async for piece in exchange.stream():
        *lines, rest = (rest + piece).replace(b"\r\n", b"\n").split(b"\n")
        size += len(piece)
        for line in lines:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            if name == "event":
                event = value.removeprefix(" ")
            elif name == "data":
                data.append(value.removeprefix(" "))
            elif not line:
                if data:
                    yield Message("\n".join(data), event)
                event, data, size = "", [], 0
        if size > LARGEST + len(piece) or len(rest) > LARGEST:
            raise WireError(f"sent a message of more than {LARGEST // 1024} KiB")


async def messages(pair: Pair, target: Target, headers: dict[str, str]) -> AsyncGenerator[Message, None]:
    """The texts said over a WebSocket (RFC 6455), as long as they come.

    Raises `Refused`, `WireError`, `OSError` and `TimeoutError`.
    """
    reader, writer = pair
    path, _, query = target.path.partition("?")
    protocol = ClientProtocol(
        WebSocketURI(target.scheme == "https", target.host, target.port, path, query), max_size=LARGEST
    )
    protocol.send_request(_request(protocol, headers))
    parts, is_asked = list[bytes](), False
    while True:
        for said in protocol.data_to_send():
            writer.write(said)
        async with asyncio.timeout(SILENCE):
            await writer.drain()
        for message in _whole(protocol, parts):
            yield message
        if _is_over(protocol):
            return
        try:
            async with asyncio.timeout(SILENCE - ASK if is_asked else ASK):
                data = await reader.read(_READ)
        except TimeoutError:
            if is_asked or protocol.state is State.CONNECTING:
                raise
            protocol.send_ping(b"")
            is_asked = True
            continue
        if not data:
            return
        is_asked = False
        protocol.receive_data(data)


def _whole(protocol: ClientProtocol, parts: list[bytes]) -> Iterator[Message]:
    """The messages that came whole by now; what came of the next one stays in `parts`."""
    for event in protocol.events_received():
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            parts.append(bytes(event.data))
            if event.fin:
                yield Message(b"".join(parts).decode("utf-8", "replace"))
                parts.clear()


def _request(protocol: ClientProtocol, headers: dict[str, str]) -> Request:
    request = protocol.connect()
    for name, value in headers.items():
        if name not in ("host", "connection", "accept-encoding"):
            request.headers[name] = value
    return request


def _is_over(protocol: ClientProtocol) -> bool:
    """Whether nothing more will come. Raises `Refused` or `WireError` where it never was a WebSocket, or is none."""
    failed = protocol.handshake_exc
    if isinstance(failed, InvalidStatus):
        answer = failed.response
        raise Refused(answer.status_code, {name.lower(): value for name, value in answer.headers.raw_items()})
    if failed is not None:
        raise WireError("does not speak WebSocket at this address")
    if protocol.parser_exc is not None:
        raise WireError("does not keep to the WebSocket protocol, or says too much at once")
    return protocol.close_expected()
