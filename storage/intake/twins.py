"""Copies of one text, on whatever site: found as mentions arrive, named to each other, and parted again by a person.

A group is a mark that its members share (`post.fingerprint`); a mention without copies has none. One that a person
took out has a mark of its own, and stays out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from storage import likeness, locks
from storage.database import Database, in_chunks
from storage.errors import NotFound, StepRefused
from storage.intake import bulk
from storage.schema import AUTHOR, BAND, POST
from storage.trail import append
from storage.types import EventKind, NewPost

_ENDS = (
    sa.select(BAND.c.band, sa.func.min(BAND.c.post_id).label("first"), sa.func.max(BAND.c.post_id).label("last"))
    .where(BAND.c.band.in_(sa.bindparam("some", expanding=True)))
    .group_by(BAND.c.band)
)
ALONE = "alone:"
"""What the mark of a mention begins with that a person took out of its group."""

_Held = tuple[str, str, str]
"""A post's text, its writer, and its mark."""


class Twins:
    """Finds the copies of new mentions in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.older: dict[int, str] = {}
        """Mentions of earlier visits that turned out to have copies, and their marks: for `mark`, in a transaction of
        its own, for they are other sources', whose visits may be stored now."""

    def marks(self, fresh: Sequence[tuple[int, NewPost]]) -> dict[int, str]:
        """The marks of mentions that are about to be stored; an earlier copy that has none is to get the same."""
        sampled = [(post_id, new) for post_id, new in fresh if new.sketch]
        if not sampled:
            return {}
        there = self._candidates({band for _, new in sampled for band in new.sketch})
        held = self._held({post_id for ids in there.values() for post_id in ids})
        marks: dict[int, str] = {}
        for post_id, new in sampled:
            seen = dict.fromkeys(each for band in new.sketch for each in there.get(band, ()))
            twin = next((each for each in seen if self._is_copy(new, held.get(each)) and each != post_id), None)
            if twin is not None:
                marks[post_id] = held[twin][2] or str(twin)
                if not held[twin][2]:
                    held[twin] = (*held[twin][:2], marks[post_id])
                    marks[twin] = marks[post_id]
            held[post_id] = (new.post.text, new.post.author, marks.get(post_id, ""))
            for band in new.sketch:  # the first and the last, as in `_candidates`: else thousands at once take for ever
                there[band] = [*there[band][:1], post_id]
        own = {post_id for post_id, _ in sampled}
        self.older |= {twin: mark for twin, mark in marks.items() if twin not in own}
        return marks

    def sample(self, fresh: Sequence[tuple[int, NewPost]]) -> None:
        """Remembers the samples of mentions that were stored."""
        rows = sorted((band, post_id) for post_id, new in fresh for band in set(new.sketch))  # as they are kept
        bulk.insert(self.connection, BAND, rows)

    def again(self, post_id: int, new: NewPost, mark: str) -> None:
        """Looks for the copies of a mention whose words changed; one that a person took out of a group stays out."""
        self.connection.execute(sa.delete(BAND).where(BAND.c.post_id == post_id))
        if not mark.startswith(ALONE):
            self.older.pop(post_id, None)
            again = self.marks([(post_id, new)]).get(post_id, "")
            self.connection.execute(sa.update(POST).where(POST.c.id == post_id).values(fingerprint=again))
        self.sample([(post_id, new)])

    def _candidates(self, bands: set[int]) -> dict[int, list[int]]:
        """Of each band the first and the last mention that has it: enough to find its group, however large."""
        found: dict[int, list[int]] = defaultdict(list)
        for some in in_chunks(sorted(bands)):
            for row in self.connection.execute(_ENDS, {"some": some}):
                found[row.band] = [row.first] if row.first == row.last else [row.first, row.last]
        return found

    def _held(self, ids: set[int]) -> dict[int, _Held]:
        found: dict[int, _Held] = {}
        for some in in_chunks(sorted(ids)):
            query = sa.select(POST.c.id, POST.c.text, AUTHOR.c.name, POST.c.fingerprint)
            query = query.join(AUTHOR, AUTHOR.c.id == POST.c.author_id, isouter=True).where(POST.c.id.in_(some))
            found |= {row.id: (row.text, row.name or "", row.fingerprint) for row in self.connection.execute(query)}
        return found

    def _is_copy(self, new: NewPost, held: _Held | None) -> bool:
        if held is None or held[2].startswith(ALONE):
            return False
        return likeness.alike(new.post.text, new.post.author, held[0], held[1])


def mark(connection: sa.Connection, marks: Mapping[int, str]) -> None:
    """Marks mentions that have no mark yet."""
    _lock(connection, marks)
    for post_id, name in marks.items():
        mine = sa.and_(POST.c.id == post_id, POST.c.fingerprint == "")
        connection.execute(sa.update(POST).where(mine).values(fingerprint=name))


def _lock(connection: sa.Connection, ids: Collection[int]) -> None:
    here = sa.select(POST.c.conversation_id).where(POST.c.id.in_(ids))
    locks.conversations(connection, connection.scalars(here).all())


class Copies:
    """The door for people: which mentions are copies of one text, and taking one out or putting it in."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of(self, post_id: int) -> Sequence[Mapping[str, object]]:
        """A mention and its copies: number, source, author, address, the text's beginning. Raises `NotFound`."""
        with self.database.read() as connection:
            mark = self._mark_of(connection, post_id)
            same = (POST.c.fingerprint == mark) & (POST.c.fingerprint != "")
            query = sa.select(POST.c.id, POST.c.source, AUTHOR.c.name.label("author"), POST.c.url, POST.c.text)
            query = query.join(AUTHOR, AUTHOR.c.id == POST.c.author_id, isouter=True)
            rows = connection.execute(query.where(same | (POST.c.id == post_id)).order_by(POST.c.id)).mappings().all()
        return [{**row, "text": str(row["text"])[:200]} for row in rows]

    def part(self, post_id: int, actor: str) -> None:
        """Takes a mention out of its group, for good. Raises `NotFound`."""
        with self.database.write() as connection:
            _lock(connection, [post_id])
            self._mark(connection, EventKind.PARTED, actor, [post_id], f"{ALONE}{post_id}")

    def join(self, post_id: int, other: int, actor: str) -> None:
        """Puts a mention with another and its copies, whatever they say. Raises `NotFound` and `StepRefused`."""
        if post_id == other:
            raise StepRefused(f"Mention {post_id} cannot be a copy of itself.")
        with self.database.write() as connection:
            _lock(connection, [post_id, other])
            mark = self._mark_of(connection, other)
            if not mark or mark.startswith(ALONE):
                mark = str(other)
            self._mark(connection, EventKind.JOINED, actor, [post_id, other], mark)

    def _mark(self, connection: sa.Connection, kind: EventKind, actor: str, ids: Sequence[int], mark: str) -> None:
        """Marks mentions, and says of the first who did so, what its mark was, and with which other."""
        before = self._mark_of(connection, ids[0])
        connection.execute(sa.update(POST).where(POST.c.id.in_(ids)).values(fingerprint=mark))
        case_id = connection.scalar(sa.select(POST.c.case_id).where(POST.c.id == ids[0]))
        data = {"from": before} | ({"mention": ids[1]} if len(ids) > 1 else {})
        append(connection, kind, at=self.database.now(), actor=actor, case_id=case_id, post_id=ids[0], data=data)

    def _mark_of(self, connection: sa.Connection, post_id: int) -> str:
        mark = connection.scalar(sa.select(POST.c.fingerprint).where(POST.c.id == post_id, POST.c.is_mention))
        if mark is None:
            raise NotFound(f"There is no mention {post_id}.")
        return str(mark)
