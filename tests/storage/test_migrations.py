"""A migrated database is the one a fresh program would make, on both kinds; a newer one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from storage import migrations, tables
from storage.database import Database
from storage.errors import SchemaMismatch


def test_a_migrated_database_equals_a_fresh_one(database: Database) -> None:
    assert tables.Post.__tablename__ == "post"
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
        assert compare_metadata(context, SQLModel.metadata) == []


def _is_ours(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Leaves out the search's tables and Alembic's own, made by hand, and an index on an expression, which no database
    tells back as it was said."""
    by_hand = ("alembic_version", "post_search", "ix_post_search", "ix_case_order")
    return not str(name).startswith(by_hand)


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    assert migrations.upgrade(database) == migrations.HEAD
    assert migrations.current(database) == migrations.HEAD


def test_head_is_the_newest_step() -> None:
    steps = sorted(path.name[:4] for path in (Path(migrations.__file__).parent / "versions").glob("0*.py"))
    assert steps[-1] == migrations.HEAD
    assert len(set(steps)) == len(steps)


def test_a_newer_database_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="install the newer"):
        migrations.upgrade(database)


def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.query.sql import index

    def broken(connection: sa.Connection) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(index, "create", broken)
    database = Database(f"sqlite:///{tmp_path}/new.db")
    with pytest.raises(RuntimeError):
        migrations.upgrade(database)
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == []
    database.close()
