"""Rupees as people in India write them. Minus is U+2212, before the rupee sign; halves round away from zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MINUS = "\u2212"
LAKH = Decimal(100_000)
CRORE = Decimal(10_000_000)


def _group(digits: str) -> str:
    """``12345678`` -> ``1,23,45,678``."""
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(i - 2, 0) : i] for i in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail])


def _round(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), rounding=ROUND_HALF_UP)


def format_rupees(value: float) -> str:
    """Full form: ``4696475`` -> ``₹46,96,475``."""
    rounded = _round(Decimal(str(value)), "1")
    sign = MINUS if rounded < 0 else ""
    return f"{sign}₹{_group(str(abs(rounded)))}"


def format_rupees_compact(value: float) -> str:
    """Short form: lakh and crore with two decimals, below a lakh the full form. Rounds before choosing the unit."""
    exact = Decimal(str(value))
    lakhs = _round(abs(exact) / LAKH, "0.01")
    if abs(_round(exact, "1")) < LAKH:
        return format_rupees(value)
    sign = MINUS if exact < 0 else ""
    if lakhs < 100:
        return f"{sign}₹{lakhs} L"
    whole, fraction = str(_round(abs(exact) / CRORE, "0.01")).split(".")
    return f"{sign}₹{_group(whole)}.{fraction} Cr"
