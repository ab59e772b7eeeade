"""Knows a feed that was made to hurt its reader before anybody reads it."""

from __future__ import annotations

import re
from itertools import islice

from listener.errors import ReadError

MOST_ATTRIBUTES = 500
"""Attributes one tag may carry: feedparser takes time by their square."""
MOST_SPACES = 3_000
"""Namespaces that may be declared: reading takes time by their square. Some feeds declare one an item, or two."""
MOST_REFERENCES = 10_000
"""References to entities in a feed that declares some."""
WORTH_A_LOOK = 500_000
"""Bytes below which no number of elements takes much memory."""
_REFERENCE = re.compile(rb"&([\w.-]{1,50});")
_HARMLESS = re.compile(rb"<!ENTITY\s+([\w.-]{1,50})\s+(\"[^&%<\"]{0,100}\"|'[^&%<']{0,100}')\s*>")
"""A declared entity that is a short text and nothing else."""
_LONG = 2_000
"""Bytes up to which a tag has no room for so many attributes."""
_LONG_TAG = re.compile(rb"<[A-Za-z][^<]{%d,}" % _LONG)
_OPENING = re.compile(rb"<(?:\w{1,20}:)?(?:rss|feed|rdf|channel|item|entry)[\s>]", re.IGNORECASE)


def disarmed(url: str, body: bytes) -> bytes:
    """The feed with the short texts that it declares as entities written out.

    Raises `ReadError` at other entities, which can blow up, and at tags with too many attributes. The time is linear
    in the length.
    """
    plain = body.replace(b"\0", b"")  # UTF-16 shows its ASCII too
    prolog = _prolog(plain)
    texts = {name: value[1:-1] for name, value in _HARMLESS.findall(prolog)}
    is_bomb = re.search(rb"<!ENTITY", _HARMLESS.sub(b"", prolog), re.IGNORECASE)
    if is_bomb or (texts and plain.count(b"&") > MOST_REFERENCES):
        raise ReadError(f"{url} declares entities of its own, which can be a bomb; such a feed is not read.")
    if plain.count(b"xmlns") > MOST_SPACES:
        raise ReadError(f"{url} names more vocabularies than any feed needs and is not read.")
    for tag in _LONG_TAG.finditer(plain) if _has_gaps(plain) else ():
        if sum(1 for _ in re.finditer(rb"\s[\w:.-]{1,100}\s{0,9}=\s{0,9}[\"'\w]", tag.group())) > MOST_ATTRIBUTES:
            raise ReadError(f"{url} has a tag with more than {MOST_ATTRIBUTES} attributes and is not read.")
    return _REFERENCE.sub(lambda found: texts.get(found[1], found[0]), body) if texts else body


def shortened(body: bytes, tag: bytes, most: int) -> bytes:
    """The page up to where its first `most` elements of a name (a pattern) end; a small one as it is."""
    if len(body) < WORTH_A_LOOK:
        return body
    after = next(islice(re.finditer(rb"<(?:%s)[\s>]" % tag, body), most, None), None)
    return body[: after.start()] if after else body


def _prolog(body: bytes) -> bytes:
    """What stands before the feed begins, without comments."""
    opening = _OPENING.search(body)
    prolog = body[: opening.start() if opening else None]
    if b"<!--" not in prolog:
        return prolog
    bare = _without_comments(body)
    opening = _OPENING.search(bare)
    return bare[: opening.start() if opening else None]


def _has_gaps(body: bytes) -> bool:
    """Whether there may be a long tag; looks only at a place in so many."""
    at = 0
    while at >= 0 and at + _LONG < len(body):
        at = body.rfind(b"<", at + 1, at + _LONG)
    return at < 0


def _without_comments(body: bytes) -> bytes:
    kept, at = [], 0
    while (start := body.find(b"<!--", at)) >= 0 and (end := body.find(b"-->", start)) >= 0:
        kept.append(body[at:start])
        at = end + 3
    return b"".join([*kept, body[at:]])
