"""What a process that reads pages does: one after the other, each within bounds of time and memory.

It imports little, for it is started anew whenever a page has ended it.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from lxml import etree

from listener.errors import ListenerError
from listener.pages.effort import Unloaded, limited
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post

POSTS = 2000
"""Posts, and links, that are taken of one page."""
TEXT = 200_000
"""Characters that are taken of a post: more than anybody reads, and than searches look through."""
LINE = 5_000
"""The same of its title and its author."""
_WEB = ("http://", "https://")
ANSWER = 12 * 1024 * 1024
"""Bytes of all that is found on a page, which is no larger than that itself unless its parts stand in each other."""
LEAST = 24 * 1024 * 1024
"""Bytes that a page gets of a process that holds much already."""
HEAD = 8
"""Bytes that say how long a question or an answer is."""


def read(page: Page, kind: Callable[[Page, Link, SourceSpec], Reading], link: Link, source: SourceSpec) -> Reading:
    """What the kind makes of the page, cut off at `POSTS` posts and links, and at `TEXT` and `LINE` within a post.

    A post without an identity is none, and an address that leads nowhere on the web is left out.
    """
    reading = kind(page, link, source)
    if not all(map(_is_fit, reading.posts)):
        reading = replace(reading, posts=tuple(_cut(post) for post in reading.posts if post.external_id))
    if max(len(reading.posts), len(reading.links)) <= POSTS:
        return reading
    return replace(reading, posts=reading.posts[:POSTS], links=reading.links[:POSTS])


def _is_fit(post: Post) -> bool:
    """Whether nothing is to be cut: asked of every post, so that no lists are made for it."""
    return (
        len(post.text) <= TEXT
        and len(post.title) <= LINE
        and len(post.author) <= LINE
        and len(post.conversation_title) <= LINE
        and bool(post.external_id)
        and _is_web(post.url)
        and _is_web(post.author_url)
        and _is_web(post.conversation_url)
    )


def _is_web(url: str) -> bool:
    return not url or url.startswith(_WEB)


def _cut(post: Post) -> Post:
    return replace(
        post,
        text=post.text[:TEXT],
        title=post.title[:LINE],
        author=post.author[:LINE],
        conversation_title=post.conversation_title[:LINE],
        url=post.url if _is_web(post.url) else "",
        author_url=post.author_url if _is_web(post.author_url) else "",
        conversation_url=post.conversation_url if _is_web(post.conversation_url) else "",
    )


class _Slow(BaseException):
    """Raised when the seconds for a page are over; no `except Exception` of a kind keeps it."""


def serve() -> None:
    """The process's life: questions on the standard input, answers on the standard output, until the input ends."""
    os.nice(int(sys.argv[1]))
    signal.signal(signal.SIGPROF, _stop)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what a library prints is no answer
    os.dup2(nowhere, 2)  # nor is what Python says when a page ends it

    def heard() -> bytes:
        return questions.read(int.from_bytes(questions.read(HEAD), "big"))

    while question := heard():
        answer = _answer(question, heard())
        answers.write(len(answer).to_bytes(HEAD, "big"))
        answers.write(answer)
        answers.flush()
        del question, answer
        _give_back()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Slow


def _answer(question: bytes, body: bytes) -> bytes:
    seconds, memory, work, page, rest = pickle.loads(question)  # noqa: S301 - from the listener
    started = time.process_time()

    def say(said: str, found: object) -> bytes:
        return pickle.dumps((said, time.process_time() - started, found))

    try:
        try:
            _limit(seconds, memory)
            with limited():
                answer = say("done", work(replace(page, body=body), *rest))
        finally:
            _unlimit()
    except Unloaded as library:
        importlib.import_module(str(library))
        return _answer(question, body)
    except _Slow:
        return say("slow", None)
    except ListenerError as error:
        return say("refused", error)
    except (MemoryError, etree.XPathEvalError):  # with expressions of our own: that there is no memory for it
        return say("full", None)
    except Exception as error:  # told as what it is, for the log
        return say("fault", f"{type(error).__name__}: {error}")
    return answer if len(answer) <= ANSWER else say("full", None)


def _limit(seconds: float, memory: int) -> None:
    """Sets the bounds from here on: memory with what is held now, and seconds of work.

    Python looks up from its work when a timer asks it to; what never looks up is killed by another soon after.
    """
    signal.setitimer(signal.ITIMER_VIRTUAL, 2 * seconds + 0.1)
    held = Path("/proc/self/statm")
    if held.exists():
        mapped, resident = (int(each) * resource.getpagesize() for each in held.read_text().split()[:2])
        limit = mapped + max(LEAST, memory - resident)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _unlimit() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _give_back() -> None:
    """Gives the system what the last page took, as far as the C library knows how to."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
