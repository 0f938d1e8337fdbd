from __future__ import annotations

import numpy as np
import pytest

from app.domain.combined_reports import StressMethod
from app.domain.disclosures import LineKind
from app.domain.prices import FloatArray
from app.domain.scenarios import Scenario, ScenarioEntry
from app.risk.combined_book import Episode, kind_held
from tests.unit.risk.books import position
from tests.unit.risk.combined import DAYS, Fund, book, report_of

SHARES = {"ALPHA": 3000.0, "BETA": 1000.0}
FUND = Fund({"GAMMA": 60.0}, 1000.0, 1, extra=(("IN0020230085", "7.18% GOI 2033", LineKind.DEBT, 30.0),))
CRASH = Scenario("crash", "Crash", -30.0, {"Power": -50.0}, DAYS[10].astype(object), DAYS[13].astype(object), "made up")


def episode(returns: FloatArray, market: FloatArray | None = None) -> Episode:
    index = np.array([-0.1, -0.1, 0.05]) if market is None else market
    return Episode("crash", DAYS[11:14], returns, index)


def only(scenario: Scenario) -> tuple[ScenarioEntry, ...]:
    return (ScenarioEntry(scenario, True, False),)


def test_a_crisis_is_replayed_with_own_prices_where_they_reach() -> None:
    returns = np.array([[-0.2, 0.0, -0.1], [0.1, 0.0, -0.1], [0.0, -0.5, 0.0]])
    (found,) = report_of(book(SHARES, (FUND,), episodes=(episode(returns),), entries=only(CRASH))).stress
    losses = 3000 * (1 - 0.8 * 1.1), 1000 * 0.5, 1000 * (1 - 0.81)
    assert found.method is StressMethod.REPLAY
    assert found.rupees == pytest.approx(sum(losses))
    assert found.loss == pytest.approx(sum(losses) / 5000 * 100)
    assert (found.shares_rupees, found.funds_rupees) == pytest.approx((losses[0] + losses[1], losses[2]))
    assert found.worst == pytest.approx(sum(losses) / 5000 * 100)
    assert found.worst_day == DAYS[13].astype(object)
    assert (found.coverage, found.proxied) == pytest.approx((100.0, 0.0))


def test_what_has_no_prices_in_a_crisis_moves_by_its_beta_and_is_counted() -> None:
    returns = np.array([[-0.2, 0.0, np.nan], [0.1, 0.0, np.nan], [0.0, -0.5, np.nan]])
    owned = report_of(book(SHARES, (FUND,), episodes=(episode(returns),), entries=only(CRASH)))
    (found,) = owned.stress
    assert found.proxied == pytest.approx(20.0)
    assert found.funds_rupees is not None
    assert 0 < found.funds_rupees < 200


@pytest.mark.parametrize("market", [np.array([-0.1, np.nan, 0.05]), None])
def test_a_crisis_that_hardly_any_price_reaches_goes_by_beta_and_sector(market: FloatArray | None) -> None:
    returns = np.full((3, 3), np.nan)
    returns[:, 1:] = 0.0
    made = episode(returns, market)
    (found,) = report_of(book(SHARES, (FUND,), episodes=(made,), entries=only(CRASH))).stress
    assert found.method is StressMethod.BETA_AND_SECTOR
    assert found.detail.startswith("Nifty 50 -30 %, Power -50 %; ")


def test_a_scenario_says_nothing_about_bonds_unless_it_names_them() -> None:
    quiet = Scenario("quiet", "Quiet", -10.0, {}, None, None, "")
    named = Scenario("named", "Named", -10.0, {"debt": -5.0}, None, None, "")
    without, with_debt = (report_of(book((), (FUND,), entries=only(one))).stress[0] for one in (quiet, named))
    assert (without.coverage, with_debt.coverage) == pytest.approx((70.0, 100.0))
    assert with_debt.rupees is not None
    assert without.rupees is not None
    assert with_debt.rupees - without.rupees == pytest.approx(0.05 * 300)


def test_no_share_loses_more_than_all_of_it() -> None:
    end = Scenario("end", "End", -100.0, {"Power": -100.0}, None, None, "")
    (found,) = report_of(book({"GAMMA": 1000.0}, entries=only(end))).stress
    assert found.loss == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("isin", "symbol", "kind"),
    [
        ("INE002A01018", "RELIANCE", LineKind.EQUITY),
        (None, "RELIANCE", LineKind.EQUITY),
        ("INF204KB14I2", "NIFTYBEES", LineKind.FUND_UNIT),
        ("IN0020230085", "SGBFEB32IV-GB", LineKind.GOLD),
        ("IN0020230085", "718GS2033-GS", LineKind.DEBT),
    ],
)
def test_what_lies_in_a_demat_account_is_not_always_a_share(isin: str | None, symbol: str, kind: LineKind) -> None:
    assert kind_held(position(symbol, isin=isin)) is kind
