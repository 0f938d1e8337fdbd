"""AMFI's schemes, the portfolios they share, and what a person said of a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.domain.schemes import (
    AmfiScheme,
    FundIdentity,
    MatchedBy,
    Option,
    Plan,
    Portfolio,
    growth_twin,
    one_row_an_isin,
)

SCHEME = "amfi_code, isin, other_isin, name, house, category, family, plan, option, nav, nav_date, former_keys"
PORTFOLIO = "portfolio_id, mf_symbol, amfi_code, scheme_name AS name, house, matched_by"


def save_schemes(connection: Connection, schemes: Sequence[AmfiScheme], as_of: date) -> int:
    """Insert or refresh AMFI's rows; returns how many changed.

    An older list changes nothing that a newer one said. A code that had another name keeps that name's key as a former
    one. Codes that the list lacks are kept: they are wound up.
    """
    result = connection.execute(
        text("""
        INSERT INTO risk_amfi_schemes AS kept
            (amfi_code, isin, other_isin, name, house, category, family, plan, option, nav, nav_date, as_of)
        SELECT new.*, CAST(:as_of AS date)
        FROM unnest(CAST(:codes AS int[]), CAST(:isins AS text[]), CAST(:other_isins AS text[]),
                    CAST(:names AS text[]), CAST(:houses AS text[]), CAST(:categories AS text[]),
                    CAST(:families AS text[]), CAST(:plans AS text[]), CAST(:options AS text[]),
                    CAST(:navs AS float8[]), CAST(:nav_dates AS date[])) AS new
        ON CONFLICT (amfi_code) DO UPDATE
        SET isin = excluded.isin, other_isin = excluded.other_isin, name = excluded.name, house = excluded.house,
            category = excluded.category, family = excluded.family, plan = coalesce(excluded.plan, kept.plan),
            option = coalesce(excluded.option, kept.option), nav = excluded.nav, nav_date = excluded.nav_date,
            former_keys = CASE WHEN kept.family = excluded.family THEN kept.former_keys
                               ELSE array_append(array_remove(kept.former_keys, split_part(kept.family, '/', 2)),
                                                 split_part(kept.family, '/', 2)) END,
            as_of = excluded.as_of
        WHERE excluded.as_of > kept.as_of
           OR (excluded.as_of = kept.as_of AND
               (kept.isin, kept.other_isin, kept.name, kept.house, kept.category, kept.family, kept.nav, kept.nav_date)
               IS DISTINCT FROM (excluded.isin, excluded.other_isin, excluded.name, excluded.house, excluded.category,
                                 excluded.family, excluded.nav, excluded.nav_date))"""),
        {
            "as_of": as_of,
            "codes": [s.amfi_code for s in schemes],
            "isins": [s.isin for s in schemes],
            "other_isins": [s.other_isin for s in schemes],
            "names": [s.name for s in schemes],
            "houses": [s.house for s in schemes],
            "categories": [s.category for s in schemes],
            "families": [s.family for s in schemes],
            "plans": [s.plan for s in schemes],
            "options": [s.option for s in schemes],
            "navs": [s.nav for s in schemes],
            "nav_dates": [s.nav_date for s in schemes],
        },
    )
    return result.rowcount


def count_listed(connection: Connection) -> int:
    """How many rows the newest list of AMFI's had; 0 before the first."""
    newest = "SELECT count(*) FROM risk_amfi_schemes WHERE as_of = (SELECT max(as_of) FROM risk_amfi_schemes)"
    return connection.scalar(text(newest)) or 0


def load_isins(connection: Connection, isins: Iterable[str]) -> dict[str, AmfiScheme]:
    """AMFI's row of each ISIN, in either of its columns; unknown ones are absent."""
    rows = connection.execute(
        text(f"""SELECT {SCHEME} FROM risk_amfi_schemes
                 WHERE isin = ANY(CAST(:isins AS text[])) OR other_isin = ANY(CAST(:isins AS text[]))"""),  # noqa: S608
        {"isins": list(isins)},
    )
    return one_row_an_isin(_scheme(row._mapping) for row in rows)


def load_schemes(connection: Connection) -> tuple[AmfiScheme, ...]:
    """Every row of AMFI's that a list has shown, in order of code."""
    rows = connection.execute(text(f"SELECT {SCHEME} FROM risk_amfi_schemes ORDER BY amfi_code"))  # noqa: S608
    return tuple(_scheme(row._mapping) for row in rows)


def load_families(connection: Connection, isins: Sequence[str]) -> tuple[AmfiScheme, ...]:
    """All rows of the families that the ISINs belong to, in either ISIN column."""
    rows = connection.execute(
        text(f"""SELECT {SCHEME} FROM risk_amfi_schemes WHERE family IN (
                     SELECT family FROM risk_amfi_schemes
                     WHERE isin = ANY(CAST(:isins AS text[])) OR other_isin = ANY(CAST(:isins AS text[])))
                 ORDER BY amfi_code"""),  # noqa: S608
        {"isins": list(isins)},
    )
    return tuple(_scheme(row._mapping) for row in rows)


def load_codes(connection: Connection, codes: Sequence[int]) -> dict[int, AmfiScheme]:
    """AMFI's rows of the codes; unknown ones are absent."""
    rows = connection.execute(
        text(f"SELECT {SCHEME} FROM risk_amfi_schemes WHERE amfi_code = ANY(CAST(:codes AS int[]))"),  # noqa: S608
        {"codes": list(codes)},
    )
    return {row.amfi_code: _scheme(row._mapping) for row in rows}


def load_identities(connection: Connection, isins: Sequence[str]) -> dict[str, FundIdentity]:
    """What each ISIN is, in two queries for all; those that no list of AMFI's has shown are absent.

    Either ISIN column of AMFI's counts. All plans and options of a family share the portfolio.
    """
    rows = load_families(connection, isins)
    owners, portfolios = one_row_an_isin(rows), _portfolios_by_family(connection, {row.family for row in rows})
    found: dict[str, FundIdentity] = {}
    for isin in isins:
        row = owners.get(isin)
        if row is not None:
            twin = growth_twin(row, rows)
            growth = isin if twin is row else twin.isins[0] if twin else None
            found[isin] = FundIdentity(isin, row, growth, portfolios.get(row.family))
    return found


def load_portfolios_of(connection: Connection, mf_symbols: Sequence[str]) -> dict[str, Portfolio]:
    """Portfolios by ``mf_symbol``; unknown ones are absent."""
    rows = connection.execute(
        text(f"SELECT {PORTFOLIO} FROM risk_portfolios WHERE mf_symbol = ANY(CAST(:symbols AS text[]))"),  # noqa: S608
        {"symbols": list(mf_symbols)},
    )
    return {row.mf_symbol: Portfolio(**row._mapping) for row in rows}


def _portfolios_by_family(connection: Connection, families: Iterable[str]) -> dict[str, Portfolio]:
    rows = connection.execute(
        text(f"""SELECT s.family, {PORTFOLIO} FROM risk_portfolios p
                 JOIN (SELECT amfi_code AS code, family FROM risk_amfi_schemes
                       WHERE family = ANY(CAST(:families AS text[]))) s ON s.code = p.amfi_code"""),  # noqa: S608
        {"families": list(families)},
    )
    return {
        row.family: Portfolio(row.portfolio_id, row.mf_symbol, row.amfi_code, row.name, row.house, row.matched_by)
        for row in rows
    }


def load_portfolio_keys(connection: Connection) -> dict[str, Portfolio]:
    """Every portfolio by the scheme key it was first met under."""
    rows = connection.execute(text(f"SELECT scheme_key, {PORTFOLIO} FROM risk_portfolios ORDER BY portfolio_id"))  # noqa: S608
    return {
        row.scheme_key: Portfolio(row.portfolio_id, row.mf_symbol, row.amfi_code, row.name, row.house, row.matched_by)
        for row in rows
    }


def load_unmatched(connection: Connection) -> tuple[str, ...]:
    """The names of portfolios that are tied to no scheme of AMFI's, in order."""
    return tuple(
        connection.scalars(
            text("SELECT scheme_name FROM risk_portfolios WHERE matched_by = ANY(:doubtful) ORDER BY scheme_name"),
            {"doubtful": [MatchedBy.NONE, MatchedBy.AMBIGUOUS]},
        )
    )


def create_portfolio(connection: Connection, key: str, portfolio: Portfolio) -> Portfolio:
    """Insert a portfolio; returns it with its id."""
    row = connection.execute(
        text(f"""INSERT INTO risk_portfolios (mf_symbol, scheme_name, scheme_key, house, amfi_code, matched_by)
                 VALUES (:mf_symbol, :name, :key, :house, :amfi_code, :matched_by) RETURNING {PORTFOLIO}"""),  # noqa: S608
        {**_portfolio_fields(portfolio), "key": key},
    ).one()
    return Portfolio(**row._mapping)


def change_portfolio(connection: Connection, portfolio: Portfolio) -> None:
    """Give a portfolio its new identity, and its lines its new symbol."""
    connection.execute(
        text("""UPDATE risk_portfolios SET mf_symbol = :mf_symbol, house = :house, amfi_code = :amfi_code,
                       matched_by = :matched_by WHERE portfolio_id = :portfolio_id"""),
        _portfolio_fields(portfolio),
    )
    connection.execute(
        text("""UPDATE mf_underlying_holdings h SET mf_symbol = :mf_symbol
                FROM risk_disclosure_lines l JOIN risk_disclosures d USING (disclosure_id)
                WHERE l.id = h.id AND d.portfolio_id = :portfolio_id AND h.mf_symbol <> :mf_symbol"""),
        _portfolio_fields(portfolio),
    )


def join_portfolios(connection: Connection, kept: Portfolio, gone: Portfolio) -> None:
    """Make one portfolio of two that are one scheme. Of a month that both have, the kept one's disclosure counts."""
    ids = {"kept": kept.portfolio_id, "gone": gone.portfolio_id, "name": kept.name}
    connection.execute(
        text("""
        WITH replaced AS (
            UPDATE risk_disclosures d SET replaced_by = 'the disclosure of ' || CAST(:name AS text)
            WHERE portfolio_id = :gone AND quarantined IS NULL AND replaced_by IS NULL AND EXISTS (
                SELECT FROM risk_disclosures k
                WHERE k.portfolio_id = :kept AND k.month_end = d.month_end AND k.quarantined IS NULL
                  AND k.replaced_by IS NULL)
            RETURNING disclosure_id)
        DELETE FROM mf_underlying_holdings h USING risk_disclosure_lines l, replaced
        WHERE l.id = h.id AND l.disclosure_id = replaced.disclosure_id"""),
        ids,
    )
    connection.execute(text("UPDATE risk_disclosures SET portfolio_id = :kept WHERE portfolio_id = :gone"), ids)
    connection.execute(text("DELETE FROM risk_portfolios WHERE portfolio_id = :gone"), ids)
    change_portfolio(connection, kept)


def save_override(connection: Connection, key: str, name: str, amfi_code: int) -> None:
    """Remember which of AMFI's schemes a name means."""
    connection.execute(
        text("""INSERT INTO risk_scheme_overrides (scheme_key, scheme_name, amfi_code) VALUES (:key, :name, :code)
                ON CONFLICT (scheme_key) DO UPDATE
                SET scheme_name = excluded.scheme_name, amfi_code = excluded.amfi_code, created_at = now()"""),
        {"key": key, "name": name, "code": amfi_code},
    )


def load_overrides(connection: Connection) -> dict[str, tuple[str, int]]:
    """Scheme key -> (name as it was given, AMFI code)."""
    rows = connection.execute(text("SELECT scheme_key, scheme_name, amfi_code FROM risk_scheme_overrides ORDER BY 2"))
    return {row.scheme_key: (row.scheme_name, row.amfi_code) for row in rows}


def _portfolio_fields(portfolio: Portfolio) -> dict[str, Any]:
    return {
        "portfolio_id": portfolio.portfolio_id,
        "mf_symbol": portfolio.mf_symbol,
        "name": portfolio.name,
        "house": portfolio.house,
        "amfi_code": portfolio.amfi_code,
        "matched_by": portfolio.matched_by,
    }


def _scheme(row: Any) -> AmfiScheme:
    fields = dict(row)
    return AmfiScheme(
        **fields
        | {
            "plan": Plan(fields["plan"]) if fields["plan"] else None,
            "option": Option(fields["option"]) if fields["option"] else None,
            "former_keys": tuple(fields["former_keys"]),
        }
    )
