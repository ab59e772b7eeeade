"""Holds both databases to the meaning that the matcher gives a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import tables
from storage.database import Database
from storage.query import fold, grammar, matcher, sql, tree
from storage.query.sql import index
from storage.schema import POST

pooled = settings(max_examples=60)


def found(
    store: Any, node: tree.Node, database: Database, now: datetime, wanted: Sequence[int] | None = None
) -> tuple[list[int], bool]:
    """What the condition holds of, and whether it decides; every way leads to all that is wanted."""
    search = sql.search(node, dialect=database.engine.dialect.name, now=now, me="anna")  # type: ignore[arg-type]
    query = sa.select(POST.c.id).select_from(sql.JOINED).order_by(POST.c.id)
    ids = list(store.connection.scalars(query.where(search.where)))
    tried = list(store.connection.scalars(query.where(search.row_by_row)))
    assert ids == tried if search.exact else set(ids) <= set(tried)
    for lead in search.leads:
        led = sa.select(POST.c.id).where(lead.key.in_(lead.keys))
        assert set(ids if wanted is None else wanted) <= set(store.connection.scalars(led)), lead
    if search.words is not None:
        assert set(ids if wanted is None else wanted) <= set(store.connection.scalars(search.words))
    return ids, search.exact


@pooled
@given(data=st.data())
def test_a_search_finds_what_the_matcher_says_and_an_inexact_one_never_misses_any(
    data: st.DataObject,
    database: Database,
    store: Callable[[], Any],
    stores: st.SearchStrategy[list[dict[str, Any]]],
    trees: st.SearchStrategy[tree.Node],
    now: datetime,
) -> None:
    posts = data.draw(stores)
    queries = data.draw(st.lists(trees, min_size=3, max_size=8))
    with store() as filled:
        filled.fill(posts)
        for node in queries:
            wanted = [each.id for each in filled.mentions if matcher.matches(node, each, now=now, me="anna")]
            ids, exact = found(filled, node, database, now, wanted)
            if exact:
                assert ids == wanted, tree.to_text(node)
            else:
                assert set(ids) >= set(wanted), tree.to_text(node)


@pytest.mark.parametrize(
    "query",
    [
        "(" * 49 + "a" + ")" * 49,
        " OR ".join(f"woord{each}" for each in range(1500)),
        " ".join(f"woord{each}*" for each in range(250)),
        "(a OR (b (c OR (d (e OR (f (g OR (h (i OR (j (k OR l)))))))))))",
        "NOT " * 40 + "a",
        '"NEAR" OR "a AND b) NOT"',
        '"\' OR 1=1 --" "a\' & b:*"',
        'x\\ OR source:"\\\\%_" OR tag:"*\\\\" OR "100%\'"c',
    ],
)
def test_no_query_that_parses_is_too_much_for_a_database(
    query: str, database: Database, store: Callable[[], Any], now: datetime
) -> None:
    with store() as empty:
        assert found(empty, grammar.parse(query), database, now)[0] == []


@pytest.mark.parametrize(
    "query",
    [
        '"één"c',
        '"e\u0301e\u0301n"c',
        '"n\u0303a"c',
        "playbook:none",
        "department:none handover:none",
        "site:evil.example",
    ],
)
@pytest.mark.parametrize("text", ["nog één ña", "nog e\u0301e\u0301n n\u0303a"])
def test_signs_composed_in_either_way_and_posts_without_a_case_are_found(
    query: str, text: str, database: Database, store: Callable[[], Any], now: datetime
) -> None:
    columns: dict[str, Any] = {"id": 1, "conversation_id": 1, "source": "s", "external_key": "k", "at": now}
    words = {"text": text, "text_words": fold.words(text), "url": "https://evil.example/x.nl"}
    with store() as filled:
        filled.fill([])
        filled.connection.execute(sa.insert(POST), tables.Post(**columns, **words, first_seen_at=now).model_dump())
        assert found(filled, grammar.parse(query), database, now, [1])[0] == [1]


@pytest.mark.parametrize("query", ["zonnebank", "zonne*", '"de bank" OR #kaas', "bank NOT geld", "a NEAR b"])
def test_a_search_for_words_is_led_by_the_index(query: str, database: Database, now: datetime) -> None:
    search = sql.search(grammar.parse(query), dialect=database.engine.dialect.name, now=now)  # type: ignore[arg-type]
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    found = sa.select(POST.c.id).select_from(sql.JOINED).where(search.where)
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        compiled = found.compile(connection.engine, compile_kwargs={"literal_binds": True})
        plan = str(connection.exec_driver_sql(explain + str(compiled).replace("%", "%%")).all())
    assert ("post_search VIRTUAL TABLE" if database.is_sqlite else "ix_post_search") in plan


def test_the_index_follows_edits_and_deletions(store: Callable[[], Any], database: Database, now: datetime) -> None:
    columns: dict[str, Any] = {
        "id": 1,
        "conversation_id": 1,
        "source": "s",
        "external_key": "k",
        "first_seen_at": now,
        "at": now,
    }
    with store() as filled:
        filled.fill([])
        filled.connection.execute(sa.insert(POST), {**tables.Post(**columns).model_dump(), "text_words": " oud woord "})
        assert found(filled, grammar.parse("oud"), database, now)[0] == [1]
        filled.connection.execute(sa.update(POST).values(text_words=" nieuw woord "))
        assert found(filled, grammar.parse("oud"), database, now)[0] == []
        assert found(filled, grammar.parse("nieuw*"), database, now)[0] == [1]
        filled.connection.execute(sa.delete(POST))
        index.scrub(filled.connection)
        assert found(filled, grammar.parse("nieuw"), database, now)[0] == []
        index.drop(filled.connection)
        index.create(filled.connection)


def test_the_longest_texts_fit_in_the_index_and_are_found(
    store: Callable[[], Any], database: Database, now: datetime
) -> None:
    long = " ".join(f"{'𠀀' * 12}{number}" for number in range(20_000))
    times = {"first_seen_at": now, "at": now}
    columns: dict[str, Any] = {"id": 1, "conversation_id": 1, "source": "s", "external_key": "k", **times}
    words = {f"{each}_words": fold.words(long + each) for each in ("title", "text", "author")}
    with store() as filled:
        filled.fill([])
        filled.connection.execute(sa.insert(POST), {**tables.Post(**columns).model_dump(), **words})
        assert found(filled, grammar.parse(f"{'𠀀' * 12}99"), database, now)[0] == [1]


def test_dates_are_days_in_the_time_zone_of_now(store: Callable[[], Any], database: Database, now: datetime) -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    columns: dict[str, Any] = {"id": 1, "conversation_id": 1, "source": "s", "external_key": "k"}
    row = tables.Post(**columns, first_seen_at=late, at=late).model_dump()
    with store() as filled:
        filled.fill([])
        filled.connection.execute(sa.insert(POST), row)
        here = now.astimezone(ZoneInfo("Europe/Amsterdam"))
        for query, utc, local in [
            ("after:2026-11-22", [], [1]),
            ("before:2026-11-22", [1], []),
            ("within:13h", [1], [1]),
        ]:
            assert found(filled, grammar.parse(query), database, now)[0] == utc
            assert found(filled, grammar.parse(query), database, here)[0] == local
