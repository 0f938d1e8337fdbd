"""All bars of a year into a matrix, as the first report after a start needs them."""

from __future__ import annotations

import pandas as pd

from app.domain.prices import DailyBars
from app.store.bar_copy import BAR_FIELDS
from app.store.prices import load_bars
from benchmarks.agreement import check_equal
from benchmarks.pandas_read import read_frame
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

OWN_TABLE = """SELECT symbol, bar_date, {columns} FROM risk_daily_bars JOIN risk_price_series USING (series_id)
               WHERE symbol = ANY(%(symbols)s) AND source = 'csv'"""
HOST_TABLE = "SELECT scrip_id, price_date, price_close FROM rt_intraday_price WHERE scrip_id = ANY(%(symbols)s)"


def build(scene: Scene) -> Comparison:
    """Ours brings whole bars with volumes; the peers are shown with the closes alone and with all five columns."""
    symbols = list(scene.market.symbols)

    def ours() -> DailyBars:
        with scene.database.transaction() as connection:
            return load_bars(connection, symbols, ("csv",))

    def read(query: str) -> pd.DataFrame:
        rows = read_frame(scene.connection, query, {"symbols": symbols})
        return rows.pivot(index=rows.columns[1], columns=rows.columns[0])

    def closes() -> pd.DataFrame:
        return read(OWN_TABLE.format(columns="close"))

    def all_columns() -> pd.DataFrame:
        return read(OWN_TABLE.format(columns=", ".join(BAR_FIELDS)))

    def closes_of_host() -> pd.DataFrame:
        return read(HOST_TABLE)

    bars, frame = ours(), all_columns()
    all_bars = {name: getattr(bars, f"{name}s") for name in BAR_FIELDS}
    count = check_equal("all columns", all_bars, {name: frame[name].to_numpy() for name in all_bars}, 0.0)
    for name, frame in (("closes", closes()), ("dashboard's table", closes_of_host())):
        check_equal(name, bars.closes, frame.to_numpy(), 0.0)
    return Comparison(
        f"Cold load: {scene.scale.days} days x {len(symbols)} series into matrices",
        (
            Candidate("this app: open, high, low, close and volume", ours),
            Candidate("pandas.read_sql and pivot: close alone", closes),
            Candidate("pandas.read_sql and pivot: open, high, low, close and volume", all_columns, goal=3),
            Candidate("pandas.read_sql and pivot: close alone, dashboard's table with dates as text", closes_of_host),
        ),
        f"{count} figures exactly equal.",
    )
