"""Look for regular expressions of ours whose time grows faster than their text: python bench/patterns.py

Every pattern that a module of the four rooms keeps is searched through hostile texts (what it is itself made of,
again and again) of two lengths; one that takes over three times as long for twice the text is named. A pattern that
is only ever matched at the start of a text may be named and yet be harmless: look at where it is used.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

LENGTH = 2_000
"""Characters of the shorter text."""
WORTH = 0.004
"""Seconds of CPU below which the clock tells nothing."""
GROWTH = 3.0
GENERAL = ("a", "1", " ", "\n", "a ", "1 ", "<a", "a.", "--", "é", "a@", "[x]", "](", "**", "<!--", "&#", "a=", 'x="')
EDGES = (("", ""), ("", "\0"), ('"', "\0"), ("<", "\0"), ("a", "!"))


def kept(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value and in what it holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from kept(each, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        yield from kept([*value, *value.values()], depth + 1)
    elif depth < 4 and hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        yield from kept([getattr(value, name, None) for name in value.__dataclass_fields__], depth + 1)


def patterns() -> dict[re.Pattern[Any], str]:
    """Each pattern and one name it is kept under."""
    found: dict[re.Pattern[Any], str] = {}
    for room in ("storage", "listener", "desk", "front"):
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, room + "."):
            if "migrations" not in module.name:
                for name, value in vars(importlib.import_module(module.name)).items():
                    for pattern in kept(value):
                        found.setdefault(pattern, f"{module.name}.{name}")
    return found


def units(pattern: re.Pattern[Any]) -> set[str]:
    """What to repeat: the characters and words a pattern is written with, and a few that are often trouble."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    words = re.findall(r"[A-Za-z]{2,}", text)[:8]
    return {*GENERAL, *words, *(word + " " for word in words), *(c for c in text if c.isprintable())}


def seconds(pattern: re.Pattern[Any], text: str) -> float:
    """The CPU time of finding all there is in a text."""
    subject: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
    clock = time.process_time()
    for _ in pattern.finditer(subject):
        pass
    return time.process_time() - clock


def grows(pattern: re.Pattern[Any]) -> str:
    """A text on which a pattern grows too fast, or nothing."""
    for unit in sorted(units(pattern)):
        for before, after in EDGES:
            short = before + unit * (LENGTH // len(unit)) + after
            taken = seconds(pattern, short)
            if taken > WORTH and seconds(pattern, before + unit * (2 * LENGTH // len(unit)) + after) > GROWTH * taken:
                return f"{before}{unit}…{after}"
    return ""


def main() -> None:
    every = patterns()
    named = {where: text for pattern, where in every.items() if (text := grows(pattern))}
    for where, text in named.items():
        print(f"{where} grows too fast on {text!r}")
    print(f"{len(every)} patterns, {len(named)} of which to look at")


if __name__ == "__main__":
    main()
