"""The first page of the inbox by plain statements, read before the libraries that other questions need are there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from storage.types import Case, Priority, ReplyState, Sentiment, Status, Tick

EXCERPT = 2000
"""Characters of its newest mention that a case in a list carries."""

SHOWN = ", ".join(f"'{each}'" for each in Status if each.is_open and each is not Status.SNOOZED)
"""What `is:open NOT is:snoozed` means."""

ORDER = '"case".priority_score DESC, "case".last_mention_at, "case".id'

PAGE = f"""
    WITH page AS (
        SELECT id FROM "case"
        WHERE status IN ({SHOWN}) AND EXISTS (SELECT 1 FROM post WHERE post.case_id = "case".id AND post.is_mention)
        ORDER BY {ORDER} LIMIT {{limit}}
    )
    SELECT "case".*, conversation.source, conversation.title AS conversation_title, author.name AS author_name,
        post.id AS post_id, post.source_kind, post.title, substr(post.text, 1, {EXCERPT}) AS text, post.url, post.lang,
        post.sentiment, (SELECT count(*) FROM post WHERE post.case_id = "case".id) AS mentions,
        (SELECT state FROM reply WHERE reply.case_id = "case".id AND state != '{ReplyState.CANCELLED}'
         ORDER BY id DESC LIMIT 1) AS reply_state
    FROM page JOIN "case" ON "case".id = page.id JOIN conversation ON conversation.id = "case".conversation_id
        LEFT JOIN author ON author.id = "case".author_id
        LEFT JOIN post ON post.id =
            (SELECT id FROM post AS other WHERE other.case_id = "case".id ORDER BY other.at DESC, id DESC LIMIT 1)
    ORDER BY {ORDER}
"""  # noqa: S608 - our own words


def first_page(url: str, step: str, limit: int) -> tuple[int, tuple[Case, ...]]:
    """The newest event, and the first `limit` cases of `is:open NOT is:snoozed` as `Inbox.page` gives them.

    Raises whatever the driver raises, and `LookupError` for a database that is not at the migration `step`.
    """
    with closing(_connect(url)) as connection:
        if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(step,)]:
            raise LookupError(step)
        ((newest,),) = connection.execute("SELECT max(id) FROM event").fetchall()
        return newest or 0, tuple(_page(connection, limit))


def _page(connection: Any, limit: int) -> Iterator[Case]:
    found = connection.execute(PAGE.format(limit=limit))
    names = [column[0] for column in found.description]
    rows = [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in found.fetchall()]
    intents = _words(connection, "post_id, intent", "post_intent", "place, intent", [row.post_id for row in rows])
    tags = _words(connection, "case_id, tag", "case_tag", "tag", [row.id for row in rows])
    for row in rows:
        yield case(_typed(row), tuple(intents[row.post_id]), tuple(tags[row.id]), row.reply_state)


def _connect(url: str) -> Any:
    """A connection of the driver's own."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        import sqlite3

        return sqlite3.connect(f"file:{quote(rest[1:])}?mode=ro", uri=True)
    import psycopg

    return psycopg.connect(f"postgresql://{rest}", connect_timeout=3)


def _words(connection: Any, columns: str, table: str, order: str, ids: list[int | None]) -> dict[int, list[str]]:
    """Words by what they stand at."""
    wanted = ", ".join(str(each) for each in ids if each is not None) or "NULL"
    key = columns.partition(",")[0]
    query = f"SELECT {columns} FROM {table} WHERE {key} IN ({wanted}) ORDER BY {order}"  # noqa: S608 - our own words
    found: dict[int, list[str]] = defaultdict(list)
    for at, word in connection.execute(query).fetchall():
        found[at].append(word)
    return found


def _typed(row: Any) -> Any:
    """The row with values that SQLite keeps as text, as SQLAlchemy would give them."""
    for name in ("lease_until", "snoozed_until", "opened_at", "last_mention_at"):
        at = getattr(row, name)
        setattr(row, name, datetime.fromisoformat(at).replace(tzinfo=UTC) if isinstance(at, str) else at)
    row.checklist = json.loads(row.checklist) if isinstance(row.checklist, str) else row.checklist
    return row


def case(row: Any, intents: tuple[str, ...], tags: tuple[str, ...], reply_state: str | None) -> Case:
    """A case from its row and its newest mention's."""
    return Case(
        id=row.id,
        version=row.version,
        epoch=row.epoch,
        status=Status(row.status),
        assignee=row.assignee,
        lease_until=row.lease_until,
        snoozed_until=row.snoozed_until,
        priority=Priority(row.priority),
        priority_score=row.priority_score,
        brand=row.brand,
        source=row.source,
        source_kind=row.source_kind or "",
        conversation_id=row.conversation_id,
        author_id=row.author_id,
        author=row.author_name,
        title=row.title or row.conversation_title,
        text=row.text or "",
        url=row.url or "",
        lang=row.lang,
        sentiment=Sentiment(row.sentiment or Sentiment.UNRATED),
        intents=intents,
        tags=tags,
        mentions=row.mentions or 0,
        opened_at=row.opened_at,
        last_mention_at=row.last_mention_at,
        reply_state=ReplyState(reply_state) if reply_state else None,
        department=row.department,
        handed_to=row.handed_to,
        playbook=row.playbook,
        checklist=tuple(_tick(each) for each in row.checklist),
    )


def _tick(data: dict[str, Any]) -> Tick:
    return Tick(text=data["text"], by=data["by"], at=datetime.fromisoformat(data["at"]) if data["at"] else None)
