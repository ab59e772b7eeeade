"""Two at once on PostgreSQL, in the interleavings that would make each wait for the other: nobody is rolled back.

A third transaction holds a row in the middle of the first one's way, until the second waits as well or is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage.crisis import Crises
from storage.database import Database
from storage.erasure import Erasure
from storage.intake import Intake
from storage.intake.twins import Copies
from storage.outbox import Outbox
from storage.people import People
from storage.rulebook import Rulebook
from storage.steps import Steps
from storage.types import Delivery, Match, NewPost, Opinion, Post, Priority, ReplyState, Visit

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

PATIENCE = 30
"""Seconds until something that should happen is given up."""


class Crossing:
    """Brings two transactions together."""

    def __init__(self, database: Database, another: Callable[[], Database]) -> None:
        self.database, self.another = database, another
        self._pool = ThreadPoolExecutor(3)

    @contextmanager
    def held(self, statement: str) -> Iterator[None]:
        """Keeps others from the rows of a statement."""
        with self.another().write() as connection:
            connection.execute(sa.text(f"{statement} FOR UPDATE"))
            yield

    def begin(self, work: Callable[[Database], Any]) -> Future[Any]:
        """Begins work on a connection of its own; it has come to wait, or is done, when this returns."""
        before, own = self._waiting(), self.another()
        done = self._pool.submit(work, own)
        until = time.monotonic() + PATIENCE
        while not done.done() and self._waiting() == before:
            assert time.monotonic() < until, "it neither waits nor ends"
        return done

    def _waiting(self) -> int:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with self.database.read() as connection:
            return int(connection.execute(sa.text(asked)).scalar_one())

    def end(self) -> None:
        self._pool.shutdown()


@pytest.fixture
def crossing(database: Database, another: Callable[[], Database]) -> Iterator[Crossing]:
    """On a database with two sources, and a conversation in which two people have a case."""
    Intake(database).register({"forum": ("phpbb", "https://forum.example"), "blog": ("feed", "https://blog.example")})
    store(database, a_post("p1", "Jan"), a_post("p2", "Piet"))
    both = Crossing(database, another)
    yield both
    both.end()


def a_post(external_id: str, author: str, text: str = "Waarom werkt Zonnebank niet?", **more: Any) -> Post:
    return Post(
        external_id=external_id,
        url=f"https://forum.example/{external_id}",
        text=text,
        author=author,
        conversation_id="t",
        **more,
    )


def found(post: Post, **more: Any) -> NewPost:
    match = (Match(brand="zonnebank", query="zonnebank"),)
    values = {"matches": match, "wants_case": True, "opinion": Opinion(lang="nl")} | more
    return NewPost(post=post, **values)


def store(database: Database, *posts: Post, source: str = "forum", endings: tuple[Visit, ...] = ()) -> None:
    delivery = Delivery(source=source, kind="phpbb", posts=[found(each) for each in posts])
    Intake(database).store_all([delivery], endings)


CASE_OF_KEES = """INSERT INTO "case" (conversation_id, author_id, author_key, status, epoch, version, priority,
    priority_score, opened_at, last_mention_at, changed, checklist)
    VALUES (1, 3, '3', 'new', 0, 0, 'normal', 35, now(), now(), 0, '[]')"""
EDIT = a_post("p2", "Piet", "Nu werkt Zonnebank weer")
GONE = a_post("p2", "Piet", "", deleted=True)


@pytest.mark.parametrize("change", [EDIT, GONE], ids=["edited", "deleted"])
def test_a_writer_who_changes_a_post_and_a_priority_do_not_wait_for_each_other(
    crossing: Crossing, change: Post
) -> None:
    with crossing.held('SELECT 1 FROM "case" WHERE id = 1'):
        edit = crossing.begin(lambda own: store(own, change))
        priority = crossing.begin(lambda own: Steps(own).prioritise(2, "anna", Priority.URGENT))
    edit.result(PATIENCE)
    priority.result(PATIENCE)


def test_a_visit_that_ends_and_leases_that_are_renewed_do_not_wait_for_each_other(crossing: Crossing) -> None:
    owner = Intake(crossing.database)
    assert len(owner.due()) == 2
    now = crossing.database.now()
    ending = Visit(source="blog", started_at=now, finished_at=now, outcome="ok", next_at=now, interval=60.0)
    with crossing.held('SELECT 1 FROM "case" WHERE id = 1'):
        stored = crossing.begin(lambda own: store(own, EDIT, endings=(ending,)))
        renewed = crossing.begin(lambda own: Intake(own).renew(["blog", "forum"]))
    stored.result(PATIENCE)
    renewed.result(PATIENCE)


def test_sources_that_change_wait_for_a_visit_as_a_whole(crossing: Crossing) -> None:
    now = crossing.database.now()
    ending = Visit(source="forum", started_at=now, finished_at=now, outcome="ok", next_at=now, interval=60.0)
    changed = {"forum": ("phpbb", "https://forum.example/new"), "blog": ("feed", "https://blog.example")}
    with crossing.held('SELECT 1 FROM "case" WHERE id = 1'):
        stored = crossing.begin(lambda own: store(own, EDIT, endings=(ending,)))
        registered = crossing.begin(lambda own: Intake(own).register(changed))
    stored.result(PATIENCE)
    registered.result(PATIENCE)


def test_who_is_forgotten_while_a_visit_brings_something_is_forgotten_whole(crossing: Crossing) -> None:
    with crossing.held('SELECT 1 FROM "case" WHERE id = 1'):
        stored = crossing.begin(lambda own: store(own, EDIT, a_post("p3", "Piet")))
        account = People(crossing.database).find("Piet").accounts
        forgotten = crossing.begin(lambda own: Erasure(own).forget(account, "anna"))
    stored.result(PATIENCE)
    assert forgotten.result(PATIENCE).posts == 2


def test_a_case_that_a_rule_opens_and_a_post_that_joins_it_do_not_wait_for_each_other(crossing: Crossing) -> None:
    rival = found(a_post("p3", "Kees"), wants_case=False)
    Intake(crossing.database).store("forum", "phpbb", [rival])

    def opened(own: Database) -> None:
        with Rulebook(own).turn() as turn:
            turn.lock_conversations([1])
            turn.open_case(3, "rivals")

    with crossing.held('SELECT 1 FROM "case" WHERE id = 1'):
        rule = crossing.begin(opened)
        post = crossing.begin(lambda own: store(own, replace(EDIT, external_id="p4", author="Kees"), EDIT))
    rule.result(PATIENCE)
    post.result(PATIENCE)
    with crossing.database.read() as connection:
        cases = connection.scalars(sa.text("SELECT count(*) FROM post WHERE case_id = 3")).all()
    assert cases == [2]


def test_a_rule_that_opens_a_case_for_who_is_being_forgotten_does_not_keep_them(crossing: Crossing) -> None:
    rival = found(a_post("p3", "Kees"), wants_case=False)
    Intake(crossing.database).store("forum", "phpbb", [rival])
    account = People(crossing.database).find("Kees").accounts
    with crossing.held("SELECT 1 FROM post WHERE id = 3"):  # their cases are ended by now, their posts are not erased
        forgotten = crossing.begin(lambda own: Erasure(own).forget(account, "anna"))
        with crossing.another().write() as connection:
            connection.execute(sa.text(CASE_OF_KEES))
    assert forgotten.result(PATIENCE).cases == 1


def test_copies_are_parted_and_ranked_at_once(crossing: Crossing) -> None:
    with crossing.held("SELECT 1 FROM source WHERE name = 'forum'"):
        parted = crossing.begin(lambda own: Copies(own).part(2, "anna"))
        ranked = crossing.begin(lambda own: Steps(own).prioritise(2, "anna", Priority.URGENT))
        edited = crossing.begin(lambda own: store(own, EDIT))
    for each in (parted, ranked, edited):
        each.result(PATIENCE)


def test_no_reply_slips_out_while_a_crisis_begins(crossing: Crossing) -> None:
    case = Steps(crossing.database).claim(2, "anna")

    def answered(own: Database) -> int:
        outbox, words = Outbox(own), {"channel": "phpbb", "post_id": 2, "epoch": case.epoch, "key": "k"}
        return outbox.hold(2, "anna", "Dag", seen_version=case.version, hold=timedelta(0), **words).id  # type: ignore[arg-type]

    until = crossing.database.now() + timedelta(hours=1)
    with crossing.held("SELECT 1 FROM post WHERE id = 2"):  # so the reply waits after it looked for a crisis
        reply = crossing.begin(answered)
        crisis = crossing.begin(lambda own: Crises(own).begin("Wij zoeken het uit.", until, "lead"))
    assert crisis.result(PATIENCE) == 1
    assert Outbox(crossing.database).reply(reply.result(PATIENCE)).state is ReplyState.AWAITING_APPROVAL


def test_an_act_is_taken_back_once_however_many_windows_ask(crossing: Crossing) -> None:
    from storage.errors import StorageError
    from storage.undo import Undo

    Steps(crossing.database).tag(2, "anna", "een")

    def taken_back(own: Database) -> str:
        try:
            return str(Undo(own).undo("anna").kind)
        except StorageError:
            return "refused"

    with crossing.held('SELECT 1 FROM "case" WHERE id = 2'):
        both = [crossing.begin(taken_back), crossing.begin(taken_back)]
    assert sorted(each.result(PATIENCE) for each in both) == ["refused", "undone"]
