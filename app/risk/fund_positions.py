"""Fund holdings into positions: one for each ISIN, tied to AMFI's scheme and to the portfolio its plans share. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from app.domain.fund_holdings import FundHolding
from app.domain.navs import LONGEST_PAUSE, NavHistory
from app.domain.schemes import FundIdentity
from app.risk.fund_book import FundPosition
from app.risk.positions import Position


@dataclass(frozen=True, slots=True)
class Nav:
    """Rupees a unit with its day and where it is from; None when there is none."""

    value: float | None
    day: date | None
    source: str


def merge_holdings(
    holdings: Iterable[FundHolding],
    book_day: date,
    known: Mapping[str, FundIdentity],
    history: NavHistory,
    as_of: date | None,
) -> tuple[FundPosition, ...]:
    """Positions in order of first appearance; the folios of one ISIN become one. Valued at the newest NAV."""
    folios: dict[str, list[FundHolding]] = defaultdict(list)
    for holding in holdings:
        if holding.quantity > 0:
            folios[holding.isin].append(holding)
    newest = _newest(history)
    return tuple(
        _position(isin, rows, known.get(isin), _nav(rows, book_day, newest.get(isin), as_of))
        for isin, rows in folios.items()
    )


def _position(isin: str, rows: Sequence[FundHolding], identity: FundIdentity | None, nav: Nav) -> FundPosition:
    scheme, portfolio = (identity.scheme, identity.portfolio) if identity else (None, None)
    quantity = sum(row.quantity for row in rows)
    return FundPosition(
        mf_symbol=portfolio.mf_symbol if portfolio else isin,
        isin=isin,
        portfolio_id=portfolio.portfolio_id if portfolio else None,
        amfi_code=scheme.amfi_code if scheme else None,
        name=rows[0].name,
        house=scheme.house if scheme else None,
        category=scheme.category if scheme else None,
        family=scheme.family if scheme else None,
        plan=scheme.plan if scheme else None,
        option=scheme.option if scheme else None,
        folios=tuple(dict.fromkeys(row.folio for row in rows if row.folio)),
        quantity=quantity,
        pledged=sum(row.pledged for row in rows),
        average_price=_average_price(rows, quantity),
        nav=nav.value,
        nav_date=nav.day,
        nav_source=nav.source,
        value=None if nav.value is None else nav.value * quantity,
    )


def direct_unit(share: Position, identity: FundIdentity | None) -> FundPosition:
    """A unit of a fund held in the demat account: what it is worth is told by the market, so that no NAV is needed."""
    name = identity.scheme.name if identity else share.name
    row = FundHolding(str(share.isin), None, name, share.quantity, share.average_price)
    return _position(row.isin, (row,), identity, Nav(None, None, "market price"))


def _average_price(rows: Sequence[FundHolding], quantity: float) -> float | None:
    """Cost a unit over all folios; None as soon as one has none, because part of a cost is no cost."""
    costs = [row.quantity * row.average_price for row in rows if row.average_price is not None]
    return sum(costs) / quantity if len(costs) == len(rows) else None


def _newest(history: NavHistory) -> dict[str, Nav]:
    """The newest NAV of each fund that has one."""
    found = {}
    for column, symbol in enumerate(history.mf_symbols):
        rows = np.flatnonzero(np.isfinite(history.navs[:, column]))
        if len(rows):
            day: date = history.days[rows[-1]].astype(object)
            found[symbol] = Nav(float(history.navs[rows[-1], column]), day, "NAV history")
    return found


def _nav(rows: Sequence[FundHolding], book_day: date, kept: Nav | None, as_of: date | None) -> Nav:
    """The newer of the history's and the report's NAV; an undated one of the report counts when the history is old."""
    quoted = max((row for row in rows if row.nav), key=lambda row: row.nav_date or date.min, default=None)
    report = Nav(quoted.nav, quoted.nav_date or book_day, "holdings report") if quoted else Nav(None, None, "no NAV")
    if kept is None or kept.day is None or quoted is None:
        return kept or (report if as_of is None or (report.day or as_of) <= as_of else Nav(None, None, "no NAV"))
    if as_of is not None:
        return kept
    late = (book_day - kept.day).days > LONGEST_PAUSE if quoted.nav_date is None else quoted.nav_date > kept.day
    return report if late else kept
