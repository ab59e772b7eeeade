"""From rows to nouns: mentions, cases, replies and events as they leave storage, read in batches.

Every statement is made once and run with other ids: making it takes several times as long as running it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.database import in_chunks
from storage.glance import EXCERPT, case
from storage.schema import AUTHOR, CASE, CONVERSATION, EVENT, GROUP, INTENT, MATCH, POST, REPLY, TAG
from storage.types import (
    Case,
    Event,
    EventKind,
    Mention,
    PostKind,
    Priority,
    Reason,
    Reply,
    ReplyState,
    Sentiment,
    Status,
)

IS_MENTION = POST.c.is_mention.is_not(False)
"""Beside a condition on somebody's or something's own posts: so said, no planner begins at all mentions there are."""

LEFT = (ReplyState.HELD.value, ReplyState.SENDING.value, ReplyState.SENT.value, ReplyState.UNCERTAIN.value)
"""States of a reply that counts as one: what `has:reply` means."""

MOST_DUPLICATES = 50
"""Duplicates a mention names; a wave of equal posts would otherwise name each other quadratically."""

IDS = sa.bindparam("ids", expanding=True, type_=sa.BigInteger())
"""What each statement here is run with."""


def mentions(connection: Connection, ids: Sequence[int]) -> list[Mention]:
    """The posts of `ids`, in that order; ids that are gone are left out."""
    found: dict[int, Mention] = {}
    for some in in_chunks(ids):
        found |= {each.id: each for each in _mentions(connection, some)}
    return [found[each] for each in ids if each in found]


@cache
def _read_mentions() -> sa.Select[Any]:
    """Posts, but for the folded words that searches look through, with what other tables tell of them."""
    return (
        sa.select(
            *(column for column in POST.c if not column.name.endswith("_words")),
            AUTHOR.c.name.label("author_name"),
            AUTHOR.c.url.label("author_url"),
            AUTHOR.c.person_id,
            CONVERSATION.c.url.label("conversation_url"),
            CONVERSATION.c.external_id.label("conversation_external_id"),
            CASE.c.status,
            CASE.c.assignee,
            CASE.c.department,
            CASE.c.handed_to,
            CASE.c.playbook,
        )
        .join(CONVERSATION, CONVERSATION.c.id == POST.c.conversation_id)
        .outerjoin(AUTHOR, AUTHOR.c.id == POST.c.author_id)
        .outerjoin(CASE, CASE.c.id == POST.c.case_id)
        .where(POST.c.id.in_(IDS))
    )


def _mentions(connection: Connection, ids: Sequence[int]) -> Iterable[Mention]:
    rows = connection.execute(_read_mentions(), {"ids": ids}).all()
    of_cases = {row.case_id for row in rows if row.case_id}
    matched = _grouped(connection, MATCH.c.post_id, (MATCH.c.brand, MATCH.c.query), ids)
    intents = _grouped(connection, INTENT.c.post_id, (INTENT.c.place, INTENT.c.intent), ids)
    tags = _tags(connection, of_cases)
    answers = parents(connection, rows)
    answered = set(_scalars(connection, _read_answered(), ids))
    noted = set(_scalars(connection, _read_noted(), of_cases))
    groups = _grouped(connection, GROUP.c.person_id, (GROUP.c.group,), {row.person_id for row in rows if row.person_id})
    same = twins(connection, {row.fingerprint for row in rows if row.fingerprint})
    for row in rows:
        alike = [each for each in same.get(row.fingerprint, ()) if each != row.id]
        yield _mention(
            row,
            matches=matched.get(row.id, ()),
            intents=tuple(intent for _, intent in intents.get(row.id, ())),
            tags=tags.get(row.case_id, ()),
            parent_id=answers.get((row.conversation_id, row.parent_key)),
            duplicates=tuple(alike[:MOST_DUPLICATES]),
            groups=tuple(group for (group,) in groups.get(row.person_id, ())),
            has_reply=row.id in answered,
            has_note=row.case_id in noted,
        )


def _mention(
    row: Any,
    *,
    matches: Iterable[Any],
    intents: tuple[str, ...],
    tags: tuple[str, ...],
    parent_id: int | None,
    duplicates: tuple[int, ...],
    groups: tuple[str, ...],
    has_reply: bool,
    has_note: bool,
) -> Mention:
    pairs = [(brand, query) for brand, query in matches]
    return Mention(
        id=row.id,
        case_id=row.case_id,
        source=row.source,
        source_kind=row.source_kind,
        brand=row.brand,
        brands=tuple(dict.fromkeys(brand for brand, _ in pairs)),
        queries=tuple(dict.fromkeys(query for _, query in pairs)),
        url=row.url,
        title=row.title,
        text=row.text,
        lang=row.lang,
        author=row.author_name,
        author_url=row.author_url or None,
        author_id=row.author_id,
        conversation_id=row.conversation_id,
        conversation_url=row.conversation_url or None,
        parent_id=parent_id,
        kind=PostKind(row.kind),
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        sentiment=Sentiment(row.sentiment),
        sentiment_score=row.sentiment_score,
        confidence=row.confidence,
        intents=intents,
        relevance=row.relevance,
        priority=Priority(row.priority),
        priority_score=row.priority_score,
        reasons=tuple(_reason(each) for each in row.reasons),
        reach=row.reach,
        duplicates=duplicates,
        status=Status(row.status) if row.status else None,
        assignee=row.assignee,
        tags=tags,
        rating=row.rating,
        is_own=row.is_own,
        external_id=row.external_id,
        conversation_external_id=row.conversation_external_id,
        groups=groups,
        has_reply=has_reply,
        has_note=has_note,
        department=row.department,
        handed_to=row.handed_to,
        playbook=row.playbook,
    )


def _reason(data: dict[str, Any]) -> Reason:
    return Reason(
        about=data["about"], label=data["label"], words=tuple(data.get("words", ())), share=data.get("share", 0.0)
    )


def cases(connection: Connection, ids: Sequence[int]) -> list[Case]:
    """The cases of `ids`, in that order; ids that are gone are left out."""
    found: dict[int, Case] = {}
    for some in in_chunks(ids):
        found |= {each.id: each for each in _cases(connection, some)}
    return [found[each] for each in ids if each in found]


@cache
def _read_cases() -> sa.Select[Any]:
    """Cases with their newest mention."""
    newest_first = (POST.c.at.desc(), POST.c.id.desc())
    newest = (
        sa.select(
            POST.c.id,
            POST.c.case_id,
            sa.func.row_number().over(partition_by=POST.c.case_id, order_by=newest_first).label("place"),
            sa.func.count().over(partition_by=POST.c.case_id).label("mentions"),
        )
        .where(POST.c.case_id.in_(IDS))
        .subquery()
    )
    return (
        sa.select(
            CASE,
            CONVERSATION.c.source,
            CONVERSATION.c.title.label("conversation_title"),
            AUTHOR.c.name.label("author_name"),
            POST.c.id.label("post_id"),
            POST.c.source_kind,
            POST.c.title,
            sa.func.substr(POST.c.text, 1, EXCERPT).label("text"),
            POST.c.url,
            POST.c.lang,
            POST.c.sentiment,
            newest.c.mentions,
        )
        .join(CONVERSATION, CONVERSATION.c.id == CASE.c.conversation_id)
        .outerjoin(AUTHOR, AUTHOR.c.id == CASE.c.author_id)
        .outerjoin(newest, sa.and_(newest.c.case_id == CASE.c.id, newest.c.place == 1))
        .outerjoin(POST, POST.c.id == newest.c.id)
        .where(CASE.c.id.in_(IDS))
    )


def _cases(connection: Connection, ids: Sequence[int]) -> Iterable[Case]:
    rows = connection.execute(_read_cases(), {"ids": ids}).all()
    newest = [row.post_id for row in rows if row.post_id]
    intents = _grouped(connection, INTENT.c.post_id, (INTENT.c.place, INTENT.c.intent), newest)
    tags = _tags(connection, ids)
    answers = {row.case_id: ReplyState(row.state) for row in connection.execute(_read_replies(), {"ids": ids})}
    for row in rows:
        words = tuple(intent for _, intent in intents.get(row.post_id, ()))
        yield case(row, words, tags.get(row.id, ()), answers.get(row.id))


@cache
def _read_replies() -> sa.Select[Any]:
    """The states of the replies to cases, the newest last."""
    stands = sa.and_(REPLY.c.case_id.in_(IDS), REPLY.c.state != ReplyState.CANCELLED.value)
    return sa.select(REPLY.c.case_id, REPLY.c.state).where(stands).order_by(REPLY.c.id)


@cache
def _read_answered() -> sa.Select[Any]:
    """Posts to which a reply was handed over."""
    return sa.select(REPLY.c.post_id).where(REPLY.c.post_id.in_(IDS), REPLY.c.state.in_(LEFT))


@cache
def _read_noted() -> sa.Select[Any]:
    """The cases that carry a note nobody took back."""
    stands = sa.and_(EVENT.c.kind == EventKind.NOTED.value, EVENT.c.undone_by.is_(None))
    return sa.select(EVENT.c.case_id).where(stands, EVENT.c.case_id.in_(IDS))


def _scalars(connection: Connection, query: sa.Select[Any], ids: Collection[int]) -> Iterable[Any]:
    return connection.scalars(query, {"ids": list(ids)}) if ids else ()


@cache
def _read_side(key: sa.Column[Any], columns: Sequence[sa.Column[Any]]) -> sa.Select[Any]:
    """A side table, ordered by the columns."""
    return sa.select(key, *columns).where(key.in_(IDS)).order_by(*columns)


def _grouped(
    connection: Connection, key: sa.Column[Any], columns: tuple[sa.Column[Any], ...], ids: Collection[int]
) -> dict[int, list[Any]]:
    """Rows of a side table by what they belong to."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(_read_side(key, columns), {"ids": list(ids)}) if ids else ():
        found[row[0]].append(tuple(row[1:]))
    return found


def _tags(connection: Connection, case_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    found = _grouped(connection, TAG.c.case_id, (TAG.c.tag,), case_ids)
    return {case_id: tuple(tag for (tag,) in rows) for case_id, rows in found.items()}


def parents(connection: Connection, rows: Sequence[Any]) -> dict[tuple[int, str], int]:
    """(conversation, key of the identity) -> our id, for the posts that `rows` answer."""
    wanted = sorted({row.parent_key for row in rows if row.parent_key})
    if not wanted:
        return {}
    query = sa.select(POST.c.id, POST.c.conversation_id, POST.c.external_key).where(
        POST.c.source.in_({row.source for row in rows}), POST.c.external_key.in_(wanted)
    )
    return {(row.conversation_id, row.external_key): row.id for row in connection.execute(query)}


def twins(connection: Connection, fingerprints: Iterable[str]) -> dict[str, list[int]]:
    """Fingerprint -> the ids of posts that have it, the oldest first."""
    found: dict[str, list[int]] = defaultdict(list)
    wanted = sorted(fingerprints)
    if not wanted:
        return found
    place = sa.func.row_number().over(partition_by=POST.c.fingerprint, order_by=POST.c.id).label("place")
    ranked = sa.select(POST.c.fingerprint, POST.c.id, place).where(POST.c.fingerprint.in_(wanted)).subquery()
    first = sa.select(ranked.c.fingerprint, ranked.c.id).where(ranked.c.place <= MOST_DUPLICATES + 1)
    for row in connection.execute(first.order_by(ranked.c.id)):
        found[row.fingerprint].append(row.id)
    return found


def reply(row: Any) -> Reply:
    """A row of `reply`."""
    return Reply(
        id=row.id,
        case_id=row.case_id,
        post_id=row.post_id,
        agent=row.agent,
        channel=row.channel,
        text=row.text,
        state=ReplyState(row.state),
        key=row.key,
        created_at=row.created_at,
        hold_until=row.hold_until,
        sent_at=row.sent_at,
        url=row.url,
        error=row.error,
    )


def event(row: Any) -> Event:
    """A row of `event`; one that was taken back says by which event in `data["undone_by"]`."""
    undone = {"undone_by": row.undone_by} if row.undone_by is not None else {}
    return Event(
        id=row.id,
        at=row.at,
        actor=row.actor,
        kind=EventKind(row.kind),
        case_id=row.case_id,
        post_id=row.post_id,
        reply_id=row.reply_id,
        data={**row.data, **undone},
    )
