"""Askbot: its interface says which questions moved; each is read with its answers and comments from its page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from listener.errors import ListenerError, ReadError
from listener.pages import tree
from listener.pages.dates import parse_date
from listener.pages.fields import count_of, json_of, line, number, record_of, rows, word
from listener.pages.markup import text_of, web_url
from listener.pages.syndication import moment, parse
from listener.pages.tree import Node
from listener.sources import schema_org
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Pages of the list of questions that are read at most, where the option `list_pages` does not say."""
MOST_PAGES = 50
"""Pages of answers of one question; more than those up to which an answer that is on none of them is gone."""
LISTS_ALL = True
MOST_POSTS = 1000
"""Answers or comments that one page can hold."""
REFUSED = frozenset((401, 403, 404, 405, 410))
"""Answers by which a site says that it has no interface for strangers."""
_INSIDE = re.compile(r"(?:/[a-z]{2}(?:-[a-z]{2,4})?)?/(?:questions?|api|feeds|users|tags|badges|s)(?:/.*)?\Z")
_QUESTION = re.compile(r"/question/(\d{1,18})(?=/|\Z)")
_SIGNS = ".post-update-info-container, .js-editable-controls, .moderated, .expander, script"
"""What a post's body holds besides its text."""
_COMMENT_SIGNS = "a.author, .age, .edit, .js-edit, form, script"
_QUESTION_BOX = ".js-question[data-post-id], div.post.question, #question-table"
_ANSWER_BOX = "div.answer, div.js-answer"
_COMMENT_BOX = "div.comment, div.js-comment"
_SIGNER = ".user-info a, .post-update-info-author-name a, a.author"
_SHOWN_SIGNER = "img.gravatar ~ p, .post-update-info-author-name"
_WHEN = "abbr.timeago[title], abbr.js-timeago[title], time[datetime]"
"""Where old themes (to 0.11) and new ones (from 0.12) have the parts of a page."""
_ZONE_TWICE = re.compile(r"([+-]\d\d):?(\d\d)\s[+-]\d{4}\Z")
"""Newer versions write "2026-11-01 08:04:00+00:00 +0000"."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The page that is read, and the question it shows."""

    page: Page
    question: str
    url: str
    """The question's own address."""
    title: str


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The questions that moved last; or the one whose address is given. Option: `tags` (a text or a list)."""
    address = web_url(source.url, source.url)
    if found := _QUESTION.search(urlsplit(address).path):
        return [_lead(address.split("?")[0].split("#")[0], found[1], "")]
    option = source.options.get("tags")
    tags = ",".join(str(each) for each in (option if isinstance(option, list) else [option]) if each)
    query = urlencode({"sort": "activity-desc", **({"tags": tags} if tags else {}), "page": 1})
    carry = {"since": memory.get("since", 0), "pages": count_of(source.options, "list_pages", LIST_PAGES)}
    return [Link(url=f"{_base(source)}/api/v1/questions/?{query}", carry=carry)]


def headers(source: SourceSpec) -> Mapping[str, str]:
    """What Askbot wants to hear before it gives the comments that a page leaves out."""
    return {"X-Requested-With": "XMLHttpRequest"}


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a list of questions, a page of one, more comments, or the feed. Raises `ReadError` where it is none."""
    if link.role == "feed":
        return _read_feed(page)
    if link.role == "comments":
        return _read_comments(page, link)
    if link.role == "question":
        return _read_question(page, link, source)
    if link.role == "described":
        return schema_org.read(page, link, source)
    return _read_list(page, link, source)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The feed of questions, where the interface is closed; more comments where older versions have them.

    A question in a theme of the site's own is read by what it says in schema.org's words.
    """
    is_closed = isinstance(error, ReadError) or getattr(error, "status", None) in REFUSED
    if link.role == "list" and is_closed and link.carry.get("place", 1) == 1:
        return [Link(url=f"{_base(source)}/feeds/rss/", role="feed")]
    if link.role == "question" and isinstance(error, ReadError) and link.carry.get("place") == 1:
        return [replace(link, url=str(link.carry["url"]), role="described")]
    if link.role == "comments" and "/s/post_comments/" in link.url and is_closed:
        return [replace(link, url=link.url.replace("/s/post_comments/", "/post_comments/"))]
    return []


def _base(source: SourceSpec) -> str:
    """The site's own address, without a slash at its end."""
    parts = urlsplit(web_url(source.url, source.url))
    return f"{parts.scheme}://{parts.netloc}{_INSIDE.sub('', parts.path).rstrip('/')}"


def _lead(url: str, question: str, stamp: str) -> Link:
    return Link(
        url=f"{url}?sort=latest", role="question", conversation=question, stamp=stamp, carry={"url": url, "place": 1}
    )


def _read_list(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Each question with a stamp; the next page of the list where this one held nothing seen before."""
    record = record_of(page)
    if not isinstance(record.get("questions"), list):
        raise ReadError(f"{page.url} does not hold what Askbot's interface should give.")
    found = [row for row in rows(record, "questions") if number(row, "id")]
    base, since = _base(source), int(link.carry.get("since", 0))
    links = [
        _lead(_address(row, base), word(row, "id"), f"{word(row, 'answer_count')}/{word(row, 'last_activity_at')}")
        for row in found
    ]
    moved = [number(row, "last_activity_at") for row in found]
    place, left = int(link.carry.get("place", 1)), int(link.carry.get("pages", 1))
    if place < left and place < number(record, "pages") and all(at > since for at in moved):
        url = re.sub(r"\bpage=\d+\Z", f"page={place + 1}", link.url)
        links.append(Link(url=url, carry={**link.carry, "place": place + 1}))
    return Reading(links=tuple(links), memory={"since": max([since, *moved])})


def _address(row: Mapping[str, Any], base: str) -> str:
    """The question's address, which may not be on another site."""
    url = web_url(base, word(row, "url")).split("?")[0].split("#")[0] if word(row, "url") else ""
    is_here = urlsplit(url).netloc == urlsplit(base).netloc
    return url if is_here else f"{base}/question/{number(row, 'id')}/"


def _read_feed(page: Page) -> Reading:
    """The questions of the feed; which of them moved it does not say, so that all are read when it changed."""
    links = {
        found[1]: _lead(item.url.split("?")[0].split("#")[0], found[1], "")
        for item in parse(page).items
        if (found := _QUESTION.search(urlsplit(item.url).path))
        and urlsplit(item.url).netloc == urlsplit(page.url).netloc
    }
    return Reading(links=tuple(links.values()))


def _read_question(page: Page, link: Link, source: SourceSpec) -> Reading:
    """A page of a question: the question itself, its answers and comments, and where more of them are."""
    root = tree.tree_of(page)
    question = tree.first(root, _QUESTION_BOX)
    if question is None:
        raise ReadError(f"{page.url} shows no question in the way of any Askbot theme that is known.")
    url = str(link.carry.get("url") or page.url.split("?")[0].split("#")[0])
    place = _Place(
        page,
        link.conversation or _number(question),
        url,
        tree.line(tree.first(question, "h1 .js-editable-content", "h1")),
    )
    if not place.title:
        place = replace(place, title=tree.line(tree.first(root, "h1 .js-editable-content", "h1")))
    answers = tree.select(root, _ANSWER_BOX)[:MOST_POSTS]
    boxes = tree.select(root, ".comments, .js-post-comments")[:MOST_POSTS]
    more = [each for each in map(_closed_comments, boxes) if each]
    posts = [_post(question, place, is_answer=False), *(_post(each, place, is_answer=True) for each in answers)]
    comments = [_comment(each, place) for each in tree.select(root, _COMMENT_BOX)[:MOST_POSTS]]
    return Reading(
        posts=tuple(post for post in (*posts, *comments) if post.external_id.strip("0")),
        links=(*_further(root, link, url), *(_comments(each, place, source) for each in more)),
    )


def _further(root: Node, link: Link, url: str) -> Iterator[Link]:
    """The other pages of answers, named by the first."""
    pager = tree.first(root, ".paginator[data-num-pages]")
    count = number({"pages": "" if pager is None else pager.get("data-num-pages")}, "pages")
    for place in range(2, min(count, MOST_PAGES) + 1) if link.carry.get("place") == 1 else ():
        yield replace(link, url=f"{url}?sort=latest&page={place}", stamp="", carry={"url": url, "place": place})


def _number(node: Node) -> str:
    """The number of a post; its own, or in its `id`."""
    given = node.get("data-post-id") or ""
    inner = "" if given else next((each.get("id") for each in tree.select(node, "[id^='post-id-']")), "")
    found = re.search(r"(\d{1,18})\Z", given or node.get("id") or inner)
    return found[1] if found else ""


def _post(node: Node, place: _Place, *, is_answer: bool) -> Post:
    """The question or an answer, with what its first and last author left beside it."""
    signs = tree.select(node, ".post-body .post-update-info")
    if not signs:
        signs = tree.select(node, ".post-update-info")
    moments = [_moment(each, place) for sign in signs[:2] for each in tree.select(sign, _WHEN)[:2]]
    body = tree.first(node, ".post-body")
    is_cut = body is not None and tree.first(body, ".snippet .expander") is not None
    person = tree.first(signs[0], _SIGNER) if signs else None
    name = tree.line(person) or ("" if not signs else tree.line(tree.first(signs[0], _SHOWN_SIGNER)))
    if body is not None:
        body = tree.fragment(tree.inner(body))
        tree.drop(body, _SIGNS)
    identity = _number(node) if is_answer else place.question
    return Post(
        external_id=identity,
        url=f"{place.url}?answer={identity}#post-id-{identity}" if is_answer else place.url,
        title="" if is_answer else place.title,
        text=tree.text(body) if body is not None else "",
        **_person(name, tree.link(person, place.page.url)),
        **_thread(place),
        kind=PostKind.REPLY if is_answer else PostKind.POST,
        published_at=moments[0] if moments else None,
        edited_at=moments[-1] if len(moments) > 1 else None,
        partial=is_cut,
    )


def _comment(node: Node, place: _Place) -> Post:
    identity, person = _number(node), tree.first(node, "a.author", ".js-comment-author")
    body = tree.fragment(tree.inner(tree.first(node, ".comment-body, .js-comment-body")))
    tree.drop(body, _COMMENT_SIGNS)
    around = node.getparent()
    while around is not None and around.get("data-parent-post-id") is None:
        around = around.getparent()
    parent = "" if around is None else str(around.get("data-parent-post-id"))
    return Post(
        external_id=identity,
        url=f"{place.url}?comment={identity}#post-id-{identity}",
        text=tree.text(body),
        **_person(tree.line(person), tree.link(person, place.page.url)),
        **_thread(place),
        parent_id="" if parent == place.question else parent,
        kind=PostKind.COMMENT,
        published_at=_moment(tree.first(node, _WHEN), place),
    )


def _person(name: str, address: str) -> dict[str, Any]:
    """The author, known by the address of the profile: names can change."""
    return {"author": name, "author_id": address or name, "author_url": address}


def _thread(place: _Place) -> dict[str, Any]:
    return {
        "conversation_id": place.question,
        "conversation_url": place.url,
        "conversation_title": place.title,
    }


def _moment(node: Node | None, place: _Place) -> datetime | None:
    said = "" if node is None else node.get("title") or node.get("datetime") or ""
    return parse_date(_ZONE_TWICE.sub(r"\1:\2", said), now=place.page.fetched_at)


def _closed_comments(node: Node) -> str:
    """The post of which a page leaves comments out; "" where it shows them all."""
    is_closed = tree.first(node, ".js-load-comments-btn:not(.js-hidden), a.load-comments") is not None
    return str(node.get("data-parent-post-id") or "") if is_closed else ""


def _comments(post: str, place: _Place, source: SourceSpec) -> Link:
    kind = "question" if post == place.question else "answer"
    query = urlencode({"post_id": post, "post_type": kind, "avatar_size": 0})
    carry = {"url": place.url, "title": place.title, "post": post}
    url = f"{_base(source)}/s/post_comments/?{query}"
    return Link(url=url, role="comments", conversation=place.question, carry=carry)


def _read_comments(page: Page, link: Link) -> Reading:
    """All comments of one post."""
    found = json_of(page)
    if not isinstance(found, list):
        raise ReadError(f"{page.url} does not hold comments as Askbot should give them.")
    carry = link.carry
    place = _Place(page, link.conversation, str(carry.get("url") or page.url), str(carry.get("title") or ""))
    told = [row for row in rows({"rows": found}, "rows") if number(row, "id")]
    return Reading(posts=tuple(_told(row, str(carry.get("post") or ""), place) for row in told[:MOST_POSTS]))


def _told(row: Mapping[str, Any], post: str, place: _Place) -> Post:
    identity, profile = str(number(row, "id")), word(row, "user_profile_url")
    return Post(
        external_id=identity,
        url=f"{place.url}?comment={identity}#post-id-{identity}",
        text=text_of(word(row, "html")),
        **_person(line(row, "user_display_name"), web_url(place.page.url, profile) if profile else ""),
        **_thread(place),
        parent_id="" if post == place.question else post,
        kind=PostKind.COMMENT,
        published_at=moment(word(row, "comment_added_at"), place.page.fetched_at),
    )
