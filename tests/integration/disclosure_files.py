"""Small disclosures in every state a test needs, and imports of them as the app runs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.Boilerplate import Boilerplate
from app.domain.disclosures import Source
from app.ingest.disclosures import DisclosureImport, import_disclosure
from tests.integration.conftest import TODAY
from tests.unit.sources.amc.portfolios import SHARES, TOTAL, Cells, Position, body, line, sheet, words
from tests.unit.sources.workbooks import workbook

SCHEME = "Sample Large Cap Fund"
SYMBOL = "sample-large-cap-fund"
SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)


def scheme_sheet(scheme: str = SCHEME, as_on: date = OCTOBER, rows: Cells | None = None) -> Cells:
    """A clean sheet of seven securities and two lines of cash that add up to 2,000 lakh."""
    titles = (
        ["", f"{scheme} (An open ended equity scheme)"],
        ["", f"Monthly Portfolio Statement as on {as_on:%B %d, %Y}"],
    )
    return sheet(rows, titles=titles)


def fund_file(*sheets: Cells) -> bytes:
    """A workbook with these sheets, named S1, S2 ..."""
    return workbook({f"S{at}": cells for at, cells in enumerate(sheets or (scheme_sheet(),), start=1)})


def one_fund(scheme: str = SCHEME, as_on: date = OCTOBER, rows: Cells | None = None) -> bytes:
    """A workbook of one scheme."""
    return fund_file(scheme_sheet(scheme, as_on, rows))


def scaled(factor: float) -> Cells:
    """The rows of the clean sheet, every quantity and value times the factor."""
    shares = tuple((name, isin, industry, q * factor, v * factor) for name, isin, industry, q, v in SHARES)
    paper = (("7.18% GOI 14-Aug-2033", "IN0020230085", "Sovereign", 200_000 * factor, 205.0 * factor),)
    cash = [line(("TREPS", "", "", "", 277.0 * factor), TOTAL * factor)]
    return [*body(shares, paper, total=TOTAL * factor)[:-3], *cash, words("GRAND TOTAL", TOTAL * factor, 1.0)]


def with_shares(shares: Sequence[Position]) -> Cells:
    """The clean rows with other shares of the same sum."""
    assert abs(sum(position[4] for position in shares) - sum(position[4] for position in SHARES)) < 0.001
    return body(shares)


def bring_disclosure(
    database: Boilerplate, data: bytes, name: str = "fund.xlsx", today: date = TODAY, **asked: Any
) -> DisclosureImport:
    """Import in a transaction of its own, as an upload where the test does not say otherwise."""
    with database.transaction() as connection:
        return import_disclosure(connection, data, name, today, **{"source": Source.UPLOAD, **asked})
