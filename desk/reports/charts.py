"""Charts as SVG: drawn with classes, so that the page may choose the colours for the dark; pure.

Every chart has a title and a description for who does not see it, and every mark has its number as a tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10

from desk.shown import cells

WIDTH, HEIGHT = 1100, 270
"""Of a chart as wide as the page, in CSS pixels."""
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 26
BARS = 470
"""Width of a chart of bars, which stands beside its table."""
ROW = 24
"""Height of a bar with its space."""
LABEL = 150
"""Width kept for the names of bars."""
LETTERS = 20
"""Cells of a name that are shown beside a bar."""


FILLS = {
    "negative": "#d1495b", "neutral": "#a9b4c2", "positive": "#1f78b4", "unrated": "#dfe4ea", "plain": "#3d6fa5",
    "h0": "#eef1f5", "h1": "#d3e1f0", "h2": "#aac8e4", "h3": "#7dabd5", "h4": "#4f8dc2",
    "h5": "#2c6ea6", "h6": "#124f82",
}  # fmt: skip
"""The colours on paper: red, grey and blue of different lightness, which every kind of colour sight tells apart."""


@dataclass(frozen=True, slots=True)
class Series:
    """A run of values, one a step, with the name and class of its marks."""

    name: str
    mark: str
    values: Sequence[float]


def stacked(title: str, about: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Columns over time, the series stacked; the first series lies at the bottom."""
    totals = [sum(values) for values in zip(*(each.values for each in series), strict=True)]
    top = nice_ceiling(max(totals, default=0))
    parts = [*_grid(top), *_dates(labels)]
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    for index, label in enumerate(labels):
        parts += _column(index, label, step, top, series)
    return _svg(title, about, WIDTH, HEIGHT, parts)


def bars(title: str, about: str, rows: Sequence[tuple[str, Sequence[tuple[str, str, float]], str]]) -> str:
    """Bars with a name and the value as text; a bar is parts of (name, class, value)."""
    top = max((sum(part[2] for part in parts) for _, parts, _ in rows), default=0) or 1
    room = BARS - LABEL - 60
    drawn: list[str] = []
    for index, (name, parts, value) in enumerate(rows):
        y, x = index * ROW + 4, float(LABEL)
        drawn.append(_text(LABEL - 8, y + 13, _short(name), "end", "name"))
        for part, mark, n in parts:
            width = n / top * room
            if n:
                drawn.append(_rect(x, y, max(width - 1, 1), ROW - 8, mark, f"{name} · {part}: {n:g}"))
            x += width
        drawn.append(_text(x + 6, y + 13, value, "start", "value"))
    return _svg(title, about, BARS, max(len(rows), 1) * ROW + 4, drawn)


def heat(title: str, about: str, rows: Sequence[tuple[str, Sequence[float]]]) -> str:
    """A week by hours: the busier the hour, the stronger its square."""
    top = max((max(values, default=0) for _, values in rows), default=0) or 1
    side = (WIDTH - LEFT - RIGHT) / 24
    parts = [_text(LEFT + side * (hour + 0.5), 12, f"{hour:02}", "middle", "tick") for hour in range(24)]
    for day, (name, values) in enumerate(rows):
        y = 20 + day * 26
        parts.append(_text(LEFT - 8, y + 16, name, "end", "tick"))
        for hour, n in enumerate(values):
            about_it = f"{name} {hour:02}:00: {n:g}"
            parts.append(_rect(LEFT + side * hour, y, side - 2, 24, f"h{_strength(n, top)}", about_it))
    return _svg(title, about, WIDTH, 20 + 26 * max(len(rows), 1), parts)


def nice_ceiling(value: float) -> float:
    """The smallest 1, 2, 4, 5, 8 or 10 times a power of ten that is not below `value`, and at least 4."""
    if value <= 4:
        return 4
    power = 10.0 ** int(log10(value))
    return next(factor * power for factor in (1, 2, 4, 5, 8, 10) if factor * power >= value)


def _strength(n: float, top: float) -> int:
    """0 for nothing, else 1 to 6."""
    return ceil(6 * n / top) if n else 0


def _column(index: int, label: str, step: float, top: float, series: Sequence[Series]) -> Iterator[str]:
    room, y = HEIGHT - TOP - BOTTOM, float(HEIGHT - BOTTOM)
    gap = 2 if step > 6 else 0.4
    for each in series:
        n = each.values[index]
        if n:
            height = n / top * room
            y -= height
            yield _rect(
                LEFT + index * step + gap / 2, y, step - gap, height, each.mark, f"{label} · {each.name}: {n:g}"
            )


def _grid(top: float) -> Iterator[str]:
    room = HEIGHT - TOP - BOTTOM
    for quarter in range(5):
        y = HEIGHT - BOTTOM - room * quarter / 4
        yield f'<line class="grid" stroke="#d9dfe6" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(LEFT - 6, y + 4, f"{top * quarter / 4:g}", "end", "tick")


def _dates(labels: Sequence[str]) -> Iterator[str]:
    """As many labels as there is room for; a label that repeats the day leaves it out."""
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    every = max(1, ceil(len(labels) / 10))
    for index in range(0, len(labels), every):
        label = labels[index]
        short = label[11:16] if len(label) > 10 and not label[11:16].startswith("00") else label[5:10] or label
        yield _text(LEFT + step * (index + 0.5), HEIGHT - 8, short, "middle", "tick")


def _short(text: str) -> str:
    while cells(text) > LETTERS:
        text = text[:-2] + "…"
    return text


def _rect(x: float, y: float, width: float, height: float, mark: str, about: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{mark}" fill="{FILLS[mark]}" {place}><title>{escape(about)}</title></rect>'


def _text(x: float, y: float, text: str, anchor: str, mark: str) -> str:
    place = f'font-size="{11 if mark == "tick" else 12}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{mark}" {place}>{escape(text)}</text>'


def _svg(title: str, about: str, width: float, height: float, parts: Sequence[str]) -> str:
    head = f"<title>{escape(title)}</title><desc>{escape(about)}</desc>"
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img">{head}{"".join(parts)}</svg>'
