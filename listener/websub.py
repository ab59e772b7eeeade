"""Hubs (W3C WebSub): a feed that names one is asked to ring here when it changes, and is visited at once when it does.

What a hub sends along is not read: a ring says no more than that the feed is to be visited, politely, as always. So
whoever gets hold of an address to ring at brings about a visit, and nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from listener.errors import ListenerError
from listener.types import Doorbell, Hub, Send, SourceSpec
from storage.errors import StorageError
from storage.hubs import AGAIN, Hubs, Subscription

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger("webcare.listen")

LEASE = 10 * 86400
"""Seconds that a hub is asked to ring for."""
ASKING = 16
"""Hubs that are asked at once; the next visit asks those that are left."""
LARGEST = 16 * 1024 * 1024
"""Bytes of a ring, of which nothing is kept, after which it is not listened to any more."""
SLOWEST = 30.0
"""Seconds that a ring may take."""
METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""How a ring may be signed (WebSub, 7.1)."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_CHALLENGE = re.compile(r"[!-~]{1,2000}")


class Subscriber:
    """Asks hubs to ring, beside the visits: no visit waits for a hub."""

    def __init__(self, send: Send, hubs: Hubs, callback: str) -> None:
        self._send, self._hubs, self._callback = send, hubs, callback.rstrip("/")
        self._asking: set[asyncio.Task[None]] = set()

    def ask(self, source: SourceSpec, hub: Hub) -> None:
        """Sees to it that the hub rings when this source's feed changes; returns at once."""
        if len(self._asking) < ASKING:
            task = asyncio.create_task(self._ask(source, hub))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def close(self) -> None:
        """Leaves those that are being asked alone; they are asked again."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _ask(self, source: SourceSpec, hub: Hub) -> None:
        try:
            wanted = await asyncio.to_thread(self._hubs.to_ask, source.name, hub.url, hub.topic)
            if wanted is None:
                return
            form = {
                "hub.mode": "subscribe",
                "hub.topic": wanted.topic,
                "hub.callback": f"{self._callback}/{wanted.token}",
                "hub.secret": wanted.secret,
                "hub.lease_seconds": LEASE,
            }
            await self._send(source.request(hub.url, _FORM), urlencode(form).encode())
        except ListenerError as error:
            log.warning("%s: its hub could not be asked to ring, so it is only visited: %s", source.name, error)
        except StorageError as error:
            log.error("%s", error)


@asynccontextmanager
async def answering(doorbell: Doorbell, hubs: Hubs) -> AsyncIterator[int]:
    """Answers hubs for as long as it lasts; gives the port, 0 where somebody else already answers there.

    Raises `ListenerError` where the library it takes is not installed.
    """
    try:
        from aiohttp import web
    except ImportError:
        raise ListenerError("Hubs cannot ring (websub): pip install 'webcare[web]'.") from None

    @web.middleware
    async def said(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            return await handler(request)  # type: ignore[no-any-return]
        except TimeoutError:
            return web.Response(status=408)
        except StorageError as error:  # the hub rings again
            log.error("%s", error)
            return web.Response(status=503)

    bell = Bell(hubs)
    app = web.Application(middlewares=[said])
    app.add_routes([web.get("/{path:.*}", bell.verify), web.post("/{path:.*}", bell.ring)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        yield await _open(runner, doorbell)
    finally:
        await runner.cleanup()


async def _open(runner: web.AppRunner, doorbell: Doorbell) -> int:
    from aiohttp import web

    try:
        await web.TCPSite(runner, doorbell.host, doorbell.port).start()
    except OSError as error:
        log.warning(
            "Hubs are not answered here: %s port %s: %s. Another listener may do so.",
            doorbell.host,
            doorbell.port,
            error.strerror,
        )
        return 0
    return int(runner.addresses[0][1])


class Bell:
    """What hubs ask and send. Only the last step of an address counts, so it may lie below any other."""

    def __init__(self, hubs: Hubs) -> None:
        self._hubs = hubs

    async def verify(self, request: web.Request) -> web.Response:
        """A hub asks whether we want this (WebSub, 5.3), or says that it will not ring (5.2)."""
        from aiohttp import web

        asked = request.query
        mode, topic, challenge = (asked.get(f"hub.{key}", "") for key in ("mode", "topic", "challenge"))
        token = _token(request)
        if mode == "denied" and await asyncio.to_thread(self._hubs.deny, token, topic):
            return web.Response()
        if mode != "subscribe" or not _CHALLENGE.fullmatch(challenge):
            return web.Response(status=404)
        seconds = _seconds(asked.get("hub.lease_seconds", ""))
        if not await asyncio.to_thread(self._hubs.confirm, token, topic, seconds):
            return web.Response(status=404)
        return web.Response(text=challenge)

    async def ring(self, request: web.Request) -> web.Response:
        """A hub says that a feed changed. It is thanked whether its signature is right or not (WebSub, 7.1)."""
        from aiohttp import web

        known = await asyncio.to_thread(self._hubs.by_token, _token(request))
        if known is None:
            return web.Response(status=410)
        async with asyncio.timeout(SLOWEST):
            is_theirs = await _is_signed(request, known)
        if is_theirs:
            await asyncio.to_thread(self._hubs.ring, known.source)
        return web.Response(status=202)


async def _is_signed(request: web.Request, known: Subscription) -> bool:
    """Whether the body, of which nothing is kept, is signed with the secret."""
    method, _, claimed = request.headers.get("x-hub-signature", "").partition("=")
    if method not in METHODS:
        return False
    digest, size = hmac.new(known.secret.encode(), digestmod=method), 0
    async for piece in request.content.iter_chunked(65536):
        size += len(piece)
        if size > LARGEST:
            return False
        digest.update(piece)
    return hmac.compare_digest(digest.hexdigest().encode(), claimed.strip().lower().encode(errors="replace"))


def _token(request: web.Request) -> str:
    return request.path.rpartition("/")[2]


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[1-9]\d{0,9}", text) else AGAIN.total_seconds()
