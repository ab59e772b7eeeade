"""Many rows by one statement: rows found by source and key, and ids drawn before rows are inserted."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

Pair = tuple[str, str]
"""A source, and the key of something of it."""


def find(connection: Connection, table: sa.Table, pairs: Collection[Pair], *columns: str) -> Sequence[Row[Any]]:
    """The rows of these sources and external keys: the named columns, or all of them.

    The pairs are one JSON text, whatever their number: a list of row values would make SQLite read its whole index.
    """
    if not pairs:
        return []
    each = _elements(connection)
    wanted = sa.and_(table.c.source == each[0], table.c.external_key == each[1])
    query = sa.select(*(table.c[name] for name in columns or table.c.keys())).where(wanted)
    return connection.execute(query, {"pairs": json.dumps(list(pairs))}).all()


def _elements(connection: Connection) -> tuple[sa.ColumnElement[str], sa.ColumnElement[str]]:
    """The first and second column of the pairs in the parameter `pairs`."""
    text = sa.bindparam("pairs", type_=sa.Text)
    if connection.dialect.name == "sqlite":
        value = sa.func.json_each(text).table_valued("value").c.value
        return sa.func.json_extract(value, "$[0]"), sa.func.json_extract(value, "$[1]")
    value = sa.func.json_array_elements(sa.cast(text, sa.JSON)).table_valued("value").c.value
    return value.op("->>")(sa.literal_column("0")), value.op("->>")(sa.literal_column("1"))


def draw(connection: Connection, table: sa.Table, count: int) -> Sequence[int]:
    """So many new ids for rows that are inserted in this same transaction, which on SQLite must be a writing one."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        return range(last + 1, last + 1 + count)
    from sqlalchemy.dialects.postgresql import REGCLASS  # not for those who are on SQLite

    sequence = sa.cast(sa.func.pg_get_serial_sequence(f'"{table.name}"', "id"), REGCLASS)
    numbers = sa.func.generate_series(1, count).table_valued("number")
    return sorted(connection.scalars(sa.select(sa.func.nextval(sequence)).select_from(numbers)))
