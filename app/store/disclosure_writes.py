"""Portfolios of funds into Postgres: a good one replaces the one stored, a refused one is kept with its reason.

Lines go to the plan's table, what it has no column for beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from app.domain.disclosures import DisclosureFile, DisclosureLine, Outcome, SchemeSheet, Source
from app.domain.schemes import Portfolio
from app.domain.serialise import to_json
from app.store.disclosures import GOOD


@dataclass(frozen=True, slots=True)
class JudgedSheet:
    """A sheet as it is to be stored: ``sheet.quarantined`` says whether it is used.

    ``portfolio`` is None where the sheet names no scheme; ``symbols`` are NSE's by ISIN, for the ISINs that have one.
    """

    sheet: SchemeSheet
    portfolio: Portfolio | None
    month_end: date | None
    partial: bool
    symbols: Mapping[str, str]


def save_disclosures(
    connection: Connection, file: DisclosureFile, sheets: Sequence[JudgedSheet], source: Source, outcome: Outcome
) -> int:
    """Store what a file holds; returns the number of lines stored.

    A good sheet takes the place of the portfolio stored for its scheme and month; a refused one changes nothing but is
    kept with its reason, without lines.
    """
    good = [sheet for sheet in sheets if sheet.sheet.quarantined is None]
    _replace(connection, file, good)
    _save_file(connection, file, outcome)
    ids = _insert_disclosures(connection, file, sheets, source)
    rows = [
        row
        for disclosure_id, sheet in zip(ids, sheets, strict=True)
        if sheet.sheet.quarantined is None
        for row in _line_rows(disclosure_id, sheet)
    ]
    _insert_lines(connection, rows)
    return len(rows)


def _replace(connection: Connection, file: DisclosureFile, good: Sequence[JudgedSheet]) -> None:
    """Take the portfolios that the new ones stand in for out of use, and forget what these bytes gave before."""
    connection.execute(
        text(f"""
        WITH replaced AS (
            UPDATE risk_disclosures d SET replaced_by = :file
            FROM unnest(CAST(:portfolios AS bigint[]), CAST(:months AS date[])) AS new (portfolio_id, month_end)
            WHERE d.portfolio_id = new.portfolio_id AND d.month_end = new.month_end AND {GOOD}
            RETURNING disclosure_id)
        DELETE FROM mf_underlying_holdings h USING risk_disclosure_lines l, replaced
        WHERE l.id = h.id AND l.disclosure_id = replaced.disclosure_id"""),  # noqa: S608
        {
            "file": file.name,
            "portfolios": [sheet.portfolio.portfolio_id for sheet in good if sheet.portfolio],
            "months": [sheet.month_end for sheet in good if sheet.portfolio],
        },
    )
    connection.execute(
        text(f"DELETE FROM risk_disclosures d WHERE d.sha256 = :sha256 AND NOT ({GOOD})"),  # noqa: S608
        {"sha256": file.sha256},
    )


def _save_file(connection: Connection, file: DisclosureFile, outcome: Outcome) -> None:
    connection.execute(
        text("""INSERT INTO risk_disclosure_files (sha256, parser_version, name, size, outcome)
                VALUES (:sha256, :version, :name, :size, :outcome)
                ON CONFLICT (sha256, parser_version) DO UPDATE
                SET name = excluded.name, outcome = excluded.outcome, imported_at = now()"""),
        {
            "sha256": file.sha256,
            "version": file.parser_version,
            "name": file.name,
            "size": file.size,
            "outcome": outcome,
        },
    )


def _insert_disclosures(
    connection: Connection, file: DisclosureFile, sheets: Sequence[JudgedSheet], source: Source
) -> list[int]:
    """The new ids, in the order of the sheets: an INSERT numbers its rows as an ordered SELECT gives them."""
    rows = [_disclosure_row(at, sheet) for at, sheet in enumerate(sheets)]
    ids = connection.scalars(
        text("""INSERT INTO risk_disclosures (portfolio_id, name, as_on, month_end, file, sheet, sha256,
                    parser_version, source, partial, lines, stated_total, sum_of_weights, gross_equity, net_equity,
                    warnings, quarantined)
                SELECT portfolio_id, name, as_on, month_end, file, sheet, :sha256, :version, :source, partial, lines,
                       stated_total, sum_of_weights, gross_equity, net_equity, warnings, quarantined
                FROM json_to_recordset(CAST(:rows AS json)) AS r (place int, portfolio_id bigint, name text,
                    as_on date, month_end date, file text, sheet text, partial boolean, lines int,
                    stated_total float8, sum_of_weights float8, gross_equity float8, net_equity float8,
                    warnings text[], quarantined text)
                ORDER BY place RETURNING disclosure_id"""),
        {"rows": to_json(rows).decode(), "sha256": file.sha256, "version": file.parser_version, "source": source},
    )
    return sorted(ids)


def _insert_lines(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    connection.execute(
        text("""
        WITH new AS MATERIALIZED (
            SELECT row_number() OVER () AS place, r.* FROM json_to_recordset(CAST(:rows AS json)) AS r (
                disclosure_id bigint, mf_symbol text, scheme text, symbol text, name text, weight float8,
                quantity float8, value float8, as_on date, isin text, code text, industry text, kind text,
                sign smallint, section text, in_total boolean, stated_weight float8)),
        kept AS (
            INSERT INTO mf_underlying_holdings
                (mf_symbol, mf_scheme_name, stock_symbol, stock_name, weight_pct, quantity, value, as_on_date)
            SELECT mf_symbol, scheme, symbol, name, weight, quantity, value, as_on FROM new ORDER BY place
            RETURNING id),
        numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM kept)
        INSERT INTO risk_disclosure_lines
            (id, disclosure_id, isin, code, industry, kind, sign, section, in_total, stated_weight)
        SELECT id, disclosure_id, isin, code, industry, kind, sign, section, in_total, stated_weight
        FROM numbered JOIN new USING (place)"""),
        {"rows": to_json(rows).decode()},
    )


def _disclosure_row(place: int, judged: JudgedSheet) -> Mapping[str, object]:
    sheet = judged.sheet
    return {
        "place": place,
        "portfolio_id": judged.portfolio.portfolio_id if judged.portfolio else None,
        "name": sheet.name,
        "as_on": sheet.as_on,
        "month_end": judged.month_end,
        "file": sheet.file,
        "sheet": sheet.sheet,
        "partial": judged.partial,
        "lines": len(sheet.lines),
        "stated_total": sheet.stated_total,
        "sum_of_weights": sheet.sum_of_weights,
        "gross_equity": sheet.gross_equity,
        "net_equity": sheet.net_equity,
        "warnings": sheet.warnings,
        "quarantined": sheet.quarantined,
    }


def _line_rows(disclosure_id: int, judged: JudgedSheet) -> Iterable[Mapping[str, object]]:
    portfolio, sheet = judged.portfolio, judged.sheet
    shared = {
        "disclosure_id": disclosure_id,
        "mf_symbol": portfolio.mf_symbol if portfolio else None,
        "scheme": sheet.name,
        "as_on": sheet.as_on,
    }
    return ({**shared, **_line_row(line, judged.symbols)} for line in sheet.lines)


def _line_row(line: DisclosureLine, symbols: Mapping[str, str]) -> Mapping[str, object]:
    return {
        "symbol": symbols.get(line.isin) if line.isin else None,
        "name": line.name,
        "weight": line.weight,
        "quantity": line.quantity,
        "value": line.value,
        "isin": line.isin,
        "code": line.code,
        "industry": line.industry,
        "kind": line.kind,
        "sign": line.sign,
        "section": line.section,
        "in_total": line.in_total,
        "stated_weight": line.stated_weight,
    }
