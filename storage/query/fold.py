"""Folds text to the words a search looks through: case, accents, lookalike letters and hidden signs do not matter.

A word is a run of letters and digits. `#tag` and `@handle` are words besides the plain ones; they come after them,
so that a phrase runs on over a tag. Every step but one looks at a single character, so that the folded part of a word
is a part of the folded word, and wildcards stay true. The one: Cyrillic and Greek letters are read as the Latin letters
they look like only in a word that also has Latin letters. The digit 0 is read as the letter o everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

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

_ASCII = bytes(range(128))
_FEW = 40
_OTHER_ALPHABET = re.compile("(?<![^ ])[^ \u0370-\u052f]*+[\u0370-\u052f][^ ]*")
"""A word with a letter of another alphabet, looked for from where words begin: some texts are one word."""
_LATIN = re.compile("[a-z]")
_MARKED = re.compile(r"[#@](?<![^\W_][#@])(?:(?<=#)\w+|(?<=@)\w+(?:[.\-]\w+)*)")
"""No letter before the sign; the sign stands first in the pattern, for then places without one are passed quickly."""
_DOMAIN = re.compile(r"[.\-]")

_KEPT = "abcdefghijklmnopqrstuvwxyz0123456789"
_ZERO = {ord("0"): "o"}
_SPACED = {code: " " for code in range(128) if chr(code) not in _KEPT} | _ZERO
_SPACED_BYTES = "".join(_SPACED.get(code, chr(code)) for code in range(128)).encode() + bytes(128)
"""The same for text that is ASCII, of which each byte is replaced in a quarter of the time."""
_SPACED_PATTERN = {code: each for code, each in _SPACED.items() if chr(code) not in "*?"}


def words(text: str) -> str:
    """The plain words in their order and after them the `#tags` and `@handles`; "" where there are none.

    Each stands between single spaces, with one at either end.
    """
    text = text[:MAX_TEXT]
    plain = text.lower() if text.isascii() else _folded(text)[:MAX_TEXT]
    spaced = plain.encode().translate(_SPACED_BYTES).decode() if plain.isascii() else plain.translate(_SPACED)
    found = spaced.split(None, MAX_TOKENS)[:MAX_TOKENS]
    folded = f" {' '.join(found)} " if found else " "
    if not plain.isascii():
        folded = _OTHER_ALPHABET.sub(_latinised_run, folded)
    if _is_oversized(folded):
        folded = _bounded(folded.split())
    if ("#" in plain or "@" in plain) and (marked := _marked(plain)):
        folded = f"{folded or ' '}{' '.join(marked)} "
        if len(folded) > MAX_BYTES // 4:
            folded = _bounded(folded.split())
    return folded if len(folded) > 1 else ""


def tokens(text: str) -> list[str]:
    """What `words` joins."""
    return words(text).split()


def pattern_tokens(text: str, wildcards: str = "*?") -> list[str]:
    """The words of a query's word, where `wildcards` are kept; runs of stars become one, stars alone are no word."""
    plain = _folded(text)
    spaced = plain.translate({**_SPACED_PATTERN, **{ord(each): " " for each in "*?" if each not in wildcards}})
    found = (latinised(re.sub(r"\*[*?]*", _stars, each)) for each in spaced.split())
    return [each[:MAX_TOKEN] for each in found if each.strip("*?")]


def marked_token(text: str) -> str:
    """A query's `#tag` or `@handle` as its folded word with its wildcards, or "" where it is none."""
    plain = _folded(text)
    found = re.fullmatch(r"#[\w*?]+|@[\w*?]+(?:[.\-][\w*?]+)*", plain)
    if not found or not re.search(r"[^\W_]", plain):
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
        token = latinised(match.group().translate(_ZERO))[:MAX_TOKEN]
        if not token.strip("#@_.-"):
            continue
        found.append(token)
        if token[0] == "@" and (short := _DOMAIN.split(token)[0]) != token:
            found.append(short)
        if len(found) >= MAX_MARKED:
            break
    return found[:MAX_MARKED]


def _is_oversized(folded: str) -> bool:
    """Whether some bound may be passed: looks only at every sixty-fourth place or so."""
    if len(folded) > MAX_TOKENS:
        return True
    at, last = 0, len(folded) - MAX_TOKEN - 1
    while at < last:
        at = folded.rfind(" ", at + 1, at + MAX_TOKEN + 2)
        if at < 0:
            return True
    return False


def _bounded(found: list[str]) -> str:
    """The words joined, none longer than a word may be, and as many as fit."""
    found = [each[:MAX_TOKEN] for each in found]
    if len(found) * (4 * MAX_TOKEN + 1) > MAX_BYTES:
        sizes = accumulate((len(each.encode()) + 1 for each in found), initial=1)
        found = found[: sum(size <= MAX_BYTES for size in sizes) - 1]
    return f" {' '.join(found)} " if found else ""


def _latinised_run(run: re.Match[str]) -> str:
    return latinised(run.group())


class _Folding(dict[int, str]):
    """What each character folds to, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded_character(chr(code))
        return folded


_FOLDING = _Folding()


def _folded(text: str) -> str:
    """Every character folded. A western text has few different ones besides ASCII: replacing each is fastest."""
    different = set(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    if len(different) > _FEW:
        return text.lower().translate(_FOLDING)  # in this order: a sign may become many
    for each in different:
        text = text.replace(each, _FOLDING[ord(each)])
    return text.lower()


def _folded_character(character: str) -> str:
    """Nothing for marks and hidden signs, a space for what is no letter or digit, else its lower-case bare letters."""
    if character < "\x80":
        return character
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or character in _INVISIBLE_LETTERS:
        return ""
    bare = _bare(_bare(_enclosed(character)).casefold())
    bare = unicodedata.normalize("NFC", "".join(_SPELLED.get(each, each) for each in bare))
    return "".join(each if each.isalnum() or each in "#@_.-" else " " for each in bare).lower()


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if unicodedata.category(each) != "Mn")


def _enclosed(character: str) -> str:
    """The letter in a black circle or square (U+1F150…), which Unicode does not decompose."""
    offset = ord(character) - 0x1F150
    return chr(ord("A") + offset % 32) if 0 <= offset < 58 and offset % 32 < 26 else character
