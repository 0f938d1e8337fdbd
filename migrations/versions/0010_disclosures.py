"""Fund disclosures: files, the portfolio of a scheme and month in each, and what the plan's table has no column for."""

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0009"

HAS_UNIQUE_ID = """
SELECT EXISTS (
    SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = to_regclass('mf_underlying_holdings') AND i.indisunique AND i.indnatts = 1
      AND i.indpred IS NULL AND a.attname = 'id')
"""


def upgrade() -> None:
    _create_files()
    _create_disclosures()
    _create_lines()


def _create_files() -> None:
    op.execute("""
    CREATE TABLE risk_disclosure_files (
        sha256 text NOT NULL,
        parser_version integer NOT NULL,
        name text NOT NULL,
        size bigint NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('stored', 'refused', 'provisional')),
        imported_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (sha256, parser_version))
    """)


def _create_disclosures() -> None:
    op.execute("""
    CREATE TABLE risk_disclosures (
        disclosure_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        portfolio_id bigint REFERENCES risk_portfolios,
        name text,
        as_on date,
        month_end date,
        file text NOT NULL,
        sheet text NOT NULL,
        sha256 text NOT NULL,
        parser_version integer NOT NULL,
        source text NOT NULL CHECK (source IN ('upload', 'folder', 'fetch', 'yahoo')),
        partial boolean NOT NULL,
        lines integer NOT NULL,
        stated_total double precision,
        sum_of_weights double precision,
        gross_equity double precision,
        net_equity double precision,
        warnings text[] NOT NULL,
        quarantined text,
        replaced_by text,
        imported_at timestamptz NOT NULL DEFAULT now(),
        CHECK (quarantined IS NOT NULL OR (portfolio_id IS NOT NULL AND as_on IS NOT NULL AND month_end IS NOT NULL)))
    """)
    op.execute(
        "CREATE UNIQUE INDEX risk_disclosures_good ON risk_disclosures (portfolio_id, month_end) "
        "WHERE quarantined IS NULL AND replaced_by IS NULL"
    )
    op.execute("CREATE INDEX risk_disclosures_sha256 ON risk_disclosures (sha256)")


def _create_lines() -> None:
    if not op.get_bind().scalar(text(HAS_UNIQUE_ID)):
        op.execute("CREATE UNIQUE INDEX mf_underlying_holdings_id ON mf_underlying_holdings (id)")
    op.execute("""
    CREATE TABLE risk_disclosure_lines (
        id bigint PRIMARY KEY REFERENCES mf_underlying_holdings (id) ON DELETE CASCADE,
        disclosure_id bigint NOT NULL REFERENCES risk_disclosures ON DELETE CASCADE,
        isin text,
        code text,
        industry text,
        kind text NOT NULL,
        sign smallint NOT NULL CHECK (sign IN (-1, 1)),
        section text NOT NULL,
        in_total boolean NOT NULL,
        stated_weight double precision)
    """)
    op.execute("CREATE INDEX risk_disclosure_lines_disclosure_id ON risk_disclosure_lines (disclosure_id)")
    op.execute("CREATE INDEX risk_disclosure_lines_isin ON risk_disclosure_lines (isin)")
