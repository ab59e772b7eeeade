"""The door of the desk in a browser: who may come in, from where, and what a browser is allowed to do with the page.

Only requests for our own names are answered (so no other name can be pointed at us), only our own pages may post and
open a socket, a log-in is a secret of one agent, and each tab is a desk in a process of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.typedefs import Handler

from desk.locale import _
from front.seat import Seat, clamped

DAY = 12 * 3600.0
"""Seconds after which one logs in again."""

WRONG, WHILE = 10, 60.0
"""How many wrong tokens are heard from one address in so many seconds; after that none is, right or wrong."""

LONGEST = 1 << 20
"""Bytes of a message from a tab: a long text that is pasted."""

ASSETS: Mapping[str, tuple[str, str, str]] = {
    "textual.js": ("textual_serve", "static/js/textual.js", "text/javascript"),
    "xterm.css": ("textual_serve", "static/css/xterm.css", "text/css"),
    "roboto-mono.ttf": ("textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "roboto-mono-italic.ttf": ("textual_serve", "static/fonts/RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf"),
    "webcare.css": ("front", "web/webcare.css", "text/css"),
    "webcare.js": ("front", "web/webcare.js", "text/javascript"),
}
"""All that a page loads, from whose package; nothing comes from elsewhere."""

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Server": "webcare",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {socket}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load. The terminal writes its colours into style elements, hence the one exception."""


@dataclass(slots=True)
class LogIn:
    """Somebody who is in."""

    agent: str
    ends: float
    """By the monotonic clock."""
    sockets: set[web.WebSocketResponse] = field(default_factory=set)


@dataclass(slots=True)
class Door:
    """Who is in, and the requests that are answered."""

    tokens: Mapping[str, str]
    """Agent -> the secret they log in with."""
    origins: Sequence[str]
    """Our own addresses: http://127.0.0.1:8070."""
    command: Callable[[str], Sequence[str]]
    """The command that opens an agent's desk."""
    most: int = 10
    say: Callable[[str], None] = lambda sentence: None
    """What is told whoever started it: never who, or what."""
    lang: str = "en"
    now: Callable[[], float] = time.monotonic
    _in: dict[str, LogIn] = field(default_factory=dict)
    """By the hash of the cookie, so that what is in memory opens nothing."""
    _wrong: dict[str, deque[float]] = field(default_factory=dict)
    _open: int = 0

    def app(self) -> web.Application:
        """All of it as an aiohttp application."""
        app = web.Application(middlewares=[self._guard], client_max_size=10_000)
        app.add_routes(
            [
                web.get("/", self.page),
                web.get("/login", self.ask),
                web.post("/login", self.log_in),
                web.post("/logout", self.log_out),
                web.get("/ws", self.desk),
                web.get("/static/{name}", self.asset),
            ]
        )
        app.on_response_prepare.append(self._dress)
        app.on_shutdown.append(self._close_all)
        return app

    @property
    def cookie(self) -> str:
        """The cookie's name; with the port in it, for cookies do not tell ports apart."""
        return f"webcare_{urlsplit(self.origins[0]).port or 443}"

    # -- what every request passes --------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.getall("Host", []) not in [[urlsplit(each).netloc] for each in self.origins]:
            return web.Response(status=421, text="There is nothing here under this name.")
        origin, changes = request.headers.get("Origin"), request.method != "GET" or request.path == "/ws"
        if (origin not in self.origins) if origin is not None or changes else False:
            return web.Response(status=403, text="This may be asked from the desk's own page only.")
        return await handler(request)

    async def _dress(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = POLICY.format(socket=self._socket_of(request))

    def _origin_of(self, request: web.Request) -> str:
        """Which of our addresses the browser knows us by."""
        known = (each for each in self.origins if urlsplit(each).netloc == request.headers.get("Host"))
        return next(known, self.origins[0])

    def _socket_of(self, request: web.Request) -> str:
        return "ws" + self._origin_of(request).removeprefix("http") + "/ws"

    # -- coming in and going out ----------------------------------------------------------------------------------

    async def ask(self, request: web.Request) -> web.Response:
        """The page that asks for the token."""
        return self._login_page("")

    async def log_in(self, request: web.Request) -> web.Response:
        """Lets in who has a token."""
        peer = request.remote or ""
        if self._is_tired_of(peer):
            said = _("Too many wrong tokens: wait a minute.")
            return self._login_page(said, status=429, headers={"Retry-After": f"{WHILE:.0f}"})
        agent = self._agent_of(str((await request.post()).get("token", "")).strip())
        if agent is None:
            self._wrong.setdefault(peer, deque(maxlen=WRONG)).append(self.now())
            self.say("A log-in was refused.")
            return self._login_page(_("That is not a token of this desk."), status=403)
        secret = secrets.token_urlsafe(32)
        self._in = {each: login for each, login in self._in.items() if login.ends > self.now()}
        self._in[_hash(secret)] = LogIn(agent, self.now() + DAY)
        self.say("Somebody logged in.")
        answer = _go_to("/")
        is_secure = self._origin_of(request).startswith("https:")
        answer.set_cookie(
            self.cookie, secret, max_age=int(DAY), httponly=True, samesite="Strict", secure=is_secure, path="/"
        )
        return answer

    async def log_out(self, request: web.Request) -> web.Response:
        """Closes all desks of this log-in and forgets it."""
        login = self._in.pop(_hash(request.cookies.get(self.cookie, "")), None)
        if login is not None:
            await _close(login.sockets)
        answer = _go_to("/login")
        answer.del_cookie(self.cookie, path="/")
        return answer

    def _agent_of(self, token: str) -> str | None:
        """Whose token it is. Every token is looked at, so that the time tells nothing."""
        given, found = _hash(token), None
        for agent, secret in self.tokens.items():
            if hmac.compare_digest(_hash(secret), given):
                found = agent
        return found

    def _is_tired_of(self, peer: str) -> bool:
        """Whether too many wrong tokens came from there just now; forgets those of long ago."""
        self._wrong = {each: times for each, times in self._wrong.items() if times[-1] > self.now() - WHILE}
        times = self._wrong.get(peer)
        return times is not None and len(times) == WRONG and times[0] > self.now() - WHILE

    def _login_of(self, request: web.Request) -> LogIn | None:
        login = self._in.get(_hash(request.cookies.get(self.cookie, "")))
        return login if login is not None and login.ends > self.now() else None

    # -- pages ----------------------------------------------------------------------------------------------------

    async def page(self, request: web.Request) -> web.Response:
        """The desk's page, for who is in."""
        if self._login_of(request) is None:
            return _go_to("/login")
        words = {"ended": _("This desk is closed; what was being written is kept."), "again": _("Open it again")}
        words |= {"leave": _("Log out"), "socket": self._socket_of(request)}
        return self._page("desk.html", words)

    def _login_page(self, complaint: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        words = {"token": _("Your token"), "enter": _("Log in"), "complaint": complaint}
        return self._page("login.html", words, status, headers)

    def _page(
        self, name: str, words: Mapping[str, str], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        text = Template(files("front").joinpath("web", name).read_text("utf-8")).substitute(words, lang=self.lang)
        return web.Response(text=text, content_type="text/html", status=status, headers=headers)

    async def asset(self, request: web.Request) -> web.Response:
        """A file that a page loads."""
        if (found := ASSETS.get(request.match_info["name"])) is None:
            raise web.HTTPNotFound
        package, path, kind = found
        return web.Response(body=files(package).joinpath(path).read_bytes(), content_type=kind)

    # -- the desk -------------------------------------------------------------------------------------------------

    async def desk(self, request: web.Request) -> web.StreamResponse:
        """A desk for this tab, until either ends."""
        login = self._login_of(request)
        if login is None:
            return web.Response(status=401, text="Log in first.")
        if self._open >= self.most:
            self.say(f"{self.most} desks are open, and no more may be.")
            return web.Response(status=503, text="As many desks are open as may be.")
        self._open += 1
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=LONGEST)
        try:
            await socket.prepare(request)
            login.sockets.add(socket)
            self.say(f"A desk was opened; {self._open} open now.")
            await self._serve(socket, login, clamped(_number(request, "width", 80), _number(request, "height", 24)))
        finally:
            self._open -= 1
            login.sockets.discard(socket)
            self.say(f"A desk was closed; {self._open} open now.")
        return socket

    async def _serve(self, socket: web.WebSocketResponse, login: LogIn, size: tuple[int, int]) -> None:
        seat = Seat(self.command(login.agent), send=socket.send_bytes, say=socket.send_str, close=socket.close)
        try:
            await seat.start(*size)
            async with asyncio.timeout(login.ends - self.now()):
                async for message in socket:
                    if message.type is not WSMsgType.TEXT:
                        break
                    await seat.take(json.loads(message.data))
        except (ValueError, RecursionError):
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
        except TimeoutError:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        finally:
            await asyncio.shield(seat.stop())

    async def _close_all(self, app: web.Application) -> None:
        await _close({socket for login in self._in.values() for socket in login.sockets})


async def _close(sockets: set[web.WebSocketResponse]) -> None:
    for socket in list(sockets):
        with suppress(ConnectionError, RuntimeError):
            await socket.close(code=WSCloseCode.GOING_AWAY)


def _go_to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _number(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else otherwise
