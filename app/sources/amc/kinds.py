"""What a position is: told by its ISIN first, then by the section it stands in, then by its own name."""

from __future__ import annotations

import re
from functools import lru_cache

from app.domain.disclosures import LineKind
from app.sources.amc.cells import REMEMBERED, words
from app.sources.amc.isins import kind_of_isin

CONTRACTS = frozenset({LineKind.DERIVATIVE, LineKind.OTHER_DERIVATIVE})
_WITHOUT_CONTRACTS = frozenset({LineKind.CASH, LineKind.DEBT, LineKind.FUND_UNIT})

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_YEAR = r"(?:20)?\d\d"
_CONTRACT = re.compile(
    rf"^futures\b|^(?:stock|index) futures?\b|\bfutures?$"
    rf"|\b(?:call|put)\b.*\boptions?\b|\boptions? (?:call|put)\b|\bcovered call\b|\bswaps?\b"
    rf"|\b\d\d ?(?:{_MONTH}|\d\d) ?{_YEAR}$|\b{_MONTH} ?{_YEAR}$"
)
_EXPIRY_CODE = re.compile(r"[A-Z&]{2,}\d{2}(?:\d{2}|[A-Z]{3})(?:20)?\d\d")
_SWAP_LEG = re.compile(r"\b(?:pay|receive|receiving) (?:fix|fixed|float\w*)\b")
_OTHER_UNDERLYING = re.compile(
    r"^(?:futcom )?(?:gold|silver|copper|crude|crude ?oil|zinc|alumini?um|natural gas|nickel|(?:usd|eur) ?inr|g ?sec)\b"
    r"(?!.*\b(?:ltd|limited|corporation|company)\b)"
)
_CASH_AMONG_CONTRACTS = re.compile(
    r"\bmargins?\b|\bnet (?:current|receivables?|payables?)\b|\b(?:treps?|(?:reverse|tri ?party) repo)\b"
)
_CASH = re.compile(
    r"\b(?:treps?|cblo|ccil|clearing corporation|repo|cash|bank balance|margins?|deposits?|fdr?)\b"
    r"|\bnet (?:current|other|assets)\b|\b(?:receivables?|payables?)\b|\bcurrent (?:assets?|liabilities)\b"
)
_DEBT = re.compile(
    r"\b(?:debt|debentures?|bonds?|money market|commercial papers?|certificates? of deposits?|(?:treasury|t) bills?)\b"
    r"|\b(?:government securities|state development|gilts?|securiti[sz]ed|strips|sdl|bills? re ?discount\w*)\b"
)
_FUND_NAME = re.compile(r"\b(?:etf|fund|exchange traded|bees|ucits)\b")
_OTHERS = re.compile(r"^(?:\w )?others?$")

_SECTIONS: tuple[tuple[LineKind, re.Pattern[str]], ...] = (
    (LineKind.CASH, _CASH_AMONG_CONTRACTS),
    (
        LineKind.OTHER_DERIVATIVE,
        re.compile(r"\b(?:commodit\w+|currency|interest rate)\b.*\b(?:derivativ\w*|futures?|options?)\b|\bswaps?\b"),
    ),
    (
        LineKind.DERIVATIVE,
        re.compile(
            r"\bderivatives?\b|\b(?:stock|index|equity|nifty)\b.*\b(?:futures?|options?)\b|^(?:futures|options)\b"
        ),
    ),
    (LineKind.TRUST_UNIT, re.compile(r"\b(?:reits?|invits?|(?:real estate|infrastructure) investment trusts?)\b")),
    (LineKind.GOLD, re.compile(r"^(?:\w )?(?:physical )?gold\b(?!.*\b(?:etf|fund))")),
    (LineKind.SILVER, re.compile(r"^(?:\w )?(?:physical )?silver\b(?!.*\b(?:etf|fund))")),
    (
        LineKind.FOREIGN_EQUITY,
        re.compile(r"\b(?:foreign|overseas|international)\b.*\b(?:securities|equit\w+|shares|stocks|invest\w*)\b"),
    ),
    (
        LineKind.FUND_UNIT,
        re.compile(
            r"\b(?:mutual funds?|exchange traded funds?|etfs?|fund units?|investment funds?|aif|development fund)\b"
        ),
    ),
    (LineKind.FOREIGN_EQUITY, re.compile(r"\b(?:foreign|overseas|international|adrs?|gdrs?)\b")),
    (LineKind.DEBT, _DEBT),
    (LineKind.CASH, _CASH),
    (LineKind.EQUITY, re.compile(r"\b(?:equity|equities|shares?|preference|warrants?|rights?)\b")),
)


@lru_cache(REMEMBERED)
def section_kind(heading: str) -> LineKind | None:
    """The kind a heading announces; None for one that announces none (``(a) Listed``, ``Arbitrage``)."""
    said = words(heading)
    return next((kind for kind, pattern in _SECTIONS if pattern.search(said)), None)


def ends_section(heading: str) -> bool:
    """True for ``OTHERS``: what was announced before no longer holds."""
    return _OTHERS.match(words(heading)) is not None


@lru_cache(REMEMBERED)
def is_contract(name: str, code: str, isin: str | None, section: LineKind | None) -> bool:
    """True for a future, option or swap: by its section, its code or the form of its name.

    In a section of debt, cash or fund units a day in a name or code is a maturity and only a swap is a contract. Some
    houses print the ISIN of the underlying share beside a contract: an ISIN of a share does not make it one.
    """
    said = words(name)
    if isin is not None and kind_of_isin(isin) is not LineKind.EQUITY:
        return False
    if section in CONTRACTS:
        return _CASH_AMONG_CONTRACTS.search(said) is None
    if isin is None and (section in _WITHOUT_CONTRACTS or _CASH.search(said)):
        return _SWAP_LEG.search(said) is not None
    return _EXPIRY_CODE.fullmatch(code) is not None or _CONTRACT.search(said) is not None


@lru_cache(REMEMBERED)
def kind_of(name: str, isin: str | None, section: LineKind | None) -> LineKind:
    """The kind of a position that is no contract. ``section`` is what the headings above it announce."""
    said = words(name)
    if isin is not None:
        return kind_of_isin(isin) or _kind_without_type(said, isin, section)
    if section is LineKind.CASH or _CASH.search(said):
        return LineKind.CASH
    if _FUND_NAME.search(said):
        return LineKind.FUND_UNIT
    metal = section_kind(name)
    if metal in {LineKind.GOLD, LineKind.SILVER}:
        return metal or LineKind.UNIDENTIFIED
    return section or LineKind.UNIDENTIFIED


def contract_kind(name: str, section: LineKind | None) -> LineKind:
    """On what a contract is: shares and their indices, or commodities, rates and currencies."""
    said = words(name)
    other = section is LineKind.OTHER_DERIVATIVE or _SWAP_LEG.search(said) or _OTHER_UNDERLYING.search(said)
    return LineKind.OTHER_DERIVATIVE if other else LineKind.DERIVATIVE


def _kind_without_type(said: str, isin: str, section: LineKind | None) -> LineKind:
    """For foreign ISINs and Indian ones of an undeciding type: the section decides, then the name."""
    if section in {LineKind.FUND_UNIT, LineKind.DEBT, LineKind.TRUST_UNIT} or isin.startswith("IN"):
        return section or LineKind.UNIDENTIFIED
    return LineKind.FUND_UNIT if _FUND_NAME.search(said) else LineKind.FOREIGN_EQUITY
