"""What a desk begins with: the house's time zone, names, keys and tabs, and perhaps rows that were seen already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from desk.views import VIEWS, View
from storage.types import Case

Sighting = tuple[int, tuple[Case, ...]]
"""What was seen of the inbox while the screen was still imported: the newest event, and the first cases."""


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


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)
