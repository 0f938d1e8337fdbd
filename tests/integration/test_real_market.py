"""Real NSE prices through the command line, checked against figures computed from the same files without the app."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from app.__main__ import main
from tests.databases import copied_database, execute
from tests.shared_data import shared_file
from tests.unit.risk import oracle

Report = dict[str, Any]
WINDOWS = {"60d": 60, "90d": 90, "1y": 252}
LISTS = ("EQUITY_L.csv", "ind_nifty500list.csv", "ind_niftytotalmarket_list.csv", "nse_symbol_changes.csv")
CLEAN = [
    "ADANIPORTS", "APOLLOHOSP", "ASIANPAINT", "AXISBANK", "BAJAJ-AUTO", "BAJFINANCE", "BAJAJFINSV", "BHARTIARTL",
    "CIPLA", "COALINDIA", "DRREDDY", "EICHERMOT", "GRASIM", "HCLTECH", "HDFCBANK", "HDFCLIFE", "HEROMOTOCO",
    "HINDALCO", "HINDUNILVR", "ICICIBANK", "INFY", "JSWSTEEL", "KOTAKBANK", "LT", "M&M", "MARUTI", "NTPC",
    "NESTLEIND", "ONGC", "POWERGRID", "RELIANCE", "SBILIFE", "SBIN", "SUNPHARMA", "TCS", "TATASTEEL", "TECHM",
    "TITAN", "ULTRACEMCO", "WIPRO",
]  # fmt: skip
PATHS = 10_000
"""Defaults of the settings, documented there."""


class Market:
    """One database behind the command line."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def run(self, *arguments: str) -> bytes:
        """Standard output of a command that must succeed."""
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.TextIOWrapper(io.BytesIO())) as out:
            patch.setenv("DATABASE_URL", self.url)
            assert main(arguments) == 0
            out.flush()
            return out.buffer.getvalue()

    def report(self, rows: Iterable[dict[str, Any]], *options: str) -> Report:
        """Import a book in Kite's JSON and report on it."""
        book = self.folder / "holdings.json"
        book.write_text(json.dumps({"status": "success", "data": list(rows)}))
        self.run("import", "holdings", str(book))
        found: Report = json.loads(self.run("report", "equity", "--json", *options))
        return found


@pytest.fixture(scope="session")
def market(postgres_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The adjusted price file and the lists, imported once a run."""
    files = [str(shared_file(f"market/{name}")) for name in LISTS]
    prices = str(shared_file("market/nse_daily.csv.gz"))
    with copied_database(postgres_url, template_database) as url:
        opened = Market(url, tmp_path_factory.mktemp("market"))
        opened.run("import", "prices", prices)
        opened.run("import", "securities", *files)
        yield opened


@pytest.fixture(scope="session")
def official(postgres_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The exchange's own unadjusted file alone, with the lists."""
    files = [str(shared_file(f"market/{name}")) for name in LISTS]
    prices = str(shared_file("market/nse_raw_bhavcopy_2025.csv.gz"))
    with copied_database(postgres_url, template_database) as url:
        opened = Market(url, tmp_path_factory.mktemp("official"))
        opened.run("import", "prices", prices)
        opened.run("import", "securities", *files)
        yield opened


@pytest.fixture(scope="session")
def market_with_actions(postgres_url: str, market: Market) -> Iterator[Market]:
    with copied_database(postgres_url, _name_of(market)) as url:
        yield _with_actions(Market(url, market.folder))


@pytest.fixture(scope="session")
def official_with_actions(postgres_url: str, official: Market) -> Iterator[Market]:
    with copied_database(postgres_url, _name_of(official)) as url:
        yield _with_actions(Market(url, official.folder))


def _with_actions(market: Market) -> Market:
    market.run("import", "actions", str(shared_file("market/nse_corporate_actions_inferred.csv")))
    return market


def _name_of(market: Market) -> str:
    return str(make_url(market.url).database)


@pytest.fixture(scope="session")
def bars() -> pd.DataFrame:
    """The price file read by pandas alone."""
    return pd.read_csv(shared_file("market/nse_daily.csv.gz"))


@pytest.fixture(scope="session")
def closes(bars: pd.DataFrame) -> pd.DataFrame:
    """Days by symbols, on the days of the index."""
    wide = bars.pivot(index="date", columns="symbol", values="close")
    return wide[wide["NIFTY50"].notna()]


@pytest.fixture(scope="session")
def own_ranges(bars: pd.DataFrame, closes: pd.DataFrame) -> pd.DataFrame:
    """Range volatilities of the forty in percent: rows (window, symbol), one column an estimator."""
    return pd.DataFrame(
        {
            (window, symbol): oracle.range_volatilities(
                rows.set_index("date").loc[closes.index[-days - 1 :], ["open", "high", "low", "close"]], days
            )
            for symbol, rows in bars[bars["symbol"].isin(CLEAN)].groupby("symbol")
            for window, days in WINDOWS.items()
        }
    ).T


@pytest.fixture(scope="session")
def isins() -> pd.Series:
    listed = pd.read_csv(shared_file("market/EQUITY_L.csv"), skipinitialspace=True).rename(columns=str.strip)
    return listed.set_index("SYMBOL")["ISIN NUMBER"]


def row(symbol: str, isin: str | None, **fields: Any) -> dict[str, Any]:
    """One row of Kite's holdings answer."""
    usual = {"exchange": "NSE", "quantity": 10, "average_price": 100.0, "last_price": 0, "close_price": 0}
    return {"tradingsymbol": symbol, "isin": isin or "", **usual, **fields}


def listed(isins: pd.Series, *symbols: str) -> list[dict[str, Any]]:
    return [row(symbol, isins[symbol]) for symbol in symbols]


def issues(report: Report, subject: str) -> dict[str, str]:
    """Messages about one subject by their code."""
    return {issue["code"]: issue["message"] for issue in report["data_issues"] if issue["subject"] == subject}


def holding(report: Report, symbol: str) -> dict[str, Any]:
    return next(found for found in report["holdings"] if found["symbol"] == symbol)


@pytest.fixture(scope="session")
def quantities() -> pd.Series:
    return pd.Series({symbol: 3 + 7 * place % 41 for place, symbol in enumerate(CLEAN)}, dtype=float)


@pytest.fixture(scope="session")
def quotes(closes: pd.DataFrame) -> pd.Series:
    """Live prices that differ from the last close, as they do during a trading day."""
    last = closes[CLEAN].iloc[-1]
    return (last * np.linspace(0.97, 1.03, len(CLEAN))).round(2)


@pytest.fixture(scope="session")
def clean(market: Market, isins: pd.Series, quantities: pd.Series, quotes: pd.Series) -> Report:
    """The report of the book of forty."""
    return market.report(
        row(symbol, isins[symbol], quantity=int(quantities[symbol]), last_price=quotes[symbol]) for symbol in CLEAN
    )


@pytest.fixture(scope="session")
def weights(quantities: pd.Series, quotes: pd.Series) -> pd.Series:
    value = quantities * quotes
    return value / value.sum()


@pytest.mark.parametrize("window", WINDOWS)
def test_every_measure_of_the_book_agrees_with_an_independent_computation(
    clean: Report, closes: pd.DataFrame, own_ranges: pd.DataFrame, weights: pd.Series, window: str
) -> None:
    """Monte Carlo of one day is recomputed as the quantile of scenarios filtered by a plain loop."""
    returns = closes[[*CLEAN, "NIFTY50"]].pct_change(fill_method=None).iloc[-WINDOWS[window] :]
    expected = oracle.measures(returns[CLEAN], weights[CLEAN], returns["NIFTY50"])
    stretched = own_ranges["yang_zhang"].xs(window)
    expected["volatility_range"] = oracle.rescaled_volatility(returns[CLEAN], weights[CLEAN], stretched)
    found = clean["windows"][window]["measures"]
    for level in oracle.LEVELS.values():
        name = f"var_preferred_{100 * level:g}"
        choices = oracle.chosen_vars(returns[CLEAN] @ weights[CLEAN], level, expected)
        expected[name] = choices[found[name]["method"].partition(":")[0]]
    assert set(found) == set(expected)
    for name, value in expected.items():
        if np.isnan(value):
            assert found[name]["value"] is None, name
            assert found[name]["unavailable"], name
        else:
            assert found[name]["value"] == pytest.approx(value, rel=0, abs=1e-9), name
    assert {name for name, value in expected.items() if np.isnan(value)} <= {
        "var_historical_99", "var_monte_carlo_99", "cvar_99", "var_cornish_fisher_95", "var_cornish_fisher_99",
    }  # fmt: skip


@pytest.mark.parametrize("window", WINDOWS)
def test_the_simulated_quantile_lies_within_four_standard_errors_of_the_exact_one(
    clean: Report, closes: pd.DataFrame, weights: pd.Series, window: str
) -> None:
    """The order statistics four binomial standard errors on both sides of the level bracket the simulated one."""
    returns = closes[CLEAN].pct_change(fill_method=None).iloc[-WINDOWS[window] :].to_numpy()
    losses = -100 * np.sort(oracle.filtered(returns) @ weights[CLEAN].to_numpy())
    error = 4 * np.sqrt(0.05 * 0.95 / PATHS)
    places = np.ceil(len(losses) * np.array([0.05 + error, 0.05 - error])).astype(int)
    low, high = losses[places[0]], losses[max(places[1] - 2, 0)]
    assert low <= clean["windows"][window]["measures"]["var_monte_carlo_95"]["value"] <= high


@pytest.mark.parametrize("window", WINDOWS)
def test_correlations_and_the_days_of_the_worst_fall_agree(
    clean: Report, closes: pd.DataFrame, weights: pd.Series, window: str
) -> None:
    returns = closes[CLEAN].pct_change(fill_method=None).iloc[-WINDOWS[window] :]
    found = clean["windows"][window]
    order = found["correlation"]["symbols"]
    assert sorted(order) == sorted(CLEAN)
    np.testing.assert_allclose(found["correlation"]["matrix"], returns[order].corr(), rtol=0, atol=1e-9)
    start = closes.index[-WINDOWS[window] - 1]
    for name, value in oracle.worst_fall(returns @ weights[CLEAN], start).items():
        assert found["drawdown"][name] == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value), name
    assert (found["from_date"], found["to_date"]) == (returns.index[0], returns.index[-1])
    assert (found["observations"], found["coverage"]) == (WINDOWS[window], pytest.approx(100))


@pytest.mark.parametrize("window", WINDOWS)
def test_the_own_figures_of_every_holding_agree(clean: Report, closes: pd.DataFrame, window: str) -> None:
    returns = closes[[*CLEAN, "NIFTY50"]].pct_change(fill_method=None).iloc[-WINDOWS[window] :]
    for symbol in CLEAN:
        found = holding(clean, symbol)["windows"][window]
        for name, value in oracle.own_measures(returns[symbol], returns["NIFTY50"]).items():
            assert found[name] == pytest.approx(value, rel=0, abs=1e-9), (symbol, name)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_range_volatilities_of_every_holding_agree(clean: Report, own_ranges: pd.DataFrame, window: str) -> None:
    for symbol in CLEAN:
        found = holding(clean, symbol)["windows"][window]["range_volatility"]
        assert (found["observations"], found["unavailable"]) == (WINDOWS[window], None)
        for name in own_ranges.columns:
            expected = own_ranges[name][(window, symbol)]
            assert found[name] == pytest.approx(expected, rel=0, abs=1e-8), (symbol, name)


def test_value_and_concentration_agree(clean: Report, quantities: pd.Series, quotes: pd.Series) -> None:
    value = quantities * quotes
    share = 100 * value / value.sum()
    sectors = pd.read_csv(shared_file("market/ind_nifty500list.csv")).set_index("Symbol")["Industry"]
    by_sector = share.groupby(sectors[share.index]).sum().sort_values(ascending=False)
    found = clean["concentration"]
    assert clean["value"] == pytest.approx(value.sum(), rel=1e-12)
    assert found["largest_stock"] == {"name": share.idxmax(), "value": pytest.approx(share.max(), abs=1e-9)}
    assert found["largest_sector"] == {"name": by_sector.index[0], "value": pytest.approx(by_sector.iloc[0], abs=1e-9)}
    assert found["top5"]["value"] == pytest.approx(share.nlargest(5).sum(), abs=1e-9)
    assert found["effective_holdings"] == pytest.approx(1e4 / (share**2).sum(), abs=1e-9)
    assert {s["name"]: s["value"] for s in found["sectors"]} == pytest.approx(by_sector.to_dict(), abs=1e-9)


def test_liquidity_agrees(clean: Report, bars: pd.DataFrame, quantities: pd.Series) -> None:
    volumes = bars[bars["symbol"].isin(CLEAN)].pivot(index="date", columns="symbol", values="volume")
    average = volumes.iloc[-30:].mean()
    found = {position["symbol"]: position for position in clean["liquidity"]["positions"]}
    for symbol in CLEAN:
        share = quantities[symbol] / average[symbol]
        assert found[symbol]["average_volume"] == pytest.approx(average[symbol], rel=1e-12)
        assert found[symbol]["position_to_volume"] == pytest.approx(100 * share, rel=1e-9)
        assert found[symbol]["days_to_liquidate"] == pytest.approx(share / 0.2, rel=1e-9)
    assert clean["liquidity"]["liquid_share"] == pytest.approx(100, abs=1e-9)
    assert clean["liquidity"]["slowest"] == (quantities / average).idxmax()


@pytest.mark.parametrize(
    ("symbol", "own"),
    [
        ("RELIANCE", {"volatility": "21.07", "beta": "1.190", "cvar_95": "2.75", "max_drawdown": "23.87"}),
        ("TCS", {"volatility": "20.65", "beta": "0.847", "max_drawdown": "33.6"}),
        ("SBIN", {"volatility": "20.9", "beta": "0.983"}),
    ],
)
def test_figures_published_for_a_share_come_out_to_the_printed_digit(
    clean: Report, symbol: str, own: dict[str, str]
) -> None:
    found = holding(clean, symbol)["windows"]["1y"]
    for name, printed in own.items():
        if name == "cvar_95":  # printed from the mean of the returns at or below the quantile, ours has a fraction more
            assert found[name] == pytest.approx(float(printed), abs=0.05)
        else:
            assert f"{found[name]:.{len(printed.partition('.')[2])}f}" == printed


def test_broken_series_are_reported_and_do_not_inflate_volatility(market: Market, isins: pd.Series) -> None:
    report = market.report(listed(isins, "TVSMOTOR", "SIEMENS", "ITC"))
    assert "+398.5 % on 2025-08-25" in issues(report, "TVSMOTOR")["split_like_jump"]
    assert "-42.9 % on 2025-04-07" in issues(report, "SIEMENS")["split_like_jump"]
    assert "-8.1 % on 2025-01-06" in issues(report, "ITC")["unexplained_move"]
    own = {symbol: holding(report, symbol)["windows"]["1y"] for symbol in ("TVSMOTOR", "SIEMENS", "ITC")}
    assert own["TVSMOTOR"]["volatility"] == pytest.approx(28, abs=1)
    assert own["SIEMENS"]["volatility"] == pytest.approx(35, abs=1)
    assert own["ITC"]["volatility"] == pytest.approx(18.2, abs=0.1)
    assert {found["observations"] for found in own.values()} == {251, 252}
    assert {found["range_volatility"]["observations"] for found in own.values()} == {251, 252}
    assert 25 < own["TVSMOTOR"]["range_volatility"]["yang_zhang"] < 35
    assert 15 < report["windows"]["1y"]["measures"]["volatility"]["value"] < 30


def test_volumes_are_split_consistent_with_prices(
    market_with_actions: Market, bars: pd.DataFrame, isins: pd.Series
) -> None:
    report = market_with_actions.report(listed(isins, "HDFCBANK", "BAJFINANCE"))
    average = {found["symbol"]: found["average_volume"] for found in report["liquidity"]["positions"]}
    raw = bars[bars["date"] > "2025-01-01"].pivot(index="date", columns="symbol", values="volume")
    for symbol, ex_date, factor in (("HDFCBANK", "2025-08-26", 2), ("BAJFINANCE", "2025-06-16", 10)):
        own = raw[symbol] * np.where(raw.index < ex_date, factor, 1)
        assert average[symbol] == pytest.approx(own.iloc[-30:].mean(), rel=1e-12)
    early = market_with_actions.report(listed(isins, "BAJFINANCE"), "--as-of", "2025-06-30")
    expected = (raw["BAJFINANCE"] * np.where(raw.index < "2025-06-16", 10, 1)).loc[:"2025-06-30"].iloc[-30:].mean()
    assert early["liquidity"]["positions"][0]["average_volume"] == pytest.approx(expected, rel=1e-12)


def test_volumes_follow_prices_that_know_of_a_later_split(
    market_with_actions: Market, bars: pd.DataFrame, isins: pd.Series
) -> None:
    report = market_with_actions.report(listed(isins, "HDFCBANK"), "--as-of", "2025-06-30")
    raw = bars[(bars["symbol"] == "HDFCBANK") & (bars["date"] <= "2025-06-30")]["volume"]
    assert report["liquidity"]["positions"][0]["average_volume"] == pytest.approx(2 * raw.iloc[-30:].mean(), rel=1e-12)


def test_volumes_that_lack_a_split_are_named_without_its_action(
    market: Market, market_with_actions: Market, isins: pd.Series
) -> None:
    book = listed(isins, "BAJFINANCE", "RELIANCE", "TCS", "HDFCBANK", "INFY", "SBIN")
    told = issues(market.report(book, "--as-of", "2025-06-30"), "BAJFINANCE")["volumes_as_traded"]
    assert "From 2025-06-16 on about 9 times" in told
    report = market_with_actions.report(book, "--as-of", "2025-06-30")
    assert not [issue for issue in report["data_issues"] if issue["code"] == "volumes_as_traded"]


def test_a_file_with_other_volumes_is_kept_out_of_the_stored_series(postgres_url: str, market: Market) -> None:
    with copied_database(postgres_url, _name_of(market)) as url:
        before = _volumes(url)
        Market(url, market.folder).run("import", "prices", str(shared_file("market/upstox_nifty50_daily.csv.gz")))
        assert _volumes(url) == before


def _volumes(url: str) -> list[tuple[object, ...]]:
    query = text("""SELECT symbol, bar_date, volume FROM my_schema.risk_daily_bars
                    JOIN my_schema.risk_price_series USING (series_id)
                    WHERE symbol IN ('BAJFINANCE', 'HDFCBANK', 'NESTLEIND') ORDER BY 1, 2""")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


SPLIT = ("BAJFINANCE", "HDFCBANK", "COFORGE", "ASHOKLEY", "NAUKRI", "BSE", "NESTLEIND", "MOTHERSON")


def test_official_prices_with_actions_give_the_report_of_the_adjusted_file(
    official_with_actions: Market, market_with_actions: Market, isins: pd.Series
) -> None:
    """The adjusted file rounds to the paisa: at most 3.5 paise on shares that cost hundreds of rupees."""
    book = listed(isins, *SPLIT, "RELIANCE", "TCS")
    raw, adjusted = (
        source.report(book, "--as-of", "2025-08-29") for source in (official_with_actions, market_with_actions)
    )
    for window in ("60d", "90d"):
        for name in ("volatility", "var_historical_95", "var_parametric_99", "cvar_95", "max_drawdown", "sharpe"):
            one, other = (found["windows"][window]["measures"][name]["value"] for found in (raw, adjusted))
            assert one == pytest.approx(other, abs=0.005), (window, name)
    for symbol in SPLIT:
        own, other = (holding(found, symbol)["windows"]["90d"] for found in (raw, adjusted))
        assert own["volatility"] == pytest.approx(other["volatility"], abs=0.05), symbol
        for name in ("yang_zhang", "parkinson", "garman_klass", "rogers_satchell"):
            assert own["range_volatility"][name] == pytest.approx(other["range_volatility"][name], abs=0.1), symbol
    assert raw["value"] == pytest.approx(adjusted["value"], rel=1e-6)
    assert raw["liquidity"]["positions"] == adjusted["liquidity"]["positions"]
    assert not [issue for issue in raw["data_issues"] if issue["code"] == "split_like_jump"]


def test_official_prices_without_actions_name_every_split_and_lose_nothing(official: Market, isins: pd.Series) -> None:
    report = official.report(listed(isins, *SPLIT), "--as-of", "2025-08-29")
    for symbol in SPLIT:
        assert issues(report, symbol)["split_like_jump"], symbol
        assert holding(report, symbol)["windows"]["90d"]["volatility"] < 60, symbol
    measures = report["windows"]["90d"]["measures"]
    assert measures["volatility"]["value"] < 30
    assert measures["max_drawdown"]["value"] < 20
    assert report["windows"]["1y"]["measures"]["volatility"]["value"] is None


def test_a_renamed_share_finds_its_prices_under_the_old_symbol_and_says_so(market: Market, isins: pd.Series) -> None:
    report = market.report([*listed(isins, "TMPV", "LTM"), row("TATAMOTORS", None), row("LTIM-BE", isins["LTM"])])
    assert {found["symbol"]: found["quantity"] for found in report["holdings"]} == {"TMPV": 20, "LTM": 20}
    for symbol, old in (("TMPV", "TATAMOTORS"), ("LTM", "LTIM")):
        assert old in issues(report, symbol)["prices_under_other_symbol"]
        assert holding(report, symbol)["price_source"] == f"close, csv {old}"
        assert holding(report, symbol)["windows"]["1y"]["volatility"] > 0


def test_an_isin_changed_by_a_share_split_is_matched_by_issuer_and_marked(market: Market) -> None:
    report = market.report([row("KOTAKBANK", "INE237A01028")])
    assert holding(report, "KOTAKBANK")["matched_by"] == "isin_change"
    assert "matched_indirectly" in issues(report, "KOTAKBANK")


@pytest.mark.parametrize(("symbol", "windows"), [("SWIGGY", "1y"), ("ABLBL", "90d, 1y"), ("ENRIN", "90d, 1y")])
def test_a_short_history_is_left_out_of_exactly_the_windows_it_is_too_short_for(
    market: Market, isins: pd.Series, symbol: str, windows: str
) -> None:
    report = market.report([row("RELIANCE", isins["RELIANCE"], quantity=1000), *listed(isins, symbol)])
    assert f"for {windows}:" in issues(report, symbol)["short_history"]
    for window, found in report["windows"].items():
        assert found["left_out"] == ([symbol] if window in windows.split(", ") else [])
        assert found["measures"]["volatility"]["value"] > 0
        assert (found["coverage"] < 100) == bool(found["left_out"])
        own = holding(report, symbol)["windows"][window]
        assert (own["volatility"] is None) == (own["unavailable"] is not None) == bool(found["left_out"])


def test_a_share_without_prices_counts_in_value_and_in_nothing_else(market: Market, isins: pd.Series) -> None:
    report = market.report([*listed(isins, "RELIANCE"), row("ALLTIME", isins["ALLTIME"], last_price=300.0)])
    alone = market.report(listed(isins, "RELIANCE"))
    assert set(issues(report, "ALLTIME")) == {"no_prices", "short_history"}
    assert report["value"] == pytest.approx(alone["value"] + 3000)
    one, other = (found["windows"]["1y"]["measures"]["volatility"] for found in (report, alone))
    assert one["value"] == pytest.approx(other["value"], abs=1e-12)
    assert one["coverage"] == pytest.approx(100 * alone["value"] / report["value"])


def test_gaps_of_months_leave_a_share_out_and_are_named(market: Market, isins: pd.Series) -> None:
    book = [row("RELIANCE", isins["RELIANCE"], quantity=1000), *listed(isins, "FORCEMOT")]
    report = market.report(book, "--as-of", "2024-03-28")
    assert "76 trading days without a price" in issues(report, "FORCEMOT")["gaps"]
    assert report["windows"]["1y"]["left_out"] == ["FORCEMOT"]


def test_an_illiquid_share_is_flagged(market: Market, isins: pd.Series) -> None:
    report = market.report([row("CREATIVEYE", isins["CREATIVEYE"], quantity=500_000), *listed(isins, "RELIANCE")])
    found = report["liquidity"]["positions"][0]
    assert (found["symbol"], found["flagged"], found["liquid"]) == ("CREATIVEYE", True, False)
    assert report["liquidity"]["slowest"] == "CREATIVEYE"
    assert report["liquidity"]["days_to_liquidate"] > 10
    assert "gaps" in issues(market.report(listed(isins, "CREATIVEYE"), "--as-of", "2022-06-30"), "CREATIVEYE")


def test_without_the_index_only_what_needs_it_is_unavailable(
    market: Market, postgres_url: str, isins: pd.Series
) -> None:
    book = listed(isins, "RELIANCE", "TCS", "SBIN")
    with copied_database(postgres_url, _name_of(market)) as url:
        execute(url, "DELETE FROM my_schema.risk_price_series WHERE symbol = 'NIFTY50'")
        without = Market(url, market.folder).report(book)
    usual = market.report(book)
    needs_it = {"beta", "correlation_nifty", "r_squared"}
    for window, found in without["windows"].items():
        for name, measure in found["measures"].items():
            if name in needs_it:
                assert measure["value"] is None
                assert "no prices of the benchmark" in measure["unavailable"]
            else:
                assert measure == usual["windows"][window]["measures"][name], name
    assert "no_benchmark" in issues(without, "PORTFOLIO")
    own = holding(without, "TCS")["windows"]["1y"]
    assert (own["beta"], own["correlation_nifty"]) == (None, None)
    assert "benchmark" in own["unavailable"]


def test_a_benchmark_that_was_chosen_is_the_only_one_used(
    market: Market, isins: pd.Series, closes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISK_BENCHMARK", "NIFTYBANK")
    report = market.report(listed(isins, "SBIN"))
    returns = closes[["SBIN", "NIFTYBANK"]].pct_change(fill_method=None).iloc[-252:]
    expected = returns["SBIN"].cov(returns["NIFTYBANK"]) / returns["NIFTYBANK"].var()
    assert report["benchmark"] == "NIFTYBANK"
    assert report["windows"]["1y"]["measures"]["beta"]["value"] == pytest.approx(expected, rel=0, abs=1e-9)
    assert issues(report, "benchmark") == {}


def test_rows_of_both_exchanges_and_pledged_shares_make_one_position(market: Market, isins: pd.Series) -> None:
    report = market.report(
        [
            row("SBIN", isins["SBIN"], average_price=500.0),
            row("SBIN", isins["SBIN"], exchange="BSE", average_price=800.0, quantity=5),
            row("TCS", isins["TCS"], quantity=0, collateral_quantity=7),
        ]
    )
    merged, pledged = holding(report, "SBIN"), holding(report, "TCS")
    assert (merged["quantity"], merged["exchanges"], merged["average_price"]) == (15, ["NSE", "BSE"], 600)
    assert (pledged["quantity"], len(report["holdings"])) == (7, 2)
    assert report["windows"]["1y"]["measures"]["volatility"]["value"] > 0


def test_a_price_of_zero_falls_back_to_the_last_close(market: Market, isins: pd.Series, closes: pd.DataFrame) -> None:
    report = market.report(listed(isins, "RELIANCE", "TCS"))
    last = closes[["RELIANCE", "TCS"]].iloc[-1]
    assert report["value"] == pytest.approx(10 * last.sum())
    assert {found["price_as_of"] for found in report["holdings"]} == {"2025-09-17"}
    assert {found["price_source"] for found in report["holdings"]} == {"close, csv RELIANCE", "close, csv TCS"}
