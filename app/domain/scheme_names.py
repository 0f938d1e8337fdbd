"""Scheme names: AMFI, fund houses and Kite spell the same scheme differently, and hang plan and option on to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.schemes import Option, Plan

_FORMER = re.compile(
    r"\(?\s*\b(?:formerly|erstwhile|previously|earlier)\s+(?:known\s+as|called|named)?\s*[:\-]?\s*(?P<name>[^)(]*)\)?",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\(?\s*(?:\bexisting\s+)?\b(?:no\.?|number|the\s+scheme\s+has)\s+(?:of\s+|\d+\s+)segregated\s+portfolios?\b[\s\-:]*\d*\s*\)?"
    r"|\(?\s*\ban?\s+(?:open|close)[ds]?[\s-]*end.*$|\(?\s*\bscheme\s+code\b.*$",
    re.IGNORECASE,
)
_PLAN_ON = re.compile(r"(?<=\w)\W+(?:direct\b|regular\s+plan\b|unclaimed\b).*$", re.IGNORECASE)
"""From here on a name speaks of the plan; ``Regular Savings Fund`` is a scheme."""
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?"
_SPELLINGS = (
    (re.compile(r"\bfunds? of funds?\b"), "fof"),
    (re.compile(r"\bexchange traded (?:funds?|scheme)\b"), "etf"),
    (re.compile(r"\bg ?secs?\b"), "gsec"),
    (re.compile(r"\b(mid|small|large|micro|flexi|multi) ?cap\b"), r"\1cap"),
    (re.compile(r"\blargemidcap\b"), "large midcap"),
    (re.compile(r"\bblue ?chip\b"), "bluechip"),
    (re.compile(r"\bs p (?=bse\b)"), ""),
    (re.compile(rf"\b{_MONTH} (?:20)?(\d\d)\b"), r"\1 \2"),
)
_APOSTROPHE = re.compile("['\u2019`]")
_TENOR = re.compile(r" \d{2,4} days$")
_PLAN_WORDS = frozenset(
    {"direct", "regular", "retail", "institutional", "plan", "plans", "option", "options", "growth", "idcw", "dividend",
     "div", "payout", "pay", "out", "payment", "reinvestment", "reinvest", "re", "investment", "income", "distribution",
     "cum", "capital", "withdrawal", "bonus", "cumulative", "annual", "yearly", "half", "quarterly", "monthly",
     "fortnightly", "weekly", "daily", "periodic", "flexi", "normal", "others", "of", "and", "d", "g"}
)  # fmt: skip
_WEAK_WORDS = frozenset({"the", "of", "and", "fund", "funds", "scheme", "schemes", "plan", "mutual", "an", "a"})
_GROWTH = re.compile(r"\b(?:growth|cumulative)\b|\bgr\b", re.IGNORECASE)
_PAYOUT = re.compile(r"\bidcw|\bdcw\b|divid?end|\bpay-?\s*out\b|re-?\s*inv|income\s+dist|\bdiv\b", re.IGNORECASE)
_BONUS = re.compile(r"\bbonus\b", re.IGNORECASE)
_DIRECT = re.compile(r"\bdirect\b", re.IGNORECASE)
_REGULAR = re.compile(r"\bregular\b|\bretail\b", re.IGNORECASE)


def scheme_words(name: str) -> tuple[str, ...]:
    """The words that tell a scheme from others, in order, one spelling each; plan, option and former name are cut.

    An ETF has no options: one that pays out and one that does not are two schemes.
    """
    said = _spelled(_PLAN_ON.sub("", _ASIDE.sub(" ", _FORMER.sub(" ", name)))).split()
    cut = len(said)
    while cut > 1 and said[cut - 1] in _PLAN_WORDS:
        cut -= 1
    paying = ["idcw"] if said[cut - 1 : cut] == ["etf"] and "idcw" in said[cut:] else []
    return tuple(word for word in said[:cut] + paying if word not in _WEAK_WORDS)


def scheme_key(name: str) -> str:
    """Equal for two spellings of one scheme: ``HDFC Mid-Cap Fund - Direct Plan`` -> ``hdfc midcap``."""
    return " ".join(scheme_words(name))


def without_tenor(key: str) -> str:
    """``sbi fixed maturity fmp series 1 3668 days`` -> ``sbi fixed maturity fmp series 1``: houses leave it out."""
    return _TENOR.sub("", key)


def former_names(name: str) -> Iterator[str]:
    """What the name itself says the scheme was called before: ``(formerly known as ...)``."""
    return (match["name"].strip() for match in _FORMER.finditer(name) if scheme_words(match["name"]))


def family_of(house: str, name: str) -> str:
    """The name of a scheme's family: all plans and options of one portfolio have the same."""
    return f"{scheme_key(house)}/{scheme_key(name)}"


def plan_of(text: str) -> Plan | None:
    """The plan that a name or AMFI's column says; None where it says none."""
    return Plan.DIRECT if _DIRECT.search(text) else Plan.REGULAR if _REGULAR.search(text) else None


def option_of(text: str) -> Option | None:
    """The option that AMFI's column, or the end of a name after the scheme's own words, says; None for none."""
    if _PAYOUT.search(text):
        return Option.PAYOUT
    if _BONUS.search(text):
        return Option.BONUS
    return Option.GROWTH if _GROWTH.search(text) else None


def slug(name: str) -> str:
    """``UTI - Money Market Fund`` -> ``uti-money-market-fund``: a symbol for a scheme that AMFI does not know."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def _spelled(name: str) -> str:
    said = " ".join(re.findall(r"[a-z]+|[0-9]+", _APOSTROPHE.sub("", name.casefold())))
    for pattern, word in _SPELLINGS:
        said = pattern.sub(word, said)
    return said
