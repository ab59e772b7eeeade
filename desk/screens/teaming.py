"""Work that more than one person has a part in: a hand-over to a department, and a playbook's checklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from desk.locale import _
from desk.screens.acts import Acts
from desk.screens.counter import REFUSALS
from desk.shown import clean_line
from desk.widgets.prompt import lettered
from storage.types import Case

if TYPE_CHECKING:
    from desk.clerk import Clerk

ACCEPT, REFUSE = "accept", "refuse"


class Teaming(Acts):
    """The keys of hand-overs and playbooks."""

    _department = ""
    """To which cases are being handed over."""

    def action_hand_over(self) -> None:
        """Hands the case over to a department; where that was done already, answers it."""
        case, self.asked = self.cases.case, self.chosen
        if case is None:
            return
        if case.handed_to is None:
            self.offer_departments()
            return
        title = _("Handed over to {name}", name=clean_line(case.handed_to, 40))
        choices = [("y", ACCEPT, _("accept")), ("n", REFUSE, _("refuse"))]
        self.prompt.choose("answered", title, choices)

    @work(exclusive=True, group="ask")
    async def offer_departments(self) -> None:
        """Offers the departments of the team."""
        names = await self.counter.read(lambda clerk: clerk.policy.departments)
        if names:
            self.prompt.choose("hand_over", _("Hand over to"), lettered(names))
        else:
            self.say(_("There are no departments: give people one under team: in sources.yaml."), "warn")

    def answer_hand_over(self, department: str) -> bool:
        """Asks what that department should know."""
        self._department = department
        self.prompt.ask("handed", _("Note for {name}, or Enter", name=clean_line(department, 40)))
        return False

    def answer_handed(self, note: str) -> None:
        """Hands the case over, with a note or without."""
        department = self._department
        said = _("Handed over to {name}.", name=clean_line(department, 40))
        self.take(lambda clerk, ids: clerk.hand_over(ids, department, note), said, ids=self.asked)

    def answer_answered(self, answer: str) -> bool:
        """Accepts, or asks why not."""
        if answer == REFUSE:
            self.prompt.ask("refused", _("Refused, because"))
            return False
        self.take(lambda clerk, ids: clerk.accept(ids), _("Yours."), ids=self.asked)
        return True

    def answer_refused(self, why: str) -> None:
        """Leaves it with who handed it over."""
        self.take(lambda clerk, ids: clerk.refuse(ids, why), _("Refused."), ids=self.asked)

    def action_playbook(self) -> None:
        """Ticks off a step of the case's playbook, or opens one."""
        case, self.asked = self.cases.case, self.chosen[:1]
        if case is None:
            return
        if case.checklist:
            shown = [f"{'[x]' if each.by else '[ ]'} {clean_line(each.text, 60)}" for each in case.checklist]
            numbers = [str(number) for number in range(1, len(shown) + 1)]
            letters = (letter for letter, *_rest in lettered(numbers))
            self.prompt.choose(
                "tick", clean_line(case.playbook or "", 40), list(zip(letters, numbers, shown, strict=False))
            )
        else:
            self.offer_playbooks()

    @work(exclusive=True, group="ask")
    async def offer_playbooks(self) -> None:
        """Offers the playbooks."""
        names = await self.counter.read(lambda clerk: list(clerk.policy.playbooks))
        if names:
            self.prompt.choose("playbook", _("Playbook"), lettered(names))
        else:
            self.say(_("There are no playbooks: write them under playbooks: in sources.yaml."), "warn")

    def answer_playbook(self, name: str) -> None:
        """Opens a playbook."""
        self.take(lambda clerk, ids: open_playbook(clerk, ids, name), _("Playbook opened."), ids=self.asked)

    @work(group="steps")
    async def answer_tick(self, number: str) -> None:
        """Ticks a step off, or takes the tick away."""
        case = self.cases.known(self.asked[0]) if self.asked else None
        if case is None:
            return
        done = case.checklist[int(number) - 1].by is None
        try:
            after = await self.counter.step(lambda clerk: clerk.tick(case.id, int(number), done=done))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        self.together = 1
        self.stepped([after], _("Ticked off.") if done else _("Not done after all."))


def open_playbook(clerk: Clerk, ids: tuple[int, ...], name: str) -> list[Case]:
    """Opens a playbook on each of the cases, with what it does by itself."""
    from desk import rule_runs

    for each in ids:
        rule_runs.follow(clerk, each, name)
    return clerk.cases(ids)
