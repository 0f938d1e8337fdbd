from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from app.measures import lookthrough
from app.measures.conventions import FloatArray
from app.measures.lookthrough import compositions, look_through
from tests.unit.measures.fund_books import held, random_weights

SEEDS = st.integers(0, 2**32 - 1)
many = settings(max_examples=200, deadline=None, derandomize=True, database=None)
AMOUNTS = np.array([100.0, 50.0])


def test_a_share_held_directly_and_through_two_funds_is_one_exposure() -> None:
    funds = held(np.array([[0.10, 0.90, 0.0], [0.20, 0.0, 0.70]]))
    found = look_through(funds, AMOUNTS, np.array([30.0, 0.0, 0.0]))
    np.testing.assert_allclose(found.direct, [30.0, 0.0, 0.0])
    np.testing.assert_allclose(found.through_funds, [20.0, 90.0, 35.0])
    np.testing.assert_allclose(found.net, [50.0, 90.0, 35.0])
    np.testing.assert_allclose(found.remainder, [0.0, 5.0], atol=1e-12)
    first = slice(*funds.starts[:2])
    assert funds.funds[first].tolist() == [0, 1]
    np.testing.assert_allclose(found.entries[first], [10.0, 10.0])


def test_a_share_against_its_own_future_has_no_net_and_a_full_gross_exposure() -> None:
    lines = np.array([0, 0]), np.array([0, 0]), np.array([0.05, -0.05])
    found = look_through(compositions(*lines, 1, 1), np.array([1000.0]), np.array([0.0]))
    assert found.net[0] == 0.0
    assert found.gross[0] == pytest.approx(100.0)


def test_a_short_position_of_the_owner_counts_in_gross_by_its_size() -> None:
    found = look_through(held(np.array([[0.5]])), np.array([100.0]), np.array([-20.0]))
    assert (found.net[0], found.gross[0]) == (30.0, 70.0)


def test_a_fund_without_lines_is_all_remainder() -> None:
    found = look_through(held(np.array([[0.5, 0.5], [0.0, 0.0]])), AMOUNTS, np.zeros(2))
    assert found.remainder.tolist() == [0.0, 50.0]


def test_exposures_equal_an_independent_sparse_product() -> None:
    rng = np.random.default_rng(4)
    funds, securities, weights = rng.integers(0, 30, 5_000), rng.integers(0, 400, 5_000), rng.normal(0.01, 0.02, 5_000)
    amounts, direct = rng.uniform(0, 1e6, 30), rng.uniform(0, 1e5, 400)
    found = look_through(compositions(funds, securities, weights, 30, 400), amounts, direct)
    matrix = sparse.coo_array((weights, (funds, securities)), (30, 400)).tocsr()
    sizes = sparse.coo_array((np.abs(weights), (funds, securities)), (30, 400)).tocsr()
    np.testing.assert_allclose(found.net, amounts @ matrix + direct, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.gross, amounts @ sizes + direct, rtol=1e-9)


@many
@given(SEEDS)
def test_everything_owned_is_exposure_or_remainder(seed: int) -> None:
    rng = np.random.default_rng(seed)
    amounts, direct = rng.uniform(0, 1e6, 8), rng.uniform(0, 1e5, 40)
    found = look_through(held(random_weights(seed)), amounts, direct)
    assert found.net.sum() + found.remainder.sum() == pytest.approx(amounts.sum() + direct.sum(), rel=1e-12)


@many
@given(SEEDS)
def test_the_order_of_lines_and_their_splitting_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = random_weights(seed)
    funds, securities = np.nonzero(weights)
    values = weights[funds, securities]
    order = rng.permutation(2 * len(values))
    split = compositions(
        np.tile(funds, 2)[order],
        np.tile(securities, 2)[order],
        np.concatenate([0.3 * values, 0.7 * values])[order],
        8,
        40,
    )
    whole = held(weights)
    assert split.funds.tolist() == whole.funds.tolist()
    assert split.starts.tolist() == whole.starts.tolist()
    np.testing.assert_allclose(split.net, whole.net, rtol=1e-12)
    np.testing.assert_allclose(split.gross, whole.gross, rtol=1e-12)


@many
@given(SEEDS)
def test_moving_money_between_identical_funds_changes_no_exposure(seed: int) -> None:
    twins = random_weights(seed)
    twins[1] = twins[0]
    amounts = np.random.default_rng(seed).uniform(1, 1e6, 8)
    moved = amounts + np.array([-1.0, 1.0, 0, 0, 0, 0, 0, 0]) * amounts[0] * 0.6
    one, other = (look_through(held(twins), given, np.zeros(40)).net for given in (amounts, moved))
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_a_book_of_a_funds_constituents_has_the_exposure_of_the_fund() -> None:
    weights = random_weights(9, full=True)
    through = look_through(held(weights), np.full(8, 500.0), np.zeros(40))
    direct = look_through(held(weights), np.zeros(8), 500.0 * weights.sum(axis=0))
    np.testing.assert_allclose(through.net, direct.net, rtol=1e-12)


def test_amounts_are_summed_by_sector_and_unknown_sectors_apart() -> None:
    amounts, sectors = np.array([10.0, 20.0, 30.0, -5.0]), np.array([1, 0, -1, 1])
    assert lookthrough.by_group(amounts, sectors, 3).tolist() == [20.0, 5.0, 0.0, 30.0]
    with pytest.raises(ValueError, match="group"):
        lookthrough.by_group(amounts, sectors, 1)


def nested(weights: FloatArray, inner: FloatArray) -> FloatArray:
    """Resolved weights (F, S), net, of funds that hold funds by ``inner`` (F, F)."""
    parents, children = np.nonzero(inner)
    found = lookthrough.resolve_nested(held(weights), parents, children, inner[parents, children])
    dense = np.zeros(weights.shape)
    dense[found.funds, found.securities] = found.net
    assert found.starts[-1] == len(found.net)
    return dense


def test_a_fund_of_funds_of_funds_owns_what_the_innermost_owns() -> None:
    own = np.array([[0.0, 0.1], [0.0, 0.0], [0.8, 0.2]])
    inner = np.array([[0.0, 0.9, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(nested(own, inner), [[0.72, 0.28], [0.8, 0.2], [0.8, 0.2]])


def test_resolving_solves_the_linear_system_of_all_levels() -> None:
    own = random_weights(5)
    inner = np.triu(np.random.default_rng(5).uniform(0, 0.2, (8, 8)), 1)
    np.testing.assert_allclose(nested(own, inner), np.linalg.solve(np.eye(8) - inner, own), rtol=1e-12)


def test_a_fund_of_an_arbitrage_fund_keeps_the_gross_exposure_behind_a_net_of_nothing() -> None:
    arbitrage = compositions(np.array([1, 1]), np.array([0, 0]), np.array([0.6, -0.6]), 2, 1)
    found = lookthrough.resolve_nested(arbitrage, np.array([0]), np.array([1]), np.array([0.5]))
    assert (found.net.tolist(), found.gross.tolist()) == ([0.0, 0.0], [0.6, 1.2])


def test_funds_that_hold_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        nested(np.ones((2, 1)), np.array([[0.0, 0.5], [0.5, 0.0]]))


@pytest.mark.parametrize(
    ("fund", "security", "weight", "message"),
    [(0, 0, np.nan, "weights"), (2, 0, 0.1, "fund"), (-1, 0, 0.1, "fund"), (0, 5, 0.1, "security")],
)
def test_a_line_that_cannot_be_placed_is_refused(fund: int, security: int, weight: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compositions(np.array([fund]), np.array([security]), np.array([weight]), 2, 3)


def test_unknown_or_negative_amounts_and_wrong_shapes_are_refused() -> None:
    funds = held(np.array([[0.5, 0.5]]))
    for amounts, direct in (
        ([np.nan], [0, 0]),
        ([-1.0], [0, 0]),
        ([1.0], [0, np.nan]),
        ([1.0, 2.0], [0, 0]),
        ([1.0], [0]),
    ):
        with pytest.raises(ValueError, match=r"amounts|disclosed"):
            look_through(funds, np.array(amounts, float), np.array(direct, float))
    with pytest.raises(ValueError, match="weights"):
        lookthrough.resolve_nested(funds, np.array([0]), np.array([0]), np.array([-0.1]))


def test_without_funds_only_what_is_held_directly_remains() -> None:
    found = look_through(held(np.zeros((0, 2))), np.zeros(0), np.array([3.0, 4.0]))
    assert found.net.tolist() == [3.0, 4.0]
