"""Logs in where a source wants it: keys are kept in memory only, and renewed before they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from listener.errors import FetchError
from listener.types import Key, Kind, LoginKind, Page, SourceSpec

EARLY = 300.0
"""Seconds before its end at which a key is renewed: longer than a visit mostly takes."""


class Post(Protocol):
    """What is needed of the network: `PoliteFetcher.post`."""

    async def __call__(
        self, url: str, content: bytes, *, headers: Mapping[str, str], allow_private: Any, pause: float | None
    ) -> Page: ...


@dataclass(slots=True)
class Keys:
    """The keys of a listener's sources."""

    post: Post
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, Key]] | None = None

    async def let_in(self, kind: Kind, source: SourceSpec) -> SourceSpec | None:
        """The source with the key that its requests need; None where it has no account of its own.

        Raises `ListenerError` where the log-in fails.
        """
        if not hasattr(kind, "login"):
            return None
        wanted = cast(LoginKind, kind)
        kept = self._kept = self._kept if self._kept is not None else {}
        ends, key = kept.get(source.name, (0.0, None))
        if key is None or ends - EARLY <= self.clock():
            fresh = await self._fresh(wanted, source, key.refresh if key else "")
            if fresh is None:
                return None
            key = fresh
            kept[source.name] = (self.clock() + max(key.seconds, 2 * EARLY), key)
        return replace(source, options={**source.options, "token": key.token})

    def forget(self, source: str) -> None:
        """Throws a key away that was refused."""
        if self._kept:
            self._kept.pop(source, None)

    async def _fresh(self, kind: LoginKind, source: SourceSpec, refresh: str) -> Key | None:
        """A new key, by the refresh token where there is one, else by the account."""
        for by in (refresh, "") if refresh else ("",):
            asked = kind.login(source, by)
            if asked is None:
                return None
            try:
                page = await self.post(
                    asked.url,
                    asked.content,
                    headers=asked.headers,
                    allow_private=source.allow_private,
                    pause=source.pause,
                )
            except FetchError as error:
                if by and error.status in (400, 401, 403):
                    continue
                if error.status in (400, 401, 403):
                    text = f"{source.name} does not let us in with the account given: check user and password."
                    raise FetchError(text, status=error.status) from None
                raise
            return kind.key(page)
        return None
