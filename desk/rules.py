"""The rules of `sources.yaml`: when which acts are done by themselves; read, checked and decided, never carried out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from desk import policy
from desk.alerts import TargetSection
from desk.notifier import Target, complaint
from desk.policy import Member, Policy
from storage import workflow
from storage.errors import ConfigError, QueryError
from storage.query import grammar, matcher, tree
from storage.settings import Document, Place, Section, suggestion
from storage.types import Case, Mention, Priority, ReplyState

KEYS = ("rules",)
"""The key at the top of the file that is read here."""

DEEPEST = 5
"""How many rules may follow from each other's changes before it is called a loop."""

FREE = frozenset({"tag", "untag", "note", "notify"})
"""Acts that take nothing from anybody: done while somebody has the case, and on a closed one."""

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

On = Literal["arrival", "change", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """To whom a case goes: a person, else the last agent who knew its author, else the next of several."""

    person: str = ""
    last_agent: bool = False
    among: tuple[str, ...] = ()
    capacity: int | None = None
    """Cases that are not closed, at which somebody is passed over."""
    language: bool = False
    """Whether they must answer in the language of the case."""

    def choose(
        self, lang: str | None, team: Mapping[str, Member], load: Mapping[str, int], last: str, known: Sequence[str]
    ) -> str:
        """Who gets it; "" when nobody can. `last` had the last turn; `known` are the agents who know the author."""
        if self.person:
            return self.person
        members = [each for each in known if each in team] if team else list(known)
        begin = self.among.index(last) + 1 if last in self.among else 0
        ring = [*(members if self.last_agent else ()), *self.among[begin:], *self.among[:begin]]
        return next((each for each in ring if self._can(each, lang, team, load)), "")

    def _can(self, agent: str, lang: str | None, team: Mapping[str, Member], load: Mapping[str, int]) -> bool:
        if self.capacity is not None and load.get(agent, 0) >= self.capacity:
            return False
        languages = team[agent].languages if agent in team else ()
        return not self.language or not languages or lang is None or lang in languages


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a rule does: its word, and what the word takes."""

    kind: str
    value: Any = None

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, Assignment):
            said = [value.person] if value.person else ["the last agent"] * value.last_agent + list(value.among)
            return f"assign {' or '.join(said)}"
        is_said = value is not None and self.kind != "notify"  # an address to notify may hold a secret
        return f"{self.kind} {value}" if is_said else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When which acts are done by themselves."""

    name: str
    when: str
    node: tree.Node
    acts: tuple[Act, ...]
    on: On = "arrival"
    after: timedelta = timedelta()
    """For `on: time`: how long ago the newest mention must be."""
    stop: bool = False
    """Whether later rules leave the same event alone."""
    key: str = ""
    """The rule as the runs know it: a rule that is changed is another rule, also under its old name."""

    def answers(self, mention: Mention, now: datetime) -> bool:
        """Whether the rule is for this mention at `now`, in whose zone the query's days begin."""
        return not self.missing(mention, now)

    def missing(self, mention: Mention, now: datetime) -> list[str]:
        """The parts of `when` that this mention does not answer, and how long is still to wait."""
        parts = self.node.parts if isinstance(self.node, tree.And) else (self.node,)
        lacking = [tree.to_text(part) for part in parts if not matcher.matches(part, mention, now=now)]
        rest = (mention.published_at or mention.first_seen_at) + self.after - now
        return lacking + ([f"{_whole(rest)} still to wait"] if self.after and rest > timedelta() else [])


def obstacle(act: Act, case: Case, now: datetime) -> str:
    """Why an act may not, or need not, be done on a case, in words; "" when it may. People have right of way."""
    match act.kind:
        case "tag" if act.value in case.tags:
            return "it has that tag already"
        case "untag" if act.value not in case.tags:
            return "it does not have that tag"
        case "priority" if act.value is case.priority:
            return "it is that already"
        case "template" if case.reply_state not in (None, ReplyState.CANCELLED, ReplyState.FAILED):
            return "an answer is there already"
    if act.kind in FREE:
        return ""
    if not case.status.is_open:
        return f"the case is {case.status}"
    facts = workflow.Facts(status=case.status, assignee=case.assignee, lease_until=case.lease_until)
    if act.kind != "priority" and workflow.is_held(facts, "", now):
        return f"{case.assignee} has the case"
    return ""


# Reading


@dataclass(frozen=True, slots=True)
class Known:
    """What acts may name."""

    team: Mapping[str, Member] = field(default_factory=dict)
    templates: Mapping[str, Any] = field(default_factory=dict)

    private: Any = False
    """Addresses inside that may be told."""
    lacks_addresses: bool = False
    """Whether the environment does not give all that the rules need; who needs it complains."""

    def person(self, name: Any) -> str:
        """A member who can have cases. Raises `ValueError`; without a team everybody can."""
        text = _text(name)
        if self.team and text not in self.team:
            raise ValueError(f"{text} is not in the team{suggestion(text, self.team)}")
        if self.team and self.team[text].role == "viewer":
            raise ValueError(f"{text} is a viewer and cannot have cases")
        return text


class RuleSection(Section):
    """One rule."""

    when: str = Field(min_length=1)
    do: list[Any] = Field(min_length=1)
    name: str = Field(default="", max_length=100)
    on: On = "arrival"
    after: str = ""
    stop: bool = False
    open: Any = None


class AssignSection(Section):
    """`assign:` with more than a name."""

    round_robin: list[str] | Literal["team"] = []
    last_agent: bool = False
    capacity: int | None = Field(default=None, ge=1)
    language: bool = False


def read(document: Document) -> tuple[Rule, ...]:
    """The rules of a file, in their order. Raises `ConfigError` with every complaint about them."""
    given = document.values.get("rules") or []
    if not isinstance(given, list):
        raise ConfigError([document.sentence(("rules",), "must be a list: - {when: QUERY, do: [{tag: x}]}")])
    known, complaints, found = _known(document), list[str](), list[Rule]()
    for number, values in enumerate(given):
        place: Place = ("rules", number)
        try:
            rule = _rule(document, place, RuleSection.model_validate(values), known, complaints)
        except ValidationError as error:
            complaints += document.complaints(error, under=place, known=[*RuleSection.model_fields])
            continue
        if any(rule.name == other.name for other in found):
            complaints.append(document.sentence(place, f"{rule.name} is the name of another rule too; name this one"))
        found.append(rule)
    if complaints:
        raise ConfigError(complaints)
    return tuple(found)


def _known(document: Document) -> Known:
    """The team and the templates; where they are at fault themselves their own reader says so."""
    try:
        settled = policy.read(document)
    except ConfigError:
        settled = Policy()
    allowed = document.values.get("allow_private", False)
    return Known(
        team=settled.team,
        templates=settled.replies,
        private=tuple(map(str, allowed)) if isinstance(allowed, list) else bool(allowed),
        lacks_addresses=any(place[:1] == ("rules",) for place in document.missing),
    )


def _rule(document: Document, place: Place, section: RuleSection, known: Known, complaints: list[str]) -> Rule:
    """The rule as far as it can be read; what is wrong with it joins the complaints."""

    def complain(key: str | int, message: str, *more: str | int) -> None:
        complaints.append(document.sentence((*place, key, *more), message))

    node: tree.Node = tree.Everything()
    try:
        node = grammar.parse(section.when)
    except QueryError as error:
        picture = "\n".join(f"    {line}" for line in error.picture().splitlines())
        complain("when", f"{error.message}\n{picture}")
    acts: list[Act] = []
    for number, given in enumerate(section.do):
        try:
            acts += read_act(given, known)
        except ValidationError as error:
            known_keys = [*AssignSection.model_fields, *TargetSection.model_fields]
            complaints += document.complaints(error, (*place, "do", number, *given), known_keys)
        except ValueError as error:
            complain("do", str(error), number)
    after = timedelta()
    try:
        after = _duration(section.after) if section.after else after
    except ValueError as error:
        complain("after", str(error))
    if sum(act.kind == "notify" for act in acts) > 1:
        complain("do", "holds notify twice: write one, with a list of addresses")
    for key, message in _oddities(section, node):
        complain(key, message)
    said = "\n".join([section.when, section.on, section.after, *map(str, acts)])
    name = section.name or section.when
    key = f"{name}#{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    return Rule(
        name=name,
        when=section.when,
        node=node,
        acts=tuple(acts),
        on=section.on,
        after=after,
        stop=section.stop,
        key=key,
    )


def _oddities(section: RuleSection, node: tree.Node) -> Iterator[tuple[str, str]]:
    """What makes no sense together."""
    if section.open is not None:
        yield "open", "a rule acts on cases and opens none: a mention of a competitor alone has no case to act on"
    if section.on != "time" and section.after:
        yield "after", "is for rules with on: time"
    if section.on == "time" and section.stop:
        yield "stop", "is not for rules with on: time, which look at each case by themselves"
    aged = any(isinstance(each, tree.Value) and each.field == "age" for each in tree.walk(node))
    if section.on == "time" and not section.after and not aged:
        yield "on", "a rule on time needs to know how long: after: 4h, or age:>4h in when"


def read_act(given: Any, known: Known) -> list[Act]:
    """One item of `do:`; a list of tags is an act each. Raises `ValueError` with one sentence."""
    if isinstance(given, str):
        given = {given: True}
    if not isinstance(given, dict) or len(given) != 1:
        raise ValueError("each item is one act: {tag: x}, {assign: anna}, {dismiss: true}")
    ((kind, value),) = given.items()
    if kind not in READERS:
        raise ValueError(f"{kind} is no act{suggestion(str(kind), READERS)}: choose from {', '.join(READERS)}")
    several = kind in ("tag", "untag") and isinstance(value, list)
    try:
        return [Act(kind, READERS[kind](each, known)) for each in (value if several else [value])]
    except ValidationError:
        raise
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value).strip():
        raise ValueError("needs words")
    return str(value).strip()


def _tag(value: Any, _: Known) -> str:
    """As the desk writes tags, so that a rule sees whether it is there."""
    name = " ".join(_text(value).split()).casefold().lstrip("#")
    if not 1 <= len(name) <= 50:
        raise ValueError("a tag has 1 to 50 characters")
    return name


def _priority(value: Any, _: Known) -> Priority:
    text = _text(value)
    if text not in list(Priority):
        raise ValueError(f"{text} is no priority{suggestion(text, Priority)}: choose from {', '.join(Priority)}")
    return Priority(text)


def _assign(value: Any, known: Known) -> Assignment:
    if value == "last_agent":
        return Assignment(last_agent=True)
    if not isinstance(value, dict):
        return Assignment(person=known.person(value))
    section = AssignSection.model_validate(value)
    whole_team = [name for name, member in known.team.items() if member.role != "viewer"]
    among = whole_team if section.round_robin == "team" else [known.person(each) for each in section.round_robin]
    if not among and not section.last_agent:
        raise ValueError("to whom? write a name, round_robin: [anna, bram], or last_agent: true")
    return Assignment(
        last_agent=section.last_agent, among=tuple(among), capacity=section.capacity, language=section.language
    )


def _template(value: Any, known: Known) -> str:
    text = _text(value)
    if text not in known.templates:
        raise ValueError(f"{text} is not one of the replies{suggestion(text, known.templates)}")
    return text


def _notify(value: Any, known: Known) -> tuple[Target, ...]:
    """Whom to tell. No address is ever quoted; one that the environment does not give is left out."""
    found = []
    for each in value if isinstance(value, list) else [value]:
        section = TargetSection.model_validate(each if isinstance(each, dict) else {"url": each})
        if not section.url and known.lacks_addresses:
            continue
        if fault := complaint(section.url):
            raise ValueError(f"the address {fault}")
        found.append(Target(url=section.url, secret=section.secret, allow_private=known.private))
    return tuple(found)


def _duration(text: Any) -> timedelta:
    match = re.fullmatch(r"(\d{1,4})\s*([smhdw])", str(text).strip())
    if not match or not int(match[1]):
        raise ValueError(f"{text} is not a duration: write 30m, 4h or 2d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _yes(value: Any, _: Known) -> None:
    if value is not True:
        raise ValueError("takes true, or leave it out")


READERS: Mapping[str, Callable[[Any, Known], Any]] = {
    "tag": _tag,
    "untag": _tag,
    "priority": _priority,
    "assign": _assign,
    "note": lambda value, _: _text(value),
    "template": _template,
    "notify": _notify,
    "snooze": lambda value, _: _duration(value),
    "resolve": _yes,
    "dismiss": _yes,
    "spam": _yes,
}
"""Every act, and how what it takes is read."""


def _whole(time: timedelta) -> timedelta:
    return timedelta(seconds=round(time.total_seconds()))
