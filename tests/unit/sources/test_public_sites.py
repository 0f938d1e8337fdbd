from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from app.domain.errors import SettingsError
from app.domain.fetching import AddressRefused
from app.sources.public_sites import check_url, is_public, open_public, open_stand_in, resolve

HOSTS = frozenset({"www.amfiindia.com", ".hdfcfund.com"})

REFUSED_URLS = (
    "http://www.amfiindia.com/a.xlsx",
    "HTTP://www.amfiindia.com/a.xlsx",
    "ftp://www.amfiindia.com/a.xlsx",
    "file:///etc/passwd",
    "file://www.amfiindia.com/etc/passwd",
    "gopher://www.amfiindia.com/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "//www.amfiindia.com/a.xlsx",
    "/a.xlsx",
    "www.amfiindia.com/a.xlsx",
    "",
    "https://",
    "https:///a.xlsx",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://localhost/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://evil.example/",
    "https://www.amfiindia.com.evil.example/",
    "https://evilamfiindia.com/",
    "https://evil.example/www.amfiindia.com",
    "https://evil.example?www.amfiindia.com",
    "https://evil.example#www.amfiindia.com",
    "https://www.amfiindia.com@evil.example/",
    "https://user@www.amfiindia.com/",
    "https://user:secret@www.amfiindia.com/",
    "https://evil.example\\@www.amfiindia.com/",
    "https://www.amfiindia.com\\.evil.example/",
    "https://www.amfiindia.com:80/",
    "https://www.amfiindia.com:8443/",
    "https://www.amfiindia.com:5432/",
    "https://www.amfiindia.com:99999/",
    "https://www.amfiindia.com:abc/",
    "https://www.amfiindia.com./",
    "https://hdfcfund.com/",
    "https://hdfcfund.com.evil.example/",
    "https://evilhdfcfund.com/",
    "https://www.amfiindia.com/a\r\nHost: evil.example",
    "https://www.amfiindia.com/a\x00b",
    "https://ww\u200bw.amfiindia.com/",
    "https://ｗww.amfiindia.com/",
    "https://www.amfiindia。com/",
)

NOT_PUBLIC = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "fc00::1", "fd12:3456::1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "3fff::1",
    "", "localhost", "127.1", "0x7f.1", "2130706433",
)  # fmt: skip


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_an_address_outside_the_rules_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, HOSTS)


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://www.amfiindia.com/spages/NAVAll.txt", "www.amfiindia.com", "/spages/NAVAll.txt"),
        ("HTTPS://WWW.AMFIINDIA.COM/a", "www.amfiindia.com", "/a"),
        ("https://www.amfiindia.com:443/a?b=c#d", "www.amfiindia.com", "/a?b=c"),
        ("https://www.amfiindia.com", "www.amfiindia.com", "/"),
        ("https://files.hdfcfund.com/s3/Monthly HDFC.xlsx", "files.hdfcfund.com", "/s3/Monthly%20HDFC.xlsx"),
        ("https://a.b.hdfcfund.com/x%20y", "a.b.hdfcfund.com", "/x%20y"),
        ("https://www.amfiindia.com/a/../../b", "www.amfiindia.com", "/b"),
    ],
)
def test_an_address_of_a_listed_host_passes_with_its_parts_as_they_are_sent(url: str, host: str, target: str) -> None:
    address = check_url(url, HOSTS)
    assert (address.host, address.target) == (host, target)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_outside_the_public_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "13.234.0.1", "2606:4700::1111", "2a00:1450:4001::5e"])
def test_an_address_of_the_public_network_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "found", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("8.8.8.8", "::1"), ("169.254.169.254",), ("::ffff:8.8.8.8",)]
)
def test_a_name_with_any_address_that_is_not_public_is_never_connected_to(found: Sequence[str]) -> None:
    def connector(place: tuple[str, int], _seconds: float) -> socket.socket:
        raise AssertionError(f"connected to {place}")

    with pytest.raises(AddressRefused, match="not a public address"):
        open_public("www.amfiindia.com", 1.0, resolver=lambda _host: found, connector=connector)


def test_the_connection_goes_to_the_address_that_was_looked_at_whatever_the_name_says_next() -> None:
    answers = iter([["8.8.8.8", "1.1.1.1"], ["127.0.0.1"]])
    tried: list[tuple[str, int]] = []

    def connector(place: tuple[str, int], _seconds: float) -> socket.socket:
        tried.append(place)
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        open_public("www.amfiindia.com", 1.0, resolver=lambda _host: next(answers), connector=connector)
    assert tried == [("8.8.8.8", 443), ("1.1.1.1", 443)]


def test_the_system_resolver_gives_plain_addresses() -> None:
    assert set(resolve("localhost")) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "root",
    [
        "https://127.0.0.1:80",
        "http://10.0.0.1:80",
        "http://example.com:80",
        "http://127.0.0.1",
        "http://127.0.0.1:80/x",
    ],
)
def test_a_rehearsal_may_only_be_on_this_machine(root: str) -> None:
    with pytest.raises(SettingsError, match="FUND_SITES_ROOT"):
        open_stand_in(root)
