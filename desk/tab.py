"""The desk's screen when it stands in a tab of a browser, as `webcare web` shows it."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from textual import messages
from textual.drivers.web_driver import WebDriver

from desk.channels import browser

if TYPE_CHECKING:
    from textual.app import App


class TabDriver(WebDriver):
    """Textual's own driver for browsers, which ends the desk once nobody is at the other end any more."""

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        self._loop = asyncio.get_running_loop()
        browser.clipboard = self.copy

    def run_input_thread(self) -> None:
        """Reads what is typed; when that ends, however it ends, the desk keeps its draft and leaves."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._loop.call_soon_threadsafe(self._app.post_message, messages.ExitApp())

    def copy(self, text: str) -> bool:
        """Puts a text on the clipboard of the agent's own machine (OSC 52), from whatever thread."""
        code = base64.b64encode(text.encode()).decode()
        self._loop.call_soon_threadsafe(self.write, f"\x1b]52;c;{code}\a")
        return True
