"""Runs know the books they were computed from; the look-through and figures of the whole report are measures too.

A snapshot without a number is the dashboard's of that day; without a day there was no book, or it was not noted yet.
"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("""
    ALTER TABLE risk_runs
        ADD COLUMN share_book_as_of date,
        ADD COLUMN share_snapshot_id bigint,
        ADD COLUMN fund_book_as_of date,
        ADD COLUMN fund_snapshot_id bigint
    """)
    op.execute("""
    INSERT INTO risk_run_measures
    SELECT run_id, w.key, 'look_through_' || m.key, CAST(m.value->>'value' AS float8), m.value->>'unit',
           CAST(m.value->>'rupees' AS float8), CAST(m.value->>'observations' AS integer),
           CAST(m.value->>'coverage' AS float8), m.value->>'unavailable'
    FROM risk_runs, jsonb_each(report->'windows') AS w, jsonb_each(w.value->'look_through'->'measures') AS m
    """)
    op.execute("""
    INSERT INTO risk_run_measures
    SELECT run_id, '', f.measure, f.value, f.unit, NULL, 0, CASE WHEN f.value IS NULL THEN 0 ELSE 100 END,
           CASE WHEN f.value IS NULL THEN 'it was not known' END
    FROM risk_runs CROSS JOIN LATERAL (VALUES
        ('diversification_score', CAST(report->'diversification'->>'score' AS float8), 'ratio'),
        ('top5', CAST(report->'exposure'->'top5'->>'value' AS float8), 'percent'),
        ('top10', CAST(report->'exposure'->'top10'->>'value' AS float8), 'percent'),
        ('coverage_prices', CAST(report->'coverage'->>'prices' AS float8), 'percent'),
        ('coverage_look_through', CAST(report->'coverage'->>'look_through' AS float8), 'percent'),
        ('coverage_sectors', CAST(report->'coverage'->>'sectors' AS float8), 'percent'),
        ('coverage_constituents', CAST(report->'coverage'->>'constituents' AS float8), 'percent')
    ) AS f (measure, value, unit)
    WHERE scope = 'combined'
      AND (SELECT count(*) FROM jsonb_object_keys(report->'windows')) = 3
    """)
