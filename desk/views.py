"""The tabs of the desk: each a name and a query of the one query language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from desk.locale import N_, number


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A saved search over cases."""

    name: str
    title: str
    """English; translated where it is shown."""
    query: str
    counted: bool = True
    """Whether the tab shows how many cases it holds."""


COUNTED = 10_000
"""Cases that are counted: of more nobody at the desk needs the number, and it would take time."""
FIRST_PAGE = 100
"""Cases read before all ids are: enough for any screen."""

INBOX = View(name="inbox", title=N_("Inbox"), query="is:open NOT is:snoozed")
SEARCH = View(name="search", title=N_("Search"), query="", counted=False)
VIEWS = (
    INBOX,
    View(name="mine", title=N_("Mine"), query="assignee:me is:open"),
    View(name="unassigned", title=N_("Unassigned"), query="is:unassigned is:open NOT is:snoozed"),
    View(name="snoozed", title=N_("Snoozed"), query="is:snoozed"),
    View(name="done", title=N_("Done"), query="is:resolved OR is:dismissed OR is:spam", counted=False),
    SEARCH,
)
"""In the order of the tabs. What is done is too much to count."""


def counted(cases: int) -> str:
    """A number of cases as it is read: 1,234, or 10,000+."""
    return number(cases) if cases <= COUNTED else f"{number(COUNTED)}+"


def with_own(queries: Mapping[str, str]) -> tuple[View, ...]:
    """The tabs with those of the configuration (title -> query) before the search."""
    own = (View(name=f"own:{title}", title=title, query=query) for title, query in queries.items())
    return (*VIEWS[:-1], *own, SEARCH)
