"""Small books for the tests: positions, panels and bars from plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.prices import Basis, CorporateAction, DailyBars, FloatArray, PricePanel, SeriesKey
from app.domain.risk_reports import EquityRiskReport
from app.domain.securities import MatchKind
from app.measures.range_volatility import daily_ranges
from app.measures.returns import simple_returns
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book, compute_report
from app.risk.positions import Position

OPTIONS = RiskOptions(risk_free=0.06, participation=0.2, monte_carlo="bootstrap", paths=1000, seed=7)
TODAY = date(2025, 9, 18)
WINDOWS = ("60d", "90d", "1y")


def trading_days(count: int) -> NDArray[np.datetime64]:
    """The last ``count`` weekdays up to 2025-09-17."""
    last = np.datetime64("2025-09-17")
    return np.busday_offset(last, np.arange(1 - count, 1))


def position(symbol: str, **fields: object) -> Position:
    usual = Position(
        isin=None,
        symbol=symbol,
        name=symbol.title(),
        sector="Power",
        exchanges=("NSE",),
        quantity=10.0,
        mtf_quantity=0.0,
        average_price=90.0,
        last_price=100.0,
        close_price=None,
        matched_by=MatchKind.ISIN,
        price_symbols=(symbol,),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def panel_of(closes: FloatArray, benchmark: FloatArray | None = None, **fields: object) -> PricePanel:
    """A panel of the columns A, B, C ... with 1,000 shares traded a day."""
    count = closes.shape[1]
    index = np.full(len(closes), np.nan) if benchmark is None else benchmark
    usual = PricePanel(
        days=trading_days(len(closes)),
        symbols=tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]),
        closes=closes,
        volumes=np.full(closes.shape, 1000.0),
        benchmark=index,
        benchmark_name=None if benchmark is None else "NIFTY50",
        returns=simple_returns(closes),
        benchmark_returns=simple_returns(index),
        ranges=daily_ranges(closes, closes, closes, closes)[:, 1:],
        sources=tuple(f"csv {symbol}" for symbol in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]),
        suspended=np.zeros(count, dtype=bool),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def market(rows: int = 260, count: int = 4, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Closes (rows, count) and benchmark (rows,) of a one-factor market."""
    rng = np.random.default_rng(seed)
    common = 0.008 * rng.standard_normal(rows)
    moves = common[:, None] * np.linspace(0.5, 1.5, count) + 0.012 * rng.standard_normal((rows, count))
    return np.asarray(100 * np.cumprod(1 + moves, axis=0)), np.asarray(20_000 * np.cumprod(1 + common))


def whole_bars(closes: FloatArray, seed: int = 2) -> dict[str, FloatArray]:
    """``open``, ``high``, ``low`` and ``close`` (T, N): opens near the close before, ranges of up to a percent more."""
    rng = np.random.default_rng(seed)
    before = np.vstack([closes[:1], closes[:-1]])
    opens = before * (1 + 0.004 * rng.standard_normal(closes.shape))
    reach = rng.uniform(0, 0.01, (2, *closes.shape))
    highs, lows = np.fmax(opens, closes) * (1 + reach[0]), np.fmin(opens, closes) * (1 - reach[1])
    return {"open": opens, "high": highs, "low": lows, "close": closes}


def ranges_of(bars: Mapping[str, FloatArray]) -> FloatArray:
    """The field ``ranges`` of a panel of these bars."""
    return daily_ranges(*(bars[name] for name in ("open", "high", "low", "close")))[:, 1:]


def book_of(panel: PricePanel, positions: Sequence[Position] | None = None) -> Book:
    owned = tuple(position(symbol) for symbol in panel.symbols) if positions is None else tuple(positions)
    return Book(owned, date(2025, 9, 17), "kite_json", False, panel, ())


def report_of(
    book: Book,
    options: RiskOptions = OPTIONS,
    horizon: int = 1,
    windows: Sequence[str] = WINDOWS,
    as_of: date | None = None,
) -> EquityRiskReport:
    return compute_report(
        book, options, windows, horizon_days=horizon, today=TODAY, computed_at="2025-09-18T00:00:00Z", as_of=as_of
    )


def bars_of(
    columns: Mapping[tuple[str, str], Sequence[float] | FloatArray],
    *,
    basis: Basis = Basis.ADJUSTED,
    volumes: Mapping[tuple[str, str], Sequence[float]] | None = None,
    days: NDArray[np.datetime64] | None = None,
) -> DailyBars:
    """Bars of (symbol, source) -> closes; all four prices equal, 1,000 shares a day unless given."""
    closes = np.column_stack([np.asarray(values, dtype=float) for values in columns.values()])
    traded = np.where(np.isnan(closes), np.nan, 1000.0)
    for place, key in enumerate(columns):
        if volumes and key in volumes:
            traded[:, place] = volumes[key]
    keys = tuple(SeriesKey(symbol, source, basis, basis) for symbol, source in columns)
    opens, highs, lows = closes.copy(), closes.copy(), closes.copy()
    return DailyBars(keys, trading_days(len(closes)) if days is None else days, opens, highs, lows, closes, traded)


def split(symbol: str, day: np.datetime64, factor: float, kind: str = "split_or_bonus") -> CorporateAction:
    return CorporateAction(symbol, day.astype(object), factor, kind)
