"""TLS as strangers' servers speak it: the right name passes, every other certificate is refused in words."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from listener.errors import FetchError
from listener.fetch import Fetcher
from listener.network.wire import Limits
from listener.types import Page, Request

SHORT = Limits(connect=0.5, read=0.3, total=0.8)
HALLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo"
Make = Callable[..., tuple[Path, Path]]
CA = """
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = named
x509_extensions = site
[named]
commonName = supplied
[site]
subjectAltName = DNS:blog.example
[req]
distinguished_name = empty
[empty]
"""


@asynccontextmanager
async def serving(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that says this as soon as anything is said to it, or at once where that is nothing."""
    tasks: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read(65536)
            writer.write(answer)
            await writer.drain()
            await reader.read(65536)
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(handle(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes a self-signed certificate for blog.example that is valid between two dates, and its key."""

    def make(begin: str = "20200101000000Z", end: str = "20990101000000Z") -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp("tls")
        (folder / "index.txt").touch()
        (folder / "ca.cnf").write_text(CA)
        new = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config ca.cnf"
        sign = "openssl ca -batch -config ca.cnf -selfsign -keyfile key.pem -in csr.pem -notext -out cert.pem"
        try:
            for command in (
                f"{new} -subj /CN=blog.example -keyout key.pem -out csr.pem",
                f"{sign} -startdate {begin} -enddate {end}",
            ):
                subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no usable openssl command")
        return folder / "cert.pem", folder / "key.pem"

    return make


async def fetch(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *, name: str = "blog.example", trusted: bool = True
) -> Page | object:
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with serving(HALLO, context) as port, Fetcher(limits=Limits(), resolve=here) as fetcher:
        return await fetcher.get(Request(f"https://{name}:{port}/", allow_private=True))


async def test_tls_is_spoken_with_the_name_of_the_host(certificate: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await fetch(certificate(), monkeypatch)
    assert isinstance(page, Page) and page.body == b"hallo"


@pytest.mark.parametrize(
    ("name", "trusted", "sentence"),
    [("blog.example", False, "is self-signed"), ("other.example", True, "is for another host name")],
)
async def test_a_certificate_that_is_not_theirs_is_refused_in_words(
    certificate: Make, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, sentence: str
) -> None:
    with pytest.raises(FetchError, match=f"The certificate of {name} {sentence}"):
        await fetch(certificate(), monkeypatch, name=name, trusted=trusted)


@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [
        ("20200101000000Z", "20200201000000Z", "has expired"),
        ("21000101000000Z", "21000201000000Z", "is not valid yet"),
    ],
)
async def test_a_certificate_of_another_time_is_refused_in_words(
    certificate: Make, monkeypatch: pytest.MonkeyPatch, begin: str, end: str, sentence: str
) -> None:
    with pytest.raises(FetchError, match=rf"The certificate of blog\.example {sentence}: its owner has to renew"):
        await fetch(certificate(begin, end), monkeypatch)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.0\r\n",
        bytes(range(256)),
        b"\x15\x03\x01\x00\x02\x02\x28",
    ],
)
async def test_what_is_no_tls_is_said_to_be_none(answer: bytes) -> None:
    async with serving(answer) as port, Fetcher(limits=SHORT) as fetcher:
        with pytest.raises(FetchError, match=r"does not speak proper TLS: check whether .* http://"):
            await fetcher.get(Request(f"https://127.0.0.1:{port}/", allow_private=True))


async def test_a_tls_server_that_hangs_up_or_says_nothing_is_given_up_in_words() -> None:
    async with serving(b"") as port, Fetcher(limits=SHORT) as fetcher:
        with pytest.raises(FetchError, match=r"did not answer within 0\.5 s"):
            await fetcher.get(Request(f"https://127.0.0.1:{port}/", allow_private=True))


async def test_tls_at_a_plain_address_is_no_http(certificate: Make) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate())
    async with serving(HALLO, context) as port, Fetcher(limits=SHORT) as fetcher:
        with pytest.raises(FetchError, match=r"closed the connection|not HTTP|broke off"):
            await fetcher.get(Request(f"http://127.0.0.1:{port}/", allow_private=True))
