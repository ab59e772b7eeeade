"""Mastodon and what speaks its interface (GoToSocial, Pleroma …): hashtags, searches, accounts and whole threads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from listener.errors import ListenerError, ReadError, is_gone
from listener.pages.fields import inside, json_of, number, record_of, rows, word
from listener.pages.markup import line_of, text_of, web_url
from listener.pages.syndication import moment
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

PAGE = 40
"""Posts that a list gives at once."""
PAGES = 5
"""Pages that are read of one list to catch up."""
FRESH = timedelta(minutes=10)
"""For how long a post is taken to be as its list showed it."""
LISTS_ALL = True


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The hashtags (option `tags`, or an address `/tags/NAME`), searches, an account (`/@NAME`), or what is said here.

    Options: `tags` and `search` (a text or a list), `token` (a search needs one, and some servers ask it for all),
    `live` (true to be told of new posts at once besides).
    """
    parts = urlsplit(source.url)
    base = f"{parts.scheme}://{parts.netloc}"
    tag, account = (re.match(pattern, parts.path) for pattern in (r"/tags/([^/]{1,200})", r"/@([^/]{1,200})"))
    tags = [*_texts(source.options.get("tags")), *([tag.group(1)] if tag else [])]
    links = [_list(base, f"timelines/tag/{quote(each.lstrip('#'), safe='%')}?limit={PAGE}", memory) for each in tags]
    for each in _texts(source.options.get("search")):
        url = f"{base}/api/v2/search?type=statuses&limit={PAGE}&q={quote(each, safe='')}"
        links.append(Link(url=url, carry={"base": base}))
    if account:
        url = f"{base}/api/v1/accounts/lookup?acct={quote(account.group(1))}"
        links.append(Link(url=url, role="account", carry={"base": base, "newest": dict(memory)}))
    return links or [_list(base, f"timelines/public?local=true&limit={PAGE}", memory)]


def live(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """With the option `live`: a stream for each hashtag, else of the server's own posts; none of a search.

    `live` may be the address of the server's streaming interface, where that is another.
    """
    wanted = source.options.get("live")
    parts = urlsplit(wanted if isinstance(wanted, str) and "://" in wanted else source.url)
    base = f"{parts.scheme}://{parts.netloc}"
    if not wanted or "/@" in source.url:
        return []
    tag = re.match(r"/tags/([^/]{1,200})", urlsplit(source.url).path)
    tags = [*_texts(source.options.get("tags")), *([tag.group(1)] if tag else [])]
    paths = [f"hashtag?tag={quote(each.lstrip('#').lower(), safe='%')}" for each in tags] or ["public/local"]
    asks = source.options.get("search") and not tags
    site = urlsplit(source.url)
    carry = {"base": f"{site.scheme}://{site.netloc}"}
    return [] if asks else [Link(url=f"{base}/api/v1/streaming/{path}", carry=carry) for path in paths]


def hear(text: str, event: str, link: Link, source: SourceSpec, now: datetime) -> Reading:
    """A post, its edit or its deletion. Raises `ReadError` where an event does not hold what it should."""
    page = Page(url=link.url, status=200, headers={}, body=text.encode("utf-8", "replace"), fetched_at=now)
    if event == "delete":
        return Reading(posts=(Post(external_id=text.strip(), url="", text="", deleted=True),))
    if event not in ("update", "status.update"):
        return Reading()
    status = record_of(page)
    if not word(status, "id"):
        raise ReadError(f"{link.url} says what is no post of Mastodon.")
    reading = _listed([] if status.get("reblog") else [status], 1, page, Link(url=link.url, carry=link.carry))
    # which thread an answer is in shows only where the thread is read
    return replace(reading, posts=tuple(replace(post, partial=bool(post.parent_id)) for post in reading.posts))


def headers(source: SourceSpec) -> Mapping[str, str]:
    """The access token, where one is given."""
    token = source.options.get("token")
    return {"Authorization": f"Bearer {token}"} if token else {}


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a list of posts, an account, or what stands around a post. Raises `ReadError` where the page is none."""
    if link.role == "gone":
        return Reading(posts=(Post(external_id=str(link.carry["id"]), url="", text="", deleted=True),))
    found = json_of(page)
    if link.role == "account" and isinstance(found, dict) and (account := word(found, "id")):
        base, newest = str(link.carry["base"]), link.carry["newest"]
        return Reading(links=(_list(base, f"accounts/{account}/statuses?exclude_reblogs=true&limit={PAGE}", newest),))
    if link.role == "thread" and isinstance(found, dict) and "descendants" in found:
        return _thread(found, page, link)
    if link.role == "status" and isinstance(found, dict) and word(found, "id"):
        post, answers = _post(found, page, str(link.carry["root"])), {word(found, "id"): link.carry["answers"]}
        return Reading(posts=(post,), incomplete=not _are_shown(answers, [found]))
    statuses = found.get("statuses") if isinstance(found, dict) else found
    if not isinstance(statuses, list) or link.role != "list":
        said = f"; it says: {word(found, 'error')}"[:200] if isinstance(found, dict) and "error" in found else ""
        raise ReadError(f"{page.url} does not hold what Mastodon's interface should give{said}.")
    numbered = [row for row in rows({"rows": statuses}, "rows") if word(row, "id") and not row.get("reblog")]
    return _listed(numbered, len(statuses), page, link)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """What becomes of a post whose thread is not there: it is asked for itself, and gone where the server says so."""
    if not is_gone(error) or link.role not in ("thread", "status"):
        return []
    if link.role == "thread":
        return [_status(link, link.conversation, 0)]
    instance = link.url.partition("/api/v1/")[0] + "/api/v1/instance"
    return [replace(link, url=instance, role="gone")]


def _status(link: Link, root: str, answers: int) -> Link:
    """The post itself that a thread was found by, of which so many answers are known."""
    carry = {"id": word(link.carry["status"], "id"), "root": root, "answers": answers}
    return replace(link, url=link.url.removesuffix("/context"), role="status", carry=carry)


def _texts(option: Any) -> list[str]:
    return [str(each) for each in (option if isinstance(option, list) else [option]) if each]


def _list(base: str, path: str, memory: Mapping[str, Any]) -> Link:
    newest = str(memory.get(path) or "")
    since = f"&since_id={quote(newest)}" if newest else ""
    return Link(url=f"{base}/api/v1/{path}{since}", carry={"base": base, "path": path, "page": 1})


def _listed(statuses: list[dict[str, Any]], length: int, page: Page, link: Link) -> Reading:
    """Posts that lead to their threads, answered or not: a list does not show a post again when it is answered.

    A thread is read once, of whatever the list shows of it. The newest is remembered once all pages up to what was
    known are read.
    """
    base, path = str(link.carry["base"]), str(link.carry.get("path") or "")
    above = {word(row, "id"): word(row, "in_reply_to_id") for row in statuses}
    posts = tuple(_post(row, page, _first(word(row, "id"), above)) for row in statuses)
    threads = [
        Link(
            **_context(base, row, page),
            role="thread",
            conversation=post.external_id,
            stamp=f"{word(row, 'replies_count')} {word(row, 'edited_at')}",
        )
        for post, row in zip(posts, statuses, strict=True)
        if post.conversation_id == post.external_id
    ]
    newest = str(link.carry.get("newest") or (posts[0].external_id if posts else ""))
    place = int(link.carry.get("page", PAGES))
    if path and posts and length >= PAGE and place < PAGES:
        url = re.sub(r"&max_id=[^&]*", "", link.url) + f"&max_id={quote(posts[-1].external_id)}"
        carry = {**link.carry, "page": place + 1, "newest": newest}
        return Reading(posts=posts, links=(*threads, Link(url=url, carry=carry)))
    return Reading(posts=posts, links=tuple(threads), memory={path: newest} if path and newest else {})


def _first(post: str, above: Mapping[str, str]) -> str:
    """The first post of a thread, as far as a list shows what each post answers."""
    for _ in range(PAGE):
        if (answered := above.get(post, "")) not in above:
            break
        post = answered
    return post


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a post must be carried to where its thread is read, which does not repeat it."""
    account = inside(row, "account")
    names = (
        "id",
        "uri",
        "url",
        "created_at",
        "edited_at",
        "in_reply_to_id",
        "content",
        "spoiler_text",
        "language",
        "replies_count",
    )
    who = {name: account.get(name) for name in ("acct", "username", "display_name", "url", "followers_count")}
    return {**{name: row.get(name) for name in names}, "account": who}


def _thread(found: dict[str, Any], page: Page, link: Link) -> Reading:
    """What a post answers and what answers it, under the identity of the first, which leads to all other answers.

    The post that led here is not repeated in it: where it was seen a while ago it is asked for again.
    """
    above, below, own = rows(found, "ancestors"), rows(found, "descendants"), dict(link.carry["status"])
    whole = [row for row in (*above, own, *below) if word(row, "id")]
    root = word((above or [own])[0], "id")
    answers = Counter(word(row, "in_reply_to_id") for row in whole)
    seen = moment(str(link.carry.get("seen") or ""), page.fetched_at)
    is_fresh = seen is not None and page.fetched_at - seen < FRESH
    asked = link.url.partition("/api/v1/")[0]
    first = [replace(link, **_context(asked, above[0], page))] if above and root else []
    return Reading(
        posts=tuple(_post(row, page, root) for row in whole if is_fresh or row is not own),
        links=(*first, *(() if is_fresh else (_status(link, root, answers[word(own, "id")]),))),
        incomplete=not _are_shown(answers, [*below, own] if is_fresh else below),
    )


def _context(base: str, row: Mapping[str, Any], page: Page) -> dict[str, Any]:
    """Where the thread around a post is, and what must be carried there, for it does not repeat the post."""
    url = f"{base}/api/v1/statuses/{quote(word(row, 'id'))}/context"
    return {"url": url, "carry": {"status": _kept(row), "seen": page.fetched_at.isoformat()}}


def _are_shown(answers: Mapping[str, int], statuses: list[dict[str, Any]]) -> bool:
    """Whether all answers of these are shown: some servers show what an account knows, others only so many."""
    return all(number(row, "replies_count") <= answers.get(word(row, "id"), 0) for row in statuses)


def _post(row: Mapping[str, Any], page: Page, thread: str) -> Post:
    account, warning = inside(row, "account"), line_of(word(row, "spoiler_text"))
    handle = word(account, "acct", "username")
    text = text_of(word(row, "content"))
    lang = word(row, "language")[:2].lower()
    return Post(
        external_id=word(row, "id"),
        url=web_url(page.url, word(row, "url", "uri")),
        text=f"{warning}\n\n{text}" if warning else text,
        author=line_of(word(account, "display_name")) or handle,
        author_id=handle,
        author_url=web_url(page.url, word(account, "url")) if word(account, "url") else "",
        conversation_id=thread,
        parent_id=word(row, "in_reply_to_id"),
        kind=PostKind.REPLY if word(row, "in_reply_to_id") else PostKind.POST,
        published_at=moment(word(row, "created_at"), page.fetched_at),
        edited_at=moment(word(row, "edited_at"), page.fetched_at),
        lang=lang if lang not in ("", "en") else None,  # some servers say English where nobody said anything
        reach=number(account, "followers_count") if "followers_count" in account else None,
    )
