"""Plots in block characters, as plain text: columns over time, bars side by side, and a line's worth of either.

Nothing but our own signs stands in them: a label from outside is cleaned and fitted by whoever puts it beside one.
"""

from __future__ import annotations

from collections.abc import Sequence

UPWARD = " ▁▂▃▄▅▆▇█"
"""Eighths of a cell, from below."""
ONWARD = " ▏▎▍▌▋▊▉█"
"""Eighths of a cell, from the left."""


def bar(value: float, most: float, cells: int) -> str:
    """A bar of at most `cells` cells, as long as its share of `most`; anything more than nothing is seen."""
    eighths = round(8 * cells * min(value, most) / most) if most > 0 else 0
    whole, rest = divmod(max(eighths, 1 if value > 0 else 0), 8)
    return ("█" * whole + (ONWARD[rest] if rest else "")).ljust(cells)


def spark(values: Sequence[float], most: float | None = None) -> str:
    """A cell a value; `most` is what fills one, else the highest of them."""
    top = max(values, default=0) if most is None else most
    return "".join(UPWARD[_eighths(value, top, 1)] for value in values)


def columns(values: Sequence[float], height: int, thick: int = 1) -> list[list[str]]:
    """The values as columns `thick` cells wide: `height` rows from the top, each a piece a column."""
    top = max(values, default=0)
    filled = [_eighths(value, top, height) for value in values]
    return [[UPWARD[min(8, max(0, each - 8 * row))] * thick for each in filled] for row in reversed(range(height))]


def folded(values: Sequence[float], most: int) -> tuple[int, list[float]]:
    """At most `most` values, neighbours added up where there are more; and how many became one."""
    times = max(1, -(-len(values) // max(1, most)))
    return times, [sum(values[start : start + times]) for start in range(0, len(values), times)]


def _eighths(value: float, top: float, cells: int) -> int:
    """Of a cell: how high a value stands; anything more than nothing is seen."""
    if value <= 0 or top <= 0:
        return 0
    return max(1, round(8 * cells * min(value, top) / top))
