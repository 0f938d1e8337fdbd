"""The holdings viewer: one fund's portfolio, searched, sorted and filtered as the address asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.api.formats import coverage, day, maybe, moment, percent, sentence
from app.api.issues_panel import Flaws, IssueGroup, issue_groups
from app.api.screen_panels import Bar
from app.api.summaries import Fact, counted
from app.domain.disclosures import LineKind, Source
from app.domain.errors import RiskError
from app.domain.fund_portfolios import FundLine, FundPortfolio, Share
from app.domain.money import format_rupees_compact
from app.domain.securities import UNCLASSIFIED

MOST_LINES = 250
"""Lines drawn at once; funds of bonds have thousands."""
SHOWN_GROUPS = 12
ALL_SECTORS = ""
SORTS = {"size": "largest first", "name": "name", "sector": "sector"}
KIND_WORDS = {
    LineKind.EQUITY: "Share",
    LineKind.FOREIGN_EQUITY: "Foreign share",
    LineKind.DEBT: "Bond or bill",
    LineKind.CASH: "Cash",
    LineKind.DERIVATIVE: "Future or option",
    LineKind.OTHER_DERIVATIVE: "Other derivative",
    LineKind.FUND_UNIT: "Units of a fund",
    LineKind.TRUST_UNIT: "REIT or InvIT",
    LineKind.GOLD: "Gold",
    LineKind.SILVER: "Silver",
    LineKind.UNIDENTIFIED: "Not identified",
}
SOURCE_WORDS = {
    Source.UPLOAD: "a file that you gave",
    Source.FOLDER: "a file in the drop folder",
    Source.FETCH: "the fund house's site",
    Source.YAHOO: "Yahoo: the largest positions only",
}
_NEED_ISIN = frozenset({LineKind.FOREIGN_EQUITY, LineKind.DEBT, LineKind.FUND_UNIT, LineKind.TRUST_UNIT})


class UnclearQuestion(RiskError):
    """What the address asks of the viewer can't be read."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class ViewerQuestion:
    """What is asked: the fund, words to search for, order, sector, unmatched lines first, the month."""

    fund: str = ""
    search: str = ""
    sort: str = "size"
    sector: str = ALL_SECTORS
    unmatched_first: bool = False
    as_on: date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a select."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """One position as text; ``unmatched`` says what is not known of it, "" where all is."""

    name: str
    about: str
    kind: str
    weight: str
    value: str
    unmatched: str
    beside_total: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """The panel: ``found`` counts the lines shown, ``unmatched`` those that are not known among all."""

    title: str
    about: str
    as_on: str
    age: str
    question: ViewerQuestion
    funds: tuple[Choice, ...]
    months: tuple[Choice, ...]
    sectors: tuple[Choice, ...]
    sorts: tuple[Choice, ...]
    found: str
    unmatched: int
    rows: tuple[LineRow, ...]
    sector_bars: tuple[Bar, ...]
    kind_bars: tuple[Bar, ...]
    provenance: tuple[Fact, ...]
    warnings: tuple[str, ...]
    issues: tuple[IssueGroup, ...]


def read_question(given: Mapping[str, str]) -> ViewerQuestion:
    """The question of an address; without a month the newest. Raises UnclearQuestion for a day that is none."""
    sort = given.get("sort", "size")
    return ViewerQuestion(
        fund=given.get("fund", ""),
        search=given.get("search", "").strip(),
        sort=sort if sort in SORTS else "size",
        sector=given.get("sector", ALL_SECTORS),
        unmatched_first=given.get("unmatched") == "first",
        as_on=_day(given.get("as_on", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UnclearQuestion(f"“{text}” is not a day.", "Choose one of the months in the list.") from None


def view_portfolio(found: FundPortfolio, question: ViewerQuestion, funds: Sequence[tuple[str, str]]) -> Viewer:
    """The panel for a portfolio; ``funds`` are ISIN and name of those that may be chosen."""
    lines = [line for line in found.lines if _is_wanted(line, question)]
    lines.sort(key=lambda line: _order(line, question))
    return Viewer(
        title=found.name,
        about=" · ".join(filter(None, (found.house, f"net equity {maybe(_percent, found.net_equity)}"))),
        as_on=day(found.as_on),
        age=f"{counted(found.age_days, 'day')} old",
        question=question,
        funds=tuple(Choice(isin, name, isin == question.fund) for isin, name in funds),
        months=tuple(Choice(on.isoformat(), day(on), on == found.as_on) for on in found.months),
        sectors=_sectors(found, question.sector),
        sorts=tuple(Choice(value, name, value == question.sort) for value, name in SORTS.items()),
        found=_found(len(lines), len(found.lines)),
        unmatched=sum(bool(unmatched(line)) for line in found.lines),
        rows=tuple(map(_row, lines[:MOST_LINES])),
        sector_bars=_bars(found.sectors),
        kind_bars=_bars(tuple(Share(KIND_WORDS[LineKind(share.name)], share.weight) for share in found.kinds)),
        provenance=_provenance(found),
        warnings=tuple(map(sentence, found.warnings)),
        issues=issue_groups(Flaws(found.data_issues)),
    )


def unmatched(line: FundLine) -> str:
    """What is not known of a line; cash and derivatives need no identity."""
    if line.kind is LineKind.UNIDENTIFIED:
        return "The file does not say what it is"
    if line.kind is LineKind.EQUITY and line.symbol is None:
        return "Not in NSE's lists" if line.isin else "No valid ISIN in the file"
    return "No valid ISIN in the file" if line.kind in _NEED_ISIN and line.isin is None else ""


def _is_wanted(line: FundLine, question: ViewerQuestion) -> bool:
    if question.sector and question.sector != _sector(line):
        return False
    words = (line.name, line.symbol, line.isin, line.industry, line.sector)
    return question.search.casefold() in " ".join(filter(None, words)).casefold()


def _sector(line: FundLine) -> str:
    return line.sector or (UNCLASSIFIED if line.kind is LineKind.EQUITY else KIND_WORDS[line.kind])


def _order(line: FundLine, question: ViewerQuestion) -> tuple[object, ...]:
    first = question.unmatched_first and not unmatched(line)
    if question.sort == "name":
        return first, line.name.casefold()
    if question.sort == "sector":
        return first, _sector(line), -line.weight
    return first, -abs(line.weight)


def _sectors(found: FundPortfolio, chosen: str) -> tuple[Choice, ...]:
    names = sorted({_sector(line) for line in found.lines})
    return (
        Choice(ALL_SECTORS, "All sectors and kinds", chosen == ALL_SECTORS),
        *(Choice(name, name, name == chosen) for name in names),
    )


def _found(shown: int, total: int) -> str:
    if shown > MOST_LINES:
        return f"The first {MOST_LINES} of {counted(shown, 'line')}. Search or filter for the others."
    return counted(total, "line") if shown == total else f"{shown} of {counted(total, 'line')}"


def _row(line: FundLine) -> LineRow:
    return LineRow(
        name=line.name,
        about=" · ".join(filter(None, (line.symbol, line.isin, line.sector or line.industry))),
        kind=KIND_WORDS[line.kind],
        weight=_percent(line.weight),
        value=format_rupees_compact(line.value),
        unmatched=unmatched(line),
        beside_total=not line.in_total,
    )


def _percent(value: float) -> str:
    return percent(value)


def _bars(shares: Sequence[Share]) -> tuple[Bar, ...]:
    longest = max((abs(share.weight) for share in shares), default=0.0)
    return tuple(
        Bar(share.name, share.weight, _width(share.weight, longest), share.name == UNCLASSIFIED or share.weight < 0)
        for share in shares[:SHOWN_GROUPS]
    )


def _width(weight: float, longest: float) -> float:
    return round(100 * abs(weight) / longest, 2) if longest else 0.0


def _provenance(found: FundPortfolio) -> tuple[Fact, ...]:
    origin, known = found.provenance, found.coverage
    return (
        Fact("From", SOURCE_WORDS[origin.source]),
        Fact("File", origin.file),
        Fact("Sheet", origin.sheet),
        Fact("SHA-256", origin.sha256),
        Fact("Read on", f"{moment(origin.imported_at.isoformat())}, reader {origin.parser_version}"),
        Fact("Net assets", maybe(format_rupees_compact, found.stated_total)),
        Fact("Lines add up to", maybe(_percent, found.sum_of_weights)),
        Fact("With a valid ISIN", maybe(coverage, known.isin)),
        Fact("Indian shares that NSE's lists name", maybe(coverage, known.symbol)),
        Fact("Indian shares with a sector", maybe(coverage, known.sector)),
    )
