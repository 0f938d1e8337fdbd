"""The security master: keyed by ISIN, with every symbol and every change of symbol or ISIN that a list has shown."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_securities (
        isin text PRIMARY KEY,
        name text NOT NULL,
        sector text,
        industry text,
        face_value double precision,
        listed_on date,
        as_of date NOT NULL,
        source text NOT NULL)
    """)
    op.execute("""
    CREATE TABLE risk_security_symbols (
        exchange text NOT NULL,
        symbol text NOT NULL,
        isin text NOT NULL REFERENCES risk_securities ON DELETE CASCADE,
        series text,
        as_of date NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (exchange, symbol, isin))
    """)
    op.execute("CREATE INDEX risk_security_symbols_isin ON risk_security_symbols (isin)")
    op.execute("""
    CREATE TABLE risk_symbol_changes (
        exchange text NOT NULL,
        old_symbol text NOT NULL,
        new_symbol text NOT NULL,
        effective date,
        source text NOT NULL,
        PRIMARY KEY (exchange, old_symbol, new_symbol))
    """)
