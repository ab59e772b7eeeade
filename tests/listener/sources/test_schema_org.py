"""Threads, questions, reviews and lists that describe themselves in schema.org terms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from listener.errors import ReadError
from listener.sources import schema_org
from listener.types import Link, Page, Reading, SourceSpec
from storage.types import PostKind

Pages = Callable[..., Page]

SITE = "https://praat.example"
THREAD = f"{SITE}/draad/7"


def reading(page: Pages, file: str, url: str, conversation: str = "", **options: str) -> Reading:
    source = SourceSpec(name="praat", kind="schema_org", url=url, options=options)
    return schema_org.read(page(url, f"schema_org/{file}"), Link(url=url, conversation=conversation), source)


def test_a_thread_in_json_ld_gives_its_posts_with_their_places(page: Pages) -> None:
    first, second, third, fourth = reading(page, "thread_jsonld.html", THREAD, THREAD).posts
    assert first.text == (
        "Ik zoek een spaarrekening zonder kleine lettertjes.\n\nZonnebank adverteert met 2,1%, klopt dat?"
    )
    assert (first.author, first.author_url) == ("spaarder88", f"{SITE}/leden/spaarder88.12/")
    assert (first.url, first.conversation_id) == (THREAD, THREAD)
    assert first.title == first.conversation_title == "Spaarrente vergelijken: wie geeft er nog 2%?"
    assert first.published_at == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert first.edited_at == datetime(2026, 11, 16, 8, 10, tzinfo=UTC)
    assert (first.kind, second.kind, first.lang) == (PostKind.POST, PostKind.REPLY, "nl")
    assert second.text == "Klopt, daarna 1,25%.\n\nLees de voorwaarden goed."
    assert (second.url, second.parent_id) == (f"{THREAD}#post-71", "")
    assert (third.author, third.parent_id) == ("spaarder88", second.external_id)
    assert (fourth.author, fourth.parent_id) == ("opa_kees", second.external_id)
    assert {post.conversation_id for post in (second, third, fourth)} == {THREAD}


def test_the_next_page_belongs_to_the_same_thread(page: Pages) -> None:
    [link] = reading(page, "thread_jsonld.html", THREAD, THREAD).links
    assert (link.url, link.role, link.conversation) == (f"{SITE}/draad/7/page-2", "page", THREAD)


def test_a_question_in_microdata_gives_answers_and_comments(page: Pages) -> None:
    question, answer, thanks, comment = reading(page, "question_microdata.html", f"{SITE}/q/8").posts
    assert question.text == "Four days and Zonnebank still has not sent it.\n\n> 2 working days\n\nReally?"
    assert (question.title, question.author, question.author_url) == (
        "Transfer abroad is slow",
        "expat_emma",
        f"{SITE}/users/11",
    )
    assert question.published_at == datetime(2026, 11, 17, 20, 31, tzinfo=UTC)
    assert {post.conversation_id for post in (question, comment, answer, thanks)} == {f"{SITE}/q/8/transfer-abroad"}
    assert (comment.author, comment.url, comment.parent_id) == ("lurker_lou", f"{SITE}/q/8#comment-3", "")
    assert (answer.url, answer.author, answer.kind) == (f"{SITE}/a/9", "nerd_nadia", PostKind.REPLY)
    assert (thanks.text, thanks.parent_id) == ("Thanks", answer.external_id)


def test_signs_that_look_like_markup_are_kept_where_they_are_text(page: Pages) -> None:
    body = (
        b'<h1>x</h1><div itemscope itemtype="https://schema.org/Question"><b itemprop="name">Wat doet &lt;b&gt;?</b>'
        b'<p itemprop="text">5 &lt; 6 &amp;&amp; &lt;script&gt; <i>schuin</i></p></div>'
    )
    [post] = schema_org.read(page(SITE, body=body), Link(url=SITE), SourceSpec(name="praat", url=SITE)).posts
    assert (post.title, post.text) == ("Wat doet <b>?", "5 < 6 && <script> schuin")


def test_reviews_bring_their_stars_to_one_scale(page: Pages) -> None:
    tom, harm = reading(page, "reviews.html", f"{SITE}/zonnebank").posts
    assert (tom.rating, harm.rating) == (4.56, 2.0)
    assert (tom.kind, tom.title, tom.text) == (PostKind.REVIEW, "Top", "Hypotheek binnen een week rond.")
    assert (tom.external_id, tom.conversation_title) == ("r1", "Ervaringen met Zonnebank")


def test_a_list_leads_to_its_threads(page: Pages) -> None:
    links = reading(page, "list.html", SITE + "/").links
    assert [(link.url, link.conversation) for link in links] == [(f"{SITE}/draad/{n}",) * 2 for n in (7, 8)]
    assert links[1].stamp == "2/2026-11-18T08:00:00Z"


def test_the_option_links_finds_the_threads_where_the_list_is_not_described(page: Pages) -> None:
    links = reading(page, "list.html", SITE + "/", links="a.thread").links
    assert [link.url for link in links] == [f"{SITE}/draad/7", f"{SITE}/draad/9"]
    with pytest.raises(ReadError, match=r"'a\.topic' \(option links\)"):
        reading(page, "list.html", SITE + "/", links="a.topic")


@pytest.mark.parametrize(
    "json",
    [
        "[" * 9_999,
        '{"@type": ["Comment"], "comment": ' * 200 + "1" + "}" * 200,
        '{"@id": "#a", "@type": "Comment", "comment": {"@id": "#a"}, "parentItem": {"@id": "#a"}}',
        '{"@graph": [{"@id": "a", "@type": "Comment", "comment": [{"@id": "b"}, {"@id": "b"}]},'
        ' {"@id": "b", "@type": "Comment", "comment": [{"@id": "a"}, {"@id": "a"}]}]}',
        '{"@graph": null, "@type": null}',
        '{"@type": "Review", "reviewRating": {"ratingValue": "veel"}, "author": [[1]], "text": [{}]}',
        '{"@type": "Comment", "url": "javascript:alert(1)", "datePublished": {"a": 1}, "text": "x"}',
        '{"@type": "Comment", "author": {"@value": {"name": 1}}, "comment": {"@value": {"@type": 1, "text": true}}}',
        '{"@type": "Comment", "text": "half \\ud800"}',
    ],
)
def test_hostile_descriptions_are_read_within_bounds(page: Pages, json: str) -> None:
    body = f'<title>x</title><script type="application/ld+json">{json}</script>'.encode()
    source = SourceSpec(name="praat", url=SITE)
    try:
        posts = schema_org.read(page(SITE, body=body), Link(url=SITE), source).posts
        assert all(post.url.startswith("http") for post in posts)
    except ReadError as error:
        assert SITE in str(error)
