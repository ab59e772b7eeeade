"""Rules from the command line: which there are, what they did and would do, and applying or taking back one by hand."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from desk.reports import show
from desk.rules import Rule
from desk.shown import clean_block, clean_line
from front.house import House
from storage.errors import NotFound
from storage.settings import suggestion

SAMPLES = 10
"""Mentions that a trial shows whole."""


def rules(house: House, args: argparse.Namespace) -> int:
    """Prints the rules in the order they are looked at."""
    rows = (
        {"name": rule.name, "on": _moment(rule), "when": rule.when, "do": [str(act) for act in rule.acts]}
        for rule in house.rules
    )
    show.show(rows, ("name", "on", "when", "do"), args.format, sys.stdout)
    return 0


def explain(house: House, args: argparse.Namespace) -> int:
    """Prints for each rule whether it is for a case, what it would do, and what it did."""
    from desk import rule_runs

    verdicts = rule_runs.explain(house.database, house.rules, args.id)
    show.show(map(_row, verdicts), ("rule", "on", "is_for_it", "why_not", "would", "did"), args.format, sys.stdout)
    return 0


def _row(verdict: Any) -> dict[str, Any]:
    is_for_it = not verdict.missing
    blocked = [f"{act}: {why}" for act, why in verdict.acts if why and is_for_it]
    return {
        "rule": verdict.rule.name,
        "on": _moment(verdict.rule),
        "is_for_it": "yes" if is_for_it else "no",
        "why_not": [part[4:] if part.startswith("NOT ") else f"not {part}" for part in verdict.missing] + blocked,
        "would": [str(act) for act, why in verdict.acts if is_for_it and not why],
        "did": [_did(event) for event in verdict.runs],
    }


def _did(event: Any) -> str:
    acts, left = event.data.get("acts", []), event.data.get("left", [])
    because = "applied by hand" if not event.data.get("event") else f"event {event.data['event']}"
    return f"{event.at:%Y-%m-%d %H:%M} UTC ({because}): {', '.join(acts) or 'nothing'}" + "".join(
        f"; not {each}" for each in left
    )


def _moment(rule: Rule) -> str:
    return f"{rule.on}, after {rule.after}" if rule.after else rule.on


def attempt(house: House, args: argparse.Namespace) -> int:
    """Prints what a rule would have been for: how many stored mentions, a day, and samples. Changes nothing."""
    from desk import rule_trials
    from storage.inbox import Inbox

    rule, zone = _named(house, args.name), house.policy.timezone
    days: Counter[str] = Counter()
    cases: set[int] = set()
    samples: list[Any] = []
    without = opened = 0
    for mention in Inbox(house.database).mentions(rule.when):
        if mention.case_id is None and rule.opens_cases and not mention.is_own:
            days[(mention.published_at or mention.first_seen_at).astimezone(zone).date().isoformat()] += 1
            opened += 1
            continue
        if mention.case_id is None:
            without += 1
            continue
        days[(mention.published_at or mention.first_seen_at).astimezone(zone).date().isoformat()] += 1
        cases.add(mention.case_id)
        if len(samples) < SAMPLES:
            samples.append(mention)
    out = sys.stdout
    out.write(f"{days.total()} mentions in {len(cases)} cases on {len(days)} days answer {clean_line(rule.when)}\n")
    if opened:
        out.write(f"{opened} of them are a competitor's and would get a case\n")
    if without:
        out.write(f"{without} more have no case (a competitor's, or our own), so no rule acts on them\n")
    out.write(f"on {_moment(rule)}: {', '.join(clean_line(str(act)) for act in rule.acts)}\n")
    applied = rule_trials.attempt(house.database, house.policy, rule)
    acted, left = len(applied.acted), len(applied.left)
    new = f"open cases for {opened} mentions, " if opened else ""
    out.write(f"applied now it would {new}act on {acted} open cases, and leave {left} alone\n")
    for why, n in Counter(applied.left.values()).most_common():
        out.write(f"    {n}: {clean_line(why)}\n")
    out.write("\n")
    show.show(({"day": day, "mentions": n} for day, n in sorted(days.items())), ("day", "mentions"), "table", out)
    for mention in samples:
        out.write(f"\ncase {mention.case_id}: {clean_line(mention.author or '(unknown)')}, {clean_line(mention.url)}\n")
        out.write(f"{clean_block(mention.title + ': ' if mention.title else '')}{clean_block(mention.text[:300])}\n")
    return 0


def apply(house: House, args: argparse.Namespace) -> int:
    """Applies a rule to the stored open cases that it was not applied to before."""
    from desk import rule_runs

    rule = _named(house, args.name)
    house.clerk.permit("apply_rules")
    applied = rule_runs.apply(house.database, house.policy, rule)
    print(f"{clean_line(rule.name)} acted on {len(applied.acted)} cases, and left {len(applied.left)} alone.")  # noqa: T201
    for case_id, why in applied.left.items():
        print(f"case {case_id}: {clean_line(why)}", file=sys.stderr)  # noqa: T201
    return 0


def undo(house: House, args: argparse.Namespace) -> int:
    """Takes back all that the newest run of a rule did to a case; without a case, all that was applied last."""
    from storage.rulebook import Rulebook

    book = Rulebook(house.database)
    if args.id is not None:
        house.clerk.permit("undo")
        book.undo(args.name, args.id, house.agent)
        print(f"Case {args.id}: what {clean_line(args.name)} did is taken back.")  # noqa: T201
        return 0
    house.clerk.permit("apply_rules")
    taken, left = book.undo_applied(args.name, house.agent)
    print(f"What {clean_line(args.name)} did is taken back on {len(taken)} cases, and left on {len(left)}.")  # noqa: T201
    for case_id, why in left.items():
        print(f"case {case_id}: {clean_line(why)}", file=sys.stderr)  # noqa: T201
    return 0


def team(house: House, args: argparse.Namespace) -> int:
    """Prints who is in the team: role, department and languages."""
    rows = (
        {"name": name, "role": each.role, "department": each.department, "languages": list(each.languages)}
        for name, each in house.policy.team.items()
    )
    show.show(rows, ("name", "role", "department", "languages"), args.format, sys.stdout)
    return 0


def may(house: House, args: argparse.Namespace) -> int:
    """Prints which role may do what."""
    from desk import roles

    show.show(roles.table(), ("act", *roles.MAY), args.format, sys.stdout)
    return 0


def _named(house: House, name: str) -> Rule:
    found = next((rule for rule in house.rules if rule.name == name), None)
    if found is None:
        names = [rule.name for rule in house.rules]
        raise NotFound(f"There is no rule {name}{suggestion(name, names)}: `webcare rules list` shows them.")
    return found
