"""The statements of the hot loop begin at the right index, whatever is known of the tables: nothing runs ANALYZE."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from storage import glance
from storage.database import Database
from storage.figures import Figures

OF_A_MILLION = """
    post ix_post_case 1000000 4 4 1; post ix_post_conversation_at 1000000 4 1 1 1
    post ix_post_source_at 1000000 25000 1; post ix_post_mention_at 1000000 1000000 1 1 1 1 1 1 1 1 1 1 1 1 1
    post ix_post_fingerprint 1000000 1000000; post ix_post_author_id 1000000 20
    post sqlite_autoindex_post_1 1000000 25000 1
    case ix_case_order 333333 3334 1 1; case ix_case_inbox 333333 111111 1112 1 1; case ix_case_conversation_id 333333 1
    case ix_case_changed 333333 1; case ix_case_author_id 333333 7; case ix_case_assignee 333333 166667
    case sqlite_autoindex_case_1 333333 1 1; author sqlite_autoindex_author_1 50000 1250 1
    conversation ix_conversation_next 333333 333333; conversation sqlite_autoindex_conversation_1 333333 8334 1
    event ix_event_case_id 333450 1; event ix_event_at 333450 1; event ix_event_actor 333450 166725 1
    post_match ix_post_match_brand 1000000 20000; post_match sqlite_autoindex_post_match_1 1000000 1 1 1
    source ix_source_next_at 1000000 10; source ix_source_lease_until 1000000 500000
"""
"""What ANALYZE says of a database with a million mentions: table, index, rows, and rows an equal beginning."""

LARGE = "post|case|event|conversation|author|post_match|post_intent|case_tag|reply|source"
SCANS = (
    re.compile(rf"^SCAN ({LARGE})(_\d)?\b(?! USING (COVERING )?INDEX ix_case_order)"),
    re.compile(r"ix_post_mention_at \(is_mention=\?\)$"),
    re.compile(rf'Seq Scan on "?({LARGE})"?\b'),
)
"""Lines of a plan that reads a whole table, or all mentions; only cases may be read in the order of the inbox."""
COUNTED = re.compile(r'SELECT count\(\*\) AS count_1\s+FROM "case"$')
"""How many cases there are, before somebody is told how many of them were gone through."""

ACTS: dict[str, Callable[[Any], object]] = {
    "the inbox": lambda desk: desk.inbox.page("is:open NOT is:snoozed"),
    "my work": lambda desk: (desk.inbox.page("assignee:me is:open", me="anna"), desk.inbox.count("assignee:anna")),
    "a word": lambda desk: desk.inbox.page("zonnebank"),
    "a phrase": lambda desk: desk.inbox.page('"van zonnebank"'),
    "a title of a source": lambda desk: desk.inbox.page("title:zonnebank source:forum"),
    "a site": lambda desk: desk.inbox.page("site:forum.example lang:nl"),
    "facts": lambda desk: desk.inbox.page("sentiment:unrated priority:<=normal -has:link"),
    "all together": lambda desk: desk.inbox.page("zonnebank source:forum is:open -sentiment:positive"),
    "words lately": lambda desk: desk.inbox.page("zonnebank within:4h"),
    "tags and groups": lambda desk: desk.inbox.page("tag:vip (group:pers OR group:vip)"),
    "intents": lambda desk: desk.inbox.page("intent:question brand:zonnebank"),
    "words near": lambda desk: desk.inbox.page("waarom NEAR/2 werkt"),
    "words alike": lambda desk: desk.inbox.page("zonebank~1"),
    "a case": lambda desk: desk.inbox.open(1),
    "what changed": lambda desk: desk.inbox.changed_since(3),
    "what is due": lambda desk: desk.intake.due(),
    "a stretch of a report": lambda desk: Figures(desk.database).arrivals("*", *_lately(desk)),
}


def _lately(desk: Any) -> tuple[Any, Any]:
    return desk.database.now() - timedelta(hours=1), desk.database.now() + timedelta(hours=1)


def test_what_is_done_all_day_reads_no_whole_table(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WALK", 1), ("PROMISING", 0), ("WINDOW", 2), ("FAR", 2)):
        monkeypatch.setattr(f"storage.searching.{name}", value)  # so that a search of few cases goes every way
    for number in range(6):
        desk.case(author=f"a{number % 2}", conversation=f"c{number}")
    asked = [("the first page of all", glance.PAGE.format(limit=50), ())]
    for (name, act), few in product(ACTS.items(), (4, 100)):
        monkeypatch.setattr("storage.searching.FEW", few)
        with _statements(desk.database) as found:
            act(desk)
        asked += [(name, statement, values) for statement, values in found if not COUNTED.match(statement)]
    for _ in ("as it is", "as if it were large"):
        for name, statement, values in asked:
            assert not _whole(desk.database, statement, values), f"{name}: {statement}"
        _pretend(desk.database)


def _pretend(database: Database) -> None:
    """Makes SQLite think that the database is large; PostgreSQL counts the pages of a table itself."""
    if not database.is_sqlite:
        return
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")
        for each in re.split(r"[;\n]", OF_A_MILLION):
            if words := each.split(maxsplit=2):
                connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", tuple(words))
        connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads them anew


@contextmanager
def _statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if re.match("(SELECT|WITH|UPDATE|DELETE)", statement):
            asked.append((statement, values))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(database.engine, "before_cursor_execute", note)


def _whole(database: Database, statement: str, values: Any) -> list[str]:
    """The lines of a statement's plan that read a whole table."""
    with database.write() as connection:
        if database.is_sqlite:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values or None)]
    return [line for line in plan if any(each.search(line) for each in SCANS)]
