"""Answers by e-mail: to a real SMTP server in this process, and to one that breaks off wherever it can."""

from __future__ import annotations

import email
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from desk.channels import _http
from desk.channels import email as channel
from desk.errors import SendError, SendUncertain


class Post:
    """A mail server's post box, which refuses `nobody`."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Whether it takes mail for an address."""
        if address.startswith("nobody@"):
            return "550 No such \x1b[2J user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Takes a mail, unless it speaks of spam."""
        message = email.message_from_bytes(envelope.content, policy=default)
        if "spam" in str(message["Subject"]):
            return "554 Rejected as spam"
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message))  # type: ignore[arg-type]
        return "250 Queued"


def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Whether somebody may log in."""
    return AuthResult(success=(data.login, data.password) == (b"webcare", b"p4ss"), handled=False)


class Door(Controller):
    """The server, on a free port, with TLS or without."""

    def __init__(self, post: Post, context: ssl.SSLContext | None, *, at_once: bool = False) -> None:
        self.later = None if at_once else context
        super().__init__(post, hostname="127.0.0.1", port=0, ssl_context=context if at_once else None)

    def factory(self) -> SMTP:
        """A conversation."""
        secured = {"authenticator": known, "tls_context": self.later} if self.later else {}
        return SMTP(self.handler, hostname="mail.example", require_starttls=bool(self.later), **secured)  # type: ignore[arg-type]

    def _trigger_server(self) -> None:
        """The port is known once it listens."""
        self.port = self.listens_at
        super()._trigger_server()

    @property
    def listens_at(self) -> int:
        """The port."""
        return int(self.server.sockets[0].getsockname()[1])  # type: ignore[union-attr]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for mail.example that this process trusts, and the name itself."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("mail.example").configure_cert(made)
    monkeypatch.setattr(channel, "look_up", lambda host, port, seconds: ("127.0.0.1",))
    return made


@pytest.fixture
def open_door() -> Iterator[Callable[..., tuple[Post, int]]]:
    """Opens a mail server; gives its post box and its port."""
    doors: list[Door] = []

    def start(context: ssl.SSLContext | None = None, *, at_once: bool = False) -> tuple[Post, int]:
        post = Post()
        door = Door(post, context, at_once=at_once)
        door.start()
        doors.append(door)
        return post, door.listens_at

    yield start
    for door in doors:
        door.stop()


def keys(port: int, **more: Any) -> dict[str, Any]:
    """What `sources.yaml` says."""
    values = {"host": "mail.example", "port": port, "from": "webcare@zonnebank.nl", "to": "jan@mail.test"}
    return {**values, "allow_private": True, **more}


def test_a_mail_goes_out_encrypted_and_into_its_thread(
    context: ssl.SSLContext, open_door: Any, reply: Any, mention: Any
) -> None:
    post, port = open_door(context)
    text = "Dag Zoë,\n.een punt vooraan\n.\nGroet 👋"
    place = mention(external_id="<abc.1@lists.example>", title="Storing\nBcc: x@evil.example")
    receipt = channel.send(reply(text), place, keys(port, user="webcare", password="p4ss"))
    ((sender, to, mail),) = post.mails
    assert (sender, to) == ("webcare@zonnebank.nl", ["jan@mail.test"])
    assert mail["Subject"] == "Re: Storing Bcc: x@evil.example" and mail["Bcc"] is None
    assert mail["In-Reply-To"] == mail["References"] == "<abc.1@lists.example>"
    assert mail["Message-ID"] == receipt.external_id == "<5f2b0c9d7e@zonnebank.nl>"
    assert mail["Content-Language"] == "nl"
    assert mail.get_content().replace("\r\n", "\n").strip() == text
    assert receipt.sentence == "Mailed to jan@mail.test."


def test_the_author_is_mailed_where_the_source_says_how(
    context: ssl.SSLContext, open_door: Any, reply: Any, mention: Any
) -> None:
    post, port = open_door(context)
    place = mention(author_url="mailto:jan%2Bforum@mail.test", title="Re: Storing")
    channel.send(reply(), place, keys(port, to="", user="webcare", password="p4ss"))
    assert post.mails[0][1] == ["jan+forum@mail.test"]
    assert post.mails[0][2]["Subject"] == "Re: Storing" and post.mails[0][2]["In-Reply-To"] is None


def test_a_server_may_speak_tls_from_the_first_byte(
    context: ssl.SSLContext, open_door: Any, reply: Any, mention: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, port = open_door(context, at_once=True)
    monkeypatch.setattr(channel, "TLS_AT_ONCE", port)
    channel.send(reply(), mention(), keys(port))
    assert len(post.mails) == 1
    with pytest.raises(SendError, match=r"SSLCertVerificationError.*nothing was sent"):
        channel.send(reply(), mention(), keys(port, host="other.example"))


@pytest.mark.parametrize(
    "to", ["", "jan", "jan@x.example, b@x.example", "<jan@x.example>", "jan@x.example\r\nRCPT TO:<b@x>"]
)
def test_what_is_no_plain_address_is_refused(reply: Any, mention: Any, to: str) -> None:
    with pytest.raises(SendError, match="no plain e-mail address"):
        channel.send(reply(), mention(), keys(1, to=to))


def test_a_server_without_tls_gets_nothing_unless_it_is_inside_and_allowed(
    open_door: Any, reply: Any, mention: Any
) -> None:
    post, port = open_door()
    options = keys(port, host="127.0.0.1")
    with pytest.raises(SendError, match="inside the network"):
        channel.send(reply(), mention(), {**options, "allow_private": False})
    channel.send(reply(), mention(), options)
    assert len(post.mails) == 1


def test_a_certificate_for_another_name_is_refused(
    context: ssl.SSLContext, open_door: Any, reply: Any, mention: Any
) -> None:
    post, port = open_door(context)
    with pytest.raises(SendError, match=r"SSLCertVerificationError.*nothing was sent"):
        channel.send(reply(), mention(), keys(port, host="other.example"))
    assert post.mails == []


def test_what_the_server_refuses_is_said(context: ssl.SSLContext, open_door: Any, reply: Any, mention: Any) -> None:
    _, port = open_door(context)
    options = keys(port, user="webcare", password="p4ss")
    with pytest.raises(SendError, match=r"does not let us log in: check reply\.user and reply\.password") as caught:
        channel.send(reply(), mention(), {**options, "password": "wr0ng"})
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(SendError, match=r"\(550\): No such .* user here; nothing was sent") as caught:
        channel.send(reply(), mention(), {**options, "to": "nobody@mail.test"})
    assert "\x1b" not in str(caught.value)
    with pytest.raises(SendError, match=r"\(554\): Rejected as spam"):
        channel.send(reply(), mention(title="spam"), options)


LINES = {b"EHLO": b"250 hello", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"DATA": b"354 go on", b".": b"250 queued"}


@pytest.fixture
def breaking() -> Iterator[Callable[[bytes, bool], int]]:
    """A mail server that hangs up, or falls silent, instead of answering one command; gives its port."""
    over, opened = threading.Event(), list[tuple[socket.socket, threading.Thread]]()

    def talk(listening: socket.socket, at: bytes, silent: bool) -> None:
        caller, _ = listening.accept()
        with caller, caller.makefile("rb") as lines:
            caller.sendall(b"220 mail.example\r\n")
            in_data = False
            for line in lines:
                word = line.strip()[:4].upper() if not in_data or line == b".\r\n" else b""
                if word == at:
                    if silent:
                        over.wait(30)
                    return
                if word in LINES:
                    in_data = word == b"DATA"
                    caller.sendall(LINES[word] + b"\r\n")

    def start(at: bytes, silent: bool) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=talk, args=(listening, at, silent), daemon=True)
        thread.start()
        opened.append((listening, thread))
        return int(listening.getsockname()[1])

    yield start
    over.set()
    for listening, thread in opened:
        thread.join()
        listening.close()


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize(
    ("at", "error"), [(b"EHLO", SendError), (b"MAIL", SendError), (b"DATA", SendError), (b".", SendUncertain)]
)
def test_only_after_its_last_byte_a_mail_may_have_arrived(
    breaking: Any,
    reply: Any,
    mention: Any,
    monkeypatch: pytest.MonkeyPatch,
    at: bytes,
    error: type[Exception],
    silent: bool,
) -> None:
    monkeypatch.setattr(channel, "SECONDS", 0.4)
    with pytest.raises(error, match=r"mail|nothing was sent"):
        channel.send(reply(), mention(), keys(breaking(at, silent), host="127.0.0.1"))


def test_a_server_that_cannot_be_reached_got_nothing(reply: Any, mention: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SendError, match=r"ConnectionRefusedError.*nothing was sent"):
        channel.send(reply(), mention(), keys(port, host="127.0.0.1"))
    with pytest.raises(SendError, match="must be a number"):
        channel.send(reply(), mention(), {**keys(port), "port": "smtp"})
    assert _http.SECONDS > 0.4
