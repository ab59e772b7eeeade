"""Fit linear models with numpy alone: limited-memory BFGS over any convex loss, the same result every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Vector = np.ndarray[Any, np.dtype[np.float64]]


def minimise(
    loss: Callable[[Vector], tuple[float, Vector]], start: Vector, *, steps: int = 80, memory: int = 8
) -> Vector:
    """The place where `loss` (value and gradient) is least, by L-BFGS with backtracking (Nocedal and Wright, ch. 7)."""
    at, (value, slope) = start, loss(start)
    moves: list[tuple[Vector, Vector]] = []
    for _ in range(steps):
        down = -_direction(slope, moves)
        if float(down @ slope) >= 0:
            down, moves = -slope, []
        size = 1.0 if moves else 1.0 / (1.0 + float(np.linalg.norm(slope)))
        for _try in range(25):
            there = at + size * down
            new_value, new_slope = loss(there)
            if new_value <= value + 1e-4 * size * float(down @ slope):
                break
            size *= 0.5
        else:
            return at
        done = value - new_value < 1e-7 * max(abs(value), 1.0)
        if float((there - at) @ (new_slope - slope)) > 1e-12:
            moves = [*moves[1 - memory :], (there - at, new_slope - slope)]
        at, value, slope = there, new_value, new_slope
        if done:
            break
    return at


def _direction(slope: Vector, moves: list[tuple[Vector, Vector]]) -> Vector:
    """The slope through the inverse of the curvature that the last moves showed (the two-loop recursion)."""
    q, kept = slope.copy(), []
    for s, y in reversed(moves):
        rho = 1.0 / float(s @ y)
        a = rho * float(s @ q)
        q -= a * y
        kept.append((rho, a, s, y))
    if moves:
        s, y = moves[-1]
        q *= float(s @ y) / float(y @ y)
    for rho, a, s, y in reversed(kept):
        q += s * (a - rho * float(y @ q))
    return q


def softmax_loss(scores: Vector, labels: Any, weights: Vector) -> tuple[float, Vector]:
    """Cross-entropy of two-column scores (negative, positive; neutral is 0) against labels 0 neg, 1 neutral, 2 pos."""
    full = np.stack([scores[:, 0], np.zeros(len(scores)), scores[:, 1]], axis=1)
    full -= full.max(axis=1, keepdims=True)
    share = np.exp(full)
    share /= share.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    value = -float(weights @ np.log(share[rows, labels] + 1e-12))
    share[rows, labels] -= 1.0
    share *= weights[:, None]
    return value, share[:, [0, 2]]


def logistic_loss(scores: Vector, labels: Vector, weights: Vector) -> tuple[float, Vector]:
    """Cross-entropy of one-column scores against labels 0 and 1."""
    share = 1.0 / (1.0 + np.exp(-np.clip(scores, -40, 40)))
    value = -float(weights @ (labels * np.log(share + 1e-12) + (1 - labels) * np.log(1 - share + 1e-12)))
    return value, weights * (share - labels)


def balanced(labels: Any, groups: Any, power: float = 1.0) -> Vector:
    """Weights that give each class of each group (a source) the same say, tempered by `power`; mean 1."""
    weights = np.ones(len(labels))
    for group in np.unique(groups):
        for label in np.unique(labels):
            rows = (groups == group) & (labels == label)
            if rows.any():
                weights[rows] = (np.sum(groups == group) / rows.sum()) ** power
    mean: Vector = weights * (len(weights) / weights.sum())
    return mean


class Bags:
    """Texts as bags of column numbers: sums of table rows over each text, and the gradient back to the table."""

    def __init__(self, rows: list[list[int]], size: int, scale: Vector | None = None) -> None:
        lengths = np.array([len(row) for row in rows])
        self.columns = (
            np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]) if len(rows) else np.zeros(0, int)
        )
        self.owner = np.repeat(np.arange(len(rows)), lengths)
        self.count, self.size = len(rows), size
        self.scale = np.ones(len(rows)) if scale is None else scale

    def sums(self, table: Vector) -> Vector:
        """For each text the scaled sum of its rows."""
        out = [np.bincount(self.owner, table[self.columns, k], self.count) for k in range(table.shape[1])]
        return np.stack(out, axis=1) * self.scale[:, None]

    def back(self, slopes: Vector) -> Vector:
        """For each row of the table the scaled sum of the slopes of the texts it is in."""
        scaled = slopes * self.scale[:, None]
        out = [np.bincount(self.columns, scaled[self.owner, k], self.size) for k in range(slopes.shape[1])]
        return np.stack(out, axis=1)
