"""What a share is: keyed by ISIN, known under one symbol per exchange and under its older names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

UNCLASSIFIED = "Unclassified"
ISSUER_LENGTH = 9
COMPANY_LENGTH = 7
KNOWN_SERIES = frozenset({"BE", "BZ", "BL", "SM", "ST", "IV", "RR", "GB", "E1", "EQ"})
"""Series codes that Kite appends to a symbol after a hyphen. Any other hyphen (BAJAJ-AUTO) belongs to the name."""


class MatchKind(StrEnum):
    """How a holding was tied to a security and to a price series; anything but ISIN and SYMBOL is reported."""

    ISIN = "isin"
    SYMBOL = "symbol"
    SYMBOL_CHANGE = "symbol_change"
    ISIN_CHANGE = "isin_change"
    ISSUER_PREFIX = "issuer_prefix"
    SERIES_SUFFIX = "series_suffix"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Security:
    """One row of a list: ``sector`` is NSE's macro sector, ``industry`` finer where a source gives it."""

    isin: str
    name: str
    exchange: str
    symbol: str
    series: str | None = None
    sector: str | None = None
    industry: str | None = None
    face_value: float | None = None
    listed_on: date | None = None


@dataclass(frozen=True, slots=True)
class SymbolChange:
    """``old_symbol`` became ``new_symbol`` on ``effective`` (None where the source names no day)."""

    old_symbol: str
    new_symbol: str
    effective: date | None
    exchange: str = "NSE"


@dataclass(frozen=True, slots=True)
class SecurityList:
    """A parsed list with the day it describes (None: unknown)."""

    securities: tuple[Security, ...] = ()
    symbol_changes: tuple[SymbolChange, ...] = ()
    as_of: date | None = None
    skipped: tuple[str, ...] = ()


def is_isin(text: str) -> bool:
    """True for 12 characters with the right ISO 6166 check digit.

    Letters expand to two digits (A = 10), then the Luhn sum over the digits must be divisible by 10.
    """
    if len(text) != 12 or not text[:2].isalpha() or not text.isalnum() or not text.isascii() or text != text.upper():
        return False
    if not text[11].isdigit():
        return False
    digits = "".join(str(int(c, 36)) for c in text)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def issuer_code(isin: str) -> str:
    """The part of an Indian ISIN that survives a face-value split: INE + four characters of issuer + type 01."""
    return isin[:ISSUER_LENGTH]


def company_code(isin: str) -> str:
    """The part that all paper of one company shares, whatever matures and is issued again: INE + four characters.

    Central government paper is of one issuer for ten years of issue (IN002 + the decade), a state's likewise.
    """
    return isin[:COMPANY_LENGTH]


def strip_series(symbol: str) -> str:
    """``CENTRALBK-BE`` -> ``CENTRALBK``; ``BAJAJ-AUTO`` unchanged."""
    stem, hyphen, tail = symbol.rpartition("-")
    return stem if hyphen and tail in KNOWN_SERIES else symbol


@dataclass(frozen=True, slots=True)
class HostScrips:
    """What the dashboard's ``master_scrips`` says: sector codes by id, and for each id or Yahoo ticker all ids of it.

    The dashboard keeps some shares under two ids, or under one that differs from the ticker (L_TFH, M_M).
    """

    sectors: Mapping[str, str] = field(default_factory=dict)
    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecurityMaster:
    """Everything known of securities: one entry for each (ISIN, symbol), an ISIN's newest symbol first."""

    securities: tuple[Security, ...]
    changes: tuple[SymbolChange, ...]
