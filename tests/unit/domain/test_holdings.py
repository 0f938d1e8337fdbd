from __future__ import annotations

from app.domain.holdings import Holding


def test_owned_shares_are_free_bought_and_pledged_ones_but_not_those_on_margin() -> None:
    holding = Holding("INFY", "NSE", None, 1, t1_quantity=2, collateral_quantity=4, mtf_quantity=8)
    assert holding.owned_quantity == 7
