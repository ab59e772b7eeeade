"""Finds out what kind of source an address is, from what it answers; the fetching is somebody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer

from listener import sources
from listener.errors import ReadError
from listener.pages import tree
from listener.pages.effort import needs_limits
from listener.pages.markup import is_overloaded, line_of, web_url
from listener.pages.syndication import parse
from listener.pages.tree import decoded
from listener.sources import blocks
from listener.sources.feed import comment_box
from listener.types import Link, Page, SourceSpec
from storage.types import PostKind

LOOKED_AT = 1_000_000
"""Characters of a page that are searched for marks."""
MOST_FEEDS = 50
"""Feeds listed of one page."""

OLDER = 50
"""Articles older than its feed that are read of a site whose own address was given."""

_ENGINES: tuple[tuple[str, str, str], ...] = (
    (
        "wordpress",
        "WordPress",
        r"<meta[^>]{0,200}content=.WordPress\b|rel=.https://api\.w\.org/|/wp-content/(themes|plugins)/",
    ),
    ("discourse", "Discourse", r"<meta[^>]{0,200}content=.Discourse\b|id=.data-discourse-setup|x-discourse-route:"),
    ("nodebb", "NodeBB", r"x-powered-by: nodebb|id=.ajaxify-data\b|/assets/nodebb[.-]"),
    (
        "phpbb",
        "phpBB",
        r"<body[^>]{0,300}\bid=.phpbb\b|href=.https?://(www\.)?phpbb\.com/?.[^>]{0,100}>phpBB|set-cookie: phpbb",
    ),
    ("mybb", "MyBB", r"href=.https?://(www\.)?mybb\.com/?.[^>]{0,100}>MyBB|set-cookie: mybb"),
    ("smf", "SMF", r"\bsmf_theme_url\b|>SMF [12]\.\d|simplemachines\.org"),
    ("xenforo", "XenForo", r"<html[^>]{0,300}\bid=.XF\b|set-cookie: xf_"),
    ("vbulletin", "vBulletin", r"<meta[^>]{0,200}content=.vBulletin\b"),
    ("flarum", "Flarum", r"id=.flarum-(app|json-payload|loading)\b"),
    ("flaskbb", "FlaskBB", r"class=.flaskbb-(layout|header|content)\b"),
    ("askbot", "Askbot", r"\baskbot(\.|\[['\"])(messages|urls|data|settings)\b|>\s{0,9}Powered by Askbot"),
    (
        "hyperkitty",
        "HyperKitty",
        r"(src|href)=.[^\"'>]{0,200}/hyperkitty/(libs|css|js|img)/|>HyperKitty</a>\s{0,9}version",
    ),
    ("mediawiki", "MediaWiki", r"<meta[^>]{0,200}content=.MediaWiki \d"),
    ("ghost", "Ghost", r"<meta[^>]{0,200}content=.Ghost \d|data-ghost="),
    ("blogger", "Blogger", r"<meta[^>]{0,200}content=.blogger\b"),
    ("mastodon", "Mastodon", r"<div[^>]{0,200}\bid=.mastodon\b|server: mastodon|\bgotosocial\b"),
    ("bluesky", "a Bluesky data server", r"This is an AT Protocol Personal Data Server|atproto PDS"),
    ("lemmy", "Lemmy", r"window\.isoData\s?=|<meta[^>]{0,200}content=.Lemmy\b"),
)
"""Kind, its name, and the marks by which its pages and headers are known."""
_HOSTS: tuple[tuple[str, str, str], ...] = (
    ("hacker_news", "Hacker News", r"news\.ycombinator\.com"),
    ("reddit", "Reddit", r"((www|old|new)\.)?reddit\.com"),
    ("bluesky", "Bluesky", r"bsky\.app"),
    (
        "stack_exchange",
        "Stack Exchange",
        r"(www\.)?((\w+\.)+stackexchange|([a-z]{2}\.)?stackoverflow|serverfault|superuser|askubuntu)\.com|mathoverflow\.net",
    ),
)
"""Kind, its name, and the hosts that are it."""
_THREADS = re.compile(
    r'"@type"\s{0,9}:\s{0,9}\[?\s{0,9}"(DiscussionForumPosting|QAPage|Question|Comment)"'
    r"|itemtype=.https?://schema\.org/(DiscussionForumPosting|QAPage|Question|Comment)\b"
)
_ARTICLE = re.compile(
    r"<meta[^>]{0,200}og:type[^>]{0,100}content=.article\b|\"@type\"\s{0,9}:\s{0,9}\"(News|Blog)?(Article|Posting)\""
)
_BOARD = re.compile(
    r"href=[\"']([^\"'\s?]{0,200}/(?:topics?|threads?|forums?|discussions?|onderwerp(?:en)?)/[^\"'\s?]{0,100}\d[^\"'\s?]{0,100})",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"(?:(?:view|bekijk|alle|all|de|het|our|ons)\s)?(?:forums?|(?:message )?boards?|discussions?|discussies?|community|"
    r"tickets|issues|bugs|questions|vragen|q ?& ?a|prikbord|guestbook|gastenboek|mailing lists?|archives?)",
    re.IGNORECASE,
)
"""What stands on a link to the part of a site where people talk."""
_FEW = 3
"""Links to topics or forums from which on a page is one of a board."""
_PASSWORD = re.compile(r"<input[^>]{0,300}\btype=[\"']?password", re.IGNORECASE)
_SITEMAP = re.compile(rb"\s*(<\?[^>]{0,300}\?>\s*|<!--.{0,300}?-->\s*){0,5}<(urlset|sitemapindex)\b", re.DOTALL)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
_FEED_ADDRESS = re.compile(
    r"(/feeds?/?|/rss/?|[./](rss|atom|rdf)(\.xml)?|/feed\.(xml|json)|[?&]feed=\w+)\Z", re.IGNORECASE
)
_ABOUT_COMMENTS = re.compile(r"comment|reactie|antwoord|replies", re.IGNORECASE)
_PROBES = (
    ("wp-json/", "WordPress answers here"),
    ("latest.json", "Discourse lists its topics here"),
    ("api/recent", "NodeBB lists its topics here"),
    ("api/v1/instance", "Mastodon and what speaks its interface say what they are here"),
    ("app.php/feed", "phpBB has its feed here"),
    ("feed/", "many blogs have their feed here"),
    ("rss", "many sites have their feed here"),
    ("rss.xml", "many sites have their feed here"),
    ("feed.xml", "many static sites have their feed here"),
    ("atom.xml", "many static sites have their feed here"),
    ("index.xml", "Hugo has its feed here"),
    ("sitemap.xml", "many sites list their pages here"),
    ("feeds/all.atom.xml", "Pelican has its feed here"),
    ("feed.json", "JSON feeds are often here"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What an address probably is."""

    kind: str
    url: str
    """The address to listen to, which may be another than was asked about."""
    options: Mapping[str, Any] = field(default_factory=dict)
    why: str
    """One sentence, for a person."""
    is_empty: bool = False
    """Whether it is a feed that cannot be read or holds nothing: another way may show more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that a page names."""

    url: str
    title: str
    is_comments: bool


def guess(page: Page) -> Guess | None:
    """The kind of source a fetched page belongs to; None where nothing tells (then `probes` may).

    A kind is named only where the shelf has it. The order is: whose site it is, what the page is itself (feed,
    JSON), whose software made it, threads in schema.org's words, an article, and the feed it names.
    """
    if found := _of_host(page):
        return found
    start = page.body.lstrip()[:1]
    if start in (b"{", b"["):
        return _of_json(page) or _of_feed(page)
    if _SITEMAP.match(page.body):
        return _known("sitemap", page.url, "The address is a sitemap.")
    if b"<html" not in page.body[:2000].lower() and (found := _of_feed(page)):
        return found
    html = decoded(page)[:LOOKED_AT]
    return _of_engine(page, html) or _of_markup(page, html)


def of_blocks(page: Page) -> Guess | None:
    """A page that nobody described and that shows posts, or a list of threads, by what repeats on it."""
    source = SourceSpec(name="", url=page.url)
    try:
        found = blocks.read(page, blocks.start(source, {})[0], source)
    except ReadError:
        return None
    is_thread = any(link.url == page.url for link in found.links)
    what = "posts" if is_thread else f"{len(found.links)} links to threads"
    return Guess(kind="blocks", url=page.url, why=f"What repeats on the page looks like {what}.")


def threads_of(page: Page) -> list[str]:
    """The addresses of the threads that a page lists, read by what repeats on it."""
    try:
        found = blocks.read(page, Link(url=page.url), SourceSpec(name="", url=page.url))
    except ReadError:
        return []
    return [link.url for link in found.links if link.conversation and link.url != page.url]


def is_thread(page: Page) -> bool:
    """Whether several people answer each other on a page, rather than comment on an article."""
    link = Link(url=page.url, role="conversation", conversation=page.url)
    try:
        posts = blocks.read(page, link, SourceSpec(name="", url=page.url)).posts
    except ReadError:
        return False
    return len({post.author for post in posts}) > 1 and posts[1].kind is PostKind.REPLY


def boards_of(page: Page) -> list[str]:
    """Where a page's links say that people talk on the same site: its forum, its questions, its tickets."""
    root, host = tree.tree_of(page), urlsplit(page.url).netloc
    named = (each for each in tree.select(root, "a[href]")[:2000] if _TALK.fullmatch(tree.line(each)))
    urls = dict.fromkeys(tree.link(each, page.url).split("#")[0] for each in named)
    return [url for url in urls if urlsplit(url).netloc == host and url != page.url]


def unknown(page: Page) -> str:
    """What to say of a page that is of no kind: one sentence, for a person."""
    if _PASSWORD.search(decoded(page)[:LOOKED_AT]):
        return f"{page.url} asks strangers to log in and shows nothing else: take an address that is open."
    return f"Nothing at {page.url} tells how to read it: name its kind in sources.yaml (see docs/sources.md)."


def feeds_of(page: Page) -> list[FoundFeed]:
    """The feeds a page names in its head, and then those it merely links to, each once; a feed itself names none."""
    is_xml = page.body.lstrip()[:5] == b"<?xml" and b"<html" not in page.body[:2000].lower()
    if is_xml or is_overloaded(page.body):
        return []
    needs_limits()
    soup = BeautifulSoup(decoded(page)[:LOOKED_AT], "lxml", parse_only=SoupStrainer(["link", "a"]))
    named = [each for each in soup.find_all("link", href=True) if _names_feed(each)]
    linked = soup.find_all("a", href=_FEED_ADDRESS)
    found: dict[str, FoundFeed] = {}
    for each in (*named, *linked):
        url = web_url(page.url, str(each["href"]))
        title = line_of(str(each.get("title") or each.get_text()))[:200]
        if url and url not in found and len(found) < MOST_FEEDS:
            is_comments = bool(_ABOUT_COMMENTS.search(title) or _ABOUT_COMMENTS.search(urlsplit(url).path))
            found[url] = FoundFeed(url=url, title=title, is_comments=is_comments)
    return list(found.values())


def _names_feed(link: Tag) -> bool:
    media = str(link.get("type") or "").split(";")[0].strip().lower()
    rel = link.get("rel") or ()
    words = rel.split() if isinstance(rel, str) else rel
    return "alternate" in [word.lower() for word in words] and media in _FEED_TYPES


def probes(page: Page) -> list[Link]:
    """Addresses worth a try where the page itself says nothing: below its own folder and below the site's root.

    Each link's `carry` says `why`. Fetch them in order until one answers with something `guess` knows.
    """
    folder, root = urljoin(page.url, "."), urljoin(page.url, "/")
    named = [
        Link(url=each.url, role="probe", carry={"why": "The page names this feed."}) for each in feeds_of(page)[:3]
    ]
    tried = [
        Link(url=web_url(base, path), role="probe", carry={"why": f"{why}."})
        for path, why in _PROBES
        for base in dict.fromkeys((folder, root))
    ]
    return list({link.url: link for link in (*named, *tried) if link.url}.values())


def _of_host(page: Page) -> Guess | None:
    host = urlsplit(page.url).hostname or ""
    for kind, title, pattern in _HOSTS:
        if re.fullmatch(pattern, host) and _has(kind):
            return Guess(kind=kind, url=page.url, why=f"The address is one of {title}.")
    return None


def _of_feed(page: Page) -> Guess | None:
    try:
        feed = parse(page)
    except ReadError:
        return None
    board = re.match(r"(.+?/)(?:app\.php/feed|feed\.php)\b", page.url)
    if board and _has("phpbb"):
        return Guess(kind="phpbb", url=board.group(1), why="The address is that of a phpBB board's feed.")
    site = re.match(r"(.+?/)(?:comments/)?feed/?(?:atom/?|rss2?/?)?\Z", page.url)
    if "wordpress" in feed.generator.lower() and site and _same(site.group(1), feed.url) and _has("wordpress"):
        return Guess(kind="wordpress", url=site.group(1), why="The feed says that WordPress made it.")
    ghost = re.match(r"(.+?/)rss/?\Z", page.url)
    if feed.generator.startswith("Ghost ") and ghost and _same(ghost.group(1), feed.url) and _has("ghost"):
        return Guess(kind="ghost", url=ghost.group(1), why="The feed says that Ghost made it.")
    why = f"The address is a feed with {len(feed.items)} items."
    return Guess(kind="feed", url=page.moved_to or page.url, why=why, is_empty=not feed.items)


def _same(url: str, other: str) -> bool:
    return url.split("://")[-1].rstrip("/") == other.split("://")[-1].rstrip("/")


def _of_json(page: Page) -> Guess | None:
    try:
        found = json.loads(page.body)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list):
        found = {"wp": True} if "/wp/v2/" in page.url else {}
    namespaces = found.get("namespaces")
    api = re.match(r"(.+?/)wp-json\b", page.url)
    if (isinstance(namespaces, list) and "wp/v2" in namespaces) or found.get("wp"):
        url = api.group(1) if api else urljoin(page.url, "?").rstrip("?")
        return _known("wordpress", url, "The address answers as WordPress' REST interface does.")
    if isinstance(found.get("topic_list"), dict):
        return _known(
            "discourse", re.sub(r"/[\w-]+\.json.*\Z", "/", page.url), "The address lists topics as Discourse does."
        )
    if "/api/v1/instance" in page.url and "version" in found and ("uri" in found or "domain" in found):
        return _known("mastodon", urljoin(page.url, "/"), "The address answers as Mastodon's interface does.")
    if isinstance(found.get("topics"), list) and "/api/" in page.url:
        return _known("nodebb", page.url.split("/api/")[0] + "/", "The address lists topics as NodeBB does.")
    return None


def _of_engine(page: Page, html: str) -> Guess | None:
    headers = "\n".join(f"{name}: {value}" for name, value in page.headers.items())[:LOOKED_AT]
    for kind, title, mark in _ENGINES:
        if _has(kind) and (re.search(mark, html, re.IGNORECASE) or re.search(mark, headers, re.IGNORECASE)):
            why = f"The page shows the marks of {title}."
            if kind == "mediawiki":
                return Guess(kind=kind, url=page.url, options=_wiki(page, html), why=why)
            if kind == "ghost":
                return Guess(kind=kind, url=_ghost(page, html), why=why)
            return _wordpress(page, html, why) if kind == "wordpress" else Guess(kind=kind, url=page.url, why=why)
    return None


def _wiki(page: Page, html: str) -> dict[str, str]:
    """Where a wiki's interface is, as its pages say for those who edit."""
    found = re.search(r"<link[^>]{0,100}rel=.EditURI.[^>]{0,100}href=[\"']([^\"'\s?]{1,300})", html)
    api = web_url(page.url, found.group(1)) if found else ""
    return {"api": api} if urlsplit(api).netloc == urlsplit(page.url).netloc else {}


def _ghost(page: Page, html: str) -> str:
    """The site's own address, as its pages name it for their members; else the root of the page's host."""
    found = re.search(r"\bdata-ghost=[\"']([^\"'\s]{1,300})", html)
    site = web_url(page.url, found.group(1)) if found else ""
    return site if urlsplit(site).netloc == urlsplit(page.url).netloc else urljoin(page.url, "/")


def _wordpress(page: Page, html: str, why: str) -> Guess:
    """The blog's own address, which its REST interface gives away; else the page's site."""
    link = re.search(r"<link[^>]{0,100}rel=.https://api\.w\.org/.[^>]{0,50}href=[\"']([^\"']{1,500})", html)
    header = re.search(r"<([^>]{1,500})>;\s*rel=\"https://api\.w\.org/\"", page.headers.get("link", ""))
    found = link or header
    api = web_url(page.url, found.group(1)) if found else ""
    if not api or urlsplit(api).netloc != urlsplit(page.url).netloc:
        return Guess(kind="wordpress", url=urljoin(page.url, "/"), why=why)
    if api.endswith("/wp-json/"):
        return Guess(kind="wordpress", url=api.removesuffix("wp-json/"), why=why)
    site = urljoin(api.split("?")[0], ".") if "rest_route=" in api else urljoin(page.url, "/")
    return Guess(kind="wordpress", url=site, options={"api": api}, why=why)


def _of_markup(page: Page, html: str) -> Guess | None:
    if _THREADS.search(html) and _has("schema_org"):
        return Guess(kind="schema_org", url=page.url, why="The page marks its posts in schema.org's words.")
    is_root = urlsplit(page.url).path in ("", "/")
    if _ARTICLE.search(html) and not is_root:
        return Guess(kind="article", url=page.url, why="The page says that it is an article.")
    if len(set(_BOARD.findall(html))) >= _FEW and (board := of_blocks(page)):
        return board  # its feed would show a few posts of each conversation
    articles = [each for each in feeds_of(page) if not each.is_comments]
    if not articles:
        is_article = not is_root and html.count("<article") == 1 and html.count("<p") > 3
        return Guess(kind="article", url=page.url, why="The page holds one article.") if is_article else None
    box = comment_box(page)
    options = {"older": OLDER, "comments": box} if box else {"older": OLDER}
    return Guess(kind="feed", url=articles[0].url, options=options, why="The page names this feed.")


def _has(kind: str) -> bool:
    return kind in sources.names()


def _known(kind: str, url: str, why: str) -> Guess | None:
    return Guess(kind=kind, url=url, why=why) if _has(kind) else None
