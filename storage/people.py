"""The people door: which accounts are one person, what groups they are in, and all that is held of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage import locks, rows, trail
from storage.database import Database, insert_ignore
from storage.errors import NotFound, StepRefused
from storage.schema import AUTHOR, CASE, EVENT, GROUP, PERSON, POST, REPLY, REVISION
from storage.types import Account, Event, EventKind, Mention, Person, Reply, Status

MOST_NAMED = 10
"""Accounts that an ambiguous name is answered with."""


class People:
    """Accounts and the persons behind them. A merge is a row that points; taking an account out again undoes it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def find(self, who: str) -> Person:
        """The person of an account: its name, `source/name`, or the number of a person as `person:12`.

        Raises `NotFound`, also where several accounts have the name and are not one person: it names them.
        """
        with self.database.read() as connection:
            return _person(connection, _found(connection, who))

    def merge(self, one: str, other: str, agent: str) -> Person:
        """Writes down that two accounts (with those they were merged with before) are one person."""
        with self.database.write() as connection:
            first, second = _taken(connection, one, other)
            if {row.id for row in first} & {row.id for row in second}:
                raise StepRefused(f"{one} and {other} are one person already.")
            kept = self._kept(connection, first)
            gone = {row.person_id for row in second if row.person_id}
            for person_id in gone:
                self._move_groups(connection, person_id, kept)
            _point(connection, [row.id for row in second], kept)
            connection.execute(sa.delete(PERSON).where(PERSON.c.id.in_(gone)))
            self._tell(connection, EventKind.MERGED, agent, {"person": kept, "accounts": [row.id for row in second]})
            return _person(connection, _of_person(connection, kept))

    def split(self, account: str, agent: str) -> Person:
        """Takes one account out of its person again; gives it as it then stands alone."""
        with self.database.write() as connection:
            locks.sources(connection, {row.source for row in _named(connection, account)})
            found = _named(connection, account)
            if len(found) != 1:
                raise _unclear(account, found)
            [row] = found
            if row.person_id is None or len(_of_person(connection, row.person_id)) == 1:
                raise StepRefused(f"{account} was not merged with another account.")
            _point(connection, [row.id], None)
            self._tell(connection, EventKind.SPLIT, agent, {"person": row.person_id, "accounts": [row.id]})
            return _person(connection, _named(connection, account))

    def join(self, who: str, groups: Sequence[str], agent: str) -> Person:
        """Puts a person in groups (press, vip, staff …); `group:press` is what a query then finds them by."""
        with self.database.write() as connection:
            kept = self._kept(connection, *_taken(connection, who))
            wanted = [{"person_id": kept, "group": group} for group in groups]
            connection.execute(insert_ignore(self.database, GROUP, wanted, ["person_id", "group"]))
            self._tell(connection, EventKind.GROUPED, agent, {"person": kept, "to": list(groups)})
            return _person(connection, _of_person(connection, kept))

    def leave(self, who: str, groups: Sequence[str], agent: str) -> Person:
        """Takes a person out of groups."""
        with self.database.write() as connection:
            kept = self._kept(connection, *_taken(connection, who))
            here = sa.and_(GROUP.c.person_id == kept, GROUP.c.group.in_(groups))
            if connection.execute(sa.select(GROUP).where(here)).first() is None:
                raise StepRefused(f"{who} is in none of these groups: {', '.join(groups)}.")
            connection.execute(sa.delete(GROUP).where(here))
            self._tell(connection, EventKind.GROUPED, agent, {"person": kept, "from": list(groups)})
            return _person(connection, _of_person(connection, kept))

    def link(self, who: str, customer: str, agent: str) -> Person:
        """Writes down how the organisation's own records know a person; "" takes it away."""
        with self.database.write() as connection:
            kept = self._kept(connection, *_taken(connection, who))
            connection.execute(sa.update(PERSON).where(PERSON.c.id == kept).values(customer=customer))
            self._tell(connection, EventKind.LINKED, agent, {"person": kept})
            return _person(connection, _of_person(connection, kept))

    def held(self, person: Person) -> tuple[list[Mention], list[dict[str, Any]], list[Reply], list[Event]]:
        """All that is held of a person, oldest first: posts, earlier versions of them, replies to them, and events."""
        ids = [account.id for account in person.accounts]
        with self.database.read() as connection:
            posts = list(connection.scalars(sa.select(POST.c.id).where(POST.c.author_id.in_(ids)).order_by(POST.c.id)))
            of_theirs = sa.select(POST.c.id).where(POST.c.author_id.in_(ids))
            cases = sa.select(CASE.c.id).where(CASE.c.author_id.in_(ids))
            before = connection.execute(
                sa.select(REVISION).where(REVISION.c.post_id.in_(of_theirs)).order_by(REVISION.c.id)
            )
            replies = connection.execute(sa.select(REPLY).where(REPLY.c.case_id.in_(cases)).order_by(REPLY.c.id))
            events = connection.execute(sa.select(EVENT).where(EVENT.c.case_id.in_(cases)).order_by(EVENT.c.id))
            return (
                rows.mentions(connection, posts),
                [dict(row._mapping) for row in before],
                [rows.reply(row) for row in replies],
                [rows.event(row) for row in events],
            )

    def _kept(self, connection: Connection, accounts: Sequence[Any]) -> int:
        """The person that these accounts are, made where nobody said so before."""
        for row in accounts:
            if row.person_id is not None:
                return int(row.person_id)
        values = {"name": accounts[0].name, "customer": ""}
        made = int(connection.execute(sa.insert(PERSON).values(values).returning(PERSON.c.id)).scalar_one())
        _point(connection, [row.id for row in accounts], made)
        return made

    def _move_groups(self, connection: Connection, source: int, target: int) -> None:
        groups = connection.scalars(sa.select(GROUP.c.group).where(GROUP.c.person_id == source)).all()
        if groups:
            wanted = [{"person_id": target, "group": group} for group in groups]
            connection.execute(insert_ignore(self.database, GROUP, wanted, ["person_id", "group"]))
        connection.execute(sa.delete(GROUP).where(GROUP.c.person_id == source))
        known = sa.select(PERSON.c.customer).where(PERSON.c.id == source).scalar_subquery()
        unknown = sa.and_(PERSON.c.id == target, PERSON.c.customer == "")
        connection.execute(sa.update(PERSON).where(unknown).values(customer=known))

    def _tell(self, connection: Connection, kind: EventKind, agent: str, data: dict[str, Any]) -> None:
        trail.append(connection, kind, at=self.database.now(), actor=agent, data=data)


def _taken(connection: Connection, *who: str) -> list[Sequence[Any]]:
    """The accounts of each of these, as they are once nobody else changes them. Raises `NotFound`."""
    locks.sources(connection, {row.source for each in who for row in _found(connection, each)})
    return [_found(connection, each) for each in who]


def _found(connection: Connection, who: str) -> Sequence[Any]:
    """The rows of the accounts of one person. Raises `NotFound`."""
    prefix, _, number = who.partition(":")
    found = _of_person(connection, int(number)) if prefix == "person" and number.isdigit() else _named(connection, who)
    persons = {row.person_id or -row.id for row in found}
    if len(persons) != 1:
        raise _unclear(who, found)
    [person] = persons
    return _of_person(connection, person) if person > 0 else found


def _named(connection: Connection, who: str) -> Sequence[Any]:
    """The accounts of that name, or of `source/name`; a source's own identity of an account is a name as well."""
    source, _, name = who.partition("/")
    there = sa.and_(AUTHOR.c.source == source, _called(name)) if name else sa.false()
    return _rows(connection, sa.or_(_called(who), there))


def _called(name: str) -> sa.ColumnElement[bool]:
    bare = name.strip().removeprefix("@").lower()
    return sa.or_(sa.func.lower(AUTHOR.c.name).in_((bare, f"@{bare}")), AUTHOR.c.external_id == name)


def _of_person(connection: Connection, person_id: int) -> Sequence[Any]:
    return _rows(connection, AUTHOR.c.person_id == person_id)


def _rows(connection: Connection, where: sa.ColumnElement[bool]) -> Sequence[Any]:
    return connection.execute(sa.select(AUTHOR).where(where).order_by(AUTHOR.c.id)).all()


def _unclear(who: str, found: Sequence[Any]) -> NotFound:
    if not found:
        return NotFound(f"Nobody is known as {who}: write an author's name, or SOURCE/NAME.")
    names = ", ".join(sorted(f"{row.source}/{row.name}" for row in found)[:MOST_NAMED])
    return NotFound(f"{len(found)} accounts are called {who}: {names}. Write SOURCE/NAME, or merge them first.")


def _point(connection: Connection, accounts: Sequence[int], person_id: int | None) -> None:
    connection.execute(sa.update(AUTHOR).where(AUTHOR.c.id.in_(accounts)).values(person_id=person_id))


def _person(connection: Connection, found: Sequence[Any]) -> Person:
    person_id = found[0].person_id
    row = connection.execute(sa.select(PERSON).where(PERSON.c.id == person_id)).first() if person_id else None
    groups = sa.select(GROUP.c.group).where(GROUP.c.person_id == person_id).order_by(GROUP.c.group)
    return Person(
        id=person_id,
        name=row.name if row else found[0].name,
        customer=row.customer if row else "",
        groups=tuple(connection.scalars(groups)) if person_id else (),
        accounts=tuple(_account(connection, each) for each in found),
    )


def _account(connection: Connection, row: Any) -> Account:
    mentions = sa.select(sa.func.count()).where(POST.c.author_id == row.id, rows.IS_MENTION)
    waiting = [status.value for status in Status if status.is_open]
    cases = sa.select(sa.func.count()).where(CASE.c.author_id == row.id, CASE.c.status.in_(waiting))
    return Account(
        id=row.id,
        source=row.source,
        name=row.name,
        external_id=row.external_id,
        url=row.url,
        mentions=int(connection.scalar(mentions) or 0),
        open_cases=int(connection.scalar(cases) or 0),
    )
