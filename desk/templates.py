"""Filling in a reply template: in the language of the case, with what is known; what is not stays a gap."""

from __future__ import annotations

from collections.abc import Mapping

from desk.policy import Policy
from desk.tone import GAP
from storage.errors import NotFound
from storage.types import Case


def fill(policy: Policy, agent: str, template: str, case: Case, prompts: Mapping[str, str]) -> str:
    """The text of a template for a case; `prompts` answers {prompt:…} by what stands after the colon.

    Raises `NotFound` where there is no such template.
    """
    texts = policy.replies.get(template)
    if not texts:
        raise NotFound(f"There is no template {template}: choose from {', '.join(sorted(policy.replies))}.")
    known = {f"prompt:{asked}": answer for asked, answer in prompts.items()}
    known |= {"agent": agent} | ({"author": _one_line(case.author)} if case.author else {})
    return GAP.sub(lambda gap: known.get(gap[0][1:-1], gap[0]), texts[_language(policy, agent, case, texts)])


def _language(policy: Policy, agent: str, case: Case, texts: Mapping[str, str]) -> str:
    member = policy.member(agent)
    wanted = (case.lang or "", *(member.languages if member else ()))
    return next((lang for lang in wanted if lang in texts), next(iter(texts)))


def _one_line(name: str) -> str:
    """A stranger's name as it may stand in our text: one line, and no gap of a template."""
    return " ".join(name.split()).replace("{", "(").replace("}", ")")
