"""Taking back and doing again, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.errors import StepRefused
from storage.types import EventKind, Priority, ReplyState, Sentiment, Status


def test_every_step_can_be_taken_back_and_done_again(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    post_id = desk.inbox.open(case_id).thread[0].id
    later = clock() + timedelta(hours=3)
    steps: list[Callable[[], Any]] = [
        lambda: desk.steps.claim(case_id, "anna"),
        lambda: desk.steps.tag(case_id, "anna", "vraag"),
        lambda: desk.steps.prioritise(case_id, "anna", Priority.URGENT),
        lambda: desk.steps.correct(post_id, "anna", "sentiment", "negative"),
        lambda: desk.steps.correct(post_id, "anna", "intent", "complaint"),
        lambda: desk.steps.snooze(case_id, "anna", later),
        lambda: desk.steps.reopen(case_id, "anna"),
        lambda: desk.steps.pend(case_id, "anna"),
        lambda: desk.steps.untag(case_id, "anna", "vraag"),
        lambda: desk.steps.release(case_id, "anna"),
        lambda: desk.steps.assign(case_id, "anna", "bram"),
        lambda: desk.steps.assign(case_id, "anna", None),
        lambda: desk.steps.resolve(case_id, "anna"),
        lambda: desk.steps.reopen(case_id, "anna"),
        lambda: desk.steps.dismiss(case_id, "anna"),
    ]
    states = [picture(desk, case_id)]
    for step in steps:
        step()
        states.append(picture(desk, case_id))
    for expected in reversed(states[:-1]):
        desk.undo.undo("anna")
        assert picture(desk, case_id) == expected
    for expected in states[1:]:
        desk.undo.redo("anna")
        assert picture(desk, case_id) == expected
    for expected in reversed(states[:-1]):
        desk.undo.undo("anna")
        assert picture(desk, case_id) == expected
    with pytest.raises(StepRefused, match="nothing to undo"):
        desk.undo.undo("anna")


def picture(desk: Any, case_id: int) -> tuple[Any, ...]:
    """What an undo must bring back."""
    case = desk.inbox.case(case_id)
    return (
        case.status,
        case.assignee,
        case.lease_until,
        case.snoozed_until,
        case.priority,
        case.priority_score,
        case.tags,
        case.sentiment,
        case.intents,
        [(post.priority, post.priority_score) for post in desk.inbox.open(case_id).thread],
    )


def test_undo_works_across_restarts_and_only_on_ones_own_acts(desk: Any, open_desk: Callable[[], Any]) -> None:
    mine, theirs = desk.case(), desk.case()
    desk.steps.resolve(mine, "anna")
    desk.steps.resolve(theirs, "bram")
    event = open_desk().undo.undo("anna")
    assert (event.kind, event.case_id, event.data["kind"]) == (EventKind.UNDONE, mine, "resolved")
    assert [case.status for case in desk.inbox.cases([mine, theirs])] == [Status.NEW, Status.RESOLVED]


def test_undo_is_refused_in_words_when_a_colleague_acted_since(desk: Any) -> None:
    case_id = desk.case()
    desk.steps.resolve(case_id, "anna")
    desk.steps.reopen(case_id, "bram")
    with pytest.raises(StepRefused, match=f"Case {case_id}: resolved cannot be taken back any more; bram reopened it"):
        desk.undo.undo("anna")
    assert desk.inbox.case(case_id).status is Status.OPEN


def test_undo_is_refused_when_the_author_wrote_again_and_reopened_the_case(desk: Any) -> None:
    case_id = desk.case(author="jan", conversation="c")
    desk.steps.resolve(case_id, "anna")
    desk.post("Zonnebank doet het weer niet", author="jan", conversation="c")
    with pytest.raises(StepRefused, match="the desk reopened it"):
        desk.undo.undo("anna")


def test_a_step_on_several_cases_is_taken_back_as_one(desk: Any) -> None:
    ids = [desk.case() for _ in range(3)]
    desk.steps.tag(ids[0], "anna", "vraag")
    desk.steps.resolve(ids, "anna")
    desk.undo.undo("anna")
    assert {case.status for case in desk.inbox.cases(ids)} == {Status.NEW}
    desk.undo.redo("anna")
    assert {case.status for case in desk.inbox.cases(ids)} == {Status.RESOLVED}
    desk.undo.undo("anna")
    desk.undo.undo("anna")
    assert desk.inbox.case(ids[0]).tags == ()


def test_one_refusal_in_several_leaves_all_as_they_are(desk: Any) -> None:
    ids = [desk.case() for _ in range(3)]
    desk.steps.resolve(ids, "anna")
    desk.steps.reopen(ids[1], "bram")
    with pytest.raises(StepRefused):
        desk.undo.undo("anna")
    assert [case.status for case in desk.inbox.cases(ids)] == [Status.RESOLVED, Status.OPEN, Status.RESOLVED]


def test_undo_calls_back_a_reply_that_is_held_and_skips_one_that_has_left(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    reply = desk.hold(case_id)
    desk.undo.undo("anna")
    assert desk.outbox.reply(reply.id).state is ReplyState.DRAFT
    reply = desk.hold(case_id, key="again")
    clock.advance(seconds=10)
    desk.outbox.take_due("me:1")
    desk.undo.undo("anna")
    assert desk.inbox.case(case_id).assignee is None, "the claim was taken back"


def test_a_note_that_was_taken_back_says_so_in_the_trail(desk: Any) -> None:
    case_id = desk.case()
    desk.steps.note(case_id, "anna", "Verkeerde zaak")
    event = desk.undo.undo("anna")
    noted = next(each for each in desk.inbox.trail(case_id) if each.kind is EventKind.NOTED)
    assert noted.data["undone_by"] == event.id


def test_after_a_new_act_there_is_nothing_to_redo(desk: Any) -> None:
    case_id = desk.case()
    desk.steps.resolve(case_id, "anna")
    desk.undo.undo("anna")
    desk.steps.tag(case_id, "anna", "vraag")
    with pytest.raises(StepRefused, match="nothing to redo"):
        desk.undo.redo("anna")


def test_an_undone_claim_moves_the_fence(desk: Any) -> None:
    case_id = desk.case()
    claimed = desk.steps.claim(case_id, "anna")
    desk.undo.undo("anna")
    assert desk.inbox.case(case_id).epoch > claimed.epoch


def test_no_more_than_the_last_fifty_acts_can_be_taken_back(desk: Any) -> None:
    case_id = desk.case()
    for number in range(52):
        desk.steps.tag(case_id, "anna", f"t{number}")
    for _ in range(50):
        desk.undo.undo("anna")
    with pytest.raises(StepRefused):
        desk.undo.undo("anna")
    assert desk.inbox.case(case_id).tags == ("t0", "t1")


def test_a_corrected_sentiment_is_what_it_was(desk: Any) -> None:
    post_id = desk.post()
    desk.steps.correct(post_id, "anna", "sentiment", "positive")
    desk.undo.undo("anna")
    assert desk.inbox.mention(post_id).sentiment is Sentiment.UNRATED


def test_undo_on_a_case_leaves_later_acts_on_others_alone(desk: Any) -> None:
    first, second = desk.case(), desk.case()
    desk.steps.resolve(first, "anna")
    desk.steps.resolve(second, "anna")
    assert desk.undo.undo("anna", first).case_id == first
    assert [case.status for case in desk.inbox.cases([first, second])] == [Status.NEW, Status.RESOLVED]
    with pytest.raises(StepRefused, match="nothing to undo"):
        desk.undo.undo("anna", first)
