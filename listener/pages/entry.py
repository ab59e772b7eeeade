"""The words of a feed and its entries, whoever read them: what a reader gives, and what is cleaned afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from listener.pages import charsets


class Person(NamedTuple):
    """Somebody who is said to have written something."""

    name: str = ""
    """Perhaps in markup."""
    address: str = ""
    email: str = ""


class Entry:
    """What an entry says, or the feed of itself: markup and all, but without blanks at either end.

    What is not said is "": attributes of the class, for most of it is not.
    """

    id: str = ""
    link: str = ""
    links: list[Mapping[str, Any]]
    title: str = ""
    is_html_title: bool = False
    content: str = ""
    """The longest, where there are several."""
    is_plain_content: bool = False
    summary: str = ""
    is_plain_summary: bool = False
    author: str = ""
    """As it is written in one line, perhaps with an address for mail."""
    people: list[Person]
    published: str = ""
    updated: str = ""
    reference: str = ""
    """Which entry it answers."""
    comments_feed: str = ""
    comments: str = ""
    """How many there are."""
    answers: str = ""
    """The same, in the words of another vocabulary."""
    ttl: str = ""
    period: str = ""
    frequency: str = ""
    generator: str = ""

    def __init__(self) -> None:
        self.links, self.people = [], []


@dataclass(slots=True)
class Parsed:
    """A feed that was read: its own words, its entries', and its format as feedparser names it."""

    feed: Entry
    entries: list[Entry]
    version: str
    breaks_off: bool = False
    """Whether it ends before its end."""


def meant(text: str) -> str:
    """The text as it was meant, without blanks at either end."""
    text = text.strip()
    return text if text.isascii() else charsets.meant(text).strip()


def get(record: Mapping[str, Any], key: str) -> Any:
    """What a record holds under a key, without the guesses feedparser makes (and warns of) when it is nothing."""
    return dict.get(record, key) if isinstance(record, dict) else None


def text(record: Mapping[str, Any], *keys: str) -> str:
    """The first of these that a record holds as text, as it was meant."""
    for key in keys:
        value = get(record, key)
        if isinstance(value, str) and (found := meant(value)):
            return found
    return ""


def records(record: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The records in a list that a record holds."""
    value = get(record, key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def person(record: Mapping[str, Any]) -> Person:
    """Whom a record names."""
    return Person(text(record, "name"), text(record, "href", "url"), text(record, "email"))
