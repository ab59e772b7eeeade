"""vBulletin 3 to 5 boards, by their HTML: the forums' thread lists say what moved, the threads give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="vBulletin",
    forum=re.compile(r"forumdisplay\.php[?/](?:f=)?(\d+)(?:-[^&?/]*)?$|/forums/(\d+)-[^/?&]*$"),
    topic=re.compile(
        r"showthread\.php[?/](?:t=)?(\d+)(?:-[^&?/]*)?(?:[&/]page=?\d+)?$|"
        r"(?<!/forums)(?<!/members)(?<!forumdisplay\.php)/(\d+)-[^/?&]*(?:/page\d+)?$"
    ),
    post=re.compile(r"#post(\d+)|[?&]p=(\d+)"),
    forum_link="a.forum-title, a.subforum-title",
    topic_link="a[id^='thread_title_'], a.topic-title",
    row="li.threadbit, tr",
    moved=(".threadlastpost .username", "td[title*=':'] a[href*='member']"),
    answers=".threadstats li:first-child, a[onclick*='who('], .posts-count",
    item="li[id^='post_'].postbit, li[id^='post_'].postbitlegacy, li[id^='post_'].postcontainer, table[id^='post'], "
    "li.b-post[data-node-id]",
    body=".postcontent:not(.lastedited), td > [id^='post_message_'], .js-post__content-text",
    author=".username strong, .username, .bigusername, [id^='postmenu_'], .b-userinfo .author",
    date=(".postdate .date", ".postdate", "td.thead > div:not([style])", "td.thead", ".b-post__timestamp"),
    title=".threadtitle a, .threadtitle, td.navbar strong, h1.main-title",
    edited=".lastedited, div.smallfont > em",
    quotes=".bbcode_postedby a[href], a[rel='nofollow'][href*='#post']",
    headings=".bbcode_postedby",
    quote_boxes=".bbcode_quote, td.alt2",
    noise="a[href*='#post'] > img, .bbcode_description, .bbcode_postedby img, .bbcode_quote .quote_img, div.smallfont",
    session=re.compile(r"(?<=[?&])s=[0-9a-f]{32}&|[?&]s=[0-9a-f]{32}(?![0-9a-f&])"),
    clock="#footer_time .time, div.smallfont > .time",
    pager=".pagination a[href], .pagenav a[href], .js-pagenav a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
