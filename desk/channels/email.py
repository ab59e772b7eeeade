"""Answers by e-mail, in the thread of the message it answers.

Keys: `host`, `port` (587; 465 speaks TLS from the first byte), `from`, `to` (else the author's own mailto: address),
`user` and `password` where the server wants them. A server that speaks no TLS is refused, unless it is inside the
network and `allow_private` names it. Mail is not checked for duplicates by those who receive it.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from desk.channels._http import SECONDS, check, keys, look_up
from desk.errors import SendError, SendUncertain
from desk.shown import clean_line, without_controls
from storage.types import Mention, Receipt, Reply

needs = ("host", "from")
takes = ("port", "to", "user", "password")
tells_duplicates = False
at_desk = False
private = True
"""Nobody but the author reads it."""
limit: int | None = 100_000

TLS_AT_ONCE = 465
"""The port where TLS is spoken from the first byte (RFC 8314)."""

_ADDRESS = re.compile(r"[!-~]{1,64}(?<![\"(),:;<>@\[\\\]])@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"<?([^\s<>@]{1,200}@[^\s<>@]{1,200})>?")


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Mails the reply. Raises `SendError` or `SendUncertain` with what to do."""
    host, sender = keys(options, "host", "from")
    to = str(options.get("to") or "") or _mailbox(mention)
    for address in (sender, to):
        if not _ADDRESS.fullmatch(address):
            raise SendError(
                f"{clean_line(address, 80) or 'Nothing'} is no plain e-mail address: give reply.to and reply.from."
            )
    message = written(reply, mention, sender, to)
    server = _Server(host, _port(options), sender.rpartition("@")[2], options)
    with server.opened() as client:
        server.hand_over(client, sender, to, message)
    return Receipt(external_id=str(message["Message-ID"]), sentence=f"Mailed to {to}.")


def written(reply: Reply, mention: Mention, sender: str, to: str) -> EmailMessage:
    """The message, with the headers that put it in its thread."""
    message = EmailMessage(policy=SMTP)
    subject = clean_line(mention.title, 150) or "Re:"
    message["From"], message["To"] = sender, to
    message["Subject"] = subject if re.match(r"(?i)(re|antw|aw)\s*:", subject) else f"Re: {subject}"
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9]', '', reply.key)}@{sender.rpartition('@')[2]}>"
    if (parent := _MESSAGE_ID.fullmatch(mention.external_id)) and parent[1].isascii() and parent[1].isprintable():
        message["In-Reply-To"] = message["References"] = f"<{parent[1]}>"
    message.set_content(without_controls(reply.text), cte="quoted-printable")
    if mention.lang and re.fullmatch("[a-z]{2}", mention.lang):
        message["Content-Language"] = mention.lang
    return message


class _Server:
    """A mail server, spoken to within one clock."""

    def __init__(self, host: str, port: int, domain: str, options: Mapping[str, Any]) -> None:
        self.host, self.port, self.domain, self.options = host, port, domain, options
        self.shown = clean_line(host, 100)
        self._left = False

    @contextmanager
    def opened(self) -> Iterator[smtplib.SMTP]:
        """A conversation with the server, over TLS and logged in; what goes wrong becomes a sentence."""
        ends = time.monotonic() + SECONDS
        addresses = look_up(self.host, self.port, SECONDS)
        check(self.host, self.port, addresses, self.options.get("allow_private", False), encrypted=True)
        client = smtplib.SMTP(local_hostname=self.domain)
        watch = threading.Timer(max(0.0, ends - time.monotonic()), _hang_up, (client,))
        watch.daemon = True
        watch.start()
        try:
            self._greet(client, addresses)
            yield client
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._broken(error) from None
        finally:
            watch.cancel()
            client.close()

    def hand_over(self, client: smtplib.SMTP, sender: str, to: str, message: EmailMessage) -> None:
        """Gives the message away; until its last byte is out nobody can have received it."""
        self._expect(client.mail(sender), 250)
        self._expect(client.rcpt(to), 250, 251)
        self._expect(client.docmd("DATA"), 354)
        stuffed = re.sub(rb"(?m)^\.", b"..", message.as_bytes())
        self._left = True
        client.send(stuffed.rstrip(b"\r\n") + b"\r\n.\r\n")
        self._expect(client.getreply(), 250)
        with suppress(smtplib.SMTPException, OSError):
            client.quit()

    def _greet(self, client: smtplib.SMTP, addresses: tuple[str, ...]) -> None:
        context = ssl.create_default_context()
        client._host = self.host  # type: ignore[attr-defined]  # the name its certificate must be for
        client.sock = _connected(addresses, self.port)
        if self.port == TLS_AT_ONCE:
            client.sock = context.wrap_socket(client.sock, server_hostname=self.host)
        self._expect(client.getreply(), 220)
        client.ehlo_or_helo_if_needed()
        if self.port != TLS_AT_ONCE:
            self._encrypt(client, context, addresses)
        if self.options.get("user"):
            self._log_in(client, *keys(self.options, "user", "password"))

    def _log_in(self, client: smtplib.SMTP, user: str, password: str) -> None:
        try:
            client.login(user, password)
        except (smtplib.SMTPException, UnicodeError):
            why = f"{self.shown} does not let us log in: check reply.user and reply.password; nothing was sent."
            raise SendError(why) from None

    def _encrypt(self, client: smtplib.SMTP, context: ssl.SSLContext, addresses: tuple[str, ...]) -> None:
        if client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo_or_helo_if_needed()
        else:
            check(self.host, self.port, addresses, self.options.get("allow_private", False), encrypted=False)

    def _expect(self, answer: tuple[int, bytes], *wanted: int) -> None:
        code, said = answer
        if code not in wanted:
            words = clean_line(said.decode("utf-8", "replace"), 200).rstrip(".")
            raise SendError(f"{self.shown} refused the mail ({code}): {words}; nothing was sent.")

    def _broken(self, error: Exception) -> SendError | SendUncertain:
        if self._left:
            return SendUncertain(f"{self.shown} broke off ({type(error).__name__}); look whether the mail arrived.")
        return SendError(f"{self.shown} cannot be used ({type(error).__name__}); nothing was sent.")


def _connected(addresses: tuple[str, ...], port: int) -> socket.socket:
    """A connection to the first of the addresses that takes one."""
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=SECONDS / 2)
        except OSError:
            if address == addresses[-1]:
                raise
    raise OSError("no address")


def _hang_up(client: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        client.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def _port(options: Mapping[str, Any]) -> int:
    port = str(options.get("port") or 587)
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise SendError("reply.port must be a number: 587, or 465.")
    return int(port)


def _mailbox(mention: Mention) -> str:
    return (
        unquote((mention.author_url or "").removeprefix("mailto:"))
        if (mention.author_url or "").startswith("mailto:")
        else ""
    )
