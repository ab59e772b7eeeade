"""Add up a priority from named reasons, every weight of which a configuration may change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.types import Priority, Reason

WEIGHTS: Mapping[str, float] = {
    "negative": 1.2, "positive": -1.2, "safety": 3.8, "privacy": 3.4, "fraud": 3.0, "legal": 2.8, "media": 2.2,
    "outage": 1.3, "vulnerable": 1.8, "deadline": 0.8, "money": 0.6, "repeat": 0.6, "churn": 0.9, "waiting": 0.4,
    "complaint": 0.8, "problem": 0.3, "question": 0.3, "direct": 0.4, "news": -1.2, "job": -1.6, "spam": -3.0,
    "reach": 0.0, "velocity": 0.5, "unanswered": 0.8, "again": 0.8,
}  # fmt: skip
"""Points a reason is worth when it is wholly there."""
GRAVE = ("safety", "privacy", "legal")
"""Reasons that keep a text that is not glad at least at high."""
CUTS = {Priority.URGENT: 3.4, Priority.HIGH: 2.0, Priority.NORMAL: 0.4}
"""Points from which a level is given."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a text brings to its priority."""

    negative: float = 0.0
    """Chance of a negative sentiment."""
    positive: float = 0.0
    reasons: Mapping[str, Sequence[str]] | None = None
    """Reason (a name of `WEIGHTS`) -> the words it was seen in."""


def score(
    parts: Parts, context: Context | None = None, weights: Mapping[str, float] | None = None
) -> tuple[int, Priority, tuple[Reason, ...]]:
    """0 to 100, the level, and each reason with its words and points, heaviest first.

    A glad text's reasons weigh less: "thanks, the fire is out" is no alarm.
    """
    worth = {**WEIGHTS, **(weights or {})}
    damped = 0.35 + 0.65 * (1 - parts.positive)
    seen = parts.reasons or {}
    points = {"negative": worth["negative"] * parts.negative, "positive": worth["positive"] * parts.positive}
    for name in seen:
        value = worth.get(name, 0.0)
        points[name] = value * damped if value > 0 else value
    if context is not None:
        for name, part in _around(context).items():
            points[name] = points.get(name, 0.0) + worth[name] * part
    total = sum(points.values())
    level = next((level for level, cut in CUTS.items() if total >= cut), Priority.LOW)
    if parts.positive < 0.5 and "spam" not in seen and any(worth[name] > 0 for name in GRAVE if name in seen):
        total = max(total, CUTS[Priority.HIGH])
        level = max(level, Priority.HIGH, key=lambda each: each.rank)
    reasons = [
        Reason(about="priority", label=name, words=tuple(seen.get(name, ())), share=round(value, 2))
        for name, value in sorted(points.items(), key=_lightness)
        if abs(value) >= 0.1
    ]
    return max(0, min(100, round(12 + total * 88 / FULL))), level, tuple(reasons)


def _lightness(part: tuple[str, float]) -> float:
    return -abs(part[1])


def _around(context: Context) -> dict[str, float]:
    """The parts, 0 to about 2, of what is known around a text."""
    return {
        "reach": min(math.log10(max(context.reach or 1, 1)) / 6, 1.0),
        "velocity": min(max(context.velocity, 0.0), 3.0),
        "unanswered": min(max(context.waiting, 0.0), 2.5),
        "again": 1.0 if context.earlier >= 2 else 0.0,
    }
