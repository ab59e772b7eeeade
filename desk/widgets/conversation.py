"""A conversation as lines: the thread as its site shows it, our answers in their places, what happened to the case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from desk.locale import _, age, clock, ngettext, weight
from desk.shown import clean_block, clean_line, link_host, lookalike
from desk.widgets.changes import changed, coloured
from desk.widgets.helped import hints
from desk.widgets.lines import Build, Line, Span, lit, packed, rule, width_of, wrap
from desk.widgets.signs import (
    PRIORITY_SIGN,
    PRIORITY_WORD,
    REPLY_WORD,
    SENTIMENT_SIGN,
    SENTIMENT_WORD,
    STATUS_WORD,
    holder,
)
from desk.widgets.trail import PROMISES, told
from storage.types import CaseFile, EventKind, Mention, Reason, Reply, ReplyState

if TYPE_CHECKING:
    from storage.dossier import Before
    from storage.presence import Presence

TEXT_LIMIT = 20_000
"""Characters of one post that are shown."""
POSTS_LIMIT = 300
"""Posts of a thread that are shown: the newest, and those of the case."""
DEEPEST = 5
"""Answers to answers are moved in this far at most."""

Due = tuple[str, str, datetime | None]
"""A promise that runs: what was promised, how it stands (`storage.sla.State`), and when it is due."""

POST = "post"
"""The role of the margin before the first line of a post, by which it is found."""
_PLAIN = re.compile(r"(?<![\w:/-])[^\W\d_][\w*]+(?![\w:*])")
"""Words of a query that name no field and are no field's value."""

Finder = Callable[[str], Iterable[tuple[int, int, str]]]


def conversation(
    file: CaseFile,
    now: datetime,
    names: Iterable[str] = (),
    due: Iterable[Due] = (),
    *,
    company: Sequence[Presence] = (),
    edits: Mapping[int, Before] = {},
    sought: str = "",
) -> Build:
    """Makes the pane of `file`; an author who only looks like one of `names` is flagged.

    `company` is who else is at it, `edits` what posts said when the case was claimed, `sought` the query that found it.
    """
    promised: list[Line] = [[_promise(each, now)] for each in due]
    around: list[Line] = [[(_beside(each) + "  ", "warn")] for each in company]
    finder, helped = seek(sought), hints(file)

    def build(width: int) -> list[Line]:
        lines = [
            *_heading(file, width, now),
            *(line for each in (around, promised) for line in packed(each, width) if line),
        ]
        lines.append(rule(width))
        for post, depth in in_order(file.thread):
            if post is None:
                lines.append([(ngettext("{n} earlier post", "{n} earlier posts", depth), "dim")])
                continue
            imitated = None if post.is_own else lookalike(post.author or "", names)
            lines += [[], *_post(post, file, depth, width, now, imitated, edits.get(post.id), finder)]
            lines += [helped[post.id]] if post.id in helped else []
            for reply in file.replies:
                if reply.post_id == post.id and reply.state not in (ReplyState.DRAFT, ReplyState.CANCELLED):
                    lines += [[], *_answer(reply, depth + 1, width, now)]
        return [*lines, [], *_reasons(file, width), *_history(file, width, now)]

    return build


def in_order(thread: tuple[Mention, ...]) -> Iterator[tuple[Mention | None, int]]:
    """The posts with their depth: each answer under what it answers, else by time. None counts the posts left out."""
    shown = thread
    if len(thread) > POSTS_LIMIT:
        newest = thread[-POSTS_LIMIT:]
        shown = tuple(post for post in thread if post.case_id is not None or post.id >= newest[0].id)[-POSTS_LIMIT:]
        yield None, len(thread) - len(shown)
    ids = {post.id for post in shown}
    children: dict[int | None, list[Mention]] = {}
    for post in shown:
        parent = post.parent_id if post.parent_id in ids and post.parent_id != post.id else None
        children.setdefault(parent, []).append(post)
    first = shown[0].id if shown else None
    waiting = [(post, 0) for post in reversed(children.get(None, ()))]
    told_already: set[int] = set()
    while waiting:
        post, depth = waiting.pop()
        told_already.add(post.id)
        yield post, min(depth, DEEPEST)
        below = depth if post.id == first else depth + 1
        waiting += [(child, below) for child in reversed(children.get(post.id, ()))]
    yield from ((post, 0) for post in shown if post.id not in told_already)


def _heading(file: CaseFile, width: int, now: datetime) -> list[Line]:
    case = file.case
    title = clean_line(file.conversation_title or case.title) or _("(no title)")
    sign, loud = PRIORITY_SIGN[case.priority]
    felt, feeling = SENTIMENT_SIGN[case.sentiment]
    judged: Line = [
        (f"{sign} {_(PRIORITY_WORD[case.priority])}", loud),
        ("  ", "dim"),
        (f"{felt} {_(SENTIMENT_WORD[case.sentiment])}", feeling),
    ]
    facts = [_(STATUS_WORD[case.status]), *(_(each) for each in case.intents[:2]), case.lang or "", case.brand or ""]
    known = "  ".join(clean_line(each, 30) for each in facts if each)
    lines: list[Line] = [[(line, "strong")] for line in wrap(title, width)[:3]]
    lines.append([(clean_line(f"{case.source} · {link_host(case.url) or _('no web address')}", width), "dim")])
    beside: Line = [*judged, ("  " + known, "dim")]
    lines += [beside] if width_of(beside) <= width else [judged, *([(line, "dim")] for line in wrap(known, width))]
    if case.tags:
        tags = " ".join("#" + clean_line(tag, 30) for tag in case.tags)
        lines += [[(line, "accent")] for line in wrap(tags, width)]
    return [*lines, _who(file, now), *_team(file, width, now)]


def _team(file: CaseFile, width: int, now: datetime) -> list[Line]:
    """The department, the hand-over that waits for an answer, and the playbook with what is done of it."""
    case, lines = file.case, list[Line]()
    if case.department:
        lines.append([(_("Department: {name}", name=clean_line(case.department, 40)), "dim")])
    if case.handed_to:
        said = _("Handed over to {name}, which did not answer yet; H answers.", name=clean_line(case.handed_to, 40))
        lines += [[(line, "warn")] for line in wrap(said, width)]
        lines += [[(line, "note")] for line in wrap(_handed_with(file), width) if line]
    if case.playbook:
        lines.append([(_("Playbook {name}", name=clean_line(case.playbook, 60)), "strong")])
    for step in case.checklist:
        done = f"  {clean_line(step.by, 20)} {clock(step.at, now)}" if step.by and step.at else ""
        text = f"{'[x]' if step.by else '[ ]'} {clean_line(step.text)}{done}"
        lines += [[("  " + line, "dim" if step.by else "normal")] for line in wrap(text, width - 2)]
    return lines


def _handed_with(file: CaseFile) -> str:
    """Who handed the case over, and the note with it; "" where there is none."""
    given = [each for each in file.trail if each.kind is EventKind.HANDED_OVER and "undone_by" not in each.data]
    note = str(given[-1].data.get("said") or "") if given else ""
    return f"{clean_line(given[-1].actor, 20)}: {clean_block(note, 2000)}" if note else ""


def _who(file: CaseFile, now: datetime) -> Line:
    case, name = file.case, holder(file.case, now)
    if case.snoozed_until is not None and case.status.value == "snoozed":
        return [(_("Snoozed until {time}", time=clock(case.snoozed_until, now)), "warn")]
    if not name:
        return [(_("Nobody has it"), "dim")]
    if case.lease_until is None:
        return [(_("Assigned to {name}", name=name), "own")]
    return [(_("{name} has it until {time}", name=name, time=clock(case.lease_until, now)), "own")]


def _promise(due: Due, now: datetime) -> Span:
    target, state, at = due
    name = _(PROMISES.get(target, target))
    if at is None:
        return (_("{what}: the clock stands still", what=name) + "  ", "dim")
    if at < now:
        return (_("{what}: {age} late", what=name, age=age(at, now)) + "  ", "error")
    words = _("{what}: in {age}, at {time}", what=name, age=age(now, at), time=clock(at, now))
    return (words + "  ", "warn" if state == "warned" else "dim")


def _post(
    post: Mention,
    file: CaseFile,
    depth: int,
    width: int,
    now: datetime,
    imitated: str | None,
    before: Before | None,
    sought: Finder,
) -> list[Line]:
    ours = post.case_id == file.case.id
    edge, margin = ("▌", "accent") if ours else ("│", "dim"), "  " * depth
    role = "normal" if ours else "dim"
    head: Line = [
        (clean_line(post.author or _("unknown"), 40), "own" if post.is_own else "strong" if ours else "dim"),
        ("  " + clock(post.published_at or post.first_seen_at, now), "dim"),
    ]
    if ours:
        sign, feeling = SENTIMENT_SIGN[post.sentiment]
        head.append(("  " + sign, feeling))
    if post.rating is not None:
        head.append((f"  {post.rating:g}/5", "dim"))
    head += _changes(post, file, now)
    if imitated:
        head.append(("  " + _("not {name}", name=clean_line(imitated, 30)), "warn"))
    room = width - 2 - len(margin)
    if before is not None:
        both = (post, before)
        retitled = post.title != before.title
        now_said, then = (f"{each.title}\n{each.text}" if retitled else each.text for each in both)
        now_said, then = clean_block(now_said, TEXT_LIMIT), clean_block(then, TEXT_LIMIT)
        body = coloured(wrap(changed(then, now_said), room), role)
    else:
        finder = _either(sought, _finder(post.reasons) if ours else _nothing)
        body = [lit(line, role, finder) for line in wrap(_words_of(post, file), room)]
    lines: list[Line] = [[(margin, role), edge, (" ", role), *line] for line in (head, *body)]
    lines[0][0] = (margin, POST)
    return lines


def _words_of(post: Mention, file: CaseFile) -> str:
    """What a post says, under its title where that is not the conversation's."""
    text, title = clean_block(post.text, TEXT_LIMIT), clean_line(post.title)
    if title and title != clean_line(file.conversation_title) and not text.startswith(title):
        text = f"{title}\n\n{text}"
    return text or _("(no text)")


def _changes(post: Mention, file: CaseFile, now: datetime) -> Line:
    """Whether it was edited or taken away, above all since somebody took the case."""
    if post.deleted_at is not None:
        return [("  " + _("taken away {time}", time=clock(post.deleted_at, now)), "warn")]
    since = next((event.id for event in reversed(file.trail) if event.kind is EventKind.CLAIMED), None)
    edits = [each for each in file.trail if each.kind is EventKind.EDITED and each.post_id == post.id]
    if since is not None and any(each.id > since for each in edits):
        return [("  " + _("edited since it was claimed"), "warn")]
    if post.edited_at is not None or edits:
        return [("  " + _("edited"), "dim")]
    return []


def _answer(reply: Reply, depth: int, width: int, now: datetime) -> list[Line]:
    margin = "  " * min(depth, DEEPEST)
    state = _(REPLY_WORD[reply.state])
    role = "own"
    if reply.state is ReplyState.HELD and reply.hold_until is not None:
        left = max(0, int((reply.hold_until - now).total_seconds() + 0.999))
        state, role = _("goes out in {n} s, z takes it back", n=left), "warn"
    elif reply.state in (ReplyState.UNCERTAIN, ReplyState.FAILED):
        role = "error"
    elif reply.sent_at is not None:
        state = f"{state} {clock(reply.sent_at, now)}"
    head: Line = [
        (clean_line(reply.agent, 20), "own"),
        ("  " + clean_line(reply.channel, 20), "dim"),
        ("  " + state, role),
    ]
    body: list[Line] = [
        [(line, "normal")] for line in wrap(clean_block(reply.text, TEXT_LIMIT), width - 2 - len(margin))
    ]
    if reply.error:
        body += [[(line, "error")] for line in wrap(clean_block(reply.error, 500), width - 2 - len(margin))]
    return [[(margin, "own"), ("▐ ", "own"), *line] for line in (head, *body)]


def _reasons(file: CaseFile, width: int) -> list[Line]:
    reasons = [each for post in file.thread if post.case_id == file.case.id for each in post.reasons]
    if not reasons:
        return []
    seen: dict[tuple[str, str], Reason] = {(each.about, each.label): each for each in reasons}
    said = []
    for each in sorted(seen.values(), key=lambda reason: -abs(reason.share))[:6]:
        words = " ".join(f"“{clean_line(word, 30)}”" for word in each.words[:4])
        share = f" {weight(each.share)}" if each.share else ""
        said.append(f"{clean_line(_(each.about), 30)}: {clean_line(_(each.label), 60)}{share} {words}".rstrip())
    lines = [line for each in said for line in wrap(each, width - 2)]
    return [[(_("Why"), "strong")], *[[("  " + line, "dim")] for line in lines], []]


def _history(file: CaseFile, width: int, now: datetime) -> list[Line]:
    lines: list[Line] = [[(_("What happened"), "strong")]]
    sentences = [told(event, now) for event in file.trail[-40:]]
    for place, (role, words) in enumerate(sentences):
        if place and sentences[place - 1] == (role, words):
            continue
        broken = wrap(words, width - 2)
        lines += [[("  " + line, role)] for line in broken]
    return lines if len(lines) > 1 else []


def seek(query: str) -> Finder:
    """Finds the plain words of a query in what is shown."""
    words = {each.rstrip("*") for each in _PLAIN.findall(query) if each not in ("AND", "OR", "NOT", "NEAR", "ONEAR")}
    words = {each for each in words if len(each) > 1}
    if not words:
        return _nothing
    found = re.compile(
        rf"(?<!\w)(?:{'|'.join(re.escape(each) for each in sorted(words, reverse=True))})", re.IGNORECASE
    )
    return lambda text: ((each.start(), each.end(), "found") for each in found.finditer(text))


def _either(first: Finder, second: Finder) -> Finder:
    return lambda text: sorted([*first(text), *second(text)])


def places(lines: Sequence[Line]) -> list[int]:
    """Where there is something to go to: the words that were searched for, else the posts."""
    found = [place for place, line in enumerate(lines) if any(role == "found" for _text, role in line)]
    return found or [place for place, line in enumerate(lines) if line and line[0][1] == POST]


def _beside(each: Presence) -> str:
    name = clean_line(each.agent, 20)
    return _("✎ {name} is writing", name=name) if each.is_writing else _("◦ {name} is looking", name=name)


def _nothing(text: str) -> Iterable[tuple[int, int, str]]:
    return ()


def _finder(reasons: tuple[Reason, ...]) -> Finder:
    """Finds the words that made the judgement."""
    words = {clean_line(word, 60) for each in reasons for word in each.words}
    words = {each for each in words if len(each) > 1}
    if not words:
        return _nothing
    found = re.compile(
        "|".join(rf"(?<!\w){re.escape(each)}" for each in sorted(words, key=len, reverse=True)), re.IGNORECASE
    )

    def spots(text: str) -> Iterable[tuple[int, int, str]]:
        return ((each.start(), each.end(), "hit") for each in found.finditer(text))

    return spots
