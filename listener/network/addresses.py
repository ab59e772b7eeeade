"""Which addresses on the web may be fetched: reads a URL strictly and judges the IP addresses it leads to."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

import idna

from listener.errors import Blocked
from storage.addresses import Allowed, IPAddress, is_allowed, may_connect

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 8192
_SERVICE_PORTS = frozenset({1433, 1521, 2049, 3306, 3389, 5060, 5061, 5432, 5900, 6000, 6379, 11211, 27017})
"""Above 1023, but spoken by databases and the like: an HTTP request there may be read as a command."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMERIC_END = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$")
_PATH_SAFE = "/%:@!$&'()*+,;=-._~[]|"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once; the connection, the Host header and the check all use these same parts."""

    scheme: str
    host: str
    """Lower case, IDNA, without brackets or trailing dot; a numeric host in its usual spelling."""
    port: int
    path: str
    """With the query, percent-encoded."""

    @property
    def netloc(self) -> str:
        """Host and, where it is not the usual one, port: the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: as far as credentials and robots.txt reach."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def url(self) -> str:
        """The whole address, normalised, without fragment."""
        return self.origin + self.path

    @property
    def literal(self) -> IPAddress | None:
        """The IP address, where the host is one."""
        if ":" not in self.host and not self.host[-1].isdigit():
            return None
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None


@lru_cache(maxsize=1_024)
def parse(url: str) -> Target:
    """Take a URL apart; raises `Blocked` when it is not a plain http(s) address."""
    text = url.strip()
    if not text or len(text) > _LONGEST or re.search(r"[\x00-\x20\x7f\\]", text):
        raise Blocked(f"{shown(url)} is not a web address: it is empty, too long or has blanks or backslashes in it.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Blocked(f"{shown(url)} is not a web address: check how it is written.") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise Blocked(f"{shown(url)} is not fetched: only http and https addresses are.")
    if "@" in parts.netloc:
        raise Blocked(f"{shown(url)} carries a user name: put user and password in the source's settings instead.")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = "?" + quote(parts.query, safe=_PATH_SAFE + "?") if parts.query else ""
    if port is None:
        port = _DEFAULT_PORTS[parts.scheme]
    return Target(parts.scheme, _canonical_host(host, url), port, path + query)


def _canonical_host(host: str, url: str) -> str:
    """The host in the one spelling that is checked and connected to."""
    if ":" in host:
        return _ipv6(host, url)
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            host = ""
    host = host.rstrip(".")
    if _NUMERIC_END.search(host):
        # Whatever ends in a number is an IPv4 address to the resolver, also as 127.1, 0x7f000001 or 2130706433.
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            host = ""
    if not _HOST.fullmatch(host):
        raise Blocked(f"{shown(url)} has no valid host name: check how it is written.")
    return host


def _ipv6(host: str, url: str) -> str:
    try:
        if "%" in host:
            raise ValueError("a zone names a network card of this machine")
        return ipaddress.IPv6Address(host).compressed
    except ValueError:
        raise Blocked(f"{shown(url)} has no valid host name: check how it is written.") from None


def is_listed(target: Target, allow_private: Allowed) -> bool:
    """Whether the configuration names this host and port, or everything, as allowed."""
    return is_allowed(target.host, target.port, allow_private)


def check_port(target: Target, allow_private: Allowed) -> None:
    """Raises `Blocked` for ports at which other services than web servers listen."""
    named = not isinstance(allow_private, bool) and is_listed(target, allow_private)
    odd = target.port < 1024 and target.port not in (80, 443)
    if not named and (odd or target.port in _SERVICE_PORTS):
        raise Blocked(
            f"{target.netloc} is not fetched, as web servers have other ports: "
            "name host and port under allow_private if it is one."
        )


def check_addresses(target: Target, addresses: Sequence[str], allow_private: Allowed) -> None:
    """Raises `Blocked` when any of the addresses a host leads to is inside the network and that is not allowed."""
    inside = [each for each in addresses if not may_connect(each, target.host, target.port, allow_private)]
    if inside:
        raise Blocked(
            f"{target.netloc} is inside the network ({', '.join(sorted(set(inside))[:3])}): "
            "name it under allow_private if it may be fetched."
        )


def shown(url: str) -> str:
    """A URL as it may be shown: no user, password, query or control characters, 200 characters at most."""
    try:
        parts = urlsplit(url.strip())
        text = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" + ("?…" if parts.query else "")
    except ValueError:
        text = re.sub(r"//[^/]*@", "//", url.partition("?")[0])
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return clean if len(clean) <= 200 else clean[:199] + "…"
