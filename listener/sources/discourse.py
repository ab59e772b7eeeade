"""Discourse forums, by their JSON: the latest list says which topics moved, the topic gives its posts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from listener.errors import ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.fields import count_of, inside, line, number, record_of, rows, word
from listener.pages.markup import line_of, text_of, web_url
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Pages of the list that are read at most, where the option `list_pages` does not say."""
PER_PAGE = 20
"""Posts on a page of a topic, and posts asked for at once (`TopicView.chunk_size` of Discourse)."""
MOST_POSTS = 500
"""Posts, or topics, that one answer can hold."""
MOST_PAGES = 50
"""Pages of one topic that are asked for, the newest first."""
LISTS_ALL = True
"""A post that is not on the pages of its topic is gone."""
_SMALL_ACTION = 3
"""`post_type` of lines like "closed this topic", which nobody wrote."""
_SECTION = re.compile(r"/(?:c|tag|tags|t|latest|top|new|categories|u)(?:[/.].*)?$")


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The list of what moved last: of the whole forum, or of the category or tag whose address was given."""
    base, path = _base(source.url), urlsplit(source.url).path.rstrip("/").removesuffix(".json")
    if found := re.search(r"/t/(?:[^/]+/)?(\d+)(?:/\d+)?$", path):
        return [Link(url=f"{base}/t/{found[1]}.json", role="bell")]
    section = re.search(r"/(?:c|tags?)/.+$", path)
    carry = {"since": memory.get("since", ""), "pages": count_of(source.options, "list_pages", LIST_PAGES)}
    return [Link(url=f"{base}{section[0] if section else '/latest'}.json", carry=carry)]


def headers(source: SourceSpec) -> Mapping[str, str]:
    """What a forum that asks for an API key wants to be told; nothing without one."""
    key, user = source.options.get("api_key"), source.options.get("api_user")
    return {"Api-Key": str(key)} | ({"Api-Username": str(user)} if user else {}) if key else {}


def fallback(link: Link, error: Exception, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """Posts that cannot be asked for by number are asked for by page."""
    if link.role != "posts":
        return []
    topic, page = link.carry["topic"], link.carry["page"]
    url = f"{_base(source.url)}/t/{topic}.json?page={page}"
    return [Link(url=url, role="page", conversation=link.conversation, carry=link.carry)]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A list of topics, or a topic's posts. Raises `ReadError` where the page is neither."""
    record, base = record_of(page), _base(source.url)
    if "post_stream" in record and link.role == "bell":  # a topic that is a source: read whole when it moved
        whole = Link(url=link.url, role="conversation", conversation=word(record, "id"), stamp=_stamp(record))
        return Reading(links=(whole,))
    if "post_stream" in record:
        return _topic(record, page, link, base)
    if "topic_list" in record:
        return _list(inside(record, "topic_list"), page, link, base)
    said = record.get("errors")
    raise ReadError(f"{page.url} is no list or topic of Discourse{f'; it says: {said}'[:200] if said else ''}.")


def _base(url: str) -> str:
    """The forum's own address, without a slash at its end."""
    parts = urlsplit(web_url(url, url))
    return f"{parts.scheme}://{parts.netloc}{_SECTION.sub('', parts.path).rstrip('/')}"


def _list(listed: dict[str, Any], page: Page, link: Link, base: str) -> Reading:
    """Each topic with a stamp; the next page of the list where this one held nothing seen before."""
    topics = rows(listed, "topics")[:MOST_POSTS]
    links = [
        Link(url=f"{base}/t/{topic}.json", role="conversation", conversation=topic, stamp=_stamp(row))
        for row in topics
        if (topic := word(row, "id"))
    ]
    moved = [word(row, "bumped_at", "last_posted_at") for row in topics if not row.get("pinned")]
    since, left = str(link.carry.get("since", "")), int(link.carry.get("pages", 1))
    more = word(listed, "more_topics_url")
    if more and left > 1 and (not since or all(at > since for at in moved)):
        url = re.sub(r"(/latest|/c/[^?]+?|/tags?/[^?.]+)(?=\?|$)", r"\1.json", more, count=1)
        links.append(Link(url=web_url(page.url, url), carry={"since": since, "pages": left - 1}))
    return Reading(links=tuple(links), memory={"since": max([since, *moved])})


def _stamp(row: Mapping[str, Any]) -> str:
    """Changes with a new post, a deleted one, and an edit that bumps the topic."""
    return "/".join(word(row, key) for key in ("posts_count", "highest_post_number", "last_posted_at", "bumped_at"))


def _topic(record: dict[str, Any], page: Page, link: Link, base: str) -> Reading:
    """The posts that came along, and links to the others."""
    stream = inside(record, "post_stream")
    topic = word(record, "id") or str(link.carry.get("topic", ""))
    title = (line(record, "title") or line_of(word(record, "fancy_title"))) or str(link.carry.get("title", ""))
    slug = word(record, "slug") or str(link.carry.get("slug", "")) or "-"
    about = {"topic": topic, "title": title, "slug": slug}
    posts = tuple(
        _post(row, about, f"{base}/t/{slug}/{topic}", base, page)
        for row in rows(stream, "posts")[:MOST_POSTS]
        if row.get("post_type") != _SMALL_ACTION and number(row, "post_number")
    )
    links = () if link.role in ("posts", "page") else tuple(_rest(record, stream, about, link, base))
    return Reading(posts=posts, links=links)


def _rest(
    record: dict[str, Any], stream: dict[str, Any], about: dict[str, str], link: Link, base: str
) -> Iterator[Link]:
    """The pages of a topic that did not come with it, newest first; by post number where the topic tells them."""
    asked = stream.get("stream")
    ids = [each for each in asked if isinstance(each, int)] if isinstance(asked, list) else []
    here = {row.get("id") for row in rows(stream, "posts")}
    address = f"{base}/t/{about['topic']}"
    pages = range(1, -(-max(len(ids), number(record, "posts_count")) // PER_PAGE) + 1)
    for place in islice(reversed(pages), MOST_PAGES):
        wanted = [each for each in ids[(place - 1) * PER_PAGE : place * PER_PAGE] if each not in here]
        carry = {**about, "page": place}
        if wanted:
            query = "&".join(f"post_ids[]={each}" for each in wanted)
            url = f"{address}/posts.json?{query}"
            yield Link(url=url, role="posts", conversation=link.conversation, carry=carry)
        elif not ids and place > 1:
            yield Link(url=f"{address}.json?page={place}", role="page", conversation=link.conversation, carry=carry)


def _post(row: dict[str, Any], about: dict[str, str], address: str, base: str, page: Page) -> Post:
    place, user = number(row, "post_number"), word(row, "username")
    gone = any(row.get(key) for key in ("hidden", "cooked_hidden", "user_deleted", "deleted_at"))
    text, quoted = _text(word(row, "cooked"), about["topic"])
    parent = number(row, "reply_to_post_number") or quoted
    return Post(
        external_id=f"{about['topic']}/{place}",
        url=f"{address}/{place}",
        text="" if gone else text or word(row, "raw"),
        title=about["title"] if place == 1 else "",
        author=user or word(row, "display_username", "name"),
        author_id=user,
        author_url=f"{base}/u/{user}" if user else "",
        conversation_id=about["topic"],
        conversation_url=address,
        conversation_title=about["title"],
        parent_id=f"{about['topic']}/{parent}" if 0 < parent != place else "",
        kind=PostKind.POST if place == 1 else PostKind.REPLY,
        published_at=parse_date(word(row, "created_at"), now=page.fetched_at),
        edited_at=parse_date(word(row, "updated_at"), now=page.fetched_at) if number(row, "version") > 1 else None,
        deleted=gone,
        reach=number(row, "reads") or None,
    )


def _text(cooked: str, topic: str) -> tuple[str, int]:
    """The text of a post's HTML, quotes with their author's name; and the number of the post it quotes, if of here."""
    if "<aside" not in cooked and 'class="meta"' not in cooked:
        return text_of(cooked), 0
    root = tree.fragment(cooked)
    tree.drop(root, ".lightbox-wrapper .meta, aside.quote .title img, aside.quote .quote-controls")
    quoted = 0
    for quote in tree.select(root, "aside.quote"):
        post = quote.get("data-post") or ""
        if not quoted and post.isdigit() and quote.get("data-topic") in (topic, None):
            quoted = int(post)
        name, block = tree.first(quote, ".title"), tree.first(quote, "blockquote")
        if name is not None and block is not None:
            block.insert(0, name)
    for preview in tree.select(root, "aside.onebox"):  # what another site says about itself
        address = preview.get("data-onebox-src") or tree.link(tree.first(preview, "a[href]"), "http://-/")
        for child in list(preview):
            preview.remove(child)
        preview.text = address
    return tree.text(root), quoted
