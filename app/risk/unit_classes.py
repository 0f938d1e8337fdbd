"""What a unit of a fund mostly is, where the fund's portfolio is not stored: by AMFI's category, name or ISIN. Pure."""

from __future__ import annotations

from app.domain.disclosures import LineKind
from app.domain.scheme_names import scheme_words

_PASSIVE = frozenset({"index", "etf", "bees", "fof"})
_METALS = {"gold": LineKind.GOLD, "silver": LineKind.SILVER}
_DEBT = frozenset({"gsec", "sdl", "gilt", "bond", "bonds", "debt", "liquid", "treasury", "crisil", "overnight"})
_ABROAD = frozenset({"nasdaq", "nyse", "fang", "hang", "us", "china", "taiwan", "japan", "global", "world", "overseas"})
_FOREIGN_FORM = frozenset({"usd", "eur", "gbp", "jpy", "ucits", "sicav", "plc", "icav"})
"""Currencies and legal forms that only the name of a foreign fund has."""
_INDICES = frozenset({"nifty", "sensex", "bse", "msci"})
_DEBT_CATEGORIES = ("debt scheme", "debt oriented", "debt etf", "debt funds", "(income)", "(gilt)", "(money market)")
_EQUITY_CATEGORIES = ("equity scheme", "equity etf", "(elss)")
INDIAN = "IN"


def unit_class(name: str, category: str | None, isin: str | None) -> LineKind | None:
    """The kind of line that a fund of this ``name`` and AMFI ``category`` consists of; None where neither tells.

    Shares, foreign shares, debt, gold or silver. A fund of mixed assets, or one named after two metals, has none. An
    ISIN that is not Indian is of a foreign fund, and so is a name with a foreign currency or legal form without one.
    """
    said, words = (category or "").casefold(), scheme_words(name)
    if not isin.startswith(INDIAN) if isin else _FOREIGN_FORM & set(words):
        return LineKind.FOREIGN_EQUITY
    if "hybrid" in said:
        return None
    if any(one in said for one in _DEBT_CATEGORIES):
        return LineKind.DEBT
    if "overseas" in said:
        return None if _DEBT & set(words) else LineKind.FOREIGN_EQUITY
    return _of_passive(words) or (LineKind.EQUITY if any(one in said for one in _EQUITY_CATEGORIES) else None)


def _of_passive(words: tuple[str, ...]) -> LineKind | None:
    """A fund that follows something is what its name says; ``Nifty 200 Plus G-Sec`` is two things."""
    found = set(words)
    if not _PASSIVE & found:
        return None
    metals = [kind for metal, kind in _METALS.items() if metal in found]
    if metals:
        return metals[0] if len(metals) == 1 else None
    if _DEBT & found:
        first = words[: words.index("plus")] if "plus" in words else words
        return LineKind.DEBT if _DEBT & set(first) else None
    if _ABROAD & found or {"s", "p"} <= found:
        return LineKind.FOREIGN_EQUITY
    return LineKind.EQUITY if _INDICES & found else None
