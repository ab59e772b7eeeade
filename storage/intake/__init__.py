"""The listener's door: whose turn it is, what is known already, and storing what a visit brought."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from storage import locks
from storage.database import in_chunks, insert_ignore
from storage.intake import arrivals, identity, twins
from storage.roster import Roster
from storage.schema import CONVERSATION, POST, ROBOTS
from storage.types import Delivery, NewPost, ReadThread, Stored, Visit

ROBOTS_KEPT = timedelta(days=30)
"""How long an old robots.txt may stand in for one that cannot be reached (RFC 9309 2.3.1.4)."""
UNREAD = datetime(1970, 1, 1, tzinfo=UTC)
"""When a robots.txt was read of which nothing is known yet: too long ago to be of use."""


class Intake(Roster):
    """What the listener asks of storage and tells it."""

    def stamps(self, source: str, conversations: Collection[str], *, sweep: bool = False) -> dict[str, str]:
        """What was remembered of these conversations (external id -> stamp) when they were last read whole.

        In a `sweep` those that are followed are left out, so that they are read whether they seem to change or not.
        """
        read_again = CONVERSATION.c.followed if sweep else sa.false()
        keys = {identity.key_of(each): each for each in conversations}
        found: dict[str, str] = {}
        with self.database.read() as connection:
            for some in in_chunks(list(keys)):
                query = sa.select(CONVERSATION.c.external_key, CONVERSATION.c.stamp).where(
                    CONVERSATION.c.source == source, CONVERSATION.c.external_key.in_(some), ~read_again
                )
                found |= {keys[row.external_key]: row.stamp for row in connection.execute(query)}
        return found

    def known(self, places: Collection[identity.Place]) -> dict[identity.Place, identity.Known]:
        """Which of these posts (source, external id) are held already, with what tells whether they changed."""
        with self.database.read() as connection:
            return identity.known(connection, places)

    def robots(self, origin: str) -> tuple[datetime, bytes] | None:
        """When the robots.txt of an origin was last read, and what it said; None where that is not known."""
        with self.database.read() as connection:
            row = connection.execute(sa.select(ROBOTS).where(ROBOTS.c.origin == origin)).first()
        return (row.read_at, row.rules) if row else None

    def keep_robots(self, origin: str, read_at: datetime, rules: bytes) -> None:
        """Remembers what the robots.txt of an origin says; what is too old to be of use is forgotten."""
        old = sa.and_(
            ROBOTS.c.read_at < read_at - ROBOTS_KEPT, sa.func.coalesce(ROBOTS.c.quiet_until, read_at) <= read_at
        )
        with self.database.write() as connection:
            connection.execute(sa.delete(ROBOTS).where((ROBOTS.c.origin == origin) | old))
            connection.execute(sa.insert(ROBOTS).values(origin=origin, read_at=read_at, rules=rules))

    def quiet_until(self, origin: str) -> datetime | None:
        """Until when an origin asked to be left alone, as far as is known."""
        with self.database.read() as connection:
            return connection.execute(sa.select(ROBOTS.c.quiet_until).where(ROBOTS.c.origin == origin)).scalar()

    def keep_quiet(self, origin: str, until: datetime) -> None:
        """Remembers until when an origin asked to be left alone, whether its robots.txt could be read or not."""
        with self.database.write() as connection:
            quiet = sa.update(ROBOTS).where(ROBOTS.c.origin == origin).values(quiet_until=until)
            if not connection.execute(quiet).rowcount:
                unread = {"origin": origin, "read_at": UNREAD, "rules": b"", "quiet_until": until}
                connection.execute(insert_ignore(self.database, ROBOTS, [unread], ["origin"]))

    def places(self, source: str, external_ids: Collection[str]) -> dict[str, str]:
        """Of these posts and conversations those that are held, each with the identity of its conversation."""
        keys = {identity.key_of(each): each for each in external_ids}
        found: dict[str, str] = {}
        with self.database.read() as connection:
            for some in in_chunks(list(keys)):
                threads = sa.select(CONVERSATION.c.external_key).where(
                    CONVERSATION.c.source == source, CONVERSATION.c.external_key.in_(some), CONVERSATION.c.followed
                )
                posts = (
                    sa.select(POST.c.external_key, CONVERSATION.c.external_id)
                    .join(CONVERSATION, CONVERSATION.c.id == POST.c.conversation_id)
                    .where(POST.c.source == source, POST.c.external_key.in_(some))
                )
                found |= {keys[key]: keys[key] for key in connection.scalars(threads)}
                found |= {keys[row.external_key]: row.external_id for row in connection.execute(posts)}
        return found

    def store(self, source: str, kind: str, posts: Sequence[NewPost], threads: Sequence[ReadThread] = ()) -> Stored:
        """Stores what one visit brought, as `store_all` does."""
        return self.store_all([Delivery(source=source, kind=kind, posts=posts, threads=threads)])[0]

    def store_all(self, deliveries: Sequence[Delivery], endings: Sequence[Visit] = ()) -> list[Stored]:
        """Stores deliveries in one transaction: posts, authors, conversations, matches, cases and events.

        Storing the same again changes nothing. Posts that answer no query are kept only in a conversation that has a
        mention, there or earlier. Of each source one delivery; visits that end are ended in the same transaction, with
        what is new of their source's delivery counted in.
        """
        stored, older = list[Stored](), dict[int, str]()
        with self.database.write() as connection:
            # two visits of one source may overlap after a lapsed lease: one at a time
            locks.sources(connection, {each.source for each in deliveries} | {each.source for each in endings})
            if deliveries:
                arrived = arrivals.Arrivals(self.database, connection, deliveries)
                stored, older = arrived.store(), arrived.twins.older
            fresh = {by.source: each.new_posts for by, each in zip(deliveries, stored, strict=True)}
            self.end(connection, [_with(each, fresh.get(each.source, 0)) for each in endings])
        if older:
            with self.database.write() as connection:
                twins.mark(connection, older)
        return stored


def _with(visit: Visit, fresh: int) -> Visit:
    return replace(visit, new_posts=visit.new_posts + fresh) if fresh else visit
