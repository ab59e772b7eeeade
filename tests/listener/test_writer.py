"""What visits bring is judged and stored together, and what one of them does wrong is that one's alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from listener import judge
from listener import writer as listener_writer
from listener.types import SourceSpec
from listener.walk import Batch
from listener.writer import Writer
from storage import tables
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.intake import Intake
from storage.types import Post, Visit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCES = [SourceSpec(name=name, url=f"https://{name}.example", kind="feed") for name in ("een", "twee", "drie")]


def a_batch(number: int = 1) -> Batch:
    post = Post(external_id=str(number), url="https://een.example/1", text="Zonnebank doet het niet.", author="Jan")
    return Batch(posts=(post,))


@pytest.fixture
def writer(database: Database, bench: judge.Bench) -> Writer:
    intake = Intake(database)
    intake.register({spec.name: (spec.kind, spec.url) for spec in SOURCES})
    return Writer(intake, bench, database.clock)


def stored(database: Database) -> list[Any]:
    post = tables.Post.__table__  # type: ignore[attr-defined]
    with database.read() as connection:
        return sorted(map(tuple, connection.execute(sa.select(post.c.source, post.c.external_id))))


async def test_what_waits_is_written_in_one_transaction(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    store_all = writer.intake.store_all
    monkeypatch.setattr(
        writer.intake, "store_all", lambda some, ends: groups.append(len(some) + len(ends)) or store_all(some, ends)
    )
    ending = Visit(source="drie", started_at=NOW, finished_at=NOW, next_at=NOW, interval=60)
    first, second, _ = await asyncio.gather(
        writer.store(a_batch(), SOURCES[0]), writer.store(a_batch(), SOURCES[1]), writer.finish(ending)
    )
    assert (first.new_posts, second.new_posts, groups) == (1, 1, [3])
    assert set(first.new_mentions).isdisjoint(second.new_mentions)
    assert stored(database) == [("een", "1"), ("twee", "1")]


def a_flood(posts: int, conversation: str) -> Batch:
    """Posts of which the last is a mention."""
    texts = ["niets"] * (posts - 1) + ["Zonnebank"]
    return Batch(
        posts=tuple(
            Post(external_id=str(n), url="", text=text, conversation_id=conversation) for n, text in enumerate(texts)
        )
    )


@pytest.mark.parametrize(("conversation", "groups"), [("", [[100], [1], [100], [50]]), ("c", [[250], [1]])])
async def test_a_flood_is_written_in_parts_between_which_others_have_their_turn(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, conversation: str, groups: list[list[int]]
) -> None:
    written: list[list[int]] = []
    store_all = writer.intake.store_all
    monkeypatch.setattr(
        writer.intake,
        "store_all",
        lambda some, ends: written.append(sorted(len(each.posts) for each in some)) or store_all(some, ends),
    )
    monkeypatch.setattr(listener_writer, "PART", 100)
    flood = asyncio.create_task(writer.store(a_flood(250, conversation), SOURCES[0]))
    while not written:  # it has begun
        await asyncio.sleep(0)
    await asyncio.gather(flood, writer.store(a_batch(), SOURCES[1]))
    assert written == groups
    assert flood.result().new_posts == (250 if conversation else 1)


async def test_what_one_source_brings_is_written_in_its_order(writer: Writer, database: Database) -> None:
    done = await asyncio.gather(*(writer.store(a_batch(each % 2), SOURCES[0]) for each in range(4)))
    assert [each.new_posts for each in done] == [1, 1, 0, 0]
    await writer.settle()
    assert stored(database) == [("een", "0"), ("een", "1")]


async def test_a_batch_that_does_harm_fails_alone(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_all = writer.intake.store_all

    def picky(deliveries: Any, endings: Any) -> Any:
        stored = store_all(deliveries, endings)
        if any(each.source == "twee" for each in deliveries):
            raise ArithmeticError("a fault of ours")
        return stored

    monkeypatch.setattr(writer.intake, "store_all", picky)
    found = await asyncio.gather(*(writer.store(a_batch(), spec) for spec in SOURCES), return_exceptions=True)
    assert [type(each).__name__ for each in found] == ["Stored", "ArithmeticError", "Stored"]
    assert {source for source, _ in stored(database)} >= {"een", "drie"}


async def test_a_database_that_is_away_is_told_to_all_who_wait(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise DatabaseUnavailable("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(writer.intake, "store_all", away)
        found = await asyncio.gather(*(writer.store(a_batch(), spec) for spec in SOURCES), return_exceptions=True)
        assert [type(each) for each in found] == [DatabaseUnavailable] * 3
    assert (await writer.store(a_batch(), SOURCES[0])).new_posts == 1


async def test_a_visit_that_is_given_up_disturbs_nobody(writer: Writer, database: Database) -> None:
    given_up = asyncio.create_task(writer.store(a_batch(), SOURCES[0]))
    stays = asyncio.create_task(writer.store(a_batch(), SOURCES[1]))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await stays).new_posts == 1
    await writer.settle()
    assert ("twee", "1") in stored(database)
