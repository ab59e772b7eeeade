"""Copies of one text from the command line: which there are, taking one out for good, and putting one in."""

from __future__ import annotations

import argparse
import sys

from desk.reports import show
from front.house import House
from storage.intake.twins import Copies


def show_copies(house: House, args: argparse.Namespace) -> int:
    """Prints a mention and its copies on whatever site."""
    show.show(map(dict, Copies(house.database).of(args.mention)), _COLUMNS, args.format, sys.stdout)
    return 0


def part(house: House, args: argparse.Namespace) -> int:
    """Takes a mention out of its group, for good."""
    house.clerk.permit("people")
    Copies(house.database).part(args.mention, house.agent)
    print(f"Mention {args.mention} stands alone now, and stays so.")  # noqa: T201
    return 0


def join(house: House, args: argparse.Namespace) -> int:
    """Puts a mention with another and its copies."""
    house.clerk.permit("people")
    Copies(house.database).join(args.mention, args.other, house.agent)
    print(f"Mention {args.mention} counts as a copy of mention {args.other}.")  # noqa: T201
    return 0


_COLUMNS = ("id", "source", "author", "url", "text")
