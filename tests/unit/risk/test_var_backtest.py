from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from app.domain.backtests import BacktestReport, MethodBacktest, Preference, ReturnHistory
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS, Measure
from app.measures.backtest import Backtest, LikelihoodRatio, Method, Zone
from app.risk import var_backtest
from app.risk.equity_history import return_history
from app.risk.equity_report import Book, compute_report
from app.risk.var_backtest import accepted_exceptions, backtest_report, with_preferred
from tests.unit.risk.books import OPTIONS, TODAY, book_of, market, panel_of, position, trading_days

ALL = tuple(WINDOWS)


def waves(days: int = 900, seed: int = 3) -> FloatArray:
    rng = np.random.default_rng(seed)
    return np.asarray(0.008 * np.exp(0.5 * np.sin(np.arange(days) / 40)) * rng.standard_t(6, days))


def history_of(returns: FloatArray) -> ReturnHistory:
    return ReturnHistory("equity", False, trading_days(len(returns)), returns, "as they were")


def backtested(returns: FloatArray, windows: tuple[str, ...] = ALL) -> BacktestReport:
    return backtest_report(history_of(returns), windows, "2025-09-18T00:00:00+00:00")


def of(report: BacktestReport, window: str, method: Method, level: int = 95) -> MethodBacktest:
    return next(one for one in report.windows[window].methods if (one.method, one.level) == (method, level))


@pytest.mark.parametrize(
    ("days", "level", "accepted"),
    [
        (60, 0.99, (0, 2)), (90, 0.99, (0, 3)), (250, 0.99, (1, 6)), (500, 0.99, (2, 9)), (1000, 0.99, (5, 16)),
        (60, 0.95, (1, 6)), (90, 0.95, (2, 9)), (250, 0.95, (7, 19)), (500, 0.95, (17, 35)), (1000, 0.95, (38, 64)),
    ],
)  # fmt: skip
def test_the_accepted_range_is_the_published_one(days: int, level: float, accepted: tuple[int, int]) -> None:
    assert accepted_exceptions(days, level) == accepted


def test_the_published_backtest_of_1703_days_has_its_likelihood_ratio() -> None:
    """86 losses, each larger than all before, in 1,703 days that are otherwise as the window was."""
    returns = np.where(np.arange(60 + 1703) % 2, 0.01, -0.01)
    returns[60 + np.linspace(5, 1695, 86).astype(int)] = -0.5 - 0.001 * np.arange(86)
    found = of(backtested(returns, ("60d",)), "60d", Method.HISTORICAL)
    assert (found.days, found.exceptions) == (1703, 86)
    assert found.kupiec is not None
    assert found.kupiec.statistic == pytest.approx(0.0089, abs=5e-5)
    assert found.verdict.startswith("within what chance allows")
    assert found.zone == "green"


def test_every_method_is_told_at_both_levels_with_its_days_and_range() -> None:
    report = backtested(waves())
    assert (report.scope, report.returns, report.method) == ("equity", 900, "as they were")
    for name, length in WINDOWS.items():
        window = report.windows[name]
        assert window.days == 900 - length
        assert window.to_date == report.as_of
        assert [(one.method, one.level) for one in window.methods] == [(m, level) for level in (95, 99) for m in Method]
        for one in window.methods:
            assert one.exceptions == len(one.exception_days)
            assert one.expected == pytest.approx(one.days * (100 - one.level) / 100)
            assert (one.accepted is None) == (one.kupiec is None) == (one.zone is None) == bool(one.unavailable)


def test_a_future_return_changes_no_earlier_exception() -> None:
    returns = waves()
    changed = returns.copy()
    changed[800:] = np.where(np.arange(100) % 3, 0.02, -0.2)
    day = trading_days(900)[800].astype(object)
    for before, after in zip(backtested(returns).windows.values(), backtested(changed).windows.values(), strict=True):
        for one, other in zip(before.methods, after.methods, strict=True):
            early = [[d for d in found.exception_days if d < day] for found in (one, other)]
            assert early[0] == early[1], (one.method, one.level)
    counts = [backtested(series).windows["1y"].methods[0].exceptions for series in (returns, changed)]
    assert counts[1] > counts[0]


def test_missing_returns_are_passed_over() -> None:
    gappy = np.insert(waves(), [10, 500, 500], np.nan)
    assert backtested(gappy).returns == 900
    assert [one.exceptions for one in backtested(gappy).windows["1y"].methods] == [
        one.exceptions for one in backtested(waves()).windows["1y"].methods
    ]


def test_a_thin_sample_is_counted_refused_with_the_reason_and_falls_back_to_historical() -> None:
    window = backtested(waves(400), ("1y",)).windows["1y"]
    thin = next(one for one in window.methods if one.level == 99)
    assert (thin.days, thin.accepted, thin.zone, thin.kupiec) == (148, None, None, None)
    assert thin.unavailable == "99% needs 250 tested days, there are 148"
    assert [choice.proven for choice in window.preferred] == [True, False]
    assert window.preferred[1].method == Method.HISTORICAL
    assert "too thin" in window.preferred[1].reason
    assert "99% needs 250 tested days, there are 148" in window.preferred[1].reason


@pytest.mark.parametrize("days", [0, 1, 100, 252])
def test_a_history_that_gives_no_forecast_says_so(days: int) -> None:
    window = backtested(waves(900)[:days], ("1y",)).windows["1y"]
    assert (window.days, window.from_date) == (0, None)
    assert not any(choice.proven for choice in window.preferred)
    assert {one.unavailable for one in window.methods} == {"the history has no day after its first 252 returns"}


def test_sixty_returns_give_no_quantile_at_99_percent_and_another_method_is_preferred() -> None:
    report = backtested(waves(1500), ("60d",))
    historical = of(report, "60d", Method.HISTORICAL, 99)
    assert historical.unavailable == "99% needs at least 100 returns, this window has 60"
    choice = report.windows["60d"].preferred[1]
    assert choice.proven == (of(report, "60d", Method(choice.method), 99).verdict == "within what chance allows")
    assert choice.method in {Method.EWMA, Method.PARAMETRIC, Method.CORNISH_FISHER}


def test_in_waves_of_volatility_the_verdict_names_clusters_and_the_preference_says_why() -> None:
    report = backtested(waves(2500), ("1y",))
    assert any("in clusters" in one.verdict for one in report.windows["1y"].methods)
    choice = report.windows["1y"].preferred[0]
    chosen = of(report, "1y", Method(choice.method))
    assert f"it had {chosen.exceptions} exceptions" in choice.reason
    assert "came closest" in choice.reason


def test_a_market_that_turns_wild_makes_the_loss_understated_and_a_calm_one_overstated() -> None:
    rng = np.random.default_rng(9)
    wild = np.concatenate([rng.normal(0, 0.002, 260), rng.normal(0, 0.02, 60)])
    calm = np.concatenate([rng.normal(0, 0.02, 260), rng.normal(0, 0.002, 120)])
    found = [of(backtested(returns, ("1y",)), "1y", Method.PARAMETRIC) for returns in (wild, calm)]
    assert "understates" in found[0].verdict
    assert found[0].zone == "red"
    assert "overstates" in found[1].verdict


def judged(level: float, *rejected: str, days: int = 500, loss: float = 0.001) -> Backtest:
    good, bad = LikelihoodRatio(0.1, 0.75), LikelihoodRatio(9.0, 0.003)
    number, order = (bad if test in rejected else good for test in ("number", "order"))
    return Backtest(level, days, 26, number, order, good, Zone.GREEN, loss)


def preference(*results: Backtest) -> Preference:
    """Of the methods in their order, historical first."""
    return var_backtest._preference(results, 500, 99)


def test_a_method_that_both_tests_pass_over_most_days_is_preferred_to_rejected_ones() -> None:
    found = preference(judged(0.99, "number"), judged(0.99, "order"), judged(0.99, days=440))
    assert (found.method, found.proven) == (Method.CORNISH_FISHER, True)
    assert "over 440 days" in found.reason
    assert "no method that has a forecast on every day passes both tests (it has none on 60 days" in found.reason
    assert found.instead == Method.PARAMETRIC


def test_a_rejected_method_is_not_proven_and_is_said_to_be_the_least_wrong_of_those_that_forecast_every_day() -> None:
    found = preference(judged(0.99, "number", loss=0.002), judged(0.99, "number"), judged(0.99, days=300))
    assert (found.method, found.proven, found.instead) == (Method.PARAMETRIC, False, None)
    assert "none of the methods that forecast every day has as many as it should" in found.reason
    clustered = preference(judged(0.99, "order"), judged(0.99, "number"))
    assert (clustered.proven, "they come in clusters" in clustered.reason) == (False, True)


def test_on_a_day_without_the_preferred_figure_another_methods_stands_in_and_says_so() -> None:
    tested = backtest_report(return_history(BOOK, BOOK.panel), ("60d",), "")
    window = tested.windows["60d"]
    partial = Preference(95, Method.CORNISH_FISHER, proven=True, reason="it passes", instead=Method.PARAMETRIC)
    tested = replace(tested, windows={"60d": replace(window, preferred=(partial,))})
    plain = compute_report(BOOK, OPTIONS, ("60d",), horizon_days=1, today=TODAY, computed_at="").windows["60d"]
    known = replace(plain.measures["var_parametric_95"], value=1.25)
    without = replace(known, value=None, rupees=None, unavailable="out of range")
    for kin, expected in ((known, 1.25), (without, plain.measures["var_parametric_95"].value)):
        window_report = replace(plain, measures=plain.measures | {"var_cornish_fisher_95": kin})
        series = {"60d": np.zeros(60)}
        found = with_preferred({"60d": window_report}, series, tested, None, 1)["60d"].measures["var_preferred_95"]
        assert found.value == expected
        assert ("In place of Cornish-Fisher, which has no figure today" in found.method) == (kin is without)


def test_no_verdict_or_reason_calls_a_method_valid_or_right() -> None:
    said = [backtested(waves(days, seed)) for days in (300, 600, 1500) for seed in (1, 2)]
    text = " ".join(
        [one.verdict for report in said for window in report.windows.values() for one in window.methods]
        + [choice.reason for report in said for window in report.windows.values() for choice in window.preferred]
    )
    assert not re.search(r"\bvalid|\bcorrect|\bproves\b|\baccurate", text)


CLOSES, INDEX = market(rows=900)
BOOK = book_of(panel_of(CLOSES, INDEX), [position(symbol, last_price=None) for symbol in "ABCD"])


def report_with(book: Book, horizon: int = 1, days: int = 900) -> dict[str, dict[str, Measure]]:
    history = return_history(book, book.panel)
    short = replace(history, days=history.days[-days:], returns=history.returns[-days:])
    report = compute_report(
        book, OPTIONS, ALL, horizon_days=horizon, today=TODAY, computed_at="", tested=backtest_report(short, ALL, "")
    )
    return {name: dict(window.measures) for name, window in report.windows.items()}


def test_the_report_has_the_figure_of_the_preferred_method_and_says_why() -> None:
    preferred = backtest_report(return_history(BOOK, BOOK.panel), ALL, "").windows
    for name, measures in report_with(BOOK).items():
        for choice in preferred[name].preferred:
            found = measures[f"var_preferred_{choice.level:g}"]
            assert choice.reason in found.method
            assert found.value is not None
            assert found.value > 0
            assert found.rupees == pytest.approx(found.value / 100 * (CLOSES[-1] * 10).sum())


def test_without_evidence_the_preferred_figure_is_the_historical_one() -> None:
    measures = report_with(BOOK, days=260)["1y"]
    assert measures["var_preferred_95"].value == measures["var_historical_95"].value
    assert "too thin" in measures["var_preferred_95"].method


def test_a_longer_horizon_stretches_the_preferred_figure_too() -> None:
    day, week = (report_with(BOOK, horizon)["1y"]["var_preferred_95"].value or 0.0 for horizon in (1, 5))
    assert week > 1.5 * day > 0


def test_the_history_ends_a_day_before_the_newest_whose_close_changes_nothing() -> None:
    changed = CLOSES.copy()
    changed[-1] *= 0.8
    one, other = (
        return_history(book_of(panel_of(c, INDEX), BOOK.positions), panel_of(c, INDEX)) for c in (CLOSES, changed)
    )
    assert one.days[-1] == trading_days(900)[-2]
    np.testing.assert_array_equal(one.returns, other.returns)


def test_the_history_is_that_of_the_weights_a_day_before() -> None:
    history = return_history(BOOK, BOOK.panel)
    weights = CLOSES[-2] / CLOSES[-2].sum()
    expected = (CLOSES[1:-1] / CLOSES[:-2] - 1) @ weights
    np.testing.assert_allclose(history.returns, expected, rtol=1e-12)


def test_a_book_of_nothing_has_a_history_of_nothing() -> None:
    empty = book_of(panel_of(np.empty((0, 0))), [])
    assert return_history(empty, empty.panel).returns.size == 0
    assert not any(choice.proven for choice in backtested(np.empty(0)).windows["60d"].preferred)
