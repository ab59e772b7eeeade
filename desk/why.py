"""Why a case is where it is, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from desk.clocks import Clock, standing
from desk.shown import rule_said
from storage.types import Event, EventKind, Reason

TELLING: Mapping[EventKind, Sequence[str]] = {
    EventKind.ASSIGNED: ("to",),
    EventKind.TAGGED: ("tag",),
    EventKind.UNTAGGED: ("tag",),
    EventKind.NOTED: ("text",),
    EventKind.PRIORITISED: ("to",),
    EventKind.CORRECTED: ("field", "to"),
    EventKind.SNOOZED: ("until",),
    EventKind.REOPENED: ("why",),
    EventKind.HANDED_OVER: ("to",),
    EventKind.REFUSED: ("reason",),
    EventKind.PLAYBOOK: ("playbook",),
    EventKind.FAILED: ("error",),
    EventKind.UNDONE: ("kind",),
    EventKind.SLA_WARNED: ("target",),
    EventKind.SLA_MISSED: ("target",),
}
"""What of an event's data a sentence tells."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a case is where it is: what it matched, how it was understood, and what happened to it."""

    queries: tuple[str, ...]
    reasons: tuple[Reason, ...]
    trail: tuple[Event, ...]
    clocks: tuple[Clock, ...] = ()
    zone: tzinfo = UTC

    def sentences(self) -> list[str]:
        """Each reason as a line of text."""
        lines = [f"It answers the query {query}." for query in self.queries]
        for reason in self.reasons:
            words = f" for the words {', '.join(reason.words)}" if reason.words else ""
            share = f" ({reason.share:+.2f})" if reason.share else ""
            lines.append(f"{reason.about}: {reason.label}{words}{share}.")
        if stands := standing(self.clocks):
            lines.append(f"promises: {stands.value.replace('_', ' ')}.")
        lines += [line for clock in self.clocks for line in clock.sentences(self.zone)]
        return lines + [_happened(each, self.zone) for each in self.trail]


def _happened(event: Event, zone: tzinfo) -> str:
    because = f" ({'; '.join(map(str, event.data['reasons']))})" if event.data.get("reasons") else ""
    what, at = _what(event), event.at.astimezone(zone)
    return f"{at:%Y-%m-%d %H:%M}: {event.kind.value} by {event.actor}{': ' + what if what else ''}{because}."


def _what(event: Event) -> str:
    if event.kind is EventKind.RULE:
        return rule_said(event.data)
    found = (event.data[name] for name in TELLING.get(event.kind, ()) if event.data.get(name))
    return " ".join(str(each).replace("_", " ") for each in found).rstrip(".")
