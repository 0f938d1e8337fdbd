"""Which codes in an ISIN column are ISINs, and what an Indian one says about its security."""

from __future__ import annotations

import re
from functools import lru_cache

from app.domain.disclosures import LineKind
from app.domain.securities import is_isin

_SHAPE = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_MARKS = re.compile(r"[^A-Z0-9]+")
_REPO_OR_ASSET = re.compile(r"GSECREPO\d+|IDIA\d{8}")
_SYMBOL_AND_DAY = re.compile(r"[A-Z]{4,6}(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:20)?\d\d")
_SECURITY_TYPES = {
    "01": LineKind.EQUITY,
    "03": LineKind.EQUITY,
    "04": LineKind.EQUITY,
    "13": LineKind.EQUITY,
    "20": LineKind.EQUITY,
    "07": LineKind.DEBT,
    "08": LineKind.DEBT,
    "14": LineKind.DEBT,
    "15": LineKind.DEBT,
    "16": LineKind.DEBT,
    "D6": LineKind.DEBT,
    "23": LineKind.TRUST_UNIT,
    "25": LineKind.TRUST_UNIT,
}
"""Characters 8 and 9 of an INE number: shares, preference shares, warrants and rights; bonds, CP, PTC, CD; trusts."""


def looks_like_isin(code: str) -> bool:
    """True for the outer form of an ISIN, whatever its check digit."""
    return len(code) == 12 and _SHAPE.fullmatch(code) is not None


def isin_in(code: str) -> str:
    """The ISIN that a code is but for blanks, dashes and footnote marks (``INE009A01021#``); else the code itself."""
    if len(code) <= 12:
        return code
    bare = _MARKS.sub("", code)
    return bare if looks_like_isin(bare) else code


def is_house_code(code: str) -> bool:
    """True for codes of repos and metals (GSECREPO0550, IDIA00500002) and for symbols with a day (NTPC27032025)."""
    return _REPO_OR_ASSET.fullmatch(code) is not None or _SYMBOL_AND_DAY.fullmatch(code) is not None


@lru_cache(1 << 14)
def valid_isin(code: str) -> bool:
    """True for the right check digit, unless it is a house code: those pass by accident one time in ten."""
    return is_isin(code) and not is_house_code(code)


def is_share(code: str) -> bool:
    """True for the valid ISIN of an Indian share."""
    return valid_isin(code) and kind_of_isin(code) is LineKind.EQUITY


def kind_of_isin(isin: str) -> LineKind | None:
    """The kind an Indian ISIN tells; None for a foreign one and for types that do not decide it."""
    if isin.startswith("INF"):
        return LineKind.FUND_UNIT
    if isin.startswith("IN9"):
        return LineKind.EQUITY
    if isin.startswith("INE"):
        return _SECURITY_TYPES.get(isin[7:9])
    return LineKind.DEBT if isin.startswith("IN") else None
