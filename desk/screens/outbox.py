"""The replies on their way out: held, waiting for approval, uncertain, failed, and what to do with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding

from desk.locale import N_, _, clock
from desk.screens.aside import Aside
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
    ReplyState.AWAITING_APPROVAL: N_("y approves it, n sends it back with a reason."),
    ReplyState.SENDING: N_("On its way."),
    ReplyState.UNCERTAIN: N_(
        "Look at the source: a when it arrived, l when it was lost. It is never resent by itself."
    ),
    ReplyState.FAILED: N_("t tries again, b makes it a draft again."),
}


EDGE = ("▌ ", "accent")
"""Beside the reply that the keys act on."""


class OutboxScreen(Aside):
    """One reply after the other; the keys act on the one with the bar beside it."""

    heading = N_("Outbox")
    BINDINGS = [
        Binding("b", "back", N_("take back"), id="outbox.back"),
        Binding("t", "retry", N_("try again"), id="outbox.retry"),
        Binding("y", "approve", N_("approve"), id="outbox.approve"),
        Binding("n", "reject", N_("send back"), id="outbox.reject"),
        Binding("a", "settle(True)", N_("it arrived"), id="outbox.arrived"),
        Binding("l", "settle(False)", N_("it was lost"), id="outbox.lost"),
    ]

    def __init__(self, counter: Counter, *, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._counter, self._now = counter, now
        self.replies: Sequence[Reply] = ()
        self.place = 0

    def compose(self) -> ComposeResult:
        """As every aside, with a line that asks."""
        yield from super().compose()
        yield Prompt(id="prompt")

    def on_mount(self) -> None:
        """Reads, and reads again each second: holds run out."""
        self.query_one(Prompt).close()
        self.load()
        self.set_interval(1, self.load)

    @property
    def reply(self) -> Reply | None:
        """The reply that the keys act on."""
        return self.replies[self.place] if self.place < len(self.replies) else None

    @work(exclusive=True, group="outbox")
    async def load(self) -> None:
        """Reads the outbox."""
        try:
            self.replies = await self._counter.read(lambda clerk: clerk.outbox())
        except REFUSALS as error:
            self.say(str(error), "error")
            return
        self.place = max(0, min(self.place, len(self.replies) - 1))
        self.paint()

    def paint(self) -> None:
        """Shows the replies."""
        replies, place, now = self.replies, self.place, self._now()
        self.body.show(lambda width: outbox_lines(replies, place, width, now), home=False)
        ours = [row for row, line in enumerate(self.body.lines) if line[:1] == [EDGE]]
        top, room = round(self.body.scroll_y), self.body.size.height
        if ours and not (top <= ours[0] and ours[-1] < top + room):
            self.body.scroll_to(y=ours[0], animate=False)

    def action_down(self) -> None:
        """The next reply."""
        self.place = min(self.place + 1, max(0, len(self.replies) - 1))
        self.paint()

    def action_up(self) -> None:
        """The reply before."""
        self.place = max(0, self.place - 1)
        self.paint()

    def action_back(self) -> None:
        """Takes a held reply back."""
        self._take(lambda clerk, reply: clerk.cancel(reply.id), _("Taken back; it is a draft again."))

    def action_retry(self) -> None:
        """Tries a failed reply again."""
        self._take(lambda clerk, reply: clerk.retry(reply.id), _("It goes out again."))

    def action_approve(self) -> None:
        """Approves a colleague's reply."""
        self._take(lambda clerk, reply: clerk.approve(reply.id), _("Approved."))

    def action_settle(self, arrived: bool) -> None:
        """Says what became of an uncertain reply."""
        self._take(lambda clerk, reply: clerk.settle(reply.id, arrived=arrived), _("Settled."))

    def action_reject(self) -> None:
        """Sends a reply back to its writer; asks why."""
        if self.reply is not None:
            self.query_one(Prompt).ask("reject", _("Sent back, because"))

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        event.stop()
        self._close_prompt()
        if event.value:
            self._take(lambda clerk, reply: clerk.reject(reply.id, event.value), _("Sent back."))

    @on(Prompt.Left)
    def _left(self, event: Prompt.Left) -> None:
        event.stop()
        self._close_prompt()

    def _close_prompt(self) -> None:
        self.query_one(Prompt).close()
        self.body.focus()

    @work(group="steps")
    async def _take(self, step: Callable[[Clerk, Reply], object], said: str) -> None:
        reply = self.reply
        if reply is None:
            return
        try:
            await self._counter.step(lambda clerk: step(clerk, reply))
        except REFUSALS as error:
            self.say(str(error), "error")
            return
        self.say(said, "good")
        self.load()


def outbox_lines(replies: Sequence[Reply], place: int, width: int, now: datetime) -> list[Line]:
    """Each reply with its state, its text, and what can be done."""
    lines: list[Line] = []
    for number, reply in enumerate(replies):
        edge = EDGE if number == place else ("  ", "dim")
        lines += [[edge, *line] for line in _reply_lines(reply, width - 3, now)] + [[]]
    return lines or [[], [("  " + _("Nothing is on its way."), "dim")]]


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
