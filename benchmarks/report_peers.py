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
        "SELECT scrip_id, price_date, price_close, volume FROM rt_intraday_price "
        "WHERE scrip_id = ANY(%(symbols)s) AND price_date >= %(since)s",
        {"symbols": book.symbols, "since": book.days[0]},
    )
    return json.dumps(_report(prices, book))


def query_per_cell(connection: extensions.connection, book: PeerBook) -> str:
    """The report as JSON from one SELECT for each symbol and trading day: one bare psycopg2 cursor, the leanest way."""
    with connection.cursor() as cursor:

        def ask(symbol: str, day: str) -> Any:
            cursor.execute(
                "SELECT price_close, volume FROM rt_intraday_price WHERE scrip_id = %s AND price_date = %s",
                (symbol, day),
            )
            return cursor.fetchone()

        return _report_of_cells(ask, book, book.days)


def query_per_calendar_day(engine: Engine, book: PeerBook) -> str:
    """The same the way Kite dashboards do it: for each symbol and calendar day, here over SQLAlchemy."""
    query = text("SELECT price_close, volume FROM rt_intraday_price WHERE scrip_id = :symbol AND price_date = :day")
    days = pd.date_range(book.days[0], book.days[-1]).strftime("%Y-%m-%d").tolist()
    with engine.connect() as connection:
        return _report_of_cells(
            lambda symbol, day: connection.execute(query, {"symbol": symbol, "day": day}).first(), book, days
        )


def _report_of_cells(ask: Callable[[str, str], Any], book: PeerBook, days: Sequence[str]) -> str:
    found = [(symbol, day, *row) for symbol in book.symbols for day in days if (row := ask(symbol, day)) is not None]
    return json.dumps(_report(pd.DataFrame(found, columns=["scrip_id", "price_date", "price_close", "volume"]), book))


def _report(prices: pd.DataFrame, book: PeerBook) -> dict[str, Any]:
    closes = prices.pivot(index="price_date", columns="scrip_id", values="price_close")
    volumes = prices.pivot(index="price_date", columns="scrip_id", values="volume")
    values = closes[book.quantities.index].iloc[-1] * book.quantities
    weights = values / values.sum()
    returns = closes.pct_change().iloc[1:]
    windows = {name: returns.tail(length) for name, length in WINDOWS.items()}
    return {
        "value": float(values.sum()),
        "windows": {name: _window(rows, weights, book, closes.index) for name, rows in windows.items()},
        "concentration": _concentration(weights, book.sectors),
        "liquidity": _liquidity(volumes, weights, book),
        "holdings": {
            symbol: {
                "value": float(values[symbol]),
                "weight": float(weights[symbol]) * 100,
                "windows": {name: _holding(rows[symbol], rows[book.index]) for name, rows in windows.items()},
            }
            for symbol in book.quantities.index
        },
    }


def _window(returns: pd.DataFrame, weights: Series, book: PeerBook, days: pd.Index[str]) -> dict[str, Any]:
    shares = returns[weights.index]
    portfolio = shares @ weights
    return {
        "measures": _portfolio(portfolio, returns[book.index]) | _monte_carlo(shares, weights, book.paths),
        "correlation": shares.corr().to_numpy().tolist(),
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
