"""The quick reader gives just what feedparser gives, or leaves the feed to it."""

from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.pages import wellformed
from listener.pages.syndication import Feed, parse
from listener.types import Page

FEEDS = sorted(
    path
    for path in Path("tests/data/sources").rglob("*")
    if path.suffix in (".xml", ".atom") and path.is_file() and path.parent.name != "sitemap"
)


def both_ways(body: bytes) -> tuple[Feed, Feed, bool]:
    """What the quick reader and what feedparser make of a feed, and whether the quick one took it at all."""
    page = Page(
        url="https://blog.example/feed/",
        status=200,
        headers={},
        body=body,
        fetched_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    )
    quick, was_taken = parse(page), wellformed.read(page.url, body) is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wellformed, "read", lambda url, body: None)
        return quick, parse(page), was_taken


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_recorded_feeds_read_the_same(path: Path) -> None:
    quick, slow, was_taken = both_ways(path.read_bytes())
    assert was_taken
    assert quick == slow


WORDS = st.text(alphabet="ab é€<>&;\"'/#p1\n 😀", max_size=25)
DATES = st.sampled_from(["Sun, 22 Nov 2026 09:34:44 +0100", "2026-11-20T10:00:00Z", "za 14 mrt 2026", "onzin", ""])
ELEMENTS = st.one_of(
    st.tuples(
        st.sampled_from(["title", "description", "content:encoded", "author", "dc:creator", "category", "guid"]), WORDS
    ),
    st.tuples(st.sampled_from(["pubDate", "dc:date", "atom:updated"]), DATES),
    st.tuples(
        st.sampled_from(["link", "comments", "wfw:commentRss"]), st.sampled_from(["https://b.example/1", "/2", "#3"])
    ),
    st.tuples(st.sampled_from(["slash:comments", "vreemd", "thr:total"]), st.sampled_from(["0", "12", "x"])),
)
SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"'
)


@settings(max_examples=150)
@given(st.lists(st.lists(ELEMENTS, max_size=6, unique_by=lambda each: each[0]), max_size=3))
def test_any_rss_reads_the_same(items: list[list[tuple[str, str]]]) -> None:
    inner = "".join(
        "<item>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in item) + "</item>" for item in items
    )
    quick, slow, _ = both_ways(f'<rss version="2.0" {SPACES}><channel>{inner}</channel></rss>'.encode())
    assert quick == slow


LINKS = ["", " rel='replies' type='application/atom+xml'", " rel='self'", " rel='alternate'"]


@settings(max_examples=100)
@given(
    kind=st.sampled_from(["", " type='text'", " type='html'", " type='xhtml'"]),
    texts=st.lists(WORDS, min_size=4, max_size=4),
    date=DATES,
    links=st.lists(st.sampled_from(LINKS), max_size=3),
)
def test_any_atom_reads_the_same(kind: str, texts: list[str], date: str, links: list[str]) -> None:
    title, content, name, tag = map(escape, texts)
    body = (
        f"<feed xmlns='http://www.w3.org/2005/Atom' {SPACES}><entry><id>tag:b.example,2026:1</id>"
        f"<title{kind}>{title}</title>"
        f"<content{kind}>{content}</content><author><name>{name}</name><uri>https://b.example/a</uri></author>"
        + "".join(f"<link href='https://b.example/{n}'{link} thr:count='{n}'/>" for n, link in enumerate(links))
        + f"<published>{date}</published><category term='{escape(tag, {chr(39): '&#39;'})}'/></entry></feed>"
    )
    quick, slow, _ = both_ways(body.encode())
    assert quick == slow


@pytest.mark.parametrize(
    "body",
    [
        "<rss><channel><item>",
        "<rss><channel><item><description>een <b>echt</b> element</description></item></channel></rss>",
        "<rss><channel><item><title>&eacute;</title></item></channel></rss>",
        "<rss xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item><i:summary>x</i:summary></item></channel></rss>",
        "<opml><body/></opml>",
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://else.example/'><entry/></feed>",
    ],
)
def test_what_needs_feedparser_is_left_to_it(body: str) -> None:
    assert wellformed.read("https://blog.example/", body.encode()) is None


@pytest.mark.parametrize(
    "item",
    [
        "<author>Jan (jan@x.example)</author>",
        "<TiTlE>Een</TiTlE>",
        "<wfw:commentRSS xmlns:wfw='http://wellformedweb.org/CommentAPI/'>/c</wfw:commentRSS>",
        "<description>kort</description><summary>lang</summary>",
        "<summary>lang</summary><description>kort</description>",
    ],
)
def test_what_seldom_stands_in_a_feed_means_the_same(item: str) -> None:
    quick, slow, _ = both_ways(f"<rss version='2.0'><channel><item>{item}</item></channel></rss>".encode())
    assert quick == slow


def test_an_item_of_rdf_is_known_by_what_it_is_about() -> None:
    quick, slow, was_taken = both_ways(
        b"<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
        b"<channel/><item r:about='http://x.example/1'><title>Een</title></item></r:RDF>"
    )
    assert was_taken and quick == slow
    assert quick.items[0].id == "http://x.example/1"
