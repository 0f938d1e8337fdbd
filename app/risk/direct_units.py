"""Units of funds in the demat account, ETFs above all: the portfolios of their schemes out of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from sqlalchemy import Connection

from app.risk.fund_book import DirectUnits, FundBook
from app.risk.fund_lines import of_funds
from app.risk.fund_opening import disclosure_of, open_portfolios, place_opened
from app.risk.fund_positions import direct_unit
from app.risk.positions import Position, is_fund_unit
from app.risk.unit_classes import unit_class
from app.store.schemes import load_identities


def load_direct_units(
    connection: Connection, book: FundBook, shares: Sequence[Position], as_of: date | None
) -> tuple[FundBook, DirectUnits | None]:
    """Those of ``shares`` that are units of funds, None for none, with what their funds hold up to ``as_of``.

    The book comes back with the lines and securities of their portfolios among its own.
    """
    units = [share for share in shares if is_fund_unit(share)]
    if not units:
        return book, None
    known = load_identities(connection, [*(one.isin for one in book.positions), *(str(share.isin) for share in units)])
    opened = open_portfolios(connection, known, book.styles, as_of)
    placed = place_opened(connection, opened)
    own = disclosure_of(book.positions, opened.lines)
    positions = [direct_unit(share, known.get(str(share.isin))) for share in units]
    at = disclosure_of(positions, opened.lines)
    both = np.concatenate([own, at[at >= 0]])
    classes = {one.isin: unit_class(one.name, one.category, one.isin) for one in positions}
    wide = replace(
        book,
        lines=opened.lines,
        disclosure=own,
        securities=placed.securities,
        place=placed.place,
        compositions=of_funds(placed.held, own),
        issues=tuple(dict.fromkeys([*book.issues, *opened.issues])),
    )
    seen = tuple(position for position, place in zip(positions, at.tolist(), strict=True) if place >= 0)
    kinds = {isin: kind for isin, kind in classes.items() if kind}
    return wide, DirectUnits(seen, both, of_funds(placed.held, both), kinds)
