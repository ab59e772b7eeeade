"""Whom to tell of what, as `sources.yaml` says it under `alerts`; all complaints at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from desk.notifier import Target, complaint
from desk.service import Duration, Query, zone_of
from storage.addresses import allowed_by
from storage.errors import ConfigError
from storage.settings import Document, Place, Section, keys_of
from storage.sla import Calendar, open_intervals, read_calendar

CONDITIONS = ("spike", "timebomb", "silence", "unclaimed", "handover", "sla", "sources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What to look out for among the mentions that answer a query, and whom to tell."""

    name: str
    """What it is called on the command line: its own name, else what it looks out for."""
    on: str
    spike: float | None = None
    """How many deviations above what is usual for the hour."""
    timebomb: bool = False
    """Conversations that nobody looked at and that grow like one that blows up."""
    silence: timedelta | None = None
    """Without a mention for so long."""
    unclaimed: timedelta | None = None
    """An urgent case that is open and nobody's for so long."""
    handover: timedelta | None = None
    """A hand-over that its department did not answer for so long."""
    sla: bool = False
    """Promises at risk and missed."""
    sources: timedelta | None = None
    """A source that could not be read for so long; at once, one that fell silent, is gone or is on hold."""
    targets: tuple[Target, ...] = ()
    quiet: Calendar | None = None
    """The hours in which nobody is told; what comes up then waits."""
    again: timedelta = timedelta(hours=6)
    """A spike is told again after so long at the earliest."""

    @property
    def id(self) -> str:
        """Tells alerts apart, whatever their order."""
        says: tuple[Any, ...] = (self.on, self.spike, self.silence, self.unclaimed, self.sla)
        says += ([each.id for each in self.targets],)
        says += tuple(word for word in (self.timebomb and "timebomb", self.handover) if word)
        says += ("sources", self.sources) if self.sources is not None else ()
        return blake2b(repr(says).encode("utf-8", "replace"), digest_size=8).hexdigest()

    def send_at(self, now: datetime) -> datetime:
        """Now, or when the quiet hours are over."""
        for start, end in open_intervals(self.quiet, now) if self.quiet else ():
            return end if start <= now else now
        return now


def as_list(value: Any) -> Any:
    """One thing as a list of one."""
    return value if isinstance(value, list) else [value]


class TargetSection(Section):
    """An address with more to say than where it is."""

    url: str
    secret: str = ""


Notify = Annotated[list[str | TargetSection], BeforeValidator(as_list)]


class AlertSection(Section):
    """One line of `alerts:`."""

    name: str = Field(default="", max_length=100)
    on: Query = "*"
    spike: float | None = Field(default=None, gt=0, le=100)
    silence: Duration | None = None
    unclaimed: Duration | None = None
    timebomb: bool = False
    handover: Duration | None = None
    sla: bool = False
    sources: Duration | None = None
    notify: Notify
    quiet: Annotated[list[str], BeforeValidator(as_list)] = []
    again: Duration = timedelta(hours=6)
    an_hour: int = Field(default=6, ge=1, le=1000)


class AlertsSection(Section):
    """What is read here of the whole file."""

    alerts: list[AlertSection] = []


KEYS = keys_of(AlertsSection)
"""The keys at the top of the file that are read here."""


def read(document: Document) -> tuple[Alert, ...]:
    """The alerts of a file. Raises `ConfigError` with every complaint about them.

    An address that the environment does not give is left out; who needs all of them complains.
    """
    section = document.section(AlertsSection, AlertSection, TargetSection)
    zone, complaints, found = zone_of(document), list[str](), list[Alert]()
    for number, each in enumerate(section.alerts):
        place: Place = ("alerts", number)
        if not any(getattr(each, name) for name in CONDITIONS):
            complaints.append(document.sentence(place, f"looks out for nothing: give it {', '.join(CONDITIONS)}"))
        if each.sources is not None and each.on != "*":
            complaints.append(document.sentence((*place, "on"), "asks for mentions, and sources looks at sources"))
        targets, faults = read_targets(document, (*place, "notify"), each.notify, each.an_hour)
        quiet, fault = _quiet(each.quiet, zone)
        complaints += faults + ([document.sentence((*place, "quiet"), fault)] if fault else [])
        found.append(_alert(each, targets, quiet))
    if complaints:
        raise ConfigError(complaints)
    return tuple(found)


def read_targets(
    document: Document, place: Place, notify: list[str | TargetSection], an_hour: int
) -> tuple[tuple[Target, ...], list[str]]:
    """The targets of a list of addresses, and a complaint for each that is none. None is ever quoted."""
    private = allowed_by(document.values.get("allow_private"))
    complaints, targets = list[str](), list[Target]()
    for number, each in enumerate(notify):
        url, secret = (each, "") if isinstance(each, str) else (each.url, each.secret)
        if any(missing[: len(place)] == place for missing in document.missing) and not url:
            continue
        if fault := complaint(url):
            complaints.append(document.sentence((*place, number), fault))
        targets.append(Target(url=url, secret=secret, allow_private=private, an_hour=an_hour))
    return tuple(targets), complaints


def _quiet(hours: list[str], zone: ZoneInfo) -> tuple[Calendar | None, str]:
    week: Mapping[str, Any] = {"mon-sun": hours}
    try:
        return (read_calendar(week, zone) if hours else None), ""
    except ValueError as error:
        return None, str(error)


def _alert(section: AlertSection, targets: tuple[Target, ...], quiet: Calendar | None) -> Alert:
    looks_for = " ".join(name for name in CONDITIONS if getattr(section, name))
    return Alert(
        name=section.name or f"{looks_for} {section.on}",
        on=section.on,
        spike=section.spike,
        timebomb=section.timebomb,
        handover=section.handover,
        silence=section.silence,
        unclaimed=section.unclaimed,
        sla=section.sla,
        sources=section.sources,
        targets=targets,
        quiet=quiet,
        again=section.again,
    )
