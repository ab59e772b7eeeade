"""All that a person at the desk can do, without a screen: every key and every command calls it."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from desk import templates
from desk.clocks import Clock, clocks_of
from desk.errors import NotAllowed, NotReady
from desk.policy import Policy
from desk.roles import MAY, WAITS
from desk.service import Service
from desk.templates import answered, check_ready, newest_of
from desk.tone import Remark, check
from desk.views import COUNTED
from desk.why import Why
from storage.crisis import Crises, Crisis
from storage.database import Database
from storage.errors import NotFound
from storage.history import Histories
from storage.inbox import Inbox
from storage.news import News
from storage.outbox import UNDERWAY, Outbox
from storage.searching import Watch
from storage.steps import Ids
from storage.teamwork import Teamwork
from storage.types import Case, CaseFile, Event, Mention, Priority, Reply, ReplyState
from storage.undo import Undo

if TYPE_CHECKING:
    from desk.channels import Channel
    from desk.macros import Macro


class Clerk:
    """One agent at one desk. Steps raise `NotAllowed` for a role that may not, and what storage refuses."""

    def __init__(
        self,
        database: Database,
        *,
        agent: str,
        policy: Policy,
        channels: Callable[[str], Channel],
        service: Service | None = None,
        macros: Mapping[str, Macro] | None = None,
        stamp: Mapping[str, str] | None = None,
    ) -> None:
        """`stamp` is said in what this clerk does: one `batch` makes it one act, to be taken back at once."""
        self.database, self.agent, self.policy, self.channels = database, agent, policy, channels
        self.service, self.macros = service or Service(), macros or {}
        self._inbox, self._steps = Inbox(database), Teamwork(database, stamp or {})
        self._outbox, self._undo = Outbox(database, stamp or {}), Undo(database)
        self._news = News(database)

    # Reading

    def inbox(self, query: str = "is:open", *, limit: int = 50, watch: Watch | None = None) -> tuple[Case, ...]:
        """Cases in inbox order: see `Inbox.page`. `me` in a query is this agent."""
        return self._inbox.page(query, limit=limit, me=self.agent, watch=watch)

    def ids(self, query: str = "is:open", *, limit: int | None = None, watch: Watch | None = None) -> array[int]:
        """Ids of the cases of a view, in inbox order."""
        return self._inbox.ids(query, me=self.agent, limit=limit, watch=watch)

    def count(self, query: str = "is:open") -> int:
        """How many cases a view has; one more than `COUNTED` stands for any number above it."""
        return self._inbox.count(query, most=COUNTED + 1, me=self.agent)

    def cases(self, ids: Sequence[int]) -> list[Case]:
        """The cases of `ids`, in that order; those that are gone are left out."""
        return self._inbox.cases(ids)

    def mentions(self, query: str, *, limit: int | None = None, newest_first: bool = True) -> Iterator[Mention]:
        """The mentions that answer a query, by time."""
        return self._inbox.mentions(query, limit=limit, newest_first=newest_first, me=self.agent)

    def open(self, case_id: int) -> CaseFile:
        """A case with all that is needed to answer it well."""
        return self._inbox.open(case_id)

    def refreshed(self, file: CaseFile, case: Case) -> CaseFile:
        """An opened case, of which `case` was read anew."""
        return self._inbox.refreshed(file, case)

    def cursor(self) -> int:
        """Where `changed_since` may begin."""
        return self._inbox.cursor()

    def has_news(self) -> bool:
        """Whether `changed_since` is worth asking; costs nothing. What was told once is not told again."""
        return self._news.is_any()

    def changed_since(self, cursor: int) -> tuple[int, tuple[int, ...]]:
        """The new cursor, and the cases that any desk or the listener changed since the old one."""
        return self._inbox.changed_since(cursor)

    def why(self, case_id: int) -> Why:
        """Why a case is where it is, by its newest mention."""
        file = self._inbox.open(case_id)
        newest = newest_of(file)
        return Why(newest.queries, newest.reasons, file.trail, self.clocks(file), self.service.zone)

    def clocks(self, file: CaseFile) -> tuple[Clock, ...]:
        """How the promises to a case stand, ended and running, in order of beginning; none where none suits it."""
        if not self.service.promises or (history := Histories(self.database).of_file(file)) is None:
            return ()
        return clocks_of(history, self.service, self.database.now())

    # Having cases

    def claim(self, case_id: int, *, lease: timedelta | None = None) -> Case:
        """Takes a case, for the policy's lease if none is given."""
        self._permit("claim")
        return self._steps.claim(case_id, self.agent, lease=lease or self.policy.lease)

    def claim_all(self, case_ids: Ids, *, lease: timedelta | None = None) -> tuple[Case, ...]:
        """Takes several cases, all or none."""
        self._permit("claim")
        return self._steps.claim_all(case_ids, self.agent, lease=lease or self.policy.lease)

    def renew(self, case_id: int, epoch: int) -> None:
        """The heartbeat of an open case. Raises `LostCase`."""
        self._steps.renew(case_id, self.agent, epoch, lease=self.policy.lease)

    def release(self, case_ids: Ids) -> tuple[Case, ...]:
        """Lets go of cases."""
        self._permit("release")
        return self._steps.release(case_ids, self.agent)

    def take_over(self, case_id: int, reason: str) -> Case:
        """Takes a case from a colleague who is at work on it; for leads, with a reason."""
        self._permit("take_over")
        if not reason.strip():
            raise NotReady("Say why you take the case over; your colleague reads it.")
        return self._steps.take_over(case_id, self.agent, reason.strip(), lease=self.policy.lease)

    def assign(self, case_ids: Ids, to: str | None) -> tuple[Case, ...]:
        """Gives cases to a member of the team, or to nobody."""
        self._permit("assign")
        if to is not None and (self.policy.member(to) is None or not to.strip()):
            raise NotFound(f"{to} is not in the team: choose from {', '.join(sorted(self.policy.team))}.")
        return self._steps.assign(case_ids, self.agent, to)

    def hand_over(self, case_ids: Ids, to: str, note: str = "") -> tuple[Case, ...]:
        """Offers cases to a department of the team; until somebody there accepts they stay with this agent."""
        self._permit("hand_over")
        if to not in self.policy.departments:
            known = ", ".join(self.policy.departments) or "none yet: give people a department under team:"
            raise NotFound(f"{to} is not a department of the team: {known}.")
        return self._steps.hand_over(case_ids, self.agent, to, note.strip())

    def accept(self, case_ids: Ids, *, lease: timedelta | None = None) -> tuple[Case, ...]:
        """Takes cases that were handed over to this agent's department."""
        self._answer("accept", case_ids)
        return self._steps.accept(case_ids, self.agent, lease=lease or self.policy.lease)

    def refuse(self, case_ids: Ids, why: str) -> tuple[Case, ...]:
        """Leaves cases that were handed over to this agent's department with who gave them, and says why."""
        self._answer("refuse", case_ids)
        return self._steps.refuse(case_ids, self.agent, why)

    def _answer(self, act: str, case_ids: Ids) -> None:
        """Raises `NotAllowed` where a hand-over is for another department to answer; a lead answers for all."""
        self._permit(act)
        member = self.policy.member(self.agent)
        for case in self._inbox.cases([case_ids] if isinstance(case_ids, int) else case_ids):
            theirs = case.handed_to is None or (member is not None and member.department == case.handed_to)
            if not theirs and self._role() != "lead":
                raise NotAllowed(f"Case {case.id} was handed over to {case.handed_to}; {self.agent} is not of it.")

    def tick(self, case_id: int, number: int, *, done: bool = True) -> Case:
        """Ticks off a step of the playbook's checklist, counted from 1, or takes the tick away."""
        self._permit("tick")
        return self._steps.tick(case_id, self.agent, number, done=done)

    # Deciding

    def tag(self, case_ids: Ids, tag: str, *more: str) -> tuple[Case, ...]:
        """Puts labels on cases."""
        self._permit("tag")
        return [self._steps.tag(case_ids, self.agent, each) for each in (tag, *more)][-1]

    def untag(self, case_ids: Ids, tag: str, *more: str) -> tuple[Case, ...]:
        """Takes labels off cases."""
        self._permit("untag")
        return [self._steps.untag(case_ids, self.agent, each) for each in (tag, *more)][-1]

    def note(self, case_ids: Ids, text: str) -> tuple[Case, ...]:
        """Writes something down for colleagues."""
        self._permit("note")
        return self._steps.note(case_ids, self.agent, text)

    def snooze(self, case_ids: Ids, until: datetime) -> tuple[Case, ...]:
        """Puts cases away until a time."""
        self._permit("snooze")
        return self._steps.snooze(case_ids, self.agent, until)

    def pend(self, case_ids: Ids) -> tuple[Case, ...]:
        """Waits for somebody else."""
        self._permit("pend")
        return self._steps.pend(case_ids, self.agent)

    def resolve(self, case_ids: Ids) -> tuple[Case, ...]:
        """The work is done."""
        self._permit("resolve")
        return self._steps.resolve(case_ids, self.agent)

    def dismiss(self, case_ids: Ids) -> tuple[Case, ...]:
        """Not about us, or not for us to answer."""
        self._permit("dismiss")
        return self._steps.dismiss(case_ids, self.agent)

    def spam(self, case_ids: Ids) -> tuple[Case, ...]:
        """Unwanted rubbish."""
        self._permit("spam")
        return self._steps.spam(case_ids, self.agent)

    def reopen(self, case_ids: Ids) -> tuple[Case, ...]:
        """Back to open."""
        self._permit("reopen")
        return self._steps.reopen(case_ids, self.agent)

    def prioritise(self, case_ids: Ids, to: Priority) -> tuple[Case, ...]:
        """Sets the priority."""
        self._permit("prioritise")
        return self._steps.prioritise(case_ids, self.agent, to)

    def correct(self, mention_id: int, field: str, to: str | float) -> Case:
        """Corrects what was understood of a mention."""
        self._permit("correct")
        return self._steps.correct(mention_id, self.agent, field, to)

    def judge(self, case_id: int, field: str, to: str | float) -> Case:
        """Corrects or confirms what was understood of a case's newest mention."""
        return self.correct(newest_of(self._inbox.open(case_id)).id, field, to)

    def macro(self, name: str, case_ids: Ids, *, seen: Mapping[int, Case] = {}, hold: timedelta | None = None) -> None:
        """Carries out all steps of a macro or none, as one act. `seen` and `hold` are as in `reply`.

        Raises `NotFound`, and `StepRefused` saying which step was refused and why.
        """
        macro = self.macros.get(name)
        if macro is None:
            raise NotFound(f"There is no macro {name}: choose from {', '.join(sorted(self.macros)) or 'none'}.")
        with self.database.together() as within:
            one = Clerk(
                within, agent=self.agent, policy=self.policy, channels=self.channels, stamp={"batch": uuid.uuid4().hex}
            )
            ids = (case_ids,) if isinstance(case_ids, int) else sorted(set(case_ids))  # as cases are locked everywhere
            macro.carry_out(one, tuple(ids), seen, hold)

    def undo(self, on: int | None = None) -> Event:
        """Takes back this agent's newest act, or the newest on a case."""
        self._permit("undo")
        return self._undo.undo(self.agent, on)

    def redo(self) -> Event:
        """Does again what was taken back."""
        self._permit("redo")
        return self._undo.redo(self.agent)

    # Answering

    def fill(self, template: str, case: Case, prompts: Mapping[str, str] | None = None) -> str:
        """A template of the policy in the case's language, with what is known filled in; gaps stay as they are.

        `prompts` answers {prompt:…} by what stands after the colon. Raises `NotFound`.
        """
        return templates.fill(self.policy, self.agent, template, case, prompts or {})

    def remarks(self, case: Case) -> Callable[[str], tuple[Remark, ...]]:
        """What looks at the words of a reply to a case before they leave; it asks nobody, so it may be called often."""
        sound = self.policy.tone_for(case.source, case.brand)
        public = not getattr(self.channels(self.channel_of(case)), "private", False)
        return lambda text: check(text, sound, agent=self.agent, lang=case.lang, public=public)

    def templates(self, case: Case) -> list[str]:
        """The names of all templates, those of the case's playbook first."""
        playbook = self.policy.playbooks.get(case.playbook or "")
        return list(dict.fromkeys([*(playbook.replies if playbook else ()), *self.policy.replies]))

    def channel_of(self, case: Case) -> str:
        """The channel that answers a case. Raises `NotAllowed` where nobody answers, as the configuration says."""
        if why := self.policy.silence(case.source, case.brand):
            raise NotAllowed(why)
        return self.policy.channel_for(case.source).name

    def draft(self, case_id: int, text: str) -> Reply:
        """Keeps what is being written."""
        self._permit("draft")
        return self._outbox.draft(case_id, self.agent, text, self.channel_of(self._inbox.case(case_id)))

    def reply(
        self,
        case_id: int,
        text: str,
        *,
        mention_id: int | None = None,
        seen: Case | None = None,
        key: str = "",
        hold: timedelta | None = None,
    ) -> Reply:
        """Hands a reply over to the outbox, claiming the case first where nobody has it.

        `mention_id` is the mention it answers, else the newest. `seen` is the case as the agent had it before their
        eyes: then the reply is refused with `LostCase` if it changed hands and `ConversationMoved` if others changed
        it. The same `key` hands over once. Raises `NotReady` for a text that should not leave.
        """
        self._permit("reply")
        text = text.replace("{agent}", self.agent)  # a rule's draft is signed by who sends it
        file = self._inbox.open(case_id)
        channel = self.channel_of(file.case)
        check_ready(text.strip(), channel, self.channels(channel), self.remarks(file.case))
        if seen is None and not file.case.status.is_open:
            raise NotReady(f"Case {case_id} is {file.case.status}: reopen it first.")
        fence = seen if seen is not None and seen.assignee == self.agent else self.claim(case_id)
        return self._outbox.hold(
            case_id,
            self.agent,
            text.strip(),
            channel=channel,
            post_id=answered(file, mention_id).id,
            epoch=fence.epoch,
            seen_version=(seen or file.case).version,
            key=key or uuid.uuid4().hex,
            hold=self.policy.hold if hold is None else hold,
            needs_approval=(self._role(), "reply") in WAITS,
        )

    def cancel(self, reply_id: int) -> Reply:
        """Calls a reply back before it leaves; a colleague's only as a lead."""
        self._permit("cancel" if self._outbox.reply(reply_id).agent == self.agent else "cancel_others")
        return self._outbox.cancel(reply_id, self.agent)

    def approve(self, reply_id: int, text: str = "") -> Reply:
        """Lets a colleague's reply go, in the words of `text` where they are better."""
        self._permit("approve")
        if text := text.strip():
            reply = self._outbox.reply(reply_id)
            case = self._inbox.case(reply.case_id)
            check_ready(text, reply.channel, self.channels(reply.channel), self.remarks(case))
        return self._outbox.approve(reply_id, self.agent, text or None)

    def reject(self, reply_id: int, why: str) -> Reply:
        """Gives a colleague's reply back with the reason."""
        self._permit("reject")
        return self._outbox.reject(reply_id, self.agent, why)

    def outbox(self, states: Collection[ReplyState] = (*UNDERWAY, ReplyState.FAILED)) -> tuple[Reply, ...]:
        """Replies on their way out, and those that failed."""
        return self._outbox.list(states)

    def reply_of(self, reply_id: int) -> Reply:
        """One reply, as it is now."""
        return self._outbox.reply(reply_id)

    def retry(self, reply_id: int) -> Reply:
        """Sends a failed reply again."""
        self._permit("retry")
        return self._outbox.retry(reply_id, self.agent)

    def settle(self, reply_id: int, *, arrived: bool) -> Reply:
        """Says whether an uncertain reply arrived, after having looked."""
        self._permit("settle")
        return self._outbox.settle(reply_id, self.agent, arrived=arrived)

    def crisis(self) -> Crisis | None:
        """The crisis that holds now: while it does, replies wait for approval, but for its statement."""
        return Crises(self.database).current()

    def permit(self, act: str) -> None:
        """Raises `NotAllowed` where this agent may not do `act`, for what is done by others in their name."""
        self._permit(act)

    def _role(self) -> str | None:
        member = self.policy.member(self.agent)
        return member.role if member else None

    def _permit(self, act: str) -> None:
        role = self._role()
        if role is None:
            raise NotAllowed(f"{self.agent} is not in the team of sources.yaml, and may only read.")
        if act not in MAY[role]:
            raise NotAllowed(f"{self.agent} may not {act.replace('_', ' ')}: the role {role} does not have that.")
