"""Runs know what was asked: VaR over how many days, and whether a day was named. Those kept so far had one."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("""
    ALTER TABLE risk_runs
        ADD COLUMN horizon_days integer NOT NULL DEFAULT 1 CHECK (horizon_days >= 1),
        ADD COLUMN is_newest boolean NOT NULL DEFAULT false
    """)
