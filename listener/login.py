"""Logs in where a source wants it: keys are kept in memory only, and renewed before they end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from listener.errors import FetchError
from listener.types import Key, Kind, LoginKind, Send, SourceSpec

EARLY = 300.0
"""Seconds before its end at which a key is renewed: longer than a visit mostly takes."""


@dataclass(slots=True)
class Keys:
    """The keys of a listener's sources."""

    send: Send
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, Key]] = field(default_factory=dict)
    """Until when each source's key is good, and the key."""

    async def let_in(self, kind: Kind, source: SourceSpec) -> SourceSpec | None:
        """The source with the key that its requests need; None where it has no account of its own.

        Raises `ListenerError` where the log-in fails.
        """
        if not hasattr(kind, "login"):
            return None
        wanted = cast(LoginKind, kind)
        ends, key = self._kept.get(source.name, (0.0, None))
        if key is None or ends - EARLY <= self.clock():
            fresh = await self._fresh(wanted, source, key.refresh if key else "")
            if fresh is None:
                return None
            key = fresh
            self._kept[source.name] = (self.clock() + max(key.seconds, 2 * EARLY), key)
        return replace(source, options={**source.options, "token": key.token})

    def forget(self, source: str) -> None:
        """Throws a key away that was refused."""
        self._kept.pop(source, None)

    async def _fresh(self, kind: LoginKind, source: SourceSpec, refresh: str) -> Key | None:
        """A new key, by the refresh token where there is one, else by the account."""
        for by in (refresh, "") if refresh else ("",):
            asked = kind.login(source, by)
            if asked is None:
                return None
            try:
                page = await self.send(source.request(asked.url, asked.headers), asked.content)
            except FetchError as error:
                if by and error.status in (400, 401, 403):
                    continue
                if error.status in (400, 401, 403):
                    text = f"{source.name} does not let us in with the account given: check user and password."
                    raise FetchError(text, status=error.status) from None
                raise
            return kind.key(page)
        return None
