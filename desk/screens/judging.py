"""Correcting by one key what was understood: how the writer feels, what they want. The classifier learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from desk.locale import _
from desk.screens.acts import Acts
from desk.screens.counter import REFUSALS
from desk.widgets.prompt import NOTHING, lettered
from storage.types import Case
from storage.types.words import INTENTS

if TYPE_CHECKING:
    from desk.clerk import Clerk


class Judging(Acts):
    """The keys that say what a mention is. What was right already is confirmed, and that teaches as well."""

    def action_feel(self, sentiment: str) -> None:
        """Says how the writer of the newest mention feels."""
        self.judge(self.chosen, "sentiment", sentiment)

    def action_intent(self) -> None:
        """Asks what the writer wants: several intents may be chosen, the most important first."""
        case = self.cases.case
        if case is None:
            return
        self.asked = self.chosen
        known = tuple(dict.fromkeys((*INTENTS, *case.intents)))
        choices = [(key, name, _(shown)) for key, name, shown in lettered(known)]
        self.prompt.choose_several("intent", _("Wants"), choices, case.intents)

    def answer_intent(self, names: str) -> None:
        """Keeps what the writer wants."""
        self.judge(self.asked, "intent", "" if names == NOTHING else names)

    def judge(self, ids: Sequence[int], field: str, to: str) -> None:
        """Says it of the newest mention of each of the cases."""
        if not ids:
            self.say(_("There is no case here."), "warn")
            return
        self.cases.unmark()
        self._judge(tuple(ids), field, to)

    @work(group="steps")
    async def _judge(self, ids: tuple[int, ...], field: str, to: str) -> None:
        try:
            cases, self.together = await self.counter.step(lambda clerk: judged(clerk, ids, field, to))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        self.stepped(cases, _("Corrected; thank you.") if self.together else _("It says so already."))


def judged(clerk: Clerk, ids: Sequence[int], field: str, to: str) -> tuple[list[Case], int]:
    """The cases afterwards, and how many acts that took: a judgement that stands already is none."""
    before = clerk.cursor()
    cases = [clerk.judge(each, field, to) for each in ids]
    return cases, sum(clerk.open(each).trail[-1].id > before for each in ids)
