"""Pages nobody described are read whole: every post with its writer, time, text and the post it answers."""
# ruff: noqa: E501 - the layouts are markup, easier to see in a line

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

import pytest

from listener.errors import ReadError
from listener.sources import blocks
from listener.types import Link, Page, Reading, SourceSpec

URL = "https://forum.example/onderwerp/zonnebank-storing-4711"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = SourceSpec(name="forum", url=URL, kind="blocks", options={"timezone": "Europe/Amsterdam"})
MONTHS = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
]
DAYS = ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"]


@dataclass(frozen=True)
class Said:
    """What somebody said in the thread."""

    author: str
    at: datetime
    text: str
    answers: int | None = None

    @property
    def here(self) -> datetime:
        return self.at.astimezone(ZoneInfo("Europe/Amsterdam"))

    @property
    def html(self) -> str:
        return "".join(f"<p>{escape(each)}</p>" for each in self.text.split("\n\n"))


TEXTS = [
    "De app van Zonnebank doet het vandaag weer niet. Wie heeft dat ook?",
    "Bij mij precies hetzelfde, ik kom er al sinds acht uur niet in.",
    "Hier werkt alles gewoon hoor.\n\nWel heb ik gisteren een update gedaan, misschien helpt dat.",
    "Bedankt voor de tip! Na de update kan ik inderdaad weer inloggen.",
    "Ik heb ze gebeld: er is een storing & die duurt tot < 14 uur volgens de medewerker.",
    "Schandalig dat je daar 25 minuten voor in de wacht moet staan.",
    "Ik stap over naar een andere bank, dit is nu de derde keer in november 2026.",
    "Succes met overstappen, dat heb ik in tien minuten geregeld met de overstapservice.",
]
PEOPLE = ["Marieke", "jan_77", "Piet de Vries", "Anna-Sofie", "jan_77", "KlaasV", "Marieke", "Opa Henk"]
ANSWERS = [None, 0, 0, 2, None, 4, None, 6]
THREAD = [
    Said(who, NOW - timedelta(hours=30 - 3 * place, minutes=7 * place), text, answers)
    for place, (who, text, answers) in enumerate(zip(PEOPLE, TEXTS, ANSWERS, strict=True))
]


def day(said: Said) -> str:
    return f"{said.here.day} {MONTHS[said.here.month - 1]} {said.here.year}"


def page(inner: str, title: str = "Zonnebank storing") -> str:
    return (
        f"<!doctype html><html><head><title>{title} - Praatplek</title></head><body><header><a href='/'>Praatplek</a>"
        f"<nav><ul><li><a href='/inloggen'>Inloggen</a></li><li>Vandaag is het 22 november 2026</li></ul></nav></header>"
        f"<h1>{title}</h1>{inner}<footer>© 2026 Praatplek <a href='/privacy'>Privacy</a></footer></body></html>"
    )


def divs() -> str:
    """A plain board: a head with name and date, a body, a signature and buttons."""
    return "".join(
        f"<div class='bericht {'odd' if n % 2 else 'even'}' id='b{n + 100}'><div class='kop'><a class='auteur' href='/leden/{n}'>"
        f"{said.author}</a> <span class='datum'>{day(said)} {said.here:%H:%M}</span></div><div class='tekst'>{said.html}</div>"
        f"<div class='handtekening'>Groetjes van {said.author}!</div><div class='knoppen'><a href='#'>Citeer</a> <a href='#'>Meld</a></div></div>"
        for n, said in enumerate(THREAD)
    )


def table() -> str:
    """An old board: a row a post, with the writer in the left cell."""
    rows = "".join(
        f"<tr><td width='20%'><a name='{n + 9}'></a><b>{said.author}</b><br><small>Berichten: {n * 17}<br>Lid sinds: mei 2019</small></td>"
        f"<td><small>Geplaatst: {said.here:%d-%m-%Y %H:%M}</small><hr>{said.html}</td></tr>"
        for n, said in enumerate(THREAD)
    )
    return f"<table border=1><tr><th>Auteur</th><th>Bericht</th></tr>{rows}</table>"


def two_rows() -> str:
    """A table in which a post takes two rows: who and when, then what."""
    rows = "".join(
        f"<tr bgcolor='#eee'><td>{said.author}</td><td align=right>{DAYS[said.here.weekday()]} {day(said)} om {said.here:%H:%M} uur</td></tr>"
        f"<tr><td colspan=2>{said.html}</td></tr>"
        for said in THREAD
    )
    return f"<table class=lijst>{rows}</table>"


def definitions() -> str:
    """A guest book as a definition list."""
    rows = "".join(
        f"<dt><strong>{said.author}</strong> schreef op {day(said)}, {said.here:%H:%M}:</dt><dd>{said.html}</dd>"
        for said in THREAD
    )
    return f"<dl class='gastenboek'>{rows}</dl>"


def nested() -> str:
    """Comments in comments, in lists."""

    def of(answers: int | None) -> str:
        items = "".join(
            f"<li class='reactie' id='reactie-{n}'><article><footer><cite>{said.author}</cite> <time datetime='{said.at.isoformat()}'>"
            f"toen</time></footer><div class='inhoud'>{said.html}</div><a class='reageer' href='?op={n}'>Reageer</a></article>{of(n)}</li>"
            for n, said in enumerate(THREAD)
            if said.answers == answers
        )
        return f"<ol class='{'reacties' if answers is None else 'kinderen'}'>{items}</ol>" if items else ""

    return f"<section><h2>{len(THREAD)} reacties</h2>{of(None)}</section>"


def nested_divs() -> str:
    """Comments that hold their answers directly, beside their own words."""

    def of(answers: int | None) -> str:
        return "".join(
            f"<div class='c'><b>{said.author}</b> <i>{said.here:%Y-%m-%d %H:%M}</i> <span class='likes'>{n} likes</span><div class='w'>{said.html}</div>{of(n)}</div>"
            for n, said in enumerate(THREAD)
            if said.answers == answers
        )

    return f"<div id='stream'>{of(None)}</div>"


def relative() -> str:
    """A modern feed: avatars, relative dates, likes, indented by depth."""
    return "".join(
        f"<article class='card card-{n}' data-depth='{_level(said)}'><img class='avatar' src='/a/{n}.png' alt='{said.author}'>"
        f"<h4>{said.author}</h4><span class='ago'>{_ago(said)}</span><div><div>{said.html}</div></div>"
        f"<ul class='acties'><li><a href='#'>Vind ik leuk</a> {n}</li><li><a href='#'>Delen</a></li></ul></article>"
        for n, said in enumerate(THREAD)
    )


def _level(said: Said) -> int:
    return 0 if said.answers is None else 1 + _level(THREAD[said.answers])


def _ago(said: Said) -> str:
    hours = round((NOW - said.at).total_seconds() // 3600)
    words = {"gisteren": said.here.date() == (NOW - timedelta(days=1)).date()}
    return f"gisteren {said.here:%H:%M}" if words["gisteren"] else f"{hours} uur geleden"


def quoting() -> str:
    """A board where answers quote what they answer, and the date comes last."""

    def quote(said: Said) -> str:
        if said.answers is None:
            return ""
        to = THREAD[said.answers]
        return f"<blockquote><p>{to.author} schreef:</p>{to.html}</blockquote>"

    return "".join(
        f"<div class='post'><p class='wie'>Geplaatst door <a href='/profiel/{said.author}'>{said.author}</a></p>{quote(said)}{said.html}"
        f"<p class='voet'>{day(said)} - {said.here:%H:%M} | <a href='#p{n}'>#{n + 1}</a></p></div>"
        for n, said in enumerate(THREAD)
    )


def english() -> str:
    """Month first, names in a side bar, and a link to the post that is answered."""
    return "".join(
        f"<div class='row' id='msg{n}'><aside><a href='/user/{n}'>{said.author}</a><p>Joined: Jan 2020</p></aside><main>"
        f"<p class='when'><a href='{URL}#msg{n}'>{said.here:%B %d, %Y at %I:%M %p}</a>"
        f"{'' if said.answers is None else f' in reply to <a href={chr(34)}#msg{said.answers}{chr(34)}>this post</a>'}</p>"
        f"<div class='message-body'>{said.html}</div></main></div>"
        for n, said in enumerate(THREAD)
    )


def bare() -> str:
    """Nothing but paragraphs: a name and a date in bold, words, and a line."""
    return (
        "<div>"
        + "<hr>".join(
            f"<div><p><b>{said.author}</b> ({said.here:%d/%m/%Y %H:%M})</p>{said.html}</div>" for said in THREAD
        )
        + "</div>"
    )


LAYOUTS = {each.__name__: each for each in (
    divs, table, two_rows, definitions, nested, nested_divs, relative, quoting, english, bare
)}  # fmt: skip
KNOWS_PARENTS = {"nested", "nested_divs", "relative", "quoting", "english"}


def read(html: str, link: Link | None = None) -> Reading:
    found = Page(url=URL, status=200, headers={}, body=html.encode(), fetched_at=NOW)
    return blocks.read(found, link or Link(url=URL, role="conversation", conversation=URL), SOURCE)


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_unseen_page_is_read_whole(name: str) -> None:
    posts = read(page(LAYOUTS[name]())).posts
    by_author_and_text = {(post.author, " ".join(post.text.split())[-60:]): post for post in posts}
    assert len(posts) == len(THREAD), [post.text[:40] for post in posts]
    for said in THREAD:
        post = by_author_and_text[said.author, " ".join(said.text.split())[-60:]]
        own = "\n\n".join(part for part in post.text.split("\n\n") if not part.startswith(">"))
        assert own == said.text
        assert post.published_at is not None
        near = timedelta(hours=1) if name == "relative" else timedelta(minutes=1)
        assert abs(post.published_at - said.at) < near
        if name in KNOWS_PARENTS:
            parent = next((each for each in posts if each.external_id == post.parent_id), None)
            assert (parent and parent.text.split("\n")[-1]) == (
                None if said.answers is None else THREAD[said.answers].text.split("\n")[-1]
            )
    assert len({post.external_id for post in posts}) == len(THREAD)
    assert {post.conversation_title for post in posts} == {"Zonnebank storing"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_thread_with_one_post_more_keeps_the_identity_of_the_others(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {post.external_id for post in read(page(LAYOUTS[name]())).posts}
    monkeypatch.setitem(
        globals(), "THREAD", [*THREAD, Said("Nieuw Lid", NOW - timedelta(minutes=50), "Ook ik sluit me hierbij aan.")]
    )
    after = {post.external_id for post in read(page(LAYOUTS[name]())).posts}
    assert before < after and len(after - before) == 1


def test_a_list_leads_to_its_threads() -> None:
    rows = "".join(
        f"<tr><td><a href='/onderwerp/vraag-over-geld-{n}'>Vraag over geld nummer {n}</a></td><td>{n} reacties</td>"
        f"<td>22 nov 2026 09:{n:02} door <a href='/leden/{n}'>lid{n}</a></td></tr>"
        for n in range(10, 30)
    )
    html = page(f"<table>{rows}</table><a rel=next href='?p=2'>Volgende</a>")
    found = read(html, Link(url=URL))
    threads = [link for link in found.links if link.conversation]
    assert [link.url for link in threads] == [
        f"https://forum.example/onderwerp/vraag-over-geld-{n}" for n in range(10, 30)
    ]
    assert len({link.stamp for link in threads}) == 20
    assert [link.url for link in found.links if not link.conversation] == [f"{URL}?p=2"]
    changed = read(html.replace("12 reacties", "13 reacties"), Link(url=URL))
    assert [a.url for a, b in zip(found.links, changed.links, strict=True) if a.stamp != b.stamp] == [threads[2].url]


@pytest.mark.parametrize(
    "row",
    [
        "<tr><th>Onderwerp<th>Antwoorden<th>Gelezen<th>Laatste<tr><td>{title}<td>{replies}<td>{views}<td>jan",
        "<tr><td>{title}<td><dl><dt>Reacties<dd>{replies}</dl><dl><dt>Views<dd class='topic-views'>{views}</dl>",
        "<tr><td>{title} <small>{replies} reacties, {views} keer bekeken</small>",
    ],
)
def test_a_thread_that_was_only_looked_at_has_not_changed(row: str) -> None:
    def stamp(**counts: int) -> str:
        html = "".join(
            f"<table>{row}</table>".format(
                title=f"<a href=/t/vraag-over-rente-{n}>Vraag over de rente {n}</a>", **counts
            )
            for n in range(3)
        )
        return read(page(html), Link(url=URL)).links[0].stamp

    assert stamp(replies=4, views=10) == stamp(replies=4, views=1011)
    assert stamp(replies=4, views=10) != stamp(replies=5, views=10)


def test_what_shows_nothing_is_said_in_a_sentence() -> None:
    for html in ("", page("<p>Welkom</p>"), page("<div>" * 300), page("<td>" * 2000)):
        with pytest.raises(ReadError):
            read(html, Link(url=URL))


@pytest.mark.parametrize(
    "piece", ["- ", "=", "1.", "<a href='/t/1/9/'>x</a>", "<a href='/9" + "a/-9" * 900 + "'>draad 9</a>"]
)
@pytest.mark.timeout(10)
def test_what_looks_like_a_button_or_an_address_and_never_ends_takes_no_time(piece: str) -> None:
    said = "<div class=post><b>jan</b> <time datetime='2026-11-20T10:00'></time><p>Zonnebank is traag</p><span>{0}</span></div>"
    markup = "<html><body>" + said.format(piece * (15_000 // len(piece))) * 2 + "</body></html>"
    page = Page(url=URL, status=200, headers={}, body=markup.encode(), fetched_at=NOW)
    with suppress(ReadError):
        blocks.read(page, blocks.start(SOURCE, {})[0], SOURCE)
