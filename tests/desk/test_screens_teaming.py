"""A hand-over and its answer, and a playbook's checklist, by the keys of the desk."""

from dataclasses import replace

import pytest

from desk.policy import Member, Playbook


@pytest.fixture
def policy(policy):
    """The same, with departments and a playbook."""
    team = {
        **policy.team,
        "anna": Member(role="lead", department="webcare"),
        "carla": Member(role="agent", department="pers"),
    }
    playbooks = {"storing": Playbook(name="storing", steps=("kijk op [/b] status", "meld het"))}
    return replace(policy, team=team, playbooks=playbooks)


async def test_a_case_is_handed_over_and_the_other_department_answers(desk, arrive, clerk):
    case = arrive()
    async with desk("anna") as anna:
        await anna.press("H", "a")
        await anna.type("belt [/b] terug")
        await anna.press("enter")
        assert "Handed over to pers" in anna.said and "which did not answer yet" in anna.text
        await anna.press("z", "H", "a", "enter")
        assert clerk("x").cases([case])[0].handed_to == "pers" and "anna: belt" not in anna.text
        await anna.press("z", "H", "a")
        await anna.type("belt [/b] terug")
        await anna.press("enter")
    async with desk("carla") as carla:
        assert "anna: belt [/b] terug" in carla.text
        await carla.press("H", "n")
        await carla.type("not ours")
        await carla.press("enter")
        assert clerk("x").cases([case])[0].handed_to is None and "not ours" in carla.text
    clerk("anna").hand_over(case, "pers")
    async with desk("carla") as carla:
        await carla.press("H", "y")
        assert clerk("x").cases([case])[0].assignee == "carla" and "Department: pers" in carla.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_playbook_is_opened_and_its_steps_are_ticked_off(desk, arrive, clerk, size):
    case = arrive()
    async with desk(size=size) as seat:
        await seat.press("p", "a")
        assert [each.text for each in clerk("x").cases([case])[0].checklist] == ["kijk op [/b] status", "meld het"]
        await seat.press("p")
        assert "[ ] kijk op [/b] status" in seat.text
        await seat.press("a")
        assert [each.by for each in clerk("x").cases([case])[0].checklist] == ["anna", None]
        await seat.press("enter")
        assert "[x] kijk op [/b] status  anna 12:00" in seat.text and "Playbook storing" in seat.text
        await seat.press("z")
        assert [each.by for each in clerk("x").cases([case])[0].checklist] == [None, None]
