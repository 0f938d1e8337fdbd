"""NSE's end-of-day files of futures and options (F&O bhavcopy): index contracts with their closes. Pure: bytes in.

Two layouts: UDiFF (since July 2024: lot size, underlying price) and the classic one before it (neither). Contracts on
single shares are left out. A price of zero is missing; a close alone proves no trade, so the volume is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from app.domain.derivatives import DerivativeClose, DerivativesFile, OptionKind
from app.domain.errors import InputFileError
from app.sources import tabular
from app.sources.tabular import Layout

INDEX_KINDS = frozenset({"IDF", "IDO", "FUTIDX", "OPTIDX"})
OTHER_KINDS = frozenset({"STF", "STO", "FUTSTK", "OPTSTK", "FUTIVX"})
"""Contracts on single shares and on the volatility index."""
FUTURES = frozenset({"IDF", "FUTIDX"})
MAX_BAD_SHARE = 0.2
MAX_NAME = 40
MAX_NUMBER = 1e15
UDIFF = Layout(
    "UDiFF derivatives bhavcopy",
    {
        "day": ("traddt",),
        "instrument": ("fininstrmtp",),
        "underlying": ("tckrsymb",),
        "expiry": ("xprydt",),
        "actual_expiry": ("fininstrmactlxprydt",),
        "strike": ("strkpric",),
        "option": ("optntp",),
        "symbol": ("fininstrmnm",),
        "close": ("clspric",),
        "level": ("undrlygpric",),
        "interest": ("opnintrst",),
        "volume": ("ttltradgvol",),
        "lot": ("newbrdlotqty",),
    },
    ("day", "instrument", "underlying", "expiry", "strike", "option", "close", "interest", "volume", "lot"),
    "TradDt, FinInstrmTp, TckrSymb, XpryDt, StrkPric, OptnTp, ..., ClsPric, ..., TtlTradgVol, ..., NewBrdLotQty",
)
CLASSIC = Layout(
    "classic derivatives bhavcopy",
    {
        "day": ("timestamp",),
        "instrument": ("instrument",),
        "underlying": ("symbol",),
        "expiry": ("expirydt",),
        "strike": ("strikepr",),
        "option": ("optiontyp",),
        "close": ("close",),
        "interest": ("openint",),
        "volume": ("contracts",),
    },
    ("day", "instrument", "underlying", "expiry", "strike", "option", "close", "interest", "volume"),
    "INSTRUMENT, SYMBOL, EXPIRY_DT, STRIKE_PR, OPTION_TYP, ..., CLOSE, ..., CONTRACTS, ..., OPEN_INT, ..., TIMESTAMP",
)
Row = Mapping[str, str]


class _RowError(Exception):
    """Why a row can't be used, in words that follow its number."""


def parse_derivatives(data: bytes, name: str, today: date) -> DerivativesFile:
    """Index contracts of one or more days, each once.

    Raises InputFileError where the file is no such bhavcopy, has no index contract, or more than a fifth of its index
    rows are faulty. Two rows of one contract and day that differ are both left out.
    """
    table = tabular.find_table(tabular.read_content(data, name), (UDIFF, CLASSIC), name)
    good: list[tuple[int, DerivativeClose]] = []
    faults: list[str] = []
    index_rows = [(number, row) for number, row in table.records() if row["instrument"].upper() not in OTHER_KINDS]
    for number, row in index_rows:
        try:
            good.append((number, _close(row, today)))
        except _RowError as error:
            faults.append(f"{name}, row {number}: {error}")
    closes, doubtful = _unique(good)
    faults += [f"{name}, row {number}: it contradicts another row of the same contract and day" for number in doubtful]
    if not closes or len(faults) > MAX_BAD_SHARE * len(index_rows):
        raise InputFileError(name, _why_unusable(faults), "Bring NSE's F&O bhavcopy of a day, as downloaded.")
    return DerivativesFile(closes, tabular.cap_messages(faults))


def _why_unusable(faults: list[str]) -> str:
    return f"{len(faults)} rows are faulty, first: {faults[0]}." if faults else "has no index future or option."


def _unique(rows: Iterable[tuple[int, DerivativeClose]]) -> tuple[tuple[DerivativeClose, ...], list[int]]:
    """Each contract and day once, and the numbers of rows that contradict each other."""
    found: dict[tuple[object, ...], list[tuple[int, DerivativeClose]]] = {}
    for number, close in rows:
        key = (close.day, close.underlying, close.kind, close.expiry, close.strike)
        found.setdefault(key, []).append((number, close))
    agreed = [same[0][1] for same in found.values() if all(close == same[0][1] for _, close in same)]
    doubtful = [number for same in found.values() if any(c != same[0][1] for _, c in same) for number, _ in same]
    return tuple(agreed), doubtful


def _close(row: Row, today: date) -> DerivativeClose:
    instrument = row["instrument"].upper()
    if instrument not in INDEX_KINDS:
        raise _RowError(f"'{tabular.brief(instrument)}' is no kind of contract")
    kind = None if instrument in FUTURES else _kind(row["option"])
    day, underlying = _day(row, "day"), row["underlying"].upper()
    expiry = _day(row, "actual_expiry" if row.get("actual_expiry") else "expiry")
    if not underlying or len(underlying) > MAX_NAME:
        raise _RowError("it names no underlying")
    if not day <= expiry or day > today:
        raise _RowError(f"a trade on {day} of a contract until {expiry} can't be (today is {today})")
    strike = None if kind is None else _positive(row, "strike")
    if kind is not None and strike is None:
        raise _RowError("an option needs a strike above zero")
    return DerivativeClose(
        day=day,
        underlying=underlying,
        symbol=row.get("symbol", "")[:MAX_NAME] or " ".join(_words(underlying, expiry, strike, kind)),
        kind=kind,
        expiry=expiry,
        strike=strike,
        close=_positive(row, "close"),
        volume=_positive(row, "volume") or 0.0,
        open_interest=_positive(row, "interest") or 0.0,
        lot_size=_whole(_positive(row, "lot") if "lot" in row else None),
        level=_positive(row, "level") if "level" in row else None,
    )


def _words(underlying: str, expiry: date, strike: float | None, kind: OptionKind | None) -> Iterator[str]:
    """A contract that its file gives no name, for the reader."""
    yield underlying
    yield f"{expiry:%d %b %Y}"
    yield "FUT" if strike is None else f"{strike:g}"
    yield from () if kind is None else (kind.value,)


def _kind(text: str) -> OptionKind:
    try:
        return OptionKind(text.upper())
    except ValueError:
        raise _RowError(f"'{tabular.brief(text)}' is neither CE nor PE") from None


def _day(row: Row, field: str) -> date:
    day = tabular.parse_day(row[field])
    if day is None:
        raise _RowError(f"{field.replace('_', ' ')} '{tabular.brief(row[field])}' is not a day")
    return day


def _positive(row: Row, field: str) -> float | None:
    """A number above zero; None for a blank or zero. Raises _RowError for anything else."""
    if tabular.is_missing(row[field]):
        return None
    value = tabular.parse_number(row[field])
    if value is None or not 0 <= value <= MAX_NUMBER:
        raise _RowError(f"{field} '{tabular.brief(row[field])}' is no usable number")
    return value or None


def _whole(value: float | None) -> int | None:
    if value is not None and not value.is_integer():
        raise _RowError(f"a lot of {value:g} units can't be")
    return None if value is None else int(value)
