"""The nouns of people: an account, the person behind accounts, what was erased, and who must not be written to now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account on one source: what a person writes under."""

    id: int
    source: str
    name: str
    external_id: str
    """The source's own identity of the account."""
    url: str
    mentions: int
    open_cases: int

    def __str__(self) -> str:
        return f"{self.source}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One or more accounts that are one human being."""

    id: int | None
    """None for an account that nothing was said of yet."""
    name: str
    customer: str
    """How the organisation's own records know them (a customer number, an e-mail address); "" is unknown."""
    groups: tuple[str, ...]
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much of what was written is gone; what is counted of it stays."""

    accounts: int = 0
    posts: int = 0
    cases: int = 0
    replies: int = 0

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            accounts=self.accounts + other.accounts,
            posts=self.posts + other.posts,
            cases=self.cases + other.cases,
            replies=self.replies + other.replies,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An account of a person who should get no marketing now, and why."""

    source: str
    name: str
    external_id: str
    """The source's own identity of the account."""
    customer: str
    """How the organisation's own records know them; "" is unknown."""
    case_id: int
    since: datetime
    """When the case's first mention was seen."""
    until: datetime | None
    """The end of the cool-down of a resolved case; None while it is open."""
