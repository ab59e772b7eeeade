"""A hand-over stays with the giver until it is accepted; a checklist knows who ticked what; both can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from storage.database import Database
from storage.errors import StepRefused, StorageError
from storage.inbox import Inbox
from storage.intake import Intake
from storage.teamwork import Teamwork
from storage.types import Case, Match, NewPost, Post, Status
from storage.undo import Undo


@pytest.fixture
def case_id(database: Database) -> int:
    """A new case."""
    post = Post(external_id="p", url="https://forum.example/1", text="Zonnebank werkt niet", author="jan")
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), wants_case=True)
    Intake(database).store("forum", "phpbb", [new])
    (case,) = Inbox(database).page("*")
    return case.id


def found(database: Database, query: str) -> list[int]:
    return list(Inbox(database).ids(query))


def test_a_hand_over_stays_with_the_giver_until_it_is_accepted(database: Database, case_id: int) -> None:
    steps = Teamwork(database)
    steps.claim(case_id, "anna")
    (given,) = steps.hand_over(case_id, "anna", "service", "boos")
    assert (given.assignee, given.lease_until, given.handed_to, given.department) == ("anna", None, "service", None)
    assert found(database, "handover:service") == found(database, "-handover:none") == [case_id]
    with pytest.raises(StorageError, match="anna"):
        steps.claim(case_id, "sara")
    (taken,) = steps.accept(case_id, "sara")
    assert (taken.assignee, taken.handed_to, taken.department) == ("sara", None, "service")
    assert taken.epoch > given.epoch
    assert found(database, "handover:none department:service") == [case_id]
    with pytest.raises(StepRefused, match="was not handed over"):
        steps.accept(case_id, "sara")


def test_a_refused_hand_over_stays_and_says_why(database: Database, case_id: int) -> None:
    steps = Teamwork(database)
    steps.hand_over(case_id, "anna", "service")
    with pytest.raises(StepRefused, match="Say why"):
        steps.refuse(case_id, "sara", " ")
    (case,) = steps.refuse(case_id, "sara", "niet van ons")
    assert (case.assignee, case.handed_to) == ("anna", None)
    assert Inbox(database).trail(case_id)[-1].data["reason"] == "niet van ons"


def test_only_who_has_a_case_hands_it_over_and_only_while_it_is_open(database: Database, case_id: int) -> None:
    steps = Teamwork(database)
    steps.claim(case_id, "anna")
    with pytest.raises(StorageError, match="anna"):
        steps.hand_over(case_id, "bram", "service")
    steps.hand_over(case_id, "anna", "service")
    (done,) = steps.resolve(case_id, "anna")
    assert (done.status, done.handed_to) == (Status.RESOLVED, None)
    with pytest.raises(StepRefused, match="reopen"):
        steps.hand_over(case_id, "anna", "service")


def test_hand_over_and_answer_are_taken_back_by_who_did_them(database: Database, case_id: int) -> None:
    steps, undo = Teamwork(database), Undo(database)
    steps.hand_over(case_id, "anna", "service")
    steps.accept(case_id, "sara")
    with pytest.raises(StepRefused, match="sara accepted"):
        undo.undo("anna")
    undo.undo("sara")
    before = Inbox(database).case(case_id)
    assert (before.assignee, before.handed_to, before.department) == ("anna", "service", None)
    undo.undo("anna")
    after = Inbox(database).case(case_id)
    assert (after.assignee, after.handed_to) == (None, None)
    undo.redo("anna")
    assert Inbox(database).case(case_id).handed_to == "service"


def test_one_of_two_accepts(database: Database, case_id: int, another: Callable[[], Database]) -> None:
    Teamwork(database).hand_over(case_id, "anna", "service")
    barrier, won = Barrier(2), list[str]()

    def accept(who: str) -> None:
        steps = Teamwork(another())
        barrier.wait()
        try:
            steps.accept(case_id, who)
        except StepRefused:
            return
        won.append(who)

    threads = [Thread(target=accept, args=(who,)) for who in ("sara", "sven")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [Inbox(database).case(case_id).assignee]


def ticked(case: Case) -> list[str | None]:
    return [each.by for each in case.checklist]


def test_a_checklist_knows_who_ticked_what_and_when(database: Database, case_id: int, clock: Any) -> None:
    steps = Teamwork(database)
    steps.open_playbook(case_id, "anna", "storing", ["kijk", "meld"])
    steps.claim(case_id, "anna", lease=timedelta(hours=1))
    clock.advance(minutes=5)
    case = steps.tick(case_id, "bram", 2)
    assert (case.playbook, [each.text for each in case.checklist]) == ("storing", ["kijk", "meld"])
    assert (ticked(case), case.checklist[1].at) == ([None, "bram"], clock())
    assert found(database, "playbook:storing") == [case_id]
    kinds = [event.kind.value for event in Inbox(database).trail(case_id)]
    steps.tick(case_id, "anna", 2)  # done already: nothing happens
    assert [event.kind.value for event in Inbox(database).trail(case_id)] == kinds
    assert ticked(steps.tick(case_id, "anna", 2, done=False)) == [None, None]
    for number in (0, 3):
        with pytest.raises(StepRefused, match="has no step"):
            steps.tick(case_id, "anna", number)


def test_ticks_and_playbooks_are_taken_back(database: Database, case_id: int) -> None:
    steps, undo = Teamwork(database), Undo(database)
    with pytest.raises(StepRefused, match="follows no playbook"):
        steps.tick(case_id, "anna", 1)
    steps.open_playbook(case_id, "anna", "storing", ["kijk"])
    steps.tick(case_id, "anna", 1)
    undo.undo("anna")
    assert ticked(Inbox(database).case(case_id)) == [None]
    undo.redo("anna")
    assert ticked(Inbox(database).case(case_id)) == ["anna"]
    undo.undo("anna")
    undo.undo("anna")
    case = Inbox(database).case(case_id)
    assert (case.playbook, case.checklist) == (None, ())
