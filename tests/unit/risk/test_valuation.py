from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from app.risk.valuation import value_positions
from tests.unit.risk.books import panel_of, position

LAST = date(2025, 9, 17)
EARLIER = date(2025, 9, 10)
PANEL = panel_of(np.array([[90.0, 40.0], [np.nan, 50.0], [80.0, np.nan]]))


@pytest.mark.parametrize(
    ("quote", "yesterday", "book_day", "as_of", "price", "day"),
    [
        (85.0, 70.0, LAST, None, 85.0, LAST),
        (85.0, 70.0, EARLIER, None, 80.0, LAST),
        (85.0, None, None, None, 85.0, None),
        (None, 70.0, LAST, None, 80.0, LAST),
        (None, None, LAST, None, 80.0, LAST),
        (85.0, 70.0, LAST, LAST, 80.0, LAST),
    ],
)
def test_the_newer_of_quote_and_close_is_the_price(
    quote: float | None, yesterday: float | None, book_day: date | None, as_of: date | None, price: float, day: date
) -> None:
    owned = [position("A", last_price=quote, close_price=yesterday), position("B")]
    found = value_positions(owned, PANEL, book_day, as_of).prices[0]
    assert (found.value, found.as_of) == (price, day)


def test_the_last_close_is_used_with_its_own_day_where_the_newest_is_missing() -> None:
    owned = [position("A", last_price=None), position("B", last_price=None)]
    found = value_positions(owned, PANEL, LAST)
    assert [(price.value, price.as_of) for price in found.prices] == [(80.0, LAST), (50.0, date(2025, 9, 16))]
    assert found.prices[1].source == "close, csv B"
    assert found.total == pytest.approx(1300)
    np.testing.assert_allclose(found.weights, [8 / 13, 5 / 13])


@pytest.mark.parametrize("nothing", [None, 0.0])
def test_no_price_is_never_zero_and_is_named(nothing: float | None) -> None:
    panel = panel_of(np.array([[90.0, np.nan]]))
    owned = [position("A", last_price=nothing), position("B", last_price=nothing, close_price=nothing)]
    found = value_positions(owned, panel, LAST)
    assert found.values == (900.0, None)
    assert found.total == 900.0
    assert np.isnan(found.weights[1])
    assert [(issue.code, issue.subject) for issue in found.issues] == [("not_valued", "B")]


def test_yesterdays_close_of_the_broker_counts_where_no_price_file_has_the_share() -> None:
    panel = panel_of(np.array([[np.nan]]))
    found = value_positions([position("A", last_price=None, close_price=70.0)], panel, LAST).prices[0]
    assert (found.value, found.source) == (70.0, "holdings report")


def test_an_earlier_day_is_never_valued_at_a_price_of_a_later_book() -> None:
    panel = panel_of(np.array([[np.nan]]))
    assert value_positions([position("A")], panel, LAST, EARLIER).values == (None,)
    assert value_positions([position("A")], panel, EARLIER, LAST).values == (1000.0,)


def test_without_any_price_there_is_no_total() -> None:
    found = value_positions([position("A", last_price=None)], panel_of(np.empty((0, 1))), LAST)
    assert found.total is None
    assert value_positions([], panel_of(np.empty((0, 0))), None).total is None


def test_weights_of_a_total_of_zero_are_unknown() -> None:
    found = value_positions([position("A", quantity=0.0)], panel_of(np.array([[90.0]])), LAST)
    assert found.total == 0.0
    assert np.isnan(found.weights).all()
