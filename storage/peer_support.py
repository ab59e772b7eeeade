"""Whether one customer helped another: what counts as an answer, as thanks and as "that worked" in a thread; pure.

Read from what people wrote themselves: a reply, thanks, a confirmation. What a thread does not tell stays unknown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

NEAR = 10
"""Posts after a question within which one that answers nobody by name or link is taken to answer it."""

SHORT = 20
"""Words of a post that may thank or say "me too" and nothing else; a longer one tells something."""

Moment = datetime | None
"""None: not known."""

_X = re.IGNORECASE | re.VERBOSE

_THANKS = re.compile(
    r"""\b(?: dank (?:\s?je|\s?jullie|\s?u|jewel)? (?:\s?wel)? | bedankt | dankzij\s+(?:jou|jouw|je) | merci
    | thanks | thank\s+you | thx | tnx | cheers | much\s+appreciated )\b""",
    _X,
)
_NO_THANKS = re.compile(
    r"""\b(?: alvast | (?:bij\s?)?voorbaat | in\s+advance | (?:nee|no),?\s+(?:dank|bedankt|thank) | voor\s+niets
    | for\s+nothing )\b""",
    _X,
)
_WORKED = re.compile(
    r"""\b(?: werkt | werkte | gewerkt | gelukt | lukte | opgelost | hielp | geholpen | gefikst | works? | worked
    | solved | fixed | helped | sorted | did\s+the\s+trick )\b""",
    _X,
)
_FAILED = re.compile(
    r"""\b(?: niet | nooit | geen | niks | helaas | nog\s+steeds | not | never | no | still | unfortunately
    | (?:do|does|did|is|was|has|have|ca|wo)n['’]?t )\b""",
    _X,
)
_ME_TOO = re.compile(
    r"""[^\w+]*+ (?:ja|yes|idd|inderdaad|nou)? [^\w+]*+ (?:
    (?:ik|hier|bij\s+(?:mij|ons)|me|mij|ons) \s+ (?: ook | too | (?:precies\s+|exact\s+)?hetzelfde )
    | (?:precies\s+|exact\s+)? (?:hetzelfde|zelfde|dezelfde)\b | same\s+(?:here|problem|issue|for\s+me)
    | \+\s?1 | volg\b | following\b | up\b | bump\b )""",
    _X,
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A post of a thread, as far as helping goes."""

    id: int
    person: int
    """Tells people apart, whatever account they write under; 0 is unknown."""
    name: str
    at: Moment
    """When it was published; None where the source does not say, or says a time after we saw it."""
    parent: int | None
    """The post it answers or quotes, where we hold that one."""
    is_ours: bool
    is_question: bool
    """Whether it was understood as a question."""
    is_thanks: bool
    """Whether it was understood as thanks; what was not understood is judged by its words."""
    text: str

    @cached_property
    def own_words(self) -> str:
        """The text without what it quotes."""
        return (_QUOTED.sub("", self.text) if ">" in self.text else self.text).strip()

    @cached_property
    def is_answer(self) -> bool:
        """Whether it could help: not ours, not of an unknown writer, and more than asking, thanking or "me too"."""
        if not self.person or self.is_ours or self.is_question:
            return False
        said = [each for each in _sentences(self.own_words) if not each.endswith("?")]
        if not said or len(self.own_words.split()) > SHORT:
            return bool(said)
        return not (_ME_TOO.match(self.own_words) or all(_THANKS.search(each) for each in said))

    @cached_property
    def thanks(self) -> bool:
        """Whether it thanks."""
        return self.is_thanks or thanks(self.own_words)

    @cached_property
    def worked(self) -> bool:
        """Whether it says that something worked."""
        return worked(self.own_words)


class Help(NamedTuple):
    """That somebody answered a question of somebody else, with the evidence."""

    question: int
    """The id of the post that was answered."""
    answer: int
    """The id of their first answer."""
    asker: int
    helper: int
    """The persons."""
    direct: bool
    """It replies to the question or quotes it; else it is one of the next posts."""
    at: Moment
    seconds: float | None
    """From the question to the answer; None where one of them has no time, or the times go the wrong way round."""
    thanks: tuple[int, ...] = ()
    """The ids of the posts that thank for it."""
    worked: int | None = None
    """The id of the post in which who asked says that it worked."""

    @property
    def thanked(self) -> bool:
        """Whether somebody thanked for it, or who asked said that it worked."""
        return bool(self.thanks) or self.worked is not None


def helps(thread: Sequence[Said], asked: Collection[int]) -> tuple[Help, ...]:
    """Who answered the questions `asked` in a thread; each helper once an asker, by their first answer.

    Never the asker, one of us, or a post that is no answer (`Said.is_answer`).
    """
    return tuple(_Reading(thread, asked).helps.values())


def is_first(help_: Help, ours: Iterable[Moment]) -> bool | None:
    """Whether a help came before all our answers (given at these moments); None where the clocks do not tell."""
    moments = list(ours)
    told = [each for each in moments if each is not None]
    if not moments:
        return True
    if help_.at is None:
        return None
    if any(each <= help_.at for each in told):
        return False
    return True if len(told) == len(moments) else None


def thanks(text: str) -> bool:
    """Whether a text thanks: not beforehand, not to decline, not for nothing."""
    return any(_THANKS.search(each) and not _NO_THANKS.search(each) for each in _sentences(text))


def worked(text: str) -> bool:
    """Whether a text says that something worked: a plain sentence of it, without a "not" and no question."""
    return any(
        _WORKED.search(each) and not _FAILED.search(each) and not each.endswith("?") for each in _sentences(text)
    )


class _Reading:
    """One way through a thread: those posts first that have a time, in its order."""

    def __init__(self, thread: Sequence[Said], asked: Collection[int]) -> None:
        self.known = {post.id: post for post in thread}
        self.asked = {id_ for id_ in asked if id_ in self.known and self.known[id_].person}
        self.helps: dict[tuple[int, int], Help] = {}
        """By asker and helper."""
        self.answers: dict[int, tuple[int, int]] = {}
        """The posts that answer -> the help they are of."""
        self.called: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        """The parts of helpers' names -> their helps."""
        self.last: dict[int, tuple[int, int]] = {}
        """Asker -> the help that the last answer to them is of; none where that was ours."""
        self.questions: list[tuple[int, Said]] = []
        dated = sorted((post for post in thread if post.at is not None), key=lambda post: (post.at, post.id))
        for place, post in enumerate([*dated, *(post for post in thread if post.at is None)]):
            self._read(place, post)

    def _read(self, place: int, post: Said) -> None:
        parent = self.known.get(post.parent or 0)
        if post.is_ours:
            self.last = {} if parent is None else self.last
            self.last.pop(parent.person if parent else 0, None)
            return
        question = self._answered(place, post, parent)
        if question is not None:
            self._answer(question, post)
        elif post.person and (post.thanks or post.worked):
            self._thank(post, parent)
        if post.is_question and post.person and post.at is not None:
            self.questions = [*self.questions[-NEAR:], (place, post)]

    def _answered(self, place: int, post: Said, parent: Said | None) -> Said | None:
        """The question a post answers: what it replies to, else the newest one shortly before it."""
        if not post.is_answer:
            return None
        if parent is None and post.at is not None:
            near = (said for at, said in reversed(self.questions) if place - at <= NEAR and said.person != post.person)
            parent = next(near, None)
        return parent if parent and parent.id in self.asked and parent.person != post.person else None

    def _answer(self, question: Said, post: Said) -> None:
        key = question.person, post.person
        self.answers[post.id] = self.last[question.person] = key
        if key not in self.helps:
            self.helps[key] = _help(question, post)
            for part in _names(post.name):
                self.called[part].add(key)

    def _thank(self, post: Said, parent: Said | None) -> None:
        """Thanks to nobody by link or name are for the last answer to who thanks."""
        key = self._whom(post, parent)
        if key is None or key[1] == post.person:
            return
        help_, asks = self.helps[key], post.person == key[0]
        if post.thanks:
            help_ = help_._replace(thanks=(*help_.thanks, post.id))
        if post.worked and asks and help_.worked is None:
            help_ = help_._replace(worked=post.id)
        self.helps[key] = help_

    def _whom(self, post: Said, parent: Said | None) -> tuple[int, int] | None:
        if post.parent in self.answers:
            return self.answers[post.parent]
        if post.at is None or (parent is not None and parent.person != post.person):
            return None
        words = set(re.findall(r"[^\W\d_]{3,}", post.own_words.casefold()))
        named = set().union(*(self.called[word] for word in words if word in self.called))
        mine = [key for key in named if key[0] == post.person] or list(named)
        return mine[0] if len(mine) == 1 else self.last.get(post.person)


def _sentences(text: str) -> list[str]:
    return [each.strip() for each in _SENTENCE.findall(text) if each.strip()]


def _help(question: Said, post: Said) -> Help:
    seconds = (post.at - question.at).total_seconds() if post.at and question.at else None
    return Help(
        question=question.id,
        answer=post.id,
        asker=question.person,
        helper=post.person,
        direct=post.parent == question.id,
        at=post.at,
        seconds=seconds if seconds is None or seconds >= 0 else None,
    )


def _names(name: str) -> set[str]:
    """The parts of a name by which people are called."""
    return {part for part in re.split(r"[\W_\d]+", name.casefold()) if len(part) > 2}
