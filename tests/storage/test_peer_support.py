"""What counts as help in a thread: who answered, who thanked, whether it worked, and what is no help at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.peer_support import NEAR, Help, Said, helps, is_first, thanks, worked

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = {"marieke_v": 1, "jan.de.boer": 2, "hulpvaardig_henk": 3, "opa_kees": 4, "Zonnebank Webcare": 5, "": 0}
QUESTION = "Ik kom de app van Zonnebank niet meer in. Heeft iemand anders dit ook?"
ANSWER = "Wat bij mij hielp: app verwijderen en opnieuw installeren."


class Thread:
    """Posts, a minute after one another."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.ids = count(1)

    def says(self, name: str, text: str, **more: Any) -> int:
        id_ = next(self.ids)
        values: dict[str, Any] = {
            "id": id_, "person": PEOPLE[name], "name": name, "at": NOON + timedelta(minutes=id_), "parent": None,
            "is_ours": name == "Zonnebank Webcare", "is_question": False, "is_thanks": False, "text": text,
        }  # fmt: skip
        self.said.append(Said(**(values | more)))
        return id_

    def asks(self, name: str = "marieke_v", **more: Any) -> int:
        return self.says(name, QUESTION, is_question=True, **more)

    def helps(self) -> tuple[Help, ...]:
        return helps(self.said, [each.id for each in self.said if each.is_question])


@pytest.fixture
def thread() -> Thread:
    return Thread()


def test_the_thread_of_the_demo_has_one_help_that_was_thanked_for_and_one_that_was_not(thread: Thread) -> None:
    question = thread.asks()
    thread.says("jan.de.boer", "Ja, hier precies hetzelfde op een Pixel 7.")
    answer = thread.says("hulpvaardig_henk", ANSWER)
    quoted = f"> hulpvaardig_henk schreef:\n> {ANSWER}\n\nDank je Henk, dat werkte!"
    thanked = thread.says("marieke_v", quoted, parent=answer)
    second = thread.asks("opa_kees")
    other = thread.says("hulpvaardig_henk", "Kees, je pas werkt nog wel in de automaat.", parent=second)
    first, last = thread.helps()
    assert (first.question, first.answer, first.helper, first.direct) == (question, answer, 3, False)
    assert (first.thanks, first.worked, first.seconds) == ((thanked,), thanked, 120)
    assert (last.question, last.answer, last.asker, last.direct, last.thanked) == (second, other, 4, True, False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("marieke_v", "Zelf gevonden: de app opnieuw installeren."),
        ("Zonnebank Webcare", "Hoi Marieke, installeer de app opnieuw."),
        ("", "Installeer hem opnieuw."),
        ("jan.de.boer", "Ik ook"),
        ("jan.de.boer", "Same here!"),
        ("jan.de.boer", "+1"),
        ("jan.de.boer", "Welke telefoon heb je? En welke versie?"),
        ("jan.de.boer", "Bedankt voor de tip."),
        ("jan.de.boer", "> Heeft iemand anders dit ook?"),
        ("jan.de.boer", "..."),
    ],
)
def test_the_asker_our_own_and_posts_that_tell_nothing_do_not_help(thread: Thread, name: str, text: str) -> None:
    thread.asks()
    thread.says(name, text)
    assert thread.helps() == ()


def test_me_too_with_a_solution_is_help(thread: Thread) -> None:
    thread.asks()
    thread.says("jan.de.boer", f"Ik ook. {ANSWER} Daarna ging het meteen weer goed en bleef het zo.")
    assert [each.helper for each in thread.helps()] == [2]


def test_an_answer_to_somebody_else_or_long_after_is_no_help(thread: Thread) -> None:
    thread.asks()
    remark = thread.says("jan.de.boer", "Ik ook")
    thread.says("hulpvaardig_henk", "Jan, bel ze even.", parent=remark)
    for _ in range(NEAR):
        thread.says("jan.de.boer", "Ik ook")
    thread.says("opa_kees", "Dat had ik vorig jaar, toen hielp een nieuwe pas.")
    assert thread.helps() == ()


@pytest.mark.parametrize("change", [{"at": None}, {"at": NOON - timedelta(days=3)}])
def test_an_answer_without_a_sound_time_helped_after_an_unknown_time(thread: Thread, change: dict[str, Any]) -> None:
    question = thread.asks()
    thread.says("hulpvaardig_henk", ANSWER, parent=question, **change)
    [help_] = thread.helps()
    assert help_.seconds is None


def test_an_answer_without_a_time_or_a_link_is_not_guessed_at(thread: Thread) -> None:
    thread.asks()
    thread.says("hulpvaardig_henk", ANSWER, at=None)
    assert thread.helps() == ()


def test_thanks_after_our_own_answer_are_for_us_unless_they_name_the_customer(thread: Thread) -> None:
    thread.asks()
    thread.says("hulpvaardig_henk", ANSWER)
    thread.says("Zonnebank Webcare", "Hoi Marieke, installeer de app opnieuw.")
    thread.says("marieke_v", "Bedankt, het werkt weer!")
    assert [each.thanked for each in thread.helps()] == [False]
    thread.says("marieke_v", "En natuurlijk ook bedankt, Henk.")
    assert [len(each.thanks) for each in thread.helps()] == [1]


def test_the_thanks_of_another_count_but_only_the_asker_can_say_that_it_worked(thread: Thread) -> None:
    thread.asks()
    answer = thread.says("hulpvaardig_henk", ANSWER)
    thread.says("jan.de.boer", "Thanks, that worked!", parent=answer)
    [help_] = thread.helps()
    assert len(help_.thanks) == 1 and help_.worked is None


def test_helping_the_same_person_twice_is_one_help(thread: Thread) -> None:
    thread.asks()
    first = thread.says("hulpvaardig_henk", ANSWER)
    thread.asks()
    thread.says("hulpvaardig_henk", "Anders even het geheugen van de app wissen.")
    assert [each.answer for each in thread.helps()] == [first]


@pytest.mark.parametrize(
    ("text", "is_thanks", "has_worked"),
    [
        ("Dank je wel, gelukt!", True, True),
        ("Alvast bedankt!", False, False),
        ("Thanks in advance", False, False),
        ("Bedankt voor niets.", False, False),
        ("Nee, bedankt.", False, False),
        ("Bedankt, maar het werkt nog steeds niet.", True, False),
        ("Werkt het bij jullie?", False, False),
        ("That did the trick, cheers", True, True),
        ("It doesn't work.", False, False),
        ("Opgelost.", False, True),
        ("De bank bedankte mij.", False, False),
    ],
)
def test_thanks_and_that_it_worked_are_read_from_words(text: str, is_thanks: bool, has_worked: bool) -> None:
    assert (thanks(text), worked(text)) == (is_thanks, has_worked)


def test_who_was_first_is_unknown_where_the_clocks_do_not_tell(thread: Thread) -> None:
    thread.asks()
    thread.says("hulpvaardig_henk", ANSWER)
    [help_] = thread.helps()
    before, after = NOON, NOON + timedelta(hours=1)
    assert is_first(help_, []) is True and is_first(help_._replace(at=None), []) is True
    assert is_first(help_, [after]) is True and is_first(help_, [after, before]) is False
    assert is_first(help_, [None]) is None and is_first(help_, [after, None]) is None
    assert is_first(help_, [before, None]) is False and is_first(help_._replace(at=None), [after]) is None


POSTS = st.lists(
    st.builds(
        dict,
        name=st.sampled_from(sorted(PEOPLE)),
        text=st.sampled_from([QUESTION, ANSWER, "Bedankt!", "Gelukt", "Dank je Henk", "", "> x", "?"]) | st.text(),
        at=st.none() | st.integers(0, 9).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        parent=st.none() | st.integers(0, 12),
        is_question=st.booleans(),
        is_thanks=st.booleans(),
    ),
    max_size=12,
)


@given(POSTS)
def test_whatever_a_thread_holds_nobody_helps_themself_and_no_length_is_negative(posts: list[dict[str, Any]]) -> None:
    thread = Thread()
    for each in posts:
        thread.says(**each)
    known = {each.id: each for each in thread.said}
    found = thread.helps()
    for help_ in found:
        assert help_.helper == known[help_.answer].person not in (0, PEOPLE["Zonnebank Webcare"], help_.asker)
        assert known[help_.question].person == help_.asker and known[help_.question].is_question
        assert help_.seconds is None or help_.seconds >= 0
        assert all(
            known[id_].person != help_.helper for id_ in (*help_.thanks, *([help_.worked] if help_.worked else []))
        )
    assert len({(each.asker, each.helper) for each in found}) == len(found)
