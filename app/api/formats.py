"""Numbers and days as the screen prints them: minus is U+2212, halves round away from zero, never ``nan``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from app.domain.money import MINUS, format_rupees
from app.domain.risk_reports import Measure, Unit

INDIA = ZoneInfo("Asia/Kolkata")
MISSING = "–"
"""Stands where a table cell has no value; the reason is beside it."""

_MOST_DIGITS = 6
_ISO_DAY = re.compile(r"\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])\b")


def decimal(value: float, digits: int = 2) -> str:
    """``-1.435`` -> ``−1.44``; a value that rounds to zero has no sign."""
    return _signed(Decimal(str(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def _signed(number: Decimal) -> str:
    return f"{MINUS if number < 0 else ''}{abs(number):f}"


def percent(value: float, digits: int = 2) -> str:
    """``1.4361`` -> ``1.44%``. Takes percent, not a fraction."""
    return f"{decimal(value, digits)}%"


def coverage(value: float) -> str:
    """Percent rounded down to one decimal, so that 99.97 never reads as all of it."""
    without_float_noise = Decimal(str(round(float(value), 9)))
    return f"{without_float_noise.quantize(Decimal('0.1'), rounding=ROUND_FLOOR):f}%".replace(".0%", "%")


def percent_beside(value: float, limit: float, digits: int = 1) -> str:
    """Percent with as many decimals as it takes for the printed value to stand to ``limit`` as the true one does."""
    for places in range(digits, _MOST_DIGITS):
        text = decimal(value, places)
        printed = float(text.replace(MINUS, "-"))
        if (printed > limit, printed < limit) == (value > limit, value < limit):
            return f"{text}%"
    return percent(value, _MOST_DIGITS)


def price(value: float) -> str:
    """Rupees and paise: ``1234.5`` -> ``₹1,234.50``."""
    whole, paise = f"{Decimal(str(float(value))).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):f}".split(".")
    return f"{format_rupees(int(whole))}.{paise}"


def count(value: float) -> str:
    """Shares or days, Indian grouping, fractions only where there are any: ``1234567`` -> ``12,34,567``."""
    whole, fraction = f"{Decimal(str(float(value))).quantize(Decimal('0.001'), rounding=ROUND_HALF_UP):f}".split(".")
    return f"{format_rupees(int(whole)).replace('₹', '')}.{fraction.rstrip('0')}".rstrip(".")


def day(value: date | str) -> str:
    """``2026-11-20`` -> ``20 Nov 2026``, whatever the locale of the machine."""
    moment = date.fromisoformat(value) if isinstance(value, str) else value
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{moment.day} {months[moment.month - 1]} {moment.year}"


def moment(text: str) -> str:
    """ISO time stamp -> ``23 Nov 2026, 13:45 IST``. One without an offset is taken as Indian time."""
    read = datetime.fromisoformat(text)
    there = read.astimezone(INDIA) if read.tzinfo else read
    return f"{day(there.date())}, {there:%H:%M} IST"


def measure_value(measure: Measure) -> str:
    """The value with its unit; MISSING where there is none."""
    if measure.value is None:
        return MISSING
    if measure.unit is Unit.RATIO:
        return decimal(measure.value)
    return percent(measure.value)


def sentence(text: str | None) -> str:
    """A reason or a method as a sentence: ``only 22 returns`` -> ``Only 22 returns.``; empty stays empty."""
    words = plain(text or "")
    return f"{words[0].upper()}{words[1:].removesuffix('.')}." if words else ""


def plain(text: str, *, dates: bool = True) -> str:
    """Words written for programs and terminals as the screen writes them: ``-8.1 % on 2025-01-06`` -> ``−8.1% on 6 Jan
    2025``. Without ``dates`` days stay as they are: a remedy may be a command to copy.
    """
    text = re.sub(r"(?<![\w.,-])-(?=\d)", MINUS, re.sub(r"(?<=\d) %", "%", text))
    return _ISO_DAY.sub(lambda found: _house_day(found.group()), text) if dates else text


def _house_day(text: str) -> str:
    try:
        return day(text)
    except ValueError:  # the 31st of a month that has none
        return text


def maybe(show: Callable[[float], str], value: float | None) -> str:
    """``show(value)``, or MISSING where there is no value."""
    return MISSING if value is None or math.isnan(value) else show(value)


FILTERS: dict[str, Callable[..., str]] = {
    "rupees": format_rupees,
    "decimal": decimal,
    "percent": percent,
    "coverage": coverage,
    "price": price,
    "count": count,
    "day": day,
    "moment": moment,
    "measure_value": measure_value,
    "sentence": sentence,
    "plain": plain,
}
"""What the templates may call, by name."""
