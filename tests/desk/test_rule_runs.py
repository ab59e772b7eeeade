"""Rules at work: each acts once, people go first, loops end, and everything can be taken back."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from desk import policy, rule_runs, rules
from desk.clerk import Clerk
from storage import settings, undo
from storage.database import Database
from storage.errors import NothingToUndo, StepRefused
from storage.inbox import Inbox
from storage.intake import Intake
from storage.notices import Notices
from storage.rulebook import Rulebook
from storage.steps import Steps
from storage.types import Case, EventKind, Match, NewPost, Opinion, Post, Priority, ReplyState, Status
from storage.undo import Undo

HEAD = """team:
  anna: {role: agent, languages: [nl]}
  bram: {role: lead}
  carla: {role: agent, languages: [en]}
replies: {dank: {nl: "Dank je wel, {author}! ^{agent}"}}
"""


HOOK = "https://hook.example"


class Town:
    """A database with rules at work on it."""

    def __init__(self, database: Database, text: str = "") -> None:
        self.database, self.steps, self.inbox = database, Steps(database), Inbox(database)
        self.numbers = count(1)
        if text:
            self.rule(text)

    def rule(self, text: str) -> Town:
        """From now on these are the rules."""
        document = settings.parse(HEAD + "rules:\n" + text, "sources.yaml", {})
        self.policy, self.rules = policy.read(document), rules.read(document)
        rule_runs.begin(self.database, self.rules)
        return self

    def run(self) -> int:
        """One round of the rules."""
        return rule_runs.run(self.database, self.policy, self.rules)

    def arrive(
        self,
        text: str = "Werkt de app?",
        *,
        author: str = "",
        thread: str = "",
        at: datetime | None = None,
        **more: Any,
    ) -> int:
        """Stores a mention and gives its case."""
        number = next(self.numbers)
        post = Post(
            external_id=f"p{number}",
            url=f"https://forum.example/{number}",
            text=text,
            author=author or f"jan{number}",
            conversation_id=thread or f"c{number}",
            published_at=at or self.database.now(),
        )
        opinion = Opinion(**{"lang": "nl", "intents": ("question",), "priority_score": 35, **more})
        new = NewPost(post=post, matches=(Match(brand="zonnebank", query="z"),), opinion=opinion, wants_case=True)
        (mention,) = Intake(self.database).store("forum", "phpbb", [new]).new_mentions
        case_id = self.inbox.mention(mention).case_id
        assert case_id is not None
        return case_id

    def case(self, case_id: int) -> Case:
        return self.inbox.case(case_id)

    def kinds(self, case_id: int) -> list[str]:
        """What happened to a case."""
        return [event.kind.value for event in self.inbox.trail(case_id)]

    def runs(self, case_id: int) -> list[Any]:
        """What rules wrote down on a case."""
        return [event.data for event in self.inbox.trail(case_id) if event.kind is EventKind.RULE]

    def clerk(self, agent: str) -> Clerk:
        return Clerk(self.database, agent=agent, policy=self.policy, channels=lambda name: Silent())  # type: ignore[arg-type, return-value]


class Silent:
    """A channel that hands nothing over."""

    limit = None
    tells_duplicates = at_desk = False


@pytest.fixture
def town(database: Database) -> Callable[[str], Town]:
    """Rules at work, on both kinds of database."""
    return lambda text: Town(database, text)


def test_the_promised_rule_assigns_and_tags(town: Any) -> None:
    here = town('- {when: "intent:question lang:nl", do: [{assign: anna}, {tag: vraag}]}')
    mine, other = here.arrive(), here.arrive(lang="en")
    assert here.run() == 1
    assert (here.case(mine).assignee, here.case(mine).tags) == ("anna", ("vraag",))
    assert (here.case(other).assignee, here.case(other).tags) == (None, ())
    assert here.kinds(mine) == ["found", "tagged", "assigned", "rule"]
    (run,) = here.runs(mine)
    assert (run["rule"], run["acts"], run["left"]) == ("intent:question lang:nl", ["tag vraag", "assign anna"], [])
    assert {event.actor for event in here.inbox.trail(mine)[1:]} == {"rule:intent:question lang:nl"}


def test_the_same_events_have_no_second_effect(town: Any) -> None:
    here = town(f"- {{name: a, when: x OR app, do: [{{note: Kijk}}, {{notify: '{HOOK}'}}]}}")
    cases = [here.arrive() for _ in range(5)]
    assert here.run() == 5
    with here.database.write() as connection:  # as if an old copy of the position came back
        connection.exec_driver_sql("""UPDATE setting SET value = '{"at": 0, "gaps": []}' WHERE name = 'rules.cursor'""")
    assert here.run() == 0
    assert [here.kinds(case).count("noted") for case in cases] == [1] * 5
    (target,) = rule_runs.targets(here.rules)
    message = Notices(here.database).take(target.id, an_hour=6)
    assert message is not None
    assert len(message.notices) == 5


def test_rules_look_at_what_happens_after_they_began(database: Database) -> None:
    here = Town(database)
    old = here.arrive()
    here.rule("- {when: app, do: [{tag: nieuw}]}")
    new = here.arrive()
    assert here.run() == 1
    assert (here.case(old).tags, here.case(new).tags) == ((), ("nieuw",))


def test_what_happened_long_ago_is_not_acted_on_by_itself(town: Any, clock: Any) -> None:
    here = town("- {when: app, do: [{tag: nieuw}]}")
    here.arrive()
    clock.advance(days=2)
    assert here.run() == 0


ACTS = {
    "{tag: [a, b]}": lambda case: case.tags == ("a", "b"),
    "{priority: urgent}": lambda case: case.priority is Priority.URGENT,
    "{assign: bram}": lambda case: case.assignee == "bram" and case.lease_until is None,
    "{template: dank}": lambda case: case.reply_state is ReplyState.DRAFT,
    "{snooze: 4h}": lambda case: case.status is Status.SNOOZED,
    "resolve": lambda case: case.status is Status.RESOLVED,
    "dismiss": lambda case: case.status is Status.DISMISSED,
    "spam": lambda case: case.status is Status.SPAM,
}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_done_and_can_be_taken_back(town: Any, act: str) -> None:
    here = town(f"- {{name: a, when: app, do: [{act}]}}")
    case_id = here.arrive()
    before = here.case(case_id)
    assert here.run() == 1
    assert ACTS[act](here.case(case_id))
    Rulebook(here.database).undo("a", case_id, "bram")
    after = here.case(case_id)
    for name in ("status", "assignee", "lease_until", "snoozed_until", "priority", "tags", "reply_state"):
        assert getattr(after, name) == getattr(before, name), name
    assert here.inbox.trail(case_id)[-1].actor == "bram"
    assert here.run() == 0  # what a person took back is not done again
    assert not ACTS[act](here.case(case_id))


def test_all_that_a_run_did_is_taken_back_at_once(town: Any) -> None:
    here = town("- {name: a, when: app, do: [{tag: x}, {priority: urgent}, {template: dank}, {assign: anna}]}")
    case_id = here.arrive()
    here.run()
    assert here.case(case_id).assignee == "anna"
    Rulebook(here.database).undo("a", case_id, "bram")
    case = here.case(case_id)
    assert (case.assignee, case.tags, case.priority, case.reply_state) == (None, (), Priority.NORMAL, None)
    with pytest.raises(StepRefused):
        Rulebook(here.database).undo("a", case_id, "bram")


def test_what_people_did_since_is_not_taken_back_over_their_heads(town: Any) -> None:
    here = town("- {name: a, when: app, do: [{priority: urgent}]}")
    case_id = here.arrive()
    here.run()
    here.steps.resolve(case_id, "anna")
    with pytest.raises(StepRefused, match="anna resolved it since"):
        Rulebook(here.database).undo("a", case_id, "bram")


def test_a_tag_is_taken_off_when_the_case_changes(town: Any) -> None:
    here = town("- {when: 'tag:klaar tag:wacht', on: change, do: [{untag: wacht}]}")
    case_id = here.arrive()
    here.steps.tag(case_id, "anna", "wacht")
    here.steps.tag(case_id, "anna", "klaar")
    here.run()
    assert here.case(case_id).tags == ("klaar",)


def test_a_draft_greets_the_author_and_is_signed_by_who_sends_it(town: Any) -> None:
    here = town("- {when: app, do: [{template: dank}]}")
    case_id = here.arrive(author="Jan {agent}")
    here.run()
    (draft,) = here.inbox.open(case_id).replies
    assert (draft.text, draft.agent) == ("Dank je wel, Jan (agent)! ^{agent}", "rule:app")
    assert here.clerk("anna").reply(case_id, draft.text).text == "Dank je wel, Jan (agent)! ^anna"


def test_a_draft_that_is_there_is_left_alone(town: Any) -> None:
    here = town("- {when: app, do: [{template: dank}]}")
    case_id = here.arrive()
    here.clerk("anna").draft(case_id, "Mijn eigen woorden")
    assert here.run() == 0
    assert [reply.text for reply in here.inbox.open(case_id).replies] == ["Mijn eigen woorden"]
    assert here.runs(case_id)[0]["left"] == ["template dank: an answer is there already"]


def test_a_message_is_left_once_for_each_who_is_told(town: Any) -> None:
    here = town(f"- {{name: alarm, when: app, do: [{{notify: ['{HOOK}/a', '{HOOK}/b']}}, {{tag: gemeld}}]}}")
    case_id = here.arrive("De app\nis stuk")
    here.run()
    here.run()
    for target in rule_runs.targets(here.rules):
        message = Notices(here.database).take(target.id, an_hour=6)
        assert message is not None
        (notice,) = message.notices
        assert notice.title == f"alarm: case {case_id}"
        assert "De app\nis stuk" in notice.text
        assert Notices(here.database).take(target.id, an_hour=6) is None


def test_a_case_that_somebody_has_is_not_taken_from_them(town: Any) -> None:
    here = town("- {when: app, do: [{assign: bram}, {dismiss: true}, {snooze: 1h}, {tag: x}, {priority: high}]}")
    case_id = here.arrive()
    here.steps.claim(case_id, "anna")
    here.run()
    case = here.case(case_id)
    assert (case.assignee, case.status, case.tags, case.priority) == ("anna", Status.NEW, ("x",), Priority.HIGH)
    assert len(here.runs(case_id)[0]["left"]) == 3


def test_an_assignment_by_a_lead_stands(town: Any) -> None:
    here = town("- {when: app, do: [{assign: anna}]}")
    case_id = here.arrive()
    here.steps.assign(case_id, "bram", "carla")
    assert here.run() == 0
    assert here.case(case_id).assignee == "carla"


@pytest.mark.parametrize("close", ["resolve", "dismiss", "spam"])
def test_what_a_person_closed_stays_closed(town: Any, close: str) -> None:
    every = "{assign: anna}, {priority: high}, {snooze: 1h}, {template: dank}, resolve, dismiss, spam"
    here = town(f"- {{when: app, do: [{every}]}}\n- {{name: b, when: app, on: change, do: [{every}]}}")
    case_id = here.arrive()
    (closed,) = getattr(here.steps, close)(case_id, "bram")
    here.run()
    case = here.case(case_id)
    assert (case.status, case.assignee, case.priority) == (closed.status, None, Priority.NORMAL)


def test_a_later_rule_sees_what_an_earlier_one_did_unless_it_stops(town: Any) -> None:
    here = town(
        "- {when: app, do: [{tag: een}]}\n"
        "- {when: tag:een, do: [{tag: twee}], stop: true}\n"
        "- {when: tag:twee, do: [{tag: drie}]}\n"
    )
    case_id = here.arrive()
    assert here.run() == 2
    assert here.case(case_id).tags == ("een", "twee")


def test_rules_that_answer_each_other_end_and_say_so(town: Any) -> None:
    here = town(
        "- {name: heen, when: tag:a, on: change, do: [{untag: a}, {tag: b}]}\n"
        "- {name: weer, when: tag:b, on: change, do: [{untag: b}, {tag: a}]}\n"
    )
    case_id = here.arrive()
    here.steps.tag(case_id, "anna", "a")
    assert here.run() == 2 * rules.DEEPEST  # each sees what the other did
    assert here.run() == 0
    runs = here.runs(case_id)
    assert [run["depth"] for run in runs] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    assert "looks like a loop" in runs[-1]["left"][0]
    here.steps.note(case_id, "anna", "Nog een keer")  # another event is another beginning
    assert here.run() == 2 * rules.DEEPEST


def test_a_rule_that_changes_nothing_begins_nothing(town: Any) -> None:
    here = town("- {when: app, on: change, do: [{tag: x}]}")
    case_id = here.arrive()
    here.steps.tag(case_id, "anna", "y")
    assert here.run() == 1
    assert here.kinds(case_id).count("rule") <= 2
    assert here.run() == 0


def test_a_case_without_an_answer_is_raised_once_a_mention(town: Any, clock: Any) -> None:
    here = town(
        "- {name: wacht, on: time, after: 4h, when: '-has:reply is:open', do: [{priority: high}, {note: Al 4 uur}]}"
    )
    case_id = here.arrive(author="jan", thread="c")
    assert here.run() == 0
    clock.advance(hours=3, minutes=59)
    assert here.run() == 0
    clock.advance(minutes=2)
    assert here.run() == 1
    assert here.case(case_id).priority is Priority.HIGH
    clock.advance(hours=9)
    assert here.run() == 0
    here.arrive(author="jan", thread="c")
    clock.advance(hours=5)
    assert here.run() == 1
    assert here.kinds(case_id).count("noted") == 2


def test_age_in_the_query_is_time_passing_too(town: Any, clock: Any) -> None:
    here = town("- {on: time, when: 'age:>4h is:open', do: [{tag: oud}]}")
    case_id = here.arrive()
    clock.advance(hours=5)
    here.run()
    assert here.case(case_id).tags == ("oud",)


def test_turns_are_taken_by_who_has_room_and_speaks_the_language(town: Any) -> None:
    here = town(
        "- {name: beurt, when: app, do: [{assign: {round_robin: [anna, bram, carla], capacity: 2, language: true}}]}"
    )
    cases = []
    for _ in range(5):
        cases.append(here.arrive())
        here.run()
    given = [here.case(case).assignee for case in cases]
    assert given == ["anna", "bram", "anna", "bram", None]
    assert "nobody who may have it" in here.runs(cases[-1])[0]["left"][0]


def test_turns_within_one_batch_are_taken_in_order(town: Any) -> None:
    here = town("- {name: beurt, when: app, do: [{assign: {round_robin: [anna, bram]}}]}")
    cases = [here.arrive() for _ in range(6)]
    here.run()
    assert Counter(here.case(case).assignee for case in cases) == {"anna": 3, "bram": 3}


def test_the_last_agent_who_knew_the_person_gets_the_case(town: Any) -> None:
    here = town("- {when: app, do: [{assign: {last_agent: true, round_robin: [anna]}}]}")
    first = here.arrive("Hallo", author="jan")
    here.steps.claim(first, "carla")
    here.steps.resolve(first, "carla")
    again, stranger = here.arrive(author="jan"), here.arrive(author="piet")
    here.run()
    assert (here.case(again).assignee, here.case(stranger).assignee) == ("carla", "anna")


def test_applying_by_hand_is_once_a_case_and_for_open_ones(database: Database) -> None:
    here = Town(database)
    cases = [here.arrive() for _ in range(3)]
    here.steps.dismiss(cases[0], "anna")
    here.rule("- {name: a, when: app, do: [{note: Kijk}]}\n- {name: b, when: app, do: [{assign: anna}]}")
    here.steps.claim(cases[1], "bram")
    assert rule_runs.apply(database, here.policy, here.rules[0]).acted == cases[1:]
    assert rule_runs.apply(database, here.policy, here.rules[0]).acted == []
    applied = rule_runs.apply(database, here.policy, here.rules[1])
    assert (applied.acted, list(applied.left)) == ([cases[2]], [cases[1]])
    Rulebook(database).undo("b", cases[2], "bram")
    assert here.case(cases[2]).assignee is None


def test_all_that_was_applied_is_taken_back_however_much_the_rule_did(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "DEPTH", 2)
    here = Town(database)
    cases = [here.arrive() for _ in range(5)]
    here.rule("- {name: a, when: app, do: [{tag: x}, {priority: urgent}]}")
    assert rule_runs.apply(database, here.policy, here.rules[0]).acted == cases
    here.steps.resolve(cases[1], "bram")
    taken, left = Rulebook(database).undo_applied("a", "lea")
    assert (taken, list(left)) == ([cases[0], *cases[2:]], [cases[1]])
    assert [here.case(each).tags for each in cases] == [(), ("x",), (), (), ()]
    Undo(database).undo("bram")
    assert Rulebook(database).undo_applied("a", "lea")[0] == [cases[1]]
    with pytest.raises(NothingToUndo, match="taken back already"):
        Rulebook(database).undo_applied("a", "lea")


def test_explaining_says_who_would_act_who_did_and_why_not(town: Any) -> None:
    here = town("- {name: a, when: app lang:nl, do: [{tag: x}]}\n- {name: b, when: app lang:en, do: [spam]}")
    case_id = here.arrive()
    here.run()
    first, second = rule_runs.explain(here.database, here.rules, case_id)
    assert (first.missing, [why for _, why in first.acts], len(first.runs)) == ((), ["it has that tag already"], 1)
    assert (second.missing, second.runs) == (("lang:en",), ())


def test_many_processes_at_once_act_once(town: Any, another: Callable[[], Database]) -> None:
    here = town("- {name: a, when: app, do: [{note: Kijk}, {assign: {round_robin: [anna, bram]}}]}")
    cases = [here.arrive() for _ in range(40)]
    others = [another() for _ in range(4)]
    gate = Barrier(len(others))

    def work(database: Database) -> int:
        gate.wait()
        return sum(rule_runs.run(database, here.policy, here.rules) for _ in range(3))

    with ThreadPoolExecutor(len(others)) as pool:
        runs = sum(pool.map(work, others))
    assert runs + here.run() == 40
    assert {here.kinds(case).count("noted") for case in cases} == {1}
    assert Counter(here.case(case).assignee for case in cases) == {"anna": 20, "bram": 20}


def test_a_rule_killed_in_the_middle_leaves_no_half(sqlite_url: str, clock: Any, apart: Any) -> None:
    here = Town(Database(sqlite_url, clock=clock), "- {name: a, when: app, do: [{note: Kijk}, {tag: x}]}")
    case_id = here.arrive()
    program = (
        "import os, signal, sys\n"
        "from datetime import datetime\n"
        "from desk import rule_runs, rules, policy\n"
        "from storage import settings, rulebook\n"
        "from storage.database import Database\n"
        "url, text, now = sys.argv[1:]\n"
        "document = settings.parse(text, 'sources.yaml', {})\n"
        "rulebook.Turn.write_down = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "database = Database(url, clock=lambda: datetime.fromisoformat(now))\n"
        "rule_runs.run(database, policy.read(document), rules.read(document))\n"
    )
    text = HEAD + "rules: [{name: a, when: app, do: [{note: Kijk}, {tag: x}]}]"
    now = here.database.now().isoformat()
    assert apart.run(program, sqlite_url, text, now) == -signal.SIGKILL
    assert here.kinds(case_id) == ["found"]
    assert here.run() == 1
    assert here.kinds(case_id) == ["found", "noted", "tagged", "rule"]
    here.database.close()


def test_an_event_that_appears_below_the_position_is_still_looked_at(town: Any, clock: Any) -> None:
    here = town("- {when: app, do: [{tag: x}]}")
    late = here.arrive()
    with here.database.write() as connection:  # as PostgreSQL shows it while its transaction is under way
        connection.exec_driver_sql("CREATE TABLE hidden AS SELECT * FROM event")
        connection.exec_driver_sql("DELETE FROM event")
        columns = "id, at, actor, kind, case_id, post_id, reply_id, data, undone_by"
    here.arrive()
    if here.database.is_sqlite:
        with here.database.write() as connection:  # SQLite gives the highest id that is free
            connection.exec_driver_sql("UPDATE event SET id = id + 5")
    assert here.run() == 1
    with here.database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO event ({columns}) SELECT {columns} FROM hidden")
    assert here.run() == 1
    assert here.case(late).tags == ("x",)
    clock.advance(minutes=11)
    here.arrive()
    here.run()
    with here.database.read() as connection:
        value = connection.exec_driver_sql("SELECT value FROM setting WHERE name = 'rules.cursor'").scalar_one()
    assert '"gaps": []' in value


def test_without_rules_nothing_is_looked_at(sqlite_database: Database) -> None:
    assert rule_runs.run(sqlite_database, policy.Policy(), ()) == 0
    assert timedelta() == rules.Rule(name="a", when="x", node=rules.tree.Everything(), acts=()).after
