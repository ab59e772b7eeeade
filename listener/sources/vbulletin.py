"""vBulletin 3 and 4 boards, by their HTML: the forums' thread lists say what moved, the threads give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="vBulletin",
    forum=re.compile(r"forumdisplay\.php[?/](?:f=)?(\d+)(?:-[^&?/]*)?$|/forums/(\d+)-[^/?&]*$"),
    topic=re.compile(
        r"showthread\.php[?/](?:t=)?(\d+)(?:-[^&?/]*)?(?:[&/]page=?\d+)?$|/threads/(\d+)-[^/?&]*(?:/page\d+)?$"
    ),
    post=re.compile(r"#post(\d+)|[?&]p=(\d+)"),
    topic_link="a[id^='thread_title_']",
    row="li.threadbit, tr",
    moved=(".threadstats li:first-child", ".threadlastpost .username", "td[title*=':'] + td"),
    item="li[id^='post_'].postbit, li[id^='post_'].postbitlegacy, li[id^='post_'].postcontainer, table[id^='post']",
    body=".postcontent:not(.lastedited), td > [id^='post_message_']",
    author=".username strong, a.username, .username, .bigusername",
    date=(".postdate .date", ".postdate", "td.thead"),
    title=".threadtitle a, .threadtitle, td.navbar strong",
    edited=".lastedited",
    quotes=".bbcode_postedby a[href], a[rel='nofollow'][href*='#post']",
    headings=".bbcode_postedby",
    quote_boxes=".bbcode_quote, td.alt2",
    noise=".bbcode_description, .bbcode_postedby img, .bbcode_quote .quote_img, div.smallfont",
    session=re.compile(r"(?<=[?&])s=[0-9a-f]{32}&|[?&]s=[0-9a-f]{32}\b"),
    next=".pagination a[href], .pagenav a[href]",
)
start, read, LISTS_ALL = ENGINE.start, ENGINE.read, True
