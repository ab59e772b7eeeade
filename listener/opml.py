"""Reads the subscriptions of another reader (OPML) as entries for `sources.yaml`, from files as readers write them."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree

from listener.errors import ListenerError

LARGEST = 20_000_000
"""Bytes."""

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*\sencoding=["']([\w.-]{1,40})""")
_PROLOGUE = re.compile(r"<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
"""What tells the encoding, which is known by then, and entities, which nobody needs."""
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][\da-fA-F]{1,6});)(\w{2,31};)?")


def entries(file: str) -> list[str]:
    """A line of YAML for each feed, names made unique. Raises `ListenerError` when the file holds no subscriptions."""
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ListenerError(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > LARGEST:
        raise ListenerError(f"{file} is larger than {LARGEST // 1_000_000} MB.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True)
    text = _AMPERSAND.sub(_escaped, _PROLOGUE.sub("", _decoded(data)))
    root = etree.fromstring(text.strip(), parser) if text.strip() else None
    if root is None or _local(root.tag) != "opml":
        raise ListenerError(f"{file} is not OPML: its first element should be <opml>.")
    if not (found := list(_lines(root))):
        raise ListenerError(f"{file} holds no feed: none of its outlines has an xmlUrl.")
    return found


def _decoded(data: bytes) -> str:
    """The text, in whatever encoding it is, which is often another than it says."""
    declared = _DECLARED.match(data)
    by_mark = [name for mark, name in _BOMS.items() if data.startswith(mark)]
    for encoding in (*by_mark, "utf-8", declared[1].decode() if declared else "utf-8"):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeError):
            continue
    return data.decode("cp1252", "replace")


def _escaped(found: re.Match[str]) -> str:
    """An ampersand that is only itself, or an entity of HTML, which XML does not know."""
    return escape(unescape(found.group()))


def _local(tag: object) -> str:
    return etree.QName(tag).localname.lower() if isinstance(tag, str) else ""


def _lines(root: etree._Element) -> Iterator[str]:
    names: set[str] = set()
    urls: set[str] = set()
    for outline in root.iter(etree.Element):
        if _local(outline.tag) != "outline":
            continue
        said = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
        url = _address(said.get("xmlurl", ""))
        if not url or url in urls:
            continue
        urls.add(url)
        name = _unique(_name(said.get("title") or said.get("text") or url), names)
        # JSON strings are YAML strings: nothing in a title can become YAML of its own
        shown, address = (json.dumps(each, ensure_ascii=False) for each in (name, url))
        yield f"{{name: {shown}, kind: feed, url: {address}}}"


def _address(written: str) -> str:
    """The address of a feed, `feed:` taken off, its host in lower case; "" where it is none on the web."""
    url = re.sub(r"[\r\n\t]", "", written.strip())
    if found := re.match("feed:(//)?", url, re.IGNORECASE):
        rest = url[found.end() :]
        url = rest if re.match("https?://", rest, re.IGNORECASE) else f"http://{rest}"
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    user, at, host = parts.netloc.rpartition("@")
    rest = url[url.index("//") + 2 + len(parts.netloc) :]  # to the letter: `geturl` drops a "?" with nothing behind it
    return f"{parts.scheme}://{user}{at}{host.lower()}{rest}"


def _unique(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def _name(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower())[:60].strip("-") or "feed"
