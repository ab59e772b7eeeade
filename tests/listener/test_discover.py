"""An address says what kind of source it is: by its own form, its software's marks, its threads or its feeds."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener import sources
from listener.discover import Guess, feeds_of, guess, probes
from listener.types import Page

DATA = Path("tests/data/sources")


def page(url: str, body: str | bytes | Path = "", **headers: str) -> Page:
    raw = body.read_bytes() if isinstance(body, Path) else body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Page(url=url, status=200, headers=named, body=raw, fetched_at=datetime(2026, 11, 22, tzinfo=UTC))


def known(found: Guess | None) -> tuple[str, str]:
    assert found is not None
    assert found.why.endswith(".")
    sources.load(found.kind)
    return found.kind, found.url


@pytest.mark.parametrize(
    ("url", "file", "kind", "listen_to"),
    [
        ("https://blog.example/", "wordpress_home.html", "wordpress", "https://blog.example/"),
        ("https://blog.example/2026/11/nl-lang/", "wordpress_page.html", "wordpress", "https://blog.example/"),
        ("https://blog.example/feed/", "wordpress_feed.xml", "wordpress", "https://blog.example/"),
        ("https://blog.example/comments/feed/", "wordpress_comments_feed.xml", "wordpress", "https://blog.example/"),
        (
            "https://blog.example/category/x/feed/",
            "wordpress_feed.xml",
            "feed",
            "https://blog.example/category/x/feed/",
        ),
        ("https://blog.example/wp-json/wp/v2/posts", "wordpress_posts.json", "wordpress", "https://blog.example/"),
        ("https://comments.example/feed?uri=/a", "isso_thread.atom", "feed", "https://comments.example/feed?uri=/a"),
        ("https://blog.example/nl-app-login.html", "isso_page.html", "feed", "https://blog.example/feeds/all.atom.xml"),
    ],
)
def test_a_recorded_page_is_known_for_what_it_is(url: str, file: str, kind: str, listen_to: str) -> None:
    assert known(guess(page(url, DATA / file))) == (kind, listen_to)


@pytest.mark.parametrize(
    ("body", "header", "kind"),
    [
        ('<html><head><meta name="generator" content="Discourse 3.4.0 - https://github.com/"></head>', "", "discourse"),
        ("<html><body></body></html>", "NodeBB", "nodebb"),
        ('<html><body id="phpbb" class="nojs section-index ltr">', "", "phpbb"),
        ('<html><div itemscope itemtype="https://schema.org/DiscussionForumPosting">', "", "schema_org"),
        ('<html><script type="application/ld+json">{"@type": "QAPage"}</script>', "", "schema_org"),
        ('<html><head><meta property="og:type" content="article"></head>', "", "article"),
        ('<html><p>Powered by <a href="https://x.example">HyperKitty</a> version 1.3.9.</p>', "", "hyperkitty"),
        ("<html><head><link rel='icon' href='/static/hyperkitty/img/favicon.ico'>", "", "hyperkitty"),
    ],
)
def test_software_and_markup_give_themselves_away(body: str, header: str, kind: str) -> None:
    if kind in sources.names():
        found = guess(page("https://forum.example/x", body, x_powered_by=header))
        assert known(found) == (kind, "https://forum.example/x")


@pytest.mark.parametrize(
    ("url", "body", "kind", "listen_to"),
    [
        ("https://f.example/latest.json", '{"topic_list": {"topics": []}}', "discourse", "https://f.example/"),
        ("https://f.example/bb/api/recent", '{"topics": [], "nextStart": 1}', "nodebb", "https://f.example/bb/"),
        ("https://b.example/x/wp-json/", '{"namespaces": ["oembed/1.0", "wp/v2"]}', "wordpress", "https://b.example/x/"),
        ("https://f.example/b/app.php/feed", "<feed xmlns='http://www.w3.org/2005/Atom'><id>x</id></feed>", "phpbb", "https://f.example/b/"),
        ("https://j.example/f.json", '{"version": "https://jsonfeed.org/version/1", "items": []}', "feed", "https://j.example/f.json"),
    ],
)  # fmt: skip
def test_an_interface_or_a_feed_leads_to_its_site(url: str, body: str, kind: str, listen_to: str) -> None:
    if kind in sources.names():
        assert known(guess(page(url, body))) == (kind, listen_to)


@pytest.mark.parametrize(
    ("href", "site", "api"),
    [
        ("https://b.example/index.php?rest_route=/", "https://b.example/", "https://b.example/index.php?rest_route=/"),
        ("https://b.example/blog/wp-json/", "https://b.example/blog/", None),
        ("https://b.example/api/", "https://b.example/", "https://b.example/api/"),
        ("https://evil.example/wp-json/", "https://b.example/", None),
    ],
)
def test_a_blog_says_where_its_interface_is_but_only_on_its_own_host(href: str, site: str, api: str | None) -> None:
    found = guess(page("https://b.example/blog/a", f"<html><link rel='https://api.w.org/' href='{href}'>"))
    assert known(found) == ("wordpress", site)
    assert found is not None and found.options.get("api") == api


def test_the_feeds_of_a_page_are_listed_with_their_purpose() -> None:
    found = feeds_of(page("https://blog.example/2026/11/nl-lang/", DATA / "wordpress_page.html"))
    assert [(each.url, each.is_comments) for each in found[:3]] == [
        ("https://blog.example/feed/", False),
        ("https://blog.example/comments/feed/", True),
        ("https://blog.example/2026/11/nl-lang/feed/", True),
    ]
    linked = feeds_of(
        page("https://x.example/", "<html><a href='/rss.xml'>RSS</a><a href='/rss.xml'>weer</a><a href='/rssig'>")
    )
    assert [each.url for each in linked] == ["https://x.example/rss.xml"]


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ('<script data-isso="//box.example/" src="//box.example/js/embed.min.js"></script>', "/feed?uri={path}"),
        (
            "<div id=waline><script type=module>init({ el: '#waline', serverURL: 'https://box.example' })</script>",
            "/api/comment?path={path}&pageSize=100&sortBy=insertedAt_asc&page=1",
        ),
    ],
)
def test_a_page_that_leaves_its_comments_to_a_script_says_where_they_are(script: str, where: str) -> None:
    html = f'<html><link rel=alternate type="application/atom+xml" href="/all.atom.xml">{script}'
    found = guess(page("https://x.example/", html))
    assert known(found) == ("feed", "https://x.example/all.atom.xml")
    assert found is not None and found.options["comments"] == f"https://box.example{where}"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://news.ycombinator.com/newest", "hacker_news"),
        ("https://www.reddit.com/r/thenetherlands/", "reddit"),
        ("https://bsky.app/profile/zonnebank.nl", "bluesky"),
        ("https://money.stackexchange.com/questions", "stack_exchange"),
        ("https://stackoverflow.com/", "stack_exchange"),
    ],
)
def test_some_sites_are_known_by_their_host(url: str, kind: str) -> None:
    assert known(guess(page(url, "<html>"))) == (kind, url)
    assert guess(page(url.replace(".com", ".com.evil.example").replace(".app", ".app.evil.example"), "<html>")) is None


def test_a_page_about_some_software_is_not_made_by_it() -> None:
    assert guess(page("https://x.example/blog/1", "<html><p>Wij kozen HyperKitty, askbot en Ghost.")) is None


def test_a_page_with_one_long_article_is_that_article() -> None:
    html = "<html><body><article>" + "<p>Een alinea.</p>" * 5 + "</article></body></html>"
    assert known(guess(page("https://krant.example/a", html))) == ("article", "https://krant.example/a")
    assert guess(page("https://krant.example/", html)) is None
    assert (
        guess(page("https://forum.example/t/1", html.replace("</article>", "</article><article>x</article>"))) is None
    )


def test_a_page_of_a_question_site_is_known() -> None:
    url = "https://vraag.example/nl/question/40/wat-is-de-rente/"
    assert known(guess(page(url, DATA / "askbot/question.html"))) == ("askbot", url)


@pytest.mark.parametrize(
    ("url", "body", "site"),
    [
        ("https://blad.example/rss/", DATA / "ghost/rss.xml", "https://blad.example/"),
        ("https://x.example/a/", '<html><meta name="generator" content="Ghost 5.90">', "https://x.example/"),
        ("https://x.example/b/a/", '<html><script data-ghost="https://x.example/b/">', "https://x.example/b/"),
        ("https://x.example/a/", '<html><script data-ghost="https://evil.example/">', "https://x.example/"),
    ],
)
def test_a_ghost_site_is_known_by_its_pages_and_its_feed(url: str, body: str | Path, site: str) -> None:
    assert known(guess(page(url, body))) == ("ghost", site)


@pytest.mark.parametrize("file", ["sitemap/index.xml", "sitemap/sitemap.xml"])
def test_a_sitemap_is_one_wherever_it_is(file: str) -> None:
    assert known(guess(page("https://krant.example/s.xml", DATA / file))) == ("sitemap", "https://krant.example/s.xml")
    assert any(link.url == "https://krant.example/sitemap.xml" for link in probes(page("https://krant.example/")))


def test_where_a_page_is_silent_the_usual_places_are_tried() -> None:
    silent = page("https://x.example/forum/index.html", "<html><p>Welkom")
    assert guess(silent) is None
    links = probes(silent)
    urls = [link.url for link in links]
    assert urls[0] == "https://x.example/forum/wp-json/"
    assert {"https://x.example/rss.xml", "https://x.example/forum/latest.json"} <= set(urls)
    assert len(urls) == len(set(urls)) <= 30
    assert all(str(link.carry["why"]).endswith(".") for link in links)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"<html>{text}".encode())))
def test_any_page_at_all_can_be_looked_at(body: bytes) -> None:
    for url in ("https://x.example/", "https://x.example/api/x", "https://x.example/[a"):
        found = guess(page(url, body))
        assert found is None or found.kind in sources.names()
        feeds_of(page(url, body))
        probes(page(url, body))


def test_what_speaks_mastodons_interface_is_known_by_its_answer() -> None:
    url = "https://dorp.example/api/v1/instance"
    said = '{"uri": "dorp.example", "version": "4.0.0 (not true; really snac/2.75)", "title": "Dorp"}'
    assert known(guess(page(url, said))) == ("mastodon", "https://dorp.example/")
    assert guess(page("https://dorp.example/x.json", said)) is None
    assert url in [link.url for link in probes(page("https://dorp.example/", "<html><p>Welkom"))]


def test_of_the_same_feed_twice_the_one_that_names_writers_is_read() -> None:
    links = "".join(
        f'<link rel=alternate type="application/{kind}+xml" href="/blog/{kind}.xml">' for kind in ("rss", "atom")
    )
    assert known(guess(page("https://x.example/blog/", f"<html>{links}"))) == (
        "feed",
        "https://x.example/blog/atom.xml",
    )
