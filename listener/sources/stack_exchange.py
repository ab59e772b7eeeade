"""Stack Overflow and the other sites of Stack Exchange, by their interface: questions with answers and comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from listener.errors import ReadError
from listener.pages.fields import inside, number, record_of, rows, word
from listener.pages.markup import line_of, text_of
from listener.pages.syndication import moment
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

API = "https://api.stackexchange.com/2.3"


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The questions of the site that moved last: those with the `tagged` tags, and what the option `search` finds.

    Options: `search` (a text or a list), `tagged` (tags, any of which will do), `key` (10,000 requests a day, not 300).
    """
    site = quote(_site(source))
    common = f"order=desc&sort=activity&pagesize=50&filter=withbody&site={site}{_key(source)}"
    option = source.options.get("search")
    texts = [str(each) for each in (option if isinstance(option, list) else [option]) if each]
    links = [Link(url=f"{API}/search/advanced?{common}&q={quote(each, safe='')}") for each in texts]
    tags = source.options.get("tagged")
    some = ";".join(quote(str(each), safe="") for each in (tags if isinstance(tags, list) else [tags]) if each)
    links += [Link(url=f"{API}/questions?{common}&tagged={some}")] if some else []
    return links or [Link(url=f"{API}/questions?{common}")]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads a list of questions, a question, its answers, or comments on any of these.

    Raises `ReadError` where the page is none; the wait a site asks for (`backoff`) is passed on.
    """
    record = record_of(page)
    if not isinstance(record.get("items"), list):
        said = line_of(word(record, "error_message"))[:200]
        raise ReadError(f"{page.url.split('?')[0]} gives no items{f': {said}' if said else ''}.")
    items, wait = rows(record, "items"), float(number(record, "backoff"))
    if link.role == "list":
        questions = [row for row in items if word(row, "question_id")]
        posts = tuple(_post(row, page, {}) for row in questions)
        return Reading(posts=posts, links=tuple(_thread(row, source) for row in questions), hint=wait)
    about = dict(link.carry)
    if link.role == "question":
        about = {key: word(row, key) for row in items[:1] for key in ("title", "link", "question_id")}
    posts = tuple(_comment(row, page, about) if link.role == "comments" else _post(row, page, about) for row in items)
    links = [_further(link, "answers", about, source)] if link.role == "question" else []
    if link.role == "answers" and about:
        numbers = [str(about["question_id"]), *(word(row, "answer_id") for row in items)]
        links.append(_further(link, "comments", about, source, ";".join(each for each in numbers[:100] if each)))
    return Reading(posts=posts, links=tuple(links), hint=wait)


def _site(source: SourceSpec) -> str:
    """A site goes by its host; the sites below stackexchange.com by their first word."""
    host = (urlsplit(source.url).hostname or "stackoverflow.com").removeprefix("www.")
    return host.removesuffix(".stackexchange.com") if host != "stackexchange.com" else "stackoverflow"


def _key(source: SourceSpec) -> str:
    key = source.options.get("key")
    return f"&key={quote(str(key), safe='')}" if key else ""


def _thread(row: Mapping[str, Any], source: SourceSpec) -> Link:
    question = word(row, "question_id")
    url = f"{API}/questions/{quote(question)}?filter=withbody&site={quote(_site(source))}{_key(source)}"
    return Link(url=url, role="question", conversation=question, stamp=word(row, "last_activity_date"))


def _further(link: Link, role: str, about: Mapping[str, Any], source: SourceSpec, numbers: str = "") -> Link:
    """The answers to a question, or the comments on it and on its answers."""
    path = f"questions/{link.conversation}/answers" if role == "answers" else f"posts/{numbers}/comments"
    common = f"order=asc&sort=creation&pagesize=100&filter=withbody&site={quote(_site(source))}{_key(source)}"
    return Link(url=f"{API}/{path}?{common}", role=role, conversation=link.conversation, carry=about)


def _post(row: Mapping[str, Any], page: Page, about: Mapping[str, Any]) -> Post:
    """A question or an answer; these share one numbering with each other but not with comments."""
    answer, question = word(row, "answer_id"), word(row, "question_id")
    title = line_of(word(row, "title") or str(about.get("title", "")))
    address = word(row, "link") or (f"{_base(about)}/a/{answer}" if answer and about else "")
    return Post(
        external_id=answer or question,
        url=address,
        title="" if answer else title,
        text=text_of(word(row, "body")),
        **_author(row),
        conversation_id=question,
        conversation_url=str(about.get("link", "")) or address,
        conversation_title=title,
        kind=PostKind.REPLY if answer else PostKind.POST,
        published_at=moment(word(row, "creation_date"), page.fetched_at),
        edited_at=moment(word(row, "last_edit_date"), page.fetched_at),
    )


def _comment(row: Mapping[str, Any], page: Page, about: Mapping[str, Any]) -> Post:
    number_, post, question = word(row, "comment_id"), word(row, "post_id"), str(about.get("question_id", ""))
    return Post(
        external_id=f"comment-{number_}",
        url=word(row, "link") or f"{about.get('link', '')}#comment{number_}_{post}",
        text=text_of(word(row, "body")),
        **_author(row),
        conversation_id=question,
        conversation_url=str(about.get("link", "")),
        conversation_title=line_of(str(about.get("title", ""))),
        parent_id=post if post != question else "",
        kind=PostKind.COMMENT,
        published_at=moment(word(row, "creation_date"), page.fetched_at),
    )


def _base(about: Mapping[str, Any]) -> str:
    parts = urlsplit(str(about.get("link", "")))
    return f"{parts.scheme}://{parts.netloc}"


def _author(row: Mapping[str, Any]) -> dict[str, Any]:
    owner = inside(row, "owner")
    name = line_of(word(owner, "display_name"))
    return {"author": name, "author_id": word(owner, "user_id") or name, "author_url": word(owner, "link")}
