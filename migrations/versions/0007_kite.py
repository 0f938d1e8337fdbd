"""What is fetched: feeds with their progress, snapshots of the account, instruments, state of candle series."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _create_feeds()
    _create_account_snapshots()
    _create_host_writes()
    _create_instruments()
    _create_candle_series()


def _create_feeds() -> None:
    op.execute("""
    CREATE TABLE risk_feeds (
        feed text PRIMARY KEY,
        status text NOT NULL
            CHECK (status IN ('running', 'ok', 'held_back', 'login_needed', 'not_allowed', 'failed')),
        detail text NOT NULL DEFAULT '',
        tried_at timestamptz NOT NULL,
        good_at timestamptz,
        as_of date,
        done integer NOT NULL DEFAULT 0,
        total integer NOT NULL DEFAULT 0,
        notes text[] NOT NULL DEFAULT '{}')
    """)


def _create_account_snapshots() -> None:
    op.execute("""
    CREATE TABLE risk_account_snapshots (
        part text NOT NULL CHECK (part IN ('holdings', 'mf_holdings', 'positions', 'margins')),
        as_of date NOT NULL,
        fetched_at timestamptz NOT NULL,
        fingerprint text NOT NULL,
        held_back text,
        content jsonb NOT NULL)
    """)
    op.execute(
        "CREATE UNIQUE INDEX risk_account_snapshots_good ON risk_account_snapshots (part, as_of) "
        "WHERE held_back IS NULL"
    )
    op.execute(
        "CREATE UNIQUE INDEX risk_account_snapshots_doubtful ON risk_account_snapshots (part) "
        "WHERE held_back IS NOT NULL"
    )


def _create_host_writes() -> None:
    op.execute("""
    CREATE TABLE risk_host_writes (
        table_name text NOT NULL,
        written_at timestamp NOT NULL,
        PRIMARY KEY (table_name, written_at))
    """)


def _create_instruments() -> None:
    op.execute("""
    CREATE TABLE risk_instruments (
        exchange text NOT NULL,
        instrument_token bigint NOT NULL,
        exchange_token bigint NOT NULL,
        symbol text NOT NULL,
        name text NOT NULL,
        segment text NOT NULL,
        kind text NOT NULL,
        lot_size integer CHECK (lot_size > 0),
        tick_size double precision CHECK (tick_size > 0),
        expiry date,
        strike double precision CHECK (strike > 0),
        PRIMARY KEY (exchange, instrument_token))
    """)
    op.execute("CREATE INDEX risk_instruments_symbol ON risk_instruments (symbol, exchange)")
    op.execute("CREATE INDEX risk_instruments_name ON risk_instruments (name, expiry) WHERE expiry IS NOT NULL")


def _create_candle_series() -> None:
    op.execute("""
    CREATE TABLE risk_candle_series (
        series_id integer PRIMARY KEY REFERENCES risk_price_series ON DELETE CASCADE,
        instrument_token bigint NOT NULL,
        fetched_at timestamptz NOT NULL,
        whole_at timestamptz NOT NULL)
    """)
