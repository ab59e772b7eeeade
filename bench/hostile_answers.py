"""What hostile hosts answer: names, each with the group of kinds that may meet it and what it sends."""
# ruff: noqa: E501 - an answer a line

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Say = Callable[[asyncio.StreamWriter, str], Awaitable[None]]
POSTS = 20
"""Items of a healthy feed."""
M = 1024 * 1024


def raw(data: bytes) -> Say:
    """These bytes, and nothing more."""

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(data)
        await writer.drain()

    return say


def body(content: bytes | str, kind: str = "application/xml", *more: str) -> Say:
    """A page."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    head = [f"Content-Type: {kind}", f"Content-Length: {len(data)}", *more]
    return raw(OK + "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + data)


def endless(start: bytes, piece: bytes, every: float = 0.0) -> Say:
    """A beginning, and then the same for ever."""

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    return say


def redirect(to: str, status: int = 302) -> Say:
    """A redirect to an address, in which `{n}` is another number each time."""
    count = iter(range(10**9))

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        where = to.replace("{n}", str(next(count)))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: {where}\r\n\r\n".encode())
        await writer.drain()

    return say


def rss(items: str, head: str = "", more: str = "") -> str:
    """A feed."""
    return f"<?xml version='1.0'?>{head}<rss version='2.0'><channel><title>B</title>{items}</channel>{more}</rss>"


def item(n: object = 1, inner: str = "") -> str:
    """An item about the bank."""
    return f"<item><guid isPermaLink='false'>{n}</guid><title>Zonnebank {n}</title><description>Zonnebank {n}</description>{inner}</item>"


def packed(content: bytes, times: int = 1) -> bytes:
    """Gzip in gzip in gzip."""
    for _ in range(times):
        content = gzip.compress(content)
    return content


def bomb(megabytes: int, wbits: int = 31) -> bytes:
    """Nothing, compressed."""
    squeeze = zlib.compressobj(9, wbits=wbits)
    return b"".join(squeeze.compress(bytes(M)) for _ in range(megabytes)) + squeeze.flush()


def page(inner: str, head: str = "") -> str:
    """A web page."""
    return f"<!doctype html><html><head><title>Forum</title>{head}</head><body>{inner}</body></html>"


def ld(value: str) -> str:
    """A page with JSON-LD."""
    return page("<p>Zonnebank</p>", f'<script type="application/ld+json">{value}</script>')


ANSWERS: dict[str, tuple[str, Say]] = {}


def add(group: str, **answers: Say) -> None:
    """Adds answers that the kinds of a group may meet."""
    ANSWERS.update({name.replace("_", "-"): (group, say) for name, say in answers.items()})


async def silence(writer: asyncio.StreamWriter, path: str) -> None:
    """Nothing at all."""
    await asyncio.sleep(120)


add(
    "wire",
    silence=silence,
    hangs_up=raw(b""),
    head_slow=endless(OK + b"X: ", b"a", 1),
    body_slow=endless(OK + b"Content-Length: 99999\r\n\r\n", b"a", 1),
    body_stall=endless(OK + b"Content-Length: 99999\r\n\r\n<rss", b"a", 99),
    one_header=endless(OK + b"X: ", b"a" * 9999),
    headers_endless=endless(OK, b"X: a\r\n" * 999),
    headers_many=raw(OK + b"".join(b"X%d: a\r\n" % n for n in range(5000)) + b"\r\n"),
    cookies=body(rss(item()), "application/xml", *(f"Set-Cookie: a{n}={'b' * 100}" for n in range(400))),
    interim=endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 99),
    interim_slow=endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 1),
    body_endless=endless(OK + b"\r\n", b"a" * 65536),
    items_endless=endless(OK + b"\r\n<rss version='2.0'><channel>", item().encode() * 500),
    chunks_endless=endless(CHUNKED, b"ff\r\n" + b"a" * 255 + b"\r\n"),
    chunks_tiny=endless(CHUNKED, b"1\r\na\r\n" * 999),
    chunk_huge=endless(CHUNKED + b"de0b6b3a7640000\r\n", b"a" * 65536),
    chunk_negative=raw(CHUNKED + b"-5\r\nhallo\r\n0\r\n\r\n"),
    chunk_extension=endless(CHUNKED, b"1;" + b"a" * 9999),
    trailers=endless(CHUNKED + b"0\r\n", b"X: a\r\n" * 99),
    length_huge=endless(OK + b"Content-Length: 1000000000000000000\r\n\r\n", b"a" * 65536),
    length_short=raw(OK + b"Content-Length: 9999\r\n\r\n" + rss(item()).encode()),
    length_two=raw(OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhallohallo"),
    length_word=raw(OK + b"Content-Length: veel\r\n\r\nhallo"),
    length_and_chunks=raw(OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n"),
    chunk_unended=raw(CHUNKED + b"5\r\nhallo\r\n"),
    http09=raw(rss(item()).encode()),
    http3=raw(b"HTTP/3.7 200 OK\r\n\r\nhallo"),
    status_word=raw(b"HTTP/1.1 goed OK\r\n\r\nhallo"),
    status_999=raw(b"HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n"),
    status_escape=raw(b"HTTP/1.1 500 \x1b]52;c;aGk=\x07\r\nContent-Length: 0\r\n\r\n"),
    ssh=raw(b"SSH-2.0-OpenSSH_9.0\r\n"),
    nul_head=raw(b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
    no_content=raw(b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhallo"),
    partial=raw(b"HTTP/1.1 206 Part\r\nContent-Length: 5\r\n\r\nhallo"),
    unasked_304=raw(b"HTTP/1.1 304 Not\r\n\r\n"),
    upgrade=raw(b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    empty=body(""),
    blank=body(" \n" * 99999),
    gone=raw(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"),
    wait_long=raw(b"HTTP/1.1 429 X\r\nRetry-After: 99999999999999\r\nContent-Length: 0\r\n\r\n"),
    wait_past=raw(b"HTTP/1.1 503 X\r\nRetry-After: Mon, 01 Jan 0001 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"),
    wait_odd=raw(b"HTTP/1.1 429 X\r\nRetry-After: -1e99\r\nContent-Length: 0\r\n\r\n"),
    gz_bomb=body(bomb(64), "application/xml", "Content-Encoding: gzip"),
    gz_bomb_file=body(bomb(64), "application/gzip"),
    gz_twice=body(packed(bomb(64)), "application/xml", "Content-Encoding: gzip, gzip"),
    gz_fifty=body(packed(b"x", 50), "application/xml", "Content-Encoding: " + ", ".join(["gzip"] * 50)),
    gz_cut=body(packed(rss(item() * 99).encode())[:-50], "application/xml", "Content-Encoding: gzip"),
    gz_broken=body(packed(b"hallo" * 99)[:20] + b"\xff" * 99, "application/xml", "Content-Encoding: gzip"),
    gz_members=body(gzip.compress(b"a") * 5000, "application/xml", "Content-Encoding: gzip"),
    gz_lie=body(rss(item()), "application/xml", "Content-Encoding: gzip"),
    deflate_bomb=body(bomb(64, 15), "application/xml", "Content-Encoding: deflate"),
    deflate_raw_bomb=body(bomb(64, -15), "application/xml", "Content-Encoding: deflate"),
    br=body(b"\x0b\x02\x80hallo\x03", "application/xml", "Content-Encoding: br"),
    zstd=body(b"\x28\xb5\x2f\xfd\x04\x00", "application/xml", "Content-Encoding: zstd"),
    etag_huge=body(rss(item()), "application/xml", "ETag: " + '"' + "e" * 50000 + '"'),
    etag_odd=body(rss(item()), "application/xml", 'ETag: W/"\xff\x01\t"', "Last-Modified: gisteren"),
    ttl_huge=body(rss("<ttl>99999999999999999999</ttl>" + item())),
    cache_year=body(rss(item()), "application/xml", "Cache-Control: max-age=99999999999999999999"),
    charset_odd=body(rss(item()), "application/xml; charset=rot13"),
    charset_zip=body("<?xml version='1.0' encoding='zip'?><rss><channel><item><title>x</title></item></channel></rss>"),
    charset_idna=body("<?xml version='1.0' encoding='idna'?><rss/>"),
    charset_lie=body(rss(item("é")).encode("utf-16"), "application/xml; charset=utf-8"),
    charset_utf7=body("<?xml version='1.0' encoding='utf-7'?>+ADw-rss+AD4-"),
    charset_utf32=body(rss(item()).encode("utf-32")),
    charset_ebcdic=body(rss(item()).encode("cp500")),
    bom_mix=body(b"\xef\xbb\xbf\xff\xfe" + rss(item()).encode()),
    nuls=body(rss(item()).encode().replace(b"Zonne", b"Zon\0ne")),
    nuls_only=body(b"\0" * 100_000),
    surrogates=body(rss(item("&#xD800;&#55357;", "<link>http://a/\ud800</link>"))),
    signs_none=body(rss(item("&#0;&#1;&#x1F;&#xFFFF;&#x110000;&#99999999999;"))),
    random=body(bytes((n * 7919 + n // 251) % 256 for n in range(300_000))),
    picture=body(b"\x89PNG\r\n\x1a\n" + bytes(9999), "image/png"),
    login=body(page("<form action=/login><input type=password></form>"), "text/html"),
)
add(
    "redirects",
    redirect_self=redirect("/"),
    redirect_endless=redirect("/{n}"),
    redirect_inside=redirect("http://10.0.0.1/"),
    redirect_metadata=redirect("http://169.254.169.254/latest/meta-data/"),
    redirect_loopback=redirect("http://127.0.0.1:1/"),
    redirect_decimal=redirect("http://2130706433/"),
    redirect_v6=redirect("http://[::ffff:127.0.0.1]:8080/"),
    redirect_user=redirect("http://a:b@example.test/"),
    redirect_file=redirect("file:///etc/passwd"),
    redirect_gopher=redirect("gopher://a.test/"),
    redirect_script=redirect("javascript:alert(1)"),
    redirect_data=redirect("data:application/xml,<rss/>"),
    redirect_port=redirect("http://db.test:6379/"),
    redirect_name=redirect("http://half-inside.test/"),
    redirect_nobody=redirect("http://nobody.invalid/"),
    redirect_long=redirect("/" + "a" * 60000),
    redirect_blank=raw(b"HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"),
    redirect_bad=redirect("http://[::1/"),
    redirect_backslash=redirect("http://a.test\\@10.0.0.1/"),
    redirect_tls=redirect("https://a.test:1/"),
    redirect_300=raw(b"HTTP/1.1 300 Many\r\nContent-Length: 0\r\nLocation: http://10.0.0.1/\r\n\r\n"),
)
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
add(
    "xml",
    laughs=body(rss(item("&a11;"), f"<!DOCTYPE rss [{LAUGHS}]>")),
    laughs_hidden=body(rss(item("&a11;"), f"<!-- <rss> --><!DOCTYPE rss [{LAUGHS}]>")),
    quadratic=body(rss(item("&a;" * 50_000), f'<!DOCTYPE rss [<!ENTITY a "{"x" * 100}">]>')),
    xxe_file=body(rss(item("&a;"), '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>')),
    xxe_web=body(rss(item("&a;"), '<!DOCTYPE rss [<!ENTITY a SYSTEM "http://10.0.0.1/">]>')),
    xxe_dtd=body(rss(item(), '<!DOCTYPE rss SYSTEM "http://10.0.0.1/a.dtd">')),
    xxe_parameter=body(rss(item(), '<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://10.0.0.1/"> %a;]>')),
    xinclude=body(rss(item(1, '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'))),
    stylesheet=body("<?xml version='1.0'?><?xml-stylesheet href='http://10.0.0.1/'?>" + rss(item())[21:]),
    deep=body(rss(item(1, "<a>" * 100_000))),
    deep_closed=body(rss(item(1, "<a>" * 50_000 + "</a>" * 50_000))),
    deep_text=body(rss(item("&lt;b&gt;" * 100_000))),
    attributes=body(rss("<item " + " ".join(f"a{n}='1'" for n in range(50_000)) + "/>")),
    attributes_loose=body(rss("<item " + " ".join(f"a{n}=1" for n in range(50_000)) + "/>" + item())),
    attribute_big=body(rss(f"<item a='{'x' * 4 * M}'/>" + item())),
    item_big=body(rss(item("x" * 4 * M))),
    items_many=body(rss("".join(f"<item><guid>{n}</guid></item>" for n in range(120_000)))),
    items_loose=body(rss("".join(f"<item><guid>{n}</guid>&bad</item>" for n in range(100_000)))),
    tags_many=body(rss(item(1, "<a/>" * 1_000_000))),
    tags_loose=body(rss(item(1, "<a>&x" * 500_000))),
    spaces_many=body(rss(item(1, "".join(f"<a{n}:b xmlns:a{n}='u{n}'/>" for n in range(30_000))))),
    cdata_open=body(rss("<item><description><![CDATA[" * 9999)),
    comment_open=body(rss("<item><!--" * 99_999)),
    unclosed=body(rss("<item><title>" * 99_999)),
    half_tags=body("<rss><channel>" + "<item<" * 300_000),
    ampersands=body(rss(item("&" * 500_000))),
    brackets=body("<rss " + "<" * 500_000),
    categories=body(rss(item(1, "".join(f"<category>{n}</category>" for n in range(50_000))))),
    ids_same=body(rss(item() * 3000)),
    ids_huge=body(rss(item("i" * 64_000))),
    ids_none=body(rss("<item/>" * 30_000)),
    dates_odd=body(
        rss(
            "".join(
                item(n, f"<pubDate>{d}</pubDate>")
                for n, d in enumerate(
                    [
                        "0000-00-00",
                        "99999-01-01",
                        "9" * 400,
                        "Mon, 99 Foo 2026 99:99:99 +9999",
                        "1e400",
                        "NaN",
                        "-1",
                        "٢٠٢٦-١١-٢٢",
                        "1 jan" * 20,
                        "12:" * 60,
                    ]
                )
            )
        )
    ),
    dates_slow=body(rss("".join(item(n, f"<pubDate>{n} x{n}de vrijdagmiddag in {n}</pubDate>") for n in range(3000)))),
    links_odd=body(
        rss(
            "".join(
                item(n, f"<link>{u}</link>")
                for n, u in enumerate(
                    [
                        "javascript:1",
                        "file:///etc/passwd",
                        "http://[",
                        "http://a:99999/",
                        "//10.0.0.1/",
                        "http://" + "a." * 3000,
                        "\x1b]8;;",
                        "data:,x",
                        "http://a/%00",
                        "\\\\a\\b",
                    ]
                )
            )
        ),
    ),
    teasers_inside=body(rss("".join(item(n, f"<link>http://10.0.0.{n % 250}/</link>") for n in range(400)))),
    comments_bomb=body(
        rss(
            "".join(
                item(n, f"<wfw:commentRss xmlns:wfw='http://wellformedweb.org/CommentAPI/'>/c{n}</wfw:commentRss>")
                for n in range(500)
            )
        )
    ),
    next_endless=body("<feed xmlns='http://www.w3.org/2005/Atom'><link rel='next' href='http://10.0.0.1/x'/></feed>"),
    json_deep=body('{"version":"https://jsonfeed.org/version/1.1","items":' + "[" * 200_000, "application/json"),
    json_number=body(
        '{"version":"https://jsonfeed.org/version/1","items":[{"id":' + "9" * 100_000 + "}]}", "application/json"
    ),
    json_float=body(
        '{"version":"https://jsonfeed.org/version/1","items":[{"id":1e999,"date_published":NaN}]}', "application/json"
    ),
    json_twice=body(
        '{"version":"https://jsonfeed.org/version/1",' + '"items":[],' * 100_000 + '"a":1}', "application/json"
    ),
    json_half=body(
        '{"version":"https://jsonfeed.org/version/1","items":[{"id":"\\ud800","content_text":"\\udfff zonnebank"}]}',
        "application/json",
    ),
    json_many=body(
        '{"version":"https://jsonfeed.org/version/1","items":[' + "{}," * 500_000 + "{}]}", "application/json"
    ),
)
DEEP = 200_000
LISTS = "".join(f'<a href="/t/{n}.html">draad {n} over zonnebank</a><br>' for n in range(20_000))
add(
    "html",
    h_deep=body(page("<div>" * DEEP), "text/html"),
    h_deep_small=body(page("<i>" * 10_000), "text/html"),
    h_misnested=body(page("<b><i><p>" * 3_000 + "</b>" * 3_000), "text/html"),
    h_tables=body(page("<table><tr><td>" * 8_000), "text/html"),
    h_forms=body(page("<form><select><option>" * 9_000), "text/html"),
    h_attributes=body(page("<p " + " ".join(f"a{n}=1" for n in range(60_000)) + ">"), "text/html"),
    h_attributes_small=body(page("<p " + " ".join(f"a{n}=1" for n in range(4_500)) + ">"), "text/html"),
    h_links=body(page(LISTS), "text/html"),
    h_text=body(page("a " * 2 * M), "text/html"),
    h_word=body(page("a" * 4 * M), "text/html"),
    h_spaces=body(page("<p>zonnebank" + " " * 4 * M), "text/html"),
    h_entities=body(page("&" * M), "text/html"),
    h_feeds=body(
        page("", "".join(f"<link rel=alternate type=application/rss+xml href=/f{n}>" for n in range(9_999))),
        "text/html",
    ),
    h_feeds_inside=body(page("", "<link rel=alternate type=application/rss+xml href=http://10.0.0.1/f>"), "text/html"),
    h_next=body(page("<a rel=next href='?p={n}'>verder</a>" + LISTS[:3000]), "text/html"),
    h_base=body(page("<a href=x>x</a>", "<base href=http://10.0.0.1/>"), "text/html"),
    h_refresh=body(page("", "<meta http-equiv=refresh content='0;url=http://10.0.0.1/'>"), "text/html"),
    h_ld_deep=body(ld("[" * 100_000), "text/html"),
    h_ld_nested=body(ld('{"@type":"Comment","comment":' * 900 + "{}" + "}" * 900), "text/html"),
    h_ld_many=body(ld("[" + '{"@type":"Comment","text":"zonnebank"},' * 60_000 + "{}]"), "text/html"),
    h_ld_number=body(
        ld('{"@type":"Review","reviewRating":{"ratingValue":' + "9" * 9_999 + ',"bestRating":0}}'), "text/html"
    ),
    h_ld_half=body(ld('{"@type":"Comment","text":"\\ud800 zonnebank","url":"\\udfff"}'), "text/html"),
    h_ld_broken=body(ld('{"a":"' + '\\"' * 300_000), "text/html"),
    h_micro=body(page("<div itemscope itemtype=https://schema.org/Comment>" * 3_000), "text/html"),
    h_micro_ref=body(page("<div id=a itemscope itemprop=comment itemref='a a a'>x</div>" * 500), "text/html"),
    h_classes=body(page("<div class='" + "post " * 300_000 + "'>x</div>"), "text/html"),
    h_quotes=body(page("<blockquote>" * 20_000), "text/html"),
    h_nul=body(page("zonne\0bank" * 9_999), "text/html"),
    h_utf16=body(page("zonnebank").encode("utf-16"), "text/html"),
    h_comment=body(page("<!--" * 99_999), "text/html"),
    h_script=body(page("<script>" * 99_999), "text/html"),
    h_dates=body(
        page("".join(f"<p class=post><time>{n} x{n}de vrijdag in {n}</time> zonnebank</p>" for n in range(2000))),
        "text/html",
    ),
)
add(
    "json",
    j_deep=body("[" * 400_000, "application/json"),
    j_deep_small=body('{"a":' * 6_000, "application/json"),
    j_list=body("[]", "application/json"),
    j_null=body("null", "application/json"),
    j_text=body('"' + "a" * M + '"', "application/json"),
    j_wrong=body(
        '{"posts":7,"post_stream":[],"data":{"a":1},"items":"x","feed":null,"comments":{},"topics":[[]]}',
        "application/json",
    ),
    j_number=body('{"id":' + "9" * 20_000 + "}", "application/json"),
    j_nan=body('{"data":[NaN,Infinity,-1e999],"items":[NaN],"post_stream":{"posts":[NaN]}}', "application/json"),
    j_many=body('{"data":[' + "{}," * 600_000 + "{}]}", "application/json"),
    j_half=body(
        '{"data":"\\ud800","title":"\\udfff","post_stream":{"posts":[{"id":1,"cooked":"\\ud800"}]}}', "application/json"
    ),
)
add(
    "sitemap",
    s_itself=body(
        "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        + "<sitemap><loc>/sitemap.xml?{n}</loc></sitemap>" * 500
        + "</sitemapindex>"
    ),
    s_inside=body("<urlset><url><loc>http://10.0.0.1/</loc></url><url><loc>file:///etc/passwd</loc></url></urlset>"),
    s_many=body("<urlset>" + "".join(f"<url><loc>/{n}</loc></url>" for n in range(100_000)) + "</urlset>"),
    s_bomb=body(bomb(64), "application/gzip"),
    s_deep=body("<urlset>" + "<url>" * 300_000),
    s_laughs=body(f"<!DOCTYPE a [{LAUGHS}]><urlset><url><loc>&a11;</loc></url></urlset>"),
)
