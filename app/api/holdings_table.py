"""The rows of the Holdings tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.api.formats import decimal, maybe, percent
from app.api.measure_words import NOT_COMPUTED
from app.domain.money import MINUS, format_rupees
from app.domain.risk_reports import EquityRiskReport, HoldingMeasures, HoldingReport


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One position of the Holdings tab; ``days_older`` counts calendar days behind the newest price used.

    ``other_volatility`` is that from ranges and the EWMA, to stand under the one of closes; ``range_reason`` why there
    is none from ranges.
    """

    symbol: str
    name: str
    sector: str
    exchanges: str
    quantity: float
    price: float | None
    price_as_of: date | None
    price_source: str
    days_older: int
    value: float | None
    weight: float | None
    pnl: str
    volatility: str
    other_volatility: str
    range_reason: str
    beta: str
    reason: str


def holding_rows(report: EquityRiskReport, window: str) -> tuple[HoldingRow, ...]:
    """The positions, the largest first and those without a value last."""
    ordered = sorted(report.holdings, key=lambda holding: (holding.value is None, -(holding.value or 0.0)))
    return tuple(_row(holding, window, report.as_of) for holding in ordered)


def _row(holding: HoldingReport, window: str, newest: date | None) -> HoldingRow:
    own = holding.windows.get(window)
    return HoldingRow(
        symbol=holding.symbol,
        name=holding.name,
        sector=holding.sector,
        exchanges=", ".join(holding.exchanges),
        quantity=holding.quantity,
        price=holding.price,
        price_as_of=holding.price_as_of,
        price_source=holding.price_source.replace("_", " "),
        days_older=_days_older(holding.price_as_of, newest),
        value=holding.value,
        weight=holding.weight,
        pnl=maybe(signed_rupees, holding.pnl),
        volatility=maybe(_yearly, own.volatility if own else None),
        other_volatility=_other_volatility(own) if own else "",
        range_reason=(own.range_volatility.unavailable or "") if own else "",
        beta=maybe(decimal, own.beta if own else None),
        reason=(own.unavailable or "") if own else NOT_COMPUTED,
    )


def _other_volatility(own: HoldingMeasures) -> str:
    ranges, weighted = maybe(_yearly, own.range_volatility.yang_zhang), maybe(_yearly, own.volatility_ewma)
    return f"ranges {ranges} · EWMA {weighted}"


def _yearly(value: float) -> str:
    return percent(value, 1)


def _days_older(price_as_of: date | None, newest: date | None) -> int:
    return (newest - price_as_of).days if price_as_of and newest else 0


def signed_rupees(value: float) -> str:
    """A gain or loss with an arrow and a sign: colour is not needed to tell them apart."""
    text = format_rupees(value)
    if text == "₹0":
        return text
    return f"▼ {text}" if text.startswith(MINUS) else f"▲ +{text}"
