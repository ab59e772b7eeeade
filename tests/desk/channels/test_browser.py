"""Answering by hand: the post is opened, and the text is on the clipboard of the terminal."""

from __future__ import annotations

import base64
import os
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from desk.channels import browser
from desk.errors import SendError


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were opened."""
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: found.append(url) or True)
    monkeypatch.setenv("DISPLAY", ":0")
    return found


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file in place of the terminal."""
    monkeypatch.setattr(browser, "TERMINAL", tmp_path / "tty")
    return tmp_path / "tty"


def copied(sequence: str) -> str:
    """The text in a sequence that puts something on the clipboard."""
    assert sequence.startswith("\x1b]52;c;") and sequence.endswith("\a")
    return base64.b64decode(sequence[7:-1]).decode()


def test_the_post_is_opened_and_the_text_copied(reply: Any, mention: Any, opened: list[str], terminal: Path) -> None:
    receipt = browser.send(reply("Dag Zoë 👋\nGroet"), mention(), {})
    assert opened == ["https://forum.example/1"]
    assert copied(terminal.read_text()) == "Dag Zoë 👋\nGroet"
    assert receipt.sentence == "Opened the post in the browser; the text is on the clipboard."


def test_the_text_reaches_a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    try:
        monkeypatch.setattr(browser, "TERMINAL", Path(os.ttyname(theirs)))
        assert browser.copy("Dag Jan")
        assert copied(os.read(ours, 1000).decode()) == "Dag Jan"
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "",
            "mailto:jan@x.example",
            "https://",
            "-h",
        ),
        *("https://forum.example/1\x1b[2J", "https://forum.example\\@evil.example/", "https://forum.example/ --new"),
    ],
)
def test_what_is_no_web_address_is_never_opened(
    reply: Any, mention: Any, opened: list[str], terminal: Path, url: str
) -> None:
    with pytest.raises(SendError, match="no web address") as caught:
        browser.send(reply(), mention(url=url), {})
    assert opened == [] and not terminal.exists()
    assert "\x1b" not in str(caught.value)


def test_without_a_screen_the_agent_is_told_where_to_go(
    reply: Any, mention: Any, opened: list[str], terminal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    receipt = browser.send(reply(), mention(), {})
    assert opened == []
    assert receipt.sentence == "Open https://forum.example/1; the text is on the clipboard."


def test_without_a_terminal_the_agent_is_told_to_paste(
    reply: Any, mention: Any, opened: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(browser, "TERMINAL", tmp_path / "no" / "tty")
    assert browser.send(reply(), mention(), {}).sentence == "Opened the post in the browser and paste the text."


def test_a_browser_opens_only_on_a_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert browser.has_screen({"WAYLAND_DISPLAY": "wayland-0"})
    assert not browser.has_screen({"SSH_TTY": "/dev/pts/1", "BROWSER": "w3m"})
    monkeypatch.setattr("sys.platform", "darwin")
    assert browser.has_screen({})
