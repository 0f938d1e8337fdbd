"""All bars of a year into a matrix, as the first report after a start needs them."""

from __future__ import annotations

import pandas as pd

from app.domain.prices import DailyBars
from app.store.prices import load_bars
from benchmarks.agreement import check_equal
from benchmarks.pandas_read import read_frame
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

OWN_TABLE = """SELECT symbol, bar_date, {columns} FROM risk_daily_bars JOIN risk_price_series USING (series_id)
               WHERE symbol = ANY(%(symbols)s) AND source = 'csv'"""
HOST_TABLE = "SELECT scrip_id, price_date, price_close FROM rt_intraday_price WHERE scrip_id = ANY(%(symbols)s)"


def build(scene: Scene) -> Comparison:
    """Ours brings opens, closes and volumes; the peers are shown with the closes alone and with all three."""
    symbols = list(scene.market.symbols)

    def ours() -> DailyBars:
        with scene.database.transaction() as connection:
            return load_bars(connection, symbols, ("csv",))

    def read(query: str) -> pd.DataFrame:
        rows = read_frame(scene.connection, query, {"symbols": symbols})
        return rows.pivot(index=rows.columns[1], columns=rows.columns[0])

    def closes() -> pd.DataFrame:
        return read(OWN_TABLE.format(columns="close"))

    def three_columns() -> pd.DataFrame:
        return read(OWN_TABLE.format(columns="open, close, volume"))

    def closes_of_host() -> pd.DataFrame:
        return read(HOST_TABLE)

    bars, three = ours(), three_columns()
    all_bars = {"open": bars.opens, "close": bars.closes, "volume": bars.volumes}
    count = check_equal("three columns", all_bars, {name: three[name].to_numpy() for name in all_bars}, 0.0)
    for name, frame in (("closes", closes()), ("dashboard's table", closes_of_host())):
        check_equal(name, bars.closes, frame.to_numpy(), 0.0)
    return Comparison(
        f"Cold load: {scene.scale.days} days x {len(symbols)} series into matrices",
        (
            Candidate("this app: open, close and volume", ours),
            Candidate("pandas.read_sql and pivot: close alone", closes),
            Candidate("pandas.read_sql and pivot: open, close and volume", three_columns, goal=3),
            Candidate("pandas.read_sql and pivot: close alone, dashboard's table with dates as text", closes_of_host),
        ),
        f"{count} figures exactly equal.",
    )
