"""Lines of words with roles: how every pane is built, without markup, and shown, with the theme's colours.

A pane is a plain function from nouns and a width to lines, so that what it says is tested without a screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from desk.shown import is_narrow
from desk.widgets.theme import looks

Span = tuple[str, str]
"""Cleaned text and its role: a key of `theme.INKS`."""
Line = list[Span]
Build = Callable[[int], list[Line]]
"""Makes a pane's lines for a width in cells."""

_WORDS = re.compile(r"\s*\S+|\s+$")

PAINTED = 500
"""Rows that a pane remembers as they were painted, so that scrolling there and back paints nothing anew."""


def width_in(text: str) -> int:
    """Cells that cleaned text takes."""
    return len(text) if is_narrow(text) else cell_len(text)


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """`text` in exactly `cells` cells: filled up with spaces, or cut with "…"."""
    width = width_in(text)
    if width > cells:
        if cells <= 0:
            return ""
        return (text[: cells - 1] if is_narrow(text) else set_cell_size(text, cells - 1)) + "…"
    blank = " " * (cells - width)
    return blank + text if right else text + blank


def width_of(line: Iterable[Span]) -> int:
    """Cells that a line takes."""
    return sum(width_in(text) for text, _ in line)


def cut(line: Line, cells: int) -> Line:
    """The line in at most `cells` cells: "…" stands for what is left out."""
    kept, room = list[Span](), cells
    if width_of(line) <= cells:
        return line
    for text, role in line:
        width = width_in(text)
        if width >= room:
            return [*kept, (fit(text + " ", room), role)]
        kept.append((text, role))
        room -= width
    return kept


def whole(groups: Sequence[Line], room: int, keep: int = 0) -> Line:
    """As many neighbouring groups as fit in `room` cells, none of them cut; the one at `keep` is among them."""
    return [span for group in groups[_fitting(groups, room, keep)] for span in group]


def window(groups: Sequence[Line], room: int, keep: int) -> Line:
    """As `whole`, with a sign at an end where groups are left out."""
    if sum(width_of(each) for each in groups) <= room:
        return whole(groups, room)
    shown = _fitting(groups, room - 4, keep)
    before: Span = ("‹ " if shown.start else "  ", "accent")
    after: Span = (" ›" if shown.stop < len(groups) else "", "accent")
    return [before, *(span for group in groups[shown] for span in group), after]


def _fitting(groups: Sequence[Line], room: int, keep: int) -> slice:
    first, last = 0, len(groups)
    while last - first > 1 and sum(width_of(each) for each in groups[first:last]) > room:
        if last - 1 > keep:
            last -= 1
        else:
            first += 1
    return slice(first, last)


def packed(groups: Iterable[Line], room: int) -> list[Line]:
    """The groups over as many lines of `room` cells as they need; none is broken, but one that is too long is cut."""
    lines: list[Line] = [[]]
    used = 0
    for group in groups:
        width = width_of(group)
        if used and used + width > room:
            lines.append([])
            used = 0
        lines[-1] += group
        used += width
    return lines


def wrap(text: str, cells: int) -> list[str]:
    """The lines of `text`, broken at spaces, and within a word only where it is longer than a line."""
    cells = max(4, cells)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        rest = paragraph.rstrip()
        while True:
            end = _reach(rest, cells)
            if end >= len(rest):
                lines.append(rest)
                break
            space = rest.rfind(" ", 1, end + 1)
            cut = space if space > 0 and rest[:space].strip() else end
            lines.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip(" ")
    return lines


def _reach(text: str, cells: int) -> int:
    """How many characters fit; at least one."""
    if len(text) <= cells // 2:
        return len(text)
    piece = text[: cells + 1]
    if is_narrow(piece):
        return min(len(piece), cells)
    used = 0
    for place, sign in enumerate(text):
        used += cell_len(sign)
        if used > cells:
            return max(1, place)
    return len(text)


def lit(text: str, role: str, words: Callable[[str], Iterable[tuple[int, int, str]]]) -> Line:
    """`text` in one role, with the places that `words` finds (start, end, role) in theirs."""
    line: Line = []
    last = 0
    for start, end, other in words(text):
        if start < last:
            continue
        line += [(text[last:start], role), (text[start:end], other)]
        last = end
    return [span for span in [*line, (text[last:], role)] if span[0]]


def rule(cells: int) -> Line:
    """A line across."""
    return [("─" * cells, "rule")]


def paint(widget: Widget, line: Line, cells: int, *, cursor: bool = False) -> Strip:
    """The line in the theme's colours, exactly `cells` wide."""
    style = looks(widget.app.theme, widget.styles.background.hex6)
    over = style["cursor"] if cursor else Style.null()
    segments = [Segment(text, style[role] + over) for text, role in line]
    width = width_of(line)
    if width < cells:
        segments.append(Segment(" " * (cells - width), style["normal"] + over))
    return Strip(segments, max(width, cells)).crop(0, cells)


class Lined(ScrollView, can_focus=False, inherit_bindings=False):
    """A widget that paints its own lines. That it grows or shrinks changes nothing of the layout around it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._painted: dict[int, tuple[object, Strip]] = {}
        self._look: tuple[object, ...] = ()

    def line(self, row: int) -> Line:
        """What stands in a row."""
        raise NotImplementedError

    def state(self, row: int) -> object:
        """What a row's line is made of; as long as it is the same, the row is not painted anew."""
        return self.line(row)

    def is_at(self, row: int) -> bool:
        """Whether the cursor is there."""
        return False

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's. Its own puts each line through styles that these have not, and forgets all lines in scrolling."""
        styles = self.styles
        look = self.app.theme, styles.background, styles.border_left, self.size.width
        if look != self._look or len(self._painted) > PAINTED:
            self._look = look
            self._painted.clear()
        top, margins = round(self.scroll_y) + crop.y, styles.gutter
        edge: Line = [(("▏" if styles.border_left[0] else "").ljust(margins.left), "rule")] if margins.left else []
        cells = margins.width + self.size.width
        strips = [self._strip(row, edge, cells) for row in range(top, top + crop.height)]
        return strips if crop.x == 0 else [strip.crop(crop.x, crop.right) for strip in strips]

    def _strip(self, row: int, edge: Line, cells: int) -> Strip:
        state = self.is_at(row), self.state(row)
        known = self._painted.get(row)
        if known is None or known[0] != state:
            strip = paint(self, [*edge, *cut(self.line(row), self.size.width)], cells, cursor=self.is_at(row))
            for each in self.get_line_filters():
                strip = strip.apply_filter(each, self.styles.background)
            known = self._painted[row] = state, strip
        return known[1]

    @property
    def room(self) -> int:
        """Cells for words: the last column is kept free for the scroll bar."""
        return self.size.width - 1

    def set_height(self, lines: int) -> None:
        """Says how many lines there are; Textual's own way of saying it lays the whole screen out anew."""
        size = Size(self.size.width, lines)
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)


class LinesView(Lined):
    """A pane of lines that scrolls."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.lines: list[Line] = []
        self._build: Build | None = None
        self._built_for = -1

    def show(self, build: Build, *, home: bool = True) -> None:
        """Shows what `build` makes, now and after each change of width; from the top when `home`."""
        self._build, self._built_for = build, -1
        self._rebuild()
        if home:
            self.scroll_to(0, 0, animate=False)

    def on_resize(self) -> None:
        """Breaks the lines anew."""
        self._rebuild()

    def _rebuild(self) -> None:
        width = self.room
        if self._build is None or width <= 0 or width == self._built_for:
            return
        self._built_for = width
        before, self.lines = self.lines, self._build(width)
        self.set_height(len(self.lines))
        top = round(self.scroll_y)
        for line in range(top, top + self.size.height):
            if before[line : line + 1] != self.lines[line : line + 1]:
                self.refresh_line(line)

    def line(self, row: int) -> Line:
        """What was built."""
        return self.lines[row] if row < len(self.lines) else []


class Bar(Widget):
    """One line: what is on the left gives way to what is on the right."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.left: Line = []
        self.right: Line = []

    def put(self, left: Line, right: Line | None = None) -> None:
        """Shows these; nothing is painted when nothing changed."""
        right = right or []
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    @property
    def text(self) -> str:
        """All that it says."""
        return "".join(text for text, _ in [*self.left, *self.right])

    def render_line(self, y: int) -> Strip:
        """Textual's line API."""
        return paint(self, [], self.size.width) if y else self._ended(self.left)

    def _ended(self, line: Line) -> Strip:
        width, right = self.size.width, width_of(self.right) + 2 * bool(self.right)
        if right >= width:
            return paint(self, self.right, width)
        left = paint(self, cut(line, width - right), width - right)
        return Strip([*left, *paint(self, [("  ", "dim"), *self.right], right)]) if right else left


class Foot(Bar):
    """A bar that grows: what does not fit goes on in the line below, and what is on the right stays in the lowest."""

    MOST = 4
    """Lines that it may take."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._groups: Sequence[Line] = ()
        self._lines: list[Line] = [[]]

    def put(self, left: Line, right: Line | None = None) -> None:
        """Shows words, broken between them where they have to be."""
        self.put_groups([[(word, role)] for text, role in left for word in _WORDS.findall(text)], right)

    def put_groups(self, groups: Sequence[Line], right: Line | None = None) -> None:
        """Shows groups, none of them broken."""
        if (groups, right or []) != (self._groups, self.right):
            self._groups, self.left, self.right = groups, [span for group in groups for span in group], right or []
            self._lay()

    def on_resize(self) -> None:
        """Breaks the lines anew."""
        self._lay()

    def _lay(self) -> None:
        room = self.app.size.width - width_of(self.right) - 2 * bool(self.right)
        lines = packed(self._groups, max(1, room))
        self._lines = [*lines[: self.MOST - 1], [span for line in lines[self.MOST - 1 :] for span in line]]
        self._lines = self._lines[: max(1, len(lines))]
        if self.styles.height is None or self.styles.height.value != len(self._lines):
            self.styles.height = len(self._lines)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual's line API."""
        if y < len(self._lines) - 1:
            return paint(self, cut(self._lines[y], self.size.width), self.size.width)
        return self._ended(self._lines[-1])
