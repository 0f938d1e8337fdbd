"""The returns of shares and funds together, or of funds alone, as far back as they go: a read for the backtest."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection

from app.domain.backtests import ReturnHistory
from app.domain.prices import FloatArray, PricePanel
from app.measures.concentration import weights
from app.risk.equity_history import first_days, held_throughout, load_long_panel
from app.risk.equity_report import Book
from app.risk.fund_book import FundBook
from app.risk.fund_loading import load_long_navs
from app.risk.joint_series import join
from app.risk.price_loading import benchmark_names
from app.risk.valuation import value_positions
from app.store.imports import newest_of

METHOD = (
    "one day ahead; today's holdings on every past day that has closes and NAVs, at the weights of the day "
    "before the newest of them, scaled to those that had a return (half of the weight at least); that newest day is "
    "left out, as its prices may still change, and so are returns over several days, where a NAV is missing"
)


def load_joint_history(connection: Connection, shares: Book, funds: FundBook, benchmark: str | None) -> ReturnHistory:
    """``joint_history`` over all stored days up to the newest of both books."""
    names, days = benchmark_names(connection, benchmark), shares.panel.days
    panel = load_long_panel(connection, shares.positions, names, days, is_sample=shares.is_sample)
    return joint_history("combined", shares, panel, load_long_navs(connection, funds, panel.days, panel.benchmark))


def load_fund_history(connection: Connection, funds: FundBook, benchmark: str | None) -> ReturnHistory:
    """``joint_history`` of a book without shares, over all stored days up to the newest of the funds."""
    names = benchmark_names(connection, benchmark)
    panel = load_long_panel(connection, (), names, funds.days, is_sample=funds.is_sample)
    nothing = Book((), None, "none", funds.is_sample, panel, ())
    return joint_history("mf", nothing, panel, load_long_navs(connection, funds, panel.days, panel.benchmark))


def tested_units(connection: Connection, funds: FundBook) -> tuple[object, ...]:
    """What a backtest of funds rests on, in a form that can be compared."""
    units = [(one.isin, one.quantity) for one in funds.positions]
    return newest_of(connection, "navs"), units, funds.days.tobytes(), funds.navs.tobytes()


def joint_history(scope: str, shares: Book, panel: PricePanel, funds: FundBook) -> ReturnHistory:
    """Both books as they stood a day before the newest that they have in common, held on every earlier day."""
    joint = join(panel, funds)
    days = joint.panel.days[1:-1]
    series = np.full(len(days), np.nan)
    if len(days):
        owned = _weights_on(days[-1], shares, panel, funds)
        series = held_throughout(joint.panel.returns[:-1], owned, joint.panel.suspended)
        series[joint.spans[:-1] > 1] = np.nan
    return ReturnHistory(scope, shares.is_sample or funds.is_sample, days, series, METHOD)


def _weights_on(day: np.datetime64, shares: Book, panel: PricePanel, funds: FundBook) -> FloatArray:
    """(N + F,) of the value at the closes and NAVs of a day, NaN where there is none."""
    until = first_days(panel, int(np.searchsorted(panel.days, day, side="right")))
    values = value_positions(shares.positions, until, shares.as_of, day.astype(object)).values
    then = _newest(funds.navs[: np.searchsorted(funds.days, day, side="right")])
    grown = np.nan_to_num(_newest(funds.navs) / then, nan=1.0)
    return weights(np.concatenate([np.array(values, dtype=float), funds.values / grown]))


def _newest(navs: FloatArray) -> FloatArray:
    """(F,) the newest NAV of each fund in ``navs`` (T, F), NaN where there is none."""
    if not navs.size:
        return np.full(navs.shape[1], np.nan)
    rows = len(navs) - 1 - np.isfinite(navs)[::-1].argmax(axis=0)
    return np.asarray(np.take_along_axis(navs, rows[np.newaxis], axis=0)[0])
