"""Every key of the triage screen, by id: the help, the palette and the documentation are made from this table."""

from __future__ import annotations

from textual.binding import Binding

from desk.locale import N_

Group = tuple[str, tuple[Binding, ...]]


def _key(keys: str, action: str, what: str, name: str, shown: str | None = None) -> Binding:
    return Binding(keys, action, what, id=name, show=False, key_display=shown)


GROUPS: tuple[Group, ...] = (
    (
        N_("Moving"),
        (
            _key("j,down", "down", N_("down"), "move.down", "j ↓"),
            _key("k,up", "up", N_("up"), "move.up", "k ↑"),
            _key("g,home", "top", N_("first"), "move.top", "g Home"),
            _key("G,end", "bottom", N_("last"), "move.bottom", "G End"),
            _key("pagedown", "page(1)", N_("page down"), "move.page_down", "PgDn"),
            _key("pageup", "page(-1)", N_("page up"), "move.page_up", "PgUp"),
            _key("ctrl+d", "half(1)", N_("half a page down"), "move.half_down", "^D"),
            _key("ctrl+u", "half(-1)", N_("half a page up"), "move.half_up", "^U"),
            _key("enter,l,right", "open", N_("open the conversation"), "move.open", "Enter l →"),
            _key("escape,h,left", "back", N_("back to the list"), "move.back", "Esc h ←"),
            _key("right_square_bracket", "next", N_("next case, from the conversation"), "move.next", "]"),
            _key("left_square_bracket", "previous", N_("previous case, from the conversation"), "move.previous", "["),
            _key("n", "find(1)", N_("next post, or what was searched for"), "move.next_post"),
            _key("N", "find(-1)", N_("the one before"), "move.previous_post"),
            _key("full_stop", "refresh", N_("take in what is new"), "list.refresh", "."),
            _key("slash", "search", N_("search"), "list.search", "/"),
            _key("tab", "view(1)", N_("next tab"), "view.next", "Tab"),
            _key("shift+tab", "view(-1)", N_("previous tab"), "view.previous", "Shift+Tab"),
        ),
    ),
    (
        N_("Handling"),
        (
            _key("c", "claim", N_("claim, or let go"), "case.claim"),
            _key("C", "take_over", N_("take over from a colleague"), "case.take_over"),
            _key("e", "resolve", N_("done"), "case.resolve"),
            _key("x", "irrelevant", N_("irrelevant"), "case.dismiss"),
            _key("X", "spam", N_("spam"), "case.spam"),
            _key("E", "reopen", N_("open again"), "case.reopen"),
            _key("exclamation_mark", "escalate", N_("escalate"), "case.escalate", "!"),
            _key("w", "pend", N_("wait for the writer"), "case.pend"),
            _key("t", "tag", N_("tag"), "case.tag"),
            _key("s", "snooze", N_("snooze"), "case.snooze"),
            _key("A", "assign", N_("assign"), "case.assign"),
            _key("H", "hand_over", N_("hand over, or answer a hand-over"), "case.hand_over"),
            _key("p", "playbook", N_("playbook: open one, or tick off a step"), "case.playbook"),
            _key("m", "note", N_("note"), "case.note"),
            _key("space", "mark", N_("mark; acts then work on all that is marked"), "list.mark", "Space"),
            _key("V", "mark_range", N_("mark from here to where the cursor goes"), "list.mark_range"),
            _key("shift+down", "mark_onward(1)", N_("mark, and the next"), "list.mark_down", "Shift+↓"),
            _key("shift+up", "mark_onward(-1)", N_("mark, and the one before"), "list.mark_up", "Shift+↑"),
            _key("asterisk", "mark_all", N_("mark all, or none"), "list.mark_all", "*"),
            _key("z", "undo", N_("undo"), "case.undo"),
            _key("Z", "redo", N_("redo"), "case.redo"),
        ),
    ),
    (
        N_("Answering"),
        (
            _key("r", "reply", N_("reply"), "case.reply"),
            _key("R", "reply_template", N_("reply with a template"), "case.reply_template"),
            _key("M", "macro", N_("several steps at once, by a macro"), "case.macro"),
            _key("o", "open_link", N_("open the post in the browser"), "case.open_link"),
            _key("y", "copy_link", N_("copy the address"), "case.copy_link"),
            _key("Y", "copy_text", N_("copy the text"), "case.copy_text"),
        ),
    ),
    (
        N_("Judging"),
        (
            *(
                _key(str(n), f"priority('{value}')", what, f"case.priority_{value}")
                for n, value, what in (
                    (1, "urgent", N_("priority: urgent")),
                    (2, "high", N_("priority: high")),
                    (3, "normal", N_("priority: normal")),
                    (4, "low", N_("priority: low")),
                )
            ),
            _key("plus", "feel('positive')", N_("it is positive"), "case.positive", "+"),
            _key("minus", "feel('negative')", N_("it is negative"), "case.negative", "-"),
            _key("0", "feel('neutral')", N_("it is neutral"), "case.neutral"),
            _key("i", "intent", N_("what the writer wants"), "case.intent"),
        ),
    ),
    (
        N_("Looking"),
        (
            _key("a", "author", N_("the author"), "show.author"),
            _key("D", "dashboard", N_("dashboard"), "show.dashboard"),
            _key("O", "outbox", N_("outbox"), "show.outbox"),
            _key("S", "sources", N_("sources"), "show.sources"),
            _key("P", "reports", N_("reports"), "show.reports"),
            _key("question_mark,f1", "help", N_("help"), "show.help", "? F1"),
            _key("colon,ctrl+p", "palette", N_("every act by name"), "show.palette", ": ^P"),
            _key("ctrl+t", "theme", N_("dark or light"), "show.theme", "^T"),
            _key("q", "quit", N_("leave"), "desk.quit"),
        ),
    ),
)  # fmt: skip

BINDINGS = [binding for _title, bindings in GROUPS for binding in bindings]


def display(binding: Binding) -> str:
    """The key as a person reads it."""
    return binding.key_display or binding.key
