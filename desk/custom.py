"""What a desk begins with: the house's time zone, names and keys, and perhaps the rows that were seen already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from desk.views import VIEWS, View
from storage.types import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """What the configuration says of the screen."""

    zone: tzinfo | None = None
    names: Sequence[str] = ()
    """Brands and own accounts, of which a look-alike is flagged."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Other keys, by the ids of `desk.screens.keys`."""
    views: tuple[View, ...] = VIEWS
    """The tabs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What another process saw of the inbox while this one was still importing."""

    custom: Custom
    cursor: int
    """The newest event when it looked: what came later is told by `changed_since`."""
    page: tuple[Case, ...]


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)
