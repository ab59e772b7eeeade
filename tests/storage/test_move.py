"""Everything moves to another database, is counted there, and goes on from there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.inbox import Inbox
from storage.intake import Intake
from storage.move import move
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post


def a_mention(number: int) -> NewPost:
    post = Post(
        external_id=str(number),
        url=f"https://forum.example/{number}",
        text=f"Zonnebank bericht {number} ☀",
        author=f"klant {number}",
        published_at=datetime(2026, 11, 22, 9, number % 60, tzinfo=UTC),
    )
    match = Match(brand="zonnebank", query="zonnebank")
    return NewPost(post=post, matches=(match,), wants_case=True, opinion=Opinion(lang="nl", intents=("question",)))


@pytest.fixture
def lived_in(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database with cases that were worked on."""
    shutil.copy(sqlite_template, tmp_path / "old.db")
    database = Database(f"sqlite:///{tmp_path}/old.db")
    intake = Intake(database)
    intake.register({"forum": ("feed", "https://forum.example")})
    intake.store("forum", "feed", [a_mention(n) for n in range(12)])
    Steps(database).tag([1, 2], "anna", "spoed")
    Steps(database).resolve(3, "anna")
    yield database
    database.close()


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in SQLModel.metadata.sorted_tables
        }


def test_every_row_arrives_and_the_source_stays(lived_in: Database, database: Database) -> None:
    before = everything(lived_in)
    told: dict[str, int] = {}
    total = move(lived_in, database, told.__setitem__)
    assert everything(database) == before == everything(lived_in)
    assert told == {name: len(rows) for name, rows in before.items()}
    assert total == sum(told.values())


def test_work_goes_on_in_the_new_place(lived_in: Database, database: Database) -> None:
    move(lived_in, database, lambda *_: None)
    stored = Intake(database).store("forum", "feed", [a_mention(5), a_mention(99)])
    assert stored.new_posts == 1
    Steps(database).claim(4, "bram")
    assert [mention.text for mention in Inbox(database).mentions("99")] == ["Zonnebank bericht 99 ☀"]
    assert Inbox(database).count("tag:spoed") == 2


def test_a_database_that_holds_something_is_left_alone(lived_in: Database, database: Database) -> None:
    move(lived_in, database, lambda *_: None)
    with pytest.raises(DatabaseUnavailable, match="empty database"):
        move(lived_in, database, lambda *_: None)
