"""A post as a query looks at it: its fields, and its words folded once for all queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit

from storage.query import fold
from storage.types import Post, PostKind, Priority, Sentiment, Status


class Searchable(Protocol):
    """What can be searched: a `Mention`, or a `PostView` of a post that is not stored yet."""

    @property
    def id(self) -> int | None: ...
    @property
    def case_id(self) -> int | None: ...
    @property
    def source(self) -> str: ...
    @property
    def brands(self) -> tuple[str, ...]: ...
    @property
    def queries(self) -> tuple[str, ...]: ...
    @property
    def url(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def lang(self) -> str | None: ...
    @property
    def author(self) -> str | None: ...
    @property
    def author_id(self) -> int | None: ...
    @property
    def parent_id(self) -> int | None: ...
    @property
    def kind(self) -> PostKind: ...
    @property
    def published_at(self) -> datetime | None: ...
    @property
    def first_seen_at(self) -> datetime | None: ...
    @property
    def edited_at(self) -> datetime | None: ...
    @property
    def deleted_at(self) -> datetime | None: ...
    @property
    def sentiment(self) -> Sentiment | None: ...
    @property
    def intents(self) -> tuple[str, ...]: ...
    @property
    def relevance(self) -> float | None: ...
    @property
    def priority(self) -> Priority | None: ...
    @property
    def reach(self) -> int | None: ...
    @property
    def duplicates(self) -> tuple[int, ...]: ...
    @property
    def status(self) -> Status | None: ...
    @property
    def assignee(self) -> str | None: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def rating(self) -> float | None: ...
    @property
    def is_own(self) -> bool: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def has_reply(self) -> bool: ...
    @property
    def has_note(self) -> bool: ...
    @property
    def department(self) -> str | None: ...
    @property
    def handed_to(self) -> str | None: ...
    @property
    def playbook(self) -> str | None: ...


@dataclass(slots=True, kw_only=True)
class PostView:
    """A post just collected, with no value in the fields that only storing and understanding give it.

    Not frozen: one is made for most posts of a stream, and a frozen one takes four times as long to make.
    """

    source: str
    source_kind: str = ""
    url: str = ""
    title: str = ""
    text: str = ""
    lang: str | None = None
    author: str | None = None
    author_id: int | None = None
    parent_id: int | None = None
    kind: PostKind = PostKind.POST
    published_at: datetime | None = None
    first_seen_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    reach: int | None = None
    rating: float | None = None
    id: int | None = None
    case_id: int | None = None
    brands: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    sentiment: Sentiment | None = None
    intents: tuple[str, ...] = ()
    relevance: float | None = None
    priority: Priority | None = None
    duplicates: tuple[int, ...] = ()
    status: Status | None = None
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    is_own: bool = False
    groups: tuple[str, ...] = ()
    has_reply: bool = False
    has_note: bool = False
    department: str | None = None
    handed_to: str | None = None
    playbook: str | None = None

    @classmethod
    def of(cls, post: Post, *, source: str, source_kind: str, now: datetime) -> PostView:
        """A post as it came from a source at `now`."""
        return cls(
            source=source,
            source_kind=source_kind,
            url=post.url,
            title=post.title,
            text=post.text,
            lang=post.lang,
            author=post.author or None,
            author_id=0 if post.author else None,
            parent_id=0 if post.parent_id else None,
            kind=post.kind,
            published_at=post.published_at,
            first_seen_at=now,
            edited_at=post.edited_at,
            deleted_at=now if post.deleted else None,
            reach=post.reach,
            rating=post.rating,
        )


class Row(list[str]):
    """Words in their order."""

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where each word stands: found once for all queries that count places."""
        places: dict[str, list[int]] = {}
        for at, word in enumerate(self):
            places.setdefault(word, []).append(at)
        return places


class Seen:
    """A searchable post whose folded words are made when first asked for, and kept."""

    def __init__(self, post: Searchable) -> None:
        self.post = post

    @cached_property
    def title_words(self) -> str:
        """The title, folded."""
        return fold.words(self.post.title)

    @cached_property
    def text_words(self) -> str:
        """The text, folded."""
        return fold.words(self.post.text)

    @cached_property
    def author_words(self) -> str:
        """The author's name as shown, folded."""
        return fold.words(self.post.author or "")

    @cached_property
    def both_words(self) -> str:
        """Title and text; two spaces part them, so that no phrase runs from one into the other."""
        return self.title_words + self.text_words

    @cached_property
    def at(self) -> datetime | None:
        """Published, else first seen."""
        return self.post.published_at or self.post.first_seen_at

    @cached_property
    def host(self) -> str:
        """The name of the host it was found on; "" where the address has none."""
        return host_of(self.post.url)

    def words(self, field: str) -> str:
        """The folded words a leaf of this field looks through."""
        if not field:
            return self.both_words
        return self.title_words if field == "title" else self.author_words

    def texts(self, field: str) -> Sequence[str]:
        """The text as it came that a leaf of this field looks through."""
        if not field:
            return (self.post.title, self.post.text)
        return (self.post.title,) if field == "title" else (self.post.author or "",)

    def rows(self, field: str) -> list[Row]:
        """The plain words in their order, for leaves that count places."""
        return [*self._title_rows, *self._text_rows] if not field else _rows(self.words(field))

    @cached_property
    def _title_rows(self) -> list[Row]:
        return _rows(self.title_words)

    @cached_property
    def _text_rows(self) -> list[Row]:
        return _rows(self.text_words)


def host_of(url: str) -> str:
    """The name of an address's host; "" where it has none."""
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""


def _rows(words: str) -> list[Row]:
    """The plain words; `fold.words` puts the others behind them."""
    ends = [end for sign in (" #", " @") if (end := words.find(sign)) >= 0]
    return [Row(words[: min(ends, default=len(words))].split())] if words else []
