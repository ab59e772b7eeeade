"""Under a question of the open case: which customer answered it already, and whether that was thanked for."""

from __future__ import annotations

from collections.abc import Mapping

from desk.locale import _
from desk.shown import clean_line
from desk.widgets.lines import Line
from storage.peer_support import Help, Said, helps
from storage.types import CaseFile, Mention

MOST = 300
"""Posts after the first question that are looked at: a pane must be there at once."""
TEXT = 4000
"""Characters of a post that are looked at."""


def hints(file: CaseFile) -> Mapping[int, Line]:
    """A line by the id of each question of the case that somebody, not of us, answered."""
    asked = [post.id for post in file.thread if post.case_id == file.case.id and "question" in post.intents]
    if not asked:
        return {}
    begin = next(place for place, post in enumerate(file.thread) if post.id == asked[0])
    thread = [_said(post) for post in file.thread[begin : begin + MOST] if post.deleted_at is None]
    names = {post.id: post.author or "" for post in file.thread}
    best: dict[int, Help] = {}
    for each in helps(thread, asked):
        if each.question not in best or (each.thanked and not best[each.question].thanked):
            best[each.question] = each
    return {question: _line(help_, names[help_.answer]) for question, help_ in best.items()}


def _said(post: Mention) -> Said:
    dated = post.published_at is not None and post.published_at <= post.first_seen_at
    return Said(
        id=post.id,
        person=post.author_id or 0,
        name=post.author or "",
        at=post.published_at if dated else None,
        parent=post.parent_id,
        is_ours=post.is_own,
        is_question="question" in post.intents,
        is_thanks="thanks" in post.intents,
        text=post.text[:TEXT],
    )


def _line(help_: Help, author: str) -> Line:
    name = clean_line(author, 30)
    if help_.worked is not None:
        said = _("{name} answered this, and it worked", name=name)
    elif help_.thanks:
        said = _("{name} answered this, and was thanked", name=name)
    else:
        said = _("{name} answered this", name=name)
    return [("  ↳ " + said, "accent" if help_.thanked else "dim")]
