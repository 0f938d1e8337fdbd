"""Fetching fund disclosures: runs, the last try of each house and month, and of each file."""

from alembic import op

revision = "0011"
down_revision = "0010"

OUTCOMES = "('done', 'nothing_new', 'not_published', 'refused', 'failed', 'manual')"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_fund_jobs (
        job_id text PRIMARY KEY,
        month date NOT NULL,
        status text NOT NULL CHECK (status IN ('running', 'ended')),
        detail text NOT NULL,
        done integer NOT NULL,
        total integer NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz)
    """)
    op.execute("CREATE INDEX risk_fund_jobs_started_at ON risk_fund_jobs (started_at)")
    op.execute(f"""
    CREATE TABLE risk_fund_fetches (
        house text NOT NULL,
        month date NOT NULL CHECK (extract(day FROM month) = 1),
        job_id text NOT NULL REFERENCES risk_fund_jobs,
        outcome text NOT NULL CHECK (outcome IN {OUTCOMES}),
        reason text NOT NULL,
        tried_at timestamptz NOT NULL,
        files integer NOT NULL,
        files_done integer NOT NULL,
        schemes integer NOT NULL,
        PRIMARY KEY (house, month))
    """)
    op.execute(f"""
    CREATE TABLE risk_fund_files (
        house text NOT NULL,
        month date NOT NULL CHECK (extract(day FROM month) = 1),
        url text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN {OUTCOMES}),
        reason text NOT NULL,
        tried_at timestamptz NOT NULL,
        sha256 text,
        etag text,
        last_modified text,
        schemes integer NOT NULL,
        PRIMARY KEY (house, month, url))
    """)
