"""Daily prices from a long CSV, an NSE bhavcopy or NSE's index closes. Good rows are kept, every bad one is named.

What is believed of a row: a close is a finite number above zero; an open, high or low of zero is missing (INDIAVIX has
such days); a volume may be unknown. Two rows of one symbol and day must agree, else neither is kept.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.errors import InputFileError
from app.domain.indices import index_symbol
from app.domain.prices import Basis, FloatArray, PriceFile
from app.sources import tabular
from app.sources.tabular import Content, Layout, Table

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

SERIES = ("EQ", "BE", "BZ", "SM", "ST")
"""Series of shares and ETF units, the preferred one first where a symbol trades in two on one day."""
MAX_BAD_SHARE = 0.2
DERIVATIVES = frozenset({"IDF", "IDO", "STF", "STO"})
MAX_NUMBER = 1e12
MAX_SURPLUS = 20
MAX_NAMED_SERIES = 10
MAX_QUOTED_FAULTS = 3
NUMBERS = ("open", "high", "low", "close", "volume")
_HIGH, _LOW, _CLOSE, _VOLUME = 1, 2, 3, 4
_UNUSED, _SURPLUS = "unused ", "surplus "
_MISSING = ("", "-", "--", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")

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
_REFUSED = (UDIFF_DERIVATIVES, CLASSIC_DERIVATIVES)
_LAYOUTS = (UDIFF_BHAVCOPY, *_REFUSED, FULL_BHAVCOPY, CLASSIC_BHAVCOPY, MERGED_BHAVCOPY, INDEX_CLOSES, LONG)


@dataclass(slots=True)
class _Rows:
    """n rows side by side. ``fault`` (n,) indexes ``faults``: (field, what is wrong with it); 0 = none so far."""

    raw: pd.DataFrame
    symbols: NDArray[np.object_]
    days: NDArray[np.datetime64]
    values: FloatArray
    garbage: BoolArray
    fault: NDArray[np.uint8]
    faults: list[tuple[str, str]]

    def mark(self, where: BoolArray, field: str, what: str) -> None:
        """Names the fault of rows that had none before."""
        self.faults.append((field, what))
        self.fault[where & (self.fault == 0)] = len(self.faults) - 1


def parse_prices(data: bytes, name: str, today: date) -> PriceFile:
    """Read a price file: kind "csv" (adjusted prices, traded volume) or "bhavcopy" (both as traded).

    Rows of other series than SERIES are counted in ``rejected`` and otherwise ignored; days after ``today`` are faults.
    Raises InputFileError where the file is no price file, or more than a fifth of its rows are faulty.
    """
    content = tabular.read_content(data, name)
    table = _find_table(content, name)
    raw = _read_raw(content, table, name)
    _refuse_derivatives(table, raw, name)
    kept, ignored = _wanted_series(raw, name)
    rows = _convert(kept, index_symbol if table.layout is INDEX_CLOSES else _symbol)
    _judge(rows, today)
    order = _sorted_unique(rows)
    rejected = _name_faults(rows, name)
    return _price_file(rows, order, table.layout is LONG, (*ignored, *rejected))


def _find_table(content: Content, name: str) -> Table:
    if isinstance(content, str):
        content = "\n".join(content.split("\n", tabular.HEADER_SEARCH_ROWS)[: tabular.HEADER_SEARCH_ROWS])
    return tabular.find_table(content, _LAYOUTS, name)


def _read_raw(content: Content, table: Table, name: str) -> pd.DataFrame:
    """Columns by field name, indexed by the 1-based row of the file; "surplus" is true where a row is too long."""
    cells = _read_text(content, table, name) if isinstance(content, str) else _read_sheet(table)
    cells.index = pd.RangeIndex(table.header + 2, table.header + 2 + len(cells))
    written = cells.notna() & (cells != "")
    surplus = written[[column for column in cells.columns if column.startswith(_SURPLUS)]].any(axis=1)
    frame = cells.reindex(columns=list(table.positions)).assign(surplus=surplus)[written.any(axis=1)]
    if frame.empty:
        raise InputFileError(name, "has a header and no rows.", "Download it again.")
    texts = [field for field in table.positions if field not in NUMBERS]
    return frame.assign(**{field: frame[field].astype("str").fillna("") for field in texts})


def _column_names(table: Table, width: int) -> list[str]:
    """The field of each column, "unused n" for one that is not read, "surplus n" beyond the header."""
    fields = {at: field for field, at in table.positions.items()}
    header_width = len(table.grid.rows[table.header])
    unread = [f"{_UNUSED if at < header_width else _SURPLUS}{at}" for at in range(width)]
    return [fields.get(at, other) for at, other in enumerate(unread)]


def _read_text(text: str, table: Table, name: str) -> pd.DataFrame:
    """Numeric columns as numbers where every cell is one (fast), else as text."""
    delimiter = table.grid.delimiter
    try:
        widest = _widest_row(text, delimiter, table.header + 1)
        names = _column_names(table, min(widest, len(table.grid.rows[table.header]) + MAX_SURPLUS))
        read = [column for column in names if not column.startswith(_UNUSED)]
        return pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            header=None,
            names=names,
            usecols=read,
            skiprows=table.header + 1,
            dtype={column: "str" for column in read if column not in NUMBERS},
            na_values=dict.fromkeys(NUMBERS, _MISSING),
            keep_default_na=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
        )
    except (csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = f"can't be cut into columns ({tabular.brief(str(error))})."
        raise InputFileError(name, reason, "Download it again.") from error


def _widest_row(text: str, delimiter: str, first: int) -> int:
    """Cells of the longest row from ``first`` on; counting delimiters does where no cell is quoted, and is faster."""
    if '"' in text:
        rows = islice(csv.reader(io.StringIO(text), delimiter=delimiter), first, None)
        return max(map(len, rows), default=1)
    return max((line.count(delimiter) for line in text.split("\n")[first:]), default=0) + 1


def _read_sheet(table: Table) -> pd.DataFrame:
    rows = table.grid.rows[table.header + 1 :]
    names = _column_names(table, max(map(len, rows), default=0))
    return pd.DataFrame(rows, columns=names, dtype="str").filter(regex=f"^(?!{_UNUSED})")


def _refuse_derivatives(table: Table, raw: pd.DataFrame, name: str) -> None:
    kinds = set(raw["instrument"].str.strip()) if "instrument" in raw else set()
    if table.layout in _REFUSED or kinds & DERIVATIVES:
        reason = "is a bhavcopy of futures and options; this takes prices of shares, ETFs and indices."
        raise InputFileError(name, reason, "Bring the cash market (CM) bhavcopy of that day.")


def _wanted_series(raw: pd.DataFrame, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows of SERIES, and one line that counts the others."""
    if "series" not in raw:
        return raw.assign(rank=0), ()
    series = raw["series"].str.strip().str.upper()
    rank = series.map({code: place for place, code in enumerate(SERIES)})
    others = series[rank.isna()]
    if len(others) == len(raw):
        raise InputFileError(
            name, f"has no row of the series {', '.join(SERIES)}.", "Bring NSE's cash market bhavcopy."
        )
    named = ", ".join(sorted(others.unique())[:MAX_NAMED_SERIES])
    ignored = (f"{name}: {len(others)} rows of other series ignored ({tabular.brief(named)})",) if len(others) else ()
    return raw.assign(rank=rank)[rank.notna()], ignored


def _convert(raw: pd.DataFrame, name_of: Callable[[str], str]) -> _Rows:
    columns = [_numbers(raw[field]) if field in raw else _unknown(len(raw)) for field in NUMBERS]
    return _Rows(
        raw=raw,
        symbols=_symbols(raw["symbol"], name_of),
        days=_days(raw["date"]),
        values=np.column_stack([values for values, _ in columns]),
        garbage=np.column_stack([garbage for _, garbage in columns]),
        fault=np.zeros(len(raw), dtype=np.uint8),
        faults=[("", "")],
    )


def _unknown(count: int) -> tuple[FloatArray, BoolArray]:
    return np.full(count, np.nan), np.zeros(count, dtype=np.bool_)


def _symbols(column: pd.Series[str], name_of: Callable[[str], str]) -> NDArray[np.object_]:
    codes, texts = pd.factorize(column)
    cleaned: NDArray[np.object_] = np.array([name_of(text) for text in texts], dtype=object)
    return cleaned[codes]


def _symbol(text: str) -> str:
    return text.strip().upper()


def _days(column: pd.Series[str]) -> NDArray[np.datetime64]:
    codes, texts = pd.factorize(column)
    days: NDArray[np.datetime64] = np.array([tabular.parse_day(text) for text in texts], dtype="datetime64[D]")
    return days[codes]


def _numbers(column: pd.Series[float] | pd.Series[str]) -> tuple[FloatArray, BoolArray]:
    """Values with NaN for missing, and where a cell holds something that is no usable number."""
    if column.dtype.kind in "iuf":
        values = column.to_numpy(dtype=np.float64)
        garbage = np.abs(values) > MAX_NUMBER
    else:
        codes, texts = pd.factorize(column.fillna("").astype("str"))
        parsed = [tabular.parse_number(text) for text in texts]
        blank = [tabular.is_missing(text) for text in texts]
        values = np.array([np.nan if value is None else value for value in parsed])[codes]
        garbage = np.array([value is None and not missing for value, missing in zip(parsed, blank)])[codes]
        garbage |= np.abs(values) > MAX_NUMBER
    return np.where(garbage, np.nan, values), garbage


def _judge(rows: _Rows, today: date) -> None:
    """Marks the first fault of each row and turns an open, high or low of zero into missing."""
    close, garbage = rows.values[:, _CLOSE], rows.garbage
    rows.mark(rows.raw["surplus"].to_numpy(dtype=np.bool_), "", "has more cells than the header")
    rows.mark(rows.symbols == "", "symbol", "is missing")
    rows.mark(np.isnat(rows.days), "date", "is not a day")
    rows.mark(rows.days > np.datetime64(today), "date", f"is after today ({today})")
    for place, field in enumerate(NUMBERS):
        rows.mark(garbage[:, place], field, "is not a usable number")
        rows.mark(rows.values[:, place] < 0, field, "is below zero")
    rows.mark(np.isnan(close), "close", "is missing")
    rows.mark(close == 0, "close", "is zero, which is never a price")
    traded = rows.values[:, :_CLOSE]
    traded[traded == 0] = np.nan
    rows.mark(rows.values[:, _HIGH] < rows.values[:, _LOW], "high", "is below the low")


def _sorted_unique(rows: _Rows) -> IntArray:
    """Places of the rows to keep, by symbol and day; marks rows of one symbol and day that disagree."""
    order = _preferred_series(rows)
    first = _starts(rows, order)
    group = np.cumsum(first) - 1
    values = rows.values[order]
    reference = values[first][group]
    agrees = ((values == reference) | (np.isnan(values) & np.isnan(reference))).all(axis=1)
    clash = np.bincount(group, weights=~agrees, minlength=1) > 0
    doubtful = np.zeros(len(rows.fault), dtype=np.bool_)
    doubtful[order[clash[group]]] = True
    rows.mark(doubtful, "close", "is one of several rows of that symbol and day that disagree")
    unique: IntArray = order[first & ~clash[group]]
    return unique


def _preferred_series(rows: _Rows) -> IntArray:
    """Places of the faultless rows by symbol, day and series; of several series on a day only the preferred one."""
    good = np.flatnonzero(rows.fault == 0)
    rank = rows.raw["rank"].to_numpy(dtype=np.int64)
    codes, _ = pd.factorize(rows.symbols[good], sort=True)
    order = good[np.lexsort((good, rank[good], rows.days[good], codes))]
    first = _starts(rows, order)
    best = rank[order][first][np.cumsum(first) - 1]
    preferred: IntArray = order[rank[order] == best]
    return preferred


def _starts(rows: _Rows, order: IntArray) -> BoolArray:
    symbols, days = rows.symbols[order], rows.days[order]
    return np.concatenate(([True], (symbols[1:] != symbols[:-1]) | (days[1:] != days[:-1])))[: len(order)]


def _name_faults(rows: _Rows, name: str) -> tuple[str, ...]:
    """One line a faulty row. Raises InputFileError where they are more than MAX_BAD_SHARE of all."""
    bad = np.flatnonzero(rows.fault)
    named = [_describe(rows, int(place), name) for place in bad[: tabular.MAX_NAMED_ROWS]]
    if len(bad) > MAX_BAD_SHARE * len(rows.fault):
        reason = f"{len(bad)} of {len(rows.fault)} rows are faulty: {'; '.join(named[:MAX_QUOTED_FAULTS])}."
        raise InputFileError(name, reason, "Check that it is a file of daily prices.")
    return tabular.cap_messages(named, len(bad))


def _describe(rows: _Rows, place: int, name: str) -> str:
    field, what = rows.faults[rows.fault[place]]
    line = rows.raw.iloc[place]
    value = "" if not field or tabular.is_missing(str(line[field])) else f" '{tabular.brief(str(line[field]))}'"
    subject = " ".join(filter(None, (rows.symbols[place], str(line["date"]).strip())))
    return f"{name}, row {rows.raw.index[place]}, {tabular.brief(subject)}: {field}{value} {what}"


def _price_file(rows: _Rows, order: IntArray, adjusted: bool, rejected: tuple[str, ...]) -> PriceFile:
    return PriceFile(
        kind="csv" if adjusted else "bhavcopy",
        symbols=rows.symbols[order],
        days=rows.days[order],
        ohlc=rows.values[order, :_VOLUME],
        volume=rows.values[order, _VOLUME],
        price_basis=Basis.ADJUSTED if adjusted else Basis.AS_TRADED,
        volume_basis=Basis.AS_TRADED,
        rejected=rejected,
    )
