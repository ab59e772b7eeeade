"""Tickets, reviews and articles as trackers, shops and blogs write them that nobody described."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listener.sources import blocks
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

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


def test_a_thread_whose_address_is_that_of_its_newest_post_is_known_by_its_opener(thread: Read) -> None:
    earlier, later = (thread(f"forumpost/{number}", "fossil_thread.html") for number in ("2fcf7cc57d", "5ede747555"))
    assert [post.external_id for post in earlier.posts] == [post.external_id for post in later.posts]
    assert {post.conversation_id for post in later.posts} == {f"{SITE}/forumpost/#forum13"}
    assert thread("t/issue4", "roundup_issue.html").posts[0].conversation_id == f"{SITE}/t/issue4"


def test_the_second_page_of_a_thread_known_by_its_opener_belongs_to_it(page: Callable[..., Page]) -> None:
    url = f"{SITE}/forumpost/5ede747555"
    found = page(url, "blocks/fossil_thread.html")
    more = found.body.replace(b"</body>", b"<a rel='next' href='/forumpost/5ede747555?page=2'>2</a></body>")
    first = blocks.read(replace(found, body=more), Link(url=url, role="conversation", conversation=url), SOURCE)
    (onward,) = first.links
    assert onward.conversation == url, "what the walk asked for"
    second = blocks.read(replace(found, url=onward.url), onward, SOURCE)
    assert {post.conversation_id for post in second.posts} == {first.posts[0].conversation_id}


def test_a_row_that_begins_with_its_title_and_goes_on_with_a_count_is_no_post() -> None:
    title = "<a href='/forumpost/a{n}'> Zonnebank vraag {n}</a>"
    row = f"<tr><td>{{n}} seconds ago</td>\n<td>{title}</td>\n<td>{{n}} posts spanning {{n}} seconds</td>\n</tr>"
    body = f"<h1>Threads</h1><table>{''.join(row.format(n=n) for n in range(2, 6))}</table>".encode()
    url = f"{SITE}/forum"
    found = Page(url=url, status=200, headers={}, body=body, fetched_at=datetime(2026, 11, 22, tzinfo=UTC))
    reading = blocks.read(found, Link(url=url), SOURCE)
    assert [link.url for link in reading.links] == [f"{SITE}/forumpost/a{n}" for n in range(2, 6)]
    assert not reading.posts


def test_a_date_that_stands_behind_the_writer_s_link_is_found(thread: Read) -> None:
    posts = thread("forumpost/5ede747555", "fossil_thread.html").posts
    assert [post.author for post in posts] == NAMES
    assert posts[0].text.startswith(FIRST)
    assert [post.parent_id for post in posts[2:]] == [posts[1].external_id, posts[0].external_id, posts[3].external_id]
    assert posts[1].url == f"{SITE}/forumpost/1f7179ad4c6f49e9"


def test_reviews_are_signed_by_who_reviewed_whatever_their_headings_lead_to(thread: Read) -> None:
    posts = thread("catalogue/sms_4/reviews/", "oscar_reviews.html").posts
    assert sorted(post.author for post in posts) == ["alert_anja", "hulpvaardig_henk", "nieuwsgierig_nico", "pieter_p"]
    assert {post.text.split("\n")[-1] for post in posts if post.author == "nieuwsgierig_nico"} == {
        "Hoe herken je zo'n sms eigenlijk?"
    }


@pytest.mark.parametrize(("second", "month"), [("11/23/2026", 11), ("2/12/2026", 12)])
def test_a_date_that_can_be_read_in_one_way_tells_how_the_others_are_read(
    page: Callable[..., Page], second: str, month: int
) -> None:
    rows = (("jan", "11/12/2025", "Ja, hier precies hetzelfde."), ("henk", second, "Even opnieuw installeren hielp."))
    body = "".join(
        f"<div id=p{n}><b>{who}</b> <i>{at}</i><p>{said}</p></div>" for n, (who, at, said) in enumerate(rows)
    )
    link = Link(url=f"{SITE}/t/1", role="conversation", conversation=f"{SITE}/t/1")
    first = blocks.read(page(link.url, body=f"<h1>Storing</h1>{body}".encode()), link, SOURCE).posts[0]
    assert first.published_at is not None
    assert first.published_at.month == month


COMMENTS = "<h3>Reacties</h3><div class=comments>{}</div>"
COMMENT = (
    "<div class=comment id=c{0}><b>lezer{0}</b> <time datetime=2026-11-2{0}T10:00Z>{0}</time>"
    "<p>Reactie nummer {0} van ons.</p></div>"
)


@pytest.mark.parametrize(
    ("below", "is_whole"),
    [
        (COMMENTS.format(COMMENT.format(0) + COMMENT.format(1)), True),
        (COMMENTS.format(COMMENT.format(0) + COMMENT.format(1)) + "<a href=?all=1>Alle 12 reacties</a>", False),
        (COMMENTS.format(""), False),
    ],
)
def test_a_comment_is_gone_where_an_article_shows_the_others_and_no_way_to_more(
    page: Callable[..., Page], below: str, is_whole: bool
) -> None:
    said = "<p>De app van Zonnebank doet het vandaag weer niet, en niemand weet waarom dat zo is.</p>" * 3
    article = f"<article><h1>Storing</h1><time datetime=2026-11-19T10:00Z>19 nov</time>{said}</article>"
    link = Link(url=f"{SITE}/blog/storing/", role="conversation", conversation=f"{SITE}/blog/storing/")
    reading = blocks.read(page(link.url, body=f"<html><body>{article}{below}".encode()), link, SOURCE)
    assert reading.posts[0].kind == PostKind.ARTICLE
    assert reading.incomplete is not is_whole


def test_a_notice_of_an_edit_of_one_comment_does_not_hide_the_others(page: Callable[..., Page], thread: Read) -> None:
    before = thread("ticket/4", "trac_ticket.html").posts
    ticket = page(f"{SITE}/ticket/4", "blocks/trac_ticket.html")
    edited = '<p>\nHoe herken</p><p>Last edited <a class="timeline" title="11/22/26 05:53:30">1 hour ago</a> by jan</p>'
    body = ticket.body.replace(b"<p>\nHoe herken", edited.encode())
    link = Link(url=ticket.url, role="conversation", conversation=ticket.url)
    after = blocks.read(page(ticket.url, body=body), link, SOURCE).posts
    assert body != ticket.body
    assert [post.external_id for post in after] == [post.external_id for post in before]


def test_an_american_article_is_dated_by_its_weekdays_and_signed_as_its_line_says(thread: Read) -> None:
    first, *below = thread("node/1", "drupal_node.html").posts
    assert (first.author, first.kind) == ("marieke_v", PostKind.ARTICLE)
    assert first.text.startswith("Sinds de update van vanochtend")
    moments = [post.published_at for post in (first, *below)]
    assert moments[:2] == [datetime(2026, 11, 9, 12, tzinfo=UTC), datetime(2026, 11, 9, 12, 37, tzinfo=UTC)]
    assert [post.author for post in below] == ["jan.de.boer", "hulpvaardig_henk", "marieke_v", "Zonnebank Webcare"]
    assert [post.parent_id for post in below] == ["", "", below[1].external_id, ""]
    assert below[0].text == "Ja, hier precies hetzelfde. Foutcode ZB-1042 op een Pixel 7."


def test_a_thread_with_the_newest_first_is_opened_by_its_last_post(thread: Read) -> None:
    *answers, first = thread("t/issue4", "roundup_issue.html").posts
    assert (first.author, first.kind) == ("alert_anja", PostKind.POST)
    assert "Pas op: nep-sms uit naam van Zonnebank" in first.title
    assert {(post.title, post.kind) for post in answers} == {("", PostKind.REPLY)}


def test_a_ticket_goes_by_the_same_name_before_and_after_its_first_comment(thread: Read) -> None:
    (alone,) = thread("ticket/12", "trac_new.html").posts
    assert (alone.author, alone.kind) == ("nerd_nadia", PostKind.POST)
    assert alone.text.startswith("De nieuwsbrief toont")
    answered = thread("ticket/4", "trac_ticket.html").posts[0]
    assert (alone.external_id, answered.external_id) == (f"{SITE}/ticket/12#12", f"{SITE}/ticket/4#4")
