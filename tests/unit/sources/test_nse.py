"""The archive's addresses, what its files hold, and what is no file at all."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import InputFileError, SettingsError
from app.domain.fetching import SiteRefused, SiteUnavailable
from app.domain.prices import Basis
from app.sources.nse import UDIFF_SINCE, ArchiveFile, Contents, NseArchive, parse_archive
from tests.fakes.nse import FakeNse, index_file, share_file, zipped
from tests.shared_data import shared_file

DAY = date(2026, 11, 20)
OLD_DAY = date(2024, 7, 5)
CLOSES = {"INFY": 1500.5, "M&M": 2900.0, "RELIANCE": 1400.25}
SHARES, INDICES = ArchiveFile(Contents.SHARES, DAY), ArchiveFile(Contents.INDICES, DAY)


@pytest.fixture
def nse() -> Iterator[FakeNse]:
    with FakeNse() as server:
        server.trade(DAY, CLOSES, {"Nifty 50": 25_000.5, "Nifty Financial Services": 26_000.0})
        yield server


@pytest.mark.parametrize(
    ("contents", "day", "path"),
    [
        (Contents.SHARES, DAY, "/content/cm/BhavCopy_NSE_CM_0_0_0_20261120_F_0000.csv.zip"),
        (Contents.SHARES, UDIFF_SINCE, "/content/cm/BhavCopy_NSE_CM_0_0_0_20240708_F_0000.csv.zip"),
        (Contents.SHARES, OLD_DAY, "/content/historical/EQUITIES/2024/JUL/cm05JUL2024bhav.csv.zip"),
        (Contents.INDICES, OLD_DAY, "/content/indices/ind_close_all_05072024.csv"),
    ],
)
def test_every_file_has_its_public_address(contents: Contents, day: date, path: str) -> None:
    file = ArchiveFile(contents, day)
    assert file.path == path
    assert path.endswith(f"/{file.name}")


def test_a_file_comes_as_it_is_and_nse_hears_who_asks(nse: FakeNse) -> None:
    assert NseArchive(nse.root).fetch(SHARES) == nse.files[SHARES.path]
    (agent,) = nse.agents
    assert "kite-portfolio-risk/" in agent


def test_a_day_without_a_file_is_none(nse: FakeNse) -> None:
    assert NseArchive(nse.root).fetch(ArchiveFile(Contents.SHARES, DAY + timedelta(days=1))) is None


def test_a_web_page_under_the_name_of_a_file_is_refused(nse: FakeNse) -> None:
    nse.files[SHARES.path] = b"\xef\xbb\xbf\r\n <!DOCTYPE html><html>Access Denied</html>"
    with pytest.raises(SiteRefused, match=f"web page instead of {SHARES.name}"):
        NseArchive(nse.root).fetch(SHARES)


def test_an_archive_that_is_busy_is_asked_three_times(nse: FakeNse) -> None:
    nse.status = 503
    with pytest.raises(SiteUnavailable, match="503"):
        NseArchive(nse.root).fetch(SHARES)
    assert len(nse.asked) == 3


def test_an_archive_that_refuses_is_asked_once(nse: FakeNse) -> None:
    nse.status = 403
    with pytest.raises(SiteRefused, match="403"):
        NseArchive(nse.root).fetch(SHARES)
    assert len(nse.asked) == 1


@pytest.mark.parametrize("root", ["http://127.0.0.1", "http://127.0.0.1:8080/mirror"])
def test_a_stand_in_on_this_machine_is_a_name_and_a_port(root: str) -> None:
    with pytest.raises(SettingsError, match="NSE_ARCHIVE_ROOT"):
        NseArchive(root)


@pytest.mark.parametrize("day", [DAY, OLD_DAY])
def test_shares_come_as_traded_in_both_formats(day: date) -> None:
    prices = parse_archive(ArchiveFile(Contents.SHARES, day), share_file(day, CLOSES), day)
    assert dict(zip(prices.symbols, prices.ohlc[:, 3])) == CLOSES
    assert set(prices.days.astype(object)) == {day}
    assert prices.volume.tolist() == [50_000.0] * 3
    assert (prices.kind, prices.price_basis, prices.volume_basis) == ("bhavcopy", Basis.AS_TRADED, Basis.AS_TRADED)


def test_indices_come_under_the_names_they_are_stored_under() -> None:
    data = index_file(DAY, {"Nifty 50": 25_000.5, "Nifty Financial Services": 26_000.0, "India VIX": 13.25})
    prices = parse_archive(INDICES, data, DAY)
    found = dict(zip(prices.symbols, prices.ohlc[:, 3]))
    assert found == {"NIFTY50": 25_000.5, "NIFTYFINSERVICE": 26_000.0, "INDIAVIX": 13.25, "NIFTYGS10YR": 2300.5}
    assert np.isnan(prices.ohlc[prices.symbols == "NIFTYGS10YR", :3]).all(), "an index of closes alone"
    assert prices.price_basis is Basis.AS_TRADED


@pytest.mark.parametrize(
    ("file", "data", "complaint"),
    [
        (SHARES, share_file(DAY - timedelta(days=1), CLOSES), "holds prices of 2026-11-19, not of 2026-11-20"),
        (SHARES, share_file(DAY, CLOSES)[:-40], ""),
        (SHARES, zipped("x.csv", b""), ""),
        (SHARES, b"", ""),
        (INDICES, index_file(DAY, {"Nifty Bank": 1.0}), "has no Nifty 50"),
        (INDICES, index_file(DAY, {"Nifty 50": 1.0})[:100], ""),
        (INDICES, index_file(DAY - timedelta(days=3), {"Nifty 50": 1.0}), "not of 2026-11-20"),
    ],
    ids=["other day", "cut zip", "empty member", "empty", "no Nifty", "cut header", "other day of indices"],
)
def test_a_file_that_cannot_be_right_is_refused(file: ArchiveFile, data: bytes, complaint: str) -> None:
    with pytest.raises(InputFileError, match=complaint or file.name):
        parse_archive(file, data, DAY)


def test_a_real_session_comes_through_the_archives_format_unchanged() -> None:
    with gzip.open(shared_file("market/nse_raw_bhavcopy_2025.csv.gz"), "rt") as source:
        table = pd.read_csv(source)
    day = date(2025, 8, 26)
    real = table[(table["date"] == str(day)) & (table["series"] == "EQ")]
    closes = {str(symbol): float(close) for symbol, close in zip(real["symbol"], real["close"])}
    prices = parse_archive(ArchiveFile(Contents.SHARES, day), share_file(day, closes), day)
    assert len(closes) > 300
    assert dict(zip(prices.symbols, prices.ohlc[:, 3])) == closes
