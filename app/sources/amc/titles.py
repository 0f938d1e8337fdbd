"""The title block: which scheme, as of which day, in which unit of money."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from app.sources.amc.cells import LONGEST_TEXT, day_alone, days_in, month_end_in, squeeze, words
from app.sources.amc.header import Cells, Header, Role

_SCHEME_MARK = re.compile(
    r"^\s*(?:name of (?:the )?scheme|scheme name|scheme)\s*[:\-]+\s*(.*)$", re.IGNORECASE | re.DOTALL
)
_STATEMENT_OF = re.compile(
    r"\b(?:portfolio|statement|disclosure|holdings?)\b.*?\bof\s+(.+?)\s+(?:as\s+(?:on|of|at)|for(?:\s+the)?)\b",
    re.IGNORECASE,
)
_AS_ON = re.compile(
    r"\b(?:as\s+(?:on|of|at)|(?:month|period|fortnight|week|quarter|half[ -]year)\s+(?:ended|ending|of)|dated|for)\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"^date\b[\s:\-]*", re.IGNORECASE)
_STATEMENT = re.compile(r"\b(?:portfolio|statement|disclosure|holdings?)\b", re.IGNORECASE)
_SCHEME_WORD = re.compile(r"\b(?:fund|etf|scheme|plan|series|fof|bees|savings|yojana)\b")
_NOT_A_SCHEME = re.compile(
    r"\b(?:risk ?o ?meter|statement|portfolio as|as on|as of|regulations?|pursuant|nse symbol|back to|investors?)\b"
    r"|\bmutual fund$|^benchmark|^(?:an |a )?(?:open|close)d? ?ended\b"
)
_DESCRIPTION = re.compile(
    r"\s*\((?=[^)]*(?:open[\s-]*end|close[ds]?[\s-]*end|formerly|erstwhile|interval)).*$"
    r"|\s*[-–]?\s*\ban?\s+(?:open|close)[ds]?[\s-]*end.*$|\s+formerly\s+known.*$|\s*\(\s*as\s+(?:on|of|at)\b[^)]*\)",
    re.IGNORECASE | re.DOTALL,
)
_CODE_PREFIX = re.compile(r"^[A-Z]{1,6}\d{1,5}\s*[-:]\s*")
_MARKS = " \t$#^*@~-–:,;"
_AMOUNT_BEFORE = re.compile(r"\d\s*(?:crores?|crs?|lakhs?|lacs?|millions?|mn|thousands?)\b", re.IGNORECASE)
_ABOUT_FUND = re.compile(r"\b(?:aum|nav|corpus|assets under management)\b")
_UNITS = (
    (1e7, re.compile(r"\b(?:crores?|crs?)\b")),
    (1e5, re.compile(r"\b(?:lakhs?|lacs?)\b")),
    (1e6, re.compile(r"\b(?:millions?|mn)\b")),
    (1e3, re.compile(r"\b(?:thousands?|000s?)\b")),
    (1.0, re.compile(r"\b(?:rs|inr|rupees?)\b")),
)


def scheme_name(rows: Cells) -> str | None:
    """The scheme that the rows above a header name: after a mark, inside the statement's title, or on its own line."""
    titles = [distinct(row) for row in rows]
    marked = next(_marked_schemes(titles[::-1]), None)
    if marked is not None:
        return marked
    texts = [text for row in titles for text in row]
    for text in texts:
        match = _STATEMENT_OF.search(text)
        if match and " " in words(match[1]):
            return _cleaned(match[1])
    plain = [text for text in texts if _may_be_scheme(text)]
    named = [text for text in plain if _SCHEME_WORD.search(words(_cleaned(text)))]
    return _cleaned((named or plain)[0]) if plain else None


def as_on_days(rows: Cells) -> list[date]:
    """The days that the rows above a header say the portfolio is of, nearest to the header first.

    Where none is marked as such: the month in a title of the portfolio, else a day that stands alone.
    """
    titles = [distinct(row) for row in reversed(rows)]
    for said in (_as_on_in, _month_of_title, _day_alone):
        days = [day for day in map(said, titles) if day is not None]
        if days:
            return days
    return []


def announces_scheme(rows: Cells) -> bool:
    """True where rows between two tables begin another scheme: the title of a portfolio with its day, and a name."""
    titles = [distinct(row) for row in rows]
    dated = any("portfolio" in text.casefold() and _as_on_in([text]) for row in titles for text in row)
    return dated and scheme_name(rows) is not None


def names_scheme(rows: Cells) -> str | None:
    """The name of a scheme that stands alone in a row, in words that only schemes use; None where there is none."""
    texts = [text for row in rows for text in distinct(row)]
    return next((_cleaned(text) for text in texts if _SCHEME_WORD.search(words(text)) and _may_be_scheme(text)), None)


def value_unit(header: Header, titles: Cells) -> float | None:
    """Rupees in one unit of the value column: from its own header, else from the header row, else from the titles.

    Of the titles the nearest to the header decides. One that states the fund's size tells no column's unit.
    """
    lines = [text for row in reversed(titles) for text in distinct(row) if not _states_an_amount(text)]
    texts = (header.cell(header.labels, Role.VALUE), header.text, *lines)
    return next((unit for unit in map(unit_in, texts) if unit is not None), None)


def unit_in(text: str) -> float | None:
    """Rupees in the unit of money that a text names; None where it names none."""
    said = words(text)
    return next((rupees for rupees, pattern in _UNITS if pattern.search(said)), None)


def _states_an_amount(text: str) -> bool:
    said = words(text)
    return _AMOUNT_BEFORE.search(text) is not None or (_ABOUT_FUND.search(said) is not None and "value" not in said)


def scheme_key(name: str) -> frozenset[str]:
    """The words that tell a scheme from others, for comparing two spellings of its name."""
    return frozenset(words(_cleaned(name)).split()) - {"the", "of", "and", "fund", "scheme", "plan", "direct", "growth"}


def distinct(row: Sequence[str]) -> list[str]:
    """The texts of a row in order, each once: merged cells repeat theirs."""
    texts = (squeeze(cell[:LONGEST_TEXT]) for cell in row if cell)
    return list(dict.fromkeys(text for text in texts if text))


def _marked_schemes(titles: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in titles:
        for at, text in enumerate(row):
            match = _SCHEME_MARK.match(text)
            said = match[1] if match and match[1] else " ".join(row[at + 1 : at + 2]) if match else ""
            if said and not said.casefold().startswith("code"):
                yield _cleaned(said)


def _as_on_in(texts: Sequence[str]) -> date | None:
    for at, text in enumerate(texts):
        mark = _AS_ON.search(text)
        if mark is None:
            continue
        beside = texts[at + 1 : at + 2]
        said = " ".join([text[mark.start() :], *beside])
        days = days_in(said) or [day for day in map(day_alone, beside) if day]
        if days:
            return days[0]
        month = month_end_in(said) if re.search(r"\b(?:for|month)\b", text, re.IGNORECASE) else None
        if month is not None:
            return month
    return None


def _month_of_title(texts: Sequence[str]) -> date | None:
    titles = (text for text in texts if _STATEMENT.search(text))
    return next((day for day in map(month_end_in, titles) if day is not None), None)


def _day_alone(texts: Sequence[str]) -> date | None:
    """The day of a row that says nothing else but ``Date``: beside other words it may be the day of an inception."""
    return day_alone(_DATE.sub("", " ".join(texts)))


def _may_be_scheme(text: str) -> bool:
    said = words(_cleaned(text))
    return " " in said and not text.startswith("(") and not _NOT_A_SCHEME.search(said) and not days_in(_cleaned(text))


def _cleaned(text: str) -> str:
    return _CODE_PREFIX.sub("", _DESCRIPTION.sub("", squeeze(text))).strip(_MARKS)
