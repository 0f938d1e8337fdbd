from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from app.domain.data_issues import DataIssue, Severity
from app.domain.fingerprints import fingerprint
from app.domain.risk_runs import NO_WINDOW, Asked, BooksUsed, Computed, inputs_by_field
from app.risk.combined_book import CombinedBook
from app.risk.equity_history import computed_run, share_inputs
from app.risk.equity_measures import RiskOptions
from app.risk.equity_report import Book
from app.risk.fund_book import FundBook
from app.risk.fund_loading import FundChoices
from app.risk.run_figures import measures_of
from app.risk.run_keeping import inputs_of
from app.risk.valuation import Price
from tests.unit.risk.books import OPTIONS, TODAY, book_of, market, panel_of, report_of

PLAIN = (NoneType, bool, str, int, float, bytes, date, np.ndarray)
"""Of these a fingerprint knows the content; so of their subclasses (enums of texts, datetimes)."""
BOOK = book_of(panel_of(*market()))
REPORT = report_of(BOOK, OPTIONS)
ASKED = Asked(TODAY)


def named(book: Book = BOOK, asked: Asked = ASKED, options: RiskOptions = OPTIONS) -> dict[str, str]:
    return inputs_of(computed_run(book, REPORT, options, asked), "1.0")


def leaves(kind: Any) -> set[Any]:
    """The plain types that a value of type ``kind`` is built from, by its annotations."""
    origin = get_origin(kind)
    if origin in {Union, UnionType, tuple, Mapping, Sequence, dict, list, frozenset}:
        return {leaf for part in get_args(kind) if part is not Ellipsis for leaf in leaves(part)}
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        compared = [field.name for field in dataclasses.fields(kind) if field.compare]
        return {leaf for name in compared for leaf in leaves(hints[name])}
    return {origin or kind}


@pytest.mark.parametrize("kind", [Book, FundBook, CombinedBook, RiskOptions, FundChoices, Asked])
def test_nothing_that_a_report_is_computed_from_is_without_a_fingerprint(kind: type) -> None:
    assert [leaf for leaf in leaves(kind) if not (isinstance(leaf, type) and issubclass(leaf, PLAIN))] == []


def test_the_mark_of_corrected_prices_is_no_input_by_whichever_way_it_comes() -> None:
    """It is an object that only equals itself: it stopped the daily job once."""
    marked = replace(BOOK, restated=object())
    assert named(marked) == named()
    assert "restated" not in inputs_by_field(marked)
    assert fingerprint(marked) == fingerprint(BOOK)
    fingerprint(inputs_by_field(marked))


def test_live_prices_are_no_input() -> None:
    assert named(replace(BOOK, live=(Price(1.0, TODAY, "live"),) * len(BOOK.positions))) == named()


@pytest.mark.parametrize(
    "asked",
    [
        replace(ASKED, windows=("60d",)),
        replace(ASKED, horizon_days=10),
        replace(ASKED, is_newest=True),
    ],
)
def test_another_question_is_another_run(asked: Asked) -> None:
    changed = {name for name, digest in named(asked=asked).items() if digest != named()[name]}
    assert changed == {"question"}


def test_a_named_day_counts_by_its_closes_and_today_as_such() -> None:
    weekend = date(2025, 9, 20)
    assert named(asked=Asked(weekend)) == named()
    assert named(asked=Asked(weekend, is_newest=True)) != named(asked=replace(ASKED, is_newest=True))


def test_a_note_on_a_feed_is_an_input() -> None:
    note = DataIssue("feed", Severity.WARNING, "NSE", "late")
    assert named(replace(BOOK, feed_issues=(note,))) != named()


def test_all_measures_of_all_windows_are_kept_with_their_reasons() -> None:
    rows = [row for row in measures_of(REPORT) if row.window != NO_WINDOW]
    assert len(rows) == sum(len(window.measures) for window in REPORT.windows.values())
    assert all((row.value is None) == bool(row.unavailable) for row in rows)
    assert {row.window for row in rows} == set(REPORT.windows)


def test_the_code_is_one_of_the_inputs() -> None:
    computed = Computed(REPORT, ASKED, share_inputs(BOOK), BooksUsed())
    one, other = (inputs_of(computed, code) for code in ("1.0+a", "1.0+b"))
    assert one["prices"] == other["prices"]
    assert one != other
