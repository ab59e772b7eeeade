"""WordPress gives the same posts and comments by REST and by feeds, and changes over when one is closed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
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


def only(links: Iterable[Link], role: str) -> Link:
    (found,) = [link for link in links if link.role == role]
    return found


def first(role: str, memory: Mapping[str, Any] | None = None) -> Link:
    return only(wordpress.start(SITE, memory or {}), role)


def by_rest() -> tuple[Reading, Reading]:
    return answer(first("posts"), "wordpress_posts.json"), answer(first("comment-list"), "wordpress_comments.json")


FEEDS = {"posts_by": "feed", "comment-list_by": "feed"}


def by_feeds(memory: Mapping[str, Any]) -> tuple[Reading, Reading]:
    known = {**memory, **FEEDS}
    return (
        answer(first("feed", known), "wordpress_feed.xml"),
        answer(first("comment-feed", known), "wordpress_comments_feed.xml"),
    )


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
    assert {**posts.memory, **comments.memory} == {**FEEDS, "feed": "2026-11-22T09:34:44+00:00"}
    json.dumps([dict(link.carry) for link in (*posts.links, *comments.links)])


def test_comments_lead_to_the_comment_feeds_of_their_posts() -> None:
    _, comments = by_feeds({})
    lead, other = comments.links
    assert lead.url == "https://blog.example/2026/11/nl-lang/feed/"
    assert (lead.role, lead.conversation, lead.stamp) == ("comments", "post-/2026/11/nl-lang/", "comment-27")
    assert (other.conversation, other.stamp) == ("post-/2026/11/en-garden/", "comment-24")


def test_plain_addresses_give_their_number_away() -> None:
    body = (
        (DATA / "wordpress_feed.xml")
        .read_text()
        .replace("https://blog.example/2026/11/nl-lang/", "https://blog.example/?p=14")
    )
    reading = answer(first("feed", FEEDS), body.encode())
    assert reading.posts[1].external_id == "post-14"
    assert reading.links[0].conversation == "post-14"


def test_a_closed_interface_leads_to_plain_addresses_and_then_to_feeds() -> None:
    for role, feed in (("posts", "feed/"), ("comment-list", "comments/feed/")):
        link = first(role)
        (second,) = wordpress.fallback(link, FetchError("weg", status=404), SITE, {})
        assert second.url.startswith("https://blog.example/?rest_route=/wp/v2/") and "?per_page" not in second.url
        (third,) = wordpress.fallback(second, FetchError("weg", status=404), SITE, {})
        assert third.url == f"https://blog.example/{feed}"
        for error in (FetchError("verboden", status=401), ReadError("Geen JSON.")):
            assert wordpress.fallback(link, error, SITE, {}) == [third]
        assert not wordpress.fallback(link, FetchError("stuk", status=503), SITE, {})
        assert not wordpress.fallback(link, FetchError("niets"), SITE, {})
        assert not wordpress.fallback(third, FetchError("weg", status=404), SITE, {})


def test_the_way_that_worked_is_remembered() -> None:
    (second,) = wordpress.fallback(first("posts"), FetchError("weg", status=404), SITE, {})
    reading = answer(second, "wordpress_posts.json")
    assert "rest_route=/wp/v2/posts&" in first("posts", reading.memory).url
    posts, _ = by_rest()
    (closed,) = wordpress.fallback(first("comment-list", posts.memory), FetchError("x", status=401), SITE, posts.memory)
    comments = answer(closed, "wordpress_comments_feed.xml")
    assert comments.posts[0].conversation_id == "post-14"
    roles = [link.role for link in wordpress.start(SITE, {**posts.memory, **comments.memory})]
    assert roles == ["posts", "comment-feed"]


@pytest.mark.parametrize("body", [b"<!doctype html><p>Coming soon", b'{"code":"rest_forbidden"}', b"[1, 2]"])
def test_what_is_no_json_of_wordpress_is_refused(body: bytes) -> None:
    for role in ("posts", "comment-list"):
        with pytest.raises(ReadError, match=r"\.$"):
            answer(first(role), body)
        assert not answer(first(role), b"[]").posts


def test_the_next_visit_asks_for_what_is_new_and_a_little_before() -> None:
    posts, comments = by_rest()
    memory = {**posts.memory, **comments.memory}
    assert "&modified_after=2026-11-22T09%3A34%3A43Z" in first("posts", memory).url
    assert "&after=2026-11-19T08%3A55%3A44Z" in first("comment-list", memory).url


def test_a_new_comment_leads_to_its_post_and_all_its_comments() -> None:
    known = {"comment-list": "2026-11-22T08:00:00+00:00"}
    reading = answer(first("comment-list", known), "wordpress_comments.json", more=True)
    assert [link.conversation for link in reading.links] == ["post-13", "post-14"]  # and no next page: it caught up
    post = reading.links[1]
    assert (post.role, post.stamp) == ("post", "27")
    assert post.url == "https://blog.example/wp-json/wp/v2/posts/14?_embed=author"
    whole = json.dumps(json.loads((DATA / "wordpress_posts.json").read_bytes())[1]).encode()
    thread = answer(post, whole)
    assert [one.external_id for one in thread.posts] == ["post-14"]
    (answers,) = thread.links
    assert "comments?post=14&" in answers.url and answers.conversation == "post-14"
    assert len(answer(answers, "wordpress_comments.json").posts) == 4
    assert wordpress.fallback(post, FetchError("dicht", status=401), SITE, {}) == [answers]


def test_a_site_cannot_send_the_reader_to_another_host() -> None:
    body = (DATA / "wordpress_comments.json").read_text().replace("blog.example\\/wp-json", "evil.example\\/wp-json")
    links = answer(first("comment-list", {"comment-list": "2026-11-22T08:00:00+00:00"}), body.encode()).links
    assert "evil.example" in body
    assert {link.url.split("/")[2] for link in links} == {"blog.example"}


@pytest.mark.parametrize(
    ("role", "body"), [("posts", "wordpress_posts.json"), ("comment-list", "wordpress_comments.json")]
)
def test_lists_are_paged_within_a_bound(role: str, body: str) -> None:
    link = first(role)
    urls = [link.url]
    while more := [each for each in answer(link, body, more=True).links if each.role == role]:
        link = more[0]
        urls.append(link.url)
    assert [url[-7:] for url in urls[1:]] == ["&page=2", "&page=3", "&page=4", "&page=5"]
    assert not wordpress.fallback(link, FetchError("te ver", status=400), SITE, {})


@pytest.mark.parametrize(
    "row",
    [{"id": 1}, {"id": 1, "title": 3, "content": None, "date_gmt": 5, "link": [], "_embedded": [], "_links": "x"},
     {"id": 1, "date_gmt": "9999-12-31T00:00:00", "modified_gmt": "zzz", "post": "7", "parent": "x", "author_url": 4}],
)  # fmt: skip
def test_strange_rows_hurt_nobody(row: dict[str, Any]) -> None:
    body = json.dumps([row, "tekst", None, {"geen": "id"}]).encode()
    posts, comments = answer(first("posts"), body), answer(first("comment-list"), body)
    assert (posts.posts[0].external_id, comments.posts[0].external_id) == ("post-1", "comment-1")
    wordpress.start(SITE, {**posts.memory, **comments.memory})


@pytest.mark.parametrize(
    "url", ["https://b.example/blog", "https://b.example/blog/feed/", "https://b.example/blog/wp-json/wp/v2/posts"]
)
def test_any_address_of_the_blog_will_do(url: str) -> None:
    link, _ = wordpress.start(SourceSpec(name="b", url=url), {})
    assert link.url.startswith("https://b.example/blog/wp-json/wp/v2/posts?")


def test_feeds_lead_back_to_the_first_post_and_later_to_the_last_one_known() -> None:
    (link,) = wordpress.fallback(first("posts"), FetchError("verboden", status=401), SITE, {})
    newest = answer(link, "wordpress_feed.xml")
    older = only(newest.links, "feed")
    assert older.url == "https://blog.example/feed/?paged=2"
    assert answer(older, "wordpress_feed.xml").memory == newest.memory
    assert wordpress.fallback(older, FetchError("weg", status=404), SITE, {})[0].url == link.url  # which was read

    def goes_on(since: str) -> bool:
        later = answer(first("feed", {**FEEDS, "feed": since}), "wordpress_feed.xml")
        return any(each.role == "feed" for each in later.links)

    assert goes_on("2026-11-01T00:00:00+00:00") and not goes_on(newest.memory["feed"])


def test_a_thread_longer_than_a_feed_shows_is_read_from_its_page_under_the_same_names() -> None:
    _, comments = by_rest()
    _, listed = by_feeds({})
    lead = listed.links[0]
    assert lead.carry["window"] > 3 and not answer(lead, "wordpress_thread_feed.xml").links
    cut = answer(replace(lead, carry={**lead.carry, "window": 3}), "wordpress_thread_feed.xml")
    (below,) = cut.links
    assert below.url == "https://blog.example/2026/11/nl-lang/"
    shown = named(answer(below, "wordpress_page.html"))
    by_api = named(comments)
    assert set(shown) == {"comment-25", "comment-26", "comment-27"}
    for name, post in shown.items():
        other = by_api[name]
        assert (post.author, post.text, post.published_at, post.url, post.parent_id) == (
            other.author, other.text, other.published_at, other.url, other.parent_id,
        )  # fmt: skip


def test_where_only_comments_are_closed_all_posts_are_asked_for_theirs_once() -> None:
    posts, _ = by_rest()
    (closed,) = wordpress.fallback(first("comment-list"), FetchError("x", status=401), SITE, posts.memory)
    threads = {link.conversation: link for link in answer(closed, "wordpress_comments_feed.xml").links}
    assert set(threads) == {post.external_id for post in posts.posts}
    assert threads["post-14"].stamp == "comment-27" and all(each.url.endswith("/feed/") for each in threads.values())
    later = first("comment-feed", {**posts.memory, "comment-list_by": "feed"})
    assert len(answer(later, "wordpress_comments_feed.xml").links) < len(threads)
