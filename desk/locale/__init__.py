"""The desk's words in the agent's language: gettext catalogues beside this file, read as they are written."""

from __future__ import annotations

import re
from ast import literal_eval
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "nl")
"""English is what stands in the code."""

_ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) +(".*)$')
_words: dict[str, tuple[str, ...]] = {}
_zone: tzinfo | None = None
_lang = "en"


def use(lang: str, zone: tzinfo | None = None) -> None:
    """Speaks `lang` from now on (English where it is not known), and tells the time of `zone`, else this machine's."""
    global _words, _zone, _lang
    _lang = lang if lang in LANGUAGES else "en"
    _words, _zone = catalogue(_lang), zone


def language() -> str:
    """The language in use."""
    return _lang


def gettext(text: str, /, **values: object) -> str:
    """`text` in the language in use, with its `{names}` filled in."""
    said = _words.get(text, (text,))[0]
    return said.format(**values) if values else said


def ngettext(one: str, many: str, n: int) -> str:
    """`one` or `many` by the number, with `{n}` filled in. Dutch and English count alike."""
    forms = _words.get(one, (one, many))
    return (forms[0] if n == 1 else forms[-1]).format(n=n)


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a text that is translated where it is shown."""
    return text


_ = gettext


def local(at: datetime) -> datetime:
    """`at` by the clock on the wall."""
    return at.astimezone(_zone)


def clock(at: datetime, now: datetime) -> str:
    """`at` as an agent reads it: the time, with the day before it unless that is today, and the year when long ago."""
    here, today = local(at), local(now)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    day = f"{here:%d-%m}" if _lang == "nl" else f"{here.day} {here:%b}"
    if here.year != today.year:
        return f"{day}-{here.year}" if _lang == "nl" else f"{day} {here.year}"
    return f"{day} {here:%H:%M}"


def number(value: float) -> str:
    """A whole number with marks at the thousands: 1,234 or 1.234."""
    text = f"{value:,.0f}"
    return text.replace(",", ".") if _lang == "nl" else text


def weight(value: float) -> str:
    """A share for or against: +1.20 or +1,20."""
    text = f"{value:+.2f}"
    return text.replace(".", ",") if _lang == "nl" else text


def age(at: datetime, now: datetime) -> str:
    """How long ago, in three characters or so: 40s, 3m, 2h, 5d, 7w."""
    seconds = max(0, int((now - at).total_seconds()))
    for size, unit in ((604_800, _("w")), (86_400, _("d")), (3_600, _("h")), (60, _("m"))):
        if seconds >= (9 * 86_400 if size == 604_800 else size):
            return f"{seconds // size}{unit}"
    return f"{seconds}{_('s')}"


@cache
def catalogue(lang: str) -> dict[str, tuple[str, ...]]:
    """msgid -> its one or two forms; empty for English."""
    path = Path(__file__).parent / lang / "LC_MESSAGES" / "desk.po"
    if not path.is_file():
        return {}
    entries = [_read_entry(block) for block in path.read_text("utf-8").split("\n\n")]
    return {text: forms for text, forms in entries if text and all(forms)}


def _read_entry(block: str) -> tuple[str, tuple[str, ...]]:
    parts: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if found := _ENTRY.match(line):
            name, quoted = found[1], found[2]
        elif line.startswith('"'):
            quoted = line
        else:
            continue
        parts[name] = parts.get(name, "") + literal_eval(quoted)
    forms = tuple(each for key, each in parts.items() if key.startswith("msgstr"))
    return parts.get("msgid", ""), forms
