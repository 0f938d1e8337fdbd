"""A hedge plan for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from app.api import hedge_words as say
from app.api.formats import sentence
from app.domain.hedges import Hedge, HedgePlan
from app.domain.money import format_rupees


def print_hedge(plan: HedgePlan, console: Console) -> None:
    """Beta by window, the hedges side by side, what to enter for each, and why others are not offered."""
    value = "no value" if plan.value is None else format_rupees(plan.value)
    sample = "  SAMPLE DATA" if plan.sample_data else ""
    prices = f"prices as of {plan.book_as_of}" if plan.book_as_of else "no stored prices"
    console.print(f"Equity {value}, {prices}{sample}", markup=False)
    for window, beta in plan.betas.items():
        shown = f"unavailable: {beta.unavailable}" if beta.value is None else f"{beta.value:.2f}"
        console.print(f"Beta over {window} against {plan.benchmark or 'no benchmark'}: {shown}", markup=False)
    console.print(f"Hedges {say.goal_words(plan)}, by the beta over {plan.request.window}", markup=False)
    if plan.quotes:
        console.print(f"Quotes: {say.origin_words(plan.quotes)}", markup=False)
        for line in filter(None, (say.not_live_words(plan.quotes), say.refused_words(plan.quotes))):
            console.print(line, markup=False)
    if plan.hedges:
        console.print(_table(plan.hedges))
    for hedge in plan.hedges:
        console.print(f"{say.STRATEGIES[hedge.strategy]}: {hedge.explanation} {' '.join(hedge.notes)}", markup=False)
    for reason, strategies in _reasons(plan).items():
        console.print(f"Not offered ({', '.join(strategies)}): {reason}", markup=False)
    console.print("Nothing is ordered here. Losses are at expiry, in rupees.", markup=False)


def _table(hedges: tuple[Hedge, ...]) -> Table:
    """A column for each hedge, and one for the book without any."""
    table = Table("", "No hedge", *(say.STRATEGIES[hedge.strategy] for hedge in hedges))
    rows = {
        "Expiry": [f"{hedge.expiry}" for hedge in hedges],
        "Lots": [f"{hedge.legs[0].lots}" for hedge in hedges],
        "Cost": [say.cost_words(hedge.cost) for hedge in hedges],
        "Margin": [say.margin_words(hedge.margin) for hedge in hedges],
        "Break-even": [say.break_even_words(hedge.break_even) for hedge in hedges],
        "Beta now": [f"{hedge.residual_beta:.2f}" for hedge in hedges],
        "Beta in a fall": [f"{hedge.residual_beta_in_fall:.2f}" for hedge in hedges],
    }
    for title, cells in rows.items():
        table.add_row(title, "", *cells)
    for at, shock in enumerate(hedges[0].shocks):
        losses = (say.loss_words(hedge.shocks[at].hedged_at_expiry) for hedge in hedges)
        table.add_row(say.shock_words(shock), say.loss_words(shock.book), *losses)
    return table


def _reasons(plan: HedgePlan) -> dict[str, list[str]]:
    """Reason with its advice -> the strategies it stands against."""
    found: dict[str, list[str]] = {}
    for no in plan.not_offered:
        words = f"{sentence(no.reason)} {no.advice}".strip()
        found.setdefault(words, []).append(say.STRATEGIES[no.strategy].lower())
    return found
