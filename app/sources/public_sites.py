"""Which addresses may be asked for a download, and a connection that can only lead to one of them.

Two gates. ``check_url`` looks at the words of an address: https, port 443, a host on the list. ``open_public`` looks at
the machine behind the name: every address that the name service gives must be public, and the connection goes to one
that was looked at, so a name that changes its mind between the look and the connection gains nothing.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import certifi
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from app.domain.errors import SettingsError
from app.domain.fetching import AddressRefused, SiteUnavailable

HTTPS_PORT = 443
CONNECT_SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
GLOBAL_IPV6 = ip_network("2000::/3")
"""All that is handed out for the public IPv6 network; what wraps an IPv4 address within it is left out below."""
WRAPPED_IPV4 = (ip_network("2001::/32"), ip_network("2002::/16"))
"""Teredo and 6to4: an IPv4 address, maybe a private one, inside an IPv6 address."""
SPECIAL = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"), ip_network("3fff::/20"))
"""Networks for protocols, relays and examples that older versions of Python take for public ones."""

Resolver = Callable[[str], Sequence[str]]
"""The IP addresses of a host name, in order of preference; raises OSError."""
Connector = Callable[[tuple[str, int], float], socket.socket]
"""A TCP connection to an IP address and port within seconds; raises OSError."""
Opener = Callable[[str, float], socket.socket]
"""A connection to a host, ready for a request, opened within seconds."""


@dataclass(frozen=True, slots=True)
class Address:
    """An https address that passed: ``host`` in lower case, ``target`` path and query, percent-encoded."""

    host: str
    target: str

    @property
    def url(self) -> str:
        """The address as text."""
        return f"https://{self.host}{self.target}"


def check_url(url: str, hosts: Set[str]) -> Address:
    """The parts of an address that may be fetched: https, port 443, no user name, a host of ``hosts``.

    A host of the list that begins with a dot stands for every host below it, any other for itself alone.
    What is returned is what is connected to; the text is never parsed a second time. Raises AddressRefused.
    """
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise AddressRefused("?", "is not an address") from None
    host = (parts.host or "").lower()
    if any(ord(letter) < 32 or ord(letter) == 127 or letter == "\\" for letter in url):
        raise AddressRefused(host, "the address holds characters that no address has")
    if parts.scheme != "https" or parts.port not in {None, HTTPS_PORT}:
        raise AddressRefused(host, "only https on port 443 is fetched")
    if parts.auth is not None:
        raise AddressRefused(host, "the address holds a user name")
    if host not in hosts and not any(below.startswith(".") and host.endswith(below) for below in hosts):
        raise AddressRefused(host, "is not on the list of sites")
    return Address(host, parts.request_uri)


def is_public(address: str) -> bool:
    """True for an IP address of the public network; False for any other, also one that wraps or maps another."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or found.is_reserved or _is_in(found, SPECIAL):
        return False
    return found.version == 4 or (_is_in(found, (GLOBAL_IPV6,)) and not _is_in(found, WRAPPED_IPV4))


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def resolve(host: str) -> tuple[str, ...]:
    """The addresses of the system's name service."""
    found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def trusted_authorities() -> ssl.SSLContext:
    """The system's certificate authorities and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def open_public(
    host: str,
    seconds: float,
    *,
    resolver: Resolver = resolve,
    connector: Connector = socket.create_connection,
    authorities: Callable[[], ssl.SSLContext] = trusted_authorities,
) -> socket.socket:
    """A TLS connection to a public address of the host, its certificate checked against the name.

    Raises:
        AddressRefused: one of its addresses is not public; none is asked then.
        OSError: no connection in time, or a bad certificate (ssl.SSLCertVerificationError).
    """
    addresses = resolver(host)
    strange = [address for address in addresses if not is_public(address)]
    if strange:
        raise AddressRefused(host, f"its name leads to {strange[0]}, which is not a public address")
    plain = _connect(host, addresses, time.monotonic() + min(seconds, CONNECT_SECONDS), connector)
    try:
        return authorities().wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def _connect(host: str, addresses: Sequence[str], end: float, connector: Connector) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no connection in time")
        try:
            return connector((address, HTTPS_PORT), left)
        except OSError as error:
            failure = error
    raise failure or SiteUnavailable(host, "its name leads nowhere")


def open_stand_in(root: str) -> Opener:
    """Connections for a rehearsal: whatever host is asked for, a server on this machine answers, without TLS.

    ``root`` is ``http://`` with a loopback name and a port; the host asked for arrives in the Host header. Everything
    else holds as always: the list of hosts, https in the addresses, size and time. Raises SettingsError.
    """
    parts = urlsplit(root)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.port is None or parts.path.strip("/"):
        raise SettingsError("FUND_SITES_ROOT must be like http://127.0.0.1:8080: a server on this machine.")
    place = (parts.hostname, parts.port)
    return lambda _host, seconds: socket.create_connection(place, min(seconds, CONNECT_SECONDS))
