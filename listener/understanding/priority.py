"""Add up a priority from named reasons, every weight of which a configuration may change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from storage.types import Priority, Reason

WEIGHTS: Mapping[str, float] = {
    "negative": 1.2, "positive": -1.2, "safety": 3.8, "privacy": 3.4, "fraud": 3.0, "legal": 2.8, "media": 2.2,
    "outage": 1.3, "vulnerable": 1.8, "deadline": 0.8, "money": 0.6, "repeat": 0.6, "churn": 0.9, "waiting": 0.4,
    "complaint": 0.8, "problem": 0.3, "question": 0.4, "direct": 0.4, "news": -2.2, "job": -1.6, "spam": -3.0,
    "irrelevant": -9.0, "over": -0.6, "reach": 0.0, "velocity": 0.5, "unanswered": 0.8, "again": 0.8,
}  # fmt: skip
"""Points a reason is worth when it is wholly there."""
GRAVE = ("safety", "privacy", "legal")
"""Reasons that keep a text that is not glad at least at high."""
ALARMS = (*GRAVE, "fraud", "media")
"""Reasons that are often named in passing ("where there is smoke there is fire")."""
MEANT = frozenset({"direct", "vulnerable", "deadline", "money", "outage", "churn"})
"""Reasons that show that an alarm is meant; a speaker, a second alarm or a phrase instead of a word show it too."""
PASSING = 0.5
"""What an alarm is worth that nothing shows to be meant, or that is over."""
POLITE = 0.4
"""What remains of a text's gladness where it asks something: who thanks and asks still waits for an answer."""
CUTS = {Priority.URGENT: 3.6, Priority.HIGH: 2.2, Priority.NORMAL: 0.4}
"""Points from which a level is given."""
ABOUT_US, ABOUT_OTHERS = 0.5, 0.3
"""From the first relevance on a text is taken to be about us, up to the second about something else."""
FULL = 10.0
"""Points that make 100; 0 points make 12, so that cheerful texts can stand below neutral ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known around a text, for the desk's clock: nothing is the default."""

    reach: int | None = None
    """People who could see it."""
    velocity: float = 0.0
    """Answers in the last hour as a multiple of what the thread usually gets."""
    waiting: float = 0.0
    """Time waited as a share of the time promised for a first answer."""
    earlier: int = 0
    """Other mentions by the same author in the last seven days."""


class Parts(NamedTuple):
    """What a text brings to its priority."""

    negative: float = 0.0
    """Chance of a negative sentiment."""
    positive: float = 0.0
    spoken: bool = True
    """Whether the text speaks of its writer."""
    relevance: float = 1.0
    """Whether it is about us, where something in it speaks against that."""
    doubts: Sequence[str] = ()
    """The words that speak against it."""
    reasons: Mapping[str, Sequence[str]] = MappingProxyType({})
    """Reason (a name of `WEIGHTS`) -> the words it was seen in."""


def score(
    parts: Parts,
    context: Context | None = None,
    weights: Mapping[str, float] | None = None,
    learnt: Mapping[str, float] | None = None,
) -> tuple[int, Priority, tuple[Reason, ...]]:
    """0 to 100, the level, and each reason with its words and points, heaviest first.

    `learnt` is what agents made of the weights (`learn_priority`), but of those that `weights` sets; what it adds is a
    reason of its own. What is not about us is never grave.
    """
    worth, there = {**WEIGHTS, **weights} if weights else WEIGHTS, amounts(parts, context)
    points = [(name, worth[name] * part) for name, part in there.items()]
    if learnt:
        free = learnt.keys() - (weights or {}).keys()
        points.append(("learnt", sum(learnt[name] * part for name, part in there.items() if name in free)))
    total = sum([value for _, value in points])
    level = next((level for level, cut in _LEVELS if total >= cut), Priority.LOW)
    if any(name in there and worth[name] > 0 and there[name] > PASSING for name in GRAVE) and _is_grave(parts, there):
        total = max(total, CUTS[Priority.HIGH])
        level = max(level, Priority.HIGH, key=lambda each: each.rank)
    shown = sorted([point for point in points if abs(point[1]) >= 0.1], key=_lightness)
    words = parts.reasons
    reasons = [
        Reason("priority", name, tuple(words.get(name, ()) if name != "irrelevant" else parts.doubts), round(value, 2))
        for name, value in shown
    ]
    return max(0, min(100, round(12 + total * 88 / FULL))), level, tuple(reasons)


_LEVELS = tuple(CUTS.items())


def amounts(parts: Parts, context: Context | None = None) -> dict[str, float]:
    """How much of each reason is there: 0 to 1 of those of the text, somewhat more of those around it.

    A glad text's reasons count less: "thanks, the fire is out" is no alarm.
    """
    seen = parts.reasons
    glad = parts.positive * (POLITE if "question" in seen else 1.0)
    damped = 0.35 + 0.65 * (1 - glad)
    there = {"negative": parts.negative, "positive": glad}
    if seen:
        meant = "over" not in seen and (parts.spoken or _is_meant(seen))
        passing = 1.0 if meant else PASSING
        for name in seen:
            if name in WEIGHTS:
                there[name] = 1.0 if WEIGHTS[name] < 0 else damped * (passing if name in ALARMS else 1.0)
    if parts.relevance < ABOUT_US:
        there["irrelevant"] = min((ABOUT_US - parts.relevance) / (ABOUT_US - ABOUT_OTHERS), 1.0)
    return there if context is None else there | _around(context)


def _lightness(part: tuple[str, float]) -> float:
    return -abs(part[1])


def _is_grave(parts: Parts, there: Mapping[str, float]) -> bool:
    """Whether an alarm of `GRAVE` keeps a text at least at high: it is not glad, about us, and no report."""
    return parts.positive < 0.5 and not there.keys() & {"irrelevant", "spam", "news"}


def _is_meant(seen: Mapping[str, Sequence[str]]) -> bool:
    """Whether the reasons show that an alarm is meant, not named in passing."""
    words = [word for name in ALARMS for word in seen.get(name, ())]
    return len(words) > 1 or " " in "".join(words) or not MEANT.isdisjoint(seen)


def _around(context: Context) -> dict[str, float]:
    """The parts, 0 to about 2, of what is known around a text."""
    return {
        "reach": min(math.log10(max(context.reach or 1, 1)) / 6, 1.0),
        "velocity": min(max(context.velocity, 0.0), 3.0),
        "unanswered": min(max(context.waiting, 0.0), 2.5),
        "again": 1.0 if context.earlier >= 2 else 0.0,
    }
