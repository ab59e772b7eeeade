"""Puts together what a report counts, in one reading of the database: mentions, their cases, how long people waited.

read mentions -> what each is counted by -> all mentions of their cases -> what happened -> stretches -> business time
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from storage.database import in_chunks
from storage.figures import frames, packs
from storage.figures.asking import Ask, answering, stood
from storage.figures.frames import Events, Grown, Ids, Mentions, Names, Numbers, among, distinct
from storage.figures.open_time import OpenTime, micros, moment_of
from storage.figures.service_times import Asked, Measured, Steps, measure
from storage.query import tree
from storage.query.sql import search
from storage.schema import POST
from storage.sla import Calendar, always
from storage.stretches import RESOLUTION, TARGETS, Thing
from storage.types import Mention, Sentiment
from storage.types.figures import NOWHERE, Answers, Cases, Codes, Facets, Flags, Floats, Frame, Hours, Ints, Waits, snug

BLOCK = 20_000
"""Cases that are measured at a time."""

CASE_KINDS = {
    "status": np.int8, "answered": np.bool_, "replies": np.int32, "reopened": np.int32, "was_closed": np.bool_,
    "began_negative": np.bool_, "ended_negative": np.bool_,
}  # fmt: skip
WAIT_KINDS = {
    "case": np.int32, "target": np.int8, "begin": np.int64, "end": np.int64, "ending": np.int8, "used": np.float64,
    "allowed": np.float32, "actor": np.int16, "channel": np.int16,
}  # fmt: skip
ANSWER_KINDS = {"case": np.int32, "actor": np.int16, "channel": np.int16}
"""The columns of `Cases`, `Waits` and `Answers` that are measured."""


class _CaseMentions(NamedTuple):
    """All mentions of the cases: case by case, by `at` and id."""

    every: Mentions
    order: Codes
    """Places in `every`."""
    bounds: Ints
    """Where those of each case begin, and the end of all."""


class Framing:
    """Puts one frame together, in one reading of the database."""

    def __init__(self, connection: Connection, ask: Ask, hours: Hours | None = None) -> None:
        self.connection, self.ask, self.hours = connection, ask, hours
        self.moment = micros(ask.moment)
        self.dialect = connection.dialect.name
        self.keys = Numbers()
        self.intents_then: dict[int, tuple[str, ...]] = {}
        self.people, self.channels = Names(), Names()

    def frame(self) -> Frame:
        """All of it."""
        mentions = frames.together(self._chosen())
        found = Mentions(**mentions.columns())
        facet, facets = self._facets(found)
        author, authors = self._authors(found.author)
        case_ids = distinct(found.case[found.case > 0])
        case = _in(case_ids, found.case)
        cases, waits, answers = self._cases(mentions, case, case_ids)
        return Frame(
            mention=found.id,
            at=found.at,
            late=_late(found),
            facet=facet,
            author=author,
            thread=found.thread,
            case=case,
            outside=self._outside(found.at),
            facets=facets,
            authors=authors,
            cases=cases,
            waits=waits,
            answers=answers,
            people=tuple(self.people),
            channels=tuple(self.channels),
            has_hours=bool(self.hours and self.hours.staffed),
        )

    def chosen(self) -> Mentions:
        """The mentions of the report."""
        return Mentions(**frames.together(self._chosen()).columns())

    def _chosen(self) -> Iterator[Mentions]:
        """Some mentions after the other."""
        _, exact = self.ask.condition(self.dialect)
        for found in self._mentions(self._packs()):
            yield self._then(found) if exact else self._looked_at(found, self.ask.answers)

    def _packs(self) -> Iterator[packs.Pack]:
        """What was read of them; from longer and longer stretches of time where few mentions answer."""
        start, many = self.ask.start, packs.PACK
        while start < self.ask.end:
            end = frames.edge(self.connection, start, self.ask.end, many)
            where, _ = replace(self.ask, start=start, end=end).condition(self.dialect)
            found = packs.read(self.connection, frames.mention_query(where))
            yield found
            start, many = end, many * 4 if found.rows * 4 < packs.PACK else packs.PACK

    def _mentions(self, found: Iterable[packs.Pack]) -> Iterator[Mentions]:
        """The columns of packs of mentions."""
        return (frames.mentions(pack, self.keys) for pack in found)

    def _then(self, found: Mentions) -> Mentions:
        """The mentions as they stood: only what somebody corrected can have been otherwise."""
        if not self.ask.back:
            return found
        corrected = np.isin(found.id, frames.corrected(self.connection, np.sort(found.id)))
        corrected |= np.isin(found.case, self._prioritised)
        there = self._looked_at(frames.taken(found, np.flatnonzero(corrected)), lambda _: True)
        key = found.key.copy()
        key[corrected] = there.key
        return found._replace(key=key)

    @cached_property
    def _prioritised(self) -> Ids:
        return frames.prioritised(self.connection)

    def _looked_at(self, found: Mentions, wanted: Callable[[Mention], bool]) -> Mentions:
        """Those that are wanted, as they stood."""
        kept, keys, names = [], [], list(self.keys)
        for some in in_chunks(range(len(found.id))):
            whole = {each.id: each for each in stood(self.connection, found.id[some].tolist(), self.ask)}
            for place, id_ in zip(some, found.id[some].tolist(), strict=True):
                if wanted(whole[id_]):
                    kept.append(place)
                    keys.append(self._key(names[found.key[place]], whole[id_]))
        there = frames.taken(found, np.array(kept, np.int64))
        return there._replace(key=self.keys.of(keys))

    def _key(self, key: str, mention: Mention) -> str:
        """By what a mention is counted: as it is, or was."""
        if not self.ask.back:
            return key
        self.intents_then[mention.id] = mention.intents
        *kept, _, _, _ = key.split(frames.BETWEEN)
        return frames.BETWEEN.join((*kept, mention.lang or "", mention.sentiment.value, mention.priority.value))

    def _facets(self, found: Mentions) -> tuple[Codes, tuple[Facets, ...]]:
        """Numbers what mentions are counted by: their keys first, then one intent after the other."""
        codes: dict[Facets, int] = {}
        seen = np.bincount(found.key, minlength=len(self.keys)) > 0
        first = [
            codes.setdefault(frames.facets_of(key), len(codes)) if there else NOWHERE
            for key, there in zip(self.keys, seen, strict=True)
        ]
        facet, facets = np.array(first or [0], np.int32)[found.key], list(codes)
        order = np.argsort(found.id, kind="stable")
        ids = found.id[order]

        def renumber(places: Ints, change: Callable[[Facets], Facets]) -> None:
            table = np.arange(len(codes), dtype=np.int32)
            for code in np.flatnonzero(np.bincount(facet[places], minlength=1)).tolist():
                changed = change(facets[code])
                table[code] = new = codes.setdefault(changed, len(codes))
                if new == len(facets):
                    facets.append(changed)
            facet[places] = table[facet[places]]

        for names, posts in self._brands(ids):
            renumber(_places(ids, order, posts), lambda each, names=names: _of_brands(each, names))  # type: ignore[misc]
        for intent, posts in self._intents(ids):
            renumber(_places(ids, order, posts), lambda each, name=intent: _wanting(each, name))  # type: ignore[misc]
        return snug(facet, len(facets)), tuple(facets)

    def _brands(self, ids: Ints) -> Iterator[tuple[tuple[str, ...], Ints]]:
        several = frames.several_brands(self.connection, ids)
        return _turned((post, (names,)) for post, names in several.items())

    def _intents(self, ids: Ints) -> Iterator[tuple[str, Ints]]:
        """Each intent with mentions that have it, or had it then; those of one mention in order of their names."""
        then = np.array(sorted(self.intents_then), np.int64)
        for name, posts in frames.intents(self.connection, ids):
            yield name, posts[~among(posts, then)]
        yield from _turned(self.intents_then.items())

    def _authors(self, ids: Ints) -> tuple[Codes, tuple[tuple[str, str], ...]]:
        known = distinct(ids)
        names = frames.author_names(self.connection, known[known > 0].tolist())
        authors = Numbers({("", ""): 0})
        codes = np.array([authors[names[id_]] if id_ in names else 0 for id_ in known.tolist()] or [0], np.int32)
        return snug(codes, len(authors))[np.searchsorted(known, ids)], tuple(authors)

    def _outside(self, at: Ints) -> Flags:
        if not (self.hours and self.hours.staffed and len(at)):
            return np.zeros(len(at), np.bool_)
        return ~self._open(self.hours.staffed, int(at[0]), int(at[-1])).is_open(at)

    def _open(self, calendars: Iterable[Calendar], first: int, last: int) -> OpenTime:
        return OpenTime(calendars, moment_of(first), moment_of(last) + timedelta(days=1))

    def _cases(self, found: Grown, place: Codes, ids: Ints) -> tuple[Cases, Waits, Answers]:
        """Some cases after the other, so that memory stays small; `place` is that in `ids` of each mention's case."""
        ours, mentions = self._case_mentions(found, place, ids), len(place)
        hours = self.hours or Hours(default=always(self.ask.moment.tzinfo))  # type: ignore[arg-type]
        promise = self._promises(hours, ours.every.id[ours.order[ours.bounds[1:] - 1]])
        cases, waits, answers = (Grown(kinds) for kinds in (CASE_KINDS, WAIT_KINDS, ANSWER_KINDS))
        for first in range(0, len(ids), BLOCK):
            some = ids[first : first + BLOCK]
            read = frames.event_packs(self.connection, some, self.ask.moment)
            steps = frames.events(read, some, self.people, self.channels)
            measured = measure(len(some), self._asked(ours, first, len(some)), Steps._make(steps[:4]), self.moment)
            whole = {name: getattr(measured, name) for name in CASE_KINDS if name in Measured._fields}
            cases.add(**whole, **self._feelings(ours, first, len(some)))
            stretches = self._waits(measured, steps, hours, promise[first + measured.case])
            waits.add(**stretches | {"case": first + measured.case})
            given = np.isin(steps.thing, (Thing.SENT, Thing.ELSEWHERE))
            answers.add(case=first + steps.case[given], actor=steps.actor[given], channel=steps.channel[given])
        opening = ours.order[ours.bounds[:-1]]
        opening[opening >= mentions] = NOWHERE
        return Cases(id=ids, opening=opening, **cases.columns()), Waits(**waits.columns()), Answers(**answers.columns())

    def _asked(self, ours: _CaseMentions, first: int, cases: int) -> Asked:
        """The mentions of some cases, which are numbered from the first of them."""
        bounds, every = ours.bounds[first : first + cases + 1], ours.every
        order, case = ours.order[bounds[0] : bounds[-1]], np.repeat(np.arange(cases, dtype=np.int32), np.diff(bounds))
        at, seen, dated = every.at[order], every.seen[order], every.dated[order]
        return Asked(case, seen, np.where(dated, at, seen), dated)

    def _case_mentions(self, found: Grown, case: Codes, ids: Ints) -> _CaseMentions:
        """Those of the report, and those that cases have besides: of other days, or not answering the query."""
        many = np.bincount(case[case != NOWHERE], minlength=len(ids))
        partly = np.append(frames.mentions_by_case(self.connection, ids) > many, False)  # the last place is no case
        if partly.any():
            known = distinct(found.columns()["id"][partly[case]])
            others = self._others(ids[partly[:-1]])
            others = frames.taken(others, np.flatnonzero(~among(others.id, known)))
            found.add(**others._asdict())
            more = _in(ids, others.case)
            case, many = np.append(case, more), many + np.bincount(more, minlength=len(ids))
        every = Mentions(**found.columns())
        order = np.argsort(case, kind="stable")[np.count_nonzero(case == NOWHERE) :].astype(np.int32)
        if partly.any():
            mixed = np.flatnonzero(partly[case[order]])
            some = order[mixed]
            order[mixed] = some[np.lexsort((every.id[some], every.at[some], case[some]))]
        return _CaseMentions(every, order, np.append(0, np.cumsum(many)))

    def _others(self, ids: Ints) -> Mentions:
        """All mentions of some cases that had been seen by then."""
        known = sa.and_(POST.c.is_mention, POST.c.first_seen_at <= self.ask.moment)
        queries = (frames.mention_query(sa.and_(known, each)) for each in frames.among_ids(POST.c.case_id, ids))
        found = self._mentions(packs.read(self.connection, query) for query in queries)
        mine = (frames.taken(each, among(each.case, ids)) for each in found)
        return Mentions(**frames.together(map(self._then, mine)).columns())

    def _feelings(self, ours: _CaseMentions, first: int, cases: int) -> dict[str, Flags]:
        """How some cases began and ended, which are numbered from the first of them."""
        bounds = ours.bounds[first : first + cases + 1]
        starts, key = bounds[:-1] - bounds[0], ours.every.key[ours.order[bounds[0] : bounds[-1]]]
        said = np.array([frames.facets_of(each).sentiment for each in self.keys])[key]
        negative = said == Sentiment.NEGATIVE.value
        last = np.where(said != Sentiment.UNRATED.value, np.arange(len(said)), -1)
        last = np.maximum.reduceat(last, starts)
        return {
            "began_negative": negative[starts] & (last > starts),
            "ended_negative": negative[last] & (last >= 0),
        }

    def _waits(self, measured: Measured, steps: Events, hours: Hours, promise: Codes) -> dict[str, NDArray[Any]]:
        """The columns of `Waits` for some cases; `promise` is the place of the promise to each stretch."""
        used, allowed = self._business(measured, hours, promise)
        ended = measured.step >= 0
        last = np.maximum(measured.step, 0)
        nobody = np.zeros(1, np.int32)
        actor, channel = ((each if len(each) else nobody)[last] for each in (steps.actor, steps.channel))
        return {
            **{name: getattr(measured, name) for name in ("target", "begin", "end", "ending")},
            "used": used,
            "allowed": allowed,
            "actor": np.where(ended, actor, 0),
            "channel": np.where(ended & (measured.target != RESOLUTION), channel, 0),
        }

    def _business(self, measured: Measured, hours: Hours, promise: Codes) -> tuple[Floats, Floats]:
        """The open time of each stretch without its pauses, and what was promised; by the calendar of the promise."""
        used = np.zeros(len(measured.case), np.int64)
        allowed = np.full(len(measured.case), np.nan)
        if not len(used):
            return used / 1e6, allowed
        first, last = int(measured.begin.min()), max(int(measured.end.max()), self.moment)
        for number in np.unique(promise).tolist():
            calendar = hours.default if number == NOWHERE else hours.promises[number].calendar
            line, mine = self._open([calendar], first, last), promise == number
            used[mine] = line.rise(measured.end[mine]) - line.rise(measured.begin[mine])
            paused = np.flatnonzero(mine[measured.pause_of])
            lost = line.rise(measured.pause_end[paused]) - line.rise(measured.pause_begin[paused])
            np.subtract.at(used, measured.pause_of[paused], lost)
            for target, name in enumerate(TARGETS):
                if number != NOWHERE and name in hours.promises[number].targets:
                    seconds = hours.promises[number].targets[name].total_seconds()
                    allowed[mine & (measured.target == target)] = seconds
        return used / 1e6, allowed

    def _promises(self, hours: Hours, newest: Ints) -> Codes:
        """The place of the promise that holds for each case, by its newest mention."""
        found = np.full(len(newest), NOWHERE, np.int32)
        for number, promise in enumerate(hours.promises):
            left = np.flatnonzero(found == NOWHERE)
            if len(left):
                found[left[self._suits(promise.node, newest[left])]] = number
        return found

    def _suits(self, node: tree.Node, ids: Ints) -> Flags:
        """Which of some mentions answer a query."""
        if isinstance(node, tree.Everything):
            return np.ones(len(ids), np.bool_)
        ask = Ask(node, self.ask.start, self.ask.end, self.ask.moment, self.ask.back, None)
        condition = search(node, dialect=frames.known(self.dialect), now=ask.moment)
        where = sa.true() if ask.back else condition.row_by_row
        query = sa.select(POST.c.id).select_from(frames.with_cases(where)).where(where)
        found = [id_ for page in frames.by_ids(self.connection, query, POST.c.id, np.sort(ids)) for (id_,) in page]
        if ask.back or not condition.exact:
            known = np.intersect1d(np.array(found, np.int64), ids).tolist()
            found = [mention.id for mention in answering(self.connection, known, ask)]
        return np.isin(ids, np.array(found, np.int64))


def _late(found: Mentions) -> Floats:
    """Seconds from published to first seen; nan where that is unknown."""
    late = np.subtract(found.seen, found.at, dtype=np.float64)
    late /= 1e6
    late[~found.dated] = np.nan
    return late


def _in(ids: Ints, cases: Ids) -> Codes:
    """The places in `ids` (ascending) of some cases; of none `NOWHERE`."""
    place = np.searchsorted(ids, cases).astype(np.int32)
    place[cases == 0] = NOWHERE
    return place


def _places(ids: Ints, order: Ints, posts: Ints) -> Ints:
    """Where in the report some posts stand; those that are not in it are left out."""
    if not len(ids):
        return order[:0]
    place = np.minimum(np.searchsorted(ids, posts), len(ids) - 1)
    found: Ints = order[place[ids[place] == posts]]
    return found


def _turned(of: Iterable[tuple[int, Iterable[Any]]]) -> Iterator[tuple[Any, Ints]]:
    """From what each post has to which posts have it."""
    found: dict[Any, list[int]] = {}
    for post, values in of:
        for value in values:
            found.setdefault(value, []).append(post)
    return ((value, np.array(found[value], np.int64)) for value in sorted(found))


def _of_brands(facets: Facets, brands: tuple[str, ...]) -> Facets:
    return facets._replace(brands=tuple(dict.fromkeys((*facets.brands[:1], *brands))))


def _wanting(facets: Facets, intent: str) -> Facets:
    return facets._replace(intents=(*facets.intents, intent))
