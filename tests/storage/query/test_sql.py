"""Holds both databases to the meaning that the matcher gives a query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.query import grammar, matcher, sql, tree
from storage.query.columns import POST

pooled = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def found(store: Any, node: tree.Node, database: Database, now: datetime) -> tuple[list[int], bool]:
    search = sql.search(node, dialect=database.engine.dialect.name, now=now, me="anna")  # type: ignore[arg-type]
    query = sa.select(POST.c.id).select_from(sql.JOINED).where(search.where).order_by(POST.c.id)
    return list(store.connection.scalars(query)), search.exact


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
            ids, exact = found(filled, node, database, now)
            wanted = [each.id for each in filled.mentions if matcher.matches(node, each, now=now, me="anna")]
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
