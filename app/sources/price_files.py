"""Daily prices from a long CSV, an NSE bhavcopy or NSE's index closes. Good rows are kept, every bad one is named.

What is believed of a row: a close is a finite number above zero; an open, high or low of zero is missing (INDIAVIX has
such days); a volume may be unknown. A row has a cell for every column, and its close lies between low and high: what
does not is a line cut short or a slip. Two rows of one symbol and day must agree, else neither is kept.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.errors import InputFileError
from app.domain.indices import index_symbol
from app.domain.market_hours import OLDEST_DAY
from app.domain.prices import Basis, FloatArray, PriceFile
from app.sources import tabular
from app.sources.day_order import refuse_month_first
from app.sources.price_layouts import INDEX_CLOSES, LAYOUTS, LONG, REFUSED
from app.sources.tabular import Content, Table

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

SERIES = ("EQ", "BE", "BZ", "SM", "ST")
"""Series of shares and ETF units, the preferred one first where a symbol trades in two on one day."""
MAX_BAD_SHARE = 0.2
DERIVATIVES = frozenset({"IDF", "IDO", "STF", "STO"})
SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9&_.,:+/()%*' -]{0,79}")
"""Symbols of an exchange (M&M, BAJAJ-AUTO) and names of indices (NIFTY 50, NIFTY500 MULTICAP 50:25:25), in capitals."""
TICK = 0.05
"""Rupees by which rounding may put a close outside low and high."""
MAX_NUMBER = 1e12
MAX_SURPLUS = 20
MAX_NAMED_SERIES = 10
MAX_QUOTED_FAULTS = 3
NUMBERS = ("open", "high", "low", "close", "volume")
_HIGH, _LOW, _CLOSE, _VOLUME = 1, 2, 3, 4
_UNUSED, _SURPLUS = "unused ", "surplus "
_BSE = "BSE"
_MISSING = ("", "-", "--", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")


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
    _refuse_other_markets(raw, name)
    refuse_month_first(raw["date"], name)
    kept, ignored = _wanted_series(raw, name)
    rows = _convert(kept, index_symbol if table.layout is INDEX_CLOSES else _symbol)
    _judge(rows, today)
    order = _sorted_unique(rows)
    rejected = _name_faults(rows, name)
    return _price_file(rows, order, table.layout is LONG, (*ignored, *rejected))


def _find_table(content: Content, name: str) -> Table:
    if isinstance(content, str):
        content = "\n".join(content.split("\n", tabular.HEADER_SEARCH_ROWS)[: tabular.HEADER_SEARCH_ROWS])
    table = tabular.find_table(content, LAYOUTS, name)
    if table.layout in REFUSED:
        raise _derivatives(name)
    return table


def _read_raw(content: Content, table: Table, name: str) -> pd.DataFrame:
    """Columns by field name, indexed by the 1-based row of the file; "short" and "surplus" tell rows cut or too long.

    Blank rows are left out, and those that repeat the header, as in files put together.
    """
    cells = _read_text(content, table, name) if isinstance(content, str) else _read_sheet(table)
    cells.index = pd.RangeIndex(table.header + 2, table.header + 2 + len(cells))
    written = cells.notna() & (cells != "")
    surplus = written[[column for column in cells.columns if column.startswith(_SURPLUS)]].any(axis=1)
    fields = cells.reindex(columns=[*table.positions, "short"]).assign(surplus=surplus)
    frame = fields[written.drop(columns="short").any(axis=1) & ~_repeats_header(fields, table)]
    if frame.empty:
        raise InputFileError(name, "has a header and no rows.", "Download it again.")
    texts = [field for field in table.positions if field not in NUMBERS]
    return frame.assign(**{field: frame[field].astype("str").fillna("") for field in texts})


def _repeats_header(fields: pd.DataFrame, table: Table) -> pd.Series[bool]:
    header = table.grid.rows[table.header]
    repeats = fields["date"].isin({header[table.positions["date"]].strip(), header[table.positions["date"]].lstrip()})
    for field, at in table.positions.items():
        repeats[repeats] = fields.loc[repeats, field].astype("str").str.strip() == header[at].strip()
    return repeats


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
        counts = _count_cells(text, delimiter, table.header + 1)
        header = table.grid.rows[table.header]
        names = _column_names(table, min(counts.max(initial=1), len(header) + MAX_SURPLUS))
        read = [column for column in names if not column.startswith(_UNUSED)]
        cells = pd.read_csv(
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
    named = max(at for at, cell in enumerate(header, start=1) if cell.strip())
    return cells.assign(short=counts[: len(cells)] < named)


def _count_cells(text: str, delimiter: str, first: int) -> IntArray:
    """Cells of each row from ``first`` on; counting delimiters does where no cell is quoted, and is faster."""
    if '"' in text:
        rows = islice(csv.reader(io.StringIO(text), delimiter=delimiter), first, None)
        return np.fromiter(map(len, rows), dtype=np.intp)
    return np.fromiter((line.count(delimiter) + 1 for line in text.split("\n")[first:]), dtype=np.intp)


def _read_sheet(table: Table) -> pd.DataFrame:
    """A sheet has no rows cut short: it leaves out blank cells at the end of a row."""
    rows = table.grid.rows[table.header + 1 :]
    names = _column_names(table, max(map(len, rows), default=0))
    return pd.DataFrame(rows, columns=names, dtype="str").filter(regex=f"^(?!{_UNUSED})").assign(short=False)


def _refuse_other_markets(raw: pd.DataFrame, name: str) -> None:
    if "instrument" in raw and raw["instrument"].str.strip().isin(DERIVATIVES).any():
        raise _derivatives(name)
    if "venue" in raw and raw["venue"].str.strip().str.upper().eq(_BSE).any():
        raise InputFileError(name, "is a bhavcopy of BSE, whose prices are not taken.", "Bring NSE's of that day.")


def _derivatives(name: str) -> InputFileError:
    reason = "is a bhavcopy of futures and options; this takes prices of shares, ETFs and indices."
    return InputFileError(name, reason, "Bring the cash market (CM) bhavcopy of that day.")


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
    surplus, short = (rows.raw[name].to_numpy(dtype=np.bool_) for name in ("surplus", "short"))
    rows.mark(surplus, "", "has more cells than the header")
    rows.mark(short, "", "has fewer cells than the header, as where a file is cut short")
    rows.mark(rows.symbols == "", "symbol", "is missing")
    rows.mark(~_are_symbols(rows.symbols), "symbol", "is neither a symbol nor the name of an index")
    rows.mark(np.isnat(rows.days), "date", f"is not a day since {OLDEST_DAY.year}")
    rows.mark(rows.days > np.datetime64(today), "date", f"is after today ({today})")
    for place, field in enumerate(NUMBERS):
        rows.mark(garbage[:, place], field, "is not a usable number")
        rows.mark(rows.values[:, place] < 0, field, "is below zero")
    rows.mark(np.isnan(close), "close", "is missing")
    rows.mark(close == 0, "close", "is zero, which is never a price")
    traded = rows.values[:, :_CLOSE]
    traded[traded == 0] = np.nan
    low, high = rows.values[:, _LOW], rows.values[:, _HIGH]
    rows.mark(high < low, "high", "is below the low")
    rows.mark((close < low - TICK) | (close > high + TICK), "close", "is not between the low and the high")


def _are_symbols(symbols: NDArray[np.object_]) -> BoolArray:
    codes, texts = pd.factorize(symbols)
    sound = np.array([SYMBOL.fullmatch(text) is not None for text in texts], dtype=np.bool_)
    return np.asarray(sound[codes])


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
        remedy = f"Check that it is a file of daily prices. Days are written like {tabular.DAY_FORMS}."
        raise InputFileError(name, reason, remedy)
    return tabular.cap_messages(named, len(bad))


def _describe(rows: _Rows, place: int, name: str) -> str:
    field, what = rows.faults[rows.fault[place]]
    line = rows.raw.iloc[place]
    value = "" if not field or tabular.is_missing(str(line[field])) else f"'{tabular.brief(str(line[field]))}'"
    subject = " ".join(filter(None, (rows.symbols[place], str(line["date"]).strip())))
    fault = " ".join(filter(None, (field, value, what)))
    return f"{name}, row {rows.raw.index[place]}, {tabular.brief(subject)}: {fault}"


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
