"""The shelf of reply channels: how an answer leaves. Each module here is one, under its own name; `_http` helps them.

A channel is a module (or any object, named `package.module:attribute`) with `send`, `tells_duplicates`, `at_desk` and
`limit`. It may have `length`, where its limit counts otherwise than in characters, and `needs` and `takes`, the keys of
`reply:` that must and that may be said. It says `SendError` when the reply certainly did not arrive, and
`SendUncertain` when it may have.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Protocol, cast

from storage.types import Mention, Receipt, Reply


class Channel(Protocol):
    """How an answer leaves."""

    @property
    def tells_duplicates(self) -> bool:
        """Whether sending the same reply twice is noticed at the other end, so that trying again is safe."""
        ...

    @property
    def at_desk(self) -> bool:
        """Whether it needs the agent's own screen, so that no machine elsewhere may take it."""
        ...

    @property
    def limit(self) -> int | None:
        """Characters a reply may have; None where there is no limit."""
        ...

    def send(self, reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
        """Hands the reply over. `options` are the channel's keys of `sources.yaml`, and the source's `url`."""
        ...


def names() -> list[str]:
    """The short names of the channels on the shelf, in order."""
    return sorted(each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))


def load(name: str) -> Channel:
    """The channel of this short name, or at `package.module[:attribute]`. Raises `LookupError` with a sentence."""
    if name not in names() and not {".", ":"} & set(name):
        near = get_close_matches(name, names(), n=1)
        raise LookupError(f"There is no channel {name}" + (f": did you mean {near[0]}?" if near else "."))
    place = f"{__name__}.{name}" if name in names() else name
    try:
        found = pkgutil.resolve_name(place)
    except (ImportError, AttributeError, ValueError) as error:
        raise LookupError(f"The channel {name} cannot be loaded: {error}.") from error
    missing = [each for each in ("send", "tells_duplicates", "at_desk", "limit") if not hasattr(found, each)]
    if missing:
        raise LookupError(f"{name} is no channel: it has no {missing[0]}.")
    return cast(Channel, found)
