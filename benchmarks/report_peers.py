"""The equity report the usual way: prices into a pandas pivot, empyrical for each symbol, json.

The same measures over the same windows as ``app.risk.equity_report``, in the same units: percent, losses positive.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import empyrical
import numpy as np
import pandas as pd
from psycopg2 import extensions
from scipy.stats import kurtosis, norm, skew
from sqlalchemy import Engine, text

from app.domain.risk_reports import WINDOWS
from benchmarks.measure_peers import RISK_FREE, TAILS, acerbi_tasche
from benchmarks.pandas_read import read_frame

Series: TypeAlias = "pd.Series[float]"
BAR = "price_open, price_high, price_low, price_close, volume"
DECAY = 0.94


@dataclass(frozen=True, slots=True)
class PeerBook:
    """What a peer knows of the book: quantities and sectors by symbol. ``paths`` 0 leaves Monte Carlo out."""

    quantities: Series
    sectors: pd.Series[str]
    index: str
    days: Sequence[str]
    participation: float
    paths: int

    @property
    def symbols(self) -> list[str]:
        """The shares, then the index."""
        return [*self.quantities.index, self.index]


def one_query(connection: extensions.connection, book: PeerBook) -> str:
    """The report as JSON from one SELECT for all symbols and days."""
    prices = read_frame(
        connection,
        f"SELECT scrip_id, price_date, {BAR} FROM rt_intraday_price "
        "WHERE scrip_id = ANY(%(symbols)s) AND price_date >= %(since)s",
        {"symbols": book.symbols, "since": book.days[0]},
    )
    return json.dumps(_report(prices, book))


def query_per_cell(connection: extensions.connection, book: PeerBook) -> str:
    """The report as JSON from one SELECT for each symbol and trading day: one bare psycopg2 cursor, the leanest way."""
    with connection.cursor() as cursor:

        def ask(symbol: str, day: str) -> Any:
            cursor.execute(
                f"SELECT {BAR} FROM rt_intraday_price WHERE scrip_id = %s AND price_date = %s",
                (symbol, day),
            )
            return cursor.fetchone()

        return _report_of_cells(ask, book, book.days)


def query_per_calendar_day(engine: Engine, book: PeerBook) -> str:
    """The same the way Kite dashboards do it: for each symbol and calendar day, here over SQLAlchemy."""
    query = text(f"SELECT {BAR} FROM rt_intraday_price WHERE scrip_id = :symbol AND price_date = :day")
    days = pd.date_range(book.days[0], book.days[-1]).strftime("%Y-%m-%d").tolist()
    with engine.connect() as connection:
        return _report_of_cells(
            lambda symbol, day: connection.execute(query, {"symbol": symbol, "day": day}).first(), book, days
        )


def _report_of_cells(ask: Callable[[str, str], Any], book: PeerBook, days: Sequence[str]) -> str:
    found = [(symbol, day, *row) for symbol in book.symbols for day in days if (row := ask(symbol, day)) is not None]
    return json.dumps(_report(pd.DataFrame(found, columns=["scrip_id", "price_date", *BAR.split(", ")]), book))


def _report(prices: pd.DataFrame, book: PeerBook) -> dict[str, Any]:
    bars = {name: prices.pivot(index="price_date", columns="scrip_id", values=name) for name in BAR.split(", ")}
    closes, volumes, logarithms = bars["price_close"], bars["volume"], _logarithms(bars)
    values = closes[book.quantities.index].iloc[-1] * book.quantities
    weights = values / values.sum()
    returns = closes.pct_change().iloc[1:]
    windows = {name: returns.tail(length) for name, length in WINDOWS.items()}
    ranges = {
        name: _range_volatilities(*(part.tail(length) for part in logarithms)) for name, length in WINDOWS.items()
    }
    weighted = {name: _weighted_volatility(rows) for name, rows in windows.items()}
    return {
        "value": float(values.sum()),
        "windows": {
            name: _window(rows, weights, book, closes.index, ranges[name]["yang_zhang"])
            for name, rows in windows.items()
        },
        "concentration": _concentration(weights, book.sectors),
        "liquidity": _liquidity(volumes, weights, book),
        "holdings": {
            symbol: {
                "value": float(values[symbol]),
                "weight": float(weights[symbol]) * 100,
                "windows": {
                    name: _holding(rows[symbol], rows[book.index])
                    | {"volatility_ewma": float(weighted[name][symbol])}
                    | {"range_volatility": {kind: float(found[symbol]) for kind, found in ranges[name].items()}}
                    for name, rows in windows.items()
                },
            }
            for symbol in book.quantities.index
        },
    }


def _logarithms(bars: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, ...]:
    """Of each day's high, low and close over its open, and of that over the close before."""
    opens, closes = bars["price_open"], bars["price_close"]
    ratios = (bars["price_high"] / opens, bars["price_low"] / opens, closes / opens, opens / closes.shift())
    return tuple(ratio.iloc[1:].apply(np.log) for ratio in ratios)


def _range_volatilities(
    high: pd.DataFrame, low: pd.DataFrame, close: pd.DataFrame, overnight: pd.DataFrame
) -> dict[str, Series]:
    """Every symbol's, percent a year, with whole frames: quicker than symbol by symbol."""
    spread, count = ((high - low) ** 2).mean(), len(close)
    rogers = (high * (high - close) + low * (low - close)).mean()
    share = 0.34 / (1.34 + (count + 1) / (count - 1))
    variances = {
        "yang_zhang": overnight.var() + share * close.var() + (1 - share) * rogers,
        "parkinson": spread / (4 * np.log(2)),
        "garman_klass": spread / 2 - (2 * np.log(2) - 1) * (close**2).mean(),
        "rogers_satchell": rogers,
    }
    return {name: (variance * 252) ** 0.5 * 100 for name, variance in variances.items()}


def _weighted_volatility(returns: pd.DataFrame) -> Series:
    """RiskMetrics, of every column, started at its mean square."""
    squares = returns**2
    started = pd.concat([squares.mean().to_frame().T, squares])
    return (started.ewm(alpha=1 - DECAY, adjust=False).mean().iloc[-1] * 252) ** 0.5 * 100


def _window(
    returns: pd.DataFrame, weights: Series, book: PeerBook, days: pd.Index[str], volatilities: Series
) -> dict[str, Any]:
    shares = returns[weights.index]
    portfolio, correlation = shares @ weights, shares.corr().to_numpy()
    stretched = (weights * volatilities[weights.index]).to_numpy()
    own = {
        "volatility_ewma": float(_weighted_volatility(portfolio.to_frame()).iloc[0]),
        "volatility_range": float(np.sqrt(stretched @ correlation @ stretched)),
    }
    return {
        "measures": _portfolio(portfolio, returns[book.index]) | own | _monte_carlo(shares, weights, book.paths),
        "correlation": correlation.tolist(),
        "drawdown": _drawdown(portfolio, days[-len(portfolio) - 1]),
    }


def _portfolio(returns: Series, index: Series) -> dict[str, float]:
    correlation = returns.corr(index)
    mean, deviation, lean, peak = returns.mean(), returns.std(), skew(returns), kurtosis(returns)
    values = {
        "volatility": empyrical.annual_volatility(returns) * 100,
        "beta": empyrical.beta(returns, index),
        "correlation_nifty": correlation,
        "r_squared": correlation**2,
        "max_drawdown": -empyrical.max_drawdown(returns) * 100,
        "sharpe": empyrical.sharpe_ratio(returns, RISK_FREE),
        "sortino": empyrical.sortino_ratio(returns, RISK_FREE),
    }
    for part, share in TAILS.items():
        z = norm.ppf(share)
        corrected = z + (z**2 - 1) * lean / 6 + (z**3 - 3 * z) * peak / 24 - (2 * z**3 - 5 * z) * lean**2 / 36
        values[f"var_historical_{part}"] = -empyrical.value_at_risk(returns, share) * 100
        values[f"var_parametric_{part}"] = -(mean + z * deviation) * 100
        values[f"var_cornish_fisher_{part}"] = -(mean + corrected * deviation) * 100
        values[f"cvar_{part}"] = acerbi_tasche(returns.to_numpy(), share) * 100
    return {name: float(value) for name, value in values.items()}


def _monte_carlo(returns: pd.DataFrame, weights: Series, paths: int) -> dict[str, float]:
    if not paths:
        return {}
    generator = np.random.default_rng(1)
    scenarios = generator.multivariate_normal(returns.mean(), returns.cov(), size=paths) @ weights.to_numpy()
    return {
        f"var_monte_carlo_{part}": float(-np.percentile(scenarios, 100 * share)) * 100 for part, share in TAILS.items()
    }


def _drawdown(returns: Series, start: str) -> dict[str, Any]:
    wealth = pd.concat([pd.Series([1.0], index=[start]), (1 + returns).cumprod()])
    falls = 1 - wealth / wealth.cummax()
    trough = falls.idxmax()
    return {"peak_date": wealth[:trough].idxmax(), "trough_date": trough, "today": float(falls.iloc[-1]) * 100}


def _holding(returns: Series, index: Series) -> dict[str, float]:
    return {
        "volatility": float(empyrical.annual_volatility(returns)) * 100,
        "beta": float(empyrical.beta(returns, index)),
        "correlation_nifty": float(returns.corr(index)),
        "var_historical_95": float(-empyrical.value_at_risk(returns, 0.05)) * 100,
        "cvar_95": acerbi_tasche(returns.to_numpy(), 0.05) * 100,
        "max_drawdown": float(-empyrical.max_drawdown(returns)) * 100,
    }


def _concentration(weights: Series, sectors: pd.Series[str]) -> dict[str, float]:
    return {
        "largest_stock": float(weights.max()) * 100,
        "largest_sector": float(weights.groupby(sectors).sum().max()) * 100,
        "top5": float(weights.nlargest(5).sum()) * 100,
        "effective_holdings": float(1 / (weights**2).sum()),
    }


def _liquidity(volumes: pd.DataFrame, weights: Series, book: PeerBook) -> dict[str, Any]:
    average = volumes[weights.index].tail(30).mean()
    share = book.quantities / average
    days = share / book.participation
    return {
        "liquid_share": float(weights[share <= 0.10].sum()) * 100,
        "days_to_liquidate": float(days.max()),
        "positions": {
            symbol: {
                "average_volume": float(average[symbol]),
                "position_to_volume": float(share[symbol]) * 100,
                "days_to_liquidate": float(days[symbol]),
            }
            for symbol in weights.index
        },
    }
