"""What storage and the clerk refuse, in the agent's language: their English sentences, known by their patterns."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

from desk.locale import N_, gettext, local

_UTC = re.compile(r"\b([01]\d|2[0-3]):([0-5]\d) UTC\b")
"""How storage, which knows no wall, tells the time of something that just happened."""

REFUSALS = (
    N_("Case {case} is held by {who}."),
    N_("Case {case} is held by {who} since {time}."),
    N_("Case {case} is no longer yours: {who} has it now."),
    N_("Case {case} changed hands: {who} has it now. Your text is kept as a draft."),
    N_("Case {case} changed since you read it: {changes}."),
    N_("a new mention at {time}"),
    N_("new posts in the conversation at {time}"),
    N_("a post was edited at {time}"),
    N_("a post was deleted at {time}"),
    N_("one of our own accounts answered at {time}"),
    N_("{who} {done} it at {time}"),
    N_("Case {case} is {status} already."),
    N_("Case {case} is {status} and cannot be {done}; reopen it first."),
    N_("Case {case} is {status}; reopen it first."),
    N_("Case {case} is {status}: reopen it first."),
    N_("Case {case} was not handed over to anybody."),
    N_("Case {case} was handed over to {department}; {who} is not of it."),
    N_("Case {case} follows no playbook, so there is nothing to tick off."),
    N_("Case {case}: {done} cannot be taken back any more; {who} {since} it since, at {time}."),
    N_("Case {case} was answered with these words before: reply {reply}."),
    N_("There is nothing to undo among the last {number} acts of {who}."),
    N_("There is nothing to redo."),
    N_("Reply {reply} cannot be called back: it is {state}."),
    N_("Reply {reply} by {who} is {state}: settle or cancel that first."),
    N_("Reply {reply} cannot be {done}: it is {state}."),
    N_("A reply is approved by somebody else than its writer."),
    N_("A macro that replies is for one case at a time."),
    N_("{macro} did nothing: step {number}, {act}: {why}"),
    N_("{time} is past: choose a time in the future to snooze until."),
    N_("A note needs words."),
    N_("A reply needs words."),
    N_("A tag has 1 to 50 characters."),
    N_("The reply has {number} characters; {channel} takes {most}."),
    N_("Say why you take the case over; your colleague reads it."),
    N_("Say why; your colleague reads it."),
    N_("{who} is not in the team: choose from {names}."),
    N_("{who} is not in the team of sources.yaml, and may only read."),
    N_("{who} may not {act}: the role {role} does not have that."),
    N_("{source} is only listened to: sources.yaml says that nobody answers there."),
    N_("The database {name} does not answer: {why}."),
    N_("{brand} is only listened to: sources.yaml says that nobody answers for it."),
)


def in_words(sentence: str) -> str:
    """A refusal in the language in use, with the time on our wall; in its own words where nobody translated it."""
    return _UTC.sub(_on_the_wall, _translated(sentence))


def _on_the_wall(time: re.Match[str]) -> str:
    then = datetime.now(UTC).replace(hour=int(time[1]), minute=int(time[2]))
    return f"{local(then):%H:%M}"


def _translated(sentence: str) -> str:
    for template, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return gettext(template, **{name: _part(name, said) for name, said in found.groupdict().items()})
    return sentence


def _part(name: str, said: str) -> str:
    """What stands in a hole: other sentences, a word of ours, or somebody's name."""
    if name in ("why", "changes"):
        return "; ".join(map(_translated, said.split("; ")))
    return gettext(said) if name in ("status", "state") else said


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(each)))) for each in REFUSALS)
