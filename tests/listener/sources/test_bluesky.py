"""Bluesky's public lists lead to whole threads; a data server gives everybody's posts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.errors import ReadError
from listener.sources import bluesky
from listener.types import Link, Page, SourceSpec
from storage.types import PostKind

PDS = SourceSpec(name="pds", url="https://pds.example/")
ROOT = "at://did:plc:aaa/app.bsky.feed.post/1"
ANSWER = "at://did:plc:bbb/app.bsky.feed.post/2"
Pages = Callable[..., Page]


def view(uri: str, text: str, reply_to: str = "", **more: Any) -> dict[str, Any]:
    reply = {"reply": {"root": {"uri": ROOT}, "parent": {"uri": reply_to}}} if reply_to else {}
    author = {"did": uri[5:16], "handle": f"{uri[13:16]}.example", "displayName": uri[13:16].title()}
    record = {"text": text, "createdAt": "2026-11-20T10:00:00.000Z", "langs": ["nl"], **reply}
    return {"uri": uri, "author": author, "record": record, "replyCount": 1, **more}


def spec(url: str = "https://bsky.app/", **options: Any) -> SourceSpec:
    return SourceSpec(name="sky", url=url, options=options)


def test_searches_accounts_and_servers_have_each_their_list() -> None:
    one, two = bluesky.start(spec(search=["zonnebank", "#zonne bank&q=x"]), {})
    assert one.url == "https://api.bsky.app/xrpc/app.bsky.feed.searchPosts?sort=latest&limit=100&q=zonnebank"
    assert two.url.endswith("&q=%23zonne%20bank%26q%3Dx")
    (own,) = bluesky.start(spec(search="x", service="https://pds.example/", token="t"), {})
    assert own.url.startswith("https://pds.example/xrpc/") and bluesky.headers(spec(token="t"))
    (account,) = bluesky.start(spec("https://bsky.app/profile/zonnebank.nl"), {})
    assert account.url.endswith("app.bsky.feed.getAuthorFeed?limit=100&actor=zonnebank.nl")
    assert bluesky.start(PDS, {})[0].url == "https://pds.example/xrpc/com.atproto.sync.listRepos?limit=1000"


@pytest.mark.parametrize("shape", ["posts", "feed"])
def test_found_posts_lead_to_their_thread(page: Pages, shape: str) -> None:
    found = [view(ANSWER, "Bij mij ook", ROOT), view(ROOT, "Storing bij Zonnebank")]
    rows = (
        found if shape == "posts" else [{"post": each} for each in found] + [{"post": found[1], "reason": {"by": "x"}}]
    )
    (start,) = bluesky.start(spec(search="x"), {})
    reading = bluesky.read(page(start.url, body=json.dumps({shape: rows}).encode()), start, spec())
    answer, root = reading.posts
    assert (answer.conversation_id, answer.parent_id, answer.kind) == (ROOT, ROOT, PostKind.REPLY)
    assert (root.external_id, root.parent_id, root.author, root.author_id) == (ROOT, "", "Aaa", "aaa.example")
    assert root.url == "https://bsky.app/profile/did:plc:aaa/post/1"
    assert (root.published_at, root.lang) == (datetime(2026, 11, 20, 10, tzinfo=UTC), "nl")
    (thread,) = reading.links
    assert thread.conversation == ROOT and thread.stamp.startswith(ANSWER)
    assert thread.url.startswith("https://public.api.bsky.app/xrpc/app.bsky.feed.getPostThread?")


def test_a_thread_is_read_to_its_leaves(page: Pages) -> None:
    leaf = {"post": view("at://did:plc:ccc/app.bsky.feed.post/3", "Dank", ANSWER)}
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x", "notFound": True}
    tree = {
        "thread": {"post": view(ROOT, "Storing"), "replies": [{"post": view(ANSWER, "Ook"), "replies": [leaf]}, gone]}
    }
    link = Link(url="https://public.api.bsky.app/xrpc/x", role="thread", conversation=ROOT)
    posts = bluesky.read(page(link.url, body=json.dumps(tree).encode()), link, spec()).posts
    assert [post.text for post in posts] == ["Storing", "Ook", "Dank"]
    assert posts[2].parent_id == ANSWER


def test_a_data_server_gives_its_accounts_and_their_posts(page: Pages) -> None:
    (start,) = bluesky.start(PDS, {})
    accounts = bluesky.read(page(start.url, "bluesky/accounts.json"), start, PDS).links
    assert len(accounts) == 3 and all(link.conversation.startswith("did:plc:") and link.stamp for link in accounts)
    (lead,) = bluesky.read(page(accounts[0].url, "bluesky/account.json"), accounts[0], PDS).links
    reading = bluesky.read(page(lead.url, "bluesky/records.json"), lead, PDS)
    post = reading.posts[0]
    assert (post.text, post.author) == ("Does the app speak English?", "dev-dana.test")
    assert post.parent_id == post.conversation_id != post.external_id
    assert post.published_at == datetime(2026, 11, 22, 8, 43, 59, tzinfo=UTC)
    assert not reading.links


def test_an_account_with_many_posts_is_paged_within_a_bound(page: Pages) -> None:
    row = {"uri": ROOT, "value": {"text": "x", "createdAt": "2026-11-20T10:00:00Z"}}
    body = json.dumps({"records": [row] * 100, "cursor": "a&b"}).encode()
    link = Link(url="https://pds.example/xrpc/x", role="records", carry={"did": "did:plc:a", "name": "a", "page": 1})
    pages = 1
    while links := bluesky.read(page(link.url, body=body), link, PDS).links:
        (link,) = links
        pages += 1
    assert pages == bluesky.REPO_PAGES and link.url.endswith("&cursor=a%26b")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error": "x"}', b"<html>"])
def test_what_is_not_blueskys_is_refused(page: Pages, body: bytes) -> None:
    with pytest.raises(ReadError, match=r"\.$"):
        bluesky.read(page("https://x.example/", body=body), Link(url="https://x.example/"), spec())


@pytest.mark.parametrize("role", ["list", "thread", "accounts", "records"])
def test_strange_answers_hurt_nobody(page: Pages, role: str) -> None:
    strange = [
        {"uri": 7},
        {"uri": "x", "author": [], "record": {"langs": [3], "reply": "x"}, "value": 3},
        None,
        {"post": 1},
    ]
    body = json.dumps(dict.fromkeys(("posts", "feed", "repos", "records"), strange) | {"thread": {"replies": strange}})
    link = Link(url="https://x.example/xrpc/", role=role, carry={"did": "d", "name": "n", "page": 1})
    bluesky.read(page(link.url, body=body.encode()), link, spec())
