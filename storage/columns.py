"""Kinds of column that the tables share, made anew for each that has one."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, Text
from sqlmodel import Field

BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite only counts up by itself in a plain INTEGER primary key."""


def row_id() -> Any:
    """A number that the database counts up."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def ref(target: str, *, nullable: bool = False, index: bool = True) -> Any:
    """The number of a row of another table: `case.id`."""
    column = Column(BigId, ForeignKey(target), nullable=nullable, index=index)
    return Field(default=None, sa_column=column)


def long_text() -> Any:
    """Text of any length."""
    return Field(default="", sa_column=Column(Text, nullable=False))


def json_of(default: Any) -> Any:
    """Lists and mappings; `default` makes an empty one."""
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))
