"""The desk in a browser: who is refused at the door, and a whole round in a real Chromium."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import webcare
from front import browsing, door
from front.samples import server
from front.samples.world import World
from storage.database import utc_now

TOKEN = "a-token-that-nobody-guesses"
SOURCES = """\
allow_private: true
brands: {{zonnebank: {{query: 'zonnebank* OR "zonne bank"'}}}}
sources:
  - {{name: geldblog, kind: wordpress, url: "{blog}", pause: 0, reply: {{user: {user}, password: "{password}"}}}}
team: {{anna: {{role: lead}}, bram: {{}}}}
desk: {{hold: 0, web: {{tokens: {{anna: "${{ANNA_TOKEN}}"}}}}}}
"""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

SPEAKS = "import os, sys; os.write(1, b'__GANGLION__\\nD\\0\\0\\0\\5hello'); sys.stdin.read()"
"""A desk that paints one word and stays until nobody is there."""


@asynccontextmanager
async def standing(program: str = SPEAKS, **more: Any) -> AsyncIterator[tuple[door.Door, aiohttp.ClientSession]]:
    """A door on a real port of this machine, and somebody before it."""
    it = door.Door(
        {"anna": TOKEN, "bram": TOKEN[::-1]}, [], lambda agent: [sys.executable, "-c", program, agent], **more
    )
    runner = web.AppRunner(it.app(), access_log=None, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.origins = [f"http://127.0.0.1:{runner.addresses[0][1]}"]
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with aiohttp.ClientSession(it.origins[0], cookie_jar=jar, headers={"Origin": it.origins[0]}) as visitor:
            yield it, visitor
    finally:
        await runner.cleanup()


async def log_in(visitor: aiohttp.ClientSession, token: str = TOKEN, **more: Any) -> aiohttp.ClientResponse:
    """Posts a token, and gives the answer without going where it leads."""
    answer = await visitor.post("/login", data={"token": token}, allow_redirects=False, **more)
    await answer.read()
    return answer


async def socket_status(visitor: aiohttp.ClientSession, **headers: str) -> int:
    """How a socket is answered: 101 when it opens."""
    try:
        async with visitor.ws_connect("/ws", headers=headers):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


async def test_nobody_comes_in_without_a_token() -> None:
    async with standing() as (_, visitor):
        page = await visitor.get("/")
        assert page.url.path == "/login" and 'type="password"' in await page.text()
        assert await socket_status(visitor) == 401
        for wrong in ("", "anna", TOKEN[:-1], TOKEN + "x", "\udcff"):
            with suppress(UnicodeEncodeError):
                assert (await log_in(visitor, wrong)).status == 403
        assert await socket_status(visitor, Cookie="webcare_1=; webcare=x") == 401


async def test_a_token_opens_a_desk_and_logging_out_closes_it() -> None:
    async with standing() as (_, visitor):
        answer = await log_in(visitor)
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        assert TOKEN not in str(answer.headers)
        for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
            assert word in answer.headers["Set-Cookie"]
        assert "textual-terminal" in await (await visitor.get("/")).text()
        async with visitor.ws_connect("/ws?width=100&height=9999999") as socket:
            assert (await socket.receive(timeout=20)).data == b"hello"
            assert (await visitor.post("/logout", allow_redirects=False)).status == 303
            assert (await socket.receive(timeout=20)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert await socket_status(visitor) == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", ""])
async def test_a_name_that_was_pointed_at_us_gets_nothing(host: str) -> None:
    async with standing() as (_, visitor):
        await log_in(visitor)
        for path in ("/", "/login", "/static/textual.js"):
            assert (await visitor.get(path, headers={"Host": host})).status in (400, 421)
        assert await socket_status(visitor, Host=host) in (400, 421)
        assert (await log_in(visitor, headers={"Host": host})).status in (400, 421)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1", "https://127.0.0.1:{port}"])
async def test_another_page_can_neither_log_in_nor_open_a_socket(origin: str) -> None:
    async with standing() as (it, visitor):
        await log_in(visitor)
        foreign = {"Origin": origin.format(port=it.origins[0].rsplit(":", 1)[1])}
        assert await socket_status(visitor, **foreign) == 403
        assert (await log_in(visitor, headers=foreign)).status == 403
        assert (await visitor.post("/logout", headers=foreign)).status == 403
        assert (await visitor.get("/")).status == 200


async def test_a_socket_without_an_origin_is_refused() -> None:
    async with standing() as (it, visitor):
        cookie = (await log_in(visitor)).headers["Set-Cookie"].split(";")[0]
        async with aiohttp.ClientSession(it.origins[0], headers={"Cookie": cookie}) as other:
            assert await socket_status(other) == 403


async def test_guessing_is_soon_over_and_starts_again_after_a_minute() -> None:
    now = [1000.0]
    async with standing(now=lambda: now[0]) as (_, visitor):
        answers = [await log_in(visitor, f"guess {number}") for number in range(12)]
        assert [each.status for each in answers] == [403] * 10 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "60"
        assert (await log_in(visitor)).status == 429
        now[0] += 61
        assert (await log_in(visitor)).status == 303


async def test_a_log_in_lasts_a_working_day() -> None:
    now = [1000.0]
    async with standing(now=lambda: now[0]) as (_, visitor):
        await log_in(visitor)
        now[0] += 12 * 3600 + 1
        assert (await visitor.get("/")).url.path == "/login"
        assert await socket_status(visitor) == 401


async def test_only_so_many_desks_are_open_and_what_is_said_names_nobody() -> None:
    said: list[str] = []
    async with standing(most=1, say=said.append) as (_, visitor):
        await log_in(visitor, "wrong")
        await log_in(visitor)
        async with visitor.ws_connect("/ws"):
            assert await socket_status(visitor) == 503
    assert said[0] == "A log-in was refused." and "1 open now" in said[2]
    assert not any(word in line for line in said for word in ("anna", TOKEN, "127.0.0.1"))


@pytest.mark.parametrize("message", ["{}", "nonsense", '["stdin", 5]', '["resize", {"width": "a"}]', "[" * 5000])
async def test_what_no_tab_says_ends_the_desk(message: str) -> None:
    async with standing() as (_, visitor):
        await log_in(visitor)
        async with visitor.ws_connect("/ws") as socket:
            assert (await socket.receive(timeout=20)).data == b"hello"
            await socket.send_str(message)
            assert (await socket.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE


async def test_a_desk_that_does_not_leave_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("front.seat.PATIENCE", 0.2)
    told = tmp_path / "pid"
    stubborn = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); {SPEAKS}; time.sleep(600)"
    async with standing(stubborn) as (_, visitor):
        await log_in(visitor)
        async with visitor.ws_connect("/ws") as socket:
            assert (await socket.receive(timeout=20)).data == b"hello"
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


async def test_every_answer_tells_the_browser_what_it_may_not_do_and_all_it_loads_is_ours() -> None:
    async with standing() as (it, visitor):
        await log_in(visitor)
        for path in ("/", "/login", "/static/textual.js", "/static/../door.py", "/nothing", "/static/xterm.css"):
            answer = await visitor.get(path)
            assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'; script-src 'self'; " in policy and "frame-ancestors 'none'" in policy
            assert answer.headers["Server"] == "webcare"
            if answer.content_type == "text/html":
                ours = it.origins[0].replace("http", "ws")
                assert "://" not in (await answer.text()).replace(ours, ""), path
        for name, (_package, _path, kind) in door.ASSETS.items():
            answer = await visitor.get(f"/static/{name}")
            assert (answer.status, answer.content_type) == (200, kind)


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to start from, without what the environment may say."""
    for name in ("WEBCARE_CONFIG", "WEBCARE_DATABASE", "WEBCARE_AGENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "desk.example.nl"])
def test_other_machines_are_let_in_only_when_it_is_said(host: str, folder: Path, capsys: Any) -> None:
    assert webcare.main(["web", "--host", host]) == 1
    assert "no TLS here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        ('{anna: "${NOBODY_SET_THIS}"}', "the environment has no NOBODY_SET_THIS"),
        ("{anna: short}", "is shorter than 16 characters"),
        ("{piet: a-token-long-enough}", "piet is not in the team"),
        ("{anna: a-token-long-enough, bram: a-token-long-enough}", "is somebody else's token too"),
    ],
)
def test_bad_tokens_are_refused_with_their_place(tokens: str, complaint: str, folder: Path, capsys: Any) -> None:
    text = f"team: {{anna: {{}}, bram: {{}}}}\ndesk: {{web: {{tokens: {tokens}}}}}\n"
    (folder / "sources.yaml").write_text(text)
    assert webcare.main(["web", "--port", "0"]) == 2
    said = capsys.readouterr()
    assert "sources.yaml:2" in said.err and complaint in said.err
    assert "a-token-long-enough" not in said.err + said.out


def test_our_names_are_those_of_the_loopback_or_the_proxy() -> None:
    assert browsing.origins_of("127.0.0.1", 80, "")[0] == "http://127.0.0.1"
    assert browsing.origins_of("::1", 81, "") == ("http://127.0.0.1:81", "http://localhost:81", "http://[::1]:81")
    assert browsing.origins_of("192.0.2.1", 81, "https://desk.nl") == ("https://desk.nl", "http://192.0.2.1:81")


# In a real browser


class Chromium:
    """A real browser, driven over the protocol of its own developer tools."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket, self._number = socket, 0
        self.asked: list[str] = []
        """Addresses that were asked for."""
        self.broken: list[str] = []
        """What the browser complained of."""

    @classmethod
    @asynccontextmanager
    async def open(cls, profile: Path) -> AsyncIterator[Chromium]:
        """A headless browser with a profile of its own, at an empty page."""
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
        words += ["--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        words += ["--window-size=1200,800", "--disable-component-update", "--no-proxy-server", "about:blank"]
        process = await asyncio.create_subprocess_exec(str(CHROMIUM), *words, stdout=DEVNULL, stderr=PIPE)
        assert process.stderr is not None
        try:
            while b"DevTools listening on" not in (line := await process.stderr.readline()):
                assert line, "the browser did not start"
            drain = asyncio.ensure_future(process.stderr.read())
            base = line.decode().split("ws://")[1].split("/")[0]
            async with aiohttp.ClientSession() as session:
                pages = await (await session.get(f"http://{base}/json")).json()
                address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    tab = cls(socket)
                    for domain in ("Page", "Network", "Log", "Runtime"):
                        await tab.do(f"{domain}.enable")
                    yield tab
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 10)
            drain.cancel()

    async def do(self, method: str, **params: Any) -> Any:
        """One command; what happens meanwhile is kept."""
        self._number += 1
        await self.socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            said = await self.socket.receive_json(timeout=30)
            match said.get("method"):
                case "Network.requestWillBeSent":
                    self.asked.append(said["params"]["request"]["url"])
                case "Log.entryAdded":
                    self.broken.append(said["params"]["entry"]["text"])
                case "Runtime.exceptionThrown":
                    self.broken.append(json.dumps(said["params"]["exceptionDetails"]))
            if said.get("id") == self._number:
                assert "error" not in said, said
                return said["result"]

    async def value(self, expression: str) -> Any:
        """What an expression comes to on the page."""
        return (await self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True))[
            "result"
        ].get("value")

    async def until(self, expression: str) -> None:
        """Waits until it is so."""
        async with asyncio.timeout(40):
            while not await self.value(expression):
                await asyncio.sleep(0.05)

    async def type(self, text: str) -> None:
        """Types a text."""
        await self.do("Input.insertText", text=text)

    async def press(self, key: str, code: int, modifiers: int = 0, text: str = "") -> None:
        """Presses one key."""
        more = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers, "code": f"Key{key.upper()}"}
        await self.do("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **more)
        await self.do("Input.dispatchKeyEvent", type="keyUp", **more)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_in_chromium_an_agent_logs_in_triages_and_replies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNA_TOKEN", TOKEN)
    with server.running(World.begin(utc_now, utc_now())) as sites:
        text = SOURCES.format(blog=sites["blog"], user=server.USER, password=server.PASSWORD)
        (folder / "sources.yaml").write_text(text)
        await asyncio.to_thread(webcare.main, ["listen", "--once"])
        words = [sys.executable, browsing.PROGRAM, "web", "--port", "0", "--lang", "en"]
        serving = await asyncio.create_subprocess_exec(*words, stdout=DEVNULL, stderr=PIPE)
        assert serving.stderr is not None
        try:
            address = (await serving.stderr.readline()).decode().split(" at ")[1].split()[0]
            async with Chromium.open(folder / "profile") as tab:
                await round_of_work(tab, address)
        finally:
            serving.terminate()
            _, said = await asyncio.wait_for(serving.communicate(), 20)
    lines = said.decode().splitlines()
    assert lines == [
        "A log-in was refused.",
        "Somebody logged in.",
        "A desk was opened; 1 open now.",
        "A desk was closed; 0 open now.",
    ]


def has(condition: str) -> bool:
    """Whether there is a case of which this is so."""
    joined = 'SELECT 1 FROM "case" LEFT JOIN reply ON reply.case_id = "case".id WHERE '
    with closing(sqlite3.connect("webcare.db")) as connection:
        return connection.execute(joined + condition).fetchone() is not None


async def round_of_work(tab: Chromium, address: str) -> None:
    """Log in, at the second attempt; put one case away; answer the next; leave."""
    await tab.do("Page.navigate", url=address)
    for token in ("not the token", TOKEN):
        await tab.until("document.querySelector('#token')?.value === ''")
        await tab.value("document.querySelector('#token').focus()")
        await tab.type(token)
        await tab.press("Enter", 13, text="\r")
        await tab.until("document.querySelector('[role=alert]')?.innerText !== ''")
    await tab.until("document.body.classList.contains('-first-byte')")
    assert "webcare" not in await tab.value("document.cookie")
    await tab.value("document.querySelector('textarea').focus()")
    await again(lambda: tab.press("1", 49, text="1"), lambda: has("priority = 'urgent'"), tab)
    await tab.press("x", 88, text="x")
    await again(None, lambda: has("status = 'dismissed'"), tab)
    await tab.press("r", 82, text="r")
    await again(None, lambda: has("assignee = 'anna' AND status = 'new'"), tab)
    await again(lambda: tab.type("We look into it. ^anna"), lambda: has("text = 'We look into it. ^anna'"), tab)
    if shot := os.environ.get("WEBCARE_SHOT"):
        picture = await tab.do("Page.captureScreenshot")
        Path(shot).write_bytes(base64.b64decode(picture["data"]))
    await tab.press("s", 83, modifiers=2)
    await again(None, lambda: has("state = 'sent' AND status = 'resolved'"), tab)
    await tab.press("q", 81, text="q")
    await tab.until("document.body.classList.contains('-closed')")
    assert all(each.startswith((address, "data:", "about:")) for each in tab.asked), tab.asked
    assert [each for each in tab.broken if "Content Security" in each or "exception" in each.lower()] == []


async def again(act: Callable[[], Awaitable[None]] | None, is_so: Callable[[], bool], tab: Chromium) -> None:
    """Waits until the database says so; what was done before the desk was ready is done again."""
    async with asyncio.timeout(40):
        for turn in count():
            if act is not None and turn % 40 == 0:
                await act()
            if is_so():
                return
            await tab.value("new Promise(done => setTimeout(done, 50))")
