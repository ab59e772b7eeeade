"""Whether anything happened since one last asked, without asking the tables: so that idle desks cost next to nothing.

SQLite counts what other connections commit (`PRAGMA data_version`). On PostgreSQL every statement that appends events
notifies the channel `webcare` (a trigger, see the migrations), and a connection that listens finds it on its socket.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database

CHANNEL = "webcare"

PATIENCE = 15.0
"""Seconds after which it is yes in any case: a notification can be lost on its way, with the connection."""


class News:
    """One watcher; what it is asked, it forgets."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection: Connection | None = None
        self._version: object = None
        self._yes_at = -PATIENCE

    def is_any(self) -> bool:
        """Whether something was committed since the last call; yes where that cannot be known. Never raises."""
        try:
            found = self._look()
        except (SQLAlchemyError, OSError, self._driver_errors):
            self.close()
            found = True
        if found or time.monotonic() - self._yes_at >= PATIENCE:
            self._yes_at = time.monotonic()
            return True
        return False

    def close(self) -> None:
        """Gives the connection back."""
        connection, self._connection, self._version = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError, self._driver_errors):
                connection.invalidate()
                connection.close()

    def _look(self) -> bool:
        is_new = self._connection is None
        if self._connection is None:
            self._connection = self.database.engine.connect()
            if not self.database.is_sqlite:
                self._driver.autocommit = True
                self._driver.execute(f"LISTEN {CHANNEL}")
        if self.database.is_sqlite:
            was, self._version = self._version, self._driver.execute("PRAGMA data_version").fetchone()
            return self._version != was
        return bool(list(self._driver.notifies(timeout=0))) or is_new

    @property
    def _driver(self) -> Any:
        assert self._connection is not None
        return self._connection.connection.driver_connection

    @property
    def _driver_errors(self) -> type[Exception]:
        found: type[Exception] = self.database.engine.dialect.loaded_dbapi.Error
        return found
