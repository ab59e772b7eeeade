"""What is known around the open case: who else is at it, what its posts said before, and what its writer was told."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from textual import work

from desk.locale import _, clock
from desk.screens.acts import Acts
from desk.screens.counter import REFUSALS
from desk.widgets.author import alike
from storage.types import CaseFile, EventKind

if TYPE_CHECKING:
    from desk.clerk import Clerk
    from storage.dossier import Before, Dossier
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
        writing = getattr(self, "answering", None)
        if writing is not None:
            return writing.case.id, True
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
        """A case was opened: what is known besides it is read after it is shown."""
        if self.file is not None and not (self.dossier and self.dossier[0] == self.file.case.id):
            self.dossier = None
        self.know()

    @work(exclusive=True, group="dossier")
    async def know(self) -> None:
        """Reads what is known of the writer, and what was edited since the case was claimed."""
        file = self.file
        if file is None:
            return
        try:
            dossier, edits = await self.counter.read(lambda clerk: known(clerk, file))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        if self.file is not None and self.file.case.id == file.case.id:
            self.dossier, self.edits = (file.case.id, dossier), edits
            self.paint_file()

    def heed_draft(self) -> None:
        """Says it once when what is being written was told to this person before."""
        file = getattr(self, "answering", None)
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


def known(clerk: Clerk, file: CaseFile) -> tuple[Dossier, Mapping[int, Before]]:
    """The writer, and the posts as they were when the case was claimed."""
    from storage.dossier import Dossiers

    dossiers = Dossiers(clerk.database)
    return dossiers.of(file.case), dossiers.edits(file.case, claimed_at(file))


def claimed_at(file: CaseFile) -> datetime | None:
    """When whoever has the case took it; None where nobody has, or nothing was edited since."""
    claims = [each for each in file.trail if each.kind is EventKind.CLAIMED and "undone_by" not in each.data]
    if file.case.assignee is None or not claims:
        return None
    edited = any(each.kind is EventKind.EDITED and each.id > claims[-1].id for each in file.trail)
    return claims[-1].at if edited else None
