"""Boards that nobody described, as django-machina, PyBBM, Spirit and Misago write them, are found, walked and read."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener import discover
from listener.errors import ReadError
from listener.sources import blocks
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import Post, PostKind

SITE = "https://praat.example"
SOURCE = SourceSpec(name="praat", url=f"{SITE}/", kind="blocks")
SMS = f"{SITE}/forum/veiligheid-8/topic/pas-op-nep-sms-uit-naam-van-zonnebank-35/"
MISAGO = f"{SITE}/t/pas-op-nep-sms-uit-naam-van-zonnebank/35/"
FIRST = 'Kreeg vandaag een sms: "Uw Zonnebankpas verloopt, klik hier".'
Read = Callable[[str, str], Reading]


@pytest.fixture
def thread(page: Callable[..., Page]) -> Read:
    def read(url: str, file: str) -> Reading:
        link = Link(url=url, role="conversation", conversation=url)
        return blocks.read(page(url, f"blocks/{file}"), link, SOURCE)

    return read


@pytest.mark.parametrize(
    ("file", "lists"),
    [
        ("machina_index.html", ["/forum/algemeen-2/", "/forum/geldzaken-3/", "/forum/general-4/"]),
        ("pybb_index.html", ["/forum/1/", "/forum/2/", "/forum/3/"]),
    ],
)
def test_the_index_of_a_board_is_a_list_though_it_shows_who_wrote_last(
    page: Callable[..., Page], file: str, lists: list[str]
) -> None:
    index = page(f"{SITE}/", f"blocks/{file}")
    reading = blocks.read(index, blocks.start(SOURCE, {})[0], SOURCE)
    assert [link.url.removeprefix(SITE) for link in reading.links] == lists
    assert reading.posts == ()


def test_a_board_is_listened_to_by_its_pages_though_it_names_a_feed(page: Callable[..., Page]) -> None:
    index = page(f"{SITE}/", "blocks/pybb_index.html")
    feed = b"<link rel=alternate type=application/atom+xml href=/feeds/posts/>"
    found = discover.guess(page(f"{SITE}/", body=index.body.replace(b"<title>", feed + b"<title>")))
    assert found is not None
    assert (found.kind, found.url) == ("blocks", f"{SITE}/")


def test_a_forum_with_a_single_topic_is_a_list_and_read_as_one_at_once(thread: Read) -> None:
    url = f"{SITE}/forum/veiligheid-8/"
    reading = thread(url, "machina_forum.html")
    assert reading.posts == ()
    assert reading.links == (Link(url=url),)
    known = blocks.start(SOURCE, reading.memory)
    assert [link.url for link in known] == [f"{SITE}/", url]


def test_a_thread_is_stamped_with_all_of_its_row(page: Callable[..., Page]) -> None:
    index = page(f"{SITE}/", "blocks/machina_index.html")
    moved = page(f"{SITE}/", body=index.body.replace(b"Nov. 10, 2026, 5:16 p.m.", b"Nov. 22, 2026, 9 a.m."))
    before, after = (blocks.read(each, Link(url=f"{SITE}/"), SOURCE).links for each in (index, moved))
    changed = [link.url for link, was in zip(after, before, strict=True) if link.stamp != was.stamp]
    assert changed == [f"{SITE}/forum/algemeen-2/"]


def test_known_lists_are_not_taken_for_threads_again(page: Callable[..., Page]) -> None:
    memory = {f"list {SITE}/forum/{each}/": True for each in (1, 2)}
    start = blocks.start(SOURCE, memory)[0]
    reading = blocks.read(page(f"{SITE}/", "blocks/pybb_index.html"), start, SOURCE)
    assert [link.url for link in reading.links] == [f"{SITE}/forum/3/"]


@pytest.mark.parametrize(
    ("file", "url", "zone"),
    [("machina_topic.html", SMS, 1), ("pybb_topic.html", f"{SITE}/topic/35/", 0), ("misago_topic.html", MISAGO, 0)],
)
def test_a_topic_is_read_with_its_quotes_and_without_its_subjects(thread: Read, file: str, url: str, zone: int) -> None:
    posts: tuple[Post, ...] = thread(url, file).posts
    assert [post.author for post in posts] == [
        "alert_anja", "pieter_p", "alert_anja", "nieuwsgierig_nico", "hulpvaardig_henk"
    ]  # fmt: skip
    assert posts[0].title == "Pas op: nep-sms uit naam van Zonnebank"
    assert posts[0].text.startswith(FIRST)
    assert posts[1].text == "Zelfde hier, drie keer deze week. Doorgestuurd naar de fraudehelpdesk."
    assert posts[0].published_at == datetime(2026, 11, 6, 12 + zone, 19, tzinfo=UTC)
    assert [post.parent_id for post in posts] == ["", "", posts[1].external_id, "", posts[3].external_id]
    assert "Goed zo. Mail ook naar" in posts[2].text


def test_a_post_is_read_without_the_words_around_its_writer_and_its_subject(thread: Read) -> None:
    posts = thread(f"{SITE}/boards/1/topics/1", "redmine_topic.html").posts
    assert [(post.author, post.text.split()[0]) for post in posts] == [
        ("marieke_v", "Sinds"), ("jan.de.boer", "Ja,"), ("hulpvaardig_henk", "Oplossing:"), ("marieke_v", "Dank"),
        ("Zonnebank_Webcare", "Dag"),
    ]  # fmt: skip
    assert (posts[0].title, posts[4].url) == (
        "Zonnebank app: kan niet meer inloggen na update",
        f"{SITE}/boards/1/topics/1?r=5#message-5",
    )
    (alone,) = thread(f"{SITE}/boards/6/topics/38", "redmine_single.html").posts
    assert (alone.author, alone.text.split()[:2]) == ("nerd_nadia", ["De", "nieuwsbrief"])


def test_an_article_to_which_a_list_leads_is_read_with_what_is_said_below_it(thread: Read) -> None:
    first, *below = thread(f"{SITE}/blog/nl-fraude/", "django_comments.html").posts
    assert (first.author, first.title, first.kind) == (
        "alert_anja",
        "Pas op: nep-sms uit naam van Zonnebank",
        PostKind.ARTICLE,
    )
    assert first.text.startswith(FIRST) and first.text.endswith("Dit is phishing.")
    assert first.published_at == datetime(2026, 11, 22, 18, 50, tzinfo=UTC)
    assert [each.author for each in below] == ["pieter_p", "alert_anja", "nieuwsgierig_nico", "hulpvaardig_henk"]
    assert [each.parent_id for each in below] == ["", below[0].external_id, "", below[2].external_id]
    assert below[2].text == "Hoe herken je zo'n sms eigenlijk?"


def test_a_list_sorted_otherwise_or_the_last_post_of_a_thread_is_nothing_new(page: Callable[..., Page]) -> None:
    board = page(f"{SITE}/projects/praatplek/boards/1", "blocks/redmine_list.html")
    links = blocks.read(board, Link(url=board.url), SOURCE).links
    assert sorted(link.url for link in links) == [f"{SITE}/boards/1/topics/{each}" for each in (1, 17, 23, 34, 6)]


def test_a_pager_of_pictures_leads_on_by_its_numbers(thread: Read) -> None:
    url = f"{SITE}/topic/33/wachttijden/"
    reading = thread(url, "spirit_topic.html")
    assert [post.author for post in reading.posts] == ["marieke_v", "grapjas", "marieke_v"]
    assert [link.url for link in reading.links] == [f"{url}?page=2"]


def test_the_last_post_of_a_thread_is_not_another_thread(page: Callable[..., Page]) -> None:
    reading = blocks.read(page(f"{SITE}/", "blocks/misago_index.html"), Link(url=f"{SITE}/"), SOURCE)
    threads = [link.url for link in reading.links if "/t/" in link.url]
    assert len(threads) == 2
    assert all(url.split("/")[-2].isdigit() for url in threads)


@pytest.mark.parametrize(
    "notice",
    [
        "Edited 5 seconds ago",
        "<p class=rating>Currently unrated</p>",
        "&nbsp;Last edited by: <a>pieter_p</a> on Nov. 9, 2026, 9:12 p.m.",
    ],
)
def test_a_notice_of_an_edit_or_a_rating_is_no_part_of_the_text(page: Callable[..., Page], notice: str) -> None:
    topic = page(f"{SITE}/topic/35/", "blocks/pybb_topic.html")
    shown = f'fraudehelpdesk.<div class="updated-message">{notice}</div>'.encode()
    edited = page(topic.url, body=topic.body.replace(b"fraudehelpdesk.", shown, 1))
    link = Link(url=topic.url, role="conversation", conversation=topic.url)
    texts = [[post.text for post in blocks.read(each, link, SOURCE).posts] for each in (topic, edited)]
    assert texts[0] == texts[1]


def test_a_board_that_was_closed_to_strangers_says_so(page: Callable[..., Page]) -> None:
    closed = page(f"{SITE}/", body=b"<html><form action=/login/><input name=u><input type=password></form></html>")
    with pytest.raises(ReadError, match="asks strangers to log in"):
        blocks.read(closed, Link(url=f"{SITE}/"), SOURCE)


def test_a_thread_of_one_post_is_not_the_whole_page(thread: Read) -> None:
    (post,) = thread(f"{SITE}/topic/43/rare-tekens/", "spirit_one.html").posts
    assert (post.author, post.title) == ("nerd_nadia", 'Rare tekens <script> & "quotes" in de mail van Zonnebank')
    assert post.text.startswith("De nieuwsbrief toont &euro; in plaats van €.")
    assert post.published_at == datetime(2026, 11, 20, 7, 39, tzinfo=UTC)


def test_the_last_page_of_a_blog_leads_to_its_articles_which_have_no_menu_in_them(thread: Read) -> None:
    listed = thread(f"{SITE}/blog/page/2", "docusaurus_list.html")
    assert listed.links == (Link(url=f"{SITE}/blog/page/2"),), "it is a list, not a thread"
    (post,) = thread(f"{SITE}/blog/nl-fiets/", "docusaurus_article.html").posts
    assert (post.title, post.author) == ("Welke fietspomp voor Schrader en Presta?", "fietser_frits")
    assert post.text == "Zoek een goede staande pomp die beide ventielen aankan, onder de 40 euro. Tips?"
    assert (post.kind, post.published_at) == (PostKind.ARTICLE, datetime(2026, 11, 8, tzinfo=UTC))


def test_articles_are_followed_however_few_a_page_shows(page: Callable[..., Page]) -> None:
    last = page(f"{SITE}/blog/page/2", "blocks/docusaurus_list.html")
    links = blocks.read(last, Link(url=last.url), SOURCE).links
    assert {f"{SITE}/blog/nl-app-login", f"{SITE}/blog/nl-spaarrente"} <= {link.url for link in links}
    found = discover.guess(last)
    assert found is None or found.kind != "article", "it is said to be articles, and is a list of them"


def test_a_single_comment_is_that_and_not_the_part_that_holds_comments(page: Callable[..., Page]) -> None:
    said = (
        "<section><h1>Pomp</h1><b class=author>{}</b> <time datetime=2026-11-08T08:05Z>8 nov</time><p>{}</p></section>"
    )
    below = """<section><div class=comments><h2>1 reactie</h2><p>Sorteer op: oudste</p><div class=comment id=comment_7>
    <b class=author>opa_kees</b> <time datetime=2026-11-08T09:05Z>2 dagen</time><p>Kijk eens bij de kringloop.</p></div>
    <p>Log in om te reageren.</p></div></section>"""
    html = f"<html><body>{said.format('frits', 'Zoek een goede staande pomp voor op de fiets.')}{below}</body></html>"
    link = Link(url=f"{SITE}/d/1", role="conversation", conversation=f"{SITE}/d/1")
    *_, answer = blocks.read(page(link.url, body=html.encode()), link, SOURCE).posts
    assert (answer.author, answer.text) == ("opa_kees", "Kijk eens bij de kringloop.")


def test_a_blog_may_keep_its_articles_where_a_board_has_single_posts(page: Callable[..., Page]) -> None:
    rows = "".join(
        f"<div><h2><a href=/posts/{name}>Bericht over {name}</a></h2></div>" for name in ("de-rente", "de-app")
    )
    single = "<p><a href=/posts/12>Bekijk dit bericht</a></p>"
    listed = page(f"{SITE}/posts", body=f"<html><body>{rows}{single}</body></html>".encode())
    links = blocks.read(listed, Link(url=listed.url), SOURCE).links
    assert [link.url.removeprefix(SITE) for link in links] == ["/posts/de-rente", "/posts/de-app"]
