"""What an agent does to a case by one key, or by a key and a letter."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import on, work

from desk.locale import _, ngettext
from desk.screens.counter import REFUSALS
from desk.screens.moments import CHOICES, moment
from desk.screens.reading import Opened, read_again
from desk.screens.stage import Stage
from desk.shown import clean_block, clean_line, link_host
from desk.views import SEARCH
from desk.widgets.case_list import MARKABLE
from desk.widgets.prompt import Prompt, lettered
from storage.types import Case, CaseFile, Event, EventKind, Mention, Priority

if TYPE_CHECKING:
    from desk.clerk import Clerk

Step = Callable[["Clerk", tuple[int, ...]], Sequence[Case]]

ESCALATED = "escalated"
"""The tag that says so, also where nobody leads the team."""
MAY_BE_EMPTY = ("search", "handed")
"""The questions to which nothing is an answer too."""


class Acts(Stage):
    """Keys that take a step, and the prompts of those that need one word more."""

    together = 1
    """Steps that the last key took at once: what undo takes back at once."""

    asked: tuple[int, ...] = ()
    """The cases that the open prompt is about."""

    @property
    def chosen(self) -> tuple[int, ...]:
        """The cases that an act works on: those marked, else the one under the cursor."""
        if self.cases.marked:
            return tuple(sorted(self.cases.marked))
        case_id = self.cases.case_id
        return (case_id,) if case_id is not None else ()

    def take(self, step: Step, said: str, *, onward: bool = False, ids: tuple[int, ...] | None = None) -> None:
        """Takes a step on the chosen cases; `onward` moves to the next case without waiting for the answer."""
        chosen = self.chosen if ids is None else ids
        if not chosen:
            self.say(_("There is no case here."), "warn")
            return
        self.cases.unmark()
        self.together = 1
        self._take(step, chosen, said, None if onward else self.file)
        if onward:
            self.cases.next_open()

    @work(group="steps")
    async def _take(self, step: Step, ids: tuple[int, ...], said: str, file: CaseFile | None) -> None:
        here = self.cases.case_id
        try:
            cases, found = await self.counter.step(lambda clerk: act(clerk, step, ids, file))
        except REFUSALS as error:
            self._refused(error, ids, here)
            return
        said = said if len(ids) == 1 else f"{said} ({ngettext('{n} case', '{n} cases', len(ids))})"
        self.stepped(cases, said, found if self.file is file else None)

    def _refused(self, error: Exception, ids: tuple[int, ...], here: int | None) -> None:
        """Says why, and goes back to the case that was left already, unless the agent went on from `here`."""
        self.say_trouble(error)
        self.fetch_rows(ids)
        if len(ids) == 1 and self.cases.case_id == here:
            self.cases.go_to(ids[0])

    def stepped(self, cases: Sequence[Case], said: str, found: Opened | None = None) -> None:
        """Shows what a step did, and the open case where it was read again with it."""
        self.cases.put(cases)
        self.say(said, "good")
        if found is not None:
            self.put_again(found)
        elif self.file is not None and any(case.id == self.file.case.id for case in cases):
            self.refresh_file()

    # -- one key --------------------------------------------------------------------------------------------------

    def action_claim(self) -> None:
        """Claims what nobody has; lets go of what is the agent's own."""
        case = self.cases.case
        if case is not None and case.assignee == self.agent and not self.cases.marked:
            self.take(lambda clerk, ids: clerk.release(ids), _("Let go."))
        else:
            self.take(lambda clerk, ids: clerk.claim_all(ids), _("Yours."))

    def action_resolve(self) -> None:
        """Done."""
        self.take(lambda clerk, ids: clerk.resolve(ids), _("Done. z undoes it."), onward=True)

    def action_irrelevant(self) -> None:
        """Not for us."""
        self.take(lambda clerk, ids: clerk.dismiss(ids), _("Irrelevant. z undoes it."), onward=True)

    def action_spam(self) -> None:
        """Rubbish."""
        self.take(lambda clerk, ids: clerk.spam(ids), _("Spam. z undoes it."), onward=True)

    def action_pend(self) -> None:
        """Waits for the writer."""
        self.take(lambda clerk, ids: clerk.pend(ids), _("Waits for the writer."), onward=True)

    def action_reopen(self) -> None:
        """Open again."""
        self.take(lambda clerk, ids: clerk.reopen(ids), _("Open again."))

    def action_priority(self, value: str) -> None:
        """Sets the priority."""
        priority = Priority(value)
        self.take(lambda clerk, ids: clerk.prioritise(ids, priority), _("Priority set."))

    def action_escalate(self) -> None:
        """Urgent, tagged as escalated, and given to whoever leads."""
        if ids := self.chosen:
            self.cases.unmark()
            self._escalate(ids)
            self.cases.next_open()

    @work(group="steps")
    async def _escalate(self, ids: tuple[int, ...]) -> None:
        here = self.cases.case_id
        try:
            cases, self.together = await self.counter.step(lambda clerk: escalate(clerk, ids))
        except REFUSALS as error:
            self._refused(error, ids, here)
            return
        self.stepped(cases, _("Escalated. z undoes it."))

    def action_undo(self) -> None:
        """Takes the last act back; what one key did at once goes back at once."""
        times, self.together = max(1, self.together), 1
        self._turn(lambda clerk: [clerk.undo() for _time in range(times)][-1], _("Undone."))

    def action_redo(self) -> None:
        """Does again what was undone."""
        self._turn(lambda clerk: clerk.redo(), _("Done again."))

    @work(group="steps")
    async def _turn(self, call: Callable[[Clerk], Event], said: str) -> None:
        try:
            event = await self.counter.step(call)
            cases = await self.counter.read(lambda clerk: clerk.cases([event.case_id] if event.case_id else []))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        if cases:
            self.cases.go_to(cases[0].id)
        self.stepped(cases, said)

    def action_mark(self) -> None:
        """Marks the case, so that the next act works on all that are marked."""
        self.cases.toggle_mark()
        self.paint_bars()

    def action_mark_range(self) -> None:
        """From here on moving marks, until the key is pressed again or an act is taken."""
        self.cases.toggle_range()
        self.paint_bars()

    def action_mark_onward(self, way: int) -> None:
        """Marks the case and the next one, where the cursor goes."""
        self.cases.mark_onward(way)
        self.paint_bars()

    def action_mark_all(self) -> None:
        """Marks all that is listed, or takes all marks away."""
        if not self.cases.mark_all():
            self.say(_("That is too much for one act: {n} cases at most.", n=MARKABLE), "warn")
        self.paint_bars()

    # -- a key and a word -----------------------------------------------------------------------------------------

    def action_take_over(self) -> None:
        """Takes a case from a colleague; asks why."""
        self.asked = self.chosen
        if self.asked:
            self.prompt.ask("take_over", _("Take over, because"))

    def action_note(self) -> None:
        """A note for colleagues."""
        self.asked = self.chosen
        if self.asked:
            self.prompt.ask("note", _("Note"))

    def action_snooze(self) -> None:
        """Puts a case away until later."""
        self.asked = self.chosen
        if self.asked:
            choices = [(key, words, _(shown)) for key, words, shown in CHOICES]
            self.prompt.choose("snooze", _("Snooze"), choices, free=True)

    def action_tag(self) -> None:
        """Tags a case; the tags most in use have a letter."""
        self._offer("tag", _("Tag"), self.cases.tags())

    def action_assign(self) -> None:
        """Gives a case to a colleague."""
        self._offer("assign", _("Assign to"), self.team)

    def _offer(self, purpose: str, title: str, values: Sequence[str]) -> None:
        self.asked = self.chosen
        if not self.asked:
            return
        if values:
            self.prompt.choose(purpose, title, lettered(values[:8]), free=True)
        else:
            self.prompt.ask(purpose, title)

    @on(Prompt.Left)
    def _left(self, event: Prompt.Left) -> None:
        event.stop()
        self.leave_prompt()
        if event.purpose == "search" and self.view is SEARCH and not self._whole:
            self.turn_back()  # what was searched for could not be read: there is no list of it

    def leave_prompt(self) -> None:
        """Puts the prompt away and gives the keys back to the list."""
        self.prompt.close()
        self.to_list_or_conversation()

    def to_list_or_conversation(self) -> None:
        """Gives the keys back to the desk."""
        self.set_focus(None)

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        event.stop()
        answer = getattr(self, f"answer_{event.purpose}")
        if not event.value and event.purpose not in MAY_BE_EMPTY:
            self.leave_prompt()
            return
        if answer(event.value) is not False:
            self.leave_prompt()

    def answer_tag(self, tag: str) -> None:
        """Tags, or takes a tag away that is named with a minus."""
        tag = tag.removeprefix(":")  # where tags have letters, ":" comes before the words
        if tag.startswith("-"):
            self.take(
                lambda clerk, ids: clerk.untag(ids, tag[1:]), _("Tag {tag} taken away.", tag=tag[1:]), ids=self.asked
            )
        else:
            self.take(lambda clerk, ids: clerk.tag(ids, tag), _("Tagged {tag}.", tag=tag), ids=self.asked)

    def answer_assign(self, who: str) -> None:
        """Gives the case away."""
        self.take(lambda clerk, ids: clerk.assign(ids, who), _("Assigned to {name}.", name=who), ids=self.asked)

    def answer_note(self, text: str) -> None:
        """Keeps the note."""
        self.take(lambda clerk, ids: clerk.note(ids, text), _("Noted."), ids=self.asked)

    def answer_take_over(self, reason: str) -> None:
        """Takes the case over."""
        self.take(lambda clerk, ids: [clerk.take_over(ids[0], reason)], _("Yours."), ids=self.asked[:1])

    def answer_snooze(self, words: str) -> bool:
        """Puts the case away, unless the words are no moment."""
        until = moment(words, self.now())
        if until is None:
            self.prompt.ask("snooze", _("Snooze"), words)
            self.prompt.complain(_("No moment: write 2h, 3d, tomorrow, mon, 15:30 or 2026-12-01."))
            return False
        self.take(lambda clerk, ids: clerk.snooze(ids, until), _("Snoozed. z undoes it."), onward=True, ids=self.asked)
        return True

    # -- what is written there ------------------------------------------------------------------------------------

    def action_open_link(self) -> None:
        """Opens the post in the browser, after saying where that is."""
        url = self.address()
        host = link_host(url)
        if host is None:
            self.say(_("This is no web address, so it is not opened: {url}", url=clean_line(url, 80)), "warn")
            return
        if self.app.is_web or has_browser():
            self.app.open_url(url)
            self.say(_("Opened {host}", host=host))
        else:
            self.app.copy_to_clipboard(url)
            self.say(_("There is no browser here; the address at {host} is copied.", host=host))

    def action_copy_link(self) -> None:
        """Copies the address."""
        if url := clean_line(self.address(), 2000):
            self.app.copy_to_clipboard(url)
            self.say(_("Address copied."))

    def action_copy_text(self) -> None:
        """Copies what was written, cleaned."""
        case = self.cases.case
        if case is not None:
            self.app.copy_to_clipboard(clean_block(case.text))
            self.say(_("Text copied."))

    def address(self) -> str:
        """Where the newest mention of the case stands."""
        case = self.cases.case
        return case.url if case is not None else ""


def act(clerk: Clerk, step: Step, ids: tuple[int, ...], file: CaseFile | None) -> tuple[Sequence[Case], Opened | None]:
    """Takes a step, and reads the open case again where it is of it: so that both are painted at once."""
    cases = step(clerk, ids)
    case = next((each for each in cases if file is not None and each.id == file.case.id), None)
    return cases, read_again(clerk, file, case) if file is not None and case is not None else None


def has_browser() -> bool:
    """Whether there is a browser with a window of its own; one in the terminal would write over the desk."""
    try:
        return type(webbrowser.get()).__name__ not in ("GenericBrowser", "Elinks")
    except webbrowser.Error:
        return False


def escalate(clerk: Clerk, ids: tuple[int, ...]) -> tuple[Sequence[Case], int]:
    """Urgent, tagged, and with the first lead of the team other than the agent; and how many acts that took."""
    before = clerk.cursor()
    leads = (name for name, member in sorted(clerk.policy.team.items()) if member.role == "lead")
    lead = next((name for name in leads if name != clerk.agent), None)
    clerk.prioritise(ids, Priority.URGENT)
    cases = clerk.tag(ids, ESCALATED)
    if lead is not None:
        cases = clerk.assign(ids, lead)
    done = {each.kind for case_id in ids for each in clerk.open(case_id).trail if each.id > before}
    return cases, len(done & {EventKind.PRIORITISED, EventKind.TAGGED, EventKind.ASSIGNED})


def newest(thread: Sequence[Mention], case_id: int) -> Mention | None:
    """The newest mention of a case."""
    mine = [post for post in thread if post.case_id == case_id]
    return mine[-1] if mine else None
