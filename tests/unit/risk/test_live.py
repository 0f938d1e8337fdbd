from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from app.domain.live import NIFTY, LiveRisk, Tick
from app.domain.prices import FloatArray
from app.measures.returns import simple_returns
from app.risk.equity_report import Book
from app.risk.live import KEPT, RANGED, REMARKED, live_prices, live_ticks, prepare, revalue
from tests.unit.risk.books import (
    OPTIONS,
    TODAY,
    WINDOWS,
    book_of,
    market,
    panel_of,
    position,
    ranges_of,
    report_of,
    trading_days,
    whole_bars,
)

NOON = datetime(2025, 9, 18, 6, 30, tzinfo=UTC)
"""12:00 in India on the trading day after the last close of the panel."""


def tick(symbol: str, price: float, previous: float | None = None, at: datetime = NOON, exchange: str = "NSE") -> Tick:
    return Tick(exchange, symbol, price, previous, at, at)


def kept_book(count: int = 4, seed: int = 1) -> Book:
    closes, index = market(count=count, seed=seed)
    panel = panel_of(closes, index, ranges=ranges_of(whole_bars(closes)))
    owned = [
        position(
            symbol, quantity=10.0 + place, last_price=float(closes[-1, place]), sector="Power" if place else "Steel"
        )
        for place, symbol in enumerate(panel.symbols)
    ]
    return book_of(panel, owned)


def ticks_of(book: Book, moves: FloatArray) -> tuple[Tick, ...]:
    closes = book.panel.closes[-1]
    return tuple(
        tick(symbol, float(close * (1 + move)), float(close))
        for symbol, close, move in zip(book.panel.symbols, closes, moves, strict=True)
    )


def live_of(book: Book, ticks: tuple[Tick, ...], now: datetime = NOON) -> LiveRisk:
    return revalue(prepare(book, OPTIONS, TODAY), ticks, now)


def agree(found: float | None, expected: float | None) -> bool:
    """Both missing, or equal to 1e-9."""
    if found is None or expected is None:
        return found is expected
    return found == pytest.approx(expected, rel=1e-9)


MOVES = np.array([0.03, -0.02, 0.001, -0.15])


def test_value_weights_and_concentration_equal_those_of_a_full_report_at_the_same_prices() -> None:
    book = kept_book()
    ticks = ticks_of(book, MOVES)
    full = report_of(replace(book, live=live_prices(live_ticks(book, ticks))))
    live = live_of(book, ticks)
    assert live.value == pytest.approx(full.value, rel=1e-12)
    assert live.concentration == full.concentration
    weights = {holding.symbol: holding.weight for holding in full.holdings}
    assert {holding.symbol: holding.weight for holding in live.holdings} == pytest.approx(weights, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_every_remarked_measure_equals_that_of_a_full_report_at_the_same_prices(seed: int) -> None:
    book = kept_book(seed=seed)
    ticks = ticks_of(book, np.random.default_rng(seed).normal(0, 0.05, 4))
    full = report_of(replace(book, live=live_prices(live_ticks(book, ticks))))
    live = live_of(book, ticks)
    settled = report_of(book)
    for window in WINDOWS:
        for name in (*REMARKED, RANGED):
            expected, found = full.windows[window].measures[name], live.windows[window].measures[name]
            assert agree(found.value, expected.value), (window, name)
            assert agree(found.rupees, expected.rupees), (window, name)
            assert found.unavailable == expected.unavailable
        assert live.windows[window].measures["beta"].value != settled.windows[window].measures["beta"].value


def test_a_book_without_ranges_keeps_its_reason_when_it_is_remarked() -> None:
    book = kept_book()
    bare = replace(book, panel=replace(book.panel, ranges=np.full_like(book.panel.ranges, np.nan)))
    found = live_of(bare, ticks_of(bare, MOVES)).windows["1y"].measures[RANGED]
    assert (found.value, found.rupees) == (None, None)
    assert found.unavailable == report_of(bare).windows["1y"].measures[RANGED].unavailable


def test_simulated_var_keeps_its_percentage_and_follows_the_value_in_rupees() -> None:
    book = kept_book()
    live, settled = live_of(book, ticks_of(book, MOVES)), report_of(book)
    assert live.kept == KEPT
    for name in KEPT:
        found, before = live.windows["1y"].measures[name], settled.windows["1y"].measures[name]
        assert found.value == before.value
        assert live.value
        assert before.value
        assert found.rupees == pytest.approx(before.value / 100 * live.value)
    assert live.windows["60d"].measures["var_monte_carlo_99"].unavailable


def test_gain_of_the_day_counts_from_the_exchanges_previous_close() -> None:
    book = kept_book()
    ticks = (tick("A", 110.0, 100.0), tick("B", 45.0, 50.0))
    live = live_of(book, ticks)
    assert live.day_pnl == pytest.approx(10 * 10.0 + 11 * -5.0)
    assert live.day_change == pytest.approx(45.0 / (10 * 100.0 + 11 * 50.0) * 100)
    assert live.priced_live == 2
    assert live.held == 4
    assert 0 < live.day_coverage < 100


def test_without_a_previous_close_the_last_close_of_the_day_before_counts() -> None:
    book = kept_book()
    close = float(book.panel.closes[-1, 0])
    live = live_of(book, (tick("A", close * 1.1),))
    assert live.day_change == pytest.approx(10.0)


def test_without_a_previous_close_and_with_a_day_between_there_is_no_gain_of_the_day() -> None:
    book = kept_book()
    later = NOON + timedelta(days=1)
    live = live_of(book, (tick("A", 100.0, at=later),), later)
    assert live.day_pnl is None
    assert live.day_change is None
    assert live.day_coverage == 0.0


def test_a_tick_of_a_day_whose_close_is_known_changes_nothing() -> None:
    book = kept_book()
    yesterday = NOON - timedelta(days=1)
    live = live_of(book, (tick("A", 1.0, 1.0, yesterday),))
    assert live.as_of is None
    assert live.priced_live == 0
    assert live.value == report_of(book).value


def test_a_tick_older_than_the_book_changes_nothing() -> None:
    book = replace(kept_book(), as_of=date(2025, 9, 19))
    assert live_of(book, (tick("A", 1.0, 1.0),)).priced_live == 0


def test_the_sample_book_takes_no_tick_of_a_real_share_with_the_same_name() -> None:
    book = replace(kept_book(), is_sample=True)
    assert live_of(book, ticks_of(book, MOVES)).priced_live == 0


def test_a_share_on_both_exchanges_is_priced_on_nse() -> None:
    book = kept_book()
    owned = (replace(book.positions[0], exchanges=("NSE", "BSE")), *book.positions[1:])
    live = live_of(replace(book, positions=owned), (tick("A", 90.0, exchange="BSE"), tick("A", 91.0)))
    assert live.holdings[0].price == 91.0


def test_a_share_held_on_bse_alone_is_priced_there() -> None:
    book = kept_book()
    owned = (replace(book.positions[0], exchanges=("BSE",)), *book.positions[1:])
    live = live_of(replace(book, positions=owned), (tick("A", 90.0, exchange="BSE"), tick("A", 91.0)))
    assert live.holdings[0].price == 90.0


def test_drawdown_today_equals_that_of_a_report_whose_history_ends_at_these_prices() -> None:
    book = kept_book()
    ticks = ticks_of(book, MOVES)
    closes = np.vstack([book.panel.closes, book.panel.closes[-1] * (1 + MOVES)])
    index = np.append(book.panel.benchmark, book.panel.benchmark[-1])
    days = np.append(trading_days(len(closes) - 1), np.datetime64("2025-09-18"))
    ended = replace(panel_of(closes, index), days=days, returns=simple_returns(closes))
    owned = tuple(
        replace(held, last_price=float(close)) for held, close in zip(book.positions, closes[-1], strict=True)
    )
    full = report_of(replace(book_of(ended, owned), as_of=date(2025, 9, 18)))
    live = live_of(book, ticks)
    for window in WINDOWS:
        drawdown = full.windows[window].drawdown
        assert drawdown
        assert live.windows[window].drawdown_today == pytest.approx(drawdown.today, rel=1e-9)


def test_without_ticks_the_figures_are_those_of_the_report() -> None:
    book = kept_book()
    live, full = live_of(book, ()), report_of(book)
    assert (live.as_of, live.value, live.day_pnl, live.nifty) == (None, full.value, None, None)
    for window in WINDOWS:
        drawdown = full.windows[window].drawdown
        assert drawdown
        assert live.windows[window].drawdown_today == pytest.approx(drawdown.today)


def test_the_index_moves_beside_the_book() -> None:
    book = kept_book()
    live = live_of(book, (Tick(*NIFTY, 25_250.0, 25_000.0, NOON, NOON),))
    assert live.nifty == 25_250.0
    assert live.nifty_change == pytest.approx(1.0)
    assert live.priced_live == 0


def test_too_little_history_is_unavailable_with_its_reason_and_the_value_still_follows() -> None:
    closes, index = market(rows=30)
    book = book_of(panel_of(closes, index))
    live = live_of(book, ticks_of(book, MOVES))
    measure = live.windows["1y"].measures["var_historical_95"]
    assert measure.value is None
    assert measure.rupees is None
    assert measure.unavailable
    assert live.windows["1y"].drawdown_today is None
    assert live.value == pytest.approx(float((closes[-1] * (1 + MOVES) * 10).sum()))


def test_an_empty_book_has_no_figure_and_no_error() -> None:
    closes, index = market(count=1)
    empty = replace(panel_of(closes[:, :0], index), symbols=(), sources=(), suspended=np.zeros(0, dtype=bool))
    live = live_of(book_of(empty), (tick("A", 1.0),))
    assert (live.value, live.day_pnl, live.holdings) == (None, None, ())


def test_a_book_without_any_price_history_is_valued_at_its_ticks() -> None:
    nothing = replace(panel_of(np.empty((0, 1)), np.empty(0)), returns=np.empty((0, 1)), benchmark_returns=np.empty(0))
    book = replace(book_of(nothing, [position("A", last_price=None)]), as_of=None)
    live = live_of(book, (tick("A", 12.0, 10.0),))
    assert live.value == pytest.approx(120.0)
    assert live.day_pnl == pytest.approx(20.0)
    assert live.windows["60d"].measures["beta"].unavailable
