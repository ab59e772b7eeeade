"""Who may do what: the acts of each role, and the table of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

HANDLING = frozenset(
    {"claim", "release", "assign", "tag", "untag", "note", "snooze", "pend", "resolve", "dismiss", "spam", "reopen"}
    | {"prioritise", "correct", "undo", "redo", "draft", "reply", "cancel", "retry", "settle"}
    | {"hand_over", "accept", "refuse", "playbook", "tick"}
)
"""Acts of everybody who works on cases."""

MAY: Mapping[str, frozenset[str]] = {
    "viewer": frozenset(),
    "trainee": HANDLING,
    "agent": HANDLING | {"approve", "reject", "people", "manage_sources"},
    "lead": HANDLING
    | {"approve", "reject", "take_over", "cancel_others", "apply_rules", "crisis"}
    | {"people", "export_person", "forget", "manage_sources"},
}
"""Role -> acts. A trainee's replies wait for approval. Reading is for everybody."""

WAITS = {("trainee", "reply")}
"""What a role may do, but a colleague has to approve."""


def table() -> Iterator[dict[str, str]]:
    """A row an act: for each role yes, no, or that it waits for approval; what most may do first."""
    acts = sorted(MAY["lead"], key=lambda act: (-sum(act in may for may in MAY.values()), act))
    for act in ("read", *acts):
        yield {"act": act.replace("_", " "), **{role: _said(role, act) for role in MAY}}


def _said(role: str, act: str) -> str:
    if (role, act) in WAITS:
        return "after approval"
    return "yes" if act == "read" or act in MAY[role] else "no"
