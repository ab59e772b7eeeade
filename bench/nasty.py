"""Seven hundred strings that strangers may write, put wherever a stranger writes and driven through every screen.

    python bench/nasty.py [SIZE …]           (120x40 80x24 180x50 unless said)

On a real pseudo-terminal: no sequence may come out that the same desk does not write with plain words; every cell must
stand where the terminal's own tables (wcwidth) put it; nothing may crash; and each string must be found again. The same
strings go through the commands, on a terminal and into a pipe, and their standard error.
"""

# ruff: noqa: E501
from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from wcwidth import wcwidth

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.nasty_strings import strings
from bench.terminal import HOUSE, QUIET, opened
from storage import migrations, tables
from storage.database import Database
from storage.inbox import Inbox
from storage.intake import Intake
from storage.types import Match, NewPost, Opinion, Post, Priority, Reason, Sentiment

TOKEN = re.compile(
    "(?P<csi>\x1b\\[[0-?]*[ -/]*[@-~])|(?P<other>\x1b[\\]PX^_].*?(?:\x07|\x1b\\\\)|\x1b.|\x1b$|[\x00-\x1f\x7f-\x9f])"
    "|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)
UNFINISHED = re.compile("\x1b(\\[[0-?]*[ -/]*)?$")
PLACE = re.compile("\x1b\\[(\\d+);(\\d+)H")
COLOURS = re.compile(
    "\x1b\\[(?:0|[123479]|(?:[34]8;2;\\d+;\\d+;\\d+))(?:;(?:[123479]|(?:[34]8;2;\\d+;\\d+;\\d+)))*m|\x1b\\[0?m"
)
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
ESCAPE, ALONE = "\x1b", 0.15
"""Seconds after which Esc is a key of its own, and not the beginning of another."""
WALK = ["\r", "\x1b", "G", "g", "\x1b[6~", "a", "\x1b", "?", "\x1b[6~", "\x1b", "O", "\x1b", "S", "\x1b", "D", "\x1b", ":", "spam",
        "\x1b", "/", "nasty", "\r", "t", "\x1b", "r", "\x1b", "R", "\x1b", "C", "\x1b", "i", "\x1b", "\t", "\t", "\x1b"]  # fmt: skip
"""Keys that show every screen and prompt; the conversations come before them. The dashboard's figures are waited for."""


class Page:
    """A terminal's page as its own tables of widths see it, and what came out that is no plain writing."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.cells = columns, [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.orders: set[str] = set()
        self.faults: list[str] = []
        self._begun = ""

    def take(self, painted: str) -> None:
        """Reads what was painted; what breaks off within a sequence waits for the rest."""
        painted = self._begun + painted
        whole = UNFINISHED.sub("", painted)
        self._begun = painted[len(whole) :]
        for found in TOKEN.finditer(whole):
            if text := found["text"]:
                self._write(text)
            elif place := PLACE.fullmatch(found[0]):
                self.row, self.column = int(place[1]) - 1, int(place[2]) - 1
            elif found[0] in "\r\n":
                self.row, self.column = self.row + (found[0] == "\n"), 0
            else:
                self.orders.add(found[0])

    def _write(self, text: str) -> None:
        if hidden := HIDDEN.search(text):
            self.faults.append(f"{hidden[0]!a} is painted in {text!a}")
        for sign in text:
            width = wcwidth(sign)
            if width < 0 or self.column + width > self.columns or self.row >= len(self.cells):
                self.faults.append(f"{sign!a} at {self.row + 1};{self.column + 1} in {text[:200]!a}")
                return
            if width:
                self.cells[self.row][self.column : self.column + width] = [sign] + [""] * (width - 1)
                self.column += width

    @property
    def lines(self) -> list[str]:
        """What stands on it."""
        return ["".join(each) for each in self.cells]


def plain(count: int) -> list[str]:
    """As many words that hurt nobody."""
    return [f"woord{number}" for number in range(count)]


def stock(url: str, some: list[str], together: int = 1) -> None:
    """Puts each string where strangers write: name, title, text, address, tags, a site's fault, an answer, a note."""
    database = Database(url)
    migrations.upgrade(database)
    intake, now = Intake(database), database.now()
    intake.register({"forum": ("phpbb", "https://forum.example")})
    new = []
    for number in range(0, len(some), together):
        group = some[number : number + together]
        one, tag = group[0], f"nasty{number}n"
        post = Post(
            external_id=f"{number}{one}", url=f"https://forum.example/{number}{one}", text=" ".join([tag, *group]),
            title=f"{one}{group[-1]}", author=f"{one}naam", author_id=f"a{number}", conversation_id=f"c{number}",
            conversation_title=f"{group[-1]} draad {one}", parent_id=one[:200], lang="nl", published_at=now,
        )  # fmt: skip
        reasons = (Reason(about=one[:40], label=one[:80], words=tuple(each[:40] for each in group), share=-0.6),)
        opinion = Opinion(
            lang="nl", sentiment=Sentiment.NEGATIVE, score=-0.6, confidence=0.8, intents=(one[:40] or "x",),
            priority=Priority.NORMAL, priority_score=35, reasons=reasons,
        )  # fmt: skip
        new.append(NewPost(post=post, matches=(Match(brand="zonnebank", query="z"),), opinion=opinion, wants_case=True))
    for each in new:
        intake.store("forum", "phpbb", [each])
    _scribble(database, some)
    database.close()


def _scribble(database: Database, some: list[str]) -> None:
    """The places that no feed fills, but a site's answer or a colleague with a clipboard."""
    with database.write() as connection:
        cases = [row[0] for row in connection.exec_driver_sql('SELECT id FROM "case" ORDER BY id')]
        for case, one in zip(cases, itertools.cycle(some), strict=False):
            for name, value in (("case_tag", (case, f"{one}tag")),):
                connection.exec_driver_sql(f"INSERT OR IGNORE INTO {name} VALUES (?, ?)", value)
            event = tables.Event(at=database.now(), actor=one, kind="noted", case_id=case, data={"text": one})
            post = connection.exec_driver_sql("SELECT min(id) FROM post WHERE case_id = ?", (case,)).scalar_one()
            reply = tables.Reply(
                case_id=case, post_id=post, agent=one, channel=one, text=one, state="failed", key=f"k{case}", error=one,
                created_at=database.now(),
            )  # fmt: skip
            for table, row in ((tables.Event, event), (tables.Reply, reply)):
                connection.execute(table.__table__.insert(), row.model_dump(exclude={"id"}))
        connection.exec_driver_sql("UPDATE source SET sentence = ?, health = 'degraded'", ("".join(some)[:5000],))


def edges(page: Page) -> set[int]:
    """The columns in which panes have their borders."""
    return {column for row in page.cells for column, sign in enumerate(row) if sign == "▏"}


def drive(url: str, config: Path, columns: int, rows: int, cases: int, quiet: float) -> tuple[Page, set[int], str]:
    """Opens the desk and shows everything; gives what came out, where borders stood, and the last words."""
    command = [sys.executable, str(HOUSE / "webcare.py"), "--config", str(config), "--database", url, "--agent", "anna"]
    page, borders = Page(columns, rows), set[int]()
    with opened([*command, "desk"], columns, rows) as terminal:
        page.take(terminal.read(b"naam"))
        for key in ["\r", *["]"] * cases, *WALK]:
            terminal.press(key)
            page.take(terminal.read(b"as of" if key == "D" else b"", max(quiet, ALONE) if key == ESCAPE else quiet))
            borders |= edges(page)
        terminal.press("\x11")
        last = terminal.read(b"1049l")
    return page, borders, last


CONFIG = """
replies:
  dank: {nl: "Dank je wel, {author}! ^{agent}", en: "Thank you, {author}! ^{agent}"}
"""
COMMANDS = [
    ["mentions", "*", "--all"], ["mentions", "*", "--all", "--format", "csv"], ["mentions", "*", "--all", "--format", "json"],
    ["mentions", "*", "--all", "--format", "jsonl"], ["case", "1", "show"], ["case", "2", "show", "--format", "json"], ["case", "1", "why"],
    ["sources", "health"], ["sources", "list"], ["query", "test", "*"], ["case", "3", "undo"],
    ["mentions", "title:[/b]"], ["mentions", "\x1b]52;c;ZQ==\x07 ("], ["query", "check", "\x9b31m \x1b[2J AND"], ["try", "http://127.0.0.1:1/\x1b[31m"],
]  # fmt: skip


def orders_of(command: list[str], url: str, config: Path) -> set[str]:
    """What a command writes besides words, on a terminal and into a pipe, errors too."""
    words = [
        sys.executable,
        str(HOUSE / "webcare.py"),
        "--config",
        str(config),
        "--database",
        url,
        "--agent",
        "anna",
        *command,
    ]
    with opened(words) as terminal:
        written = terminal.read(quiet=1.5, seconds=60)
    piped = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if "csv" not in command:  # into a pipe CSV is what was stored, so that it can be read back
        written += piped.stdout.decode() + piped.stderr.decode()
    if "Traceback" in written:
        return {written[-2000:]}
    return {each[0] for each in TOKEN.finditer(written) if not each["text"] and each[0] not in "\r\n"} | set(
        HIDDEN.findall(written)
    )


def lost(url: str, some: list[str], together: int) -> list[str]:
    """What is not found again."""
    database = Database(url)
    inbox, gone = Inbox(database), []
    for number in range(0, len(some), together):
        found = list(inbox.mentions(f"nasty{number}n"))
        if len(found) != 1 or not all(
            each.replace("\0", "␀") in found[0].text for each in some[number : number + together]
        ):
            gone.append(f"nasty{number}n")
    database.close()
    return gone


def try_all(
    folder: Path, some: list[str], together: int, sizes: list[tuple[int, int]], quiet: float = QUIET
) -> list[str]:
    """Everything that is wrong."""
    config, wrong = folder / "sources.yaml", list[str]()
    config.write_text(CONFIG, encoding="utf-8")
    tame, wild = f"sqlite:///{folder}/plain.db", f"sqlite:///{folder}/nasty.db"
    stock(tame, plain(40), 20)
    stock(wild, some, together)
    for columns, rows in sizes:
        calm, where, _ = drive(tame, config, columns, rows, 2, quiet)
        page, borders, last = drive(wild, config, columns, rows, -(-len(some) // together), quiet)
        strange = {each for each in page.orders - calm.orders if not COLOURS.fullmatch(each)}
        size = f"{columns}x{rows}"
        wrong += [f"{size}: {each!a} comes out" for each in sorted(strange)]
        wrong += [f"{size}: {each}" for each in page.faults[:20]]
        wrong += [f"{size}: borders at {sorted(borders - where)}"] if borders - where else []
        wrong += [f"{size}: {last[-1500:]}"] if "The desk stopped" in last else []
    return wrong + [f"{each} is not found again" for each in lost(wild, some, together)]


def main(sizes: list[str]) -> int:
    """The whole of it; says what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        some = strings()
        chosen = [tuple(map(int, each.split("x"))) for each in sizes or ["120x40", "80x24", "180x50"]]
        wrong = try_all(Path(folder), some, 1, chosen)
        for command in COMMANDS:
            found = orders_of(command, f"sqlite:///{folder}/nasty.db", Path(folder) / "sources.yaml")
            wrong += [f"{command}: {each!a} comes out" for each in sorted(found)]
    print("\n".join(wrong) or f"{len(some)} strings, nothing wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
