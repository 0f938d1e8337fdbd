"""Runs and their measures, and the series of a measure over days."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from app.domain.risk_reports import WINDOWS, Unit
from app.domain.risk_runs import (
    NO_WINDOW,
    Asked,
    BooksUsed,
    BookUsed,
    HistoryPoint,
    HistorySeries,
    RiskRun,
    RunKind,
    RunMeasure,
)

BOOKS = "share_book_as_of, share_snapshot_id, fund_book_as_of, fund_snapshot_id"
BEST_FIRST = "r.kind <> 'daily', r.asked_for, r.computed_at DESC, r.run_id DESC"
"""Order of the runs of one day: the first is the one to show of it."""
MEASURE_COLUMNS = ("window_name", "measure", "value", "unit", "rupees", "observations", "coverage", "unavailable")


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What is needed of a kept run to compute it again; ``report`` is its JSON."""

    run_id: int
    scope: str
    asked: Asked
    inputs: dict[str, str]
    report: dict[str, Any]


def save_run(connection: Connection, run: RiskRun) -> int | None:
    """Keep a run; returns its number, None when one of the same inputs is there (which becomes daily if this is).

    Of two transactions that keep the same run at once the second waits, then finds it there.
    """
    if _is_kept(connection, run):
        return None
    row = connection.execute(
        text(f"""INSERT INTO risk_runs (scope, kind, as_of, asked_for, horizon_days, is_newest, computed_at, value,
                                       is_sample, inputs_hash, inputs, code_version, data_issues, report,
                                       {BOOKS})
                VALUES (:scope, :kind, :as_of, :until, :horizon_days, :is_newest, :computed_at, :value, :is_sample,
                        :inputs_hash, CAST(:inputs AS jsonb), :code_version, CAST(:issues AS jsonb),
                        CAST(:report AS jsonb), :share_book_as_of, :share_snapshot_id, :fund_book_as_of,
                        :fund_snapshot_id)
                ON CONFLICT (scope, inputs_hash) DO UPDATE SET kind = 'daily' WHERE excluded.kind = 'daily'
                RETURNING run_id, xmax = 0 AS is_new"""),  # noqa: S608
        {
            **{name: getattr(run, name) for name in ("scope", "kind", "as_of", "computed_at", "value")},
            **{name: getattr(run, name) for name in ("is_sample", "inputs_hash", "code_version")},
            **{name: getattr(run.asked, name) for name in ("until", "horizon_days", "is_newest")},
            "inputs": json.dumps(dict(run.inputs)),
            "issues": run.issues.decode(),
            "report": run.report.decode(),
            **_book_columns("share", run.books.shares),
            **_book_columns("fund", run.books.funds),
        },
    ).one_or_none()
    if row is None or not row.is_new:
        return None
    _save_measures(connection, row.run_id, run.measures)
    return int(row.run_id)


def _book_columns(kind: str, used: BookUsed | None) -> dict[str, Any]:
    return {
        f"{kind}_book_as_of": used.as_of if used else None,
        f"{kind}_snapshot_id": used.snapshot_id if used else None,
    }


def _is_kept(connection: Connection, run: RiskRun) -> bool:
    """Whether nothing is left to write."""
    return bool(
        connection.scalar(
            text("""SELECT kind IN ('daily', :kind) FROM risk_runs
                    WHERE scope = :scope AND inputs_hash = :inputs_hash"""),
            {"kind": run.kind, "scope": run.scope, "inputs_hash": run.inputs_hash},
        )
    )


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
        text(f"""SELECT scope, asked_for, horizon_days, is_newest, inputs, report, {BOOKS}
                 FROM risk_runs WHERE run_id = :id"""),  # noqa: S608
        {"id": run_id},
    ).one_or_none()
    if head is None:
        return None
    windows = tuple(sorted(head.report.get("windows", ()), key=WINDOWS.__getitem__))
    asked = Asked(head.asked_for, windows or tuple(WINDOWS), head.horizon_days, head.is_newest, _books(head))
    return KeptRun(run_id, head.scope, asked, head.inputs, head.report)


def _books(head: Row[Any]) -> BooksUsed | None:
    """None for a run that was kept before its books were noted."""
    shares, funds = (
        BookUsed(as_of, snapshot_id) if as_of else None
        for as_of, snapshot_id in (
            (head.share_book_as_of, head.share_snapshot_id),
            (head.fund_book_as_of, head.fund_snapshot_id),
        )
    )
    return BooksUsed(shares, funds) if shares or funds else None


def load_series(
    connection: Connection, scope: str, measure: str, window: str, since: date | None, until: date | None
) -> HistorySeries:
    """One point a day: of the runs of a day the end-of-day snapshot counts, and of those the newest.

    Runs of the sample book count only while no other is kept, those of a VaR over several days never.
    """
    rows = connection.execute(
        text(f"""SELECT DISTINCT ON (r.as_of) m.unit, r.as_of, m.value, m.rupees, m.observations, m.coverage,
                       m.unavailable, r.value AS portfolio, r.run_id, r.kind, r.is_sample
                FROM risk_runs r JOIN risk_run_measures m USING (run_id)
                WHERE r.scope = :scope AND m.window_name IN (:window, :whole) AND m.measure = :measure
                  AND r.horizon_days = 1
                  AND r.as_of >= coalesce(:since, r.as_of) AND r.as_of <= coalesce(:until, r.as_of)
                  AND r.is_sample = (SELECT bool_and(is_sample) FROM risk_runs WHERE scope = :scope)
                ORDER BY r.as_of, {BEST_FIRST}"""),  # noqa: S608
        {"scope": scope, "window": window, "whole": NO_WINDOW, "measure": measure, "since": since, "until": until},
    ).all()
    points = tuple(_point(row) for row in rows)
    unit, is_sample = (Unit(rows[-1].unit), bool(rows[-1].is_sample)) if rows else (None, False)
    return HistorySeries(scope, measure, window, unit, first_day(connection, scope), points, is_sample)


def _point(row: Any) -> HistoryPoint:
    fields = row._asdict()
    del fields["unit"], fields["is_sample"]
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
    """Names of the measures of a scope's newest run, and of the newest one over all windows; none before the first."""
    rows = connection.scalars(
        text("""SELECT DISTINCT measure FROM risk_run_measures
                WHERE run_id = (SELECT max(run_id) FROM risk_runs WHERE scope = :scope)
                   OR run_id = (SELECT max(run_id) FROM risk_runs JOIN risk_run_measures USING (run_id)
                                WHERE scope = :scope AND window_name = :whole)
                ORDER BY measure"""),
        {"scope": scope, "whole": NO_WINDOW},
    )
    return tuple(rows)


def delete_sample_runs(connection: Connection) -> None:
    """Remove every run of the generated book."""
    connection.execute(text("DELETE FROM risk_runs WHERE is_sample"))


def prune_runs(connection: Connection, daily_before: date | None, on_demand_before: date | None) -> int:
    """Remove what was kept for long enough, and the sample's runs once a real one is kept; returns how many.

    The snapshot of a day is the daily run that ``load_series`` shows: it goes when its day is before ``daily_before``.
    All else of the day goes when it was computed before ``on_demand_before``. None: nothing goes.
    """
    rows = connection.execute(
        text(f"""DELETE FROM risk_runs USING (
                     SELECT run_id, kind = 'daily' AND row_number() OVER (
                                PARTITION BY scope, is_sample, as_of ORDER BY {BEST_FIRST}) = 1 AS is_snapshot,
                            (computed_at AT TIME ZONE 'Asia/Kolkata')::date AS computed_on,
                            is_sample AND NOT bool_and(is_sample) OVER (PARTITION BY scope) AS is_past_sample
                     FROM risk_runs r) AS judged
                 WHERE risk_runs.run_id = judged.run_id
                   AND (is_past_sample
                        OR (is_snapshot AND as_of < CAST(:daily AS date))
                        OR (NOT is_snapshot AND computed_on < CAST(:on_demand AS date)))"""),  # noqa: S608
        {"daily": daily_before, "on_demand": on_demand_before},
    )
    return rows.rowcount
