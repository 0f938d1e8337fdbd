"""Reports as they were computed, one for each scope and day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text


def save_report(
    connection: Connection, scope: str, run_date: date, inputs_hash: str, code_version: str, report: bytes
) -> None:
    """Keep the report of a day; a later one of the same day replaces it."""
    connection.execute(
        text("""INSERT INTO risk_reports (scope, run_date, inputs_hash, code_version, report)
                VALUES (:scope, :run_date, :inputs_hash, :code_version, CAST(:report AS jsonb))
                ON CONFLICT (scope, run_date) DO UPDATE
                SET inputs_hash = excluded.inputs_hash, code_version = excluded.code_version,
                    report = excluded.report, created_at = now()"""),
        {
            "scope": scope,
            "run_date": run_date,
            "inputs_hash": inputs_hash,
            "code_version": code_version,
            "report": report.decode(),
        },
    )
