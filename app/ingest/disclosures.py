"""A fund house's file into the store: read, tied to its schemes, judged, kept for each scheme and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from app.domain.disclosures import (
    Disclosure,
    DisclosureFile,
    ImportedSheet,
    LineKind,
    Outcome,
    SchemeSheet,
    Source,
)
from app.domain.schemes import Portfolio
from app.ingest import disclosure_checks as checks
from app.ingest.disclosure_checks import Asked, Verdict
from app.ingest.portfolios import resolve_portfolios
from app.ingest.scheme_matching import SchemeIndex
from app.sources.amc.cells import month_end
from app.sources.amc.reader import PARSER_VERSION, read_disclosure
from app.store.disclosure_writes import JudgedSheet, save_disclosures
from app.store.disclosures import (
    is_replaced,
    known_files,
    lined_isins,
    load_disclosures,
    load_imported,
    load_issuer_weights,
    set_symbols,
)
from app.store.imports import ImportRecord, lock_imports, record_import
from app.store.schemes import load_isins
from app.store.securities import load_nse_symbols


@dataclass(frozen=True, slots=True)
class DisclosureImport:
    """What became of a file. ``known`` means that its bytes were imported before and still count: nothing was done.

    ``lines_stored`` is the number of lines of the sheets that are used.
    """

    file: DisclosureFile
    known: bool
    lines_stored: int
    sheets: tuple[ImportedSheet, ...]

    @property
    def unreadable(self) -> str | None:
        """Why the file as a whole is no disclosure; None where it holds at least one scheme sheet, used or refused."""
        refused = [sheet.quarantined for sheet in self.sheets if not sheet.sheet]
        return refused[0] if len(refused) == len(self.sheets) and refused else None


def import_disclosure(
    connection: Connection,
    data: bytes,
    name: str,
    today: date,
    *,
    source: Source,
    month: date | None = None,
    scheme: str | None = None,
    house: str | None = None,
    older: bool = False,
) -> DisclosureImport:
    """Read a file of any fund house and store its portfolios. Raises nothing, whatever the bytes.

    With ``month`` (any day of it), ``scheme`` or ``house`` (AMFI's name) sheets of others are refused. A portfolio
    replaces the one stored of its scheme and month; other months stay. One older than the newest stored is refused
    unless ``older`` or ``month`` asks for it.
    """
    asked = Asked(today, source, month, scheme, house, older)
    file = describe(data, name)
    known = load_known(connection, file, asked)
    return known or store_disclosure(connection, file, read_disclosure(data, file.name), asked)


def describe(data: bytes, name: str) -> DisclosureFile:
    """A file as the store knows it, by its bytes; its name as text that any program can write."""
    plain = name.encode("utf-8", "replace").decode().replace("\0", "")
    return DisclosureFile(plain, len(data), sha256(data).hexdigest(), PARSER_VERSION)


def load_known(connection: Connection, file: DisclosureFile, asked: Asked) -> DisclosureImport | None:
    """What was made of the same bytes before; None where they are to be read.

    They are read again where another file stands in for a portfolio of theirs and a person gives them once more. Of
    sheets that are not of the month asked for it is said so, as a first import would.
    """
    if not known_files(connection, [file.sha256], file.parser_version, older=asked.wants_older):
        return None
    if asked.puts_back and is_replaced(connection, file.sha256, file.parser_version, asked.beside):
        return None
    sheets = load_imported(connection, file.sha256, file.parser_version)
    return DisclosureImport(file, True, 0, tuple(_as_asked(sheet, asked.month) for sheet in sheets))


def store_disclosure(
    connection: Connection,
    file: DisclosureFile,
    sheets: Sequence[SchemeSheet],
    asked: Asked,
    index: SchemeIndex | None = None,
) -> DisclosureImport:
    """Judge the sheets read from a file and store them, unless somebody else just did.

    ``index`` are AMFI's schemes, where many files follow each other.
    """
    lock_imports(connection)
    known = load_known(connection, file, asked)
    if known is not None:
        return known
    portfolios = _portfolios(connection, sheets, index)
    judged, outcome = _judge(connection, file, sheets, portfolios, asked)
    stored = save_disclosures(connection, file, judged, asked.source, outcome)
    results = tuple(_result(one) for one in judged)
    refused = [f"{one.sheet or one.file}: {one.quarantined}" for one in results if one.quarantined]
    read = sum(one.lines for one in results)
    record_import(connection, ImportRecord("disclosures", file.name, file.sha256, read, stored, rejected=refused))
    return DisclosureImport(file, False, stored, results)


def relink_symbols(connection: Connection) -> int:
    """Give the stored lines the symbols of today's security master; returns how many changed."""
    return set_symbols(connection, load_nse_symbols(connection, lined_isins(connection)))


def _portfolios(
    connection: Connection, sheets: Sequence[SchemeSheet], index: SchemeIndex | None
) -> list[Portfolio | None]:
    names = [sheet.name for sheet in sheets if sheet.name is not None]
    found = iter(resolve_portfolios(connection, names, index) if names else ())
    return [None if sheet.name is None else next(found) for sheet in sheets]


def _judge(
    connection: Connection,
    file: DisclosureFile,
    sheets: Sequence[SchemeSheet],
    portfolios: Sequence[Portfolio | None],
    asked: Asked,
) -> tuple[list[JudgedSheet], Outcome]:
    stored = _stored(connection, portfolios)
    history = [stored.get(portfolio.portfolio_id, []) if portfolio else [] for portfolio in portfolios]
    units = _units(connection, sheets, portfolios)
    verdicts = [
        checks.judge(sheet, portfolio, before, asked, file.sha256, ratio)
        for sheet, portfolio, before, ratio in zip(sheets, portfolios, history, units, strict=True)
    ]
    keys = [_key(*one) for one in zip(sheets, portfolios, verdicts, strict=True)]
    faults = checks.told_twice(sheets, keys)
    houses = checks.house_notes(portfolios)
    turnover = _turnover_notes(connection, sheets, history)
    symbols = load_nse_symbols(connection, {line.isin for sheet in sheets for line in sheet.lines if line.isin})
    judged = []
    for at, (sheet, portfolio) in enumerate(zip(sheets, portfolios, strict=True)):
        share = checks.unmapped(sheet.lines)
        old = None if verdicts[at].fault else checks.history_note(sheet, history[at])
        notes = (houses.get(at), old, checks.partial_note(share), turnover.get(at), checks.nav_note(*units[at]))
        warned = replace(
            sheet,
            warnings=(*sheet.warnings, *(note for note in notes if note)),
            quarantined=verdicts[at].fault or faults.get(at),
        )
        end = month_end(sheet.as_on.year, sheet.as_on.month) if sheet.as_on else None
        judged.append(JudgedSheet(warned, portfolio, end, share > checks.PARTIAL_ABOVE, symbols))
    return judged, _outcome(verdicts, judged)


def _units(
    connection: Connection, sheets: Sequence[SchemeSheet], portfolios: Sequence[Portfolio | None]
) -> list[tuple[int, float]]:
    """The ``nav_ratio`` of each sheet."""
    lines = (line for sheet in sheets for line in sheet.lines)
    known = load_isins(connection, {line.isin for line in lines if line.isin and line.kind is LineKind.FUND_UNIT})
    return [checks.nav_ratio(sheet, portfolio, known) for sheet, portfolio in zip(sheets, portfolios, strict=True)]


def _stored(connection: Connection, portfolios: Sequence[Portfolio | None]) -> dict[int, list[Disclosure]]:
    found: dict[int, list[Disclosure]] = {}
    for one in load_disclosures(connection, {portfolio.portfolio_id for portfolio in portfolios if portfolio}):
        found.setdefault(one.portfolio_id, []).append(one)
    return found


def _key(sheet: SchemeSheet, portfolio: Portfolio | None, verdict: Verdict) -> tuple[int, int, int] | None:
    if verdict.fault is not None or portfolio is None or sheet.as_on is None:
        return None
    return portfolio.portfolio_id, sheet.as_on.year, sheet.as_on.month


def _turnover_notes(
    connection: Connection, sheets: Sequence[SchemeSheet], history: Sequence[Sequence[Disclosure]]
) -> Mapping[int, str]:
    others = {at: checks.neighbour(sheet, history[at]) for at, sheet in enumerate(sheets)}
    weights = load_issuer_weights(connection, {one.disclosure_id for one in others.values() if one}, checks.SECURITIES)
    notes = {
        at: checks.turnover_note(weights.get(one.disclosure_id, {}), checks.issuer_weights(sheets[at].lines), one.as_on)
        for at, one in others.items()
        if one
    }
    return {at: note for at, note in notes.items() if note}


def _outcome(verdicts: Sequence[Verdict], judged: Sequence[JudgedSheet]) -> Outcome:
    if any(verdict.fault and not verdict.final for verdict in verdicts):
        return Outcome.PROVISIONAL
    return Outcome.REFUSED if all(one.sheet.quarantined for one in judged) else Outcome.STORED


def _result(judged: JudgedSheet) -> ImportedSheet:
    sheet, portfolio = judged.sheet, judged.portfolio
    return ImportedSheet(
        file=sheet.file,
        sheet=sheet.sheet,
        name=sheet.name,
        amfi_code=portfolio.amfi_code if portfolio else None,
        as_on=sheet.as_on,
        lines=len(sheet.lines),
        sum_of_weights=sheet.sum_of_weights,
        stated_total=sheet.stated_total,
        gross_equity=sheet.gross_equity,
        net_equity=sheet.net_equity,
        warnings=sheet.warnings,
        quarantined=sheet.quarantined,
    )


def _as_asked(sheet: ImportedSheet, month: date | None) -> ImportedSheet:
    if sheet.quarantined or month is None or sheet.as_on is None:
        return sheet
    if (sheet.as_on.year, sheet.as_on.month) == (month.year, month.month):
        return sheet
    return replace(sheet, quarantined=f"is of {sheet.as_on}, not of {month:%Y-%m}")
