"""First pages of searches among a million mentions, beside the bare statement in the same run, on either database.

    python -m bench.search sqlite:///bench.db          (a file that `bench/desk.py --file` filled)
    python -m bench.search postgresql://…/bench        (the same moved there by `webcare db move`)

CPU is that of this process and, on PostgreSQL, of its server's process for us and those that helped it. The bare
statement is what one would write by hand for the same page, where SQL can say it: no parsing, no cases made of rows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.desk import SEARCHES, _vocabulary
from storage.database import Database
from storage.inbox import Inbox
from storage.query.sql.index import _VECTOR

MORE = {
    "title": "title:storing", "phrase in title": 'title:"zonnebank storing"', "author": "author:naam17*",
    "site": "site:forum1.example", "site, none": "site:nope.example", "source": "source:forum1",
    "sentiment": "source:forum1 sentiment:negative", "three": "source:forum1 sentiment:negative storing is:open",
    "language, none": "lang:en", "rating, none": "rating:<3", "tag, none": "tag:vraag", "kind, none": "kind:review",
    "reply, none": "has:reply", "within": "storing within:7d", "near": "zonnebank NEAR/3 storing",
    "near, rare": "zonnebank NEAR/3 {rare}", "three words": "storing app rente", "part, none": "*qzxw",
    "word of a site": "site:forum1.example storing",
    "exact case, none": '"Storing"c', "mine": "assignee:me", "handed over": "-handover:none",
}  # fmt: skip
BARE = {
    "word": ('"storing"', "'storing'", "text_words LIKE '% storing %'"),
    "phrase": ('"zonnebank storing"', "'zonnebank' & 'storing'", "text_words LIKE '% zonnebank storing %'"),
    "title": ('title_words : "storing"', "'storing'", "title_words LIKE '% storing %'"),
    "three words": ('"storing" "app" "rente"', "'storing' & 'app' & 'rente'", "true"),
}
"""What FTS5 is asked, what the tsvector is asked, and what that leaves to be tried there."""
ORDER = '"case".priority_score DESC, "case".last_mention_at, "case".id'
LITE = f"""SELECT DISTINCT "case".id, "case".priority_score, "case".last_mention_at FROM post_search
    JOIN post ON post.id = post_search.rowid JOIN "case" ON "case".id = post.case_id
    WHERE post_search MATCH ? ORDER BY {ORDER} LIMIT 50"""
LARGE = f"""SELECT DISTINCT "case".id, "case".priority_score, "case".last_mention_at FROM post
    JOIN "case" ON "case".id = post.case_id WHERE {_VECTOR} @@ %s::tsquery AND {{tried}} ORDER BY {ORDER} LIMIT 50"""


def clock(database: Database) -> Callable[[], float]:
    """CPU seconds of this process and of those that work for it at the server."""
    if database.is_sqlite:
        return time.process_time
    with database.read() as connection:
        server = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()

    def spent() -> float:
        own = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
        above = Path(f"/proc/{own[1]}/stat").read_text().rpartition(")")[2].split()
        return time.process_time() + sum(map(int, (own[11], own[12], above[13], above[14]))) / 100

    return spent


def best(act: Callable[[], Any], cpu: Callable[[], float], times: int) -> tuple[float, float, float]:
    """Milliseconds: wall the first time, wall and CPU of the quickest."""
    walls, spent = [], []
    for _ in range(times):
        wall, before = time.perf_counter(), cpu()
        act()
        walls.append(1000 * (time.perf_counter() - wall))
        spent.append(1000 * (cpu() - before))
        if walls[-1] > 3000:
            break
    return walls[0], min(walls), min(spent)


def bare(database: Database, name: str) -> None:
    """The page by a statement of one's own."""
    match, vector, tried = BARE[name]
    with database.read() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql(LITE, (match,)).all()
        else:
            connection.exec_driver_sql(LARGE.format(tried=tried.replace("%", "%%")), (vector,)).all()


def main() -> None:
    """Prints a line a search."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url")
    options.add_argument("--times", type=int, default=3)
    options.add_argument("--most", type=float, default=20, help="seconds after which a search is given up")
    asked = options.parse_args()
    database = Database(asked.url)
    inbox, cpu, rare = Inbox(database), clock(database), _vocabulary()[90_000]
    for name, query in (SEARCHES | MORE).items():
        began = time.perf_counter()

        def page(query: str = query.format(rare=rare), began: float = began) -> None:
            inbox.page(query, me="anna", watch=lambda *_: time.perf_counter() - began < asked.most)

        first, wall, spent = best(page, cpu, asked.times)
        peer = ""
        if name in BARE:
            _, _, alone = best(partial(bare, database, name), cpu, asked.times)
            peer = f"  bare statement CPU {alone:6.0f} ms, {spent / max(alone, 0.1):.1f} x"
        print(f"{name:18} first {first:6.0f}  best {wall:6.0f} ms  CPU {spent:6.0f} ms{peer}", flush=True)
    database.close()


if __name__ == "__main__":
    main()
