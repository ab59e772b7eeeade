"""Finds the posts of a page nobody described: parts that repeat, each with a date, a writer and words of its own.

A date marks a post. Of the elements around the dates the outermost is taken that repeats once a date; where that holds
no words (a row of a table, a term of a list) what follows it belongs to it. What repeats within the posts is then read
as the writer, and what is left, without buttons and signatures, as the text.
"""

from __future__ import annotations

import copy
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import fmean
from urllib.parse import unquote

from listener.pages import bylines, tree
from listener.pages.bylines import DATED, SHORT, Block, sign
from listener.pages.tree import Node

MOST = 1000
"""Posts of one page."""
LOOKED_AT = 20_000
"""Elements of a page that are looked at."""
WORDS = 12
"""Characters of text below which something holds no post."""
WAYS = 3
"""Readings of a page that are tried until one holds words."""
DEEPEST = 25
"""Levels around a date that are looked at."""

Moment = Callable[[str], datetime | None]

_MEMBER = re.compile(r"\b(?:joined|since|sinds|geregistreerd|registered|birthday|verjaardag)\b", re.IGNORECASE)
_LINKED_MOMENT = re.compile(r"=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))")
_WEEKDAY = re.compile(
    r"\b(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|"
    r"(?:maan|dins|woens|donder|vrij|zater|zon)dag|ma|di|wo|do|vr|za|zo)[,.]?\s+\Z",
    re.I,
)
"""What may stand before a date and tell which of its numbers is the day."""
_CLOCK = re.compile(r"\d{1,2}\s?[:.uh]\s?\d\d")
_ALONE = ("article", "div", "li", "section", "tr")
"""What a single post stands in."""
_HEADINGS = "h1, nav, header, footer"
"""What stands around a page's posts, and in none."""
_FACTS = "h1, h2, dl:not(:has(p, pre)), table:has(th):not(:has(p, pre))"
"""Where a page says what it knows of a single post or ticket: its title, its state, whose it is."""
_COMMENT = re.compile(r"(?:comment|reactie|reply|kommentar)[_-]?\d", re.IGNORECASE)
_SILENT = frozenset(("script", "style", "template", "noscript", "head", "nav", "form", "select", "option", "textarea"))


def find(root: Node, base: str, moment: Moment) -> list[Block]:
    """The posts of a page, in its order; none where nothing repeats and no single dated text stands there."""
    ways = (read(_narrowed(blocks), base) for blocks in _placed(root, moment)[:WAYS])
    blocks = next((blocks for blocks in ways if blocks), [])
    _relate(blocks)
    return blocks


def _narrowed(blocks: list[Block]) -> list[Block]:
    """The blocks, where some hold an element that is named as a comment only that: the rest is said around it."""
    named = [
        next((each for each in block.date.iterancestors() if _COMMENT.match(each.get("id") or "")), None)
        for block in blocks
    ]
    if all(named_one is None for named_one in named) or None not in named:
        return blocks
    for block, own in zip(blocks, named, strict=True):
        if own is not None and any(part in own.iterancestors() for part in block.parts):
            block.parts = [own]
    return blocks


def read(blocks: list[Block], base: str) -> list[Block]:
    """The blocks in which something is said, with who says it."""
    inner = {id(part) for block in blocks for part in block.parts}
    copies = [copied(block, inner) for block in blocks]
    for block, own in zip(blocks, copies, strict=True):
        bylines.identify(block, own, base)
    bylines.name(blocks, copies, base)
    for block, own in zip(blocks, copies, strict=True):
        block.quoted = [name for each in tree.select(own, bylines.QUOTES) if (name := bylines.quoted_name(each))]
        bare = bylines.text(block, _without_facts(own)) if len(blocks) == 1 else ""
        block.text = bare or bylines.text(block, own)
    _strip_repeated(blocks)
    return [block for block in blocks if block.text]


def _without_facts(own: Node) -> Node:
    bare = copy.deepcopy(own)
    tree.drop(bare, _FACTS)
    return bare


def _strip_repeated(blocks: Sequence[Block]) -> None:
    """Takes off the first and the last line of each post where they are the same on most: what the page adds."""
    for end in (0, -1):
        lines = Counter(block.text.split("\n")[end] for block in blocks)
        added = {line for line, often in lines.items() if _is_added(often, len(blocks)) and len(line) <= SHORT}
        for block in blocks:
            rest = block.text.split("\n")
            if rest[end] in added and len(rest) > 1:
                block.text = "\n".join(rest[1:] if end == 0 else rest[:-1]).strip()


def _is_added(often: int, posts: int) -> bool:
    return often >= max(4, 0.6 * posts) or often == posts == 3


def _placed(root: Node, moment: Moment) -> list[list[Block]]:
    """The readings of the page, best first: the group of dates that look alike around which most is written."""
    groups: dict[str, list[tuple[Node, datetime]]] = defaultdict(list)
    for node, when in dates(root, moment):
        groups[f"{sign(node)} in {sign(node.getparent())}"].append((node, when))
        groups[sign(node)].append((node, when))
    found = [blocks for dates in groups.values() if (blocks := _around(dates[:MOST]))]
    return sorted(found, key=_weight, reverse=True)


def _weight(blocks: Sequence[Block]) -> tuple[int, int, int, int]:
    """How many posts say something, at how many moments, how many have a number of their own, and how much they say."""
    sizes = [min(sum(len(tree.line(part)) for part in block.parts), 2000) for block in blocks]
    said = [block for block, size in zip(blocks, sizes, strict=True) if size > WORDS]
    numbered = sum(_is_numbered(block.parts[0]) for block in blocks)
    return len(said), len({block.moment for block in said}), numbered, sum(sizes)


def _is_numbered(node: Node) -> bool:
    return bool(re.search(r"\d", node.get("id") or ""))


def dates(root: Node, moment: Moment) -> Iterator[tuple[Node, datetime]]:
    """The innermost elements that show a date and hardly anything else."""
    seen = 0
    for node in root.iter():
        seen += 1
        if seen > LOOKED_AT or not isinstance(node.tag, str):
            continue
        if node.tag in _SILENT or any(above.tag in ("nav", "blockquote", "head") for above in node.iterancestors()):
            continue
        tails = " ".join(" ".join(child.tail or "" for child in node).split())
        titled = [each for each in (node.get("title") or "",) if DATED.search(each)]
        for each in (node.get("datetime"), _in_link(node), *titled, " ".join((node.text or "").split()), tails):
            dated = DATED.search(each) if each and len(each) <= SHORT else None
            if dated and _is_mere(each, dated) and (when := moment(date_in(each, dated))):
                yield node, when
                break


def _in_link(node: Node) -> str:
    """The moment that the address of a link names."""
    found = _LINKED_MOMENT.search(unquote(node.get("href") or "")) if node.tag == "a" else None
    return found[1] if found else ""


def _is_mere(words: str, dated: re.Match[str]) -> bool:
    """Whether this is a date rather than prose that names a day."""
    others = len(words) - len(dated[0])
    if _MEMBER.search(words):
        return False
    return others <= 50 if re.search(r"\d", dated[0]) or _CLOCK.search(words) else others <= 12


def date_in(words: str, dated: re.Match[str]) -> str:
    """The date among the words on its line: from where it begins, with the time behind or before it."""
    before = re.search(r"(\d{1,2}[:.u]\d\d)\D{1,12}\Z", words[: dated.start()])
    weekday = _WEEKDAY.search(words[: dated.start()])
    begin = weekday.start() if weekday else dated.start()
    rest = re.split(r"\s[|·•]\s|\s[–-]\s(?!\d)|\s(?:door|by|von)\s|\)|;", words[begin:])[0]
    return rest if not before or re.search(r"\d[:.u]\d\d", rest) else f"{rest} {before[1]}"


def _around(dates: Sequence[tuple[Node, datetime]]) -> list[Block]:
    """A post for each date, where the same kind of element is around each."""
    chains = [
        [(sign(each), each) for each, _ in zip((node, *node.iterancestors()), range(DEEPEST), strict=False)]
        for node, _ in dates
    ]
    nearest: dict[str, list[Node | None]] = {}
    for look in {look for chain in chains for look, _ in chain}:
        nearest[look] = [next((above for each, above in chain if each == look), None) for chain in chains]
    fits = {look: found for look, found in nearest.items() if _is_own(found) and not look.startswith(("html", "body"))}
    if len(dates) == 1:
        fits = _alone(fits)
    if not fits:
        return []
    outermost = min(fits, key=lambda look: (_is_in_itself(look, fits[look]), _depth(fits[look])))
    blocks = [
        Block(parts=[node], date=date, moment=when)
        for node, (date, when) in zip(fits[outermost], dates, strict=True)
        if node is not None
    ]
    return _with_what_follows(blocks)


def _alone(fits: dict[str, list[Node | None]]) -> dict[str, list[Node | None]]:
    """What may hold a single post: best an element with a number of its own, or one without the page's heading."""
    boxes = {look: box for look, (box,) in fits.items() if box is not None and look.split(".")[0] in _ALONE}
    numbered = {look for look, box in boxes.items() if _is_numbered(box)}
    heading = tree.heading(next(iter(boxes.values())).getroottree().getroot()) if boxes else None
    bare = {look for look, box in boxes.items() if not _holds(box, heading) and _says(box)}
    return {look: fits[look] for look in numbered or bare or boxes}


def _holds(box: Node, heading: Node | None) -> bool:
    """Whether the page's heading or menu stands in it."""
    return bool(tree.select(box, _HEADINGS)) or (heading is not None and box in heading.iterancestors())


def _says(node: Node) -> bool:
    """Whether there are words outside of links and headings; more of them than a date and a name take."""
    own = copy.deepcopy(node)
    tree.drop(own, "a, h1, h2, h3, h4, h5, h6, b, strong, time, li, script, style")
    return len(tree.line(own)) > SHORT / 2


def _depth(found: Sequence[Node | None]) -> float:
    return fmean(sum(1 for _ in node.iterancestors()) for node in found if node is not None)


def _is_in_itself(look: str, found: Sequence[Node | None]) -> bool:
    """Whether elements without a class of their own stand in each other: parts of the page, not of the talk."""
    nodes = [node for node in found if node is not None]
    return look.endswith(".") and any(above in nodes for node in nodes for above in node.iterancestors())


def _is_own(found: Sequence[Node | None]) -> bool:
    """Whether nearly every date has an element of its own of this kind."""
    there = [id(each) for each in found if each is not None]
    return len(there) >= 0.8 * len(found) and len(set(there)) == len(there)


def _with_what_follows(blocks: list[Block]) -> list[Block]:
    """Posts spread over neighbours get those up to the next post, or those before where the date comes last."""
    tops = [block.parts[0] for block in blocks]
    parent = tops[0].getparent()
    rows = list(parent) if parent is not None and all(top.getparent() is parent for top in tops) else []
    places = {id(row): at for at, row in enumerate(rows)}
    starts = [places[id(top)] for top in tops] if rows else []
    is_bare = sum(len(_words(block)) <= WORDS for block in blocks) > len(blocks) / 2
    if not rows or (not is_bare and all(later - earlier == 1 for earlier, later in pairwise(starts))):
        return blocks
    if not is_bare and min((later - earlier for earlier, later in pairwise(starts)), default=1) == 1:
        return blocks
    is_last = starts[-1] == len(rows) - 1 and starts[0] > 0
    for place, block in enumerate(blocks):
        if is_last:
            first = (
                starts[place - 1] + 1
                if place
                else max(0, starts[0] - (starts[1] - starts[0] - 1 if len(starts) > 1 else 1))
            )
            block.parts = rows[first : starts[place] + 1]
        else:
            width = starts[1] - starts[0] if len(starts) > 1 else len(rows)
            end = starts[place + 1] if place + 1 < len(starts) else min(len(rows), starts[place] + max(width, 2))
            block.parts = rows[starts[place] : end]
    return blocks


def _words(block: Block) -> str:
    """What a post says besides its date and what stands in links and headings."""
    own = copy.deepcopy(block.parts[0])
    tree.drop(own, "a, h1, h2, h3, h4, h5, h6, b, strong, time")
    return tree.line(own).replace(tree.line(block.date), "")


def copied(block: Block, inner: set[int]) -> Node:
    """A copy of what is the post's own, without the posts inside it; its date is marked."""
    block.date.set("data-webcare", "date")
    marked = [each for part in block.parts for each in part.iter() if id(each) in inner and each not in block.parts]
    for each in marked:
        each.set("data-webcare-inner", "1")
    holder = tree.select(tree.fragment(""), "div")[0]
    for part in block.parts:
        holder.append(copy.deepcopy(part))
    for each in marked:
        del each.attrib["data-webcare-inner"]
    del block.date.attrib["data-webcare"]
    tree.drop(holder, "[data-webcare-inner]")
    tree.drop(holder, "script, style, noscript, template, form, select, button, svg")
    return holder


def _relate(blocks: Sequence[Block]) -> None:
    """A post answers the one it stands in; else the one it links to or quotes; else the one it is indented under."""
    owners = {id(part): block for block in blocks for part in block.parts}
    by_id = {name: block for block in blocks for name in (*block.names, block.id) if name}
    last: dict[str, Block] = {}
    stack: list[Block] = []
    for block in blocks:
        while stack and stack[-1].level >= block.level:
            stack.pop()
        around = (owners[id(above)] for above in block.parts[0].iterancestors() if id(above) in owners)
        linked = (by_id[each] for each in block.targets if each in by_id and _may_answer(block, by_id[each]))
        quoted = (last[name.casefold()] for name in block.quoted if name.casefold() in last)
        under = (each for each in stack[-1:] if block.level > each.level)
        beside = (each for each in (_list_owner(block, owners),) if each)
        found = next((each for ways in (around, beside, linked, quoted, under) for each in ways), None)
        block.parent = found if found is not block else None
        last[block.author.casefold()] = block
        stack.append(block)


def _may_answer(block: Block, other: Block) -> bool:
    """Whether a post to which another leads is none of its own answers."""
    return other is not block and other.moment <= block.moment and other.parent is not block


def _list_owner(block: Block, owners: dict[int, Block]) -> Block | None:
    """The post whose answers this one is in: a list or part that stands right behind it, inside the same element."""
    for above in (block.parts[0], *block.parts[0].iterancestors()):
        if above.tag not in ("ul", "ol", "div", "section", "dd", "details"):
            continue
        before = above.getprevious()
        if (
            above is not block.parts[0]
            and before is not None
            and id(before) in owners
            and above.getparent() is not None
        ):
            is_children = above.tag in ("ul", "ol") or re.search(
                r"child|repl|antwoord|thread|nest|sub", str(above.get("class") or ""), re.I
            )
            return owners[id(before)] if is_children else None
    return None
