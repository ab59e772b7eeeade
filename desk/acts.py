"""What a rule or a playbook can do to a case: its acts, how they are read, and when one may not be done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from desk import policy
from desk.alerts import TargetSection
from desk.notifier import Target, complaint
from desk.policy import Member, Playbook, Policy
from storage import workflow
from storage.addresses import allowed_by
from storage.errors import ConfigError
from storage.settings import Document, Section, suggestion
from storage.types import Case, Priority, ReplyState

FREE = frozenset({"tag", "untag", "note", "notify", "playbook"})
"""Acts that take nothing from anybody: done while somebody has the case, and on a closed one."""

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


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
    then: tuple[Act, ...] = ()
    """What a playbook does when it is opened."""

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, Playbook):
            routing = f" ({', '.join(map(str, self.then))})" if self.then else ""
            return f"playbook {value.name}{routing}"
        if isinstance(value, Assignment):
            said = [value.person] if value.person else ["the last agent"] * value.last_agent + list(value.among)
            return f"assign {' or '.join(said)}"
        is_said = value is not None and self.kind != "notify"  # an address to notify may hold a secret
        return f"{self.kind} {value}" if is_said else self.kind


def obstacle(act: Act, case: Case, now: datetime, agent: str = "") -> str:
    """Why an act may not, or need not, be done on a case, in words; "" when it may. People have right of way.

    `agent` is the person in whose name it is done, where it is no rule.
    """
    match act.kind:
        case "open_case":
            return "it has a case already"
        case "playbook" if act.value.name == case.playbook:
            return "it is followed already"
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
    if act.kind != "priority" and workflow.is_held(facts, agent, now):
        return f"{case.assignee} has the case"
    return ""


@dataclass(frozen=True, slots=True)
class Known:
    """What acts may name."""

    team: Mapping[str, Member] = field(default_factory=dict)
    templates: Mapping[str, Any] = field(default_factory=dict)
    playbooks: Mapping[str, Playbook] = field(default_factory=dict)
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


class AssignSection(Section):
    """`assign:` with more than a name."""

    round_robin: list[str] | Literal["team"] = []
    last_agent: bool = False
    capacity: int | None = Field(default=None, ge=1)
    language: bool = False


def known_of(document: Document) -> Known:
    """The team and the templates; where they are at fault themselves their own reader says so."""
    try:
        settled = policy.read(document)
    except ConfigError:
        settled = Policy()
    return Known(
        team=settled.team,
        templates=settled.replies,
        playbooks=settled.playbooks,
        private=allowed_by(document.values.get("allow_private")),
        lacks_addresses=any(place[:1] in (("rules",), ("playbooks",)) for place in document.missing),
    )


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
        return [_act(kind, READERS[kind](each, known), known) for each in (value if several else [value])]
    except ValidationError:
        raise
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def _act(kind: str, value: Any, known: Known) -> Act:
    return Act(kind, value, routing(value, known)) if isinstance(value, Playbook) else Act(kind, value)


def routing(playbook: Playbook, known: Known) -> tuple[Act, ...]:
    """What a playbook does when it is opened. Raises `ValueError` with one sentence."""
    found = tuple(act for each in playbook.do for act in read_act(each, replace(known, playbooks={})))
    strange = [act.kind for act in found if act.kind in ("open_case", "playbook")]
    if strange:
        raise ValueError(f"a playbook cannot do {strange[0]}")
    return found


def _playbook(value: Any, known: Known) -> Playbook:
    text = _text(value)
    if text not in known.playbooks:
        raise ValueError(f"{text} is not one of the playbooks{suggestion(text, known.playbooks)}")
    return known.playbooks[text]


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


def duration(text: Any) -> timedelta:
    """`30m`, `4h`, `2d`. Raises `ValueError` with one sentence."""
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
    "playbook": _playbook,
    "open_case": _yes,
    "snooze": lambda value, _: duration(value),
    "resolve": _yes,
    "dismiss": _yes,
    "spam": _yes,
}
"""Every act, and how what it takes is read."""
