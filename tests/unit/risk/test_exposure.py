from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from app.domain.prices import FloatArray
from app.domain.risk_reports import Concentration, Liquidity
from app.domain.securities import UNCLASSIFIED
from app.risk.exposure import concentration, liquidity
from app.risk.positions import Position
from app.risk.valuation import value_positions
from tests.unit.risk.books import panel_of, position


def concentrated(*positions: Position) -> Concentration:
    panel = panel_of(np.full((1, len(positions)), np.nan))
    return concentration(positions, value_positions(positions, panel, date(2025, 9, 17)))


def sold(quantities: list[float], volumes: FloatArray, **fields: Any) -> Liquidity:
    positions = [position(symbol, quantity=quantity) for symbol, quantity in zip("ABCDEF", quantities, strict=False)]
    panel = panel_of(np.full(volumes.shape, 100.0), volumes=volumes, **fields)
    return liquidity(positions, value_positions(positions, panel, date(2025, 9, 17)), panel, 0.2)


def test_shares_of_stocks_and_sectors_are_percent_of_value() -> None:
    found = concentrated(
        position("A", quantity=50.0, sector="Power"),
        position("B", quantity=30.0, sector="Realty"),
        position("C", quantity=20.0, sector="Power"),
    )
    assert found.largest_stock is not None
    assert found.largest_sector is not None
    assert (found.largest_stock.name, found.largest_sector.name) == ("A", "Power")
    assert found.largest_stock.value == pytest.approx(50)
    assert found.largest_sector.value == pytest.approx(70)
    assert found.effective_holdings == pytest.approx(1 / (0.25 + 0.09 + 0.04))
    assert found.classified == pytest.approx(100)


def test_the_five_largest_are_named_in_order() -> None:
    found = concentrated(*(position(symbol, quantity=place + 1.0) for place, symbol in enumerate("ABCDEF")))
    assert found.top5 is not None
    assert found.top5.name == "F, E, D, C, B"
    assert found.top5.value == pytest.approx(100 * 20 / 21)


def test_the_largest_sector_is_never_the_unclassified_one() -> None:
    found = concentrated(position("A", quantity=90.0, sector=UNCLASSIFIED), position("B", sector="Power"))
    assert found.largest_sector is not None
    assert found.largest_sector.name == "Power"
    assert found.classified == pytest.approx(10)
    assert found.sectors[0].name == UNCLASSIFIED


@pytest.mark.parametrize("positions", [(), (position("A", last_price=None),), (position("A", quantity=0.0),)])
def test_without_value_there_is_no_concentration(positions: tuple[Position, ...]) -> None:
    found = concentrated(*positions)
    assert (found.largest_stock, found.largest_sector, found.top5, found.effective_holdings) == (None,) * 4


def test_the_average_is_of_the_newest_thirty_days_and_the_limit_itself_is_liquid() -> None:
    volumes = np.vstack([np.full((10, 2), 9e9), np.full((30, 2), 1000.0)])
    found = sold([100.0, 101.0], volumes)
    by_symbol = {row.symbol: row for row in found.positions}
    assert by_symbol["A"].average_volume == 1000
    assert by_symbol["A"].position_to_volume == pytest.approx(10)
    assert (by_symbol["A"].liquid, by_symbol["A"].flagged) == (True, False)
    assert (by_symbol["B"].liquid, by_symbol["B"].flagged) == (False, True)
    assert found.liquid_share == pytest.approx(100 * 100 / 201)
    assert found.slowest == "B"
    assert found.days_to_liquidate == pytest.approx(101 / 200)


def test_a_suspended_share_cannot_be_sold_whatever_it_traded_before() -> None:
    found = sold([10.0, 10.0], np.full((30, 2), 1000.0), suspended=np.array([True, False]))
    (row,) = [row for row in found.positions if row.symbol == "A"]
    assert (row.liquid, row.flagged, row.days_to_liquidate) == (False, True, None)
    assert "suspended" in (row.unavailable or "")
    assert found.liquid_share == pytest.approx(50)


@pytest.mark.parametrize(("since", "stopped"), [(4, False), (5, True), (29, True)])
def test_a_share_whose_prices_end_a_week_before_the_market_cannot_be_sold(since: int, *, stopped: bool) -> None:
    closes, volumes = np.full((30, 2), 100.0), np.full((30, 2), 1000.0)
    closes[-since:, 0] = volumes[-since:, 0] = np.nan
    positions = [position("A"), position("B")]
    panel = panel_of(closes, volumes=volumes)
    found = liquidity(positions, value_positions(positions, panel, date(2025, 9, 17)), panel, 0.2)
    (row,) = [row for row in found.positions if row.symbol == "A"]
    assert (row.liquid, row.flagged) == (not stopped, stopped)
    assert ("suspended" in (row.unavailable or "")) == stopped
    assert found.liquid_share == pytest.approx(50 if stopped else 100)


def test_a_month_without_a_trade_is_illiquid_and_an_unknown_volume_is_unknown() -> None:
    found = sold([10.0, 10.0, 10.0], np.tile([0.0, np.nan, 1000.0], (30, 1)))
    rows = {row.symbol: row for row in found.positions}
    assert (rows["A"].liquid, rows["A"].unavailable) == (False, "no trade in 30 days")
    assert (rows["B"].liquid, rows["B"].flagged, rows["B"].unavailable) == (None, False, "no volume is known")
    assert found.liquid_share == pytest.approx(100 / 3)
    assert found.unavailable is None


def test_without_any_volume_liquidity_is_unavailable_and_not_zero() -> None:
    for volumes in (np.full((30, 1), np.nan), np.empty((0, 1))):
        found = sold([10.0], volumes)
        assert (found.liquid_share, found.days_to_liquidate, found.slowest) == (None, None, None)
        assert found.unavailable == "no volumes are known"
