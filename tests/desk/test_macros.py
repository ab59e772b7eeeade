"""Macros: several steps under one name, all or none, and back at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from desk import macros
from desk.clerk import Clerk
from desk.macros import WORDS, Macro
from desk.policy import Policy
from storage import settings
from storage.database import Database
from storage.errors import ConfigError, NotFound, StepRefused
from storage.inbox import Inbox
from storage.intake import Intake
from storage.outbox import Outbox
from storage.types import Case, Match, Mention, NewPost, Post, Priority, Receipt, Reply, ReplyState, Status

CONFIG = """\
team: {anna: {role: lead}, bram: {}, vic: {role: viewer}}
replies: {dank: {nl: "Dank je wel, {author}! ^{agent}"}, vraag: {nl: "Wat is je {prompt:postcode}?"}}
macros:
  dank: [{tag: [lof, app]}, {priority: high}, {reply: dank}, {note: "Bedankt."}, resolve]
  weg: [claim, {tag: later}, {snooze: 2h}]
  door: [{untag: app}, {assign: bram}]
  concept: [{template: dank}, pend]
  open: [{tag: gevraagd}, {reply: vraag}, resolve]
  dubbel: [{tag: dicht}, resolve, dismiss]
"""


def document(text: str = CONFIG) -> settings.Document:
    return settings.parse(text, "sources.yaml", {})


def clerk_of(database: Database, agent: str = "anna") -> Clerk:
    return Clerk(
        database,
        agent=agent,
        policy=Policy(replies=REPLIES),
        channels=lambda name: Quiet(),
        macros=macros.read(document()),
    )


@dataclass
class Quiet:
    """A channel that hands nothing over."""

    limit: int | None = 280
    tells_duplicates: bool = False
    at_desk: bool = False

    def send(self, reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
        """Says that it did."""
        return Receipt()


def store(database: Database, number: int = 1, *, author: str = "Jan", conversation: str = "c1") -> int:
    """Stores a mention and gives its case."""
    post = Post(
        external_id=f"p{number}",
        url=f"https://forum.example/{number}",
        text="De app van Zonnebank werkt niet",
        author=author,
        author_id=author,
        conversation_id=conversation,
        lang="nl",
        published_at=database.now(),
    )
    intake = Intake(database)
    intake.register({"forum": ("phpbb", "https://forum.example")})
    new = NewPost(post=post, matches=(Match(brand="zonnebank", query="zonnebank"),), wants_case=True)
    (mention_id,) = intake.store("forum", "phpbb", [new]).new_mentions
    return int(next(Inbox(database).mentions(f"id:{mention_id}")).case_id or 0)


REPLIES = {"dank": {"nl": "Dank je wel, {author}! ^{agent}"}, "vraag": {"nl": "Wat is je {prompt:postcode}?"}}


def state(clerk: Clerk, case_id: int) -> dict[str, Any]:
    """Whatever a macro may have changed."""
    file = clerk.open(case_id)
    case = file.case
    kept = {name: getattr(case, name) for name in ("status", "assignee", "tags", "priority", "snoozed_until")}
    return kept | {"replies": [(each.state, each.text) for each in file.replies]}


def test_all_steps_are_taken_as_one_act_and_one_undo_takes_them_back(database: Database) -> None:
    case_id, clerk = store(database), clerk_of(database)
    before = state(clerk, case_id)
    clerk.macro("dank", case_id)
    after = state(clerk, case_id)
    assert (after["status"], after["priority"]) == (Status.RESOLVED, Priority.HIGH)
    assert set(after["tags"]) == {"lof", "app"}
    assert after["replies"] == [(ReplyState.HELD, "Dank je wel, Jan! ^anna")]
    clerk.undo()
    back = state(clerk, case_id)
    assert back.pop("replies") == [(ReplyState.DRAFT, "Dank je wel, Jan! ^anna")]
    assert back == {name: value for name, value in before.items() if name != "replies"} | {"status": back["status"]}
    assert back["status"].is_open
    with pytest.raises(StepRefused, match="nothing to undo"):
        clerk.undo()


def test_once_the_reply_has_left_undo_takes_back_what_else_was_done(database: Database, clock: Any) -> None:
    case_id, clerk = store(database), clerk_of(database)
    clerk.macro("dank", case_id)
    clock.advance(seconds=11)
    reply = Outbox(database).take_due("me")
    assert reply is not None
    clerk.undo()
    now = state(clerk, case_id)
    assert now["status"].is_open and now["tags"] == () and now["replies"][0][0] is ReplyState.SENDING
    with pytest.raises(StepRefused, match="nothing to undo"):
        clerk.undo()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("open", "open did nothing: step 2, reply vraag: Fill in {prompt:postcode} first."),
        ("dubbel", "dubbel did nothing: step 3, dismiss: Case 1 is resolved and cannot be dismissed"),
    ],
)
def test_a_step_that_is_refused_leaves_nothing_of_the_others(database: Database, name: str, why: str) -> None:
    case_id, clerk = store(database), clerk_of(database)
    before, events = state(clerk, case_id), len(clerk.open(case_id).trail)
    with pytest.raises(StepRefused) as refused:
        clerk.macro(name, case_id)
    assert str(refused.value).startswith(why)
    assert state(clerk, case_id) == before and len(clerk.open(case_id).trail) == events


def test_a_macro_works_on_several_cases_all_or_none_but_replies_to_one_at_a_time(database: Database) -> None:
    cases = [store(database, n, author=f"Jan {n}", conversation=f"c{n}") for n in (1, 2, 3)]
    clerk = clerk_of(database)
    clerk.macro("weg", cases)
    assert {case.status for case in clerk.cases(cases)} == {Status.SNOOZED}
    assert all(case.snoozed_until == database.now() + timedelta(hours=2) for case in clerk.cases(cases))
    clerk.undo()
    assert {(case.status.is_open, case.tags, case.assignee) for case in clerk.cases(cases)} == {(True, (), None)}
    with pytest.raises(StepRefused, match="one case at a time"):
        clerk.macro("dank", cases)
    clerk_of(database, "bram").claim(cases[1])
    with pytest.raises(StepRefused, match=r"step 1, claim: Case .* held by bram"):
        clerk.macro("weg", cases)
    assert [case.assignee for case in clerk.cases(cases)] == [None, "bram", None]


def test_a_macro_answers_the_conversation_as_it_was_seen(database: Database) -> None:
    case_id, clerk = store(database), clerk_of(database)
    seen: Case = clerk.claim(case_id)
    store(database, 2)
    with pytest.raises(StepRefused, match="changed since you read it: a new mention"):
        clerk.macro("dank", case_id, seen={case_id: seen})
    clerk.macro("dank", case_id)


def test_what_goes_to_a_colleague_and_what_stays_a_draft(database: Database) -> None:
    case_id, clerk = store(database), clerk_of(database)
    clerk.macro("concept", case_id)
    clerk.macro("door", case_id)
    now = state(clerk, case_id)
    assert now["assignee"] == "bram" and now["status"] is Status.PENDING
    assert now["replies"] == [(ReplyState.DRAFT, "Dank je wel, Jan! ^anna")]


def test_an_unknown_macro_is_named_with_those_there_are(database: Database) -> None:
    with pytest.raises(NotFound, match="There is no macro dnak: choose from concept, dank"):
        clerk_of(database).macro("dnak", store(database))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("macros: [dank]", "macros: must name lists of steps"),
        ("macros:\n  leeg: []", "sources.yaml:2: macros.leeg: must be a list of steps"),
        ("macros:\n  m: [resolv]", "macros.m[0]: resolv is no step of a macro (did you mean resolve?)"),
        ("macros:\n  m: [{reply: dnak}]", "macros.m[0]: template: dnak is not one of the replies"),
        ("macros:\n  m: [{notify: x}]", "notify is no step of a macro"),
        ("macros:\n  m: [{claim: anna}]", "claim: takes true"),
        ("macros:\n  m: [{assign: last_agent}]", "a macro gives a case to one person"),
        ("macros:\n  m: [{assign: {capacity: 0}}]", "capacity"),
        ("macros:\n  m: [{tag: a, note: b}]", "each item is one act"),
        ("macros:\n  m: [{}]", "is no step of a macro"),
        ("macros:\n  m: [5]", "is no step of a macro"),
    ],
)
def test_a_bad_macro_is_refused_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        macros.read(document(text))
    assert complaint in str(refused.value)


def test_every_step_a_macro_may_name_is_documented_and_done(database: Database) -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "replies.md").read_text("utf-8").split("## Macros")[1].split("## ")[0]
    values = {"tag": "x", "untag": "x", "priority": "low", "assign": "bram", "note": "n", "snooze": "1h"}
    values |= {"template": "dank", "reply": "dank"}
    for number, word in enumerate(WORDS, 1):
        assert f"`{word}`" in page, word
        text = CONFIG.split("macros:")[0] + f"macros: {{m: [{{{word}: {values.get(word, 'true')}}}]}}"
        (macro,) = macros.read(document(text)).values()
        assert isinstance(macro, Macro)
        clerk = clerk_of(database)
        clerk.macros = {"m": macro}
        clerk.macro("m", store(database, number, author=f"Jan {number}", conversation=f"c{number}"))


async def test_at_the_desk_m_and_a_letter_do_it_and_z_takes_it_back(
    desk: Any, arrive: Callable[..., int], clerk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = arrive(), arrive(author="piet")
    found = macros.read(document())
    async with desk() as seat:
        await seat.press("M")
        assert "There are no macros" in seat.said
        (await seat.screen.counter.read(lambda clerk: clerk)).macros = found
        await seat.press("M", "b")
        assert clerk("x").cases([first])[0].status is Status.RESOLVED
        assert "dank: done. z takes all of it back." in seat.said and seat.screen.cases.case_id == second
        await seat.press("z")
        assert clerk("x").cases([first])[0].status.is_open
        await seat.press("M", "e")
        assert "open did nothing: step 2" in seat.said
