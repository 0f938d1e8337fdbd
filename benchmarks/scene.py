"""What every comparison starts from: a filled database, the calculator over it, and the same book for its peers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd
from psycopg2 import extensions

from app.Boilerplate import Boilerplate
from app.measures.conventions import RISK_FREE
from app.risk.equity_measures import RiskOptions
from app.risk.EquityRiskCalculator import EquityRiskCalculator
from benchmarks.database import fill
from benchmarks.market import INDEX, NOW, SEED, Market, Scale, generate, holdings, securities
from benchmarks.report_peers import PeerBook

PARTICIPATION = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """``connection`` is psycopg2's own, one for all peers and the whole run."""

    scale: Scale
    market: Market
    database: Boilerplate
    connection: extensions.connection

    @property
    def options(self) -> RiskOptions:
        """The app's defaults, with the paths of the scale."""
        return RiskOptions(RISK_FREE, PARTICIPATION, "bootstrap", self.scale.paths, SEED)

    def calculator(self) -> EquityRiskCalculator:
        """A calculator that has read nothing yet."""
        return EquityRiskCalculator(self.database, self.options, None, lambda: NOW)

    def peer_book(self, *, monte_carlo: bool) -> PeerBook:
        """The book as the peers are told of it."""
        rows = holdings(self.market, self.scale.held).holdings
        sectors = {security.symbol: str(security.sector) for security in securities(self.market)}
        return PeerBook(
            quantities=pd.Series({row.symbol: row.owned_quantity for row in rows}),
            sectors=pd.Series({row.symbol: sectors[row.symbol] for row in rows}),
            index=INDEX,
            days=self.market.days.astype(str).tolist(),
            participation=PARTICIPATION,
            paths=self.scale.paths if monte_carlo else 0,
        )


@contextmanager
def open_scene(database: Boilerplate, scale: Scale) -> Iterator[Scene]:
    """Fill an empty, migrated database and give the scene over it."""
    market = generate(scale)
    fill(database, market, scale.held)
    pooled = database.get_db_connection()
    connection = pooled.driver_connection
    assert isinstance(connection, extensions.connection)
    connection.autocommit = True
    try:
        yield Scene(scale, market, database, connection)
    finally:
        connection.autocommit = False
        pooled.close()
