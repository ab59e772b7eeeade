"""What stands on the sample sites at a moment: what was written before, and posts that appear as time goes by."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Note:
    """A post or comment. `number` is unique on its site; `parent` is the number of the one it answers, else 0."""

    number: int
    author: str
    at: datetime
    text: str
    parent: int = 0


@dataclass(frozen=True, slots=True)
class Thread:
    """A topic, an article with its comments, or a news item: its first note is what it is about."""

    number: int
    site: str
    section: str
    title: str
    notes: tuple[Note, ...]


@dataclass(slots=True)
class World:
    """The sites' content as it is now; replies that were posted to the blog stay in it."""

    clock: Callable[[], datetime]
    threads: tuple[Thread, ...] = ()
    replies: dict[int, list[Note]] = field(default_factory=dict)
    """Thread number -> what was posted while we ran."""
    told: list[tuple[str, str]] = field(default_factory=list)
    """Title and text of what alerts told, oldest first."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def begin(cls, clock: Callable[[], datetime], start: datetime) -> World:
        """The written threads, their times (in minutes) counted from `start`."""
        written = json.loads((Path(__file__).parent / "threads.json").read_text(encoding="utf-8"))
        threads, number = [], 0
        for place, each in enumerate(written, 1):
            notes: list[Note] = []
            for post in each["posts"]:
                parent = number - len(notes) + post["parent"] if "parent" in post else 0
                at = (start + timedelta(minutes=post["at"])).replace(microsecond=0)
                notes.append(Note(number + 1, post["author"], at, post["text"], parent))
                number += 1
            threads.append(Thread(place, each["site"], each.get("section", ""), each["title"], tuple(notes)))
        return cls(clock, tuple(threads))

    def of(self, site: str) -> list[Thread]:
        """The threads of a site as far as they are written by now, the one that moved last first."""
        shown = [self._now(thread) for thread in self.threads if thread.site == site]
        return sorted((each for each in shown if each.notes), key=lambda each: each.notes[-1].at, reverse=True)

    def thread(self, site: str, number: int) -> Thread | None:
        """One thread as far as it is written by now."""
        return next((each for each in self.of(site) if each.number == number), None)

    def add(self, thread: int, author: str, text: str, parent: int) -> Note | None:
        """Posts a reply; None when the same author posted the same text there before."""
        with self._lock:
            mine = self.replies.setdefault(thread, [])
            if any((note.author, note.text) == (author, text) for note in mine):
                return None
            number = 1000 + sum(map(len, self.replies.values()))
            mine.append(Note(number, author, self.clock().replace(microsecond=0), text, parent))
            return mine[-1]

    def _now(self, thread: Thread) -> Thread:
        now = self.clock()
        with self._lock:
            notes = [*thread.notes, *self.replies.get(thread.number, ())]
        seen = sorted((note for note in notes if note.at <= now), key=lambda note: note.at)
        return Thread(thread.number, thread.site, thread.section, thread.title, tuple(seen))
