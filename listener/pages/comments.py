"""Finds the comments below an article: what repeats within the part of its page that says it holds them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence

from listener.pages import blocks, tree
from listener.pages.blocks import Moment
from listener.pages.bylines import Block
from listener.pages.tree import Node

MOST_PARTS = 200
"""Parts of a page that are looked at."""
_HOLDS = re.compile(
    r"(?:\A|[\s_-])(?:comments?|comment-?list|responses|reacties?|replies|kommentare?|discussion)(?=[\s_-]|\Z)", re.I
)
_HOLDS_NONE = re.compile(
    r"recent|latest|laatste|widget|popular|count|aantal|\blinks?\b|open|closed|hentry|form\b|respond\b|sidebar", re.I
)
_ONE = re.compile(r"(?:\A|[\s_-])(?:comment|reactie|reply|kommentar)(?:[\s_-]?\d+)?(?=\s|\Z)", re.I)
_TAGS = frozenset(("div", "section", "ol", "ul", "li", "article", "aside", "details", "dl"))
_OLDER = re.compile(r"/comment-page-\d{1,4}/?\Z|[?&](?:cpage|comments?[-_]?page)=\d{1,4}\Z", re.I)


def take(root: Node, base: str, moment: Moment) -> tuple[list[Block], list[str]]:
    """The comments of a page, in its order, and the addresses of its other pages of comments.

    All that holds comments is taken out of the tree, so that what is left is the article.
    """
    found: list[Block] = []
    older: list[str] = []
    for part in _parts(root):
        links = (tree.link(each, base).split("#")[0] for each in tree.select(part, "a[href]"))
        older += [each for each in links if _OLDER.search(each)]
        said = [block for block in _within(part, base, moment) if block.author]
        found = max(found, said, key=len)
    return found, [each for each in dict.fromkeys(older) if each != base.split("#")[0]]


def identity(block: Block) -> str:
    """The page's own name of a comment; else a digest of its writer and words."""
    words = f"{block.author}\n{block.text}".encode("utf-8", "replace")
    return block.id or hashlib.sha256(words).hexdigest()[:24]


def is_below(block: Block) -> bool:
    """Whether a post stands in a part of its page that says it holds comments."""
    return any(_holds(above) for above in block.parts[0].iterancestors(*_TAGS))


def has_room(node: Node) -> bool:
    """Whether an element says of one in it that it holds comments, be there any or none."""
    rooms = (
        each for each in node.iterdescendants(*_TAGS) if _holds(each) and next(each.iterancestors("form"), None) is None
    )
    return any(not _ONE.search(f"{each.get('id') or ''} {each.get('class') or ''}") for each in rooms)


def _parts(root: Node) -> list[Node]:
    """The outermost elements that say they hold comments, taken out of the tree; those side by side as one."""
    beside: dict[Node, list[Node]] = defaultdict(list)
    taken: set[Node] = set()
    for node in root.iter(*_TAGS):
        if len(taken) == MOST_PARTS:
            break
        if not _holds(node) or any(above in taken for above in node.iterancestors()):
            continue
        taken.add(node)
        beside[node.getparent()].append(node)
    return [_apart(nodes) for nodes in beside.values()]


def _holds(node: Node) -> bool:
    names = f"{node.get('id') or ''} {node.get('class') or ''}"
    return bool(_HOLDS.search(names)) and not _HOLDS_NONE.search(names) and not tree.select(node, "h1")


def _apart(nodes: Sequence[Node]) -> Node:
    """The nodes under an element of their own, out of the page; what follows them stays there."""
    holder = tree.select(tree.fragment(""), "div")[0]
    for node in nodes:
        parent, before, tail = node.getparent(), node.getprevious(), node.tail or ""
        if before is not None:
            before.tail = (before.tail or "") + tail
        elif parent is not None:
            parent.text = (parent.text or "") + tail
        node.tail = ""
        holder.append(node)
    return holder


def _within(part: Node, base: str, moment: Moment) -> list[Block]:
    found = blocks.find(part, base, moment)
    if len(found) != 1:
        return found
    for above in found[0].date.iterancestors():  # of a single one nothing repeats: its own name tells where it ends
        names = f"{above.get('id') or ''} {above.get('class') or ''}"
        if above.tag in ("li", "article") or _ONE.search(names):
            return blocks.find(_apart([above]), base, moment)
    return found
