"""Feeds of every format, well formed and not, lose no text, and those made to hurt are refused."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import ReadError
from listener.pages.syndication import MOST_ITEMS, Feed, parse
from listener.types import Hub, Page

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RSS = '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Blog</title>{}</channel></rss>'


def fed(body: str | bytes, content_type: str = "", **headers: str) -> Feed:
    raw = body if isinstance(body, bytes) else body.encode()
    all_headers = {"content-type": content_type, **headers}
    return parse(Page(url="https://blog.example/feed", status=200, headers=all_headers, body=raw, fetched_at=NOW))


def item(inner: str) -> str:
    return RSS.format(f"<item><guid isPermaLink='false'>1</guid><title>Titel</title>{inner}</item>")


def test_an_rss_item_is_read_whole() -> None:
    feed = fed(
        item(
            "<link>/a?utm_source=rss</link><dc:creator>Anna</dc:creator><category>geld</category>"
            "<pubDate>Sun, 22 Nov 2026 09:34:44 CEST</pubDate>"
            "<description>&lt;p&gt;Een &amp;amp; twee&lt;/p&gt;</description>"
        )
    )
    (one,) = feed.items
    assert (one.id, one.url, one.title, one.text) == ("1", "https://blog.example/a", "Titel", "Een & twee")
    assert one.author == "Anna"
    assert one.published == datetime(2026, 11, 22, 7, 34, 44, tzinfo=UTC)


def test_an_rdf_feed_is_read() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://blog.example/"><title>B</title></channel>
      <item rdf:about="https://blog.example/1"><title>T</title><link>https://blog.example/1</link>
      <description>Tekst</description><dc:date>2026-11-20T10:00:00+01:00</dc:date></item></rdf:RDF>"""
    (one,) = fed(body).items
    assert (one.id, one.text) == ("https://blog.example/1", "Tekst")
    assert one.published == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_json_feed_is_read_even_with_blanks_in_its_keys() -> None:
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Forum",
        "home_page_url": "/",
        "next_url": "/feed.json?page=2",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [
            {"id": 7, "url": "/t/7", "title": "T", "content_html": "<p>a</p><p>b</p>",
             "date_modified ": "2026-11-20T10:00:00Z", "author": "Carla"},
            {"id": "8", "external_url": "https://else.example/", "content_text": "a\nb < c", "tags": ["x"],
             "authors": [{"name": "Anna", "url": "/anna"}, {"name": "Bram"}], "date_published": "2026-11-20T10:00:00Z",
             "date_modified": "2026-11-21T10:00:00Z"},
            "geen item",
        ],
    }  # fmt: skip
    feed = fed(json.dumps(body), "application/feed+json")
    first, second = feed.items
    assert feed.hub == Hub(url="https://hub.example/", topic="https://blog.example/feed")
    assert feed.next_url == "https://blog.example/feed.json?page=2"
    assert (first.id, first.url, first.text, first.author) == ("7", "https://blog.example/t/7", "a\n\nb", "Carla")
    assert first.published == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (second.text, second.author, second.author_url) == ("a\nb < c", "Anna, Bram", "https://blog.example/anna")
    assert second.edited == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (item("<description>Caf&eacute; &nbsp;open</description>"), "Café \xa0open"),
        (item("<description>Jansen & Zoon & co</description>"), "Jansen & Zoon & co"),
        (item("<description>een\x0btwee\x08drie</description>"), "een\x0btwee\x08drie"),
        ("<br /><b>Warning</b> x.php\n<?xml version='1.0'?>" + item("<description>toch</description>"), "toch"),
        (item("<description><![CDATA[nog open <b>vet</b> tekst"), "nog open vet tekst"),
        ("\ufeff" + item("<description>na de BOM</description>"), "na de BOM"),
        ("  \n" + '<?xml version="1.0"?>' + item("<description>na wit</description>"), "na wit"),
        (item("<description>half <b>werk"), "half werk"),
        (item("<description>half &lt;b&gt;werk <a hre").removesuffix("</item></channel></rss>"), "half werk"),
        (item("<description><![CDATA[half <b>werk</b> ").removesuffix("</item></channel></rss>"), "half werk"),
        (item('<description>d</description><content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">'
              "heel</content:encoded>"), "heel"),
    ],
)  # fmt: skip
def test_broken_feeds_keep_their_text(body: str, text: str) -> None:
    (one,) = fed(body).items
    assert " ".join(one.text.split()) == " ".join(text.split())


CAFE = item("<description>Caf\u00e9 \u20ac 5 \u201cdus\u201d</description>")


def declared(name: str) -> str:
    return f'<?xml version="1.0" encoding="{name}"?>' + CAFE


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (CAFE.encode(), "text/xml"),
        (declared("iso-8859-1").encode(), ""),
        (declared("utf-8").encode("cp1252"), ""),
        (CAFE.encode().replace("\u20ac 5 \u201cdus\u201d".encode(), b"\x80 5 \x93dus\x94"), ""),
        (declared("utf-16").encode("utf-16"), ""),
        (declared("windows-1252").encode("cp1252"), "text/xml; charset=utf-8"),
        (
            declared("cp1140")
            .replace(CAFE, item("<description>Caf\u00e9 \u20ac 5 &#x201c;dus&#x201d;</description>"))
            .encode("cp1140"),
            "",
        ),
        (CAFE.encode("iso-8859-15", "xmlcharrefreplace"), "text/xml; charset=iso-8859-15"),
    ],
)
def test_every_encoding_reads_the_same(body: bytes, content_type: str) -> None:
    (one,) = fed(body, content_type).items
    assert one.text == "Café € 5 “dus”"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("za, 14 mrt 2026 10:00:00 +0100", datetime(2026, 3, 14, 9, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 12:30:00 +0000", NOW),
        ("Sun, 22 Nov 2099 12:30:00 +0000", None),
        ("onzin", None),
    ],
)
def test_dates_are_dutch_too_and_never_later_than_now(date: str, moment: datetime | None) -> None:
    (one,) = fed(item(f"<description>x</description><pubDate>{date}</pubDate>")).items
    assert one.published == moment


@pytest.mark.parametrize(
    ("channel", "author"),
    [
        ("<title>Anna B</title><description>Public posts from @anna@toot.example</description>", "Anna B"),
        ("<title>Anna B (@anna@toot.example:8711)</title>", "Anna B"),
        ("<title>Posts from @anna@toot.example</title>", "anna"),
        ("<title>Anna B</title><description>Mail naar anna@toot.example of @anna</description>", ""),
    ],
)
def test_the_posts_of_an_account_are_by_whom_the_feed_is(channel: str, author: str) -> None:
    item = "<item><guid>1</guid><description>Hoi</description></item>"
    feed = fed(f"<rss version='2.0'><channel>{channel}{item}</channel></rss>")
    assert [each.author for each in feed.items] == [author]


@pytest.mark.parametrize(
    ("inner", "author", "author_url"),
    [
        ("<author>anna@blog.example (Anna B)</author>", "Anna B", ""),
        ("<author>Anna B &lt;anna@blog.example&gt;</author>", "Anna B", ""),
        (
            "<dc:creator>&lt;a href='/user-3.html'&gt;Bram&lt;/a&gt;</dc:creator>",
            "Bram",
            "https://blog.example/user-3.html",
        ),
        ("", "", ""),
    ],
)
def test_authors_are_names(inner: str, author: str, author_url: str) -> None:
    (one,) = fed(item("<description>x</description>" + inner)).items
    assert (one.author, one.author_url) == (author, author_url)


@pytest.mark.parametrize(
    ("description", "content", "is_teaser"),
    [
        ("Een lang stuk dat hier ophoudt …", "", True),
        ("Alleen de eerste zin van het bericht.", "", True),
        ("&lt;p&gt;Alles, in alinea's.&lt;/p&gt;", "", False),
        ("x", "Ik weet het niet...", False),
        ("x", "Een begin [&amp;#8230;]", True),
        ("&lt;p&gt;Tekst. Lees verder &amp;raquo;&lt;/p&gt;", "", True),
        ("woord " * 200, "", False),
    ],
)
def test_a_teaser_is_told_from_a_text(description: str, content: str, is_teaser: bool) -> None:
    encoded = f'<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/">{content}</c:encoded>' if content else ""
    (one,) = fed(item(f"<description>{description}</description>{encoded}")).items
    assert one.is_teaser is is_teaser


def test_a_feed_says_when_to_come_back_and_where_its_hub_is() -> None:
    body = RSS.format(
        '<ttl>90</ttl><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/>'
    )
    here = fed(RSS.format("")).hub
    assert here is None
    hub = fed(body).hub
    assert hub is not None and (fed(body).hint, hub.url) == (5400, "https://hub.example/")
    headers = '<https://hub2.example/>; rel="hub", <https://blog.example/its-name>; rel="self"'
    assert fed(RSS.format(""), link=headers).hub == Hub(
        url="https://hub2.example/", topic="https://blog.example/its-name"
    )
    syndicated = '<y:updatePeriod xmlns:y="http://purl.org/rss/1.0/modules/syndication/">daily</y:updatePeriod>'
    assert fed(RSS.format(syndicated)).hint == 86400


def test_of_too_many_items_the_newest_are_kept() -> None:
    days = [f"2026-{1 + n // 28 % 11:02}-{1 + n % 28:02}" for n in range(MOST_ITEMS + 40)]
    rows = "".join(f"<item><guid>{n}</guid><pubDate>{day}T10:00:00Z</pubDate></item>" for n, day in enumerate(days))
    items = fed(RSS.format(rows)).items
    assert len(items) == MOST_ITEMS
    assert min(one.published for one in items if one.published) >= datetime(2026, 1, 18, tzinfo=UTC)


def test_items_that_share_a_guid_are_told_apart_by_address() -> None:
    rows = "".join(f"<item><guid>zelfde</guid><link>/{n}</link><description>{n}</description></item>" for n in range(3))
    assert [one.id for one in fed(RSS.format(rows)).items] == [f"https://blog.example/{n}" for n in range(3)]


def test_an_item_without_any_identity_gets_one_from_its_text() -> None:
    first, second = fed(RSS.format("<item><title>a</title></item><item><title>b</title></item>")).items
    assert first.id and second.id and first.id != second.id


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   \n",
        "<!DOCTYPE html><html><body><form>inloggen</form></body></html>",
        '{"topic_list": {}}',
        "[" * 100_000,
        "{" * 100_000,
        "gewoon tekst",
        "/etc/hostname",
        '<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>' + item("<description>&c;</description>"),
        '<!-- <rss > --><!DOCTYPE r [<!ENTITY a "b&c;">]>' + item("<description>&a;</description>"),
        '<?xml version="1.0"?>\n<!doctype r [ <!entity % x SYSTEM "file:///etc/hostname"> %x; ]><rss></rss>',
        RSS.format("<item " + " ".join(f"a{n}='1'" for n in range(100_000)) + "><title>x</title></item>"),
        RSS.format("<item " + " ".join(f"a{n}='>'" for n in range(100_000)) + "><title>x</title></item>"),
    ],
)
def test_what_is_no_feed_or_a_trap_is_refused_in_a_sentence(body: str) -> None:
    with pytest.raises(ReadError, match=r"https://blog\.example/feed .+\.$"):
        fed(body)


def test_a_feed_may_write_about_entities() -> None:
    (one,) = fed(
        item("<description><![CDATA[Zo doe je dat: <code>&lt;!ENTITY x&gt;</code> <!ENTITY y>]]></description>")
    ).items
    assert "Zo doe je dat" in one.text


@pytest.mark.parametrize("name", sorted(p.name for p in Path("tests/data/sources").glob("*feed.xml")))
@given(cut=st.floats(0.3, 1))
def test_a_feed_cut_off_anywhere_still_gives_whole_items(name: str, cut: float) -> None:
    body = (Path("tests/data/sources") / name).read_bytes()
    whole = {one.id: one.text for one in fed(body).items}
    items = fed(body[: int(len(body) * cut)]).items if b"<item>" in body[: int(len(body) * cut)] else ()
    for one in items[:-1]:
        assert whole[one.id] == one.text


@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_or_a_sentence(noise: bytes) -> None:
    for body in (noise, b"<rss version='2.0'><channel><item><title>" + noise):
        try:
            fed(body)
        except ReadError as error:
            assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("words", "charset"),
    [
        ("은행 앱이 또 작동하지 않습니다 정말 실망입니다", "euc_kr"),
        ("Банк опять закрыл мой счёт без объяснения причин", "koi8_r"),
        ("הבנק סגר את החשבון שלי בלי הסבר ואני מאוד כועס", "cp1255"),
    ],
)
def test_a_charset_that_nobody_names_is_told_by_its_letters(words: str, charset: str) -> None:
    (one,) = fed(item(f"<description>{words}</description>").encode(charset)).items
    assert one.text == words


def test_western_letters_without_a_charset_stay_what_they_are() -> None:
    for words in ("Eén café, naïef en geërgerd", "Größe und Übermut für Bären"):
        (one,) = fed(item(f"<description>{words}</description>").encode("cp1252")).items
        assert one.text == words


def test_control_signs_become_the_letters_that_were_meant() -> None:
    windows, twice = (
        fed(item("<description>don&#146;t</description>")).items,
        fed(item("<title>&#226;&#128;&#166;</title>")),
    )
    assert windows[0].text == "don’t"
    assert twice.items[0].title in ("Titel", "…")


def test_short_entities_that_a_feed_declares_are_read_and_bombs_are_not() -> None:
    head = '<!DOCTYPE rss [<!ENTITY bank "Zonnebank">]>'
    (one,) = fed(head + item("<description>Bij de &bank; gebeurt het</description>")).items
    assert one.text == "Bij de Zonnebank gebeurt het"
    many = item("<description>" + "&bank;" * 20_000 + "</description>")
    for body in (head + many, "<!DOCTYPE rss [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>" + item("&c;")):
        with pytest.raises(ReadError, match="entities of its own"):
            fed(body)


@pytest.mark.parametrize("tag", ["iframe", "object"])
def test_no_text_is_lost_behind_an_open_frame(tag: str) -> None:
    (one,) = fed(item(f"<description>&lt;p&gt;voor&lt;{tag} src='x'&gt; &lt;b&gt;na&lt;/b&gt;</description>")).items
    assert one.text == "voor na"


def test_words_of_other_vocabularies_are_found_where_feedparser_finds_them() -> None:
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    words = "<media:title>Foto</media:title><dc:author>Anna</dc:author>"
    (one,) = fed(f"<rss version='2.0' {spaces}><channel><item>{words}</item></channel></rss>").items
    assert (one.title, one.author) == ("Foto", "Anna")
    (entry,) = fed("<feed xmlns='http://www.w3.org/2005/Atom'><item><title>Geen entry</title></item></feed>").items
    assert entry.title == "Geen entry"


def test_signs_that_cannot_be_are_replaced_and_lose_nothing_else() -> None:
    (one,) = fed(item("<description>Zonne&#xD800;bank &#99999999999; &#x110000; kapot & klaar</description>")).items
    assert one.text.startswith("Zonne") and one.text.endswith("klaar")
    half = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "\\ud800", "content_text": "a\\udfff b"}]}'
    (two,) = fed(half).items
    assert "b" in two.text and (two.id + two.text).encode()


def test_a_feed_with_thousands_of_vocabularies_is_refused() -> None:
    inner = "".join(f"<a{n}:b xmlns:a{n}='u{n}'/>" for n in range(4000))
    with pytest.raises(ReadError, match="more vocabularies"):
        fed(item(inner))
