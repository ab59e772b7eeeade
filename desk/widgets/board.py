"""The dashboard as lines: panels of figures side by side, each figure a spot that the cursor can stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from desk.locale import N_, _, number
from desk.overview import WATCHED, Overview, Waiting, named
from desk.reports import Cell, Table, Unit
from desk.reports import Line as Row
from desk.reports.words import Words
from desk.shown import clean_line
from desk.views import counted
from desk.widgets.lines import Line, fit, width_of
from desk.widgets.plots import bar, columns, folded, spark
from desk.widgets.signs import SENTIMENT_SIGN, SENTIMENT_WORD
from storage.types import Sentiment

PANEL_CELLS = 56
"""A panel is at least so wide where several stand side by side."""
CHART_ROWS = 6
NAMES = 8
"""Sources, brands or agents that a panel names."""
AXIS = 6
"""Cells left of a chart for its numbers."""

HEADLINES = {
    "mentions": "", "authors": "has:author", "net_sentiment": "NOT sentiment:unrated", "cases": "",
    "open_cases": "is:open", "answered": "has:reply", "reopen_rate": "",
    "first_time_right": "has:reply is:resolved", "ingestion_delay": "",
}  # fmt: skip
"""The figures of the first panel, each with what a search must add to find what it is counted from."""
MOODS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE, Sentiment.UNRATED)
QUEUE_WORDS = {"open": N_("waiting"), "unassigned": N_("nobody has it")}
PROMISE_WORDS = {"missed": N_("missed"), "at risk": N_("at risk"), "in time": N_("in time")}
PROMISE_ROLES = {"missed": "error", "at risk": "warn", "in time": "good"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A figure: the search behind it, and what the status line says of it."""

    query: str
    said: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A few figures that belong together. `across`: its spots lie side by side, not one below the other."""

    title: str
    spots: Sequence[Spot]
    draw: Callable[[int, int | None], list[Line]]
    """Its lines for a width, with the number of the spot under the cursor."""
    across: bool = False


def panels(found: Overview, words: Words) -> list[Panel]:
    """The dashboard of an overview; a panel about nothing is left out."""
    tables = {table.key: table for table in found.summary.tables}
    made = [
        _volume(found, tables["time"], words),
        _headlines(found, words),
        _moods(found, tables["time"], words),
        _waiting(_("The queue now"), found.queue, _queue_name),
        _waiting(_("Promises now"), found.promises, _promise_name, "" if found.whole else _part_of_all()),
        _by(found, tables["sources"], "source", words),
        _by(found, tables["brand"], "brand", words),
        _times(found, tables["service"], "", words),
        _times(found, tables["delay"], "source", words),
    ]
    return [panel for panel in made if panel.spots]


def arranged(made: Sequence[Panel], place: tuple[int, int], width: int) -> list[Line]:
    """The panels in as many columns as there is room for; the first goes right across."""
    first, *others = made
    blocks = [_block(panel, width_of_column(width), place[1] if place[0] == number else None)
              for number, panel in enumerate(others, 1)]  # fmt: skip
    lines = _block(first, width, place[1] if place[0] == 0 else None)
    return [*lines, *_beside(blocks, width)]


def width_of_column(width: int) -> int:
    """Cells of a panel where several stand side by side."""
    return width // max(1, width // PANEL_CELLS) - 2 * (width >= 2 * PANEL_CELLS)


def _block(panel: Panel, width: int, chosen: int | None) -> list[Line]:
    return [[(fit(panel.title, width), "strong" if chosen is None else "accent")], *panel.draw(width, chosen), []]


def _beside(blocks: Sequence[list[Line]], width: int) -> list[Line]:
    """Each block in the shortest column so far."""
    count = max(1, width // PANEL_CELLS)
    piles: list[list[Line]] = [[] for _column in range(count)]
    for block in blocks:
        min(piles, key=len).extend(block)
    cells = width_of_column(width)
    return [
        [span for pile in piles for span in (*_filled(pile[row] if row < len(pile) else [], cells), ("  ", "dim"))]
        for row in range(max((len(pile) for pile in piles), default=0))
    ]


def _filled(line: Line, cells: int) -> Line:
    return [*line, (" " * max(0, cells - width_of(line)), "normal")]


def _spot(chosen: bool, line: Line) -> Line:
    return [("▌" if chosen else " ", "accent"), *line]


# -- the panels ---------------------------------------------------------------------------------------------------


def _headlines(found: Overview, words: Words) -> Panel:
    shown = [each for each in found.summary.headlines if each.kpi in HEADLINES]
    spots = [
        Spot(found.within(HEADLINES[each.kpi]), f"{words.kpi(each.kpi)}: {words.formula(each.kpi)}") for each in shown
    ]

    def draw(width: int, chosen: int | None) -> list[Line]:
        name = min(26, width // 2)
        return [
            _spot(
                chosen == place,
                [
                    (fit(words.kpi(each.kpi), name) + " ", "normal"),
                    (fit(words.cell(each.cell, each.unit), 10, right=True), "strong"),
                    ("  " + _shortened(each.remark, width - name - 14), "dim"),
                ],
            )
            for place, each in enumerate(shown)
        ] + _note(words.small_note(each.cell for each in shown), width)

    return Panel(_("In short"), spots, draw)


def _shortened(remark: str, cells: int) -> str:
    """As many whole parts of a remark as fit."""
    while len(remark) > cells and "; " in remark:
        remark = remark.rpartition("; ")[0]
    return remark if len(remark) <= cells else ""


def _moods(found: Overview, table: Table, words: Words) -> Panel:
    """How many mentions of each sentiment the whole period has."""
    keys = [column.key for column in table.columns]
    moods = [(each, sum(line.cells[keys.index(each.value)].value or 0 for line in table.lines)) for each in MOODS]
    whole = sum(many for _mood, many in moods)
    spots = [Spot(found.within(f"sentiment:{mood}"), _(SENTIMENT_WORD[mood])) for mood, _many in moods]

    def draw(width: int, chosen: int | None) -> list[Line]:
        rows = []
        for mood, many in moods:
            sign, role = SENTIMENT_SIGN[mood]
            share = fit(words.cell(Cell(many / whole if whole else None), Unit.PERCENT), 8, right=True)
            rows.append(_bar_row(f"{sign} {_(SENTIMENT_WORD[mood])}", role, many, whole, width - 1, share))
        return [_spot(chosen == place, row) for place, row in enumerate(rows)]

    return Panel(_("Sentiment"), spots, draw)


def _volume(found: Overview, table: Table, words: Words) -> Panel:
    keys = [column.key for column in table.columns]
    values = [
        [line.cells[keys.index(key)].value or 0 for line in table.lines] for key in ("mentions", "negative", "positive")
    ]
    spots = [Spot(query, _of_step(line, keys, words)) for line, query in zip(table.lines, found.steps, strict=True)]

    def draw(width: int, chosen: int | None) -> list[Line]:
        return _chart([line.label for line in table.lines], values, width, chosen)

    return Panel(words("time"), spots, draw, across=True)


def _of_step(line: Row, keys: Sequence[str], words: Words) -> str:
    numbers = ((key, words.cell(line.cells[keys.index(key)], Unit.COUNT)) for key in keys)
    named_ = {key: (words.kpi(key) if key == "mentions" else words(key)).lower() for key in keys}
    return f"{line.label}: " + ", ".join(f"{number} {named_[key]}" for key, number in numbers)


def _chart(labels: Sequence[str], values: Sequence[Sequence[float]], width: int, chosen: int | None) -> list[Line]:
    """Columns of all, and below them a line each of the negative and the positive, by one measure of their own."""
    room = width - AXIS - 1
    times, every = folded(values[0], room)
    moods = [folded(each, room)[1] for each in values[1:]]
    thick = max(1, min(6, room // max(1, len(every))))
    broad, gap = (thick - 1, " ") if thick > 2 else (thick, "")
    here = None if chosen is None else chosen // times
    lines: list[Line] = []
    for row, pieces in enumerate(columns(every, CHART_ROWS, broad)):
        mark = number(max(every)) if row == 0 else "0" if row == CHART_ROWS - 1 else ""
        pile = [(piece + gap, "accent" if place == here else "own") for place, piece in enumerate(pieces)]
        lines.append([_scale(mark), *pile])
    most = max([1, *(value for mood in moods for value in mood)])
    for sign, role, mood in (("−", "negative", moods[0]), ("+", "positive", moods[1])):
        lines.append([_scale(sign), ("".join(cell * broad + gap for cell in spark(mood, most)), role)])
    pointed = "" if here is None else " " * (AXIS + here * thick + (broad - 1) // 2) + "▲"
    return [*lines, [(fit(pointed, width), "accent")], [(_ends(labels, thick * len(every) - len(gap)), "dim")]]


def _scale(mark: str) -> tuple[str, str]:
    return (fit(mark, AXIS - 1, right=True) + "│", "dim")


def _ends(labels: Sequence[str], cells: int) -> str:
    """The first label and, where there is room, the last one under the last column."""
    gap = cells - len(labels[0]) - len(labels[-1])
    return " " * AXIS + (labels[0] + " " * gap + labels[-1] if gap > 0 else labels[0])


def _waiting(
    title: str, found: Sequence[Waiting], name_of: Callable[[Waiting], tuple[str, str]], note: str = ""
) -> Panel:
    spots = [Spot(each.query, name_of(each)[0]) for each in found]
    most = max((each.cases for each in found), default=0)

    def draw(width: int, chosen: int | None) -> list[Line]:
        return [
            _spot(chosen == place, _bar_row(*name_of(each), each.cases, most, width - 1, shown=counted(each.cases)))
            for place, each in enumerate(found)
        ] + _note(note, width)

    return Panel(title, spots, draw)


def _part_of_all() -> str:
    return _("Of the first {n} open cases of the inbox.", n=number(WATCHED))


def _queue_name(each: Waiting) -> tuple[str, str]:
    if each.name in QUEUE_WORDS:
        return _(QUEUE_WORDS[each.name]), "own"
    unit = each.name[-1]
    return _("longer than {age}", age=each.name[:-1] + _(unit)), "own"


def _promise_name(each: Waiting) -> tuple[str, str]:
    return _(PROMISE_WORDS[each.name]), PROMISE_ROLES[each.name]


def _bar_row(label: str, role: str, value: float, most: float, width: int, tail: str = "", shown: str = "") -> Line:
    """`shown`: the value in other words."""
    name, cells = min(20, width // 3), 8
    room = max(4, width - name - cells - len(tail) - 2)
    return [
        (fit(label, name) + " ", "normal"),
        (bar(value, most, room), role),
        (fit(shown or number(value), cells, right=True), "strong"),
        (" " + tail, "dim"),
    ]


def _by(found: Overview, table: Table, field: str, words: Words) -> Panel:
    """Mentions by source or brand, with their balance."""
    shown = table.lines[:NAMES]
    keys = [column.key for column in table.columns]
    spots = [
        Spot(found.within(named(field, line.key)) if named(field, line.key) else "", _name(line)) for line in shown
    ]
    most = max((line.cells[0].value or 0 for line in shown), default=0)

    def draw(width: int, chosen: int | None) -> list[Line]:
        rows = [
            _bar_row(_name(line), "own", line.cells[0].value or 0, most, width - 1, _tail(line, keys, words))
            for line in shown
        ]
        note = words.small_note(cell for line in shown for cell in _share_and_net(line, keys))
        heads = (("mentions", 8), ("share", 9), ("net", 8))
        head = "".join(fit(words(each), cells, right=True) for each, cells in heads)
        lines = [_spot(chosen == place, row) for place, row in enumerate(rows)]
        return [[(fit(head, width, right=True), "dim")], *lines, *_more(table, width), *_note(note, width)]

    return Panel(words(table.key), spots, draw)


def _share_and_net(line: Row, keys: Sequence[str]) -> tuple[Cell, Cell]:
    return line.cells[keys.index("share")], line.cells[keys.index("net")]


def _tail(line: Row, keys: Sequence[str], words: Words) -> str:
    share, net = _share_and_net(line, keys)
    return fit(words.cell(share, Unit.PERCENT), 8, right=True) + fit(words.cell(net, Unit.BALANCE), 8, right=True)


def _times(found: Overview, table: Table, field: str, words: Words) -> Panel:
    """Medians and 90th percentiles, by what or, when `field` is "", of everything."""
    shown = [line for line in table.lines if line.cells[0].value][:NAMES]
    spots = [Spot(found.within(named(field, line.key) if field else ""), _name(line)) for line in shown]

    def draw(width: int, chosen: int | None) -> list[Line]:
        name = min(24, width // 3)
        head: Line = [
            (" " * (name + 2), "dim"),
            *((fit(words(key), 13, right=True), "dim") for key in ("median", "p90")),
        ]
        head.append((fit(words("n"), 8, right=True), "dim"))
        rows = [
            [
                (fit(_name(line), name) + " ", "normal"),
                *_durations(line.cells[1:3], words),
                (_count(line.cells[0]), "dim"),
            ]
            for line in shown
        ]
        note = words.small_note(cell for line in shown for cell in line.cells[1:3])
        lines = [head, *(_spot(chosen == place, row) for place, row in enumerate(rows))]
        return [*lines, *_more(table, width), *_note(note, width)]

    return Panel(words(table.key), spots, draw)


def _durations(cells: Iterable[Cell], words: Words) -> Line:
    return [(fit(words.cell(cell, Unit.SECONDS), 13, right=True), "strong") for cell in cells]


def _count(cell: Cell) -> str:
    return fit(number(cell.value or 0), 8, right=True)


def _name(line: Row) -> str:
    return clean_line(line.label, 60)


def _note(text: str, width: int) -> list[Line]:
    """What is to be known of the figures above it."""
    return [[(fit(" " + text, width), "dim")]] if text else []


def _more(table: Table, width: int) -> list[Line]:
    left = len(table.lines) - NAMES
    return [[(fit(" " + _("and {n} more", n=left), width), "dim")]] if left > 0 else []
