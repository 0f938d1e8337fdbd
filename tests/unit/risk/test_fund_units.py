from __future__ import annotations

from collections import defaultdict

import pytest

from app.domain.data_issues import Severity
from app.domain.disclosures import LineKind
from app.domain.schemes import Portfolio
from app.risk.fund_units import NamedUnit, ResolvedLines, named_issues, resolve_units, units_by_name
from tests.unit.risk.portfolio_lines import Line, portfolios

SHARES: list[Line] = [("A", "INE1", LineKind.EQUITY, 60.0), ("B", "INE2", LineKind.EQUITY, 38.0)]
CASH: Line = ("Cash", None, LineKind.CASH, 2.0)
OF = {"INF0": 0, "INF1": 1, "INF2": 2, "INF3": 3, "INF4": 4}


def unit(isin: str | None, weight: float) -> Line:
    return (f"unit {isin}", isin, LineKind.FUND_UNIT, weight)


def resolved(*funds: list[Line]) -> tuple[list[dict[str, float]], ResolvedLines]:
    """Percent by name of each fund, and the whole answer."""
    lines = portfolios({f"fund {at}": fund for at, fund in enumerate(funds)})
    found = resolve_units(lines, OF)
    sums: list[dict[str, float]] = [defaultdict(float) for _ in funds]
    for owner, line, weight in zip(found.portfolio, found.line, found.weight, strict=True):
        sums[owner][lines.name[line]] += weight
    return sums, found


def test_a_portfolio_of_shares_is_as_it_was() -> None:
    (own,), found = resolved([*SHARES, CASH])
    assert own == {"A": 60.0, "B": 38.0, "Cash": 2.0}
    assert found.unresolved == ()


def test_a_unit_becomes_what_its_fund_holds_in_proportion() -> None:
    (_, fof), found = resolved([*SHARES, CASH], [unit("INF0", 90.0), ("Cash", None, LineKind.CASH, 10.0)])
    assert fof == pytest.approx({"A": 54.0, "B": 34.2, "Cash": 11.8})
    assert found.unresolved == ()


def test_funds_in_funds_in_funds_are_taken_apart_down_to_the_shares() -> None:
    sums, _ = resolved(SHARES, [unit("INF0", 50.0)], [unit("INF1", 50.0), *SHARES])
    assert sums[2] == pytest.approx({"A": 75.0, "B": 47.5})


def test_an_unknown_unit_stays_whole_and_is_named() -> None:
    (own,), found = resolved([unit("INF9", 70.0), unit(None, 30.0)])
    assert own == {"unit INF9": 70.0, "unit None": 30.0}
    assert [(one.portfolio, one.weight, one.reason) for one in found.unresolved] == [
        (0, 70.0, "no portfolio of it is stored"),
        (0, 30.0, "no portfolio of it is stored"),
    ]


def test_funds_that_hold_each_other_end() -> None:
    sums, found = resolved([unit("INF1", 50.0), *SHARES], [unit("INF0", 40.0)])
    assert sums[0] == pytest.approx({"unit INF0": 20.0, "A": 60.0, "B": 38.0})
    assert {one.reason for one in found.unresolved} == {"it leads back to a fund that holds it"}


def test_what_is_too_deep_stays_whole() -> None:
    chain = [SHARES, *([unit(f"INF{at}", 100.0)] for at in range(4)), [unit("INF4", 100.0)]]
    sums, found = resolved(*chain)
    assert sums[4] == pytest.approx({"unit INF0": 100.0})
    assert [one.portfolio for one in found.unresolved] == [4, 5]
    assert sums[3] == pytest.approx({"A": 60.0, "B": 38.0})


def test_a_unit_that_is_owed_is_not_taken_apart() -> None:
    _, found = resolved(SHARES, [unit("INF0", -5.0)])
    assert found.unresolved[0].reason == "it is owed, not held"


def test_nothing_is_nothing() -> None:
    assert resolve_units(portfolios({}), {}).weight.shape == (0,)
    assert resolve_units(portfolios({"empty": []}), {}).line.shape == (0,)


def stored(number: int, name: str, house: str | None = "groww mutual fund") -> Portfolio:
    return Portfolio(number, f"mf{number}", None, name, house, "name")


def test_a_unit_whose_isin_nobody_knows_is_tied_by_its_name_within_its_house() -> None:
    lines = portfolios({"fof": [unit("INF9", 97.0)]})
    lines.name[0] = "GROWW Gold Exchange Traded Fund"
    own, other = stored(0, "Groww Gold ETF FOF"), stored(7, "Groww Gold ETF")
    found = units_by_name(lines, {"INF9"}, [own, other])
    assert found == {"INF9": NamedUnit("GROWW Gold Exchange Traded Fund", other)}
    (issue,) = named_issues(found)
    assert (issue.code, issue.severity, issue.subject) == ("unit_by_name", Severity.INFO, "INF9")
    assert units_by_name(lines, set(), [own, other]) == {}


@pytest.mark.parametrize(
    "others",
    [
        [stored(7, "Groww Gold ETF", "other mutual fund")],
        [stored(7, "Groww Gold ETF", None)],
        [stored(7, "Groww Gold ETF"), stored(8, "GROWW GOLD ETF")],
        [stored(7, "Groww Silver ETF")],
    ],
    ids=["of another house", "of no house", "two of one name", "of another name"],
)
def test_a_name_that_is_not_surely_one_portfolio_ties_nothing(others: list[Portfolio]) -> None:
    lines = portfolios({"fof": [unit("INF9", 97.0)]})
    lines.name[0] = "Groww Gold ETF"
    assert units_by_name(lines, {"INF9"}, [stored(0, "Groww Gold ETF FOF"), *others]) == {}
