"""Keeping the database: its schema, whether it is whole, and a copy of it."""

from __future__ import annotations

import argparse
import sys

from front.house import House
from storage import care, migrations
from storage import move as mover
from storage.database import Database


def upgrade(house: House, args: argparse.Namespace) -> int:
    """Brings the database to the schema of this program."""
    database = Database(house.database_url)
    try:
        before = migrations.upgrade(database)
    finally:
        database.close()
    done = "was at" if before == migrations.HEAD else f"went from {before or 'empty'} to"
    sys.stdout.write(f"The database {done} step {migrations.HEAD}.\n")
    return 0


def check(house: House, args: argparse.Namespace) -> int:
    """Says whether the database is whole; a complaint makes the exit status 1."""
    complaints = care.check(house.database)
    sys.stdout.write("\n".join(complaints or [f"The database is whole, at step {migrations.HEAD}."]) + "\n")
    return 1 if complaints else 0


def move(house: House, args: argparse.Namespace) -> int:
    """Copies everything to another, empty database; the old one is left as it is."""
    target = Database(args.url)
    try:
        total = mover.move(house.database, target, lambda name, rows: print(f"{name}: {rows}", file=sys.stderr))  # noqa: T201
    finally:
        target.close()
    sys.stdout.write(f"Moved {total} rows. Put the new address into sources.yaml: database: …\n")
    return 0


def backup(house: House, args: argparse.Namespace) -> int:
    """Copies a SQLite database to a file, whole, while others work."""
    care.backup(house.database, args.file)
    sys.stdout.write(f"Copied to {args.file}.\n")
    return 0
