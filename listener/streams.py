"""Opens addresses that go on talking (WebSocket, server-sent events), as safely and politely as pages are fetched."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from listener.errors import FetchError
from listener.fetch import Fetcher, tls_context
from listener.network import failures, stream, wire
from listener.network.addresses import Target, parse, shown
from listener.network.stream import Message
from listener.politeness import PoliteFetcher
from listener.types import Request
from storage.addresses import Allowed

Heard = AsyncGenerator[Message, None]


class Streams:
    """The streams of a listener: robots.txt and pauses count for the moment in which one is opened."""

    def __init__(self, fetcher: Fetcher, web: PoliteFetcher) -> None:
        self._fetcher, self._web, self._limits = fetcher, web, wire.Limits()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Heard]:
        """What is said at an address (`ws`, `wss`, `http` or `https`), as long as it is said.

        The end of the iteration is the end of the connection. Raises `Blocked` or `FetchError`, then and later.
        """
        is_socket = request.url.startswith(("ws://", "wss://"))
        target = parse("http" + request.url.removeprefix("ws") if is_socket else request.url)
        async with self._web.turn(replace(request, url=target.url)):
            pair = await self._connected(target, request.allow_private)
        exchange = wire.Exchange(*pair, stream.patient(self._limits))
        fields = {"host": target.netloc, "user-agent": self._fetcher.user_agent}
        fields |= {name.lower(): value for name, value in request.headers.items()}
        try:
            talk = stream.messages(pair, target, fields) if is_socket else stream.events(exchange, target, fields)
            async with aclosing(_in_words(talk, target)) as said:
                yield said
        finally:
            await exchange.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return tls_context()

    async def _connected(self, target: Target, allow_private: Allowed) -> wire.Pair:
        addresses = await self._fetcher.checked(target, allow_private)
        tls = self._tls if target.scheme == "https" else None
        try:
            return await wire.open_pair(addresses, target.port, tls, target.host, self._limits)
        except TimeoutError:
            raise FetchError(f"{target.host} did not answer within {self._limits.connect:g} s.") from None
        except OSError as error:
            raise failures.of_exception(error, target.host) from error


async def _in_words(talk: Heard, target: Target) -> Heard:
    """The same, with what goes wrong said in a sentence."""
    host = target.host
    try:
        async with aclosing(talk):
            async for message in talk:
                yield message
    except stream.Refused as error:
        now = datetime.now(UTC)
        raise failures.of_status(error.status, error.headers, host, shown(target.url), now) from None
    except wire.WireError as error:
        raise FetchError(f"{host} {error}.") from None
    except TimeoutError:
        raise FetchError(f"{host} fell silent for {stream.SILENCE:g} s: we listen again.") from None
    except OSError as error:
        raise failures.of_exception(error, host) from error
    except ValueError:
        raise FetchError(f"{shown(target.url)} or a header for it cannot be sent: check the settings.") from None
