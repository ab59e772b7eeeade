"""What the arrival of posts does to cases: opens them, wakes them, and writes down what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from storage import tables, trail
from storage.query import fold
from storage.types import SYSTEM, EventKind, NewPost, Opinion, Post, Priority, ReplyState, Status

CASE = tables.Case.__table__  # type: ignore[attr-defined]
POST = tables.Post.__table__  # type: ignore[attr-defined]
REPLY = tables.Reply.__table__  # type: ignore[attr-defined]

_EVER = datetime.min.replace(tzinfo=UTC)
_BLANK = tables.Case(author_key="", opened_at=_EVER, last_mention_at=_EVER).model_dump(exclude={"id"})

CaseKey = tuple[int, str]
"""A conversation, and who writes in it: the author's id, or the post's own key where nobody is named."""

WAKES = {Status.PENDING, Status.SNOOZED, Status.RESOLVED}
"""A new mention puts these back to open; a dismissed case goes back to new, spam stays spam."""


class Cases:
    """The cases that a batch of posts touches, in the batch's transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.connection, self.now = connection, now

    def places(self, wanted: Iterable[tuple[CaseKey, int | None, NewPost]]) -> tuple[dict[CaseKey, int], set[int]]:
        """The case of each person in a conversation, opened where there was none, and which of them were opened.

        `wanted` names the case, its author and a mention of theirs, oldest mention first.
        """
        wanted = list(wanted)
        conversations = {conversation for (conversation, _), _, _ in wanted}
        held = self._held(conversations)
        fresh: dict[CaseKey, dict[str, Any]] = {}
        for key, author, new in wanted:
            if key in fresh:
                fresh[key] |= self._grown(fresh[key], new)
            elif key not in held:
                fresh[key] = self._opening(key, author, new)
        if not fresh:
            return held, set()
        self.connection.execute(sa.insert(CASE), list(fresh.values()))
        held = self._held(conversations)
        return held, {held[key] for key in fresh}

    def _held(self, conversations: Iterable[int]) -> dict[CaseKey, int]:
        columns = CASE.c.id, CASE.c.conversation_id, CASE.c.author_key
        query = sa.select(*columns).where(CASE.c.conversation_id.in_(list(conversations)))
        return {(row.conversation_id, row.author_key): row.id for row in self.connection.execute(query)}

    def _opening(self, key: CaseKey, author: int | None, new: NewPost) -> dict[str, Any]:
        opinion = new.opinion or Opinion()
        return {
            **_BLANK,
            "conversation_id": key[0],
            "author_id": author,
            "author_key": key[1],
            "brand": new.matches[0].brand,
            "priority": opinion.priority.value,
            "priority_score": opinion.priority_score,
            "opened_at": self.now,
            "last_mention_at": self._time_of(new.post),
        }

    def found(self, mentions: Sequence[tuple[int, int, NewPost]], opened: Collection[int]) -> None:
        """Writes down that mentions (case, post) joined their cases, and wakes the cases that were there before."""
        first = [(case, post) for case, post, _ in mentions if case in opened]
        if first:
            trail.append_many(self.connection, EventKind.FOUND, first, at=self.now, actor=SYSTEM)
        for case, post, new in mentions:
            if case not in opened:
                row = self.connection.execute(sa.select(CASE).where(CASE.c.id == case)).one()
                self._wake(row)
                self._append(EventKind.FOUND, case, post_id=post, changes=self._grown(row._asdict(), new))

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

    def context(self, conversations: Iterable[int], fresh: Sequence[tuple[int, NewPost]]) -> None:
        """Tells each case of these conversations that other people's posts joined: no reply may overlook them."""
        ids = [post_id for post_id, _ in fresh]
        if not ids:
            return
        query = sa.select(POST.c.conversation_id, POST.c.case_id).where(POST.c.id.in_(ids))
        arrived = self.connection.execute(query).all()
        joined = Counter(row.conversation_id for row in arrived)
        own = Counter((row.conversation_id, row.case_id) for row in arrived)
        cases = sa.select(CASE.c.id, CASE.c.conversation_id).where(CASE.c.conversation_id.in_(set(conversations)))
        for case in self.connection.execute(cases).all():
            others = joined[case.conversation_id] - own[case.conversation_id, case.id]
            if others > 0:
                self._append(EventKind.CONTEXT, case.id, data={"posts": others})

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
        return self.connection.scalars(sa.select(CASE.c.id).where(CASE.c.conversation_id == conversation)).all()

    def _append(self, kind: EventKind, case_id: int, *, actor: str = SYSTEM, **more: Any) -> int:
        return trail.append(self.connection, kind, at=self.now, actor=actor, case_id=case_id, **more)
