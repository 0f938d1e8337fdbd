"""The shares that the funds held, as their disclosures name them."""

from __future__ import annotations

from sqlalchemy import Connection, text


def load_constituents(connection: Connection) -> tuple[str, ...]:
    """Symbols in the newest disclosure of every fund, each once; those without a symbol are left out."""
    return tuple(
        connection.scalars(
            text("""SELECT DISTINCT stock_symbol FROM mf_underlying_holdings h
                    WHERE coalesce(stock_symbol, '') <> '' AND as_on_date = (
                        SELECT max(as_on_date) FROM mf_underlying_holdings n WHERE n.mf_symbol = h.mf_symbol)
                    ORDER BY stock_symbol""")
        )
    )
