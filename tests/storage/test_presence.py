"""Colleagues see each other at their cases, on both databases."""

from __future__ import annotations

from typing import Any

from storage.presence import FRESH, Company


def test_an_agent_is_at_one_case_at_a_time_and_sees_the_others(desk: Any) -> None:
    company = Company(desk.database)
    company.here("anna", 1)
    company.here("bram", 1)
    company.here("bram", 2, is_writing=True)
    assert [(each.agent, each.case_id, each.is_writing) for each in company.others("anna")] == [("bram", 2, True)]
    assert [each.agent for each in company.others("bram")] == ["anna"]
    company.gone("bram")
    assert company.others("anna") == ()


def test_a_desk_that_was_killed_is_gone_after_a_while(desk: Any, clock: Any) -> None:
    company = Company(desk.database)
    company.here("bram", 1)
    clock.advance(seconds=FRESH.total_seconds() - 1)
    assert len(company.others("anna")) == 1
    clock.advance(seconds=1)
    assert company.others("anna") == ()
