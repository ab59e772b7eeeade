"""Queries, posts and stores of them for the tests of the query language."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from storage import tables
from storage.database import Database
from storage.query import fold, grammar, tree
from storage.types import Mention, PostKind, Priority, Sentiment, Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

NASTY = [
    "zonnebank", "Zonnebank", "zonne", "bank", "zonne-bank", "Z0nnebаnk", "zonnebnak", "de", "is", "dé",
    "de\u0301", "kapot",
    "#zonnebank", "@zonne.bank", "@zonne", "#a_b", "100%", "a_b", "c:\\x", "\\", '"bank"', "'", "O'Reilly",
    "🙂", "👩\u200d👩",
    "ﬁets", "кот", "нет", "x" * 70, "x" * 64, "\u200bbank", "zon\u00adnebank", "%", "_", "*", "?", "bank_",
    "http://x.nl/%_",
    "NULL", "--", "20x", "İstanbul", "straße", "STRASSE", "NEAR", "OR", "not", "\u202ebank", "한국어", "ⅷ", "½", "C++",
    "bank\u0301x",
]  # fmt: skip
"""Pieces of text that trip searches up."""

TEXTS = st.lists(
    st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6),
    max_size=9,
).map(" ".join)

LEAVES = [
    "zonnebank", "zonne*", "*bank", "*nneb*", "zonneb?nk", "z*k", "zonne-bank", "Z0nnebаnk", "bank*", "d?",
    "кот", "x*", "straße",
    "x" * 70, '"zonne bank"', '"de zonne*"', '"*bank is"', '"is kapot"c', '"Zonnebank"c', '"C++"c', '"%"c',
    '"\\\\"c', "#zonnebank",
    '"🙂"c', "#zonne*", "#a_b", "@zonne", "@zonne.b*", "zonnebank~1", "zonnebank~2", "bank~", "/zon+e.?bank/",
    "/^de/", "/[%_]/", r"/[0-9]\d(0|x)/",
    "title:bank", 'title:"de zonnebank"', "title:zonne*", "title:/x/", "author:jan", "author:j*",
    "author:jan~", "*",
    "site:x.nl", "site:nl", "site:*.nl", "source:blog", "source:b*", "source:b?og", "kind:comment", "lang:nl",
    "lang:none",
    "brand:zonnebank", "brand:none", "brand:z*", "query:q_1", "query:q%", "sentiment:negative",
    "intent:question", "intent:none",
    "priority:high", "priority:>=high", "priority:<high", "status:open", "status:resolved", "assignee:me",
    "assignee:none",
    "assignee:Anna", "tag:vraag", "tag:none", 'tag:"a b"', "tag:v*", "group:pers", "group:none",
    "department:service", "department:none", "handover:s*", "-handover:none", "playbook:storing",
    "after:2026-11-21",
    "before:2026-11-22", "after:today", "within:1d", "age:>4h", "age:<=2d", "reach:>1000", "reach:<=1k",
    "rating:<3", "rating:4.5",
    "relevance:<0.3", "id:1", "id:>2", "case:1", *(f"is:{each}" for each in (
        "open", "mention", "context", "own", "new", "resolved", "snoozed", "assigned", "unassigned", "urgent",
        "edited", "deleted",
        "duplicate")),
    *(f"has:{each}" for each in ("reply", "note", "link", "rating", "reach", "tag", "author", "parent")),
]  # fmt: skip
"""Leaves of queries of every kind."""

PLACED = ["zonne", "bank", "de", "*bank", "is", '"de zonne"', "zonnebnak~2", "kapot", "(de OR is)", "zonne*"]


def _nodes(texts: list[str]) -> st.SearchStrategy[tree.Node]:
    return st.sampled_from(texts).map(grammar.parse)


NEARS = st.builds(
    tree.Near,
    st.recursive(
        _nodes(PLACED), lambda inner: st.builds(tree.Near, inner, inner, st.integers(1, 3), st.booleans()), max_leaves=3
    ),
    _nodes(PLACED),
    st.integers(1, 4),
    st.booleans(),
)

TREES: st.SearchStrategy[tree.Node] = st.recursive(
    _nodes(LEAVES) | NEARS,
    lambda inner: (
        st.builds(tree.Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: tree.And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: tree.Or(tuple(parts)))
    ),
    max_leaves=6,
)
"""Queries over every kind of node."""


def _moments() -> st.SearchStrategy[datetime]:
    return st.sampled_from([0, 1, 4, 12, 23, 24, 30, 72]).map(lambda hours: NOW - timedelta(hours=hours))


TEAM = ("department", "handed_to", "playbook")
"""What cases know of departments and playbooks."""

CASES = st.fixed_dictionaries(
    {
        "status": st.sampled_from([each.value for each in Status]),
        "assignee": st.sampled_from([None, "anna", "bram"]),
        "tags": st.sets(st.sampled_from(["vraag", "Vraag", "a b", "v%", "klacht"]), max_size=2),
        "noted": st.sampled_from(["", "noted", "undone"]),
        "department": st.sampled_from([None, "service", "Sales"]),
        "handed_to": st.sampled_from([None, "service"]),
        "playbook": st.sampled_from([None, "storing", ""]),
    }
)

POSTS = st.fixed_dictionaries(
    {
        "title": st.just("") | TEXTS,
        "text": TEXTS,
        "author": st.sampled_from([None, "Jan", "jàn de Vries", "🙂", "j%n"]),
        "group": st.sampled_from([None, "pers", "Pers"]),
        "source": st.sampled_from(["blog", "Blog", "b%", "got"]),
        "url": st.sampled_from(["https://x.nl/a", "http://www.x.nl:80/?b", "https://evil.example/x.nl/",
        "geen", "http://[x"]),
        "kind": st.sampled_from([each.value for each in PostKind]),
        "lang": st.sampled_from([None, "nl", "en"]),
        "matches": st.sets(st.tuples(st.sampled_from(["zonnebank", "Zebra", "maan"]), st.sampled_from(["q_1",
        "qx1", "q%"])), max_size=2),
        "sentiment": st.sampled_from([each.value for each in Sentiment]),
        "intents": st.sets(st.sampled_from(["question", "complaint"])),
        "priority": st.sampled_from([each.value for each in Priority]),
        "published_at": st.none() | _moments(),
        "first_seen_at": _moments(),
        "edited_at": st.none() | st.just(NOW),
        "deleted_at": st.none() | st.just(NOW),
        "rating": st.sampled_from([None, 1.0, 3.0, 4.5]),
        "reach": st.sampled_from([None, 0, 1000, 5000]),
        "relevance": st.sampled_from([None, 0.1, 0.3, 0.9]),
        "fingerprint": st.sampled_from(["", "f", "g"]),
        "is_own": st.booleans(),
        "parent": st.sampled_from([None, 0, 1, 99]),
        "reply": st.sampled_from([None, "sent", "draft"]),
        "case": st.none() | CASES,
    }
)  # fmt: skip
"""What a stored post may be like, with all that hangs on it."""

STORES = st.lists(POSTS, min_size=1, max_size=4)


class Store:
    """Posts put into a database, and the same posts as mentions."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.mentions: list[Mention] = []

    def fill(self, posts: list[dict[str, Any]]) -> None:
        """Puts the posts in, numbered from 1."""
        self._add(tables.Conversation, id=1, source="blog", external_key="c")
        for number, post in enumerate(posts, 1):
            self._put(number, post)
        fingerprints = {number: post["fingerprint"] for number, post in enumerate(posts, 1)}
        for number, post in enumerate(posts, 1):
            twins = [
                each for each, mark in fingerprints.items() if mark and mark == post["fingerprint"] and each != number
            ]
            parent = post["parent"]
            held = parent is not None and parent < len(posts) and posts[parent]["source"] == post["source"]
            self.mentions.append(_mention(number, post, tuple(twins), parent + 1 if held else None))

    def _put(self, number: int, post: dict[str, Any]) -> None:
        author = case = None
        if post["author"] is not None:
            author = number
            if post["group"]:
                self._add(tables.Person, id=number)
                self._add(tables.PersonGroup, person_id=number, group=post["group"])
            person = number if post["group"] else None
            self._add(
                tables.Author, id=number, source="blog", external_key=str(number), name=post["author"], person_id=person
            )
        if post["case"]:
            case = number
            details = post["case"]
            self._add(
                tables.Case, id=number, conversation_id=1, author_key=str(number), opened_at=NOW,
                last_mention_at=NOW,
                status=details["status"], assignee=details["assignee"],
                **{name: details[name] for name in TEAM},
            )  # fmt: skip
            for tag in details["tags"]:
                self._add(tables.CaseTag, case_id=number, tag=tag)
            if details["noted"]:
                undone_by = 1 if details["noted"] == "undone" else None
                self._add(tables.Event, at=NOW, actor="anna", kind="noted", case_id=number, undone_by=undone_by)
        plain = (
            "title", "text", "source", "url", "kind", "lang", "sentiment", "priority", "published_at",
            "first_seen_at",
            "edited_at", "deleted_at", "rating", "reach", "relevance", "fingerprint", "is_own",
        )  # fmt: skip
        self._add(
            tables.Post, id=number, conversation_id=1, external_key=f"k{number}", author_id=author,
            case_id=case,
            parent_key=f"k{post['parent'] + 1}" if post["parent"] is not None else "",
            title_words=fold.words(post["title"]), text_words=fold.words(post["text"]),
            author_words=fold.words(post["author"] or ""), at=post["published_at"] or post["first_seen_at"],
            is_mention=bool(post["matches"]), **{each: post[each] for each in plain},
        )  # fmt: skip
        for brand, query in post["matches"]:
            self._add(tables.PostMatch, post_id=number, brand=brand, query=query)
        for intent in post["intents"]:
            self._add(tables.PostIntent, post_id=number, intent=intent)
        if post["reply"] and case:
            self._add(
                tables.Reply, case_id=case, post_id=number, agent="anna", channel="browser",
                state=post["reply"],
                key=str(number), created_at=NOW,
            )  # fmt: skip

    def _add(self, table: Any, **values: Any) -> None:
        row = table(**values).model_dump()
        if row.get("id", 0) is None:
            del row["id"]
        self.connection.execute(sa.insert(table), row)


def _mention(number: int, post: dict[str, Any], twins: tuple[int, ...], parent: int | None) -> Mention:
    case = post["case"]
    return Mention(
        id=number, case_id=number if case else None, source=post["source"], source_kind="", brand=None,
        brands=tuple({brand for brand, _ in post["matches"]}), queries=tuple({query for _,
        query in post["matches"]}),
        url=post["url"], title=post["title"], text=post["text"], lang=post["lang"], author=post["author"],
        author_url=None,
        author_id=number if post["author"] is not None else None, conversation_id=1, conversation_url=None,
        parent_id=parent,
        kind=PostKind(post["kind"]), published_at=post["published_at"], first_seen_at=post["first_seen_at"],
        edited_at=post["edited_at"], deleted_at=post["deleted_at"], sentiment=Sentiment(post["sentiment"]),
        sentiment_score=None,
        confidence=None, intents=tuple(post["intents"]), relevance=post["relevance"],
        priority=Priority(post["priority"]),
        priority_score=0, reasons=(), reach=post["reach"], duplicates=twins,
        status=Status(case["status"]) if case else None,
        assignee=case["assignee"] if case else None, tags=tuple(case["tags"]) if case else (),
        rating=post["rating"],
        is_own=post["is_own"], groups=(post["group"],) if post["group"] and post["author"] is not None else (),
        has_reply=bool(case) and post["reply"] == "sent", has_note=bool(case) and case["noted"] == "noted",
        **{name: case[name] if case else None for name in TEAM},
    )  # fmt: skip


@contextmanager
def _rolled_back(database: Database) -> Iterator[Store]:
    with database.engine.connect() as connection, connection.begin() as transaction:
        if database.is_sqlite:
            connection.exec_driver_sql("BEGIN")
        yield Store(connection)
        transaction.rollback()


@pytest.fixture
def store(database: Database) -> Callable[[], Any]:
    """Opens an empty store in a transaction that leaves no trace."""
    return lambda: _rolled_back(database)


@pytest.fixture
def mention() -> Callable[..., Mention]:
    """A mention that says nothing but what is asked of it."""
    blank = Mention(
        id=1, case_id=1, source="blog", source_kind="wordpress", brand="zonnebank", brands=("zonnebank",),
        queries=("zonnebank",),
        url="https://blog.example/1", title="", text="", lang="nl", author=None, author_url=None,
        author_id=None, conversation_id=1,
        conversation_url=None, parent_id=None, kind=PostKind.POST, published_at=NOW - timedelta(hours=5),
        first_seen_at=NOW,
        edited_at=None, deleted_at=None, sentiment=Sentiment.NEUTRAL, sentiment_score=None, confidence=None,
        intents=(),
        relevance=None, priority=Priority.NORMAL, priority_score=0, reasons=(), reach=None, duplicates=(),
        status=Status.NEW,
        assignee=None, tags=(), rating=None,
    )  # fmt: skip
    return lambda **changes: dataclasses.replace(blank, **changes)


@pytest.fixture(scope="session")
def trees() -> st.SearchStrategy[tree.Node]:
    """Draws queries over every kind of node."""
    return TREES


@pytest.fixture(scope="session")
def stores() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draws up to four posts for `Store.fill`."""
    return STORES


@pytest.fixture(scope="session")
def texts() -> st.SearchStrategy[str]:
    """Draws texts that trip searches up."""
    return TEXTS


@pytest.fixture
def now() -> datetime:
    """The moment that all posts of the stores lie before."""
    return NOW
