"""Writing a reply: the claim before it, drafts that survive, templates, the agent's own editor, and sending."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from textual import work
from textual.app import SuspendNotSupported
from textual.timer import Timer

from desk.locale import _
from desk.locale.refusals import in_words
from desk.screens.acts import Acts, newest
from desk.screens.counter import REFUSALS
from desk.screens.reading import read_file
from desk.shown import clean_line
from desk.widgets.prompt import lettered
from storage.errors import ConversationMoved, LostCase
from storage.types import Case, CaseFile, ReplyState

if TYPE_CHECKING:
    from desk.clerk import Clerk
    from desk.macros import Macro
    from desk.widgets.reply_box import ReplyBox, Way

AUTOSAVE = 0.7
"""Seconds after the last key when the draft is kept."""


class Replying(Acts):
    """The reply that is being written, at most one."""

    beginning = False
    """Between the key and the editor: what is typed meanwhile is no key of the list."""
    _saving: Timer | None = None
    _saved = ""
    _claimed_here = False
    macros: Mapping[str, Macro] = {}
    _key = ""
    """Of the reply being written, so that pressing send twice sends once."""

    _box: ReplyBox | None = None

    @property
    def reply_box(self) -> ReplyBox:
        """The editor pane; a text area takes longer to import than the first paint may take, so it comes after it."""
        if self._box is None:
            from desk.widgets.reply_box import ReplyBox

            self._box = ReplyBox(id="reply")
            self._box.display = False
            self.query_one("#side").mount(self._box)
        return self._box

    def loaded(self) -> None:
        """Makes the editor ready for the first reply, unless the desk closes just then."""
        self.call_after_refresh(lambda: self.reply_box if self.is_attached else None)

    # -- beginning ------------------------------------------------------------------------------------------------

    def action_reply(self) -> None:
        """Claims the case and opens the editor on its draft."""
        self._begin(False)

    def action_reply_template(self) -> None:
        """Opens the editor and asks for a template."""
        self._begin(True)

    def _begin(self, template: bool) -> None:
        if self.cases.case_id is not None:
            self.beginning = True
            self.begin_reply(self.cases.case_id, template)

    @work(exclusive=True, group="reply")
    async def begin_reply(self, case_id: int, template: bool) -> None:
        """Claims, reads the case anew, and opens the editor."""
        try:
            await self._open_editor(case_id)
        except REFUSALS as error:
            self.say_trouble(error)
            return
        finally:
            self.beginning = False
        if template:
            self.ask_template()

    async def _open_editor(self, case_id: int) -> None:
        before = self.cases.known(case_id)
        way = await self.counter.read(lambda clerk: way_of(clerk, case_id))
        case = await self.counter.step(lambda clerk: clerk.claim(case_id))
        found = await self.counter.read(lambda clerk: read_file(clerk, case_id))
        self.together = 1
        self._claimed_here = before is None or before.assignee != self.agent
        self.cases.put([case])
        self.answering = found.file
        self._saved, self._key = draft_of(found.file), uuid4().hex
        self.read(True)
        self.add_class("-replying")
        self.put_file(found)
        self.opened()
        self.reply_box.begin(case.author or _("unknown"), way, self._saved)
        self.cases.disabled = True
        self.conversation.call_after_refresh(self.show_newest)

    # -- the draft ------------------------------------------------------------------------------------------------

    def on_reply_box_typed(self, event: ReplyBox.Typed) -> None:
        """The editor says so."""
        event.stop()
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(AUTOSAVE, self.save_draft)

    def save_draft(self) -> None:
        """Keeps what is written."""
        if self.answering is not None and self.reply_box.text != self._saved:
            self._save(self.answering, self.reply_box.text)

    @work(group="drafts")
    async def _save(self, file: CaseFile, text: str) -> None:
        try:
            await self.counter.step(lambda clerk: clerk.draft(file.case.id, text))
        except REFUSALS as error:
            self.say_trouble(error)
            return
        if self.answering is file:
            self._saved = text

    def keep_draft_now(self) -> None:
        """Keeps what is written before the desk goes down, whatever the reason."""
        file, text = self.answering, self.reply_box.text if self.answering is not None else ""
        if file is not None and text != self._saved:
            self._saved = text
            self.counter.step_now(lambda clerk: clerk.draft(file.case.id, text))

    def noticed(self, changed: Collection[int]) -> None:
        """Says it when others touch the case while it is being answered."""
        file = self.answering
        case = self.cases.known(file.case.id) if file is not None and file.case.id in changed else None
        if file is None or case is None:
            return
        if case.assignee != self.agent:
            self.say(_("{name} has taken this case over; your text is kept.", name=case.assignee or "?"), "warn")
        elif case.version != file.case.version:
            self.say(_("The conversation changed while you wrote."), "warn")

    def on_reply_box_kept(self, event: ReplyBox.Kept) -> None:
        """The editor says so."""
        event.stop()
        self.leave_reply()

    def leave_reply(self) -> None:
        """Puts the editor away; what is written stays a draft, and an empty case is let go again."""
        file, text = self.answering, self.reply_box.text
        if file is not None and (text.strip() or self._saved.strip()):
            self.save_draft()
            self.say(_("Kept as a draft."))
        elif file is not None and self._claimed_here:
            self.take(lambda clerk, ids: clerk.release(ids), _("Let go."), ids=(file.case.id,))
        self.put_editor_away()

    def put_editor_away(self) -> None:
        """Back to reading."""
        if self._saving is not None:
            self._saving.stop()
        self.answering = None
        self.cases.disabled = False
        self.reply_box.close()
        self.remove_class("-replying")
        if self.side_by_side:
            self.read(False)
        self.to_list_or_conversation()

    # -- templates and the agent's own editor ---------------------------------------------------------------------

    def on_reply_box_template_asked(self, event: ReplyBox.TemplateAsked) -> None:
        """The editor says so."""
        event.stop()
        self.ask_template()

    def ask_template(self) -> None:
        """Offers the templates."""
        if self.templates:
            self.prompt.choose("template", _("Template"), lettered(self.templates))
        else:
            self.reply_box.complain(_("There are no templates: write them under replies: in sources.yaml."))

    def answer_template(self, name: str) -> bool:
        """Puts a filled-in template into the editor."""
        self.fill_template(name)
        return True

    @work(exclusive=True, group="ask")
    async def fill_template(self, name: str) -> None:
        """Asks the clerk for the text, in the language of the case."""
        file = self.answering
        if file is None:
            return
        try:
            text = await self.counter.read(lambda clerk: clerk.fill(name, file.case))
        except REFUSALS as error:
            self.reply_box.complain(in_words(str(error)))
            return
        written = self.reply_box.text.strip()
        self.reply_box.replace(f"{written}\n\n{text}" if written else text)

    def to_list_or_conversation(self) -> None:
        """Gives the keys back to the editor while a reply is being written."""
        if self.answering is not None:
            self.reply_box.query_one("#editor").focus()
        else:
            super().to_list_or_conversation()

    def on_reply_box_editor_asked(self, event: ReplyBox.EditorAsked) -> None:
        """The editor says so."""
        event.stop()
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        try:
            with self.app.suspend():
                self.reply_box.replace(edited(command, self.reply_box.text))
        except (SuspendNotSupported, OSError) as error:
            self.reply_box.complain(_("The editor did not start: {why}", why=clean_line(str(error), 80)))

    # -- macros ---------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="ask")
    async def action_macro(self) -> None:
        """Asks for a macro, which takes several steps at once."""
        try:
            self.macros = await self.counter.read(lambda clerk: clerk.macros)
        except REFUSALS as error:
            self.say_trouble(error)
            return
        if self.macros:
            self._offer("macro", _("Macro"), sorted(self.macros))
        else:
            self.say(_("There are no macros: write them under macros: in sources.yaml."), "warn")

    def answer_macro(self, name: str) -> None:
        """Takes all of its steps or none, on the cases as they are shown."""
        shown = {each: case for each in self.asked if (case := self.cases.known(each)) is not None}

        def step(clerk: Clerk, ids: tuple[int, ...]) -> Sequence[Case]:
            clerk.macro(name, ids, seen=shown)
            return clerk.cases(ids)

        said, onward = _("{name}: done. z takes all of it back.", name=name), self.macros.get(name)
        self.take(step, said, onward=onward is not None and onward.goes_on, ids=self.asked)

    # -- sending --------------------------------------------------------------------------------------------------

    def on_reply_box_send_asked(self, event: ReplyBox.SendAsked) -> None:
        """The editor says so."""
        event.stop()
        self.send(event.text, event.stay)

    @work(exclusive=True, group="reply")
    async def send(self, text: str, stay: bool) -> None:
        """Holds the reply to be sent in ten seconds, then resolves and goes on unless the agent stays."""
        file = self.answering
        if file is None:
            return
        try:
            state, done = await self.counter.step(lambda clerk: send(clerk, file, text, self._key, not stay))
        except ConversationMoved as error:
            await self._moved(file.case.id, error)
            return
        except LostCase as error:
            self._saved = text
            self.put_editor_away()
            self.say_trouble(error)
            self.show_case(file.case.id)
            return
        except REFUSALS as error:
            self.reply_box.complain(in_words(str(error)))
            self.save_draft()
            return
        self._saved = text
        self.together = done
        self.put_editor_away()
        waits = state is ReplyState.AWAITING_APPROVAL
        said = _("A colleague approves it first.") if waits else _("Goes out in a few seconds; z takes it back.")
        self.say(said, "good")
        if stay:
            self.show_case(file.case.id)
        else:
            self.fetch_rows((file.case.id,))
            self.cases.next_open()
            self.show_case(self.cases.case_id)

    async def _moved(self, case_id: int, error: ConversationMoved) -> None:
        """Shows what changed while the reply was written; sending once more sends it for what is shown now."""
        try:
            found = await self.counter.read(lambda clerk: read_file(clerk, case_id))
        except REFUSALS as trouble:
            self.say_trouble(trouble)
            return
        self.answering = found.file
        self.put_file(found)
        what = "; ".join(map(in_words, error.changes)) or in_words(str(error))
        self.reply_box.complain(_("It changed: {what}. Read it; ^S sends all the same.", what=clean_line(what, 200)))
        self.say(_("The conversation changed while you wrote."), "warn")


def draft_of(file: CaseFile) -> str:
    """What was written before and not sent."""
    drafts = [each.text for each in file.replies if each.state is ReplyState.DRAFT]
    return drafts[-1] if drafts else ""


def send(clerk: Clerk, file: CaseFile, text: str, key: str, resolve: bool) -> tuple[ReplyState, int]:
    """Answers the newest mention of the case as it was read; gives the reply's state and the number of acts."""
    post = newest(file.thread, file.case.id)
    reply = clerk.reply(file.case.id, text, mention_id=post.id if post else None, seen=file.case, key=key)
    if resolve and file.case.status.is_open:
        clerk.resolve((file.case.id,))
        return reply.state, 2
    return reply.state, 1


def way_of(clerk: Clerk, case_id: int) -> Way:
    """How the case is answered, and what looks at the words."""
    from desk.widgets.reply_box import Way

    case = clerk.cases([case_id])[0]
    name = clerk.channel_of(case)
    channel = clerk.channels(name)
    return Way(name, channel.limit, getattr(channel, "length", len), clerk.remarks(case))


def edited(command: list[str], text: str) -> str:
    """`text` after the agent's own editor; as it was when that failed."""
    with tempfile.TemporaryDirectory(prefix="webcare-") as folder:
        path = Path(folder) / "reply.txt"
        path.write_text(text, "utf-8")
        done = subprocess.run([*command, str(path)], check=False)  # noqa: S603 - the agent's own choice of editor
        return path.read_text("utf-8", errors="replace").rstrip("\n") if done.returncode == 0 else text
