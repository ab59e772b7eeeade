"""Archives of mailing lists with a page a mail: their months, their threads, and what each mail says."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener import discover
from listener.errors import ReadError
from listener.sources import mail_archive
from listener.types import Link, Page, SourceSpec
from storage.types import Post

SITE = "https://lijsten.example"
SOURCE = SourceSpec(name="praat", url=f"{SITE}/praat/", kind="mail_archive")
SMS = "Pas op: nep-sms uit naam van Zonnebank"
GOOD = "Goed zo. Mail ook naar valse-email@zonnebank.example, dat vraagt #zonnebank op de eigen site."
SAME = "Zelfde hier, drie keer deze week. Doorgestuurd naar de fraudehelpdesk."
Make = Callable[..., Page]


def mail(page: Page, **carry: object) -> Post:
    thread = f"{SITE}/praat/msg00011.html"
    (post,) = mail_archive.read(page, Link(url=page.url, role="mail", conversation=thread, carry=carry), SOURCE).posts
    return post


def test_an_index_by_thread_says_which_mail_answers_which(page: Make) -> None:
    index = page(f"{SITE}/praat/threads.html", "mail_archive/mhonarc_threads.html")
    first, second = mail_archive.read(index, Link(url=index.url), SOURCE).links
    at = [f"{SITE}/praat/msg000{n}.html" for n in range(11, 16)]
    assert (first.url, first.conversation, first.carry["title"]) == (at[0], at[0], SMS)
    assert first.carry["mails"] == [[at[1], at[0]], [at[2], at[1]], [at[3], at[0]], [at[4], at[3]]]
    assert second.carry["title"] == "Chapeau voor @zonnebank"


def test_a_thread_is_stamped_with_its_mails(page: Make) -> None:
    index = page(f"{SITE}/praat/threads.html", "mail_archive/mhonarc_threads.html")
    moved = page(index.url, body=index.body.replace(b"msg00015", b"msg00019"))
    stamps = [
        [link.stamp for link in mail_archive.read(each, Link(url=each.url), SOURCE).links] for each in (index, moved)
    ]
    assert stamps[0][0] != stamps[1][0]
    assert stamps[0][1] == stamps[1][1]


def test_the_first_mail_of_a_thread_leads_to_the_others(page: Make) -> None:
    first = page(f"{SITE}/praat/msg00011.html", "mail_archive/mhonarc_mail.html")
    answer = [f"{SITE}/praat/msg00012.html", first.url]
    link = Link(url=first.url, role="mail", conversation=first.url, carry={"title": SMS, "mails": [answer]})
    (other,) = mail_archive.read(first, link, SOURCE).links
    assert (other.url, other.role, other.conversation) == (answer[0], "mail", first.url)
    assert other.carry == {"title": SMS, "parent": first.url}


@pytest.mark.parametrize(
    ("file", "url", "author", "text", "minute"),
    [
        ("mhonarc_mail.html", "praat/msg00013.html", "alert_anja", GOOD, 19 * 60 + 14),
        ("sympa_mail.html", "arc/praat/2026-11/msg00013.html", "alert_anja", GOOD, 19 * 60 + 14),
        ("pipermail_mail.html", "pipermail/praat/2026-November/000012.html", "pieter_p", SAME, 18 * 60 + 37),
        ("hypermail_mail.html", "2026Nov/0012.html", "pieter_p", SAME, 18 * 60 + 37),
    ],
)
def test_a_mail_is_read_without_what_stands_around_it(
    page: Make, file: str, url: str, author: str, text: str, minute: int
) -> None:
    post = mail(page(f"{SITE}/{url}", f"mail_archive/{file}"), title=SMS, parent="x")
    assert post.author == author
    assert " ".join(post.text.split()).endswith(text)
    assert post.published_at == datetime(2026, 11, 12, minute // 60, minute % 60, tzinfo=UTC)
    assert (post.conversation_title, post.parent_id) == (SMS, "x")


def test_quotes_stay_in_the_text_of_a_mail(page: Make) -> None:
    post = mail(page(f"{SITE}/praat/msg00013.html", "mail_archive/mhonarc_mail.html"))
    assert post.text.split("\n")[:2] == ["Op 12-11-2026 18:37 schreef pieter_p:", f"> {SAME}"]


def test_the_newest_months_of_an_archive_are_listened_to(page: Make) -> None:
    months = page(f"{SITE}/pipermail/praat/", "mail_archive/pipermail_months.html")
    assert [link.url for link in mail_archive.read(months, Link(url=months.url), SOURCE).links] == [
        f"{SITE}/pipermail/praat/2026-November/thread.html"
    ]
    calendar = "".join(f"<a href=/arc/praat/2026-{n:02}/>{n:02}</a>" for n in range(1, 12))
    site = page(f"{SITE}/arc/praat", body=f"<html><body>{calendar}</body>".encode())
    links = mail_archive.read(site, Link(url=site.url), SOURCE).links
    assert [link.url[-8:] for link in links] == ["2026-11/", "2026-10/", "2026-09/"]


def test_an_index_by_date_leads_to_the_one_by_thread(page: Make) -> None:
    body = b"<a href=mail1.html>Date</a><a href=thrd1.html>Thread</a><ul><li><a href=msg00001.html>Rente</a></ul>"
    by_date = page(f"{SITE}/arc/praat/2026-11/mail1.html", body=body)
    (link,) = mail_archive.read(by_date, Link(url=by_date.url), SOURCE).links
    assert (link.url, link.role) == (f"{SITE}/arc/praat/2026-11/thrd1.html", "list")


@pytest.mark.parametrize(
    "file", ["mhonarc_threads.html", "sympa_mail.html", "pipermail_months.html", "hypermail_mail.html"]
)
def test_the_pages_of_an_archive_are_known_by_their_marks(page: Make, file: str) -> None:
    guess = discover.guess(page(f"{SITE}/praat/", f"mail_archive/{file}"))
    assert guess is not None
    assert guess.kind == "mail_archive"


def test_a_page_that_lists_no_mails_says_so(page: Make) -> None:
    with pytest.raises(ReadError, match="neither a mail nor a list of mails"):
        mail_archive.read(page(f"{SITE}/", body=b"<html><h1>Welkom</h1>"), Link(url=f"{SITE}/"), SOURCE)
