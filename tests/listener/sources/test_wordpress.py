"""WordPress gives the same posts and comments by REST and by feeds, and changes over when one is closed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import wordpress
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

DATA = Path("tests/data/sources")
SITE = SourceSpec(name="blog", url="https://blog.example/", kind="wordpress")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def answer(link: Link, body: bytes | str, more: bool = False) -> Reading:
    raw = (DATA / body).read_bytes() if isinstance(body, str) else body
    headers = {"link": '<https://blog.example/x?page=2>; rel="next"'} if more else {}
    page = Page(url=link.url, status=200, headers=headers, body=raw, fetched_at=NOW)
    return wordpress.read(page, link, SITE)


def only(links: tuple[Link, ...] | list[Link], role: str) -> Link:
    (found,) = [link for link in links if link.role == role]
    return found


def by_rest(memory: dict[str, Any] | None = None) -> tuple[Reading, Reading]:
    posts = answer(wordpress.start(SITE, memory or {})[0], "wordpress_posts.json")
    return posts, answer(only(posts.links, "comment-list"), "wordpress_comments.json")


def by_feeds(memory: dict[str, Any]) -> tuple[Reading, Reading]:
    posts = answer(wordpress.start(SITE, {**memory, "way": "feeds"})[0], "wordpress_feed.xml")
    return posts, answer(only(posts.links, "comment-feed"), "wordpress_comments_feed.xml")


def named(reading: Reading) -> dict[str, Post]:
    return {post.external_id: post for post in reading.posts}


def test_posts_are_read_by_rest() -> None:
    reading, _ = by_rest()
    post = reading.posts[1]
    assert (post.external_id, post.author, post.kind) == ("post-14", "schrijver_sjors", PostKind.ARTICLE)
    assert post.author_url == "https://blog.example/author/schrijver_sjors/"
    assert post.text.startswith("Dag 1. De overstapservice") and "\n\nDag 2. Nog niets gehoord." in post.text
    assert post.published_at == datetime(2026, 11, 22, 8, 34, 44, tzinfo=UTC)
    assert reading.posts[0].title == 'Rare tekens <script> & "quotes" in de mail van Zonnebank'


def test_comments_are_read_by_rest_with_parent_and_conversation() -> None:
    _, reading = by_rest()
    comments = named(reading)
    answer_to = comments["comment-26"]
    assert (answer_to.parent_id, answer_to.conversation_id) == ("comment-25", "post-14")
    assert answer_to.url == "https://blog.example/2026/11/nl-lang/#comment-26"
    assert answer_to.conversation_title == "Mijn overstap naar Zonnebank: een verslag"
    assert comments["comment-25"].parent_id == ""
    assert comments["comment-24"].published_at == datetime(2026, 11, 22, 7, 41, 44, tzinfo=UTC)
    assert not reading.links  # all there are were seen


def test_the_feeds_give_the_same_under_the_same_names() -> None:
    rest_posts, rest_comments = by_rest()
    feed_posts, feed_comments = by_feeds(dict(rest_posts.memory))
    for ours, theirs in ((named(rest_posts), named(feed_posts)), (named(rest_comments), named(feed_comments))):
        assert set(theirs) <= set(ours)
        for name, post in theirs.items():
            for field in ("text", "author", "published_at", "parent_id", "conversation_id", "url", "kind"):
                assert getattr(post, field) == getattr(ours[name], field), (name, field)


def test_by_feeds_alone_a_post_goes_by_its_address() -> None:
    posts, comments = by_feeds({})
    assert posts.posts[1].external_id == "post-/2026/11/nl-lang/"
    assert {post.conversation_id for post in comments.posts[:3]} == {"post-/2026/11/nl-lang/"}
    thread = next(link for link in posts.links if link.role == "comments")
    assert (thread.conversation, thread.stamp) == ("post-/2026/11/nl-lang/", "3")
    reread = named(answer(thread, "wordpress_thread_feed.xml"))
    assert {post.conversation_id for post in reread.values()} == {thread.conversation}
    assert set(reread) == {post.external_id for post in comments.posts[:3]}
    assert posts.memory["way"] == "feeds"
    json.dumps([dict(posts.memory), *(dict(link.carry) for link in (*posts.links, *comments.links))])


def test_comments_on_posts_the_feed_no_longer_shows_lead_to_their_threads() -> None:
    posts, _ = by_feeds({})
    link = only(posts.links, "comment-feed")
    shown = [name for name in link.carry["shown"] if "en-garden" not in name]
    link = Link(url=link.url, role=link.role, carry={**link.carry, "shown": shown})
    lead = only(answer(link, "wordpress_comments_feed.xml").links, "comments")
    assert lead.url == "https://blog.example/2026/11/en-garden/feed/"
    assert (lead.conversation, lead.stamp) == ("post-/2026/11/en-garden/", "comment-24")


def test_plain_addresses_give_their_number_away() -> None:
    body = (DATA / "wordpress_feed.xml").read_text().replace(
        '<guid isPermaLink="false">https://blog.example/2026/11/nl-lang/', '<guid isPermaLink="false">https://blog.example/?p=14'
    )  # fmt: skip
    reading = answer(wordpress.start(SITE, {"way": "feeds"})[0], body.encode())
    assert reading.posts[1].external_id == "post-14"
    assert reading.links[0].conversation == "post-14"
    assert reading.memory["posts"]["/2026/11/nl-lang/"] == "post-14"


def test_a_closed_interface_leads_to_plain_addresses_and_then_to_feeds() -> None:
    (first,) = wordpress.start(SITE, {})
    (second,) = wordpress.fallback(first, FetchError("weg", status=404), SITE, {})
    assert second.url.startswith("https://blog.example/?rest_route=/wp/v2/posts&per_page=100")
    (third,) = wordpress.fallback(second, FetchError("weg", status=404), SITE, {})
    assert (third.url, third.role) == ("https://blog.example/feed/", "feed")
    (direct,) = wordpress.fallback(first, FetchError("verboden", status=401), SITE, {})
    assert direct.role == "feed"
    assert not wordpress.fallback(first, FetchError("stuk", status=503), SITE, {})
    assert not wordpress.fallback(first, FetchError("niets"), SITE, {})


def test_plain_addresses_are_remembered_once_they_worked() -> None:
    (first,) = wordpress.start(SITE, {})
    (second,) = wordpress.fallback(first, FetchError("weg", status=404), SITE, {})
    reading = answer(second, "wordpress_posts.json")
    (again,) = wordpress.start(SITE, reading.memory)
    assert "rest_route=/wp/v2/posts&" in again.url


def test_closed_comments_are_read_by_feed_from_then_on() -> None:
    posts, _ = by_rest()
    (lead,) = wordpress.fallback(only(posts.links, "comment-list"), FetchError("x", status=401), SITE, {})
    reading = answer(lead, "wordpress_comments_feed.xml")
    assert reading.posts[0].conversation_id == "post-14"
    again = answer(wordpress.start(SITE, {**posts.memory, **reading.memory})[0], "wordpress_posts.json")
    assert only(again.links, "comment-feed")


def test_a_web_page_in_place_of_json_leads_to_feeds() -> None:
    (first,) = wordpress.start(SITE, {})
    assert only(answer(first, b"<!doctype html><p>Coming soon").links, "feed")
    with pytest.raises(ReadError, match=r"\.$"):
        answer(Link(url="https://blog.example/wp-json/x", role="comment-list"), b'{"code":"rest_forbidden"}')


def test_the_next_visit_asks_for_what_is_new_and_a_little_before() -> None:
    posts, comments = by_rest()
    (again,) = wordpress.start(SITE, {**posts.memory, **comments.memory})
    assert "&modified_after=2026-11-22T09%3A34%3A43Z" in again.url
    listed = only(answer(again, "wordpress_posts.json").links, "comment-list")
    assert "&after=2026-11-19T08%3A55%3A44Z" in listed.url


def test_a_new_comment_leads_to_its_thread_once() -> None:
    posts, _comments = by_rest()
    known = {**posts.memory, "commented": "2026-11-22T08:00:00+00:00"}
    (again,) = wordpress.start(SITE, known)
    reading = answer(
        only(answer(again, "wordpress_posts.json").links, "comment-list"), "wordpress_comments.json", more=True
    )
    thread = only(reading.links, "thread")
    assert (thread.conversation, thread.stamp) == ("post-14", "27")
    assert "comments?post=14&" in thread.url
    assert not [link for link in reading.links if link.role == "comment-list"]  # it reached what it knew


def test_lists_are_paged_within_a_bound() -> None:
    (link,) = wordpress.start(SITE, {})
    urls = [link.url]
    while more := [each for each in answer(link, "wordpress_posts.json", more=True).links if each.role == "posts"]:
        link = more[0]
        urls.append(link.url)
    assert [url[-7:] for url in urls[1:]] == ["&page=2", "&page=3", "&page=4", "&page=5"]
    assert not wordpress.fallback(link, FetchError("te ver", status=400), SITE, {})


def test_a_comment_on_a_post_never_seen_leads_to_that_post_on_this_host_only() -> None:
    link = Link(url="https://blog.example/wp-json/wp/v2/comments?x", role="comment-list",
                carry={"api": "https://blog.example/wp-json/", "posts": {"/a": "post-13"}})  # fmt: skip
    reading = answer(link, "wordpress_comments.json")
    assert only(reading.links, "post").url == "https://blog.example/wp-json/wp/v2/posts/14?_embed=author"
    evil = (DATA / "wordpress_comments.json").read_text().replace("blog.example\\/wp-json", "evil.example\\/wp-json")
    assert not [each for each in answer(link, evil.encode()).links if each.role == "post"]


@pytest.mark.parametrize(
    "row",
    [{"id": 1}, {"id": 1, "title": 3, "content": None, "date_gmt": 5, "link": [], "_embedded": [], "_links": "x"},
     {"id": 1, "date_gmt": "9999-12-31T00:00:00", "modified_gmt": "zzz", "post": "7", "parent": "x", "author_url": 4}],
)  # fmt: skip
def test_strange_rows_hurt_nobody(row: dict[str, Any]) -> None:
    body = json.dumps([row, "tekst", None, {"geen": "id"}]).encode()
    posts = answer(wordpress.start(SITE, {})[0], body)
    comments = answer(only(posts.links, "comment-list"), body)
    assert (posts.posts[0].external_id, comments.posts[0].external_id) == ("post-1", "comment-1")
    wordpress.start(SITE, {**posts.memory, **comments.memory})


@pytest.mark.parametrize(
    "url", ["https://b.example/blog", "https://b.example/blog/feed/", "https://b.example/blog/wp-json/wp/v2/posts"]
)
def test_any_address_of_the_blog_will_do(url: str) -> None:
    (link,) = wordpress.start(SourceSpec(name="b", url=url), {})
    assert link.url.startswith("https://b.example/blog/wp-json/wp/v2/posts?")
