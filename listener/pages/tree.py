"""A web page as a tree: parsed within bounds whatever it holds, and asked by CSS selector."""

from __future__ import annotations

import copy
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import cssselect
from lxml import etree

from listener.errors import ReadError
from listener.pages.charsets import known
from listener.pages.effort import needs_limits
from listener.pages.markup import is_overloaded, text_of, web_url
from listener.types import Page

Node = Any
"""An `lxml` element; lxml is typed too loosely to gain from its own names."""

MAIN = "main, [role='main']"
MANY = 2
"""Parts marked as articles from which on a page may be a list of them."""
LITTLE = 600
"""Characters that a list of articles says around them."""
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NEXT = (
    'link[rel~="next"], a[rel~="next"]',
    ".pagination .next a, .pagination a.next, .arrow.next a, a.right-box, a.pagination_next, a.pageNav-jump--next",
)
_ANOTHER = re.compile(
    r"\b(?:ticket|issue|bug|topic|thread|discussion|question|post|message|article|entry|story|"
    r"onderwerp|discussie|vraag|bericht|artikel)\b",
    re.I,
)
"""What a link to the next one of a list says, which is no page of this one."""
_PAGER = "[class*='pag' i] a[href], nav a[href]"
_NEXT_WORDS = re.compile(r"(?:(?:next|volgende)(?: page| pagina)?\s*[›»>→]{0,2}|[›»>→]|>>)", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"[?&](?:page|p|pagina|pg)=(\d{1,6})\b|/(?:page|pagina|p)[/-]?(\d{1,6})(?=/|\Z)")
_PAGE_PATH = re.compile(r"/(?:page|pagina|p)[/-]?\d{1,6}/?\Z")
_PAGE_KEYS = frozenset(("page", "p", "pagina", "pg", "start", "offset"))
_CURRENT = "[class*='pag' i] .active, [class*='pag' i] .current, [class*='pag' i] [aria-current]"


def decoded(page: Page) -> str:
    """The page's text: UTF-8 where its bytes are that, else as its headers or markup name it; never fails."""
    for bom, name in _BOMS:
        if page.body.startswith(bom):
            return page.body.decode(name, "replace")
    header = _HEADER_CHARSET.search(page.headers.get("content-type", ""))
    meta = _CHARSET.search(page.body[:4096])
    for named in ("utf-8", header[1] if header else "", meta[1].decode() if meta else ""):
        with suppress(UnicodeDecodeError):
            if (charset := known(named)) not in ("", "iso8859-1", "ascii"):  # browsers read these as cp1252
                return page.body.decode(charset)
    return page.body.decode("cp1252", "replace")


def tree_of(page: Page) -> Node:
    """The page's root element. Raises `ReadError` where there is no markup at all.

    The parser stops at 256 levels of nesting, so that no tree is too deep to walk.
    """
    needs_limits()
    root = _parsed(_encoded(decoded(page)))
    if root is None:
        raise ReadError(f"{page.url} holds no web page.")
    return root


def fragment(markup: str) -> Node:
    """A piece of a page under an element of its own."""
    return _parsed(_encoded(f"<div>{markup}</div>"))


def _encoded(markup: str) -> bytes:
    return markup.replace("\x00", "\ufffd").encode("utf-8", "replace")


def _parsed(body: bytes) -> Node | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    if is_overloaded(body):
        raise ReadError("A page has more attributes in one tag than any page needs; it was not read.")
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        log: Any = error.error_log
        if log.filter_types(etree.ErrorTypes.ERR_NO_MEMORY):
            raise MemoryError from None
        return None


@lru_cache(maxsize=512)
def _compiled(css: str) -> etree.XPath:
    try:
        return etree.XPath(cssselect.HTMLTranslator().css_to_xpath(css))
    except (cssselect.SelectorError, etree.XPathSyntaxError) as error:
        raise ReadError(f"{css!r} is no CSS selector: {error}.") from error


def select(node: Node, css: str) -> list[Node]:
    """The descendants of `node` that a CSS selector finds, in page order.

    Raises `ReadError` for a wrong selector, and for a page that is too large to be searched.
    """
    try:
        found: list[Node] = _compiled(css)(node)  # type: ignore[assignment]
    except etree.XPathEvalError as error:  # with expressions of our own: that there is no memory for it
        raise ReadError("A page takes too much memory to search: it is left out.") from error
    return found


def first(node: Node, *selectors: str) -> Node | None:
    """What the first selector that finds anything finds first."""
    for css in selectors:
        if found := select(node, css):
            return found[0]
    return None


def line(node: Node | None) -> str:
    """The text of an element on one line; "" for None."""
    return "" if node is None else " ".join("".join(node.itertext()).split())


def heading(node: Node) -> Node | None:
    """What names a page: the longest heading that its title repeats, else its first; else that title."""
    title = line(first(node, "title"))
    repeated = [each for each in select(node, "h1, h2, h3")[:50] if len(line(each)) > 3 and line(each) in title]
    return max(repeated, key=lambda each: len(line(each)), default=first(node, "h1", "title"))


def main_of(root: Node) -> Node:
    """A copy of a page without what stands around its main part; the page where it marks none with its heading."""
    parts, head = select(root, MAIN), heading(root)
    if len(parts) != 1 or head is None or parts[0] not in head.iterancestors():
        return root
    page = copy.deepcopy(root)
    main = select(page, MAIN)[0]
    for at in (main, *main.iterancestors()):
        above = at.getparent()
        for each in [] if above is None else [each for each in above if each is not at and each.tag != "head"]:
            above.remove(each)
    return page


def is_list(root: Node, base: str) -> bool:
    """Whether each part that is marked as an article begins with a link to its page, and little is said around them."""
    parts = [each for each in select(root, "article") if not _is_in(each, "article")]
    heads = [first(each, "h1, h2, h3, h4") for each in parts]
    anchors = [_anchor(head) for head in heads if head is not None]
    if len(parts) < MANY or len(anchors) < len(parts) or any(each is None for each in anchors):
        return False
    if any(_path(link(each, base)) == _path(base) for each in anchors):
        return False
    around = (each for each in select(root, "p") if not _is_in(each, "article", "nav", "footer", "aside"))
    return sum(len(line(each)) for each in around) < LITTLE


def _anchor(head: Node) -> Node | None:
    """The link that a heading holds or stands in; None where there is none."""
    inside = first(head, "a[href]")
    return inside if inside is not None else next(head.iterancestors("a"), None)


def _is_in(node: Node, *tags: str) -> bool:
    return next(node.iterancestors(*tags), None) is not None


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def inner(node: Node | None) -> str:
    """The markup of an element; "" for None."""
    return "" if node is None else str(etree.tostring(node, encoding="unicode", method="html", with_tail=False))


def text(node: Node | None) -> str:
    """The text of an element as a person reads it, with paragraphs and quotes."""
    return text_of(inner(node))


def link(node: Node | None, base: str, attribute: str = "href") -> str:
    """The absolute address an element points to; "" where there is none."""
    href = "" if node is None else node.get(attribute) or ""
    return web_url(base, href) if href.strip() else ""


def drop(node: Node, css: str) -> None:
    """Takes what the selector finds out of the tree, leaving the text that follows it."""
    for each in select(node, css):
        parent, before, tail = each.getparent(), each.getprevious(), each.tail or ""
        if parent is None:
            continue
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
        parent.remove(each)


def asks_login(node: Node) -> bool:
    """Whether a page has a field for a password."""
    return first(node, "input[type='password' i]") is not None


def next_page(node: Node, base: str) -> str:
    """The address of the page that follows: by `rel`, by the class names in use, by the word on the link; or "".

    Where the link shows a picture only, the one with the number after this page's leads there.
    """
    for css in _NEXT:
        named = [each for each in select(node, css) if not _ANOTHER.search(f"{each.get('title') or ''} {line(each)}")]
        if found := [address for each in named if (address := _elsewhere(each, base))]:
            return found[0]
    links = {each: address for each in select(node, _PAGER) if (address := _elsewhere(each, base))}
    for each, address in links.items():
        if _NEXT_WORDS.fullmatch(line(each)):
            return address
    following = str(_page_here(node, base) + 1)
    for each, address in links.items():
        number = _PAGE_NUMBER.search(address)
        if following in (line(each), number and (number[1] or number[2])) and _is_of_same(address, base):
            return address
    return ""


def _is_of_same(address: str, base: str) -> bool:
    """Whether two addresses differ in nothing but a page's number: a count of answers is no page."""
    there, here = urlsplit(address), urlsplit(base)
    named = {key for key, _ in parse_qsl(there.query)} - _PAGE_KEYS
    paths = [_PAGE_PATH.sub("", each.path).rstrip("/") for each in (there, here)]
    is_beside = paths[0] == paths[1] or paths[0].rpartition("/")[0] == paths[1]
    return there.netloc == here.netloc and is_beside and named <= {key for key, _ in parse_qsl(here.query)}


def _elsewhere(anchor: Node, base: str) -> str:
    """Where a link leads, unless that is the page it stands on."""
    address = link(anchor, base)
    return address if address.split("#")[0] != base.split("#")[0] else ""


def _page_here(node: Node, base: str) -> int:
    """The number of a page: the one that its own links show as current, else the one in its address, else 1."""
    shown = next((words for each in select(node, _CURRENT) if (words := line(each)).isdigit() and len(words) < 7), "")
    found = _PAGE_NUMBER.search(base)
    return int(shown or (found[1] or found[2] if found else 1))
