from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.snapshot_checks import Owned, fingerprint, why_doubtful

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


def test_the_first_answer_is_believed_whatever_it_says() -> None:
    assert why_doubtful((), (), 0) is None
    assert why_doubtful((), BOOK, 3) is None


def test_an_empty_answer_after_a_book_is_doubtful() -> None:
    assert why_doubtful(BOOK, (), 0) == "it is empty and the last one had 3 names"
    assert why_doubtful(BOOK, (Owned("A", 0, 100.0),), 0) == "it is empty and the last one had 3 names"


def test_more_than_three_fifths_of_the_value_gone_with_shares_is_doubtful() -> None:
    left = (Owned("B", 10, 50.0), Owned("C", 5, 20.0))
    assert why_doubtful(BOOK, left, 0) == "its value is 62% less, with 1 of 3 names gone or fewer"


def test_less_than_that_is_a_sale() -> None:
    assert why_doubtful(BOOK, (Owned("A", 10, 100.0),), 0) is None


def test_a_crash_in_prices_alone_is_believed() -> None:
    assert why_doubtful(BOOK, tuple(Owned(row.key, row.quantity, 1.0) for row in BOOK), 0) is None


def test_more_shares_than_before_are_believed() -> None:
    assert why_doubtful(BOOK, (*BOOK, Owned("D", 1, None)), 1) is None


def test_an_unreadable_row_is_doubtful_only_when_something_is_gone() -> None:
    assert why_doubtful(BOOK, BOOK, 2) is None
    gone = why_doubtful(BOOK, BOOK[:2], 1)
    assert gone == "1 of its rows can't be read and 1 of 3 names have less than before"


def test_shares_without_a_new_price_count_at_the_old_one() -> None:
    unpriced = tuple(Owned(row.key, row.quantity, None) for row in BOOK)
    assert why_doubtful(BOOK, (*unpriced[:2], Owned("C", 4, None)), 0) is None


def test_without_any_price_names_are_counted() -> None:
    bare = tuple(Owned(row.key, row.quantity, None) for row in BOOK)
    assert why_doubtful(bare, bare[:1], 0) == "its value is 67% less, with 2 of 3 names gone or fewer"
    assert why_doubtful(bare, bare[:2], 0) is None


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
    reason = why_doubtful(before, now, rejected)
    assert reason is None or "nan" not in reason
