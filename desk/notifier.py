"""Tells people outside the desk: by signed webhook to a web address, by Apprise to mail, chat and the rest."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.errors import ChannelError, SendError
from desk.shown import clean_block, clean_line

if TYPE_CHECKING:
    from storage.database import Database
    from storage.notices import Message

log = logging.getLogger("webcare.alerts")

MOST_LINES = 20
"""Notices that a message tells in full; of the others it says how many they are."""

WEB = ("http", "https")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Somebody to tell. The address may hold a password, so it is never shown."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    """Signs a webhook."""
    allow_private: Any = False
    an_hour: int = 6
    """Messages at most; what comes more waits and goes out together."""

    @property
    def id(self) -> str:
        """Tells targets apart without saying where they are."""
        return blake2b(self.url.encode("utf-8", "replace"), digest_size=10).hexdigest()

    @property
    def scheme(self) -> str:
        """What stands before the `://`."""
        return self.url.partition("://")[0].lower()


def complaint(url: str) -> str:
    """What is wrong with an address to tell somebody at; "" when nothing can be seen to be. Never names the address."""
    scheme, _, rest = url.partition("://")
    if not rest:
        return "is no address: write https://… or an Apprise address such as mailto://…"
    if scheme.lower() in WEB:
        return "holds a password: a webhook is signed with a secret of its own" if "@" in rest.split("/")[0] else ""
    if find_spec("apprise") is None:
        return f"to tell by {clean_line(scheme, 20)}:// needs Apprise: pip install 'webcare[alerts]'"
    return "" if _apprise_with(url) else f"is no {clean_line(scheme, 20)}:// address that Apprise understands"


def deliver(database: Database, targets: Sequence[Target]) -> int:
    """Sends each target what is due for it; gives the number of messages that arrived. Safe on many machines."""
    from storage.notices import Notices

    notices, arrived = Notices(database), 0
    for target in {each.id: each for each in targets}.values():
        while message := notices.take(target.id, an_hour=target.an_hour):
            try:
                send(target, message)
            except ChannelError as error:
                log.warning("Nobody was told by %s: %s", clean_line(target.scheme, 20), error)
                notices.failed(message, str(error))
                break
            notices.sent(message)
            arrived += 1
    return arrived


def send(target: Target, message: Message) -> None:
    """Hands a message over. Raises `SendError` or `SendUncertain`."""
    title, text = written(message)
    paths = [each.path for each in message.notices if each.path]
    if target.scheme in WEB:
        _post(target, message, title, text)
        return
    if find_spec("apprise") is None:
        raise SendError(f"To tell by {clean_line(target.scheme, 20)}:// needs Apprise: pip install 'webcare[alerts]'.")
    told = _apprise_with(target.url)
    if told is None:
        raise SendError(f"Apprise does not understand the {clean_line(target.scheme, 20)}:// address.")
    if not told.notify(title=title, body=text, body_format="text", attach=[p for p in paths if Path(p).exists()]):
        raise SendError(f"The {clean_line(target.scheme, 20)}:// service did not take the message.")


def written(message: Message) -> tuple[str, str]:
    """Title and text: of one notice its own, of several a digest."""
    notices = message.notices
    if len(notices) == 1:
        return clean_line(notices[0].title, 200), clean_block(notices[0].text, 4000)
    lines = [f"{clean_line(each.title, 200)}\n{clean_block(each.text, 1000)}" for each in notices[:MOST_LINES]]
    more = len(notices) - MOST_LINES
    what = "reports" if all(each.path for each in notices) else "alerts"
    return f"webcare: {len(notices)} {what}", "\n\n".join([*lines, *([f"And {more} more."] if more > 0 else [])])


def _post(target: Target, message: Message, title: str, text: str) -> None:
    from desk.channels import webhook

    notices = [
        {"at": each.at.isoformat(), "title": clean_line(each.title, 200), "text": clean_block(each.text, 1000)}
        | ({"file": Path(each.path).name} if each.path else {})
        for each in message.notices
    ]
    event: Mapping[str, Any] = {
        "type": "alert",
        "timestamp": message.notices[-1].at.isoformat(),
        "data": {"id": message.key, "title": title, "text": text, "notices": notices},
    }
    options = {"url": target.url, "secret": target.secret, "allow_private": target.allow_private}
    webhook.post(options, message.key, event)


def _apprise_with(url: str) -> Any:
    """Apprise, ready to tell at this address; None where it does not understand it.

    Without plug-ins from elsewhere, and without a log, for addresses hold passwords. Its modules load on first use,
    and warn of what they themselves lean on.
    """
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    told = apprise.Apprise(asset=apprise.AppriseAsset(plugin_paths=[], app_id="webcare", app_desc="webcare"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return told if told.add(url) else None
