"""Which IP addresses are out on the internet, and which hosts inside it the configuration allows all the same."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

Allowed = bool | tuple[str, ...]
"""`allow_private` of the configuration: everything, nothing, or a list of `host:port` (a bare `host`: any port)."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# IANA special-purpose registries (RFC 6890 and its updates), spelled out so that the answer is the same on
# every version of Python, and the one public-looking address at which a cloud serves its machines (168.63.129.16).
_REFUSED = tuple(
    ipaddress.ip_network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32"),
        *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        *("5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def allowed_by(said: Any) -> Allowed:
    """What `allow_private` of the configuration says."""
    return tuple(map(str, said)) if isinstance(said, list) else bool(said)


def is_public(address: str) -> bool:
    """Whether an IP address is out on the internet; False for anything inside, reserved or dressed up."""
    ip: IPAddress = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped
        if ip in _NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
    return ip.is_global and not any(ip.version == net.version and ip in net for net in _REFUSED)


def is_metadata(address: str) -> bool:
    """Whether an IP address is link-local: there clouds keep the secrets of their machines."""
    ip = ipaddress.ip_address(address)
    embedded = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (embedded or ip).is_link_local


def may_connect(address: str, host: str, port: int, allow_private: Allowed) -> bool:
    """Whether this address, to which `host` leads, may be connected to.

    Public ones always; inside ones where the configuration allows it; link-local ones only where it names them.
    """
    if is_public(address):
        return True
    if is_metadata(address) and isinstance(allow_private, bool):
        return False
    return is_allowed(host, port, allow_private)


def is_allowed(host: str, port: int, allow_private: Allowed) -> bool:
    """Whether the configuration names this host (without brackets) and port, or everything, as allowed."""
    if isinstance(allow_private, bool):
        return allow_private
    shown = f"[{host}]" if ":" in host else host
    names = {entry.strip().lower() for entry in allow_private}
    return not names.isdisjoint({f"{shown}:{port}", shown, host})


def unique(infos: Iterable[tuple[object, object, object, object, tuple[object, ...]]]) -> tuple[str, ...]:
    """The addresses in an answer of `getaddrinfo`, each once, in its order."""
    return tuple(dict.fromkeys(str(info[4][0]) for info in infos))
