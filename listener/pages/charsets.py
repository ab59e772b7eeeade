"""Which letters a stranger's bytes stand for, whatever they claim, and which were meant by signs that are none."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from listener.types import Page

GUESSED = 20_000
"""Bytes by which the charset of a feed is told that names none."""
_EBCDIC = b"\x4c\x6f\xa7\x94"
"""How an XML declaration begins in the charsets of mainframes (XML 1.0, appendix F)."""
_OWN = {
    *("base64", "bz2", "hex", "idna", "punycode", "quopri", "raw-unicode-escape", "rot-13"),
    *("undefined", "unicode-escape", "uu", "zlib"),
}
_NUMBERED = re.compile(rb"&#(?:x([\da-f]+)|(\d+));?", re.IGNORECASE)
_CONTROLS = re.compile("[\x80-\x9f]")


def known(charset: str) -> str:
    """Python's name of a charset; "" of what is none: it also has ways of its own to write text, some of them slow."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""
    return "" if name in _OWN else name


def encoded(page: Page, body: bytes) -> tuple[bytes, str]:
    """The feed and the charset it is to be read in; "" leaves that to its XML declaration.

    What is UTF-8 throughout is read so, whatever it claims. Stray Windows signs in what should be UTF-8 are kept.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or body.startswith(_EBCDIC) or b"\0" in body[:200]:
        return body, ""
    declared = re.match(rb"[^>]{0,200}?encoding\s*=\s*[\"']([\w-]{1,40})", body)
    served = re.search(r"charset\s*=\s*[\"']?([\w-]{1,40})", page.headers.get("content-type", ""), re.IGNORECASE)
    charset = declared.group(1).decode() if declared else served.group(1) if served else _likely(body)
    is_utf8 = _is_utf8(body) or charset.lower() in ("utf-8", "utf8", "us-ascii", "ascii")
    return (body.decode("utf-8", "windows-signs").encode(), "utf-8") if is_utf8 else (body, charset)


def _likely(body: bytes) -> str:
    """The charset of a feed that names none: that of another script, where its letters are no Latin ones."""
    signs = body.decode("utf-8", "ignore")
    if len(signs.encode()) - len(signs) >= len(body) - len(signs.encode()):  # more of it is UTF-8 than is not
        return "utf-8"
    found = from_bytes(body[:GUESSED]).best()
    is_latin = found is None or any(each.startswith(("Latin-", "Latin E")) for each in found.alphabets)
    return "utf-8" if found is None or is_latin else found.encoding


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _windows_signs(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows-signs", _windows_signs)


def possible(body: bytes) -> bytes:
    """Markup in which every numbered sign exists: half ones and numbers that are none, feedparser fails over."""
    return _NUMBERED.sub(_possible, body)


def _possible(found: re.Match[bytes]) -> bytes:
    """A numbered sign, or the one that stands for half a sign and for numbers that are none: feedparser fails there."""
    digits = (found[1] or found[2]).lstrip(b"0") or b"0"
    number = int(digits, 16 if found[1] else 10) if len(digits) < 9 else 0x110000
    return b"&#xFFFD;" if 0xD800 <= number < 0xE000 or number > 0x10FFFF else found[0]


def meant(text: str) -> str:
    """The text with the letters that control signs stand for: UTF-8 that was taken for Latin-1, or Windows' quotes."""
    if not _CONTROLS.search(text):
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return _CONTROLS.sub(lambda found: found.group().encode("latin-1").decode("cp1252", "replace"), text)
