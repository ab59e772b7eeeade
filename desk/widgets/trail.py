"""One event as a sentence for an agent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from desk.locale import N_, _, clock
from desk.shown import clean_block, clean_line, rule_said
from storage.types import SYSTEM, Event, EventKind

PROMISES = {
    "first_response": N_("first answer"),
    "next_response": N_("next answer"),
    "resolution": N_("resolution"),
}

SENTENCES = {
    EventKind.FOUND: N_("found a mention"),
    EventKind.EDITED: N_("the writer edited it"),
    EventKind.DELETED: N_("it was taken away at the source"),
    EventKind.CONTEXT: N_("new posts in the conversation"),
    EventKind.ANSWERED_ELSEWHERE: N_("answered outside this desk"),
    EventKind.CLAIMED: N_("claimed it"),
    EventKind.RELEASED: N_("let it go"),
    EventKind.ASSIGNED: N_("assigned it to {what}"),
    EventKind.TAGGED: N_("tagged it {what}"),
    EventKind.UNTAGGED: N_("took away the tag {what}"),
    EventKind.NOTED: N_("noted: {what}"),
    EventKind.PRIORITISED: N_("set the priority to {what}"),
    EventKind.CORRECTED: N_("corrected it to {what}"),
    EventKind.SNOOZED: N_("snoozed it until {what}"),
    EventKind.WOKEN: N_("woke it"),
    EventKind.PENDED: N_("waits for the writer"),
    EventKind.RESOLVED: N_("resolved it"),
    EventKind.DISMISSED: N_("found it irrelevant"),
    EventKind.SPAMMED: N_("called it spam"),
    EventKind.REOPENED: N_("reopened it"),
    EventKind.HANDED_OVER: N_("handed it over to {what}"),
    EventKind.ACCEPTED: N_("accepted it for {what}"),
    EventKind.REFUSED: N_("refused the hand-over: {what}"),
    EventKind.PLAYBOOK: N_("follows the playbook {what}"),
    EventKind.TICKED: N_("ticked off: {what}"),
    EventKind.DRAFTED: N_("began a reply"),
    EventKind.SUBMITTED: N_("asked for approval of a reply"),
    EventKind.APPROVED: N_("approved a reply"),
    EventKind.REJECTED: N_("sent a reply back: {what}"),
    EventKind.HELD: N_("wrote a reply"),
    EventKind.CANCELLED: N_("took a reply back"),
    EventKind.SENDING: N_("handed a reply over"),
    EventKind.SENT: N_("the reply arrived"),
    EventKind.UNCERTAIN: N_("the reply may or may not have arrived: {what}"),
    EventKind.FAILED: N_("the reply did not go out: {what}"),
    EventKind.RULE: N_("by rule: {what}"),
    EventKind.SLA_WARNED: N_("the time for the {what} is nearly up"),
    EventKind.SLA_MISSED: N_("the time for the {what} is up"),
    EventKind.UNDONE: N_("undone: {what}"),
    EventKind.PARTED: N_("took a mention out of its copies"),
    EventKind.JOINED: N_("called a mention a copy of mention {what}"),
}

JUDGED = (EventKind.PRIORITISED, EventKind.CORRECTED)
"""What these tell are words of ours, which are translated."""

_TELLING = (
    "playbook",
    "text",
    "note",
    "tag",
    "tags",
    "to",
    "assignee",
    "agent",
    "until",
    "priority",
    "sentiment",
    "error",
    "reason",
    "rule",
    "target",
    "mention",
)
"""What of an event's data is told, the first that is there."""


def told(event: Event, now: datetime) -> tuple[str, str]:
    """The role and the sentence of an event: when, who, what."""
    what = _what(event.data)
    if event.kind in (EventKind.SLA_WARNED, EventKind.SLA_MISSED):
        what = _(PROMISES.get(what, what))
    if event.kind is EventKind.RULE:
        what = clean_block(rule_said(event.data), 2000)
    if event.kind in JUDGED:
        what = ", ".join(_(each) for each in what.split(", "))
    sentence = _(SENTENCES.get(event.kind, event.kind.value.replace("_", " ")))
    if event.kind is EventKind.HANDED_OVER and event.data.get("said"):
        what = f"{what}: {clean_block(str(event.data['said']), 2000)}"
    if event.kind is EventKind.TICKED and not event.data.get("done"):
        sentence = _("not done after all: {what}")
    if event.kind is EventKind.CORRECTED and event.data.get("from") == event.data.get("to"):
        sentence = _("confirmed it: {what}")
    if "{what}" in sentence:
        sentence = sentence.replace("{what}", what or "…")
    actor = "" if event.actor == SYSTEM else clean_line(event.actor, 20) + " "
    role = "note" if event.kind is EventKind.NOTED else "dim"
    return role, f"{clock(event.at, now)}  {actor}{sentence}"


def _what(data: Mapping[str, Any]) -> str:
    for name in _TELLING:
        value = data.get(name)
        if value:
            said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            return clean_block(said, 2000)
    return ""
