"""The newest trade of each streamed instrument."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_ticks (
        exchange text NOT NULL,
        symbol text NOT NULL,
        last_price double precision NOT NULL CHECK (last_price > 0 AND last_price < 'Infinity'),
        previous_close double precision CHECK (previous_close > 0 AND previous_close < 'Infinity'),
        exchange_time timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (exchange, symbol))
    """)
