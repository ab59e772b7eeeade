"""One site, asked over HTTP within one clock: hands a reply over, and says whether it certainly did not arrive.

What the web may do here is bounded: seconds for the whole of a send, bytes of an answer, no redirect followed, no
address inside the network unless `allow_private` names it, and the address that was checked is the one connected to.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx

from desk.errors import ChannelError, SendError, SendUncertain
from desk.shown import clean_line, link_host
from storage.addresses import Allowed, is_public, may_connect, unique

SECONDS = 25.0
"""For the whole of a send, however many questions it takes; well under the outbox's lease on it."""

MOST = 1_000_000
"""Bytes of an answer that are read."""

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at INFO they write addresses, and those can hold a token

UNSAID = "took the reply but did not say where it stands; look for it"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site said: status, headers in lower case, and the JSON of the body, or None."""

    status: int
    headers: Mapping[str, str]
    data: Any


@dataclass(slots=True)
class _Flight:
    """How far a request came: once its head is out, the site may act on it."""

    left: bool = False

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Told by the connection what it does."""
        self.left = self.left or event.endswith("send_request_headers.complete")


@dataclass(slots=True)
class Site:
    """A site at `base`, asked with `headers`; `secrets` never stand in a sentence, even when the site repeats them."""

    base: str
    options: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    _ends: float = field(default_factory=lambda: time.monotonic() + SECONDS)
    _checked: tuple[str, ...] = ()

    def look(self, path: str, *, method: str = "GET", ok: Collection[int] = (200,), **content: Any) -> Answer:
        """Asks for JSON without creating anything, so that whatever goes wrong is a `SendError`."""
        answer = self._ask(method, path, content, creates=False)
        if answer.status not in ok:
            raise self._refusal(answer, creates=False)
        if answer.data is None:
            raise SendError(f"{self.host} did not answer in JSON; nothing was sent: check the address.")
        return answer

    def hand_over(self, path: str, *, ok: Collection[int] = (200, 201), plain: bool = False, **content: Any) -> Answer:
        """Hands the reply over: `SendUncertain` for whatever goes wrong after the site may have read it.

        The answer must be a JSON object, unless `plain`.
        """
        answer = self._ask("POST", path, content, creates=True)
        if answer.status not in ok:
            raise self._refusal(answer, creates=True)
        if not plain and not isinstance(answer.data, dict):
            raise self.unsaid()
        return answer

    def elsewhere(self, base: str, headers: Mapping[str, str], secrets: Sequence[str]) -> Site:
        """Another site of the same owner, asked within the same clock."""
        return Site(base, self.options, headers, secrets, self._ends)

    def unsaid(self) -> SendUncertain:
        """For an answer that does not say where the reply stands."""
        return SendUncertain(f"{self.host} {UNSAID}.")

    def quoted(self, text: str) -> str:
        """What the site said, fit to stand in a sentence of ours: one short line without our secrets."""
        line = clean_line(without_markup(text), 1000)
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            line = line.replace(secret, "…")
        return clean_line(line, 200)

    @property
    def host(self) -> str:
        """The host, with its port where it is not the usual one."""
        return clean_line(urlsplit(self.base).netloc, 100)

    def _ask(self, method: str, path: str, content: Mapping[str, Any], *, creates: bool) -> Answer:
        flight, url = _Flight(), self._url(path)
        headers = {"Accept": "application/json", "User-Agent": "webcare", **self.headers}
        headers |= {"Accept-Encoding": "identity", "Host": url.netloc.decode("ascii")}
        if "json" in content:
            packed = json.dumps(content["json"]).encode("ascii")
            content, headers = {"content": packed}, {"Content-Type": "application/json", **headers}
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise SendError("A key of reply: has characters that cannot be sent; nothing was sent.")
        addresses = self._addresses(url)
        tls = {"sni_hostname": url.raw_host.decode("ascii")}
        request = httpx.Request(method, url, headers=headers, extensions={"trace": flight.trace, **tls}, **content)
        try:
            return asyncio.run(self._first(request, addresses))
        except TimeoutError:
            why = f"did not answer within {SECONDS:.0f} s"
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            why = "has no valid certificate" if "CERTIFICATE" in str(error) else "cannot be reached"
        except httpx.HTTPError as error:
            why = f"broke off ({type(error).__name__})"
        if creates and flight.left:
            raise SendUncertain(f"{self.host} {why}; look whether the reply arrived.")
        raise SendError(f"{self.host} {why}; nothing was sent.")

    def _url(self, path: str) -> httpx.URL:
        try:
            return httpx.URL(self.base + path)
        except httpx.InvalidURL:
            raise SendError("The place to answer has no address that can be asked; nothing was sent.") from None

    async def _first(self, request: httpx.Request, addresses: Sequence[str]) -> Answer:
        """The answer from the first of the addresses that can be connected to."""
        verify = httpx.create_ssl_context() if request.url.scheme == "https" else False
        async with (
            asyncio.timeout(max(0.0, self._ends - time.monotonic())),
            httpx.AsyncClient(verify=verify, timeout=httpx.Timeout(None, connect=8), trust_env=False) as client,
        ):
            for address in addresses:
                request.url = request.url.copy_with(host=address)
                try:
                    return await _answer(await client.send(request, stream=True))
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if address == addresses[-1]:
                        raise
        raise httpx.ConnectError("no address")

    def _addresses(self, url: httpx.URL) -> tuple[str, ...]:
        """Where the host leads to, looked up and judged once a send."""
        if not self._checked:
            port = url.port or (443 if url.scheme == "https" else 80)
            found = look_up(url.host, port, self._ends - time.monotonic())
            check(url.host, port, found, self.options.get("allow_private", False), encrypted=url.scheme == "https")
            self._checked = found
        return self._checked

    def _refusal(self, answer: Answer, *, creates: bool) -> ChannelError:
        """What a status means for the reply; in doubt it may have arrived."""
        status, said = answer.status, self.quoted(reason(answer.data))
        why = f"{self.host} {_meaning(answer)} ({status}){': ' + said if said else ''}"
        why = why.rstrip(".!") + "."
        certain = status in (301, 307, 308) or 400 <= status < 500
        if creates and not certain:
            return SendUncertain(f"{why} Look whether the reply arrived.")
        return SendError(why)


def _meaning(answer: Answer) -> str:
    status = answer.status
    if 300 <= status < 400:
        return "redirects, and a reply follows no redirect: put its present address in sources.yaml"
    if status in (401, 403):
        return "does not let us answer: check the keys of reply: and what the account may do"
    if status in (404, 410):
        return "has no such post, or not this interface"
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        return "asks us to answer less often: try again " + (f"in {int(wait)} s" if _is_short(wait) else "later")
    if status >= 500:
        return "failed"
    return "gave an answer that is not understood" if status < 300 else "refused the reply"


def _is_short(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) < 7


async def _answer(response: httpx.Response) -> Answer:
    """The answer, as far as it is read: what is longer, or packed though nobody asked for that, is no JSON to us."""
    body = bytearray()
    try:
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > MOST:
                break
    finally:
        await response.aclose()
    headers = {name.lower(): value for name, value in response.headers.items()}
    packed = headers.get("content-encoding", "identity").lower() != "identity"
    return Answer(response.status_code, headers, None if packed or len(body) > MOST else _parsed(bytes(body)))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def look_up(host: str, port: int, seconds: float) -> tuple[str, ...]:
    """The IP addresses of a host, within `seconds`. Raises `SendError`."""
    found: list[tuple[str, ...]] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.append(unique(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))

    # The resolver cannot be stopped; a thread of its own can be left behind.
    asking = threading.Thread(target=ask, name="look up", daemon=True)
    asking.start()
    asking.join(max(0.0, seconds))
    if not found or not found[0]:
        raise SendError(f"{clean_line(host, 100)} cannot be found; nothing was sent: check the address.")
    return found[0]


def check(host: str, port: int, addresses: Sequence[str], allowed: Allowed, *, encrypted: bool) -> None:
    """Refuses an address inside the network, and a password in clear text, unless `allow_private` covers the host."""
    shown = f"{clean_line(host, 100)}:{port}"
    if not all(may_connect(each, host.lower(), port, allowed) for each in addresses):
        raise SendError(f"{shown} is inside the network: name it under allow_private if replies may go there.")
    if not encrypted and any(map(is_public, addresses)):
        raise SendError(f"{shown} is not encrypted: credentials are only sent over TLS (https).")


def address_of(options: Mapping[str, Any], after: str = "$") -> str:
    """The site's own address: `url` as far as the first match of `after`, without a slash at its end."""
    url = str(options.get("url") or "").strip()
    if link_host(url) is None or "@" in urlsplit(url).netloc:
        raise SendError("The address to answer at is missing or no web address: give reply.url in sources.yaml.")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{re.split(after, parts.path, maxsplit=1)[0]}".rstrip("/")


def keys(options: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """The keys of `reply:` that a channel cannot do without, all of them. Raises `SendError` naming the missing."""
    found = [str(options.get(name) or "").strip() for name in names]
    missing = [f"reply.{name}" for name, value in zip(names, found, strict=True) if not value]
    if missing:
        raise SendError(f"This channel wants {' and '.join(missing)} in sources.yaml.")
    return tuple(found)


def word(data: Any, *way: str | int) -> str:
    """The text or number at a place in a site's JSON; "" where there is none."""
    for step in way:
        if isinstance(step, str):
            data = data.get(step) if isinstance(data, dict) else None
        else:
            data = data[step] if isinstance(data, list) and len(data) > step else None
    is_plain = isinstance(data, (str, int)) and not isinstance(data, bool)
    return str(data)[:MOST] if is_plain else ""


def link(text: str) -> str | None:
    """A link that a site gave, where it is one."""
    return text if link_host(text) is not None and len(text) <= 2000 else None


def reason(data: Any) -> str:
    """What a site says of a refusal, under the names that sites give it."""
    ways: tuple[tuple[str | int, ...], ...] = (
        ("errors", 0, "detail"),
        ("errors", 0),
        ("status", "message"),
        ("message",),
        ("error_description",),
        ("error",),
    )
    return next((found for way in ways if (found := word(data, *way))), "")


def letters(text: str) -> str:
    """A text without all that a site changes of it (quotes, dashes, blanks), to compare what stands there with."""
    return "".join(re.findall(r"\w+", text.casefold()))


def without_markup(html: str) -> str:
    """The words of a piece of HTML, for `letters`."""
    return unescape(re.sub(r"<[^>]*>", " ", html))
