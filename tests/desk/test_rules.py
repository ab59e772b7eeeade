"""What a rule says, and what is refused in it, with its place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import rules
from desk.acts import Act, Assignment
from desk.policy import Member
from storage import settings
from storage.errors import ConfigError

HEAD = """team: {anna: {role: agent, languages: [nl]}, bram: {role: lead}, vic: {role: viewer}}
replies: {dank: {nl: "Dank je wel, {author}! ^{agent}"}}
"""


def read(text: str) -> tuple[rules.Rule, ...]:
    """The rules of a file with a team of three and one template."""
    return rules.read(settings.parse(HEAD + text, "sources.yaml", {}))


def complaints(text: str) -> list[str]:
    """What is said of a file that is refused."""
    with pytest.raises(ConfigError) as refused:
        read(text)
    return list(refused.value.complaints)


def test_the_promised_rule_is_read() -> None:
    (rule,) = read('rules: [{when: "intent:question lang:nl", do: [{assign: anna}, {tag: vraag}]}]')
    assert (rule.name, rule.on, rule.stop) == ("intent:question lang:nl", "arrival", False)
    assert rule.acts == (Act("assign", Assignment(person="anna")), Act("tag", "vraag"))


def test_every_act_is_read() -> None:
    (rule,) = read(
        """rules:
  - name: alles
    on: time
    after: 4h
    when: is:open
    do:
      - {tag: [Vraag, "#app"]}
      - {untag: oud}
      - {priority: high}
      - {assign: {last_agent: true, round_robin: team, capacity: 20, language: true}}
      - {note: Even kijken}
      - {template: dank}
      - {notify: "https://hook.example/x"}
      - {snooze: 2d}
      - resolve
      - dismiss: true
      - spam
"""
    )
    assert [str(act) for act in rule.acts] == [
        "tag vraag",
        "tag app",
        "untag oud",
        "priority high",
        "assign the last agent or anna or bram",
        "note Even kijken",
        "template dank",
        "notify",
        "snooze 2 days, 0:00:00",
        "resolve",
        "dismiss",
        "spam",
    ]
    assert rule.after == timedelta(hours=4)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "{when: x, do: [{assign: ana}]}",
            "sources.yaml:3: rules[0].do[0]: assign: ana is not in the team (did you mean anna?)",
        ),
        ("{when: x, do: [{assign: vic}]}", "vic is a viewer"),
        ("{when: x, do: [{assign: {round_robin: [anna, brm]}}]}", "brm is not in the team (did you mean bram?)"),
        ("{when: x, do: [{assign: {rond_robin: [anna]}}]}", "rules[0].do[0].assign.rond_robin: is not a key"),
        ("{when: x, do: [{assign: {capacity: 3}}]}", "to whom?"),
        ("{when: x, do: [{template: dnk}]}", "dnk is not one of the replies (did you mean dank?)"),
        ("{when: x, do: [{tagg: y}]}", "tagg is no act (did you mean tag?)"),
        ("{when: x, do: [{tag: y, note: z}]}", "each item is one act"),
        ("{when: x, do: [{priority: hgih}]}", "hgih is no priority (did you mean high?)"),
        ("{when: x, do: [{snooze: soon}]}", "soon is not a duration"),
        ("{when: x, do: [{tag: ''}]}", "tag: needs words"),
        ("{when: x, do: [{dismiss: maybe}]}", "takes true"),
        ("{when: x, do: [{notify: 'https://a.example'}, {notify: 'https://b.example'}]}", "holds notify twice"),
        ("{when: x, do: [{notify: geheim}]}", "notify: the address is no address"),
        (
            "{when: x, do: [{notify: {urll: geheim}}]}",
            "notify.urll: is not a key that is known here (did you mean url?)",
        ),
        ("{when: x, do: []}", "rules[0].do"),
        ("{do: [spam]}", "rules[0].when: is missing"),
        ("{when: x, doo: [spam]}", "rules[0].doo: is not a key that is known here (did you mean do?)"),
        ("{when: 'intnt:x', do: [spam]}", "rules[0].when"),
        ("{when: '(x', do: [spam]}", "rules[0].when"),
        ("{when: 'x assignee:me', do: [spam]}", "Nobody asks here who could be me"),
        ("{when: x, on: later, do: [spam]}", "rules[0].on"),
        ("{when: x, on: time, do: [spam]}", "needs to know how long"),
        ("{when: x, on: time, after: 4u, do: [spam]}", "4u is not a duration"),
        ("{when: x, on: time, after: 4h, stop: true, do: [spam]}", "rules[0].stop"),
        ("{when: x, after: 4h, do: [spam]}", "is for rules with on: time"),
        ("{when: x, open: true, do: [spam]}", "write do: [open_case]"),
        ("{when: x, do: [spam]}, {when: x, do: [dismiss]}", "is the name of another rule too"),
        ("just words", "rules[0]"),
    ],
)
def test_a_fault_is_said_with_its_place(rule: str, said: str) -> None:
    found = complaints(f"rules: [{rule}]")
    assert any(said in each for each in found), found
    assert all(each.startswith("sources.yaml:3: rules[") for each in found)


def test_all_faults_are_said_at_once() -> None:
    assert len(complaints("rules: [{when: x, do: [{tagg: y}, {assign: ana}]}, {when: '(', do: [spam]}]")) == 3


def test_rules_that_are_no_list_are_refused() -> None:
    assert "must be a list" in complaints("rules: {when: x}")[0]


def test_without_a_team_anybody_may_be_named() -> None:
    document = settings.parse("rules: [{when: x, do: [{assign: wie}]}]", "sources.yaml", {})
    assert rules.read(document)[0].acts == (Act("assign", Assignment(person="wie")),)


def test_a_changed_rule_is_another_rule() -> None:
    one, two = (read(f"rules: [{{name: a, when: x, do: [{{tag: {tag}}}]}}]")[0] for tag in "yz")
    assert one.name == two.name
    assert one.key != two.key


def test_an_address_to_notify_is_never_shown() -> None:
    assert "geheim" not in repr(
        [str(act) for act in read("rules: [{when: x, do: [{notify: 'https://hook.example/geheim'}]}]")[0].acts]
    )


TEAM = {"anna": Member(languages=("nl",)), "bram": Member(languages=("en",)), "carla": Member()}


@pytest.mark.parametrize(
    ("last", "load", "lang", "chosen"),
    [
        ("", {}, "nl", "anna"),
        ("anna", {}, "nl", "carla"),
        ("anna", {}, None, "bram"),
        ("carla", {"anna": 2}, "nl", "carla"),
        ("", {"anna": 2, "carla": 5}, "nl", ""),
    ],
)
def test_the_next_who_has_room_and_speaks_the_language(last: str, load: Any, lang: str | None, chosen: str) -> None:
    to = Assignment(among=("anna", "bram", "carla"), capacity=2, language=True)
    assert to.choose(lang, TEAM, load, last, ()) == chosen


@given(st.integers(1, 40))
def test_turns_are_taken_evenly(cases: int) -> None:
    to, load, last = Assignment(among=("anna", "bram", "carla")), dict.fromkeys(TEAM, 0), ""
    for _ in range(cases):
        last = to.choose("nl", TEAM, load, last, ())
        load[last] += 1
    assert max(load.values()) - min(load.values()) <= 1


def test_the_last_agent_goes_first_while_in_the_team() -> None:
    to = Assignment(last_agent=True, among=("anna",))
    assert to.choose("nl", TEAM, {}, "", ["weg", "bram"]) == "bram"
    assert to.choose("nl", TEAM, {}, "", ["weg"]) == "anna"
