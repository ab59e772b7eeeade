"""Feeds lead to whole articles and to their comments, each under its own conversation and parent."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import feed, load, names
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

DATA = Path("tests/data/sources")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEED = Link(url="https://blog.example/feed/")


def read(name_or_xml: str, link: Link = FEED, **options: object) -> Reading:
    body = name_or_xml.encode() if "<" in name_or_xml else (DATA / name_or_xml).read_bytes()
    page = Page(url=link.url, status=200, headers={}, body=body, fetched_at=NOW)
    return feed.read(page, link, SourceSpec(name="blog", url=FEED.url, options=options))


def rss(inner: str) -> str:
    return f"<rss version='2.0'><channel><title>B</title>{inner}</channel></rss>"


def test_the_shelf_knows_its_kinds_by_name_and_by_path() -> None:
    assert {"article", "feed", "wordpress"} <= set(names())
    assert load("feed") is load("listener.sources.feed")


@pytest.mark.parametrize("kind", ["feeed", "json", "os.path", "niets.hier", "listener.sources.feed:niets", "a..b", ""])
def test_what_is_no_kind_is_refused_in_a_sentence(kind: str) -> None:
    with pytest.raises(ValueError, match=r"[.?]$"):
        load(kind)


@pytest.mark.parametrize("name", ["wordpress_feed.xml", "wordpress_atom.xml"])
def test_an_article_feed_gives_articles_and_leads_to_their_comments(name: str) -> None:
    reading = read(name)
    first, second, _ = reading.posts
    assert first.title == 'Rare tekens <script> & "quotes" in de mail van Zonnebank'
    assert first.text.startswith("De nieuwsbrief toont &euro; in plaats van €. Voorbeeld: 5 < 6 && 7 > 3.")
    assert (second.author, second.kind, second.partial) == ("schrijver_sjors", PostKind.ARTICLE, False)
    assert second.published_at == datetime(2026, 11, 22, 8, 34, 44, tzinfo=UTC)
    lead = reading.links[0]
    assert [link.conversation for link in reading.links] == [post.external_id for post in reading.posts[1:]]
    assert (lead.role, lead.stamp) == ("comments", "3")
    assert lead.url.startswith("https://blog.example/2026/11/nl-lang/feed/")
    json.dumps([dict(link.carry) for link in reading.links])


def test_a_comment_feed_gives_conversation_and_parent() -> None:
    (lead, _) = read("wordpress_feed.xml").links
    reading = read("wordpress_thread_feed.xml", lead)
    newest, answer, oldest = reading.posts
    assert {post.conversation_id for post in reading.posts} == {"https://blog.example/2026/11/nl-lang/"}
    assert {post.conversation_title for post in reading.posts} == {"Mijn overstap naar Zonnebank: een verslag"}
    assert (newest.parent_id, answer.parent_id, oldest.parent_id) == ("", oldest.external_id, "")
    assert answer.text == "Yes, you can switch the language under Profile."
    assert (answer.author, answer.kind, answer.title) == ("schrijver_sjors", PostKind.COMMENT, "")
    assert not reading.links


@pytest.mark.parametrize("name", ["wordpress_comments_feed.xml", "wordpress_comments_atom.xml"])
def test_the_comments_of_a_whole_site_find_their_articles(name: str) -> None:
    posts = read(name, Link(url="https://blog.example/comments/feed/")).posts
    assert all(post.kind is PostKind.COMMENT for post in posts)
    assert [post.conversation_id for post in posts[:3]] == ["https://blog.example/2026/11/nl-lang/"] * 3
    assert posts[1].parent_id == posts[2].external_id
    assert posts[0].conversation_title in ("Mijn overstap naar Zonnebank: een verslag", "")
    assert posts[3].conversation_url == "https://blog.example/2026/11/en-garden/"


def test_isso_comments_keep_their_thread() -> None:
    link = Link(url="https://comments.example/feed?uri=/nl-app-login.html", role="comments", conversation="artikel-1")
    posts = {post.external_id.rsplit("/", 1)[1]: post for post in read("isso_thread.atom", link).posts}
    assert len(posts) == 4
    assert {post.conversation_id for post in posts.values()} == {"artikel-1"}
    assert posts["3"].parent_id == posts["2"].external_id
    assert [posts[n].parent_id for n in "124"] == ["", "", ""]
    assert posts["4"].conversation_url == "https://blog.example/nl-app-login.html"


def test_comments_that_a_script_keeps_are_read_from_where_it_keeps_them() -> None:
    at = "https://waline.example/api/comment?path=/a/&pageSize=100&sortBy=insertedAt_asc&page=1"
    link = Link(url=at, role="comments", conversation="a", carry={"url": "https://blog.example/a/", "title": "A"})
    reading = read("waline_thread.json", link)
    first, answer, *rest = reading.posts
    assert (first.author, first.url, first.conversation_id) == ("pieter_p", "https://blog.example/a/#9", "a")
    assert first.text == "Zelfde hier, drie keer deze week. Doorgestuurd naar de fraudehelpdesk."
    assert [each.parent_id for each in (first, answer, *rest)] == ["", "waline-9", "", "waline-11"]
    assert answer.published_at == datetime(2026, 11, 22, 17, 49, 16, tzinfo=UTC)
    assert feed.LISTS_ALL(link) and not reading.links
    many = (DATA / "waline_thread.json").read_text().replace('"totalPages": 1', '"totalPages": 2')
    assert [each.url for each in read(many, link).links] == [at.replace("page=1", "page=2")]
    with pytest.raises(ReadError, match="comments that waline should give"):
        read('{"errno": "<"}', link)


def test_a_comment_feed_below_an_article_is_found_and_its_page_read_where_it_is_missing() -> None:
    named = (
        b'<link rel=alternate type="application/rss+xml" href="/rss"><link rel=alternate type="application/rss+xml" '
    )
    page = Page(
        url="https://blog.example/a/", status=200, headers={}, body=named + b"href=comments.rss>", fetched_at=NOW
    )
    source = SourceSpec(name="blog", url=FEED.url)
    assert feed.comments_at(page, source) == "https://blog.example{path}comments.rss"
    carry = {"url": page.url, "title": "A"}
    link = Link(url=f"{page.url}comments.rss", role="comments", conversation="a", carry=carry)
    (instead,) = feed.fallback(link, FetchError("weg", status=404), source, {})
    assert (instead.url, instead.carry["below"], instead.conversation) == (page.url, True, "a")
    assert not feed.fallback(instead, FetchError("weg", status=404), source, {})


def test_the_comment_feed_of_an_article_can_be_said_with_a_pattern() -> None:
    body = rss("<item><guid isPermaLink='false'>x y</guid><link>https://blog.example/a b.html</link>"
               "<description>&lt;p&gt;Heel.&lt;/p&gt;</description></item>")  # fmt: skip
    (lead,) = read(body, comments="https://isso.example/feed?uri={path}&id={id}").links
    assert lead.url == "https://isso.example/feed?uri=/a%2520b.html&id=x%20y"
    assert (lead.role, lead.conversation, lead.stamp) == ("comments", "x y", "")


TEASER = rss(
    "<item><guid>https://blog.example/nl-app-login.html</guid><title>Zonnebank app</title>"
    "<author>marieke_v</author><pubDate>Sat, 21 Nov 2026 21:35:00 GMT</pubDate>"
    "<description>Sinds de update van vanochtend kan ik niet …</description>"
    "<c xmlns='http://wellformedweb.org/CommentAPI/'/>"
    "<w:commentRss xmlns:w='http://wellformedweb.org/CommentAPI/'>https://blog.example/c.xml</w:commentRss></item>"
)


def test_a_teaser_is_read_whole_at_its_address_and_then_its_comments() -> None:
    reading = read(TEASER)
    (teaser,), (lead,) = reading.posts, reading.links
    assert teaser.partial and lead.role == "article" and lead.stamp
    whole = read("isso_page.html", lead)
    (post,) = whole.posts
    assert post.external_id == teaser.external_id
    assert not post.partial
    assert "De klantenservice van Zonnebank neemt niet op." in post.text
    assert (post.author, post.title, post.published_at) == (teaser.author, teaser.title, teaser.published_at)
    assert [link.url for link in whole.links] == ["https://blog.example/c.xml"]
    assert whole.links[0].conversation == teaser.external_id


def test_a_teaser_stays_one_when_that_is_wanted_or_when_its_page_has_nothing() -> None:
    assert [link.role for link in read(TEASER, full_text=False).links] == ["comments"]
    (lead,) = read(TEASER).links
    empty = read("<html><body><form><input name=user></form></body></html>", lead)
    assert not empty.posts and len(empty.links) == 1
    source = SourceSpec(name="blog", url=FEED.url)
    assert [link.role for link in feed.fallback(lead, FetchError("x", status=403), source, {})] == ["comments"]
    assert not feed.fallback(FEED, FetchError("x", status=403), source, {})


def test_a_changed_teaser_changes_the_stamp() -> None:
    first, second = (read(TEASER.replace("vanochtend", word)).links[0].stamp for word in ("vanochtend", "vanmiddag"))
    assert first != second


def test_older_pages_are_read_on_the_first_visit_only() -> None:
    source = SourceSpec(name="blog", url=FEED.url)
    body = rss("<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/feed/?paged=2'/>")
    (first,) = feed.start(source, {})
    reading = read(body, first)
    assert [link.url for link in reading.links] == ["https://blog.example/feed/?paged=2"]
    (later,) = feed.start(source, reading.memory)
    assert not read(body, later).links


def test_comments_that_answer_each_other_in_a_circle_are_read() -> None:
    entries = "".join(
        f"<entry><id>{n}</id><link href='https://blog.example/p#comment-{n}'/><content>t{n}</content>"
        f"<t:in-reply-to xmlns:t='http://purl.org/syndication/thread/1.0' ref='{3 - n}'/></entry>"
        for n in (1, 2)
    )
    posts = read(f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>").posts
    assert [post.conversation_id for post in posts] == ["https://blog.example/p"] * 2 or len(posts) == 2


def test_what_atom_calls_a_summary_is_read_whole_at_its_address() -> None:
    reading = read("hexo_atom.xml")
    assert len(reading.posts) == 5 and all(post.partial for post in reading.posts)
    assert [(link.role, link.conversation) for link in reading.links] == [("article", p.url) for p in reading.posts]


def test_what_is_older_than_the_feed_is_read_once_as_the_sitemap_names_it() -> None:
    source = SourceSpec(name="dagboek", url="https://dagboek.example/atom.xml", options={"older": 2})
    (start,) = feed.start(source, {})

    def then(link: Link, body: str) -> Reading:
        data = (DATA / body).read_bytes() if body.endswith(".xml") else body.encode()
        return feed.read(Page(url=link.url, status=200, headers={}, body=data, fetched_at=NOW), link, source)

    robots = then(start, "hexo_atom.xml").links[-1]
    assert (robots.url, robots.role) == ("https://dagboek.example/robots.txt", "robots")
    (index,) = feed.fallback(robots, FetchError("weg", status=404), source, {})
    assert index.url == "https://dagboek.example/sitemap.xml"
    (home,) = feed.fallback(index, FetchError("weg", status=404), source, {})
    anchors = "".join(f"<a href={at}>" for at in ("/2025/02/oud/", "/over/", "/2026/11/nl-lang/"))
    listed = then(home, f"<html>{anchors}<a rel=next href=/page/2/>").links
    assert [(link.url, link.role) for link in listed] == [
        ("https://dagboek.example/2025/02/oud/", "page"),
        ("https://dagboek.example/page/2/", "home"),
    ]
    lists = ("tags/geld/", "", "index.html", "page/2/")
    paths = ("2026/11/nl-html/", "2026/11/nl-fiets/", *lists, "over/", "2026/11/nl-fraude/")
    urls = "".join(f"<url><loc>https://dagboek.example/{path}</loc></url>" for path in paths)
    older = then(index, f"<urlset>{urls}</urlset>").links
    assert [link.url.split("/")[-2] for link in older] == ["nl-fiets", "over"]
    words = "Een zin met genoeg woorden om een bericht te zijn. " * 9
    bare = f"<html><h1>Pomp</h1><article><p>{words}</p></article></html>"
    (post,) = then(older[0], bare.replace("<p>", "<time datetime='2026-11-20T12:00:00Z'>x</time><p>")).posts
    assert (post.external_id, post.conversation_id) == (older[0].url, older[0].url)
    assert not then(older[1], bare).posts
    assert not feed.start(source, {"read": True})[0].carry


def test_comments_that_stand_on_a_page_alone_are_read_there_each_day_and_leave_the_article_as_the_feed_has_it() -> None:
    url = "https://blog.example/2026/11/nl-lang/"
    whole = rss(f"<item><link>{url}</link><title>T</title><description>&lt;p&gt;Heel.&lt;/p&gt;</description></item>")
    (article,), (lead,) = read(whole, comments="page").posts, read(whole, comments="page").links
    assert (lead.url, lead.role, lead.conversation, lead.stamp) == (url, "comments", article.external_id, "/2026-11-22")
    comments = read("wordpress_page.html", lead).posts
    assert [(post.author, post.parent_id) for post in comments] == [
        ("dev_dana", ""),
        ("schrijver_sjors", f"{url}#comment-25"),
        ("bruin_bianca", ""),
    ]
    assert {post.conversation_id for post in comments} == {article.external_id}
    assert not read(whole).links
