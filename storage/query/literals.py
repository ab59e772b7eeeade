"""What a regular expression cannot match without: runs of letters and digits, as they stand in folded words.

Only narrows: a pattern that Python's parser reads otherwise than RE2, or not at all, gives none.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

try:
    from re import _constants as codes
    from re import _parser as parser
except ImportError:  # another Python keeps them elsewhere: then nothing is narrowed
    parser = None

SHORTEST = 3
"""Letters from which a run is worth looking up."""

_RUN = re.compile(r"[A-Za-z0-9]+")


MOST_DIGITS = 20
"""Digits in a row that are worth looking for."""


@lru_cache(maxsize=1_024)
def required(pattern: str) -> tuple[str, ...]:
    """Folded runs that each stand within a word of every text that `pattern` matches, longest first."""
    signs = "".join(_signs(_parsed(pattern)))
    runs = {run.lower().replace("0", "o") for text in signs.split("\0") for run in _RUN.findall(text)}
    return tuple(sorted((each for each in runs if len(each) >= SHORTEST), key=lambda each: (-len(each), each)))


@lru_cache(maxsize=1_024)
def digits(pattern: str) -> int:
    """How many digits in a row stand in every text that `pattern` matches, as it came."""
    return min(max(map(len, "".join(_digits(_parsed(pattern))).split("\0"))), MOST_DIGITS)


def _parsed(pattern: str) -> Any:
    """Python's reading; empty where there is none."""
    if parser is None:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return ()
    return () if parsed.state.flags & re.VERBOSE else parsed


def _signs(parsed: Any) -> Iterator[str]:
    """What stands there for certain, with NUL where anything else may stand."""
    for code, value in parsed:
        if code is codes.LITERAL and value < 128:
            yield chr(value)
        elif code is codes.SUBPATTERN and not value[1] & re.VERBOSE:
            yield "\0"
            yield from _signs(value[3])
            yield "\0"
        elif code is codes.MAX_REPEAT and value[0] > 0:
            yield "\0"
            yield from _signs(value[2])
            yield "\0"
        elif code is not codes.AT:
            yield "\0"


def _digits(parsed: Any) -> Iterator[str]:
    """A nought for each digit that stands there for certain, with NUL where anything else may stand."""
    for code, value in parsed:
        if code is codes.SUBPATTERN and not value[1] & re.VERBOSE:
            yield from _digits(value[3])
        elif code is codes.MAX_REPEAT and value[0] > 0:
            yield "".join(_digits(value[2])) * min(value[0], MOST_DIGITS)
        elif code is codes.IN:
            yield "0" if all(map(_is_digit, value)) else "\0"
        elif code is not codes.AT:
            yield "0" if code is codes.LITERAL and 48 <= value < 58 else "\0"


def _is_digit(member: Any) -> bool:
    """Whether a member of a set is a digit, or some."""
    return member in ((codes.CATEGORY, codes.CATEGORY_DIGIT), (codes.RANGE, (48, 57)))
