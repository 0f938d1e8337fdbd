"""Portfolios of funds in and out of Postgres: lines in the plan's table, what it has no column for beside it.

``mf_underlying_holdings`` may hold rows of the dashboard's. Ours are those with a row in ``risk_disclosure_lines``; no
other is ever read, changed or deleted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
from sqlalchemy import Connection, RowMapping, text

from app.domain.disclosures import (
    OLDER,
    Disclosure,
    ImportedSheet,
    LineKind,
    PortfolioLines,
    Source,
    Texts,
)
from app.domain.schemes import Portfolio
from app.domain.securities import COMPANY_LENGTH, ISSUER_LENGTH

GOOD = "d.quarantined IS NULL AND d.replaced_by IS NULL"
DISCLOSURE = """d.disclosure_id, d.portfolio_id, p.mf_symbol, d.name, d.as_on, d.file, d.sheet, d.sha256,
    d.parser_version, d.source, d.partial, d.stated_total, d.sum_of_weights, d.gross_equity, d.net_equity, d.warnings,
    d.imported_at"""

LINES = """
    SELECT l.disclosure_id, l.isin, h.stock_symbol, h.stock_name, k.sector, l.industry, l.kind,
           h.weight_pct, h.value, h.quantity, l.sign, l.in_total
    FROM risk_disclosure_lines l JOIN mf_underlying_holdings h USING (id)
    LEFT JOIN (SELECT DISTINCT ON (y.symbol) y.symbol, s.sector
               FROM risk_security_symbols y JOIN risk_securities s USING (isin)
               WHERE y.exchange = 'NSE' AND s.sector IS NOT NULL ORDER BY y.symbol, y.as_of DESC) k
           ON k.symbol = h.stock_symbol
    WHERE l.disclosure_id = ANY(CAST(%(ids)s AS bigint[]))
    ORDER BY l.disclosure_id, h.value DESC, h.id"""
LINE_FIELDS = 12


def known_files(connection: Connection, hashes: Iterable[str], parser_version: int, *, older: bool) -> frozenset[str]:
    """Those of the SHA-256 hashes whose bytes were imported, with a result that another import would not change.

    With ``older`` those of which a sheet was refused as an older month are not: it is wanted now.
    """
    return frozenset(
        connection.scalars(
            text("""SELECT sha256 FROM risk_disclosure_files f
                    WHERE sha256 = ANY(:hashes) AND parser_version = :version AND outcome <> 'provisional'
                      AND NOT (:older AND EXISTS (
                          SELECT FROM risk_disclosures d
                          WHERE d.sha256 = f.sha256 AND d.parser_version = f.parser_version
                            AND starts_with(d.quarantined, :reason)))"""),
            {"hashes": list(hashes), "version": parser_version, "older": older, "reason": OLDER},
        )
    )


def is_replaced(connection: Connection, sha256: str, parser_version: int, beside: Iterable[str]) -> bool:
    """Whether the portfolio of another file, none of those ``beside``, is used in place of one of these bytes."""
    return bool(
        connection.scalar(
            text(f"""SELECT EXISTS (
                         SELECT FROM risk_disclosures o JOIN risk_disclosures d USING (portfolio_id, month_end)
                         WHERE o.sha256 = :sha256 AND o.parser_version = :version AND o.quarantined IS NULL
                           AND o.replaced_by IS NOT NULL AND {GOOD} AND d.sha256 <> ALL(:beside))"""),  # noqa: S608
            {"sha256": sha256, "version": parser_version, "beside": [sha256, *beside]},
        )
    )


def newest_disclosure(connection: Connection) -> int:
    """The id given last; 0 in an empty store."""
    return connection.scalar(text("SELECT coalesce(max(disclosure_id), 0) FROM risk_disclosures")) or 0


def load_imported(connection: Connection, sha256: str, parser_version: int) -> tuple[ImportedSheet, ...]:
    """What was made of the sheets of a file, in its order."""
    rows = connection.execute(
        text("""SELECT d.file, d.sheet, d.name, p.amfi_code, d.as_on, d.lines, d.sum_of_weights, d.stated_total,
                       d.gross_equity, d.net_equity,
                       CASE WHEN d.replaced_by IS NULL THEN d.warnings
                            ELSE d.warnings || ('replaced by ' || d.replaced_by) END AS warnings, d.quarantined
                FROM risk_disclosures d LEFT JOIN risk_portfolios p USING (portfolio_id)
                WHERE d.sha256 = :sha256 AND d.parser_version = :version ORDER BY d.disclosure_id"""),
        {"sha256": sha256, "version": parser_version},
    )
    return tuple(ImportedSheet(**{**row._mapping, "warnings": tuple(row.warnings)}) for row in rows)


def load_disclosures(connection: Connection, portfolio_ids: Iterable[int]) -> tuple[Disclosure, ...]:
    """Every portfolio in use, of all months, by portfolio and day."""
    rows = connection.execute(
        text(f"""SELECT {DISCLOSURE} FROM risk_disclosures d JOIN risk_portfolios p USING (portfolio_id)
                 WHERE d.portfolio_id = ANY(:ids) AND {GOOD} ORDER BY d.portfolio_id, d.as_on"""),  # noqa: S608
        {"ids": list(portfolio_ids)},
    )
    return tuple(_disclosure(row._mapping) for row in rows)


def load_portfolios(
    connection: Connection, portfolio_ids: Iterable[int] | None = None, as_of: date | None = None
) -> PortfolioLines:
    """The lines of the newest portfolio in use of each scheme, at or before ``as_of``; of all schemes without ids.

    Two queries, however many portfolios.
    """
    heads = _newest_disclosures(connection, portfolio_ids, as_of)
    place = {head.disclosure_id: at for at, head in enumerate(heads)}
    cursor = connection.connection.cursor()
    cursor.execute(LINES, {"ids": list(place)})
    rows = cursor.fetchall()
    cursor.close()
    columns = list(zip(*rows, strict=True)) if rows else [()] * LINE_FIELDS
    portfolio = [place[disclosure_id] for disclosure_id in columns[0]]
    isin, symbol, name, sector, industry, kind = (_texts(column) for column in columns[1:7])
    weight, value, quantity = (np.array(column, dtype=np.float64) for column in columns[7:10])
    return PortfolioLines(
        disclosures=heads,
        portfolio=np.array(portfolio, dtype=np.int64),
        isin=isin,
        symbol=symbol,
        name=name,
        sector=sector,
        industry=industry,
        kind=kind,
        weight=weight,
        value=value,
        quantity=quantity,
        sign=np.array(columns[10], dtype=np.int64),
        in_total=np.array(columns[11], dtype=np.bool_),
    )


def load_issuer_weights(
    connection: Connection, disclosure_ids: Iterable[int], kinds: Iterable[str]
) -> dict[int, dict[str, float]]:
    """Percent by issuer in lines of the kinds, for each disclosure: by the first nine characters of the ISIN, those of
    debt by the first seven.
    """
    rows = connection.execute(
        text("""SELECT l.disclosure_id, sum(h.weight_pct) AS weight,
                       left(l.isin, CASE WHEN l.kind = :debt THEN :company ELSE :issuer END) AS issuer
                FROM risk_disclosure_lines l JOIN mf_underlying_holdings h USING (id)
                WHERE l.disclosure_id = ANY(CAST(:ids AS bigint[])) AND l.kind = ANY(:kinds) AND l.isin IS NOT NULL
                GROUP BY l.disclosure_id, issuer"""),
        {
            "ids": list(disclosure_ids),
            "kinds": list(kinds),
            "debt": LineKind.DEBT,
            "company": COMPANY_LENGTH,
            "issuer": ISSUER_LENGTH,
        },
    )
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row.disclosure_id, {})[row.issuer] = row.weight or 0.0
    return found


def load_newest_refusal(connection: Connection, portfolio_id: int) -> tuple[str, date | None, str] | None:
    """(file, day, reason) of the newest refused sheet of a scheme imported after its newest good one; None without.

    A month refused for its age does not count: it says nothing against the one in use.
    """
    row = connection.execute(
        text(f"""SELECT q.file, q.as_on, q.quarantined FROM risk_disclosures q
                 WHERE q.portfolio_id = :id AND NOT starts_with(q.quarantined, :older) AND NOT EXISTS (
                     SELECT FROM risk_disclosures d
                     WHERE d.portfolio_id = :id AND {GOOD} AND d.disclosure_id > q.disclosure_id)
                 ORDER BY q.disclosure_id DESC LIMIT 1"""),  # noqa: S608
        {"id": portfolio_id, "older": OLDER},
    ).one_or_none()
    return None if row is None else (row.file, row.as_on, row.quarantined)


def find_portfolio(connection: Connection, key: str) -> Portfolio | None:
    """The portfolio under its own symbol, any ISIN or the AMFI code of one of the scheme's plans and options."""
    row = connection.execute(
        text("""
        WITH families AS (
            SELECT family FROM risk_amfi_schemes WHERE isin = :key OR other_isin = :key OR amfi_code::text = :key),
        codes AS (SELECT amfi_code FROM risk_amfi_schemes WHERE family IN (SELECT family FROM families))
        SELECT portfolio_id, mf_symbol, amfi_code, scheme_name AS name, house, matched_by FROM risk_portfolios
        WHERE mf_symbol = :key OR amfi_code IN (SELECT amfi_code FROM codes)
        ORDER BY mf_symbol <> :key, portfolio_id LIMIT 1"""),
        {"key": key},
    ).one_or_none()
    return None if row is None else Portfolio(**row._mapping)


def lined_isins(connection: Connection) -> tuple[str, ...]:
    """Every ISIN in the lines stored, each once."""
    return tuple(connection.scalars(text("SELECT DISTINCT isin FROM risk_disclosure_lines WHERE isin IS NOT NULL")))


def set_symbols(connection: Connection, symbols: Mapping[str, str]) -> int:
    """Give every line of ours the NSE symbol of its ISIN, none where the mapping has none; returns how many changed."""
    result = connection.execute(
        text("""UPDATE mf_underlying_holdings h SET stock_symbol = k.symbol
                FROM risk_disclosure_lines l LEFT JOIN unnest(CAST(:isins AS text[]), CAST(:symbols AS text[]))
                     AS k (isin, symbol) ON k.isin = l.isin
                WHERE h.id = l.id AND l.isin IS NOT NULL AND h.stock_symbol IS DISTINCT FROM k.symbol"""),
        {"isins": list(symbols), "symbols": list(symbols.values())},
    )
    return result.rowcount


def _newest_disclosures(
    connection: Connection, portfolio_ids: Iterable[int] | None, as_of: date | None
) -> tuple[Disclosure, ...]:
    rows = connection.execute(
        text(f"""SELECT DISTINCT ON (d.portfolio_id) {DISCLOSURE}
                 FROM risk_disclosures d JOIN risk_portfolios p USING (portfolio_id)
                 WHERE (CAST(:ids AS bigint[]) IS NULL OR d.portfolio_id = ANY(CAST(:ids AS bigint[])))
                   AND (CAST(:as_of AS date) IS NULL OR d.as_on <= :as_of) AND {GOOD}
                 ORDER BY d.portfolio_id, d.source = 'yahoo', d.as_on DESC"""),  # noqa: S608
        {"ids": None if portfolio_ids is None else list(portfolio_ids), "as_of": as_of},
    )
    return tuple(_disclosure(row._mapping) for row in rows)


def _texts(column: Sequence[str | None]) -> Texts:
    found = np.empty(len(column), dtype=np.object_)
    found[:] = column
    return found


def _disclosure(row: RowMapping) -> Disclosure:
    return Disclosure(**{**row, "source": Source(row["source"]), "warnings": tuple(row["warnings"])})
