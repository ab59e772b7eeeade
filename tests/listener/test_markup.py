"""What a reader sees of hostile and ordinary HTML, and which addresses are followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.pages.markup import is_overloaded, line_of, text_of, web_url


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("gewoon 5 < 6 && 7 > 3", "gewoon 5 < 6 && 7 > 3"),
        ("regel een\n\nregel  twee", "regel een\n\nregel  twee"),
        ("Don&#039;t &euro; 5 &amp;euro;", "Don't € 5 &euro;"),
        ("<p>een</p><p>twee<br>drie</p>", "een\n\ntwee\ndrie"),
        ("een<br>\n<br />twee<br>drie", "een\n\ntwee\ndrie"),
        ("<p>een\n  twee   drie</p>", "een twee drie"),
        ("<p>kop</p><ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>slot", "kop\n\n- a\n- b\n- c\n\nslot"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        ("<blockquote><p>zij</p><p>ook</p></blockquote><p>ik</p>", "> zij\n>\n> ook\n\nik"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n\n> > b\n\nc"),
        ("Rare tekens <script> & <b>meer</b> in de mail", "Rare tekens <script> & meer in de mail"),
        ("<p>a<script>if (a<b) alert(1)</script>b<style>p{}</style></p>", "ab"),
        ("<pre>x = 1\n  y = 2</pre>", "x = 1\n  y = 2"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('hallo <img src=x alt="🙂"> daar', "hallo 🙂 daar"),
        ("a<!-- geheim -->b", "ab"),
        ("5 &lt; 6 <b>vet</b>", "5 < 6 vet"),
        ("<p>nul\x00teken</p>", "nul\ufffdteken"),
        ("", ""),
        ("<div></div>", ""),
    ],
)
def test_html_reads_as_the_page_does(markup: str, text: str) -> None:
    assert text_of(markup) == text


@pytest.mark.parametrize(
    "nasty",
    ["<div>" * 50_000 + "kern", "<b>" * 100_000 + "kern", "<blockquote>" * 3_000 + "kern", "<!--" * 50_000,
     "<a " + " ".join(f"x{i}=1" for i in range(20_000)) + ">kern", "&" * 100_000, "<" * 100_000, "<p" * 50_000],
)  # fmt: skip
def test_nasty_markup_is_read_to_its_end(nasty: str) -> None:
    text = text_of(nasty)
    assert len(text) <= len(nasty)
    if nasty.endswith("kern"):
        assert text.endswith("kern")


@given(st.text(alphabet=st.characters(exclude_characters="<>&"), max_size=200))
def test_text_without_markup_is_left_alone(text: str) -> None:
    assert text_of(text) == text.strip()


@given(st.text(max_size=200))
def test_any_text_at_all_can_be_read(text: str) -> None:
    assert "<script" not in text_of(f"<p>{text}<script>geheim</script></p>").lower() or "<script" in text.lower()
    text_of("<p>" + text)


def test_what_one_text_left_open_does_not_reach_the_next() -> None:
    for opened in ("<blockquote><pre><script>x", "<ul><li>", "<!-- x", "<", "<p"):
        text_of("<p>" + opened)
        assert text_of("<p>een</p><p>twee</p>") == "een\n\ntwee"


@pytest.mark.parametrize("attribute", ["x{}=1", "x{}", "x{}='>'", 'x{}="<b>"', "x{}=<"])
def test_a_tag_with_very_many_attributes_is_noticed_however_it_is_written(attribute: str) -> None:
    many = " ".join(attribute.format(n) for n in range(20_000))
    assert is_overloaded(f"<p>tekst <a {many}>x</a>".encode())
    assert not is_overloaded((f"<p>{many}</p>" + "<a href='x' class='y'>z</a>" * 5_000).replace("<b>", "").encode())


def test_a_title_is_one_line() -> None:
    assert line_of("<b>Een</b>\n  titel<br>hier") == "Een titel hier"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/a/b#c", "https://blog.example/a/b#c"),
        ("x.html?id=3&utm_source=nieuws&fbclid=1", "https://blog.example/map/x.html?id=3"),
        ("viewtopic.php?t=4&sid=0123abcd#p9", "https://blog.example/map/viewtopic.php?t=4#p9"),
        ("//ander.example", "https://ander.example/"),
        ("HTTPS://User:geheim@Ander.Example:8443/", "https://ander.example:8443/"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("pad met spatie", "https://blog.example/map/pad%20met%20spatie"),
        ("javascript:alert(1)", ""),
        (" https://ander.example/a b\n ", "https://ander.example/a%20b"),
        ("java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("mailto:a@b.nl", ""),
        ("http://host:poort/", ""),
        ("http://[kapot/", ""),
        ("http://", ""),
    ],
)
def test_only_web_addresses_are_followed_and_trackers_are_dropped(href: str, url: str) -> None:
    assert web_url("https://blog.example/map/", href) == url


@given(st.text(max_size=80))
def test_an_address_is_a_web_address_or_nothing(href: str) -> None:
    url = web_url("https://blog.example/", href)
    assert url == "" or url.startswith(("http://", "https://"))
    assert web_url("https://blog.example/", url) == (url or "https://blog.example/")


def test_a_reference_of_more_digits_than_python_counts_with_is_no_sign() -> None:
    assert text_of(f"Zonnebank &#{'9' * 5000}; &amp; co") == "Zonnebank \ufffd & co"
