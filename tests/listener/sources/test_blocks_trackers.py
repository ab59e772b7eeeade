"""Tickets and forums as Trac, Roundup and Fossil write them, where what opens a thread looks unlike its answers."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.sources import blocks
from listener.types import Link, Page, Reading, SourceSpec

SITE = "https://praat.example"
SOURCE = SourceSpec(name="praat", url=f"{SITE}/", kind="blocks")
NAMES = ["alert_anja", "pieter_p", "alert_anja", "nieuwsgierig_nico", "hulpvaardig_henk"]
FIRST = 'Kreeg vandaag een sms: "Uw Zonnebankpas verloopt, klik hier". Niet op klikken!'
Read = Callable[[str, str], Reading]


@pytest.fixture
def thread(page: Callable[..., Page]) -> Read:
    def read(path: str, file: str) -> Reading:
        url = f"{SITE}/{path}"
        link = Link(url=url, role="conversation", conversation=url)
        return blocks.read(page(url, f"blocks/{file}"), link, SOURCE)

    return read


def test_a_ticket_is_read_with_what_was_reported_and_its_comments_answer_those_they_name(thread: Read) -> None:
    reading = thread("ticket/4", "trac_ticket.html")
    posts = reading.posts
    assert [post.author for post in posts] == NAMES
    assert posts[0].title == "Pas op: nep-sms uit naam van Zonnebank"
    assert posts[0].text.startswith(FIRST)
    assert posts[1].text == "Zelfde hier, drie keer deze week. Doorgestuurd naar de fraudehelpdesk."
    assert [post.parent_id for post in posts] == ["", "", posts[1].external_id, "", posts[3].external_id]
    assert posts[4].url == f"{SITE}/ticket/4#comment:4"


def test_a_date_that_may_be_read_in_two_ways_is_read_as_the_address_behind_it_says(thread: Read) -> None:
    posts = thread("ticket/4", "trac_ticket.html").posts
    assert posts[0].published_at == datetime(2026, 11, 12, 18, tzinfo=UTC)
    assert posts[4].published_at == datetime(2026, 11, 12, 20, 28, tzinfo=UTC)


def test_the_next_ticket_is_no_next_page(thread: Read) -> None:
    assert thread("ticket/4", "trac_ticket.html").links == ()


def test_who_wrote_stands_behind_a_label_and_a_number_leads_to_each_message(thread: Read) -> None:
    posts = thread("t/issue4", "roundup_issue.html").posts
    assert [post.author for post in posts] == NAMES[::-1]
    assert posts[4].text.startswith(FIRST)
    assert (posts[4].url, posts[4].external_id) == (f"{SITE}/t/msg12", f"{SITE}/t/issue4#msg12")


def test_a_date_that_stands_behind_the_writer_s_link_is_found(thread: Read) -> None:
    posts = thread("forumpost/5ede747555", "fossil_thread.html").posts
    assert [post.author for post in posts] == NAMES
    assert posts[0].text.startswith(FIRST)
    assert [post.parent_id for post in posts[2:]] == [posts[1].external_id, posts[0].external_id, posts[3].external_id]
    assert posts[1].url == f"{SITE}/forumpost/1f7179ad4c6f49e9"
