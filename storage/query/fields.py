"""The fields of the language: what each takes, how its value is read, and what is wrong with a bad one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import NamedTuple

from storage.query import slips
from storage.types import INTENTS, PostKind, Priority, Sentiment, Status


class Takes(Enum):
    """What a field's value is."""

    TEXT = "text"
    NAME = "a name"
    CHOICE = "one of a list"
    RANK = "a priority"
    NUMBER = "a number"
    WHOLE = "a whole number"
    MOMENT = "a date"
    DURATION = "a length of time"
    SITE = "the name of a site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field: what it takes, and whether a post that was just collected already has it."""

    takes: Takes
    choices: tuple[str, ...] = ()
    example: str
    at_collection: bool = False
    """Whether a source tells it with the post, so that it may decide what is collected."""


IS = (
    "mention", "context", "own", "assigned", "unassigned", "urgent", "edited", "deleted", "duplicate",
    *(each.value for each in Status),
)  # fmt: skip
"""The values of `is:`. `open` is new, open, pending or snoozed; the other states of work are just those."""
HAS = ("reply", "note", "link", "rating", "reach", "tag", "author", "parent")
"""The values of `has:`."""
AT_COLLECTION = ("edited", "deleted", "link", "rating", "reach", "author", "parent")
"""The values of `is:` and `has:` that a source tells with the post."""

_RANKS = tuple(each.value for each in Priority)

FIELDS: Mapping[str, Field] = {
    "title": Field(takes=Takes.TEXT, example='title:"zonne bank"', at_collection=True),
    "author": Field(takes=Takes.TEXT, example="author:jan*", at_collection=True),
    "site": Field(takes=Takes.SITE, example="site:gathering.example", at_collection=True),
    "source": Field(takes=Takes.NAME, example="source:blog", at_collection=True),
    "kind": Field(
        takes=Takes.CHOICE, choices=tuple(each.value for each in PostKind), example="kind:comment", at_collection=True
    ),
    "lang": Field(takes=Takes.NAME, example="lang:nl", at_collection=True),
    "brand": Field(takes=Takes.NAME, example="brand:zonnebank"),
    "query": Field(takes=Takes.NAME, example="query:zonnebank"),
    "sentiment": Field(
        takes=Takes.CHOICE, choices=tuple(each.value for each in Sentiment), example="sentiment:negative"
    ),
    "intent": Field(takes=Takes.NAME, example="intent:question"),
    "relevance": Field(takes=Takes.NUMBER, example="relevance:<0.3"),
    "priority": Field(takes=Takes.RANK, choices=_RANKS, example="priority:>=high"),
    "status": Field(takes=Takes.CHOICE, choices=tuple(each.value for each in Status), example="status:pending"),
    "assignee": Field(takes=Takes.NAME, example="assignee:me"),
    "department": Field(takes=Takes.NAME, example="department:service"),
    "handover": Field(takes=Takes.NAME, example="handover:service"),
    "playbook": Field(takes=Takes.NAME, example="playbook:storing"),
    "tag": Field(takes=Takes.NAME, example="tag:vraag"),
    "group": Field(takes=Takes.NAME, example="group:pers"),
    "is": Field(takes=Takes.CHOICE, choices=IS, example="is:open", at_collection=True),
    "has": Field(takes=Takes.CHOICE, choices=HAS, example="has:reply", at_collection=True),
    "after": Field(takes=Takes.MOMENT, example="after:2026-11-01", at_collection=True),
    "before": Field(takes=Takes.MOMENT, example="before:2026-12", at_collection=True),
    "within": Field(takes=Takes.DURATION, example="within:7d", at_collection=True),
    "age": Field(takes=Takes.DURATION, example="age:>4h", at_collection=True),
    "reach": Field(takes=Takes.NUMBER, example="reach:>1000", at_collection=True),
    "rating": Field(takes=Takes.NUMBER, example="rating:<=2", at_collection=True),
    "id": Field(takes=Takes.WHOLE, example="id:17"),
    "case": Field(takes=Takes.WHOLE, example="case:17"),
}
"""Every field by its name."""

COMPARABLE = (Takes.NUMBER, Takes.WHOLE, Takes.RANK)
"""What may be compared with <, <=, > and >=; of the durations only `age`."""

MAX_NUMBER = 2**53
"""Beyond it a number is not exact in every place it goes through."""
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(m|min|h|d|w|y)")
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_NUMBER = re.compile(r"(-?\d{1,18}(?:\.\d{1,9})?)([km]?)", re.IGNORECASE)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_LONGEST = timedelta(days=36_500)


LANGUAGES = ("nl", "en", "de", "fr", "other")
"""The languages that are told apart here; a source or a classifier of your own may say others."""


class Slip(NamedTuple):
    """What is wrong with a value, and what was perhaps meant."""

    message: str
    meant: str = ""
    """What stands behind the colon instead; "" where nobody can tell."""
    field: str = ""
    """The field that was meant, where it is another."""


def complaint(name: str, op: str, value: str, *, quoted: bool = False) -> Slip | None:
    """What is wrong with `name:value`; None when all is well. In quotes stands what is strange and yet meant."""
    field, sign = FIELDS[name], "" if op == "=" else op
    if name == "age" and not sign:
        return Slip("age: wants to know whether older (age:>4h) or younger (age:<4h)", f">{value}")
    if sign and name != "age" and field.takes not in COMPARABLE:
        return Slip(f"{name}: cannot be compared with {op}", value)
    if field.choices:
        return None if value.lower() in field.choices else _not_a_choice(name, sign, value, field.choices)
    if is_strange(name, value) and not quoted:
        return _strange(name, value)
    if not _readable(field.takes, value):
        return Slip(f"{name}: takes {field.takes.value}, and {value!r} is none", _meant(field, sign, value))
    return _out_of_scale(name, sign, value)


def is_strange(name: str, value: str) -> bool:
    """Whether it is no language or intent that we ever tell; in quotes it is taken for one of your own classifier."""
    low = value.lower()
    if "*" in low or "?" in low or low == "none":
        return False
    if name == "lang":
        return low in slips.VALUES["lang"] or not (low in LANGUAGES or re.fullmatch("[a-z]{2,3}", low))
    return name == "intent" and low not in INTENTS


def _strange(name: str, value: str) -> Slip:
    known = INTENTS if name == "intent" else LANGUAGES
    takes = ", ".join(INTENTS) if name == "intent" else "a code such as nl or en"
    meant = slips.several(value) or slips.value(name, re.split("[-_]", value)[0], known)
    message = f"{name}: has no {value!r}; it takes {takes}, and in quotes what a classifier of your own says"
    return Slip(message, meant or f'"{value}"')


def _not_a_choice(name: str, sign: str, value: str, choices: tuple[str, ...]) -> Slip:
    message = f"{name}: has no {value!r}; it takes {', '.join(choices)}"
    if list_ := slips.several(value):
        return Slip(message, list_)
    if name in ("is", "has") and not slips.known(name, value):
        for other in ("sentiment", "kind", "status", "priority", "intent", "has", "is"):
            if meant := slips.known(other, value, FIELDS[other].choices or INTENTS):
                return Slip(message, meant, field=other)
    meant = slips.value(name, value, choices)
    return Slip(message, sign + meant if meant else "")


def _meant(field: Field, sign: str, value: str) -> str:
    """What can be read and was perhaps meant, else the field's example."""
    example = field.example.partition(":")[2]
    match field.takes:
        case Takes.NUMBER | Takes.WHOLE:
            meant = slips.number(value)
        case Takes.DURATION:
            meant = slips.length(value)
        case Takes.MOMENT:
            meant = slips.date(value)
        case _:
            meant = re.sub(r"^\w+://", "", value).partition("/")[0]
    numbers = [each.lstrip(">=<") for each in meant.strip("()").split()]
    if not numbers or not all(_readable(field.takes, each) for each in numbers):
        return example
    return meant if meant[0] in "(>" else sign + meant


def _out_of_scale(name: str, sign: str, value: str) -> Slip | None:
    if name == "reach" and re.fullmatch(r"\d{1,3}(\.\d{3})+", value):
        return Slip("reach: thousands are written without a dot", sign + value.replace(".", ""))
    if name == "relevance" and not 0 <= (number(value) or 0) <= 1:
        percent = min(max(number(value) or 0, 0), 100) / 100
        return Slip("relevance: goes from 0 to 1", f"{sign}{percent:g}")
    return None


def _readable(takes: Takes, value: str) -> bool:
    match takes:
        case Takes.NUMBER:
            return number(value) is not None
        case Takes.WHOLE:
            return re.fullmatch(r"\d{1,15}", value, re.ASCII) is not None
        case Takes.DURATION:
            return duration(value) is not None
        case Takes.MOMENT:
            return moment(value, datetime.now(UTC)) is not None
        case Takes.SITE:
            return site(value) != ""
    return bool(value.strip())


def number(value: str) -> float | None:
    """`1000`, `2.5`, `10k`, `1m`; None when it is no number or too large to be exact."""
    found = _NUMBER.fullmatch(value)
    if not found or not found[0].isascii():
        return None
    result = float(found[1]) * _TIMES[found[2].lower()]
    return result if abs(result) <= MAX_NUMBER else None


def duration(value: str) -> timedelta | None:
    """`30m`, `4h`, `7d`, `2w`, `1y`; None when it is none, or longer than a hundred years."""
    found = _DURATION.fullmatch(value.lower())
    if not found or not found[0].isascii():
        return None
    seconds = float(found[1]) * _SECONDS[found[2]]
    return timedelta(seconds=seconds) if seconds <= _LONGEST.total_seconds() else None


def moment(value: str, now: datetime) -> datetime | None:
    """The start of a day, month or year, or a moment, in the time zone of `now`; `7d` is that long ago.

    `today`, `yesterday` and ISO 8601 (`2026-11-01`, `2026-11`, `2026`, `2026-11-01T12:00`) are read.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days_back = {"today": 0, "yesterday": 1}.get(value.lower())
    if days_back is not None:
        return _midnight(midnight - timedelta(days=days_back))
    if ago := duration(value):
        return now - ago
    return _iso_moment(value, now.tzinfo)


def _iso_moment(value: str, zone: tzinfo | None) -> datetime | None:
    padded = {4: value + "-01-01", 7: value + "-01"}.get(len(value), value)
    if not re.match(r"\d{4}-\d\d-\d\d", padded, re.ASCII) or not padded.isascii():
        return None
    try:
        found = datetime.fromisoformat(padded.upper())
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    return found if 1900 <= found.year <= 9000 else None


def _midnight(day: datetime) -> datetime:
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def site(value: str) -> str:
    """The host of `x.example`, `www.x.example` or `https://x.example/`; "" for what is no host."""
    host = re.sub(r"^https?://", "", value.strip().casefold()).removeprefix("www.").rstrip("/.")
    return host if re.fullmatch(r"[\w.*?\[\]:-]+", host) else ""


def ascii_lower(text: str) -> str:
    """Lower case for A to Z only: what both databases do in the same way."""
    return text if text.islower() and text.isascii() else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
