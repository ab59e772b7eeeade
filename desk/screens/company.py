"""What is known around the open case: who else is at it, what its posts said before, and what its writer was told."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from textual import work

from desk.locale import _, clock
from desk.screens.acts import Acts
from desk.screens.counter import REFUSALS
from storage.types import Case

if TYPE_CHECKING:
    from desk.clerk import Clerk
    from storage.dossier import Dossier
    from storage.presence import Presence

LOOK = 3.0
"""Seconds between two looks at who else is there."""
SAID = 12.0
"""Seconds after which a desk says again where it is; colleagues believe it for thirty."""


class Company(Acts):
    """Sees colleagues at their cases and is seen; knows the writer."""

    _told_at = 0.0
    _told: tuple[int, bool] | None = None
    _asking = False
    _warned = ""

    def on_mount(self) -> None:
        """Looks around from time to time."""
        self.set_interval(LOOK, self.look_around)

    @property
    def place(self) -> tuple[int, bool] | None:
        """The case this agent is at, and whether they write; None in a list without a conversation beside it."""
        if self.answering is not None:
            return self.answering.case.id, True
        shown = self.file is not None and (self.side_by_side or self.reading)
        return (self.file.case.id, False) if shown and self.file is not None else None

    @work(group="company")
    async def look_around(self) -> None:
        """Says where this agent is, where that changed or was said long ago, and asks where the others are."""
        self.heed_draft()
        if self._asking:
            return
        place, now = self.place, monotonic()
        news = place != self._told or (place is not None and now - self._told_at > SAID)
        self._asking = True
        try:
            others = await self.counter.read(lambda clerk: meet(clerk, place, news))
        except REFUSALS:
            return
        finally:
            self._asking = False
        if news:
            self._told, self._told_at = place, now
        if others != self.company:
            self.company = others
            self.cases.see(others)
            self.paint_file()

    def leave_company(self) -> None:
        """Is nowhere any more."""
        if self._told is not None:
            with suppress(Exception):
                self.counter.step_now(lambda clerk: meet(clerk, None, True))

    # -- what is known of the writer ------------------------------------------------------------------------------

    def opened(self) -> None:
        """A case was read whole: so is what is known of its writer, after it is shown."""
        self.know()

    @work(exclusive=True, group="dossier")
    async def know(self) -> None:
        """Reads what is known of the writer, where that is shown or watched while a reply is written."""
        file = self.file
        if file is None or not (self.shows_author or self.answering is not None):
            return
        try:
            dossier = await self.counter.read(lambda clerk: known(clerk, file.case))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        if self.file is not None and self.file.case.id == file.case.id:
            self.dossier = file.case.id, dossier
            self.paint_file()

    def heed_draft(self) -> None:
        """Says it once when what is being written was told to this person before."""
        from desk.widgets.author import alike

        file = self.answering
        if file is None or self.dossier is None or self.dossier[0] != file.case.id:
            self.draft = ""
            return
        self.draft = self.reply_box.text  # type: ignore[attr-defined]
        same = next((each for each in self.dossier[1].replies if alike(each.text, self.draft)), None)
        if same is not None and self._warned != same.key:
            self._warned = same.key
            at = clock(same.sent_at or same.created_at, self.now())
            self.say(_("They were told nearly this before, {time}.", time=at), "warn")
            self.paint_file()


def meet(clerk: Clerk, place: tuple[int, bool] | None, news: bool) -> tuple[Presence, ...]:
    """Says where this agent is, if that is news, and gives the others."""
    from storage.presence import Company as Room

    room = Room(clerk.database)
    if news and place is not None:
        room.here(clerk.agent, place[0], is_writing=place[1])
    elif news:
        room.gone(clerk.agent)
    return room.others(clerk.agent)


def known(clerk: Clerk, case: Case) -> Dossier:
    """What is known of the writer of a case."""
    from storage.dossier import Dossiers

    return Dossiers(clerk.database).of(case)
