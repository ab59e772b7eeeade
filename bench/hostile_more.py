"""More of what hostile hosts answer: spellings of what is inside, and texts that hurt who understands them."""
# ruff: noqa: E501 - an answer a line

from __future__ import annotations

from bench.hostile_answers import (
    CHUNKED,
    LAUGHS,
    OK,
    M,
    Say,
    add,
    body,
    bomb,
    endless,
    item,
    packed,
    raw,
    redirect,
    rss,
)

FEED = rss(item()).encode()
add(
    "wire",
    headers_slow=endless(OK, b"X: a\r\n", 0.05),
    kept_open=endless(OK + b"\r\n" + FEED, b" ", 5),
    reset_content=raw(b"HTTP/1.1 205 Reset\r\nContent-Length: 5\r\n\r\nhallo"),
    partial_range=raw(b"HTTP/1.1 206 Part\r\nContent-Range: bytes 0-4/999\r\nContent-Length: 5\r\n\r\nhallo"),
    status_299=raw(b"HTTP/1.1 299 Odd\r\nContent-Length: %d\r\n\r\n" % len(FEED) + FEED),
    status_long=raw(b"HTTP/1.1 20000 OK\r\n\r\n"),
    status_zero=raw(b"HTTP/1.1 000 OK\r\n\r\n"),
    reason_none=raw(b"HTTP/1.1 200\r\n\r\n" + FEED),
    reason_long=raw(b"HTTP/1.1 500 " + b"a" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n"),
    http10=raw(b"HTTP/1.0 200 OK\r\n\r\n" + FEED),
    length_minus=raw(OK + b"Content-Length: -1\r\n\r\nhallo"),
    length_plus=raw(OK + b"Content-Length: +5\r\n\r\nhallo"),
    length_digits=raw(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhallo"),
    length_list=raw(OK + b"Content-Length: 5, 5\r\n\r\nhallo"),
    chunk_digits=raw(CHUNKED + b"f" * 100 + b"\r\nhallo"),
    head_folded=raw(OK + b"X: a\r\n" + b" b\r\n" * 9000 + b"\r\n"),
    head_no_colon=raw(OK + b"hallo\r\n\r\n"),
    head_blank=raw(OK + b"X : a\r\n\r\n"),
    head_bare_lf=raw(b"HTTP/1.1 200 OK\n\n" + FEED),
    head_bare_cr=raw(b"HTTP/1.1 200 OK\r\rX: a\r\r" + FEED),
    head_link=body(FEED, "application/xml", "Link: " + "<" * 50_000),
    head_links=body(FEED, "application/xml", "Link: " + "<x>;" * 12_000),
    head_charset=body(FEED, "application/xml;" + " charset=" * 5000),
    te_gzip=raw(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n"),
    te_twice=raw(OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n"),
    gz_upper=body(packed(FEED), "application/xml", "Content-Encoding: GZIP"),
    gz_junk=body(packed(FEED) + b"hallo" * 99, "application/xml", "Content-Encoding: gzip"),
    gz_name=endless(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\3", b"a" * 65536),
    gz_endless=endless(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb(8)[:4000], bytes(4096)),
    gz_in_file=body(packed(packed(bomb(64))), "application/gzip"),
    br_bomb=body(b"\xa3\xff\xff\x1f" + bytes(9999), "application/xml", "Content-Encoding: br"),
    zstd_bomb=body(b"\x28\xb5\x2f\xfd\xa0" + b"\xff" * 99, "application/xml", "Content-Encoding: zstd"),
    encoding_odd=body(FEED, "application/xml", "Content-Encoding: utf-8"),
    cache_digits=body(FEED, "application/xml", "Cache-Control: max-age=" + "9" * 5000, "Age: " + "9" * 5000),
    expires_odd=body(FEED, "application/xml", "Expires: Thu, 99 Foo 99999 99:99:99 GMT", "Date: \xff"),
    wait_digits=raw(b"HTTP/1.1 429 X\r\nRetry-After: " + b"9" * 5000 + b"\r\nContent-Length: 0\r\n\r\n"),
    wait_far=raw(b"HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 -9999\r\nContent-Length: 0\r\n\r\n"),
    modified_odd=body(FEED, "application/xml", "Last-Modified: " + "\xff" * 9999),
    event_stream=endless(OK + b"Content-Type: text/event-stream\r\n\r\n", b"data: x\n\n", 0.2),
)
INSIDE = [
    "127.1",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "0x7f000001",
    "0",
    "0.0.0.0",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST.",
    "localhost.localdomain",
    "[::]",
    "[::1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a00:1]",
    "[64:ff9b::169.254.169.254]",
    "[2002:a00:1::]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fc00::1]",
    "[ff02::1]",
    "[::10.0.0.1]",
    "100.64.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "metadata.google.internal",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "1.1.1.1%2e@127.0.0.1",
    "a.test#@127.0.0.1",
    "127.0.0.1%00.a.test",
    "exa\xadmple.test",
    "\u200b127.0.0.1",
    "xn--a",
    "[::1].a.test",
    "256.1.1.1",
    "4294967296",
    "1.2.3.4.5",
    "-.test",
    "_",
    "a..test",
    "dns-mapped.test",
    "dns-nat64.test",
    "dns-zero.test",
    "dns-link.test",
    "dns-none.test",
    "dns-many.test",
]
add("redirects", **{f"inside_{n}": redirect(f"http://{host}/") for n, host in enumerate(INSIDE)})
add(
    "redirects",
    inside_upper=redirect("HTTP://10.0.0.1/", 301),
    inside_slashes=redirect("http:\\\\10.0.0.1\\"),
    inside_half=redirect("//10.0.0.1/", 308),
    inside_triple=redirect("http:///10.0.0.1/"),
    inside_none=redirect("http:10.0.0.1/"),
    inside_tab=redirect("ht\ttp://10.0.0.1/"),
    scheme_ftp=redirect("ftp://a.test/"),
    scheme_ws=redirect("ws://10.0.0.1/"),
    scheme_blob=redirect("blob:http://10.0.0.1/"),
    scheme_odd=redirect("feed://10.0.0.1/"),
    port_none=redirect("http://a.test:/"),
    port_zero=redirect("http://a.test:0/"),
    port_big=redirect("http://a.test:65536/"),
    port_minus=redirect("http://a.test:-1/"),
    circle_two=redirect("/?{n}", 307),
    fragment=redirect("#x"),
    query=redirect("?x"),
    two_places=raw(b"HTTP/1.1 302 X\r\nLocation: /a\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"),
)
add(
    "dns",
    dns_mapped=body(FEED),
    dns_nat64=body(FEED),
    dns_zero=body(FEED),
    dns_link=body(FEED),
    dns_none=body(FEED),
    dns_many=body(FEED),
    dns_slow=body(FEED),
)

BAD = "<rss version='2.0'><channel><item><title>a & b</title></item></channel></rss>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>B</title>{}</feed>"
BOMB = f"<?xml version='1.0' encoding='{{}}'?><!DOCTYPE rss [{LAUGHS}]>{rss(item('&a11;'))[21:]}"
add(
    "xml",
    head_lines=body("<?xml version='1.0'?>" + "\n" * 30_000 + BAD),
    head_lines_many=body("<?xml version='1.0'?>" + "\n" * M + BAD),
    head_blanks=body("<?xml " + " " * 30_000 + BAD),
    head_doctypes=body("<?xml version='1.0'?>" + "\n<!DOCTYPE" * 3000 + BAD),
    author_word=body(rss("<item><author>" + "a" * 30_000 + "</author>&x</item>")),
    author_word_big=body(rss("<item><author>" + "a" * M + "</author>&x</item>")),
    author_signs=body(rss("<item><author>" + "a@" * 15_000 + "</author>&x</item>")),
    author_anchors=body(rss("<item><author><![CDATA[" + "<a href=" * 3000 + "]]></author></item>")),
    places_loose=body(
        "<rss xmlns:gml='http://www.opengis.net/gml'><channel><item><gml:posList>1 1</gml:posList></item></channel></rss>"
    ),
    places_many=body(
        f"<rss xmlns:georss='http://www.georss.org/georss'><channel><item><georss:polygon>{'1 ' * M}</georss:polygon>&x</item></channel></rss>"
    ),
    laughs_16=body(BOMB.format("utf-16").encode("utf-16")),
    laughs_32=body(BOMB.format("utf-32").encode("utf-32")),
    laughs_7=body(BOMB.format("utf-7").encode("utf-7")),
    laughs_ebcdic=body(BOMB.format("cp500").encode("cp500")),
    attlist=body(rss(item(1, "<a/>" * 200_000), f"<!DOCTYPE rss [<!ATTLIST a b CDATA '{'x' * 9999}'>]>")),
    doctype_big=body(rss(item(), "<!DOCTYPE rss [" + "<!ELEMENT b ANY>" * 200_000 + "]>")),
    instructions=body(rss("<?a b?>" * 400_000 + item())),
    name_long=body(rss(f"<{'a' * M}>x</{'a' * M}>" + item())),
    space_long=body(
        f"<rss xmlns:a='{'u' * 2 * M}'><channel><item>"
        + "".join(f"<a:c{n}/>" for n in range(60_000))
        + "</item></channel></rss>"
    ),
    space_long_small=body(
        f"<rss xmlns:a='{'u' * 16_000}'><channel><item>"
        + "".join(f"<a:c{n}/>" for n in range(1500))
        + "</item></channel></rss>"
    ),
    bases=body(ATOM.format("<entry xml:base='a/'>" * 30_000)),
    feeds_in_feeds=body("<rss><channel><item>" * 90_000),
    content_base64=body(
        ATOM.format(f"<entry><content type='application/octet-stream' mode='base64'>{'AAAA' * M}</content>&x</entry>")
    ),
    content_xhtml=body(
        ATOM.format(
            f"<entry><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{'<p>x' * 200_000}</div></content></entry>"
        )
    ),
    links_many=body(ATOM.format("<entry>" + "<link href='/x'/>" * 150_000 + "</entry>")),
    authors_many=body(ATOM.format("<entry>" + "<author><name>a</name></author>" * 90_000 + "</entry>")),
    answers_loop=body(
        rss(
            "".join(
                f"<item xmlns:thr='http://purl.org/syndication/thread/1.0'><guid>{n}</guid><thr:in-reply-to ref='{(n + 1) % 400}'/></item>"
                for n in range(400)
            )
        )
    ),
    ids_megabyte=body(rss("".join(item("i" * M + str(n)) for n in range(4)))),
    ids_case=body(rss(item("abc") + item("ABC") + item(" abc ") + item("a\u0301bc") + item("\u00e1bc"))),
    hubs=body(
        ATOM.format(
            "<link rel='hub' href='http://10.0.0.1/'/><link rel='self' href='http://['/>"
            + "<link rel='hub' href='http://h.test/'/>" * 9999
        )
    ),
    dates_edge=body(
        rss(
            "".join(
                item(n, f"<pubDate>{d}</pubDate>")
                for n, d in enumerate(
                    [
                        "0001-01-01T00:00:00+23:59",
                        "9999-12-31T23:59:59-23:59",
                        "Mon, 02 Nov 2026 23:59:60 GMT",
                        "Mon, 30 Feb 2026 10:00:00 GMT",
                        "Mon, 02 Nov 2026 10:00:00 +9999",
                        "2026-11-02T25:61:61Z",
                        "1e20",
                        "-62135596800",
                        "253402300800",
                        "Mon, 02 Nov 26 10:00 CEST",
                        "2026-W99-9",
                        "2026-366",
                        "24:00",
                        "\N{ARABIC-INDIC DIGIT TWO}" * 9,
                    ]
                )
            )
        )
    ),
    json_huge=body(
        '{"version":"https://jsonfeed.org/version/1","items":[{"id":"' + "i" * 4 * M + '"}]}', "application/json"
    ),
    json_types=body(
        '{"version":"https://jsonfeed.org/version/1","title":{},"items":[1,null,[],{"id":[],"tags":{"a":1},"authors":[null,1],"url":7,"date_published":{}}],"hubs":[1]}',
        "application/json",
    ),
)


def text(words: str) -> Say:
    """A post about the bank with a text that hurts who understands it."""
    return body(rss(item(1, f"<description><![CDATA[Zonnebank {words}]]></description>")))


add(
    "text",
    t_zalgo=text("z" + "\u0301" * M),
    t_emoji=text("😡" * 500_000),
    t_joined=text("👩\u200d👩\u200d👧" * 150_000),
    t_tags=text("#zonnebank" * 400_000),
    t_names=text("@a " * M),
    t_marks=text("@a.b-" * 800_000),
    t_alike=text("zоnnеbаnk " * 250_000),
    t_wide=text("ｚｏｎ" * 400_000),
    t_names_many=text("zonnebank " * 400_000),
    t_shouts=text("!" * 4 * M),
    t_asks=text("waarom? " * 500_000),
    t_not=text("niet " * 800_000),
    t_numbers=text("1 " * 2 * M),
    t_links=text("http://a.test/" * 300_000),
    t_lines=text("a\n" * 2 * M),
    t_quotes=text("&gt; " * 800_000),
    t_hidden=text("\u200b" * M + "\u00ad" * M),
    t_bidi=text("\u202e\u2066" * 600_000),
    t_hangul=text("\u1100\u1161\u11a8" * 400_000),
    t_ligature=text("\ufdfa" * M),
    t_cjk=text("银行" * 700_000),
    t_many=body(
        rss("".join(item(n, f"<description>{'zonnebank is niet goed! ' * 80}</description>") for n in range(2000)))
    ),
)


LATIN = "<!doctype html><title>Forum</title><p>Zonnebank, caf\xe9".encode("latin-1")
add(
    "html",
    **{
        f"h_charset_{n}": body(LATIN * 20, f"text/html; charset={name}")
        for n, name in enumerate(("idna", "punycode", "undefined", "unicode_escape", "\x1b[2J", "x" * 5000))
    },
    h_ld_values=body(
        "<script type='application/ld+json'>"
        + '{"@type":"Comment","author":{"@value":{"name":1}},"comment":{"@value":{"@type":1,"text":true}}}'
        + "</script>",
        "text/html",
    ),
)
add("wire", encoding_escape=body(FEED, "application/xml", "Content-Encoding: \x1b]52;c;aGk=\x07"))
add(
    "xml",
    json_types=body(
        '{"version":"https://jsonfeed.org/version/1","hubs":{},"title":[],"items":[7,null,[],{"id":{},"author":"Anna",'
        '"content_text":"zonnebank"},{"id":true,"url":7,"authors":"x","author":[1],"date_published":{},"title":"zonnebank"}]}',
        "application/json",
    ),
)
