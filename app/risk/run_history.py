"""Keeps runs, prunes them, computes them again, and gives a measure over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isclose
from typing import Any

import orjson

from app.Boilerplate import Boilerplate
from app.domain.days import check_days
from app.domain.market_hours import trading_day
from app.domain.risk_runs import (
    Asked,
    Difference,
    HistorySeries,
    Recomputation,
    Retention,
    RunKind,
    Scope,
    UnknownRun,
)
from app.domain.serialise import to_json
from app.risk.report_windows import check_windows
from app.risk.run_figures import figures_of, measures_of
from app.risk.run_keeping import CODE, RunKeeper, inputs_of
from app.store.risk_runs import KeptRun, kept_measures, load_run, load_series, prune_runs

SAME = 1e-12
"""Relative difference up to which two figures count as the same."""


class RunHistory:
    """Runs of every scope, which ``keeper`` writes."""

    def __init__(
        self,
        database: Boilerplate,
        scopes: Sequence[Scope],
        retention: Retention,
        keeper: RunKeeper,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._scopes = {scope.name: scope for scope in scopes}
        self._retention = retention
        self._keeper = keeper
        self._now = now

    @property
    def scopes(self) -> tuple[str, ...]:
        """Names of what is kept."""
        return tuple(self._scopes)

    def keep(self, scope: str, until: date | None = None, kind: RunKind = RunKind.ON_DEMAND) -> str:
        """Compute a scope as of ``until`` (today) and keep it; says what became of it in one line.

        Raises:
            UnknownRun: for a scope that is not kept.
            WrongDay: for a day that has not come yet.
            DatabaseUnavailable: when Postgres can't be reached.
        """
        computed = self._scope(scope).compute(Asked(until or trading_day(self._now())))
        as_of = computed.report.as_of
        if as_of is None:
            return f"{scope}: nothing to keep, there are no prices yet"
        run_id = self._keeper.keep(computed, kind)
        if run_id is None:
            return f"{scope} report of {as_of}: kept already, nothing new"
        return f"{scope} report of {as_of} kept as run {run_id}"

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
            UnknownRun: for a scope or a measure that is not kept; names those that are, or that a first run would have.
            WrongDay: for days that have not come yet, or that are out of order.
        """
        self._scope(scope)
        (name,) = check_windows((window,))
        check_days(trading_day(self._now()), since, until)
        known = self.measures(scope) or self._future_measures(scope)
        if measure not in known:
            raise UnknownRun(f"There is no measure {measure!r} in {scope}.", f"Use one of {', '.join(known)}.")
        with self._database.transaction() as connection:
            return load_series(connection, scope, measure, name, since, until)

    def measures(self, scope: str) -> tuple[str, ...]:
        """Names of the measures that the newest run of a scope has. Raises as ``series``."""
        self._scope(scope)
        with self._database.transaction() as connection:
            return kept_measures(connection, scope)

    def _future_measures(self, scope: str) -> tuple[str, ...]:
        """Names of the measures that a run would have if one were kept now."""
        report = self._scope(scope).compute(Asked(trading_day(self._now()))).report
        return tuple(sorted({measure.name for measure in measures_of(report)}))

    def recompute(self, run_id: int) -> Recomputation:
        """Compute a kept run again from what is stored now, and compare.

        Raises:
            UnknownRun: for a number that is not kept, or whose holdings are no longer stored.
        """
        with self._database.transaction() as connection:
            kept = load_run(connection, run_id)
        if kept is None:
            raise UnknownRun(f"There is no run {run_id}.", "GET /api/risk/history gives the number of every point.")
        computed = self._scope(kept.scope).compute(kept.asked)
        return compare(kept, orjson.loads(to_json(computed.report)), inputs_of(computed, self._keeper.code_version))

    def _scope(self, name: str) -> Scope:
        if name not in self._scopes:
            raise UnknownRun(f"There is no scope {name!r}.", f"Use one of {', '.join(self._scopes)}.")
        return self._scopes[name]


def compare(kept: KeptRun, report: Mapping[str, Any], inputs: Mapping[str, str]) -> Recomputation:
    """A kept run beside the JSON of the same report computed now, number by number.

    What only another version of the app gives is no difference.
    """
    before, now = figures_of(kept.report), figures_of(report)
    is_same_code = kept.inputs.get(CODE) == inputs.get(CODE)
    places = dict.fromkeys([*now, *before]) if is_same_code else before
    differences = tuple(
        Difference(place, before.get(place), now.get(place))
        for place in places
        if not _is_same(before.get(place), now.get(place))
    )
    changed = [name for name in dict.fromkeys([*kept.inputs, *inputs]) if kept.inputs.get(name) != inputs.get(name)]
    return Recomputation(
        run_id=kept.run_id,
        scope=kept.scope,
        until=kept.asked.until,
        reproduced=not differences,
        compared=sum(figure is not None for figure in before.values()),
        changed=tuple(changed) if kept.inputs else (),
        differences=differences,
        inputs_noted=bool(kept.inputs),
    )


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=SAME, abs_tol=SAME)
