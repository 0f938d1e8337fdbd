"""The positions above the grand total, each with the section it stands in and what it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.domain.disclosures import LineKind
from app.sources.amc.cells import words
from app.sources.amc.isins import valid_isin
from app.sources.amc.kinds import contract_kind, ends_section, is_contract, kind_of, section_kind
from app.sources.amc.reconcile import Body
from app.sources.amc.rows import Row, RowKind

_OPTION = re.compile(r"\b(?:call|put|options?)\b")


class Position(NamedTuple):
    """A line of the portfolio. ``contract`` is True for derivatives, ``option`` for those that are paid for."""

    row: Row
    isin: str | None
    kind: LineKind
    section: str
    contract: bool
    option: bool


def positions(body: Body) -> tuple[Position, ...]:
    """Every line with a value that is neither a total nor a sum, in the order of the sheet."""
    found: list[Position] = []
    announced, heading = None, ""
    for row in body.rows:
        if row.kind is RowKind.HEADING:
            kind = section_kind(row.label)
            heading = row.label if kind is not None or not heading or ends_section(row.label) else heading
            announced = None if ends_section(row.label) else kind or announced
        elif row.kind is RowKind.LINE and row.value is not None and (row.value or row.identified):
            found.append(_position(row, announced, heading))
    return tuple(found)


def _position(row: Row, announced: LineKind | None, heading: str) -> Position:
    isin = row.code if valid_isin(row.code) else None
    contract = is_contract(row.label, row.code, isin, announced)
    option = contract and _OPTION.search(words(f"{row.label} {row.industry}")) is not None
    kind = contract_kind(row.label, announced) if contract else kind_of(row.label, isin, announced)
    section = row.label if kind is LineKind.CASH and announced is not kind else heading
    return Position(row, isin, kind, section, contract, option)
