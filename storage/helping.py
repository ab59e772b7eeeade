"""The door to who helps whom: questions of people with the answers of others, and what helpers are known by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.database import Database, in_chunks
from storage.figures import frames
from storage.figures.asking import Ask
from storage.figures.framing import Framing
from storage.figures.open_time import moment_of
from storage.peer_support import Help, Moment, Said, helps, is_first
from storage.query import tree
from storage.query.grammar import parse
from storage.schema import AUTHOR, EVENT, GROUP, INTENT, POST, REPLY
from storage.types import EventKind
from storage.types.figures import Ints

TEXT = 4000
"""Characters of a post that are looked at."""
STAFF = ("staff", "medewerkers")
"""Groups of persons who are of us, whatever account they write under."""
QUESTIONS = parse("intent:question NOT (is:own OR is:dismissed OR is:spam)")
"""What a question is, besides answering the query that is asked about."""
FELT = {each: parse(f"sentiment:{each} -is:own") for each in ("positive", "negative")}
"""What tells how people feel."""


class Questions(NamedTuple):
    """Mentions that ask something, in columns."""

    mention: Ints
    thread: Ints
    """The conversation's id."""
    case: Ints


@dataclass(frozen=True, slots=True)
class Helped:
    """A help, and whether it came before any answer of ours; None where the clocks do not tell."""

    help: Help
    before_us: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one person asked in one conversation (a case) and others, not of us, answered."""

    case: int
    helped: tuple[Helped, ...]

    @property
    def thanked(self) -> bool:
        """Whether a customer's answer was thanked for, or worked."""
        return any(each.help.thanked for each in self.helped)

    @property
    def customers_first(self) -> bool:
        """Whether a customer surely was before us."""
        return any(each.before_us for each in self.helped)

    @property
    def is_unclear(self) -> bool:
        """Whether both answered, and the clocks do not tell who was first."""
        return not self.customers_first and any(each.before_us is None for each in self.helped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A person, whatever they write under."""

    person: int
    accounts: tuple[tuple[str, str], ...]
    """Source and name."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Questions that customers answered, and who did."""

    asked: tuple[Asked, ...] = ()
    helpers: Mapping[int, Helper] = field(default_factory=dict)
    """By person."""

    def by_helper(self) -> dict[int, list[tuple[Asked, Helped]]]:
        """What each helped with."""
        found: dict[int, list[tuple[Asked, Helped]]] = defaultdict(list)
        for asked in self.asked:
            for each in asked.helped:
                found[each.help.helper].append((asked, each))
        return found


@dataclass(slots=True)
class Feelings:
    """The days on which a person wrote something positive, or negative, with the mentions."""

    positive: dict[date, list[int]] = field(default_factory=lambda: defaultdict(list))
    negative: dict[date, list[int]] = field(default_factory=lambda: defaultdict(list))


class Helping:
    """Reads threads with questions, and what is known of those who answered."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def ledger(self, query: str, start: datetime, end: datetime, *, me: str | None = None) -> Ledger:
        """Of the questions that answer `query`, dated from `start` up to `end`. Raises `QueryError`."""
        with self.database.read() as connection:
            found = Framing(frames.snapshot(connection), self._ask(query, QUESTIONS, start, end, me)).chosen()
        known = (found.case > 0) & (found.author > 0)
        return self.of(Questions(found.id[known], found.thread[known], found.case[known]))

    def of(self, questions: Questions, *, as_of: datetime | None = None) -> Ledger:
        """Of these mentions of people with a name; with `as_of`, by what had been seen and answered by then."""
        moment = as_of or self.database.now()
        with self.database.read() as connection:
            return _ledger(frames.snapshot(connection), questions, moment)

    def feelings(self, query: str, start: datetime, end: datetime, *, me: str | None = None) -> dict[int, Feelings]:
        """By person: when those who are not of us were positive or negative in mentions. Raises `QueryError`."""
        felt: dict[int, Feelings] = defaultdict(Feelings)
        for sentiment, node in FELT.items():
            with self.database.read() as connection:
                found = Framing(frames.snapshot(connection), self._ask(query, node, start, end, me)).chosen()
                people = _people(connection, frames.distinct(found.author[found.author > 0]).tolist())
            for id_, at, author in zip(found.id.tolist(), found.at.tolist(), found.author.tolist(), strict=True):
                if author in people and not people[author].is_ours:
                    days = getattr(felt[people[author].person], sentiment)
                    days[moment_of(at).astimezone(self.database.zone).date()].append(id_)
        return dict(felt)

    def helpers(self, persons: Collection[int]) -> dict[int, Helper]:
        """The accounts of persons."""
        with self.database.read() as connection:
            return _helpers(connection, persons)

    def last_seen(self, helpers: Iterable[Helper]) -> dict[int, datetime]:
        """When each last wrote anything that we hold, mention or not."""
        with self.database.read() as connection:
            return _last_seen(connection, [each.person for each in helpers])

    def _ask(self, query: str, more: tree.Node, start: datetime, end: datetime, me: str | None) -> Ask:
        node = tree.And((parse(query.strip() or "*"), more))
        return Ask(node, start, end, self.database.now().astimezone(self.database.zone), False, me)


@dataclass(frozen=True, slots=True)
class _Account:
    """An author as a person; one without a row of their own is the negative of their account."""

    person: int
    name: str
    is_ours: bool


NOBODY = _Account(0, "", False)


def _ledger(connection: Connection, questions: Questions, moment: datetime) -> Ledger:
    others_wrote = frames.lively(connection, frames.distinct(questions.thread))
    lively = frames.among(questions.thread, others_wrote)
    cases_of: dict[int, dict[int, int]] = defaultdict(dict)
    for mention, thread, case in zip(*(each[lively].tolist() for each in questions), strict=True):
        cases_of[thread][mention] = case
    found: dict[int, list[Help]] = defaultdict(list)
    for some in in_chunks(sorted(cases_of)):
        for thread, posts in _threads(connection, some, moment).items():
            for help_ in helps(posts, cases_of[thread].keys()):
                found[cases_of[thread][help_.question]].append(help_)
    ours = _ours(connection, sorted(found), moment)
    asked = [
        Asked(case=case, helped=tuple(Helped(each, is_first(each, ours.get(case, ()))) for each in found[case]))
        for case in sorted(found)
    ]
    return Ledger(tuple(asked), _helpers(connection, {each.help.helper for case in asked for each in case.helped}))


_POSTS = sa.select(
    POST.c.id, POST.c.conversation_id, POST.c.external_key, POST.c.parent_key, POST.c.author_id, POST.c.published_at,
    POST.c.first_seen_at, POST.c.is_own, sa.func.substr(POST.c.text, 1, TEXT).label("text"),
)  # fmt: skip


def _threads(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, list[Said]]:
    """Conversation -> its posts that had been seen by then and were not taken away."""
    there = (POST.c.conversation_id.in_(ids), POST.c.first_seen_at <= moment, POST.c.deleted_at.is_(None))
    rows = connection.execute(_POSTS.where(*there).order_by(POST.c.id)).all()
    parents = {row.parent_key for row in rows if row.parent_key}
    places = {(row.conversation_id, row.external_key): row.id for row in rows if row.external_key in parents}
    people = _people(connection, sorted({row.author_id for row in rows if row.author_id is not None}))
    wants = _wants(connection, ids)
    found: dict[int, list[Said]] = defaultdict(list)
    for id_, thread, _, parent, author, published, seen, is_own, text in rows:
        account = people.get(author, NOBODY)
        said = Said(
            id=id_,
            person=account.person,
            name=account.name,
            at=published if published is not None and published <= seen else None,
            parent=places.get((thread, parent)) if parent else None,
            is_ours=is_own or account.is_ours,
            is_question=id_ in wants["question"],
            is_thanks=id_ in wants["thanks"],
            text=text,
        )
        found[thread].append(said)
    return found


def _wants(connection: Connection, conversations: Sequence[int]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    query = (
        sa.select(INTENT.c.intent, INTENT.c.post_id)
        .join(POST, POST.c.id == INTENT.c.post_id)
        .where(POST.c.conversation_id.in_(conversations), INTENT.c.intent.in_(("question", "thanks")))
    )
    for intent, post in connection.execute(query) if conversations else ():
        found[intent].add(post)
    return found


def _people(connection: Connection, authors: Sequence[int]) -> dict[int, _Account]:
    """Account -> the person, and whether they are of us: by this account, by another, or by a group of `STAFF`."""
    rows: list[Any] = []
    for some in in_chunks(authors):
        columns = AUTHOR.c.id, AUTHOR.c.name, AUTHOR.c.person_id, AUTHOR.c.is_own
        rows += connection.execute(sa.select(*columns).where(AUTHOR.c.id.in_(some)))
    own = sa.select(AUTHOR.c.person_id).where(AUTHOR.c.is_own, AUTHOR.c.person_id.is_not(None))
    ours = set(connection.scalars(own.union(sa.select(GROUP.c.person_id).where(GROUP.c.group.in_(STAFF)))))
    return {row.id: _Account(_person(row), row.name, row.is_own or row.person_id in ours) for row in rows}


def _person(row: Any) -> int:
    return int(-row.id if row.person_id is None else row.person_id)


def _helpers(connection: Connection, persons: Collection[int]) -> dict[int, Helper]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for some in in_chunks(sorted(persons)):
        for row in connection.execute(sa.select(AUTHOR).where(_of(some)).order_by(AUTHOR.c.id)):
            found[_person(row)].append((row.source, row.name))
    return {person: Helper(person=person, accounts=tuple(accounts)) for person, accounts in found.items()}


def _of(persons: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether an account is of one of these persons."""
    alone = sa.and_(AUTHOR.c.person_id.is_(None), AUTHOR.c.id.in_([-each for each in persons if each < 0]))
    return sa.or_(AUTHOR.c.person_id.in_([each for each in persons if each > 0]), alone)


def _last_seen(connection: Connection, persons: Sequence[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for some in in_chunks(persons):
        last = sa.select(AUTHOR.c.id, AUTHOR.c.person_id, sa.func.max(POST.c.at).label("at"))
        query = last.join(POST, POST.c.author_id == AUTHOR.c.id).where(_of(some))
        for row in connection.execute(query.group_by(AUTHOR.c.id, AUTHOR.c.person_id)):
            found[_person(row)] = max(row.at, found.get(_person(row), row.at))
    return found


def _ours(connection: Connection, cases: Sequence[int], moment: datetime) -> dict[int, list[Moment]]:
    """Case -> when we answered in it; None is at a moment that is not known."""
    kinds = EventKind.SENT.value, EventKind.ANSWERED_ELSEWHERE.value
    here = sa.and_(EVENT.c.kind.in_(kinds), EVENT.c.at <= moment, EVENT.c.undone_by.is_(None))
    columns = EVENT.c.case_id, EVENT.c.kind, EVENT.c.at, EVENT.c.data, REPLY.c.sent_at
    query = sa.select(*columns).select_from(EVENT.outerjoin(REPLY, REPLY.c.id == EVENT.c.reply_id)).where(here)
    found: dict[int, list[Moment]] = defaultdict(list)
    for some in in_chunks(cases):
        for row in connection.execute(query.where(EVENT.c.case_id.in_(some)).order_by(EVENT.c.id)):
            given = row.data.get("published_at")
            elsewhere = datetime.fromisoformat(given) if given else None
            found[row.case_id].append(elsewhere if row.kind == kinds[1] else row.sent_at or row.at)
    return found
