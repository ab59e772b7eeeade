"""The database itself: addresses, privacy of the file, transactions, and trouble said in words."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import care, migrations
from storage.database import Database, owner_is_dead, process_name
from storage.errors import DatabaseUnavailable


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "is not one"),
        ("mysql://u@h/x", "not supported"),
        ("postgresql://u:geheim@127.0.0.1:1/x", "refused"),
    ],
)
def test_an_address_that_does_not_work_is_said_without_its_password(url: str, said: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught, Database(url).read():
        pass
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_database_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"dear diary, " * 999)
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        migrations.upgrade(Database(f"sqlite:///{path}"))
    assert path.read_bytes() == b"dear diary, " * 999


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable), Database(f"sqlite:///{tmp_path}/no/where.db").read():
        pass


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.db")
    migrations.upgrade(database)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    database.close()


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(sa.text("INSERT INTO setting (name, value) VALUES ('a', 'b')"))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM setting")) == 0


def test_closing_closes_a_connection_that_is_in_use_as_soon_as_it_comes_back(database: Database) -> None:
    with database.read() as connection:
        held = connection.connection.dbapi_connection
        assert held is not None
        database.close()
        assert connection.scalar(sa.text("SELECT 1")) == 1
    with pytest.raises(database.engine.dialect.loaded_dbapi.Error, match="closed"):
        held.cursor()


def test_only_a_gone_process_of_this_machine_is_dead() -> None:
    host = process_name().rpartition(":")[0]
    assert owner_is_dead(f"{host}:999999999")
    assert not owner_is_dead(process_name())
    assert not owner_is_dead(f"{host}:{os.getppid()}")
    assert not owner_is_dead("elsewhere:999999999")
    assert not owner_is_dead("")


def test_a_whole_database_has_no_complaints(database: Database) -> None:
    assert care.check(database) == []


def test_a_missing_table_is_complained_of(sqlite_database: Database) -> None:
    with sqlite_database.write() as connection:
        connection.execute(sa.text("DROP TABLE revision"))
    assert care.check(sqlite_database) == ["The table revision is missing."]


def test_a_backup_is_a_whole_database_and_writes_over_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    care.backup(sqlite_database, str(copy))
    opened = Database(f"sqlite:///{copy}")
    assert care.check(opened) == []
    opened.close()
    with pytest.raises(DatabaseUnavailable, match="is there already"):
        care.backup(sqlite_database, str(copy))
