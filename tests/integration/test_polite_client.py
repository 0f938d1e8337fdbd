"""The client against a local server, over TLS as in earnest: names lead to public addresses, connections end here."""

from __future__ import annotations

import gzip
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from app.domain.fetching import AddressRefused, FetchError, NotPublished, Seen, SiteRefused, SiteUnavailable
from app.sources.polite_client import PoliteClient, Timing
from app.sources.public_sites import open_public, open_stand_in
from tests.fakes.fund_sites import FakeSites, Reply
from tests.fakes.fund_sites.tls import server_context

HOST, OTHER, ELSEWHERE = "www.amfiindia.com", "portal.amfiindia.com", "evil.example"
FILE = f"{HOST}/a.xlsx"
MANY = Timing(per_second=1000.0, seconds=10.0, sleep=lambda _seconds: None)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    return server_context(tmp_path, HOST, OTHER)


@pytest.fixture
def sites(tls: tuple[ssl.SSLContext, Path]) -> Iterator[FakeSites]:
    with FakeSites(tls[0]) as fake:
        yield fake


Make = Callable[..., PoliteClient]


@pytest.fixture
def make(sites: FakeSites, tls: tuple[ssl.SSLContext, Path]) -> Make:
    """A client of which names are public addresses and connections to them end here."""

    def client(
        timing: Timing = MANY, names: Sequence[str] = ("8.8.8.8",), trusts: bool = True, max_bytes: int = 1 << 20
    ) -> PoliteClient:
        opener = partial(
            open_public,
            resolver=lambda _host: names,
            connector=lambda _place, seconds: socket.create_connection(("127.0.0.1", sites.port), seconds),
            authorities=lambda: (
                ssl.create_default_context(cafile=str(tls[1])) if trusts else ssl.create_default_context()
            ),
        )
        return PoliteClient((HOST, OTHER), opener=opener, timing=timing, max_bytes=max_bytes)

    return client


def test_a_file_comes_with_what_the_site_says_of_it(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(b"workbook", headers={"Last-Modified": "Mon, 09 Nov 2026 10:00:00 GMT"}, etag='"1"'))
    fetched = make().get(f"https://{FILE}")
    assert (fetched.status, fetched.body, fetched.not_modified) == (200, b"workbook", False)
    assert fetched.seen == Seen('"1"', "Mon, 09 Nov 2026 10:00:00 GMT")
    (asked,) = sites.asked
    assert asked.headers["User-Agent"].startswith("kite-portfolio-risk/")
    assert asked.host == HOST
    assert "Cookie" not in asked.headers


def test_a_file_that_has_not_changed_is_not_sent_again(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(b"workbook", etag='"1"'))
    fetched = make().get(f"https://{FILE}", make().get(f"https://{FILE}").seen)
    assert fetched.not_modified
    assert fetched.body == b""


def test_a_query_is_posted(make: Make, sites: FakeSites) -> None:
    sites.put(f"{HOST}/list", b"[]")
    assert make().post(f"https://{HOST}/list", b"year=2026", "application/x-www-form-urlencoded").body == b"[]"
    assert (sites.asked[0].method, sites.asked[0].body) == ("POST", b"year=2026")


def test_a_certificate_that_nobody_vouches_for_ends_it(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, b"workbook")
    with pytest.raises(SiteRefused, match="certificate"):
        make(trusts=False).get(f"https://{FILE}")
    assert sites.asked == []


def test_a_certificate_of_another_name_ends_it(sites: FakeSites, tls: tuple[ssl.SSLContext, Path]) -> None:
    opener = partial(
        open_public,
        resolver=lambda _host: ["8.8.8.8"],
        connector=lambda _place, seconds: socket.create_connection(("127.0.0.1", sites.port), seconds),
        authorities=lambda: ssl.create_default_context(cafile=str(tls[1])),
    )
    with pytest.raises(SiteRefused, match="certificate"):
        PoliteClient(["www.sbimf.com"], opener=opener, timing=MANY).get("https://www.sbimf.com/a.xlsx")
    assert sites.asked == []


def test_a_name_that_leads_into_the_own_network_is_not_asked(make: Make, sites: FakeSites) -> None:
    with pytest.raises(AddressRefused, match="not a public address"):
        make(names=("192.168.1.10",)).get(f"https://{FILE}")
    assert sites.asked == []


def test_a_redirect_to_a_listed_site_is_followed(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(status=302, headers={"Location": "/moved/a%20b.xlsx"}))
    sites.put(f"{HOST}/moved/a%20b.xlsx", Reply(status=301, headers={"Location": f"https://{OTHER}/b.xlsx"}))
    sites.put(f"{OTHER}/b.xlsx", b"workbook")
    fetched = make().get(f"https://{FILE}")
    assert (fetched.body, fetched.url) == (b"workbook", f"https://{OTHER}/b.xlsx")


@pytest.mark.parametrize(
    "location",
    [
        "http://www.amfiindia.com/a.xlsx", "https://evil.example/a.xlsx", "//evil.example/a.xlsx", "file:///etc/passwd",
        "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://localhost/",
        "https://www.amfiindia.com:8443/", "https://user@www.amfiindia.com/", "https://[", "gopher://www.amfiindia.com/",
        "\\\\evil.example\\a",
    ],
)  # fmt: skip
def test_a_redirect_outside_the_rules_is_not_followed(make: Make, sites: FakeSites, location: str) -> None:
    sites.put(FILE, Reply(status=302, headers={"Location": location}))
    with pytest.raises(AddressRefused):
        make().get(f"https://{FILE}")
    assert sites.urls() == [FILE]


def test_a_redirect_is_resolved_anew_and_its_addresses_looked_at(
    sites: FakeSites, tls: tuple[ssl.SSLContext, Path]
) -> None:
    addresses = {HOST: ["8.8.8.8"], OTHER: ["127.0.0.1"]}
    opener = partial(
        open_public,
        resolver=lambda host: addresses[host],
        connector=lambda _place, seconds: socket.create_connection(("127.0.0.1", sites.port), seconds),
        authorities=lambda: ssl.create_default_context(cafile=str(tls[1])),
    )
    sites.put(FILE, Reply(status=302, headers={"Location": f"https://{OTHER}/b.xlsx"}))
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        PoliteClient([HOST, OTHER], opener=opener, timing=MANY).get(f"https://{FILE}")
    assert sites.urls() == [FILE]


def test_a_circle_of_redirects_is_left(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(status=302, headers={"Location": "/a.xlsx"}))
    with pytest.raises(AddressRefused, match="redirects more than 3 times"):
        make().get(f"https://{FILE}")
    assert sites.times(FILE) == 4


def test_a_query_is_not_carried_on_to_another_address(make: Make, sites: FakeSites) -> None:
    sites.put(f"{HOST}/list", Reply(status=307, headers={"Location": f"https://{OTHER}/list"}))
    with pytest.raises(AddressRefused):
        make().post(f"https://{HOST}/list", b"{}", "application/json")


@pytest.mark.parametrize(
    ("status", "error", "times"),
    [(404, NotPublished, 1), (410, NotPublished, 1), (403, SiteRefused, 1), (401, SiteRefused, 1),
     (451, SiteRefused, 1), (429, SiteUnavailable, 3), (500, SiteUnavailable, 3),
     (503, SiteUnavailable, 3), (418, SiteRefused, 1)],
)  # fmt: skip
def test_each_status_has_its_meaning_and_only_a_busy_site_is_asked_again(
    make: Make, sites: FakeSites, status: int, error: type[FetchError], times: int
) -> None:
    sites.put(FILE, Reply(status=status))
    with pytest.raises(error):
        make().get(f"https://{FILE}")
    assert sites.times(FILE) == times


def test_a_site_that_was_busy_once_is_asked_again_after_the_pause_it_wants(make: Make, sites: FakeSites) -> None:
    pauses: list[float] = []
    sites.put(FILE, Reply(status=503, headers={"Retry-After": "7"}), b"workbook")
    timing = Timing(per_second=1000.0, sleep=pauses.append, now=iter(range(10_000)).__next__, jitter=lambda: 0.5)
    assert make(timing).get(f"https://{FILE}").body == b"workbook"
    assert pauses == [7.0]


def test_a_site_that_wants_a_long_pause_is_left_alone(make: Make, sites: FakeSites) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    sites.put(FILE, Reply(status=429, headers={"Retry-After": later}))
    with pytest.raises(SiteUnavailable) as caught:
        make().get(f"https://{FILE}")
    assert sites.times(FILE) == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 3000


def test_pauses_grow_and_are_not_the_same_for_everybody(make: Make, sites: FakeSites) -> None:
    pauses: list[float] = []
    sites.put(FILE, Reply(status=500, headers={"Retry-After": "soon"}))
    timing = Timing(
        per_second=1000.0, sleep=pauses.append, now=iter(range(10_000)).__next__, jitter=iter([0.0, 1.0]).__next__
    )
    with pytest.raises(SiteUnavailable):
        make(timing).get(f"https://{FILE}")
    assert pauses == [1.0, 6.0]


def test_requests_to_one_host_are_spaced(make: Make, sites: FakeSites) -> None:
    clock = [0.0]
    starts: list[float] = []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    sites.put(FILE, b"workbook")
    client = make(Timing(per_second=0.5, now=lambda: clock[0], sleep=sleep))
    for _ in range(3):
        client.get(f"https://{FILE}")
        starts.append(clock[0])
    assert all(later - earlier >= 2.0 for earlier, later in pairwise(starts))


def test_a_site_that_never_answers_is_given_up(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(hangs=True))
    with pytest.raises(SiteUnavailable, match="no answer in time"):
        make(Timing(per_second=1000.0, seconds=0.2, sleep=lambda _seconds: None)).get(f"https://{FILE}")


def test_a_site_that_trickles_is_given_up(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(b"x" * 10_000, trickles=True))
    with pytest.raises(SiteUnavailable, match="no answer in time"):
        make(Timing(per_second=1000.0, seconds=0.3, sleep=lambda _seconds: None)).get(f"https://{FILE}")


def test_an_answer_that_breaks_off_is_no_file(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(b"workbook", cut=3), b"workbook")
    assert make().get(f"https://{FILE}").body == b"workbook"
    assert sites.times(FILE) == 2


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_beyond_the_limit_is_not_read_to_its_end(make: Make, sites: FakeSites, packed: bool) -> None:
    body = bytes(64 << 20)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    sites.put(FILE, Reply(gzip.compress(body, 9) if packed else body, headers=headers))
    with pytest.raises(SiteRefused, match="larger than 1 MB"):
        make().get(f"https://{FILE}")


def test_bytes_that_unfold_to_nothing_without_end_are_not_read_to_their_end(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(gzip.compress(b"") * 100_000, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SiteRefused, match="larger than 1 MB"):
        make().get(f"https://{FILE}")


def test_a_packed_answer_is_unpacked(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(gzip.compress(b"workbook"), headers={"Content-Encoding": "gzip"}))
    assert make().get(f"https://{FILE}").body == b"workbook"


@pytest.mark.parametrize(
    ("packing", "body"), [("br", b"workbook"), ("gzip", b"workbook"), ("gzip", zlib.compress(b"workbook"))]
)
def test_an_answer_packed_otherwise_than_asked_is_refused(
    make: Make, sites: FakeSites, packing: str, body: bytes
) -> None:
    sites.put(FILE, Reply(body, headers={"Content-Encoding": packing}))
    with pytest.raises(SiteRefused):
        make().get(f"https://{FILE}")


def test_half_a_packed_answer_is_no_file(make: Make, sites: FakeSites) -> None:
    sites.put(FILE, Reply(gzip.compress(b"workbook" * 100)[:-9], headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SiteUnavailable, match="broke off"):
        make().get(f"https://{FILE}")


def test_proxies_of_the_environment_are_not_used(make: Make, sites: FakeSites, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    sites.put(FILE, b"workbook")
    assert make().get(f"https://{FILE}").body == b"workbook"


def test_in_a_rehearsal_a_server_here_answers_and_the_rules_hold() -> None:
    with FakeSites() as here:
        here.put(FILE, b"workbook")
        client = PoliteClient([HOST], opener=open_stand_in(here.root), timing=MANY)
        assert client.get(f"https://{FILE}").body == b"workbook"
        for url in (f"http://{FILE}", f"{here.root}/a.xlsx", f"https://{ELSEWHERE}/a.xlsx"):
            with pytest.raises(AddressRefused):
                client.get(url)
        assert here.urls() == [FILE]
