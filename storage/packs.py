"""Reads columns of many rows at once: the database joins each column to one text, for fetching rows is what takes long.

A million rows as Python's values take longer to make than to count; one text a column is made by the database and read
by numpy, both in native code. On SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Callable
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


def columns(connection: Connection, query: sa.Select[Any]) -> list[Any]:
    """The columns of a query's rows, in its order.

    Numbers (0 for NULL) and moments (microseconds since 1970, none of them NULL) come as int64, words ("" for NULL) as
    lists.
    """
    rows = query.subquery()
    kinds = [_kind(column, connection.dialect.name) for column in rows.c]
    joined = (
        sa.func.aggregate_strings(kind.plain(column), kind.between) for kind, column in zip(kinds, rows.c, strict=True)
    )
    texts = connection.execute(sa.select(*joined)).one()
    return [_NONE if text is None else kind.read(text) for kind, text in zip(kinds, texts, strict=True)]


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
