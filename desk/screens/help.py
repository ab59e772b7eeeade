"""Every key of the desk, made from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence

from desk.locale import N_, _
from desk.screens import asides
from desk.screens.aside import Aside
from desk.screens.keys import Group, display
from desk.widgets.lines import Line, fit, width_of, wrap
from desk.widgets.signs import PRIORITY_SIGN, PRIORITY_WORD, SENTIMENT_SIGN, SENTIMENT_WORD, STATUS_SIGN, STATUS_WORD

KEY_CELLS = 12
COLUMN_CELLS = 46


class HelpScreen(Aside):
    """Keys by what they are for, and what the signs mean."""

    heading = N_("Help")

    def __init__(self, groups: Sequence[Group]) -> None:
        super().__init__()
        self._groups = (*groups, *asides.GROUPS)

    def on_mount(self) -> None:
        """Shows the keys, in as many columns as there is room for."""
        self.body.show(lambda width: in_columns([*self._blocks(), signs()], width))

    def _blocks(self) -> list[list[Line]]:
        return [
            [
                [(_(title), "strong")],
                *([(fit(display(each), KEY_CELLS), "key"), (_(each.description), "normal")] for each in bindings),
                [],
            ]
            for title, bindings in self._groups
        ]


def signs() -> list[Line]:
    """What the signs in the list mean."""
    lines: list[Line] = [[(_("Signs"), "strong")]]
    for priority, (sign, role) in PRIORITY_SIGN.items():
        lines.append([(fit(sign, KEY_CELLS), role), (_(PRIORITY_WORD[priority]), "normal")])
    for sentiment, (sign, role) in SENTIMENT_SIGN.items():
        lines.append([(fit(sign, KEY_CELLS), role), (_(SENTIMENT_WORD[sentiment]), "normal")])
    for status, sign in STATUS_SIGN.items():
        if sign.strip():
            lines.append([(fit(sign, KEY_CELLS), "accent"), (_(STATUS_WORD[status]), "normal")])
    return [*lines, []]


def in_columns(blocks: Sequence[list[Line]], width: int) -> list[Line]:
    """The blocks side by side, each in the shortest column so far; what is told of a key is broken to fit."""
    columns: list[list[Line]] = [[] for _column in range(max(1, min(len(blocks), width // COLUMN_CELLS)))]
    cells = width // len(columns)
    for block in blocks:
        min(columns, key=len).extend(row for line in block for row in _broken(line, cells - 2))
    height = max(len(column) for column in columns)
    return [
        [span for column in columns for span in _filled(column[row] if row < len(column) else [], cells)]
        for row in range(height)
    ]


def _broken(line: Line, cells: int) -> list[Line]:
    if len(line) < 2:
        return [line]
    key, (text, role) = line
    first, *more = wrap(text, cells - KEY_CELLS)
    return [[key, (first, role)], *([(" " * KEY_CELLS, role), (each, role)] for each in more)]


def _filled(line: Line, cells: int) -> Line:
    return [*line, (" " * (cells - width_of(line)), "normal")]
