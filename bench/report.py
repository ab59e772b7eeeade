"""A month's report and a full CSV export, beside bare sqlite3 and csv on the same file in the same run.

    python -m bench.report [MENTIONS]        (100,000 unless said; 1,000,000 takes a few minutes to fill)

Bare sqlite3 reads the same columns of the same mentions and counts or writes them without cases, business hours,
promises, reasons, guarding or promised fields. pandas and DuckDB, where they are installed, read and group the same
columns (DuckDB from the exported file). Each peer runs next to ours, for the clock of a busy machine is only good
for a ratio. Memory is the peak of a process of its own. A report here is counted with business hours and promises.
"""

from __future__ import annotations

import csv
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from desk.reports import save
from desk.reports.make import Request, make
from desk.service import Promise
from storage import tables
from storage.database import Database
from storage.figures import Figures
from storage.query.grammar import parse
from storage.query.sql import index
from storage.sla import read_calendar
from storage.types.figures import Hours

ZONE = ZoneInfo("Europe/Amsterdam")
OFFICE = read_calendar({"mon-fri": ["09:00-12:30", "13:00-17:30"], "holidays": "NL"}, ZONE)
TARGETS = {"first_response": timedelta(hours=1), "next_response": timedelta(hours=1), "resolution": timedelta(days=1)}
PROMISE = Promise(query="*", node=parse("*"), targets=TARGETS, calendar=OFFICE)
HOURS = Hours(default=OFFICE, promises=(PROMISE,), staffed=(OFFICE,))
START, DAYS = datetime(2026, 10, 1, tzinfo=UTC), 30
SOURCES = (("gathering", "phpbb"), ("geldblog", "wordpress"), ("nieuws", "rss"), ("forum", "discourse"))
WORDS = ("zonnebank", "storing", "app", "rente", "hypotheek", "klacht", "vraag", "snel", "saldo", "pas", "helaas")
SOME = 5000


def fill(database: Database, mentions: int) -> None:
    """A month of mentions by 2,000 people, three to a conversation, six in ten answered and most of those resolved."""
    rng = random.Random(1)
    with database.write() as connection:
        index.drop(connection)  # nothing is searched here, and filling takes half the time
    authors = [
        {"id": n, "source": SOURCES[n % 4][0], "external_key": f"a{n}", "name": f"naam{n}"} for n in range(1, 2001)
    ]
    threads = [{"id": n, "source": SOURCES[n % 4][0], "external_key": f"c{n}"} for n in range(1, mentions // 3 + 2)]
    _insert(database, tables.Author, iter(authors))
    _insert(database, tables.Conversation, iter(threads))
    cases = ({"id": n, "conversation_id": n, "author_key": f"a{n}", "opened_at": START, "last_mention_at": START}
             for n in range(1, len(threads) + 1))  # fmt: skip
    _insert(database, tables.Case, cases)
    _insert(database, tables.Post, (_post(rng, n, mentions) for n in range(1, mentions + 1)))
    sides = ({"post_id": n, "brand": "zonnebank", "query": "zonnebank"} for n in range(1, mentions + 1))
    _insert(database, tables.PostMatch, sides)
    intents = ({"post_id": n, "intent": rng.choice(("question", "complaint", "thanks")), "place": 0}
               for n in range(1, mentions + 1))  # fmt: skip
    _insert(database, tables.PostIntent, intents)
    _insert(database, tables.Event, _events(rng, len(threads), mentions))


def _post(rng: random.Random, n: int, mentions: int) -> dict[str, Any]:
    at, thread = START + timedelta(days=DAYS * n / (mentions + 1)), (n - 1) // 3 + 1
    source, kind = SOURCES[thread % 4]
    text = " ".join(rng.choices(WORDS, k=40))
    return {
        "id": n, "source": source, "source_kind": kind, "external_key": f"p{n}", "external_id": f"p{n}",
        "conversation_id": thread, "case_id": thread, "author_id": thread % 2000 + 1, "text": text,
        "text_words": f" {text} ", "lang": "nl", "published_at": at, "at": at, "url": f"https://{source}.example/{n}",
        "first_seen_at": at + timedelta(minutes=rng.random() * 20), "is_mention": True, "brand": "zonnebank",
        "sentiment": rng.choice(("negative", "neutral", "positive", "unrated")), "priority": "normal",
        "reasons": [{"about": "sentiment", "label": "words", "words": ["storing"], "share": -0.4}],
    }  # fmt: skip


def _events(rng: random.Random, cases: int, mentions: int) -> Iterator[dict[str, Any]]:
    for case in range(1, cases + 1):
        at = START + timedelta(days=DAYS * case * 3 / (mentions + 1))
        yield {"at": at, "actor": "webcare", "kind": "found", "case_id": case, "data": {}}
        if rng.random() < 0.6:
            sent = at + timedelta(minutes=rng.expovariate(1 / 90))
            yield {"at": sent, "actor": "anna", "kind": "sent", "case_id": case, "data": {}}
            if rng.random() < 0.8:
                done = {"from": "open", "to": "resolved"}
                yield {
                    "at": sent + timedelta(hours=1),
                    "actor": "anna",
                    "kind": "resolved",
                    "case_id": case,
                    "data": done,
                }


def _insert(database: Database, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    table = model.__table__
    fields = {name: each for name, each in model.model_fields.items() if name != "id" and not each.is_required()}
    plain = {name: each.get_default(call_default_factory=True) for name, each in fields.items()}
    while some := list(islice(rows, SOME)):
        with database.write() as connection:
            connection.execute(sa.insert(table), [plain | row for row in some])


def bare_count(path: Path) -> None:
    """The same columns counted by the same properties with sqlite3 and Counter."""
    columns = "at, source, source_kind, brand, lang, sentiment, priority"
    counts = [Counter[str]() for _ in columns.split(",")]
    for row in sqlite3.connect(path).execute(f"SELECT {columns} FROM post WHERE is_mention ORDER BY at, id"):
        for value, counter in zip(row, counts, strict=True):
            counter[value[:10] if value else ""] += 1


def bare_csv(path: Path) -> None:
    """Every column of the mentions straight to csv."""
    with (path.parent / "bare.csv").open("w", newline="") as out:
        csv.writer(out).writerows(sqlite3.connect(path).execute("SELECT * FROM post WHERE is_mention ORDER BY at, id"))


def pandas_count(path: Path) -> None:
    """The same columns counted by pandas."""
    import pandas

    columns = "at, source, source_kind, brand, lang, sentiment, priority"
    query = f"SELECT {columns} FROM post WHERE is_mention"
    frame = pandas.read_sql_query(query, sqlite3.connect(path), parse_dates=["at"])
    frame["at"] = frame["at"].dt.date
    for column in frame:
        frame.groupby(column, dropna=False).size()


def duckdb_count(path: Path) -> None:
    """The same columns of the rows that we exported, counted by DuckDB, which reads SQLite by a download only."""
    import duckdb

    columns = ("published_at[:10]", "source", "source_kind", "brand", "lang", "sentiment", "priority")
    rows = f"read_csv('{path.parent / 'report.csv'}', all_varchar=true)"
    for column in columns:
        duckdb.sql(f"SELECT {column}, count(*) FROM {rows} GROUP BY 1").fetchall()


def ours(path: Path, form: str) -> None:
    """A report in one of our formats."""
    database = Database(f"sqlite:///{path}", zone=ZONE)
    end = START + timedelta(days=DAYS)
    report = make(Figures(database), Request(query="*", start=START, end=end, zone=ZONE, hours=HOURS))
    save(report, path.parent / f"report.{form}")


RUNS: dict[str, Callable[[Path], None]] = {
    "report (html)": lambda path: ours(path, "html"),
    "bare sqlite3 + Counter": bare_count,
    "pandas": pandas_count,
    "export (csv)": lambda path: ours(path, "csv"),
    "bare sqlite3 + csv": bare_csv,
    "duckdb": duckdb_count,
    "export (jsonl)": lambda path: ours(path, "jsonl"),
}
PEERS = dict.fromkeys(("bare sqlite3 + Counter", "pandas", "duckdb"), "report (html)")
PEERS["bare sqlite3 + csv"] = "export (csv)"
"""What each peer is held against."""


def peak_megabytes() -> int:
    """The most memory this process ever held (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main(arguments: list[str]) -> None:
    """Fills a file, then runs each of RUNS in a process of its own."""
    if len(arguments) == 2:
        started, spent = time.perf_counter(), time.process_time()
        RUNS[arguments[0]](Path(arguments[1]))
        print(time.perf_counter() - started, time.process_time() - spent, peak_megabytes())
        return
    mentions = int(arguments[0]) if arguments else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        database = Database(f"sqlite:///{path}")
        import_module("storage.migrations").upgrade(database)  # Alembic's memory is none of a report's
        fill(database, mentions)
        database.close()
        spent: dict[str, float] = {}
        for name in RUNS:
            if name in ("pandas", "duckdb") and not find_spec(name):
                continue
            command = [sys.executable, "-m", "bench.report", name, str(path)]
            said = subprocess.run(command, check=True, capture_output=True).stdout
            wall, cpu, memory = map(float, said.split())
            spent[name] = cpu
            ratio = f", ours takes {spent[PEERS[name]] / cpu:.1f} x" if name in PEERS else ""
            print(
                f"{name:24} {wall:7.2f} s, CPU {cpu:7.2f} s, {mentions / cpu:9,.0f}/s of CPU, {memory:5,.0f} MB{ratio}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
