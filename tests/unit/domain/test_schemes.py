from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.domain.schemes import AmfiScheme, Option, Plan, growth_twin, representative

TODAY = date(2026, 11, 20)
DIRECT = AmfiScheme(
    2, "INF205K01NT8", None, "A Fund", "A", "Equity", "a/a", Plan.DIRECT, Option.GROWTH, 10.0, TODAY
)  # fmt: skip
REGULAR = replace(DIRECT, amfi_code=1, isin="INF666M01451", plan=Plan.REGULAR)
PAYOUT = replace(DIRECT, amfi_code=3, isin=None, other_isin="INF761K01884", option=Option.PAYOUT)


def test_the_direct_growth_plan_stands_for_the_scheme() -> None:
    assert representative([REGULAR, PAYOUT, DIRECT]) is DIRECT
    assert representative([PAYOUT, REGULAR]) is REGULAR
    assert representative([PAYOUT]) is PAYOUT


def test_a_living_plan_goes_before_a_dead_one_and_a_row_without_isin_is_none() -> None:
    dead = replace(DIRECT, nav_date=date(2022, 1, 27))
    assert representative([dead, REGULAR]) is REGULAR
    assert representative([dead]) is dead
    assert representative([replace(DIRECT, isin=None)]) is None
    assert representative([]) is None


def test_of_segregated_twins_the_older_code_is_the_scheme() -> None:
    segregated = replace(DIRECT, amfi_code=900, isin="INF209K01165")
    assert representative([segregated, DIRECT]) is DIRECT


def test_the_growth_twin_is_of_the_same_plan() -> None:
    assert growth_twin(PAYOUT, [REGULAR, DIRECT, PAYOUT]) is DIRECT
    assert growth_twin(DIRECT, [REGULAR]) is DIRECT
    assert growth_twin(PAYOUT, [REGULAR]) is None
    assert PAYOUT.isins == ("INF761K01884",)
