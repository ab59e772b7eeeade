"""The team, the reply templates and how each source is answered, as `sources.yaml` says; all complaints at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from desk import channels
from desk.tone import RULES, Tone
from storage.addresses import allowed_by
from storage.errors import ConfigError, QueryError
from storage.settings import Document, Place, Section, keys_of, suggestion

NonEmpty = Annotated[str, Field(min_length=1, max_length=200)]

Role = Literal["agent", "lead", "viewer", "trainee"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the team: what they may do, and the languages they answer in."""

    role: Role = "agent"
    languages: tuple[str, ...] = ()
    department: str = ""
    """Where they work; a case that is handed over to it is for them to accept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A scenario: when it holds, what is to be done, who does it, and which replies suit."""

    name: str
    when: str = ""
    """A query; it is opened by itself where a mention that arrives answers it. "" for by hand, or by a rule."""
    steps: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    """Names of templates that are offered first."""
    do: tuple[Any, ...] = ()
    """Acts as of a rule, done when it is opened; read by `desk.acts`."""


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
    names: tuple[str, ...] = ()
    """Brands and own accounts, of which a look-alike is flagged."""
    tone: Tone = field(default_factory=Tone)
    """How replies sound, but for what a brand and then a source says of its own."""
    brand_tones: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source_tones: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hold: timedelta = timedelta(seconds=10)
    """How long a reply waits in the outbox, so that it can be taken back."""
    lease: timedelta = timedelta(minutes=10)
    """How long a claim lasts that nobody renews."""
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys of the desk, by the id of what they do."""
    views: Mapping[str, str] = field(default_factory=dict)
    """Tabs of your own: what they are called, and the query of what is in them."""
    web: Web = field(default_factory=Web)
    playbooks: Mapping[str, Playbook] = field(default_factory=dict)

    @property
    def departments(self) -> tuple[str, ...]:
        """The departments of the team, in the order of the alphabet."""
        return tuple(sorted({member.department for member in self.team.values() if member.department}))

    def channel_for(self, source: str) -> ChannelSpec:
        """How posts of this source are answered."""
        return self.channels.get(source, ChannelSpec())

    def tone_for(self, source: str, brand: str | None) -> Tone:
        """How a reply on this source about this brand is to sound."""
        own = {**self.brand_tones.get(brand or "", {}), **self.source_tones.get(source, {})}
        return replace(self.tone, **own)

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
    department: str = Field(default="", max_length=50)


class PlaybookSection(Section):
    """One of `playbooks:`."""

    when: str = ""
    steps: list[str] = Field(default=[], max_length=50)
    replies: list[str] = []
    do: list[Any] = []


class WebSection(Section):
    """The desk in a browser."""

    tokens: dict[str, str] = {}
    url: str = Field(default="", pattern=r"^(https://[a-z0-9.-]+(:\d+)?/?)?$")
    sessions: int = Field(default=10, ge=1, le=1000)


class ToneSection(Section):
    """How replies sound; what is not said here is as above: the brand's, and everybody's."""

    je_u: Literal["je", "u"] | None = None
    sign_off: str | None = Field(default=None, max_length=100)
    max_exclamations: int | None = Field(default=None, ge=0)
    forbidden: tuple[NonEmpty, ...] | None = None
    allowed: tuple[NonEmpty, ...] | None = None
    block: tuple[str, ...] | None = None

    @field_validator("block")
    @classmethod
    def _are_rules(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            if name not in RULES:
                raise ValueError(f"{name} is no rule of tone{suggestion(name, RULES)}: choose from {', '.join(RULES)}")
        return names

    def said(self) -> dict[str, Any]:
        """What is said here, as `Tone` takes it."""
        found = self.model_dump(exclude_none=True)
        return found | ({"block": frozenset(self.block)} if self.block is not None else {})


def _readable(query: str) -> str:
    from storage.query import grammar  # only where there are tabs of one's own: it takes longer than all of the rest

    try:
        grammar.parse(query)
    except QueryError as error:
        raise ValueError(f"is not a query: {error}") from None
    return query


class DeskSection(Section):
    """How the desk behaves, in seconds."""

    hold: float = Field(default=10, ge=0, le=3600)
    lease: float = Field(default=600, ge=30, le=86400)
    keys: dict[str, str] = {}
    views: dict[NonEmpty, Annotated[str, AfterValidator(_readable)]] = {}
    web: WebSection = WebSection()


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class BrandSection(Section):
    """What the desk reads of a brand."""

    model_config = Section.model_config | {"extra": "ignore"}

    listen_only: bool = False
    own_accounts: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    tone: ToneSection = ToneSection()


class SourceSection(Section):
    """What the desk reads of a source."""

    model_config = Section.model_config | {"extra": "ignore"}

    name: str
    kind: str = ""
    url: str = ""
    allow_private: Any = None
    listen_only: bool = False
    reply: dict[str, Any] | Literal["none"] | None = None
    tone: ToneSection = ToneSection()


class PolicySection(Section):
    """What the desk reads of the whole file."""

    team: dict[str, MemberSection] = {}
    replies: dict[str, dict[str, str]] = {}
    tone: ToneSection = ToneSection()
    timezone: str = "Europe/Amsterdam"
    playbooks: dict[str, PlaybookSection] = {}
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


KEYS = keys_of(PolicySection)
"""The keys at the top of the file that are read here; of `brands` and `sources` only how they are answered."""

SECTIONS: tuple[type[Section], ...] = (MemberSection, DeskSection, WebSection, ToneSection)
"""Whose keys may have been meant by one that is not known."""


def read(document: Document) -> Policy:
    """The policy of a file. Raises `ConfigError` with every complaint about the desk's keys."""
    section = document.section(PolicySection, *SECTIONS)
    complaints: list[str] = []
    found = {}
    for number, source in enumerate(section.sources):
        found[source.name], faults = _channel(source, section.allow_private)
        place: Place = ("sources", number, "reply")
        complaints.extend(document.sentence(place, fault) for fault in faults)
    for name, playbook in section.playbooks.items():
        strange = [each for each in playbook.replies if each not in section.replies]
        for each in strange:
            said = f"{each} is not one of the replies{suggestion(each, section.replies)}"
            complaints.append(document.sentence(("playbooks", name, "replies"), said))
    if complaints:
        raise ConfigError(complaints)
    return Policy(
        team={name: Member(**dict(member)) for name, member in section.team.items()},
        replies=section.replies,
        playbooks={name: _playbook(name, each) for name, each in section.playbooks.items()},
        channels=found,
        tone=Tone(**section.tone.said()),
        brand_tones={name: brand.tone.said() for name, brand in section.brands.items()},
        source_tones={source.name: source.tone.said() for source in section.sources},
        names=tuple(own for name, brand in section.brands.items() for own in (name, *brand.own_accounts)),
        listen_only=frozenset(name for name, brand in section.brands.items() if brand.listen_only),
        hold=timedelta(seconds=section.desk.hold),
        lease=timedelta(seconds=section.desk.lease),
        keys=section.desk.keys,
        views=section.desk.views,
        web=Web(**section.desk.web.model_dump()),
        timezone=ZoneInfo(section.timezone),
    )


def _playbook(name: str, section: PlaybookSection) -> Playbook:
    steps, replies = tuple(section.steps), tuple(section.replies)
    return Playbook(name=name, when=section.when, steps=steps, replies=replies, do=tuple(section.do))


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
    options["allow_private"] = allowed_by(allow_private if source.allow_private is None else source.allow_private)
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
