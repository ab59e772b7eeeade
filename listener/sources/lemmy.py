"""Lemmy: the newest posts and comments of a server or a community, by its interface, and whole threads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from listener.errors import ReadError
from listener.pages.fields import inside, number, record_of, rows, word
from listener.pages.markup import line_of, web_url
from listener.pages.syndication import moment
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

DEEPEST = 8
"""Levels of answers a server gives of a thread at once (`max_depth` of `comment/list`)."""


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The newest posts and the newest comments: of the community at `/c/NAME`, else of the server's own; or one post.

    The option `search` (a text or a list) looks through all the server knows, other servers' communities included.
    """
    parts = urlsplit(source.url)
    base = f"{parts.scheme}://{parts.netloc}/api/v3"
    if one := re.match(r"/post/(\d{1,18})", parts.path):
        return [Link(url=f"{base}/post?id={one[1]}", role="bell", carry={"base": base})]
    community = re.match(r"/c/([\w.@-]{1,250})", parts.path)
    where = f"community_name={quote(community.group(1))}" if community else "type_=Local"
    option = source.options.get("search")
    texts = [str(each) for each in (option if isinstance(option, list) else [option]) if each]
    found = [f"{base}/search?type_=All&sort=New&limit=50&q={quote(each, safe='')}" for each in texts]
    lists = [f"{base}/{name}/list?{where}&sort=New&limit=50" for name in ("post", "comment")]
    return [Link(url=url, carry={"base": base}) for url in (found or lists)]


def headers(source: SourceSpec) -> Mapping[str, str]:
    """The access token, where one is given (option `token`)."""
    token = source.options.get("token")
    return {"Authorization": f"Bearer {token}"} if token else {}


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a list of posts or comments, one post, or its comments. Raises `ReadError` where the page is none."""
    record = record_of(page)
    if (
        link.role == "bell" and "post_view" in record
    ):  # a post that is a source: read with its comments when there is another number of them
        return Reading(links=_threads([inside(record, "post_view")], link))
    if link.role == "post":
        return Reading(posts=_posts([inside(record, "post_view")], page), links=(_comments(link),))
    if not ("posts" in record or "comments" in record):
        raise ReadError(f"{page.url} does not hold what Lemmy's interface should give.")
    views, answers = rows(record, "posts"), rows(record, "comments")
    posts = (*_posts(views, page), *_answers(answers, page))
    return Reading(posts=posts, links=() if link.role == "comments" else _threads([*views, *answers], link))


def _threads(views: list[dict[str, Any]], link: Link) -> tuple[Link, ...]:
    """The thread of each post and comment in a list, stamped with how many comments and which newest it shows."""
    base, stamps = str(link.carry["base"]), dict[str, str]()
    for view in views:
        post = word(inside(view, "post"), "id")
        shown = word(inside(view, "comment"), "id") or f"{word(inside(view, 'counts'), 'comments')} comments"
        stamps.setdefault(post, shown)
    return tuple(
        Link(
            url=f"{base}/post?id={quote(post)}",
            role="post",
            conversation=post,
            stamp=stamp,
            carry={"base": base, "post": post},
        )
        for post, stamp in stamps.items()
        if post
    )


def _comments(link: Link) -> Link:
    url = f"{link.carry['base']}/comment/list?type_=All&sort=Old&max_depth={DEEPEST}&post_id={link.carry['post']}"
    return Link(url=url, role="comments", conversation=link.conversation)


def _posts(views: list[dict[str, Any]], page: Page) -> tuple[Post, ...]:
    return tuple(_post(view, page) for view in views if word(inside(view, "post"), "id"))


def _answers(views: list[dict[str, Any]], page: Page) -> tuple[Post, ...]:
    return tuple(_answer(view, page) for view in views if word(inside(view, "comment"), "id"))


def _post(view: Mapping[str, Any], page: Page) -> Post:
    post = inside(view, "post")
    linked = web_url(page.url, word(post, "url")) if word(post, "url") else ""
    title, address = line_of(word(post, "name")), _address(post, "post", page)
    is_gone = bool(post.get("deleted") or post.get("removed"))
    return Post(
        external_id=word(post, "id"),
        url=address,
        title=title,
        text="" if is_gone else "\n\n".join(part for part in (word(post, "body"), linked) if part),
        **_author(view, page),
        conversation_id=word(post, "id"),
        conversation_url=address,
        conversation_title=title,
        kind=PostKind.POST,
        published_at=moment(word(post, "published"), page.fetched_at),
        edited_at=moment(word(post, "updated"), page.fetched_at),
        deleted=is_gone,
    )


def _answer(view: Mapping[str, Any], page: Page) -> Post:
    comment, post = inside(view, "comment"), inside(view, "post")
    above = word(comment, "path").split(".")[1:-1]  # "0.12.34": the root, then each comment down to this one
    is_gone = bool(comment.get("deleted") or comment.get("removed"))
    return Post(
        external_id=f"comment-{word(comment, 'id')}",
        url=_address(comment, "comment", page),
        text="" if is_gone else word(comment, "content"),
        **_author(view, page),
        conversation_id=word(post, "id") or str(number(comment, "post_id")),
        conversation_url=_address(post, "post", page),
        conversation_title=line_of(word(post, "name")),
        parent_id=f"comment-{above[-1]}" if above else "",
        kind=PostKind.COMMENT,
        published_at=moment(word(comment, "published"), page.fetched_at),
        edited_at=moment(word(comment, "updated"), page.fetched_at),
        deleted=is_gone,
    )


def _address(row: Mapping[str, Any], kind: str, page: Page) -> str:
    """Where it stands on the server that was asked, which is where an answer can be given."""
    return web_url(page.url, f"/{kind}/{word(row, 'id')}") if word(row, "id") else ""


def _author(view: Mapping[str, Any], page: Page) -> dict[str, Any]:
    creator = inside(view, "creator")
    address = web_url(page.url, word(creator, "actor_id")) if word(creator, "actor_id") else ""
    name = word(creator, "name")
    return {
        "author": line_of(word(creator, "display_name")) or name,
        "author_id": address or name,
        "author_url": address,
    }
