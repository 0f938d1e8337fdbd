from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from sqlalchemy import event, text

from app.Boilerplate import Boilerplate
from app.domain.disclosures import LineKind, PortfolioLines, Source
from app.store.disclosures import find_portfolio, load_disclosures, load_portfolios
from tests.integration.conftest import TODAY
from tests.integration.disclosure_files import (
    OCTOBER,
    SCHEME,
    SEPTEMBER,
    SYMBOL,
    bring_disclosure,
    fund_file,
    one_fund,
    scheme_sheet,
)
from tests.integration.importing import bring_securities, rows
from tests.integration.input_files import ISINS, index_list
from tests.unit.sources.amc.portfolios import body

OTHER = "Sample Mid Cap Fund"


@pytest.fixture
def filled(database: Boilerplate) -> Boilerplate:
    """Two schemes in October, one of them in September too."""
    bring_disclosure(database, one_fund(as_on=SEPTEMBER), "september.xlsx")
    bring_disclosure(database, fund_file(scheme_sheet(), scheme_sheet(OTHER)), "october.xlsx")
    return database


def load(database: Boilerplate, ids: list[int] | None = None, as_of: date | None = None) -> PortfolioLines:
    with database.transaction() as connection:
        return load_portfolios(connection, ids, as_of)


def ids_of(database: Boilerplate) -> dict[str, int]:
    found = rows(database, "SELECT scheme_name, portfolio_id FROM risk_portfolios")
    return {str(name): int(str(portfolio)) for name, portfolio in found}


def test_the_newest_portfolio_of_every_scheme_comes_as_columns(filled: Boilerplate) -> None:
    found = load(filled)
    assert [(one.name, one.as_on, one.source) for one in found.disclosures] == [
        (SCHEME, OCTOBER, Source.UPLOAD),
        (OTHER, OCTOBER, Source.UPLOAD),
    ]
    assert len(found) == 18
    assert found.portfolio.tolist() == [0] * 9 + [1] * 9
    assert np.bincount(found.portfolio, found.weight) == pytest.approx([100, 100])
    assert np.bincount(found.portfolio, found.value) == pytest.approx([2000e5, 2000e5])
    assert found.value[:9].tolist() == sorted(found.value[:9], reverse=True)
    share = found.isin == "INE002A01018"
    assert found.name[share].tolist() == ["Reliance Industries Limited"] * 2
    assert found.quantity[share].tolist() == [10_000.0] * 2
    assert set(found.kind) == {LineKind.EQUITY, LineKind.DEBT, LineKind.CASH}
    cash = found.kind == LineKind.CASH
    assert np.isnan(found.quantity[cash]).all()
    assert found.isin[cash].tolist() == [None] * 4
    assert found.in_total.all()
    assert (found.sign == 1).all()
    assert found.symbol.tolist() == found.sector.tolist() == [None] * 18


def test_an_earlier_day_gives_what_was_known_then(filled: Boilerplate) -> None:
    assert [(one.name, one.as_on) for one in load(filled, as_of=date(2026, 10, 30)).disclosures] == [
        (SCHEME, SEPTEMBER)
    ]
    nothing = load(filled, as_of=date(2026, 9, 29))
    assert nothing.disclosures == ()
    assert (len(nothing), nothing.weight.dtype) == (0, np.dtype(np.float64))


def test_only_the_schemes_asked_for_come(filled: Boilerplate) -> None:
    ids = ids_of(filled)
    assert [one.name for one in load(filled, [ids[OTHER], 999]).disclosures] == [OTHER]
    assert len(load(filled, [])) == 0


def test_any_number_of_schemes_takes_two_queries(filled: Boilerplate) -> None:
    with filled.transaction() as connection:
        asked: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
        load_portfolios(connection)
    assert len(asked) == 1, "the lines are a second query, which goes past SQLAlchemy"


def test_symbols_and_sectors_are_those_of_the_master(filled: Boilerplate) -> None:
    bring_securities(filled, index_list([("INFY", ISINS["INFY"], "Information Technology")]), "list.csv")
    found = load(filled)
    share = found.isin == ISINS["INFY"]
    assert found.symbol[share].tolist() == ["INFY"] * 2
    assert found.sector[share].tolist() == ["Information Technology"] * 2
    assert [symbol for symbol in found.symbol[~share] if symbol] == []


def test_all_months_of_a_scheme_are_known_with_where_they_come_from(filled: Boilerplate) -> None:
    with filled.transaction() as connection:
        found = load_disclosures(connection, [ids_of(filled)[SCHEME]])
    assert [(one.as_on, one.file, one.sheet, one.mf_symbol) for one in found] == [
        (SEPTEMBER, "september.xlsx", "S1", SYMBOL),
        (OCTOBER, "october.xlsx", "S1", SYMBOL),
    ]
    assert all(one.imported_at.tzinfo for one in found)


def test_a_refused_portfolio_never_comes_out(filled: Boilerplate) -> None:
    bring_disclosure(filled, one_fund(as_on=date(2026, 11, 15), rows=body()), "fortnight.xlsx", TODAY)
    assert [one.as_on for one in load(filled).disclosures] == [OCTOBER, OCTOBER]


def test_lines_that_somebody_deleted_take_their_side_rows_along(filled: Boilerplate) -> None:
    with filled.transaction() as connection:
        connection.execute(text("DELETE FROM mf_underlying_holdings WHERE as_on_date = '2026-09-30'"))
    assert rows(filled, "SELECT count(*) FROM risk_disclosure_lines") == [(18,)]


def test_nobody_is_found_under_an_unknown_name(filled: Boilerplate) -> None:
    with filled.transaction() as connection:
        assert find_portfolio(connection, "INF000A01011") is None
        found = find_portfolio(connection, SYMBOL)
    assert found is not None
    assert found.name == SCHEME
