"""Keeps runs, prunes them, computes them again, and gives a measure over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import isclose

from app.Boilerplate import Boilerplate
from app.domain.fingerprints import fingerprint
from app.domain.market_hours import trading_day
from app.domain.risk_runs import (
    Computed,
    Difference,
    HistorySeries,
    Recomputation,
    Report,
    Retention,
    RiskRun,
    RunKind,
    RunMeasure,
    Scope,
    UnknownRun,
)
from app.domain.serialise import to_json
from app.risk.report_windows import check_windows
from app.store.risk_runs import KeptRun, kept_measures, load_run, load_series, prune_runs, save_run

CODE = "the app's code"
SAME = 1e-12
"""Relative difference up to which two figures count as the same."""


class RunHistory:
    """Runs of every scope. ``code_version`` names the code that computes them."""

    def __init__(
        self,
        database: Boilerplate,
        scopes: Sequence[Scope],
        retention: Retention,
        code_version: str,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._scopes = {scope.name: scope for scope in scopes}
        self._retention = retention
        self._code_version = code_version
        self._now = now

    @property
    def scopes(self) -> tuple[str, ...]:
        """Names of what is kept."""
        return tuple(self._scopes)

    def keep(self, scope: str, until: date | None = None, kind: RunKind = RunKind.ON_DEMAND) -> str:
        """Compute a scope as of ``until`` (today) and keep it; says what became of it in one line.

        Raises:
            UnknownRun: for a scope that is not kept.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        now = self._now()
        day = until or trading_day(now)
        computed = self._scope(scope).compute(day)
        report = computed.report
        if report.as_of is None:
            return f"{scope}: nothing to keep, there are no prices yet"
        run = _run_of(computed, report.as_of, day, kind, self._code_version, now)
        with self._database.transaction() as connection:
            run_id = save_run(connection, run)
        if run_id is None:
            return f"{scope} report of {report.as_of}: kept already, nothing new"
        return f"{scope} report of {report.as_of} kept as run {run_id}"

    def prune(self) -> int:
        """Remove what has been kept for long enough; returns how many runs."""
        today = trading_day(self._now())
        limits = [
            None if days is None else today - timedelta(days=days)
            for days in (self._retention.daily, self._retention.on_demand)
        ]
        with self._database.transaction() as connection:
            return prune_runs(connection, *limits)

    def series(
        self, scope: str, measure: str, window: str, since: date | None = None, until: date | None = None
    ) -> HistorySeries:
        """A measure over the days that have a run, ``since`` to ``until`` included.

        Raises:
            UnknownWindow: for a window that is not 60d, 90d or 1y.
            UnknownRun: for a scope or a measure that is not kept; names those that are.
        """
        self._scope(scope)
        (name,) = check_windows((window,))
        with self._database.transaction() as connection:
            known = kept_measures(connection, scope)
            if known and measure not in known:
                raise UnknownRun(f"There is no measure {measure!r} in {scope}.", f"Use one of {', '.join(known)}.")
            return load_series(connection, scope, measure, name, since, until)

    def measures(self, scope: str) -> tuple[str, ...]:
        """Names of the measures that the newest run of a scope has. Raises as ``series``."""
        self._scope(scope)
        with self._database.transaction() as connection:
            return kept_measures(connection, scope)

    def recompute(self, run_id: int) -> Recomputation:
        """Compute a kept run again from what is stored now, and compare.

        Raises:
            UnknownRun: for a number that is not kept.
        """
        with self._database.transaction() as connection:
            kept = load_run(connection, run_id)
        if kept is None:
            raise UnknownRun(f"There is no run {run_id}.", "GET /api/risk/history gives the number of every point.")
        computed = self._scope(kept.scope).compute(kept.until)
        return compare(kept, measures_of(computed.report), inputs_of(computed, self._code_version))

    def _scope(self, name: str) -> Scope:
        if name not in self._scopes:
            raise UnknownRun(f"There is no scope {name!r}.", f"Use one of {', '.join(self._scopes)}.")
        return self._scopes[name]


def measures_of(report: Report) -> tuple[RunMeasure, ...]:
    """Every measure of every window of a report."""
    return tuple(
        RunMeasure(
            window, name, found.value, found.unit, found.rupees, found.observations, found.coverage, found.unavailable
        )
        for window, measured in report.windows.items()
        for name, found in measured.measures.items()
    )


def inputs_of(computed: Computed, code_version: str) -> dict[str, str]:
    """Fingerprints of everything that a report was computed from, the code among it."""
    return {CODE: code_version} | {name: fingerprint(content) for name, content in computed.inputs.items()}


def compare(kept: KeptRun, measures: Sequence[RunMeasure], inputs: Mapping[str, str]) -> Recomputation:
    """A kept run beside the same one computed now."""
    before, now = ({(row.window, row.name): row.value for row in rows} for rows in (kept.measures, measures))
    differences = tuple(
        Difference(*key, before.get(key), now.get(key))
        for key in dict.fromkeys([*before, *now])
        if not _is_same(before.get(key), now.get(key))
    )
    changed = [name for name in dict.fromkeys([*kept.inputs, *inputs]) if kept.inputs.get(name) != inputs.get(name)]
    return Recomputation(
        run_id=kept.run_id,
        scope=kept.scope,
        until=kept.until,
        reproduced=not differences,
        compared=len(before),
        changed=tuple(changed) if kept.inputs else (),
        differences=differences,
        inputs_noted=bool(kept.inputs),
    )


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=SAME, abs_tol=SAME)


def _run_of(computed: Computed, as_of: date, until: date, kind: RunKind, code_version: str, now: datetime) -> RiskRun:
    report = computed.report
    return RiskRun(
        scope=report.scope,
        kind=kind,
        as_of=as_of,
        until=until,
        computed_at=now.astimezone(UTC),
        value=report.value,
        is_sample=report.sample_data,
        code_version=code_version,
        inputs=inputs_of(computed, code_version),
        measures=measures_of(report),
        issues=to_json(report.data_issues),
        report=to_json(report),
    )
