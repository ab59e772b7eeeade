"""What the arrival of posts does to cases: opens them, wakes them, and writes down what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage import locks, tables, trail
from storage.database import in_chunks
from storage.intake import bulk
from storage.query import fold
from storage.schema import CASE, EVENT, REPLY
from storage.types import SYSTEM, EventKind, NewPost, Opinion, Post, Priority, ReplyState, Status

_EVER = datetime.min.replace(tzinfo=UTC)
_BLANK = tables.Case(author_key="", opened_at=_EVER, last_mention_at=_EVER).model_dump(exclude={"id"})

CaseKey = tuple[int, str]
"""A conversation, and who writes in it: the author's id, or the post's own key where nobody is named."""

_HELD = sa.select(CASE.c.id, CASE.c.conversation_id, CASE.c.author_key).where(
    CASE.c.conversation_id.in_(sa.bindparam("some", expanding=True))
)
_MOVED = (
    sa.update(CASE)
    .where(CASE.c.id == sa.bindparam("of"))
    .values(changed=sa.bindparam("event"), version=CASE.c.version + 1)
)
"""What `trail.append` does to a case whose reply should be read again, for many at once."""

WAKES = {Status.PENDING, Status.SNOOZED, Status.RESOLVED}
"""A new mention puts these back to open; a dismissed case goes back to new, spam stays spam."""


class Arrived(NamedTuple):
    """A mention that somebody may have to answer: its case, its author, its id, and what was found in it."""

    key: CaseKey
    author: int | None
    post_id: int
    new: NewPost


class Cases:
    """The cases that a batch of posts touches, in the batch's transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.connection, self.now = connection, now
        self._opened: dict[int, list[int]] = {}
        """Cases opened by this batch, with the ids of the events that will say which mentions they hold."""
        self._there: dict[int, dict[str, int]] = {}
        """Of the conversations that were looked at, the case of each person."""

    def begin(self, conversations: Iterable[int]) -> None:
        """Says that these conversations are new, so that no cases need to be looked for."""
        self._there |= {conversation: {} for conversation in conversations}

    def hold(self, conversations: Collection[int]) -> None:
        """Keeps others from the cases of these conversations: before their posts are touched, as everywhere."""
        if self.connection.dialect.name != "sqlite":
            locks.cases(self.connection, self._held(conversations).values())

    def places(self, mentions: Sequence[Arrived]) -> dict[CaseKey, int]:
        """The case of each person in a conversation, opened where there was none. Oldest mentions first."""
        held = self._held({conversation for (conversation, _), _, _, _ in mentions})
        fresh: dict[CaseKey, dict[str, Any]] = {}
        first: list[CaseKey] = []
        for mention in mentions:
            if mention.key in fresh:
                fresh[mention.key] |= self._grown(fresh[mention.key], mention.new)
            elif mention.key not in held:
                fresh[mention.key] = self._opening(mention)
            if mention.key in fresh:
                first.append(mention.key)
        if fresh:
            self._open(fresh, first)
        return held | {key: row["id"] for key, row in fresh.items()}

    def _open(self, fresh: Mapping[CaseKey, dict[str, Any]], first: Sequence[CaseKey]) -> None:
        """Inserts cases as they are after the events of their first mentions, whose ids are drawn here."""
        for row, case in zip(fresh.values(), bulk.draw(self.connection, CASE, len(fresh)), strict=True):
            row["id"] = self._there[row["conversation_id"]][row["author_key"]] = case
            self._opened[case] = []
        for key, event in zip(first, bulk.draw(self.connection, EVENT, len(first)), strict=True):
            self._opened[fresh[key]["id"]].append(event)
        for row in fresh.values():
            events = self._opened[row["id"]]
            row |= {"changed": events[-1], "version": len(events)}
        bulk.add(self.connection, CASE, list(fresh.values()))

    def _held(self, conversations: Collection[int]) -> dict[CaseKey, int]:
        for some in in_chunks([each for each in conversations if each not in self._there]):
            self.begin(some)
            for row in self.connection.execute(_HELD, {"some": some}):
                self._there[row.conversation_id][row.author_key] = row.id
        return {(each, key): case for each in conversations for key, case in self._there[each].items()}

    def _opening(self, mention: Arrived) -> dict[str, Any]:
        opinion = mention.new.opinion or Opinion()
        return {
            **_BLANK,
            "conversation_id": mention.key[0],
            "author_id": mention.author,
            "author_key": mention.key[1],
            "brand": mention.new.matches[0].brand,
            "priority": opinion.priority.value,
            "priority_score": opinion.priority_score,
            "opened_at": self.now,
            "last_mention_at": self._time_of(mention.new.post),
        }

    def found(self, mentions: Sequence[Arrived], places: Mapping[CaseKey, int]) -> None:
        """Writes down that mentions, stored by now, joined their cases; wakes the cases that were there before."""
        first: list[dict[str, Any]] = []
        later: list[tuple[int, Arrived]] = []
        for mention in mentions:
            case = places[mention.key]
            if events := self._opened.get(case):
                first.append(self._event(EventKind.FOUND, events.pop(0), case, {}, mention.post_id))
            else:
                later.append((case, mention))
        bulk.add(self.connection, EVENT, first)
        for case, mention in later:
            row = self.connection.execute(sa.select(CASE).where(CASE.c.id == case)).one()
            self._wake(row)
            changes = self._grown(row._asdict(), mention.new)
            self._append(EventKind.FOUND, case, post_id=mention.post_id, changes=changes)

    def _wake(self, row: Any) -> None:
        status = Status(row.status)
        woken = Status.NEW if status is Status.DISMISSED else Status.OPEN if status in WAKES else None
        if woken is not None:
            data = {"from": status.value, "to": woken.value, "why": "new mention"}
            changes = {"status": woken.value, "snoozed_until": None}
            self._append(EventKind.REOPENED, row.id, data=data, changes=changes)

    def _grown(self, row: Mapping[str, Any], new: NewPost) -> dict[str, Any]:
        opinion = new.opinion or Opinion()
        values: dict[str, Any] = {"last_mention_at": max(row["last_mention_at"], self._time_of(new.post))}
        if opinion.priority_score > row["priority_score"] and opinion.priority.rank >= Priority(row["priority"]).rank:
            values |= {"priority": opinion.priority.value, "priority_score": opinion.priority_score}
        return values

    def _time_of(self, post: Post) -> datetime:
        return min(post.published_at or self.now, self.now)

    def context(self, arrived: Sequence[tuple[int, int | None]]) -> None:
        """Tells each case that other people's posts joined its conversation: no reply may overlook them.

        `arrived` names the conversation of each new post, and its own case where it has one.
        """
        joined, own = Counter(conversation for conversation, _ in arrived), Counter(arrived)
        cases = {case: conversation for (conversation, _), case in self._held(joined.keys()).items()}
        others = [
            (case, joined[conversation] - own[conversation, case]) for case, conversation in sorted(cases.items())
        ]
        told = [(case, posts) for case, posts in others if posts > 0]
        if not told:
            return
        ids = bulk.draw(self.connection, EVENT, len(told))
        events = [
            self._event(EventKind.CONTEXT, event, case, {"posts": posts})
            for event, (case, posts) in zip(ids, told, strict=True)
        ]
        bulk.add(self.connection, EVENT, events)
        self.connection.execute(_MOVED, [{"of": each["case_id"], "event": each["id"]} for each in events])

    def changed(self, kind: EventKind, conversation: int, post_id: int, case_id: int | None) -> None:
        """Writes down that a post was edited or deleted, on its own case and on the others of the conversation."""
        for each in self._of(conversation):
            self._append(kind, each, post_id=post_id, data={"own": each == case_id})

    def answered(self, conversation: int, post_id: int, post: Post) -> None:
        """An own account wrote here: our own reply come back is linked, any other is an answer from elsewhere."""
        if self._link_reply(conversation, post):
            return
        data = {"published_at": (post.published_at or self.now).isoformat()}
        for each in self._of(conversation):
            self._append(EventKind.ANSWERED_ELSEWHERE, each, post_id=post_id, data=data)

    def _link_reply(self, conversation: int, post: Post) -> bool:
        """Recognises by its words a reply that left through the outbox; an uncertain one has then arrived."""
        left = [ReplyState.SENT.value, ReplyState.UNCERTAIN.value, ReplyState.SENDING.value]
        query = (
            sa.select(REPLY)
            .join(CASE, CASE.c.id == REPLY.c.case_id)
            .where(CASE.c.conversation_id == conversation, REPLY.c.state.in_(left))
        )
        words = fold.words(post.text)
        for row in self.connection.execute(query).all():
            if fold.words(row.text) == words:
                self._settle(row, post)
                return True
        return False

    def _settle(self, reply: Any, post: Post) -> None:
        values: dict[str, Any] = {"external_id": post.external_id, "url": reply.url or post.url}
        if reply.state == ReplyState.UNCERTAIN.value:
            values |= {"state": ReplyState.SENT.value, "sent_at": post.published_at or self.now, "error": None}
            data = {"channel": reply.channel, "url": post.url, "seen": True}
            self._append(EventKind.SENT, reply.case_id, reply_id=reply.id, data=data, actor=reply.agent)
        self.connection.execute(sa.update(REPLY).where(REPLY.c.id == reply.id).values(**values))

    def _of(self, conversation: int) -> Sequence[int]:
        there = sa.select(CASE.c.id).where(CASE.c.conversation_id == conversation)
        return self.connection.scalars(there.order_by(CASE.c.id)).all()

    def _event(
        self, kind: EventKind, id_: int, case: int, data: Mapping[str, Any], post: int | None = None
    ) -> dict[str, Any]:
        """The row of an event whose id was drawn beforehand."""
        said = {"id": id_, "at": self.now, "actor": SYSTEM, "kind": kind.value, "data": data}
        return said | {"case_id": case, "post_id": post, "reply_id": None}

    def _append(self, kind: EventKind, case_id: int, *, actor: str = SYSTEM, **more: Any) -> int:
        return trail.append(self.connection, kind, at=self.now, actor=actor, case_id=case_id, **more)
