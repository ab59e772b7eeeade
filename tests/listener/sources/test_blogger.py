"""A Blogger blog gives its posts and, under each, its comments."""

from collections.abc import Callable

import pytest

from listener.sources import blogger
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SITE = "https://geld.blogspot.example"
SPEC = SourceSpec(name="b", url="https://geld.blogspot.example/2026/11/x.html")
BLOG = "tag:blogger.com,1999:blog-1"
POST = f"""<entry><id>{BLOG}.post-7</id><published>2026-11-20T10:00:00.000+01:00</published>
  <updated>2026-11-20T10:00:00.000+01:00</updated><title type="text">Zonnebank</title>
  <content type="html">&lt;p&gt;Traag.&lt;/p&gt;</content>
  <link rel="replies" type="application/atom+xml" href="{SITE}/feeds/7/comments/default"/>
  <link rel="alternate" type="text/html" href="https://geld.blogspot.example/2026/11/zonnebank.html" title="Zonnebank"/>
  <author><name>Anna</name><uri>https://www.blogger.com/profile/1</uri></author><thr:total>2</thr:total></entry>"""


def comment(number: int, post: int) -> str:
    return f"""<entry><id>{BLOG}.post-{number}</id><published>2026-11-20T11:00:00.000+01:00</published>
      <updated>2026-11-20T11:00:00.000+01:00</updated><title type="text">Ook hier...</title>
      <content type="html">Ook hier traag.</content>
      <link rel="alternate" type="text/html"
        href="https://geld.blogspot.example/2026/11/p{post}.html?showComment=1#c{number}"/>
      <author><name>Bram</name><uri>https://www.blogger.com/profile/2</uri></author>
      <thr:in-reply-to href="{SITE}/2026/11/p{post}.html" ref="{BLOG}.post-{post}" type="text/html"/></entry>"""


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[[Link, str], Reading]:
    def reading(link: Link, entries: str) -> Reading:
        feed = f"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0'>{entries}</feed>"
        return blogger.read(page(link.url, body=feed.encode()), link, SPEC)

    return reading


def test_posts_and_comments_find_each_other(read: Callable[[Link, str], Reading]) -> None:
    posts, comments = blogger.start(SPEC, {})
    assert posts.url == "https://geld.blogspot.example/feeds/posts/default?orderby=updated&max-results=100"
    listed = read(posts, POST)
    (post,), (lead,) = listed.posts, listed.links
    assert (post.external_id, post.kind, post.text) == (f"{BLOG}.post-7", PostKind.ARTICLE, "Traag.")
    assert (lead.role, lead.conversation, lead.stamp) == ("comments", f"{BLOG}.post-7", "2")
    (said,) = read(lead, comment(9, 7)).posts
    assert (said.conversation_id, said.parent_id, said.kind) == (post.external_id, "", PostKind.COMMENT)
    assert (said.author, said.author_url) == ("Bram", "https://www.blogger.com/profile/2")
    assert (said.text, said.conversation_title) == ("Ook hier traag.", "Zonnebank")
    newest = read(comments, comment(11, 3) + comment(10, 7) + comment(9, 7))
    assert [(link.conversation, link.stamp) for link in newest.links] == [
        (f"{BLOG}.post-3", f"{BLOG}.post-11"),
        (f"{BLOG}.post-7", f"{BLOG}.post-10"),
    ]
    assert newest.links[0].url == "https://geld.blogspot.example/feeds/3/comments/default?max-results=500"
    assert {one.conversation_id for one in newest.posts} == {f"{BLOG}.post-3", f"{BLOG}.post-7"}


def test_older_pages_are_read_on_the_first_visit_only(read: Callable[[Link, str], Reading]) -> None:
    older = "<link rel='next' type='application/atom+xml' href='https://geld.blogspot.example/feeds/posts/default?start-index=101'/>"
    first, _ = blogger.start(SPEC, {})
    reading = read(first, older + POST)
    assert [link.url for link in reading.links if link.role == "list"]
    again, _ = blogger.start(SPEC, reading.memory)
    assert not [link.url for link in read(again, older + POST).links if link.role == "list"]
