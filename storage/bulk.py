"""Many rows by one statement: rows found by source and key, plain rows inserted, ids drawn beforehand."""

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
    each = _elements(connection, 2)
    wanted = sa.and_(table.c.source == each[0], table.c.external_key == each[1])
    query = sa.select(*(table.c[name] for name in columns or table.c.keys())).where(wanted)
    return connection.execute(query, {"rows": json.dumps(list(pairs))}).all()


def insert(
    connection: Connection, table: sa.Table, columns: Sequence[str], rows: Collection[Sequence[int | str]]
) -> None:
    """Inserts rows of whole numbers and short texts: a few for each post, for which a statement each is much."""
    if rows:
        each = zip(columns, _elements(connection, len(columns)), strict=True)
        values = sa.select(*(sa.cast(value, table.c[name].type) for name, value in each))
        connection.execute(sa.insert(table).from_select(columns, values), {"rows": json.dumps(list(rows))})


def _elements(connection: Connection, count: int) -> Sequence[sa.ColumnElement[str]]:
    """The columns of the rows in the parameter `rows`."""
    text = sa.bindparam("rows", type_=sa.Text)
    if connection.dialect.name == "sqlite":
        value = sa.func.json_each(text).table_valued("value").c.value
        return [sa.func.json_extract(value, f"$[{at}]") for at in range(count)]
    value = sa.func.json_array_elements(sa.cast(text, sa.JSON)).table_valued("value").c.value
    return [value.op("->>")(sa.literal_column(str(at))) for at in range(count)]


def draw(connection: Connection, table: sa.Table, count: int) -> Sequence[int]:
    """So many new ids for rows that are inserted in this same transaction, which on SQLite must be a writing one."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        return range(last + 1, last + 1 + count)
    from sqlalchemy.dialects.postgresql import REGCLASS  # not for those who are on SQLite

    sequence = sa.cast(sa.func.pg_get_serial_sequence(f'"{table.name}"', "id"), REGCLASS)
    numbers = sa.func.generate_series(1, count).table_valued("number")
    return sorted(connection.scalars(sa.select(sa.func.nextval(sequence)).select_from(numbers)))
