"""People from the command line: who is who, what is held of somebody, erasing it, and who gets no marketing."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from desk.reports import show
from desk.reports.record import record
from desk.shown import clean_line
from front.house import House
from storage.errors import StorageError
from storage.people import People
from storage.suppression import Suppressions, digest
from storage.types import Event, Person, Reply

SUPPRESSED = ("source", "name", "customer", "case_id", "since", "until")
"""What the list shows to the desk; outside goes only what `export` writes."""


def show_person(house: House, args: argparse.Namespace) -> int:
    """Prints a person: their accounts, groups, and how much each account wrote."""
    _print(People(house.database).find(args.who), args.format)
    return 0


def merge(house: House, args: argparse.Namespace) -> int:
    """Writes down that two accounts are one person."""
    house.clerk.permit("people")
    _say(People(house.database).merge(args.who, args.other, house.agent))
    return 0


def split(house: House, args: argparse.Namespace) -> int:
    """Takes an account out of its person again."""
    house.clerk.permit("people")
    _say(People(house.database).split(args.who, house.agent))
    return 0


def group(house: House, args: argparse.Namespace) -> int:
    """Puts a person in groups, or takes them out."""
    house.clerk.permit("people")
    people = People(house.database)
    change = people.leave if args.remove else people.join
    _say(change(args.who, args.groups, house.agent))
    return 0


def link(house: House, args: argparse.Namespace) -> int:
    """Writes down how the organisation's own records know a person."""
    house.clerk.permit("people")
    _say(People(house.database).link(args.who, args.customer, house.agent))
    return 0


def export(house: House, args: argparse.Namespace) -> int:
    """Prints all that is held of a person as one JSON object, for them to have (article 15 of the AVG/GDPR)."""
    house.clerk.permit("export_person")
    people, zone = People(house.database), house.policy.timezone
    person = people.find(args.who)
    posts, before, replies, events = people.held(person)
    whole = {
        "person": _row(person),
        "posts": [record(each, zone) for each in posts],
        "earlier_versions": before,
        "replies": [_plain(each) for each in replies],
        "events": [_plain(each) for each in events],
    }
    sys.stdout.write(show.to_json(whole) + "\n")
    return 0


def forget(house: House, args: argparse.Namespace) -> int:
    """Erases all of a person, and says where others still write their name."""
    from storage.erasure import Erasure

    house.clerk.permit("forget")
    person = People(house.database).find(args.who)
    names = {word for each in person.accounts for word in (each.name, each.external_id)}
    if not args.yes:
        held = sum(each.mentions for each in person.accounts)
        raise StorageError(
            f"This erases {', '.join(map(str, person.accounts))} with {held} mentions for good: say --yes to do it."
        )
    erasure = Erasure(house.database)
    done = erasure.forget(person.accounts, house.agent)
    print(  # noqa: T201
        f"Erased {done.accounts} accounts, {done.posts} posts, and the words of {done.cases} cases and {done.replies} "
        "replies. They will not be collected again; copies (backups, reports) are yours to erase."
    )
    for place, rows in erasure.traces(names).items():
        print(f"The name still stands in {place}, {rows} times: others wrote it.", file=sys.stderr)  # noqa: T201
    return 0


def forget_old(house: House, args: argparse.Namespace) -> int:
    """Erases what is older than the given time, open cases excepted."""
    from storage.erasure import Erasure

    house.clerk.permit("forget")
    age = _age(args.older_than)
    done = Erasure(house.database).forget_before(house.database.now() - age, dry_run=args.dry_run)
    said = "Would erase" if args.dry_run else "Erased"
    print(f"{said} {done.posts} posts and the words of {done.cases} cases older than {args.older_than}.")  # noqa: T201
    return 0


def suppression(house: House, args: argparse.Namespace) -> int:
    """Prints who should get no marketing now, for the desk with names, or to hand out with hashes."""
    from desk import retention

    rules = house.privacy
    if args.what == "export":
        show.show(retention.listed(house.database, rules), retention.LISTED, args.format, sys.stdout)
        return 0
    zone = house.policy.timezone
    found = Suppressions(house.database).rows(rules.suppress, rules.cool_down)
    rows = (
        {
            **{name: getattr(each, name) for name in SUPPRESSED},
            "since": each.since.astimezone(zone).isoformat(timespec="minutes"),
            "until": each.until.astimezone(zone).isoformat(timespec="minutes") if each.until else None,
        }
        for each in found
    )
    show.show(rows, SUPPRESSED, args.format, sys.stdout)
    return 0


def check_list(house: House, args: argparse.Namespace) -> int:
    """Prints the lines of a mailing list that name nobody, in any cell, who gets no mail now.

    Raises `StorageError` for a file that cannot be read.
    """
    rules = house.privacy
    found = Suppressions(house.database).rows(rules.suppress, rules.cool_down)
    kept_back = {digest(each.customer) for each in found if each.customer}
    left_out = 0
    for line in _lines(Path(args.file)):
        if any(digest(cell.strip(" \"'")) in kept_back for cell in (line, *re.split(r"[,;\t]", line))):
            left_out += 1
        else:
            sys.stdout.write(f"{line}\n")
    print(f"Left out {left_out}, for they have an open complaint or had one lately.", file=sys.stderr)  # noqa: T201
    if strangers := sum(not each.customer for each in found):
        told = f"{strangers} accounts with a complaint are of nobody you know by address"
        print(f"{told}: say who, by `webcare person link`.", file=sys.stderr)  # noqa: T201
    return 0


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StorageError(f"{file} is not text in UTF-8: save it as such.") from None


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([dw])", text.strip())
    if not found or not int(found[1]):
        raise StorageError(f"{text} is no age: write 400d or 52w.")
    return timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1))


def _print(person: Person, form: str) -> None:
    if form != "table":
        row = _row(person)
        show.show([row], list(row), form, sys.stdout)
        return
    _say(person)
    columns = ("source", "name", "mentions", "open_cases", "url")
    rows = ({name: getattr(each, name) for name in columns} for each in person.accounts)
    show.show(rows, columns, "table", sys.stdout)


def _say(person: Person) -> None:
    number = f"Person {person.id}" if person.id else "One account"
    more = [f"customer {person.customer}"] if person.customer else []
    more += [f"groups {', '.join(person.groups)}"] if person.groups else []
    names = ", ".join(map(str, person.accounts))
    print(clean_line("; ".join([f"{number}: {names}", *more]) + "."))  # noqa: T201


def _row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "customer": person.customer or None,
        "groups": list(person.groups),
        "accounts": [_plain(each) for each in person.accounts],
    }


def _plain(thing: Event | Reply | Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__slots__}
