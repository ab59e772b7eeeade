"""An article's page gives its text, author and exact time; what its feed said is believed first."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.errors import ReadError
from listener.sources import article
from listener.types import Link, Page, SourceSpec
from storage.types import Post, PostKind

URL = "https://blog.example/nl-lang/"
SOURCE = SourceSpec(name="a", url=URL, options={"timezone": "Europe/Amsterdam"})
TEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
WORDS = "De overstapservice was in tien minuten aangevraagd en de bevestiging kwam pas de volgende ochtend. "
HTML = f"""<html><head><title>Mijn overstap | Blog</title>{{head}}</head><body><nav><a href=/>Home</a></nav><article>
<h1>Mijn overstap</h1><p>Eerste alinea. {WORDS}</p><p>Tweede alinea. {WORDS}</p>
<ul><li>punt een</li><li>punt twee</li></ul>
<p>Slot. {WORDS}</p></article><footer>Alle rechten voorbehouden</footer></body></html>"""


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[..., tuple[Post, ...]]:
    def reading(html: str, **carry: object) -> tuple[Post, ...]:
        link = Link(url=URL, role="article", conversation=str(carry.pop("id", "")), carry=carry)
        return article.read(page(URL, body=html.encode()), link, SOURCE).posts

    return reading


def test_a_recorded_article_is_read(page: Callable[..., Page]) -> None:
    (link,) = article.start(SOURCE, {})
    post, *comments = article.read(page(URL, "wordpress_page.html"), link, SOURCE).posts
    assert post.text.startswith("Dag 1. De overstapservice was in tien minuten aangevraagd")
    assert "\n\nDag 6. Conclusie: prima bank, trage post." in post.text
    assert "Does the app speak English?" not in post.text
    assert (post.title, post.kind) == ("Mijn overstap naar Zonnebank: een verslag", PostKind.ARTICLE)
    assert (post.author, post.published_at) == ("schrijver_sjors", datetime(2026, 11, 22, 8, 34, 44, tzinfo=UTC))
    assert [(each.author, each.external_id, each.parent_id) for each in comments] == [
        ("dev_dana", f"{post.url}#comment-25", ""),
        ("schrijver_sjors", f"{post.url}#comment-26", f"{post.url}#comment-25"),
        ("bruin_bianca", f"{post.url}#comment-27", ""),
    ]
    assert comments[2].published_at == datetime(2026, 11, 22, 8, 55, 44, tzinfo=UTC)
    assert {each.conversation_id for each in comments} == {post.external_id}


@pytest.mark.parametrize(
    ("head", "moment"),
    [
        ('<meta property="article:published_time" content="2026-11-20T10:00:00+01:00">', TEN),
        ('<script type="application/ld+json">{"datePublished": "2026-11-20T10:00:00"}</script>', TEN),
        ('<meta name="x"><time class="dt" datetime="2026-11-20T09:00:00Z">20 november</time>', TEN),
        ('<meta property="article:published_time" content="2099-11-20T10:00:00Z">', None),
        ("", None),
    ],
)  # fmt: skip
def test_the_time_is_exact_where_the_page_says_it(
    read: Callable[..., tuple[Post, ...]], head: str, moment: datetime | None
) -> None:
    (post,) = read(HTML.replace("{head}", head))
    assert post.published_at == moment
    assert "Alle rechten" not in post.text and "- punt een\n- punt twee" in post.text


@pytest.mark.parametrize(
    "line", ["door {} op 22 november 2026", "Posted by {}, Sun 22 Nov 2026 10:12 AM UTC", "{} | 2026-11-22"]
)
def test_who_wrote_it_and_when_is_no_part_of_the_text(read: Callable[..., tuple[Post, ...]], line: str) -> None:
    html = HTML.replace("</h1>", f"</h1><p>{line.format('<span class=post-author>Jan Vos</span>')}</p>")
    (post,) = read(html.format(head=""))
    assert (post.author, post.text.split()[:2]) == ("Jan Vos", ["Eerste", "alinea."])


def test_what_the_feed_said_is_believed(read: Callable[..., tuple[Post, ...]]) -> None:
    said = {"title": "Uit de feed", "author": "anna", "author_url": "https://blog.example/anna", "url": URL + "#x"}
    (post,) = read(HTML, id="guid-7", text="Eerste alinea. De …", published="2026-11-01T10:00:00+00:00", **said)
    assert (post.external_id, post.conversation_id, post.title, post.author) == (
        "guid-7",
        "guid-7",
        "Uit de feed",
        "anna",
    )
    assert post.published_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert post.text.startswith("Eerste alinea.") and not post.partial


def test_a_teaser_that_the_page_does_not_repeat_is_kept(read: Callable[..., tuple[Post, ...]]) -> None:
    (post,) = read(HTML, id="7", text="Zonnebank zonder zorgen, een verslag.")
    assert post.text.startswith("Zonnebank zonder zorgen, een verslag.\n\nEerste alinea.")


@pytest.mark.parametrize(
    "html",
    ["", "<html></html>", "%PDF-1.7 ...", "\0\0\1bin", "<html><form>Log in <input name=p type=password></form></html>"],
)
def test_a_page_without_an_article_is_refused_or_leaves_the_teaser_alone(
    read: Callable[..., tuple[Post, ...]], html: str
) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        read(html)
    if html.startswith("<"):
        assert read(html, id="7", text="Een teaser …") == ()


def test_an_article_cannot_claim_to_live_on_another_host(read: Callable[..., tuple[Post, ...]]) -> None:
    (theirs,) = read(HTML.replace("{head}", '<link rel="canonical" href="https://evil.example/x">'))
    (ours,) = read(HTML.replace("{head}", '<link rel="canonical" href="https://blog.example/kort">'))
    assert (theirs.url, ours.url) == (URL, "https://blog.example/kort")


@pytest.mark.parametrize("nasty", ["<div>" * 30_000, "<table><tr><td>" * 5_000, "<p " + "x=1 " * 50_000 + ">"])
def test_nasty_pages_end(read: Callable[..., tuple[Post, ...]], nasty: str) -> None:
    try:
        read(f"<html><body>{nasty}tekst")
    except ReadError as error:
        assert str(error).endswith(".")


def test_broken_linked_data_costs_neither_time_nor_the_article(read: Callable[..., tuple[Post, ...]]) -> None:
    broken = '<script type="application/ld+json">{"a":"' + '\\"' * 100_000 + "</script>"
    (post,) = read(HTML.format(head=broken))
    assert post.text.startswith("Eerste alinea.")


def test_a_short_article_has_neither_the_menus_around_it_nor_its_writer_in_it(page: Callable[..., Page]) -> None:
    html = """<html><head><title>Fietspomp - Gemeente Zonstad</title></head><body><a href=#m>Ga naar inhoud</a>
    <header><a href=/>Gemeente Zonstad</a><nav><ul><li><a href=/p>Processen</a></li></ul></nav></header>
    <main id=m><h1>Fietspomp</h1><div class=author><a href=/spaarder88><span class=author__name>spaarder88</span></a>
    </div><time datetime="2026-11-08T08:05:00Z">08/11/2026 08:05</time>
    <div class=text><p>Zoek een goede staande pomp, tips?</p>
    </div></main><footer><p>Creative Commons licentie</p></footer></body></html>"""
    (post,) = article.read(page(URL, body=html.encode()), Link(url=URL, role="article"), SOURCE).posts
    assert (post.title, post.author, post.text) == ("Fietspomp", "spaarder88", "Zoek een goede staande pomp, tips?")
    assert post.published_at == datetime(2026, 11, 8, 8, 5, tzinfo=UTC)


def test_a_page_of_several_articles_is_none_of_them(read: Callable[..., tuple[Post, ...]]) -> None:
    part = f"<article><h2><a href=/{{0}}/>Bericht {{0}}</a></h2><p>{WORDS}</p></article>"
    with pytest.raises(ReadError, match="No article"):
        read(f"<html><body><h1>Blog</h1>{part.format(1)}{part.format(2)}</body></html>")
    (post,) = read(HTML.format(head="").replace("</body>", f"{part.format(1)}</body>"))
    assert post.title == "Mijn overstap", "what is related stands below an article too"
