"""Answers anywhere by hand: opens the post in the agent's browser, with the text on the clipboard."""

from __future__ import annotations

import base64
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from desk.errors import SendError
from desk.shown import clean_line, link_host
from storage.types import Mention, Receipt, Reply

needs: tuple[str, ...] = ()
takes: tuple[str, ...] = ()
tells_duplicates = False
at_desk = True
limit: int | None = None

TERMINAL = Path("/dev/tty")

clipboard: Callable[[str], bool] | None = None
"""How a desk in a browser's tab copies; the machine it runs on is not the agent's, so nothing is opened there."""


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Copies the text and opens the post; the receipt says what is left to do. Raises `SendError` for a bad address."""
    if link_host(mention.url) is None:
        raise SendError(f"The post has no web address to open: {clean_line(mention.url, 80)}.")
    copied = (clipboard or copy)(reply.text)
    opened = clipboard is None and has_screen(os.environ) and webbrowser.open(mention.url)
    done = "Opened the post in the browser" if opened else f"Open {mention.url}"
    return Receipt(sentence=f"{done}; the text is on the clipboard." if copied else f"{done} and paste the text.")


def has_screen(environment: Mapping[str, str]) -> bool:
    """Whether there is a desktop to open a browser on; a browser in this terminal would take the desk's screen."""
    return sys.platform in ("darwin", "win32") or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def copy(text: str) -> bool:
    """Puts a text on the clipboard of the agent's terminal (OSC 52, which works over ssh too); False without one."""
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    with suppress(OSError):
        TERMINAL.write_text(sequence, encoding="ascii")
        return True
    return False
