"""A trial of a rule says what applying it then does."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from desk import policy, rule_runs, rule_trials, rules
from storage import settings
from storage.database import Database
from storage.errors import StepRefused
from storage.inbox import Inbox
from storage.intake import Intake
from storage.steps import Steps
from storage.types import Match, NewPost, Opinion, Post, Priority

CONFIG = """
team: {anna: {languages: [nl]}, bram: {languages: [nl, en]}, carla: {languages: [en]}}
playbooks: {storing: {steps: [Kijk], do: [{tag: storing}, {assign: bram}]}}
rules:
  - {name: verdeel, when: app, do: [{assign: {round_robin: [anna, bram, carla], capacity: 4, language: true}}]}
  - {name: vaste, when: app, do: [{assign: {last_agent: true, round_robin: [anna, bram], capacity: 7}}]}
  - {name: label, when: "lang:nl", do: [{tag: nl}, {priority: high}]}
  - {name: weg, when: "lang:en", do: [dismiss, {assign: anna}]}
  - {name: straks, when: "app -tag:nl", do: [{snooze: 4h}]}
  - {name: boek, when: "app", do: [{playbook: storing}]}
"""


@pytest.mark.parametrize("seed", range(2))
def test_a_trial_counts_what_then_happens(database: Database, seed: int) -> None:
    chance, document = random.Random(seed), settings.parse(CONFIG, "sources.yaml", {})
    ours, steps = policy.read(document), Steps(database)
    posts = [_post(number, chance) for number in range(30)]
    Intake(database).store("forum", "phpbb", posts)
    for case in Inbox(database).ids("*"):
        with suppress(StepRefused):
            _live(steps, case, chance)
    for rule in chance.sample(rules.read(document), 6):
        expected = rule_trials.attempt(database, ours, rule)
        assert rule_runs.apply(database, ours, rule) == expected, rule.name
        assert rule_trials.attempt(database, ours, rule) == rule_runs.Applied()


def _post(number: int, chance: random.Random) -> NewPost:
    author, thread = chance.choice(["jan", "piet", "els"]), f"c{chance.randrange(12)}"
    post = Post(external_id=f"p{number}", url="https://a.example", text="app", author=author, conversation_id=thread)
    opinion = Opinion(lang=chance.choice(["nl", "en"]), priority=chance.choice(list(Priority)))
    return NewPost(post=post, matches=(Match(brand="zonnebank", query="z"),), opinion=opinion, wants_case=True)


def _live(steps: Steps, case: int, chance: random.Random) -> None:
    agent = chance.choice(["anna", "bram"])
    for name in chance.choice([[], [], ["claim"], ["pend"], ["resolve"], ["claim", "dismiss"]]):
        getattr(steps, name)(case, agent)
    if chance.random() < 0.2:
        steps.tag(case, agent, "nl")
