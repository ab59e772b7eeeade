"""The hostile hosts' server: answers by the host that is asked for, from the list of answers."""

from __future__ import annotations

import asyncio
import re
import socket
from multiprocessing.connection import Connection

import bench.hostile_more
import bench.hostile_sites  # noqa: F401 - both add their answers
from bench.hostile_answers import (
    ANSWERS,
    LISTS,
    OK,
    POSTS,
    Say,
    add,
    body,
    bomb,
    endless,
    item,
    page,
    raw,
    redirect,
    rss,
    silence,
)

ROBOTS = {
    "robots-huge": endless(OK + b"\r\n", b"Disallow: /a\n" * 999),
    "robots-slow": endless(OK + b"Content-Length: 9999\r\n\r\n", b"a", 1),
    "robots-silent": silence,
    "robots-loop": redirect("/robots.txt"),
    "robots-inside": redirect("http://10.0.0.1/robots.txt"),
    "robots-500": raw(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
    "robots-html": body(page("niet hier"), "text/html"),
    "robots-stars": body("User-agent: *\nDisallow: /" + "*a" * 3000 + "$\n", "text/plain"),
    "robots-binary": body(bytes(range(256)) * 999, "text/plain"),
    "robots-names": body(
        "".join(f"User-agent: a{n}\n" for n in range(13_000)) + "Disallow: /x\n" * 20_000, "text/plain"
    ),
    "robots-wild": body("User-agent: *\n" + "".join(f"Disallow: /*a{n}*b$\n" for n in range(30_000)), "text/plain"),
    "robots-delay": body("User-agent: *\nCrawl-delay: 1e99\n", "text/plain"),
    "robots-bomb": body(bomb(64), "text/plain", "Content-Encoding: gzip"),
}
GOOD = body(rss("".join(item(n) for n in range(POSTS))))
GOOD_LARGE = body(rss("".join(item(n, f"<category>{'x' * 4000}</category>") for n in range(POSTS))))
"""As large as a page of a forum, so that it goes through the readers that hostile pages go through."""
add("robots", **{name.replace("-", "_"): GOOD for name in ROBOTS})


def only_first(first: Say, rest: Say) -> Say:
    """One answer at the address that is asked for, another wherever that leads."""

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        await (first if path in ("/", "/t/een/1", "/sitemap.xml") else rest)(writer, path)

    return say


DRIP = endless(OK + b"Content-Length: 99999\r\n\r\n<", b"a", 1)
COMMENTS = rss("".join(item(n, f"<comments>/d{n}</comments><link>/d{n}</link>") for n in range(40)))
add(
    "slow_links",
    l_probes=only_first(body(page("<p>Zonnebank"), "text/html"), DRIP),
    l_probes_silent=only_first(body(page("<p>Zonnebank"), "text/html"), silence),
    l_threads=only_first(body(page(LISTS[:20_000]), "text/html"), DRIP),
    l_teasers=only_first(body(COMMENTS), DRIP),
    l_teasers_silent=only_first(body(COMMENTS), silence),
)
add(
    "sitemap",
    s_slow=only_first(
        body("<urlset>" + "".join(f"<url><loc>/{n}</loc></url>" for n in range(100)) + "</urlset>"), DRIP
    ),
)

NOTHING = raw(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")


async def _handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        name = next(line for line in head.lower().split("\r\n") if line.startswith("host:"))[5:].strip().split(".")[0]
        say = ANSWERS[name][1] if name in ANSWERS else GOOD_LARGE if name.startswith("large") else GOOD
        if path == "/robots.txt":
            say = ROBOTS.get(name, NOTHING)
        elif name.startswith("v-") and "streaming" not in path:
            say = body("[]", "application/json")
        key = re.search(r"sec-websocket-key: (\S+)", head, re.IGNORECASE)
        await say(writer, f"{path}\0{key[1]}" if key else path)
        writer.write_eof()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


def serve(pipe: Connection) -> None:
    """Plays all the hosts; tells the port through the pipe."""

    async def run() -> None:
        server = await asyncio.start_server(_handle, "127.0.0.1", 0, family=socket.AF_INET)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())
