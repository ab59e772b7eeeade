"""Talk pages of a wiki: the recent changes ring, and each post ends with the signature of its writer."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener import discover
from listener.errors import FetchError, ReadError
from listener.sources import mediawiki
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

SITE = "https://wiki.example"
SPEC = SourceSpec(name="wiki", url=f"{SITE}/wiki/Hoofdpagina", options={"api": f"{SITE}/api.php"})
SECTION = f"{SITE}/index.php?title=Overleg%3ATech#Pas_op%3A_nep-sms_uit_naam_van_Zonnebank"


@pytest.fixture
def changes(page: Callable[..., Page]) -> Reading:
    (link,) = mediawiki.start(SPEC, {})
    return mediawiki.read(page(link.url, "mediawiki/changes.json", content_type="application/json"), link, SPEC)


def talk(page: Callable[..., Page], html: str) -> Reading:
    link = Link(url=f"{SITE}/wiki/Talk:Bank", role="page", conversation="page Talk:Bank")
    body = f"<html><div class=mw-parser-output>{html}</div></html>".encode()
    return mediawiki.read(page(link.url, body=body), link, SPEC)


def test_the_wiki_or_one_of_its_pages_is_listened_to(page: Callable[..., Page]) -> None:
    (all_of_it,) = mediawiki.start(SPEC, {})
    assert all_of_it.url.startswith(f"{SITE}/api.php?action=query&list=recentchanges&")
    for address in (f"{SITE}/wiki/Overleg:Mijn_bank#x", f"{SITE}/w/index.php?title=Overleg:Mijn%20bank"):
        (one,) = mediawiki.start(SourceSpec(name="wiki", url=address), {})
        assert one.url == address.split("#")[0]
        (talk,) = mediawiki.read(page(one.url, body=b'{"wgRevisionId":49,}'), one, SPEC).links
        assert (talk.url, talk.stamp, talk.conversation) == (one.url, "49", "page Overleg:Mijn bank")


def test_an_interface_that_is_not_where_it_mostly_is_is_looked_for() -> None:
    spec = SourceSpec(name="wiki", url=SITE)
    (usual,) = mediawiki.start(spec, {})
    (other,) = mediawiki.fallback(usual, FetchError("Weg.", status=404), spec, {})
    assert [each.url.split("?")[0] for each in (usual, other)] == [f"{SITE}/w/api.php", f"{SITE}/api.php"]
    assert mediawiki.fallback(usual, FetchError("Weg.", status=404), SPEC, {}) == []


def test_changed_pages_are_stamped_with_their_revision(changes: Reading) -> None:
    first = changes.links[0]
    assert (first.conversation, first.stamp) == ("page Overleg:Tech", "49")
    assert first.url == f"{SITE}/api.php?action=parse&pageid=7&prop=text&format=json"
    assert len(changes.links) == 3


def test_a_section_is_a_conversation_of_signed_and_indented_posts(page: Callable[..., Page], changes: Reading) -> None:
    link = changes.links[0]
    posts = mediawiki.read(page(link.url, "mediawiki/talk.json"), link, SPEC).posts
    assert [each.author for each in posts] == [
        "alert_anja", "pieter_p", "alert_anja", "nieuwsgierig_nico", "hulpvaardig_henk"
    ]  # fmt: skip
    first, same, reply, asked, told = posts
    assert (first.title, first.kind, first.url) == (
        "Pas op: nep-sms uit naam van Zonnebank",
        PostKind.POST,
        SECTION,
    )
    assert first.text.startswith("Kreeg vandaag een sms") and first.text.endswith("Dit is phishing.")
    assert first.published_at == datetime(2026, 11, 6, 12, 19, tzinfo=UTC)
    assert first.author_id == "Alert anja"
    assert same.text == "Zelfde hier, drie keer deze week. Doorgestuurd naar de fraudehelpdesk."
    assert [same.parent_id, reply.parent_id] == [first.external_id, same.external_id]
    assert [asked.parent_id, told.parent_id] == [first.external_id, asked.external_id]
    assert {each.conversation_id for each in posts} == {"Overleg:Tech#Pas_op:_nep-sms_uit_naam_van_Zonnebank"}


def test_a_post_of_several_paragraphs_and_without_a_page_of_its_writer_is_read_whole(page: Callable[..., Page]) -> None:
    sign = '<a href="/wiki/Special:Contributions/10.0.0.7">10.0.0.7</a> (<a href="/wiki/User_talk:10.0.0.7">talk</a>)'
    html = (
        '<h2 id="Fees">Fees</h2><p>They went up on 3 May 2026 (UTC) at <a href="/wiki/User:Anna">Anna</a>\'s bank.</p>'
        f"<ul><li>twice</li></ul><p>Why? --{sign} 14:05, 6 November 2026 (UTC)</p><table><tr><td><p>box {sign} "
        "15:05, 6 November 2026 (UTC)</p></td></tr></table><p>Nobody signed this.</p>"
    )
    (post,) = talk(page, html).posts
    assert post.text == "They went up on 3 May 2026 (UTC) at Anna's bank.\n\n- twice\n\nWhy?"
    assert (post.author, post.published_at) == ("10.0.0.7", datetime(2026, 11, 6, 14, 5, tzinfo=UTC))


def test_an_edit_leaves_a_post_its_name(page: Callable[..., Page]) -> None:
    html = '<h2 id="a">A</h2><p>{} <a href="/wiki/Gebruiker:Jan">Jan</a> 6 nov 2026 14:05 (UTC)</p>'
    first, second = (talk(page, html.format(words)).posts[0] for words in ("Een.", "Toch twee."))
    assert first.external_id == second.external_id
    assert first.text != second.text


def test_a_wiki_is_known_and_says_where_its_interface_is(page: Callable[..., Page]) -> None:
    head = b'<meta name="generator" content="MediaWiki 1.39.17"/><link rel="EditURI" href="/api.php?action=rsd"/>'
    found = discover.guess(page(f"{SITE}/wiki/Hoofdpagina", body=b"<html><head>" + head + b"</head></html>"))
    assert found is not None
    assert (found.kind, found.options) == ("mediawiki", {"api": f"{SITE}/api.php"})


def test_what_is_no_wiki_is_refused(page: Callable[..., Page], changes: Reading) -> None:
    (link,) = mediawiki.start(SPEC, {})
    for each, body in ((link, b"{}"), (changes.links[0], b'{"error": {}}'), (Link(url=SITE, role="page"), b"<p>x</p>")):
        with pytest.raises(ReadError, match=r"\.$"):
            mediawiki.read(page(each.url, body=body), each, SPEC)
