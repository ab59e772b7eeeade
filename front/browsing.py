"""`webcare web`: the desk in a browser, behind our own door."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desk import locale
from desk.errors import NotAllowed, NotReady
from desk.shown import clean_line
from front.house import House
from front.opening import spoken
from storage.errors import ConfigError

if TYPE_CHECKING:
    from front.door import Door

PROGRAM = str(Path(__file__).parents[1] / "webcare.py")
PLACE = ("desk", "web", "tokens")
SHORTEST = 16
"""Characters of a token that was chosen by a person."""


def serve(house: House, args: argparse.Namespace) -> int:
    """Serves the desk until it is stopped. Without tokens in the configuration one is made for whoever starts it."""
    try:
        from front.door import Door
    except ImportError:
        raise NotReady("The desk in a browser needs more: pip install 'webcare[web]'.") from None
    public = house.policy.web.url.rstrip("/")
    if not _is_loopback(args.host) and not args.unencrypted:
        raise NotAllowed(
            f"{args.host} can be reached from other machines, and there is no TLS here: whoever listens in reads all "
            "that is on the desk, and every token. Put a proxy with TLS in front of the loopback address and name it "
            "as desk.web.url, or say --unencrypted."
        )
    house.database.close()  # found, of this schema, and needed by the desks only
    tokens = tokens_of(house)
    lang = args.lang or spoken(os.environ)
    locale.use(lang, house.policy.timezone)
    os.environ["WEBCARE_DATABASE"] = house.database.url.render_as_string(hide_password=False)  # `ps` shows words
    if house.has_config:
        os.environ["WEBCARE_CONFIG"] = str(house.config_path.resolve())

    def command(agent: str) -> Sequence[str]:
        return [sys.executable, PROGRAM, "--agent", agent, "desk", "--lang", lang]

    def door_at(origins: Sequence[str]) -> Door:
        return Door(tokens, origins, command, most=house.policy.web.sessions, say=_say, lang=lang)

    return asyncio.run(_serve(door_at, args.host, args.port, public))


def tokens_of(house: House) -> Mapping[str, str]:
    """Agent -> token, as the configuration says; else a new one for whoever starts it, which is printed once.

    Raises `ConfigError` for a token that is short, somebody else's too, or missing from the environment.
    """
    tokens = house.policy.web.tokens
    if not tokens:
        made = secrets.token_urlsafe(24)
        print(f"Log in as {clean_line(house.agent)} with this token: {made}", flush=True)  # noqa: T201
        return {house.agent: made}
    missing = {place[3]: said for place, said in house.document.missing.items() if place[:3] == PLACE}
    complaints = []
    for agent, token in tokens.items():
        if agent in missing:
            complaints.append(missing[agent])
        elif fault := _fault(house, agent, list(tokens.values()).count(token), token):
            complaints.append(house.document.sentence((*PLACE, agent), fault))
    if complaints:
        raise ConfigError(complaints)
    return tokens


def _fault(house: House, agent: str, times: int, token: str) -> str:
    if house.policy.member(agent) is None:
        return f"{agent} is not in the team"
    if len(token) < SHORTEST:
        return f"is shorter than {SHORTEST} characters: anybody could guess it"
    return "is somebody else's token too" if times > 1 else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(door_at: Callable[[Sequence[str]], Door], host: str, port: int, public: str) -> int:
    """Opens the door and keeps it open until a signal closes it; then every desk keeps its draft and leaves."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, over.set)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise NotReady(f"{host} port {port} cannot be listened on: {error.strerror}.") from None
    origins = origins_of(host, listening.getsockname()[1], public)
    from aiohttp import web

    runner = web.AppRunner(door_at(origins).app(), access_log=None, handle_signals=False, shutdown_timeout=10)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    _say(f"The desk is at {origins[0]} (Ctrl+C ends it).")
    await over.wait()
    await runner.cleanup()
    return 0


def origins_of(host: str, port: int, public: str) -> tuple[str, ...]:
    """The addresses under which we answer: the public one, and those that mean `host` here."""
    names = ("127.0.0.1", "localhost", "[::1]") if _is_loopback(host) else (f"[{host}]" if ":" in host else host,)
    here = tuple(f"http://{name}" + (f":{port}" if port != 80 else "") for name in names)
    return ((public,) if public else ()) + here


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
