"""The figures of a report: those that are kept as measures of a run, and every number, to compare two runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.combined_reports import CombinedCoverage, CombinedExposure, CombinedRiskReport, DiversificationReport
from app.domain.mf_reports import MFRiskReport
from app.domain.risk_reports import WINDOWS, EquityRiskReport, Measure, Share, Unit
from app.domain.risk_runs import NO_WINDOW, Report, RunMeasure

LOOK_THROUGH = "look_through_"
NOTHING_OWNED = "nothing that is seen through is owned"
NOT_COMPARED = frozenset({"data_issues"})
"""Notes on the data: some are of the day of asking."""
NAMES = ("key", "isin", "symbol", "name")
"""Fields that tell a record of a list from the others, the first that it has."""


def measures_of(report: Report) -> tuple[RunMeasure, ...]:
    """Every measure of every window of a report, those of the look-through, and of all windows what is of the whole."""
    return (*_windows(report), *(_whole(report) if report.windows.keys() == WINDOWS.keys() else ()))


def figures_of(report: Mapping[str, Any]) -> dict[str, float | None]:
    """Every number of a report's JSON by its place, ``windows.1y.measures.beta.value``; None where there is none."""
    compared = {name: part for name, part in report.items() if name not in NOT_COMPARED}
    return dict(_numbers(compared, ""))


def _windows(report: Report) -> Iterator[RunMeasure]:
    for name, window in report.windows.items():
        yield from (_measure(name, key, found) for key, found in window.measures.items())
    if isinstance(report, CombinedRiskReport):
        for name, seen in report.windows.items():
            for key, found in seen.look_through.measures.items():
                yield _measure(name, LOOK_THROUGH + key, found)


def _measure(window: str, name: str, found: Measure) -> RunMeasure:
    return RunMeasure(
        window, name, found.value, found.unit, found.rupees, found.observations, found.coverage, found.unavailable
    )


def _whole(report: Report) -> Iterator[RunMeasure]:
    match report:
        case EquityRiskReport():
            yield _top("top5", report.concentration.top5)
            longest = report.windows[max(report.windows, key=WINDOWS.__getitem__)]
            yield _percent("coverage_prices", longest.coverage, "")
        case MFRiskReport() | CombinedRiskReport():
            yield from _owned(report.exposure, report.coverage, report.diversification)


def _owned(
    exposure: CombinedExposure, coverage: CombinedCoverage, score: DiversificationReport
) -> Iterator[RunMeasure]:
    yield _figure("diversification_score", score.score, Unit.RATIO, score.unavailable or "")
    yield _top("top5", exposure.top5)
    yield _top("top10", exposure.top10)
    yield _percent("coverage_prices", coverage.prices, "")
    yield _percent("coverage_look_through", coverage.look_through, "")
    yield _percent("coverage_sectors", coverage.sectors, NOTHING_OWNED)
    yield _percent("coverage_constituents", coverage.constituents, NOTHING_OWNED)


def _top(name: str, share: Share | None) -> RunMeasure:
    return _percent(name, share.value if share else None, NOTHING_OWNED)


def _percent(name: str, value: float | None, reason: str) -> RunMeasure:
    return _figure(name, value, Unit.PERCENT, reason)


def _figure(name: str, value: float | None, unit: Unit, reason: str) -> RunMeasure:
    missing = value is None
    return RunMeasure(NO_WINDOW, name, value, unit, None, 0, 0.0 if missing else 100.0, reason if missing else None)


def _numbers(part: Any, place: str) -> Iterator[tuple[str, float | None]]:
    match part:
        case bool() | str():
            return
        case dict():
            for name, inner in part.items():
                yield from _numbers(inner, f"{place}.{name}" if place else name)
        case list():
            for name, inner in zip(_names(part), part, strict=True):
                yield from _numbers(inner, f"{place}[{name}]")
        case _:
            yield place, part


def _names(records: list[Any]) -> list[str]:
    """What each is called, where no two are called alike; else their numbers."""
    names = [_name(record) for record in records]
    return names if all(names) and len(set(names)) == len(names) else [str(at) for at in range(len(records))]


def _name(record: Any) -> str:
    if not isinstance(record, dict):
        return ""
    known = [str(record[field]) for field in NAMES if record.get(field)][:1]
    return " ".join([str(record[field]) for field in ("kind", "level") if record.get(field)] + known)
