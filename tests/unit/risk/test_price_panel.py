from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.data_issues import DataIssue, Severity
from app.domain.prices import CONFIRMED_MOVE, Basis, CorporateAction, DailyBars, FloatArray, PricePanel, SeriesKey
from app.measures.range_volatility import volatilities_of_ranges
from app.risk.positions import Position
from app.risk.price_joining import FIELDS
from app.risk.price_panel import build_panel, merge_bars, same_prices
from tests.unit.risk.books import bars_of, position, split, trading_days, whole_bars

NAN = float("nan")
FLAT = np.array([100.0, 101.0, 99.0, 102.0, 100.0, 103.0])
INDEX = np.array([20_000.0, 20_100.0, 20_050.0, 20_150.0, 20_100.0, 20_250.0])


def built(
    bars: DailyBars, *positions: Position, actions: tuple[CorporateAction, ...] = ()
) -> tuple[PricePanel, tuple[DataIssue, ...]]:
    return build_panel(bars, positions or (position("A"),), ("NIFTY50", "NIFTY 50"), actions, 252)


def codes(issues: tuple[DataIssue, ...], subject: str = "A") -> list[str]:
    return [issue.code for issue in issues if issue.subject == subject]


def test_the_better_source_wins_and_the_other_fills_its_gaps() -> None:
    first = np.where(np.arange(6) < 3, FLAT, NAN)
    panel, issues = built(bars_of({("A", "csv"): first, ("A", "bhavcopy"): FLAT * 1.001, ("NIFTY50", "csv"): INDEX}))
    np.testing.assert_allclose(panel.closes[:, 0], np.where(np.arange(6) < 3, FLAT, FLAT * 1.001))
    assert panel.sources == ("csv A + bhavcopy A",)
    assert codes(issues) == []


def test_sources_on_different_levels_are_never_joined_and_both_are_named() -> None:
    wrong = np.where(np.arange(6) < 3, FLAT / 5, NAN)
    panel, issues = built(bars_of({("A", "csv"): wrong, ("A", "bhavcopy"): FLAT, ("NIFTY50", "csv"): INDEX}))
    np.testing.assert_array_equal(panel.closes[:, 0], wrong)
    (found,) = [issue for issue in issues if issue.code == "sources_disagree"]
    assert "bhavcopy are 5 times those from csv A" in found.message


def test_a_renamed_share_is_spliced_out_of_both_symbols() -> None:
    old, new = np.where(np.arange(6) < 3, FLAT, NAN), np.where(np.arange(6) >= 3, FLAT, NAN)
    panel, issues = built(
        bars_of({("NEW", "csv"): new, ("OLD", "csv"): old, ("NIFTY50", "csv"): INDEX}),
        position("NEW", price_symbols=("NEW", "OLD")),
    )
    np.testing.assert_array_equal(panel.closes[:, 0], FLAT)
    assert panel.sources == ("csv NEW + csv OLD",)
    (found,) = [issue for issue in issues if issue.code == "prices_under_other_symbol"]
    assert "OLD" in found.message
    assert "NEW" not in found.message


def test_the_dashboards_prices_never_follow_our_own() -> None:
    own, host = np.where(np.arange(6) < 3, FLAT, NAN), FLAT
    bars = bars_of({("A", "csv"): own, ("A", "host"): host, ("B", "host"): host, ("NIFTY50", "csv"): INDEX})
    panel, _ = built(bars, position("A"), position("B"))
    np.testing.assert_array_equal(panel.closes, np.column_stack([own, host]))
    assert panel.sources == ("csv A", "host B")


def test_days_without_the_index_count_as_trading_days_when_half_of_the_living_shares_traded() -> None:
    index = np.array([1.0, 1.0, NAN, NAN, 1.0, 1.0]) * INDEX
    one = np.array([1.0, 1.0, 1.0, NAN, 1.0, 1.0]) * FLAT
    two = np.array([1.0, 1.0, NAN, NAN, 1.0, 1.0]) * FLAT
    panel, _ = built(
        bars_of(
            {("A", "csv"): one, ("B", "csv"): two, ("C", "csv"): two, ("D", "csv"): one, ("NIFTY50", "csv"): index}
        ),
        *(position(symbol) for symbol in "ABCD"),
    )
    assert len(panel.days) == 5
    panel, _ = built(
        bars_of({("A", "csv"): one, ("B", "csv"): two, ("C", "csv"): two, ("NIFTY50", "csv"): index}),
        *(position(symbol) for symbol in "ABC"),
    )
    assert len(panel.days) == 4


def test_stray_bars_make_no_day_and_are_told() -> None:
    days = np.array([*trading_days(6), np.datetime64("2025-09-20"), np.datetime64("2025-09-22")])
    stray, whole = np.append(FLAT, [104.0, 104.0]), np.append(FLAT, [NAN, NAN])
    index = np.append(INDEX, [NAN, NAN])
    panel, issues = built(
        bars_of({("A", "csv"): stray, ("B", "csv"): whole, ("NIFTY50", "csv"): index}, days=days),
        position("A"),
        position("B"),
    )
    assert panel.days[-1] == trading_days(6)[-1]
    (found,) = issues
    assert (found.code, found.subject, found.severity) == ("off_calendar", "A", Severity.INFO)
    assert found.message.startswith("2 prices are left out, the last of 2025-09-22")


def test_volumes_that_a_split_made_larger_are_named_until_its_action_is_known() -> None:
    rng = np.random.default_rng(4)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 60)))
    volumes = np.exp(rng.normal(13, 0.3, 60)) * np.where(np.arange(60) < 45, 1, 10)
    bars = bars_of(
        {("A", "csv"): closes, ("NIFTY50", "csv"): INDEX.repeat(10)}, volumes={("A", "csv"): volumes.tolist()}
    )
    key = replace(bars.series[0], volume_basis=Basis.AS_TRADED)
    bars = replace(bars, series=(key, *bars.series[1:]))
    day = trading_days(60)[45]
    (found,) = [issue for issue in built(bars)[1] if issue.code == "volumes_as_traded"]
    assert f"From {day} on about" in found.message
    panel, issues = built(bars, actions=(split("A", day, 10.0),))
    np.testing.assert_allclose(panel.volumes[:45, 0], 10 * volumes[:45])
    np.testing.assert_array_equal(panel.closes[:, 0], closes)
    assert "volumes_as_traded" not in codes(issues)


def test_without_any_index_the_days_are_those_of_the_shares_and_the_benchmark_is_unknown() -> None:
    panel, _ = built(bars_of({("A", "csv"): FLAT}))
    assert len(panel.days) == 6
    assert panel.benchmark_name is None
    assert np.isnan(panel.benchmark).all()


def test_the_benchmark_is_named_after_the_symbol_it_was_found_under() -> None:
    panel, _ = built(bars_of({("A", "csv"): FLAT, ("NIFTY 50", "host"): INDEX}))
    assert panel.benchmark_name == "NIFTY 50"
    np.testing.assert_allclose(panel.benchmark_returns, INDEX[1:] / INDEX[:-1] - 1)


def test_a_missing_close_gives_no_return_that_day_or_the_next() -> None:
    closes = FLAT.copy()
    closes[2] = NAN
    panel, issues = built(bars_of({("A", "csv"): closes, ("NIFTY50", "csv"): INDEX}))
    assert np.isnan(panel.returns[:, 0]).tolist() == [False, True, True, False, False]
    assert codes(issues) == ["gaps"]


def raw_split() -> tuple[FloatArray, np.datetime64]:
    return np.where(np.arange(6) < 3, FLAT * 5, FLAT), trading_days(6)[3]


def test_a_known_split_restates_closes_openings_and_volumes() -> None:
    raw, day = raw_split()
    bars = bars_of({("A", "bhavcopy"): raw, ("NIFTY50", "csv"): INDEX}, basis=Basis.AS_TRADED)
    panel, issues = built(bars, actions=(split("A", day, 5.0),))
    np.testing.assert_allclose(panel.closes[:, 0], FLAT)
    np.testing.assert_allclose(panel.volumes[:, 0], [5000, 5000, 5000, 1000, 1000, 1000])
    assert codes(issues) == []
    assert np.isfinite(panel.returns).all()


def test_an_unknown_split_is_left_out_and_named() -> None:
    raw, _ = raw_split()
    panel, issues = built(bars_of({("A", "bhavcopy"): raw, ("NIFTY50", "csv"): INDEX}, basis=Basis.AS_TRADED))
    assert np.isnan(panel.returns[:, 0]).tolist() == [False, False, True, False, False]
    assert codes(issues) == ["split_like_jump"]


def ranged(scale: FloatArray, *, seed: int = 3) -> DailyBars:
    """Thirty days of A with whole bars, every price of a day times ``scale`` (30,), as traded, and the index."""
    closes = np.asarray(100 * np.cumprod(1 + 0.01 * np.random.default_rng(seed).standard_normal((30, 1)), axis=0))
    index = np.linspace(20_000, 20_300, 30)
    bars = bars_of({("A", "bhavcopy"): closes[:, 0], ("NIFTY50", "csv"): index}, basis=Basis.AS_TRADED)
    whole = whole_bars(closes)
    for name in ("open", "high", "low", "close"):
        getattr(bars, f"{name}s")[:, 0] = whole[name][:, 0] * scale
    return bars


def yearly(panel: PricePanel) -> FloatArray:
    found = volatilities_of_ranges(panel.ranges, np.array([29]))
    return np.array([found.yang_zhang[0, 0], found.parkinson[0, 0], found.garman_klass[0, 0]])


def test_a_known_split_leaves_every_range_as_it_was() -> None:
    scale = np.where(np.arange(30) < 12, 5.0, 1.0)
    panel, issues = built(ranged(scale), actions=(split("A", trading_days(30)[12], 5.0),))
    usual, _ = built(ranged(np.ones(30)))
    assert codes(issues) == []
    np.testing.assert_allclose(panel.ranges, usual.ranges, rtol=1e-12, atol=1e-14)


def test_the_day_of_an_unknown_split_has_no_range_and_the_others_keep_theirs() -> None:
    panel, issues = built(ranged(np.where(np.arange(30) < 12, 5.0, 1.0)))
    usual, _ = built(ranged(np.ones(30)))
    assert codes(issues) == ["split_like_jump"]
    assert np.flatnonzero(np.isnan(panel.ranges[:, :, 0]).any(axis=0)).tolist() == [11]
    rest = np.arange(29) != 11
    np.testing.assert_allclose(panel.ranges[:, rest], usual.ranges[:, rest], rtol=1e-12, atol=1e-14)


@settings(deadline=None)
@given(st.floats(1e-3, 1e5))
def test_range_volatility_does_not_depend_on_the_unit_of_the_price(factor: float) -> None:
    usual, scaled = (built(ranged(np.full(30, scale)))[0] for scale in (1.0, factor))
    np.testing.assert_allclose(yearly(scaled), yearly(usual), rtol=1e-9)


def test_a_bar_that_contradicts_itself_gives_no_range_that_day_and_is_counted() -> None:
    bars = ranged(np.ones(30))
    bars.highs[7, 0] = bars.closes[7, 0] * 0.99
    bars.lows[20, 0] = bars.opens[20, 0] * 1.01
    panel, issues = built(bars)
    assert np.flatnonzero(np.isnan(panel.ranges[0, :, 0])).tolist() == [6, 19]
    assert np.isfinite(panel.returns).all()
    (found,) = [issue for issue in issues if issue.code == "contradictory_bars"]
    assert (found.subject, found.severity) == ("A", Severity.INFO)
    assert found.message.startswith("2 days of the last year have an open or close outside")


@pytest.mark.parametrize("name", ["opens", "highs", "lows"])
def test_a_missing_price_gives_no_range_that_day_and_is_no_contradiction(name: str) -> None:
    bars = ranged(np.ones(30))
    getattr(bars, name)[7, 0] = NAN
    panel, issues = built(bars)
    assert np.flatnonzero(np.isnan(panel.ranges[0, :, 0])).tolist() == [6]
    assert codes(issues) == []


def test_a_gap_is_filled_with_whole_bars_of_the_next_source() -> None:
    bars = ranged(np.ones(30))
    whole = {name: getattr(bars, name)[:, [0, 0, 1]].copy() for name in FIELDS}
    for name in FIELDS:
        whole[name][10:, 0] = NAN
    keys = (SeriesKey("A", "csv", Basis.ADJUSTED, Basis.ADJUSTED), *bars.series)
    panel, _ = built(DailyBars(keys, bars.days, **whole))
    np.testing.assert_array_equal(panel.ranges, built(bars)[0].ranges)


@pytest.mark.parametrize("name", FIELDS)
def test_prices_are_the_same_only_when_every_kind_of_figure_is(name: str) -> None:
    one, other = (bars_of({("A", "csv"): [NAN, *FLAT]}) for _ in range(2))
    assert same_prices(one, other)
    getattr(other, name)[3, 0] += 1.0
    assert not same_prices(one, other)
    assert not same_prices(one, bars_of({("A", "csv"): FLAT}))


def test_an_action_named_under_an_older_symbol_reaches_the_series_of_the_newer_one_once() -> None:
    raw, day = raw_split()
    bars = bars_of({("NEW", "bhavcopy"): raw, ("NIFTY50", "csv"): INDEX}, basis=Basis.AS_TRADED)
    both = (split("OLD", day, 5.0), split("NEW", day, 5.0))
    panel, _ = built(bars, position("NEW", price_symbols=("NEW", "OLD")), actions=both)
    np.testing.assert_allclose(panel.closes[:, 0], FLAT)
    np.testing.assert_allclose(panel.volumes[:, 0], [5000, 5000, 5000, 1000, 1000, 1000])


def test_a_split_after_a_rename_never_counts_as_a_loss() -> None:
    """The older symbol has no close after the split: the newer one shows that it needs restating."""
    raw = np.concatenate([np.full(8, 500.0), np.full(4, 505.0), np.full(4, 101.0)])
    rows, day = np.arange(16), trading_days(16)[12]
    bars = bars_of(
        {
            ("NEW", "bhavcopy"): np.where(rows >= 8, raw, NAN),
            ("OLD", "bhavcopy"): np.where(rows < 8, raw, NAN),
            ("NIFTY50", "csv"): np.linspace(20_000, 20_100, 16),
        },
        basis=Basis.AS_TRADED,
    )
    panel, issues = built(bars, position("NEW", price_symbols=("NEW", "OLD")), actions=(split("NEW", day, 5.0),))
    np.testing.assert_allclose(panel.closes[:, 0], raw / np.where(rows < 12, 5, 1))
    assert np.isfinite(panel.returns).all()
    assert "split_like_jump" not in codes(issues, "NEW")


def test_an_action_of_another_share_changes_nothing() -> None:
    raw, day = raw_split()
    bars = bars_of({("A", "bhavcopy"): raw, ("NIFTY50", "csv"): INDEX}, basis=Basis.AS_TRADED)
    panel, _ = built(bars, actions=(split("B", day, 5.0),))
    np.testing.assert_array_equal(panel.closes[:, 0], raw)


def test_a_demerger_is_named_and_not_applied() -> None:
    bars = bars_of({("A", "csv"): FLAT, ("NIFTY50", "csv"): INDEX})
    panel, issues = built(bars, actions=(split("A", trading_days(6)[3], 1.7, "demerger"),))
    np.testing.assert_array_equal(panel.closes[:, 0], FLAT)
    assert codes(issues) == ["demerger"]


def test_an_action_outside_the_panel_is_not_named() -> None:
    bars = bars_of({("A", "csv"): FLAT, ("NIFTY50", "csv"): INDEX})
    _, issues = built(bars, actions=(CorporateAction("A", date(2020, 1, 1), 1.7, "demerger"),))
    assert codes(issues) == []


def test_a_share_that_neither_moves_nor_trades_is_suspended() -> None:
    still = np.full(8, 50.0)
    bars = bars_of(
        {("A", "csv"): still, ("NIFTY50", "csv"): np.linspace(20_000, 20_100, 8)}, volumes={("A", "csv"): [0.0] * 8}
    )
    panel, issues = built(bars)
    assert panel.suspended.tolist() == [True]
    assert "suspended" in codes(issues)


def test_a_share_that_stopped_before_the_market_is_stale() -> None:
    stopped = np.where(np.arange(6) < 4, FLAT, NAN)
    _, issues = built(bars_of({("A", "csv"): stopped, ("NIFTY50", "csv"): INDEX}))
    (found,) = [issue for issue in issues if issue.code == "stale_price"]
    assert "2 trading days before the newest" in found.message


def test_a_share_without_prices_is_an_empty_column_with_a_critical_issue() -> None:
    panel, issues = built(bars_of({("NIFTY50", "csv"): INDEX}))
    assert np.isnan(panel.closes).all()
    assert panel.sources == ("",)
    assert codes(issues) == ["no_prices"]


def test_no_bars_and_no_positions_make_an_empty_panel() -> None:
    empty = np.empty((0, 0))
    panel, issues = build_panel(DailyBars((), np.empty(0, "datetime64[D]"), *[empty] * 5), (), (), (), 252)
    assert (panel.closes.shape, panel.returns.shape, panel.benchmark_name, issues) == ((0, 0), (0, 0), None, ())


# merge_bars, as properties over random partial bars

KEYS = tuple(SeriesKey(symbol, "csv", Basis.ADJUSTED, Basis.AS_TRADED) for symbol in "ABC")


@st.composite
def some_bars(draw: st.DrawFn) -> DailyBars:
    keys = tuple(draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3)))
    places = sorted(draw(st.sets(st.integers(0, 7), max_size=6))) if keys else []
    cells = st.one_of(st.just(NAN), st.integers(1, 9).map(float))
    rows = draw(
        st.lists(st.lists(cells, min_size=len(keys), max_size=len(keys)), min_size=len(places), max_size=len(places))
    )
    values = np.array(rows, dtype=float).reshape(len(places), len(keys))
    return DailyBars(keys, trading_days(8)[places], *(values * factor for factor in (1, 4, 5, 2, 3)))


def cell(bars: DailyBars, key: SeriesKey, day: np.datetime64, name: str = "closes") -> float:
    if key not in bars.series or day not in bars.days:
        return NAN
    return float(getattr(bars, name)[int(np.searchsorted(bars.days, day)), bars.series.index(key)])


@given(some_bars(), some_bars(), st.one_of(st.none(), st.integers(0, 7)))
def test_merged_bars_hold_the_new_value_else_the_old_one_before_the_day(
    old: DailyBars, new: DailyBars, since: int | None
) -> None:
    start: date | None = None if since is None else trading_days(8)[since].astype(object)
    merged = merge_bars(old, new, start)
    assert set(merged.series) == {*old.series, *new.series}
    assert (np.diff(merged.days) > np.timedelta64(0, "D")).all()
    for key in KEYS:
        for day in trading_days(8):
            older = NAN if start is not None and day >= np.datetime64(start) else cell(old, key, day)
            newer = cell(new, key, day)
            expected = older if np.isnan(newer) else newer
            np.testing.assert_array_equal(cell(merged, key, day), expected)


@given(some_bars())
def test_merging_with_itself_or_nothing_changes_nothing(bars: DailyBars) -> None:
    nothing = DailyBars((), trading_days(0), *[np.empty((0, 0))] * 5)
    for merged in (merge_bars(bars, bars), merge_bars(bars, nothing), merge_bars(nothing, bars)):
        assert merged.series == bars.series
        np.testing.assert_array_equal(merged.days, bars.days)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(merged, name), getattr(bars, name))


@pytest.mark.parametrize("name", FIELDS)
def test_a_delta_corrects_every_kind_of_figure(name: str) -> None:
    old = bars_of({("A", "csv"): FLAT})
    delta = bars_of({("A", "csv"): FLAT[4:] * 2}, volumes={("A", "csv"): [7.0, 8.0]}, days=trading_days(6)[4:])
    merged = merge_bars(old, delta, trading_days(6)[4].astype(object))
    np.testing.assert_array_equal(getattr(merged, name)[:4], getattr(old, name)[:4])
    np.testing.assert_array_equal(getattr(merged, name)[4:], getattr(delta, name))


def test_a_confirmed_move_counts_and_says_so() -> None:
    raw, day = raw_split()
    bars = bars_of({("A", "csv"): raw, ("NIFTY50", "csv"): INDEX})
    doubted, _ = built(bars)
    panel, issues = built(bars, actions=(CorporateAction("A", day.astype(object), 1.0, CONFIRMED_MOVE),))
    assert np.isnan(doubted.returns[:, 0]).sum() == np.isnan(panel.returns[:, 0]).sum() + 1
    assert codes(issues) == ["confirmed_move"]


def test_a_demerger_whose_fall_is_left_out_says_that_it_is() -> None:
    raw, day = raw_split()
    bars = bars_of({("A", "csv"): raw, ("NIFTY50", "csv"): INDEX})
    _, issues = built(bars, actions=(CorporateAction("A", day.astype(object), 1.0, "demerger"),))
    assert "that day's return is left out" in next(issue.message for issue in issues if issue.code == "demerger")


def test_a_share_held_on_bse_alone_has_the_prices_of_bse() -> None:
    bars = bars_of({("A", "kite"): FLAT, ("NIFTY50", "csv"): INDEX})
    of_bse = replace(bars, series=tuple(replace(k, exchange="BSE") if k.symbol == "A" else k for k in bars.series))
    for exchanges, known in (("BSE",), 6), (("NSE",), 0), (("NSE", "BSE"), 0):
        panel, _ = build_panel(of_bse, [position("A", exchanges=exchanges)], ("NIFTY50",), (), 5)
        assert np.isfinite(panel.closes[:, 0]).sum() == known
