"""Whole visits to sites whose changes are told in several steps: nothing new is missed, nothing old asked again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from listener import walk
from storage.inbox import Inbox

DATA = Path("tests/data/sources")
HEAD = '<meta property="article:published_time" content="2026-11-20T09:00:00Z">'
WORDS = "<p>Zonnebank verhoogt de rente op alle spaarrekeningen, en dat is voor veel klanten goed nieuws, zegt zij.</p>"


@pytest.fixture
async def listener(open_listener: Any) -> Any:
    async with open_listener() as opened:
        yield opened


def stored(listener: Any) -> set[str]:
    return {each.external_id for each in Inbox(listener.database).mentions("(is:mention OR is:context)")}


def urlset(base: str, **changed: str) -> str:
    return "<urlset>" + "".join(
        f"<url><loc>{base}/{name}</loc><lastmod>{at}</lastmod></url>" for name, at in changed.items()
    ) + "</urlset>"  # fmt: skip


@pytest.mark.parametrize(("robots", "index"), [("Sitemap: /index.xml", "/index.xml"), ("", "/sitemap.xml")])
async def test_a_changed_page_is_found_below_an_unchanged_robots_and_index(
    site: Any, listener: Any, robots: str, index: str
) -> None:
    site.say("/robots.txt", robots)
    site.say(index, f"<sitemapindex><sitemap><loc>{site.base}/pages.xml</loc></sitemap></sitemapindex>")
    site.say("/pages.xml", urlset(site.base, a="2026-11-20"))
    for name in ("a", "b"):
        site.say(f"/{name}", f"<html><head>{HEAD}</head><body><article><h1>Rente</h1>{WORDS}</article></body></html>")
    listener.listen_to(f"{site.base}/", "sitemap")
    assert (await listener.visit()).visit.outcome == "ok"
    assert stored(listener) == {f"{site.base}/a"}
    site.say("/pages.xml", urlset(site.base, a="2026-11-20", b="2026-11-22"))
    site.asked.clear()
    assert (await listener.visit()).visit.health.value == "ok"
    assert stored(listener) == {f"{site.base}/a", f"{site.base}/b"}
    assert "/a" not in site.asked and "/b" in site.asked


async def test_a_mailing_list_is_read_thread_by_thread(site: Any, listener: Any) -> None:
    api, name = "/archives/api/list/praat@lijst.example", "praat@lijst.example"
    row = {"thread_id": "AAA", "subject": "Rente", "date_active": "2026-11-21T10:00:00Z", "replies_count": 1}
    site.say(f"{api}/threads/?format=json&limit=50", json.dumps({"results": [row], "next": None}))
    mails = [{"message_id_hash": each} for each in ("AAA", "BBB")]
    site.say(f"{api}/thread/AAA/emails/?format=json&limit=500", json.dumps({"results": mails}))
    for each, text in (("AAA", "Wat doet Zonnebank met de rente?"), ("BBB", "> Wat doet Zonnebank\nGeen idee.")):
        mail = {"message_id_hash": each, "sender_name": "Jan", "subject": "Rente", "content": text}
        site.say(f"{api}/email/{each}/?format=json", json.dumps(mail))
    listener.listen_to(f"{site.base}/archives/list/{name}/", "hyperkitty")
    assert (await listener.visit()).visit.health.value == "ok"
    assert stored(listener) == {"AAA", "BBB"}
    site.asked.clear()
    await listener.visit()
    assert not [path for path in site.asked if "/email" in path]


async def test_a_question_site_is_read_with_the_comments_its_pages_leave_out(site: Any, listener: Any) -> None:
    at = "/nl/question/40/wat-is-de-rente/"
    found = {"pages": 1, "questions": [{"id": 40, "url": site.base + at, "last_activity_at": "1795370000"}]}
    site.say("/api/v1/questions/?sort=activity-desc&page=1", json.dumps(found))
    question = (DATA / "askbot/question.html").read_bytes().replace(b'data-num-pages="2"', b"")
    site.say(f"{at}?sort=latest", question, content_type="text/html")
    comments = (DATA / "askbot/comments.json").read_bytes()
    site.say("/post_comments/?post_id=41&post_type=answer&avatar_size=0", comments)
    listener.listen_to(site.base, "askbot")
    assert (await listener.visit()).visit.health.value == "ok"
    assert stored(listener) == {"40", "41", "42", "43", "44", "45"}


async def test_a_blog_is_read_whether_its_comments_are_open_or_not(site: Any, listener: Any) -> None:
    site.say("/rss/", (DATA / "ghost/rss.xml").read_bytes().replace(b"https://blad.example", site.base.encode()))
    newest = "/members/api/comments/?limit=100&order=created_at%20desc&include=post,member,count.replies"
    site.say(newest, status=405)
    listener.listen_to(site.base, "ghost")
    assert (await listener.visit()).visit.health.value == "ok"
    article = "65a1b2c3d4e5f60718293a4b"
    assert stored(listener) == {article}
    site.say(newest, (DATA / "ghost/newest.json").read_bytes())
    thread = json.loads((DATA / "ghost/comments.json").read_bytes())
    thread["comments"][1]["html"] = "<p>Eindelijk doet Zonnebank iets.</p>"
    site.say(f"/members/api/comments/post/{article}/?limit=100", json.dumps(thread))
    replies = f"/members/api/comments/{thread['comments'][1]['id']}/replies/?limit=100"
    site.say(replies, (DATA / "ghost/replies.json").read_bytes())
    assert (await listener.visit()).visit.health.value == "ok"
    assert len(stored(listener)) == 6


class Answers(dict[str, Any]):
    """Answers to addresses by how they begin, the longest first."""

    def get(self, path: str, default: Any = None) -> Any:
        fitting = [each for each in self if path.startswith(each)]
        return self[max(fitting, key=len)] if fitting else default


async def test_a_comment_taken_away_from_wordpress_is_marked_as_deleted(site: Any, listener: Any) -> None:
    def comment(number: int, minute: int) -> dict[str, Any]:
        text = {"rendered": f"<p>Zonnebank, reactie {number}</p>"}
        up = [{"href": f"{site.base}/wp-json/wp/v2/posts/7", "embeddable": True, "post_type": "post"}]
        at = f"2026-11-22T08:{minute:02}:00"
        return {"id": number, "post": 7, "parent": 0, "author_name": f"lid{number}", "date_gmt": at, "content": text,
                "link": f"{site.base}/zonnebank/#comment-{number}", "_links": {"up": up}}  # fmt: skip

    def says(*comments: dict[str, Any]) -> None:
        newest = list(reversed(comments))
        site.say("/wp-json/wp/v2/comments?per_page=100&_embed=up", json.dumps(newest))
        site.say("/wp-json/wp/v2/comments?post=7", json.dumps(comments))

    site.answers = Answers()
    post = {"id": 7, "date_gmt": "2026-11-22T08:00:00", "modified_gmt": "2026-11-22T08:00:00",
            "link": f"{site.base}/zonnebank/", "title": {"rendered": "Zonnebank"},
            "content": {"rendered": WORDS}, "guid": {"rendered": f"{site.base}/?p=7"}}  # fmt: skip
    site.say("/wp-json/wp/v2/posts?", json.dumps([post]))
    site.say("/wp-json/wp/v2/posts/7", json.dumps(post))
    says(comment(1, 1), comment(2, 2), comment(3, 3))
    listener.listen_to(f"{site.base}/", "wordpress")
    await listener.visit()
    assert stored(listener) == {"post-7", "comment-1", "comment-2", "comment-3"}
    says(comment(1, 1), comment(3, 3), comment(4, 4))
    await listener.visit()
    gone = {each.external_id for each in Inbox(listener.database).mentions("(is:mention OR is:context) is:deleted")}
    assert gone == {"comment-2"}
    assert stored(listener) == {"post-7", "comment-1", "comment-2", "comment-3", "comment-4"}


def gone(listener: Any) -> set[str]:
    return {each.external_id.split("#")[-1] for each in Inbox(listener.database).mentions("is:deleted")}


async def test_a_post_taken_away_from_a_board_is_marked_as_deleted(site: Any, listener: Any, clock: Any) -> None:
    def says(*pages: list[int]) -> None:
        row = '<tr class="inline_row"><td><span id="tid_5"><a href="showthread.php?tid=5">Rente</a></span></td></tr>'
        site.say("/forumdisplay.php?fid=2", f"<table>{row}</table>", content_type="text/html")
        for number, posts in enumerate(pages, 1):
            onward = '<a class="pagination_next" rel="next" href="showthread.php?tid=5&page=2">2</a>'
            written = "".join(
                f"<div class='post' id='post_{each}'><div class='post_author'><strong>lid{each}</strong></div>"
                f"<div class='post_body'>Zonnebank, bericht {each}</div></div>"
                for each in posts
            )
            address = "/showthread.php?tid=5" + (f"&page={number}" if number > 1 else "")
            site.say(address, written + (onward if number < len(pages) else ""), content_type="text/html")

    says([1, 2, 3], [4, 5])
    listener.listen_to(f"{site.base}/forumdisplay.php?fid=2", "mybb")
    await listener.visit()
    assert (stored(listener), gone(listener)) == ({"1", "2", "3", "4", "5"}, set())
    says([1, 3, 4], [5])
    clock.advance(hours=2)
    await listener.visit()
    assert gone(listener) == {"2"}
    site.say("/showthread.php?tid=5&page=2", "", 500)
    clock.advance(hours=2)
    await listener.visit()
    assert gone(listener) == {"2"}, "a page that cannot be read says nothing of its posts"


def mybb(pages: list[list[int]], place: int) -> str:
    def at(page: int) -> str:
        return "/showthread.php?tid=5" + (f"&page={page}" if page > 1 else "")

    written = "".join(
        f"<div class='post' id='post_{each}'><div class='post_body'>Zonnebank, bericht {each}</div></div>"
        for each in pages[place - 1]
    )
    pager = "".join(f'<a class="pagination_page" href="{at(each)}">{each}</a>' for each in range(1, len(pages) + 1))
    return f'{written}<div class="pagination">{pager}</div>'


def phpbb(pages: list[list[int]], place: int) -> str:
    def at(page: int) -> str:
        return "/viewtopic.php?t=5" + (f"&start={10 * (page - 1)}" if page > 1 else "")

    written = "".join(
        f"<div id='p{each}' class='post'><div class='content'>Zonnebank, bericht {each}</div></div>"
        for each in pages[place - 1]
    )
    pager = "".join(f'<li><a href="{at(each)}">{each}</a></li>' for each in range(1, len(pages) + 1) if each != place)
    return f'<h2 class="topic-title"><a href="{at(place)}">Rente</a></h2>{written}<ul class="pagination">{pager}</ul>'


@pytest.mark.parametrize(
    ("kind", "address", "further"),
    [(mybb, "/showthread.php?tid=5", "&page={}"), (phpbb, "/viewtopic.php?t=5", "&start={}0")],
    ids=["mybb", "phpbb"],
)
async def test_a_topic_given_as_a_source_is_watched_at_its_last_page_and_read_whole_when_that_moved(
    site: Any, listener: Any, clock: Any, kind: Any, address: str, further: str
) -> None:
    first = 1 if "start" in further else 0  # what the second page counts from

    def at(place: int) -> str:
        return address + (further.format(place - first) if place > 1 else "")

    def says(*pages: list[int]) -> None:
        site.answers.clear()
        for place in range(1, len(pages) + 1):
            site.say(at(place), kind(list(pages), place), content_type="text/html")

    async def visit(hours: float = 0.1) -> tuple[set[str], set[str], list[str]]:
        clock.advance(hours=hours)
        site.asked.clear()
        assert (await listener.visit()).visit.health.value == "ok"
        return stored(listener), gone(listener), [path for path in site.asked if path != "/robots.txt"]

    says([1, 2], [3, 4])
    listener.listen_to(f"{site.base}{address}", kind.__name__)
    assert (await visit())[0] == {"1", "2", "3", "4"}
    assert (await visit())[2][0] == at(2), "what is new stands on the last page"
    says([1, 2], [3, 4, 5])
    assert (await visit())[0] == {"1", "2", "3", "4", "5"}
    says([1, 2], [3, 4, 5], [6])
    assert (await visit())[0] == {"1", "2", "3", "4", "5", "6"}
    assert (await visit())[2][0] == at(3)
    says([1, 2], [3, 5, 6])
    assert (await visit())[1] == {"4"}, "its last page is gone, and so is a post"
    says([2], [3, 5, 6])
    assert (await visit(hours=30))[1] == {"4", "1"}, "older pages are looked at from time to time"


async def test_a_thread_that_nobody_described_shows_what_is_gone_and_what_is_new_on_its_last_page(
    site: Any, listener: Any, clock: Any
) -> None:
    def says(*pages: list[int]) -> None:
        for number, posts in enumerate(pages, 1):
            onward = '<a rel="next" href="/draad/5?page=2">Volgende</a>' if number < len(pages) else ""
            written = "".join(
                f"<div class=post id=p{each}><b class=author>lid{each}</b> "
                f"<time datetime='2026-11-21T10:{each:02}:00Z'></time>"
                f"<p>Wat Zonnebank in bericht {each} schrijft klopt niet.</p></div>"
                for each in posts
            )
            address = "/draad/5" + (f"?page={number}" if number > 1 else "")
            site.say(address, f"<html><h1>Rente</h1>{written}{onward}</html>", content_type="text/html")

    async def visit() -> tuple[set[str], set[str]]:
        clock.advance(hours=2)
        assert (await listener.visit()).visit.health.value == "ok"
        return {each.split("#")[-1] for each in stored(listener)}, gone(listener)

    says([1, 2, 3], [4, 5])
    listener.listen_to(f"{site.base}/draad/5", "blocks")
    assert await visit() == ({"p1", "p2", "p3", "p4", "p5"}, set())
    says([1, 2, 3], [4, 5, 6])
    assert await visit() == ({"p1", "p2", "p3", "p4", "p5", "p6"}, set())
    says([1, 3, 4], [5, 6])
    assert (await visit())[1] == {"p2"}
    says([6, 5, 4, 3])
    site.say("/draad/5?page=2", "", 404)
    assert (await visit())[1] == {"p2"}, "the newest first, and no way to older ones: these may have fallen off"


async def test_what_is_taken_off_a_talk_page_is_marked_as_deleted_unless_its_section_went_as_a_whole(
    site: Any, listener: Any, clock: Any
) -> None:
    def says(*posts: str) -> None:
        signed = (
            '<a href="/wiki/User:Anna">Anna</a> (<a href="/wiki/User_talk:Anna">talk</a>) 14:0{}, 6 November 2026 (UTC)'
        )
        written = "".join(
            f'<h2 id="{each[0]}">{each[0]}</h2>' * (each[1] == "1") + f"<p>Zonnebank {signed.format(each[1])}</p>"
            for each in posts
        )
        page = f'"wgRevisionId":{len(posts)}<div class=mw-parser-output>{written}</div>'
        site.say("/wiki/Talk:Bank", page, content_type="text/html")

    says("a1", "a2", "a3", "b1", "b2")
    listener.listen_to(f"{site.base}/wiki/Talk:Bank", "mediawiki")
    await listener.visit()
    assert len(stored(listener)) == 5
    says("a1", "a3")
    clock.advance(hours=2)
    await listener.visit()
    assert gone(listener) == {"a/Anna/202611061402"}


async def test_a_blog_with_more_threads_than_a_visit_reads_is_read_on_though_its_lists_say_nothing_new(
    site: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blog_feed(*items: str) -> str:
        spaces = 'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
        return f'<rss version="2.0" {spaces}><channel><title>B</title>{"".join(items)}</channel></rss>'

    def item(number: int, mark: str = "") -> str:
        url, at = f"{site.base}/p{number}/", f"Fri, 20 Nov 2026 10:0{number}:00 GMT"
        below = "" if mark else f"<wfw:commentRss>{url}feed/</wfw:commentRss><slash:comments>1</slash:comments>"
        text = f"&lt;p&gt;Zonnebank {number}{mark}.&lt;/p&gt;"
        what = f"<link>{url}{mark}</link><title>T</title><description>{text}</description><pubDate>{at}</pubDate>"
        return f"<item>{what}{below}</item>"

    site.say("/feed/", blog_feed(item(4), item(3)))
    site.say("/feed/?paged=2", blog_feed(item(2), item(1)))
    site.say("/comments/feed/", blog_feed())
    for number in range(1, 5):
        site.say(f"/p{number}/feed/", blog_feed(item(number, f"#comment-{number}")))
    monkeypatch.setattr(walk, "PAGES", 10)
    listener.listen_to(f"{site.base}/", "wordpress")
    held = []
    for _ in range(3):
        await listener.visit()
        held.append(len([each for each in stored(listener) if each.startswith("comment-")]))
    assert held == [2, 4, 4]
    assert len(stored(listener)) == 8
