"""Learn from the priorities that agents set what each named reason is worth here: a bounded change of its weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from listener.understanding import fit
from listener.understanding.fit import Vector
from listener.understanding.priority import CUTS, WEIGHTS, Parts, amounts, score
from storage.types import Priority

AROUND = ("irrelevant", "reach", "velocity", "unanswered", "again")
"""Reasons that agents do not teach: they are not of the text."""
REASONS = tuple(name for name in WEIGHTS if name not in AROUND)
BOUND = 1.0
"""Points that a reason may gain or lose: no more, so that an alarm stays an alarm."""
HOLD = 2.0
"""How firmly a weight is held to the default's."""
STEEPNESS = 2.0
"""How sharply a level begins at its cut: a priority is more a matter of taste than its cuts are."""


def fitted(parts: Sequence[Parts], levels: Sequence[Priority], weights: Vector) -> dict[str, float]:
    """The change of each reason's weight that brings texts nearest to their levels, by ordinal logistic regression.

    (McCullagh, "Regression models for ordinal data", 1980; the cuts are fixed.) `weights` is what each text counts.
    """
    there = [amounts(each) for each in parts]
    rows = np.array([[each.get(name, 0.0) for name in REASONS] for each in there])
    totals = rows @ np.array([WEIGHTS[name] for name in REASONS])
    ranks = np.array([level.rank for level in levels])

    def loss(change: Vector) -> tuple[float, Vector]:
        value, slope = 0.5 * HOLD * float(change @ change), HOLD * change
        for level, cut in CUTS.items():
            odds = STEEPNESS * (totals + rows @ change - cut)
            more, back = fit.logistic_loss(odds, (ranks >= level.rank).astype(float), weights)
            value, slope = value + more, slope + STEEPNESS * (rows.T @ back)
        return value, slope

    change: Any = np.clip(fit.minimise(loss, np.zeros(len(REASONS))), -BOUND, BOUND)
    return {name: round(float(each), 3) for name, each in zip(REASONS, change, strict=True) if abs(each) >= 0.01}


def agreement(parts: Sequence[Parts], levels: Sequence[Priority], change: Mapping[str, float] | None) -> float:
    """How near the levels of texts are to those wanted: 1 where all are right, 0 where all are as wrong as can be."""
    if not parts:
        return 0.0
    far = [abs(score(each, None, None, change)[1].rank - level.rank) for each, level in zip(parts, levels, strict=True)]
    return 1.0 - sum(far) / (len(far) * (len(Priority) - 1))
