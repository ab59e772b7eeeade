"""The steps on cases, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.errors import HeldByOther, LostCase, NotFound, StepRefused
from storage.lessons import Lessons
from storage.types import EventKind, Priority, Sentiment, Status


def kinds(desk: Any, case_id: int) -> list[str]:
    """The kinds of a case's events but the finding of it."""
    return [event.kind.value for event in desk.inbox.trail(case_id) if event.kind is not EventKind.FOUND]


def test_a_claim_takes_the_case_and_says_so_once(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    case = desk.steps.claim(case_id, "anna")
    assert (case.assignee, case.epoch, case.lease_until) == ("anna", 1, clock() + timedelta(minutes=10))
    clock.advance(minutes=5)
    again = desk.steps.claim(case_id, "anna")
    assert (again.epoch, again.lease_until) == (1, clock() + timedelta(minutes=10))
    assert kinds(desk, case_id) == ["claimed"]
    assert desk.inbox.trail(case_id)[-1].data["from"] is None


def test_the_second_to_claim_is_told_who_has_it_and_since_when(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    desk.steps.claim(case_id, "anna")
    clock.advance(minutes=2)
    with pytest.raises(HeldByOther) as refused:
        desk.steps.claim(case_id, "bram")
    assert str(refused.value) == f"Case {case_id} is held by anna since 12:00 UTC."


def test_a_lapsed_lease_is_free_and_its_late_holder_finds_out(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    old = desk.steps.claim(case_id, "anna")
    clock.advance(minutes=11)
    new = desk.steps.claim(case_id, "bram")
    assert (new.assignee, new.epoch) == ("bram", 2)
    with pytest.raises(LostCase, match="bram has it now"):
        desk.steps.renew(case_id, "anna", old.epoch)


def test_a_heartbeat_keeps_a_case(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    case = desk.steps.claim(case_id, "anna")
    clock.advance(minutes=9)
    desk.steps.renew(case_id, "anna", case.epoch)
    clock.advance(minutes=9)
    with pytest.raises(HeldByOther):
        desk.steps.claim(case_id, "bram")


def test_renewing_a_lease_never_makes_it_shorter(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    long = desk.steps.claim(case_id, "anna", lease=timedelta(hours=8))
    assert desk.steps.claim(case_id, "anna").lease_until == long.lease_until
    desk.steps.renew(case_id, "anna", long.epoch)
    assert desk.inbox.case(case_id).lease_until == long.lease_until
    clock.advance(hours=8, minutes=1)
    assert desk.steps.claim(case_id, "bram").lease_until == clock() + timedelta(minutes=10)


def test_taking_over_moves_the_fence(desk: Any) -> None:
    case_id = desk.case()
    first = desk.steps.claim(case_id, "anna")
    second = desk.steps.take_over(case_id, "bram", "Anna is ill")
    assert second.assignee == "bram" and second.epoch == first.epoch + 1
    assert desk.inbox.trail(case_id)[-1].data["reason"] == "Anna is ill"


def test_an_assignment_lasts_until_it_is_changed(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    desk.steps.assign(case_id, "bram", "anna")
    clock.advance(days=3)
    with pytest.raises(HeldByOther):
        desk.steps.claim(case_id, "bram")
    assert desk.steps.assign(case_id, "bram", None)[0].assignee is None
    assert desk.steps.claim(case_id, "bram").assignee == "bram"


def test_who_is_at_work_on_a_case_keeps_it_from_being_given_away(desk: Any) -> None:
    case_id = desk.case()
    desk.steps.claim(case_id, "anna")
    with pytest.raises(HeldByOther):
        desk.steps.assign(case_id, "bram", "carla")
    assert desk.steps.assign(case_id, "anna", "carla")[0].assignee == "carla"


def test_another_agent_may_tag_and_note_but_not_decide(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    desk.steps.claim(case_id, "anna")
    desk.steps.tag(case_id, "bram", "storing")
    desk.steps.note(case_id, "bram", "Bekend probleem")
    later = clock() + timedelta(hours=1)
    for step in (
        lambda: desk.steps.resolve(case_id, "bram"),
        lambda: desk.steps.dismiss(case_id, "bram"),
        lambda: desk.steps.snooze(case_id, "bram", later),
        lambda: desk.steps.release(case_id, "bram"),
        lambda: desk.steps.prioritise(case_id, "bram", Priority.URGENT),
    ):
        with pytest.raises(HeldByOther):
            step()
    assert kinds(desk, case_id) == ["claimed", "tagged", "noted"]


@pytest.mark.parametrize(
    ("step", "status", "kind"),
    [
        ("pend", Status.PENDING, "pended"),
        ("resolve", Status.RESOLVED, "resolved"),
        ("dismiss", Status.DISMISSED, "dismissed"),
        ("spam", Status.SPAM, "spammed"),
    ],
)
def test_a_step_moves_the_status_and_reopening_brings_it_back(desk: Any, step: str, status: Status, kind: str) -> None:
    case_id = desk.case()
    (case,) = getattr(desk.steps, step)(case_id, "anna")
    assert case.status is status
    with pytest.raises(StepRefused, match="already"):
        getattr(desk.steps, step)(case_id, "anna")
    (case,) = desk.steps.reopen(case_id, "anna")
    assert case.status is Status.OPEN
    assert kinds(desk, case_id) == [kind, "woken" if status is Status.PENDING else "reopened"]
    assert desk.inbox.trail(case_id)[-2].data | {"before": 0} == {"from": "new", "to": status.value, "before": 0}


def test_a_closed_case_that_opens_again_can_be_claimed_by_anybody(desk: Any) -> None:
    case_id = desk.case()
    desk.steps.claim(case_id, "anna", lease=timedelta(hours=8))
    desk.steps.resolve(case_id, "anna")
    desk.steps.reopen(case_id, "bram")
    assert desk.steps.claim(case_id, "bram").assignee == "bram"


def test_a_snoozed_case_wakes_when_its_time_has_come(desk: Any, clock: Any) -> None:
    case_id = desk.case()
    (case,) = desk.steps.snooze(case_id, "anna", clock() + timedelta(hours=3))
    assert case.status is Status.SNOOZED and case.snoozed_until == clock() + timedelta(hours=3)
    assert desk.steps.wake_due() == 0
    clock.advance(hours=3)
    assert desk.steps.wake_due() == 1
    assert desk.steps.wake_due() == 0
    case = desk.inbox.case(case_id)
    assert case.status is Status.OPEN and case.snoozed_until is None


def test_nobody_snoozes_until_the_past(desk: Any, clock: Any) -> None:
    with pytest.raises(StepRefused, match="is past"):
        desk.steps.snooze(desk.case(), "anna", clock())


def test_several_cases_take_a_step_together_or_not_at_all(desk: Any) -> None:
    first, second, third = desk.case(), desk.case(), desk.case()
    desk.steps.claim(second, "bram")
    with pytest.raises(HeldByOther):
        desk.steps.resolve([first, second, third], "anna")
    assert [case.status for case in desk.inbox.cases([first, second, third])] == [Status.NEW] * 3
    with pytest.raises(NotFound):
        desk.steps.tag([first, 999], "anna", "vraag")
    assert desk.inbox.case(first).tags == ()
    desk.steps.resolve([third, first], "anna")
    batches = {desk.inbox.trail(each)[-1].data["batch"] for each in (first, third)}
    assert len(batches) == 1


def test_tags_are_put_on_once_and_taken_off_once(desk: Any) -> None:
    case_id = desk.case()
    desk.steps.tag(case_id, "anna", " #Vraag ")
    (case,) = desk.steps.tag(case_id, "bram", "vraag")
    assert case.tags == ("vraag",)
    desk.steps.untag(case_id, "anna", "vraag")
    (case,) = desk.steps.untag(case_id, "anna", "vraag")
    assert case.tags == ()
    assert kinds(desk, case_id) == ["tagged", "untagged"]


def test_priority_moves_a_case_up_the_inbox(desk: Any) -> None:
    first, second = desk.case(), desk.case()
    desk.steps.prioritise(second, "anna", Priority.URGENT)
    assert [case.id for case in desk.inbox.page("is:open")] == [second, first]
    assert [case.id for case in desk.inbox.page("priority:urgent")] == [second]
    desk.steps.prioritise(second, "bram", Priority.LOW)
    assert desk.inbox.page("is:urgent") == ()
    assert [(each.priority, each.priority_score) for each in desk.inbox.mentions("priority:low")] == [("low", 10)]


def test_a_judgement_that_was_right_is_confirmed_once(desk: Any) -> None:
    case_id = desk.case()
    post = desk.inbox.open(case_id).thread[0]
    for _time in range(2):
        desk.steps.correct(post.id, "anna", "sentiment", post.sentiment.value)
    said = [event for event in desk.inbox.trail(case_id) if event.kind is EventKind.CORRECTED]
    assert [(event.data["from"], event.data["to"]) for event in said] == [(post.sentiment, post.sentiment)]
    assert (post.sentiment, post.sentiment) in [
        (each.before, each.after) for each in Lessons(desk.database).judgements() if each.field == "sentiment"
    ]


def test_a_correction_is_stored_with_what_it_corrects(desk: Any) -> None:
    case_id = desk.case()
    post_id = desk.inbox.open(case_id).thread[0].id
    case = desk.steps.correct(post_id, "anna", "sentiment", "negative")
    assert case.sentiment is Sentiment.NEGATIVE
    case = desk.steps.correct(post_id, "anna", "intent", "complaint")
    assert case.intents == ("complaint",)
    event = desk.inbox.trail(case_id)[-1]
    assert event.post_id == post_id
    assert {key: event.data[key] for key in ("field", "from", "to")} == {
        "field": "intent",
        "from": ["question"],
        "to": ["complaint"],
    }
    case = desk.steps.correct(post_id, "anna", "intent", "Question, complaint,question")
    assert case.intents == ("question", "complaint")
    with pytest.raises(StepRefused, match="qestion is no intent; choose from question"):
        desk.steps.correct(post_id, "anna", "intent", "qestion")
    assert desk.steps.correct(post_id, "anna", "intent", "").intents == ()
    with pytest.raises(StepRefused, match="no sentiment"):
        desk.steps.correct(post_id, "anna", "sentiment", "angry")
    with pytest.raises(StepRefused, match="cannot be corrected"):
        desk.steps.correct(post_id, "anna", "text", "x")


def test_a_case_that_is_not_there_is_told(desk: Any) -> None:
    for step in (desk.steps.claim, desk.steps.resolve, desk.steps.release):
        with pytest.raises(NotFound, match="no case 7"):
            step(7, "anna")


def test_another_desk_sees_what_changed(desk: Any, open_desk: Callable[[], Any]) -> None:
    case_id, other = desk.case(), open_desk()
    cursor = other.inbox.cursor()
    assert other.inbox.changed_since(cursor)[1] == ()
    desk.steps.claim(case_id, "anna")
    cursor, changed = other.inbox.changed_since(cursor)
    assert changed == (case_id,)
    assert other.inbox.changed_since(cursor) == (cursor, ())
