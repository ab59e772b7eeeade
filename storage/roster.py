"""Which sources there are, whose turn it is, and how visiting them went.

A source is leased while it is visited. A lease names its process; the leases of a process of this machine that is gone
are void at once, so that a killed `listen` can be started again without waiting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

import sqlalchemy as sa

from storage import locks, tables
from storage.database import Database, owner_is_dead, process_name
from storage.errors import NotFound
from storage.schema import CONVERSATION, POST, SOURCE, VISIT
from storage.types import DueSource, DueThread, Health, SourceHealth, Visit

LEASE = timedelta(minutes=5)
"""How long a visit may hold a source. Longer than the longest visit; a live process renews it."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a source is due that a person paused, or that is no longer listened to."""
AHEAD = timedelta(minutes=5)
"""How far the clocks of machines that listen together may be apart."""
LONGEST = timedelta(hours=25)
"""No followed conversation that is awake is left alone for longer."""
CHUNK = 500
"""Sources that are registered by one statement."""
THREADS = 50
"""Conversations of a source that are read in one visit because it is their time."""

LOG_AGE = timedelta(days=90)
"""How long the log tells of a visit."""
LOG_MOST = 1_000_000
"""Visits that the log holds, about."""
TRIM_EVERY = 1_000
"""Visits logged by this process after which the log is looked through."""


_BLANK = tables.Source(name="").model_dump()

Entry = tuple[str, str, str]
"""A source's name, kind and address."""


class Roster:
    """The sources in the database, as the listener works through them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.owner = process_name()
        self._logged = 0

    def register(self, sources: Mapping[str, tuple[str, str]] | Iterable[Entry]) -> None:
        """Makes the table hold exactly these active sources. A changed address starts anew.

        `sources` is a mapping of name to (kind, url), or any number of entries, of which few are held at a time.
        """
        if isinstance(sources, Mapping):
            sources = ((name, kind, url) for name, (kind, url) in sources.items())
        entries = iter(sources)
        with self.database.write() as connection:
            locks.all_sources(connection)
            listed = sa.Table("listed", sa.MetaData(), sa.Column("name", sa.String), prefixes=["TEMPORARY"])
            listed.create(connection)
            while some := list(islice(entries, CHUNK)):
                connection.execute(sa.insert(listed), [{"name": name} for name, _, _ in some])
                self._register_some(connection, some)
            gone = sa.and_(SOURCE.c.active, SOURCE.c.name.not_in(sa.select(listed.c.name)))
            connection.execute(sa.update(SOURCE).where(gone).values(active=False, next_at=NEVER))
            listed.drop(connection)

    def _register_some(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        now = self.database.now()
        columns = [SOURCE.c.name, SOURCE.c.kind, SOURCE.c.active, SOURCE.c.memory]
        known = sa.select(*columns).where(SOURCE.c.name.in_([name for name, _, _ in entries]))
        rows = {row.name: row for row in connection.execute(known)}
        fresh = []
        for name, kind, url in entries:
            row, anew = rows.get(name), {"kind": kind, "url": url, "memory": {"configured": url}, "next_at": now}
            if row is None:
                fresh.append({**_BLANK, "name": name, **anew})
                continue
            changed = row.memory.get("configured") != url or (kind and kind != row.kind)
            values: dict[str, Any] = {**anew, "failures": 0} if changed else {} if row.active else {"next_at": now}
            if values:
                connection.execute(sa.update(SOURCE).where(SOURCE.c.name == name).values(active=True, **values))
        if fresh:
            connection.execute(sa.insert(SOURCE), fresh)

    def due(
        self,
        *,
        limit: int = 100,
        names: Collection[str] | None = None,
        regardless: bool = False,
        unvisited_since: datetime | None = None,
    ) -> list[DueSource]:
        """Leases up to `limit` sources to this process: those whose time has come, longest waiting first.

        `names` narrows it, `unvisited_since` leaves out those visited at or after that time; `regardless` takes them
        whether their time has come or not, but none that is leased or paused. A host is asked by one process at a
        time: while another visits a source of it, the others wait, unless they are asked for by name.
        """
        now = self.database.now()
        with self.database.write() as connection:
            locks.leasing(connection)
            self._void_dead_leases(connection, now)
            until = SOURCE.c.lease_until  # one far ahead was given before the clock was put back
            free = sa.or_(until.is_(None), until < now, until > now + 2 * LEASE)
            latest = NEVER - timedelta(days=1) if regardless else now
            wanted = sa.select(SOURCE.c.name).where(SOURCE.c.active, free, SOURCE.c.next_at <= latest)
            if names is not None:
                wanted = wanted.where(SOURCE.c.name.in_(names))
            else:
                wanted = wanted.where(*self._elsewhere(connection, now))
            if unvisited_since is not None:
                visited = SOURCE.c.last_visit_at >= unvisited_since
                wanted = wanted.where(sa.or_(SOURCE.c.last_visit_at.is_(None), ~visited))
            wanted = wanted.order_by(SOURCE.c.next_at).limit(limit)
            if not self.database.is_sqlite:
                wanted = wanted.with_for_update(skip_locked=True)
            chosen = [row.name for row in connection.execute(wanted)]
            lease = sa.update(SOURCE).where(SOURCE.c.name.in_(chosen), free)
            rows = connection.execute(
                lease.values(lease_owner=self.owner, lease_until=now + LEASE).returning(SOURCE)
            ).all()
            threads = self._threads_of(connection, [row.name for row in rows], CONVERSATION.c.next_at <= now)
        by_name = {row.name: _due_source(row, threads.get(row.name, [])) for row in rows}
        return [by_name[name] for name in chosen if name in by_name]

    def _elsewhere(self, connection: sa.Connection, now: datetime) -> list[sa.ColumnElement[bool]]:
        """Leaves out the hosts of sources that other processes visit now."""
        theirs = sa.and_(SOURCE.c.lease_until >= now, SOURCE.c.lease_owner != self.owner)
        held = connection.scalars(sa.select(SOURCE.c.url).where(theirs, SOURCE.c.lease_until <= now + 2 * LEASE))
        hosts = {"/".join(url.lower().split("/", 3)[:3]).partition("://")[2] for url in held}
        address = sa.func.lower(SOURCE.c.url)
        return [~address.contains(f"://{host}", autoescape=True) for host in sorted(hosts) if host]

    def put_right(self) -> int:
        """After the clock was put back: what was visited in what is the future now waits from now on. Gives how many.

        Without this it would be left alone until the clock has come there again.
        """
        now = self.database.now()
        visited = SOURCE.c.last_visit_at
        ahead = sa.and_(
            SOURCE.c.next_at > now, SOURCE.c.next_at < NEVER, sa.or_(visited > now + AHEAD, visited.is_(None))
        )
        found = sa.select(SOURCE.c.name, SOURCE.c.next_at, SOURCE.c.last_visit_at).where(ahead)
        moved = sa.update(SOURCE).where(SOURCE.c.name == sa.bindparam("of"))
        moved = moved.values(next_at=sa.bindparam("at"), last_visit_at=sa.case((SOURCE.c.last_visit_at > now, now)))
        with self.database.write() as connection:
            waits = {
                row.name: max(row.next_at - (row.last_visit_at or row.next_at), timedelta())
                for row in connection.execute(found)
            }
            locks.sources(connection, waits)
            if waits:
                connection.execute(moved, [{"of": name, "at": now + wait} for name, wait in waits.items()])
            asleep_too_long = sa.and_(CONVERSATION.c.next_at > now + LONGEST, CONVERSATION.c.followed)
            connection.execute(sa.update(CONVERSATION).where(asleep_too_long).values(next_at=now))
        return len(waits)

    def _void_dead_leases(self, connection: sa.Connection, now: datetime) -> None:
        held = sa.select(SOURCE.c.lease_owner).where(SOURCE.c.lease_until >= now).distinct()
        dead = [row.lease_owner for row in connection.execute(held) if owner_is_dead(row.lease_owner)]
        if dead:
            held = sa.select(SOURCE.c.name).where(SOURCE.c.lease_owner.in_(dead))
            locks.sources(connection, connection.scalars(held).all())
            void = sa.update(SOURCE).where(SOURCE.c.lease_owner.in_(dead))
            connection.execute(void.values(lease_owner="", lease_until=None))

    def _threads_of(
        self, connection: sa.Connection, sources: Collection[str], due: sa.ColumnElement[bool]
    ) -> dict[str, list[DueThread]]:
        """The followed conversations of these sources that are `due`, longest waiting first."""
        found: dict[str, list[DueThread]] = defaultdict(list)
        wanted = sa.and_(CONVERSATION.c.source.in_(sources), CONVERSATION.c.followed, due)
        for row in connection.execute(sa.select(CONVERSATION).where(wanted).order_by(CONVERSATION.c.next_at)):
            if row.link and len(found[row.source]) < THREADS:
                found[row.source].append(_due_thread(row))
        return found

    def awake_threads(self, source: str) -> list[DueThread]:
        """Followed conversations of a source that do not sleep, due or not, longest waiting first."""
        with self.database.read() as connection:
            return self._threads_of(connection, [source], CONVERSATION.c.next_at.is_not(None))[source]

    def renew(self, names: Collection[str]) -> None:
        """Says that this process is still at work on these sources."""
        self._lease(names, self.owner, self.database.now() + LEASE)

    def release(self, names: Collection[str]) -> None:
        """Gives leased sources back unvisited."""
        self._lease(names, "", None)

    def _lease(self, names: Collection[str], owner: str, until: datetime | None) -> None:
        mine = sa.and_(SOURCE.c.name.in_(names), SOURCE.c.lease_owner == self.owner)
        with self.database.write() as connection:
            locks.sources(connection, names)
            connection.execute(sa.update(SOURCE).where(mine).values(lease_owner=owner, lease_until=until))

    def finish(self, *visits: Visit) -> None:
        """Ends visits: what they left behind, when to come back, and the leases given back, in one transaction."""
        with self.database.write() as connection:
            locks.sources(connection, {visit.source for visit in visits})
            self.end(connection, visits)

    def end(self, connection: sa.Connection, visits: Sequence[Visit]) -> None:
        """As `finish`, within a transaction that locked the sources.

        A visit that found nothing new and all well is remembered in its source only, the others in the log too.
        """
        logged = [_log(visit) for visit in visits if visit.outcome != "unchanged" or visit.sentence]
        if visits:
            connection.execute(_FINISH, [_ending(visit) for visit in visits])
        if logged:
            connection.execute(sa.insert(VISIT), logged)
            self._logged += len(logged)
        if self._logged >= TRIM_EVERY:
            self._logged = 0
            self._trim(connection)

    def _trim(self, connection: sa.Connection) -> None:
        """Takes the oldest visits out of the log, where they are too old or too many; a bounded number at a time."""
        last = connection.execute(sa.select(sa.func.max(VISIT.c.id))).scalar() or 0
        oldest = sa.select(VISIT.c.id, VISIT.c.finished_at).order_by(VISIT.c.id).limit(2 * TRIM_EVERY)
        before = self.database.now() - LOG_AGE
        gone = list(
            takewhile(lambda row: row.finished_at < before or row.id <= last - LOG_MOST, connection.execute(oldest))
        )
        if gone:
            connection.execute(sa.delete(VISIT).where(VISIT.c.id <= gone[-1].id))

    def set_kind(self, source: str, kind: str, url: str, memory: Mapping[str, Any]) -> None:
        """Remembers the kind that was found out, the address it is read at, and what else was learnt of it."""
        with self.database.write() as connection:
            values = {"kind": kind, "url": url, "memory": dict(memory)}
            connection.execute(sa.update(SOURCE).where(SOURCE.c.name == source).values(**values))

    def pause(self, name: str) -> None:
        """Leaves a source alone until `retry`. Raises `NotFound`."""
        sentence = f"Paused by hand: `webcare sources retry {name}` takes it up again."
        self._decide(name, next_at=NEVER, health=Health.ON_HOLD.value, sentence=sentence)

    def retry(self, name: str) -> None:
        """Makes a source due now, paused or not. Raises `NotFound`."""
        paused = SOURCE.c.next_at == NEVER
        health = sa.case((paused, Health.OK.value), else_=SOURCE.c.health)
        sentence = sa.case((paused, ""), else_=SOURCE.c.sentence)
        self._decide(name, next_at=self.database.now(), failures=0, health=health, sentence=sentence)

    def accept(self, name: str) -> None:
        """Takes what now stands at a source's address for the source, and makes it due. Raises `NotFound`."""
        with self.database.read() as connection:
            memory = connection.execute(sa.select(SOURCE.c.memory).where(SOURCE.c.name == name)).scalar()
        kept = {key: value for key, value in (memory or {}).items() if key != "identity"}
        self._decide(name, next_at=self.database.now(), failures=0, memory=kept)

    def answer(self, name: str) -> str:
        """How the last answer of a source began that said anything; "" before there was one. Raises `NotFound`."""
        with self.database.read() as connection:
            found = connection.execute(sa.select(SOURCE.c.answer).where(SOURCE.c.name == name)).scalar()
        if found is None:
            raise NotFound(f"There is no source called {name}; `webcare sources list` names them.")
        return str(found)

    def _decide(self, name: str, **values: Any) -> None:
        chosen = sa.and_(SOURCE.c.name == name, SOURCE.c.active)
        with self.database.write() as connection:
            if not connection.execute(sa.update(SOURCE).where(chosen).values(**values)).rowcount:
                raise NotFound(f"There is no source called {name}; `webcare sources list` names them.")

    def health(self) -> list[SourceHealth]:
        """The state of every active source, by name."""
        mentions = sa.func.sum(sa.case((POST.c.is_mention, 1), else_=0)).label("mentions")
        counts = sa.select(POST.c.source, sa.func.count().label("posts"), mentions).group_by(POST.c.source).subquery()
        query = (
            sa.select(SOURCE, counts.c.posts, counts.c.mentions)
            .outerjoin(counts, counts.c.source == SOURCE.c.name)
            .where(SOURCE.c.active)
            .order_by(SOURCE.c.name)
        )
        with self.database.read() as connection:
            return [_health(row) for row in connection.execute(query)]

    def troubled(self) -> list[SourceHealth]:
        """Those that are not well, paused ones left out, by name; their posts are not counted."""
        ill = sa.and_(SOURCE.c.active, SOURCE.c.health != Health.OK.value, SOURCE.c.next_at < NEVER)
        none = sa.literal(0)
        query = sa.select(SOURCE, none.label("posts"), none.label("mentions")).where(ill).order_by(SOURCE.c.name)
        with self.database.read() as connection:
            return [_health(row) for row in connection.execute(query)]


def _finish() -> sa.Update:
    """One statement for all endings, so that many are one round trip. A missing value leaves the column alone."""

    def unless_missing(name: str) -> Any:
        return sa.func.coalesce(sa.bindparam(f"new_{name}", type_=SOURCE.c[name].type), SOURCE.c[name])

    memory = sa.bindparam("new_memory", type_=sa.JSON(none_as_null=True))
    same: dict[str, Any] = {
        name: sa.bindparam(f"new_{name}") for name in ("next_at", "interval", "health", "sentence", "status")
    }
    kept = {name: unless_missing(name) for name in ("last_ok_at", "last_new_at", "url", "answer")}
    ending: sa.Update = (
        sa.update(SOURCE)
        .where(SOURCE.c.name == sa.bindparam("of"))
        .values(
            **same,
            **kept,
            memory=sa.case((sa.bindparam("went_well", type_=sa.Boolean), memory), else_=SOURCE.c.memory),
            failures=sa.case((sa.bindparam("went_well", type_=sa.Boolean), 0), else_=SOURCE.c.failures + 1),
            last_visit_at=sa.bindparam("new_last_visit_at"),
            lease_owner="",
            lease_until=None,
        )
    )
    return ending


_FINISH = _finish()


def _ending(visit: Visit) -> dict[str, Any]:
    ok = visit.outcome in ("ok", "unchanged")
    return {
        "of": visit.source,
        "went_well": ok,
        "new_next_at": visit.next_at,
        "new_interval": visit.interval,
        "new_health": visit.health.value,
        "new_sentence": visit.sentence,
        "new_status": visit.status,
        "new_last_visit_at": visit.finished_at,
        "new_last_ok_at": visit.finished_at if ok else None,
        "new_last_new_at": visit.finished_at if visit.new_posts else None,
        "new_url": visit.url or None,
        "new_answer": visit.answer or None,
        "new_memory": dict(visit.memory) if ok else None,
    }


def _log(visit: Visit) -> dict[str, Any]:
    return {column.name: getattr(visit, column.name) for column in VISIT.c if column.name != "id"}


def _due_source(row: Any, threads: Sequence[DueThread]) -> DueSource:
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
        threads=tuple(threads),
    )


def _due_thread(row: Any) -> DueThread:
    return DueThread(
        external_id=row.external_id, url=row.url, stamp=row.stamp, link=row.link, last_post_at=row.last_post_at
    )


def _health(row: Any) -> SourceHealth:
    never = row.last_visit_at is None
    return SourceHealth(
        name=row.name,
        kind=row.kind,
        url=row.url,
        health=Health(row.health),
        sentence="Not visited yet." if never else row.sentence,
        next_at=None if row.next_at == NEVER else row.next_at,
        last_visit_at=row.last_visit_at,
        last_ok_at=row.last_ok_at,
        last_new_at=row.last_new_at,
        failures=row.failures,
        posts=row.posts or 0,
        mentions=row.mentions or 0,
    )
