"""Ways of reading a page that hurt."""

import os
import re
import time
from typing import Any

from listener.errors import ReadError
from listener.pages.effort import library, needs_limits
from listener.reader import ANSWER, POSTS
from listener.types import Reading
from storage.types import Post


def who(page: Any) -> int:
    """The process that reads."""
    os.write(1, b"a library says something")
    return os.getpid()


def heavy(page: Any) -> int:
    """The process that reads what is not read without limits."""
    needs_limits()
    return os.getpid()


def slow(page: Any) -> int:
    """The process that reads, when it has done so for a while."""
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    return os.getpid()


def for_ever(page: Any) -> None:
    """Never comes back."""
    while True:
        pass


def everything(page: Any) -> int:
    """Takes all memory."""
    return len(bytearray(300_000_000))


def says_too_much(page: Any) -> bytes:
    """Finds more on the page than it can hold."""
    return bytes(ANSWER)


def never_looks_up(page: Any) -> None:
    """Takes hours in a library that Python waits for."""
    re.match("(a*)*b", "a" * 40)


def dies(page: Any) -> None:
    """Ends the process without a word."""
    os._exit(3)


def refuses(page: Any) -> None:
    """Raises a sentence."""
    raise ReadError("It is no board.")


def errs(page: Any) -> Any:
    """Has a bug."""
    return {}["x"]


def odd(page: Any, link: Any, source: Any) -> Reading:
    """Finds a post that is far too long and leads nowhere, and one that is nothing."""
    long = Post(external_id="x", url="javascript:x", author_url="/x", text="x" * 1_000_000, title="x" * 1_000_000)
    return Reading(posts=(long, Post(external_id="", url=link.url, text="x")))


def many(page: Any, link: Any, source: Any) -> Reading:
    """Finds more than anybody can want."""
    posts = tuple(Post(external_id=str(n), url="", text="x") for n in range(POSTS + 1))
    return Reading(posts=posts, links=(link,))


def needs_library(page: Any) -> str:
    """Wants what is imported without limits."""
    return str(library("testkinds.large").NAME)
