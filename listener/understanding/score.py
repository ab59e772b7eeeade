"""Measure judgements: macro-F1, precision and recall, and how well a ranking puts the grave first."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence


def f1(guessed: Sequence[bool], wanted: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall and F1 of a yes/no judgement; 0 where there is nothing to divide by."""
    hit = sum(g and w for g, w in zip(guessed, wanted, strict=True))
    made, there = sum(guessed), sum(wanted)
    return hit / made if made else 0.0, hit / there if there else 0.0, 2 * hit / (made + there) if made + there else 0.0


def macro_f1(guessed: Sequence[Hashable], wanted: Sequence[Hashable]) -> float:
    """The mean F1 of the labels that occur in `wanted`."""
    labels = sorted(set(wanted), key=str)
    scores = [f1([g == label for g in guessed], [w == label for w in wanted])[2] for label in labels]
    return sum(scores) / len(scores) if scores else 0.0


def ndcg(ranked: Sequence[int], first: int | None = None) -> float:
    """Normalised discounted cumulative gain of grades in the order they were ranked (gain 2^grade - 1).

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002.
    """

    def gain(grades: Sequence[int]) -> float:
        return float(sum((2**grade - 1) / math.log2(at + 2) for at, grade in enumerate(grades[:first])))

    best = gain(sorted(ranked, reverse=True))
    return gain(ranked) / best if best else 1.0
