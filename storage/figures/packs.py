"""Reads columns of many rows at once: the database joins each column to one text, for fetching rows is what takes long.

A million rows as Python's values take longer to make than to count; one text a column is made by the database and read
by numpy, both in native code. On SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection
from sqlmodel import UTCDateTime

PACK = 20_000
"""Rows read at a time: few enough for the processor's cache, enough to make statements of no account."""

BETWEEN_ROWS = "\x1e"
"""Stands between the words of two rows, which hold no controls."""


class _Kind(NamedTuple):
    """A kind of column: what is joined, by what, and how the text is read."""

    plain: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]
    between: str
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows as the database gave them: a text for each column."""

    rows: int
    _kinds: list[_Kind]
    _texts: list[str | None]

    def columns(self) -> list[Any]:
        """The columns, in the order of the query.

        Numbers (0 for NULL) and moments (microseconds since 1970, none of them NULL) come as int64, words ("" for NULL)
        as lists.
        """
        both = zip(self._kinds, self._texts, strict=True)
        return [_NONE if text is None else kind.read(text) for kind, text in both]


def read(connection: Connection, query: sa.Select[Any]) -> Pack:
    """The rows of a query."""
    rows = query.subquery()
    kinds = [_kind(column, connection.dialect.name) for column in rows.c]
    joined = (
        sa.func.aggregate_strings(kind.plain(column), kind.between) for kind, column in zip(kinds, rows.c, strict=True)
    )
    many, *texts = connection.execute(sa.select(sa.func.count(), *joined).select_from(rows)).one()
    return Pack(many, kinds, texts)


def columns(connection: Connection, queries: Iterable[sa.Select[Any]]) -> Iterator[list[Any]]:
    """The columns of the rows of each query."""
    return (read(connection, query).columns() for query in queries)


def _kind(column: sa.ColumnElement[Any], dialect: str) -> _Kind:
    if isinstance(column.type, UTCDateTime):
        return _STAMPS if dialect == "sqlite" else _EPOCHS
    return _NUMBERS if issubclass(column.type.python_type, int) else _WORDS


def _epoch(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.cast(sa.func.extract("epoch", column) * 1_000_000, sa.BigInteger), sa.Text)


def _stamps(text: str) -> NDArray[np.int64]:
    return np.array(text.split(","), "datetime64[us]").view(np.int64)


def _numbers(text: str) -> NDArray[np.int64]:
    return np.fromstring(text, np.int64, sep=",")


_NONE = np.zeros(0, np.int64)
_STAMPS = _Kind(lambda column: sa.type_coerce(column, sa.Text), ",", _stamps)
"""SQLite keeps moments as text."""
_EPOCHS = _Kind(_epoch, ",", _numbers)
_NUMBERS = _Kind(lambda column: sa.cast(sa.func.coalesce(column, 0), sa.Text), ",", _numbers)
_WORDS = _Kind(lambda column: sa.func.coalesce(column, ""), BETWEEN_ROWS, lambda text: text.split(BETWEEN_ROWS))
