"""Bluesky: a search or an account by its public interface, or everybody on one personal data server (PDS)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from listener.errors import ReadError
from listener.pages.fields import inside, record_of, rows, word
from listener.pages.syndication import moment
from listener.types import Key, Link, LogIn, Page, Reading, SourceSpec
from storage.types import Post, PostKind

PUBLIC = "https://public.api.bsky.app"
"""Where accounts and threads can be read without an account (docs.bsky.app, "API hosts and auth")."""
SEARCH = "https://api.bsky.app"
"""Where a search is answered; with a `token` its server may be another, said by `service`."""
ENTRY = "https://bsky.social"
"""Where accounts of Bluesky's own log in (docs.bsky.app, "Get started"); other accounts say theirs by `service`."""
REPO_PAGES = 10
"""Pages of a hundred posts that are read of one account on a data server."""
SESSION = 3600.0
"""Seconds for which a session's key is used; servers give it for two hours."""
DEEPEST = 100
"""Levels of answers in a thread that are looked at."""


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The searches of the option `search`, the account at `bsky.app/profile/NAME`, or a data server's accounts.

    Options: `search` (a text or a list of texts), `service` (the server asked instead of Bluesky's own), `token`, or
    `identifier` and `password` of an account to log in with.
    """
    wanted = source.options.get("search")
    service = str(source.options.get("service") or (ENTRY if source.options.get("identifier") else "")).rstrip("/")
    if wanted:
        texts = [str(each) for each in wanted] if isinstance(wanted, list) else [str(wanted)]
        path = "app.bsky.feed.searchPosts?sort=latest&limit=100&q="
        return [_link(service or SEARCH, path + quote(text, safe=""), "list") for text in texts]
    if account := re.search(r"/profile/([\w.:-]{1,250})", source.url):
        path = f"app.bsky.feed.getAuthorFeed?limit=100&actor={quote(account.group(1))}"
        return [_link(service or PUBLIC, path, "list")]
    parts = urlsplit(source.url)
    return [_link(f"{parts.scheme}://{parts.netloc}", "com.atproto.sync.listRepos?limit=1000", "accounts")]


def login(source: SourceSpec, refresh: str) -> LogIn | None:
    """A session for the account `identifier` with its (application's) `password`; None without one."""
    options = source.options
    if not options.get("identifier"):
        return None
    base = f"{str(options.get('service') or ENTRY).rstrip('/')}/xrpc/com.atproto.server."
    if refresh:
        return LogIn(url=f"{base}refreshSession", content=b"", headers={"Authorization": f"Bearer {refresh}"})
    account = {"identifier": str(options["identifier"]), "password": str(options.get("password") or "")}
    content = json.dumps(account).encode()
    return LogIn(url=f"{base}createSession", content=content, headers={"Content-Type": "application/json"})


def key(page: Page) -> Key:
    """The session's key. Raises `ReadError` where there is none."""
    said = record_of(page)
    if not word(said, "accessJwt"):
        raise ReadError(f"{page.url} lets us in without a key: is this a server of Bluesky's kind?")
    return Key(token=word(said, "accessJwt"), seconds=SESSION, refresh=word(said, "refreshJwt"))


def headers(source: SourceSpec) -> Mapping[str, str]:
    """The access token, for a server that wants one."""
    token = source.options.get("token")
    return {"Authorization": f"Bearer {token}"} if token else {}


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a list of posts, a thread, a server's accounts, one account, or one account's posts."""
    record = record_of(page)
    if link.role == "accounts":
        return _accounts(record, page)
    if link.role == "account":
        name = word(record, "handle") or word(record, "did")
        return Reading(links=(_records(page, word(record, "did"), name, 1),))
    if link.role == "records":
        return _posts_of(record, page, link)
    if link.role == "thread":
        return Reading(posts=tuple(_views([inside(record, "thread")], page)))
    if "posts" not in record and "feed" not in record:
        raise ReadError(f"{page.url} does not hold what Bluesky's interface should give.")
    found = [*rows(record, "posts"), *(inside(row, "post") for row in rows(record, "feed") if "reason" not in row)]
    return _listed(found, page, str(source.options.get("service") or PUBLIC).rstrip("/"))


def _link(service: str, path: str, role: str) -> Link:
    return Link(url=f"{service}/xrpc/{path}", role=role)


def _listed(found: list[dict[str, Any]], page: Page, service: str) -> Reading:
    """Posts that were found lead to their threads, each read whole when a newer post or another answer shows."""
    pairs = [(post, view) for view in found if (post := _viewed(view, page))]
    stamps: dict[str, str] = {}
    for post, view in pairs:
        stamps.setdefault(post.conversation_id, f"{post.external_id} {word(view, 'replyCount')}")
    path = "app.bsky.feed.getPostThread?depth=100&parentHeight=0&uri="
    links = (
        Link(url=f"{service}/xrpc/{path}{quote(root, safe='')}", role="thread", conversation=root, stamp=stamp)
        for root, stamp in stamps.items()
    )
    return Reading(posts=tuple(post for post, _ in pairs), links=tuple(links))


def _views(threads: list[dict[str, Any]], page: Page) -> Iterator[Post]:
    for _ in range(DEEPEST):
        for thread in threads:
            if post := _viewed(inside(thread, "post"), page):
                yield post
        threads = [answer for thread in threads for answer in rows(thread, "replies")]


def _viewed(view: Mapping[str, Any], page: Page) -> Post | None:
    author, uri = inside(view, "author"), word(view, "uri")
    handle = word(author, "handle") or word(author, "did")
    return post_of(uri, inside(view, "record"), word(author, "displayName") or handle, handle, page) if uri else None


# A data server gives the accounts it holds, each with a revision that changes with every record of theirs.


def _accounts(record: dict[str, Any], page: Page) -> Reading:
    base = page.url.split("/xrpc/")[0]
    links = [
        Link(
            url=f"{base}/xrpc/com.atproto.repo.describeRepo?repo={quote(word(row, 'did'))}",
            role="account",
            conversation=word(row, "did"),
            stamp=word(row, "rev"),
        )
        for row in rows(record, "repos")
        if word(row, "did") and row.get("active") is not False
    ]
    cursor = word(record, "cursor")
    if cursor and len(links) >= 1000:
        links.append(_link(base, f"com.atproto.sync.listRepos?limit=1000&cursor={quote(cursor)}", "accounts"))
    return Reading(links=tuple(links))


def _records(page: Page, did: str, name: str, place: int, cursor: str = "") -> Link:
    path = f"com.atproto.repo.listRecords?collection=app.bsky.feed.post&limit=100&repo={quote(did)}"
    return Link(
        url=f"{page.url.split('/xrpc/')[0]}/xrpc/{path}{f'&cursor={quote(cursor)}' if cursor else ''}",
        role="records",
        conversation=did,
        carry={"did": did, "name": name, "page": place},
    )


def _posts_of(record: dict[str, Any], page: Page, link: Link) -> Reading:
    did, name, place = str(link.carry["did"]), str(link.carry["name"]), int(link.carry["page"])
    found = rows(record, "records")
    posts = tuple(
        post_of(word(row, "uri"), inside(row, "value"), name, name, page) for row in found if word(row, "uri")
    )
    cursor = word(record, "cursor")
    has_more = bool(cursor) and len(found) == 100 and place < REPO_PAGES
    return Reading(posts=posts, links=(_records(page, did, name, place + 1, cursor),) if has_more else ())


def post_of(uri: str, value: Mapping[str, Any], name: str, handle: str, page: Page) -> Post:
    """A post from its record, at its address `at://DID/…`."""
    answer = inside(value, "reply")
    root = word(inside(answer, "root"), "uri") or uri
    langs = value.get("langs")
    return Post(
        external_id=uri,
        url=_page_of(uri),
        text=word(value, "text"),
        author=name,
        author_id=handle,
        author_url=f"https://bsky.app/profile/{handle}",
        conversation_id=root,
        conversation_url=_page_of(root),
        parent_id=word(inside(answer, "parent"), "uri"),
        kind=PostKind.REPLY if root != uri else PostKind.POST,
        published_at=moment(word(value, "createdAt"), page.fetched_at),
        lang=langs[0][:2] if isinstance(langs, list) and len(langs) == 1 and isinstance(langs[0], str) else None,
    )


def _page_of(uri: str) -> str:
    """`at://DID/app.bsky.feed.post/KEY` as an address a browser can open."""
    found = re.fullmatch(r"at://([\w.:%-]+)/app\.bsky\.feed\.post/([\w.:~-]+)", uri)
    return f"https://bsky.app/profile/{found.group(1)}/post/{found.group(2)}" if found else ""
