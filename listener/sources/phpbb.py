"""phpBB boards: the Atom feed or the topic lists say which topics moved, the topic pages give the posts.

The markup is that of the prosilver style of phpBB 3.0 to 4 and of styles made from it, with subsilver2 as a second.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from listener.errors import FetchError, ReadError
from listener.pages import page_clock, tree
from listener.pages.bell import entrance, ring
from listener.pages.dates import parse_date
from listener.pages.fields import count_of
from listener.pages.markup import web_url
from listener.pages.tree import Node
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

SWEEP = timedelta(hours=24)
"""How often all topic lists are walked although a feed works: a feed shows the last few posts only."""
FEEDS = ("app.php/feed", "feed.php", "feed")
"""Where boards have their feed, tried in this order where no page names one."""
LIST_PAGES = 3
"""Pages of each forum's topic list that such a walk reads where the option `list_pages` does not say."""
MOST_FORUMS = 100
"""Forums that are remembered, to be looked at where a board has no feed."""
MOST_POSTS = 500
"""Posts, or topics, that one page can hold."""
LISTS_ALL = True  # a post that is not on the pages of its topic is gone
MOST_PAGES = 500
"""Pages of one topic that are asked for; the newest are asked for first."""

_ATOM = "{http://www.w3.org/2005/Atom}"
_FAR_SIGNS = re.compile(rb"&#(?:\d{4,}|x[0-9a-f]{3,});", re.IGNORECASE)
"""References to signs that no address needs; among them are those that are no signs and break the tree."""
_TOPIC = re.compile(r"[?&]t=(\d{1,18})|(?:^|[/-])t(?:opic)?-?(\d{1,18})(?=[-./?#]|$)")
_POST = re.compile(r"#p(\d{1,18})|[?&]p=(\d{1,18})|(?:^|[/-])post-?(\d{1,18})(?=[-./?#]|$)")
_FORUM = re.compile(r"viewforum\.php\?(?:[^#]*&)?f=\d+|/(?:forum|f)-?\d+[-./]|-f\d+(?:[-./]|$)")
_START = re.compile(r"(?<=[?&]start=)\d{1,9}")
_ANSWER = re.compile(r"^(?:(?:re|aw|antw|sv)\s?:\s*)+", re.IGNORECASE)
_ADDED = (
    ".codebox > p, .codebox dt, cite a[data-post-id], cite .responsive-hide, cite time, .signature, "
    ".inline-attachment, .attachtitle, .attachcontent"
)
_EDITED = re.compile(r"\b(?:on|op|am)\s(.{8,60}?), (?:edited|\d+ (?:keer|mal|times?)|in totaal|insgesamt)")
_ZONE = re.compile(r"UTC\s?(?:([+\-−])\s?(\d{1,2})(?::(\d\d)| hours?| uur)?)?")


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The feed where the board is known to have one, else its index; the address of one forum or topic stands alone."""
    address = web_url(source.url, source.url)
    carry = {key: memory[key] for key in ("newest", "listed_at", "forums") if key in memory}
    if "viewtopic" in address or _TOPIC.search(address) or _POST.search(address):
        return [Link(url=str(memory.get("last") or address), role="last")]
    if "viewforum" in address:
        return [Link(url=address, role="forum", carry=carry)]
    if feed := memory.get("feed"):
        return [Link(url=str(feed), role="feed", carry=carry)]
    return _lists(source, carry)


def fallback(link: Link, error: Exception, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """Feed shut: the lists. Lists shut: the places where a feed may be, one after the other."""
    if link.role == "last":
        return entrance(link, error, source)
    if isinstance(error, FetchError) and error.status in (None, 429, 503):
        return []
    tried = int(link.carry.get("tried", -1))
    if link.role == "feed" and tried < 0:
        return [Link(url=_board(source.url), role="index", carry={"feedless": True})]
    if link.role in ("index", "feed") and tried + 1 < len(FEEDS) and not link.carry.get("feedless"):
        return [Link(url=_board(source.url) + FEEDS[tried + 1], role="feed", carry={"tried": tried + 1})]
    return []


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A feed, the index, a forum's topic list or a page of a topic. Raises `ReadError` where it is none of that."""
    if link.role == "feed":
        return _feed(page, link, source)
    root = tree.tree_of(page)
    if link.role == "forum":
        pages = _pages_left(page, link, source)
        swept = {"listed_at": page.fetched_at.isoformat()} if pages > 1 and "pages" not in link.carry else {}
        return Reading(links=tuple(_listed(root, page.url, pages)), memory=swept)
    if link.role == "index":
        return _index(root, page, link, source)
    return _topic(root, page, link, source)


def _lists(source: SourceSpec, carry: Mapping[str, Any]) -> list[Link]:
    """The index and the forums known by now: the index may stay the same while a forum moves."""
    kept = {"listed_at": carry.get("listed_at")}
    forums = [Link(url=str(url), role="forum", carry=kept) for url in carry.get("forums", ())]
    return [Link(url=_board(source.url), role="index", carry=kept), *forums]


def _pages_left(page: Page, link: Link, source: SourceSpec) -> int:
    """How many pages of a list may be read from this one on: more than one only once in a `SWEEP`."""
    if "pages" in link.carry:
        return int(link.carry["pages"])
    swept = link.carry.get("listed_at")
    if isinstance(swept, str) and page.fetched_at - datetime.fromisoformat(swept) < SWEEP:
        return 1
    return count_of(source.options, "list_pages", LIST_PAGES)


def _board(url: str) -> str:
    """The folder of the board, with the slash at its end."""
    parts = urlsplit(web_url(url, url))
    folder = re.sub(r"(?:app\.php/.*|feed(?:/.*)?|[^/]+\.php)$", "", parts.path)
    return f"{parts.scheme}://{parts.netloc}{folder if folder.endswith('/') else folder + '/'}"


def _feed(page: Page, link: Link, source: SourceSpec) -> Reading:
    """One link a topic, stamped with its newest post; the lists where the feed does not name topics or missed some."""
    entries = [_entry(each, page.url) for each in islice(_feed_root(page).iter(f"{_ATOM}entry"), MOST_POSTS)]
    seen, posts = int(link.carry.get("newest", 0)), [entry["post"] for entry in entries]
    whole = not posts or min(posts) > seen or _pages_left(page, link, source) > 1
    links = list(_topics([entry for entry in entries if entry["topic"]]))
    nameless = [entry["forum"] for entry in entries if not entry["topic"] and entry["post"] > seen]
    links += [Link(url=url, role="forum", carry={"pages": 1}) for url in dict.fromkeys(nameless) if url and not whole]
    if whole or "" in nameless:
        links += _lists(source, {**link.carry, "listed_at": None if whole else link.carry.get("listed_at")})
    return Reading(links=tuple(links), memory={"feed": page.url, "newest": max(posts, default=0)})


def _feed_root(page: Page) -> Node:
    root = None
    if b"<feed" in page.body[:4096]:
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
        with contextlib.suppress(etree.XMLSyntaxError):
            root = etree.fromstring(_FAR_SIGNS.sub(b"", page.body), parser)
    if root is None:
        raise ReadError(f"{page.url} is no Atom feed; the board has its feeds turned off, or asks to log in for them.")
    return root


def _topics(entries: list[dict[str, Any]]) -> Iterator[Link]:
    together: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        together.setdefault(entry["topic"], []).append(entry)
    for topic, own in together.items():
        stamp = f"p{max(entry['post'] for entry in own)}{max(entry['edited'] for entry in own)}"
        yield Link(url=own[0]["url"], role="conversation", conversation=topic, stamp=stamp)


def _entry(entry: Node, base: str) -> dict[str, Any]:
    """A post in the feed: its topic (newer boards leave it out), its forum, its number, and when it was edited."""
    anchor, category = entry.find(f"{_ATOM}link"), entry.find(f"{_ATOM}category")
    url = tree.link(anchor, base)
    published, updated = (entry.findtext(f"{_ATOM}{name}") or "" for name in ("published", "updated"))
    return {
        "topic": _number(_TOPIC, url),
        "forum": tree.link(category, base, "scheme"),
        "url": _without_place(url),
        "post": int(_number(_POST, url) or 0),
        "edited": f"e{updated}" if published and updated > published else "",
    }


def _index(root: Node, page: Page, link: Link, source: SourceSpec) -> Reading:
    """All forums of a board, and where its feed is."""
    forums, pages = _forums(root, page.url), _pages_left(page, link, source)
    links = [Link(url=url, role="forum", carry={"pages": pages}) for url in forums]
    links += [each for each in _listed(root, page.url, 1) if each.conversation]
    if not links:
        raise ReadError(f"{page.url} shows no forums; {_message(root) or 'is this the address of a phpBB board?'}")
    found = {"feed": _feed_named(root, page.url, link), "forums": forums[:MOST_FORUMS]}
    listed = {"listed_at": page.fetched_at.isoformat()} if pages > 1 else {}
    return Reading(links=tuple(links), memory=found | listed)


def _feed_named(root: Node, base: str, link: Link) -> str:
    if link.carry.get("feedless"):
        return ""
    named = (tree.link(each, base) for each in tree.select(root, 'link[type="application/atom+xml"]'))
    return next((url for url in named if re.search(r"/feed(?:\.php)?/?$", url)), "")


def _forums(root: Node, base: str) -> list[str]:
    for css in ("a.forumtitle, a.subforum, a.forumlink", "a[href]"):
        found = [tree.link(each, base) for each in tree.select(root, css)]
        if forums := list(dict.fromkeys(url.split("#")[0] for url in found if _FORUM.search(url))):
            return forums
    return []


def _listed(root: Node, base: str, pages: int) -> Iterator[Link]:
    """The topics of a list, each stamped; the forums inside; the list's next page while `pages` are left."""
    stamps: dict[Node, str] = {}
    for anchor in tree.select(root, "a.topictitle")[:MOST_POSTS]:
        url, row = tree.link(anchor, base), next(anchor.iterancestors("li", "tr"), None)
        if row is not None and row not in stamps:
            stamps[row] = _stamp(row, base)
        if topic := _number(_TOPIC, url):
            yield Link(url=url, role="conversation", conversation=topic, stamp=stamps.get(row, ""))
    for anchor in tree.select(root, "a.forumtitle, a.subforum"):
        if (url := tree.link(anchor, base)) and _FORUM.search(url):
            yield Link(url=url, role="forum", carry={"pages": pages})
    if pages > 1 and (following := tree.next_page(root, base)):
        yield Link(url=following, role="forum", carry={"pages": pages - 1})


def _stamp(row: Node, base: str) -> str:
    """The number of a topic's newest post, or what the row says of its end; and how many answers there are."""
    numbers = [_number(_POST, tree.link(each, base)) for each in tree.select(row, "a[href]")[:MOST_POSTS]]
    last = max((int(number) for number in numbers if number), default=0)
    time = tree.first(row, ".lastpost time[datetime]")
    lasting = tree.first(row, ".lastpost .username, .lastpost .username-coloured")
    shown = time.get("datetime") if time is not None else tree.line(lasting)
    answers = re.search(r"\d[\d.,]*", tree.line(tree.first(row, "dd.posts, td.posts")))
    return f"{f'p{last}' if last else shown}|{answers[0] if answers else ''}"


def _topic(root: Node, page: Page, link: Link, source: SourceSpec) -> Reading:
    """The posts of a page; on the page where a topic is entered also the addresses of all its other pages."""
    heading = tree.first(root, "h2.topic-title a", ".topic-title a", "h2 a[href*='viewtopic']", "a.titles")
    address = tree.link(tree.first(root, 'link[rel="canonical"]'), page.url) or tree.link(heading, page.url) or page.url
    topic = _number(_TOPIC, address) or _number(_TOPIC, page.url) or link.conversation or address
    others, offset = _other_pages(root, page.url, address, topic)
    about = {
        "topic": topic,
        "title": tree.line(heading),
        "url": _without_place(address),
        **link.carry,
        "zone": str(source.options.get("timezone") or _zone(root)),
        "opens": link.role != "page" and not offset,
    }
    posts = tuple(islice(_posts(root, page, about), MOST_POSTS))
    if not posts:
        raise ReadError(f"{page.url} shows no posts; {_message(root) or 'the style of the board is not understood.'}")
    if not others and (following := tree.next_page(root, page.url)):
        others = [following]
    elif link.role == "page":
        others = []
    if link.role == "last":
        return ring(posts, page, link, others[0] if others and _started(others[0]) >= offset else "")
    carry = {key: about[key] for key in ("topic", "title", "url")}
    links = (Link(url=url, role="page", conversation=link.conversation, carry=carry) for url in others)
    return Reading(posts=posts, links=tuple(links))


def _started(url: str) -> int:
    """How many posts come before those of a page; that of no address is beyond all."""
    found = _START.search(url)
    return int(found[0]) if found else 10**9


def _without_place(url: str) -> str:
    """A topic's address without the page or post it was entered by."""
    return re.sub(r"[?&](?:start|p|view)=[^&#]*|#.*", "", url).replace("viewtopic.php&", "viewtopic.php?")


def _other_pages(root: Node, base: str, address: str, topic: str) -> tuple[list[str], int]:
    """The other pages of a topic that counts by `start=`, newest first; and how many posts came before this one."""
    anchors = (tree.link(each, base) for each in tree.select(root, ".pagination a[href], a[href*='start=']"))
    of_topic = (url for url in anchors if _number(_TOPIC, url) in ("", topic))  # similar topics may be listed too
    numbered = {int(found[0]): url for url in of_topic if (found := _START.search(url))}
    named = _START.search(address) or _START.search(base)
    steps = sorted(number for number in {*numbered, int(named[0]) if named else 0} if number)
    if not steps or not numbered:
        return [], int(named[0]) if named else 0
    size = min([steps[0], *(later - sooner for sooner, later in pairwise(steps))])
    active = tree.line(tree.first(root, ".pagination .active, .pagination > strong:not(:first-child)"))
    offset = int(named[0]) if named else (int(active) - 1) * size if active.isdigit() else 0
    last = max(steps[-1], offset) // size * size
    places = islice((place for place in range(last, -1, -size) if place != offset), MOST_PAGES)
    model = next(iter(numbered.values()))
    return [_START.sub(str(place), model) for place in places], offset


def _posts(root: Node, page: Page, about: Mapping[str, Any]) -> Iterator[Post]:
    boxes = [(each.get("id", "")[1:], each) for each in tree.select(root, "[id^='p']")]
    boxes = [each for each in boxes if each[0].isdigit()] or [
        (each.get("name", "")[1:], next(each.iterancestors("table"), None))
        for each in tree.select(root, "a[name^='p']")
    ]
    for number, box in boxes:
        if number.isdigit() and box is not None and tree.first(box, ".content", ".postbody") is not None:
            yield _post(number, box, page, dict(about))
            about = {**about, "opens": False}


def _post(number: str, box: Node, page: Page, about: Mapping[str, Any]) -> Post:
    content = tree.first(box, ".content", ".postbody")
    parent = _quoted(content, page.url, number)
    _tidy(content)
    author = tree.first(
        box,
        ".postprofile .username, .postprofile .username-coloured",
        ".author strong",
        ".postauthor",
        ".postprofile dt a:not(.avatar), .postprofile strong",
        ".username",
    )
    subject = tree.line(tree.first(box, ".postbody h3", ".post-title", ".postsubject"))
    own_title = _ANSWER.sub("", subject) not in ("", about["title"])
    anchor = author if author is None or author.tag == "a" else tree.first(author, "a[href]")
    name, profile = tree.line(author), tree.link(anchor, page.url)
    notices = tree.select(box, ".notice:not(.post_deleted_msg), span.gensmall")
    return Post(
        external_id=number,
        url=_permalink(box, page.url, number, about["url"]),
        text=tree.text(content),
        title=about["title"] if about["opens"] else subject if own_title else "",
        author=name,
        author_id=_number(re.compile(r"[?&]u=(\d+)|/user/(\d+)"), profile) or name,
        author_url=profile,
        conversation_id=about["topic"],
        conversation_url=about["url"],
        conversation_title=about["title"],
        parent_id=parent,
        kind=PostKind.POST if about["opens"] else PostKind.REPLY,
        published_at=_written(box, page.fetched_at, about["zone"]),
        edited_at=_edited(notices, page.fetched_at, about["zone"]),
        deleted="deleted" in box.get("class", "").split(),
    )


def _permalink(box: Node, base: str, number: str, topic: str) -> str:
    for anchor in tree.select(box, ".author a[href], h3 a[href], a[href]"):
        url = tree.link(anchor, base)
        if re.search(rf"[?&]p={number}\b.*#p{number}$|/post-?{number}\b", url):
            return url
    return f"{topic}#p{number}"


def _quoted(content: Node, base: str, number: str) -> str:
    """The post that the first quote names; "" where none does."""
    for anchor in tree.select(content, "blockquote cite a"):
        named = anchor.get("data-post-id") or _number(_POST, tree.link(anchor, base))
        if named and named != number:
            return str(named)
    return ""


def _tidy(content: Node) -> None:
    """Takes away what the board adds to a text: buttons of code boxes, and all but the name above a quote."""
    tree.drop(content, _ADDED)
    for cite in tree.select(content, "blockquote cite"):
        cite.tag = "p"
    for quote in tree.select(content, ".quotecontent"):
        quote.tag = "blockquote"


def _written(box: Node, now: datetime, zone: str) -> datetime | None:
    time = tree.first(box, ".author time[datetime]", ".postbody time[datetime]", "time[datetime]")
    if time is not None:
        return parse_date(time.get("datetime"), now=now, zone=zone)
    byline = tree.line(tree.first(box, "p.author", ".author", ".post-date")) or _posted(box)
    return parse_date(byline.rpartition("»")[2].strip(), now=now, zone=zone)


def _posted(box: Node) -> str:
    """subsilver2's "Posted: date" line."""
    label = next((each for each in tree.select(box, "b") if re.match(r"(Posted|Geplaatst)", tree.line(each))), None)
    return "" if label is None else " ".join((label.tail or "").split())


def _edited(notices: list[Node], now: datetime, zone: str) -> datetime | None:
    """When a notice says that the post was last edited; others say who bumped the topic."""
    for notice in notices:
        time, found = tree.first(notice, "time[datetime]"), _EDITED.search(tree.line(notice))
        if said := time.get("datetime") if time is not None else found and found[1]:
            return parse_date(said, now=now, zone=zone)
    return None


def _zone(root: Node) -> str:
    """The zone that the foot of the page names: its title where that is a place, else the distance to UTC."""
    titles = [str(each.get("title")) for each in tree.select(root, "span[title*='/']")[:MOST_FORUMS]]
    if place := next(filter(None, map(page_clock.zone_named, titles)), ""):
        return place
    for each in tree.select(root, "[title^='UTC'], #page-footer, .copyright, .footer"):
        if found := _ZONE.search(tree.line(each) or str(each.get("title") or "")):
            summer = 1 if re.search(r"\[\s?(DST|Zomertijd|Sommerzeit)\s?\]", tree.line(each)) else 0
            hours = int(f"{(found[1] or '+').replace('−', '-')}{found[2] or 0}") + summer
            return f"UTC{hours:+03d}:{found[3] or '00'}"
    return "UTC"


def _message(root: Node) -> str:
    """What the board says instead of what was asked for."""
    said = tree.line(tree.first(root, "#message p", "#message", ".panel .content p", ".errorbox", "#login h2"))
    return f"it says: {said[:200]}" if said else ""


def _number(pattern: re.Pattern[str], url: str) -> str:
    found = pattern.search(url)
    return next((group for group in found.groups() if group), "") if found else ""
