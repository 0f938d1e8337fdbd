from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.domain.fund_costs import FundTracking as OfficialTracking
from app.domain.fund_costs import TrackingKind
from app.domain.fund_reports import FundTracking, TrackingAgreement
from app.domain.prices import FloatArray
from app.domain.schemes import Plan
from app.measures.tracking import tracking_difference, tracking_error
from app.risk.fund_book import FundFacts
from app.risk.fund_tracking import tracking_of
from tests.unit.risk.funds import fund_book, fund_position, lines_of

INDEX_FUNDS = "Open Ended Schemes(Other Scheme - Index Funds)"
LAST = date(2026, 11, 19)
NAVS: FloatArray = np.asarray(10 * np.cumprod(1 + np.random.default_rng(5).normal(0, 0.01, 300)))
TOTAL: FloatArray = np.asarray(NAVS * np.cumprod(1 + np.random.default_rng(6).normal(0, 0.00003, 300)))
"""The index with dividends: 0.05 % a year off the fund."""
PRICES: FloatArray = np.asarray(TOTAL * np.cumprod(np.where(np.arange(300) % 5, 1.0, 1 - 0.014 / 50)))
"""Without dividends of 1.4 % a year, which came on every fifth day."""
YEAR = slice(-253, None)


def listed(percent: float, kind: TrackingKind = TrackingKind.ERROR, as_of: date = LAST) -> OfficialTracking:
    return OfficialTracking("F", Plan.DIRECT, kind, "1y", percent, "Nifty 50 TRI", as_of)


def tracked(
    levels: Mapping[str, FloatArray],
    official: Sequence[OfficialTracking] = (),
    name: str = "My Nifty 50 Index Fund",
    navs: FloatArray = NAVS,
) -> FundTracking:
    held = replace(fund_position(1, 1.0, None, name=name), category=INDEX_FUNDS)
    facts = FundFacts({}, {"INF1": tuple(official)}, levels)
    return tracking_of(fund_book([held], lines_of(), navs[:, np.newaxis], facts=facts), 0)


def agreement(found: TrackingAgreement | None) -> TrackingAgreement:
    assert found is not None
    return found


def test_own_figures_stand_beside_the_official_ones() -> None:
    found = tracked({"Nifty 50": PRICES}, [replace(listed(0.09), period="3y"), listed(0.05)])
    assert found.error.value == pytest.approx(float(tracking_error(NAVS[YEAR], PRICES[YEAR])) * 100)
    assert found.difference.value == pytest.approx(float(tracking_difference(NAVS[YEAR], PRICES[YEAR])) * 100)
    assert found.official_error.value == 0.05
    assert "1y" in found.official_error.method
    assert found.official_difference.unavailable
    assert found.difference_agreement is None


def test_against_prices_the_band_leaves_room_for_dividends_and_the_method_says_how_much() -> None:
    found = tracked({"Nifty 50": PRICES}, [listed(0.05), listed(-0.2, TrackingKind.DIFFERENCE)])
    assert "without dividends: dividends, in lumps on ex-days, add 0.2 to 0.4 points" in found.error.method
    assert "too high by the index's dividend yield" in found.difference.method
    error, difference = agreement(found.agreement), agreement(found.difference_agreement)
    assert (error.official, error.band, error.within, error.own_as_of) == (0.05, (0.0, 0.45), True, LAST)
    assert error.own == found.error.value
    assert (difference.band, difference.within) == ((0.3, 2.5), True)


def test_an_imported_total_return_index_goes_before_the_prices_and_has_a_narrow_band() -> None:
    found = tracked({"Nifty 50": PRICES, "Nifty 50 TRI": TOTAL}, [listed(0.05)])
    assert found.error.value == pytest.approx(float(tracking_error(NAVS[YEAR], TOTAL[YEAR])) * 100)
    assert "against Nifty 50 TRI" in found.error.method
    assert "dividends" not in found.error.method
    assert (agreement(found.agreement).band, agreement(found.agreement).within) == ((-0.1, 0.1), True)
    assert agreement(tracked({"Nifty 50 TRI": TOTAL}, [listed(0.3)]).agreement).within is False
    assert agreement(tracked({"Nifty 50": PRICES}, [listed(0.9)]).agreement).within is False


def test_a_total_return_index_of_a_few_days_leaves_the_prices_in_their_place() -> None:
    short = np.where(np.arange(300) < 280, np.nan, TOTAL)
    assert "against Nifty 50 by its prices" in tracked({"Nifty 50": PRICES, "Nifty 50 TRI": short}).error.method
    assert "only 19 days in common with Nifty 50 TRI" in str(tracked({"Nifty 50 TRI": short}).error.unavailable)


def test_what_is_compared_is_the_year_up_to_the_official_day() -> None:
    """The fund begins to stray after it."""
    strayed = NAVS.copy()
    strayed[-14:] *= np.cumprod(1 + np.random.default_rng(2).normal(0, 0.01, 14))
    found = tracked({"Nifty 50 TRI": TOTAL}, [listed(0.05, as_of=date(2026, 10, 31))], navs=strayed)
    assert (found.error.value or 0.0) > 0.5
    known = agreement(found.agreement)
    assert (known.within, known.own_as_of) == (True, date(2026, 10, 30))


@pytest.mark.parametrize(
    ("as_of", "levels", "reason"),
    [
        (date(2026, 12, 31), TOTAL, "our figure ends on 2026-11-19, AMFI's year on 2026-12-31"),
        (date(2025, 10, 31), TOTAL, "too few days in common with Nifty 50 TRI up to 2025-10-31"),
        (date(2020, 10, 31), TOTAL, "too few days"),
        (LAST, np.full(300, np.nan), "no day in common"),
    ],
)
def test_without_the_same_year_of_both_there_is_no_verdict(as_of: date, levels: FloatArray, reason: str) -> None:
    found = agreement(tracked({"Nifty 50 TRI": levels}, [listed(0.05, as_of=as_of)]).agreement)
    assert (found.official, found.own, found.band, found.within) == (0.05, None, None, None)
    assert reason in str(found.unavailable)


def test_an_index_without_prices_or_name_and_an_active_fund_have_no_figure() -> None:
    assert tracked({}).error.unavailable == "there are no prices of Nifty 50"
    assert tracked({}, name="My Index Fund").error.unavailable == "its name does not say which index it follows"
    held = fund_position(1, 1.0, None, name="My Flexi Cap Fund")
    active = tracking_of(fund_book([held], lines_of(), NAVS[:, np.newaxis]), 0)
    assert active.error.unavailable == active.official_error.unavailable == "an active fund follows no index"
    assert active.agreement is None
