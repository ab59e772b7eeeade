"""Macros of `sources.yaml`: several steps under one name, all of them done or none, and taken back at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from desk.acts import READERS, Act, AssignSection, Known, known_of, read_act
from desk.errors import DeskError
from storage.errors import ConfigError, StepRefused, StorageError
from storage.settings import Document, suggestion
from storage.types import Case

if TYPE_CHECKING:
    from desk.clerk import Clerk

KEYS = ("macros",)
"""The key at the top of the file that is read here."""

OWN = ("claim", "pend", "reply")
"""Steps that only a person takes, besides the acts of rules; `reply` sends a template."""

NOT = ("notify", "open_case", "playbook")
"""Acts of rules that no agent takes by hand."""

WORDS = sorted({*READERS, *OWN} - {*NOT})

ONWARD = frozenset({"dismiss", "pend", "resolve", "snooze", "spam"})
"""Steps after which a case is out of the way."""


@dataclass(frozen=True, slots=True)
class Macro:
    """Steps under one name."""

    name: str
    acts: tuple[Act, ...]

    @property
    def goes_on(self) -> bool:
        """Whether the next case is the next thing to look at."""
        return any(act.kind in ONWARD for act in self.acts)

    def carry_out(
        self, clerk: Clerk, case_ids: tuple[int, ...], seen: Mapping[int, Case], hold: timedelta | None
    ) -> None:
        """Takes every step in its order, by a clerk inside one transaction. Raises `StepRefused` at the first no."""
        for number, act in enumerate(self.acts, 1):
            try:
                if act.kind == "reply" and len(case_ids) > 1:
                    raise StepRefused("A macro that replies is for one case at a time.")
                _do(clerk, act, case_ids, seen, hold)
            except (StorageError, DeskError) as refused:
                raise StepRefused(f"{self.name} did nothing: step {number}, {act}: {refused}") from refused


def _do(clerk: Clerk, act: Act, case_ids: tuple[int, ...], seen: Mapping[int, Case], hold: timedelta | None) -> None:
    value = act.value
    match act.kind:
        case "claim":
            clerk.claim_all(case_ids)
        case "tag":
            clerk.tag(case_ids, value)
        case "untag":
            clerk.untag(case_ids, value)
        case "priority":
            clerk.prioritise(case_ids, value)
        case "assign":
            clerk.assign(case_ids, value.person)
        case "note":
            clerk.note(case_ids, value)
        case "snooze":
            clerk.snooze(case_ids, clerk.database.now() + value)
        case "template":
            for case in clerk.cases(case_ids):
                clerk.draft(case.id, clerk.fill(value, case))
        case "reply":
            for case in clerk.cases(case_ids):
                clerk.reply(case.id, clerk.fill(value, case), seen=seen.get(case.id), hold=hold)
        case kind:  # pend, resolve, dismiss, spam
            getattr(clerk, kind)(case_ids)


def read(document: Document) -> dict[str, Macro]:
    """The macros of a file by name. Raises `ConfigError` with every complaint about them."""
    given = document.values.get("macros") or {}
    if not isinstance(given, dict):
        raise ConfigError(
            [document.sentence(("macros",), "must name lists of steps: thanks: [{reply: dank}, resolve]")]
        )
    known, complaints, found = known_of(document), list[str](), dict[str, Macro]()
    for name, steps in given.items():
        acts: list[Act] = []
        if not isinstance(steps, list) or not steps:
            complaints.append(document.sentence(("macros", name), "must be a list of steps: [{tag: x}, resolve]"))
            continue
        for number, step in enumerate(steps):
            try:
                acts += _read_step(step, known)
            except ValidationError as error:
                complaints += document.complaints(error, ("macros", name, number), [*AssignSection.model_fields])
            except ValueError as error:
                complaints.append(document.sentence(("macros", name, number), str(error)))
        found[name] = Macro(name, tuple(acts))
    if complaints:
        raise ConfigError(complaints)
    return found


def _read_step(given: Any, known: Known) -> list[Act]:
    """One step. Raises `ValueError` with one sentence."""
    kind, value = next(iter(given.items()), ("", None)) if isinstance(given, dict) else (given, True)
    if not isinstance(kind, str) or kind not in WORDS:
        raise ValueError(f"{kind} is no step of a macro{suggestion(str(kind), WORDS)}: choose from {', '.join(WORDS)}")
    if kind == "reply" and isinstance(given, dict) and len(given) == 1:
        return [Act("reply", read_act({"template": value}, known)[0].value)]
    if kind in OWN:
        if value is not True:
            raise ValueError(f"{kind}: takes true, or leave it out")
        return [Act(kind)]
    acts = read_act(given, known)
    if kind == "assign" and not acts[0].value.person:
        raise ValueError("assign: a macro gives a case to one person: write a name")
    return acts
