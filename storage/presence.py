"""Who is at which case now, so that colleagues see each other; it decides nothing, the lease does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from storage.database import Database, insert_ignore
from storage.schema import PRESENCE

FRESH = timedelta(seconds=30)
"""So long after it was last said, an agent is taken to be there; a desk says it again well before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """An agent at a case."""

    agent: str
    case_id: int
    is_writing: bool
    """A reply; else they look at it."""


class Company:
    """The agents that are there."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def here(self, agent: str, case_id: int, *, is_writing: bool = False) -> None:
        """Says that an agent is at a case now, and nowhere else."""
        doing = "writing" if is_writing else "looking"
        values = {"case_id": case_id, "doing": doing, "seen_at": self.database.now()}
        with self.database.write() as connection:
            known = sa.update(PRESENCE).where(PRESENCE.c.agent == agent).values(**values)
            if not connection.execute(known).rowcount:
                connection.execute(insert_ignore(self.database, PRESENCE, [{"agent": agent, **values}], ["agent"]))

    def gone(self, agent: str) -> None:
        """Says that an agent is at no case any more."""
        with self.database.write() as connection:
            connection.execute(sa.delete(PRESENCE).where(PRESENCE.c.agent == agent))

    def others(self, agent: str) -> tuple[Presence, ...]:
        """Who else is there, by name."""
        fresh = PRESENCE.c.seen_at > self.database.now() - FRESH
        query = sa.select(PRESENCE).where(fresh, PRESENCE.c.agent != agent).order_by(PRESENCE.c.agent)
        with self.database.read() as connection:
            return tuple(
                Presence(agent=row.agent, case_id=row.case_id, is_writing=row.doing == "writing")
                for row in connection.execute(query)
            )
