"""An Askbot site tells which questions moved; a question is read with its answers and all their comments."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import askbot
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

SITE = "https://vraag.example"
QUESTION = f"{SITE}/nl/question/40/wat-is-de-rente/"
SPEC = SourceSpec(name="vraag", url=f"{SITE}/nl/questions/")


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[..., Reading]:
    def reading(link: Link, found: Any) -> Reading:
        is_file = isinstance(found, str)
        body = b"" if is_file else found if isinstance(found, bytes) else json.dumps(found).encode()
        return askbot.read(page(link.url, f"askbot/{found}" if is_file else "", body=body), link, SPEC)

    return reading


@pytest.fixture
def questions() -> Link:
    return askbot.start(SPEC, {})[0]


@pytest.fixture
def question(read: Callable[..., Reading], questions: Link) -> Link:
    return read(questions, "questions.json").links[0]


@pytest.mark.parametrize(
    "path", ["", "/", "/questions/", "/nl/questions/scope:all/", "/zh-cn/users/3/anna/", "/feeds/rss/"]
)
def test_a_site_is_known_by_any_of_its_addresses(path: str) -> None:
    (link,) = askbot.start(SourceSpec(name="v", url=SITE + path), {})
    assert link.url == f"{SITE}/api/v1/questions/?sort=activity-desc&page=1"


def test_one_question_or_some_tags_are_listened_to() -> None:
    (one,) = askbot.start(SourceSpec(name="v", url=f"{QUESTION}?answer=41#post-id-41"), {})
    assert (one.url, one.role, one.conversation) == (f"{QUESTION}?sort=latest", "question", "40")
    (tagged,) = askbot.start(SourceSpec(name="v", url=SITE, options={"tags": ["rente", "c++"]}), {})
    assert tagged.url == f"{SITE}/api/v1/questions/?sort=activity-desc&tags=rente%2Cc%2B%2B&page=1"


def test_a_question_is_stamped_with_its_answers_and_activity(read: Callable[..., Reading], questions: Link) -> None:
    reading = read(questions, "questions.json")
    first, second, more = reading.links
    assert (first.url, first.conversation, first.stamp) == (f"{QUESTION}?sort=latest", "40", "2/1795370000")
    assert second.url == f"{SITE}/question/30/?sort=latest"
    assert more.url.endswith("&page=2")
    (known,) = askbot.start(SPEC, reading.memory)
    assert len(read(known, "questions.json").links) == 2


def test_a_question_is_read_with_answers_and_comments(read: Callable[..., Reading], question: Link) -> None:
    posts = {post.external_id: post for post in read(question, "question.html").posts}
    asked, answer, remark, below = (posts[each] for each in ("40", "41", "42", "44"))
    assert (asked.title, asked.kind, asked.url) == ("Wat is de rente bij Zonnebank?", PostKind.POST, QUESTION)
    assert asked.text == "Weet iemand het?\n\n> Twee procent, zei de bank."
    assert (asked.author, asked.author_url) == ("anna", f"{SITE}/nl/users/3/anna/")
    assert asked.published_at == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert asked.edited_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert (answer.text, answer.author, answer.kind) == ("Anderhalf procent.", "Anoniem", PostKind.REPLY)
    assert (answer.parent_id, answer.url) == ("", f"{QUESTION}?answer=41#post-id-41")
    assert (remark.text, remark.author, remark.parent_id) == ("Ik ook benieuwd, @anna.", "piet", "")
    assert (below.text, below.author, below.parent_id, below.kind) == ("Klopt.", "anna", "41", PostKind.COMMENT)
    assert below.published_at == datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    assert (posts["43"].partial, posts["43"].text, posts["43"].author) == (True, "Een lang verhaal ...", "")
    assert {post.conversation_id for post in posts.values()} == {"40"}


def test_a_question_is_read_in_the_theme_of_newer_versions(read: Callable[..., Reading], question: Link) -> None:
    reading = read(question, "question_0_13.html")
    asked, newest, staff, edited, thanks = reading.posts
    assert [each.author for each in reading.posts] == [
        "marieke_v", "opa_kees", "Zonnebank Webcare", "hulpvaardig_henk", "marieke_v"
    ]  # fmt: skip
    assert (asked.title, asked.edited_at) == ("Zonnebank app: kan niet meer inloggen na update", None)
    assert asked.published_at == datetime(2026, 11, 1, 8, 4, tzinfo=UTC)
    assert asked.text.endswith("\n\nHeeft iemand anders dit ook? De klantenservice van Zonnebank neemt niet op.")
    assert (newest.external_id, newest.text) == ("124", "Een nieuw antwoord over Zonnebank van vandaag.")
    assert (staff.author_url, staff.parent_id) == (f"{SITE}/users/1/zonnebank-webcare/", "")
    assert edited.published_at == datetime(2026, 11, 2, 2, 11, tzinfo=UTC)
    assert edited.edited_at == datetime(2026, 11, 22, 23, 18, 43, tzinfo=UTC)
    assert (thanks.parent_id, thanks.published_at) == ("63", datetime(2026, 11, 2, 11, 18, tzinfo=UTC))
    assert thanks.text == "Dank je Henk, dat werkte! Wel gek dat Zonnebank dit zelf niet op de site zet."
    assert reading.links == ()  # the button for more comments is hidden where there are none


def test_a_theme_of_the_sites_own_is_read_by_what_it_describes(read: Callable[..., Reading], question: Link) -> None:
    with pytest.raises(ReadError) as strange:
        read(question, b"<html><p>Vraag</p></html>")
    (described,) = askbot.fallback(question, strange.value, SPEC, {})
    assert described.url == QUESTION
    page = b"<div itemscope itemtype='https://schema.org/Question'><p itemprop=text>Hoeveel?</p></div>"
    assert [each.text for each in read(described, page).posts] == ["Hoeveel?"]


def test_what_a_page_leaves_out_is_asked_for(read: Callable[..., Reading], question: Link) -> None:
    further, comments = read(question, "question.html").links
    assert (further.url, further.conversation) == (f"{QUESTION}?sort=latest&page=2", "40")
    assert len(read(further, "question.html").links) == 1
    assert comments.url == f"{SITE}/s/post_comments/?post_id=41&post_type=answer&avatar_size=0"
    assert askbot.headers(SPEC)["X-Requested-With"] == "XMLHttpRequest"
    shown: tuple[Post, ...] = read(question, "question.html").posts
    told = read(comments, "comments.json").posts
    assert told[0] == next(post for post in shown if post.external_id == "44")
    assert (told[1].external_id, told[1].text, told[1].parent_id) == ("45", "Dank je!", "41")
    (older,) = askbot.fallback(comments, FetchError("Weg.", status=404), SPEC, {})
    assert older.url == f"{SITE}/post_comments/?post_id=41&post_type=answer&avatar_size=0"


def test_a_closed_interface_leaves_the_feed(read: Callable[..., Reading], questions: Link) -> None:
    (feed,) = askbot.fallback(questions, FetchError("Weg.", status=404), SPEC, {})
    assert feed.url == f"{SITE}/feeds/rss/"
    (lead,) = read(feed, "feed.xml").links
    assert (lead.url, lead.conversation, lead.role) == (f"{QUESTION}?sort=latest", "40", "question")
    assert askbot.fallback(questions, FetchError("Stuk.", status=500), SPEC, {}) == []


def test_what_is_not_askbots_is_refused(read: Callable[..., Reading], questions: Link, question: Link) -> None:
    for link, found in ((questions, {"x": 1}), (question, b"<html><p>Log in"), (questions, b"<html>")):
        with pytest.raises(ReadError, match=r"\.$"):
            read(link, found)
    with pytest.raises(ReadError, match=r"\.$"):
        read(Link(url=SITE, role="comments"), {"html": "x"})
