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


@lru_cache(maxsize=1_024)
def required(pattern: str) -> tuple[str, ...]:
    """Folded runs that each stand within a word of every text that `pattern` matches, longest first."""
    if parser is None:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return ()
    if parsed.state.flags & re.VERBOSE:
        return ()
    runs = {run.lower().replace("0", "o") for text in "".join(_signs(parsed)).split("\0") for run in _RUN.findall(text)}
    return tuple(sorted((each for each in runs if len(each) >= SHORTEST), key=lambda each: (-len(each), each)))


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
