"""Two real processes listen for one database at once: each source is visited, and nothing is lost or twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.schema import CASE, EVENT, POST, SOURCE

SOURCES, ITEMS = 12, 5


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_two_listeners_on_one_database_share_the_work(
    site: Any, listen_apart: Callable[[list[dict[str, Any]]], Any], apart: Any, database: Database
) -> None:
    for number in range(SOURCES):
        items = ({"guid": f"{number}-{n}", "text": f"Zonnebank, bericht {n}", "author": f"l{n}"} for n in range(ITEMS))
        site.feed(f"/{number}", *items)
    start = listen_apart(
        [
            {"name": f"s{each}", "kind": "feed", "url": f"{site.base}/{each}", "pause": 0, "full_text": False}
            for each in range(SOURCES)
        ]
    )
    both = [start() for _ in range(2)]
    for each in both:
        each.join()
    said = apart.stderr.read_text()
    assert [each.exitcode for each in both] == [0, 0], said
    assert "Traceback" not in said and "eadlock" not in said, said
    with database.read() as connection:
        posts = connection.execute(sa.select(POST.c.source, POST.c.external_id, POST.c.case_id)).all()
        events = connection.execute(sa.select(EVENT.c.post_id).where(EVENT.c.kind == "found")).all()
        cases = connection.execute(sa.select(CASE.c.id, CASE.c.version)).all()
        leased = connection.execute(sa.select(SOURCE.c.name).where(SOURCE.c.lease_until.is_not(None))).all()
    everything = sorted((f"s{number}", f"{number}-{n}") for number in range(SOURCES) for n in range(ITEMS))
    assert sorted((row.source, row.external_id) for row in posts) == everything
    assert len(events) == len(set(events)) == len(everything)
    assert sorted(row.id for row in cases) == sorted(row.case_id for row in posts)
    assert {row.version for row in cases} == {1}
    assert leased == []
