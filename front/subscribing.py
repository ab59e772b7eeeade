"""Changing which sources there are: one more in `sources.yaml`, and all of them for another reader."""

from __future__ import annotations

import argparse
import json
import re
import sys
from xml.sax.saxutils import quoteattr

from desk.shown import clean_line
from front.house import House
from storage import settings
from storage.errors import ConfigError


def add(house: House, args: argparse.Namespace) -> int:
    """Finds out what an address is and writes it into `sources.yaml` as one more source, comments left as they are."""
    from listener import commands

    watchlist = house.watchlist
    kind = next(iter(commands.discover(watchlist, args.address)))
    taken = {source.name for source in watchlist.sources}
    name = _free(args.name or re.sub(r"^www\.", "", re.sub(r"^https?://|[/:?#].*$", "", args.address)), taken)
    path = house.config_path
    text = with_source(path.read_text(encoding="utf-8"), name, kind["kind"], kind["url"])
    settings.parse(text, str(path), {})  # a file that would not be read again is never written
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path} has one more source, {name}: {kind['kind']} at {clean_line(kind['url'])}.\n")
    return 0


def with_source(text: str, name: str, kind: str, url: str) -> str:
    """The configuration with one more source, as the first of its list. Raises `ConfigError` where that is no list."""
    entry = "- {" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in _pairs(name, kind, url)) + "}"
    if not re.search(r"^sources:", text, re.MULTILINE):
        return f"{text.rstrip()}\n\nsources:\n  {entry}\n"
    head = re.search(r"^sources:[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*([ \t]*)- ", text, re.MULTILINE)
    if head is None:
        raise ConfigError([f"sources.yaml: write the list of sources with a line each, then add: {entry}"])
    return f"{text[: head.start(1)]}{head[1]}{entry}\n{text[head.start(1) :]}"


def _pairs(name: str, kind: str, url: str) -> list[tuple[str, str]]:
    return [("name", name), ("kind", kind), ("url", url)]


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)


def export(house: House, args: argparse.Namespace) -> int:
    """Prints the sources as OPML, for another reader."""
    out = sys.stdout
    out.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n<head><title>webcare</title></head>\n<body>\n'
    )
    for source in house.watchlist.sources:
        name, url, kind = quoteattr(source.name), quoteattr(source.url), quoteattr(source.kind or "feed")
        out.write(f'<outline type="rss" text={name} title={name} xmlUrl={url} category={kind}/>\n')
    out.write("</body>\n</opml>\n")
    return 0
