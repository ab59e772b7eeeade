"""The replies on their way out: held, waiting for approval, uncertain, failed, and what to do with each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding

from desk.locale import N_, _, clock
from desk.locale.refusals import in_words
from desk.screens.choosing import Choosing
from desk.screens.counter import REFUSALS, Counter
from desk.shown import clean_block, clean_line
from desk.widgets.lines import Line, wrap
from desk.widgets.prompt import Prompt
from desk.widgets.signs import REPLY_WORD
from storage.types import Reply, ReplyState

if TYPE_CHECKING:
    from desk.clerk import Clerk

ADVICE = {
    ReplyState.HELD: N_("b takes it back before it leaves."),
    ReplyState.AWAITING_APPROVAL: N_("y approves it, e puts it in better words first, n sends it back with a reason."),
    ReplyState.SENDING: N_("On its way."),
    ReplyState.UNCERTAIN: N_(
        "Look at the source: a when it arrived, l when it was lost. It is never resent by itself."
    ),
    ReplyState.FAILED: N_("t tries again, b makes it a draft again."),
}


class OutboxScreen(Choosing[Reply]):
    """One reply after the other."""

    heading = N_("Outbox")
    nothing = N_("Nothing is on its way.")
    BINDINGS = [
        Binding("b", "back", N_("take back"), id="outbox.back"),
        Binding("t", "retry", N_("try again"), id="outbox.retry"),
        Binding("y", "approve", N_("approve"), id="outbox.approve"),
        Binding("e", "revise", N_("better words"), id="outbox.revise"),
        Binding("n", "reject", N_("send back"), id="outbox.reject"),
        Binding("a", "settle(True)", N_("it arrived"), id="outbox.arrived"),
        Binding("l", "settle(False)", N_("it was lost"), id="outbox.lost"),
    ]

    def __init__(self, counter: Counter, *, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._counter, self._now = counter, now

    def on_mount(self) -> None:
        """Reads, and reads again each second: holds run out."""
        self.load()
        self.set_interval(1, self.load)

    @work(exclusive=True, group="outbox")
    async def load(self) -> None:
        """Reads the outbox."""
        try:
            self.show_things(await self._counter.read(lambda clerk: clerk.outbox()))
        except REFUSALS as error:
            self.say(in_words(str(error)), "error")

    def key_of(self, thing: Reply) -> int:
        """A reply's number."""
        return thing.id

    def lines_of(self, thing: Reply, width: int) -> list[Line]:
        """A reply with its state, its text, and what can be done."""
        return [*_reply_lines(thing, width, self._now()), []]

    def action_back(self) -> None:
        """Takes a held reply back."""
        self._take(lambda clerk, reply: clerk.cancel(reply.id), _("Taken back; it is a draft again."))

    def action_retry(self) -> None:
        """Tries a failed reply again."""
        self._take(lambda clerk, reply: clerk.retry(reply.id), _("It goes out again."))

    def action_approve(self) -> None:
        """Approves a colleague's reply."""
        self._take(lambda clerk, reply: clerk.approve(reply.id), _("Approved."))

    def action_revise(self) -> None:
        """Puts a colleague's reply in better words, and approves those."""
        from desk.screens.revising import RevisingScreen

        reply = self.chosen
        if reply is None or reply.state is not ReplyState.AWAITING_APPROVAL:
            self.say(_("Only what waits for approval is put in better words."), "warn")
            return

        def approve(text: str | None) -> None:
            if text is not None:
                self._take(lambda clerk, _reply: clerk.approve(reply.id, text), _("Approved."))

        self.app.push_screen(RevisingScreen(reply), approve)

    def action_settle(self, arrived: bool) -> None:
        """Says what became of an uncertain reply."""
        self._take(lambda clerk, reply: clerk.settle(reply.id, arrived=arrived), _("Settled."))

    def action_reject(self) -> None:
        """Sends a reply back to its writer; asks why."""
        if self.chosen is not None:
            self.query_one(Prompt).ask("reject", _("Sent back, because"))

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        event.stop()
        self.close_prompt()
        if event.value:
            self._take(lambda clerk, reply: clerk.reject(reply.id, event.value), _("Sent back."))

    @work(group="steps")
    async def _take(self, step: Callable[[Clerk, Reply], object], said: str) -> None:
        reply = self.chosen
        if reply is None:
            return
        try:
            await self._counter.step(lambda clerk: step(clerk, reply))
        except REFUSALS as error:
            self.say(in_words(str(error)), "error")
            return
        self.say(said, "good")
        self.load()


def _reply_lines(reply: Reply, width: int, now: datetime) -> list[Line]:
    bad = reply.state in (ReplyState.UNCERTAIN, ReplyState.FAILED)
    state = _(REPLY_WORD[reply.state])
    if reply.state is ReplyState.HELD and reply.hold_until is not None:
        left = max(0, int((reply.hold_until - now).total_seconds() + 0.999))
        state = _("goes out in {n} s", n=left)
    head: Line = [
        (state, "error" if bad else "warn"),
        (f"  #{reply.case_id}  {clean_line(reply.agent, 20)}  {clean_line(reply.channel, 20)}", "dim"),
        ("  " + clock(reply.created_at, now), "dim"),
    ]
    text: list[Line] = [[(line, "normal")] for line in wrap(clean_block(reply.text, 600), width)[:6]]
    error: list[Line] = [[(line, "error")] for line in wrap(clean_block(reply.error or "", 400), width) if line]
    advice: list[Line] = [[(line, "dim")] for line in wrap(_(ADVICE.get(reply.state, "")), width)]
    return [head, *text, *error, *advice]
