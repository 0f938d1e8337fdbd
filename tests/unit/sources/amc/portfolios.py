"""A small portfolio sheet as fund houses print it, with every part open to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain.disclosures import SchemeSheet
from app.sources.amc.opening import Workbook
from app.sources.amc.reader import read_workbook

Cells = list[list[str]]

TITLES = (
    ["", "Sample Large Cap Fund (An open ended equity scheme)"],
    ["", "Monthly Portfolio Statement as on January 31, 2025"],
)
HEADER = [
    "",
    "Name of the Instrument",
    "ISIN",
    "Industry / Rating",
    "Quantity",
    "Market/Fair Value (Rs. in Lakhs)",
    "% to Net Assets",
]
SHARES = (
    ("Reliance Industries Limited", "INE002A01018", "Petroleum Products", 10_000, 126.50),
    ("HDFC Bank Limited", "INE040A01034", "Banks", 20_000, 340.00),
    ("ICICI Bank Limited", "INE090A01021", "Banks", 30_000, 375.90),
    ("Infosys Limited", "INE009A01021", "IT - Software", 10_000, 188.00),
    ("State Bank of India", "INE062A01020", "Banks", 40_000, 309.20),
    ("Larsen & Toubro Limited", "INE018A01030", "Construction", 5_000, 178.40),
)
PAPER = (("7.18% GOI 14-Aug-2033", "IN0020230085", "Sovereign", 200_000, 205.00),)
CASH = (("TREPS", "", "", "", 260.00), ("Net Receivables / (Payables)", "", "", "", 17.00))
TOTAL = 2000.00

Position = tuple[str, str, str, Any, float]


def line(position: Position, total: float = TOTAL, scale: float = 1.0) -> list[str]:
    """The cells of one position; ``scale`` 1 prints fractions, 100 percents."""
    name, isin, industry, quantity, value = position
    return ["", name, isin, industry, str(quantity), str(value), str(round(value / total * scale, 6))]


def words(label: str, value: float | str = "", weight: float | str = "") -> list[str]:
    """The cells of a heading, a subtotal or a total."""
    return ["", label, "", "", "", str(value), str(weight)]


def body(
    shares: Sequence[Position] = SHARES, paper: Sequence[Position] = PAPER, *, total: float = TOTAL, scale: float = 1.0
) -> Cells:
    """Sections with subtotals in rows of their own, then the grand total."""
    equity, debt = sum(p[4] for p in shares), sum(p[4] for p in paper)
    return [
        words("Equity & Equity related"),
        words("(a) Listed / awaiting listing on Stock Exchanges"),
        *(line(p, total, scale) for p in shares),
        words("Sub Total", round(equity, 2), equity / total * scale),
        words("(b) Unlisted", "NIL", "NIL"),
        words("Debt Instruments"),
        *(line(p, total, scale) for p in paper),
        words("Total", round(debt, 2), debt / total * scale),
        words("Others"),
        *(line(p, total, scale) for p in CASH),
        words("GRAND TOTAL", total, scale),
    ]


def sheet(
    rows: Cells | None = None, *, titles: Sequence[Sequence[str]] = TITLES, header: Sequence[str] = HEADER
) -> Cells:
    """Titles, a blank row, the header and a body."""
    return [*(list(row) for row in titles), [], list(header), *(body() if rows is None else rows)]


def read(cells: Cells, *others: tuple[str, Cells], file: str = "portfolio.xlsx") -> SchemeSheet:
    """The only scheme sheet of a workbook with these cells, and other sheets."""
    (only,) = read_all(cells, *others, file=file)
    return only


def read_all(cells: Cells, *others: tuple[str, Cells], file: str = "portfolio.xlsx") -> list[SchemeSheet]:
    """All scheme sheets of a workbook with these cells, and other sheets."""
    return list(read_workbook(Workbook(file, [("ONE", cells), *others])))
