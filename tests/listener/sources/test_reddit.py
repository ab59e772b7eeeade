"""Reddit's feeds lead to whole threads, and posts and comments go by Reddit's own names."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import pytest

from listener.errors import ReadError
from listener.sources import reddit
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SPEC = SourceSpec(name="r", url="https://www.reddit.com/r/geldzaken/")
SUBMITTED = '&#32; submitted by &#32; <a href="https://www.reddit.com/user/anna">/u/anna</a> <br/> <span>'


def entry(identity: str, path: str, title: str, html: str, author: str = "/u/anna") -> str:
    return f"""<entry><author><name>{author}</name><uri>https://www.reddit.com/user/anna</uri></author>
      <category term="geldzaken" label="r/geldzaken"/><content type="html">{escape(html)}</content><id>{identity}</id>
      <link href="https://www.reddit.com{path}"/><updated>2026-11-20T10:00:00+00:00</updated>
      <published>2026-11-20T10:00:00+00:00</published><title>{title}</title></entry>"""


THREAD = "/r/geldzaken/comments/abc/zonnebank_traag/"
TEXT = entry("t3_abc", THREAD, "Zonnebank traag", f"<!-- SC_OFF --><p>Bij mij ook?</p><!-- SC_ON --> {SUBMITTED}")
LINKED = entry(
    "t3_def",
    "/r/geldzaken/comments/def/nieuws/",
    "Nieuws",
    f'{SUBMITTED} <a href="https://nieuws.example/a">[link]</a> <a href="https://www.reddit.com/x">[comments]</a>',
)
COMMENT = entry(
    "t1_xyz",
    f"{THREAD}xyz/",
    "/u/bram on Zonnebank traag",
    '<!-- SC_OFF --><div class="md"><p>Ja, hier ook.</p></div><!-- SC_ON -->',
    "/u/bram",
)


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[[Link, str], Reading]:
    def reading(link: Link, entries: str) -> Reading:
        body = f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}</feed>'
        return reddit.read(page(link.url, body=body.encode()), link, SPEC)

    return reading


def test_a_subreddit_or_a_search_is_listened_to() -> None:
    assert [link.url for link in reddit.start(SPEC, {})] == [
        "https://www.reddit.com/r/geldzaken/new/.rss?limit=100",
        "https://www.reddit.com/r/geldzaken/comments/.rss?limit=100",
    ]
    (here,) = reddit.start(SourceSpec(name="r", url=SPEC.url, options={"search": "zonne bank"}), {})
    assert here.url == "https://www.reddit.com/r/geldzaken/search.rss?q=zonne%20bank&sort=new&limit=100&restrict_sr=on"
    one, two = reddit.start(SourceSpec(name="r", url="https://www.reddit.com/", options={"search": ["a", "b"]}), {})
    assert one.url == "https://www.reddit.com/search.rss?q=a&sort=new&limit=100" and "q=b&" in two.url


def test_posts_and_comments_lead_to_their_threads(read: Callable[[Link, str], Reading]) -> None:
    reading = read(reddit.start(SPEC, {})[0], COMMENT + TEXT + LINKED)
    comment, text, linked = reading.posts
    assert (comment.external_id, comment.conversation_id, comment.kind) == ("t1_xyz", "t3_abc", PostKind.COMMENT)
    assert (comment.text, comment.title, comment.conversation_title) == ("Ja, hier ook.", "", "Zonnebank traag")
    assert (text.external_id, text.title, text.text, text.author) == (
        "t3_abc",
        "Zonnebank traag",
        "Bij mij ook?",
        "anna",
    )
    assert text.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC) and not text.partial
    assert linked.text == "https://nieuws.example/a"
    assert [(link.conversation, link.stamp) for link in reading.links] == [("t3_abc", "t1_xyz"), ("t3_def", "t3_def")]
    thread = read(reading.links[0], TEXT + COMMENT)
    assert not thread.links and {post.conversation_id for post in thread.posts} == {"t3_abc"}


def test_what_is_no_thread_is_left_out(read: Callable[[Link, str], Reading]) -> None:
    found = read(reddit.start(SPEC, {})[0], entry("t5_sub", "/r/zonnebank/", "zonnebank", "een subreddit"))
    assert not found.posts and not found.links


def test_a_login_page_is_refused(page: Callable[..., Page]) -> None:
    with pytest.raises(ReadError, match=r"login\.$"):
        reddit.read(page(SPEC.url, body=b"<!doctype html><html><body>whoa there"), Link(url=SPEC.url), SPEC)
