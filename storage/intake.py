"""The listener's door: whose turn it is, what is known already, and storing what a visit brought."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from storage import arrivals, identity, tables
from storage.database import in_chunks
from storage.roster import Roster
from storage.types import NewPost, ReadThread, Stored

CONVERSATION = tables.Conversation.__table__  # type: ignore[attr-defined]


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

    def known(self, source: str, external_ids: Collection[str]) -> dict[str, identity.Known]:
        """Which of these posts are held already, with what tells whether they changed."""
        with self.database.read() as connection:
            return identity.known(connection, source, external_ids)

    def store(self, source: str, kind: str, posts: Sequence[NewPost], threads: Sequence[ReadThread] = ()) -> Stored:
        """Stores a batch in one transaction: posts, authors, conversations, matches, cases and events.

        Storing the same batch again changes nothing. Posts that answer no query are kept only in a
        conversation that has a mention, there or earlier.
        """
        with self.database.write() as connection:
            return arrivals.Arrivals(self.database, connection, source, kind).store(posts, threads)
