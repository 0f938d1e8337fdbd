"""VaR tested on the book's own past, and the method that the evidence speaks for. Pure: a return series in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import ceil, isfinite

import numpy as np
from numpy.typing import NDArray

from app.domain.backtests import (
    BacktestReport,
    MethodBacktest,
    Preference,
    RatioTest,
    ReturnHistory,
    WindowBacktest,
)
from app.domain.prices import FloatArray
from app.domain.risk_reports import WINDOWS, Measure, WindowReport
from app.domain.risk_runs import MeasuredWindow
from app.measures.backtest import (
    MIN_EXPECTED,
    Backtest,
    LikelihoodRatio,
    Method,
    backtest,
    kupiec,
    preferred,
    rolling_forecasts,
)
from app.measures.conventions import TOLERANCE, has_tail

LEVELS = (95, 99)
PREFERRED = "var_preferred_"
FROM_QUANTILES = frozenset({Method.HISTORICAL, Method.FILTERED_HISTORICAL})
"""Methods that read a quantile of the window, for which it must be long enough."""
NAMES: Mapping[Method, str] = {
    Method.HISTORICAL: "historical",
    Method.PARAMETRIC: "parametric",
    Method.CORNISH_FISHER: "Cornish-Fisher",
    Method.EWMA: "exponentially weighted",
    Method.FILTERED_HISTORICAL: "filtered historical",
}
SHARED = {
    Method.HISTORICAL: "var_historical",
    Method.PARAMETRIC: "var_parametric",
    Method.CORNISH_FISHER: "var_cornish_fisher",
}
"""Methods whose figure the report has already."""
FORECASTS: Mapping[Method, str] = {
    Method.EWMA: "normal, mean 0, volatility exponentially weighted (0.94)",
    Method.FILTERED_HISTORICAL: "quantile of past returns over the volatility (EWMA 0.94) known the evening before, "
    "times the volatility known now",
}


def backtest_report(history: ReturnHistory, windows: Sequence[str], computed_at: str) -> BacktestReport:
    """All methods at both levels over the named windows, each on every day that has the window's returns before it."""
    known = np.isfinite(history.returns)
    returns, days = history.returns[known], history.days[known]
    return BacktestReport(
        scope=history.scope,
        as_of=days[-1].astype(object) if len(days) else None,
        computed_at=computed_at,
        sample_data=history.is_sample,
        returns=len(returns),
        method=history.method,
        windows={name: _window(returns, days, WINDOWS[name]) for name in windows},
    )


def with_preferred(
    reports: Mapping[str, WindowReport],
    series: Mapping[str, FloatArray],
    tested: BacktestReport,
    value: float | None,
    horizon: int,
) -> dict[str, WindowReport]:
    """Every window's report with ``var_preferred_95`` and ``_99``: the preferred method's figure, and why that method.

    ``series`` are the windows' own returns (T,), fractions; ``value`` of the book in rupees; measures over ``horizon``
    days.
    """
    return {
        name: replace(
            report,
            measures=report.measures
            | {
                f"{PREFERRED}{choice.level:g}": _preferred_measure(
                    report.measures, series[name], choice, value, horizon
                )
                for choice in tested.windows[name].preferred
            },
        )
        for name, report in reports.items()
    }


def chosen_methods(windows: Mapping[str, MeasuredWindow]) -> list[tuple[str, str, str]]:
    """Window, measure and method of every preferred figure: what of a backtest enters a report."""
    return [
        (name, key, measure.method)
        for name, window in windows.items()
        for key, measure in window.measures.items()
        if key.startswith(PREFERRED)
    ]


def _preferred_measure(
    measures: Mapping[str, Measure], series: FloatArray, choice: Preference, value: float | None, horizon: int
) -> Measure:
    why = f"Chosen because {choice.reason}"
    found = _figure_of(Method(choice.method), choice.level, why, measures, series, value, horizon)
    if found.value is not None or choice.instead is None:
        return found
    why = (
        f"In place of {NAMES[Method(choice.method)]}, which has no figure today and was chosen because {choice.reason}"
    )
    return _figure_of(Method(choice.instead), choice.level, why, measures, series, value, horizon)


def _figure_of(
    method: Method,
    level: float,
    why: str,
    measures: Mapping[str, Measure],
    series: FloatArray,
    value: float | None,
    horizon: int,
) -> Measure:
    kin = measures[f"{SHARED.get(method, 'var_parametric')}_{level:g}"]
    if method in SHARED or kin.value is None:
        return replace(kin, method=f"{NAMES[method]}: {kin.method}. {why}")
    past = series[np.isfinite(series)]
    forecast = rolling_forecasts(np.append(past, 0.0), method, level / 100, len(past))[-1]
    percent = float(forecast) * 100 * horizon**0.5
    found = isfinite(percent)
    suffix = "" if horizon == 1 else f"; {horizon} days by square root of time"
    return replace(
        kin,
        value=percent if found else None,
        rupees=percent / 100 * value if found and value is not None else None,
        unavailable=None if found else _why_no_quantile(len(past), level / 100),
        method=f"{NAMES[method]}: {FORECASTS[method]}{suffix}. {why}",
    )


def _window(returns: FloatArray, days: NDArray[np.datetime64], window: int) -> WindowBacktest:
    tested = days[window:]
    methods, choices = [], []
    for level in LEVELS:
        results = []
        for method in Method:
            forecasts = rolling_forecasts(returns, method, level / 100, window)
            result = backtest(returns, forecasts, level / 100)
            results.append(result)
            methods.append(_judged(method, result, days[-returns > forecasts], len(tested), window))
        choices.append(_preference(results, len(tested), level))
    first, last = (tested[0], tested[-1]) if len(tested) else (None, None)
    return WindowBacktest(
        days=len(tested),
        from_date=None if first is None else first.astype(object),
        to_date=None if last is None else last.astype(object),
        methods=tuple(methods),
        preferred=tuple(choices),
    )


def _judged(
    method: Method, result: Backtest, exception_days: NDArray[np.datetime64], possible: int, window: int
) -> MethodBacktest:
    """``possible`` days could have had a forecast from ``window`` returns."""
    thin = result.zone is None
    accepted = None if thin else accepted_exceptions(result.days, result.level)
    reason = _why_thin(method, result, possible, window) if thin else None
    return MethodBacktest(
        method=method,
        level=result.level * 100,
        days=result.days,
        exceptions=result.exceptions,
        expected=result.days * (100.0 - result.level * 100) / 100,
        accepted=accepted,
        kupiec=_plain(result.kupiec),
        independence=_plain(result.independence),
        conditional_coverage=_plain(result.joint),
        zone=result.zone,
        tick_loss=result.tick_loss * 100 if isfinite(result.tick_loss) else None,
        exception_days=tuple(exception_days.tolist()),
        verdict=_verdict(result, accepted, possible) if accepted else f"not tested: {reason}",
        unavailable=reason,
    )


def _plain(test: LikelihoodRatio) -> RatioTest | None:
    return RatioTest(test.statistic, test.probability, test.rejects) if isfinite(test.statistic) else None


@lru_cache(maxsize=256)
def accepted_exceptions(days: int, level: float) -> tuple[int, int]:
    """Fewest and most exceptions in ``days`` that Kupiec's test does not reject at 5 %."""
    fewest = most = round(days * (1.0 - level))
    while fewest > 0 and not kupiec(days, fewest - 1, level).rejects:
        fewest -= 1
    while most < days and not kupiec(days, most + 1, level).rejects:
        most += 1
    return fewest, most


def _why_thin(method: Method, result: Backtest, possible: int, window: int) -> str:
    if method in FROM_QUANTILES and not has_tail(window, result.level):
        return _why_no_quantile(window, result.level)
    if possible <= 0:
        return f"the history has no day after its first {window} returns"
    if result.days < possible:
        return f"it had a forecast on {result.days} of {possible} days alone, outside its range on the others"
    return f"{_needs(result.level)}, there are {result.days}"


def _needs(level: float) -> str:
    return f"{level:.0%} needs {ceil(MIN_EXPECTED / (1.0 - level) - TOLERANCE)} tested days"


def _why_no_quantile(observations: int, level: float) -> str:
    return f"{level:.0%} needs at least {round(1 / (1 - level))} returns, this window has {observations}"


def _verdict(result: Backtest, accepted: tuple[int, int], possible: int) -> str:
    """What the counts say; a test that does not reject proves nothing, so nothing here calls a method right."""
    fewest, most = accepted
    if result.exceptions > most:
        words = "too many: it understates the loss"
    elif result.exceptions < fewest:
        words = "too few: it overstates the loss"
    else:
        words = "within what chance allows"
    if result.independence.rejects:
        words += "; in clusters: it is slow to follow a storm"
    if result.days < possible:
        words += f"; no forecast on {possible - result.days} of {possible} days"
    return words


def _preference(results: Sequence[Backtest], possible: int, level: int) -> Preference:
    place = preferred(results)
    methods = list(Method)
    if place is None:
        reason = f"the evidence is too thin to prefer another: {_needs(level / 100)}, there are {max(possible, 0)}"
        return Preference(level, Method.HISTORICAL, proven=False, reason=reason)
    chosen = results[place]
    fewest, most = accepted_exceptions(chosen.days, chosen.level)
    counted = (
        f"over {chosen.days} days it had {chosen.exceptions} exceptions, {fewest} to {most} are to be expected of a "
        "right method"
    )
    missed = max(one.days for one in results) - chosen.days
    reason = f"{counted}; {_standing(results, chosen, missed)}"
    usual = preferred(results, every_day=True) if missed else None
    return Preference(level, methods[place], chosen.passes, reason, None if usual is None else methods[usual])


def _standing(results: Sequence[Backtest], chosen: Backtest, missed: int) -> str:
    """How the chosen one compares, by the rule that ``preferred`` goes by."""
    if missed:
        return (
            f"they come alone, and no method that has a forecast on every day passes both tests (it has none on "
            f"{missed} days, outside its range)"
        )
    if chosen.kupiec.rejects:
        return (
            "none of the methods that forecast every day has as many as it should; its forecasts came closest of those "
            "(smallest quantile loss)"
        )
    if chosen.independence.rejects:
        return (
            "they come in clusters, as with every method in range that forecasts every day; its forecasts came closest "
            "of those (quantile loss)"
        )
    passing = sum(one.days == chosen.days and one.passes for one in results)
    if passing == 1:
        return "they come alone, and no other method that forecasts every day passes both tests"
    return f"they come alone; of the {passing} methods that pass both tests its forecasts came closest (quantile loss)"
