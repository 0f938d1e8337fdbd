from __future__ import annotations

import math
from datetime import date

import pytest

from app.domain.derivatives import NIFTY_50, NIFTY_BANK, NoDerivatives, listed_index
from app.domain.hedges import HedgeRequest, LossBudget, TargetBeta, UnclearGoal, hedge_goal


def test_a_goal_is_a_beta_or_a_budget_with_its_fall() -> None:
    assert hedge_goal(0.6, None) == TargetBeta(0.6)
    assert hedge_goal(None, 300_000.0, 20.0) == LossBudget(300_000.0, 20.0)
    assert hedge_goal(None, 0.0) == LossBudget(0.0, 10.0)


@pytest.mark.parametrize(
    ("target", "budget", "fall"),
    [
        (None, None, None),
        (None, None, 10.0),
        (0.5, 1000.0, None),
        (0.5, None, 10.0),
        (-0.1, None, None),
        (math.nan, None, None),
        (math.inf, None, None),
        (None, -1.0, None),
        (None, math.inf, 10.0),
        (None, 1000.0, 0.0),
        (None, 1000.0, 100.0),
    ],
)
def test_a_question_without_one_possible_goal_is_refused_with_what_to_give(
    target: float | None, budget: float | None, fall: float | None
) -> None:
    with pytest.raises(UnclearGoal) as caught:
        hedge_goal(target, budget, fall)
    assert caught.value.remedy


def test_a_hedge_may_expire_from_the_day_it_must_last_to_a_quarter_later() -> None:
    request = HedgeRequest(TargetBeta(0.5), days=30)
    assert request.expiries(date(2026, 11, 23)) == (date(2026, 12, 23), date(2027, 3, 25))


@pytest.mark.parametrize("name", ["NIFTY50", "NIFTY 50", "Nifty_50", "Nifty5", "^NSEI"])
def test_every_name_of_nifty_50_leads_to_its_contracts(name: str) -> None:
    assert listed_index(name) == NIFTY_50


def test_nifty_bank_has_contracts_of_its_own() -> None:
    assert listed_index("NIFTYBANK") == NIFTY_BANK
    assert NIFTY_BANK.key == "NSE:NIFTY BANK"


@pytest.mark.parametrize("name", [None, "", "NIFTYIT", "SENSEX"])
def test_an_index_without_contracts_here_is_refused(name: str | None) -> None:
    with pytest.raises(NoDerivatives, match="no index contracts"):
        listed_index(name)
