"""Reads the dates that sites show: machine formats, then Dutch and English words, a guess at the very end."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listener.errors import ReadError
from listener.pages.effort import library, needs_limits

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing on a forum is older; what claims to be is a default value or a mistake."""
_AHEAD = timedelta(hours=24)
LONGEST = 200
"""Characters of a date that are looked at; longer text is no date."""
LONGEST_GUESS = 40
"""Characters that may go to the guessing parser, which is slow and reads dates into anything."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januari januar jan jänner janvier",
            "february februari februar feb février",
            "march maart märz mrt mar mär mars",
            "april apr avril",
            "may mei mai",
            "june juni jun juin",
            "july juli jul juillet",
            "august augustus aug août",
            "september sept sep septembre",
            "october oktober okt oct octobre",
            "november nov novembre",
            "december dezember dec dez décembre",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday maandag mon ma",
            "tuesday dinsdag tue tues di",
            "wednesday woensdag wed wo",
            "thursday donderdag thu thur thurs do",
            "friday vrijdag fri vr",
            "saturday zaterdag sat za",
            "sunday zondag sun zo",
        )
    )
    for name in names.split()
}
_DAYS_BACK = {
    "today": 0,
    "vandaag": 0,
    "heute": 0,
    "yesterday": 1,
    "gisteren": 1,
    "gister": 1,
    "gestern": 1,
    "eergisteren": 2,
}
_NOW = frozenset(
    (
        "now",
        "just now",
        "right now",
        "moments ago",
        "a moment ago",
        "nu",
        "net",
        "zonet",
        "zojuist",
        "daarnet",
        "zo net",
    )
)
_UNITS = {
    unit: seconds
    for seconds, units in (
        (1.0, "s sec secs second seconds seconde seconden"),
        (60.0, "m min mins minute minutes minuut minuten minuutje minuutjes"),
        (3600.0, "h hr hrs hour hours u uur uren uurtje uurtjes"),
        (86400.0, "d day days dag dagen"),
        (604800.0, "w wk week weeks weken"),
        (2629746.0, "mo month months maand maanden mnd"),
        (31556952.0, "y yr yrs year years jaar jaren jr"),
    )
    for unit in units.split()
}
_ONE = frozenset(("a", "an", "one", "een", "één", "'n"))
_ZONES = {
    "z": 0,
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "wet": 0,
    "west": 60,
    "bst": 60,
    "cet": 60,
    "mez": 60,
    "met": 60,
    "cest": 120,
    "mesz": 120,
    "mest": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
}
"""Minutes east of Greenwich of the zone names that feeds and boards in use write."""

_CLOCK = re.compile(
    r"(?<![\d.,-])(?P<h>[01]?\d|2[0-4])\s?(?:[:.uh](?P<m>[0-5]\d))?(?::(?P<s>[0-5]\d|60))?(?:[.,]\d{1,9})?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?(?P<uur>\s*uur\b|\s*u\b|\s*uhr\b)?(?![\d])",
    re.I,
)
_OFFSET = re.compile(r"(?<=[\d\sCTm])(?:UTC|GMT)?\s?(?P<sign>[+\-−])(?P<h>\d{1,2}):?(?P<m>[0-5]\d)?\)?\s*$", re.I)
_ZONE = re.compile(rf"\b(?P<zone>{'|'.join(sorted(_ZONES, key=len, reverse=True))})\b\)?(?=\s*$|\s+\d{{4}}$)", re.I)
_YEAR_FIRST = re.compile(r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<![\d:.])(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4}|'?\d{2})(?![\d:])")
_DAY_MONTH = re.compile(
    r"\b(?P<d>\d{1,2})(?:st|nd|rd|th|e|ste|de)?[\s.\-/]{1,3}(?:of\s+)?(?P<name>[^\W\d]{3,10})\.?"
    r"(?:[\s,.\-/]{1,3}(?P<y>\d{4}|'\d{2})(?![\d:]))?"
)
_MONTH_DAY = re.compile(
    r"\b(?P<name>[^\W\d]{3,10})\.?[\s\-]{1,3}(?P<d>\d{1,2})(?:st|nd|rd|th)?(?![\d:])(?:[\s,]{1,3}(?P<y>\d{4}|'\d{2})(?![\d:]))?"
)
_AMOUNT = re.compile(r"(?P<n>\d{1,5}(?:[.,]\d)?|\ban?|\bone|\been|\béén|'n)\s*(?P<unit>[^\W\d]+)")
_AGO = re.compile(r"\b(?:ago|geleden|terug)\b|^(?:for|sinds)\b", re.I)
_SHORT_AGO = re.compile(r"^(?:\d{1,4}\s?(?:s|m|h|u|d|w|mo|y|j|sec|min|mins|hr|hrs|uur|dag|dagen))$", re.I)


_PLAIN = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) "
    r"(\d\d):(\d\d):(\d\d) (?:GMT|UTC|[+-]0000)"
)
_PLAIN_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)", re.ASCII)


def plain_date(text: str, *, now: datetime) -> datetime | None:
    """What `parse_date` makes of the two shapes that nearly all feeds write, many times faster; None for any other."""
    try:
        if found := _PLAIN.fullmatch(text):
            day, year, hour, minute, second = map(int, found.group(1, 3, 4, 5, 6))
            return _bounded(datetime(year, _MONTHS[found[2].lower()], day, hour, minute, second, tzinfo=UTC), now)
        return _bounded(datetime.fromisoformat(text), now) if _PLAIN_ISO.fullmatch(text) else None
    except ValueError:
        return None


def parse_date(
    text: str, *, now: datetime, zone: str = "UTC", day_first: bool = True, pattern: str = ""
) -> datetime | None:
    """The moment a site's date means, in UTC; None where it means none, or one outside [2000, `now` + 24 h].

    `zone` is the IANA name (or UTC+01:00) of the clock the site shows where the date does not say; `now` is what
    "yesterday" and "3 hours ago" count from; `day_first` reads 11/12/2026 as 11 December; `pattern` is a
    `strptime` pattern that is tried first, with Dutch month names allowed. Raises `ReadError` where `zone` is no
    time zone.
    """
    clock = _zone(zone)
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        return None
    here = now.astimezone(clock)
    readers: Iterable[Callable[[], datetime | None]] = (
        lambda: _by_pattern(text, pattern),
        lambda: _epoch(text),
        lambda: _iso(text),
        lambda: _relative(text.lower(), here),
        lambda: _calendar(text, here, day_first),
        lambda: _guess(text, here, day_first),
    )
    for read in readers:
        try:
            found = read()
        except (ValueError, OverflowError, OSError):
            continue
        if found is not None:
            return _bounded(found if found.tzinfo else found.replace(tzinfo=clock), now)
    return None


def _bounded(moment: datetime, now: datetime) -> datetime | None:
    """The moment in UTC, or None where no post can be that old or that far in the future."""
    try:
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment <= now + _AHEAD else None


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if found := re.fullmatch(r"UTC(?:([+-]\d\d):(\d\d))?", name, re.IGNORECASE):
        hours, minutes = int(found[1] or 0), int(found[2] or 0)
        return timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ReadError(
            f"{name!r} is no time zone; write a name as in the IANA list, for instance Europe/Amsterdam."
        ) from error


def _by_pattern(text: str, pattern: str) -> datetime | None:
    if not pattern:
        return None
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 (the caller gives it the site's zone)
    except ValueError:
        return datetime.strptime(_english(text), pattern)  # noqa: DTZ007


def _english(text: str) -> str:
    """The text with month and weekday names as `strptime` knows them, long ones long and short ones short."""

    def translate(word: re.Match[str]) -> str:
        name = word[0].lower()
        if name in _MONTHS:
            return datetime(2000, _MONTHS[name], 1).strftime("%b" if len(name) <= 4 else "%B")  # noqa: DTZ001
        if name in _WEEKDAYS:
            return datetime(2001, 1, 1 + _WEEKDAYS[name]).strftime("%a" if len(name) <= 3 else "%A")  # noqa: DTZ001
        return word[0]

    return re.sub(r"[^\W\d]+", translate, text)


def _epoch(text: str) -> datetime | None:
    """Seconds, milliseconds or microseconds since 1970."""
    if not re.fullmatch(r"\d{9,10}(\.\d+)?|\d{12,13}|\d{15,16}", text):
        return None
    value = float(text)
    whole = len(text.split(".")[0])
    return datetime.fromtimestamp(value / (1 if whole <= 10 else 1e3 if whole <= 13 else 1e6), UTC)


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d{2}-?\d{2}", text):
        return None
    return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)|\s*(?=Z$)", "", text))


def _relative(text: str, here: datetime) -> datetime | None:
    """What counts from now: "gisteren 14:05", "maandag om 9:12", "a minute ago"; `text` is lower case."""
    text = text.strip(" .,·•»-")
    if text in _NOW or re.match(r"(less than|minder dan) (a|een|1|one) (minute|minuut)", text):
        return here
    if (ago := _AGO.search(text)) or _SHORT_AGO.match(text):
        return _counted_back(text[: ago.start()] if ago and ago.start() else text, here)
    first = re.match(r"[^\W\d]+", text)
    if first and first[0] in _DAYS_BACK:
        return _at_clock(here - timedelta(days=_DAYS_BACK[first[0]]), text[first.end() :])
    if first and first[0] in _WEEKDAYS and not re.search(r"\d{4}|\d[-/]\d", text):
        back = (here.weekday() - _WEEKDAYS[first[0]]) % 7
        rest = text[first.end() :]
        if _dated(rest, here, day_first=True) is None:
            found = _at_clock(here - timedelta(days=back), rest)
            return found if found is None or found <= here else found - timedelta(days=7)
    return None


def _counted_back(text: str, here: datetime) -> datetime | None:
    """Here less all amounts in the text: "1 uur en 5 minuten", "a minute", "half an hour", "over 2 years"."""
    halves = re.sub(r"\b(?:a |an |een )?(?:half|halve)(?: an?)?\b", "0.5", text)
    seconds = [
        (1.0 if amount["n"] in _ONE else float(amount["n"].replace(",", "."))) * _UNITS[amount["unit"]]
        for amount in _AMOUNT.finditer(halves)
        if amount["unit"] in _UNITS
    ]
    return here - timedelta(seconds=sum(seconds)) if seconds else None


def _at_clock(day: datetime, text: str) -> datetime | None:
    """That day at the time the text shows; the day's begin where it shows none, so that order is kept."""
    hour, minute, second = _clock(text) or (0, 0, 0)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)


def _clock(text: str) -> tuple[int, int, int] | None:
    """The time of day in a text: 21:31, 9:31 pm, 9 pm, 21u31, 9.12 uur."""
    for found in _CLOCK.finditer(text):
        if not (found["m"] or found["half"] or found["uur"]):
            continue
        hour, minute, second = int(found["h"]), int(found["m"] or 0), min(int(found["s"] or 0), 59)
        half = (found["half"] or "").lower()[:1]
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour < 24:
            return hour, minute, second
    return None


def _calendar(text: str, here: datetime, day_first: bool) -> datetime | None:
    """A written date with or without a time, a zone name or an offset: RFC 822, and what boards show."""
    bare, offset = _offset(text)
    found = _dated(bare.lower(), here, day_first)
    if found is None:
        return None
    day, (start, end) = found
    moment = _at_clock(day, bare[end:] if _clock(bare[end:]) else bare[:start])
    if moment is None or offset is None:
        return moment
    return moment.replace(tzinfo=UTC) - offset


def _offset(text: str) -> tuple[str, timedelta | None]:
    """The text without its zone, and the zone's distance to UTC; None where it names none."""
    if found := _OFFSET.search(text):
        away = timedelta(hours=int(found["h"]), minutes=int(found["m"] or 0))
        if away <= timedelta(hours=14) and _clock(text[: found.start()]):
            return text[: found.start()], away if found["sign"] == "+" else -away
    if named := _ZONE.search(text):
        return text[: named.start()] + text[named.end() :], timedelta(minutes=_ZONES[named["zone"].lower()])
    return text, None


def _dated(text: str, here: datetime, day_first: bool) -> tuple[datetime, tuple[int, int]] | None:
    """The day a lower-case text names, at its start in the site's zone, and where in the text it stands."""
    if found := _YEAR_FIRST.search(text):
        return _day(here, int(found["y"]), int(found["m"]), int(found["d"])), found.span()
    if found := _NUMBERS.search(text):
        named = re.match(r"[^\W\d]+", text)
        weekday = _WEEKDAYS.get(named[0]) if named else None
        return _numbered(found, here, day_first, weekday), found.span()
    for shape in (_DAY_MONTH, _MONTH_DAY):
        for found in shape.finditer(text):
            if month := _MONTHS.get(found["name"]):
                written = found["y"] or (re.search(r"\d{4}$", text) or [""])[0]
                return _day(here, _year(written) if written else None, month, int(found["d"])), found.span()
    return None


def _numbered(found: re.Match[str], here: datetime, day_first: bool, weekday: int | None) -> datetime:
    """The day that two numbers and a year name, in the usual order unless that is no day or another weekday's.

    Nor may it lie ahead where the other order does not: posts are written in the past.
    """
    first, second = int(found["a"]), int(found["b"])
    orders = [(first, second), (second, first)] if day_first else [(second, first), (first, second)]
    possible = [each for each in orders if each[1] <= 12] or orders
    days = [_day(here, _year(found["y"]), month, day) for day, month in possible]
    fitting = [each for each in days if each.weekday() == weekday]
    past = [each for each in days if each <= here + timedelta(hours=24)]
    return (fitting or past or days)[0]


def _year(digits: str) -> int:
    number = int(digits.lstrip("'"))
    return number if number > 99 else 2000 + number


def _day(here: datetime, year: int | None, month: int, day: int) -> datetime:
    """The begin of that day; without a year the last such day that is not in the future."""
    start = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if year is not None:
        return start.replace(year=year, month=month, day=day)
    for back in range(5):  # 29 February needs up to four years
        try:
            candidate = start.replace(year=here.year - back, month=month, day=day)
        except ValueError:
            continue
        if candidate <= here + timedelta(hours=24):
            return candidate
    raise ValueError(f"no year has a day {day} of month {month}")


def _guess(text: str, here: datetime, day_first: bool) -> datetime | None:
    """What `dateparser` makes of a short text that holds both a digit and a letter."""
    if len(text) > LONGEST_GUESS or not (re.search(r"\d", text) and re.search(r"[^\W\d]{2}", text)):
        return None
    needs_limits()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: datetime | None = library("dateparser").parse(
            text,
            languages=["nl", "en", "de", "fr"],
            settings={
                "DATE_ORDER": "DMY" if day_first else "MDY",
                "RELATIVE_BASE": here.replace(tzinfo=None),
                "REQUIRE_PARTS": ["day", "month", "year"],
                "PREFER_DATES_FROM": "past",
            },
        )
    return found
