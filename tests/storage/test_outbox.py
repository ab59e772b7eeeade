"""Replies on their way out, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.database import process_name
from storage.errors import ConversationMoved, HeldByOther, LostCase, StepRefused
from storage.types import EventKind, Receipt, ReplyState, Status


def dead_process() -> str:
    """The name of a process of this host that is gone."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return process_name().replace(str(os.getpid()), str(child.pid))


def never(channel: str) -> bool:
    """No channel tells duplicates."""
    return False


def test_a_reply_is_held_taken_once_and_sent_with_its_receipt(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    reply = desk.hold(case_id)
    assert (reply.state, reply.hold_until) == (ReplyState.HELD, clock() + timedelta(seconds=10))
    assert desk.inbox.case(case_id).status is Status.OPEN
    assert desk.outbox.take_due("me:1") is None
    clock.advance(seconds=10)
    taken = desk.outbox.take_due("me:1")
    assert taken.id == reply.id and taken.state is ReplyState.SENDING
    assert desk.outbox.take_due("me:2") is None
    sent = desk.outbox.sent(reply.id, Receipt(url="https://forum.example/p1#r", external_id="r"))
    assert (sent.state, sent.url, sent.sent_at) == (ReplyState.SENT, "https://forum.example/p1#r", clock())
    trail = desk.inbox.trail(case_id)
    assert [event.kind.value for event in trail] == ["found", "claimed", "held", "sending", "sent"]
    assert trail[-1].actor == "anna" and trail[-1].post_id == reply.post_id
    assert desk.inbox.case(case_id).reply_state is ReplyState.SENT


def test_handing_over_twice_with_one_key_is_one_reply(desk: Any) -> None:
    case_id = desk.case()
    first = desk.hold(case_id, key="k")
    assert desk.hold(case_id, key="k") == first
    assert len(desk.outbox.list()) == 1


def test_a_late_holder_cannot_send_and_keeps_the_text(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    case = desk.steps.claim(case_id, "anna")
    clock.advance(minutes=11)
    desk.steps.claim(case_id, "bram")
    with pytest.raises(LostCase, match="bram has it now"):
        desk.outbox.hold(
            case_id,
            "anna",
            "Te laat",
            channel="browser",
            post_id=1,
            epoch=case.epoch,
            seen_version=case.version,
            key="late",
            hold=timedelta(),
        )
    (kept,) = desk.inbox.open(case_id).replies
    assert (kept.state, kept.text) == (ReplyState.DRAFT, "Te laat")
    assert desk.outbox.list() == ()


def test_a_colleagues_draft_is_not_overwritten_by_a_late_holder(desk: Any) -> None:
    case_id = desk.case()
    case = desk.steps.claim(case_id, "anna")
    desk.steps.take_over(case_id, "bram", "ziek")
    desk.outbox.draft(case_id, "bram", "Van Bram", "browser")
    with pytest.raises(LostCase):
        desk.outbox.hold(
            case_id,
            "anna",
            "Van Anna",
            channel="browser",
            post_id=1,
            epoch=case.epoch,
            seen_version=case.version,
            key="late",
            hold=timedelta(),
        )
    replies = desk.inbox.open(case_id).replies
    assert {(reply.state, reply.text) for reply in replies} == {
        (ReplyState.DRAFT, "Van Bram"),
        (ReplyState.CANCELLED, "Van Anna"),
    }


def test_a_new_mention_stops_a_reply_that_did_not_see_it(desk: Any) -> None:
    case_id = desk.case(author="jan", conversation="c")
    seen = desk.steps.claim(case_id, "anna").version
    desk.post("Laat maar, het werkt weer bij Zonnebank", author="jan", conversation="c")
    with pytest.raises(ConversationMoved) as refused:
        desk.hold(case_id, seen_version=seen)
    assert refused.value.changes == ("a new mention at 12:00 UTC",)
    assert desk.inbox.case(case_id).reply_state is ReplyState.DRAFT
    assert desk.hold(case_id).state is ReplyState.HELD


def test_ones_own_notes_and_tags_do_not_stop_ones_reply(desk: Any) -> None:
    case_id = desk.case()
    seen = desk.steps.claim(case_id, "anna").version
    desk.steps.note(case_id, "anna", "Even nagevraagd")
    desk.steps.tag(case_id, "bram", "storing")
    assert desk.hold(case_id, seen_version=seen).state is ReplyState.HELD


def test_a_colleagues_note_stops_a_reply_that_did_not_see_it(desk: Any) -> None:
    case_id = desk.case()
    seen = desk.steps.claim(case_id, "anna").version
    desk.steps.note(case_id, "bram", "Niet antwoorden: juridische zaken kijkt mee")
    with pytest.raises(ConversationMoved, match="bram noted it"):
        desk.hold(case_id, seen_version=seen)


def test_a_draft_survives_and_goes_along_to_who_takes_over(desk: Any, open_desk: Callable[[], Any]) -> None:
    case_id = desk.case()
    desk.steps.claim(case_id, "anna")
    first = desk.outbox.draft(case_id, "anna", "Beste Ja", "browser")
    assert desk.outbox.draft(case_id, "anna", "Beste Jan", "browser").id == first.id
    other = open_desk()
    with pytest.raises(HeldByOther):
        other.outbox.draft(case_id, "bram", "Van mij", "browser")
    other.steps.take_over(case_id, "bram", "ziek")
    (draft,) = other.inbox.open(case_id).replies
    assert (draft.state, draft.text) == (ReplyState.DRAFT, "Beste Jan")
    held = other.hold(case_id, "bram", "Beste Jan, …")
    assert held.id == first.id and held.agent == "bram"
    assert [event.kind.value for event in other.inbox.trail(case_id)].count("drafted") == 1


def test_a_held_reply_can_be_called_back_and_is_a_draft_again(desk: Any, clock: Any) -> None:
    reply = desk.hold(desk.case(), text="Oeps")
    back = desk.outbox.cancel(reply.id, "anna")
    assert (back.state, back.text) == (ReplyState.DRAFT, "Oeps")
    clock.advance(minutes=1)
    assert desk.outbox.take_due("me:1") is None
    assert desk.outbox.cancel(reply.id, "anna").state is ReplyState.CANCELLED


def test_a_reply_that_has_left_cannot_be_called_back(desk: Any, clock: Any) -> None:
    reply = desk.hold(desk.case())
    clock.advance(seconds=10)
    desk.outbox.take_due("me:1")
    with pytest.raises(StepRefused, match="it is sending"):
        desk.outbox.cancel(reply.id, "anna")


def test_a_reply_waits_for_somebody_elses_approval(desk: Any, clock: Any) -> None:
    reply = desk.hold(desk.case(), needs_approval=True)
    assert reply.state is ReplyState.AWAITING_APPROVAL
    clock.advance(hours=1)
    assert desk.outbox.take_due("me:1") is None
    with pytest.raises(StepRefused, match="somebody else"):
        desk.outbox.approve(reply.id, "anna")
    desk.outbox.approve(reply.id, "bram")
    assert desk.outbox.take_due("me:1").id == reply.id
    with pytest.raises(StepRefused, match="cannot be approved"):
        desk.outbox.approve(reply.id, "bram")


def test_a_rejected_reply_is_a_draft_again_with_the_reason(desk: Any) -> None:
    reply = desk.outbox.reject(desk.hold(desk.case(), needs_approval=True).id, "bram", "Te kort door de bocht")
    assert (reply.state, reply.error) == (ReplyState.DRAFT, "Te kort door de bocht")


@pytest.mark.parametrize("tells", [True, False])
def test_a_reply_left_by_a_dead_process_is_sent_again_only_where_duplicates_are_told(
    desk: Any, clock: Any, tells: bool
) -> None:
    reply = desk.hold(desk.case())
    clock.advance(seconds=10)
    desk.outbox.take_due(dead_process())
    (found,) = desk.outbox.recover(lambda channel: tells)
    assert found.state is (ReplyState.HELD if tells else ReplyState.UNCERTAIN)
    assert found.key == reply.key
    again = desk.outbox.take_due("me:1")
    assert (again is not None) is tells
    assert desk.outbox.recover(never) == ()


def test_a_reply_that_is_being_sent_by_a_living_process_is_left_alone_until_its_time_is_up(
    desk: Any, clock: Any
) -> None:
    desk.hold(desk.case())
    clock.advance(seconds=10)
    desk.outbox.take_due(process_name())
    assert desk.outbox.recover(never) == ()
    clock.advance(minutes=4)
    assert [reply.state for reply in desk.outbox.recover(never)] == [ReplyState.UNCERTAIN]


def test_a_late_receipt_still_counts(desk: Any, clock: Any) -> None:
    reply = desk.hold(desk.case())
    clock.advance(seconds=10)
    desk.outbox.take_due(process_name())
    clock.advance(minutes=4)
    desk.outbox.recover(never)
    assert desk.outbox.sent(reply.id, Receipt()).state is ReplyState.SENT


def test_a_failed_reply_can_be_tried_again_with_the_same_key(desk: Any, clock: Any) -> None:
    reply = desk.hold(desk.case())
    clock.advance(seconds=10)
    desk.outbox.take_due("me:1")
    failed = desk.outbox.failed(reply.id, "The site refused the password.")
    assert (failed.state, failed.error) == (ReplyState.FAILED, "The site refused the password.")
    assert desk.outbox.retry(reply.id, "anna").key == reply.key
    assert desk.outbox.take_due("me:1").id == reply.id
    with pytest.raises(StepRefused, match="cannot be sent again"):
        desk.outbox.retry(reply.id, "anna")


@pytest.mark.parametrize("arrived", [True, False])
def test_an_uncertain_reply_is_settled_by_looking(desk: Any, clock: Any, arrived: bool) -> None:
    reply = desk.hold(desk.case())
    clock.advance(seconds=10)
    desk.outbox.take_due("me:1")
    desk.outbox.uncertain(reply.id, "No answer within 30 seconds.")
    assert desk.outbox.take_due("me:1") is None
    with pytest.raises(StepRefused, match="it is uncertain"):
        desk.outbox.retry(reply.id, "anna")
    settled = desk.outbox.settle(reply.id, "anna", arrived=arrived)
    assert settled.state is (ReplyState.SENT if arrived else ReplyState.FAILED)
    kind = EventKind.SENT if arrived else EventKind.FAILED
    assert desk.inbox.trail(reply.case_id)[-1].kind is kind


def test_two_colleagues_do_not_answer_at_once(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    reply = desk.hold(case_id, needs_approval=True)
    clock.advance(hours=1)
    with pytest.raises(StepRefused, match=f"Reply {reply.id} by anna is awaiting approval"):
        desk.hold(case_id, "bram", "Ook een antwoord")
    desk.outbox.cancel(reply.id, "bram")
    assert desk.hold(case_id, "bram", "Ook een antwoord").state is ReplyState.HELD


def test_the_same_words_are_not_sent_twice_in_one_case(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    reply = desk.hold(case_id, key="one")
    clock.advance(seconds=10)
    desk.outbox.take_due("me:1")
    desk.outbox.sent(reply.id, Receipt())
    with pytest.raises(StepRefused, match=f"with these words before: reply {reply.id}"):
        desk.hold(case_id, key="two")
    assert desk.hold(case_id, text="En nog iets", key="three").state is ReplyState.HELD
