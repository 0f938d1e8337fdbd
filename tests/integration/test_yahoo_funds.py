"""The largest positions of a fund, by the real yfinance from a Yahoo on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from app.sources.yahoo import YahooUnavailable
from app.sources.yahoo_funds import TopPosition, YahooFunds, read_positions
from tests.fakes.fund_sites import FakeSites, Reply

ISIN, TICKER = "INF200K01QX4", "0P0000XVUH.BO"
JSON = {"Content-Type": "application/json"}
SUMMARY = {
    "quoteType": {"quoteType": "MUTUALFUND"},
    "summaryProfile": {"longBusinessSummary": "A fund."},
    "fundProfile": {
        "categoryName": "", "family": "", "legalType": "",
        "feesExpensesInvestment": {}, "feesExpensesInvestmentCat": {},
    },
    "topHoldings": {
        "cashPosition": 0.02, "stockPosition": 0.98, "bondPosition": 0.0, "preferredPosition": 0.0,
        "convertiblePosition": 0.0, "otherPosition": 0.0,
        "holdings": [
            {"symbol": "RELIANCE.NS", "holdingName": "Reliance Industries Ltd", "holdingPercent": 0.051},
            {"symbol": "HDFCBANK.NS", "holdingName": "HDFC Bank Ltd", "holdingPercent": 0.083},
        ],
        "equityHoldings": {}, "bondHoldings": {}, "bondRatings": [], "sectorWeightings": [],
    },
}  # fmt: skip


class FakeYahooSite:
    """Yahoo's search and summary, and the cookie and crumb that its client wants first."""

    def __init__(self, sites: FakeSites) -> None:
        self.sites = sites
        self.put("/v1/test/getcrumb", Reply(b"crumb", headers={"Content-Type": "text/plain"}))
        self.put("/", Reply(b"", headers={"Set-Cookie": "A3=x; Path=/"}))
        self.search([{"symbol": TICKER}])
        self.summary({"quoteSummary": {"result": [SUMMARY], "error": None}})

    def put(self, path: str, reply: Reply) -> None:
        self.sites.put(f"127.0.0.1:{self.sites.port}{path}", reply)

    def search(self, quotes: list[dict[str, str]]) -> None:
        self.put("/v1/finance/search", Reply(json.dumps({"quotes": quotes, "news": []}).encode(), headers=JSON))

    def summary(self, body: object, status: int = 200) -> None:
        self.put(f"/v10/finance/quoteSummary/{TICKER}", Reply(json.dumps(body).encode(), status, JSON))


@pytest.fixture
def yahoo() -> Iterator[FakeYahooSite]:
    with FakeSites() as sites:
        yield FakeYahooSite(sites)


def funds(yahoo: FakeYahooSite, folder: Path) -> YahooFunds:
    return YahooFunds(yahoo.sites.root, folder, per_second=1000.0)


def test_the_positions_come_in_percent_largest_first(yahoo: FakeYahooSite, tmp_path: Path) -> None:
    assert funds(yahoo, tmp_path).top_positions(ISIN) == (
        TopPosition("HDFCBANK.NS", "HDFC Bank Ltd", 8.3),
        TopPosition("RELIANCE.NS", "Reliance Industries Ltd", 5.1),
    )


def test_a_fund_that_yahoo_does_not_know_has_no_positions(yahoo: FakeYahooSite, tmp_path: Path) -> None:
    yahoo.search([])
    assert funds(yahoo, tmp_path).top_positions(ISIN) == ()


def test_a_fund_of_which_yahoo_has_no_holdings_has_none(yahoo: FakeYahooSite, tmp_path: Path) -> None:
    yahoo.summary({"quoteSummary": {"result": [{"quoteType": {"quoteType": "MUTUALFUND"}}], "error": None}})
    assert funds(yahoo, tmp_path).top_positions(ISIN) == ()


def test_a_yahoo_that_is_not_there_is_told(yahoo: FakeYahooSite, tmp_path: Path) -> None:
    with pytest.raises(YahooUnavailable):
        YahooFunds("http://127.0.0.1:9", tmp_path, per_second=1000.0).top_positions(ISIN)


@pytest.mark.parametrize("shares", [[0.6, 0.6], [1.5], [-0.1, 0.2], [0.0]])
def test_a_table_that_can_not_be_shares_of_a_whole_is_not_believed(shares: list[float]) -> None:
    names = [f"S{at}" for at in range(len(shares))]
    assert read_positions(pd.DataFrame({"Name": names, "Holding Percent": shares}, index=names)) == ()


def test_a_position_without_a_weight_is_left_out() -> None:
    frame = pd.DataFrame({"Name": ["A", "B"], "Holding Percent": [0.1, float("nan")]}, index=["A", "B"])
    assert read_positions(frame) == (TopPosition("A", "A", 10.0),)
