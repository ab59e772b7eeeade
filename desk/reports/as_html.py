"""HTML: one self-contained page with figures, charts and their explanation; opens offline, prints, runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import BinaryIO

from desk.reports import Cell, Headline, Report, Summary, Table, charts
from desk.reports.words import Words, facts
from desk.shown import clean_line

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Nothing is loaded, sent or run; only the page's own style counts."""

STACK = ("negative", "neutral", "positive", "unrated")
HALF = 5
"""Columns that fit on half of the page."""
MOST_BARS = 20
"""Bars drawn; the table beside them is whole."""


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's figures."""
    words, summary = Words(report.lang), report.summary()
    out.write("".join(_page(report, summary, words)).encode("utf-8", "replace"))


def safe(text: str) -> str:
    """Words from outside, on one line, controls visible, markup off."""
    return escape(clean_line(text))


def _page(report: Report, summary: Summary, words: Words) -> Iterable[str]:
    title = safe(report.title)
    yield f'<!doctype html>\n<html lang="{report.lang}">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<dl>\n"
    yield from (f"<div><dt>{name}</dt><dd>{safe(value)}</dd></div>\n" for name, value in facts(report, summary, words))
    yield "</dl>\n</header>\n<main>\n"
    if not summary.mentions:
        yield f'<p class="empty">{words("empty")}</p>\n'
    yield f'<section aria-label="{words("totals")}">\n<ul class="cards">\n'
    yield from (_card(headline, words) for headline in summary.headlines)
    yield "</ul>\n</section>\n"
    yield from (_section(table, words) for table in summary.tables if table.lines)
    yield _explanation(summary, words)
    yield "</main>\n</body>\n</html>\n"


def _style() -> str:
    return files("desk.reports").joinpath("page.css").read_text(encoding="utf-8")


def _card(headline: Headline, words: Words) -> str:
    cell = headline.cell
    small = f' <span class="small">{words("small")}</span>' if cell.small else ""
    value = words.cell(Cell(cell.value), headline.unit)
    remark = f'<span class="remark">{escape(headline.remark)}</span>' if headline.remark else ""
    changed = words.change(headline)
    change = f'<span class="change">{escape(changed)}</span>' if changed else ""
    kpi = f'<span class="kpi">{words.kpi(headline.kpi)}</span>'
    return f"<li>{kpi}<strong>{value}</strong>{small}{change}{remark}</li>\n"


def _section(table: Table, words: Words) -> str:
    """A wide chart has its table folded under it, bars have it beside them, and the rest is a table alone."""
    chart, grid = _chart(table, words), _grid(table, words)
    figure = f"<figure>\n{_legend(table, words)}{chart}\n</figure>\n" if chart else ""
    layout, body = "wide" if len(table.columns) > HALF else "half", grid
    if table.chart == "bars":
        layout, body = "beside", f'<div class="pair">\n{figure}{grid}</div>\n'
    elif chart:
        layout = "wide"
        body = f"{figure}<details>\n<summary>{words('as_table')}</summary>\n{grid}</details>\n"
    said = words.note(table)
    note = f'<p class="note">{escape(said)}</p>\n' if said else ""
    return f'<section class="{layout}">\n<h2>{words(table.key)}</h2>\n{body}{note}</section>\n'


def _chart(table: Table, words: Words) -> str:
    title = words(table.key)
    about = f"{title}: {len(table.lines)}"
    if table.chart == "stack":
        return charts.stacked(title, about, [line.label for line in table.lines], _series(table, words))
    if table.chart == "heat":
        rows = [(line.label, [cell.value or 0 for cell in line.cells]) for line in table.lines]
        return charts.heat(title, about, rows)
    if table.chart == "bars":
        return charts.bars(title, about, [_bar(table, index, words) for index in range(len(table.lines[:MOST_BARS]))])
    return ""


def _series(table: Table, words: Words) -> list[charts.Series]:
    keys = [column.key for column in table.columns]
    return [
        charts.Series(words(name), name, [line.cells[keys.index(name)].value or 0 for line in table.lines])
        for name in STACK
    ]


def _bar(table: Table, index: int, words: Words) -> tuple[str, list[tuple[str, str, float]], str]:
    """A bar in the parts of its sentiment, where the table has them, else whole."""
    line, keys = table.lines[index], [column.key for column in table.columns]
    values = dict(zip(keys, (cell.value or 0 for cell in line.cells), strict=True))
    parts = [(words(name), name, values[name]) for name in STACK if name in values]
    whole = [(words(keys[0]), "plain", values[keys[0]])]
    return clean_line(line.label), parts or whole, words.cell(line.cells[0], table.columns[0].unit)


def _legend(table: Table, words: Words) -> str:
    if table.chart == "heat" or "negative" not in [column.key for column in table.columns]:
        return ""
    items = "".join(f'<li><i class="{name}"></i>{words(name)}</li>' for name in STACK)
    return f'<ul class="legend">{items}</ul>\n'


def _grid(table: Table, words: Words) -> str:
    heads = "".join(f'<th scope="col">{escape(words(column.key))}</th>' for column in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{safe(line.label)}</th>{_cells(table, line.cells, words)}</tr>\n' for line in table.lines
    )
    caption = f"<caption>{words(table.key)}</caption>"
    head = f"<thead><tr><td></td>{heads}</tr></thead>"
    return f'<div class="scroll"><table>{caption}\n{head}\n<tbody>\n{rows}</tbody></table></div>\n'


def _cells(table: Table, cells: Sequence[Cell], words: Words) -> str:
    pairs = zip(table.columns, cells, strict=True)
    return "".join(f"<td>{words.cell(cell, column.unit)}</td>" for column, cell in pairs)


def _explanation(summary: Summary, words: Words) -> str:
    rows = "".join(f"<dt>{words.kpi(kpi)}</dt><dd>{escape(words.formula(kpi))}</dd>\n" for kpi in summary.kpis())
    return f'<section class="explanation">\n<h2>{words("explanation")}</h2>\n<dl>\n{rows}</dl>\n</section>\n'
