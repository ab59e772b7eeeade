"""What a page tells of its own clock: its distance to UTC, and whether it writes the day before the month."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.tree import Node

FURTHEST = timedelta(hours=14)
"""Between the clock of any place and UTC; what differs more was another day."""
STEP = timedelta(minutes=30)
"""To which a distance is rounded: the page took a while to reach us, and hardly any zone needs less."""
SUMMER = timedelta(hours=1)
"""What summer time adds to the zone that a page names."""
_IN_ENGLISH = {
    "Europa": "Europe",
    "Amerika": "America",
    "Azië": "Asia",
    "Asien": "Asia",
    "Afrika": "Africa",
    "Brussel": "Brussels",
    "Brüssel": "Brussels",
    "Londen": "London",
    "Parijs": "Paris",
    "Berlijn": "Berlin",
    "Kopenhagen": "Copenhagen",
    "Luxemburg": "Luxembourg",
    "Wenen": "Vienna",
    "Wien": "Vienna",
    "Zürich": "Zurich",
}
"""Parts of zone names as Dutch and German boards write them."""
_LABEL = re.compile(r"^[^\d:]{0,60}:\s+")
_TIME_ONLY = re.compile(r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?\s?(?:[ap]\.?m\.?)?", re.IGNORECASE)
_ZONE = re.compile(r"(?:GMT|UTC)\s?([+-]\d{1,2}(?:[.:]\d\d?)?)?")
_NUMERIC = re.compile(r"(?<![\d:./-])(\d{1,2})([-/.])(\d{1,2})\2(?:\d{4}|\d\d)(?!\d)")


def of_clock(nodes: Iterable[Node], now: datetime) -> tuple[str, bool | None]:
    """What the elements that show the time of a page fetched at `now` tell: its zone, and whether the day comes first.

    "" and None where none of them shows a time of these hours.
    """
    for each in nodes:
        words = _LABEL.sub("", tree.line(each))
        shown = f"today {words}" if _TIME_ONLY.fullmatch(words) else words
        fitting = {order: away for order in (True, False) if (away := _away(shown, now, order)) is not None}
        said = _ZONE.search(tree.line(each.getparent())) if shown != words else None
        if said and fitting and abs(fitting[True] - _hours(said[1])) > SUMMER:
            return _zone(_hours(said[1])), None  # the page is an old copy
        if fitting:
            order = next(iter(fitting)) if len(fitting) == 1 else of_dates([words])
            return _zone(next(iter(fitting.values()))), order
    return "", None


def zone_named(words: str) -> str:
    """The IANA name of a zone that a board names by its place, perhaps in its own language; "" where it is none."""
    parts = [_IN_ENGLISH.get(part, part.replace(" ", "_")) for part in words.strip().split("/")]
    try:
        return ZoneInfo("/".join(parts)).key if len(parts) > 1 else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def of_dates(texts: Iterable[str]) -> bool | None:
    """Whether dates in numbers put the day first, as the first number above twelve tells; None where none does."""
    for text in texts:
        for found in _NUMERIC.finditer(text):
            if max(int(found[1]), int(found[3])) > 12:
                return int(found[1]) > 12
    return None


def _away(shown: str, now: datetime, day_first: bool) -> timedelta | None:
    """How far a clock is ahead of UTC; None where what it shows is no time of these hours."""
    moment = parse_date(shown, now=now, day_first=day_first)
    if moment is None:
        return None
    away = STEP * round((moment - now) / STEP)
    if shown.startswith("today "):  # which day that is where the clock hangs was not said
        away -= timedelta(days=round(away / timedelta(days=1)))
    return away if abs(away) <= FURTHEST else None


def _hours(written: str | None) -> timedelta:
    return timedelta(hours=float((written or "0").replace(":30", ".5").replace(":", ".")))


def _zone(away: timedelta) -> str:
    minutes = round(away / timedelta(minutes=1))
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
