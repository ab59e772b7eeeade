"""Carries rules out: on what happened, on time passing, and by hand; each rule once a case and event, whoever asks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desk.acts import Act, Assignment, Known, obstacle, routing
from desk.clerk import Clerk
from desk.errors import DeskError
from desk.notifier import Target
from desk.policy import Policy
from desk.rules import DEEPEST, Rule
from storage import workflow
from storage.database import Database, in_chunks
from storage.errors import NotFound, StepRefused, StorageError
from storage.inbox import Inbox
from storage.notices import Notices
from storage.outbox import Outbox
from storage.query import tree
from storage.rulebook import BY_HAND, Rulebook, Turn, runs_of
from storage.settings import suggestion
from storage.types import SYSTEM, Case, Event, EventKind, Mention

BATCH = 25
"""Events, or cases, a transaction: on SQLite nobody else writes meanwhile."""

ROUNDS = 200
"""Batches that one call works off at most; the rest is for the next."""

MINUTE = timedelta(minutes=1)
"""How often rules on time are looked at."""

OLD = timedelta(days=1)
"""What happened longer ago (no rules ran meanwhile) is not acted on by itself any more: that is for `apply`."""

NOBODY = "nobody who may have it has room for it, or answers in its language"

SILENT = frozenset({EventKind.FOUND, EventKind.CONTEXT, EventKind.UNDONE, EventKind.RULE})
"""Events that are no change of a case for rules; a rule's own run is one when it changed something."""


@dataclass
class Applied:
    """What became of the cases that a rule was applied to by hand."""

    acted: list[int] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)
    """Case -> why nothing was done."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule has to do with one case."""

    rule: Rule
    missing: tuple[str, ...]
    """Parts of `when` that the case's newest mention does not answer."""
    acts: tuple[tuple[Act, str], ...]
    """Each act, with why it would not be done now."""
    runs: tuple[Event, ...]


def run(database: Database, policy: Policy, rules: Sequence[Rule]) -> int:
    """Looks at all that happened since the last call, and at the clock; gives the number of runs of a rule.

    Safe to call twice, and on many machines at once: one at a time works, the others have nothing to do.
    """
    if not rules:
        return 0
    _open_cases(database, policy, rules)
    return _catch_up(database, policy, rules) + _by_time(database, policy, rules)


def begin(database: Database, rules: Sequence[Rule]) -> None:
    """Lets the rules look at what happens from now on, where none ever ran here."""
    if rules:
        Rulebook(database).begin()
    for rule in (each for each in rules if each.opens_cases):
        Rulebook(database).has_posts(rule.key)


def targets(rules: Sequence[Rule]) -> list[Target]:
    """All whom rules tell something: to whom what they left is to be sent."""
    return [target for rule in rules for act in rule.acts if act.kind == "notify" for target in act.value]


def apply(database: Database, policy: Policy, rule: Rule) -> Applied:
    """Applies a rule to the stored cases that are not closed, once each."""
    applied, run = Applied(), uuid.uuid4().hex
    opened = _open_stored(database, rule) if rule.opens_cases else set()
    for some in in_chunks(waiting(database, rule), BATCH):
        with Rulebook(database).turn() as turn:
            runs = {case_id: _Run(turn, rule, policy, case_id, BY_HAND, run=run) for case_id, _ in some}
            told = {case_id: each.carry_out(opened=case_id in opened) for case_id, each in runs.items()}
        applied.acted += [case_id for case_id, left in told.items() if left is None]
        applied.left |= {case_id: left for case_id, left in told.items() if left}
    return applied


def waiting(database: Database, rule: Rule) -> list[tuple[int, int]]:
    """The open cases that a rule was not applied to yet by hand, and `BY_HAND`."""
    return Rulebook(database).unrun(rule.key, Inbox(database).ids(_open(rule)), by_hand=True)


def follow(clerk: Clerk, case_id: int, name: str) -> None:
    """Opens a playbook on a case by hand, and does what it says, as one act of the clerk's agent that can be undone.

    What it may not do, for a colleague has the case, is left. Raises `NotFound` and `NotAllowed`.
    """
    clerk.permit("playbook")
    playbook = clerk.policy.playbooks.get(name)
    if playbook is None:
        raise NotFound(f"There is no playbook {name}{suggestion(name, clerk.policy.playbooks)}.")
    known = Known(team=clerk.policy.team, templates=clerk.policy.replies)
    try:
        act = Act("playbook", playbook, routing(playbook, known))
    except ValueError as error:
        said = str(error).splitlines()[0]
        raise StepRefused(f"The playbook {name} cannot be followed: {said}. See `webcare check`.") from None
    rule = Rule(name=name, when="*", node=tree.Everything(), acts=(act,))
    with Rulebook(clerk.database).turn() as turn:
        _Run(turn, rule, clerk.policy, case_id, BY_HAND, agent=clerk.agent).by_hand()


def explain(database: Database, rules: Sequence[Rule], case_id: int) -> list[Verdict]:
    """What each rule would do to a case now and why not, and what it did. Raises `NotFound`."""
    case, runs = Inbox(database).case(case_id), runs_of(database, case_id)
    mention, now = Rulebook(database).newest_mention(case_id), _now(database)
    return [
        Verdict(
            rule,
            tuple(rule.missing(mention, now)) if mention else ("the case has no mention left",),
            tuple((act, obstacle(act, case, now)) for act in rule.acts),
            tuple(event for event in runs if event.data.get("rule") == rule.name),
        )
        for rule in rules
    ]


def _catch_up(database: Database, policy: Policy, rules: Sequence[Rule]) -> int:
    book, runs = Rulebook(database), 0
    for _ in range(ROUNDS):
        if not book.is_waiting():
            break
        with book.turn_or_none() as turn:
            if turn is None:  # another process is at it
                break
            events = _without_echoes(turn.events(BATCH))
            touched = {event.case_id for event in events if _is_wanted(turn, event, rules)} - {None}
            turn.lock(case_id for case_id in touched if case_id is not None)
            runs += sum(_look(turn, event, rules, policy) for event in events if event.case_id in touched)
    return runs


def _without_echoes(events: Sequence[Event]) -> list[Event]:
    """Of the runs that one event led to on a case only the last: it shows what all of them made of the case."""
    runs = {(event.case_id, event.data.get("event")): event.id for event in events if event.kind is EventKind.RULE}
    last = set(runs.values())
    return [event for event in events if event.kind is not EventKind.RULE or event.id in last]


def _is_wanted(turn: Turn, event: Event, rules: Sequence[Rule]) -> bool:
    """Whether some rule is for this event, as its case is before any rule looked at it."""
    now = _now(turn.database)
    mine = [rule for rule in rules if rule.on == _trigger(event, now)]
    if event.case_id is None or not mine:
        return False
    mention = turn.mention(event.case_id, event.post_id)
    return mention is not None and any(rule.answers(mention, now) for rule in mine)


def _look(turn: Turn, event: Event, rules: Sequence[Rule], policy: Policy) -> int:
    """Every rule on one event, in their order; a later rule sees what an earlier one did."""
    runs, depth = 0, int(event.data.get("depth", 0))
    trigger = _trigger(event, turn.database.now())
    for rule in rules:
        if rule.on != trigger or event.case_id is None:
            continue
        left = _Run(turn, rule, policy, event.case_id, event.id, post_id=event.post_id, depth=depth).carry_out()
        runs += left is None
        if rule.stop and left != "":
            break
    return runs


def _trigger(event: Event, now: datetime) -> str:
    """Which rules an event is for. The steps of a rule are looked at together, as the run that they end with."""
    if event.at < now - OLD:
        return ""
    if event.kind is EventKind.FOUND:
        return "arrival"
    if event.kind is EventKind.RULE:
        return "change" if event.data.get("acts") else ""
    foreign = event.data.get("own") is False  # another person's post in the conversation
    return "" if event.kind in SILENT or foreign or "depth" in event.data else "change"


def _open_cases(database: Database, policy: Policy, rules: Sequence[Rule]) -> None:
    """Gives mentions of competitors a case where a rule says so, and does there what else it says."""
    book = Rulebook(database)
    for rule in (each for each in rules if each.opens_cases):
        for _ in range(ROUNDS):
            if not book.has_posts(rule.key):
                break
            with book.turn_or_none() as turn:
                if turn is None:
                    return
                now = _now(database)
                fresh = [each for each in turn.without_case(rule.key, BATCH) if each.first_seen_at >= now - OLD]
                wanted = [each for each in fresh if rule.answers(each, now)]
                turn.lock_conversations({each.conversation_id for each in wanted})
                for mention in wanted:
                    _open_one(turn, mention, rule, policy)


def _open_one(turn: Turn, mention: Mention, rule: Rule, policy: Policy) -> None:
    case_id, event_id = turn.open_case(mention.id, rule.name)
    _Run(turn, rule, policy, case_id, event_id, post_id=mention.id).carry_out(opened=True)


def _open_stored(database: Database, rule: Rule) -> set[int]:
    """Gives the stored mentions of competitors cases; gives those."""
    opened = set[int]()
    found = [each for each in Inbox(database).mentions(rule.when) if each.case_id is None and not each.is_own]
    for some in in_chunks(found, BATCH):
        with Rulebook(database).turn() as turn:
            turn.lock_conversations({mention.conversation_id for mention in some})
            for post_id in (mention.id for mention in some):
                case_id, event_id = turn.open_case(post_id, rule.name)
                turn.claims(rule.key, case_id, event_id)  # what else it does is done once, for the case
                opened.add(case_id)
    return opened


def _by_time(database: Database, policy: Policy, rules: Sequence[Rule]) -> int:
    timed, book, runs = [rule for rule in rules if rule.on == "time"], Rulebook(database), 0
    if not timed or not book.is_due("time", MINUTE):
        return 0
    for rule in timed:
        waiting = book.unrun(rule.key, Inbox(database).ids(_open(rule)))
        for some in in_chunks(waiting, BATCH):
            with book.turn() as turn:
                told = [_Run(turn, rule, policy, case_id, event_id).carry_out() for case_id, event_id in some]
            runs += told.count(None)
    return runs


def _open(rule: Rule) -> str:
    return f"({rule.when}) is:open"


class _Run:
    """One rule on one case because of one event."""

    def __init__(
        self,
        turn: Turn,
        rule: Rule,
        policy: Policy,
        case_id: int,
        event_id: int,
        *,
        post_id: int | None = None,
        depth: int = 0,
        agent: str = "",
        run: str = "",
    ) -> None:
        self.turn, self.rule, self.policy, self.case_id, self.event_id = turn, rule, policy, case_id, event_id
        self.post_id, self.depth, self.agent, self.run = post_id, depth, agent, run
        self.actor = agent or workflow.RULE + rule.name
        stamp = {} if agent else {"rule": rule.name, "depth": depth + 1}
        self.steps = turn.steps({"batch": uuid.uuid4().hex, **stamp})

    def by_hand(self) -> None:
        """All acts in the name of the agent, without a rule's run being written down. Raises `NotFound`."""
        mention = self.turn.mention(self.case_id)
        if mention is None:
            raise NotFound(f"There is no case {self.case_id}.")
        done, left = self._all_acts(mention)
        if not done:
            raise StepRefused(f"Case {self.case_id}: {'; '.join(left)}.")

    def carry_out(self, *, opened: bool = False) -> str | None:
        """None when something was done; "" when the rule is not for this case, or ran already; else why not."""
        mention = self.turn.mention(self.case_id, self.post_id)
        if mention is None or not self.rule.answers(mention, _now(self.turn.database)):
            return ""
        if not self.turn.claims(self.rule.key, self.case_id, self.event_id):
            return ""
        data: dict[str, Any] = {"rule": self.rule.name, "event": self.event_id, "depth": self.depth + 1}
        data |= {"run": self.run} if self.run else {}
        if self.depth >= DEEPEST:
            why = f"more: {DEEPEST} rules followed from each other's changes: this looks like a loop, and ends here"
            self._write_down(data | {"acts": [], "left": [why]})
            return why
        done, left = self._all_acts(mention)
        done = ["open_case", *done] if opened else done
        if not done and not left:
            return ""
        self._write_down(data | {"acts": done, "left": left})
        return None if done else "; ".join(left)

    def _all_acts(self, mention: Mention) -> tuple[list[str], list[str]]:
        """What was done, and what was left and why."""
        done: list[str] = []
        left: list[str] = []
        first = self.turn.case(self.case_id)
        for act in self.rule.acts_on(first) if first else ():
            case = self.turn.case(self.case_id)
            why = obstacle(act, case, self.turn.database.now(), self.agent) if case else "the case is gone"
            try:
                if case and not why:
                    done.append(self._do(act, case, mention))
            except (StorageError, DeskError) as refused:
                why = str(refused)
            if why:
                left.append(f"{act}: {why}")
        return done, left

    def _do(self, act: Act, case: Case, mention: Mention) -> str:
        """Takes one step and says which. Raises what the step is refused with."""
        steps, of = self.steps, (case.id, self.actor)
        match act.kind:
            case "tag":
                steps.tag(*of, act.value)
            case "untag":
                steps.untag(*of, act.value)
            case "priority":
                steps.prioritise(*of, act.value)
            case "note":
                steps.note(*of, act.value)
            case "snooze":
                steps.snooze(*of, self.turn.database.now() + act.value)
            case "resolve":
                steps.resolve(*of)
            case "dismiss":
                steps.dismiss(*of)
            case "spam":
                steps.spam(*of)
            case "assign":
                return self._assign(act.value, case)
            case "template":
                self._draft(act.value, case)
            case "notify":
                self._notify(act.value, case, mention)
            case "playbook":
                steps.open_playbook(*of, act.value.name, act.value.steps)
                return f"playbook {act.value.name}"
        return str(act)

    def _assign(self, to: Assignment, case: Case) -> str:
        known = known_agents(self.turn, to, case)
        load = self.turn.load({*to.among, *known})
        agent = to.choose(case.lang, self.policy.team, load, self.turn.last_turn(self.rule.name), known)
        if not agent:
            raise StepRefused(NOBODY)
        self.steps.assign(case.id, self.actor, agent)
        if agent in to.among:
            self.turn.took_turn(self.rule.name, agent)
        return f"assign {agent}"

    def _draft(self, template: str, case: Case) -> None:
        """Drafts a reply; who sends it signs it, so {agent} stays open."""
        outbox = Outbox(self.turn.database)
        clerk = Clerk(self.turn.database, agent="{agent}", policy=self.policy, channels=_no_channel)
        outbox.draft(case.id, self.actor, clerk.fill(template, case), clerk.channel_of(case))

    def _notify(self, targets: Sequence[Target], case: Case, mention: Mention) -> None:
        title = f"{self.rule.name}: case {case.id}"
        words = [
            f"{mention.author or '(unknown)'} on {mention.source}:",
            mention.title,
            mention.text[:500],
            mention.url,
        ]
        text, topic = "\n".join(each for each in words if each), f"rule {self.rule.key} {case.id} {self.event_id}"
        Notices(self.turn.database).tell(topic, [target.id for target in targets], title, text)

    def _write_down(self, data: dict[str, Any]) -> None:
        self.turn.write_down(self.rule.name, self.case_id, data)


def known_agents(turn: Turn, to: Assignment, case: Case) -> list[str]:
    """Who of us knows the writer of a case, the latest first, where the assignment asks that."""
    known = turn.acquaintances(case.author_id) if to.last_agent and case.author_id else []
    return [each for each in known if each != SYSTEM and not each.startswith(workflow.RULE)]


def _no_channel(name: str) -> Any:
    raise LookupError(name)


def _now(database: Database) -> datetime:
    return database.now().astimezone(database.zone)
