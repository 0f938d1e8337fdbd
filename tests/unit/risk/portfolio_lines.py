"""Portfolios of funds made in code: a line is (name, ISIN, kind, weight in percent)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np

from app.domain.disclosures import Disclosure, LineKind, PortfolioLines, Source

Line = tuple[str, str | None, LineKind, float]
AS_ON = date(2026, 10, 31)


def portfolios(
    funds: Mapping[str, Sequence[Line]], as_on: dict[str, date] | None = None, partial: Sequence[str] = ()
) -> PortfolioLines:
    """Lines of the funds, by name; all in total, of 31 October 2026 unless said otherwise."""
    rows = [(at, line) for at, lines in enumerate(funds.values()) for line in lines]
    names = [line[0] for _, line in rows]
    weights = np.array([line[3] for _, line in rows], float)
    nothing = np.full(len(rows), None, object)
    return PortfolioLines(
        disclosures=tuple(
            _disclosure(at, name, (as_on or {}).get(name, AS_ON), name in partial) for at, name in enumerate(funds)
        ),
        portfolio=np.array([at for at, _ in rows], np.int64),
        isin=np.array([line[1] for _, line in rows], object),
        symbol=nothing,
        name=np.array(names, object),
        sector=nothing,
        industry=nothing,
        kind=np.array([line[2] for _, line in rows], object),
        weight=weights,
        value=weights * 1e5,
        quantity=np.full(len(rows), np.nan),
        sign=np.where(weights < 0, -1, 1),
        in_total=np.ones(len(rows), bool),
    )


def _disclosure(at: int, name: str, as_on: date, partial: bool) -> Disclosure:
    return Disclosure(
        disclosure_id=at, portfolio_id=at, mf_symbol=f"mf{at}", name=name, as_on=as_on, file="f", sheet="s", sha256="0",
        parser_version=1, source=Source.UPLOAD, partial=partial, stated_total=1e7, sum_of_weights=100.0,
        gross_equity=None, net_equity=None, warnings=(), imported_at=datetime(2026, 11, 10, tzinfo=UTC),
    )  # fmt: skip
