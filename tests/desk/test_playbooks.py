"""Playbooks, hand-overs and cases for a competitor's mention, as rules and agents use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import alarms, alerts, policy, rehearsal, rule_runs, rules
from desk.clerk import Clerk
from desk.errors import NotAllowed
from storage import settings as config
from storage.database import Database
from storage.errors import ConfigError, NotFound, StepRefused
from storage.inbox import Inbox
from storage.intake import Intake
from storage.notices import Notices
from storage.rulebook import Rulebook
from storage.steps import Steps
from storage.types import Case, EventKind, Match, NewPost, Opinion, Post, Priority, Status

HEAD = """
team:
  anna: {role: agent, department: webcare}
  bram: {role: lead, department: webcare}
  sara: {role: agent, department: service}
  vera: {role: viewer, department: service}
replies: {dank: {nl: "Dank!"}, storing: {nl: "We kijken ernaar."}}
playbooks:
  storing:
    {when: storing, steps: [kijk, meld], replies: [storing], do: [{tag: storing}, {priority: high}, {assign: anna}]}
  pers: {steps: [bel], do: [{tag: pers}]}
"""


class House:
    """A database at work with a configuration."""

    def __init__(self, database: Database, text: str = "") -> None:
        self.database, self.inbox, self.numbers = database, Inbox(database), count(1)
        document = config.parse(HEAD + text, "sources.yaml", {})
        self.policy, self.rules = policy.read(document), rules.read(document)
        rule_runs.begin(database, self.rules)

    def run(self) -> int:
        return rule_runs.run(self.database, self.policy, self.rules)

    def arrive(
        self, text: str, *, brand: str = "zonnebank", author: str = "", thread: str = "", own: bool = False
    ) -> int:
        """Stores a mention and gives its id."""
        number = next(self.numbers)
        post = Post(
            external_id=f"p{number}", url=f"https://forum.example/{number}", text=text, author=author or f"jan{number}",
            conversation_id=thread or f"c{number}", published_at=self.database.now(),
        )  # fmt: skip
        ours = brand == "zonnebank" and not own
        opinion = Opinion(lang="nl", priority_score=35)
        match = (Match(brand=brand, query=brand),)
        new = NewPost(post=post, matches=match, opinion=opinion, wants_case=ours, is_own=own)
        (mention,) = Intake(self.database).store("forum", "phpbb", [new]).new_mentions
        return mention

    def case_of(self, mention: int) -> int:
        case_id = self.inbox.mention(mention).case_id
        assert case_id is not None
        return case_id

    def case(self, case_id: int) -> Case:
        return self.inbox.case(case_id)

    def clerk(self, agent: str) -> Clerk:
        return Clerk(self.database, agent=agent, policy=self.policy, channels=lambda _: None)  # type: ignore[arg-type, return-value]

    def kinds(self, case_id: int) -> list[str]:
        return [event.kind.value for event in self.inbox.trail(case_id)]


@pytest.fixture
def house(database: Database) -> Callable[[str], House]:
    return lambda text="": House(database, text)


def test_a_playbook_opens_by_itself_once_and_does_its_routing_once(house: Any) -> None:
    here = house()
    case_id = here.case_of(here.arrive("storing in de app", author="jan", thread="t"))
    assert here.run() == 1
    case = here.case(case_id)
    assert (case.playbook, case.tags, case.priority, case.assignee) == ("storing", ("storing",), Priority.HIGH, "anna")
    assert [each.text for each in case.checklist] == ["kijk", "meld"]
    Steps(here.database).prioritise(case_id, "anna", Priority.LOW)
    here.arrive("nog steeds storing", author="jan", thread="t")
    here.run()
    assert here.case(case_id).priority is not Priority.HIGH  # what a person decided is not done again
    assert here.kinds(case_id).count("playbook") == 1
    assert here.clerk("anna").templates(case) == ["storing", "dank"]
    assert here.clerk("anna").templates(here.case(here.case_of(here.arrive("hoi")))) == ["dank", "storing"]


def test_a_playbook_by_hand_is_one_act_that_can_be_taken_back(house: Any) -> None:
    here = house()
    case_id = here.case_of(here.arrive("hallo"))
    clerk = here.clerk("anna")
    clerk.claim(case_id)
    rule_runs.follow(clerk, case_id, "storing")
    case = here.case(case_id)
    assert (case.playbook, case.tags, case.priority) == ("storing", ("storing",), Priority.HIGH)
    assert {event.actor for event in here.inbox.trail(case_id)} == {"webcare", "anna"}
    with pytest.raises(StepRefused, match="followed already"):
        rule_runs.follow(clerk, case_id, "storing")
    clerk.tick(case_id, 2)
    clerk.undo()
    clerk.undo()
    case = here.case(case_id)
    assert (case.playbook, case.tags, case.checklist, case.priority) == (None, (), (), Priority.NORMAL)
    with pytest.raises(NotFound, match="did you mean pers"):
        rule_runs.follow(clerk, case_id, "persje")
    with pytest.raises(NotAllowed):
        rule_runs.follow(here.clerk("vera"), case_id, "pers")


def test_a_rule_opens_a_playbook_by_name(house: Any) -> None:
    here = house("rules: [{name: krant, when: krant, do: [{playbook: pers}]}]")
    case_id = here.case_of(here.arrive("ik ben van de krant"))
    here.run()
    assert (here.case(case_id).playbook, here.case(case_id).tags) == ("pers", ("pers",))
    Rulebook(here.database).undo("krant", case_id, "bram")
    assert (here.case(case_id).playbook, here.case(case_id).tags) == (None, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("playbooks: {x: {replies: [danke]}}", "danke is not one of the replies"),
        ("playbooks: {x: {do: [{tog: x}]}}", "tog is no act"),
        ("playbooks: {x: {do: [open_case]}}", "a playbook cannot do open_case"),
        ("playbooks: {x: {when: '('}}", "playbooks.x.when"),
        ("playbooks: {x: {stepz: [a]}}", "stepz"),
        ("rules: [{when: a, do: [{playbook: x}]}]", "x is not one of the playbooks"),
        ("rules: [{when: a, on: change, do: [open_case]}]", "open_case is for rules on arrival"),
    ],
)
def test_faults_are_said(text: str, said: str) -> None:
    document = config.parse('replies: {dank: {nl: "Dank!"}}\n' + text, "sources.yaml", {})
    complaints: list[str] = []
    for reader in (policy, rules):
        try:
            reader.read(document)
        except ConfigError as error:
            complaints += error.complaints
    assert any(said in each for each in complaints), complaints


def test_only_the_department_or_a_lead_answers_a_hand_over(house: Any) -> None:
    here = house()
    case_id = here.case_of(here.arrive("hallo"))
    with pytest.raises(NotFound, match="sales is not a department of the team: service, webcare"):
        here.clerk("anna").hand_over(case_id, "sales")
    here.clerk("anna").hand_over(case_id, "service", "boos")
    for who in ("anna", "vera"):
        with pytest.raises(NotAllowed):
            here.clerk(who).accept(case_id)
    here.clerk("sara").refuse(case_id, "nee")
    here.clerk("anna").hand_over(case_id, "service")
    (case,) = here.clerk("bram").accept(case_id)
    assert (case.assignee, case.department) == ("bram", "service")


def test_a_hand_over_that_waits_is_told_once_also_of_the_past(
    house: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house()
    monkeypatch.setattr(alarms, "deliver", lambda *_: 0)
    text = 'alerts: [{handover: 30m, notify: ["https://hook.example"]}]'
    found = alerts.read(config.parse(text, "s.yaml", {}))
    case_id = here.case_of(here.arrive("hallo"))
    here.clerk("anna").hand_over(case_id, "service")
    titles = []
    for _ in range(4):
        clock.advance(minutes=20)
        alarms.tick(here.database, found, here.policy.timezone)
        message = Notices(here.database).take(found[0].targets[0].id, an_hour=100)
        titles += [notice.title for notice in message.notices] if message else []
        if message:
            Notices(here.database).sent(message)
    assert titles == [f"Case {case_id}: service did not answer its hand-over"]
    here.clerk("bram").accept(case_id)
    for answer in (lambda: here.clerk("sara").refuse(case_id, "nee"), lambda: here.clerk("bram").undo()):
        here.clerk("bram").hand_over(case_id, "service")
        clock.advance(minutes=20)
        answer()
        clock.advance(minutes=40)
    zone, now = here.policy.timezone, here.database.now()
    past = rehearsal.rehearse(here.database, found[0], now - timedelta(days=1), now, zone)
    assert [(each.title, each.at) for each in past] == [(titles[0], now - timedelta(minutes=170))]


OPENING = 'rules: [{name: kans, when: "brand:maanbank overstap", do: [open_case, {tag: kans}, {assign: anna}]}]'


def test_a_competitors_mention_gets_a_case_where_a_rule_says_so_and_only_there(house: Any) -> None:
    here = house(OPENING)
    wanted, other = here.arrive("overstap!", brand="maanbank"), here.arrive("mooi weer", brand="maanbank")
    own = here.arrive("overstap!", brand="maanbank", own=True)
    for _ in range(3):
        here.run()
    case = here.case(here.case_of(wanted))
    assert (case.brand, case.status, case.tags, case.assignee) == ("maanbank", Status.NEW, ("kans",), "anna")
    assert here.inbox.mention(other).case_id is here.inbox.mention(own).case_id is None
    assert here.kinds(case.id) == ["found", "tagged", "assigned", "rule"]
    assert list(here.inbox.ids("*")) == [case.id]


def test_mentions_of_one_person_share_the_case_and_open_it_again(house: Any) -> None:
    here = house(OPENING)
    first = here.arrive("overstap?", brand="maanbank", author="kees", thread="t")
    here.run()
    case_id = here.case_of(first)
    Steps(here.database).resolve(case_id, "anna")
    second = here.arrive("toch overstap", brand="maanbank", author="kees", thread="t")
    here.run()
    assert here.case_of(second) == case_id
    assert here.case(case_id).status is Status.OPEN


def test_what_is_stored_gets_its_case_when_a_rule_is_applied_and_loses_it_when_that_is_taken_back(house: Any) -> None:
    here = house()
    stored = [here.arrive("overstap", brand="maanbank") for _ in range(3)]
    here = House(here.database, OPENING)
    here.run()
    assert list(here.inbox.ids("*")) == []
    rule = next(rule for rule in here.rules if rule.name == "kans")
    assert len(rule_runs.apply(here.database, here.policy, rule).acted) == 3
    here.run()  # that mentions joined is no second reason
    assert rule_runs.apply(here.database, here.policy, rule).acted == []
    cases = [here.case_of(each) for each in stored]
    assert [here.kinds(case_id).count("tagged") for case_id in cases] == [1, 1, 1]
    Steps(here.database).note(cases[1], "anna", "ik bel")
    taken, left = Rulebook(here.database).undo_applied("kans", "bram")
    assert (sorted(taken), list(left)) == (sorted([cases[0], cases[2]]), [cases[1]])
    assert [here.case(case_id).status for case_id in cases] == [Status.DISMISSED, Status.NEW, Status.DISMISSED]
    with pytest.raises(StepRefused, match="was not applied by hand"):
        Rulebook(here.database).undo_applied("storing", "bram")


POSTS = st.lists(
    st.tuples(st.sampled_from(["zonnebank", "maanbank"]), st.booleans(), st.booleans(), st.integers(0, 2)), max_size=8
)


@settings(max_examples=12)
@given(posts=POSTS)
def test_whatever_arrives_a_competitor_is_in_the_queue_by_rule_alone(sqlite_database: Database, posts: Any) -> None:
    here = House(sqlite_database, OPENING)
    here.numbers = count(1 + (sqlite_database.now().toordinal() + len(list(here.inbox.mentions("is:mention")))) * 10)
    for brand, wanted, own, author in posts:
        text = "overstap" if wanted else "hallo"
        mention = here.arrive(text, brand=brand, own=own, author=f"{'wij' if own else 'kees'}{author}")
        here.run()
        by_rule = brand == "maanbank" and wanted and not own
        ours = brand == "zonnebank" and not own
        assert (here.inbox.mention(mention).case_id is not None) is (by_rule or ours)
    events = [event for case_id in here.inbox.ids("brand:maanbank") for event in here.inbox.trail(case_id)]
    assert {event.actor for event in events if event.kind is EventKind.FOUND} <= {"rule:kans"}
