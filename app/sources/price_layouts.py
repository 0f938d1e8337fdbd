"""Layouts of price files, by the names of their columns; those of derivatives are known only to be refused."""

from __future__ import annotations

from app.sources.tabular import Layout

LONG = Layout(
    "long table",
    {
        "symbol": ("symbol", "tradingsymbol", "ticker"),
        "date": ("date", "timestamp", "datetime", "tradedate"),
        "open": ("open",),
        "high": ("high",),
        "low": ("low",),
        "close": ("close",),
        "volume": ("volume",),
    },
    ("symbol", "date", "close"),
    "symbol, date, open, high, low, close, volume",
)
CLASSIC_BHAVCOPY = Layout(
    "classic bhavcopy",
    {
        "symbol": ("symbol",),
        "series": ("series",),
        "date": ("timestamp",),
        "open": ("open",),
        "high": ("high",),
        "low": ("low",),
        "close": ("close",),
        "volume": ("tottrdqty",),
    },
    ("symbol", "series", "date", "close", "volume"),
    "SYMBOL, SERIES, OPEN, HIGH, LOW, CLOSE, ..., TOTTRDQTY, ..., TIMESTAMP",
)
FULL_BHAVCOPY = Layout(
    "sec_bhavdata_full",
    {
        "symbol": ("symbol",),
        "series": ("series",),
        "date": ("date1",),
        "open": ("openprice",),
        "high": ("highprice",),
        "low": ("lowprice",),
        "close": ("closeprice",),
        "volume": ("ttltrdqnty",),
    },
    ("symbol", "series", "date", "close", "volume"),
    "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, ..., CLOSE_PRICE, ..., TTL_TRD_QNTY",
)
UDIFF_BHAVCOPY = Layout(
    "UDiFF bhavcopy",
    {
        "symbol": ("tckrsymb",),
        "series": ("sctysrs",),
        "date": ("traddt",),
        "instrument": ("fininstrmtp",),
        "venue": ("src",),
        "open": ("opnpric",),
        "high": ("hghpric",),
        "low": ("lwpric",),
        "close": ("clspric",),
        "volume": ("ttltradgvol",),
    },
    ("symbol", "series", "date", "instrument", "close", "volume"),
    "TradDt, FinInstrmTp, TckrSymb, SctySrs, OpnPric, HghPric, LwPric, ClsPric, TtlTradgVol",
)
MERGED_BHAVCOPY = Layout(
    "merged bhavcopies",
    {**LONG.columns, "series": ("series",), "prev_close": ("prevclose",)},
    ("symbol", "series", "date", "prev_close", "close", "volume"),
    "symbol, series, date, prev_close, open, high, low, close, volume",
)
INDEX_CLOSES = Layout(
    "index closes",
    {
        "symbol": ("indexname",),
        "date": ("indexdate",),
        "open": ("openindexvalue",),
        "high": ("highindexvalue",),
        "low": ("lowindexvalue",),
        "close": ("closingindexvalue",),
        "volume": ("volume",),
    },
    ("symbol", "date", "close"),
    "Index Name, Index Date, Open Index Value, ..., Closing Index Value",
)
UDIFF_DERIVATIVES = Layout(
    "UDiFF derivatives bhavcopy",
    {"symbol": ("tckrsymb",), "instrument": ("fininstrmtp",), "expiry": ("xprydt",), "strike": ("strkpric",)},
    ("symbol", "instrument", "expiry", "strike"),
    "",
)
CLASSIC_DERIVATIVES = Layout(
    "classic derivatives bhavcopy",
    {"symbol": ("symbol",), "instrument": ("instrument",), "expiry": ("expirydt",), "strike": ("strikepr",)},
    ("symbol", "instrument", "expiry", "strike"),
    "",
)
REFUSED = (UDIFF_DERIVATIVES, CLASSIC_DERIVATIVES)
LAYOUTS = (UDIFF_BHAVCOPY, *REFUSED, FULL_BHAVCOPY, CLASSIC_BHAVCOPY, MERGED_BHAVCOPY, INDEX_CLOSES, LONG)
"""The preferred one first: the long table's few columns are in others too."""
