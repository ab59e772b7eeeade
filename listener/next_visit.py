"""When to come back to a source: pure, from what a person asked, what was observed and what the site says.

The **pace** of a source is its steady interval:

* `every`, where a person set it; else
* half its **gap** at the first visit (an hour where that is unknown); then half the last pace after a visit that found
  something new, 1.5 times the last pace after one that did not, but never slower than half the gap;
* the gap is the median time between its last 20 posts, or a quarter of its present silence where that is longer: so a
  source that went quiet is visited ever less, and one that only sleeps at night is back at once;
* hints (ttl, Cache-Control, Expires, sy:) can only raise it, and never what a person set;
* between the floor (15 min; 5 min where a person set `every`, and for a followed conversation) and 24 h (or a longer
  `every`).

The **wait** is the pace, doubled for every failure in a row, at most 24 h, spread by 10 % either way so that sources do
not march in step, and never shorter than the floor or a Retry-After.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from listener.network.failures import http_date

FLOOR = 15 * 60.0
"""Seconds no source is asked more often than by ourselves."""
BRISK_FLOOR = 5 * 60.0
"""Seconds no source is asked more often than for a person."""
CAP = 24 * 3600.0
"""Seconds after which every source is asked again."""
FIRST = 3600.0
"""Pace of a source of which nothing is known."""
SLEEP_AFTER = 30 * 86400.0
"""Seconds of silence after which a conversation is no longer followed."""
JITTER = 0.1
_WINDOW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """What a visit ended with."""

    now: datetime
    every: float | None = None
    """Seconds between visits, where a person decided it."""
    pace: float = 0.0
    """What `pace` said after the last visit; 0 before the first. A failed visit leaves it as it was."""
    found_new: bool = False
    posted: Sequence[datetime] = ()
    """When the source's posts were published, in any order; the 20 newest count."""
    hint: float = 0.0
    """Seconds the site asks to be left alone: the longest of ttl, sy: and `http_hint`."""
    failures: int = 0
    """Visits in a row that failed, this one included; 0 when it went well."""
    retry_after: float = 0.0


def pace(facts: VisitFacts, *, floor: float | None = None) -> float:
    """The steady interval in seconds, to be remembered for the next time; `floor` replaces the usual one."""
    least = _floor(facts, floor)
    if facts.every:
        return max(facts.every, least)
    if facts.failures:
        wish = facts.pace
    else:
        wish = max(_adapted(facts), facts.hint)
    return min(max(wish, least), CAP)


def after(facts: VisitFacts, *, random: float, floor: float | None = None) -> float:
    """Seconds until the next visit; `random` in [0, 1) spreads it, `floor` replaces the usual one.

    At least the floor; at most `CAP` or what a person or a Retry-After asked for, where that is longer.
    """
    steady = pace(facts, floor=floor)
    wait = min(steady * 2.0 ** min(facts.failures, 30), max(CAP, steady))
    spread = min(_spread(wait, random), max(CAP, steady))
    return max(spread, _floor(facts, floor), facts.retry_after * (1 + JITTER * random))


def _floor(facts: VisitFacts, floor: float | None) -> float:
    usual = BRISK_FLOOR if facts.every else FLOOR
    return usual if floor is None else floor


def _spread(seconds: float, random: float) -> float:
    return seconds * (1 + JITTER * (2 * random - 1))


def conversation(now: datetime, last_post_at: datetime, *, random: float, floor: float = BRISK_FLOOR) -> float | None:
    """Seconds until a followed conversation is read again; None when it sleeps.

    As long as it has been silent: visits fall 5, 10, 20, 40 min … after its last post, then daily, for 30 days.
    """
    silence = max((now - last_post_at).total_seconds(), 0.0)
    if silence > SLEEP_AFTER:
        return None
    wait = min(max(silence, floor), CAP)
    return min(max(_spread(wait, random), floor), CAP)


def http_hint(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds for which an answer calls itself fresh (RFC 9111 4.2.1), `CAP` at most; `headers` by lower-case names."""
    directives = dict(_directive(part) for part in headers.get("cache-control", "").lower().split(","))
    if directives.keys() & {"no-cache", "no-store"}:
        return 0.0
    if "max-age" in directives:
        fresh = _seconds(directives["max-age"]) - _seconds(headers.get("age", ""))
    else:
        expires = http_date(headers.get("expires", ""))
        since = http_date(headers.get("date", "")) or now
        fresh = (expires - since).total_seconds() if expires else 0.0
    return min(max(fresh, 0.0), CAP)


def _directive(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip(' "')


def _seconds(text: str) -> float:
    return float(text[:12]) if text.isascii() and text.isdigit() else 0.0


def _adapted(facts: VisitFacts) -> float:
    """The pace that follows from the last one and from the gap."""
    most = _gap(facts.posted, facts.now) / 2
    wish = facts.pace * (0.5 if facts.found_new else 1.5)
    if not wish:
        return most or FIRST
    return min(wish, most) if most else wish


def _gap(posted: Sequence[datetime], now: datetime) -> float:
    """Seconds between posts, as explained above; 0 where fewer than two posts are known."""
    newest = sorted(time for time in posted if time <= now)[-_WINDOW:]
    if len(newest) < 2:
        return 0.0
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(newest)]
    return max(median(gaps), (now - newest[-1]).total_seconds() / 4)
