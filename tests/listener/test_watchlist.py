"""What to listen to, as `sources.yaml` says it: every complaint at once, with its place and what was meant."""

from __future__ import annotations

import pytest

from listener import watchlist
from listener.types import Watchlist
from storage import settings
from storage.errors import ConfigError


def read(text: str) -> Watchlist:
    return watchlist.read(settings.parse(text, "sources.yaml", {}))


def complaints(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return "\n".join(caught.value.complaints)


def test_brands_and_sources_are_read() -> None:
    found = read(
        """
brands:
  zonnebank: {query: 'zonnebank*', own_accounts: "@zonnebank"}
  maanbank: {queries: {naam: maanbank, bijnaam: '"de maan"'}, competitor: true}
sources:
  - {name: blog, kind: wordpress, url: "https://blog.example", every: 15m}
  - {name: plek, kind: selectors, url: "https://plek.example", item: ".post", allow_private: ["127.0.0.1:8080"]}
"""
    )
    assert [brand.name for brand in found.brands] == ["zonnebank", "maanbank"]
    assert found.brands[0].own_accounts == ("@zonnebank",)
    assert found.brands[1].queries == {"naam": "maanbank", "bijnaam": '"de maan"'}
    blog, plek = found.sources
    assert (blog.every, blog.allow_private) == (900, False)
    assert (plek.options["item"], plek.allow_private) == (".post", ("127.0.0.1:8080",))


def test_where_hubs_ring_is_an_address_of_theirs_and_one_of_ours() -> None:
    found = read('websub: {callback: "https://desk.example/rings"}').websub
    assert found is not None and (found.host, found.port) == ("127.0.0.1", 8071)
    found = read('websub: {callback: "https://desk.example/rings", listen: "[::1]:9000"}').websub
    assert found is not None and (found.host, found.port) == ("::1", 9000)
    said = complaints('websub: {callback: "desk.example", listen: "9000"}')
    assert "websub.callback: is not a web address" in said
    assert "websub.listen: is not a host and a port" in said


def test_every_complaint_comes_at_once_with_its_place() -> None:
    said = complaints(
        """brands:
  zonnebank: {quiry: x}
sources:
  - {name: a, url: "ftp://x.example"}
  - {url: "https://x.example", every: soon}
"""
    )
    assert "sources.yaml:2: brands.zonnebank.quiry: is not a key that is known here (did you mean query?)" in said
    assert "sources.yaml:4: sources[0].url: is not a web address" in said
    assert "sources.yaml:5: sources[1].name: is missing" in said
    assert "sources.yaml:5: sources[1].every: is not a duration" in said


def test_a_wrong_query_is_shown_with_a_caret() -> None:
    said = complaints("brands:\n  zonnebank:\n    query: 'bank AND (rente OR'\n")
    assert "sources.yaml:3: brands.zonnebank.query" in said
    assert "^" in said


def test_a_query_cannot_collect_by_what_is_known_only_later() -> None:
    assert "brands.zonnebank.query" in complaints("brands: {zonnebank: {query: 'bank status:open'}}")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{name: a, url: 'https://x.example', kind: wordpres}", "wordpress"),
        ("{name: a, url: 'https://u:geheim@x.example'}", "holds a password"),
        ("{name: a, url: 'https://x.example', pause: 0}", "only for your own sites"),
    ],
)
def test_bad_sources_are_refused(source: str, said: str) -> None:
    text = complaints(f"sources: [{source}]")
    assert said in text
    assert "geheim" not in text


def test_two_sources_cannot_share_a_name() -> None:
    two = "sources: [{name: a, url: 'https://x.example'}, {name: a, url: 'https://y.example'}]"
    assert "name of another source" in complaints(two)


def test_a_slip_in_a_key_of_every_source_is_no_key_of_its_kind() -> None:
    said = complaints('sources: [{name: a, url: "https://a.example", evry: 5m, item: .post}]')
    assert said == "sources.yaml:1: sources[0].evry: is not a key that is known here (did you mean every?)"
    assert read('sources: [{name: a, kind: listener.sources.feed, url: "https://a.example", urls: []}]').sources[
        0
    ].options == {"urls": []}
