"""A forum without feed, API or schema.org, read with nothing but selectors in its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listener.errors import ReadError
from listener.sources import selectors
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

SITE = "http://forum.example"
THREAD = f"{SITE}/topic/1-zonnebank-app:-kan-niet-meer-inloggen"
SOURCE = SourceSpec(
    name="forum",
    kind="selectors",
    url=SITE,
    options={
        "lists": ".forum-name a",
        "list": "div.topic-name a",
        "stamp": ".topic-last-post > a@href",
        "item": "div.post-row",
        "id": "@id",
        "title": ".topic-head a",
        "text": ".post-content",
        "author": ".author-name h4",
        "date": ".post-meta .pull-left > a",
        "date_pattern": "%d %B %Y - %H:%M",
        "timezone": "Europe/Amsterdam",
        "permalink": ".post-meta a@href",
        "parent": "a.answers@href",
        "next": "ul.pagination a",
    },
)


def reading(page: Pages, file: str, url: str, role: str, source: SourceSpec = SOURCE) -> Reading:
    thread = url if role == "conversation" else ""
    link = Link(url=url, role=role, conversation=thread, carry={"pages": 2})
    return selectors.read(page(url, f"selectors/{file}"), link, source)


def without(*names: str, **others: str) -> SourceSpec:
    kept = {name: value for name, value in SOURCE.options.items() if name not in names}
    return replace(SOURCE, options=kept | others)


@pytest.mark.parametrize(
    ("source", "role"), [(SOURCE, "lists"), (without("lists"), "list"), (without("lists", "list"), "page")]
)
def test_the_options_say_what_the_address_shows(source: SourceSpec, role: str) -> None:
    assert selectors.start(source, {})[0].role == role


def test_a_list_of_lists_leads_to_each(page: Pages) -> None:
    links = reading(page, "index.html", SITE + "/", "lists").links
    assert [(link.url, link.role) for link in links] == [
        (f"{SITE}/forum/1-geldzaken", "list"),
        (f"{SITE}/forum/2-general", "list"),
    ]


def test_a_list_leads_to_its_threads_with_what_shows_a_change_and_to_its_next_page(page: Pages) -> None:
    links = reading(page, "list.html", f"{SITE}/forum/1-geldzaken", "list").links
    assert [(link.url, link.conversation, link.stamp) for link in links] == [
        (THREAD, THREAD, f"{SITE}/post/37"),
        (f"{SITE}/topic/2-spaarrente", f"{SITE}/topic/2-spaarrente", f"{SITE}/post/9"),
        (f"{SITE}/forum/1-geldzaken?page=2", "", ""),
    ]


def test_a_thread_gives_its_posts_whole(page: Pages) -> None:
    first, second = reading(page, "thread.html", THREAD, "conversation").posts
    assert first.text == "Sinds de update kan ik niet meer inloggen bij Zonnebank.\n\nIemand anders ook?"
    assert (first.external_id, first.url, first.conversation_id) == ("1", f"{SITE}/post/1", THREAD)
    assert (first.author, first.author_url) == ("marieke_v", f"{SITE}/user/marieke_v")
    assert (first.title, first.kind) == ("Zonnebank app: kan niet meer inloggen", PostKind.POST)
    assert first.published_at == datetime(2026, 11, 21, 12, 45, tzinfo=UTC)
    assert (second.author, second.author_url, second.parent_id) == ("jan.de.boer", "", "1")
    assert (second.title, second.conversation_title) == ("", "Zonnebank app: kan niet meer inloggen")
    assert second.text.startswith("> Iemand anders ook?\n\nJa, hier ook.")


def test_the_other_pages_belong_to_the_same_thread_and_open_nothing(page: Pages) -> None:
    [link] = reading(page, "thread.html", THREAD, "conversation").links
    assert (link.url, link.conversation) == (f"{THREAD}?page=2", THREAD)
    further = selectors.read(page(link.url, "selectors/thread.html"), link, SOURCE)
    assert {(post.conversation_id, post.kind) for post in further.posts} == {(THREAD, PostKind.REPLY)}
    assert further.links == ()


def test_posts_without_an_id_keep_the_same_identity_from_visit_to_visit(page: Pages) -> None:
    source = without("id", "permalink", item=".author-name")
    twice = [
        reading(page, "thread.html", THREAD, "conversation", without("text", "id", "permalink", item=".post-meta"))
    ] * 2
    assert {post.external_id for post in twice[0].posts} == {post.external_id for post in twice[1].posts}
    assert len({post.external_id for post in twice[0].posts}) == 2
    with pytest.raises(ReadError, match=r"'\.post-content' \(option text\)"):
        reading(page, "thread.html", THREAD, "conversation", source)


@pytest.mark.parametrize(
    ("key", "file", "role"),
    [("lists", "index.html", "lists"), ("list", "list.html", "list"), ("item", "thread.html", "")],
)
def test_a_selector_that_finds_nothing_is_named(page: Pages, key: str, file: str, role: str) -> None:
    with pytest.raises(ReadError, match=rf"'\.gone' \(option {key}\) finds nothing on {SITE}"):
        reading(page, file, SITE + "/", role, without(key, **{key: ".gone"}))


def test_a_selector_that_is_none_is_refused_with_its_text(page: Pages) -> None:
    with pytest.raises(ReadError, match=r"'div\[' is no CSS selector"):
        reading(page, "thread.html", THREAD, "conversation", without("item", item="div["))
    with pytest.raises(ReadError, match="needs the option item"):
        reading(page, "thread.html", THREAD, "conversation", without("item"))


def test_a_number_of_pages_that_is_none_is_refused() -> None:
    with pytest.raises(ReadError, match="list_pages must be a whole number of at least 1, not 'veel'"):
        selectors.start(without("item", list_pages="veel"), {})


def test_a_page_nested_without_end_is_read_within_bounds(page: Pages) -> None:
    link = Link(url=SITE, role="page")
    body = b"<div class='post-row'><div class='post-content'>" * 50_000 + b"x"
    assert selectors.read(page(SITE, body=body), link, SOURCE).posts
