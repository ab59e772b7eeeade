"""Queries from the command line: what one means, what it would catch, and two of them compared."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TextIO

from desk.reports import show
from desk.shown import clean_block, clean_line
from front.house import House

SAMPLES = 20
"""Posts that `query test` shows, and `query diff` on either side."""
DAYS, AUTHORS = 31, 10
"""Days that `query test` counts one by one, before them months, and authors."""
UNKNOWN = "(unknown)"
"""Whoever wrote a post whose source does not say."""


def check_query(house: House, args: argparse.Namespace) -> int:
    """Prints how a query is understood: in full, with every bracket and AND."""
    from storage.query import grammar, tree

    sys.stdout.write(tree.to_text(grammar.parse(args.query)) + "\n")
    _hint(house, args.query)
    return 0


def _hint(house: House, *queries: str) -> None:
    """Says what a query probably does not mean: a command that is none, a name that nobody has."""
    from storage.query import grammar, slips, tree

    names = _names(house)
    for query in queries:
        values = ((each.field, each.value) for each in tree.walk(grammar.parse(query)) if isinstance(each, tree.Value))
        hints = [*slips.hints(query), *slips.strangers(values, names)]
        sys.stderr.writelines(f"{clean_line(hint)}\n" for hint in hints)


def _names(house: House) -> Mapping[str, Collection[str]]:
    """What the configuration calls what fields name; nothing where there is none that can be read."""
    from storage.errors import ConfigError

    if not house.has_config:
        return {}
    try:
        watchlist, policy = house.watchlist, house.policy
    except ConfigError:
        return {}
    return {
        "brand": [brand.name for brand in watchlist.brands],
        "query": [query for brand in watchlist.brands for query in brand.queries],
        "source": [source.name for source in watchlist.sources],
        "assignee": [*policy.team],
        "department": policy.departments,
        "playbook": [*policy.playbooks],
    }


def everywhere(query: str) -> str:
    """The query asked of all stored posts, where a search by itself looks at mentions only; raises QueryError."""
    from storage.query import grammar

    grammar.parse(query)  # a wrong one is refused as it was written, not as it stands in brackets
    return f"({query}) (is:mention OR is:context)"


def test_query(house: House, args: argparse.Namespace) -> int:
    """Prints what a query would catch among stored posts: how many, a day, by whom, and 20 samples."""
    from storage.inbox import Inbox

    inbox, out = Inbox(house.database), sys.stdout
    days: Counter[str] = Counter()
    authors: Counter[str] = Counter()
    newest: list[int] = []
    for id_, at, author in inbox.sightings(everywhere(args.query)):
        days[at.astimezone(house.policy.timezone).date().isoformat()] += 1
        authors[author or UNKNOWN] += 1
        if len(newest) < SAMPLES:
            newest.append(id_)
    _hint(house, args.query)
    if not newest:
        out.write("No stored post answers this query.\n")
        return 0
    out.write(f"{days.total()} posts on {len(days)} days, by {len(authors)} authors\n\n")
    _show_counts("day", _latest_by_day(days), out)
    _show_counts("author", authors.most_common(AUTHORS), out)
    _samples(inbox.posts(newest), out)
    return 0


def _show_counts(name: str, counts: Iterable[tuple[str, int]], out: TextIO) -> None:
    show.show(({name: each, "posts": count} for each, count in counts), (name, "posts"), "table", out)
    out.write("\n")


def _latest_by_day(days: Mapping[str, int]) -> list[tuple[str, int]]:
    """The counts of the latest `DAYS`, and by month those of the days before."""
    ordered = sorted(days.items())
    months: Counter[str] = Counter()
    for day, count in ordered[:-DAYS]:
        months[day[:7]] += count
    return [*months.items(), *ordered[-DAYS:]]


def _samples(posts: Iterable[Any], out: TextIO) -> None:
    for at, mention in enumerate(posts):
        title = f"{mention.title}: " if mention.title else ""
        out.write("\n" * bool(at) + f"{clean_line(mention.author or UNKNOWN)}, {clean_line(mention.url)}\n")
        out.write(f"{clean_block(title + mention.text[:300])}\n")


def diff_queries(house: House, args: argparse.Namespace) -> int:
    """Prints the stored posts that the new query gains and loses against the old one: as a table how many, and some."""
    from storage.inbox import Inbox

    inbox, old, new = Inbox(house.database), everywhere(args.old), everywhere(args.new)
    asked = {"gained": f"({new}) NOT ({old})", "lost": f"({old}) NOT ({new})"}
    columns = ("change", "id", "author", "title", "text", "url")
    _hint(house, args.old, args.new)
    if args.format != "table":
        found = ((change, each) for change, query in asked.items() for each in inbox.mentions(query))
        show.show((_changed(*each) for each in found), columns, args.format, sys.stdout)
        return 0
    ids = {change: [id_ for id_, _, _ in inbox.sightings(query)] for change, query in asked.items()}
    some = [_changed(change, each) for change, found in ids.items() for each in inbox.posts(found[:SAMPLES])]
    sys.stdout.write(f"{len(ids['gained'])} posts gained, {len(ids['lost'])} lost")
    sys.stdout.write(f"; the newest {SAMPLES} of each:\n" if max(map(len, ids.values())) > SAMPLES else "\n")
    if some:
        sys.stdout.write("\n")
        show.show(some, columns, "table", sys.stdout)
    return 0


def _changed(change: str, post: Any) -> dict[str, Any]:
    return {"change": change, **{name: getattr(post, name) for name in ("id", "author", "title", "text", "url")}}
