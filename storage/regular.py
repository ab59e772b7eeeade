"""Regular expressions that people write: whatever the case, in RE2's linear time; and SQLite is taught to know them."""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from typing import Any

MAX_MEMORY = 8 << 20
"""Bytes a compiled regular expression may take."""


@lru_cache(maxsize=1_024)
def compiled(pattern: str) -> Any:
    """The regular expression. Raises `ValueError` with what is wrong with one that is none."""
    import re2  # few of those who open a database ask for one

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else "it does not compile"
        raise ValueError(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from None


def stands_in(pattern: str, text: str) -> bool:
    """Whether a text holds what the regular expression describes."""
    encodable = text if text.isascii() else text.encode("utf-8", "replace").decode()
    return compiled(pattern).search(encodable) is not None


def teach(connection: sqlite3.Connection) -> None:
    """Gives SQLite's operator REGEXP, which it has no function for, its meaning."""
    connection.create_function("regexp", 2, stands_in, deterministic=True)
