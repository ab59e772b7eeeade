"""When "tomorrow" is: the moments until which a case can be put away, in Dutch and English words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from desk.locale import N_, local

MORNING = 9
"""The hour at which a day's work begins."""

CHOICES = (
    ("1", "1h", N_("1 hour")),
    ("3", "3h", N_("3 hours")),
    ("t", "tomorrow", N_("tomorrow")),
    ("m", "mon", N_("Monday")),
    ("w", "7d", N_("a week")),
)
"""Key, words, what is shown."""

_DAYS = ("mon|ma", "tue|di", "wed|wo", "thu|do", "fri|vr", "sat|za", "sun|zo")
_LENGTH = re.compile(r"(\d{1,3}) ?(m|min|h|u|uur|hours?|d|dagen|days?|w|weken|weeks?)")
_UNIT = {"m": 60, "h": 3600, "u": 3600, "d": 86_400, "w": 604_800}
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")


def moment(words: str, now: datetime) -> datetime | None:
    """The moment that `words` mean, seen from `now`; None where they mean none."""
    said = words.strip().lower()
    if found := _LENGTH.fullmatch(said):
        unit = "m" if found[2].startswith("m") else found[2][0]
        return now + timedelta(seconds=int(found[1]) * _UNIT[unit])
    here = local(now)
    if said in ("tomorrow", "morgen"):
        return _morning(here + timedelta(days=1))
    for day, names in enumerate(_DAYS):
        if said[:3] in names.split("|") or said[:2] in names.split("|"):
            return _morning(here + timedelta(days=(day - here.weekday() - 1) % 7 + 1))
    if found := _TIME.fullmatch(said):
        hour, minute = int(found[1]), int(found[2])
        if hour > 23 or minute > 59:
            return None
        then = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return then if then > here else then + timedelta(days=1)
    return _date(said, here)


def _date(said: str, here: datetime) -> datetime | None:
    try:
        then = datetime.fromisoformat(said)
    except ValueError:
        return None
    then = then.replace(tzinfo=here.tzinfo) if then.tzinfo is None else then
    return _morning(then) if len(said) <= 10 else then


def _morning(day: datetime) -> datetime:
    return day.replace(hour=MORNING, minute=0, second=0, microsecond=0)
