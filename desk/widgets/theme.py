"""The desk's two themes, and how each role of a span looks in them.

Roles are no Textual component classes: those are matched against the whole stylesheet for each widget at each change of
a class, which took most of the time to the first paint.
"""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.theme import Theme

DARK = Theme(
    name="webcare-dark", primary="#8ab4f8", secondary="#7fd1c7", accent="#f2c46d", warning="#f5b46a", error="#ff9b93",
    success="#9bd99b", foreground="#e7eaf0", background="#12151b", surface="#191d25", panel="#222833", dark=True,
    variables={"muted": "#a3adbd", "edge": "#323a48", "cursor": "#2b3342"},
)  # fmt: skip
LIGHT = Theme(
    name="webcare-light", primary="#1a4f9c", secondary="#0b5a55", accent="#6b3b00", warning="#6f2f00", error="#9c1c16",
    success="#175c24", foreground="#1b1f26", background="#fbfaf7", surface="#f1efe9", panel="#e4e1d8", dark=False,
    variables={"muted": "#424958", "edge": "#c9c4b6", "cursor": "#e0dccf"},
)  # fmt: skip
"""Every text on every ground of these has a contrast of 7 to 1, on the panel 4.5; a test computes it."""

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

INKS = {
    "normal": "foreground",
    "strong": "foreground",
    "dim": "muted",
    "accent": "accent",
    "key": "accent",
    "negative": "error",
    "urgent": "error",
    "error": "error",
    "positive": "success",
    "good": "success",
    "high": "warning",
    "warn": "warning",
    "note": "warning",
    "hit": "warning",
    "found": "accent",
    "post": "muted",
    "own": "secondary",
    "rule": "edge",
    "tab": "background",
}
"""Role -> the theme's colour of its letters."""
BOLD = frozenset({"strong", "key", "negative", "urgent", "error", "high", "warn", "tab", "found"})
"""Roles that stand out without colour as well."""
UNDERLINED = frozenset({"hit", "found"})


@lru_cache(maxsize=64)
def looks(theme: str, ground: str) -> dict[str, Style]:
    """The style of every role on a ground ("#rrggbb"); "cursor" is what the row under the cursor has over it."""
    chosen = THEMES.get(theme, DARK)
    styles = {
        role: Style(color=_colour(chosen, ink), bgcolor=ground, bold=role in BOLD, underline=role in UNDERLINED)
        for role, ink in INKS.items()
    }
    styles["tab"] += Style(bgcolor=_colour(chosen, "accent"))
    styles["cursor"] = Style(bgcolor=_colour(chosen, "cursor"), bold=True)
    return styles


def _colour(theme: Theme, name: str) -> str:
    return str(theme.variables.get(name) or getattr(theme, name))
