"""A Ghost site's articles come from its feed; its newest comments lead to all comments of an article."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import FetchError, ReadError
from listener.sources import ghost
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SITE = "https://blad.example"
SPEC = SourceSpec(name="blad", url=f"{SITE}/")
ARTICLE = "65a1b2c3d4e5f60718293a4b"
POSTS = f"""<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="//blad.example/sitemap.xsl"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{SITE}/zonnebank/</loc>
<lastmod>2026-11-20T17:00:00.000Z</lastmod></url>
<url><loc>{SITE}/nl-fraude/</loc><lastmod>2026-11-20T09:00:00.000Z</lastmod></url></urlset>""".encode()


@pytest.fixture
def read(page: Callable[..., Page]) -> Callable[..., Reading]:
    def reading(link: Link, found: Any) -> Reading:
        is_file = isinstance(found, str)
        body = found if isinstance(found, bytes) else b"" if is_file else json.dumps(found).encode()
        return ghost.read(page(link.url, f"ghost/{found}" if is_file else "", body=body), link, SPEC)

    return reading


@pytest.fixture
def thread(read: Callable[..., Reading]) -> Link:
    return read(ghost.start(SPEC, {})[1], "newest.json").links[0]


@pytest.mark.parametrize("path", ["", "/", "/rss/", "/tag/geld/"])
def test_a_site_is_known_by_any_of_its_addresses(path: str) -> None:
    feed, newest = ghost.start(SourceSpec(name="b", url=SITE + path), {})
    assert feed.url == f"{SITE}/rss/"
    assert newest.url.startswith(f"{SITE}/members/api/comments/?limit=100&order=created_at%20desc&include=post,")
    assert ghost.start(SourceSpec(name="b", url=f"{SITE}/blog/rss/"), {})[0].url == f"{SITE}/blog/rss/"


def test_an_article_comes_whole_from_the_feed(read: Callable[..., Reading]) -> None:
    reading = read(ghost.start(SPEC, {"read": True})[0], "rss.xml")
    (post,) = reading.posts
    assert (post.external_id, post.conversation_id, post.kind) == (ARTICLE, ARTICLE, PostKind.ARTICLE)
    assert post.text == "De Zonnebank verhoogt de rente met een kwart procent.\n\nDat geldt vanaf december."
    assert (post.author, post.partial, reading.links, reading.hint) == ("Els Krol", False, (), 3600)


def test_a_new_comment_or_reply_changes_the_stamp_of_its_article(read: Callable[..., Reading], thread: Link) -> None:
    assert thread.url == f"{SITE}/members/api/comments/post/{ARTICLE}/?limit=100"
    assert (thread.conversation, thread.role) == (ARTICLE, "comments")
    newest = ghost.start(SPEC, {})[1]
    row = {"id": "65b0b2c3d4e5f60718293a4b", "post": {"id": ARTICLE}, "count": {"replies": 3}}
    stamps = [read(newest, {"comments": [{**row, "count": {"replies": count}}]}).links[0].stamp for count in (3, 3, 4)]
    assert stamps[0] == stamps[1] != stamps[2]


def test_comments_are_read_with_their_replies(read: Callable[..., Reading], thread: Link) -> None:
    reading = read(thread, "comments.json")
    gone, first, reply, answer = reading.posts
    assert (gone.deleted, gone.text) == (True, "")
    assert (first.text, first.author, first.author_id) == ("Eindelijk!\n\nMooi.", "Anna", "uuid-anna")
    assert (first.parent_id, reply.parent_id, answer.parent_id) == ("", first.external_id, reply.external_id)
    assert first.url == f"{SITE}/zonnebank/#ghost-comments-{first.external_id}"
    assert first.published_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert {post.conversation_id for post in reading.posts} == {ARTICLE}
    assert {post.conversation_title for post in reading.posts} == {"Zonnebank verhoogt de rente"}
    (more,) = reading.links
    assert more.url == f"{SITE}/members/api/comments/{first.external_id}/replies/?limit=100"
    later = read(more, "replies.json").posts
    assert later[:2] == (reply, answer)
    assert (later[2].text, later[2].parent_id) == ("Nog een.", first.external_id)


def test_further_pages_are_followed(read: Callable[..., Reading], thread: Link) -> None:
    (second,) = read(thread, {"comments": [], "meta": {"pagination": {"next": 2}}}).links
    assert second.url.endswith("?limit=100&page=2")
    (third,) = read(second, {"comments": [], "meta": {"pagination": {"next": 3}}}).links
    assert third.url.endswith("?limit=100&page=3")


def test_where_comments_are_closed_the_feed_has_to_do(thread: Link) -> None:
    feed, newest = ghost.start(SPEC, {"read": True})
    closed = FetchError("Nee.", status=405)
    assert ghost.fallback(newest, closed, SPEC, {}) == [feed]
    (filtered,) = ghost.fallback(thread, FetchError("Weg.", status=404), SPEC, {})
    assert filtered.url == f"{SITE}/members/api/comments/?limit=100&filter=post_id:{ARTICLE}"
    assert ghost.fallback(filtered, closed, SPEC, {}) == []
    assert ghost.fallback(newest, FetchError("Stuk.", status=500), SPEC, {}) == []


@pytest.mark.parametrize("found", [{"errors": []}, [], "x"])
def test_what_is_not_ghosts_is_refused(read: Callable[..., Reading], thread: Link, found: Any) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        read(thread, [found])


def test_the_first_visit_reads_what_the_feed_left_out_under_the_names_that_comments_know(
    read: Callable[..., Reading],
) -> None:
    (index,) = read(ghost.start(SPEC, {})[0], "rss.xml").links
    assert index.url == f"{SITE}/sitemap-posts.xml"
    (older,) = read(index, POSTS).links
    assert older.conversation == older.url == f"{SITE}/nl-fraude/"
    whole = read(older, "page.html")
    (post,), (comments,) = whole.posts, whole.links
    assert post.external_id == post.conversation_id == "4c00f676685000b38ee89b62"
    assert (post.title, post.author) == ("Pas op: nep-sms uit naam van Zonnebank", "alert_anja")
    assert post.text.startswith("Kreeg vandaag een sms:") and post.text.endswith("Dit is phishing.")
    assert post.published_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert comments.url == f"{SITE}/members/api/comments/post/{post.external_id}/?limit=100"
    assert {each.conversation_id for each in read(comments, "comments.json").posts} == {post.external_id}
    assert ghost.fallback(index, FetchError("weg", status=404), SPEC, {})[0].role == "feed"  # which was read
