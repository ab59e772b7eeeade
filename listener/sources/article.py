"""One article's page: its main text, author and date, without menus and advertisements, and the comments below it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from listener.errors import ReadError
from listener.pages import comments, tree
from listener.pages.blocks import date_in
from listener.pages.bylines import AROUND_DATE, BY, COUNTED, DATED, Block
from listener.pages.dates import parse_date
from listener.pages.effort import library, needs_limits
from listener.pages.markup import is_overloaded, line_of, web_url
from listener.pages.syndication import moment
from listener.sources import schema_org
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

LONGEST = 2_000_000
"""Bytes of a page that are looked at."""
SHORT = 600
"""Characters below which the text of a page that asks for a password is no article."""
SHORTEST = 100
"""Characters up to which a line may be one that says who wrote an article, and when."""
MOST = 3000
"""Elements of a page among which such a line is looked for."""
_COUNTED = re.compile(rf"\n+{COUNTED}\Z", re.I)
_LASTS = re.compile(
    r"\A\W{0,5}(?:(?:leestijd|reading time)\W{0,3})?(?:\d{1,3}|one|een|één|a)[ -](?:min\.?|minut\w{1,3})"
    r"(?:[ -](?:read|leestijd|lezen|lezing|leeswerk))?\b\W{0,5}(?:\n|\Z)",
    re.I,
)
"""How long an article takes to read, where it stands above the text."""
_NAME = re.compile(r"(?=\D{2})(?:[^\W_]|[ ._'’-](?!\d\d))+\d{0,4}")
"""A name as people write theirs, with a number behind it perhaps."""
_PUBLISHED = (
    re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{4,60})"'),
    re.compile(
        r"<meta[^>]{0,200}?(?:article:published_time|datePublished|dc\.date)[^>]{0,200}?content=[\"']([^\"']{4,60})",
        re.I,
    ),
    re.compile(r"<time[^>]{0,200}?datetime=[\"']([^\"']{4,60})", re.I),
    re.compile(r"class=[\"'][^\"']{0,100}\bpublished\b[^>]{0,100}?title=[\"']([^\"']{4,60})", re.I),
)
_DATES = {"original_date": True, "extensive_search": False}
"""How trafilatura looks for a date; its thorough search loads 80 MB of languages, and guesses."""
_LINKED_DATA = re.compile(rb"<script[^>]{1,200}ld\+json[^>]{0,200}>(.*?)(?:</script>|\Z)", re.I | re.S)
_LOGIN = re.compile(rb"<input[^>]{0,200}type=[\"']?password", re.I)
_WRITERS = (
    '[itemprop="author"] [itemprop="name"], meta[name="author"], a[rel~="author"], .h-entry .p-author',
    ".wp-block-post-author__name, .wp-block-post-author-name, .byline .author, .entry-author, .post-author, .vcard .fn",
    'meta[property="article:author"]',
)
"""Where a page names the writer of its article, surest first."""
_BODIES = (
    '[itemprop="articleBody"], .h-entry .e-content, .wp-block-post-content',
    ".entry-content, .gh-content, .post-content, .article-content, .article-body, .post-body, .kg-canvas",
    "#content-core",
    ".markdown, .markdown-body, .prose, .vp-doc, .theme-default-content, [vp-content]",
)
"""Where a page marks the text of its article, surest first."""
_AROUND_BODY = (
    "script, style, noscript, form, nav, aside, button, div > footer, section > footer, article > footer, "
    ".sharedaddy, .jp-relatedposts, .post-navigation"
)
_ELLIPSIS = re.compile(r"[\s\[(]*(…|\.\.\.)[\])]?.{0,60}\Z", re.DOTALL)


def start(source: SourceSpec, memory: Mapping[str, Any]) -> list[Link]:
    """The article."""
    return [Link(url=source.url, role="article")]


def read(page: Page, link: Link, source: SourceSpec) -> Reading:
    """Reads the article and the comments below it; only these where that was asked (`link.carry: below`).

    What a feed said of it (in `link.carry`) is believed over what the page seems to say. A teaser that is not part of
    the text found is put before it. Where no article is found, a teaser stays what it was, and an article by itself
    raises `ReadError`. Comments are read as the page describes them (schema.org), else by what repeats below.
    """
    if page.body[:5] == b"%PDF-" or b"\0" in page.body[:200]:
        raise ReadError(f"{page.url} is not a web page but {page.content_type or 'a file'}.")
    needs_limits()
    body = page.body[:LONGEST]
    if is_overloaded(body):
        raise ReadError(f"{page.url} has a tag with more attributes than anybody writes and is not read.")
    told = described(page, link, source)
    root = tree.tree_of(replace(page, body=_LINKED_DATA.sub(_if_sound, body)))
    shown, older = comments.take(root, page.url, lambda text: _moment(text, page, source))
    main = None if tree.is_list(root, page.url) else _article(page, link, source, root, told)
    if main is None and not link.carry.get("text") and not link.carry.get("below"):
        raise ReadError(f"No article could be found at {page.url}.")
    about = main or _known(page, link)
    below = [*_described_below(about, told)] or [*_shown_below(about, shown)]
    more = () if link.carry.get("further") else _more(older, about)
    return Reading(posts=(*(() if main is None or link.carry.get("below") else (main,)), *below), links=more)


def described(page: Page, link: Link, source: SourceSpec) -> Reading:
    """What the page says of itself in schema.org's words; nothing where it says nothing."""
    if b"schema.org" not in page.body:
        return Reading()
    try:
        return schema_org.read(page, link, source)
    except ReadError:
        return Reading()


def _article(page: Page, link: Link, source: SourceSpec, root: Any, told: Reading) -> Post | None:
    """The article itself; None where the page shows less of it than the feed did."""
    body = etree.tostring(tree.main_of(root), encoding="utf-8", method="html")
    found: Any = library("trafilatura").bare_extraction(
        body,
        url=page.url,
        include_comments=False,
        with_metadata=True,
        date_extraction_params=_DATES | {"max_date": f"{page.fetched_at:%Y-%m-%d}"},
    )
    text = _marked(root) or (_paragraphs(found.text or "") if found else "")
    heading = tree.line(tree.heading(root))
    for title in (heading, line_of(found.title or "") if found else ""):
        text = _untitled(text, title)
    teaser = str(link.carry.get("text") or "")
    asks_login = len(text) < SHORT and bool(_LOGIN.search(page.body[:LONGEST]))
    if not found or not text or asks_login or len(text.split()) < len(_ELLIPSIS.sub("", teaser).split()):
        return None
    main = _post(page, link, found, heading, _with_teaser(text, teaser), _published(page, link, source, found.date))
    main = main if link.carry.get("author") else _as_written(_signed(main, root, page.url, told), root)
    return _without_byline(main, root, page, source)


def _marked(root: Any) -> str:
    """The text of the one part that the page marks as its article; "" where there is none, or several as in a list."""
    for css in _BODIES:
        parts = tree.select(root, css)
        if parts and all(parts[0] in each.iterancestors() for each in parts[1:]):
            body = copy.deepcopy(parts[0])
            tree.drop(body, _AROUND_BODY)
            return tree.text(body)
    return ""


def _signed(main: Post, root: Any, base: str, told: Reading) -> Post:
    """The article with its writer as the page describes or marks one; else as trafilatura made out."""
    for post in told.posts:
        if post.kind == PostKind.ARTICLE and post.author:
            return replace(main, author=post.author, author_id=post.author_id, author_url=post.author_url)
    for css in _WRITERS:
        for each in tree.select(root, css):
            name, url = line_of(each.get("content") or tree.line(each)), tree.link(each, base)
            if 1 < len(name) <= 80 and "://" not in name:
                return replace(main, author=name, author_id=url or name, author_url=url)
    return main


def _as_written(main: Post, root: Any) -> Post:
    """The article with its writer's name as the page shows it: trafilatura leaves out digits, and makes capitals."""
    letters = _letters(main.author)
    for each in islice(root.iter("a", "span", "p", "div", "cite", "b", "strong", "address"), MOST if letters else 0):
        words = _short(each)
        if words != main.author and _NAME.fullmatch(words) and _letters(words) == letters:
            is_id = main.author_id == main.author
            return replace(main, author=words, author_id=words if is_id else main.author_id)
    return main


def _letters(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", name).casefold()


def _known(page: Page, link: Link) -> Post:
    """The article as the link that led here knows it, for what stands below it."""
    url = str(link.carry.get("url") or "") or web_url(page.url, "")
    identity, title = link.conversation or url, str(link.carry.get("title") or "")
    return Post(
        external_id=identity, conversation_id=identity, url=url, conversation_url=url, title=title, text="",
        kind=PostKind.ARTICLE,
    )  # fmt: skip


def _described_below(main: Post, told: Reading) -> Iterator[Post]:
    """The comments that the page describes, in the conversation of the article they are about."""
    about = {post.external_id for post in told.posts if post.kind == PostKind.ARTICLE}
    for post in told.posts:
        if post.external_id not in about:
            parent = "" if post.parent_id in about else post.parent_id
            yield replace(_placed(post, main), parent_id=parent)


def _shown_below(main: Post, shown: list[Block]) -> Iterator[Post]:
    """The comments that stand on the page, each under the address that leads to it."""
    names = {id(block): f"{main.url}#{comments.identity(block)}" for block in shown}
    for block in shown:
        post = Post(
            external_id=names[id(block)],
            url=block.url or names[id(block)],
            text=block.text,
            author=block.author,
            author_id=block.author_url or block.author,
            author_url=block.author_url,
            conversation_id=main.conversation_id,
            parent_id=names.get(id(block.parent), ""),
            kind=PostKind.COMMENT,
            published_at=block.moment,
        )
        yield _placed(post, main)


def _placed(post: Post, main: Post) -> Post:
    return replace(
        post,
        conversation_id=main.conversation_id,
        conversation_url=main.conversation_url,
        conversation_title=main.title,
    )


def _more(older: list[str], main: Post) -> tuple[Link, ...]:
    """The other pages of the article's comments."""
    carry = {"url": main.url, "title": main.title, "below": True, "further": True}
    return tuple(Link(url=url, role="article", conversation=main.conversation_id, carry=carry) for url in older)


def _moment(text: str, page: Page, source: SourceSpec) -> datetime | None:
    return parse_date(text, now=page.fetched_at, zone=str(source.options.get("timezone") or "UTC"))


def _if_sound(script: re.Match[bytes]) -> bytes:
    """A script of linked data, unless it is broken: what trafilatura does to mend one takes time by its square."""
    try:
        json.loads(script[1])
    except (ValueError, RecursionError):
        return b""
    return script[0]


def _post(page: Page, link: Link, found: Any, heading: str, text: str, published: datetime | None) -> Post:
    carry, title = link.carry, line_of(found.title or "")
    url = str(carry.get("url") or "") or _canonical(page.url, found.url or "")
    title = str(carry.get("title") or "") or (heading if heading in title else title)  # a site adds its name to it
    author = str(carry.get("author") or "") or (found.author or "").replace("; ", ", ")
    author_url = str(carry.get("author_url") or "")
    identity = link.conversation or url
    return Post(
        external_id=identity,
        url=url,
        title=title,
        text=text,
        author=author,
        author_id=author_url or author,
        author_url=author_url,
        conversation_id=identity,
        conversation_url=url,
        conversation_title=title,
        kind=PostKind.ARTICLE,
        published_at=published,
    )


def _canonical(url: str, claimed: str) -> str:
    """The address the page gives itself, where that is on the same host: elsewhere it could take another's place."""
    address = web_url(url, claimed) if claimed else ""
    return address if urlsplit(address).netloc == urlsplit(url).netloc else web_url(url, "")


def _paragraphs(text: str) -> str:
    """Trafilatura writes a paragraph a line; list items stay together."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    parts = [
        ("\n" if line.startswith("- ") and before.startswith("- ") else "\n\n") + line
        for before, line in zip(["", *lines], lines, strict=False)
    ]
    return "".join(parts).strip()


def _untitled(text: str, title: str) -> str:
    """The text without the heading that is the title, which is kept apart."""
    return text.removeprefix(title).lstrip() if title and text.startswith(title) else text


def _without_byline(main: Post, root: Any, page: Page, source: SourceSpec) -> Post:
    """The article without what only says who wrote it, and when; these, where nothing else tells them so well."""
    text, author, at = main.text, main.author, main.published_at
    for each in islice(root.iter("p", "div", "span", "small", "li", "time"), MOST):
        words = _short(each)
        name = _named(author, _writer(words))
        if not _is_byline(words, name):
            continue
        author = name
        for shown in (words, " ".join(words.replace(name, "").split()) if name else words):
            text = text.removeprefix(shown).removesuffix(shown).replace(f"\n{shown}\n", "\n").strip()
        if at is None or at.astimezone(UTC).time() == time():  # a day without its hour
            dated = DATED.search(words)
            said = _moment(date_in(words, dated), page, source) if dated else None
            at = said if said and (at is None or _is_same_day(said, at)) else at
    text = text.removeprefix(f"{author}\n") if author else text
    text = _LASTS.sub("", _COUNTED.sub("", re.sub(r"\n{3,}", "\n\n", text))).strip()
    known = main.author_id if main.author_id != main.author else ""
    return replace(main, text=text, author=author, author_id=known or author, published_at=at)


def _is_same_day(said: datetime, guessed: datetime) -> bool:
    """Whether a date with its hour may be the day that was made out, also where that has day and month exchanged."""
    is_exchanged = (said.year, said.month, said.day) == (guessed.year, guessed.day, guessed.month)
    return is_exchanged or abs(said - guessed) < timedelta(days=1)


def _named(author: str, signed: str) -> str:
    """Who wrote an article: as it is signed, where what was made out is the same name tidied up."""
    letters = (re.sub(r"[\W\d_]", "", each).casefold() for each in (author, signed))
    return signed if not author or len(set(letters)) == 1 else author


def _short(node: Any) -> str:
    """The words of an element that may be a byline; "" of a longer one, of which no more is read than shows that."""
    parts, size = list[str](), 0
    for text in node.itertext():
        parts.append(text)
        size += len(text)
        if size > 10 * SHORTEST:  # most of it may be indentation
            return ""
    words = " ".join("".join(parts).split())
    return words if len(words) <= SHORTEST else ""


def _writer(words: str) -> str:
    """Whose name follows a "by" or "door"; "" where nobody's does."""
    by = BY.search(words)
    return re.split(r"\s(?:op|on|om|at)\s|[,|(·•]|\s[–-]\s", words[by.end() :])[0].strip() if by else ""


def _is_byline(words: str, author: str) -> bool:
    if not words:
        return False
    left = DATED.sub("", words.replace(author, "") if author else words, count=2)
    return left != words and not re.search(r"[^\W_]", AROUND_DATE.sub("", left)) and DATED.search(words) is not None


def _with_teaser(text: str, teaser: str) -> str:
    words = _ELLIPSIS.sub("", teaser).split()
    if not words or " ".join(words[:12]) in " ".join(text.split()):
        return text
    return f"{teaser}\n\n{text}"


def _published(page: Page, link: Link, source: SourceSpec, guessed: str | None) -> datetime | None:
    zone = str(source.options.get("timezone", "UTC"))
    if carried := str(link.carry.get("published") or ""):
        return moment(carried, page.fetched_at, zone)
    html = page.body[:LONGEST].decode("utf-8", "replace")
    said = (match.group(1) for each in _PUBLISHED if (match := each.search(html)))
    year_alone = (guessed or "").endswith("-01-01")  # what is made of the "© 2026" below a page
    moments = (moment(text, page.fetched_at, zone) for text in (*said, "" if year_alone else guessed or ""))
    return next((each for each in moments if each), None)
