"""What a site's robots.txt says to us (RFC 9309), read in time and memory that its writer does not choose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from protego import Protego

PRODUCT = "webcare"
"""Our product token (RFC 9309 2.2.1): the name under which a robots.txt speaks to us."""
MOST_BYTES = 500 * 1024
"""Bytes of a robots.txt that are read (RFC 9309 2.5: at least this much)."""
LONGEST_DELAY = 60.0
"""A Crawl-delay beyond this many seconds is cut to it."""
MOST_WILD = 1_000
"""Rules for us that may hold wildcards, each of which looks through the whole address."""
_ORDINARY = 8192
_AGENT = re.compile(r"\s*user(?:-|\s*)agent\b[\s:]*(\*|[a-z_-]*)([^#]*)", re.IGNORECASE)
"""A line that names a crawler, by its product token; what follows that, such as a version, says nothing more."""
_WILD = re.compile(r"[*$]")


@dataclass(frozen=True, slots=True)
class Robots:
    """What one robots.txt says to us; kept as text, which takes a tenth of the parsed rules' memory."""

    text: bytes = b""
    """Empty: everything is allowed."""
    delay: float = 0.0
    """Seconds it asks for between requests, `LONGEST_DELAY` at most."""

    @classmethod
    def read(cls, body: bytes) -> Robots:
        """The rules in a robots.txt; a web page in its place, or nothing, allows everything."""
        text = body[:MOST_BYTES].removeprefix(b"\xef\xbb\xbf").strip()
        if not text or text.startswith(b"<"):
            return cls()
        text = "\n".join(_to_us(text.decode("utf-8", "replace"))).encode()
        return cls(text, min(_rules(text).crawl_delay(PRODUCT) or 0.0, LONGEST_DELAY))

    @property
    def is_small(self) -> bool:
        """Whether asking it takes so little time that no thread is needed for it."""
        return len(self.text) <= _ORDINARY

    def allows(self, url: str) -> bool:
        """Whether this address may be fetched."""
        return not self.text or bool(_rules(self.text).can_fetch(url, PRODUCT))


def _to_us(text: str) -> Iterator[str]:
    """Its lines with all other crawlers under one name: of a group, each name would have all the rules to itself.

    Of rules with wildcards beyond `MOST_WILD` what stands before the first wildcard forbids, and nothing is allowed.
    """
    is_ours = was_name = False
    wild = 0
    for line in text.splitlines():
        if named := _AGENT.match(line):
            name = named[1].lower() or ("-" if named[2].strip() else "*")
            is_us = name in (PRODUCT, "*")
            is_ours = is_us or (is_ours and was_name)
            if is_us or not was_name:
                yield f"User-agent: {name if is_us else '-'}"
        elif is_ours and _WILD.search(line):
            wild += 1
            if wild <= MOST_WILD:
                yield line
            elif not line.lstrip().lower().startswith("allow"):
                yield _WILD.split(line, 1)[0]
        else:
            yield line
        was_name = bool(named) or (was_name and not line.partition("#")[0].strip())


def _rules(text: bytes) -> Protego:
    """The parsed rules. Huge files parse into tens of MB, so only those of ordinary size are remembered."""
    return _ordinary_rules(text) if len(text) <= _ORDINARY else _parsed(text)


def _parsed(text: bytes) -> Protego:
    return Protego.parse(text.decode())


_ordinary_rules = lru_cache(maxsize=128)(_parsed)
