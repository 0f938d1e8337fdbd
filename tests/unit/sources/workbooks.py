"""Smallest workbooks that a reader accepts, built here so that no binary file is kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _cell(value: object, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _sheet(rows: Sequence[Sequence[object]]) -> str:
    lines = [
        f'<row r="{number}">{"".join(_cell(value, f"{chr(65 + at)}{number}") for at, value in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
    ]
    return sheet_xml("".join(lines))


def sheet_xml(rows: str) -> str:
    """A sheet with the given row elements."""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """An .xlsx with the given rows in each sheet."""
    return packed({name: _sheet(rows) for name, rows in sheets.items()})


def packed(sheets: Mapping[str, str]) -> bytes:
    """An .xlsx with the given XML in each sheet."""
    listed = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, start=1))
    kind = f"{_RELATIONS}/worksheet"
    targets = "".join(
        f'<Relationship Id="r{i}" Type="{kind}" Target="worksheets/s{i}.xml"/>' for i in range(1, len(sheets) + 1)
    )
    members = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="w" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{targets}</Relationships>',
        **{f"xl/worksheets/s{i}.xml": xml for i, xml in enumerate(sheets.values(), start=1)},
    }
    return zipped(members)


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of the given members, the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
