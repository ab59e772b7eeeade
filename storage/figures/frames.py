"""Reads what figures are counted from, column by column, straight from the rows; what was, is put in by the caller.

The readers take only what is counted (no texts), and hand out columns of numbers: a million mentions are some hundred
megabytes of rows, but few of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from mmap import mmap
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from storage.case_times import OPENINGS
from storage.database import in_chunks
from storage.figures import packs
from storage.figures.open_time import micros
from storage.history import COUNTED
from storage.schema import AUTHOR, CASE, EVENT, INTENT, MATCH, POST, REPLY
from storage.stretches import thing_of
from storage.types import SYSTEM, EventKind
from storage.types.figures import ELSEWHERE, Codes, Facets, Flags, Ints

PAGE = 250
"""Rows fetched at a time: few enough to stay in the processor's cache, which halves the time of the whole."""

FAR = 1000
"""Ids farther apart than this are not read as one range, whatever else stands between them."""
FEW = 50
"""Fewer ids than this are no range."""
TRIP = 2000
"""Rows that PostgreSQL is asked for at a time: each time is a trip to the server and back."""

DENSE = 4
"""Ids are read as one range when it holds at most this many times as many; else one by one."""

KEYS = ("source", "source_kind", "brand", "lang", "sentiment", "priority")
"""What stands in a mention's own row of what it is counted by."""

BETWEEN = "\x1f"
"""Stands between words that are read as one text: one value instead of many."""

Page = Sequence[Any]
Ids = NDArray[np.int32]
Kind = TypeVar("Kind", bound=np.signedinteger[Any])


class Mentions(NamedTuple):
    """The columns of mentions, in order."""

    id: Ids
    at: Ints
    seen: Ints
    dated: Flags
    """Whether its source says when it was published, and that was before we saw it: then it was asked `at`."""
    key: Codes
    """The number of its `KEYS`."""
    author: Ids
    """The id, 0 unknown."""
    thread: Ids
    case: Ids
    """The id, 0 none."""


MENTION_KINDS = (np.int32, np.int64, np.int64, np.bool_) + (np.int32,) * 4
EVENT_KINDS = (np.int32, np.int32, np.int64, np.int64, np.int32)


def snapshot(connection: Connection) -> Connection:
    """Makes all reads of a connection see one moment, whatever is written meanwhile; readers hold up nobody."""
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN" if is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    return connection


def mention_query(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """What is read of mentions."""
    dated = sa.cast(POST.c.published_at <= POST.c.first_seen_at, sa.Integer)
    key = one_text(*(POST.c[name] for name in KEYS))
    columns = (POST.c.id, POST.c.at, POST.c.first_seen_at, dated, key)
    more = (POST.c.author_id, POST.c.conversation_id, POST.c.case_id)
    return sa.select(*columns, *more).select_from(with_cases(where)).where(where)


def edge(connection: Connection, start: datetime, end: datetime, many: int) -> datetime:
    """The moment after `start` up to which about as `many` mentions are dated from it on, or `end`."""
    after = sa.select(POST.c.at).where(POST.c.is_mention, POST.c.at > start).order_by(POST.c.at)
    return min(connection.execute(after.offset(many).limit(1)).scalar() or end, end)


def mentions(pack: packs.Pack, keys: Numbers) -> Mentions:
    """What was read by `mention_query`, oldest first; `keys` numbers their `KEYS`."""
    id_, at, seen, dated, key, *more = pack.columns()
    columns = (id_, at, seen, dated, keys.of(key), *more)
    found = Mentions._make(np.asarray(each, kind) for each, kind in zip(columns, MENTION_KINDS, strict=True))
    return taken(found, np.lexsort((found.id, found.at)))


def taken(found: Mentions, places: NDArray[Any]) -> Mentions:
    """The mentions at these places."""
    return Mentions._make(column[places] for column in found)


def together(parts: Iterable[Mentions]) -> Grown:
    """Mentions that were read some at a time."""
    grown = Grown(dict(zip(Mentions._fields, MENTION_KINDS, strict=True)))
    for part in parts:
        grown.add(**part._asdict())
    return grown


class Grown:
    """Columns that grow, some rows at a time, in memory of their own: on the heap each would leave holes behind."""

    def __init__(self, kinds: Mapping[str, Any]) -> None:
        """The kind of each column, by name."""
        self._room = {name: np.zeros(0, kind) for name, kind in kinds.items()}
        self._rows = 0

    def add(self, **columns: NDArray[Any]) -> None:
        """Some more rows."""
        rows = self._rows + len(next(iter(columns.values())))
        for name, values in columns.items():
            if len(self._room[name]) < rows:
                self._room[name] = self._larger(self._room[name], rows * 2)
            self._room[name][self._rows : rows] = values
        self._rows = rows

    def _larger(self, column: NDArray[Any], rows: int) -> NDArray[Any]:
        """The column with room for so many rows; what is not written to yet takes no memory."""
        larger = np.frombuffer(mmap(-1, rows * column.itemsize), column.dtype)
        larger[: self._rows] = column[: self._rows]
        return larger

    def columns(self) -> dict[str, NDArray[Any]]:
        """All rows."""
        return {name: column[: self._rows] for name, column in self._room.items()}


class _Formatted(GenericFunction[str]):
    """A text with words put in it, which takes half the time of joining them one by one."""

    name = "format"
    type = sa.String()
    inherit_cache = True


@compiles(_Formatted, "sqlite")
def _formatted(element: _Formatted, compiler: Any, **how: Any) -> str:
    """Older releases of SQLite know it by this name."""
    return f"printf({compiler.process(element.clauses, **how)})"


def one_text(*columns: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Columns of words as one, with `BETWEEN` between them; what is not there is ""."""
    return _Formatted(BETWEEN.join(["%s"] * len(columns)), *columns)


def with_cases(where: sa.ColumnElement[bool]) -> sa.FromClause:
    """Queries may ask for what stands in the case; joining it for others would only take time."""
    asks = any(getattr(each, "table", None) is CASE for each in sa.sql.visitors.iterate(where))
    joined: sa.FromClause = POST.outerjoin(CASE, CASE.c.id == POST.c.case_id) if asks else POST
    return joined


def known(dialect: str) -> Literal["sqlite", "postgresql"]:
    """The dialect as the query language names it."""
    return "sqlite" if dialect == "sqlite" else "postgresql"


def pages(connection: Connection, query: sa.Select[Any]) -> Iterator[Page]:
    """The rows, a page at a time; on SQLite as the driver gives them."""
    if connection.dialect.name == "sqlite":
        with connection.execute(query) as result:
            cursor: Any = result.cursor
            while page := cursor.fetchmany(PAGE):
                yield page
        return
    with connection.execute(query.execution_options(yield_per=TRIP)) as result:
        yield from result.partitions()


def joined(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    """The parts of a column as one."""
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def by_ids(connection: Connection, query: sa.Select[Any], column: sa.Column[Any], ids: Ints) -> Iterator[Page]:
    """The rows whose `column` is among `ids` (ascending, each once), and perhaps some more near them."""
    for condition in among_ids(column, ids):
        yield from pages(connection, query.where(condition))


def among_ids(column: sa.Column[Any], ids: Ints) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that hold once for each of `ids` (ascending, each once), and perhaps for some more near them."""
    scattered: list[int] = []
    for run in np.split(ids, np.flatnonzero(np.diff(ids) > FAR) + 1):
        if len(run) >= FEW and run[-1] - run[0] < DENSE * len(run):
            for start in range(0, len(run), packs.PACK):
                part = run[start : start + packs.PACK]
                yield column.between(int(part[0]), int(part[-1]))
        else:
            scattered += run.tolist()
    for some in in_chunks(scattered):
        yield column.in_(some)


class Numbers(dict[Any, int]):
    """Numbers what it is asked for, in the order it comes."""

    def __missing__(self, key: Any) -> int:
        self[key] = number = len(self)
        return number

    def of(self, keys: Iterable[Any]) -> Codes:
        """The number of each."""
        return np.array(list(map(self.__getitem__, keys)), np.int32)


class Names(Numbers):
    """Numbers names; 0 is nobody, with or without a name."""

    def __init__(self) -> None:
        super().__init__({"": 0})

    def __missing__(self, key: Any) -> int:
        return 0 if key is None else super().__missing__(key)


def distinct(values: NDArray[Kind]) -> NDArray[Kind]:
    """Each value once, ascending."""
    ordered = np.sort(values)
    return ordered[np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))] if len(ordered) else ordered


def among(values: Ints, wanted: Ints) -> Flags:
    """Whether each value is one of `wanted`, which ascend."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    found: Flags = wanted[place] == values
    return found


def intents(connection: Connection, ids: Ints) -> Iterator[tuple[str, Ids]]:
    """Each intent with the mentions that have it, of some mentions (among which are `ids`, ascending) at a time."""
    query = sa.select(INTENT.c.post_id, INTENT.c.intent)
    for posts, names in packs.columns(connection, map(query.where, among_ids(INTENT.c.post_id, ids))):
        numbers = Numbers()
        number = numbers.of(names)
        for name in sorted(numbers):
            yield name, posts[number == numbers[name]].astype(np.int32)


def several_brands(connection: Connection, ids: Ints) -> dict[int, tuple[str, ...]]:
    """The brands of each mention among `ids` (ascending) that answers more than one query, by name."""
    grouped = sa.select(MATCH.c.post_id).group_by(MATCH.c.post_id).having(sa.func.count() > 1)
    several = [post for page in by_ids(connection, grouped, MATCH.c.post_id, ids) for (post,) in page]
    found: dict[int, tuple[str, ...]] = {}
    wanted = distinct(np.array(several, np.int32))
    wanted = wanted[among(wanted, ids)]
    query = sa.select(MATCH.c.post_id, MATCH.c.brand).distinct().order_by(MATCH.c.post_id, MATCH.c.brand)
    for some in in_chunks(wanted.tolist()):
        for post, brand in connection.execute(query.where(MATCH.c.post_id.in_(some))):
            found[post] = (*found.get(post, ()), brand)
    return found


def corrected(connection: Connection, ids: Ints) -> Ids:
    """Those of some mentions (ascending ids), and perhaps others, about which somebody ever corrected something."""
    query = sa.select(EVENT.c.post_id).where(EVENT.c.kind == EventKind.CORRECTED.value)
    return np.array([post for page in by_ids(connection, query, EVENT.c.post_id, ids) for (post,) in page], np.int32)


def prioritised(connection: Connection) -> Ids:
    """The cases that somebody, or a rule, ever gave another priority, and their mentions with them."""
    query = sa.select(EVENT.c.case_id).where(EVENT.c.kind == EventKind.PRIORITISED.value).distinct()
    return np.array(connection.scalars(query).all(), np.int32)


def facets_of(key: str) -> Facets:
    """What a mention is counted by, from its `KEYS`; of several brands and of intents is said apart."""
    source, kind, brand, lang, sentiment, priority = key.split(BETWEEN)
    return Facets(source, kind, (brand,) if brand else (), lang, sentiment, priority, ())


def author_names(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Source and name of authors by id, without those whose name is not known."""
    found: dict[int, tuple[str, str]] = {}
    query = sa.select(AUTHOR.c.id, AUTHOR.c.source, AUTHOR.c.name)
    for page in by_ids(connection, query, AUTHOR.c.id, np.array(sorted(ids), np.int32)):
        found |= {id_: (source, name) for id_, source, name in page if name}
    return found


def mentions_by_case(connection: Connection, cases: Ints) -> Ints:
    """How many mentions each of some cases (ascending ids) has, whatever the moment."""
    query = sa.select(POST.c.case_id, sa.func.count()).group_by(POST.c.case_id)
    found = np.zeros(len(cases), np.int32)
    for case, many in packs.columns(connection, map(query.where, among_ids(POST.c.case_id, cases))):
        mine = among(case, cases)
        found[np.searchsorted(cases, case[mine])] = many[mine]
    return found


def lively(connection: Connection, threads: Ints) -> Ids:
    """Which of some conversations (ascending ids) hold posts besides those of one case. An index tells."""
    case = sa.func.coalesce(POST.c.case_id, 0)
    several = sa.func.min(case) < sa.func.max(case)
    query = sa.select(POST.c.conversation_id).group_by(POST.c.conversation_id).having(several)
    found = [thread for page in by_ids(connection, query, POST.c.conversation_id, threads) for (thread,) in page]
    return distinct(np.array(found, np.int32))


class Events(NamedTuple):
    """The events of cases that count, case by case as they were written, without those taken back by then."""

    case: Codes
    """The place of the case among those that were asked for."""
    at: Ints
    spoken: Ints
    """Of an answer that was found later than it was given: when that was, as far as is known; else `at`."""
    thing: NDArray[np.uint8]
    actor: Codes
    """The number of who did it; 0 for the desk itself."""
    channel: Codes


def event_packs(connection: Connection, cases: Ints, moment: datetime) -> list[packs.Pack]:
    """What happened to some cases (ascending ids) up to `moment`, for `events`."""
    query = _event_query(moment)
    return [packs.read(connection, query.where(each)) for each in among_ids(EVENT.c.case_id, cases)]


def events(found: Iterable[packs.Pack], cases: Ints, people: Names, channels: Names) -> Events:
    """What was read by `event_packs`; people and channels are numbered."""
    keys = Numbers()
    parts = [_event_columns(pack.columns(), keys) for pack in found]
    order, *columns = (joined([part[place] for part in parts], kind) for place, kind in enumerate(EVENT_KINDS))
    mine = np.flatnonzero(among(columns[0], cases))
    written = mine[np.lexsort((order[mine], columns[0][mine]))]
    case, at, spoken, key = (column[written] for column in columns)
    said = np.array([_said(each, people, channels) for each in keys] or [(0, 0, 0)], np.int32)
    thing, actor, channel = said.T
    place = np.searchsorted(cases, case).astype(np.int32)
    return Events(place, at, spoken, thing.astype(np.uint8)[key], actor[key], channel[key])


def _event_columns(columns: Sequence[Any], keys: Numbers) -> tuple[NDArray[Any], ...]:
    ids, case, at, key, given, left = columns
    spoken = left.copy()
    for place, said in enumerate(given):
        if said:
            spoken[place] = micros(datetime.fromisoformat(said))
    return (ids.astype(np.int32), case.astype(np.int32), at, spoken, keys.of(key))


def _said(key: str, people: Names, channels: Names) -> tuple[int, int, int]:
    """What an event is, who did it and by which channel."""
    kind, to, who, channel = key.split(BETWEEN)
    return int(thing_of(EventKind(kind), to)), people[who], channels[channel]


def _event_query(moment: datetime) -> sa.Select[Any]:
    """As `history.steps` asks it, in plain values; what an answer elsewhere says of itself is its own time."""
    undo, data = EVENT.alias("undo"), EVENT.c.data
    is_elsewhere = EVENT.c.kind == EventKind.ANSWERED_ELSEWHERE.value
    is_sent = EVENT.c.kind == EventKind.SENT.value
    channel = sa.case(
        (is_elsewhere, ELSEWHERE), (is_sent, sa.func.coalesce(REPLY.c.channel, data["channel"].as_string()))
    )
    given = sa.case((is_elsewhere, data["published_at"].as_string()))
    who = sa.func.coalesce(sa.func.nullif(REPLY.c.agent, ""), sa.func.nullif(EVENT.c.actor, SYSTEM))
    reopened = sa.case((EVENT.c.kind == EventKind.REOPENED.value, data["to"].as_string()))
    left = sa.func.coalesce(sa.case((is_sent, REPLY.c.sent_at)), EVENT.c.at)
    key = one_text(EVENT.c.kind, reopened, who, channel)
    stands = sa.or_(EVENT.c.undone_by.is_(None), undo.c.at > moment, EVENT.c.kind.in_(sorted(OPENINGS)))
    return (
        sa.select(EVENT.c.id, EVENT.c.case_id, EVENT.c.at, key, given, left)
        .select_from(
            EVENT.outerjoin(undo, undo.c.id == EVENT.c.undone_by).outerjoin(REPLY, REPLY.c.id == EVENT.c.reply_id)
        )
        .where(EVENT.c.kind.in_(sorted(COUNTED)), EVENT.c.at <= moment, stands)
    )
