from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.snapshot_checks import Doubt, Owned, fingerprint, why_doubtful

BOOK = (Owned("A", 10, 100.0), Owned("B", 10, 50.0), Owned("C", 5, 20.0))
"""1,600 rupees."""
books = st.lists(
    st.builds(
        Owned,
        st.sampled_from("ABCDE"),
        st.integers(0, 50).map(float),
        st.none() | st.floats(0.05, 5000, allow_subnormal=False),
    ),
    max_size=6,
)


def reason(before: Sequence[Owned], now: Sequence[Owned], rejected: int = 0) -> str | None:
    """Why it waits for a person's word, whatever is seen again."""
    doubt = why_doubtful(before, now, rejected)
    assert doubt is None or not doubt.passes
    return doubt.reason if doubt else None


def at_prices(factor: float, book: Sequence[Owned] = BOOK) -> tuple[Owned, ...]:
    return tuple(replace(row, price=row.price and row.price * factor) for row in book)


def test_the_first_answer_is_believed_whatever_it_says() -> None:
    assert why_doubtful((), (), 0) is None
    assert why_doubtful((), BOOK, 3) is None


def test_an_empty_answer_after_a_book_is_doubtful() -> None:
    assert reason(BOOK, ()) == "it is empty and the last one had 3 names"
    assert reason(BOOK, (Owned("A", 0, 100.0),)) == "it is empty and the last one had 3 names"


def test_more_than_three_fifths_of_the_value_gone_with_shares_is_doubtful() -> None:
    left = (Owned("B", 10, 50.0), Owned("C", 5, 20.0))
    assert reason(BOOK, left) == "its value is 62% less, with 1 of 3 names gone or fewer"


def test_less_than_that_is_a_sale() -> None:
    assert why_doubtful(BOOK, (Owned("A", 10, 100.0),), 0) is None


def test_a_crash_in_prices_alone_is_believed() -> None:
    assert why_doubtful(BOOK, at_prices(0.4), 0) is None


def test_more_shares_than_before_are_believed() -> None:
    assert why_doubtful(BOOK, (*BOOK, Owned("D", 1, None)), 1) is None
    assert why_doubtful(BOOK, tuple(replace(row, quantity=2 * row.quantity) for row in BOOK), 0) is None


def test_an_unreadable_row_is_doubtful_only_when_something_is_gone() -> None:
    assert why_doubtful(BOOK, BOOK, 2) is None
    assert reason(BOOK, BOOK[:2], 1) == "1 of its rows can't be read and 1 of 3 names have less than before"


def test_shares_without_a_new_price_count_at_the_old_one() -> None:
    unpriced = (BOOK[0], replace(BOOK[1], price=None), Owned("C", 4, None))
    assert why_doubtful(BOOK, unpriced, 0) is None


def test_a_book_that_lost_the_prices_of_most_of_its_value_is_doubtful() -> None:
    bare = tuple(replace(row, price=None) for row in BOOK)
    assert reason(BOOK, bare) == "3 of 3 names have no price any more"
    assert reason(BOOK, (bare[0], *BOOK[1:])) == "1 of 3 names have no price any more"
    assert why_doubtful(bare, bare, 0) is None


def test_without_any_price_names_are_counted() -> None:
    bare = tuple(Owned(row.key, row.quantity, None) for row in BOOK)
    assert reason(bare, bare[:1]) == "its value is 67% less, with 2 of 3 names gone or fewer"
    assert why_doubtful(bare, bare[:2], 0) is None


def test_prices_a_hundred_times_as_high_are_doubtful_for_all_and_for_one() -> None:
    assert reason(BOOK, at_prices(100)) == "prices of 3 of 3 names are more than 3 times the last ones"
    assert reason(BOOK, (*BOOK[:2], *at_prices(100, BOOK[2:]))) is not None


def test_prices_of_the_whole_book_a_hundredth_as_high_are_doubtful_and_one_split_is_not() -> None:
    assert reason(BOOK, at_prices(0.01)) == "prices of 3 of 3 names are less than a third of the last ones"
    assert why_doubtful(BOOK, (*at_prices(0.1, BOOK[:1]), *BOOK[1:]), 0) is None


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_prices_that_the_stored_closes_bear_out_are_believed(factor: float) -> None:
    moved = at_prices(factor)
    closes = {row.key: row.price or 0.0 for row in moved}
    assert why_doubtful(BOOK, moved, 0, closes) is None
    assert why_doubtful(BOOK, moved, 0, {row.key: row.price or 0.0 for row in BOOK}) is not None


def test_a_consolidation_and_a_split_leave_the_value_and_are_believed() -> None:
    for ratio in (10.0, 0.1):
        changed = tuple(Owned(row.key, row.quantity / ratio, (row.price or 0.0) * ratio) for row in BOOK)
        assert why_doubtful((*BOOK, Owned("D", 1, 1000.0)), (*changed, Owned("D", 1, 1000.0)), 0) is None


def test_a_row_sent_twice_is_doubtful_even_in_the_first_answer() -> None:
    row = Owned("A", 10, 100.0, ("NSE A", "NSE token 5"))
    assert reason((), (row, row)) == "1 of its rows came before, NSE A for one"
    assert reason((), (row, replace(row, places=("NSE B", "NSE token 5")))) is not None


def test_a_share_on_two_exchanges_is_no_row_sent_twice() -> None:
    rows = (Owned("A", 10, 100.0, ("NSE A", "NSE token 5")), Owned("A", 5, 100.0, ("BSE A", "BSE token 5")))
    assert why_doubtful(rows, rows, 0) is None


def test_many_names_gone_at_once_are_doubtful_until_seen_again() -> None:
    book = (Owned("BIG", 10, 1000.0), *(Owned(f"S{number}", 1, 100.0) for number in range(17)))
    assert why_doubtful(book, book[:5], 0) == Doubt("13 of 18 names are gone at once", passes=True)
    assert why_doubtful(book, book[:14], 0) is None


def test_a_holding_that_grew_beyond_a_purchase_is_doubtful_until_seen_again() -> None:
    grown = (replace(BOOK[0], quantity=3e9), *BOOK[1:])
    assert why_doubtful(BOOK, grown, 0) == Doubt("1 of 3 names are worth more than 5 times what they were", passes=True)
    assert why_doubtful(BOOK, (*BOOK[:2], replace(BOOK[2], quantity=26)), 0) == Doubt(
        "1 of 3 names are worth more than 5 times what they were", passes=True
    )
    small = (*BOOK, Owned("D", 1, 10.0))
    assert why_doubtful(small, (*BOOK, Owned("D", 40, 10.0)), 0) is None, "a quarter of the book"


def test_rows_of_one_share_on_two_exchanges_count_together() -> None:
    split = (Owned("A", 4, 100.0), Owned("A", 6, 100.0), *BOOK[1:])
    assert fingerprint(split) == fingerprint(BOOK)
    assert why_doubtful(BOOK, split, 1) is None


def test_the_fingerprint_knows_quantities_and_no_prices() -> None:
    assert fingerprint(BOOK) == fingerprint(tuple(Owned(row.key, row.quantity, 1.0) for row in reversed(BOOK)))
    assert fingerprint(BOOK) != fingerprint(BOOK[:2])


@given(books, st.integers(0, 3))
def test_the_same_again_is_never_doubtful(book: list[Owned], rejected: int) -> None:
    assert why_doubtful(book, book, rejected) is None


@given(books)
def test_losing_everything_is_always_doubtful(book: list[Owned]) -> None:
    owns = any(row.quantity > 0 for row in book)
    assert (why_doubtful(book, [], 0) is not None) is owns


@pytest.mark.parametrize("rejected", [0, 1])
@given(before=books, now=books)
def test_any_two_answers_can_be_compared(before: list[Owned], now: list[Owned], rejected: int) -> None:
    doubt = why_doubtful(before, now, rejected)
    assert doubt is None or "nan" not in doubt.reason
