"""What figures are counted from: mentions, cases and stretches of waiting, in columns.

Columns of one group have the same length and order. Moments are microseconds since 1970 (UTC), lengths are seconds.
Not imported by `storage.types` itself: who does not count need not wait for numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from storage.sla import Calendar

Ints = NDArray[np.signedinteger[Any]]
Codes = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

NOWHERE = -1
"""In a column of places: none."""

ELSEWHERE = "elsewhere"
"""The channel of an answer that an own account gave outside the desk."""


def snug(codes: Codes, many: int) -> Codes:
    """Places below `many` in as few bytes as they need: of a million there are several columns."""
    fitting = (each for each in (np.int8, np.int16) if many <= np.iinfo(each).max)
    return codes.astype(next(fitting, codes.dtype), copy=False)


class Promised(Protocol):
    """What is promised to the cases that a query describes."""

    @property
    def node(self) -> Any:
        """The query, read."""

    @property
    def targets(self) -> Mapping[str, timedelta]:
        """By name: first_response, next_response, resolution; in open time of the calendar."""

    @property
    def calendar(self) -> Calendar:
        """When we are there for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What business time is counted by: the calendar of the promise to a case, else the default one."""

    default: Calendar
    promises: Sequence[Promised] = ()
    """The first that suits a case holds for it."""
    staffed: Sequence[Calendar] = ()
    """All calendars: somebody is there when one of them is open."""


class Facets(NamedTuple):
    """What a mention is counted by."""

    source: str
    source_kind: str
    brands: tuple[str, ...]
    lang: str
    sentiment: str
    priority: str
    intents: tuple[str, ...]


class Ending(IntEnum):
    """How a stretch of waiting ends."""

    DONE = 0
    UNKNOWN = 1
    """It was answered, but by no clock after it began."""
    LEFT = 2
    """The case was closed without."""
    RUNNING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The cases that have a mention in a report."""

    id: Ints
    opening: Codes
    """The place of its first mention in the report; `NOWHERE` where that is not in it: then the case is not counted."""
    status: NDArray[np.int8]
    """The place in `Status`."""
    answered: Flags
    replies: Codes
    reopened: Codes
    was_closed: Flags
    began_negative: Flags
    """Its first mention was negative, and a later one was rated."""
    ended_negative: Flags
    """Its last rated mention is negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The stretches of waiting of those cases."""

    case: Codes
    """The place in `Cases`."""
    target: NDArray[np.int8]
    """The place in `stretches.TARGETS`."""
    begin: Ints
    end: Ints
    """The moment of the report where it is still running."""
    ending: NDArray[np.int8]
    used: Floats
    """Business time without pauses."""
    allowed: Floats
    """What was promised, in business time; nan where nothing was."""
    actor: Codes
    """Who ended it, in `Frame.people`; 0 nobody."""
    channel: Codes
    """By which channel it was answered, in `Frame.channels`; 0 none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers in those cases, whether somebody waited for them or not."""

    case: Codes
    actor: Codes
    channel: Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """All that a report counts. Mentions are in order of `at`, then id."""

    mention: Ints
    at: Ints
    """Published, else first seen."""
    late: Floats
    """From published to first seen; nan where that is unknown or the wrong way round."""
    facet: Codes
    author: Codes
    """The place in `authors`; 0 unknown."""
    thread: Ints
    """The conversation's id."""
    case: Codes
    """The place in `cases`, `NOWHERE` for a mention that nobody has to answer."""
    outside: Flags
    """Whether nobody was there when it came."""
    facets: tuple[Facets, ...]
    authors: tuple[tuple[str, str], ...]
    """Source and name, each pair once; the first is nobody."""
    cases: Cases
    waits: Waits
    answers: Answers
    people: tuple[str, ...] = ("",)
    channels: tuple[str, ...] = ("",)
    has_hours: bool = field(default=False)
    """Whether there are hours outside which nobody is there."""
