"""The listener's door, on both databases: what arrives is stored once, and opens, grows and wakes cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import roster, tables
from storage.database import Database
from storage.intake import Intake
from storage.types import (
    Delivery,
    EventKind,
    Health,
    Match,
    NewPost,
    Opinion,
    Post,
    PostKind,
    Priority,
    ReadThread,
    Status,
    Visit,
)

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ZON = Match(brand="zonnebank", query="zonnebank")


def a_post(number: int = 1, **but: Any) -> Post:
    """A post of thread 7 by Marieke."""
    said: dict[str, Any] = {
        "external_id": str(number),
        "url": f"https://forum.example/t/7#{number}",
        "text": f"Zonnebank bericht {number}",
        "author": "marieke_v",
        "conversation_id": "7",
        "published_at": AT + timedelta(minutes=number),
    }
    return Post(**(said | but))


def a_mention(number: int = 1, **but: Any) -> NewPost:
    """A post that answers the query and wants an answer."""
    return NewPost(post=a_post(number, **but), matches=(ZON,), wants_case=True, opinion=Opinion(priority_score=30))


def count(database: Database, table: Any, *where: Any) -> int:
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(table.__table__).where(*where)
        return int(connection.execute(query).scalar_one())


def the_case(database: Database) -> Any:
    with database.read() as connection:
        return connection.execute(sa.select(tables.Case.__table__)).one()


def kinds(database: Database) -> list[str]:
    event = tables.Event.__table__
    with database.read() as connection:
        return list(connection.scalars(sa.select(event.c.kind).order_by(event.c.id)))


@pytest.fixture
def intake(database: Database) -> Intake:
    door = Intake(database)
    door.register({"forum": ("phpbb", "https://forum.example")})
    return door


def test_a_mention_is_stored_once_with_its_case_and_event(intake: Intake, database: Database) -> None:
    first = intake.store("forum", "phpbb", [a_mention()])
    again = intake.store("forum", "phpbb", [a_mention()])
    assert len(first.new_mentions) == 1
    assert (again.new_posts, again.new_mentions, again.edited_mentions) == (0, (), ())
    assert count(database, tables.Post) == count(database, tables.Case) == 1
    assert kinds(database) == [EventKind.FOUND]


def test_one_persons_mentions_in_one_conversation_are_one_case(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1), a_mention(2), a_mention(3, author="jan")])
    intake.store("forum", "phpbb", [a_mention(4, conversation_id="8")])
    assert count(database, tables.Case) == 3


def test_strangers_without_a_name_do_not_share_a_case(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1, author=""), a_mention(2, author="")])
    assert count(database, tables.Case) == 2


def test_other_posts_are_kept_only_where_a_mention_stands(intake: Intake, database: Database) -> None:
    noise = NewPost(post=a_post(5, conversation_id="9"))
    context = NewPost(post=a_post(2, author="jan", text="Hier ook."))
    intake.store("forum", "phpbb", [noise, context, a_mention(1)])
    assert count(database, tables.Post) == 2
    later = NewPost(post=a_post(3, author="henk", text="Opnieuw installeren helpt."))
    assert intake.store("forum", "phpbb", [later]).new_posts == 1


def test_context_that_joins_raises_the_version_of_the_case(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1)])
    before = the_case(database).version
    intake.store("forum", "phpbb", [NewPost(post=a_post(2, author="henk"))])
    assert the_case(database).version > before


def test_an_edit_keeps_what_was_said_before(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1)])
    stored = intake.store("forum", "phpbb", [a_mention(1, text="Zonnebank: het is opgelost")])
    assert len(stored.edited_mentions) == 1
    with database.read() as connection:
        assert connection.scalar(sa.select(tables.Revision.__table__.c.text)) == "Zonnebank bericht 1"
        assert connection.scalar(sa.select(tables.Post.__table__.c.text)) == "Zonnebank: het is opgelost"
    assert kinds(database) == [EventKind.FOUND, EventKind.EDITED]


def test_an_edit_without_a_date_leaves_the_post_where_it_was_in_time(
    intake: Intake, database: Database, clock: Any
) -> None:
    intake.store("forum", "phpbb", [a_mention(1, published_at=None), a_mention(2)])
    clock.advance(days=3)
    edited = [a_mention(n, text="Zonnebank: het is opgelost", published_at=None) for n in (1, 2)]
    intake.store("forum", "phpbb", edited)
    columns = tables.Post.__table__.c
    with database.read() as connection:
        rows = connection.execute(sa.select(columns.published_at, columns.at).order_by(columns.id)).all()
    assert [row.published_at for row in rows] == [None, AT + timedelta(minutes=2)]
    assert [row.at for row in rows] == [clock() - timedelta(days=3), AT + timedelta(minutes=2)]


def test_a_teaser_made_whole_is_no_edit_and_never_takes_back(intake: Intake, database: Database) -> None:
    teaser, whole = a_mention(1, text="Zonnebank…", partial=True), a_mention(1, text="Zonnebank is top")
    for new in (teaser, whole, teaser, whole):
        assert intake.store("forum", "phpbb", [new]).edited_mentions == ()
    with database.read() as connection:
        assert connection.scalar(sa.select(tables.Post.__table__.c.text)) == "Zonnebank is top"
    assert count(database, tables.Revision) == 0


def test_a_post_gone_at_the_source_is_marked_not_removed(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1)])
    for _ in range(2):
        intake.store("forum", "phpbb", [a_mention(1, deleted=True)])
    with database.read() as connection:
        row = connection.execute(sa.select(tables.Post.__table__)).one()
    assert row.deleted_at is not None
    assert row.text == "Zonnebank bericht 1"
    assert kinds(database) == [EventKind.FOUND, EventKind.DELETED]


@pytest.mark.parametrize(
    ("status", "then"),
    [("resolved", "open"), ("pending", "open"), ("snoozed", "open"), ("dismissed", "new"), ("spam", "spam")],
)
def test_a_new_mention_wakes_a_case(intake: Intake, database: Database, status: str, then: str) -> None:
    intake.store("forum", "phpbb", [a_mention(1)])
    case = tables.Case.__table__
    with database.write() as connection:
        connection.execute(sa.update(case).values(status=status))
    intake.store("forum", "phpbb", [a_mention(2)])
    assert the_case(database).status == Status(then)


def test_a_more_urgent_mention_raises_the_case(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1)])
    urgent = Opinion(priority=Priority.URGENT, priority_score=90)
    intake.store("forum", "phpbb", [replace(a_mention(2), opinion=urgent)])
    intake.store("forum", "phpbb", [a_mention(3)])
    assert (the_case(database).priority, the_case(database).priority_score) == ("urgent", 90)


def test_a_competitors_mention_opens_no_case(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [replace(a_mention(1), wants_case=False)])
    assert count(database, tables.Case) == 0
    assert count(database, tables.Post, tables.Post.__table__.c.is_mention) == 1


def test_a_post_of_ours_is_an_answer_from_elsewhere(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1)])
    ours = NewPost(post=a_post(2, author="webcare", text="Wij lossen het op."), is_own=True)
    intake.store("forum", "phpbb", [ours])
    assert EventKind.ANSWERED_ELSEWHERE in kinds(database)


def test_our_own_reply_come_back_is_recognised_and_settles_doubt(intake: Intake, database: Database) -> None:
    (mention,) = intake.store("forum", "phpbb", [a_mention(1)]).new_mentions
    reply = tables.Reply.__table__
    with database.write() as connection:
        values = {"case_id": the_case(database).id, "post_id": mention, "agent": "anna", "channel": "wordpress"}
        values |= {"text": "Dag Marieke,\n\nhet is opgelost!", "state": "uncertain", "key": "k", "created_at": AT}
        connection.execute(sa.insert(tables.Reply.__table__).values(**values))
    ours = NewPost(post=a_post(2, author="webcare", text="Dag Marieke, het is opgelost!"), is_own=True)
    intake.store("forum", "phpbb", [ours])
    with database.read() as connection:
        assert connection.execute(sa.select(reply.c.state, reply.c.external_id)).one() == ("sent", "2")
    assert EventKind.ANSWERED_ELSEWHERE not in kinds(database)


def test_text_that_a_database_cannot_hold_is_stored_visibly(intake: Intake, database: Database) -> None:
    intake.store("forum", "phpbb", [a_mention(1, text="Zonnebank \0 \ud800 x", external_id="\0" * 9000)])
    with database.read() as connection:
        assert connection.scalar(sa.select(tables.Post.__table__.c.text)) == "Zonnebank ␀ ? x"


def test_a_due_source_is_leased_to_one(intake: Intake, another: Callable[[], Database], clock: Any) -> None:
    other = Intake(another())
    other.owner = "elsewhere:1"
    assert [each.name for each in intake.due()] == ["forum"]
    assert other.due() == []
    clock.advance(minutes=6)
    assert [each.name for each in other.due()] == ["forum"]
    clock.advance(days=-9)
    assert intake.put_right() == 1
    assert [each.name for each in intake.due()] == ["forum"], "a lease of a clock that was ahead is void"


def test_a_host_is_asked_by_one_process_at_a_time(intake: Intake, another: Callable[[], Database]) -> None:
    intake.register({
        "one": ("feed", "https://A.example/1"), "two": ("feed", "https://a.example/2"), "other": ("feed", "https://b.example/"),
    })  # fmt: skip
    other = Intake(another())
    other.owner = "elsewhere:1"
    assert len(intake.due(limit=1, names=["one"])) == 1
    assert [each.name for each in other.due()] == ["other"]
    assert [each.name for each in other.due(names=["two"])] == ["two"], "a person asked for it"
    other.release(["two", "other"])
    assert {each.name for each in intake.due()} == {"two", "other"}
    intake.release(["one", "two", "other"])
    assert {each.name for each in other.due()} == {"one", "two", "other"}


def test_the_lease_of_a_dead_process_is_void_at_once(intake: Intake, another: Callable[[], Database]) -> None:
    dead = Intake(another())
    dead.owner = dead.owner.rsplit(":", 1)[0] + ":999999999"
    assert dead.due()
    assert intake.due()


def test_a_visit_ends_with_the_next_time_and_gives_the_lease_back(
    intake: Intake, database: Database, clock: Any
) -> None:
    (due,) = intake.due()
    now = clock()
    visit = Visit(
        source="forum",
        started_at=now,
        finished_at=now,
        next_at=now + timedelta(minutes=15),
        interval=900,
        memory={**due.memory, "cursor": 4},
    )
    intake.finish(replace(visit, new_posts=2))
    assert intake.due() == []
    clock.advance(minutes=16)
    (due,) = intake.due()
    assert (due.interval, due.failures, due.memory["cursor"]) == (900, 0, 4)
    intake.finish(replace(visit, outcome="failed", health=Health.DEGRADED, sentence="It is down.", memory={}))
    (health,) = intake.health()
    assert (health.health, health.sentence, health.failures) == (Health.DEGRADED, "It is down.", 1)
    clock.advance(minutes=16)
    assert intake.due()[0].memory["cursor"] == 4


def test_a_source_taken_out_of_the_configuration_is_not_visited(intake: Intake) -> None:
    intake.register({"other": ("feed", "https://other.example")})
    assert [each.name for each in intake.due()] == ["other"]
    intake.register({"forum": ("phpbb", "https://forum.example/new")})
    assert [(each.name, each.url) for each in intake.due()] == [("forum", "https://forum.example/new")]


def test_a_conversation_read_whole_is_remembered_by_its_stamp(intake: Intake, clock: Any) -> None:
    thread = ReadThread(external_id="7", url="https://forum.example/t/7", stamp="3 replies", link={"url": "x"})
    intake.store("forum", "phpbb", [NewPost(post=a_post(1))], [thread])
    assert intake.stamps("forum", ["7", "8"]) == {"7": "3 replies"}
    assert intake.awake_threads("forum") == []
    due = replace(thread, stamp="4 replies", next_at=clock())
    intake.store("forum", "phpbb", [a_mention(2)], [due])
    assert [(each.external_id, each.stamp) for each in intake.due()[0].threads] == [("7", "4 replies")]


def test_a_sweep_asks_again_for_what_is_followed_and_awake(intake: Intake, clock: Any) -> None:
    asleep = ReadThread(external_id="8", url="", stamp="1", link={"url": "y"})
    awake = ReadThread(external_id="7", url="", stamp="1", link={"url": "x"}, next_at=clock() + timedelta(hours=9))
    intake.store("forum", "phpbb", [a_mention(1), NewPost(post=a_post(2, conversation_id="8"))], [awake, asleep])
    assert intake.due()[0].threads == ()
    assert [each.external_id for each in intake.awake_threads("forum")] == ["7"]
    assert intake.stamps("forum", ["7", "8"], sweep=True) == {"8": "1"}


def test_what_is_missing_from_a_complete_conversation_is_gone_until_it_is_back(
    intake: Intake, database: Database
) -> None:
    whole = ReadThread(external_id="7", url="", complete=True)
    deleted = tables.Post.__table__.c.deleted_at.is_not(None)
    intake.store("forum", "phpbb", [a_mention(1), a_mention(2)], [whole])
    intake.store("forum", "phpbb", [a_mention(1)], [replace(whole, complete=False)])
    assert count(database, tables.Post, deleted) == 0
    intake.store("forum", "phpbb", [a_mention(1)], [whole])
    assert count(database, tables.Post, deleted) == 1
    assert kinds(database)[-1] == EventKind.DELETED
    stored = intake.store("forum", "phpbb", [a_mention(1), a_mention(2)], [whole])
    assert (stored.edited_mentions, count(database, tables.Post, deleted)) == ((), 0)


def test_comments_read_without_their_article_do_not_say_that_it_is_gone(intake: Intake, database: Database) -> None:
    whole = ReadThread(external_id="7", url="", complete=True)
    article = a_mention(1, kind=PostKind.ARTICLE)
    intake.store("forum", "phpbb", [article, a_mention(2), a_mention(3)], [])
    intake.store("forum", "phpbb", [a_mention(2)], [whole])
    gone = sa.select(tables.Post.__table__.c.external_id).where(tables.Post.__table__.c.deleted_at.is_not(None))
    with database.read() as connection:
        assert connection.execute(gone).scalars().all() == ["3"]


def test_a_conversation_of_which_most_is_missing_is_not_believed(intake: Intake, database: Database) -> None:
    whole = ReadThread(external_id="7", url="", complete=True)
    intake.store("forum", "phpbb", [a_mention(each) for each in range(1, 6)], [whole])
    intake.store("forum", "phpbb", [a_mention(1), a_mention(2)], [whole])
    assert count(database, tables.Post, tables.Post.__table__.c.deleted_at.is_not(None)) == 0


def test_a_paused_source_is_not_due_before_it_is_retried(intake: Intake) -> None:
    intake.pause("forum")
    assert intake.due() == intake.due(regardless=True) == []
    assert intake.health()[0].health is Health.ON_HOLD
    intake.retry("forum")
    assert intake.health()[0].health is Health.OK
    assert [each.name for each in intake.due()] == ["forum"]


def test_accepting_a_source_forgets_who_it_was_and_nothing_else(intake: Intake, clock: Any) -> None:
    (due,) = intake.due()
    memory = {**due.memory, "identity": {"lang": "nl"}, "cursor": 4}
    now = clock()
    intake.finish(Visit(source="forum", started_at=now, finished_at=now, next_at=now, interval=900, memory=memory))
    intake.accept("forum")
    assert intake.due()[0].memory == {**due.memory, "cursor": 4}


def test_what_several_sources_brought_is_stored_as_if_each_came_alone(intake: Intake, database: Database) -> None:
    intake.register({name: ("phpbb", f"https://{name}.example") for name in ("een", "twee")})
    ours = NewPost(post=a_post(3, author="Zonnebank"), is_own=True)
    brought = [
        Delivery(source="een", kind="phpbb", posts=[a_mention(1), a_mention(1, text="Zonnebank later"), ours]),
        Delivery(source="twee", kind="phpbb", posts=[a_mention(1), NewPost(post=a_post(2, author="jan"))]),
        Delivery(source="leeg", kind="phpbb", posts=[NewPost(post=a_post(1))]),
    ]
    first = intake.store_all(brought)
    assert [(len(each.new_mentions), each.new_posts) for each in first] == [(1, 2), (1, 2), (0, 0)]
    assert [each.new_posts for each in intake.store_all(brought)] == [0, 0, 0]
    assert sorted(kinds(database)) == ["answered_elsewhere", "context", "context", "found", "found"]
    assert count(database, tables.Case) == 2
    event, case = tables.Event.__table__, tables.Case.__table__
    with database.read() as connection:
        newest = sa.select(sa.func.max(event.c.id), sa.func.count()).group_by(event.c.case_id)
        said = sorted(map(tuple, connection.execute(newest)))
        assert said == sorted(map(tuple, connection.execute(sa.select(case.c.changed, case.c.version))))


def test_the_log_of_visits_is_kept_within_bounds(
    intake: Intake, database: Database, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "TRIM_EVERY", 4)
    monkeypatch.setattr(roster, "LOG_MOST", 6)

    def visit() -> None:
        now = clock()
        intake.finish(Visit(source="forum", started_at=now, finished_at=now, next_at=now, interval=900))

    for _ in range(12):
        visit()
    assert 6 <= count(database, tables.VisitLog) < 6 + roster.TRIM_EVERY
    clock.advance(days=91)
    for _ in range(4):
        visit()
    assert count(database, tables.VisitLog) == 4
