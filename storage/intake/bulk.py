"""Many rows by one statement, made once: rows found by source and key, rows inserted, ids drawn beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Row

from storage.database import in_chunks

Pair = tuple[str, str]
"""A source, and the key of something of it."""

MOST_VALUES = 990
"""Values of a statement: under SQLite's oldest limit of 999 variables, and about what is fastest."""


def find(connection: Connection, table: sa.Table, pairs: Collection[Pair], *columns: str) -> Sequence[Row[Any]]:
    """The rows of these sources and external keys: the named columns, or all of them.

    The pairs are one JSON text, whatever their number: a list of row values would make SQLite read its whole index.
    """
    if not pairs:
        return []
    query = _finding(connection.dialect.name, table, columns)
    return connection.execute(query, {"rows": json.dumps(list(pairs))}).all()


@cache
def _finding(dialect: str, table: sa.Table, columns: Sequence[str]) -> sa.Select[Any]:
    each = _elements(dialect, 2)
    wanted = sa.and_(table.c.source == each[0], table.c.external_key == each[1])
    return sa.select(*(table.c[name] for name in columns or table.c.keys())).where(wanted)


def insert(connection: Connection, table: sa.Table, rows: Sequence[Sequence[int | str]]) -> None:
    """Inserts rows of whole numbers and short texts, a value for each column in the order of the table."""
    if rows:
        statement, _, makers = _adding(connection.dialect, table, frozenset(table.c.keys()))
        sign = "?" if connection.dialect.positional else "%s"
        _fill(connection, statement, f"({', '.join([sign] * len(makers))})", rows)


def _fill(connection: Connection, statement: str, one: str, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts many rows by a statement; `one` is a row in it."""
    for some in in_chunks(rows, MOST_VALUES // len(rows[0])):
        connection.exec_driver_sql(statement + ", ".join([one] * len(some)), tuple(chain.from_iterable(some)))


def _elements(dialect: str, count: int) -> Sequence[sa.ColumnElement[str]]:
    """The columns of the rows in the parameter `rows`."""
    text = sa.bindparam("rows", type_=sa.Text)
    if dialect == "sqlite":
        value = sa.func.json_each(text).table_valued("value").c.value
        return [sa.func.json_extract(value, f"$[{at}]") for at in range(count)]
    value = sa.func.json_array_elements(sa.cast(text, sa.JSON)).table_valued("value").c.value
    return [value.op("->>")(sa.literal_column(str(at))) for at in range(count)]


def add(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that name the same columns: SQLAlchemy takes longer to look at one than SQLite to keep it.

    On SQLite many by one statement, for after each the search index writes down what it has of new words.
    """
    if not rows:
        return
    statement, one, makers = _adding(connection.dialect, table, frozenset(rows[0]))
    columns = [[row[name] for row in rows] for name in makers]
    columns = [list(map(make, each)) if make else each for each, make in zip(columns, makers.values(), strict=True)]
    ready = list(zip(*columns, strict=True))
    if connection.dialect.positional:
        _fill(connection, statement, one, ready)
    else:
        connection.exec_driver_sql(statement + one, [dict(zip(makers, row, strict=True)) for row in ready])


@lru_cache(maxsize=256)
def _adding(dialect: Dialect, table: sa.Table, given: frozenset[str]) -> tuple[str, str, Mapping[str, _Make | None]]:
    """The statement up to its values, those of one row, and its columns in their order, with how values are made what
    the driver takes."""
    makers = {column.name: _maker(dialect, column) for column in table.c if column.name in given}
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=list(makers))
    statement, values, one = str(compiled).partition(" VALUES ")
    return statement + values, one, makers


_Make = Callable[[Any], Any]


def _maker(dialect: Dialect, column: sa.Column[Any]) -> _Make | None:
    if isinstance(column.type, (sa.Boolean, sa.Float)):  # drivers take these as they are
        return None
    make = column.type.dialect_impl(dialect).bind_processor(dialect)
    if make is not None and column.type.python_type is datetime:
        return lru_cache(maxsize=1024)(make)  # the same moments stand in many columns and rows
    return make


def draw(connection: Connection, table: sa.Table, count: int) -> Sequence[int]:
    """So many new ids for rows that are inserted in this same transaction, which on SQLite must be a writing one."""
    if connection.dialect.name == "sqlite":
        last = int(connection.exec_driver_sql(_last(table)).scalar() or 0)
        return range(last + 1, last + 1 + count)
    from sqlalchemy.dialects.postgresql import REGCLASS  # not for those who are on SQLite

    sequence = sa.cast(sa.func.pg_get_serial_sequence(f'"{table.name}"', "id"), REGCLASS)
    numbers = sa.func.generate_series(1, count).table_valued("number")
    return sorted(connection.scalars(sa.select(sa.func.nextval(sequence)).select_from(numbers)))


@cache
def _last(table: sa.Table) -> str:
    return str(sa.select(sa.func.max(table.c["id"])))
