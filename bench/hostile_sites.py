"""Sites that lead on for ever, each in the words of its kind, and streams that say more than anybody can hear."""
# ruff: noqa: E501 - an answer a line

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from itertools import count
from typing import Any

from bench.hostile_answers import OK, Say, add, body, endless, page


def _numbered(of: Any) -> Say:
    """JSON that is another with each question, and always says that there is more."""
    places = count(1)

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        await body(
            json.dumps(of(next(places) * 1000)),
            "application/json",
            "Link: </next>; rel=next",
            "X-WP-TotalPages: 999999999",
        )(writer, path)

    return say


NOW, LATE = "2026-11-22T10:00:00Z", 4_000_000_000_000
_ROWS = range(60)
SITES: dict[str, Any] = {
    "discourse": lambda n: {
        "topic_list": {
            "more_topics_url": f"/latest?page={n}",
            "topics": [
                {
                    "id": n + i,
                    "slug": "t",
                    "title": "Zonnebank",
                    "bumped_at": NOW,
                    "highest_post_number": 10**9,
                    "posts_count": 10**9,
                }
                for i in _ROWS
            ],
        },
        "id": n,
        "title": "Zonnebank",
        "post_stream": {
            "posts": [
                {"id": n + i, "post_number": i + 1, "username": "a", "cooked": "zonnebank", "created_at": NOW}
                for i in _ROWS
            ],
            "stream": list(range(n, n + 100_000)),
        },
    },
    "flarum": lambda n: {
        "links": {"next": f"/api/discussions?page={n}"},
        "data": [
            {
                "type": "discussions",
                "id": str(n + i),
                "attributes": {"title": "Zonnebank", "commentCount": 10**9, "lastPostedAt": NOW},
            }
            for i in _ROWS
        ],
    },
    "mastodon": lambda n: [
        {"id": str(n + i), "content": "zonnebank", "created_at": NOW, "url": f"/{n + i}", "account": {"acct": "a"}}
        for i in _ROWS
    ],
    "bluesky": lambda n: {
        "cursor": str(n),
        "repos": [{"did": f"did:plc:{n + i}", "rev": str(n)} for i in range(1000)],
        "did": "did:plc:x",
        "records": [{"uri": f"at://a/b/{n + i}", "value": {"text": "zonnebank", "createdAt": NOW}} for i in _ROWS],
    },
    "lemmy": lambda n: {
        "posts": [
            {"post": {"id": n + i, "name": "Zonnebank", "published": NOW}, "counts": {"comments": n}} for i in _ROWS
        ],
        "comments": [],
        "post_view": {"post": {"id": n}},
    },
    "wordpress": lambda n: [
        {
            "id": n + i,
            "link": f"/{n + i}",
            "date_gmt": NOW[:-1],
            "title": {"rendered": "Zonnebank"},
            "content": {"rendered": "zonnebank"},
            "post": n,
        }
        for i in range(100)
    ],
    "nodebb": lambda n: {
        "pagination": {"currentPage": 1, "pageCount": 10**18},
        "topics": [{"tid": n + i, "slug": f"{n + i}/t", "postcount": n, "lastposttime": LATE} for i in _ROWS],
    },
    "hyperkitty": lambda n: {
        "next": f"http://10.0.0.1/{n}",
        "results": [
            {
                "thread_id": str(n + i),
                "url": f"/t/{n + i}",
                "emails": f"/e/{n}",
                "replies_count": 10**9,
                "date_active": NOW,
                "name": "a@b",
            }
            for i in _ROWS
        ],
    },
    "askbot": lambda n: {
        "pages": 10**9,
        "count": 10**9,
        "questions": [
            {
                "id": n + i,
                "title": "Zonnebank",
                "url": f"/question/{n + i}/x/",
                "last_activity_at": LATE,
                "answer_count": 9,
            }
            for i in _ROWS
        ],
    },
    "ghost": lambda n: {
        "posts": [{"id": str(n + i), "url": f"/{n + i}"} for i in _ROWS],
        "meta": {"pagination": {"next": n, "pages": 10**9}},
        "comments": [{"id": str(n), "html": "zonnebank"}],
    },
}
for _kind, _of in SITES.items():
    add(f"endless {_kind}", **{f"e_{_kind}": _numbered(_of)})


def _board(rows: str) -> Say:
    """A page of a board that is another with each question, with more boards, threads and pages than anybody reads."""
    places = count(1)

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        n = next(places) * 1000
        links = "".join(rows.replace("{n}", str(n + i)) for i in range(80))
        await body(
            page(f"{links}<a rel='next' class='next pageNav-jump--next' href='?page={n}'>volgende</a>"), "text/html"
        )(writer, path)

    return say


add(
    "endless phpbb",
    e_phpbb=_board(
        "<a class='forumtitle' href='/viewforum.php?f={n}'>f</a><a class='topictitle' href='/viewtopic.php?t={n}'>t</a><div id='p{n}' class='post'><div class='content'>zonnebank</div></div>"
    ),
)
add(
    "endless mybb",
    e_mybb=_board(
        "<a href='/forumdisplay.php?fid={n}'>f</a><span class='subject_new'><a href='/showthread.php?tid={n}'>t</a></span><div class='post' id='post_{n}'><div class='post_body' id='pid_{n}'>zonnebank</div></div>"
    ),
)
add(
    "endless xenforo",
    e_xenforo=_board(
        "<h3 class='node-title'><a href='/forums/{n}/'>f</a></h3><div class='structItem-title'><a href='/threads/{n}/'>t</a></div><article class='message' id='js-post-{n}'><div class='bbWrapper'>zonnebank</div></article>"
    ),
)
add("endless smf", e_smf=_board("<a href='/index.php?board={n}.0'>f</a><a href='/index.php?topic={n}.0'>t</a>"))
add(
    "endless feed",
    e_feed=_numbered(
        lambda n: {
            "version": "https://jsonfeed.org/version/1",
            "next_url": f"/{n}",
            "items": [{"id": f"{n + i}", "content_text": "zonnebank"} for i in range(500)],
        }
    ),
)
add(
    "endless blocks",
    e_blocks=_board(
        "<div class='post'><a href='/t/{n}'>Jan {n}</a> <time>1 nov 2026</time> Zonnebank is vandaag weer erg traag {n}</div>"
    ),
)

FRAME = b'{"did":"did:plc:a","time_us":1,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"a","record":{"text":"zonnebank"}}}'


def socket_of(sent: bytes, every: float = 0.0, start: bytes = b"") -> Say:
    """A WebSocket that says the same for ever."""

    async def say(writer: asyncio.StreamWriter, path: str) -> None:
        key = path.rpartition("\0")[2]
        accept = base64.b64encode(
            hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        ).decode()
        head = f"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        await endless(head.encode() + start, sent, every)(writer, path)

    return say


def frame(payload: bytes, kind: int = 1, *, whole: bool = True) -> bytes:
    """A WebSocket frame (RFC 6455 5.2)."""
    size = (
        bytes([len(payload)])
        if len(payload) < 126
        else b"\x7e" + len(payload).to_bytes(2, "big")
        if len(payload) < 65536
        else b"\x7f" + len(payload).to_bytes(8, "big")
    )
    return bytes([(0x80 if whole else 0) | kind]) + size + payload


EVENTS = OK + b"Content-Type: text/event-stream\r\n\r\n"
add(
    "socket",
    w_flood=socket_of(frame(FRAME) * 200),
    w_large=socket_of(frame(FRAME[:-4] + b" " * 200_000 + FRAME[-4:])),
    w_huge=socket_of(b"a" * 65536, start=b"\x81\x7f\x00\x00\x00\x10\x00\x00\x00\x00"),
    w_parts=socket_of(frame(b"a" * 9999, 0, whole=False), start=frame(b"a", whole=False)),
    w_parts_empty=socket_of(frame(b"", 0, whole=False) * 999, start=frame(b"a", whole=False)),
    w_pings=socket_of(frame(b"a" * 99, 9) * 999),
    w_garbage=socket_of(b"\xff" * 9999),
    w_garbled=socket_of(frame(b"{" * 60_000) * 9),
    w_deep=socket_of(frame(b"[" * 60_000) * 9),
    w_masked=socket_of(b"\x81\x85aaaaaaaaa"),
    w_none=body("hallo", "text/html"),
    w_silent=socket_of(b"", 99),
    w_head_slow=endless(b"HTTP/1.1 101 X\r\n", b"X: a\r\n", 0.1),
    w_head_endless=endless(b"HTTP/1.1 101 X\r\n", b"X: a\r\n" * 999),
)
add(
    "events",
    v_line=endless(EVENTS, b"a" * 65536),
    v_data=endless(EVENTS, b"data: a\n" * 999),
    v_comments=endless(EVENTS, b":\n" * 9999),
    v_blank=endless(EVENTS, b"\n" * 9999),
    v_bytes=endless(EVENTS, b"a", 0.01),
    v_deletes=endless(EVENTS, b"event: delete\ndata: 1\n\n" * 999),
    v_deep=endless(EVENTS, b"event: update\ndata: " + b"[" * 60_000 + b"\n\n"),
    v_large=endless(EVENTS, b'event: update\ndata: {"id":"1","content":"' + b"zonnebank " * 20_000 + b'"}\n\n'),
    v_odd=endless(EVENTS, b'event: update\ndata: {"id":{},"content":[],"account":7,"created_at":1e999}\n\n' * 99),
    v_none=body("hallo", "text/html"),
)
