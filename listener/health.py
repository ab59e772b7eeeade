"""How a source does, from its own history, and in one sentence that says what to do. Pure.

* **ok**: the last visit went well, and no post is overdue.
* **degraded**: the last visit failed, or a part of the source could not be read.
* **silent**: visits go well but bring nothing, for twice as long as nearly all (99 in 100) of the source's own pauses
  between posts. Told only of a source of which 20 posts are known: of a source that posts at random moments that is
  wrong once in ten thousand pauses, where one time the pause would be wrong once in a hundred.
* **dead**: it said twice that it is gone for good (410), or failed 12 times in a row. It is still tried, once a day.
* **on hold**: what stands at its address has other authors, leads to other sites and speaks another language than
  before: perhaps a lapsed domain in strange hands. Nothing of it is stored before a person accepts it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice, pairwise
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ListenerError, ReadError
from storage.types import Health, Post

HOPELESS = 12
"""Failures in a row after which a source is called dead."""
GONE = 410
"""The status that says: gone for good (RFC 9110 15.5.11)."""
ENOUGH = 20
"""Posts that must be known before a silence says anything."""
RHYTHM = 40
"""Posts whose times are remembered of a source."""
NAMES = 8
"""Sites and authors that are remembered of a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a visit showed."""

    now: datetime
    posted: Sequence[datetime] = ()
    """When its posts were published, in any order."""
    fault: ListenerError | None = None
    """Why it gave nothing."""
    failures: int = 0
    """Visits in a row that gave nothing, this one included."""
    status: int | None = None
    status_before: int | None = None
    """Of the visit before."""
    troubles: Sequence[ListenerError] = ()
    pages: int = 0
    more: bool = False
    """Whether it holds more than one visit reads."""


class OnHold(ReadError):
    """What stands at the address is somebody else's, as far as can be told."""


def judge(signs: Signs) -> tuple[Health, str]:
    """The health after a visit, and the sentence for it; "" where all is well."""
    if isinstance(signs.fault, OnHold):
        return Health.ON_HOLD, str(signs.fault)
    if signs.fault is not None:
        return _failed(signs, str(signs.fault))
    if signs.troubles:
        of, first = f"{len(signs.troubles)} of its {signs.pages} pages", signs.troubles[0]
        return Health.DEGRADED, f"{of} could not be read and will be tried again; the first: {first}"
    if signs.more:
        return Health.OK, f"It holds more than the {signs.pages} pages of this visit: the next one goes on from there."
    if due := overdue(signs.posted, signs.now):
        newest = max(time for time in signs.posted if time <= signs.now)
        return Health.SILENT, (
            f"Its newest post is of {_day(newest)}, and by its own history another was due by {_day(due)}: "
            "look whether the site still works and still shows its new posts at this address."
        )
    return Health.OK, ""


def _failed(signs: Signs, sentence: str) -> tuple[Health, str]:
    if signs.status == GONE and signs.status_before == GONE:
        return Health.DEAD, f"{sentence} It said so twice: give it another address, or take it out of sources.yaml."
    if signs.failures >= HOPELESS:
        advice = "it is tried once a day; check its address, or take it out of sources.yaml."
        return Health.DEAD, f"{sentence} That is the {signs.failures}th time in a row: {advice}"
    return Health.DEGRADED, sentence


def overdue(posted: Iterable[datetime], now: datetime) -> datetime | None:
    """When a post was due that has not come, as explained above; None where none is, or too little is known."""
    times = sorted({time for time in posted if time <= now})
    if len(times) < ENOUGH:
        return None
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    longest = gaps[math.ceil(0.99 * len(gaps)) - 1]
    due = times[-1] + 2 * max(longest, timedelta(hours=1))
    return due if due < now else None


def identity(posts: Sequence[Post], lang: str | None = None) -> dict[str, Any]:
    """Whose posts these are: the sites they lead to, their authors, and the language that was found in them.

    Authors stand as short hashes: enough to know them again, and no name stays where nobody would look for it.
    """
    origins = dict.fromkeys("/".join(post.url.split("/", 3)[:3]) for post in posts if _is_web(post.url))
    sites = dict.fromkeys(urlsplit(each).hostname or "" for each in islice(origins, 4 * NAMES))
    names = dict.fromkeys(post.author for post in posts if post.author)
    authors = [sha256(name.encode("utf-8", "replace")).hexdigest()[:8] for name in islice(names, NAMES)]
    return {"sites": list(sites)[:NAMES], "authors": authors, "lang": lang or ""}


def is_known(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether some of the sites or authors are those of before."""
    return any({*before.get(what, ())} & {*now[what]} for what in ("sites", "authors"))


def check_identity(before: Mapping[str, Any], now: Mapping[str, Any], url: str) -> None:
    """Raises `OnHold` when everything that can be compared is other than before: sites, language, and authors."""
    if not (before.get("sites") and now["sites"] and before.get("lang") and now["lang"]):
        return
    if is_known(before, now) or before["lang"] == now["lang"]:
        return
    was, is_ = ", ".join(before["sites"][:2]), ", ".join(now["sites"][:2])
    raise OnHold(
        f"{url} led to {was} in {before['lang']!r} and now leads to {is_} in {now['lang']!r}: it may have changed "
        "hands. Nothing of it is stored; look at it, then `webcare sources accept` it or take it out of sources.yaml."
    )


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _day(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")
