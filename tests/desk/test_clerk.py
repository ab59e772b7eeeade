"""All that a person can do, and who may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from desk.clerk import MAY, Clerk
from desk.errors import NotAllowed, NotReady
from desk.policy import ChannelSpec, Member, Policy
from storage.database import Database
from storage.errors import ConversationMoved, HeldByOther, LostCase, NotFound
from storage.intake import Intake
from storage.types import Match, Mention, NewPost, Opinion, Post, Priority, Reason, Receipt, Reply, ReplyState, Status

TEAM = {
    "lea": Member(role="lead"),
    "anna": Member(role="agent", languages=("nl",)),
    "tom": Member(role="trainee", languages=("en",)),
    "vic": Member(role="viewer"),
}
DANK = {"nl": "Dank je wel, {author}! ^{agent}", "en": "Thank you, {author}! ^{agent}"}
POLICY = Policy(
    team=TEAM,
    replies={"dank": DANK, "vraag": {"nl": "Wat is je {prompt:postcode}? ^{agent}"}},
    channels={"forum": ChannelSpec(name="phpbb", options={})},
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


def clerk_of(database: Database, agent: str, policy: Policy = POLICY) -> Clerk:
    """A clerk on the database, whose channels hand nothing over."""
    return Clerk(database, agent=agent, policy=policy, channels=lambda name: Quiet())


def arrive(
    database: Database, number: int = 1, *, author: str = "Jan", lang: str = "nl", conversation: str = "c1"
) -> int:
    """Stores a mention and gives its case."""
    reason = Reason(about="sentiment", label="negative", words=("werkt niet",), share=-0.6)
    new = NewPost(
        post=Post(
            external_id=f"p{number}",
            url=f"https://forum.example/{number}",
            text="De app van Zonnebank werkt niet",
            author=author,
            conversation_id=conversation,
        ),
        matches=(Match(brand="zonnebank", query="zonnebank"),),
        opinion=Opinion(lang=lang, reasons=(reason,), intents=("complaint",), priority_score=50),
        wants_case=True,
    )
    (mention_id,) = Intake(database).store("forum", "phpbb", [new]).new_mentions
    case_id = clerk_of(database, "lea")._inbox.mention(mention_id).case_id
    assert case_id is not None
    return case_id


ACTS: dict[str, Callable[[Clerk, int], Any]] = {
    "claim": lambda clerk, case: clerk.claim(case),
    "release": lambda clerk, case: clerk.release(case),
    "assign": lambda clerk, case: clerk.assign(case, "anna"),
    "tag": lambda clerk, case: clerk.tag(case, "vraag"),
    "untag": lambda clerk, case: clerk.untag(case, "vraag"),
    "note": lambda clerk, case: clerk.note(case, "Bekend"),
    "snooze": lambda clerk, case: clerk.snooze(case, clerk.database.now() + timedelta(hours=1)),
    "pend": lambda clerk, case: clerk.pend(case),
    "resolve": lambda clerk, case: clerk.resolve(case),
    "dismiss": lambda clerk, case: clerk.dismiss(case),
    "spam": lambda clerk, case: clerk.spam(case),
    "prioritise": lambda clerk, case: clerk.prioritise(case, Priority.URGENT),
    "correct": lambda clerk, case: clerk.correct(clerk.open(case).thread[0].id, "sentiment", "negative"),
    "draft": lambda clerk, case: clerk.draft(case, "Beste"),
    "reply": lambda clerk, case: clerk.reply(case, "Beste Jan"),
    "undo": lambda clerk, case: (clerk.tag(case, "x"), clerk.undo()),
    "redo": lambda clerk, case: (clerk.tag(case, "x"), clerk.undo(), clerk.redo()),
    "reopen": lambda clerk, case: (clerk.resolve(case), clerk.reopen(case)),
    "take_over": lambda clerk, case: clerk.take_over(case, "ziek"),
    "cancel": lambda clerk, case: clerk.cancel(clerk.reply(case, "Beste Jan").id),
    "crisis": lambda clerk, case: clerk.permit("crisis"),
    "apply_rules": lambda clerk, case: clerk.permit("apply_rules"),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_the_role_says_who_may_do_what(sqlite_database: Database, act: str) -> None:
    for number, agent in enumerate([*TEAM, "stranger"]):
        case_id = arrive(sqlite_database, number, conversation=f"c{number}")
        clerk = clerk_of(sqlite_database, agent)
        role = TEAM[agent].role if agent in TEAM else "viewer"
        if act in MAY[role]:
            ACTS[act](clerk, case_id)
        else:
            with pytest.raises(NotAllowed):
                ACTS[act](clerk, case_id)
            assert len(clerk.open(case_id).trail) == 1
        assert len(clerk.inbox("*")) == number + 1


def test_without_a_team_everybody_may_do_everything(sqlite_database: Database) -> None:
    case_id = arrive(sqlite_database)
    clerk_of(sqlite_database, "wie", Policy()).take_over(case_id, "zin")


def test_a_trainees_reply_waits_for_somebody_who_may_approve(database: Database) -> None:
    case_id = arrive(database)
    reply = clerk_of(database, "tom").reply(case_id, "Beste Jan")
    assert reply.state is ReplyState.AWAITING_APPROVAL
    for agent in ("tom", "vic"):
        with pytest.raises(NotAllowed):
            clerk_of(database, agent).approve(reply.id)
    assert clerk_of(database, "anna").approve(reply.id).state is ReplyState.HELD


def test_a_rejected_reply_goes_back_with_the_reason(sqlite_database: Database) -> None:
    reply = clerk_of(sqlite_database, "tom").reply(arrive(sqlite_database), "Beste Jan")
    back = clerk_of(sqlite_database, "lea").reject(reply.id, "Te kort")
    assert (back.state, back.error) == (ReplyState.DRAFT, "Te kort")


def test_a_reply_claims_the_case_and_is_held_for_the_channel_of_its_source(database: Database) -> None:
    case_id, clerk = arrive(database), clerk_of(database, "anna")
    reply = clerk.reply(case_id, " Beste Jan ")
    assert (reply.channel, reply.text, reply.state) == ("phpbb", "Beste Jan", ReplyState.HELD)
    case = clerk.open(case_id).case
    assert (case.assignee, case.status) == ("anna", Status.OPEN)
    with pytest.raises(HeldByOther):
        clerk_of(database, "lea").reply(case_id, "Ook ik")


def test_who_lost_the_case_while_writing_is_told_and_keeps_the_text(database: Database) -> None:
    case_id, anna = arrive(database), clerk_of(database, "anna")
    seen = anna.claim(case_id)
    clerk_of(database, "lea").take_over(case_id, "ziek")
    with pytest.raises(LostCase, match="lea has it now"):
        anna.reply(case_id, "Beste Jan", seen=seen)
    assert [reply.text for reply in anna.open(case_id).replies] == ["Beste Jan"]


def test_what_was_read_before_the_claim_still_counts_as_read(database: Database) -> None:
    case_id, anna = arrive(database), clerk_of(database, "anna")
    seen = anna.open(case_id).case
    anna.claim(case_id)
    assert anna.reply(case_id, "Beste Jan", seen=seen).state is ReplyState.HELD


def test_a_reply_to_a_conversation_that_moved_is_stopped(database: Database) -> None:
    case_id, anna = arrive(database), clerk_of(database, "anna")
    seen = anna.open(case_id).case
    assert arrive(database, 2) == case_id
    with pytest.raises(ConversationMoved, match="a new mention"):
        anna.reply(case_id, "Beste Jan", seen=seen)
    assert anna.reply(case_id, "Beste Jan", seen=anna.open(case_id).case).state is ReplyState.HELD


def test_a_reply_answers_the_newest_mention_unless_another_is_named(sqlite_database: Database) -> None:
    case_id, anna = arrive(sqlite_database), clerk_of(sqlite_database, "anna")
    arrive(sqlite_database, 2)
    first, second = (each.id for each in anna.open(case_id).thread)
    assert anna.reply(case_id, "Beste Jan").post_id == second
    anna.undo()
    assert anna.reply(case_id, "Beste Jan", mention_id=first).post_id == first
    with pytest.raises(NotFound, match="not in the conversation"):
        anna.reply(case_id, "Beste Jan", mention_id=99)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "needs words"),
        ("Beste {author}", r"Fill in \{author\}"),
        ("Wat is je {prompt:postcode}?", "Fill in {prompt:postcode}"),
        ("x" * 281, "has 281 characters; phpbb takes 280"),
    ],
)
def test_a_reply_that_is_not_ready_does_not_leave(sqlite_database: Database, text: str, why: str) -> None:
    case_id, anna = arrive(sqlite_database), clerk_of(sqlite_database, "anna")
    with pytest.raises(NotReady, match=why):
        anna.reply(case_id, text)
    assert anna.open(case_id).case.assignee is None


@pytest.mark.parametrize(
    ("agent", "lang", "filled"),
    [
        ("anna", "nl", "Dank je wel, Jan! ^anna"),
        ("anna", "en", "Thank you, Jan! ^anna"),
        ("anna", "de", "Dank je wel, Jan! ^anna"),
        ("tom", "de", "Thank you, Jan! ^tom"),
        ("lea", "de", "Dank je wel, Jan! ^lea"),
    ],
)
def test_a_template_speaks_the_language_of_the_case_else_of_the_agent(
    sqlite_database: Database, agent: str, lang: str, filled: str
) -> None:
    clerk = clerk_of(sqlite_database, agent)
    assert clerk.fill("dank", clerk.open(arrive(sqlite_database, lang=lang)).case) == filled


def test_a_template_asks_what_it_does_not_know(sqlite_database: Database) -> None:
    anna = clerk_of(sqlite_database, "anna")
    case = anna.open(arrive(sqlite_database)).case
    assert anna.fill("vraag", case) == "Wat is je {prompt:postcode}? ^anna"
    assert anna.fill("vraag", case, {"postcode": "postcode"}) == "Wat is je postcode? ^anna"
    with pytest.raises(NotFound, match="choose from dank, vraag"):
        anna.fill("groet", case)


def test_a_strangers_name_is_no_template(sqlite_database: Database) -> None:
    anna = clerk_of(sqlite_database, "anna")
    case = anna.open(arrive(sqlite_database, author="{agent}\n{prompt:pin}")).case
    assert anna.fill("dank", case) == "Dank je wel, (agent) (prompt:pin)! ^anna"


def test_cases_are_given_only_to_the_team(sqlite_database: Database) -> None:
    case_id = arrive(sqlite_database)
    with pytest.raises(NotFound, match="choose from anna, lea, tom, vic"):
        clerk_of(sqlite_database, "anna").assign(case_id, "ana")


def test_a_closed_case_is_answered_by_who_sees_it_or_opens_it_again(sqlite_database: Database) -> None:
    case_id = arrive(sqlite_database)
    clerk = clerk_of(sqlite_database, "anna")
    clerk.resolve(case_id)
    with pytest.raises(NotReady, match="Case 1 is resolved: reopen it first"):
        clerk.reply(case_id, "Dag")
    assert clerk.reply(case_id, "Dag", seen=clerk.cases([case_id])[0]).state is ReplyState.HELD


def test_a_colleagues_reply_is_called_back_by_a_lead_only(sqlite_database: Database) -> None:
    reply = clerk_of(sqlite_database, "anna").reply(arrive(sqlite_database), "Beste Jan")
    with pytest.raises(NotAllowed):
        clerk_of(sqlite_database, "tom").cancel(reply.id)
    assert clerk_of(sqlite_database, "lea").cancel(reply.id).state is ReplyState.DRAFT


def test_why_names_the_query_the_words_and_the_steps(sqlite_database: Database) -> None:
    case_id, anna = arrive(sqlite_database), clerk_of(sqlite_database, "anna")
    anna.claim(case_id)
    anna.tag(case_id, "storing")
    sentences = anna.why(case_id).sentences()
    assert sentences.pop() == "2026-11-22 13:00: tagged by anna: storing."
    assert "It answers the query zonnebank." in sentences
    assert "sentiment: negative for the words werkt niet (-0.60)." in sentences
    assert sentences[-1] == "2026-11-22 13:00: claimed by anna."


def test_me_in_a_query_is_the_agent(sqlite_database: Database) -> None:
    arrive(sqlite_database)
    clerk_of(sqlite_database, "anna").claim(1)
    assert clerk_of(sqlite_database, "anna").count("assignee:me") == 1
    assert clerk_of(sqlite_database, "lea").count("assignee:me") == 0
