"""NAV histories: AMFI's download, JSON of one scheme as mfapi.in answers it, and CSV of day and NAV."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.errors import InputFileError
from app.domain.navs import NavFile, NavPoint
from app.sources import amfi, tabular
from app.sources.day_order import refuse_month_first
from app.sources.holdings_files import is_json
from app.sources.tabular import Layout

CSV = Layout(
    "NAV history",
    {
        "day": ("date", "navdate", "day"),
        "nav": ("nav", "netassetvalue", "navvalue"),
        "code": ("amficode", "schemecode", "code"),
    },
    ("day", "nav"),
    "date, nav[, amfi_code]; without the code in a column the file is named after it: 120716.csv",
)
_CODE_IN_NAME = re.compile(r"(?<!\d)(\d{5,6})(?!\d)")
_REMEDY = "Bring AMFI's NAV history, the JSON of one scheme from mfapi.in, or CSV of date and nav."


def parse_navs(data: bytes, name: str) -> NavFile:
    """The NAVs of a history file by AMFI code, in order of day; zero and negative ones come through to be judged.

    Raises InputFileError where the file is none, or says nowhere which scheme it is of.
    """
    content = tabular.read_content(data, name)
    if isinstance(content, str) and is_json(content):
        return _collected(_json_rows(tabular.read_json(content, name), name), name)
    if amfi.is_nav_report(data, name):
        return amfi.parse_nav_report(data, name)
    table = tabular.find_table(content, (CSV,), name)
    code = "" if "code" in table.positions else _code_in(name)
    records = list(table.records())
    refuse_month_first([record["day"] for _, record in records], name)
    rows = ((n, record.get("code") or code, record["day"], record["nav"]) for n, record in records)
    return _collected(rows, name)


def _collected(rows: Iterator[tuple[int, str, str, str]], name: str) -> NavFile:
    points: dict[NavPoint, None] = {}
    rejected: list[str] = []
    for number, code, day_text, nav_text in rows:
        day, nav = tabular.parse_day(day_text), tabular.parse_number(nav_text)
        if day is None or nav is None or not (code.isascii() and code.isdigit() and len(code) <= 9):
            found = tabular.brief(", ".join((code, day_text, nav_text)))
            rejected.append(f"row {number}: lacks a code, a day or a NAV ({found})")
        else:
            points[NavPoint(int(code), day, nav)] = None
    if not points:
        raise InputFileError(name, f"holds no NAV. {rejected[0] if rejected else ''}".strip(), _REMEDY)
    return NavFile(tuple(sorted(points)), tabular.cap_messages(rejected))


def _json_rows(body: object, name: str) -> Iterator[tuple[int, str, str, str]]:
    meta = body.get("meta") if isinstance(body, dict) else None
    rows = body.get("data") if isinstance(body, dict) else None
    code = meta.get("scheme_code") if isinstance(meta, dict) else None
    if not isinstance(rows, list) or not isinstance(code, int | str):
        raise InputFileError(name, 'has not "meta" with a scheme code and "data" with NAVs.', _REMEDY)
    for number, row in enumerate(rows, start=1):
        fields = row if isinstance(row, dict) else {}
        yield number, str(code), str(fields.get("date", "")), str(fields.get("nav", ""))


def _code_in(name: str) -> str:
    codes = _CODE_IN_NAME.findall(name)
    if len(codes) != 1:
        raise InputFileError(name, "does not say which scheme it is of.", f"Accepted: {CSV.shown}.")
    return str(codes[0])
