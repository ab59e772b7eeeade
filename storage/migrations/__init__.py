"""Brings a database to the schema of this program, step by step, each in one transaction.

A new step is a file in `versions/`; its number tells the order. `HEAD` is the newest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

    from storage.database import Database

HEAD = "0003"
"""The newest step. A test holds it to the newest file."""


def current(database: Database) -> str | None:
    """The step the database stands at; None for an empty one."""
    with database.read() as connection:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        version: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return version


def upgrade(database: Database) -> str | None:
    """Brings the database to `HEAD` and returns where it stood before.

    Raises `SchemaMismatch` when the database is newer than this program. Two processes that start at once do it once:
    the transaction takes the write lock (SQLite) or an advisory lock (PostgreSQL) before it looks.
    """
    before = current(database)
    if before == HEAD:
        return before
    _refuse_newer(before)
    from alembic import command

    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20061122)")
        command.upgrade(_config(connection), "head")
    return before


def _refuse_newer(version: str | None) -> None:
    if version is not None and version > HEAD:
        raise SchemaMismatch(
            f"The database is at step {version}, this program knows steps up to {HEAD}: install the newer webcare."
        )


def _config(connection: Any) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
