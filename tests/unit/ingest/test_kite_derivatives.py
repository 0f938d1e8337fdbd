from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.domain.derivatives import OptionKind
from app.domain.hedges import HedgeRequest, LossBudget, TargetBeta
from app.domain.kite import Instrument
from app.ingest.kite_derivatives import near_options, read_contracts

LEVEL = 26_000.0
EXPIRIES = (date(2026, 12, 29), date(2027, 1, 5), date(2027, 1, 12), date(2027, 1, 25))
PUT = Instrument(
    1, 1, "A NAME THAT SAYS NOTHING", "NIFTY", "NFO", "NFO-OPT", "PE", 65, 0.05, date(2026, 12, 29), 24_700.0
)


def chain() -> list[Instrument]:
    return [
        replace(PUT, symbol=f"{kind}{expiry}{strike}", kind=kind, expiry=expiry, strike=float(strike))
        for expiry in EXPIRIES
        for strike in range(10_000, 40_001, 100)
        for kind in ("CE", "PE")
    ]


def test_a_contract_is_what_the_columns_say_whatever_its_name() -> None:
    future = replace(PUT, kind="FUT", strike=None, lot_size=30, name="BANKNIFTY")
    futures, options = read_contracts([PUT, future])
    assert [(one.underlying, one.lot_size) for one in futures] == [("BANKNIFTY", 30)]
    assert [(one.strike, one.kind, one.lot_size, one.expiry) for one in options] == [
        (24_700.0, OptionKind.PUT, 65, date(2026, 12, 29))
    ]


@pytest.mark.parametrize(
    "row",
    [
        replace(PUT, lot_size=None),
        replace(PUT, expiry=None),
        replace(PUT, strike=None),
        replace(PUT, kind="EQ"),
        replace(PUT, exchange="BFO"),
    ],
)
def test_a_row_that_lacks_a_column_is_no_contract(row: Instrument) -> None:
    assert read_contracts([row]) == ([], [])


def test_only_the_nearest_expiries_and_strikes_near_the_money_are_asked_for() -> None:
    near = near_options(read_contracts(chain())[1], LEVEL, HedgeRequest(TargetBeta(0.5)))
    assert {one.expiry for one in near} == set(EXPIRIES[:3])
    puts = [one.strike for one in near if one.kind is OptionKind.PUT]
    calls = [one.strike for one in near if one.kind is OptionKind.CALL]
    assert min(puts) <= LEVEL * 0.90
    assert max(puts) < LEVEL * 1.02
    assert min(calls) > LEVEL * 0.98
    assert max(calls) >= LEVEL * 1.05
    assert len(near) < 500


def test_a_loss_budget_reaches_down_to_its_fall() -> None:
    options = read_contracts(chain())[1]
    near = near_options(options, LEVEL, HedgeRequest(LossBudget(1e5, 30.0)))
    assert min(one.strike for one in near) <= LEVEL * 0.70
