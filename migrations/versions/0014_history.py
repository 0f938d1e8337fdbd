"""Every run is kept: reports with their inputs, and their measures one a row. Takes over what risk_reports held."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_runs (
        run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        scope text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('daily', 'on_demand')),
        as_of date NOT NULL,
        asked_for date NOT NULL,
        computed_at timestamptz NOT NULL,
        value double precision,
        is_sample boolean NOT NULL,
        inputs_hash text NOT NULL,
        inputs jsonb NOT NULL,
        code_version text NOT NULL,
        data_issues jsonb NOT NULL,
        report jsonb NOT NULL,
        UNIQUE (scope, inputs_hash))
    """)
    op.execute("CREATE INDEX risk_runs_by_day ON risk_runs (scope, as_of)")
    op.execute("""
    CREATE TABLE risk_run_measures (
        run_id bigint NOT NULL REFERENCES risk_runs ON DELETE CASCADE,
        window_name text NOT NULL,
        measure text NOT NULL,
        value double precision,
        unit text NOT NULL,
        rupees double precision,
        observations integer NOT NULL,
        coverage double precision NOT NULL,
        unavailable text,
        PRIMARY KEY (run_id, window_name, measure),
        CHECK ((value IS NULL) = (unavailable IS NOT NULL)))
    """)
    op.execute("""
    INSERT INTO risk_runs (scope, kind, as_of, asked_for, computed_at, value, is_sample, inputs_hash, inputs,
                           code_version, data_issues, report)
    SELECT scope, 'daily', run_date, run_date, created_at, CAST(report->>'value' AS float8),
           coalesce(CAST(report->>'sample_data' AS boolean), false), 'before 0014: ' || run_date || ' ' || inputs_hash,
           '{}', code_version, coalesce(report->'data_issues', '[]'), report
    FROM risk_reports
    """)
    op.execute("""
    INSERT INTO risk_run_measures
    SELECT run_id, w.key, m.key, CAST(m.value->>'value' AS float8), m.value->>'unit',
           CAST(m.value->>'rupees' AS float8), CAST(m.value->>'observations' AS integer),
           CAST(m.value->>'coverage' AS float8), m.value->>'unavailable'
    FROM risk_runs, jsonb_each(report->'windows') AS w, jsonb_each(w.value->'measures') AS m
    """)
    op.execute("DROP TABLE risk_reports")
