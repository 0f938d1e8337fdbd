"""How hedges are said, on the screen and in a terminal."""

from __future__ import annotations

from app.api.formats import count, day, maybe, price
from app.domain.derivatives import PriceBasis
from app.domain.hedges import HedgeLeg, HedgePlan, LossBudget, QuoteOrigin, ShockLoss, Strategy
from app.domain.market_hours import IST
from app.domain.money import format_rupees

STRATEGIES = {
    Strategy.FUTURES_SHORT: "Index future sold",
    Strategy.PROTECTIVE_PUT: "Protective put",
    Strategy.PUT_SPREAD: "Put spread",
    Strategy.COLLAR: "Collar",
}


def goal_words(plan: HedgePlan) -> str:
    """What was asked for."""
    goal = plan.request.goal
    if isinstance(goal, LossBudget):
        return f"to lose at most {format_rupees(goal.rupees)} when the index falls by {goal.index_fall:g}%"
    return f"to bring the beta to {goal.beta:.2f}"


def leg_words(leg: HedgeLeg) -> str:
    """What to enter, as an order: side, lots and units, contract, price."""
    lots = f"{leg.lots} lot{'' if leg.lots == 1 else 's'}"
    side = leg.side.value.capitalize()
    return f"{side} {lots} ({leg.units} units) {leg.instrument.symbol} at {price(leg.price).removeprefix('₹')}"


def origin_words(origin: QuoteOrigin) -> str:
    """Where the prices are from and how old they are."""
    at = origin.as_of.astimezone(IST)
    if origin.basis is PriceBasis.LIVE:
        return (
            f"{origin.source}, bid and ask of {day(at.date())}, {at:%H:%M} IST, {round(origin.age_hours * 60)} min old"
        )
    days = int(origin.age_hours // 24)
    age = f"{days} day{'' if days == 1 else 's'} old" if days else "less than a day old"
    return f"{origin.source}, closes of {day(at.date())}, {age}"


def not_live_words(origin: QuoteOrigin) -> str:
    """Why the prices are not live; empty where they are."""
    return f"Not live: {origin.why_not_live}" if origin.why_not_live else ""


def refused_words(origin: QuoteOrigin) -> str:
    """How many quotes deserve no belief, and why; empty where none was refused."""
    reasons = ", ".join(f"{count} {flaw}" for flaw, count in origin.refused.items())
    return f"{sum(origin.refused.values())} of {origin.contracts} quotes refused: {reasons}" if reasons else ""


def cost_words(cost: float) -> str:
    """Premium paid, or received."""
    return f"{format_rupees(-cost)} received" if cost < 0 else format_rupees(cost)


def margin_words(margin: float | None) -> str:
    """Rupees to be blocked, or that nobody here knows."""
    return "not known" if margin is None else format_rupees(margin)


def break_even_words(level: float | None) -> str:
    """The index level below which the hedge has paid for itself."""
    return maybe(lambda value: count(round(value)), level)


def loss_words(loss: float) -> str:
    """A loss in rupees; a gain says so."""
    return f"{format_rupees(-loss)} gain" if round(loss) < 0 else format_rupees(loss)


def shock_words(shock: ShockLoss) -> str:
    """``-10.0`` percent as the head of a column."""
    return f"Index {shock.index_change:+g}%".replace("-", "\u2212")
