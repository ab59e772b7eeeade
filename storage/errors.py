"""What storage refuses.

StorageError
├── DatabaseUnavailable     not reachable, locked, full, read-only
├── SchemaMismatch          the database is older or newer than this program
├── ConfigError             sources.yaml, all complaints at once
├── QueryError              a query that does not parse, with its place
├── NotFound                no such case, mention, reply or person
└── StepRefused             a step that may not be taken now
    ├── HeldByOther         somebody else has the case
    ├── LostCase            the case changed hands since it was claimed
    └── ConversationMoved   the conversation changed since it was read
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from unicodedata import category, east_asian_width


class StorageError(Exception):
    """Something that a person can act on; its text is one sentence."""


class DatabaseUnavailable(StorageError):
    """The database cannot be reached or written to right now."""


class SchemaMismatch(StorageError):
    """The database and this program are of different versions."""


class ConfigError(StorageError):
    """`sources.yaml` has faults; `complaints` holds a sentence each, with file, line and key."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(complaints))


class QueryError(StorageError):
    """A query that does not parse: what is wrong, at which character (0-based), and perhaps the one that was meant."""

    def __init__(self, message: str, *, query: str, position: int, suggestion: str = "") -> None:
        self.message, self.query, self.position, self.suggestion = message, query, position, suggestion
        super().__init__(message)

    @property
    def sentence(self) -> str:
        """What was perhaps meant, and what is wrong: for where there is one line for both."""
        return (f"Did you mean {self.suggestion} ? " if self.suggestion else "") + self.message

    def picture(self) -> str:
        """The query with a caret under the place, the message, and the suggestion; of what is long, the part there."""
        line_start = self.query.rfind("\n", 0, self.position) + 1
        line = self.query[line_start:].split("\n", 1)[0]
        shown, place = _part(line, self.position - line_start)
        lines = [shown, " " * _cells(shown[:place]) + "^ " + self.message]
        if self.suggestion:
            lines.append(f"Did you mean: {_part(' '.join(self.suggestion.split()), self.position)[0]}")
        return "\n".join(lines)


WIDE = 72
"""Characters of a wrong query that are shown: with what stands before it a line of 80."""


def _part(line: str, place: int) -> tuple[str, int]:
    """The part of a line around a place, and where in it the place is; tabs become blanks."""
    line = "".join(each if each.isprintable() else " " for each in line)
    start = 0 if len(line) <= WIDE else max(0, min(place - WIDE // 2, len(line) - WIDE))
    part = line[start : start + WIDE]
    before, after = "…" if start else "", "…" if start + WIDE < len(line) else ""
    return before + part + after, min(place - start, len(part)) + len(before)


def _cells(text: str) -> int:
    """Columns that a text takes on a terminal."""
    hidden = ("Mn", "Me", "Cf")
    return sum(1 + (east_asian_width(each) in "WF") for each in text if category(each) not in hidden)


class NotFound(StorageError):
    """There is no such thing."""


class StepRefused(StorageError):
    """A step that may not be taken now."""


class NothingToUndo(StepRefused):
    """All was taken back already, or is too long ago."""


class HeldByOther(StepRefused):
    """Another agent has the case."""

    def __init__(self, case_id: int, holder: str, since: datetime | None = None) -> None:
        self.case_id, self.holder, self.since = case_id, holder, since
        at = f" since {since:%H:%M} UTC" if since else ""
        super().__init__(f"Case {case_id} is held by {holder}{at}.")


class LostCase(StepRefused):
    """The case changed hands since it was claimed; what was written is kept as a draft."""


class ConversationMoved(StepRefused):
    """The conversation changed since it was read; `changes` says how, a sentence each."""

    def __init__(self, message: str, changes: Sequence[str] = ()) -> None:
        self.changes = tuple(changes)
        super().__init__(message)
