"""Cut a text into tokens and fold a token to the form the word lists know."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 4000
"""Characters that are judged; what stands after them is not read, so that time is bounded for any text."""

_TOKEN = re.compile(
    r" ?+("  # most stand after a space, where nothing else need be tried
    r"https?://\S+|www\.\S+"  # addresses
    r"|[@#]\w+"  # mentions, hashtags
    r"|</?3|[:;=]['’^o-]?[()\[\]DPpO/\\|*]+|\^_?\^|-_+-"  # emoticons
    r"|\w++(?:['’]\w++)*+"  # words, numbers, contractions
    r"|[\U0001F000-\U0001FAFF\u2190-\u21FF\u2600-\u27BF\u2B00-\u2BFF][\uFE0F\u200D\U0001F3FB-\U0001F3FF]*"
    r"|[!?]+|\.\.+|…|[.,;:]|\n+|[\"“”()%€$£&+/*-])"
)
_INVISIBLE = dict.fromkeys(
    [*range(9), *range(11, 13), *range(14, 32), 173, 8203, 8204, 8206, 8207, *range(8234, 8239), 8288, 65279]
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"})
_LONG = re.compile(r"(\w)\1{2,}")
_STOPS = frozenset({".", "!", "?", ";", "…"})


def tokenise(text: str) -> list[str]:
    """The tokens of the first `LIMIT` characters, in order, case kept; invisible and control characters are dropped."""
    head = text[:LIMIT]
    return _TOKEN.findall(head if head.isprintable() else head.translate(_INVISIBLE))


def fold(token: str) -> str:
    """A token as the lists know it: lower case, plain quotes, no accents, "goeeeed" as "goeed", a line break as "."."""
    if token[0] == "\n":
        return "."
    if token.isascii():
        low = token.lower()
    else:
        low = unicodedata.normalize("NFKD", token.translate(_QUOTES).casefold())
        low = "".join([c for c in low if not unicodedata.combining(c)]).replace(" ", "")
    return _LONG.sub(r"\1\1", low) or token


def folded(text: str) -> list[str]:
    """The folded tokens of a text."""
    if text.isascii() and text.islower() and text.replace(" ", "").isalpha() and not _LONG.search(text):
        return text.split()  # most entries of the word lists
    return [fold(token) for token in tokenise(text)]


def is_stop(fold_: str) -> bool:
    """Whether a folded token ends a clause, so that a negation does not reach past it."""
    return fold_[0] in _STOPS or fold_ == ":"


def is_link(fold_: str) -> bool:
    """Whether a folded token is an address on the web."""
    return fold_.startswith(("http:", "https:", "www."))
