"""One site, asked within one clock: whatever goes wrong, the sentence says whether the reply may have arrived."""

from __future__ import annotations

import gzip
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from desk.channels import _http
from desk.channels._http import Site, address_of, check, keys, letters, link, reason, word
from desk.errors import SendError, SendUncertain

HERE = {"allow_private": True}


def hand_over(url: str, **more: Any) -> Any:
    """Hands something over at `url`."""
    return Site(url, HERE, **more).hand_over("/posts", json={"text": "Dag"}).data


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is over quickly."""
    monkeypatch.setattr(_http, "SECONDS", 0.4)


def test_what_is_handed_over_arrives_and_the_answer_is_read(serve: Any, said: Any) -> None:
    site = serve(lambda asked: said(201, {"id": 7}))
    assert hand_over(site.url, headers={"Authorization": "Bearer s3cret"}) == {"id": 7}
    (asked,) = site.asked
    assert (asked.method, asked.path, asked.json) == ("POST", "/posts", {"text": "Dag"})
    assert asked.headers["authorization"] == "Bearer s3cret"
    assert asked.headers["host"] == site.url.removeprefix("http://")
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "certain", "words"),
    [
        (301, True, "follows no redirect"),
        (302, False, "follows no redirect"),
        (307, True, "follows no redirect"),
        (400, True, "refused the reply (400)"),
        (401, True, "check the keys of reply:"),
        (403, True, "does not let us answer"),
        (404, True, "has no such post"),
        (410, True, "has no such post"),
        (413, True, "refused the reply"),
        (422, True, "refused the reply"),
        (429, True, "try again in 30 s"),
        (500, False, "failed (500)"),
        (502, False, "failed"),
        (503, False, "failed"),
        (202, False, "not understood"),
        (204, False, "not understood"),
    ],
)
def test_each_answer_says_whether_the_reply_may_have_arrived(
    serve: Any, said: Any, status: int, certain: bool, words: str
) -> None:
    body = b"" if status == 204 else b"{}"
    site = serve(lambda asked: said(status, headers={"Retry-After": "30", "Location": "/elsewhere"}, body=body))
    with pytest.raises(
        SendError if certain else SendUncertain, match="(?s)" + words.replace("(", r"\(").replace(")", r"\)")
    ):
        hand_over(site.url)
    assert len(site.asked) == 1
    with pytest.raises(SendError):
        Site(site.url, HERE).look("/posts")


def test_a_redirect_takes_our_password_nowhere(serve: Any, said: Any) -> None:
    thief = serve(lambda asked: said())
    site = serve(lambda asked: said(302, headers={"Location": f"{thief.url}/posts"}))
    with pytest.raises(SendUncertain):
        hand_over(site.url, headers={"Authorization": "Bearer s3cret"})
    assert thief.asked == []


def test_a_line_cut_after_the_request_was_read_is_uncertain(serve: Any, said: Any) -> None:
    site = serve(lambda asked: said(how="cut"))
    with pytest.raises(SendUncertain, match=r"broke off .* look whether"):
        hand_over(site.url)
    with pytest.raises(SendError, match="nothing was sent"):
        Site(site.url, HERE).look("/posts")


def test_a_site_that_cannot_be_reached_got_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SendError, match="cannot be reached; nothing was sent"):
        hand_over(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_one_clock_bounds_the_whole_send_however_slowly_the_site_drips(
    serve: Any, said: Any, soon: None, how: str
) -> None:
    site = serve(lambda asked: said(how=how))
    with pytest.raises(SendUncertain, match="did not answer within"):
        hand_over(site.url)


def test_the_clock_runs_on_over_several_questions(serve: Any, said: Any, soon: None) -> None:
    site = serve(lambda asked: said(data={}, how="hang" if asked.path == "/first" else "whole"))
    asking = Site(site.url, HERE)
    with pytest.raises(SendError, match="did not answer"):
        asking.look("/first")
    with pytest.raises(SendError, match=r"did not answer within .* nothing was sent"):
        asking.hand_over("/second", json={})
    assert [each.path for each in site.asked] == ["/first"]


@pytest.mark.parametrize(
    "body", [b"<!doctype html><title>Log in</title>", b"", b"[1]", b'"ok"', b"\xff\xfe", b"[" * 100_000, b"1" * 5000]
)
def test_an_answer_that_is_no_json_object_leaves_the_reply_uncertain(serve: Any, said: Any, body: bytes) -> None:
    site = serve(lambda asked: said(200, body=body))
    with pytest.raises(SendUncertain, match="did not say where it stands"):
        hand_over(site.url)


def test_an_answer_is_read_only_so_far(serve: Any, said: Any) -> None:
    endless = b'{"a": "' + b"x" * (2 * _http.MOST)
    with pytest.raises(SendUncertain):
        hand_over(serve(lambda asked: said(200, body=endless)).url)


def test_a_packed_answer_that_nobody_asked_for_is_not_unpacked(serve: Any, said: Any) -> None:
    site = serve(lambda asked: said(200, body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SendUncertain):
        hand_over(site.url)
    assert site.asked[0].headers["accept-encoding"] == "identity"


def test_a_site_that_repeats_our_secrets_or_sends_escapes_does_not_get_them_into_a_sentence(
    serve: Any, said: Any
) -> None:
    site = serve(lambda asked: said(422, {"message": "Bad \x1b[2Jtoken s3cret, s&#51;cret, s\u200b3cret" + "!" * 900}))
    with pytest.raises(SendError) as caught:
        hand_over(site.url, headers={"Authorization": "Bearer s3cret"}, secrets=("s3cret",))
    sentence = str(caught.value)
    assert "s3cret" not in sentence and "\x1b" not in sentence and len(sentence) < 400
    assert "Bad" in sentence


@pytest.mark.parametrize("value", ["Bearer s3cr\r\nX-Evil: 1", "Bearer pässword", "Bearer \x00"])
def test_a_key_with_odd_characters_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(SendError, match="characters that cannot be sent") as caught:
        hand_over("http://127.0.0.1:9", headers={"Authorization": value})
    assert "s3cr" not in str(caught.value)


def test_a_place_that_makes_no_address_is_refused() -> None:
    with pytest.raises(SendError, match="no address that can be asked"):
        Site("http://127.0.0.1:9", HERE).look("/a\x00b")


PUBLIC, INSIDE = "93.184.216.34", "192.168.1.9"


@pytest.mark.parametrize(
    ("addresses", "allowed", "encrypted", "words"),
    [
        ((INSIDE,), False, True, "inside the network"),
        ((PUBLIC, INSIDE), False, True, "inside the network"),
        (("::1",), False, True, "inside the network"),
        (("::ffff:127.0.0.1",), False, True, "inside the network"),
        (("169.254.169.254",), ("other.example",), True, "inside the network"),
        (("169.254.169.254",), True, True, "inside the network"),
        ((INSIDE,), ("site.example:444",), True, "inside the network"),
        ((PUBLIC,), False, False, "not encrypted"),
        ((PUBLIC,), True, False, "not encrypted"),
        ((INSIDE,), ("site.example",), False, ""),
        ((INSIDE,), ("site.example:443",), True, ""),
        ((INSIDE,), True, False, ""),
        ((PUBLIC,), False, True, ""),
    ],
)
def test_credentials_go_out_over_tls_and_inside_only_where_the_configuration_says(
    addresses: tuple[str, ...], allowed: Any, encrypted: bool, words: str
) -> None:
    if not words:
        check("site.example", 443, addresses, allowed, encrypted=encrypted)
        return
    with pytest.raises(SendError, match=words):
        check("site.example", 443, addresses, allowed, encrypted=encrypted)


def test_a_site_inside_the_network_is_not_even_connected_to(serve: Any, said: Any) -> None:
    site = serve(lambda asked: said())
    for options in ({}, {"allow_private": False}, {"allow_private": ("127.0.0.1:1",)}):
        with pytest.raises(SendError, match="allow_private"):
            Site(site.url, options).look("/")
    assert site.asked == []


def test_the_address_that_was_checked_is_the_one_connected_to(
    serve: Any, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(lambda asked: said(201, {"id": 1}))
    port = int(site.url.rpartition(":")[2])
    asked_for: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked_for.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    options = {"allow_private": (f"blog.example:{port}",)}
    assert Site(f"http://blog.example:{port}", options).hand_over("/", json={}).data == {"id": 1}
    assert asked_for == ["blog.example"]
    assert site.asked[0].headers["host"] == f"blog.example:{port}"


@pytest.mark.parametrize("name", ["blog.example", "other.example"])
def test_tls_is_checked_against_the_name_and_not_the_address(
    serve: Any, said: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    site = serve(lambda asked: said(201, {"id": 1}))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("blog.example").configure_cert(context)
    site.socket = context.wrap_socket(site.socket, server_side=True)
    port = site.server_address[1]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
    asking = Site(f"https://{name}:{port}", {"allow_private": True})
    if name == "blog.example":
        assert asking.hand_over("/", json={}).data == {"id": 1}
    else:
        with pytest.raises(SendError, match="has no valid certificate; nothing was sent"):
            asking.hand_over("/", json={})


def test_a_name_that_nobody_knows_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SendError, match=r"blog.example cannot be found"):
        Site("https://blog.example", {}).look("/")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://forum.example/", "https://forum.example"),
        ("https://forum.example/forum/c/geld?x=1#y", "https://forum.example/forum"),
        ("https://forum.example:8443/t/een-topic/12", "https://forum.example:8443"),
    ],
)
def test_a_site_is_where_its_own_paths_begin(url: str, base: str) -> None:
    assert address_of({"url": url}, r"/(?:c|t)/") == base


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x.example", "javascript:alert(1)", "https://u:p@x.example", "http://", "https://x\n.example", None],
)
def test_what_is_no_web_address_is_refused(url: Any) -> None:
    with pytest.raises(SendError, match=r"reply\.url") as caught:
        address_of({"url": url})
    assert "u:p" not in str(caught.value)


def test_missing_keys_are_named() -> None:
    with pytest.raises(SendError, match=r"wants reply\.user and reply\.password in"):
        keys({"user": " "}, "user", "password")
    assert keys({"user": "webcare", "password": 1234}, "user", "password") == ("webcare", "1234")


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(Json, st.lists(st.text() | st.integers(min_value=0, max_value=3), max_size=4))
def test_any_json_can_be_asked_for_any_place(data: Any, way: list[str | int]) -> None:
    assert isinstance(word(data, *way), str)
    assert isinstance(reason(data), str)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"code": "rest_forbidden", "message": "Sorry."}, "Sorry."),
        ({"errors": ["Body is too similar"]}, "Body is too similar"),
        ({"errors": [{"status": "422", "detail": "Too long"}]}, "Too long"),
        ({"status": {"code": "bad-request", "message": "Wait"}, "response": {}}, "Wait"),
        ({"error": "InvalidRequest", "message": "Record too long"}, "Record too long"),
        ({"error": "invalid_grant"}, "invalid_grant"),
        ([1], ""),
    ],
)
def test_each_site_says_why_in_its_own_way(data: Any, why: str) -> None:
    assert reason(data) == why


def test_links_of_a_site_are_web_addresses_or_nothing() -> None:
    assert link("https://x.example/1") == "https://x.example/1"
    assert [link(each) for each in ("javascript:x", "", "https://x.example/ y", "https://x/" + "a" * 3000)] == [
        None
    ] * 4


@given(st.text())
def test_what_a_site_makes_of_blanks_and_quotes_does_not_change_the_letters(text: str) -> None:
    assert letters(f" \u201c{text}\u201d\n") == letters(text)
