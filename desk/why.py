"""Why a case is where it is, as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

from desk.clocks import Clock, standing
from storage.types import Event, Reason


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
        return lines + [_happened(each) for each in self.trail]


def _happened(event: Event) -> str:
    because = f" ({'; '.join(map(str, event.data['reasons']))})" if event.data.get("reasons") else ""
    return f"{event.at:%Y-%m-%d %H:%M} UTC: {event.kind.value} by {event.actor}{because}."
