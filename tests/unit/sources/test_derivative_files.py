from __future__ import annotations

import gzip
from collections import Counter
from datetime import date

import pytest

from app.domain.derivatives import OptionKind
from app.domain.errors import InputFileError
from app.sources.derivative_files import parse_derivatives
from tests.shared_data import shared_file

TODAY = date(2026, 11, 23)
UDIFF = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,"
    "FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,"
    "ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4"
)
CLASSIC = (
    "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,SETTLE_PR,CONTRACTS,VAL_INLAKH,OPEN_INT,"
    "CHG_IN_OI,TIMESTAMP,"
)


def udiff_row(**changed: str) -> str:
    row = {
        "TradDt": "2026-11-20", "FinInstrmTp": "IDO", "FinInstrmId": "40001", "TckrSymb": "NIFTY",
        "XpryDt": "2026-12-29", "StrkPric": "24700.00", "OptnTp": "PE", "FinInstrmNm": "NIFTY26DEC24700PE",
        "ClsPric": "151.35", "UndrlygPric": "26012.40", "OpnIntrst": "1300", "TtlTradgVol": "12", "NewBrdLotQty": "65",
    } | changed  # fmt: skip
    return ",".join(row.get(name, "") for name in UDIFF.split(","))


def udiff(*rows: str) -> bytes:
    return "\n".join((UDIFF, *rows, "")).encode()


def classic(*rows: str) -> bytes:
    return "\n".join((CLASSIC, *rows, "")).encode()


def test_an_option_of_a_udiff_file_is_read_from_its_columns() -> None:
    (option,) = parse_derivatives(udiff(udiff_row()), "fo.csv", TODAY).closes
    assert (option.day, option.underlying, option.symbol) == (date(2026, 11, 20), "NIFTY", "NIFTY26DEC24700PE")
    assert (option.expiry, option.strike, option.kind) == (date(2026, 12, 29), 24_700.0, OptionKind.PUT)
    assert (option.close, option.level, option.lot_size) == (151.35, 26_012.4, 65)
    assert (option.volume, option.open_interest) == (12.0, 1300.0)


def test_a_future_has_no_strike_and_no_kind() -> None:
    row = udiff_row(FinInstrmTp="IDF", StrkPric="", OptnTp="", FinInstrmNm="NIFTY26DECFUT", ClsPric="26100.5")
    (future,) = parse_derivatives(udiff(row), "fo.csv", TODAY).closes
    assert (future.kind, future.strike, future.close) == (None, None, 26_100.5)


def test_the_day_on_which_a_contract_really_expires_counts() -> None:
    row = udiff_row(XpryDt="2026-11-24", FininstrmActlXpryDt="2026-11-23")
    assert parse_derivatives(udiff(row), "fo.csv", TODAY).closes[0].expiry == date(2026, 11, 23)


def test_a_close_of_zero_and_an_empty_lot_are_missing_not_zero() -> None:
    (option,) = parse_derivatives(udiff(udiff_row(ClsPric="0.00", NewBrdLotQty="")), "fo.csv", TODAY).closes
    assert (option.close, option.lot_size) == (None, None)


def test_the_older_layout_has_neither_lot_nor_level_and_its_futures_the_type_xx() -> None:
    file = parse_derivatives(
        classic(
            "FUTIDX,NIFTY,26-Sep-2024,0,XX,25000,25100,24900,25050.5,25050.5,3000,900,150000,50,02-SEP-2024,",
            "OPTIDX,NIFTY,26-Sep-2024,24000,PE,40,50,30,42.5,42.5,900,300,45000,50,02-SEP-2024,",
            "OPTSTK,INFY,26-Sep-2024,1900,CE,40,50,30,42.5,42.5,900,300,45000,50,02-SEP-2024,",
        ),
        "fo02SEP2024bhav.csv",
        TODAY,
    )
    future, option = file.closes
    assert (future.kind, future.strike, future.close, future.volume) == (None, None, 25_050.5, 3000.0)
    assert (option.kind, option.strike, option.symbol) == (OptionKind.PUT, 24_000.0, "NIFTY 26 Sep 2024 24000 PE")
    assert (option.lot_size, option.level, option.day) == (None, None, date(2024, 9, 2))


def test_contracts_on_single_shares_are_left_out_silently() -> None:
    file = parse_derivatives(udiff(udiff_row(), udiff_row(FinInstrmTp="STO", TckrSymb="INFY")), "fo.csv", TODAY)
    assert ([close.underlying for close in file.closes], file.rejected) == (["NIFTY"], ())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"XpryDt": "2026-11-19"}, "can't be"),
        ({"TradDt": "2026-11-24"}, "today is 2026-11-23"),
        ({"XpryDt": "Tuesday"}, "expiry 'Tuesday' is not a day"),
        ({"StrkPric": "0"}, "needs a strike above zero"),
        ({"OptnTp": "XX"}, "'XX' is neither CE nor PE"),
        ({"ClsPric": "-1"}, "close '-1' is no usable number"),
        ({"ClsPric": "1e300"}, "no usable number"),
        ({"TtlTradgVol": "many"}, "volume 'many' is no usable number"),
        ({"NewBrdLotQty": "65.5"}, "a lot of 65.5 units can't be"),
        ({"TckrSymb": ""}, "names no underlying"),
        ({"FinInstrmTp": "XYZ"}, "'XYZ' is no kind of contract"),
    ],
)
def test_a_bad_row_is_named_with_its_number_and_left_out(changed: dict[str, str], words: str) -> None:
    good = [udiff_row(StrkPric=str(strike)) for strike in range(24_000, 25_000, 100)]
    file = parse_derivatives(udiff(*good, udiff_row(**changed)), "fo.csv", TODAY)
    assert len(file.closes) == 10
    assert len(file.rejected) == 1
    assert file.rejected[0].startswith("fo.csv, row 12: ")
    assert words in file.rejected[0]


def test_rows_that_contradict_each_other_are_both_left_out_and_equal_ones_count_once() -> None:
    good = [udiff_row(StrkPric=str(strike)) for strike in range(24_000, 25_500, 100)]
    doubtful = [udiff_row(StrkPric="26000"), udiff_row(StrkPric="26000", ClsPric="99")]
    file = parse_derivatives(udiff(*good, good[0], *doubtful), "fo.csv", TODAY)
    assert len(file.closes) == 15
    assert [line.split(":")[0] for line in file.rejected] == ["fo.csv, row 18", "fo.csv, row 19"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (udiff(udiff_row(FinInstrmTp="STF")), "no index future or option"),
        (udiff(udiff_row(), udiff_row(StrkPric="-5")), "1 rows are faulty"),
        (b"symbol,date,close\nINFY,2026-11-20,1\n", "lacks the columns"),
        (b"<html>sign in</html>", "web page"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(data: bytes, words: str) -> None:
    with pytest.raises(InputFileError, match=words):
        parse_derivatives(data, "fo.csv", TODAY)


def test_the_exchanges_own_file_is_read_to_the_last_index_contract() -> None:
    file = parse_derivatives(shared_file("market/nse_fo_bhavcopy_2025-09-11.csv.gz").read_bytes(), "fo.gz", TODAY)
    assert (len(file.closes), file.rejected) == (2412, ())
    kinds = Counter((close.underlying, close.kind is None) for close in file.closes)
    assert (kinds["NIFTY", True], kinds["NIFTY", False], kinds["BANKNIFTY", False]) == (3, 1500, 897)
    lots = {close.underlying: close.lot_size for close in file.closes}
    assert (lots["NIFTY"], lots["BANKNIFTY"]) == (75, 35)
    assert {close.level for close in file.closes if close.underlying == "NIFTY"} == {25_005.5}


def test_a_packed_file_is_the_same_file() -> None:
    plain = udiff(udiff_row())
    assert parse_derivatives(gzip.compress(plain), "a", TODAY) == parse_derivatives(plain, "a", TODAY)
