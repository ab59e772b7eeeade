"""A phpBB board in a subfolder, heard through its feed and through its lists, in the markups of three generations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import phpbb
from listener.types import Link, Page, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

BOARD = "http://board.example/forum/"
SOURCE = SourceSpec(name="geld", kind="phpbb", url="http://board.example/forum")
TITLE = "Zonnebank app: kan niet meer inloggen na update"


def topic(page: Pages, file: str = "viewtopic.html", url: str = "viewtopic.php?t=5", role: str = "conversation"):  # type: ignore[no-untyped-def]
    return phpbb.read(page(BOARD + url, f"phpbb/{file}"), Link(url=BOARD + url, role=role, conversation="5"), SOURCE)


def test_a_board_is_entered_at_its_index_and_later_at_its_feed() -> None:
    assert [link.url for link in phpbb.start(SOURCE, {})] == [BOARD]
    feed = BOARD + "app.php/feed"
    assert [(link.url, link.role) for link in phpbb.start(SOURCE, {"feed": feed})] == [(feed, "feed")]


@pytest.mark.parametrize("address", ["forum/", "forum/index.php", "forum/app.php/feed", "forum/index.php?sid=1"])
def test_the_board_is_found_from_any_of_its_addresses(address: str) -> None:
    source = SourceSpec(name="geld", url="http://board.example/" + address)
    assert phpbb.start(source, {})[0].url == BOARD


def test_the_address_of_one_forum_or_topic_is_read_alone() -> None:
    for address, role in (("viewforum.php?f=2&sid=1", "forum"), ("viewtopic.php?f=2&t=5", "last")):
        [link] = phpbb.start(SourceSpec(name="geld", url=BOARD + address), {})
        assert (link.url, link.role) == (BOARD + address.replace("&sid=1", ""), role)


def test_the_index_leads_to_every_forum_and_remembers_the_feed(page: Pages) -> None:
    reading = phpbb.read(page(BOARD, "phpbb/index.html"), Link(url=BOARD, role="index"), SOURCE)
    assert [link.url for link in reading.links] == [BOARD + f"viewforum.php?f={number}" for number in (2, 4, 3)]
    assert reading.memory["feed"] == BOARD + "app.php/feed"
    without_feed = phpbb.start(SOURCE, {**reading.memory, "feed": ""})
    assert [link.url for link in without_feed] == [BOARD, *(link.url for link in reading.links)]


def test_a_forum_gives_each_topic_with_a_stamp_and_its_next_page(page: Pages) -> None:
    url = BOARD + "viewforum.php?f=2"
    reading = phpbb.read(page(url, "phpbb/viewforum.html"), Link(url=url, role="forum", carry={"pages": 2}), SOURCE)
    assert [(link.url, link.conversation, link.stamp) for link in reading.links] == [
        (BOARD + "viewtopic.php?t=5", "5", "p131|20"),
        (BOARD + "viewtopic.php?t=6", "6", "2026-11-15T10:00:00+00:00|2"),
        (BOARD + "viewforum.php?f=2&start=25", "", ""),
    ]


def test_the_feed_rings_once_a_topic_with_the_newest_post_and_the_last_edit(page: Pages) -> None:
    url = BOARD + "app.php/feed"
    link = Link(url=url, role="feed", carry={"newest": 95, "listed_at": "2026-11-22T11:00:00+00:00"})
    reading = phpbb.read(page(url, "phpbb/feed.xml"), link, SOURCE)
    assert [(each.url, each.conversation, each.stamp) for each in reading.links] == [
        (BOARD + "viewtopic.php?t=5", "5", "p131"),
        (BOARD + "viewtopic.php?t=6", "6", "p90e2026-11-17T20:00:00+01:00"),
    ]
    assert reading.memory["newest"] == 131


@pytest.mark.parametrize(
    "carry",
    [
        {"newest": 80, "listed_at": "2026-11-22T11:00:00+00:00"},
        {"newest": 131, "listed_at": "2026-11-21T11:00:00+00:00"},
        {},
    ],
    ids=["posts fell out of the feed", "a day has passed", "never listed"],
)
def test_the_lists_are_walked_when_the_feed_cannot_have_shown_all(page: Pages, carry: dict[str, object]) -> None:
    url = BOARD + "app.php/feed"
    reading = phpbb.read(page(url, "phpbb/feed.xml"), Link(url=url, role="feed", carry=carry), SOURCE)
    assert BOARD in [link.url for link in reading.links if link.role == "index"]


def test_a_feed_that_names_posts_only_rings_for_the_forums_that_moved(page: Pages) -> None:
    url = BOARD + "app.php/feed"
    body = page(url, "phpbb/feed.xml").body.replace(b"t=5&amp;", b"").replace(b"t=6&amp;", b"")
    link = Link(url=url, role="feed", carry={"newest": 95, "listed_at": "2026-11-22T11:00:00+00:00"})
    reading = phpbb.read(page(url, body=body), link, SOURCE)
    assert [(each.url, each.role) for each in reading.links] == [
        (BOARD + "viewforum.php?f=2", "forum"),
        (BOARD, "index"),
    ]


def test_feeds_turned_off_lead_to_the_lists_and_shut_lists_to_the_feeds() -> None:
    gone = FetchError("not found", status=404)
    feed = Link(url=BOARD + "app.php/feed", role="feed")
    assert phpbb.fallback(feed, gone, SOURCE, {})[0].role == "index"
    link, tried = Link(url=BOARD, role="index"), []
    while following := phpbb.fallback(link, gone, SOURCE, {}):
        [link] = following
        tried.append(link.url.removeprefix(BOARD))
    assert tried == ["app.php/feed", "feed.php", "feed"]
    assert phpbb.fallback(feed, FetchError("busy", status=503), SOURCE, {}) == []


def test_a_post_keeps_its_text_author_time_and_place(page: Pages) -> None:
    first, second, third = topic(page).posts
    assert first.text == (
        "Sinds de update van vanochtend kan ik niet meer inloggen in de app van Zonnebank. "
        "Ik krijg steeds foutcode ZB-1042.\n\n"
        "Heeft iemand anders dit ook? De klantenservice van Zonnebank neemt niet op. :("
    )
    assert (first.external_id, first.conversation_id, first.parent_id) == ("101", "5", "")
    assert (first.author, first.author_id) == ("marieke_v", "3")
    assert first.author_url == BOARD + "memberlist.php?mode=viewprofile&u=3"
    assert first.url == BOARD + "viewtopic.php?p=101#p101"
    assert first.conversation_url == BOARD + "viewtopic.php?t=5"
    assert (first.title, first.conversation_title, first.kind) == (TITLE, TITLE, PostKind.POST)
    assert first.published_at == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert first.edited_at == datetime(2026, 11, 16, 8, 20, tzinfo=UTC)
    assert (second.author, second.author_id, second.author_url) == ("jan.de.boer", "jan.de.boer", "")
    assert second.text.endswith("op een Pixel 7.\n\nadb logcat\nZB-1042")
    assert (second.title, third.title) == ("", "Storing verholpen")
    assert {second.kind, third.kind} == {PostKind.REPLY}


def test_a_quote_that_names_a_post_is_its_parent_and_stays_a_quote(page: Pages) -> None:
    third = topic(page).posts[2]
    assert third.parent_id == "101"
    assert third.author == "Zonnebank Webcare"
    assert third.text == (
        "> marieke_v schreef:\n>\n> Heeft iemand anders dit ook?\n\n"
        "Dag Marieke, excuus voor het ongemak. De storing is om 11:40 verholpen."
    )


def test_the_other_pages_of_a_topic_are_asked_for_newest_first(page: Pages) -> None:
    links = topic(page).links
    assert [link.url for link in links] == [BOARD + f"viewtopic.php?t=5&start={start}" for start in (20, 10)]
    assert {link.conversation for link in links} == {"5"}
    last = phpbb.read(page(links[0].url, "phpbb/viewtopic_page3.html"), links[0], SOURCE)
    assert not last.links
    assert [(post.external_id, post.kind, post.conversation_id) for post in last.posts] == [
        ("131", PostKind.REPLY, "5")
    ]


def test_a_topic_entered_by_a_post_on_its_last_page_is_read_from_the_start(page: Pages) -> None:
    reading = topic(page, "viewtopic_page3.html", "viewtopic.php?p=131")
    assert [link.url for link in reading.links] == [BOARD + f"viewtopic.php?t=5&start={start}" for start in (10, 0)]
    assert reading.posts[0].kind is PostKind.REPLY


def test_a_board_of_the_first_generation_is_read_on_its_own_clock(page: Pages) -> None:
    reading = topic(page, "viewtopic_30.html", "viewtopic.php?f=3&t=8")
    first, second = reading.posts
    assert first.published_at == datetime(2026, 11, 17, 20, 31, tzinfo=UTC)
    assert second.published_at == datetime(2026, 11, 21, 13, 5, tzinfo=UTC)
    assert second.edited_at == datetime(2026, 11, 21, 14, tzinfo=UTC)
    assert (first.author, first.author_id, second.author) == ("expat_emma", "11", "Guest")
    assert first.url == BOARD + "viewtopic.php?p=201#p201"
    assert second.text == "> Four days\n\nMine took five."
    assert first.conversation_id == "8"
    assert [link.url for link in reading.links] == [BOARD + "viewtopic.php?f=3&t=8&start=10"]


def test_a_place_named_in_the_language_of_the_board_tells_its_summer_time_too(page: Pages) -> None:
    url = BOARD + "viewtopic.php?f=3&t=8"
    foot = b'All times are <span title="Europa/Amsterdam">UTC+01:00</span>'
    body = page("", "phpbb/viewtopic_30.html").body.replace(b"All times are UTC + 1 hour", foot)
    summer = body.replace(b"Nov 17, 2026", b"Jul 17, 2026")
    link = Link(url=url, role="conversation")
    found = [phpbb.read(page(url, body=each), link, SOURCE).posts[0].published_at for each in (body, summer)]
    assert found == [datetime(2026, 11, 17, 20, 31, tzinfo=UTC), datetime(2026, 7, 17, 19, 31, tzinfo=UTC)]


def test_a_zone_in_the_options_goes_before_the_one_on_the_page(page: Pages) -> None:
    source = SourceSpec(name="geld", url=BOARD, options={"timezone": "America/New_York"})
    url = BOARD + "viewtopic.php?f=3&t=8"
    first = phpbb.read(page(url, "phpbb/viewtopic_30.html"), Link(url=url, role="conversation"), source).posts[0]
    assert first.published_at == datetime(2026, 11, 18, 2, 31, tzinfo=UTC)


def test_a_page_without_posts_says_what_the_board_says(page: Pages) -> None:
    body = (
        b'<html><body><div class="panel" id="message"><h2>Info</h2><p>You are not authorised.</p></div></body></html>'
    )
    with pytest.raises(ReadError, match="it says: You are not authorised"):
        phpbb.read(page(BOARD, body=body), Link(url=BOARD, role="conversation"), SOURCE)


def test_a_topic_that_claims_endless_pages_asks_for_the_newest_few(page: Pages) -> None:
    body = (
        page("", "phpbb/viewtopic.html")
        .body.replace(b"start=20", b"start=999999999")
        .replace(b"p=131", b"p=" + b"9" * 9999)
    )
    links = phpbb.read(page(BOARD + "viewtopic.php?t=5", body=body), Link(url=BOARD, role="conversation"), SOURCE).links
    assert len(links) == phpbb.MOST_PAGES
    listed = page("", "phpbb/viewforum.html").body.replace(b"131", b"9" * 9999)
    assert phpbb.read(page(BOARD, body=listed), Link(url=BOARD, role="forum"), SOURCE).links


@pytest.mark.parametrize("body", [b"", b"<" * 50_000, b"<div id='p1' class='post'>" * 50_000, b"\x00\xff" * 999])
@pytest.mark.parametrize("role", ["index", "forum", "conversation", "feed"])
def test_hostile_pages_are_refused_with_a_sentence_or_read_as_empty(page: Pages, body: bytes, role: str) -> None:
    try:
        assert not phpbb.read(page(BOARD, body=body), Link(url=BOARD, role=role), SOURCE).posts
    except ReadError as error:
        assert len(str(error)) < 500
