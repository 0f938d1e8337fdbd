"""What a single cell says: words, numbers, marks for nothing, days and months."""

from __future__ import annotations

import calendar
import math
import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from app.sources.tabular import parse_number

LONGEST_TEXT = 500
"""Characters of a cell that are looked at for meaning; what is longer is a note, or meant to keep a pattern busy."""
REMEMBERED = 1 << 15
"""Texts whose meaning is kept: the same names and marks come back in every scheme, and each cell is looked at often."""

_BLANKS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")
_NOT_WORD = re.compile(r"[^a-z0-9%]+")
_NIL = frozenset({"", "-", "--", "nil", "n.a.", "na", "n.a", "n/a", "null", "none", "not applicable"})
_PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.ASCII)
_DIGIT = re.compile(r"\d")
_MARKED = re.compile(r"\s*[$^#@*~]")

_MONTHS = {name.casefold(): at for at, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: at for name, at in _MONTHS.items()} | {"sept": 9}
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_GAP = r"[\s,./_\-]*"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_DAYS = (
    (re.compile(rf"(?<![a-z]){_MONTH}{_GAP}{_DAY}{_GAP}(20\d\d)(?!\d)"), ("month", "day", "year")),
    (re.compile(rf"(?<!\d){_DAY}{_GAP}{_MONTH}{_GAP}(20\d\d|\d\d)(?!\d)"), ("day", "month", "year")),
    (re.compile(r"(?<!\d)(20\d\d)-(\d{1,2})-(\d{1,2})(?!\d)"), ("year", "month", "day")),
    (
        re.compile(r"(?<![\d/.\-])(\d{1,2})[/.\-](\d{1,2})[/.\-](20\d\d|\d\d)(?![\d/.\-]\d|\d)"),
        ("day", "month", "year"),
    ),
)
_SERIAL = re.compile(r"[34]\d{4}|5[0-4]\d{3}")
_SERIAL_EPOCH = date(1899, 12, 30)
_DAY_ALONE = re.compile(rf"[\d\s,./\-]*(?:{_MONTH})?[\d\s,./\-]*(?:00:00:00)?|{_MONTH}{_GAP}{_DAY}{_GAP}20\d\d")
_MONTH_OF_YEAR = re.compile(rf"(?<![a-z]){_MONTH}{_GAP}'?(20\d\d|\d\d)(?!\d)")


def squeeze(text: str) -> str:
    """The text with compatibility forms and every run of blanks (no-break, zero-width, line ends) made plain."""
    return _squeezed(text) if len(text) <= LONGEST_TEXT else _squeezed.__wrapped__(text)


@lru_cache(REMEMBERED)
def _squeezed(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _BLANKS.sub(" ", plain).strip()


def words(text: str) -> str:
    """Lower-case words, digits and percent signs, one blank between: ``% to  Net-Assets`` -> ``% to net assets``.

    Of a longer text the first 500 characters.
    """
    return _words(text[:LONGEST_TEXT])


@lru_cache(REMEMBERED)
def _words(text: str) -> str:
    return _NOT_WORD.sub(" ", squeeze(text).casefold().replace("₹", " rs ")).strip()


def number(text: str) -> float | None:
    """A finite number; ``(12.5)`` and ``12.5-`` are negative, a trailing percent sign is dropped. Else None."""
    return _number(text) if text and len(text) <= LONGEST_TEXT else None


@lru_cache(REMEMBERED)
def _number(text: str) -> float | None:
    if _PLAIN_NUMBER.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else None
    if not _DIGIT.search(text):
        return None
    cleaned = squeeze(text).removesuffix("%").strip()
    if cleaned.startswith("(") and cleaned.endswith(")"):
        return _negative(cleaned[1:-1])
    return _negative(cleaned[:-1]) if cleaned.endswith("-") else parse_number(cleaned)


def _negative(text: str) -> float | None:
    size = parse_number(text)
    return -size if size is not None and size >= 0 else None


def is_nil(text: str) -> bool:
    """True for a blank cell, NIL, N.A. and dashes: the file says that nothing is there."""
    return not text or (len(text) <= LONGEST_TEXT and _is_nil(text))


@lru_cache(REMEMBERED)
def _is_nil(text: str) -> bool:
    return squeeze(text).casefold() in _NIL


def weight_number(text: str) -> float | None:
    """A printed weight as it stands. None for nothing and for a mark of less than 0.01 percent (``$0.00%``, ``^``)."""
    return None if not text or _MARKED.match(text) else number(text)


def days_in(text: str) -> list[date]:
    """The days written in a text, in order of appearance; numeric days are day first unless only month first is one."""
    folded = squeeze(text).casefold()
    found = [(match.start(), _day(match, order)) for pattern, order in _DAYS for match in pattern.finditer(folded)]
    return [day for _, day in sorted((at, day) for at, day in found if day is not None)]


def day_alone(text: str) -> date | None:
    """The day of a text that says nothing else: a date cell, or the serial number of one in a spreadsheet."""
    said = squeeze(text)
    if _SERIAL.fullmatch(said):
        return _SERIAL_EPOCH + timedelta(days=int(said))
    days = days_in(said)
    return days[0] if len(days) == 1 and _DAY_ALONE.fullmatch(said.casefold()) else None


def month_end_in(text: str) -> date | None:
    """The last day of the first month-and-year written in a text (``FOR JANUARY 2025``), None where there is none."""
    match = _MONTH_OF_YEAR.search(squeeze(text).casefold())
    return None if match is None else month_end(_year(match[2]), _MONTHS[match[1]])


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _day(match: re.Match[str], order: tuple[str, str, str]) -> date | None:
    parts = dict(zip(order, match.groups(), strict=True))
    month = _MONTHS.get(parts["month"]) or int(parts["month"])
    day = int(parts["day"])
    if month > 12 >= day and order[0] == "day":
        day, month = month, day
    try:
        return date(_year(parts["year"]), month, day)
    except ValueError:
        return None
