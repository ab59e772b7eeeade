"""What is to be done once, whoever of many processes does it: taken by name, free again when that process died."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage import tables
from storage.database import Database, insert_ignore, owner_is_dead, process_name
from storage.schema import DUTY

LEASE = timedelta(minutes=30)
"""How long whoever took it has it, while their process lives as far as can be told."""


class Duties:
    """The door to duties."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def began(self, name: str) -> datetime:
        """When this was first asked, by any process."""
        with self.database.write() as connection:
            row = tables.Duty(name=name, at=self.database.now()).model_dump()
            connection.execute(insert_ignore(self.database, DUTY, [row], ["name"]))
            at: datetime = connection.execute(sa.select(DUTY.c.at).where(DUTY.c.name == name)).scalar_one()
            return at

    def left(self, names: Sequence[str]) -> list[str]:
        """Which of these are not done yet, in their order."""
        done = sa.select(DUTY.c.name).where(DUTY.c.name.in_(names), DUTY.c.done_at.is_not(None))
        with self.database.read() as connection:
            found = set(connection.scalars(done))
        return [name for name in names if name not in found]

    def take(self, name: str) -> bool:
        """Whether it is for this process to do now: not done, and nobody else is at it."""
        with self.database.write() as connection:
            now = self.database.now()
            row = tables.Duty(name=name, at=now).model_dump()
            connection.execute(insert_ignore(self.database, DUTY, [row], ["name"]))
            held = connection.execute(sa.select(DUTY).where(DUTY.c.name == name).with_for_update()).one()
            if held.done_at or (held.lease_until and held.lease_until >= now and not owner_is_dead(held.lease_owner)):
                return False
            values = {"lease_owner": process_name(), "lease_until": now + LEASE}
            connection.execute(sa.update(DUTY).where(DUTY.c.name == name).values(values))
            return True

    def done(self, name: str) -> None:
        """It is done, for good."""
        self._end(name, done_at=self.database.now())

    def give_back(self, name: str, *, until: timedelta) -> None:
        """It could not be done; nobody tries again before that long."""
        self._end(name, lease_until=self.database.now() + until, lease_owner="")

    def _end(self, name: str, **values: datetime | str) -> None:
        with self.database.write() as connection:
            connection.execute(sa.update(DUTY).where(DUTY.c.name == name).values(**values))
