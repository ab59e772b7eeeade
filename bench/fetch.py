"""Polls per second of client CPU: our fetcher, alone and with politeness, beside a bare httpx client in the same run.

    python bench/fetch.py [POLLS]

A server in a process of its own answers 304, a page of 20 KB, or the same page compressed; every poll is a new
connection, as it is for sources on many hosts. Prints the median of three interleaved rounds and the ratio to httpx.
"""

from __future__ import annotations

import asyncio
import gzip
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import httpx

from listener.fetch import Fetcher
from listener.politeness import PoliteFetcher
from listener.types import Request

IN_FLIGHT = 64
HOSTS = 500
PAGE = b"<rss><channel>" + b"<item><title>Zonnebank doet het weer niet</title></item>" * 360 + b"</channel></rss>"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(PAGE) + PAGE
PACKED = gzip.compress(PAGE)
ZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED
ANSWERS = {b"/304": b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', b"/200": PLAIN, b"/gzip": ZIPPED}
NONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

Poll = Callable[[str], Awaitable[object]]


async def serve() -> None:
    """Answer for ever; the port is the first line of output."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWERS.get(question.split(b" ", 2)[1], NONE))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def rate(poll: Poll, urls: list[str]) -> float:
    """Polls per CPU second of this process."""
    left = iter(urls)

    async def work() -> None:
        for url in left:
            await poll(url)

    started = time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return len(urls) / (time.process_time() - started)


async def here(host: str, port: int) -> list[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


async def measure(port: int, polls: int) -> dict[str, list[float]]:
    """Three rounds of every client and every answer."""
    results: dict[str, list[float]] = {}
    bare = httpx.AsyncClient(headers={"connection": "close"}, limits=httpx.Limits(max_keepalive_connections=20))
    async with bare, Fetcher(resolve=here) as fetcher:
        polite = PoliteFetcher(fetcher, pause=0)
        clients: dict[str, Poll] = {
            "httpx": lambda url: bare.get(url, headers={"if-none-match": '"a"'}),
            "fetcher": lambda url: fetcher.get(Request(url, etag='"a"', allow_private=True)),
            "polite": lambda url: polite.get(Request(url, etag='"a"', allow_private=True)),
        }
        for _ in range(3):
            for path in ANSWERS:
                for name, poll in clients.items():
                    host = "127.0.0.1" if name == "httpx" else "site{}.example"
                    urls = [f"http://{host.format(n % HOSTS)}:{port}{path.decode()}" for n in range(polls)]
                    results.setdefault(f"{path.decode()[1:]:5} {name}", []).append(await rate(poll, urls))
    return results


def main() -> None:
    """Start the server, measure, print a table."""
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        results = asyncio.run(measure(int(server.stdout.readline()), polls))
    finally:
        server.terminate()
        server.wait()
    for name, rates in results.items():
        anchor = statistics.median(results[f"{name[:5]} httpx"])
        middle = statistics.median(rates)
        print(f"{name:16} {middle:7.0f} polls/CPU s   {middle / anchor:4.1f} x httpx")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main()
