"""Takes a compressed body apart within bounds: pure, and never more in memory than allowed."""

from __future__ import annotations

import zlib

RATIO = 100
"""How many times larger than its compressed form a body may be; markup seldom passes 20 (our guard against bombs)."""
_FREE = 256 * 1024
"""Below this size the ratio does not matter."""
_MEMBERS = 16
_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class InflateError(ValueError):
    """The body cannot be used; the text says why, to be read after the host's name."""


def inflate(raw: bytes, encoding: str, limit: int, *, cut: bool = False) -> bytes:
    """The decoded body: `encoding` is the Content-Encoding header, `limit` the most bytes allowed.

    With `cut`, `raw` may end anywhere and what is beyond the limit is left off; otherwise both raise `InflateError`,
    as do damage, more than one encoding and encodings that were not asked for.
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names or not raw:
        return _bounded(raw, limit, cut)
    if len(names) > 1:
        raise InflateError("compressed its answer more than once, which is not accepted")
    if names[0] not in _WBITS:
        raise InflateError(f"compressed its answer in a way we did not ask for ({names[0][:20]})")
    wbits = _WBITS[names[0]]
    if wbits == 15 and not _is_zlib(raw):
        wbits = -15
    try:
        body = _members(raw, wbits, min(limit, max(_FREE, RATIO * len(raw))), cut)
    except zlib.error:
        raise InflateError("sent a compressed answer that is damaged") from None
    return _bounded(body, limit, cut)


def _members(raw: bytes, wbits: int, limit: int, cut: bool) -> bytes:
    """All gzip members one after another (RFC 1952 2.2), `limit` + 1 bytes at most."""
    body = b""
    for _ in range(_MEMBERS):
        stream = zlib.decompressobj(wbits)
        body += stream.decompress(raw, limit + 1 - len(body))
        if len(body) > limit and not cut:
            raise InflateError(f"sent an answer that unpacks to more than {limit // 1024} KiB")
        if not stream.eof:
            if cut:
                return body
            raise InflateError("broke off in the middle of a compressed answer")
        raw = stream.unused_data
        if wbits != 31 or not raw.startswith(b"\x1f\x8b") or len(body) > limit:
            return body
    raise InflateError("sent a compressed answer in too many pieces")


def _is_zlib(raw: bytes) -> bool:
    """Whether "deflate" means the zlib format, as it should, or the bare one some servers send (RFC 1950 2.2)."""
    return len(raw) > 1 and raw[0] & 15 == 8 and (raw[0] << 8 | raw[1]) % 31 == 0


def _bounded(body: bytes, limit: int, cut: bool) -> bytes:
    if len(body) > limit and not cut:
        raise InflateError(f"sent more than {limit // 1024} KiB")
    return body[:limit]
