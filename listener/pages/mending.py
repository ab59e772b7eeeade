"""Closes what a broken feed left open, because feedparser loses a text that nobody closes."""

from __future__ import annotations

import re

_NAMES = rb"description|content:encoded|content|summary|title|link|guid|author|pubDate|id"
_TOKEN = re.compile(
    rb"<!\[CDATA\[|<(?P<opened>" + _NAMES + rb")(?=[\s>])[^<>]*(?P<empty>/)?>|</(?P<closed>" + _NAMES + rb")\s*>"
    rb"|(?P<edge></?(?:item|entry|channel|feed|rss)(?=[\s>]))"
)
_END_OF_TEXT = re.compile(rb"</(?:" + _NAMES + rb"|item|entry)\s*>")
_CUT_TAG = re.compile(rb"<[^<>]{0,2000}\Z")


def mended(body: bytes) -> bytes:
    """The same feed with every open CDATA and text element closed where its item ends, and no tag cut in half.

    A feed without such faults comes back as it was. The time is linear in the length.
    """
    kept: list[bytes] = []
    at, opened = 0, b""
    while token := _TOKEN.search(body, at):
        kept.append(body[at : token.start()])
        at = token.end()
        if token.group() == b"<![CDATA[":
            inner, at = _cdata(body, token.start())
            kept.append(inner)
            continue
        if opened and token["edge"]:
            kept.append(b"</" + opened + b">")
            opened = b""
        elif token["closed"] == opened:
            opened = b""
        elif token["opened"] and not token["empty"] and not opened:
            opened = token["opened"]
        kept.append(token.group())
    rest = body[at:]
    if opened:
        rest = _CUT_TAG.sub(b"", rest) + b"</" + opened + b">"
    return b"".join([*kept, rest])


def _cdata(body: bytes, start: int) -> tuple[bytes, int]:
    """The CDATA section that begins at `start`, closed, and where to go on: an open one ends where its element does."""
    end = body.find(b"]]>", start)
    if end >= 0:
        return body[start : end + 3], end + 3
    close = _END_OF_TEXT.search(body, start)
    end = close.start() if close else len(body)
    return body[start:end] + b"]]>", end
