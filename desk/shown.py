"""The one place where text from outside is made fit to be shown: on a screen, in a shell, in a log.

Storage keeps what the web said; a terminal obeys it. So everything a stranger wrote passes here before it is
shown: controls become visible marks, and what has no width, or a width on which terminals disagree, goes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

LINE_LIMIT = 500
"""Characters of a line that are shown at most."""
BLOCK_LIMIT = 100_000
"""Characters of a text that are shown at most."""
MARKS_LIMIT = 4
"""Combining marks on one letter that are shown at most; no living language stacks more."""

_GONE = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\u20e3\ufe00-\ufe0f\ufeff\ufff0-\ufffb"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)
"""Without width, or of a width on which terminals disagree: joiners, variation selectors, skin tones."""
_MARKED = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""C0, DEL and C1 (a tab and line ends apart), and what turns the direction of the text around."""
_OTHER = (
    "\u00a0\u1680\u115f\u1160\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u3164\uffa0\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff\U0001f1e6-\U0001f1ff"
)
"""Odd spaces, line ends, letters of flags, and what is no character at all."""
_ODD = re.compile(f"[{_GONE}{_MARKED}{_OTHER}]")
_CONTROLS = re.compile(f"[{_MARKED}\ud800-\udfff]")
_GONE_ONLY = re.compile(f"[{_GONE}]")
_ODD_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BEYOND_LATIN = re.compile("[^\x00-\u02ff\u2000-\u206f]")
_UNSURE = re.compile("[^ -~\u00a0-\u02ff\u2010-\u2027\u2030-\u205e]")
_UNWORDY = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_LIMIT + 1},}}")
"""Where marks may be stacked: a mark is no letter and no digit."""
_BLANK_LINES = re.compile(r"[ \n]*\n[ \n]*\n")


def clean_line(text: str, limit: int = LINE_LIMIT) -> str:
    """`text` as one line of at most `limit` characters: controls visible, white space squeezed, cut with "…"."""
    rough = text[: 4 * limit]
    line = " ".join(_visible(rough).split())
    if len(line) > limit or len(rough) < len(text):
        return line[: limit - 1].rstrip() + "…"
    return line


def clean_block(text: str, limit: int = BLOCK_LIMIT) -> str:
    """`text` with its line ends, no two blank lines together, and at the end how many characters were cut."""
    rough = text[:limit].replace("\r\n", "\n").replace("\r", "\n")
    block = _BLANK_LINES.sub("\n\n", _visible(rough).expandtabs(4)).strip("\n")
    return f"{block}\n… (+{len(text) - limit})" if len(text) > limit else block


def cells(text: str) -> int:
    """How many cells of a terminal cleaned text takes: two for wide letters, none for marks on a letter."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def is_narrow(text: str) -> bool:
    """Whether each character of cleaned text takes one cell, as far as that is told at a glance: so are most texts."""
    return text.isascii() or not _UNSURE.search(text)


def without_controls(text: str) -> str:
    """`text` as an agent may send it: nothing that a terminal or a browser obeys, and all emoji as they were."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def link_host(url: str) -> str | None:
    """The host that `url` really leads to, as a name server reads it ("xn--…" for letters outside ASCII).

    None for anything but a web address: such a link must not be opened.
    """
    if not url.isprintable() or any(each.isspace() or each == "\\" for each in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        port = parts.port
        if parts.scheme not in ("http", "https") or not host:
            return None
        name = host.encode("idna").decode("ascii") if not host.isascii() else host
    except ValueError:
        return None
    return f"{name}:{port}" if port else name


def skeleton(name: str) -> str:
    """What is left of a name for a hasty eye: two names that look alike have the same skeleton."""
    plain = unicodedata.normalize("NFKD", _fold(name).translate(_LOOKS_LIKE))
    letters = "".join(each for each in plain if each.isalnum())
    return letters.replace("rn", "m").replace("vv", "w").replace("cl", "d")


def lookalike(name: str, known: Iterable[str]) -> str | None:
    """Which of the `known` names stands in `name` for a hasty eye only: other letters that look the same."""
    bare, seen = _bare(name), skeleton(name)
    for each in known:
        if skeleton(each) in seen and _bare(each) not in bare:
            return each
    return None


def _visible(text: str) -> str:
    if text.isascii():
        return _ODD_ASCII.sub(_shown, text) if _ODD_ASCII.search(text) else text
    if _ODD.search(text):
        text = _ODD.sub(_shown, text)
    if not _BEYOND_LATIN.search(text):
        return text
    return _UNWORDY.sub(_unstacked, text.translate(_SURE_WIDTH))


def _shown(found: re.Match[str]) -> str:
    sign = found[0]
    code = ord(sign)
    if _GONE_ONLY.match(sign):
        return ""
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return f"‹U+{code:04X}›"
    if 0x1F1E6 <= code <= 0x1F1FF:
        return chr(code - 0x1F1E6 + ord("A"))
    if code in (0x2028, 0x2029):
        return "\n"
    return " " if unicodedata.category(sign) in ("Zs", "Lo") else "\ufffd"


@lru_cache(maxsize=10_000)
def _cells(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me") or "\u1160" <= sign <= "\u11ff" or "\ud7b0" <= sign <= "\ud7fb":
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


class _SureWidth(dict[int, str]):
    """Each character, worked out when it is first met: whether all terminals give it the same cells.

    Vowel signs that stand beside their letter (Mc) take a cell on some and none on others; what Unicode does not know
    yet has any width.
    """

    def __missing__(self, code: int) -> str:
        kind = unicodedata.category(chr(code))
        if kind in ("Mc", "Cf") or code == _AHOM_RA:
            found = ""
        elif kind == "Cn" or any(first <= code <= last for first, last in _WIDENED):
            found = "\ufffd"
        else:
            found = chr(code)
        self[code] = found
        return found


_AHOM_RA = 0x1171E
"""A mark without width by its category, with width by the terminals' tables."""
_WIDENED = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356), (0x1D360, 0x1D376))
"""Signs of the Book of Changes and counting rods: one cell up to Unicode 15, two from 16 on."""

_SURE_WIDTH = _SureWidth()


def _unstacked(run: re.Match[str]) -> str:
    """The run with at most `MARKS_LIMIT` marks on one another."""
    kept: list[str] = []
    stacked = 0
    for sign in run[0]:
        stacked = stacked + 1 if unicodedata.category(sign) in ("Mn", "Me") else 0
        if stacked <= MARKS_LIMIT:
            kept.append(sign)
    return "".join(kept)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", _GONE_ONLY.sub("", name)).casefold()


def _bare(name: str) -> str:
    """The name as an honest writer may vary it: with other capitals, a mark before it, spaces and dots."""
    return "".join(each for each in _fold(name) if each.isalnum())


_LOOKS_LIKE = {
    ord(other): plain
    for plain, others in {
        "a": "4@аαɑ", "b": "8ьβ", "c": "сϲ", "d": "ԁđ", "e": "3еεė", "g": "ɡ", "h": "һħ", "j": "ј", "k": "кκ",
        "l": "1|!iіιıɩӏł", "m": "мϻ", "n": "пηո", "o": "0оοøօ", "p": "рρ", "q": "ԛ", "r": "гɾ", "s": "5$ѕ",
        "t": "7тτ", "u": "υսʋ", "v": "νѵ", "w": "ԝωѡ", "x": "хχ", "y": "уγʏ", "z": "зζᴢ",
    }.items()
    for other in others
}  # fmt: skip
"""Letters of other scripts, digits and signs that pass for a Latin letter; i, l and 1 are one."""


def rule_said(data: Mapping[str, Any]) -> str:
    """What a rule did to a case, and what it left and why; of the data of its event."""
    left = (f"not {each}" for each in data.get("left", ()))
    return "; ".join([*data.get("acts", ()), *left])
