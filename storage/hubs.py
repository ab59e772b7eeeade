"""Hubs that say when a feed changes (WebSub): what was asked of them, and the ring that makes a source due."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.database import Database
from storage.roster import NEVER
from storage.schema import SOURCE, SUBSCRIPTION

AGAIN = timedelta(days=1)
"""After which a hub that was asked and did not confirm is asked once more."""
LONGEST = timedelta(days=30)
"""A lease beyond this is taken for one of so long."""
GAP = timedelta(seconds=30)
"""Between the last visit to a source and one that a ring brings about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A hub asked to ring for a source."""

    source: str
    hub: str
    topic: str
    """The name the hub knows the feed by."""
    token: str
    """The last step of the address it rings at; nobody else knows it."""
    secret: str
    """What it signs with."""
    asked_at: datetime
    until: datetime | None
    """The end of its lease; None before it confirmed."""


QUIET = (429, 503)
"""After these answers the time of the next visit is the host's own wish: no ring changes it."""


class Hubs:
    """The subscriptions, one a source."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def to_ask(self, source: str, hub: str, topic: str) -> Subscription | None:
        """What to ask of a hub now, written down before it is asked; None while there is nothing to ask.

        A hub is asked when it is new, when a quarter of its lease is left, and daily as long as it does not confirm.
        """
        now, known = self.database.now(), self._one(SUBSCRIPTION.c.source == source)
        same = known if known and (known.hub, known.topic) == (hub, topic) else None
        if same is not None and now < _next_asked(same):
            return None
        with self.database.write() as connection:
            connection.execute(sa.delete(SUBSCRIPTION).where(SUBSCRIPTION.c.source == source))
            values: dict[str, Any] = {
                "source": source,
                "hub": hub,
                "topic": topic,
                "token": same.token if same else secrets.token_urlsafe(32),
                "secret": same.secret if same else secrets.token_urlsafe(32),
                "asked_at": now,
                "until": same.until if same and same.until and same.until > now else None,
            }
            connection.execute(sa.insert(SUBSCRIPTION).values(values))
        return Subscription(**values)

    def by_token(self, token: str) -> Subscription | None:
        """Whose token this is, if anybody's."""
        return self._one(SUBSCRIPTION.c.token == token)

    def confirm(self, token: str, topic: str, seconds: float) -> bool:
        """Writes down that a hub rings for so long; False where it was not asked for this feed."""
        until = self.database.now() + min(timedelta(seconds=seconds), LONGEST)
        return self._set(token, topic, until)

    def deny(self, token: str, topic: str) -> bool:
        """Writes down that a hub does not ring (any more); False where it was not asked for this feed."""
        return self._set(token, topic, None)

    def ring(self, source: str) -> None:
        """Makes a source due, unless it was visited just now, is paused, or asked to be left alone."""
        now = self.database.now()
        with self.database.write() as connection:
            chosen = sa.select(SOURCE.c.last_visit_at).where(SOURCE.c.name == source)
            last = connection.execute(chosen).scalar()
            soon = max(now, last + GAP) if last else now
            is_quiet = SOURCE.c.status.in_(QUIET)
            later = sa.and_(
                SOURCE.c.name == source, SOURCE.c.next_at > soon, SOURCE.c.next_at != NEVER, is_quiet.is_not(True)
            )
            connection.execute(sa.update(SOURCE).where(later).values(next_at=soon))

    def _set(self, token: str, topic: str, until: datetime | None) -> bool:
        asked = sa.and_(SUBSCRIPTION.c.token == token, SUBSCRIPTION.c.topic == topic)
        with self.database.write() as connection:
            return bool(connection.execute(sa.update(SUBSCRIPTION).where(asked).values(until=until)).rowcount)

    def _one(self, chosen: sa.ColumnElement[bool]) -> Subscription | None:
        with self.database.read() as connection:
            row = connection.execute(sa.select(SUBSCRIPTION).where(chosen)).mappings().first()
        return Subscription(**row) if row else None


def _next_asked(asked: Subscription) -> datetime:
    return asked.asked_at + (AGAIN if asked.until is None else (asked.until - asked.asked_at) * 3 / 4)
