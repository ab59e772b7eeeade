"""Finds the post that opens a thread where it looks unlike its answers, as a question or a report does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice, takewhile

from listener.pages import blocks, tree
from listener.pages.blocks import Moment
from listener.pages.bylines import Block
from listener.pages.tree import Node

MOST = 8
"""Dates above the answers that are looked at."""
WORDS = 3
"""Words without which nothing is said."""
_SAME = timedelta(minutes=2)
"""How far apart the times may be that a page shows of one post, where one of them leaves out the seconds."""
_BOXES = frozenset(("div", "article", "section", "td", "main", "form", "li"))
_BESIDE = ("nav", "aside", "footer")


def above(answers: Sequence[Block], root: Node, base: str, moment: Moment) -> Block | None:
    """What was written before the first of these posts, below or around the heading of their page; None for nothing."""
    first, heading = answers[0].parts[0], tree.heading(root)
    earliest = min(block.moment for block in answers)
    before = set[Node](takewhile(lambda node: node is not first, root.iter()))
    around = set(first.iterancestors())
    titled = set(heading.iterancestors()) if heading is not None and heading in before else set[Node]()
    under = before - set(takewhile(lambda node: node is not heading, root.iter())) if titled else before
    dates = takewhile(lambda date: date[0] in before, blocks.dates(root, moment))
    for node, when in islice((date for date in dates if date[1] <= earliest), MOST):
        boxes = takewhile(lambda box: box not in around and box.tag not in _BESIDE, node.iterancestors())
        for box in (each for each in boxes if each.tag in _BOXES and (each in titled or each in under)):
            for post in blocks.read([Block(parts=[box], date=node, moment=when)], base):
                if post.author and len(post.text.split()) >= WORDS:
                    is_first = post.author == answers[0].author and when >= earliest - _SAME
                    return None if is_first else post
    return None
