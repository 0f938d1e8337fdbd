"""Defects that files were seen with or could have: each changes the cells of a clean sheet in one way."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from app.sources.amc.cells import number
from app.sources.amc.header import Header, Role, find_headers, role_of
from app.sources.amc.isins import valid_isin
from tests.unit.sources.amc.portfolios import Cells

Defect = Callable[[Cells, Header, random.Random], None]
DEFECTS: dict[str, Defect] = {}


def defect(change: Defect) -> Defect:
    """Adds a change to the list under its own name in words."""
    DEFECTS[change.__name__.replace("_", " ")] = change
    return change


def header_of(cells: Cells) -> Header:
    """The header of the first portfolio."""
    return next(header for header in find_headers(cells) if header.portfolio)


def securities(cells: Cells, header: Header) -> list[int]:
    """Rows above the grand total that carry an ISIN and a value worth noticing."""
    end = grand_total(cells, header)
    rows = range(header.row + 1, end)
    noticeable = 0.0005 * (value(cells, header, end) or 0.0)
    return [
        at
        for at in rows
        if valid_isin(header.cell(cells[at], Role.ISIN)) and (value(cells, header, at) or 0) > noticeable
    ]


def grand_total(cells: Cells, header: Header) -> int:
    """The row of the grand total."""
    pattern = re.compile(r"grand[ _]total|total net assets", re.IGNORECASE)
    return next(at for at in range(header.row + 1, len(cells)) if pattern.search(" ".join(cells[at])))


def value(cells: Cells, header: Header, at: int) -> float | None:
    """The printed value of a row."""
    return number(header.cell(cells[at], Role.VALUE))


def scale(cells: Cells, header: Header, at: int, role: Role, factor: float) -> None:
    """Multiplies a printed number."""
    printed = number(header.cell(cells[at], role))
    if printed is not None:
        cells[at][header.columns[role]] = repr(printed * factor)


def rename(cells: Cells, header: Header, role: Role) -> None:
    """Makes the header of a role say nothing."""
    cells[header.row] = ["Xyzzy" if role_of(cell) is role else cell for cell in cells[header.row]]


def exchange(cells: Cells, header: Header, one: Role, other: Role) -> None:
    """Exchanges two header cells over unchanged data."""
    row, first, second = cells[header.row], header.columns[one], header.columns[other]
    row[first], row[second] = row[second], row[first]


@defect
def another_month(cells: Cells, header: Header, chance: random.Random) -> None:
    month = chance.choice(["March", "April", "May", "June"])
    months = re.compile(r"\b(?:January|February|July|August|Jan|Feb|Jul|Aug)\b", re.IGNORECASE)
    for at in range(header.row):
        cells[at] = [months.sub(month, cell).replace("-01-31", "-05-31") for cell in cells[at]]


@defect
def another_scheme(cells: Cells, header: Header, chance: random.Random) -> None:
    for at in range(header.row):
        cells[at] = [
            re.sub(r"(?i)\b(?:large|arbitrage|nifty|balanced|flexi)\b", "Momentum", cell) for cell in cells[at]
        ]


@defect
def no_day(cells: Cells, header: Header, chance: random.Random) -> None:
    for at in range(header.row):
        cells[at] = ["" if re.search(r"(?i)\bas on\b|20\d\d-", cell) else cell for cell in cells[at]]


@defect
def crores_in_the_header(cells: Cells, header: Header, chance: random.Random) -> None:
    cells[header.row] = [re.sub(r"(?i)la(?:kh|c)s?", "Crores", cell) for cell in cells[header.row]]


@defect
def no_unit(cells: Cells, header: Header, chance: random.Random) -> None:
    cells[header.row] = ["Market Value" if role_of(cell) is Role.VALUE else cell for cell in cells[header.row]]


@defect
def values_in_crores(cells: Cells, header: Header, chance: random.Random) -> None:
    for at in range(header.row + 1, len(cells)):
        scale(cells, header, at, Role.VALUE, 0.01)


@defect
def values_in_thousands(cells: Cells, header: Header, chance: random.Random) -> None:
    for at in range(header.row + 1, len(cells)):
        scale(cells, header, at, Role.VALUE, 100.0)


@defect
def one_value_ten_times(cells: Cells, header: Header, chance: random.Random) -> None:
    scale(cells, header, chance.choice(securities(cells, header)), Role.VALUE, 10.0)


@defect
def one_sign_turned(cells: Cells, header: Header, chance: random.Random) -> None:
    scale(cells, header, chance.choice(securities(cells, header)), Role.VALUE, -1.0)


@defect
def one_weight_tripled(cells: Cells, header: Header, chance: random.Random) -> None:
    scale(cells, header, chance.choice(securities(cells, header)), Role.WEIGHT, 3.0)


@defect
def some_weights_on_another_scale(cells: Cells, header: Header, chance: random.Random) -> None:
    for at in chance.sample(securities(cells, header), 2):
        scale(cells, header, at, Role.WEIGHT, 100.0)


@defect
def another_grand_total(cells: Cells, header: Header, chance: random.Random) -> None:
    scale(cells, header, grand_total(cells, header), Role.VALUE, chance.choice([0.5, 0.98, 1.02, 1.3]))


@defect
def cut_short(cells: Cells, header: Header, chance: random.Random) -> None:
    del cells[chance.choice(securities(cells, header)) :]


@defect
def a_row_lost(cells: Cells, header: Header, chance: random.Random) -> None:
    del cells[chance.choice(securities(cells, header))]


@defect
def a_row_twice(cells: Cells, header: Header, chance: random.Random) -> None:
    at = chance.choice(securities(cells, header))
    cells.insert(at, list(cells[at]))


@defect
def a_wrong_digit_in_an_isin(cells: Cells, header: Header, chance: random.Random) -> None:
    at, column = chance.choice(securities(cells, header)), header.columns[Role.ISIN]
    isin = cells[at][column].strip()
    cells[at][column] = f"{isin[:-1]}{(int(isin[-1]) + chance.randint(1, 9)) % 10}"


def _renamed(role: Role) -> Defect:
    return lambda cells, header, chance: rename(cells, header, role)


def _exchanged(one: Role, other: Role) -> Defect:
    return lambda cells, header, chance: exchange(cells, header, one, other)


for _role in (Role.NAME, Role.ISIN, Role.INDUSTRY, Role.QUANTITY, Role.VALUE, Role.WEIGHT):
    DEFECTS[f"no header of {_role.value}"] = _renamed(_role)
for _one, _other in (
    (Role.VALUE, Role.WEIGHT),
    (Role.VALUE, Role.QUANTITY),
    (Role.QUANTITY, Role.WEIGHT),
    (Role.NAME, Role.ISIN),
    (Role.NAME, Role.INDUSTRY),
    (Role.ISIN, Role.INDUSTRY),
):
    DEFECTS[f"headers of {_one.value} and {_other.value} exchanged"] = _exchanged(_one, _other)
