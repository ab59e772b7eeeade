"""Writing, keeping, sending and taking back a reply, and what the outbox does with it."""

import sys
from dataclasses import replace

from desk.screens.replying import edited
from desk.tone import Tone
from storage.outbox import Outbox
from storage.types import ReplyState, Status


def replies(clerk, case):
    return {reply.state: reply for reply in clerk("x").open(case).replies}


async def test_a_reply_is_claimed_written_sent_resolved_and_the_next_case_is_there(desk, arrive, clerk):
    first, second = arrive(), arrive(author="piet")
    async with desk() as seat:
        await seat.press("r")
        assert clerk("x").cases([first])[0].assignee == "anna"
        await seat.type("Wat vervelend!")
        assert "14/280" in seat.text
        await seat.press("ctrl+s")
        held = replies(clerk, first)[ReplyState.HELD]
        assert held.text == "Wat vervelend!" and held.agent == "anna"
        assert clerk("x").cases([first])[0].status is Status.RESOLVED
        assert seat.screen.cases.case_id == second and "z takes it back" in seat.said


async def test_one_z_takes_back_both_the_reply_and_the_resolving(desk, arrive, clerk):
    case = arrive()
    async with desk(size=(80, 24)) as seat:
        await seat.press("r", *"Dag", "ctrl+s", "z")
        assert clerk("x").cases([case])[0].status is not Status.RESOLVED
        assert replies(clerk, case)[ReplyState.DRAFT].text == "Dag"


async def test_a_step_after_sending_comes_back_alone(desk, arrive, clerk):
    first, _second = arrive(), arrive(author="piet")
    async with desk(size=(80, 24)) as seat:
        await seat.press("r", "D", "ctrl+s", "+", "z")
        assert clerk("x").cases([first])[0].status is Status.RESOLVED and ReplyState.HELD in replies(clerk, first)


async def test_send_and_stay_keeps_the_case_open_and_counts_down(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        await seat.press("r", *"Dag", "ctrl+o")
        assert clerk("x").cases([case])[0].status is Status.OPEN
        assert "goes out in 10 s, z takes it back" in seat.text


async def test_esc_keeps_the_draft_for_whoever_takes_over(desk, arrive, clerk):
    case = arrive()
    async with desk("anna") as seat:
        await seat.press("r", *"Half", "escape")
        assert replies(clerk, case)[ReplyState.DRAFT].text == "Half" and "draft" in seat.said
    clerk("bram").take_over(case, "she is ill")
    async with desk("bram") as seat:
        await seat.press("r")
        assert seat.screen.reply_box.text == "Half"


async def test_esc_without_a_word_lets_the_case_go(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        await seat.press("r", "escape")
        assert clerk("x").cases([case])[0].assignee is None


async def test_what_was_being_written_survives_the_end_of_the_desk(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        await seat.press("r", *"Bijna")
        await seat.press("ctrl+q")
    assert replies(clerk, case)[ReplyState.DRAFT].text == "Bijna"


async def test_a_template_is_filled_in_and_its_gap_stops_the_sending(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        await seat.press("R", "b")
        assert seat.screen.reply_box.text == "Wat is je {prompt:postcode}? ^anna"
        await seat.press("ctrl+s")
        assert "Fill in {prompt:postcode} first." in seat.text and not replies(clerk, case).get(ReplyState.HELD)
        await seat.press(*"code", "ctrl+s")
        assert replies(clerk, case)[ReplyState.HELD].text == "Wat is je code? ^anna"


async def test_a_reply_too_long_for_its_channel_is_not_sent(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        await seat.press("r")
        seat.screen.reply_box.replace("x" * 281)
        await seat.press("ctrl+s")
        assert "Too long by 1 characters." in seat.text and not replies(clerk, case).get(ReplyState.HELD)


async def test_what_is_to_be_said_of_the_words_stands_under_them_as_they_are_written(desk, arrive, clerk, policy):
    case = arrive()
    loud = replace(policy, tone=Tone(je_u="je", sign_off="^{agent}", block=frozenset({"personal"})))
    async with desk(policy=loud) as seat:
        await seat.press("r")
        await seat.type("Wij bellen u")
        assert "1:12 “u” is formal: here we say je." in seat.text and "+1" in seat.text
        await seat.type(" op 06-12345678")
        assert "1:17 06-12345678 is a telephone number" in seat.text and "+2" in seat.text
        await seat.press("ctrl+s")
        assert not replies(clerk, case).get(ReplyState.HELD)
        seat.screen.reply_box.replace("Wij bellen je.")
        await seat.press("ctrl+s")
        assert replies(clerk, case)[ReplyState.HELD].text == "Wij bellen je."


async def test_a_conversation_that_moved_is_shown_before_it_is_answered(desk, arrive, clerk, clock):
    case = arrive(conversation="c")
    async with desk() as seat:
        await seat.press("r", *"Dag")
        arrive(conversation="c", text="Zonnebank, het is al opgelost!")
        await seat.press("ctrl+s")
        assert "It changed" in seat.text and "het is al opgelost!" in seat.text
        assert ReplyState.HELD not in replies(clerk, case)
        await seat.press("ctrl+s")
        assert replies(clerk, case)[ReplyState.HELD].text == "Dag"


async def test_a_case_lost_while_writing_is_said_and_the_draft_is_kept(desk, arrive, clerk):
    case = arrive()
    async with desk("anna") as seat:
        await seat.press("r", *"Dag")
        clerk("bram").take_over(case, "urgent")
        await seat.press("ctrl+s")
        assert "bram has it now" in seat.said
        assert ReplyState.HELD not in replies(clerk, case)
        assert "Dag" in {reply.text for reply in clerk("x").open(case).replies}


async def test_a_case_of_a_colleague_cannot_be_answered(desk, arrive, clerk):
    case = arrive()
    clerk("bram").claim(case)
    async with desk("anna") as seat:
        await seat.press("r")
        assert "held by bram" in seat.said and seat.screen.answering is None


async def test_where_nobody_answers_nothing_is_claimed_or_written(desk, arrive, clerk, policy, monkeypatch):
    case = arrive()
    monkeypatch.setattr(type(policy), "silence", lambda self, source, brand: "forum is only listened to.")
    async with desk("anna") as seat:
        await seat.press("r")
        assert seat.said == "forum is only listened to." and clerk("x").cases([case])[0].assignee is None


async def test_letters_are_letters_while_a_reply_is_written(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        await seat.press("r", "e", "x", "z", "q")
        assert seat.screen.reply_box.text == "exzq"
        assert clerk("x").cases([case])[0].status is Status.NEW


async def test_the_outbox_says_what_to_do_and_does_it(desk, arrive, clerk, sqlite_database):
    first, second = arrive(), arrive(author="piet")
    clerk("anna").reply(first, "Eerste")
    failed = clerk("anna").reply(second, "Tweede")
    box = Outbox(sqlite_database)
    sqlite_database.clock.advance(seconds=11)
    while (taken := box.take_due("test")) is not None:
        box.failed(taken.id, "The site said no.") if taken.id == failed.id else box.uncertain(taken.id, "No answer.")
    async with desk(size=(80, 24)) as seat:
        await seat.press("O")
        assert "No answer." in seat.text and "The site said no." in seat.text and "It is never" in seat.text
        await seat.press("a")
        assert ReplyState.SENT in replies(clerk, first)
        await seat.press("t")
        assert ReplyState.HELD in replies(clerk, second)
        await seat.press("b")
        assert ReplyState.DRAFT in replies(clerk, second)
        assert "Nothing is on its way." in seat.text


async def test_every_key_of_the_outbox_is_named_however_long_its_words(desk):
    async with desk(size=(60, 16), lang="nl") as seat:
        await seat.press("O")
        foot = seat.text.splitlines()[-3:]
        named = [word for line in foot for word in line.split() if len(word) == 1]
        assert named[-8:] == [*"btyenalq"] and not any("…" in line for line in foot)


async def test_a_trainees_reply_is_sent_back_with_a_reason(desk, arrive, clerk):
    case = arrive()
    clerk("tom").reply(case, "Probeer het eens")
    async with desk("anna", size=(80, 24)) as seat:
        await seat.press("O", "n")
        await seat.type("te kort")
        await seat.press("enter")
        assert replies(clerk, case)[ReplyState.DRAFT].error == "te kort"


async def test_a_trainee_is_told_that_a_colleague_approves_first(desk, arrive, clerk):
    case = arrive()
    async with desk("tom", size=(80, 24)) as seat:
        await seat.press("r", *"Dag", "ctrl+o")
        assert "approves it first" in seat.said and ReplyState.AWAITING_APPROVAL in replies(clerk, case)
        seat.screen._count_after = 0
        seat.screen.count_views()
        await seat.settle()
        assert "outbox 1" in seat.text


def test_the_agents_own_editor_changes_the_text_or_leaves_it():
    write = "import sys; open(sys.argv[1], 'a').write(' en meer')"
    assert edited([sys.executable, "-c", write], "Dag") == "Dag en meer"
    assert edited([sys.executable, "-c", "raise SystemExit(1)"], "Dag") == "Dag"


async def test_keys_pressed_before_the_editor_is_open_do_nothing_to_the_case(desk, arrive, clerk):
    case = arrive()
    async with desk() as seat:
        seat.screen.action_reply()
        assert not any(seat.screen.check_action(act, ()) for act in ("resolve", "irrelevant", "quit"))
        await seat.settle()
        await seat.press("e")
        assert clerk("x").cases([case])[0].status is Status.NEW and seat.screen.reply_box.text == "e"


async def test_it_is_said_while_writing_that_others_changed_the_case(desk, arrive, clerk):
    case = arrive(conversation="c")
    async with desk() as seat:
        await seat.press("r", *"Dag")
        arrive(conversation="c", text="Zonnebank, opgelost")
        await seat.poll()
        assert "changed while you wrote" in seat.said and "Zonnebank, opgelost" in seat.text
        clerk("bram").take_over(case, "urgent")
        await seat.poll()
        assert "bram" in seat.said  # in one sentence or another: the draft may be kept just then


async def test_a_trainees_reply_is_put_in_better_words_and_approved(desk, arrive, clerk):
    case = arrive()
    clerk("tom").reply(case, "Dag, wat vervelent")
    async with desk("bram") as seat:
        await seat.press("O", "e")
        assert "A reply by tom" in seat.text
        await seat.press("backspace", "d", "!", "escape")
        assert replies(clerk, case)[ReplyState.AWAITING_APPROVAL].text == "Dag, wat vervelent"
        await seat.press("e", "end", "backspace", "d", "!", "ctrl+s")
        held = replies(clerk, case)[ReplyState.HELD]
        assert (held.text, held.agent) == ("Dag, wat vervelend!", "tom")
        event = clerk("x").open(case).trail[-1]
        assert (event.actor, event.data["was"]) == ("bram", "Dag, wat vervelent")
