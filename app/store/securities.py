"""The security master in and out of Postgres."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

from app.domain.securities import ISSUER_LENGTH, HostScrips, Security, SecurityList, SecurityMaster, SymbolChange


def save_security_list(connection: Connection, listing: SecurityList, as_of: date, source: str) -> int:
    """Insert or refresh securities, symbols and changes; returns how many rows changed.

    An older list never overwrites what a newer one said; a list without a sector keeps the sector known.
    """
    return (
        _save_securities(connection, listing.securities, as_of, source)
        + _save_symbols(connection, listing.securities, as_of, source)
        + _save_changes(connection, listing.symbol_changes, source)
    )


def load_master(connection: Connection) -> SecurityMaster:
    """Every security, symbol and change known, newest symbol of an ISIN first."""
    securities = tuple(
        Security(**row._mapping)
        for row in connection.execute(
            text("""
            SELECT s.isin, s.name, y.exchange, y.symbol, y.series, s.sector, s.industry, s.face_value, s.listed_on
            FROM risk_securities s JOIN risk_security_symbols y USING (isin)
            ORDER BY s.isin, y.as_of DESC, y.symbol""")
        )
    )
    changes = tuple(
        SymbolChange(row.old_symbol, row.new_symbol, row.effective, row.exchange)
        for row in connection.execute(
            text("SELECT * FROM risk_symbol_changes ORDER BY effective NULLS FIRST, old_symbol")
        )
    )
    return SecurityMaster(securities, changes)


def load_sectors(connection: Connection) -> tuple[str, ...]:
    """Every sector that a list has named."""
    return tuple(connection.scalars(text("SELECT DISTINCT sector FROM risk_securities WHERE sector IS NOT NULL")))


def load_nse_symbols(connection: Connection, isins: Iterable[str]) -> dict[str, str]:
    """NSE's symbol for each ISIN that has one, in one query; the others are absent.

    An ISIN that no list holds (a face-value split or a merger gave a new one) has the symbol of the only security of
    the same issuer and kind, if there is exactly one.
    """
    rows = connection.execute(
        text("""
        WITH listed AS (
            SELECT DISTINCT ON (isin) isin, symbol FROM risk_security_symbols
            WHERE exchange = 'NSE' ORDER BY isin, as_of DESC, symbol),
        related AS (
            SELECT left(isin, :issuer) AS issuer, min(symbol) AS symbol FROM listed
            GROUP BY 1 HAVING count(DISTINCT symbol) = 1)
        SELECT wanted.isin, coalesce(listed.symbol, related.symbol) AS symbol
        FROM unnest(CAST(:isins AS text[])) AS wanted (isin)
        LEFT JOIN listed USING (isin) LEFT JOIN related ON related.issuer = left(wanted.isin, :issuer)
        WHERE coalesce(listed.symbol, related.symbol) IS NOT NULL"""),
        {"isins": list(isins), "issuer": ISSUER_LENGTH},
    )
    return {row.isin: row.symbol for row in rows}


def load_host_scrips(connection: Connection) -> HostScrips:
    """The dashboard's own sector codes and the ids that share a Yahoo ticker, for its Indian shares.

    Any column may be absent: inside LATERAL its name then means the value beside it.
    """
    rows = connection.execute(
        text("""SELECT scrips.*
                FROM (SELECT CAST(NULL AS text) AS scrip_id, CAST(NULL AS text) AS sector_code,
                             CAST(NULL AS text) AS yahoo_code, CAST(NULL AS text) AS scrip_group,
                             'IN' AS scrip_country) AS absent
                CROSS JOIN LATERAL (
                    SELECT scrip_id, sector_code, yahoo_code FROM master_scrips
                    WHERE scrip_country = 'IN' AND coalesce(scrip_group, '') <> 'INDEX'
                      AND scrip_id IS NOT NULL) AS scrips""")
    ).all()
    ids: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        ids[_ticker(row.yahoo_code) or row.scrip_id].append(row.scrip_id)
    twins = {name: tuple(found) for ticker, found in ids.items() if found != [ticker] for name in {ticker, *found}}
    return HostScrips({row.scrip_id: row.sector_code for row in rows if row.sector_code}, twins)


def _ticker(yahoo_code: str | None) -> str | None:
    """``M&M.NS`` -> ``M&M``; None for what is no Indian share."""
    stem, dot, exchange = (yahoo_code or "").rpartition(".")
    return stem if dot and exchange in {"NS", "BO"} else None


def delete_sample_securities(connection: Connection) -> None:
    """Remove the securities and symbols that only the sample book named."""
    for table in ("risk_securities", "risk_security_symbols"):
        connection.execute(text(f"DELETE FROM {table} WHERE source = 'sample'"))  # noqa: S608


def _save_securities(connection: Connection, securities: tuple[Security, ...], as_of: date, source: str) -> int:
    unique = list({s.isin: s for s in securities}.values())
    if not unique:
        return 0
    result = connection.execute(
        text("""
        INSERT INTO risk_securities AS kept (isin, name, sector, industry, face_value, listed_on, as_of, source)
        SELECT new.*, CAST(:as_of AS date), CAST(:source AS text)
        FROM unnest(CAST(:isins AS text[]), CAST(:names AS text[]), CAST(:sectors AS text[]),
                    CAST(:industries AS text[]), CAST(:face_values AS float8[]), CAST(:listed AS date[])) AS new
        ON CONFLICT (isin) DO UPDATE
        SET name = CASE WHEN excluded.as_of >= kept.as_of THEN excluded.name ELSE kept.name END,
            sector = CASE WHEN excluded.as_of >= kept.as_of THEN coalesce(excluded.sector, kept.sector)
                          ELSE coalesce(kept.sector, excluded.sector) END,
            industry = CASE WHEN excluded.as_of >= kept.as_of THEN coalesce(excluded.industry, kept.industry)
                            ELSE coalesce(kept.industry, excluded.industry) END,
            face_value = coalesce(excluded.face_value, kept.face_value),
            listed_on = coalesce(excluded.listed_on, kept.listed_on),
            as_of = greatest(kept.as_of, excluded.as_of),
            source = CASE WHEN kept.source = 'sample' OR excluded.as_of > kept.as_of THEN excluded.source
                          ELSE kept.source END
        WHERE (kept.name, kept.sector, kept.industry, kept.face_value, kept.listed_on) IS DISTINCT FROM
              (CASE WHEN excluded.as_of >= kept.as_of THEN excluded.name ELSE kept.name END,
               CASE WHEN excluded.as_of >= kept.as_of THEN coalesce(excluded.sector, kept.sector)
                    ELSE coalesce(kept.sector, excluded.sector) END,
               CASE WHEN excluded.as_of >= kept.as_of THEN coalesce(excluded.industry, kept.industry)
                    ELSE coalesce(kept.industry, excluded.industry) END,
               coalesce(excluded.face_value, kept.face_value), coalesce(excluded.listed_on, kept.listed_on))
           OR excluded.as_of > kept.as_of OR (kept.source = 'sample' AND excluded.source <> 'sample')"""),
        {
            "as_of": as_of,
            "source": source,
            "isins": [s.isin for s in unique],
            "names": [s.name for s in unique],
            "sectors": [s.sector for s in unique],
            "industries": [s.industry for s in unique],
            "face_values": [s.face_value for s in unique],
            "listed": [s.listed_on for s in unique],
        },
    )
    return result.rowcount


def _save_symbols(connection: Connection, securities: tuple[Security, ...], as_of: date, source: str) -> int:
    unique = list({(s.exchange, s.symbol, s.isin): s for s in securities}.values())
    if not unique:
        return 0
    result = connection.execute(
        text("""
        INSERT INTO risk_security_symbols AS kept (exchange, symbol, isin, series, as_of, source)
        SELECT new.*, CAST(:as_of AS date), CAST(:source AS text)
        FROM unnest(CAST(:exchanges AS text[]), CAST(:symbols AS text[]), CAST(:isins AS text[]),
                    CAST(:series AS text[])) AS new
        ON CONFLICT (exchange, symbol, isin) DO UPDATE
        SET series = coalesce(excluded.series, kept.series), as_of = excluded.as_of, source = excluded.source
        WHERE excluded.as_of > kept.as_of"""),
        {
            "as_of": as_of,
            "source": source,
            "exchanges": [s.exchange for s in unique],
            "symbols": [s.symbol for s in unique],
            "isins": [s.isin for s in unique],
            "series": [s.series for s in unique],
        },
    )
    return result.rowcount


def _save_changes(connection: Connection, changes: tuple[SymbolChange, ...], source: str) -> int:
    unique = list({(c.exchange, c.old_symbol, c.new_symbol): c for c in changes}.values())
    if not unique:
        return 0
    result = connection.execute(
        text("""
        INSERT INTO risk_symbol_changes AS kept (exchange, old_symbol, new_symbol, effective, source)
        SELECT new.*, CAST(:source AS text)
        FROM unnest(CAST(:exchanges AS text[]), CAST(:old AS text[]), CAST(:new AS text[]),
                    CAST(:days AS date[])) AS new
        ON CONFLICT (exchange, old_symbol, new_symbol) DO UPDATE SET effective = excluded.effective
        WHERE excluded.effective IS NOT NULL AND kept.effective IS DISTINCT FROM excluded.effective"""),
        {
            "source": source,
            "exchanges": [c.exchange for c in unique],
            "old": [c.old_symbol for c in unique],
            "new": [c.new_symbol for c in unique],
            "days": [c.effective for c in unique],
        },
    )
    return result.rowcount
