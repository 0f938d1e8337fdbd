from __future__ import annotations

import numpy as np
import pytest

from app.domain.combined_reports import CombinedRiskReport, ReverseStress
from app.domain.disclosures import LineKind
from app.domain.limits import LimitKind
from app.domain.prices import FloatArray
from app.domain.scenarios import Scenario, ScenarioEntry
from app.risk.shock_exposure import Exposed
from app.risk.unknown_response import assumed_beta, assumed_losses, respond
from tests.unit.risk.combined import ROWS, Fund, book, report_of

NO_NAVS: FloatArray = np.where(np.arange(ROWS) < ROWS - 5, np.nan, 100.0)
"""A fund of which five NAVs are known: it has a value and no beta."""
SHARES = {"ALPHA": 2000.0, "THETA": 3000.0}


def unseen(rupees: float) -> Fund:
    return Fund({}, rupees, 1, navs=NO_NAVS, disclosed=False)


def exposed(values: list[float], betas: list[float], still: list[bool]) -> Exposed:
    count = len(values)
    nothing = np.zeros(count, dtype=np.int64)
    return Exposed(
        np.array(values), np.array(betas), nothing, nothing, np.zeros(count, bool), np.array(still), shares=count
    )


def reverse(report: CombinedRiskReport, kind: LimitKind) -> list[ReverseStress]:
    return [one for one in report.reverse_stress if one.kind is kind]


def test_the_unknown_has_the_mean_beta_of_the_known_by_size_and_the_markets_at_least() -> None:
    values = np.array([300.0, 100.0, 500.0])
    assert assumed_beta(values, np.array([1.2, 2.0, np.nan])) == pytest.approx(1.4)
    assert assumed_beta(values, np.array([0.2, 0.4, np.nan])) == 1.0
    assert assumed_beta(values, np.full(3, np.nan)) == 1.0


def test_bonds_and_metals_stay_and_what_could_move_is_unknown() -> None:
    answer = respond(exposed([600.0, 200.0, 200.0], [1.5, np.nan, np.nan], [False, True, False]))
    np.testing.assert_allclose(answer.betas, [1.5, 0.0, 1.5])
    assert answer.known == pytest.approx(0.8)
    assert answer.unknown.tolist() == [False, False, True]


def test_the_unknown_loses_at_the_rate_of_the_known_and_never_less_than_the_market() -> None:
    book_of = exposed([100.0, 300.0, 200.0], [1.5, 1.0, np.nan], [False, False, False])
    losses = np.array([[30.0, 10.0, np.nan], [1.0, 1.0, np.nan], [-5.0, -5.0, np.nan]])
    found = assumed_losses(book_of, losses, np.array([0.0, -0.2, 0.0]))
    np.testing.assert_allclose(found[:, 2], [200 * 40 / 400, 200 * 0.2, 0.0])


def test_a_book_that_is_almost_all_uncovered_is_not_told_that_it_is_safe() -> None:
    found = report_of(book({"ALPHA": 100.0}, (unseen(4000.0),)))
    for kind in (LimitKind.VALUE_AT_RISK, LimitKind.BETA):
        for one in reverse(found, kind):
            assert one.fall is None
            assert one.coverage == pytest.approx(100 / 41)
            assert one.unavailable is not None
            assert "2.4 %" in one.unavailable
    for kind in (LimitKind.STOCK, LimitKind.SECTOR):
        assert all("97.6 % of what you own is not seen" in (one.unavailable or "") for one in reverse(found, kind))
    for stressed in found.stress:
        assert (stressed.loss, stressed.rupees) == (None, None)
        assert "2.4 %" in (stressed.unavailable or "")
        assert stressed.assumed == pytest.approx(4000 / 41)


def test_what_is_unknown_in_a_book_that_is_mostly_known_falls_as_the_rest_does() -> None:
    known, partly = report_of(book(SHARES)), report_of(book(SHARES, (unseen(1000.0),)))
    one, two = (reverse(report, LimitKind.VALUE_AT_RISK)[0] for report in (known, partly))
    assert one.fall is not None
    assert two.fall == pytest.approx(one.fall)  # their mean beta is above 1
    assert (one.coverage, two.coverage) == pytest.approx((100.0, 5000 / 60))
    assert "known of 83.3 %" in two.meaning
    before, after = ({one.key: one for one in report.stress} for report in (known, partly))
    for key in ("nifty_10", "it_20", "election_2024"):
        assert after[key].loss == pytest.approx(before[key].loss)
        assert after[key].assumed == pytest.approx(1000 / 60)
        assert "16.7 % that is unknown" in after[key].detail


def test_a_calm_book_is_not_calmed_by_what_is_unknown() -> None:
    calm, partly = report_of(book({"ALPHA": 5000.0})), report_of(book({"ALPHA": 5000.0}, (unseen(1000.0),)))
    losses = [{one.key: one.rupees or 0.0 for one in report.stress}["nifty_10"] for report in (calm, partly)]
    assert losses[1] - losses[0] == pytest.approx(100.0)


def test_no_weight_limit_is_called_safe_that_the_unseen_part_could_pass_alone() -> None:
    owned = dict.fromkeys(("ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON", "ZETA", "ETA", "THETA"), 1000.0)
    found = report_of(book(owned, (unseen(2700.0),)))
    (stock,), (sector,) = (reverse(found, kind) for kind in (LimitKind.STOCK, LimitKind.SECTOR))
    assert "25.2 % of what you own is not seen through" in (stock.unavailable or "")
    assert "not seen through" not in (sector.unavailable or "")
    assert sector.coverage == pytest.approx(8000 / 107)


def test_a_limit_that_is_passed_is_passed_whatever_is_unseen() -> None:
    found = report_of(book({"ALPHA": 4000.0}, (unseen(6000.0),)))
    (stock,) = reverse(found, LimitKind.STOCK)
    assert (stock.name, stock.fall, stock.meaning) == ("Alpha Limited", 0.0, "passed already")


def test_no_fall_raises_the_beta_of_a_book_and_a_liquid_share_has_none() -> None:
    found = report_of(book({"ALPHA": 1000.0, "THETA": 1000.0}))
    assert all("lowers the beta" in (one.unavailable or "") for one in reverse(found, LimitKind.BETA))
    (liquid,) = reverse(found, LimitKind.LIQUID_SHARE)
    assert "volumes" in (liquid.unavailable or "")


def test_a_beta_above_its_limit_is_passed_already() -> None:
    found = report_of(book({"THETA": 1000.0}))
    first, second = reverse(found, LimitKind.BETA)
    assert (first.limit, first.fall) == (1.5, 0.0)
    assert second.fall is None


def test_banks_fall_alone_and_how_they_are_known_is_said() -> None:
    banks = Scenario("banks", "Banks", 0.0, {"Banks": -20.0}, None, None, "")
    both = Scenario("both", "Both", 0.0, {"Banks": -20.0, "Financial Services": -5.0}, None, None, "")
    entries = tuple(ScenarioEntry(one, True, False) for one in (banks, both))
    lender = Fund({}, 1000.0, 1, extra=(("INE999A01011", "Housing Finance Ltd", LineKind.EQUITY, 50.0),))
    first, second = report_of(book({"ALPHA": 1000.0, "EPSILON": 2000.0}, (lender,), entries=entries)).stress
    assert first.rupees == pytest.approx(400.0)
    assert second.rupees == pytest.approx(400.0 + 50.0)
    assert "whose industry is Banks" in first.detail
