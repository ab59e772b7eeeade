"""What a reply answers and says: its mention, templates filled in, and whether a text is ready to leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from desk.errors import NotReady
from desk.policy import Policy
from desk.tone import GAP, Remark
from storage.errors import NotFound
from storage.types import Case, CaseFile, Mention

if TYPE_CHECKING:
    from desk.channels import Channel


def fill(policy: Policy, agent: str, template: str, case: Case, prompts: Mapping[str, str]) -> str:
    """The text of a template for a case, with what is known; what is not stays a gap.

    `prompts` answers {prompt:…} by what stands after the colon. Raises `NotFound` where there is no such template.
    """
    texts = policy.replies.get(template)
    if not texts:
        raise NotFound(f"There is no template {template}: choose from {', '.join(sorted(policy.replies))}.")
    known = {f"prompt:{asked}": answer for asked, answer in prompts.items()}
    known |= {"agent": agent} | ({"author": _one_line(case.author)} if case.author else {})
    return GAP.sub(lambda gap: known.get(gap[0][1:-1], gap[0]), texts[_language(policy, agent, case, texts)])


def check_ready(text: str, name: str, channel: Channel, remarks: Callable[[str], Sequence[Remark]]) -> None:
    """Raises `NotReady` for a text that should not leave by the channel of that name."""
    if not text:
        raise NotReady("A reply needs words.")
    for remark in remarks(text):
        if remark.blocks:
            raise NotReady(str(remark))
    length = getattr(channel, "length", len)(text)
    if channel.limit is not None and length > channel.limit:
        raise NotReady(f"The reply has {length} characters; {name} takes {channel.limit}.")


def newest_of(file: CaseFile) -> Mention:
    """The newest mention of a case. Raises `NotFound`."""
    own = [each for each in file.thread if each.case_id == file.case.id]
    if not own:
        raise NotFound(f"Case {file.case.id} has no mention left.")
    return own[-1]


def answered(file: CaseFile, mention_id: int | None) -> Mention:
    """The mention that a reply answers: the one that is named, else the newest. Raises `NotFound`."""
    if mention_id is None:
        return newest_of(file)
    found = next((each for each in file.thread if each.id == mention_id), None)
    if found is None:
        raise NotFound(f"Mention {mention_id} is not in the conversation of case {file.case.id}.")
    return found


def _language(policy: Policy, agent: str, case: Case, texts: Mapping[str, str]) -> str:
    member = policy.member(agent)
    wanted = (case.lang or "", *(member.languages if member else ()))
    return next((lang for lang in wanted if lang in texts), next(iter(texts)))


def _one_line(name: str) -> str:
    """A stranger's name as it may stand in our text: one line, and no gap of a template."""
    return " ".join(name.split()).replace("{", "(").replace("}", ")")
