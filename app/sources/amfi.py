"""AMFI's text reports: the list of all schemes with their newest NAV (NAVAll.txt), and the download of older NAVs.

Both are lines of ``;``-separated columns, found by header name: six of them until August 2026, eight since (plan and
option have columns of their own). Lines without ``;`` name a category or a fund house; blank ones mean nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.errors import InputFileError
from app.domain.navs import NavFile, NavPoint
from app.domain.scheme_names import family_of, option_of, plan_of
from app.domain.schemes import AmfiScheme, SchemeList
from app.domain.securities import is_isin
from app.sources import tabular
from app.sources.tabular import header_key

COLUMNS = {
    "code": ("schemecode",),
    "isin": ("isindivpayoutisingrowth", "isindivpayout", "isingrowth"),
    "other_isin": ("isindivreinvestment",),
    "name": ("schemename", "navname"),
    "plan": ("plan",),
    "option": ("option",),
    "nav": ("netassetvalue",),
    "day": ("date",),
}
REQUIRED = ("code", "isin", "name", "nav", "day")
MAX_CODE = 2**31 - 1
MAX_NAME = 300
MAX_NAV = 1e9
FEWEST = 0.5
"""A list most of whose lines are unreadable is another file."""
_CATEGORY = re.compile(r"\bschemes?\s*\(", re.IGNORECASE)
_REMEDY = "Download NAVAll.txt from AMFI's site (Net Asset Value, Complete NAV Report) and import it as it is."


def is_nav_report(data: bytes, name: str) -> bool:
    """True where the text has AMFI's header in its first lines."""
    content = tabular.read_content(data, name)
    return isinstance(content, str) and any(_columns(line) for line in content.split("\n", 60)[:60])


def parse_navall(data: bytes, name: str) -> SchemeList:
    """Every scheme of AMFI's list, both layouts, dead ones too.

    The day of the list is the one most NAVs are of. A NAV that is none (blank, "N.A.", zero) is None; a negative or
    impossible one is None and named in ``rejected``, the scheme stays; of zeros, which hundreds of dead schemes have,
    the first is named. Raises InputFileError for another file, and for one that ends in the middle of a line.
    """
    rows = _whole_rows(_text(data, name), name)
    schemes: dict[int, AmfiScheme] = {}
    rejected: list[str] = _zeros(rows)
    for row in rows:
        scheme = _scheme(row, rejected)
        if scheme is not None and schemes.setdefault(scheme.amfi_code, scheme) is not scheme:
            rejected.append(f"line {row.number}: code {scheme.amfi_code} a second time")
    if len(schemes) < FEWEST * len(rows):
        raise InputFileError(name, f"has {len(rows) - len(schemes)} unreadable lines of {len(rows)}.", _REMEDY)
    days = Counter(scheme.nav_date for scheme in schemes.values() if scheme.nav_date)
    if not days:
        raise InputFileError(name, "has no line with a NAV and its day.", _REMEDY)
    as_of = max(day for day, count in days.items() if count == max(days.values()))
    return SchemeList(tuple(schemes.values()), as_of, tabular.cap_messages(rejected))


def parse_nav_report(data: bytes, name: str) -> NavFile:
    """The NAVs of AMFI's history download (or of NAVAll), by AMFI code and in order of day."""
    points: list[NavPoint] = []
    rejected: list[str] = []
    for row in _whole_rows(_text(data, name), name):
        code, day = _code(row.fields["code"]), tabular.parse_day(row.fields["day"])
        nav = tabular.parse_number(row.fields["nav"])
        if code is None or day is None or nav is None:
            found = ", ".join(row.fields[field] for field in ("code", "day", "nav"))
            rejected.append(f"line {row.number}: lacks a code, a day or a NAV ({tabular.brief(found)})")
        else:
            points.append(NavPoint(code, day, nav))
    if not points:
        raise InputFileError(name, f"holds no NAV. {rejected[0] if rejected else ''}".strip(), _REMEDY)
    return NavFile(tuple(sorted(set(points))), tabular.cap_messages(rejected))


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    house: str
    category: str
    fields: Mapping[str, str]
    is_short: bool


def _text(data: bytes, name: str) -> str:
    content = tabular.read_content(data, name)
    if not isinstance(content, str):
        raise InputFileError(name, "is a workbook, not AMFI's text list.", _REMEDY)
    return content


def _whole_rows(text: str, name: str) -> list[_Row]:
    """The rows. Raises InputFileError where the last one lacks columns, or letters of its day."""
    rows = list(_rows(text, name))
    if rows and (rows[-1].is_short or len(rows[-1].fields["day"]) < len(rows[0].fields["day"])):
        raise InputFileError(name, f"ends in the middle of line {rows[-1].number}: it was cut short.", _REMEDY)
    return rows


def _rows(text: str, name: str) -> Iterator[_Row]:
    positions: Mapping[str, int] = {}
    house = category = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if ";" in line:
            found = _columns(line)
            if found:
                positions = found
            elif positions:
                is_short = line.count(";") < max(positions.values())
                yield _Row(number, house, category, _fields(line, positions), is_short)
        elif _CATEGORY.search(line):
            category = line.strip()
        elif line.strip():
            house = line.strip()
    if not positions:
        raise InputFileError(name, "has no header 'Scheme Code;...;Net Asset Value;Date'.", _REMEDY)


def _columns(line: str) -> dict[str, int]:
    """Field -> place where the line is a header; empty where it is none."""
    if ";" not in line:
        return {}
    keys = [header_key(cell) for cell in line.split(";")]
    found = {
        field: keys.index(wanted[0])
        for field, names in COLUMNS.items()
        if (wanted := [key for key in names if key in keys])
    }
    return found if all(field in found for field in REQUIRED) else {}


def _fields(line: str, positions: Mapping[str, int]) -> dict[str, str]:
    cells = line.split(";")
    return {field: cells[at].strip() if at < len(cells) else "" for field, at in positions.items()}


def _scheme(row: _Row, rejected: list[str]) -> AmfiScheme | None:
    fields = row.fields
    code, said = _code(fields["code"]), " ".join(fields["name"].split())
    if code is None or not said or len(said) > MAX_NAME or not said.isprintable():
        rejected.append(f"line {row.number}: has no scheme code or no name")
        return None
    nav, day = _nav(row, rejected)
    return AmfiScheme(
        amfi_code=code,
        isin=_isin(fields["isin"]),
        other_isin=_isin(fields.get("other_isin", "")),
        name=said,
        house=row.house,
        category=row.category,
        family=family_of(row.house, said),
        plan=plan_of(fields.get("plan", "")) or plan_of(said),
        option=option_of(fields.get("option", "")) or option_of(said),
        nav=nav,
        nav_date=day,
    )


def _zeros(rows: Iterable[_Row]) -> list[str]:
    lines = [row.number for row in rows if tabular.parse_number(row.fields["nav"]) == 0]
    more = f", nor those of {len(lines) - 1} more lines" if len(lines) > 1 else ""
    return [f"line {lines[0]}: 0 is no NAV{more}; the schemes are kept"] if lines else []


def _nav(row: _Row, rejected: list[str]) -> tuple[float | None, date | None]:
    nav, day = tabular.parse_number(row.fields["nav"]), tabular.parse_day(row.fields["day"])
    if nav is None or nav == 0:
        return None, day
    if not 0 < nav < MAX_NAV or day is None:
        rejected.append(f"line {row.number}: '{tabular.brief(row.fields['nav'])}' is no NAV, the scheme is kept")
        return None, day
    return nav, day


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:12]) <= MAX_CODE else None


def _isin(text: str) -> str | None:
    isin = text.upper()
    return isin if is_isin(isin) else None
