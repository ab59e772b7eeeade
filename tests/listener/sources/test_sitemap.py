"""A site's sitemap says which pages changed; each is read with the comments that it describes."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from listener.errors import ReadError
from listener.sources import sitemap
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SITE = "https://krant.example"
MAP = Link(url=f"{SITE}/sitemap.xml", role="sitemap")
ARTICLE = f"{SITE}/geld/zonnebank"


def spec(url: str = f"{SITE}/", **options: Any) -> SourceSpec:
    return SourceSpec(name="krant", url=url, options=options)


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[..., Reading]:
    def reading(link: Link, file: str = "", body: bytes = b"", **options: Any) -> Reading:
        found = page(link.url, f"sitemap/{file}" if file else "", body=body)
        return sitemap.read(found, link, spec(**options))

    return reading


def test_a_visit_begins_at_robots_or_at_the_sitemap_that_was_given() -> None:
    assert sitemap.start(spec(f"{SITE}/geld/"), {}) == [Link(url=f"{SITE}/robots.txt", role="robots")]
    for name in ("/sitemap.xml", "/kaart.XML.gz", "/urls.txt"):
        assert sitemap.start(spec(SITE + name), {}) == [Link(url=SITE + name, role="sitemap")]


def test_robots_names_sitemaps_and_else_the_usual_place_is_tried(read: Callable[..., Reading]) -> None:
    (robots,) = sitemap.start(spec(), {})
    named = read(robots, body=b"User-agent: *\nDisallow:\nSitemap: /a.xml\n  SITEMAP: https://cdn.example/b.xml # x\n")
    assert [link.url for link in named.links] == [f"{SITE}/a.xml", "https://cdn.example/b.xml"]
    with pytest.raises(ReadError, match="names no sitemap") as refused:
        read(robots, body=b"User-agent: *\nDisallow:")
    assert sitemap.fallback(robots, refused.value, spec(), {}) == [MAP]
    assert sitemap.fallback(MAP, refused.value, spec(), {}) == []


def test_an_index_leads_to_its_sitemaps_newest_first_and_they_are_remembered(read: Callable[..., Reading]) -> None:
    reading = read(MAP, "index.xml")
    urls = [f"{SITE}/sitemap-2026.xml", f"{SITE}/sitemap-2024.xml.gz"]
    assert [link.url for link in reading.links] == urls
    memory = {**read(Link(url=f"{SITE}/robots.txt", role="robots"), body=b"Sitemap: /sitemap.xml").memory}
    begin = sitemap.start(spec(), {**memory, **reading.memory})
    assert [link.url for link in begin] == [f"{SITE}/robots.txt", MAP.url, *urls]


def test_files_that_name_each_other_end_somewhere(read: Callable[..., Reading]) -> None:
    memory = {f"named by {SITE}/robots.txt": [MAP.url], f"named by {MAP.url}": [MAP.url]}
    assert len(sitemap.start(spec(), memory)) < 10


def test_the_pages_of_the_site_come_newest_first_with_lastmod_as_stamp(read: Callable[..., Reading]) -> None:
    assert [(link.url.removeprefix(SITE), link.stamp) for link in read(MAP, "sitemap.xml").links] == [
        ("/geld/zonnebank?a=1&b=2", "2026-11-22T09:30:00+01:00"),
        ("/nieuws/spaarrente", "2026-11-21T10:00:00Z"),
        ("/geld/oud", "2024-03-01"),
        ("https://www.krant.example/contact", "listed"),
    ]


@pytest.mark.parametrize(
    ("options", "count"),
    [({"newest": 2}, 2), ({"match": "/geld/"}, 2), ({"match": ["/geld/", "/nieuws/"]}, 3), ({"match": "geld"}, 0)],
)
def test_options_narrow_what_is_followed(read: Callable[..., Reading], options: dict[str, Any], count: int) -> None:
    assert len(read(MAP, "sitemap.xml", **options).links) == count


def test_packed_plain_and_cut_off_sitemaps_are_read(read: Callable[..., Reading]) -> None:
    whole = Path("tests/data/sources/sitemap/sitemap.xml").read_bytes()
    assert len(read(MAP, body=gzip.compress(whole)).links) == 4
    assert len(read(MAP, body=whole[: len(whole) // 2]).links) >= 2
    assert [each.url for each in read(MAP, body=f"{SITE}/a\n{SITE}/b\nx".encode()).links] == [f"{SITE}/a", f"{SITE}/b"]
    assert read(MAP, body=b"<urlset/>").links == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>Weg</body></html>", b"\x1f\x8bkapot", b'<!DOCTYPE x [<!ENTITY a "b&c;">]><urlset/>', b"{}"],
)
def test_what_is_no_sitemap_is_refused_in_one_sentence(read: Callable[..., Reading], body: bytes) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        read(MAP, body=body)


def test_an_article_is_read_whole_with_the_comments_below_it(read: Callable[..., Reading]) -> None:
    link = Link(url=ARTICLE, role="page", conversation=ARTICLE, stamp="x")
    main, first, second = read(link, "page.html").posts
    assert (main.external_id, main.kind, main.author) == (ARTICLE, PostKind.ARTICLE, "Els Krol")
    assert main.text.startswith("De Zonnebank verhoogt") and "Voorpagina" not in main.text and not main.partial
    assert main.published_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert (first.author, first.parent_id, second.parent_id) == ("Piet", "", first.external_id)
    assert {post.conversation_id for post in (main, first, second)} == {ARTICLE}
    assert {post.conversation_title for post in (main, first, second)} == {"Zonnebank verhoogt de rente"}


def test_a_thread_is_read_as_it_describes_itself(read: Callable[..., Reading], page: Callable[..., Page]) -> None:
    link = Link(url=f"{SITE}/forum/1", role="page", conversation=f"{SITE}/forum/1")
    found = page(link.url, "schema_org/thread_jsonld.html")
    posts = sitemap.read(found, link, spec()).posts
    assert posts[0].kind == PostKind.POST and len(posts) > 1
    assert {post.conversation_id for post in posts} == {link.conversation}


def test_a_page_that_holds_no_article_is_no_trouble(read: Callable[..., Reading]) -> None:
    link = Link(url=f"{SITE}/contact", role="page", conversation=f"{SITE}/contact")
    assert read(link, body=b"<html><body><p>Bel ons</p></body></html>").posts == ()
