"""JSON from strangers: parsed without surprises, and asked for fields that may be missing or of another type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from listener.errors import ReadError
from listener.types import Page

_HALF_SIGN = re.compile(rb"\\u[dD][89a-fA-F]")


def json_of(page: Page) -> Any:
    """What the page's JSON says. Raises `ReadError` where it is no JSON, or nested too deep to be one."""
    try:
        return loads(page.body)
    except (ValueError, RecursionError) as error:
        what = "a web page instead" if page.body.lstrip()[:1] == b"<" else f"broken JSON ({error})"
        raise ReadError(f"{page.url} should give JSON and holds {what}.") from None


def loads(body: bytes) -> Any:
    """What JSON says, with null for what is no number and U+FFFD for half a sign, which no text can hold.

    Raises `ValueError` or `RecursionError`.
    """
    found = json.loads(body, parse_constant=lambda _: None)
    if _HALF_SIGN.search(body):
        found = json.loads(
            json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        )
    return found


def record_of(page: Page) -> dict[str, Any]:
    """The same where an object is wanted."""
    found = json_of(page)
    if not isinstance(found, dict):
        raise ReadError(f"{page.url} holds JSON of another shape than its kind of source gives.")
    return found


def word(record: Mapping[str, Any], *keys: str) -> str:
    """The first of these fields that holds a text or a number, as text; "" where none does."""
    for key in keys:
        value = record.get(key)
        if (isinstance(value, str) and value) or (isinstance(value, int | float) and not isinstance(value, bool)):
            return str(value)
    return ""


def line(record: Mapping[str, Any], *keys: str) -> str:
    """The same on one line, for titles and names that are text and not markup."""
    return " ".join(word(record, *keys).split())


def number(record: Mapping[str, Any], *keys: str) -> int:
    """The first of these fields that holds a whole number, or digits; 0 where none does."""
    digits = (word(record, key) for key in keys)
    return next((int(each) for each in digits if each.isascii() and each.isdigit() and len(each) < 19), 0)


def inside(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object in a field; an empty one where there is none."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def rows(record: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in a field that holds a list."""
    value = record.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def count_of(options: Mapping[str, Any], key: str, default: int) -> int:
    """A source's option that says how many; `default` where it is not given. Raises `ReadError` for anything else."""
    given = options.get(key)
    if given is None:
        return default
    if isinstance(given, bool) or not str(given).isascii() or not str(given).isdigit() or int(given) < 1:
        raise ReadError(f"The option {key} must be a whole number of at least 1, not {given!r}.")
    return int(given)
