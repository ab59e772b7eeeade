"""The listener's door: what is due, what is known already, and storing what a visit brought.

A source is leased while it is visited. A lease names its process; the leases of a process of this machine that is gone
are void at once, so that a killed `listen` can be started again without waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import arrivals, tables
from storage.database import Database, in_chunks, owner_is_dead, process_name
from storage.errors import NotFound
from storage.types import DueSource, DueThread, Health, NewPost, ReadThread, SourceHealth, Stored, Visit

LEASE = timedelta(minutes=5)
"""How long a visit may hold a source. Longer than the longest visit; a live process renews it."""

PAUSED = datetime(9999, 1, 1, tzinfo=UTC)
"""When a source is due that a person paused."""

SOURCE = tables.Source.__table__  # type: ignore[attr-defined]
CONVERSATION = tables.Conversation.__table__  # type: ignore[attr-defined]
POST = tables.Post.__table__  # type: ignore[attr-defined]
VISIT = tables.VisitLog.__table__  # type: ignore[attr-defined]
CASE = tables.Case.__table__  # type: ignore[attr-defined]


class Intake:
    """What the listener asks of storage and tells it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.owner = process_name()

    def register(self, sources: Mapping[str, tuple[str, str]]) -> None:
        """Makes the table hold exactly these active sources: name -> (kind, url). A changed address starts anew."""
        with self.database.write() as connection:
            rows = {row.name: row for row in connection.execute(sa.select(SOURCE))}
            for name in rows.keys() - sources.keys():
                connection.execute(sa.update(SOURCE).where(SOURCE.c.name == name).values(active=False))
            for name, (kind, url) in sources.items():
                self._register_one(connection, rows.get(name), name, kind, url)

    def _register_one(self, connection: sa.Connection, row: Any, name: str, kind: str, url: str) -> None:
        if row is None:
            fresh = tables.Source(name=name, kind=kind, url=url, memory={"configured": url})
            connection.execute(sa.insert(SOURCE).values(**fresh.model_dump()))
            return
        values: dict[str, Any] = {"active": True}
        if row.memory.get("configured") != url or (kind and kind != row.kind):
            values |= {
                "kind": kind,
                "url": url,
                "memory": {"configured": url},
                "next_at": None,
                "failures": 0,
            }
        if not row.active or len(values) > 1:
            connection.execute(sa.update(SOURCE).where(SOURCE.c.name == name).values(**values))

    def due(
        self, *, limit: int = 100, names: Collection[str] | None = None, regardless: bool = False
    ) -> list[DueSource]:
        """Leases up to `limit` sources to this process: those whose time has come, longest waiting first.

        `names` narrows it; `regardless` takes them whether their time has come or not, but none leased or paused.
        """
        now = self.database.now()
        with self.database.write() as connection:
            self._void_dead_leases(connection, now)
            free = sa.or_(SOURCE.c.lease_until.is_(None), SOURCE.c.lease_until < now)
            wanted = sa.select(SOURCE.c.name).where(SOURCE.c.active, free)
            latest = PAUSED - timedelta(days=1) if regardless else now
            wanted = wanted.where(sa.or_(SOURCE.c.next_at.is_(None), SOURCE.c.next_at <= latest))
            if names is not None:
                wanted = wanted.where(SOURCE.c.name.in_(names))
            wanted = wanted.order_by(SOURCE.c.next_at.asc().nulls_first()).limit(limit)
            if not self.database.is_sqlite:
                wanted = wanted.with_for_update(skip_locked=True)
            chosen = [row.name for row in connection.execute(wanted)]
            rows = connection.execute(
                sa.update(SOURCE)
                .where(SOURCE.c.name.in_(chosen), free)
                .values(lease_owner=self.owner, lease_until=now + LEASE)
                .returning(SOURCE)
            ).all()
        by_name = {row.name: row for row in rows}
        return [_due_source(by_name[name]) for name in chosen if name in by_name]

    def _void_dead_leases(self, connection: sa.Connection, now: datetime) -> None:
        held = sa.select(SOURCE.c.lease_owner).where(SOURCE.c.lease_until >= now).distinct()
        dead = [row.lease_owner for row in connection.execute(held) if owner_is_dead(row.lease_owner)]
        if dead:
            void = sa.update(SOURCE).where(SOURCE.c.lease_owner.in_(dead))
            connection.execute(void.values(lease_owner="", lease_until=None))

    def renew(self, names: Collection[str]) -> None:
        """Says that this process is still at work on these sources."""
        until = self.database.now() + LEASE
        mine = sa.and_(SOURCE.c.name.in_(names), SOURCE.c.lease_owner == self.owner)
        with self.database.write() as connection:
            connection.execute(sa.update(SOURCE).where(mine).values(lease_until=until))

    def release(self, names: Collection[str]) -> None:
        """Gives leased sources back unvisited."""
        mine = sa.and_(SOURCE.c.name.in_(names), SOURCE.c.lease_owner == self.owner)
        with self.database.write() as connection:
            connection.execute(sa.update(SOURCE).where(mine).values(lease_owner="", lease_until=None))

    def next_due(self) -> datetime | None:
        """When the next source is due; None when there is none. A source never visited is due since ever."""
        with self.database.read() as connection:
            when = sa.select(sa.func.min(SOURCE.c.next_at)).where(SOURCE.c.active)
            never = sa.select(SOURCE.c.name).where(SOURCE.c.active, SOURCE.c.next_at.is_(None)).limit(1)
            if connection.execute(never).first():
                return self.database.now()
            found: datetime | None = connection.execute(when).scalar()
            return found

    def stamps(self, source: str, conversations: Collection[str], *, sweep: bool = False) -> dict[str, str]:
        """What was remembered of these conversations (external id -> stamp) when they were last read whole.

        In a `sweep` those that are followed are left out, so that they are read whether they seem to change or not.
        """
        read_again = CONVERSATION.c.followed if sweep else sa.false()
        keys = {arrivals.key_of(each): each for each in conversations}
        found: dict[str, str] = {}
        with self.database.read() as connection:
            for some in in_chunks(list(keys)):
                query = sa.select(CONVERSATION.c.external_key, CONVERSATION.c.stamp).where(
                    CONVERSATION.c.source == source, CONVERSATION.c.external_key.in_(some), ~read_again
                )
                found |= {keys[row.external_key]: row.stamp for row in connection.execute(query)}
        return found

    def due_threads(self, source: str, *, sweep: bool = False, limit: int = 50) -> list[DueThread]:
        """Followed conversations of a source whose turn it is, longest waiting first; in a `sweep` all awake ones."""
        due = CONVERSATION.c.next_at.is_not(None) if sweep else CONVERSATION.c.next_at <= self.database.now()
        query = (
            sa.select(CONVERSATION)
            .where(CONVERSATION.c.source == source, CONVERSATION.c.followed, due)
            .order_by(CONVERSATION.c.next_at)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [
                DueThread(
                    external_id=row.external_id,
                    url=row.url,
                    stamp=row.stamp,
                    link=row.link,
                    last_post_at=row.last_post_at,
                )
                for row in connection.execute(query)
                if row.link
            ]

    def has_open_case(self, source: str, conversation: str) -> bool:
        """Whether somebody still works on a case in this conversation."""
        query = (
            sa.select(CASE.c.id)
            .join(CONVERSATION, CONVERSATION.c.id == CASE.c.conversation_id)
            .where(
                CONVERSATION.c.source == source,
                CONVERSATION.c.external_key == arrivals.key_of(conversation),
                CASE.c.status.in_(["new", "open", "pending", "snoozed"]),
            )
            .limit(1)
        )
        with self.database.read() as connection:
            return connection.execute(query).first() is not None

    def known(self, source: str, external_ids: Collection[str]) -> dict[str, arrivals.Known]:
        """Which of these posts are held already, with what tells whether they changed."""
        with self.database.read() as connection:
            return arrivals.known(connection, source, external_ids)

    def store(self, source: str, kind: str, posts: Sequence[NewPost], threads: Sequence[ReadThread] = ()) -> Stored:
        """Stores a batch in one transaction: posts, authors, conversations, matches, cases and events.

        Storing the same batch again changes nothing. Posts that answer no query are kept only in a
        conversation that has a mention, there or earlier.
        """
        with self.database.write() as connection:
            return arrivals.Arrivals(self.database, connection, source, kind).store(posts, threads)

    def finish(self, visit: Visit, new_posts: int = 0) -> None:
        """Ends a visit: what it left behind, when to come back, and the lease given back, in one transaction."""
        ok = visit.outcome in ("ok", "unchanged")
        values: dict[str, Any] = {
            "next_at": visit.next_at,
            "interval": visit.interval,
            "health": visit.health.value,
            "sentence": visit.sentence,
            "status": visit.status,
            "last_visit_at": visit.finished_at,
            "lease_owner": "",
            "lease_until": None,
            "failures": 0 if ok else SOURCE.c.failures + 1,
        }
        if ok:
            values |= {"last_ok_at": visit.finished_at, "memory": dict(visit.memory)}
        if new_posts:
            values["last_new_at"] = visit.finished_at
        if visit.url:
            values["url"] = visit.url
        log = {name: value for name, value in asdict(visit).items() if name in VISIT.c}
        with self.database.write() as connection:
            connection.execute(sa.update(SOURCE).where(SOURCE.c.name == visit.source).values(**values))
            connection.execute(sa.insert(VISIT).values(**log, new_posts=new_posts))

    def set_kind(self, source: str, kind: str, url: str, memory: Mapping[str, Any]) -> None:
        """Remembers the kind that was found out, the address it is read at, and what else was learnt of it."""
        with self.database.write() as connection:
            values = {"kind": kind, "url": url, "memory": dict(memory)}
            connection.execute(sa.update(SOURCE).where(SOURCE.c.name == source).values(**values))

    def pause(self, name: str) -> None:
        """Leaves a source alone until `retry`. Raises `NotFound`."""
        sentence = f"Paused by hand: `webcare sources retry {name}` takes it up again."
        self._decide(name, next_at=PAUSED, health=Health.ON_HOLD.value, sentence=sentence)

    def retry(self, name: str) -> None:
        """Makes a source due now, paused or not. Raises `NotFound`."""
        self._decide(name, next_at=None, failures=0)

    def accept(self, name: str) -> None:
        """Takes what now stands at a source's address for the source, and makes it due. Raises `NotFound`."""
        with self.database.read() as connection:
            memory = connection.execute(sa.select(SOURCE.c.memory).where(SOURCE.c.name == name)).scalar()
        kept = {key: value for key, value in (memory or {}).items() if key != "identity"}
        self._decide(name, next_at=None, failures=0, memory=kept)

    def _decide(self, name: str, **values: Any) -> None:
        chosen = sa.and_(SOURCE.c.name == name, SOURCE.c.active)
        with self.database.write() as connection:
            if not connection.execute(sa.update(SOURCE).where(chosen).values(**values)).rowcount:
                raise NotFound(f"There is no source called {name}; `webcare sources list` names them.")

    def health(self) -> list[SourceHealth]:
        """The state of every active source, by name."""
        counts = (
            sa.select(
                POST.c.source,
                sa.func.count().label("posts"),
                sa.func.sum(sa.case((POST.c.is_mention, 1), else_=0)).label("mentions"),
            )
            .group_by(POST.c.source)
            .subquery()
        )
        query = (
            sa.select(SOURCE, counts.c.posts, counts.c.mentions)
            .outerjoin(counts, counts.c.source == SOURCE.c.name)
            .where(SOURCE.c.active)
            .order_by(SOURCE.c.name)
        )
        with self.database.read() as connection:
            return [_health(row) for row in connection.execute(query)]


def _due_source(row: Any) -> DueSource:
    return DueSource(
        name=row.name,
        kind=row.kind,
        url=row.url,
        failures=row.failures,
        last_visit_at=row.last_visit_at,
        last_new_at=row.last_new_at,
        interval=row.interval,
        memory=row.memory,
        health=Health(row.health),
        status=row.status,
    )


def _health(row: Any) -> SourceHealth:
    never = row.last_visit_at is None
    return SourceHealth(
        name=row.name,
        kind=row.kind,
        url=row.url,
        health=Health(row.health),
        sentence="Not visited yet." if never else row.sentence,
        next_at=row.next_at,
        last_visit_at=row.last_visit_at,
        last_ok_at=row.last_ok_at,
        last_new_at=row.last_new_at,
        failures=row.failures,
        posts=row.posts or 0,
        mentions=row.mentions or 0,
    )
