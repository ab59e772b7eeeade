"""What storage and the clerk refuse, in the agent's language: their English sentences, known by their patterns."""

from __future__ import annotations

import re
from functools import cache

from desk.locale import N_, gettext

REFUSALS = (
    N_("Case {case} is held by {who}."),
    N_("Case {case} is held by {who} since {time} UTC."),
    N_("Case {case} is no longer yours: {who} has it now."),
    N_("Case {case} changed hands: {who} has it now. Your text is kept as a draft."),
    N_("Case {case} changed since you read it: {changes}."),
    N_("Case {case} is {status} already."),
    N_("Case {case} is {status} and cannot be {done}; reopen it first."),
    N_("Case {case} is {status}; reopen it first."),
    N_("Case {case} is {status}: reopen it first."),
    N_("Case {case} was not handed over to anybody."),
    N_("Case {case} was handed over to {department}; {who} is not of it."),
    N_("Case {case} follows no playbook, so there is nothing to tick off."),
    N_("Case {case}: {done} cannot be taken back any more; {who} {since} it since, at {time} UTC."),
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
    """A refusal in the language in use; as it is where nobody translated it."""
    for template, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return gettext(template, **{name: _part(name, said) for name, said in found.groupdict().items()})
    return sentence


def _part(name: str, said: str) -> str:
    """What stands in a hole: another refusal, a word of ours, or somebody's name."""
    return in_words(said) if name == "why" else gettext(said) if name in ("status", "state") else said


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(each)))) for each in REFUSALS)
