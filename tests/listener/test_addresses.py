"""What may be fetched: every spelling of an inside address is seen through."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import Blocked
from listener.network.addresses import check_addresses, check_port, parse, shown
from storage.addresses import is_public

LOOPBACK = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0X7F.0.0.1/",
    "http://017700000001/",
    "http://0177.0.0.01/",
    "http://127.0.0.1./",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://0/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
]


@pytest.mark.parametrize("url", LOOPBACK)
def test_every_spelling_of_this_machine_is_inside(url: str) -> None:
    target = parse(url)
    assert target.literal is not None
    with pytest.raises(Blocked, match="inside the network"):
        check_addresses(target, [target.host], False)
    check_addresses(target, [target.host], True)


INSIDE = [
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "168.63.129.16",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "64:ff9b:1::1",
    "64:ff9b::a00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "2002:a00:1::",
    "2001::1",
    "100::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_that_are_not_on_the_internet_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_addresses_on_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_a_public_address_is_always_a_global_one(ip: IPv4Address | IPv6Address) -> None:
    if is_public(str(ip)):
        inner = ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
        assert inner.is_global and not inner.is_multicast


def test_one_inside_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Blocked, match=r"10\.0\.0\.5"):
        check_addresses(parse("http://two.example/"), ["1.1.1.1", "10.0.0.5"], False)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://blog.example/",
        "file:///etc/passwd",
        "gopher://blog.example/",
        "javascript:alert(1)",
        "blog.example/feed",
        "",
        "http://",
        "http:///feed",
        "http://anna:geheim@blog.example/",
        "http://blog.example@127.0.0.1/",
        "http://blog.example\\@127.0.0.1/",
        "http://blog example/",
        "http://blog.example/a\r\nX: y",
        "http://%31%32%37.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1",
        "http://[abc]/",
        "http://1.2.3.999/",
        "http://1.2.3.4.5/",
        "http://blog.example:99999/",
        "http://blog.example:abc/",
        "http://" + "a" * 64 + ".example/",
        "http://a..example/",
        "http://blog.example/" + "a" * 9000,
    ],
)
def test_what_is_not_a_plain_web_address_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(Blocked) as refusal:
        parse(url)
    sentence = str(refusal.value)
    assert "geheim" not in sentence and "anna" not in sentence
    assert sentence.endswith(".") and sentence.isprintable() and len(sentence) < 400


@pytest.mark.parametrize("port", [0, 22, 25, 53, 110, 993, 3306, 6379])
def test_ports_of_other_services_are_refused_unless_named(port: int) -> None:
    target = parse(f"http://blog.example:{port}/")
    for allowed in (False, True):
        with pytest.raises(Blocked, match="other ports"):
            check_port(target, allowed)
    check_port(target, (f"blog.example:{port}",))


@pytest.mark.parametrize("port", [80, 443, 1024, 8080, 8443])
def test_ports_of_web_servers_are_fine(port: int) -> None:
    check_port(parse(f"http://blog.example:{port}/"), False)


def test_an_allowed_inside_address_is_allowed_at_its_port_only() -> None:
    allowed = ("127.0.0.1:8080", "[::1]:8080", "intranet.example")
    check_addresses(parse("http://127.0.0.1:8080/"), ["127.0.0.1"], allowed)
    check_addresses(parse("http://127.1:8080/"), ["127.0.0.1"], allowed)
    check_addresses(parse("http://[::1]:8080/"), ["::1"], allowed)
    check_addresses(parse("https://intranet.example/"), ["10.0.0.1"], allowed)
    for url in ("http://127.0.0.1:8081/", "http://127.0.0.2:8080/", "http://evil.example:8080/"):
        with pytest.raises(Blocked):
            check_addresses(parse(url), ["127.0.0.1"], allowed)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"])
def test_what_clouds_keep_secrets_at_is_allowed_only_by_name(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Blocked):
        check_addresses(parse(f"http://{host}/"), [address], True)
    check_addresses(parse("http://metadata.example:80/"), [address], ("metadata.example:80",))


def test_an_address_is_normalised_once_and_for_all() -> None:
    target = parse("  HTTPS://Bücher.Example:443/über uns?q=é#top ".replace(" uns", "-uns"))
    assert target.url == "https://xn--bcher-kva.example/%C3%BCber-uns?q=%C3%A9"
    assert target.netloc == "xn--bcher-kva.example"
    assert parse("http://blog.example").url == "http://blog.example/"
    assert parse("http://blog.example:8080/?a=%20b&c[]=1").path == "/?a=%20b&c[]=1"


@given(st.text())
def test_any_text_is_parsed_or_refused_and_can_be_shown(text: str) -> None:
    assert shown(text).isprintable()
    try:
        target = parse("http://" + text)
    except Blocked:
        return
    assert parse(target.url) == target


def test_shown_addresses_have_no_secrets() -> None:
    assert shown("https://anna:geheim@blog.example:8443/feed?token=abc#x") == "https://blog.example:8443/feed?…"
