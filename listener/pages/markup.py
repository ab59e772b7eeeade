"""Turns a stranger's HTML into plain text that reads like the page did, and a stranger's links into addresses."""

from __future__ import annotations

import html
import re
import threading
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from lxml import etree

MOST_ATTRIBUTES = 1_000
"""Attributes a tag may carry; what people write has a few dozen."""
WORTH_A_LOOK = 50_000
"""Bytes below which no number of attributes can hurt."""
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?=[\s/>])|<!--|<!\[CDATA\[|<!doctype", re.IGNORECASE)
_SILENT = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "head", "title", "select", "textarea", "button"}
)  # fmt: skip
_ALONE = re.compile(r"<(?=(script|style)>)", re.IGNORECASE)
_FRAMES = re.compile(r"</?iframe(?=[\s/>])[^<>]*>", re.IGNORECASE)
"""To a parser what follows an open frame is no markup, and would be lost."""
_PARAGRAPHS = frozenset(
    {"p", "div", "section", "article", "header", "footer", "main", "aside", "nav", "ul", "ol", "dl", "table", "pre",
     "blockquote", "figure", "figcaption", "address", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "fieldset", "details",
     "summary", "body"}
)  # fmt: skip
_LINES = frozenset({"br", "li", "dt", "dd", "tr"})
_MEANT = _SILENT | _PARAGRAPHS | _LINES | {"td", "th", "img"}
"""Tags that say something about the text; all others stand within a line."""
_TRACKING = re.compile(
    r"(utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|"
    r"mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|at_medium|at_campaign|sid|phpsessid|jsessionid|zanpid)\Z",
    re.IGNORECASE,
)
LONGEST_ADDRESS = 4000
"""Characters beyond which an address is none: twice what browsers and servers agree on."""
_NO_SIGN = re.compile(r"&#\d{1000,};?")
_OF_THREAD = threading.local()
_CLEAN = re.compile(r"https?://[a-z0-9.-]{1,253}(:\d{1,4})?/[\w/%+,;=:@!$&()*~-]*(\.\w+)?(#[\w/%=:@!~.-]*)?", re.ASCII)
"""An address with nothing to resolve, drop or encode."""
_BLANKS = "".join(map(chr, range(33)))
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]+")


def text_of(markup: str) -> str:
    """The plain text of a piece of HTML; text without any markup only has its entities decoded.

    Paragraphs are parted by a blank line, `<br>` is a newline and two part paragraphs, list items begin with "- ",
    quotes keep a "> " before each line; scripts, styles and fields are dropped; pictures leave their other text.
    The time is linear in the length.
    """
    if "<" not in markup or not _MARKUP.search(markup):
        return unescaped(markup).strip()
    parser = _parser()
    lower = markup.lower()
    if any(f"<{tag}>" in lower and f"</{tag}" not in lower for tag in ("script", "style")):
        markup = _ALONE.sub("&lt;", markup)  # somebody wrote of it: a page would be silent from there on
    framed = _FRAMES.sub(" ", markup) if "frame" in lower else markup
    parser.feed(framed.replace("\x00", "\ufffd").encode("utf-8", "replace"))
    return str(parser.close())


def unescaped(text: str) -> str:
    """The text with its references to signs written out, also where one has more digits than Python counts with."""
    return html.unescape(_NO_SIGN.sub("\ufffd", text)) if "&" in text else text


def line_of(markup: str) -> str:
    """The same on one line, for titles and names."""
    return " ".join(text_of(markup).split())


def is_overloaded(markup: bytes) -> bool:
    """Whether a tag of a page carries so many attributes that building its tree would take time by their square.

    Ask this before any tree is built of a stranger's page; it takes linear time itself.
    """
    if len(markup) < WORTH_A_LOOK:
        return False
    counter: Any = _Counter()
    parser: Any = etree.HTMLParser(target=counter, encoding="utf-8")
    parser.feed(markup.replace(b"\0", b" "))
    return int(parser.close()) > MOST_ATTRIBUTES


class _Counter:
    """Listens to a parser for the most attributes any tag has."""

    def __init__(self) -> None:
        self._most = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._most = max(self._most, len(attributes))

    def end(self, tag: str) -> None:
        """Nothing to count."""

    def data(self, data: str) -> None:
        """Nothing to count."""

    def close(self) -> int:
        return self._most


def _parser() -> Any:
    """This thread's parser: it can be used again after each text, and costs more to make than to use."""
    if not hasattr(_OF_THREAD, "parser"):
        writer: Any = _Writer()
        _OF_THREAD.parser = etree.HTMLParser(target=writer, encoding="utf-8")
    return _OF_THREAD.parser


class _Writer:
    """Listens to a parser and writes text: lines that know how deep they are quoted, parted by what came between."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = False
        self._quotes = 0
        self._pre = 0
        self._silent = 0
        self._bullets: list[int] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag not in _MEANT:
            return
        if self._silent or tag in _SILENT:
            self._silent += tag in _SILENT
            return
        if tag in ("ul", "ol"):
            self._bullets.append(1 if tag == "ol" else 0)
        self._part(tag)
        self._quotes += tag == "blockquote"
        self._pre += tag == "pre"
        if tag == "li":
            self._line.append(self._bullet())
        elif tag in ("td", "th"):
            self._line.append(" ")
        elif tag == "img":
            self._line.append(attributes.get("alt", ""))

    def end(self, tag: str) -> None:
        if tag not in _MEANT:
            return
        if self._silent:
            self._silent -= tag in _SILENT
            return
        if tag not in ("br", "hr"):
            self._part(tag)
        self._quotes -= tag == "blockquote" and self._quotes > 0
        self._pre -= tag == "pre" and self._pre > 0
        if tag in ("ul", "ol") and self._bullets:
            self._bullets.pop()

    def data(self, data: str) -> None:
        if self._silent:
            return
        if not self._pre:
            self._line.append(data)
            return
        first, *rest = data.split("\n")
        self._line.append(first)
        for line in rest:
            self._finish()
            self._line.append(line)

    def close(self) -> str:
        self._finish()
        text = "\n".join(self._lines)
        self._begin()
        return text

    def _bullet(self) -> str:
        if not self._bullets or not self._bullets[-1]:
            return "- "
        self._bullets[-1] += 1
        return f"{self._bullets[-1] - 1}. "

    def _part(self, tag: str) -> None:
        """Ends the line where the tag does, and asks for a blank one around all but a list in a list."""
        if tag in _LINES:
            self._blank = self._blank or (tag == "br" and not "".join(self._line).strip())
            self._finish()
        elif tag in _PARAGRAPHS:
            self._finish()
            self._blank = self._blank or tag not in ("ul", "ol") or len(self._bullets) < 2

    def _finish(self) -> None:
        if not self._line:
            return
        text = "".join(self._line)
        text = text.rstrip() if self._pre else _evenly(text)
        self._line.clear()
        if not text or text == "-":
            return
        prefix = "> " * min(self._quotes, 9)
        if self._blank and self._lines:
            self._lines.append(prefix.strip() if self._lines[-1].startswith(prefix) else "")
        self._blank = False
        self._lines.append(prefix + text)


def _evenly(text: str) -> str:
    """The text with one space for all white space between two words."""
    for sign in "\t\r\n\f":
        text = text.replace(sign, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip(" ")


def web_url(base: str, href: str) -> str:
    """The absolute http(s) address of a link found at `base`, without what only tracks the reader; "" where it is none.

    The fragment is kept: forums name posts by it. Names and passwords before the host are dropped.
    """
    if len(href) > LONGEST_ADDRESS:
        return ""
    if _CLEAN.fullmatch(href):
        return href
    try:
        parts = urlsplit(urljoin(base, re.sub(r"[\t\r\n]", "", href).strip(_BLANKS)))
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    path = _UNPRINTABLE.sub(_percent, parts.path) or "/"
    return urlunsplit(SplitResult(parts.scheme, netloc, path, _untracked(parts.query), parts.fragment))


def _untracked(query: str) -> str:
    pairs = [pair for pair in query.split("&") if pair and not _TRACKING.match(pair.split("=", 1)[0])]
    return _UNPRINTABLE.sub(_percent, "&".join(pairs))


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{ord(sign):02X}" for sign in found.group())
