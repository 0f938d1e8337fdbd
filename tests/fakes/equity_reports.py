"""An equity service for tests of the screen: an invented book with seeded returns, and ways to break it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from app.api.hedge_panel import HedgeDesk, QuoteDesk
from app.api.history_panel import HistoryDesk
from app.domain.backtests import BacktestReport
from app.domain.data_issues import DataIssue, Severity
from app.domain.errors import RiskError
from app.domain.live import LiveRisk
from app.domain.prices import FloatArray
from app.domain.risk_reports import (
    WINDOWS,
    Concentration,
    Correlation,
    Drawdown,
    EquityRiskReport,
    EquitySeries,
    HoldingMeasures,
    HoldingRanges,
    HoldingReport,
    Liquidity,
    Measure,
    PositionLiquidity,
    Share,
    Unit,
    WindowReport,
)
from tests.fakes.hedges import FakeQuotes, analyzer_of
from tests.fakes.histories import FakeHistory, normal_backtest

AS_OF = date(2026, 11, 20)
BOOK: tuple[tuple[str, str, str, float, float], ...] = (
    ("HDFCBANK", "HDFC Bank", "Financial Services", 470, 985.4),
    ("RELIANCE", "Reliance Industries", "Energy", 260, 1498.2),
    ("ICICIBANK", "ICICI Bank", "Financial Services", 240, 1372.6),
    ("INFY", "Infosys", "Information Technology", 190, 1541.0),
    ("BHARTIARTL", "Bharti Airtel", "Telecommunication", 120, 2088.5),
    ("TCS", "Tata Consultancy Services", "Information Technology", 72, 3104.3),
    ("LT", "Larsen & Toubro", "Industrials", 55, 3988.0),
    ("ITC", "ITC", "Fast Moving Consumer Goods", 480, 404.1),
    ("SUNPHARMA", "Sun Pharmaceutical", "Healthcare", 95, 1755.8),
    ("MARUTI", "Maruti Suzuki", "Automobile", 9, 15820.0),
    ("TATASTEEL", "Tata Steel", "Materials", 700, 172.4),
    ("M&M", "Mahindra & Mahindra", "Automobile", 30, 3610.5),
    ("NEULANDLAB", "Neuland Laboratories", "Healthcare", 5, 16240.0),
    ("SMALLCO", "Small Company", "Unclassified", 2600, 21.35),
)
SPECIAL_ISSUES = (
    DataIssue(
        "split_like_jump",
        Severity.WARNING,
        "TATASTEEL",
        "The close fell by 90.1% on 28 Jul 2026, as a split of 1:10 would; that day's return is left out.",
        "Import the split with its ex-date, or confirm that the fall was real.",
    ),
    DataIssue(
        "thin_trading",
        Severity.WARNING,
        "SMALLCO",
        "No trade on 31 of 252 days.",
        "Read its volatility and beta as lower bounds.",
    ),
    DataIssue("symbol_change", Severity.INFO, "M&M", "Matched by its ISIN; the price file uses another symbol."),
)


def percent_measure(value: float, total: float, observations: int, method: str) -> Measure:
    return Measure(value, Unit.PERCENT, round(total * value / 100, 2), None, method, observations, 98.8)


def ratio_measure(value: float, observations: int, method: str) -> Measure:
    return Measure(value, Unit.RATIO, None, None, method, observations, 98.8)


def unavailable(unit: Unit, reason: str) -> Measure:
    return Measure(None, unit, None, reason, "not computed", 0, 0.0)


@dataclass(frozen=True)
class Market:
    """Seeded daily returns, percent: ``own`` (252, N) of the holdings, ``index`` (252,)."""

    own: FloatArray
    index: FloatArray
    days: tuple[str, ...]


def market() -> Market:
    random = np.random.default_rng(20261120)
    index = random.standard_t(5, 252) * 0.6 + 0.04
    index[140:150] -= 0.7
    own = index[:, None] * np.linspace(1.2, 0.7, len(BOOK)) + random.standard_normal((252, len(BOOK))) * 0.9
    own[:, 2] = 0.7 * own[:, 0] + 0.3 * own[:, 2]
    days = np.busday_offset(np.datetime64("2025-12-03"), np.arange(252), roll="forward")
    return Market(own, index, tuple(str(day) for day in days))


def weights() -> FloatArray:
    values = np.array([quantity * price for *_, quantity, price in BOOK])
    return np.asarray(values / values.sum() * 100)


def total() -> float:
    return float(sum(quantity * price for *_, quantity, price in BOOK))


def book_returns(window: str) -> FloatArray:
    return np.asarray(market().own[-WINDOWS[window] :] @ weights() / 100)


def falls(returns: FloatArray) -> FloatArray:
    wealth = np.concatenate([[1.0], np.cumprod(1 + returns / 100)])
    return np.asarray((1 - wealth / np.maximum.accumulate(wealth))[1:] * 100)


def window_report(window: str) -> WindowReport:
    returns, made = book_returns(window), market()
    days, fall, count = made.days[-len(returns) :], falls(returns), len(returns)
    trough = int(fall.argmax())
    peak = max(int(np.flatnonzero(fall[: trough + 1] == 0).max(initial=0)), 0)
    return WindowReport(
        observations=count,
        from_date=date.fromisoformat(days[0]),
        to_date=date.fromisoformat(days[-1]),
        coverage=98.76,
        measures=window_measures(returns, made.index[-count:], float(fall.max())),
        correlation=Correlation(tuple(row[0] for row in BOOK), np.asarray(np.corrcoef(made.own[-count:].T)), count),
        drawdown=Drawdown(
            max=float(fall.max()),
            peak_date=date.fromisoformat(days[peak]),
            trough_date=date.fromisoformat(days[trough]),
            recovered_date=None,
            today=float(fall[-1]),
        ),
        left_out=("SMALLCO",),
    )


def window_measures(returns: FloatArray, index: FloatArray, deepest: float) -> dict[str, Measure]:
    count, spread = len(returns), float(returns.std(ddof=1))
    found: dict[str, Measure] = {}
    for level, z in ((95, 1.645), (99, 2.326)):
        var = -float(np.quantile(returns, 1 - level / 100))
        found[f"var_historical_{level}"] = percent_measure(
            var, total(), count, "linear quantile (type 7) of past returns"
        )
        found[f"var_parametric_{level}"] = percent_measure(z * spread, total(), count, "Normal, sample deviation")
        found[f"var_cornish_fisher_{level}"] = percent_measure(z * spread * 1.08, total(), count, "Cornish-Fisher")
        found[f"var_monte_carlo_{level}"] = percent_measure(z * spread * 1.02, total(), count, "10,000 paths")
        tail = -float(returns[returns <= -var].mean())
        found[f"cvar_{level}"] = percent_measure(tail, total(), count, "Mean of the tail (Acerbi-Tasche)")
    found["max_drawdown"] = percent_measure(deepest, total(), count, "Today's holdings held over the window")
    found["volatility"] = Measure(
        spread * 252**0.5, Unit.PERCENT, total() * spread * 252**0.5 / 100, None, "Sample deviation", count, 98.8
    )
    found["volatility_ewma"] = percent_measure(11.5, total(), count, "RiskMetrics, 0.94")
    found["volatility_range"] = percent_measure(14.25, total(), count, "Yang-Zhang of each holding")
    beta = float(np.cov(returns, index)[0, 1] / index.var(ddof=1))
    found["beta"] = ratio_measure(beta, count, "Least squares against Nifty 50")
    found["correlation_nifty"] = ratio_measure(float(np.corrcoef(returns, index)[0, 1]), count, "Pearson")
    found["sharpe"] = ratio_measure(float((returns.mean() - 6 / 252) / spread * 252**0.5), count, "Arithmetic")
    found["sortino"] = ratio_measure(-0.412, count, "Downside against the daily risk-free rate")
    return found


def holding(index: int) -> HoldingReport:
    symbol, name, sector, quantity, price = BOOK[index]
    stale = symbol == "SMALLCO"
    ranges = HoldingRanges(24.1 + index, 20.2 + index, 19.9 + index, 19.7 + index, 252, None)
    own = HoldingMeasures(21.4 + index, 18.3 + index, 1.1 - index / 30, 0.62, 2.1, 2.9, 18.2, 252, None, ranges)
    no_ranges = HoldingRanges(None, None, None, None, 21, "21 of 60 days have a usable open, high and low")
    reason = "only 22 of 60 returns, 90% are needed"
    short = HoldingMeasures(None, None, None, None, None, None, None, 22, reason, no_ranges)
    return HoldingReport(
        isin=None,
        symbol=symbol,
        name=name,
        sector=sector,
        exchanges=("NSE",) if index % 3 else ("BSE", "NSE"),
        quantity=quantity,
        average_price=price * (0.8 if index % 4 else 1.15),
        price=price,
        price_as_of=date(2026, 11, 17) if stale else AS_OF,
        price_source="holdings_file" if stale else "daily_close",
        value=quantity * price,
        weight=float(weights()[index]),
        pnl=quantity * price * (0.2 if index % 4 else -0.15),
        matched_by="isin",
        windows=dict.fromkeys(WINDOWS, short if stale else own),
    )


def concentration() -> Concentration:
    share = weights()
    sectors: dict[str, float] = {}
    for (_, _, sector, _, _), weight in zip(BOOK, share):
        sectors[sector] = sectors.get(sector, 0.0) + float(weight)
    ranked = sorted((Share(name, value) for name, value in sectors.items()), key=lambda row: -row.value)
    largest = int(share.argmax())
    return Concentration(
        largest_stock=Share(BOOK[largest][0], float(share[largest])),
        largest_sector=ranked[0],
        top5=Share("Top five", float(np.sort(share)[-5:].sum())),
        effective_holdings=float(1 / ((share / 100) ** 2).sum()),
        sectors=tuple(ranked),
        classified=100 - sectors["Unclassified"],
    )


def position(index: int) -> PositionLiquidity:
    symbol, quantity = BOOK[index][0], BOOK[index][3]
    if symbol == "NEULANDLAB":
        return PositionLiquidity(symbol, None, None, None, None, False, "no volume in the last 30 days")
    volume = 26_040.0 if symbol == "SMALLCO" else 1_250_000.0 * (index + 1)
    ratio = quantity / volume * 100 if symbol != "SMALLCO" else 10.02
    return PositionLiquidity(symbol, volume, ratio, ratio / 20, symbol != "SMALLCO", symbol == "SMALLCO", None)


def liquidity() -> Liquidity:
    return Liquidity(
        liquid_share=97.24,
        days_to_liquidate=0.5,
        slowest="SMALLCO",
        participation=20.0,
        flag_above=10.0,
        days_averaged=30,
        unavailable=None,
        positions=tuple(position(index) for index in range(len(BOOK))),
    )


def normal_report(windows: tuple[str, ...]) -> EquityRiskReport:
    return EquityRiskReport(
        scope="equity",
        as_of=AS_OF,
        book_as_of=AS_OF,
        computed_at="2026-11-23T13:45:00+05:30",
        currency="INR",
        value=total(),
        sample_data=False,
        benchmark="NIFTY 50",
        risk_free=6.0,
        horizon_days=1,
        windows={window: window_report(window) for window in windows},
        concentration=concentration(),
        liquidity=liquidity(),
        holdings=tuple(holding(index) for index in range(len(BOOK))),
        data_issues=SPECIAL_ISSUES,
    )


def empty_report(windows: tuple[str, ...]) -> EquityRiskReport:
    reason = "there are no holdings"
    nothing = WindowReport(0, None, None, 0.0, {}, Correlation((), np.empty((0, 0)), 0, reason), None, ())
    return replace(
        normal_report(windows),
        as_of=None,
        book_as_of=None,
        value=None,
        windows=dict.fromkeys(windows, nothing),
        concentration=Concentration(None, None, None, None, (), 0.0),
        liquidity=Liquidity(None, None, None, 20.0, 10.0, 30, reason, ()),
        holdings=(),
        data_issues=(),
    )


def short_history_report(windows: tuple[str, ...]) -> EquityRiskReport:
    """Prices too young for any measure; values and concentration are there."""
    reason = "only 22 of 60 returns, 90% are needed"
    found = {
        key: unavailable(measure.unit, reason)
        for key, measure in window_measures(book_returns("60d"), market().index[-60:], 1.0).items()
    }
    blank = np.full((2, 2), np.nan)
    none = WindowReport(22, None, None, 0.0, found, Correlation(("A", "B"), blank, 22, reason), None, ("A", "B"))
    return replace(normal_report(windows), windows=dict.fromkeys(windows, none), benchmark=None)


def normal_series(window: str) -> EquitySeries:
    returns = book_returns(window)
    days = market().days[-len(returns) :]
    counts, edges = np.histogram(returns, bins=24)
    return EquitySeries(window, days, returns, market().index[-len(returns) :], falls(returns), edges, counts)


def empty_series(window: str, reason: str = "only 22 of 60 returns, 90% are needed") -> EquitySeries:
    none = np.empty(0)
    return EquitySeries(window, (), none, none, none, none, np.empty(0, dtype=np.int64), reason)


@dataclass
class FakeEquity:
    """Answers with what it was given; an exception is raised instead. Counts the calls."""

    report_of: EquityRiskReport | Exception | None = None
    series_of: EquitySeries | Exception | None = None
    live_of: LiveRisk | None = None
    reports_asked: int = 0
    series_asked: int = 0

    def report(
        self, windows: tuple[str, ...] | None = None, as_of: date | None = None, horizon_days: int = 1
    ) -> EquityRiskReport:
        self.reports_asked += 1
        if isinstance(self.report_of, Exception):
            raise self.report_of
        return self.report_of or normal_report(windows or tuple(WINDOWS))

    def series(self, window: str, as_of: date | None = None) -> EquitySeries:
        self.series_asked += 1
        if isinstance(self.series_of, Exception):
            raise self.series_of
        return self.series_of or normal_series(window)

    def backtest(self, windows: tuple[str, ...] | None = None, as_of: date | None = None) -> BacktestReport:
        if isinstance(self.report_of, Exception):
            raise self.report_of
        return normal_backtest(windows or tuple(WINDOWS))

    def live(self) -> LiveRisk:
        if self.live_of is None:
            raise RiskError("no live prices were given to the fake")
        return self.live_of


@dataclass
class FakeServices:
    """What the screen needs of the app."""

    equity: FakeEquity
    hedge: HedgeDesk = field(default_factory=analyzer_of)
    derivatives: QuoteDesk = field(default_factory=FakeQuotes)
    history: HistoryDesk = field(default_factory=FakeHistory)
