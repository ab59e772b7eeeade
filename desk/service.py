"""When we are there and how fast we promise to be, as `sources.yaml` says it under `hours` and `sla`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from storage.errors import ConfigError, QueryError
from storage.query import fields, grammar, matcher, tree
from storage.settings import Document, Section, keys_of, suggestion
from storage.sla import Calendar, Interval, always, any_of, read_calendar
from storage.types import Mention

if TYPE_CHECKING:
    from storage.closures import Closures

Shut = Callable[[datetime, datetime], Sequence[Interval]]
"""The closed stretches between two moments."""

TARGETS = ("first_response", "next_response", "resolution")
"""What can be promised: to answer, to answer again whoever wrote back, and to be done."""

ZONE = "Europe/Amsterdam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is promised to the cases whose newest mention answers a query."""

    query: str
    node: tree.Node
    targets: Mapping[str, timedelta]
    """By name of `TARGETS`, in open time of the calendar."""
    calendar: Calendar
    hours: str = ""
    """The calendar's name; "" is day and night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All that is promised, in order: the first promise that suits a case holds for it."""

    promises: tuple[Promise, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(ZONE))
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def promise_for(self, newest: Mention, now: datetime) -> Promise | None:
        """The promise to a case with this newest mention."""
        moment = now.astimezone(self.zone)
        return next((each for each in self.promises if matcher.matches(each.node, newest, now=moment)), None)


def standing_query(text: str) -> tree.Node:
    """The meaning of a query that is asked over and over by nobody in particular. Raises `QueryError`."""
    node = grammar.parse(text)
    for each in tree.walk(node):
        if isinstance(each, tree.Value) and each.field == "assignee" and each.value.lower() == "me":
            at = text.lower().find("assignee:me")
            raise QueryError("Nobody asks here who could be me: name the agent", query=text, position=max(0, at))
    return node


def readable_query(text: str) -> str:
    """A query that can be read. Raises ValueError with what is wrong with it."""
    try:
        standing_query(text.strip() or "*")
    except QueryError as error:
        raise ValueError(f"is not a query: {error}") from None
    return text


def length_of_time(value: Any) -> timedelta:
    """`30m`, `4h`, `7d`. Raises ValueError."""
    found = fields.duration(str(value))
    if not found:
        raise ValueError(f"{value!r} is no length of time: write 30m, 4h or 7d")
    return found


def zone_of(document: Document) -> ZoneInfo:
    """The zone of the file; whether it is one is for `desk.policy` to complain about."""
    try:
        return ZoneInfo(str(document.values.get("timezone") or ZONE))
    except (ValueError, OSError, KeyError):
        return ZoneInfo(ZONE)


Query = Annotated[str, AfterValidator(readable_query)]
Duration = Annotated[timedelta, BeforeValidator(length_of_time)]


class PromiseSection(Section):
    """One line of `sla:`."""

    query: Query = Field(default="*", alias="for")
    first_response: Duration | None = None
    next_response: Duration | None = None
    resolution: Duration | None = None
    hours: str = ""


class HoursSection(Section):
    """The calendars of the whole file; what is in one is for `_calendar` to read."""

    hours: dict[str, dict[str, Any]] = {}


class PromisesSection(Section):
    """The promises of the whole file."""

    sla: list[PromiseSection] = []


KEYS = keys_of(HoursSection, PromisesSection)
"""The keys at the top of the file that are read here."""


def read(document: Document) -> Service:
    """The service of a file. Raises `ConfigError` with every complaint about `hours` and `sla`."""
    zone, hours, complaints = zone_of(document), document.section(HoursSection).hours, list[str]()
    calendars: dict[str, Calendar] = {}
    for name, each in hours.items():
        try:
            calendars[name] = _calendar(each, zone, Path(document.path).parent)
        except (ValueError, KeyError, TypeError, OSError) as error:
            complaints.append(document.sentence(("hours", name), _in_words(error)))
    try:
        sla = document.section(PromisesSection, PromiseSection).sla
    except ConfigError as error:
        raise ConfigError([*complaints, *error.complaints]) from None
    for number, promise in enumerate(sla):
        complaints += [document.sentence(("sla", number), each) for each in _faults(promise, hours)]
    if complaints:
        raise ConfigError(complaints)
    promises = tuple(_promise(each, calendars, zone) for each in sla)
    return Service(promises=promises, zone=zone, calendars=calendars)


def _calendar(hours: Mapping[str, Any], zone: ZoneInfo, folder: Path) -> Calendar:
    """A calendar whose closed days may stand in iCalendar files beside `sources.yaml`. Raises `ValueError`."""
    given = hours.get("closed", ())
    closed = [given] if isinstance(given, str) else list(given)
    files = [str(each) for each in closed if str(each).lower().endswith(".ics")]
    found = read_calendar({**hours, "closed": [each for each in closed if str(each) not in files]}, zone)
    for name in files:
        closures = _closures(folder / name, name, found.zone)
        days = any_of([found.is_closed, closures.days.__contains__])
        found = replace(found, is_closed=days, shut=_both(found.shut, closures.between))
    return found


def _closures(path: Path, name: str, zone: ZoneInfo) -> Closures:
    from storage.closures import LARGEST, read_closures

    try:
        with path.open("rb") as file:
            return read_closures(file.read(LARGEST + 1), zone)
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise ValueError(f"{name} {error}.") from None


def _both(one: Shut, other: Shut) -> Shut:
    return lambda start, end: [*one(start, end), *other(start, end)]


def _in_words(error: Exception) -> str:
    said = str(error.args[0]) if error.args else type(error).__name__
    return said if said.endswith(".") else f"cannot be read: {said}"


def _faults(promise: PromiseSection, hours: Mapping[str, Any]) -> list[str]:
    found = []
    if promise.hours and promise.hours not in hours:
        found.append(f"hours names no calendar{suggestion(promise.hours, hours)}: describe it under hours:")
    if not any(getattr(promise, name) for name in TARGETS):
        found.append(f"promises nothing: give it {', '.join(TARGETS[:-1])} or {TARGETS[-1]}")
    return found


def _promise(section: PromiseSection, calendars: Mapping[str, Calendar], zone: ZoneInfo) -> Promise:
    return Promise(
        query=section.query,
        node=standing_query(section.query.strip() or "*"),
        targets={name: getattr(section, name) for name in TARGETS if getattr(section, name)},
        calendar=calendars[section.hours] if section.hours else always(zone),
        hours=section.hours,
    )
