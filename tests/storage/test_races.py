"""Many desks at once on one database: one winner, nothing twice, nobody locked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier
from typing import Any

from storage.errors import HeldByOther, StepRefused
from storage.types import Receipt, ReplyState

DESKS = 8


def at_once(desks: list[Any], work: Callable[[int, Any], Any]) -> list[Any]:
    """What `work` gives for each desk, all begun together, each in a thread and on a connection of its own."""
    gate = Barrier(len(desks))

    def begin(number: int) -> Any:
        gate.wait()
        return work(number, desks[number])

    with ThreadPoolExecutor(len(desks)) as pool:
        return list(pool.map(begin, range(len(desks))))


def test_each_case_that_all_claim_has_one_winner(desk: Any, open_desk: Callable[[], Any]) -> None:
    ids = [desk.case() for _ in range(50)]

    def claim_all(number: int, own: Any) -> Counter[str]:
        told: Counter[str] = Counter()
        for case_id in ids[number:] + ids[:number]:
            try:
                own.steps.claim(case_id, f"agent{number}")
                told["won"] += 1
            except HeldByOther as refused:
                assert refused.holder != f"agent{number}"
                told["lost"] += 1
        return told

    told = sum(at_once([open_desk() for _ in range(DESKS)], claim_all), Counter())
    assert told == {"won": 50, "lost": 50 * (DESKS - 1)}
    for case in desk.inbox.cases(ids):
        claims = [event for event in desk.inbox.trail(case.id) if event.kind == "claimed"]
        assert [event.actor for event in claims] == [case.assignee]
        assert case.epoch == 1


def test_cases_resolved_by_all_are_resolved_once(desk: Any, open_desk: Callable[[], Any]) -> None:
    ids = [desk.case() for _ in range(10)]

    def resolve_all(number: int, own: Any) -> int:
        done = 0
        for case_id in ids if number % 2 else reversed(ids):
            try:
                own.steps.resolve(case_id, f"agent{number}")
                done += 1
            except StepRefused:
                pass
        return done

    assert sum(at_once([open_desk() for _ in range(DESKS)], resolve_all)) == 10


def test_steps_on_several_cases_in_any_order_do_not_wait_for_each_other(
    desk: Any, open_desk: Callable[[], Any]
) -> None:
    ids = [desk.case() for _ in range(6)]

    def tag_all(number: int, own: Any) -> None:
        for turn in range(5):
            own.steps.tag(ids if number % 2 else ids[::-1], f"agent{number}", f"t{number}-{turn}")

    at_once([open_desk() for _ in range(4)], tag_all)
    assert {len(case.tags) for case in desk.inbox.cases(ids)} == {20}


def test_each_reply_that_is_due_leaves_once(desk: Any, open_desk: Callable[[], Any], clock: Any) -> None:
    for _ in range(20):
        desk.hold(desk.case())
    clock.advance(seconds=10)

    def send_all(number: int, own: Any) -> list[int]:
        left = []
        while (reply := own.outbox.take_due(f"desk:{number}")) is not None:
            left.append(reply.id)
            own.outbox.sent(reply.id, Receipt())
        return left

    left = list(chain.from_iterable(at_once([open_desk() for _ in range(4)], send_all)))
    assert sorted(left) == sorted({reply.id for reply in desk.outbox.list([ReplyState.SENT])})
    assert len(left) == 20


def test_one_draft_a_case_however_many_windows_an_agent_has_open(desk: Any, open_desk: Callable[[], Any]) -> None:
    case_id = desk.case()

    def write(number: int, own: Any) -> None:
        own.outbox.draft(case_id, "anna", f"Tekst {number}", "browser")

    at_once([open_desk() for _ in range(4)], write)
    assert len(desk.outbox.list([ReplyState.DRAFT])) == 1


def test_calling_back_and_sending_at_once_has_one_outcome(desk: Any, open_desk: Callable[[], Any], clock: Any) -> None:
    replies = [desk.hold(desk.case()) for _ in range(10)]
    clock.advance(seconds=10)

    def work(number: int, own: Any) -> int:
        if number == 0:
            return sum(own.outbox.take_due("desk:0") is not None for _ in replies)
        called = 0
        for reply in reversed(replies):
            try:
                own.outbox.cancel(reply.id, "anna")
                called += 1
            except StepRefused:
                pass
        return called

    left, called = at_once([open_desk(), open_desk()], work)
    assert left + called == 10
    states = Counter(desk.outbox.reply(reply.id).state for reply in replies)
    assert states == Counter({ReplyState.SENDING: left, ReplyState.DRAFT: called})
