"""The desk on a real terminal with a million mentions, beside Textual's hello world in the same run.

    python bench/desk.py [MENTIONS]          (1,000,000 unless said; filling a file takes a few minutes)
    python bench/desk.py --file bench.db     (fills it when it is not there, and keeps it)

The wall clock runs from the key written to the last byte painted, on a pseudo-terminal of 120 by 40. CPU is that of the
desk's process, threads and all. A desk is opened several times, by turns with hello world. Our modules are compiled
before, as those of an installed package are, whatever the environment says of writing them.
"""

from __future__ import annotations

import argparse
import compileall
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.terminal import HOUSE, ROWS, Terminal, opened
from storage import migrations
from storage.database import Database
from storage.query.sql import index

VOCABULARY = 150_000
"""Different words, their frequencies by Zipf's law."""
SIGNS = ["zonnebank", "storing", "app", "rente", "hypotheek", "klacht", "vraag", "helaas", "wachten", "pas"]
"""Words that searches ask for: the tenth, fifteenth, twentieth … most used."""
SEARCHES = {
    "word": "storing", "rare word": "{rare}", "phrase": '"zonnebank storing"', "field": "title:storing source:forum1",
    "not": "storing NOT rente", "or": "hypotheek OR {rare}", "wildcard": "hypoth*", "inner wildcard": "hypo*eek",
    "fuzzy": "hypotheak~1", "fuzzy, none": "qzxwvkjq~2", "regex": "/hypo(theek|teek)/", "regex, none": "/qzx[0-9]+wvk/",
    "regex, no literal": r"/\d{{7,9}}[qx]/", "nothing": "zzqqxxyy",
}  # fmt: skip
ANSWERED = r" 1/\d+(\x1b\[[\d;]*m)+  {}|Nothing answers"
"""What is painted with a search's first page: the place in it, and what was asked."""
HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("Hello, world")
Hello().run()
"""
PAGE = "\x1b[6~"
PEER = """
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal
from textual.scroll_view import ScrollView
from textual.strip import Strip

INK, GREY, CURSOR = Style(color="#e7eaf0", bgcolor="#12151b"), Style(color="#a3adbd"), Style(bgcolor="#2b3342")

class Rows(ScrollView):
    row = 0
    def render_line(self, y):
        place, over = self.row // 39 * 39 + y, CURSOR if y == self.row % 39 else Style.null()
        said = [(f"{place} ", INK), ("somebody ", INK + GREY), ("what was written, as far as it goes", INK)]
        return Strip([Segment(text, style + over) for text, style in said]).adjust_cell_length(self.size.width, INK)

class Pane(Rows):
    def render_line(self, y):
        said = [Segment(f"{self.row} {y} ", INK), Segment(chr(97 + self.row % 26) * 50, INK + GREY)]
        return Strip(said).adjust_cell_length(self.size.width, INK)

class Peer(App):
    CSS = "Rows { width: 1fr; height: 100%; }"
    BINDINGS = [Binding("j", "go(1)"), Binding("pagedown", "go(39)")]
    def compose(self):
        with Horizontal():
            yield Rows()
            yield Pane()
    def action_go(self, by):
        rows, pane = self.query(Rows)
        rows.row = pane.row = rows.row + by
        pane.refresh()
        if by == 1:
            rows.refresh_line(rows.row % 39 - 1)
            rows.refresh_line(rows.row % 39)
        else:
            rows.refresh()
Peer().run()
"""
"""The least that Textual can do for such a key: two rows and a pane, or both panes; nothing is read or decided."""


def fill(path: Path, mentions: int) -> None:
    """Posts of about thirty words by 50,000 people, three to a case, a third of the cases open."""
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    with database.write() as connection:
        index.drop(connection)
    database.close()
    rows = sqlite3.connect(path)
    rows.execute("PRAGMA synchronous=OFF")
    now = datetime.now(UTC)
    cases = mentions // 3
    _insert(rows, "author", ({"id": n, "source": f"forum{n % 40}", "external_key": f"a{n}", "external_id": f"a{n}",
            "name": f"naam{n}", "url": "", "is_own": False} for n in range(1, 50_001)))  # fmt: skip
    _insert(rows, "conversation", ({"id": n, "source": f"forum{n % 40}", "external_key": f"c{n}", "external_id": "",
            "url": f"https://forum{n % 40}.example/t/{n}", "title": f"Draad {n} over de app", "followed": True,
            "stamp": "", "link": "{}"} for n in range(1, cases + 1)))  # fmt: skip
    rng = random.Random(1)
    _insert(rows, '"case"', (_case(rng, n, now) for n in range(1, cases + 1)))
    _insert(rows, "post", _posts(mentions, cases, now))
    _insert(rows, "post_match", ({"post_id": n, "brand": "zonnebank", "query": "zonnebank"}
            for n in range(1, mentions + 1)))  # fmt: skip
    _insert(rows, "event", ({"at": _when(now, n), "actor": "webcare", "kind": "found", "case_id": n, "data": "{}"}
            for n in range(1, cases + 1)))  # fmt: skip
    rows.execute('UPDATE "case" SET changed = id')
    rows.commit()
    rows.close()
    with database.write() as connection:
        index.create(connection)
    with database.read() as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()


def _when(now: datetime, n: int) -> str:
    return f"{now - timedelta(days=400) + timedelta(seconds=n * 30 % 34_000_000):%Y-%m-%d %H:%M:%S.%f}"


def _case(rng: random.Random, n: int, now: datetime) -> dict[str, object]:
    score = rng.randrange(100)
    return {
        "id": n, "conversation_id": n, "author_id": n % 50_000 + 1, "author_key": str(n % 50_000 + 1),
        "brand": "zonnebank", "status": rng.choice(("new", "resolved", "dismissed")), "epoch": 0, "version": 0,
        "priority": ("low", "normal", "high", "urgent")[score // 25], "priority_score": score,
        "opened_at": _when(now, n), "last_mention_at": _when(now, n), "changed": 0,
    }  # fmt: skip


def _posts(mentions: int, cases: int, now: datetime) -> Iterator[dict[str, object]]:
    rng = np.random.default_rng(1)
    words = _vocabulary()
    share = 1 / np.arange(1, VOCABULARY + 1)
    share /= share.sum()
    for start in range(1, mentions + 1, 10_000):
        drawn = rng.choice(VOCABULARY, size=(10_000, 30), p=share)
        for row, n in enumerate(range(start, min(start + 10_000, mentions + 1))):
            text, case = " ".join([words[each] for each in drawn[row]]), (n - 1) % cases + 1
            yield {
                "id": n, "source": f"forum{case % 40}", "source_kind": "phpbb", "external_key": f"p{n}",
                "external_id": f"p{n}", "conversation_id": case, "parent_key": "", "author_id": case % 50_000 + 1,
                "author_words": f" naam{case % 50_000 + 1} ".replace("0", "o"), "kind": "post",
                "url": f"https://forum{case % 40}.example/t/{case}#{n}", "title": text[:30], "text": text,
                "title_words": f" {text[:30].strip()} ", "text_words": f" {text} ", "lang": "nl",
                "published_at": _when(now, n), "first_seen_at": _when(now, n), "at": _when(now, n), "partial": False,
                "fingerprint": "", "is_mention": True, "is_own": False, "brand": "zonnebank", "case_id": case,
                "sentiment": ("negative", "neutral", "positive")[n % 3], "sentiment_score": 0.1, "confidence": 0.8,
                "priority": "normal", "priority_score": 35, "model": "1", "content_hash": "",
                "reasons": '[{"about": "sentiment", "label": "words", "words": ["storing"], "share": -0.4}]',
            }  # fmt: skip


def _vocabulary() -> list[str]:
    rng = random.Random(2)
    heads, tails = "bcdfghjklmnprstvwz", "aeiou"
    made = dict.fromkeys(
        "".join(rng.choice(heads) + rng.choice(tails) for _ in range(rng.randint(1, 5))) + rng.choice("nrst")
        for _ in range(VOCABULARY * 2)
    )
    words = list(made)[:VOCABULARY]
    for place, sign in enumerate(SIGNS):
        words[10 + 5 * place] = sign
    return words


def _insert(rows: sqlite3.Connection, table: str, values: Iterator[dict[str, object]]) -> None:
    first = next(values)
    names, holes = ", ".join(first), ", ".join("?" * len(first))
    statement = f"INSERT INTO {table} ({names}) VALUES ({holes})"
    rows.execute(statement, tuple(first.values()))
    rows.executemany(statement, (tuple(each.values()) for each in values))


def starts(desk: list[str], hello: list[str], times: int) -> dict[str, list[float]]:
    """First paint and first rows of the desk, by turns with hello world; wall and CPU."""
    found: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    for _ in range(times):
        with opened(hello) as terminal:
            note("hello", terminal.until(lambda painted: b"Hello, world" in painted))
            note("hello CPU", terminal.cpu)
        with opened(desk) as terminal:
            note("paint", terminal.until(lambda painted: b"Inbox" in painted))
            note("paint CPU", terminal.cpu)
            note("rows", terminal.until(lambda painted: painted.count(b"naam") > ROWS // 2))
            note("rows CPU", terminal.cpu)
    return found


def keys(terminal: Terminal, press: str, times: int, back: Sequence[str] = ()) -> list[float]:
    """Seconds from a key to the last byte painted, many times; `back` undoes it off the clock, a key at a time."""
    found = []
    for _ in range(times):
        terminal.press(press)
        found.append(terminal.settle())
        for key in back:
            terminal.press(key)
            terminal.settle()
    return found


def search(terminal: Terminal, query: str) -> float:
    """Seconds from Enter to the first page of what answers, or to the word that nothing does; from the inbox."""
    terminal.press("\x1b")
    terminal.settle(2)
    for words in ("/", "\x15", query):
        terminal.press(words)
        terminal.settle()
    terminal.press("\r")
    answered = re.compile(ANSWERED.format(re.escape(query[:20])).encode())
    took = terminal.until(lambda painted: bool(answered.search(painted)), 120)
    terminal.settle(0.5)
    return took


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[18] if len(values) > 1 else values[0]


def say(name: str, values: list[float], goal: float, cpu: float | None = None) -> None:
    """One line of the table, in milliseconds."""
    spent = f"  CPU {1000 * cpu:6.0f} ms each" if cpu is not None else ""
    middle, high = 1000 * statistics.median(values), 1000 * p95(values)
    print(f"{name:28} p50 {middle:7.0f}  p95 {high:7.0f} ms  (goal {goal:.0f}){spent}", flush=True)


def measure(path: Path, times: int) -> None:
    """The whole table."""
    for room in ("front", "desk", "storage"):
        compileall.compile_dir(HOUSE / room, quiet=1)
    python = [sys.executable]
    webcare = [*python, str(HOUSE / "webcare.py")]
    desk = [*webcare, "--config", os.devnull, "--database", f"sqlite:///{path}", "--agent", "anna", "desk"]
    found = starts(desk, [*python, "-c", HELLO], times)
    for name, goal in (("paint", 1.6), ("rows", 2.5)):
        wall = [one / other for one, other in zip(found[name], found["hello"], strict=True)]
        cpu = [one / other for one, other in zip(found[name + " CPU"], found["hello CPU"], strict=True)]
        print(f"first {name:22} {statistics.median(wall):5.2f} x hello world (goal {goal}), CPU "
              f"{statistics.median(cpu):.2f} x; {statistics.median(found[name]):.2f} s against "
              f"{statistics.median(found['hello']):.2f} s")  # fmt: skip
    say("webcare --version", [_run([*webcare, "--version"]) for _ in range(times)], 150)
    with opened(desk) as terminal, opened([*python, "-c", PEER]) as peer:
        peer.settle(1)
        terminal.settle(3)
        _keys(terminal, peer)
        for name, query in SEARCHES.items():
            say(f"search: {name}", [search(terminal, query.format(rare=_vocabulary()[90_000])) for _ in range(3)], 300)
        terminal.press("\x1b")
        terminal.settle(3)
        before, began = terminal.cpu, time.perf_counter()
        terminal.settle(20)
        idle = (terminal.cpu - before) / max(time.perf_counter() - began, 1)
        print(
            f"idle {100 * idle:.1f} % of a core (goal 1.5); memory now and at most {terminal.megabytes} MB (goal 120)"
        )


def _keys(terminal: Terminal, peer: Terminal) -> None:
    for name, press, times, back, goal in (
        ("move", "j", 60, [], 50), ("page", PAGE, 30, [], 100), ("claim", "c", 20, ["c", "j"], 100),
        ("open", "\r", 20, ["\x1b", "j"], 150),
    ):  # fmt: skip
        if press in "j" + PAGE:
            before = peer.cpu
            say(f"{name}, bare Textual", keys(peer, press, times), goal, (peer.cpu - before) / times)
        before = terminal.cpu
        values = keys(terminal, press, times, back)
        say(name, values, goal, (terminal.cpu - before) / times)


def _run(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Fills a file where there is none, and measures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("mentions", nargs="?", type=int, default=1_000_000)
    options.add_argument("--file", type=Path)
    options.add_argument("--times", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.file or Path(folder) / "bench.db"
        if not path.exists():
            fill(path, asked.mentions)
        measure(path, asked.times)


if __name__ == "__main__":
    main()
