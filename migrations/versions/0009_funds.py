"""Funds: AMFI's schemes, the portfolios they share, the user's units, costs and tracking, NAVs held back."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _create_schemes()
    _create_portfolios()
    _create_fund_book()
    _create_held_navs()
    _create_costs()
    _create_tracking()


def _create_schemes() -> None:
    op.execute("""
    CREATE TABLE risk_amfi_schemes (
        amfi_code integer PRIMARY KEY,
        isin text,
        other_isin text,
        name text NOT NULL,
        house text NOT NULL,
        category text NOT NULL,
        family text NOT NULL,
        plan text CHECK (plan IN ('direct', 'regular')),
        option text CHECK (option IN ('growth', 'payout', 'bonus')),
        nav double precision CHECK (nav > 0 AND nav < 'Infinity'),
        nav_date date,
        former_keys text[] NOT NULL DEFAULT '{}',
        as_of date NOT NULL)
    """)
    for column in ("isin", "other_isin", "family"):
        op.execute(f"CREATE INDEX risk_amfi_schemes_{column} ON risk_amfi_schemes ({column})")
    op.execute("""
    CREATE TABLE risk_scheme_overrides (
        scheme_key text PRIMARY KEY,
        scheme_name text NOT NULL,
        amfi_code integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now())
    """)


def _create_portfolios() -> None:
    op.execute("""
    CREATE TABLE risk_portfolios (
        portfolio_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        mf_symbol text NOT NULL UNIQUE,
        scheme_name text NOT NULL,
        scheme_key text NOT NULL UNIQUE,
        house text,
        amfi_code integer,
        matched_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now())
    """)
    op.execute("CREATE INDEX risk_portfolios_amfi_code ON risk_portfolios (amfi_code)")


def _create_fund_book() -> None:
    op.execute("""
    CREATE TABLE risk_fund_snapshots (
        snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        as_of date NOT NULL,
        source text NOT NULL,
        is_sample boolean NOT NULL DEFAULT false,
        content_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now())
    """)
    op.execute("""
    CREATE TABLE risk_fund_holdings (
        snapshot_id bigint NOT NULL REFERENCES risk_fund_snapshots ON DELETE CASCADE,
        line integer NOT NULL,
        isin text NOT NULL,
        folio text,
        name text NOT NULL,
        quantity double precision NOT NULL CHECK (quantity >= 0 AND quantity < 'Infinity'),
        pledged double precision NOT NULL CHECK (pledged >= 0 AND pledged < 'Infinity'),
        average_price double precision CHECK (average_price > 0 AND average_price < 'Infinity'),
        nav double precision CHECK (nav > 0 AND nav < 'Infinity'),
        nav_date date,
        PRIMARY KEY (snapshot_id, line))
    """)


def _create_held_navs() -> None:
    op.execute("""
    CREATE TABLE risk_held_navs (
        mf_symbol text NOT NULL,
        nav_date date NOT NULL,
        nav_value double precision NOT NULL,
        reason text NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (mf_symbol, nav_date))
    """)


def _create_costs() -> None:
    op.execute("""
    CREATE TABLE risk_fund_costs (
        scheme_key text NOT NULL,
        scheme_name text NOT NULL,
        family text,
        plan text NOT NULL CHECK (plan IN ('direct', 'regular')),
        kind text NOT NULL CHECK (kind IN ('total', 'base')),
        percent double precision NOT NULL CHECK (percent >= 0 AND percent < 100),
        as_of date NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (scheme_key, plan, kind, as_of))
    """)
    op.execute("CREATE INDEX risk_fund_costs_family ON risk_fund_costs (family)")


def _create_tracking() -> None:
    op.execute("""
    CREATE TABLE risk_fund_tracking (
        scheme_key text NOT NULL,
        scheme_name text NOT NULL,
        family text,
        plan text NOT NULL CHECK (plan IN ('direct', 'regular')),
        kind text NOT NULL CHECK (kind IN ('error', 'difference')),
        period text NOT NULL,
        percent double precision NOT NULL CHECK (percent > -100 AND percent < 100),
        benchmark text,
        as_of date NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (scheme_key, plan, kind, period, as_of))
    """)
    op.execute("CREATE INDEX risk_fund_tracking_family ON risk_fund_tracking (family)")
