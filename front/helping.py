"""Who helps whom, from the command line: the customers who answer others, and those who are ambassadors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from desk.reports.helping import Standing, standings
from desk.reports.make import Veil
from desk.reports.period import read_period
from desk.reports.show import show
from front.house import House
from storage.errors import NotFound
from storage.helping import Helping

COLUMNS = (
    "person", "helps", "thanked", "before_us", "median_minutes", "sources", "positive", "negative", "points",
    "ambassador", "last_seen",
)  # fmt: skip
EVIDENCE = ("mention", "what", "of", "evidence")


def helpers(house: House, args: argparse.Namespace) -> int:
    """Prints who helps, the ambassadors, or the mentions behind one of them."""
    door, zone = Helping(house.database), house.policy.timezone
    period = read_period(args.start, args.end, zone, house.database.now())
    found = standings(door, args.query, *period, me=house.agent)
    if args.explain is not None:
        show(_evidence(_called(found, args.explain)), EVIDENCE, args.format, sys.stdout)
        return 0
    chosen = [each for each in found if (each.is_ambassador if args.ambassadors else each.helped)]
    if args.ambassadors:
        chosen.sort(key=lambda each: -each.points)
    seen = door.last_seen(each.helper for each in chosen)
    veil = Veil() if args.pseudonymise else None
    rows = (_row(each, veil) | {"last_seen": _moment(seen.get(each.helper.person), zone)} for each in chosen)
    show(rows, COLUMNS, args.format, sys.stdout)
    return 0


def _row(standing: Standing, veil: Veil | None) -> dict[str, Any]:
    median = standing.median
    first = standing.helper.accounts[0]
    return {
        "person": veil.code(*first) if veil else standing.name,
        "helps": len(standing.helped),
        "thanked": standing.thanked,
        "before_us": None if standing.before_us is None else round(standing.before_us, 2),
        "median_minutes": None if median is None else round(median / 60),
        "sources": list(dict.fromkeys(source for source, _ in standing.helper.accounts)),
        "positive": len(standing.positive),
        "negative": len(standing.negative),
        "points": standing.points,
        "ambassador": standing.reasons if standing.is_ambassador else "",
    }


def _moment(at: Any, zone: Any) -> str | None:
    return at.astimezone(zone).isoformat(timespec="minutes") if at else None


def _called(found: list[Standing], name: str) -> Standing:
    wanted = name.casefold().removeprefix("@")
    for each in found:
        names = {word for source, own in each.helper.accounts for word in (own, f"{source}/{own}")}
        if wanted in {word.casefold().removeprefix("@") for word in names}:
            return each
    raise NotFound(
        f"{name} helped nobody and was not positive or negative in this period: webcare helpers shows who did."
    )


def _evidence(standing: Standing) -> Iterator[dict[str, Any]]:
    """A line a post that counts, and why."""
    for asked, each in standing.helped:
        help_ = each.help
        said = {True: "before us", False: "after us", None: "before or after us is unknown"}[each.before_us]
        how = "replies to it" if help_.direct else "among the next posts"
        yield {"mention": help_.answer, "what": "help", "of": help_.question, "evidence": f"{how}; {said}"}
        for thanks in help_.thanks:
            yield {"mention": thanks, "what": "thanks", "of": help_.answer, "evidence": f"case {asked.case}"}
        if help_.worked is not None:
            evidence = "who asked says that it worked"
            yield {"mention": help_.worked, "what": "worked", "of": help_.answer, "evidence": evidence}
    for what, days in (("positive", standing.positive), ("negative", standing.negative)):
        for day, mentions in sorted(days.items()):
            yield from ({"mention": each, "what": what, "of": None, "evidence": str(day)} for each in mentions)
