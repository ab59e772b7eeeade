"""What is known of a writer, and what was edited, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from storage.dossier import WEEKS, Dossiers


def test_a_writers_other_cases_notes_and_feelings_are_known(desk: Any, clock: Any) -> None:
    first = desk.case(author="jan", conversation="a")
    desk.steps.note(first, "anna", "gebeld")
    second = desk.case(author="jan", conversation="b")
    stranger = desk.case(author="piet", conversation="c")
    known = Dossiers(desk.database).of(desk.inbox.case(second))
    assert [case.id for case in known.cases] == [first]
    assert [note.data["text"] for note in known.notes] == ["gebeld"]
    assert len(known.moods) == WEEKS and sum(week[0] for week in known.moods) == 2
    assert Dossiers(desk.database).of(desk.inbox.case(stranger)).cases == ()


def test_what_a_post_said_before_it_was_edited_is_told_since_a_moment(desk: Any, clock: Any) -> None:
    case_id = desk.case("De app werkt niet", author="jan", conversation="a", external_id="p")
    case = desk.inbox.case(case_id)
    began = clock()
    clock.advance(minutes=5)
    desk.post("De app werkt weer", author="jan", conversation="a", external_id="p", edited_at=clock())
    edits = Dossiers(desk.database).edits(case, began)
    assert [before.text for before in edits.values()] == ["De app werkt niet"]
    assert Dossiers(desk.database).edits(case, clock() + timedelta(seconds=1)) == {}
    assert Dossiers(desk.database).edits(case, None) == {}
