"""Once a month, and every evening from the 5th to the 12th: what is missing of the fund houses' portfolios."""

from __future__ import annotations

from app.bootstrap import Services
from app.domain.fund_fetches import SETTLED, FetchOutcome, FetchRunning, FetchWish
from app.scheduled_jobs.heartbeats import noted

NAME = "mf_holdings"
NO_FAULT = SETTLED | {FetchOutcome.NOT_PUBLISHED, FetchOutcome.MANUAL}


def run(services: Services) -> str:
    """Ask the houses of the funds held for the last completed month; returns one line for the log."""
    if not services.funds.is_needed():
        return noted(services, NAME, "ok", "no funds are held: nothing to do")
    try:
        report = services.funds.fetch(FetchWish(yahoo=services.settings.funds_from_yahoo))
    except FetchRunning as error:
        return error.message
    is_good = all(house.outcome in NO_FAULT for house in report.houses)
    return noted(services, NAME, "ok" if is_good else "error", f"{report.job.month:%B %Y}: {report.job.detail}")
