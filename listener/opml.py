"""Reads the subscriptions of another reader (OPML) as entries for `sources.yaml`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from listener.errors import ListenerError

LARGEST = 20_000_000
"""Bytes."""


def entries(file: str) -> list[str]:
    """A line of YAML for each feed, names made unique. Raises `ListenerError` when the file is not OPML."""
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ListenerError(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > LARGEST:
        raise ListenerError(f"{file} is larger than {LARGEST // 1_000_000} MB.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(data, parser) if data.strip() else None
    if root is None or root.tag.lower() != "opml":
        raise ListenerError(f"{file} is not OPML: its first element should be <opml>.")
    return list(_lines(root))


def _lines(root: etree._Element) -> Iterator[str]:
    names: dict[str, int] = {}
    urls: set[str] = set()
    for outline in root.iter("outline"):
        url = (outline.get("xmlUrl") or outline.get("xmlurl") or "").strip()
        if not url.startswith(("http://", "https://")) or url in urls:
            continue
        urls.add(url)
        name = _name(outline.get("title") or outline.get("text") or url)
        names[name] = names.get(name, 0) + 1
        unique = name if names[name] == 1 else f"{name}-{names[name]}"
        # JSON strings are YAML strings: nothing in a title can become YAML of its own
        shown, address = (json.dumps(each, ensure_ascii=False) for each in (unique, url))
        yield f"{{name: {shown}, kind: feed, url: {address}}}"


def _name(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower())[:60].strip("-") or "feed"
