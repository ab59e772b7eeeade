"""The search index over the words of posts: its DDL on both databases, and conditions that look something up in it.

It only narrows: what it yields holds the words asked for in some column, and the words' columns decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.query import fold
from storage.query.sql import facts
from storage.schema import POST

_COLUMNS = ("title_words", "text_words", "author_words")
_LIST = ", ".join((*_COLUMNS, "facts"))
_TOLD_BY = ", ".join(dict.fromkeys((*_COLUMNS, *facts.COLUMNS)))


def _row(name: str) -> str:
    """What the index holds of a row of `post`."""
    return ", ".join((*(f"{name}.{each}" for each in _COLUMNS), facts.expression(name, "sqlite")))


_FORGET = f"INSERT INTO post_search(post_search, rowid, {_LIST}) VALUES ('delete', old.id, {_row('old')});"  # noqa: S608
_ADD = f"INSERT INTO post_search(rowid, {_LIST}) VALUES (new.id, {_row('new')});"  # noqa: S608

_SQLITE = (
    f"CREATE VIEW post_search_terms(id, {_LIST}) AS SELECT post.id, {_row('post')} FROM post",  # noqa: S608
    # The `ascii` tokenizer leaves other alphabets alone: the words are folded already.
    f"""CREATE VIRTUAL TABLE post_search USING fts5({_LIST}, content='post_search_terms', content_rowid='id',
        tokenize="ascii tokenchars '#@_.-='")""",
    f"CREATE TRIGGER post_search_insert AFTER INSERT ON post BEGIN {_ADD} END",
    f"CREATE TRIGGER post_search_delete AFTER DELETE ON post BEGIN {_FORGET} END",
    f"CREATE TRIGGER post_search_update AFTER UPDATE OF {_TOLD_BY} ON post BEGIN {_FORGET} {_ADD} END",
    "INSERT INTO post_search(post_search) VALUES ('rebuild')",
)
_SQLITE_DROP = (
    "DROP TRIGGER IF EXISTS post_search_update",
    "DROP TRIGGER IF EXISTS post_search_delete",
    "DROP TRIGGER IF EXISTS post_search_insert",
    "DROP TABLE IF EXISTS post_search",
    "DROP VIEW IF EXISTS post_search_terms",
)

_VECTOR = (
    "array_to_tsvector(array_remove(string_to_array("
    f"post.title_words || post.text_words || post.author_words || {facts.expression('post', 'postgresql')}, ' '), ''))"
)
_POSTGRESQL = (f"CREATE INDEX ix_post_search ON post USING gin (({_VECTOR.replace('post.', '')}))",)
_POSTGRESQL_DROP = ("DROP INDEX IF EXISTS ix_post_search",)


def create(connection: Connection) -> None:
    """Makes the index over all posts there are; it keeps itself from then on. The table `post` must be there."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.execute(sa.text(statement))


def drop(connection: Connection) -> None:
    """Takes the index away."""
    for statement in _SQLITE_DROP if connection.dialect.name == "sqlite" else _POSTGRESQL_DROP:
        connection.execute(sa.text(statement))


def scrub(connection: Connection) -> None:
    """Rewrites SQLite's index so that no word of a deleted post is left in it; PostgreSQL's VACUUM does the like."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("INSERT INTO post_search(post_search) VALUES ('optimize')"))


@dataclass(frozen=True, slots=True)
class Words:
    """Words that must stand there in a row; of the last perhaps only the beginning."""

    tokens: tuple[str, ...]
    is_prefix: bool = False
    field: str = ""
    """`title` or `author`; "" is anywhere. PostgreSQL's index knows neither rows nor fields: there it yields more."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts must be there."""

    parts: tuple[Lookup, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must be there."""

    parts: tuple[Lookup, ...]


Lookup = Words | AllOf | AnyOf
"""A condition that the index can answer."""

NOTHING = AnyOf(())
"""What no post answers."""

MOST_WORDS = 250
"""Words that a lookup may be made of; where more would do, posts are common enough to be met on the way."""


def words(
    connection: Connection, pieces: Sequence[str], letters: range | None, suits: Callable[[str], bool] | None
) -> list[str] | None:
    """The words of the index that hold one of `pieces`, have so many letters, and pass the test.

    None where they are more than `MOST_WORDS`, and on PostgreSQL, whose index does not tell its words. SQLite reads its
    own, a twentieth of what reading all posts would be.
    """
    if connection.dialect.name != "sqlite":
        return None
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.post_words USING fts5vocab('main', 'post_search', 'row')"
    )
    holds = " OR ".join(["instr(term, ?)"] * len(pieces))
    size = f"length(term) BETWEEN {letters.start} AND {letters.stop - 1} AND" if letters is not None else ""
    asked = f"SELECT term FROM temp.post_words WHERE {size} ({holds}) AND instr(term, '=') = 0"  # noqa: S608 - our own
    found = connection.exec_driver_sql(asked, tuple(pieces))
    chosen = list(islice((term for (term,) in found if suits is None or suits(term)), MOST_WORDS + 1))
    found.close()
    return chosen if len(chosen) <= MOST_WORDS else None


def ids(lookup: Lookup, dialect: str) -> sa.Select[Any]:
    """The ids of the posts that the index yields. Only folded words go in, quoted and bound: none can be a command."""
    if dialect == "sqlite" and not nothing(lookup):
        matching = sa.literal_column("post_search").bool_op("MATCH")(_match(lookup))
        row = sa.literal_column("rowid", sa.BigInteger)
        return sa.select(row).select_from(sa.table("post_search")).where(matching)
    return sa.select(POST.c.id).where(condition(lookup, dialect)).correlate(None)


def condition(lookup: Lookup, dialect: str) -> sa.ColumnElement[bool]:
    """The lookup as a condition on `post`."""
    if nothing(lookup):
        return sa.false()
    if dialect == "sqlite":
        return POST.c.id.in_(ids(lookup, dialect))
    from sqlalchemy.dialects.postgresql import TSQUERY  # a fifth of what a command on SQLite has to import

    vector: sa.ColumnElement[Any] = sa.literal_column(_VECTOR)
    return vector.bool_op("@@")(sa.cast(sa.literal(_tsquery(lookup)), TSQUERY))


def nothing(lookup: Lookup) -> bool:
    """Whether no post can answer it."""
    match lookup:
        case AllOf(parts):
            return any(map(nothing, parts))
        case AnyOf(parts):
            return all(map(nothing, parts))
    return False


def _match(lookup: Lookup) -> str:
    match lookup:
        case Words(tokens, is_prefix, field):
            column = f"{field}_words : " if field else ""
            return f'({column}"{" ".join(map(_safe, tokens))}"' + " *" * is_prefix + ")"
        case AllOf(parts):
            return "(" + " AND ".join(map(_match, parts)) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(_match(each) for each in parts if not nothing(each)) + ")"


def _tsquery(lookup: Lookup) -> str:
    match lookup:
        case Words(tokens, is_prefix):
            return "(" + " & ".join(f"'{_safe(each)}'" for each in tokens) + ":*" * is_prefix + ")"
        case AllOf(parts):
            return "(" + " & ".join(map(_tsquery, parts)) + ")"
        case AnyOf(parts):
            return "(" + " | ".join(_tsquery(each) for each in parts if not nothing(each)) + ")"


def _safe(token: str) -> str:
    """A folded word holds no quote, space or backslash: nothing else may come here."""
    if len(token) > fold.MAX_TOKEN or not token or any(each in token for each in "\"'\\ \x00*:"):
        raise ValueError(f"{token!r} is no folded word")
    return token
