"""What was forgotten stays forgotten: whatever brings it again, under whatever name a site is listened to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.database import Database
from storage.erasure import Erasure
from storage.intake import Intake
from storage.move import move
from storage.people import People
from storage.types import Match, NewPost, Opinion, Post, PostKind, ReadThread

NAME, WORDS, TITLE = "Qrsjandevries", "Xyzwonderlijk", "Zwxhypotheek"
SITE = "https://forum.example"


def everything(database: Database) -> str:
    """All that stands in all tables, as text in small letters."""
    with database.read() as connection:
        tables = SQLModel.metadata.sorted_tables
        return "\n".join(str(row) for table in tables for row in connection.execute(sa.select(table))).lower()


def found(post: Post, **more: Any) -> NewPost:
    match = (Match(brand="zonnebank", query="zonnebank"),)
    return NewPost(post=post, matches=match, opinion=Opinion(lang="nl"), wants_case=True, **more)


def said(number: int, text: str = "Ik ook bij Zonnebank", *, author: str = "", **more: Any) -> Post:
    """A post of a topic of a forum that numbers its members, as such a forum shows it."""
    name = author or f"lid{number}"
    about = {
        "external_id": f"12/{number}",
        "url": f"{SITE}/t/12/{number}",
        "author": name,
        "author_id": f"u-{name}",
        "author_url": f"{SITE}/members/{name}",
        "conversation_id": "12",
        "conversation_url": f"{SITE}/t/12",
        "conversation_title": f"{TITLE} bij Zonnebank",
        "title": f"Re: {TITLE} bij Zonnebank",
        "kind": PostKind.REPLY,
        "parent_id": "12/1",
    }
    return Post(text=text, **about | more)  # type: ignore[arg-type]


OPENING = said(1, f"{WORDS} Zonnebank", author=NAME, title=f"{TITLE} bij Zonnebank", kind=PostKind.POST, parent_id="")
THREAD = ReadThread(
    external_id="12",
    url=f"{SITE}/t/12",
    title=OPENING.title,
    stamp="1",
    link={"url": f"{SITE}/t/12", "carry": {"title": OPENING.title, "slug": "x"}},
)


def visit(database: Database, *posts: Post, source: str = "forum", thread: ReadThread | None = THREAD) -> int:
    """Stores what a visit brought; gives the number of posts that were new."""
    threads: Sequence[ReadThread] = [thread] if thread else []
    return Intake(database).store(source, "phpbb", [found(each) for each in posts], threads).new_posts


def forget(database: Database, who: str = NAME) -> None:
    Erasure(database).forget(People(database).find(who).accounts, "anna")


def is_forgotten(database: Database) -> bool:
    left = everything(database)
    return not [word for word in (NAME, WORDS, TITLE) if word.lower() in left]


def test_the_title_of_a_topic_goes_with_who_opened_it_and_stays_away(database: Database) -> None:
    visit(database, OPENING, said(2), said(3))
    visit(database, OPENING, replace(said(2), text="Ik ook, Zonnebank!"), said(3))
    forget(database)
    assert is_forgotten(database)
    edited = replace(said(3), text="Ik toch niet, Zonnebank")
    assert visit(database, OPENING, said(2, "Ik ook, Zonnebank!"), edited, said(4)) == 1
    assert is_forgotten(database)
    with database.read() as connection:
        edits = connection.scalar(sa.text("SELECT count(*) FROM revision"))
        assert edits == 2, "a title that is left out is no edit of what others wrote"


def test_a_topic_that_is_first_seen_later_has_no_title_either(database: Database) -> None:
    visit(database, said(9, "Zonnebank!", author=NAME, conversation_id="7", external_id="7/9"), thread=None)
    forget(database)
    assert visit(database, OPENING, said(2)) == 1
    assert is_forgotten(database)
    assert visit(database, said(3)) == 1, "a later page, without the opening post"
    assert is_forgotten(database)


def test_a_title_that_somebody_else_gave_stays(database: Database) -> None:
    visit(database, replace(OPENING, author="Piet", author_id="u-piet", author_url=""), said(2, WORDS, author=NAME))
    forget(database)
    left = everything(database)
    assert TITLE.lower() in left and f"{WORDS.lower()} zonnebank" in left and NAME.lower() not in left


def as_feed(post: Post) -> Post:
    """The same post as the site's feed shows it: other identities, no account."""
    return replace(post, external_id=post.url, author_id="", author_url="", conversation_id="", conversation_url="")


@pytest.mark.parametrize(
    "again",
    [
        as_feed(OPENING),
        as_feed(replace(OPENING, author="")),
        replace(as_feed(OPENING), url=OPENING.url.replace("https:", "http:") + "/?utm_source=feed"),
        replace(OPENING, external_id="n1", url=f"{SITE}/t/99/1", conversation_id="99", conversation_url=f"{SITE}/t/99"),
        as_feed(replace(OPENING, url=f"{SITE}/t/99/1")),
        replace(as_feed(OPENING), url="https://elsewhere.example/1", author="J", author_url=OPENING.author_url),
    ],
    ids=["feed", "feed without a name", "another address", "a new post", "a new post in a feed", "another instance"],
)
def test_another_source_of_the_same_site_does_not_bring_them_back(database: Database, again: Post) -> None:
    visit(database, OPENING)
    forget(database)
    assert visit(database, again, source="forum-feed", thread=None) == 0
    assert is_forgotten(database)


def test_somebody_else_is_not_taken_for_who_was_forgotten(database: Database) -> None:
    visit(database, OPENING)
    forget(database)
    others = (
        replace(OPENING, external_id="a", url=f"{SITE}/a", author_id="u-2", author_url="", conversation_id="a"),
        replace(OPENING, external_id="b", url="https://other.example/b", author_id="", author_url=SITE, author="Piet"),
        replace(as_feed(OPENING), external_id="c", url="https://other.example/c"),
    )
    assert visit(database, *others, source="else", thread=None) == 3


def test_comments_below_an_article_share_its_address_and_are_not_forgotten_with_one_of_them(database: Database) -> None:
    article = {"url": f"{SITE}/a", "conversation_url": f"{SITE}/a", "kind": PostKind.COMMENT, "author_url": ""}
    visit(database, said(2, author=NAME, **article), said(3, **article))
    forget(database)
    assert visit(database, said(4, **article), source="other", thread=None) == 1


def test_the_answers_of_others_no_longer_lead_to_what_was_forgotten(database: Database) -> None:
    visit(database, OPENING, said(2))
    forget(database)
    visit(database, said(3))
    with database.read() as connection:
        assert set(connection.scalars(sa.text("SELECT parent_key FROM post"))) == {""}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_memory_of_what_is_forgotten_moves_along(database: Database, sqlite_database: Database) -> None:
    visit(database, OPENING)
    forget(database)
    move(database, sqlite_database, lambda table, rows: None)
    assert visit(sqlite_database, OPENING, as_feed(OPENING), said(2)) == 1
    assert is_forgotten(sqlite_database)


def test_a_message_that_waits_and_quotes_them_without_a_name_is_not_sent(database: Database) -> None:
    from storage.notices import Notices

    visit(database, OPENING)
    told = Notices(database)
    told.tell("rule a", ["chat"], "a: case 1", f"(unknown) on forum:\nWat zij zei\n{OPENING.url}")
    told.tell("rule b", ["chat"], "b: case 2", "Piet: iets anders")
    forget(database)
    message = told.take("chat", an_hour=10)
    assert message and [each.title for each in message.notices] == ["b: case 2"]
