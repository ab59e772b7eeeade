"""One engine, two dialects: addresses, SQLite's pragmas, transactions, and where driver errors end.

The whole of SQLite runs with `BEGIN IMMEDIATE` for writes, so that two writers wait for each other and none reads
something that the other is about to change; reads are plain short transactions.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import StaticPool

from storage import regular
from storage.errors import DatabaseUnavailable

Clock = Callable[[], datetime]
"""Gives the present, aware, in UTC."""

T = TypeVar("T")

CHUNK = 500
"""Keys a statement may name: under SQLite's oldest limit of 999 variables."""
BUSY_SECONDS = 30
"""How long SQLite waits for its turn to write."""
PATIENCE = 20
"""Milliseconds after which SQLite is asked for the turn anew: by itself it asks the less often the longer it waits, so
that who came last goes first and one of many waits for ever."""


def utc_now() -> datetime:
    """The present by this machine's clock."""
    return datetime.now(UTC)


def process_name() -> str:
    """Host and process id: who holds a lease, so that a dead process's leases can be told from a live one's."""
    return f"{socket.gethostname()}:{os.getpid()}"


def owner_is_dead(owner: str) -> bool:
    """Whether `owner` was a process of this host that is gone. Another host's process is never called dead."""
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Database:
    """A database, open for work. `read()` and `write()` give a connection in a transaction of its own."""

    def __init__(self, url: str, *, clock: Clock = utc_now, zone: tzinfo = UTC) -> None:
        """Raises `DatabaseUnavailable` for an address that is not one. Nothing is opened before the first use.

        `zone` is where a query's days begin: `after:2026-11-22` means midnight there.
        """
        self.zone = zone
        self.url = _read_url(url)
        self.clock = clock
        self.engine = _make_engine(self.url)
        # SQLite lets one write at a time; waiting here is fair, and waiting there is polling that may starve
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """SQLite, as against PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    def now(self) -> datetime:
        """The present, for leases, holds and snoozes."""
        return self.clock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A short read; keep no cursor open longer than the block."""
        with _translated(self.url), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits whole at the end of the block, or not at all."""
        with self._turn, _translated(self.url), self.engine.connect() as connection, connection.begin():
            if self.is_sqlite:
                _take_turn(connection)
            yield connection

    def scrub(self) -> bool:
        """Takes what was deleted out of the files too; False while another process still reads what was before.

        SQLite zeroes what it frees (`secure_delete`), and its log of writes is emptied here; PostgreSQL vacuums.
        """
        with _translated(self.url), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("VACUUM")
                return True
            return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]

    @contextmanager
    def together(self) -> Iterator[Database]:
        """A database for doors whose steps are to count whole, or not at all: all is one transaction of this one."""
        with self.write() as connection:
            yield Within(self, connection)

    def close(self) -> None:
        """Gives the connections back; one that a thread is still at work with, as soon as it is done."""
        sa.event.listen(self.engine, "checkin", lambda _, record: record.close())
        self.engine.dispose()


class Within(Database):
    """A database inside a transaction that is underway: what doors write joins it, and leaves no half when refused."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.zone, self.url, self.clock, self.engine = database.zone, database.url, database.clock, database.engine
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The transaction's own connection."""
        yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A part of the transaction that counts whole, or not at all."""
        with self._connection.begin_nested():
            yield self._connection


def in_chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Slices of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def insert_ignore(
    database: Database, table: sa.Table, rows: Sequence[dict[str, Any]], keys: Sequence[str]
) -> sa.Executable:
    """An INSERT that leaves rows alone which are there already by the unique columns `keys`."""
    if database.is_sqlite:
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return insert(table).values(list(rows)).on_conflict_do_nothing(index_elements=list(keys))


def _read_url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise DatabaseUnavailable(
            "The database address is not one: write sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseUnavailable(f"{url.get_backend_name()} is not supported: use sqlite or postgresql.")
    return url


def _make_engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() != "sqlite":
            return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 10})
        in_memory = url.database in (None, "", ":memory:")
        arguments = {"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None}
        engine = sa.create_engine(
            url, hide_parameters=True, poolclass=StaticPool if in_memory else None, connect_args=arguments
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseUnavailable(
            f"The driver for {url.get_backend_name()} is not installed: pip install 'webcare[postgres]' ({error})."
        ) from error
    if not in_memory:
        path = Path(str(url.database))
        _make_private(path)
        sa.event.listen(engine, "do_connect", _only_what_is_there(path))
        sa.event.listen(engine, "connect", _remember_file(path))
        sa.event.listen(engine, "checkout", _same_file(path))
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _only_what_is_there(path: Path) -> Callable[..., sqlite3.Connection]:
    """SQLite would make an empty database where the file is gone, and nobody would be told."""

    def connect(dialect: Any, record: Any, words: Any, arguments: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, **arguments)
        return made

    return connect


def _remember_file(path: Path) -> Callable[..., None]:
    def connected(connection: sqlite3.Connection, record: Any) -> None:
        record.info["file"] = _file_at(path)

    return connected


def _same_file(path: Path) -> Callable[..., None]:
    """A connection to a file that was taken away or replaced writes where nobody reads: it is given up."""

    def taken(connection: sqlite3.Connection, record: Any, proxy: Any) -> None:
        if record.info["file"] != _file_at(path):
            raise DisconnectionError("another file stands there now")

    return taken


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _make_private(path: Path) -> None:
    """Creates the file readable by its owner only; SQLite gives its -wal and -shm the same rights."""
    if not path.exists() and path.parent.is_dir():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    regular.teach(connection)


def _take_turn(connection: Connection) -> None:
    """Begins to write; of those that wait each is as likely to be next."""
    driver: Any = connection.connection.driver_connection
    over = time.monotonic() + BUSY_SECONDS
    driver.execute(f"PRAGMA busy_timeout={PATIENCE}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                busy = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > over:
                    raise
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    """Turns what a person can mend (unreachable, locked, full, read-only) into a sentence; bugs pass through."""
    try:
        yield
    except (OperationalError, DBAPIError) as error:
        damaged = type(error.orig) is sqlite3.DatabaseError  # "file is not a database", "disk image is malformed"
        if not (isinstance(error, OperationalError) or error.connection_invalidated or damaged):
            raise
        said = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        if "no such table" in said or "no such column" in said:
            raise
        name = url.render_as_string(hide_password=True)
        if damaged:
            raise DatabaseUnavailable(f"{name} cannot be used: {said}. It was left as it is.") from error
        raise DatabaseUnavailable(f"The database {name} does not answer: {said}.") from error
