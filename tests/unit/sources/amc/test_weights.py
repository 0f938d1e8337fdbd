from __future__ import annotations

import pytest

from app.domain.disclosures import LineKind
from app.sources.amc.weights import weigh
from tests.unit.sources.amc.portfolios import body, read, sheet

SHARES = [LineKind.EQUITY] * 3


@pytest.mark.parametrize(
    ("printed", "total"),
    [([0.5, 0.3, 0.2], 1.0), ([50.0, 30.0, 20.0], 100.0), ([50.0, 30.0, 20.0], None), ([0.5, 0.3, 0.2], None)],
)
def test_fractions_and_percents_come_out_as_percents(printed: list[float], total: float | None) -> None:
    weighed = weigh(printed, [50.0, 30.0, 20.0], SHARES, total)
    assert weighed.percents == pytest.approx((50.0, 30.0, 20.0))
    assert not weighed.rescaled
    assert not weighed.disagreeing


def test_rows_on_another_scale_in_the_same_column_are_read_and_counted() -> None:
    weighed = weigh([0.5, 5.54, 0.4446], [50.0, 5.54, 44.46], SHARES, 1.0)
    assert weighed.percents == pytest.approx((50.0, 5.54, 44.46))
    assert weighed.rescaled == (1,)


def test_a_weight_that_its_value_contradicts_is_counted() -> None:
    assert weigh([0.5, 0.9, 0.2], [50.0, 30.0, 20.0], SHARES, 1.0).disagreeing == (1,)


def test_a_share_printed_with_the_wrong_sign_disagrees_and_a_short_future_does_not() -> None:
    assert weigh([-0.5], [50.0], [LineKind.EQUITY], 1.0).disagreeing == (0,)
    assert weigh([0.5], [-50.0], [LineKind.DERIVATIVE], 1.0).disagreeing == ()


def test_a_mark_has_no_weight_and_no_quarrel() -> None:
    assert weigh([None, 0.5], [0.001, 50.0], SHARES[:2], 1.0).percents == (None, 50.0)


def test_cash_may_take_the_rounding_of_all_other_lines() -> None:
    printed, computed = [0.05] * 20 + [0.0004], [5.003] * 20 + [-0.06]
    kinds = [LineKind.EQUITY] * 20 + [LineKind.CASH]
    assert not weigh(printed, computed, kinds, 1.0).disagreeing
    assert weigh(printed, computed, SHARES[:1] * 21, 1.0).disagreeing == (20,)


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_sheet_gives_the_same_weights_on_either_scale(scale: float) -> None:
    found = read(sheet(body(scale=scale)))
    assert found.warnings == ()
    assert found.lines[0].weight == pytest.approx(6.325)
    assert found.lines[0].stated_weight == pytest.approx(6.325)


def test_a_tiny_mark_leaves_the_weight_to_the_value() -> None:
    rows = body()
    rows[2][6] = "$0.00%"
    found = read(sheet(rows))
    assert found.lines[0].stated_weight is None
    assert found.lines[0].weight == pytest.approx(6.325)
