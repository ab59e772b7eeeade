"""Two real processes listen for one database at once: each source is visited, and nothing is lost or twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables
from storage.database import Database

ROOT = Path(__file__).parent.parent.parent
SOURCES, ITEMS = 12, 5
POST, CASE, EVENT, SOURCE = (each.__table__ for each in (tables.Post, tables.Case, tables.Event, tables.Source))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_two_listeners_on_one_database_share_the_work(
    site: Any, database_url: str, database: Database, tmp_path: Path
) -> None:
    for number in range(SOURCES):
        items = ({"guid": f"{number}-{n}", "text": f"Zonnebank, bericht {n}", "author": f"l{n}"} for n in range(ITEMS))
        site.feed(f"/{number}", *items)
    config = {
        "database": database_url,
        "allow_private": True,
        "brands": {"zonnebank": {"query": "zonnebank*"}},
        "sources": [
            {"name": f"s{each}", "kind": "feed", "url": f"{site.base}/{each}", "pause": 0, "full_text": False}
            for each in range(SOURCES)
        ],
    }
    path = tmp_path / "sources.yaml"
    path.write_text(json.dumps(config))
    program = [sys.executable, "-c", "import sys, webcare; sys.exit(webcare.main())", "--config", str(path)]
    both = [
        subprocess.Popen(
            [*program, "listen", "--once", "--now"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [each.communicate()[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert not any("Traceback" in each or "eadlock" in each for each in said), said
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
