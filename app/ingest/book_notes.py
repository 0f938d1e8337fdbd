"""What a person is told of a book of shares or funds that was just brought in."""

from __future__ import annotations

from app.domain.fund_holdings import FundBook
from app.domain.holdings import HoldingsSnapshot

Book = HoldingsSnapshot | FundBook


def rows_changed(brought: Book, before: Book | None) -> int:
    """Rows that a book which differs from the one ``before`` changed: its own, or those that left where it is empty."""
    return len(brought.holdings) or len(before.holdings if before else ())


def notes_on_book(brought: Book, in_force: Book | None) -> tuple[str, ...]:
    """That a newer book stays in force, or that the one brought in is empty."""
    if in_force is not None and in_force.as_of > brought.as_of:
        use = "this one counts for reports of days before that"
        return (f"it is of {brought.as_of}; the newer book of {in_force.as_of} stays in force, {use}",)
    return () if brought.holdings else (f"the book is empty from {brought.as_of} on",)
