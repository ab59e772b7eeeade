"""What a page says of itself in schema.org terms: JSON-LD and microdata, as plain nested records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from listener.pages import tree
from listener.pages.markup import unescaped
from listener.pages.tree import Node

Item = dict[str, Any]
"""`@type` (a list of bare names), `@id`, and each property with the list of its values (texts, numbers, items).

Texts are markup, all else is plain. Microdata also has `fragment`: where on the page it stands.
"""

DEEPEST = 40
"""Levels of nesting that are followed."""
_TEXTS = frozenset(("text", "articleBody", "reviewBody", "description"))
_ADDRESSES = {
    "a": "href",
    "area": "href",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "embed": "src",
    "object": "data",
}
_BARE = re.compile(r"^(?:https?://)?(?:www\.)?schema\.org/|^schema:")


def json_ld(root: Node) -> list[Item]:
    """The items of all JSON-LD blocks that can be read; references by `@id` are filled in."""
    items = [item for script in _scripts(root) for item in _top(_loaded(script), 0)]
    known = {str(item["@id"]): item for item in items if "@id" in item}
    for item in items:
        for values in item.values():
            if isinstance(values, list):
                values[:] = [_filled(value, item, known) for value in values]
    return items


def microdata(root: Node) -> list[Item]:
    """The items that stand in the markup itself (`itemscope`), outermost only; theirs are inside them."""
    return [_scoped(each, 0) for each in tree.select(root, "[itemscope]:not([itemprop])")]


def words(item: Item, *names: str) -> str:
    """The first text or number among these properties; "" where there is none."""
    for name in names:
        for value in item.get(name, ()):
            if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
                return str(value).strip()
    return ""


def items_in(item: Item, *names: str) -> list[Item]:
    """The items among the values of these properties."""
    return [value for name in names for value in item.get(name, ()) if isinstance(value, dict)]


def is_a(item: Item, *types: str) -> bool:
    """Whether the item is of one of these types."""
    return not set(types).isdisjoint(item.get("@type", ()))


def _scripts(root: Node) -> Iterator[str]:
    for script in tree.select(root, 'script[type*="ld+json"]'):
        yield "".join(script.itertext())


def _loaded(script: str) -> Any:
    """The block's JSON; broken blocks are mended in the ways they usually break, or left out."""
    bare = re.sub(
        r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*.*?\*/)|(?:-->|//\s*\]\]>)\s*$", "", script.strip(), flags=re.DOTALL
    )
    for mended in (bare, re.sub(r",(\s*[}\]])", r"\1", bare), unescaped(bare)):
        try:
            return json.loads(mended, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _top(value: Any, depth: int) -> Iterator[Item]:
    """The items of a block: itself, those of its list, those of its `@graph`."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from _top(each, depth + 1)
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, list | dict):
            yield from _top(graph, depth + 1)
        if "@type" in value or "@graph" not in value:
            yield _plain(value, depth)


def _plain(raw: dict[str, Any], depth: int) -> Item:
    item: Item = {"@type": [_BARE.sub("", str(each)) for each in _listed(raw.get("@type"))]}
    if isinstance(raw.get("@id"), str):
        item["@id"] = raw["@id"]
    for name, value in raw.items():
        if not name.startswith("@"):
            item[_BARE.sub("", name)] = [each for part in _listed(value) for each in _value(part, depth)]
    return item


def _value(part: Any, depth: int) -> Iterator[Any]:
    if isinstance(part, dict) and isinstance(part.get("@value"), str | int | float):
        yield part["@value"]
    elif isinstance(part, dict) and "@list" in part:
        for each in _listed(part["@list"]):
            yield from _value(each, depth + 1) if depth < DEEPEST else ()
    elif isinstance(part, dict):
        if depth < DEEPEST:
            yield _plain(part, depth + 1)
    elif part is not None:
        yield part


def _filled(value: Any, holder: Item, known: dict[str, Item]) -> Any:
    """The item that a bare reference stands for."""
    if isinstance(value, dict) and set(value) == {"@type", "@id"} and not value["@type"]:
        found = known.get(value["@id"], value)
        return value if found is holder else found
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _scoped(node: Node, depth: int) -> Item:
    types = [_BARE.sub("", each) for each in (node.get("itemtype") or "").split()]
    item: Item = {"@type": types}
    if node.get("itemid"):
        item["@id"] = node.get("itemid")
    if node.get("id"):
        item["fragment"] = [f"#{node.get('id')}"]
    for each in _properties(node) if depth < DEEPEST else ():
        for name in (each.get("itemprop") or "").split():
            value = _scoped(each, depth + 1) if each.get("itemscope") is not None else _shown(each, name)
            item.setdefault(_BARE.sub("", name), []).append(value)
    return item


def _properties(node: Node) -> Iterator[Node]:
    """The elements that are properties of this item and not of one inside it."""
    waiting = list(reversed(node))
    while waiting:
        each = waiting.pop()
        if each.get("itemprop") is not None:
            yield each
        if each.get("itemscope") is None:
            waiting.extend(reversed(each))


def _shown(node: Node, name: str) -> str:
    for attribute in ("content", "datetime", _ADDRESSES.get(node.tag, "")):
        if attribute and (value := node.get(attribute)):
            return str(value)
    return tree.inner(node) if name in _TEXTS else tree.line(node)
