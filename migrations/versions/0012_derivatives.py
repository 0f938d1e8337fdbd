"""Closes of index futures and options, from end-of-day files of the exchange."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_derivative_closes (
        day date NOT NULL,
        underlying text NOT NULL,
        symbol text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('FUT', 'CE', 'PE')),
        expiry date NOT NULL CHECK (expiry >= day),
        strike double precision CHECK (strike > 0 AND strike < 'Infinity'),
        close double precision CHECK (close > 0 AND close < 'Infinity'),
        volume double precision NOT NULL CHECK (volume >= 0),
        open_interest double precision NOT NULL CHECK (open_interest >= 0),
        lot_size integer CHECK (lot_size > 0),
        level double precision CHECK (level > 0 AND level < 'Infinity'),
        CHECK ((kind = 'FUT') = (strike IS NULL)))
    """)
    op.execute(
        "CREATE UNIQUE INDEX risk_derivative_closes_contract "
        "ON risk_derivative_closes (day, underlying, expiry, kind, coalesce(strike, 0))"
    )
