"""What the listener says when the web or the configuration is not as it should be.

ListenerError
├── FetchError      no usable answer from an address
│   ├── Blocked     an address that may not be fetched
│   └── OutOfTime   a visit whose time is used up
└── ReadError       an answer that could not be read as its kind
"""

from __future__ import annotations

from typing import Self


class ListenerError(Exception):
    """Something a person can act on; its text is one sentence without secrets, and without signs that do something."""

    def __init__(self, sentence: str = "") -> None:
        if not sentence.isprintable():  # it may quote a stranger
            shown = (each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in " ".join(sentence.split()))
            sentence = "".join(shown)
        super().__init__(sentence)

    def bare(self) -> Self:
        """The same, to be kept: without the way to it, which still holds the page."""
        self.__traceback__ = self.__cause__ = self.__context__ = None
        return self


class FetchError(ListenerError):
    """No usable answer: what happened, and when the host asks us to come back (seconds from now)."""

    def __init__(self, sentence: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.status, self.retry_after = status, retry_after
        super().__init__(sentence)


def is_gone(error: Exception) -> bool:
    """Whether a page is not there any more (404, 410): no reason to ask for it again before its list says so."""
    return isinstance(error, FetchError) and error.status in (404, 410)


class Blocked(FetchError):
    """An address that may not be fetched: inside the network, disallowed by robots.txt, or not http(s)."""


class OutOfTime(FetchError):
    """The time of one visit is used up, by this host or by those before it."""


class ReadError(ListenerError):
    """The answer is not what its kind of source should give."""
