"""Runs and their measures, and the series of a measure over days."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.domain.risk_reports import Unit
from app.domain.risk_runs import HistoryPoint, HistorySeries, RiskRun, RunKind, RunMeasure

MEASURE_COLUMNS = ("window_name", "measure", "value", "unit", "rupees", "observations", "coverage", "unavailable")


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What is needed of a kept run to compute it again."""

    run_id: int
    scope: str
    until: date
    inputs: dict[str, str]
    measures: tuple[RunMeasure, ...]


def save_run(connection: Connection, run: RiskRun) -> int | None:
    """Keep a run; returns its number, None when one of the same inputs is there (which becomes daily if this is)."""
    known = connection.scalar(
        text("""UPDATE risk_runs SET kind = CASE WHEN :kind = 'daily' THEN 'daily' ELSE kind END
                WHERE scope = :scope AND inputs_hash = :inputs_hash RETURNING run_id"""),
        {"kind": run.kind, "scope": run.scope, "inputs_hash": run.inputs_hash},
    )
    if known is not None:
        return None
    run_id = connection.scalar(
        text("""INSERT INTO risk_runs (scope, kind, as_of, asked_for, computed_at, value, is_sample, inputs_hash,
                                       inputs, code_version, data_issues, report)
                VALUES (:scope, :kind, :as_of, :until, :computed_at, :value, :is_sample, :inputs_hash,
                        CAST(:inputs AS jsonb), :code_version, CAST(:issues AS jsonb), CAST(:report AS jsonb))
                ON CONFLICT (scope, inputs_hash) DO NOTHING RETURNING run_id"""),
        {
            **{name: getattr(run, name) for name in ("scope", "kind", "as_of", "until", "computed_at", "value")},
            **{name: getattr(run, name) for name in ("is_sample", "inputs_hash", "code_version")},
            "inputs": json.dumps(dict(run.inputs)),
            "issues": run.issues.decode(),
            "report": run.report.decode(),
        },
    )
    if run_id is not None:
        _save_measures(connection, run_id, run.measures)
    return None if run_id is None else int(run_id)


def _save_measures(connection: Connection, run_id: int, measures: tuple[RunMeasure, ...]) -> None:
    columns = {
        name: [getattr(measure, field) for measure in measures]
        for name, field in zip(MEASURE_COLUMNS, ("window", "name", *MEASURE_COLUMNS[2:]), strict=True)
    }
    connection.execute(
        text(f"""INSERT INTO risk_run_measures (run_id, {", ".join(MEASURE_COLUMNS)})
                 SELECT :run_id, * FROM unnest(
                     CAST(:window_name AS text[]), CAST(:measure AS text[]), CAST(:value AS float8[]),
                     CAST(:unit AS text[]), CAST(:rupees AS float8[]), CAST(:observations AS integer[]),
                     CAST(:coverage AS float8[]), CAST(:unavailable AS text[]))"""),  # noqa: S608
        {"run_id": run_id, **columns},
    )


def load_run(connection: Connection, run_id: int) -> KeptRun | None:
    """A kept run; None where there is none of this number."""
    head = connection.execute(
        text("SELECT scope, asked_for, inputs FROM risk_runs WHERE run_id = :id"), {"id": run_id}
    ).one_or_none()
    if head is None:
        return None
    rows = connection.execute(
        text(f"SELECT {', '.join(MEASURE_COLUMNS)} FROM risk_run_measures WHERE run_id = :id"),  # noqa: S608
        {"id": run_id},
    )
    return KeptRun(run_id, head.scope, head.asked_for, head.inputs, tuple(_measure(row) for row in rows))


def _measure(row: Any) -> RunMeasure:
    window, name, value, unit, *rest = row
    return RunMeasure(window, name, value, Unit(unit), *rest)


def load_series(
    connection: Connection, scope: str, measure: str, window: str, since: date | None, until: date | None
) -> HistorySeries:
    """One point a day: of the runs of a day the end-of-day snapshot counts, and of those the newest.

    Runs of the sample book count only while no other is kept.
    """
    rows = connection.execute(
        text("""SELECT DISTINCT ON (r.as_of) m.unit, r.as_of, m.value, m.rupees, m.observations, m.coverage,
                       m.unavailable, r.value AS portfolio, r.run_id, r.kind
                FROM risk_runs r JOIN risk_run_measures m USING (run_id)
                WHERE r.scope = :scope AND m.window_name = :window AND m.measure = :measure
                  AND r.as_of >= coalesce(:since, r.as_of) AND r.as_of <= coalesce(:until, r.as_of)
                  AND r.is_sample = (SELECT bool_and(is_sample) FROM risk_runs WHERE scope = :scope)
                ORDER BY r.as_of, r.kind <> 'daily', r.asked_for, r.computed_at DESC, r.run_id DESC"""),
        {"scope": scope, "window": window, "measure": measure, "since": since, "until": until},
    ).all()
    points = tuple(_point(row) for row in rows)
    unit = Unit(rows[-1].unit) if rows else None
    return HistorySeries(scope, measure, window, unit, first_day(connection, scope), points)


def _point(row: Any) -> HistoryPoint:
    fields = row._asdict()
    del fields["unit"]
    return HistoryPoint(**fields | {"kind": RunKind(row.kind)})


def first_day(connection: Connection, scope: str) -> date | None:
    """The first day of which a run of the scope is kept; None before the first."""
    day: date | None = connection.scalar(
        text("""SELECT min(as_of) FROM risk_runs WHERE scope = :scope
                AND is_sample = (SELECT bool_and(is_sample) FROM risk_runs WHERE scope = :scope)"""),
        {"scope": scope},
    )
    return day


def kept_measures(connection: Connection, scope: str) -> tuple[str, ...]:
    """Names of the measures of the newest run of a scope; none before the first."""
    rows = connection.scalars(
        text("""SELECT DISTINCT measure FROM risk_run_measures
                WHERE run_id = (SELECT max(run_id) FROM risk_runs WHERE scope = :scope) ORDER BY measure"""),
        {"scope": scope},
    )
    return tuple(rows)


def prune_runs(connection: Connection, daily_before: date | None, on_demand_before: date | None) -> int:
    """Remove runs of days before these (None: none), and the sample's once a real one is kept; returns how many."""
    rows = connection.execute(
        text("""DELETE FROM risk_runs r
                WHERE (kind = 'daily' AND as_of < CAST(:daily AS date))
                   OR (kind = 'on_demand'
                       AND (computed_at AT TIME ZONE 'Asia/Kolkata')::date < CAST(:on_demand AS date))
                   OR (is_sample AND EXISTS (SELECT FROM risk_runs o WHERE o.scope = r.scope AND NOT o.is_sample))"""),
        {"daily": daily_before, "on_demand": on_demand_before},
    )
    return rows.rowcount
