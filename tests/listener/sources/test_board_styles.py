"""Older and newer generations of the classic boards, in the languages and clocks they are met in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from listener import discover, sources
from listener.errors import FetchError, ReadError
from listener.types import Link, Page, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]


def at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


@dataclass(frozen=True)
class Style:
    """A page of a topic and what is to be read of it; nobody says the time zone."""

    kind: str
    file: str
    url: str
    title: str
    posts: tuple[tuple[str, str, str, datetime, datetime | None, str], ...]
    """Number, author, text, when it was written and edited, and the number of the post it answers."""
    pages: tuple[str, ...]
    opens: bool = True
    topic: str = "5"
    home: str = ""
    """The topic's own address, where it is not the page's."""


SAID = "Sinds de update kan ik niet meer inloggen bij Zonnebank.\n\nIemand anders ook?"
STYLES = [
    Style(
        kind="smf",
        file="topic_20.html",
        url="http://smf.example/forum/index.php?topic=5.0",
        title="Zonnebank app: kan niet meer inloggen",
        posts=(
            ("11", "marieke_v", SAID, at(20, 20, 31, 5), at(20, 21, 0), ""),
            (
                "12",
                "Piet uit Goes",
                "> Citaat van: marieke_v op 20 november 2026, 21:31:05\n>\n> Iemand anders ook?\n\n"
                "Ja, hier ook. Log:\nZB-1042",
                at(22, 8, 35, 10),
                None,
                "11",
            ),
        ),
        pages=("?topic=5.45", "?topic=5.15"),
    ),
    Style(
        kind="mybb",
        file="showthread_nl.html",
        url="https://mybb.example/thread-5-page-2.html",
        home="https://mybb.example/thread-5.html",
        title="Zonnebank app: kan niet meer inloggen",
        posts=(
            (
                "31",
                "marieke_v",
                "De storing bij Zonnebank duurt al drie dagen.\n\n\xa0\xa0 logboek.zip",
                at(8, 20, 31),
                at(9, 7, 5),
                "",
            ),
            (
                "32",
                "Piet uit Goes",
                "> marieke_v schreef:\n>\n> De storing duurt al drie dagen.\n\nHier ook.",
                at(22, 8, 35),
                None,
                "31",
            ),
        ),
        pages=("thread-5-page-12.html", "thread-5-page-3.html", "thread-5.html"),
        opens=False,
    ),
    Style(
        kind="vbulletin",
        file="showthread_3.html",
        url="http://vb.example/forum/showthread.php?t=5&page=2",
        home="http://vb.example/forum/showthread.php?t=5",
        title="Zonnebank app: cannot log in",
        posts=(
            (
                "41",
                "marieke_v",
                "Since the update I cannot log in to Zonnebank.\n\nAnyone else?",
                at(20, 20, 31),
                at(20, 21, 0),
                "",
            ),
            (
                "42",
                "Piet from Goes",
                "> Originally Posted by marieke_v\n>\n> Anyone else?\n\nSame here.",
                at(22, 8, 35),
                None,
                "41",
            ),
        ),
        pages=("?t=5&page=3", "?t=5"),
        opens=False,
    ),
    Style(
        kind="vbulletin",
        file="topic_5.html",
        url="https://vb.example/forum/algemeen/geldzaken/5-zonnebank-app",
        title="Zonnebank app: kan niet meer inloggen",
        posts=(
            ("11", "marieke_v", SAID, at(20, 20, 31, 5), None, ""),
            (
                "12",
                "Gast",
                "> Oorspronkelijk geplaatst door marieke_v\n>\n> Iemand anders ook?\n\nJa, hier ook.",
                at(22, 8, 35, 10),
                None,
                "11",
            ),
        ),
        pages=("/5-zonnebank-app/page2",),
    ),
    Style(
        kind="xenforo",
        file="thread_1.html",
        url="https://xf.example/praat/threads/zonnebank-app.5/",
        title="Zonnebank app: kan niet meer inloggen",
        posts=(
            ("11", "marieke_v", SAID, at(20, 21, 31), at(20, 22, 0), ""),
            (
                "12",
                "Gast",
                "> marieke_v zei:\n>\n> Iemand anders ook?\n\nJa, hier ook.",
                at(22, 8, 35, 10),
                None,
                "11",
            ),
        ),
        pages=("/page-3", "/page-2"),
    ),
    Style(
        kind="phpbb",
        file="viewtopic_subsilver.html",
        url="http://board.example/viewtopic.php?f=2&t=9",
        topic="9",
        title="Café rente",
        posts=(
            ("301", "rui_porto", "Is de caférente van Zonnebank écht 4%?", at(17, 21, 31), at(17, 21, 40), ""),
            ("302", "kees", "rui_porto wrote:\n\n> Is de caférente 4%?\n\nNee, 3%.", at(22, 8, 2), None, ""),
        ),
        pages=("&start=15",),
    ),
    Style(
        kind="fluxbb",
        file="viewtopic.html",
        url="https://flux.example/viewtopic.php?id=5",
        title="Zonnebank app",
        posts=(
            ("11", "marieke_v", SAID, at(20, 21, 31, 5), at(20, 22, 0), ""),
            (
                "12",
                "Piet uit Goes",
                "> marieke_v schreef:\n>\n> Iemand anders ook?\n\nJa, hier ook.",
                at(22, 9, 35, 10),
                None,
                "",
            ),
            ("13", "opa_kees", "Bij mij werkt het weer.", at(22, 10, 1), None, ""),
        ),
        pages=("?id=5&p=2",),
    ),
    Style(
        kind="fluxbb",
        file="viewtopic_14.html",
        url="https://punbb.example/viewtopic.php?id=5",
        title="Zonnebank app",
        posts=(
            (
                "11",
                "marieke_v",
                "Since the update I cannot log in to Zonnebank.\n\nAnyone else?",
                at(20, 21, 31, 5),
                at(20, 22, 0),
                "",
            ),
            (
                "12",
                "Piet from Goes",
                "> marieke_v wrote:\n>\n> Anyone else?\n\nSame here.",
                at(22, 9, 35, 10),
                None,
                "",
            ),
        ),
        pages=("?id=5&p=2",),
    ),
    Style(
        kind="vanilla",
        file="discussion.html",
        url="https://vanilla.example/discussion/5/zonnebank-app",
        title="Zonnebank app",
        posts=(
            ("Discussion_5", "marieke_v", SAID.replace("\n\n", "\n"), at(20, 20, 31, 5), at(20, 22, 0), ""),
            (
                "12",
                "piet",
                "> marieke_v said:\n>\n> Iemand anders ook?\n\nJa, hier ook.",
                at(22, 8, 35, 10),
                None,
                "",
            ),
            ("13", "opa_kees", "Bij mij werkt het weer.", at(22, 9, 1), None, ""),
        ),
        pages=("/zonnebank-app/p2",),
    ),
]


@pytest.fixture(params=STYLES, ids=[f"{style.kind}-{style.file}" for style in STYLES])
def style(request: pytest.FixtureRequest) -> Style:
    return request.param  # type: ignore[no-any-return]


def test_a_page_of_a_topic_gives_all_that_its_posts_say_and_nothing_that_stands_around_them(
    style: Style, page: Pages
) -> None:
    kind, source = sources.load(style.kind), SourceSpec(name="x", url=style.url)
    link = Link(url=style.url, role="conversation", conversation=style.topic)
    reading = kind.read(page(style.url, f"{style.kind}/{style.file}"), link, source)
    found = [(p.external_id, p.author, p.text, p.published_at, p.edited_at, p.parent_id) for p in reading.posts]
    assert found == list(style.posts)
    assert {(p.conversation_id, p.conversation_title, p.conversation_url) for p in reading.posts} == {
        (style.topic, style.title, style.home or style.url)
    }
    assert reading.posts[0].kind is (PostKind.POST if style.opens else PostKind.REPLY)
    ends = [(each.url.endswith(end), each.url) for each, end in zip(reading.links, style.pages, strict=True)]
    assert all(ok for ok, _ in ends), ends
    assert all(style.url.split("/")[2] in post.url and "PHPSESSID" not in post.url for post in reading.posts)


def test_a_topic_as_a_source_leads_to_its_last_page_and_back_to_all_of_it(style: Style, page: Pages) -> None:
    kind, source = sources.load(style.kind), SourceSpec(name="x", url=style.url)
    guess = discover.guess(page(style.url, f"{style.kind}/{style.file}"))
    assert guess is not None
    assert (guess.kind, guess.url) == (style.kind, style.url)
    [first] = kind.start(source, {})
    [last] = kind.read(page(style.url, f"{style.kind}/{style.file}"), first, source).links
    assert (first.role, last.role) == ("last", "last")
    assert last.url.endswith(style.pages[0])
    [again] = kind.start(source, {"last": last.url})
    assert again.url == last.url
    assert kind.fallback(again, FetchError("gone", status=404), source, {}) == [first]  # type: ignore[attr-defined]
    body = page("", f"{style.kind}/{style.file}").body
    end = page(last.url, body=body)
    reading = kind.read(end, again, source)
    [whole] = reading.links
    assert (whole.url, whole.conversation, whole.role) == (style.home or style.url, style.topic, "conversation")
    assert reading.memory == {"last": last.url}
    said = kind.read(
        page(last.url, body=body.replace(b"ook.", b"nu niet meer.").replace(b"here.", b"not.")), again, source
    )
    assert (said.links[0].stamp == whole.stamp) is (style.kind == "phpbb")


@dataclass(frozen=True)
class Listing:
    """A page with a topic list, and what it leads to."""

    kind: str
    url: str
    file: str
    topics: tuple[tuple[str, str, str], ...]
    """Address, number and stamp."""
    lists: tuple[str, ...]


LISTINGS = [
    Listing(
        kind="smf",
        url="http://smf.example/forum/index.php?board=2.0",
        file="board_20.html",
        topics=(("http://smf.example/forum/index.php?topic=5.0", "5", "p31|12"),),
        lists=("http://smf.example/forum/index.php?board=7.0", "http://smf.example/forum/index.php?board=2.20"),
    ),
    Listing(
        kind="vbulletin",
        url="http://vb.example/forum/forumdisplay.php?f=2",
        file="forumdisplay_3.html",
        topics=(("http://vb.example/forum/showthread.php?t=5", "5", "p31|12"),),
        lists=(
            "http://vb.example/forum/forumdisplay.php?f=7",
            "http://vb.example/forum/forumdisplay.php?f=2&order=desc&page=2",
        ),
    ),
    Listing(
        kind="vbulletin",
        url="https://vb.example/forum/algemeen/geldzaken",
        file="channel_5.html",
        topics=(("https://vb.example/forum/algemeen/geldzaken/5-zonnebank-app", "5", "p31|12"),),
        lists=(
            "https://vb.example/forum/algemeen/geldzaken/sparen",
            "https://vb.example/forum/algemeen/geldzaken/page2",
        ),
    ),
    Listing(
        kind="xenforo",
        url="https://xf.example/praat/forums/geldzaken.2/",
        file="forum_1.html",
        topics=(("https://xf.example/praat/threads/zonnebank-app.5/", "5", "p31|12"),),
        lists=("https://xf.example/praat/forums/sparen.7/", "https://xf.example/praat/forums/geldzaken.2/page-2"),
    ),
    Listing(
        kind="mybb",
        url="https://mybb.example/forum-2.html",
        file="forumdisplay_nl.html",
        topics=(("https://mybb.example/thread-5.html", "5", "opa_kees|1.012"),),
        lists=("https://mybb.example/forum-7.html", "https://mybb.example/forum-2-page-2.html"),
    ),
    Listing(
        kind="fluxbb",
        url="https://flux.example/viewforum.php?id=2",
        file="viewforum.html",
        topics=(("https://flux.example/viewtopic.php?id=5", "5", "p31|12"),),
        lists=("https://flux.example/viewforum.php?id=2&p=2",),
    ),
    Listing(
        kind="vanilla",
        url="https://vanilla.example/categories/geldzaken",
        file="discussions.html",
        topics=(
            (
                "https://vanilla.example/discussion/5/zonnebank-app",
                "5",
                "Most recent by opa_kees|2026-11-22T09:01:00+00:00|12",
            ),
        ),
        lists=("https://vanilla.example/categories/sparen", "https://vanilla.example/categories/geldzaken/p2"),
    ),
]


@pytest.mark.parametrize("listing", LISTINGS, ids=[f"{each.kind} {each.url}" for each in LISTINGS])
def test_a_topic_list_rings_by_the_newest_post_and_the_count_of_answers(listing: Listing, page: Pages) -> None:
    [link] = sources.load(listing.kind).start(SourceSpec(name="x", url=listing.url), {})
    assert link.role == "forum"
    markup = page(listing.url, f"{listing.kind}/{listing.file}")
    found = sources.load(listing.kind).read(markup, link, SourceSpec(name="x", url=listing.url))
    topics = [(each.url, each.conversation, each.stamp) for each in found.links if each.conversation]
    assert topics == list(listing.topics)
    assert [each.url for each in found.links if not each.conversation] == list(listing.lists)


SHUT = [
    (
        "smf",
        '<div id="fatal_error"><div class="padding">Dit bord is alleen voor leden.</div></div>',
        "alleen voor leden",
    ),
    ("xenforo", '<div class="blockMessage">You must be logged-in to do that.</div>', "must be logged-in"),
    ("vbulletin", '<div class="standard_error"><p>You do not have permission.</p></div>', "have permission"),
    ("mybb", '<form><input type="password" name="quick_password"></form>', "log in"),
]


@pytest.mark.parametrize(("kind", "body", "words"), SHUT, ids=[kind for kind, _, _ in SHUT])
@pytest.mark.parametrize("role", ["last", "forum", "conversation"])
def test_a_board_that_is_shut_to_strangers_is_quoted(kind: str, body: str, words: str, role: str, page: Pages) -> None:
    url = "http://bord.example/"
    with pytest.raises(ReadError, match=words):
        sources.load(kind).read(page(url, body=body.encode()), Link(url=url, role=role), SourceSpec(name="x", url=url))


def test_pages_without_numbers_in_their_addresses_are_gone_through_one_by_one(page: Pages) -> None:
    """As vBSEO names them."""
    kind, first = sources.load("vbulletin"), "http://vb.example/geldzaken/5-zonnebank.html"
    source = SourceSpec(name="x", url=first)

    def last(url: str, number: int, following: str) -> Link:
        item = (
            f"<table id=post{number}><tr><td class=alt1><div id=post_message_{number}>Zonnebank</div></td></tr></table>"
        )
        pager = f"<div class=pagenav><a href=5-zonnebank.html>1</a>{following}</div>"
        [link] = kind.read(page(url, body=(item + pager).encode()), Link(url=url, role="last"), source).links
        return link

    second = last(
        first, 11, '<a rel="next" href="5-zonnebank-2.html">&gt;</a> <a rel="next" href="6-iets-anders.html">x</a>'
    )
    assert (second.url, second.role) == ("http://vb.example/geldzaken/5-zonnebank-2.html", "last")
    whole = last(second.url, 12, "")
    assert (whole.role, whole.conversation) == ("conversation", "5")
