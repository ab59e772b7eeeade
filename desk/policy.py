"""The team, the reply templates and how each source is answered, as `sources.yaml` says; all complaints at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, ValidationError, field_validator

from desk import channels
from storage.errors import ConfigError
from storage.settings import Document, Place, Section, suggestion

KEYS = ("team", "replies", "timezone", "desk", "brands", "sources", "allow_private")
"""The keys at the top of the file that are read here; of `brands` and `sources` only how they are answered."""

Role = Literal["agent", "lead", "viewer", "trainee"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the team: what they may do, and the languages they answer in."""

    role: Role = "agent"
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """How a source is answered: the channel's name on the shelf, and what it needs to know."""

    name: str = "browser"
    options: Mapping[str, Any] = field(default_factory=dict)
    listen_only: bool = False
    """Nobody answers here, by no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Who may open the desk in a browser, and where it stands."""

    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Agent -> the secret they log in with."""
    url: str = ""
    """The address that a proxy with TLS in front of it has; "" where there is none."""
    sessions: int = 10
    """How many desks may be open at once: each is a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the organisation decided about answering."""

    team: Mapping[str, Member] = field(default_factory=dict)
    """Empty: whoever opens the desk may do everything."""
    replies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Template name -> language -> text."""
    channels: Mapping[str, ChannelSpec] = field(default_factory=dict)
    """By source name; a source that is not here is answered in the browser."""
    listen_only: frozenset[str] = frozenset()
    """The brands that nobody answers for."""
    hold: timedelta = timedelta(seconds=10)
    """How long a reply waits in the outbox, so that it can be taken back."""
    lease: timedelta = timedelta(minutes=10)
    """How long a claim lasts that nobody renews."""
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys of the desk, by the id of what they do."""
    web: Web = field(default_factory=Web)

    def channel_for(self, source: str) -> ChannelSpec:
        """How posts of this source are answered."""
        return self.channels.get(source, ChannelSpec())

    def silence(self, source: str, brand: str | None) -> str:
        """Why nobody may answer posts of this source about this brand, as a sentence; "" where they may."""
        if self.channel_for(source).listen_only:
            return f"{source} is only listened to: sources.yaml says that nobody answers there."
        if brand in self.listen_only:
            return f"{brand} is only listened to: sources.yaml says that nobody answers for it."
        return ""

    def member(self, agent: str) -> Member | None:
        """The team member of that name; None for a stranger to a team. Without a team everybody leads."""
        return self.team.get(agent) if self.team else Member(role="lead")


class MemberSection(Section):
    """One line of `team:`."""

    role: Role = "agent"
    languages: tuple[str, ...] = ()


class WebSection(Section):
    """The desk in a browser."""

    tokens: dict[str, str] = {}
    url: str = Field(default="", pattern=r"^(https://[a-z0-9.-]+(:\d+)?/?)?$")
    sessions: int = Field(default=10, ge=1, le=1000)


class DeskSection(Section):
    """How the desk behaves, in seconds."""

    hold: float = Field(default=10, ge=0, le=3600)
    lease: float = Field(default=600, ge=30, le=86400)
    keys: dict[str, str] = {}
    web: WebSection = WebSection()


class BrandSection(Section):
    """What the desk reads of a brand."""

    model_config = Section.model_config | {"extra": "ignore"}

    listen_only: bool = False


class SourceSection(Section):
    """What the desk reads of a source."""

    model_config = Section.model_config | {"extra": "ignore"}

    name: str
    kind: str = ""
    url: str = ""
    allow_private: Any = None
    listen_only: bool = False
    reply: dict[str, Any] | Literal["none"] | None = None


class PolicySection(Section):
    """What the desk reads of the whole file."""

    team: dict[str, MemberSection] = {}
    replies: dict[str, dict[str, str]] = {}
    timezone: str = "Europe/Amsterdam"
    desk: DeskSection = DeskSection()
    allow_private: Any = False
    brands: dict[str, BrandSection] = {}
    sources: list[SourceSection] = []

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            meant = suggestion(name, available_timezones())
            raise ValueError(f"is not a time zone{meant}: write Europe/Amsterdam") from None


def read(document: Document) -> Policy:
    """The policy of a file. Raises `ConfigError` with every complaint about the desk's keys."""
    mine = {key: value for key, value in document.values.items() if key in KEYS and value is not None}
    try:
        section = PolicySection.model_validate(mine)
    except ValidationError as error:
        raise ConfigError(
            document.complaints(error, known=[*MemberSection.model_fields, *DeskSection.model_fields])
        ) from None
    complaints: list[str] = []
    found = {}
    for number, source in enumerate(section.sources):
        found[source.name], faults = _channel(source, section.allow_private)
        place: Place = ("sources", number, "reply")
        complaints.extend(document.sentence(place, fault) for fault in faults)
    if complaints:
        raise ConfigError(complaints)
    return Policy(
        team={name: Member(role=member.role, languages=member.languages) for name, member in section.team.items()},
        replies=section.replies,
        channels=found,
        listen_only=frozenset(name for name, brand in section.brands.items() if brand.listen_only),
        hold=timedelta(seconds=section.desk.hold),
        lease=timedelta(seconds=section.desk.lease),
        keys=section.desk.keys,
        web=Web(**section.desk.web.model_dump()),
        timezone=ZoneInfo(section.timezone),
    )


def _channel(source: SourceSection, allow_private: Any) -> tuple[ChannelSpec, list[str]]:
    """How the source is answered: the `channel` its `reply` names, else the channel of the source's own kind."""
    if source.listen_only or source.reply == "none":
        return ChannelSpec(listen_only=True), []
    if not isinstance(source.reply, dict):
        return ChannelSpec(), []
    options = dict(source.reply)
    name = str(options.pop("channel", source.kind or "browser"))
    try:
        faults = _bad_keys(name, channels.load(name), options)
    except LookupError as error:
        return ChannelSpec(), [str(error)]
    options.setdefault("url", source.url)
    options["source_url"] = source.url
    allowed = allow_private if source.allow_private is None else source.allow_private
    options["allow_private"] = tuple(map(str, allowed)) if isinstance(allowed, list) else bool(allowed)
    return ChannelSpec(name=name, options=options), faults


def _bad_keys(name: str, channel: channels.Channel, options: Mapping[str, Any]) -> list[str]:
    """A complaint for each key that the channel lacks or does not know; none where it does not say its keys."""
    needs, takes = getattr(channel, "needs", None), getattr(channel, "takes", None)
    if needs is None or takes is None:
        return []
    missing = [f"the channel {name} wants {key}" for key in needs if options.get(key) is None]
    known = (*needs, *takes)
    strange = [f"{key} is no key of the channel {name}{suggestion(key, known)}" for key in options if key not in known]
    return missing + strange
