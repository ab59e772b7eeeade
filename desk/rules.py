"""The rules of `sources.yaml`: when which acts are done by themselves; read, checked and decided, never carried out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from desk.acts import Act, AssignSection, Known, duration, known_of, read_act, routing
from desk.alerts import TargetSection
from desk.policy import Playbook
from desk.service import standing_query
from storage.errors import ConfigError, QueryError
from storage.query import matcher, tree
from storage.settings import Document, Place, Section
from storage.types import Case, Mention

KEYS = ("rules",)
"""The key at the top of the file that is read here."""

DEEPEST = 5
"""How many rules may follow from each other's changes before it is called a loop."""

On = Literal["arrival", "change", "time"]


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

    @property
    def opens_cases(self) -> bool:
        """Whether mentions of a competitor that have no case get one."""
        return any(act.kind == "open_case" for act in self.acts)

    def acts_on(self, case: Case) -> list[Act]:
        """What is to be done to a case: of a playbook that it does not follow yet its routing too.

        Assigning comes last, for then somebody has the case.
        """
        acts = [act for act in self.acts if act.kind != "open_case"]
        opened = (act for act in acts if act.kind == "playbook" and act.value.name != case.playbook)
        routed = [each for act in opened for each in act.then]
        return sorted(acts + routed, key=lambda act: act.kind == "assign")

    def answers(self, mention: Mention, now: datetime) -> bool:
        """Whether the rule is for this mention at `now`, in whose zone the query's days begin."""
        return not self.missing(mention, now)

    def missing(self, mention: Mention, now: datetime) -> list[str]:
        """The parts of `when` that this mention does not answer, and how long is still to wait."""
        parts = self.node.parts if isinstance(self.node, tree.And) else (self.node,)
        lacking = [tree.to_text(part) for part in parts if not matcher.matches(part, mention, now=now)]
        rest = (mention.published_at or mention.first_seen_at) + self.after - now
        return lacking + ([f"waited long enough: {_whole(rest)} to go"] if self.after and rest > timedelta() else [])


# Reading


class RuleSection(Section):
    """One rule."""

    when: str = Field(min_length=1)
    do: list[Any] = Field(min_length=1)
    name: str = Field(default="", max_length=100)
    on: On = "arrival"
    after: str = ""
    stop: bool = False
    open: Any = None


def read(document: Document) -> tuple[Rule, ...]:
    """The rules of a file in their order, then the playbooks that open by themselves.

    Raises `ConfigError` with every complaint about them.
    """
    given = document.values.get("rules") or []
    if not isinstance(given, list):
        raise ConfigError([document.sentence(("rules",), "must be a list: - {when: QUERY, do: [{tag: x}]}")])
    known, complaints, found = known_of(document), list[str](), list[Rule]()
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
    for playbook in known.playbooks.values():
        opening = _opening(document, playbook, known, complaints)
        found += [opening] if opening else []
    if complaints:
        raise ConfigError(complaints)
    return tuple(found)


def _opening(document: Document, playbook: Playbook, known: Known, complaints: list[str]) -> Rule | None:
    """The rule that opens a playbook where its `when` is answered; None where it has none."""
    place: Place = ("playbooks", playbook.name)
    try:
        routing(playbook, known)
    except ValidationError as error:
        complaints += document.complaints(error, (*place, "do"), [*AssignSection.model_fields])
    except ValueError as error:
        complaints.append(document.sentence((*place, "do"), str(error)))
    else:
        if playbook.when.strip():
            do = [{"playbook": playbook.name}]
            section = RuleSection(when=playbook.when, do=do, name=f"playbook {playbook.name}")
            return _rule(document, place, section, known, complaints)
    return None


def _rule(document: Document, place: Place, section: RuleSection, known: Known, complaints: list[str]) -> Rule:
    """The rule as far as it can be read; what is wrong with it joins the complaints."""

    def complain(key: str | int, message: str, *more: str | int) -> None:
        complaints.append(document.sentence((*place, key, *more), message))

    node: tree.Node = tree.Everything()
    try:
        node = standing_query(section.when)
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
        after = duration(section.after) if section.after else after
    except ValueError as error:
        complain("after", str(error))
    if sum(act.kind == "notify" for act in acts) > 1:
        complain("do", "holds notify twice: write one, with a list of addresses")
    for key, message in _oddities(section, node, acts):
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


def _oddities(section: RuleSection, node: tree.Node, acts: Sequence[Act]) -> Iterator[tuple[str, str]]:
    """What makes no sense together."""
    if section.open is not None:
        yield "open", "is no key of a rule: for a case of a competitor's mention write do: [open_case]"
    if section.on != "time" and section.after:
        yield "after", "is for rules with on: time"
    if section.on != "arrival" and any(act.kind == "open_case" for act in acts):
        yield "do", "open_case is for rules on arrival: a mention without a case does not change"
    if section.on == "time" and section.stop:
        yield "stop", "is not for rules with on: time, which look at each case by themselves"
    aged = any(isinstance(each, tree.Value) and each.field == "age" for each in tree.walk(node))
    if section.on == "time" and not section.after and not aged:
        yield "on", "a rule on time needs to know how long: after: 4h, or age:>4h in when"


def _whole(time: timedelta) -> timedelta:
    return timedelta(seconds=round(time.total_seconds()))
