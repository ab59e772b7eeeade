"""FluxBB and PunBB 1.2 boards, by their HTML: the forums' topic lists say what moved, the topics give their posts."""

from __future__ import annotations

import re

from listener.pages.board import Engine

ENGINE = Engine(
    name="FluxBB",
    forum=re.compile(r"viewforum\.php\?id=(\d+)$"),
    topic=re.compile(r"viewtopic\.php\?id=(\d+)(?:&p=\d+)?$"),
    post=re.compile(r"viewtopic\.php\?pid=(\d+)"),
    topic_link=".tclcon > a, .tclcon > div > a, .tclcon strong > a",
    row="tr",
    moved=(".tcr",),
    answers="td.tc2",
    item="div.blockpost",
    body=".postmsg",
    author=".postleft dt strong",
    date=("h2 a[href*='pid=']",),
    title=".crumbs li:last-child strong, .crumbs li:last-child a",
    edited=".postedit",
    headings=".quotebox > cite, blockquote h4",
    noise=".postsignature",
    pager=".pagelink a[href]",
)
start, read, fallback, LISTS_ALL = ENGINE.start, ENGINE.read, ENGINE.fallback, True
