"""Index or active, and which index: decided from AMFI's category and the scheme's name, or said by a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.fund_reports import Style, StyleOverride
from app.domain.indices import index_symbol
from app.domain.scheme_names import scheme_words
from app.risk.benchmark_weights import PASSIVE

_FAMILIES = frozenset({"nifty", "bse", "sensex", "crisil", "nasdaq"})
_SHORT = {"nifty": "nifty 50", "sensex": "bse sensex"}
_TOTAL_RETURN = " TRI"
_PASSIVE_CATEGORIES = ("index fund", "etf")
_BY_CATEGORY = (
    ("large & mid cap", "Nifty LargeMidcap 250"),
    ("large cap", "Nifty 100"),
    ("mid cap", "Nifty Midcap 150"),
    ("small cap", "Nifty Smallcap 250"),
    ("flexi cap", "Nifty 500"),
    ("focused", "Nifty 500"),
    ("elss", "Nifty 500"),
    ("value", "Nifty 500"),
    ("contra", "Nifty 500"),
    ("dividend yield", "Nifty 500"),
)
"""AMFI's first-tier benchmark of a category, NSE's where it allows several; categories of mixed assets have none."""


@dataclass(frozen=True, slots=True)
class FundStyle:
    """``index`` is the index followed (or compared with), None where unknown; ``source`` says how it was decided."""

    style: Style
    source: str
    index: str | None


def decide_style(
    name: str, category: str | None, isin: str, amfi_code: int | None, overrides: Mapping[str, StyleOverride]
) -> FundStyle:
    """The style of a fund. ``overrides`` are by ISIN or AMFI code."""
    found = _from_data(name, category)
    said = overrides.get(isin) or overrides.get(str(amfi_code))
    if said is None:
        return found
    style = said.style or found.style
    return FundStyle(style, "setting RISK_FUND_STYLES", said.index or (found.index if style is found.style else None))


def price_symbols(index: str) -> tuple[str, ...]:
    """Symbols that the prices of an index may be stored under, best first."""
    return tuple(dict.fromkeys((index_symbol(index), "".join(index.split()).upper(), index.upper())))


def total_return(index: str) -> str:
    """``Nifty 50`` -> ``Nifty 50 TRI``: the same index with dividends."""
    return f"{index}{_TOTAL_RETURN}"


def is_total_return(index: str) -> bool:
    """Whether an index of this name has dividends."""
    return index.endswith(_TOTAL_RETURN)


def _from_data(name: str, category: str | None) -> FundStyle:
    words = scheme_words(name)
    if category and any(word in category.casefold() for word in _PASSIVE_CATEGORIES):
        return FundStyle(Style.INDEX, "AMFI's category", _followed(words))
    if PASSIVE & set(words):
        return FundStyle(Style.INDEX, "the scheme's name", _followed(words))
    if category is None:
        return FundStyle(Style.ACTIVE, "nothing says that it follows an index", _compared(name))
    return FundStyle(Style.ACTIVE, "AMFI's category", _compared(category))


def _followed(words: tuple[str, ...]) -> str | None:
    """``uti nifty 50 index`` -> ``Nifty 50``."""
    start = next((at for at, word in enumerate(words) if word in _FAMILIES), None)
    if start is None:
        return None
    index = " ".join(word for word in words[start:] if word not in PASSIVE)
    return _SHORT.get(index, index).title().replace("Bse", "BSE").replace("Crisil", "CRISIL")


def _compared(said: str) -> str | None:
    return next((index for category, index in _BY_CATEGORY if category in said.casefold()), None)
