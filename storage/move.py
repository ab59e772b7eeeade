"""Moves everything from one database to another, table by table, and counts it there."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import migrations, tables  # noqa: F401 - tables fill the metadata
from storage.database import Database
from storage.errors import DatabaseUnavailable

CHUNK = 500
"""Rows copied at a time."""


def move(source: Database, target: Database, say: Callable[[str, int], None]) -> int:
    """Copies every row into an empty database, in one transaction there, and gives their number.

    `say` is told each table and its rows. The source is left as it is. Raises `DatabaseUnavailable` when the target
    holds something already, or does not hold in the end what the source held.
    """
    migrations.upgrade(target)
    ordered = list(SQLModel.metadata.sorted_tables)
    total = 0
    with source.read() as old, target.write() as new:
        for table in ordered:
            if new.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise DatabaseUnavailable(f"The target already holds rows ({table.name}): move into an empty database.")
        for table in ordered:
            copied = _copy(old, new, table)
            there = new.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            if there != copied:
                raise DatabaseUnavailable(f"{table.name}: {there} rows arrived of {copied}; nothing was kept.")
            say(table.name, copied)
            total += copied
        if not target.is_sqlite:
            _set_counters(new, ordered)
    return total


def _copy(old: sa.Connection, new: sa.Connection, table: sa.Table) -> int:
    count = 0
    for rows in old.execute(sa.select(table).order_by(*table.primary_key)).mappings().partitions(CHUNK):
        new.execute(sa.insert(table), [dict(row) for row in rows])
        count += len(rows)
    return count


def _set_counters(new: sa.Connection, ordered: list[sa.Table]) -> None:
    """PostgreSQL counts on from what its sequences know, not from the rows: tells them."""
    for table in ordered:
        if "id" in table.c:
            highest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
            new.execute(sa.select(sa.func.setval(sequence, highest, False)))
