"""The order in which rows are locked, so that no two transactions wait for each other: the one place that knows it.

settings that are locks (the rules' cursor), leasing -> sources, by name -> cases, by id -> all else

"All else" needs no order, for it is changed under the lock of what it belongs to: posts, replies, tags and events of a
case under that case; conversations, authors, and posts without a case under their source. Who changes posts otherwise
than in one case's name locks their conversations, with `conversations`. On SQLite one transaction writes at a time:
there nothing is locked, and the rows are only read.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from storage.database import in_chunks
from storage.schema import CASE, CONVERSATION, SOURCE

LEASING = 0x776562
"""The number of the lock on leasing: "web"."""


def sources(connection: Connection, names: Collection[str]) -> None:
    """Keeps others from these sources, and from storing what visits to them bring, until the transaction ends."""
    if connection.dialect.name == "sqlite":
        return
    for some in in_chunks(sorted(set(names))):
        connection.execute(_sources(), {"some": some}).all()


def leasing(connection: Connection) -> None:
    """Keeps others from leasing sources until the transaction ends; taken before any source is locked."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LEASING)))


def cases(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    """Keeps others from these cases until the transaction ends; gives their rows as they are then, by id."""
    found: dict[int, Row[Any]] = {}
    for some in in_chunks(sorted(set(ids))):
        found |= {row.id: row for row in connection.execute(_cases(), {"some": some})}
    return found


def conversations(connection: Connection, ids: Collection[int]) -> None:
    """Keeps others from all cases of these conversations, and from their sources, until the transaction ends."""
    if connection.dialect.name == "sqlite":
        return
    names, inside = set[str](), set[int]()
    for some in in_chunks(sorted(set(ids))):
        names |= set(connection.scalars(sa.select(CONVERSATION.c.source).where(CONVERSATION.c.id.in_(some))))
    sources(connection, names)
    for some in in_chunks(sorted(set(ids))):
        inside |= set(connection.scalars(sa.select(CASE.c.id).where(CASE.c.conversation_id.in_(some))))
    cases(connection, inside)


def all_sources(connection: Connection) -> None:
    """Keeps others from changing, and from locking, any source."""
    _table(connection, SOURCE)


def all_cases(connection: Connection) -> None:
    """Keeps others from changing, and from locking, any case."""
    _table(connection, CASE)


def _table(connection: Connection, table: sa.Table) -> None:
    if connection.dialect.name != "sqlite":  # this mode is the weakest that those wait for who lock a row
        connection.exec_driver_sql(f'LOCK TABLE "{table.name}" IN EXCLUSIVE MODE')


@cache
def _sources() -> sa.Select[Any]:
    mine = SOURCE.c.name.in_(sa.bindparam("some", expanding=True))
    return sa.select(SOURCE.c.name).where(mine).order_by(SOURCE.c.name).with_for_update()


@cache
def _cases() -> sa.Select[Any]:
    mine = CASE.c.id.in_(sa.bindparam("some", expanding=True))
    return sa.select(CASE).where(mine).order_by(CASE.c.id).with_for_update()
