"""Stress scenarios that a person wrote or changed; the defaults are in the code."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_scenarios (
        key text PRIMARY KEY CHECK (key ~ '^[a-z0-9_]{1,40}$'),
        name text NOT NULL,
        market double precision NOT NULL CHECK (market BETWEEN -100 AND 200),
        groups jsonb NOT NULL DEFAULT '{}',
        from_day date,
        to_day date,
        source text NOT NULL DEFAULT '',
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK ((from_day IS NULL) = (to_day IS NULL) AND to_day > from_day))
    """)
