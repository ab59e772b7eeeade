"""Caring for a database: is it whole, and a copy of it while others work."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import tables  # noqa: F401 - fills the metadata
from storage.database import Database
from storage.errors import DatabaseUnavailable


def check(database: Database) -> list[str]:
    """Sentences on what is wrong: damaged pages, broken references, missing tables. Empty when all is well."""
    complaints: list[str] = []
    with database.read() as connection:
        have = set(sa.inspect(connection).get_table_names())
        complaints += [f"The table {name} is missing." for name in SQLModel.metadata.tables if name not in have]
        if database.is_sqlite:
            said = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
            complaints += [f"SQLite says: {each}." for each in said if each != "ok"]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            complaints += [f"{row[0]} row {row[1]} refers to a {row[2]} that is not there." for row in broken[:10]]
    return complaints


def backup(database: Database, file: str) -> None:
    """Copies a SQLite database to a new file with the online backup: whole, whoever writes meanwhile.

    Raises `DatabaseUnavailable` for PostgreSQL (which has pg_dump), and when the file is there already.
    """
    if not database.is_sqlite:
        raise DatabaseUnavailable("A PostgreSQL database is copied with pg_dump, which comes with it.")
    path = Path(file)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise DatabaseUnavailable(f"{path} is there already; it was left as it is.") from None
    except OSError as error:
        raise DatabaseUnavailable(f"{path} cannot be written: {error.strerror}.") from None
    with closing(sqlite3.connect(str(database.url.database))) as here, closing(sqlite3.connect(path)) as there:
        here.backup(there)
