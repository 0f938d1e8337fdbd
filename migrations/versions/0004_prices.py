"""Own daily bars, one series for each exchange, symbol and source, and the log of every import."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_imports (
        import_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL,
        file_name text NOT NULL,
        sha256 text NOT NULL,
        rows_read integer NOT NULL,
        rows_changed integer NOT NULL,
        oldest_day date,
        rejected text[] NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now())
    """)
    op.execute("""
    CREATE TABLE risk_price_series (
        series_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        exchange text NOT NULL,
        symbol text NOT NULL,
        source text NOT NULL,
        price_basis text NOT NULL CHECK (price_basis IN ('adjusted', 'as_traded')),
        volume_basis text NOT NULL CHECK (volume_basis IN ('adjusted', 'as_traded')),
        UNIQUE (symbol, exchange, source))
    """)
    op.execute("""
    CREATE TABLE risk_daily_bars (
        series_id integer NOT NULL REFERENCES risk_price_series ON DELETE CASCADE,
        bar_date date NOT NULL,
        open double precision,
        high double precision,
        low double precision,
        close double precision NOT NULL CHECK (close > 0 AND close < 'Infinity'),
        volume double precision CHECK (volume >= 0 AND volume < 'Infinity'),
        PRIMARY KEY (series_id, bar_date))
    """)
    op.execute("""
    CREATE TABLE risk_corporate_actions (
        symbol text NOT NULL,
        ex_date date NOT NULL,
        kind text NOT NULL,
        factor double precision NOT NULL CHECK (factor > 0 AND factor < 'Infinity'),
        PRIMARY KEY (symbol, ex_date, kind))
    """)
