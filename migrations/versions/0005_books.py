"""Snapshots of the book: every import is kept, the newest one counts."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_holding_snapshots (
        snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        as_of date NOT NULL,
        source text NOT NULL,
        is_sample boolean NOT NULL DEFAULT false,
        content_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now())
    """)
    op.execute("""
    CREATE TABLE risk_holdings (
        snapshot_id bigint NOT NULL REFERENCES risk_holding_snapshots ON DELETE CASCADE,
        line integer NOT NULL,
        symbol text NOT NULL,
        exchange text NOT NULL,
        isin text,
        quantity double precision NOT NULL CHECK (quantity >= 0),
        t1_quantity double precision NOT NULL CHECK (t1_quantity >= 0),
        collateral_quantity double precision NOT NULL CHECK (collateral_quantity >= 0),
        mtf_quantity double precision NOT NULL CHECK (mtf_quantity >= 0),
        average_price double precision CHECK (average_price > 0),
        last_price double precision CHECK (last_price > 0),
        close_price double precision CHECK (close_price > 0),
        instrument_token bigint,
        sector text,
        PRIMARY KEY (snapshot_id, line))
    """)
    op.execute("""
    CREATE TABLE risk_reports (
        scope text NOT NULL,
        run_date date NOT NULL,
        inputs_hash text NOT NULL,
        code_version text NOT NULL,
        report jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, run_date))
    """)
    op.execute("""
    CREATE TABLE risk_heartbeats (
        job text PRIMARY KEY,
        last_run timestamptz NOT NULL,
        status text NOT NULL,
        detail text NOT NULL DEFAULT '')
    """)
