"""Removes what only the sample book's funds brought: portfolios, schemes and costs under their own ISINs."""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.domain.fund_holdings import SAMPLE_FUND_PREFIX

STATEMENTS = (
    "DELETE FROM mf_underlying_holdings WHERE mf_symbol LIKE :sample",
    """DELETE FROM risk_disclosure_files WHERE sha256 IN (
           SELECT d.sha256 FROM risk_disclosures d JOIN risk_portfolios p USING (portfolio_id)
           WHERE p.mf_symbol LIKE :sample)""",
    """DELETE FROM risk_disclosures WHERE portfolio_id IN (
           SELECT portfolio_id FROM risk_portfolios WHERE mf_symbol LIKE :sample)""",
    "DELETE FROM risk_portfolios WHERE mf_symbol LIKE :sample",
    """DELETE FROM risk_fund_costs WHERE family IN (
           SELECT family FROM risk_amfi_schemes WHERE isin LIKE :sample)""",
    "DELETE FROM risk_amfi_schemes WHERE isin LIKE :sample",
    "DELETE FROM mf_holdings WHERE tradingsymbol LIKE :sample",
    "DELETE FROM mf_nav_history WHERE mf_symbol LIKE :sample",
)


def delete_sample_funds(connection: Connection) -> None:
    """Remove the generated funds: units, NAVs, portfolios, schemes and costs."""
    for statement in STATEMENTS:
        connection.execute(text(statement), {"sample": f"{SAMPLE_FUND_PREFIX}%"})
