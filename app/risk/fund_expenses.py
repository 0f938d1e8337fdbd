"""What funds cost: the expense ratios of both plans in percent and in rupees a year. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.fund_costs import CostKind, FundCost
from app.domain.fund_reports import Figure, FundCosts, FundExpense
from app.domain.schemes import Plan
from app.risk.fund_book import FundBook, FundPosition
from app.risk.fund_measures import percent_figure

UNKNOWN_COST = "no list of expense ratios that has it is imported"
WORDS = {
    CostKind.TOTAL: "total expense ratio",
    CostKind.BASE: "base expense ratio (levies, brokerage and tax on it come on top)",
}


def expense_of(position: FundPosition, costs: Sequence[FundCost]) -> FundExpense:
    """Both plans' newest ratios of the best kind that both have, and the gap between them."""
    direct, regular = (_best(costs, plan) for plan in (Plan.DIRECT, Plan.REGULAR))
    own = {Plan.DIRECT: direct, Plan.REGULAR: regular}.get(position.plan) if position.plan else None
    return FundExpense(
        plan=position.plan,
        own=_figure(own, position.value) if own or position.plan else _missing("AMFI's list names no plan of it"),
        direct=_figure(direct, position.value),
        regular=_figure(regular, position.value),
        gap=_gap(direct, regular, position.value),
    )


def costs_of(book: FundBook, expenses: Sequence[FundExpense]) -> FundCosts:
    """All funds together, over those whose ratio is known."""
    known = [
        (position.value, expense)
        for position, expense in zip(book.positions, expenses, strict=True)
        if position.value and expense.own.value is not None
    ]
    covered = sum(value for value, _ in known)
    total = sum(position.value or 0.0 for position in book.positions)
    if not covered:
        return FundCosts(None, None, None, 0.0, UNKNOWN_COST if total else "no fund has a value")
    rupees = sum(expense.own.rupees or 0.0 for _, expense in known)
    saved = sum(expense.gap.rupees or 0.0 for _, expense in known if expense.plan == Plan.REGULAR)
    return FundCosts(rupees / covered * 100, rupees, saved, covered / total * 100, None)


def _best(costs: Sequence[FundCost], plan: Plan) -> FundCost | None:
    """The total ratio, else the base ratio; the newest of it."""
    own = [cost for cost in costs if cost.plan is plan]
    return max(own, key=lambda cost: (cost.kind is CostKind.TOTAL, cost.as_of), default=None)


def _figure(cost: FundCost | None, value: float | None) -> Figure:
    if cost is None:
        return _missing(UNKNOWN_COST)
    rupees = None if value is None else cost.percent / 100 * value
    method = f"{WORDS[cost.kind]}, {cost.plan} plan, AMFI's list; rupees at today's value"
    return percent_figure(cost.percent, "", method, cost.as_of, rupees=rupees)


def _gap(direct: FundCost | None, regular: FundCost | None, value: float | None) -> Figure:
    if direct is None or regular is None:
        return _missing(UNKNOWN_COST)
    if direct.kind is not regular.kind:
        return _missing("the ratios of the two plans are of different kinds")
    gap = regular.percent - direct.percent
    rupees = None if value is None else gap / 100 * value
    method = f"{WORDS[direct.kind]} of the regular plan less that of the direct one, AMFI's list"
    return percent_figure(gap, "", method, min(direct.as_of, regular.as_of), rupees=rupees)


def _missing(reason: str) -> Figure:
    return percent_figure(None, reason, "", None)
