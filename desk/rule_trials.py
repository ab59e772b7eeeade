"""What applying a rule would do to the stored cases, by the rule's own conditions and without doing any of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from desk.acts import Act, Assignment, obstacle
from desk.policy import Policy
from desk.rule_runs import NOBODY, Applied, known_agents, waiting
from desk.rules import Rule
from storage.database import Database, in_chunks
from storage.history import Histories
from storage.inbox import Inbox
from storage.rulebook import Rulebook, Turn
from storage.types import Case, Mention, Status

ENDS: Mapping[str, Status] = {
    "resolve": Status.RESOLVED,
    "dismiss": Status.DISMISSED,
    "spam": Status.SPAM,
    "snooze": Status.SNOOZED,
}
"""What a case becomes by an act: later acts of the rule see it so."""


def attempt(database: Database, policy: Policy, rule: Rule) -> Applied:
    """The stored cases that applying the rule now would act on, and those it would leave, with why.

    Cases that it would open are not among them.
    """
    trial, found = _Trial(database, policy, rule), Applied()
    for some in in_chunks([case_id for case_id, _ in waiting(database, rule)]):
        newest = {each.case_id: each.newest for each in Histories(database).of(some)}
        with Rulebook(database).look() as turn:
            for case in Inbox(turn.database).cases(some):
                trial.look(turn, case, newest.get(case.id), found)
    return found


class _Trial:
    """Goes through the cases as `rule_runs.apply` does, and keeps in mind who would have got which."""

    def __init__(self, database: Database, policy: Policy, rule: Rule) -> None:
        self.policy, self.rule, self.now = policy, rule, database.now().astimezone(database.zone)
        self.load: dict[str, int] = {}
        self.last: str | None = None

    def look(self, turn: Turn, case: Case, mention: Mention | None, found: Applied) -> None:
        """Adds a case to what was found, where the rule is for it."""
        if mention is None or not self.rule.answers(mention, self.now):
            return
        done, left = 0, list[str]()
        for act in self.rule.acts_on(case):
            if why := obstacle(act, case, self.now) or self._full(turn, act, case):
                left.append(f"{act}: {why}")
                continue
            done += 1
            case = replace(case, status=ENDS.get(act.kind, case.status))
        if done:
            found.acted.append(case.id)
        elif left:
            found.left[case.id] = "; ".join(left)

    def _full(self, turn: Turn, act: Act, case: Case) -> str:
        """Why nobody would get the case; "" where it is not about that, or somebody would."""
        if act.kind != "assign":
            return ""
        to: Assignment = act.value
        known = known_agents(turn, to, case)
        if strange := {*to.among, *known} - self.load.keys():
            self.load |= dict.fromkeys(strange, 0) | dict(turn.load(strange))
        self.last = turn.last_turn(self.rule.name) if self.last is None else self.last
        agent = to.choose(case.lang, self.policy.team, self.load, self.last, known)
        if not agent:
            return NOBODY
        self.load[agent] = self.load.get(agent, 0) + 1
        self.last = agent if agent in to.among else self.last
        return ""
