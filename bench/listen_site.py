"""The site that `listen.py` and its peers listen to: as many hosts as they want, each with a feed of twenty items.

    python bench/listen_site.py

The port is the first line of output. /304 and /200 are always the same; /one/N is feed N with a mention among its
twenty items, /all/N has twenty; /blog/N has one, and its texts are marked up as a blog writes them.
"""

from __future__ import annotations

import asyncio
import random
from html import escape

ITEMS = 20
QUERIES = 1000
_WORDS = """
de het een van voor niet vandaag rekening geld app betalen sparen rente klant service bank storing pas bericht
wachten telefoon hulp lekker weer fiets trein huis werk goed slecht altijd nooit morgen gisteren straks the
and with money account is was not today card please help thanks great awful again
"""
_HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:wfw='http://wellformedweb.org/CommentAPI/' "
    "xmlns:slash='http://purl.org/rss/1.0/modules/slash/'>"
)


def text(seed: int, length: int = 40) -> str:
    """Words that look like a post; one in fifty names a brand."""
    dice = random.Random(seed)
    words = dice.choices(_WORDS.split(), k=length)
    if seed % 50 == 0:
        words[3] = f"merk{dice.randrange(QUERIES)}"
    return " ".join(words).capitalize() + "."


def _said(number: int, n: int, mentions: int) -> str:
    name = f"merk{(number + n) % QUERIES}" if n < mentions else "iets"
    return f"{name} {text(number * 100 + n + 1, 60)}"


def feed(number: int, *, mentions: int = ITEMS) -> bytes:
    """A feed of twenty items that are not in any other feed; so many of them name a brand, and are stored."""
    items = "".join(
        f"<item><guid>{number}-{n}</guid><title>Bericht {n}</title><link>http://site{number}.example/{n}</link>"
        f"<author>lezer{n}</author><pubDate>Sun, 22 Nov 2026 {n:02}:00:00 GMT</pubDate>"
        f"<content:encoded>{_said(number, n, mentions)}</content:encoded></item>"
        for n in range(ITEMS)
    )
    return f"{_HEAD}<channel><title>Site {number}</title>{items}</channel></rss>".encode()


def blog(number: int) -> bytes:
    """The same with a mention in it, as WordPress writes a feed: paragraphs, links, a picture, tags, a comment feed."""
    items = "".join(_article(number, n) for n in range(ITEMS))
    return f"{_HEAD}<channel><title>Site {number}</title>{items}</channel></rss>".encode()


def _article(number: int, n: int) -> str:
    page = f"https://site{number}.example/2026/11/bericht-{n}/"
    said = _said(number, n, 1)
    markup = (
        f'<p>{said}</p><figure><img src="{page}a.jpg" alt="Foto" width="600" /></figure>'
        f'<p>{text(number * 100 + n + 31, 60)} <a href="{page}">Lees <em>ook</em> dit</a> &#8211; echt.</p>'
        f"<ul><li>{text(n, 8)}</li><li>{text(n + 1, 8)}</li></ul>"
    )
    tags = "".join(f"<category><![CDATA[Tag {each}]]></category>" for each in range(3))
    return (
        f"<item><title>Bericht {n} &#8211; vervolg</title><link>{page}</link><comments>{page}#respond</comments>"
        f"<dc:creator><![CDATA[Lezer {n}]]></dc:creator><pubDate>Sun, 22 Nov 2026 {n:02}:00:00 +0000</pubDate>{tags}"
        f'<guid isPermaLink="false">https://site{number}.example/?p={n}</guid>'
        f"<description><![CDATA[{escape(said[:200])} [&#8230;]]]></description>"
        f"<content:encoded><![CDATA[{markup}]]></content:encoded><slash:comments>0</slash:comments></item>"
    )


def answer(path: str) -> tuple[bytes, bytes]:
    """The body at a path, and its ETag."""
    what, _, number = path[1:].partition("/")
    if what == "304":
        return feed(0), b'"a"'
    if what == "200":
        return feed(0), b""
    if what == "blog":
        return blog(int(number)), b""
    if what in ("one", "all"):
        return feed(int(number), mentions=1 if what == "one" else ITEMS), b""
    return b"", b""


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One question, one answer."""
    try:
        question = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        writer.close()
        return
    body, tag = answer(question.split(b" ", 2)[1].decode())
    status = b"200 OK" if body else b"404 Not Found"
    if tag and b"if-none-match: " + tag in question.lower():
        status, body = b"304 Not Modified", b""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/rss+xml\r\n" % status
    head += b"ETag: %s\r\n" % tag if tag else b""
    head += b"" if status.startswith(b"304") else b"Content-Length: %d\r\n" % len(body)
    writer.write(head + b"Connection: close\r\n\r\n" + body)
    writer.close()


async def serve() -> None:
    """Answers for ever."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
