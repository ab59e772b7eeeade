"""Mailing lists in HyperKitty, the archive of Mailman 3, by its interface: the threads that moved, mail by mail."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from listener.errors import ListenerError, ReadError
from listener.pages.fields import count_of, inside, json_of, line, rows, word
from listener.pages.markup import web_url
from listener.pages.syndication import moment
from listener.sources import feed as feeds
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LIST_PAGES = 3
"""Pages of a list's threads that are read at most, where the option `list_pages` does not say."""
MOST_LISTS = 50
"""Lists of one server that are listened to."""
MOST_MAILS = 75
"""Mails of a thread that are fetched, each a page of its own: the first and the newest."""
REFUSED = frozenset((401, 403, 404, 405, 406))
"""Answers by which an archive says that it has no interface for strangers."""
_LIST = re.compile(r"(.*?)/(?:api/)?list/([^/@]{1,200}@[^/@]{1,200})(?:/thread/(\w{1,64}))?")
_INSIDE = re.compile(r"/(?:api|search|users|profile|tags|categories|accounts|lists)(?:/.*)?\Z")
_IDENTITY = re.compile(r"/(?:email|thread|message)/(\w{1,64})/")
_QUOTED = re.compile(r"^[ \t]?((?:>[ \t]?)+)(?=(.?))", re.MULTILINE)
_WIDE = "\uff20"
"""What stands for "@" where the archive hides addresses from harvesters."""
_MAILED = re.compile(r"\A\S{1,200}@\S{1,200} \((.{1,200})\)\Z")
_ANSWER = re.compile(r"^(?:(?:re|aw|antw|sv|betr)\s?:\s*)+", re.IGNORECASE)


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The threads of the list whose address is given (`…/list/NAME@DOMAIN/`), one of them, or every list's."""
    base, name, thread = _place(source)
    if thread:
        return [_thread(base, name, thread, "", "")]
    known = [name] if name else [str(each) for each in memory.get("lists", ())]
    servers = [] if name else [Link(url=f"{base}/api/lists/?format=json&limit={MOST_LISTS}", role="lists")]
    return [*servers, *(_threads(base, each, source, memory) for each in known)]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the lists of a server, threads, the mails of a thread, one mail, or a list's feed.

    Raises `ReadError` where the page is none of these.
    """
    if link.role == "feed":
        return _named(feeds.read(page, replace(link, role="list"), source))
    if link.role == "email":
        return Reading(posts=(_post(page, link, source),))
    readers = {"lists": _read_lists, "list": _read_threads, "thread": _read_mails}
    return readers[link.role](page, link, source)


def fallback(link: Link, error: ListenerError, source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The list's feed, where the interface is not open to strangers."""
    is_closed = isinstance(error, ReadError) or getattr(error, "status", None) in REFUSED
    if link.role != "list" or not is_closed:
        return []
    return [Link(url=f"{_place(source)[0]}/list/{link.carry['name']}/feed/", role="feed")]


def _place(source: SourceSpec) -> tuple[str, str, str]:
    """The archive's own address, and the list and thread that the source's address names."""
    parts = urlsplit(web_url(source.url, source.url))
    found = _LIST.match(parts.path.replace("%40", "@"))
    path = found[1] if found else _INSIDE.sub("", parts.path).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}", found[2] if found else "", (found[3] or "") if found else ""


def _threads(base: str, name: str, source: SourceSpec, memory: Mapping[str, Any]) -> Link:
    carry = {
        "name": name,
        "since": memory.get(f"since {name}", ""),
        "pages": count_of(source.options, "list_pages", LIST_PAGES),
    }
    return Link(url=f"{base}/api/list/{name}/threads/?format=json&limit=50", carry=carry)


def _thread(base: str, name: str, identity: str, title: str, stamp: str) -> Link:
    return Link(
        url=f"{base}/api/list/{name}/thread/{identity}/emails/?format=json&limit=500",
        role="thread",
        conversation=identity,
        stamp=stamp,
        carry={"name": name, "title": title},
    )


def _results(page: Page) -> tuple[list[dict[str, Any]], str]:
    """The rows of an answer, with or without pages, and the next page where that is on the same host."""
    found = json_of(page)
    record = found if isinstance(found, dict) else {"results": found}
    if not isinstance(record.get("results"), list):
        raise ReadError(f"{page.url} does not hold what HyperKitty's interface should give.")
    following = word(record, "next")
    address = web_url(page.url, following) if following else ""
    is_here = urlsplit(address).netloc == urlsplit(page.url).netloc and address != page.url
    return rows(record, "results"), address if is_here else ""


def _read_lists(page: Page, link: Link, source: SourceSpec) -> Reading:
    names = [
        name
        for row in _results(page)[0]
        if re.fullmatch(r"[^/@\s?#]{1,200}@[^/@\s?#]{1,200}", name := word(row, "name"))
    ]
    base = _place(source)[0]
    return Reading(
        links=tuple(_threads(base, name, source, {}) for name in names[:MOST_LISTS]),
        memory={"lists": names[:MOST_LISTS]},
    )


def _read_threads(page: Page, link: Link, source: SourceSpec) -> Reading:
    """The threads, those that moved last first; the next page where this one held nothing seen before."""
    found, following = _results(page)
    base, name, since = _place(source)[0], str(link.carry.get("name", "")), str(link.carry.get("since", ""))
    links = [
        _thread(base, name, identity, line(row, "subject"), f"{word(row, 'date_active')}/{word(row, 'replies_count')}")
        for row in found
        if re.fullmatch(r"\w{1,64}", identity := word(row, "thread_id"))
    ]
    moved = [word(row, "date_active") for row in found]
    left = int(link.carry.get("pages", 1))
    if following and left > 1 and all(at > since for at in moved):
        links.append(Link(url=following, carry={**link.carry, "pages": left - 1}))
    return Reading(links=tuple(links), memory={f"since {name}": max([since, *moved])})


def _read_mails(page: Page, link: Link, source: SourceSpec) -> Reading:
    """The address of each mail, for a list of mails does not hold their texts."""
    found, following = _results(page)
    hashes = [each for row in found if re.fullmatch(r"\w{1,64}", each := word(row, "message_id_hash"))]
    base, name = _place(source)[0], str(link.carry.get("name", ""))
    wanted = hashes if len(hashes) <= MOST_MAILS else [hashes[0], *hashes[1 - MOST_MAILS :]]
    mails = [
        Link(
            url=f"{base}/api/list/{name}/email/{each}/?format=json",
            role="email",
            conversation=link.conversation,
            carry=link.carry,
        )
        for each in wanted
    ]
    more = [replace(link, url=following, stamp="")] if following else []
    return Reading(links=(*mails, *more))


def _post(page: Page, link: Link, source: SourceSpec) -> Post:
    row = json_of(page)
    identity = word(row, "message_id_hash") if isinstance(row, dict) else ""
    if not re.fullmatch(r"\w{1,64}", identity):
        raise ReadError(f"{page.url} does not hold a mail as HyperKitty's interface should give it.")
    base, name = _place(source)[0], quote(str(link.carry.get("name", "")), safe="@")
    thread = link.conversation or _identity(row, "thread") or identity
    author, subject = _author(row), line(row, "subject")
    title = str(link.carry.get("title") or "") or _ANSWER.sub("", subject)
    sender = word(inside(row, "sender"), "mailman_id")
    is_first = identity == thread
    return Post(
        external_id=identity,
        url=f"{base}/list/{name}/message/{identity}/",
        title=subject if is_first or _ANSWER.sub("", subject) != _ANSWER.sub("", title) else "",
        text=_text(word(row, "content")),
        author=author,
        author_id=sender or author,
        author_url=f"{base}/users/{quote(sender, safe='')}/" if sender else "",
        conversation_id=thread,
        conversation_url=f"{base}/list/{name}/thread/{thread}/",
        conversation_title=title,
        parent_id=_identity(row, "parent"),
        kind=PostKind.POST if is_first else PostKind.REPLY,
        published_at=moment(word(row, "date"), page.fetched_at),
    )


def _identity(row: Mapping[str, Any], key: str) -> str:
    """The mail or thread that an address in a field names."""
    found = _IDENTITY.search(word(row, key))
    return found[1] if found else ""


def _author(row: Mapping[str, Any]) -> str:
    """The sender's name; wide signs are folded to the usual ones where its "@" is one."""
    name = line(row, "sender_name") or line(inside(row, "sender"), "name")
    return unicodedata.normalize("NFKC", name) if _WIDE in name else name


def _text(content: str) -> str:
    """The mail's text, its quotes as lines that begin with "> " for each level."""
    whole = content.replace("\r\n", "\n").replace("\r", "\n")
    return _QUOTED.sub(_quote, whole).strip()


def _quote(found: re.Match[str]) -> str:
    return "> " * found[1].count(">") if found[2] else ("> " * found[1].count(">")).rstrip()


def _named(reading: Reading) -> Reading:
    """A feed's mails under the names that the interface has for them; a thread goes by its first mail."""
    return replace(reading, posts=tuple(_renamed(reading.posts)), links=())


def _renamed(posts: tuple[Post, ...]) -> Iterator[Post]:
    for post in posts:
        found = _IDENTITY.search(post.url)
        identity = found[1] if found else post.external_id
        yield replace(
            post,
            external_id=identity,
            conversation_id=identity,
            text=_text(post.text.replace(_WIDE, "@")),
            author=_MAILED.sub(r"\1", post.author.replace(_WIDE, "@")),
            kind=PostKind.POST,
            partial=False,
        )
