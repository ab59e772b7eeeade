"""Folds text to the words a search looks through: case, accents, lookalike letters and hidden signs do not matter.

A word is a run of letters and digits. `#tag` and `@handle` are words besides the plain ones; they come after them,
so that a phrase runs on over a tag. Every step but one looks at a single character, so that the folded part of a word
is a part of the folded word, and wildcards stay true. The one: Cyrillic and Greek letters are read as the Latin letters
they look like only in a word that also has Latin letters. The digit 0 is read as the letter o everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_TOKEN = 64
"""Characters of a word that count."""
MAX_TOKENS = 20_000
"""Words of a text that count."""
MAX_MARKED = 1_000
"""`#tags` and `@handles` of a text that count."""
MAX_BYTES = 300_000
"""UTF-8 bytes of a text's words that count: three such texts fit in one PostgreSQL `tsvector` (1 MB)."""
MAX_TEXT = 2_000_000
"""Characters of a text that are looked at."""

_CYRILLIC = dict(zip("авекмнорстухіјѕһӏԁԛԝьгпи", "abekmhopctyxijshldqwbrnu", strict=True))
_GREEK = dict(zip("αβγδεζηικμνορςτυχωϲϳ", "abydeznikmvopctuxwcj", strict=True))
_LOOKALIKE = str.maketrans(_CYRILLIC | _GREEK)
_SMALL = dict(zip("ɑɡɩɪʏʀɴʟʙɢʜᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜱꜰ", "agiiyrnlbghacdejkmoptuvwzsf", strict=True))
_STROKED = dict(zip("ɓɗƙƥƭɵꞵøðđħıȷĸłŧƀ", "bdkptoboddhijkltb", strict=True))
_SPELLED = _SMALL | _STROKED | {"æ": "ae", "œ": "oe", "þ": "th"}
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_OTHER_ALPHABET = re.compile("[\u0370-\u052f]")
_LATIN = re.compile("[a-z]")
_MARKED = re.compile(r"(?<![^\W_])(?:#[\w]+|@\w+(?:[.\-]\w+)*)")
_DOMAIN = re.compile(r"[.\-]")

_KEPT = "abcdefghijklmnopqrstuvwxyz0123456789"
_ZERO = {ord("0"): "o"}
_SPACED = {code: " " for code in range(128) if chr(code) not in _KEPT} | _ZERO
_SPACED_PATTERN = {code: each for code, each in _SPACED.items() if chr(code) not in "*?"}


def words(text: str) -> str:
    """The words of `text`, each between single spaces and one at either end; "" where there are none."""
    found = tokens(text)
    return f" {' '.join(found)} " if found else ""


def tokens(text: str) -> list[str]:
    """The plain words in their order, and after them the `#tags` and `@handles`."""
    text = text[:MAX_TEXT]
    plain = text.lower() if text.isascii() else _NOT_ASCII.sub(_folded_run, text).lower()
    found = plain.translate(_SPACED).split(None, MAX_TOKENS)[:MAX_TOKENS]
    if "#" in plain or "@" in plain:
        found += _marked(plain)
    if not found:
        return found
    if not plain.isascii() and _OTHER_ALPHABET.search(plain):
        found = [latinised(each) for each in found]
    if max(map(len, found)) > MAX_TOKEN:
        found = [each[:MAX_TOKEN] for each in found]
    return found if len(found) * (4 * MAX_TOKEN + 1) < MAX_BYTES else _bounded(found)


def pattern_tokens(text: str, wildcards: str = "*?") -> list[str]:
    """The words of a query's word, where `wildcards` are kept; runs of stars become one, stars alone are no word."""
    plain = _NOT_ASCII.sub(_folded_run, text).lower()
    spaced = plain.translate({**_SPACED_PATTERN, **{ord(each): " " for each in "*?" if each not in wildcards}})
    found = (latinised(re.sub(r"\*[*?]*", _stars, each)) for each in spaced.split())
    return [each[:MAX_TOKEN] for each in found if each.strip("*?")]


def marked_token(text: str, wildcards: str = "*?") -> str:
    """A query's `#tag` or `@handle` as its folded word, or "" where it is none."""
    plain = _NOT_ASCII.sub(_folded_run, text).lower()
    found = re.fullmatch(rf"#[\w{wildcards}]+|@[\w{wildcards}]+(?:[.\-][\w{wildcards}]+)*", plain)
    if not found or not re.search(r"\w", plain):
        return ""
    return latinised(re.sub(r"\*[*?]*", _stars, plain).translate(_ZERO))[:MAX_TOKEN]


def latinised(token: str) -> str:
    """A word that mixes Latin with Cyrillic or Greek letters in Latin letters; others as they are."""
    if not token.isascii() and _LATIN.search(token) and _OTHER_ALPHABET.search(token):
        return token.translate(_LOOKALIKE)
    return token


def _stars(run: re.Match[str]) -> str:
    return "?" * run.group().count("?") + "*"


def _marked(plain: str) -> list[str]:
    found: list[str] = []
    for match in _MARKED.finditer(plain):
        token = match.group().translate(_ZERO)
        found.append(token)
        if token[0] == "@" and (short := _DOMAIN.split(token)[0]) != token:
            found.append(short)
        if len(found) >= MAX_MARKED:
            break
    return found[:MAX_MARKED]


def _bounded(found: list[str]) -> list[str]:
    size = 1
    for count, token in enumerate(found):
        size += len(token.encode()) + 1
        if size > MAX_BYTES:
            return found[:count]
    return found


def _folded_run(run: re.Match[str]) -> str:
    text = run.group()
    return _folded(text) if len(text) <= 16 else "".join(map(_folded, text))


@lru_cache(maxsize=65_536)
def _folded(run: str) -> str:
    letters = (_folded_character(each) for each in run)
    return unicodedata.normalize("NFC", "".join(letters))


@lru_cache(maxsize=16_384)
def _folded_character(character: str) -> str:
    """Nothing for marks and hidden signs, a space for what is no letter or digit, else its lower-case bare letters."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or character in _INVISIBLE_LETTERS:
        return ""
    bare = _bare(_bare(_enclosed(character)).casefold())
    bare = "".join(_SPELLED.get(each, each) for each in bare)
    return "".join(each if each.isalnum() or each in "#@_.-" else " " for each in bare)


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if unicodedata.category(each) != "Mn")


def _enclosed(character: str) -> str:
    """The letter in a black circle or square (U+1F150…), which Unicode does not decompose."""
    offset = ord(character) - 0x1F150
    return chr(ord("A") + offset % 32) if 0 <= offset < 58 and offset % 32 < 26 else character
