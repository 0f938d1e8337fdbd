from __future__ import annotations

import gzip
from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputFileError
from app.domain.prices import Basis, PriceFile
from app.sources import tabular
from app.sources.price_files import parse_prices
from tests.shared_data import shared_file
from tests.unit.sources.unhurried import unhurried
from tests.unit.sources.workbooks import workbook, zipped

TODAY = date(2026, 11, 23)
HEADER = "symbol,date,open,high,low,close,volume\n"
GOOD = [f"AAA,2025-01-{day:02d},10,12,9,11,100" for day in range(1, 11)]

CLASSIC = """SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,
M&M,EQ,10,12,9,11,11.1,10,100,1100,02-JAN-2023,5,INE101A01026,
"""
FULL = """SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER
M&M, EQ, 02-Jan-2023, 10, 10, 12, 9, 11.1, 11, 10.5, 100, 0.01, 5, -, -
"""  # noqa: E501
UDIFF = """TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal
2023-01-02,2023-01-02,CM,NSE,STK,2031,INE101A01026,M&M,EQ,,,,,MAHINDRA,10,12,9,11,11.1,10,,11,,,100,1100
"""  # noqa: E501
MERGED = """symbol,series,date,prev_close,open,high,low,close,avg_price,volume,turnover_lacs,trades,deliv_qty
M&M,EQ,2023-01-02,10,10,12,9,11,10.5,100,0.01,5,50
"""
LONG = HEADER + "m&m ,2023-01-02,10,12,9,11,100\n"


def parse(text: str | bytes, name: str = "p.csv") -> PriceFile:
    return parse_prices(text.encode() if isinstance(text, str) else text, name, TODAY)


def with_rows(*rows: str) -> str:
    """Ten good rows (file rows 2 to 11) and the given ones from row 12 on."""
    return HEADER + "\n".join([*GOOD, *rows]) + "\n"


@pytest.mark.parametrize(
    ("text", "kind", "basis"),
    [
        (LONG, "csv", Basis.ADJUSTED),
        (CLASSIC, "bhavcopy", Basis.AS_TRADED),
        (FULL, "bhavcopy", Basis.AS_TRADED),
        (UDIFF, "bhavcopy", Basis.AS_TRADED),
        (MERGED, "bhavcopy", Basis.AS_TRADED),
    ],
)
def test_every_layout_gives_the_same_row(text: str, kind: str, basis: Basis) -> None:
    for data in (text.encode(), gzip.compress(text.encode()), zipped({"x.csv": text}), b"\xef\xbb\xbf" + text.encode()):
        prices = parse(data)
        assert (prices.kind, prices.price_basis, prices.volume_basis) == (kind, basis, Basis.AS_TRADED)
        assert prices.symbols.tolist() == ["M&M"]
        assert prices.days.tolist() == [date(2023, 1, 2)]
        assert prices.ohlc.tolist() == [[10.0, 12.0, 9.0, 11.0]]
        assert prices.volume.tolist() == [100.0]
        assert prices.rejected == ()


def test_a_workbook_named_csv_is_read_as_the_workbook_it_is() -> None:
    rows: list[list[object]] = [
        ["Prices"],
        ["Symbol", "Date", "Close"],
        ["BAJAJ-AUTO", "2023-01-02", 11.5],
        ["", "", None],
    ]
    prices = parse(workbook({"Sheet1": rows}))
    assert prices.symbols.tolist() == ["BAJAJ-AUTO"]
    assert prices.ohlc[0, 3] == 11.5
    assert np.isnan(prices.ohlc[0, :3]).all()
    assert np.isnan(prices.volume).all()


@pytest.mark.parametrize(
    "day", [*tabular.DAY_FORMS.replace(" or ", ", ").split(", "), "2025-09-30T00:00:00+05:30", "2025-09-30 00:00:00"]
)
def test_days_may_be_written_in_any_of_the_accepted_forms(day: str) -> None:
    assert parse(HEADER + f"AAA,{day},1,1,1,1,1\n").days.tolist() == [date(2025, 9, 30)]


def test_a_file_of_unreadable_days_is_told_how_days_are_written() -> None:
    with pytest.raises(InputFileError) as refused:
        parse(HEADER + "AAA,Sep 30 2025,1,1,1,1,1\n")
    assert tabular.DAY_FORMS in refused.value.remedy


def test_days_written_month_first_are_refused_and_not_swapped() -> None:
    with pytest.raises(InputFileError, match=r"p\.csv: writes days month first: '09/13/2025'") as refused:
        parse(HEADER + "".join(f"AAA,09/{day:02d}/2025,1,1,1,1,1\n" for day in range(1, 16)))
    assert "2025-09-30" in refused.value.remedy


def test_a_last_line_cut_within_its_close_is_no_price() -> None:
    prices = parse(HEADER + "\n".join(GOOD) + "\nAAA,2025-02-01,10,12,9,1")
    assert len(prices.days) == 10
    assert prices.rejected == (
        "p.csv, row 12, AAA 2025-02-01: has fewer cells than the header, as where a file is cut short",
    )


def test_a_quoted_row_that_is_cut_is_found_as_well() -> None:
    assert "fewer cells" in parse(with_rows('"AAA","2025-02-01",10,12')).rejected[0]


def test_a_close_may_lie_a_tick_outside_its_range_by_rounding() -> None:
    prices = parse(with_rows("BBB,2025-02-01,10,12,9,12.05,100", "BBB,2025-02-02,10,12,9,8.95,100"))
    assert (len(prices.days), prices.rejected) == (12, ())


@pytest.mark.parametrize("name", ["M&M", "BAJAJ-AUTO", "20MICRONS", "NIFTY 50", "^NSEI", "NIFTY500 MULTICAP 50:25:25"])
def test_symbols_and_names_of_indices_are_taken(name: str) -> None:
    assert parse(HEADER + f"{name},2025-01-01,1,1,1,1,1\n").symbols.tolist() == [name]


def test_a_header_repeated_in_files_put_together_is_no_row() -> None:
    spaced = HEADER.replace(",", ", ")
    prices = parse(spaced + GOOD[0] + "\n" + spaced + GOOD[1] + "\n" + HEADER)
    assert (len(prices.days), prices.rejected) == (2, ())
    other = parse(with_rows(HEADER.strip().replace("open,high", "high,open")))
    assert "date 'date' is not a day" in other.rejected[0]


def test_a_bhavcopy_of_bse_is_refused_as_such() -> None:
    with pytest.raises(InputFileError, match="bhavcopy of BSE, whose prices are not taken"):
        parse(UDIFF.replace(",NSE,", ",BSE,"))


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("AAA,someday,10,12,9,11,100", "row 12, AAA someday: date 'someday' is not a day"),
        ("AAA,,10,12,9,11,100", "row 12, AAA: date is not a day"),
        ("AAA,2026-11-24,10,12,9,11,100", "date '2026-11-24' is after today (2026-11-23)"),
        (",2025-02-01,10,12,9,11,100", "row 12, 2025-02-01: symbol is missing"),
        ("AAA,2025-02-01,10,12,9,,100", "row 12, AAA 2025-02-01: close is missing"),
        ("AAA,2025-02-01,10,12,9,-,100", "close is missing"),
        ("AAA,2025-02-01,10,12,9,NaN,100", "close is missing"),
        ("AAA,2025-02-01", "row 12, AAA 2025-02-01: has fewer cells than the header"),
        ("AAA,2025-02-01,10,12,9,1", "has fewer cells than the header"),
        ("AAA,2025-02-01,10,12,9,8.9,100", "close '8.9' is not between the low and the high"),
        ("AAA,2025-02-01,10,12,9,500,100", "close '500' is not between the low and the high"),
        ("AAA,1989-12-29,10,12,9,11,100", "date '1989-12-29' is not a day since 1990"),
        ("ÄÖ<script>,2025-02-01,10,12,9,11,100", "symbol 'ÄÖ<script>' is neither a symbol nor the name of an index"),
        (f"{'A' * 81},2025-02-01,10,12,9,11,100", "is neither a symbol nor the name of an index"),
        ("AAA,2025-02-01,10,12,9,eleven,100", "close 'eleven' is not a usable number"),
        ("AAA,2025-02-01,10,12,9,inf,100", "close 'inf' is not a usable number"),
        ("AAA,2025-02-01,10,12,9,1e308,100", "close '1e+308' is not a usable number"),
        ("AAA,2025-02-01,10,12,9,0,100", "close '0' is zero, which is never a price"),
        ("AAA,2025-02-01,10,12,9,-11,100", "close '-11' is below zero"),
        ("AAA,2025-02-01,10,12,-9,11,100", "low '-9' is below zero"),
        ("AAA,2025-02-01,ten,12,9,11,100", "open 'ten' is not a usable number"),
        ("AAA,2025-02-01,10,9,12,11,100", "high '9' is below the low"),
        ("AAA,2025-02-01,10,12,9,11,-1", "volume '-1' is below zero"),
        ("AAA,2025-02-01,10,12,9,11,many", "volume 'many' is not a usable number"),
        ("AAA,2025-02-01,10,12,9,11,100,7", "row 12, AAA 2025-02-01: has more cells than the header"),
    ],
)
def test_a_faulty_row_is_named_and_the_others_kept(row: str, named: str) -> None:
    prices = parse(with_rows(row))
    assert len(prices.days) == 10
    assert len(prices.rejected) == 1
    assert prices.rejected[0].startswith("p.csv, row 12")
    assert named in prices.rejected[0].replace("row 12, AAA 2026-11-24: ", "")


def test_an_open_high_or_low_of_zero_or_nothing_is_missing_and_the_close_is_kept() -> None:
    prices = parse(with_rows("INDIAVIX,2025-02-01,0,0,0,13.5,0", "BBB,2025-02-01,,-,,7,"))
    assert np.isnan(prices.ohlc[-2:, :3]).all()
    assert prices.ohlc[-2:, 3].tolist() == [7.0, 13.5]
    assert np.isnan(prices.volume[-2])
    assert prices.volume[-1] == 0
    assert prices.rejected == ()


def test_blank_lines_are_nothing_and_do_not_shift_row_numbers() -> None:
    prices = parse(with_rows("", ",,,,,,", "AAA,2025-02-01,10,12,9,,1", ""))
    assert [message[:13] for message in prices.rejected] == ["p.csv, row 14"]


def test_a_header_that_ends_in_a_comma_need_not_be_matched_by_the_rows() -> None:
    assert len(parse(HEADER.replace("volume", "volume,") + GOOD[0]).days) == 1
    assert len(parse(HEADER + GOOD[0] + ",,\n").days) == 1


def test_grouped_numbers_are_read() -> None:
    prices = parse(HEADER + 'AAA,2025-01-01,"1,23,456.5","1,23,457","1,23,455","1,23,456","1,00,000"\n')
    assert prices.ohlc.tolist() == [[123456.5, 123457.0, 123455.0, 123456.0]]
    assert prices.volume.tolist() == [100000.0]


def test_unsorted_rows_are_sorted_by_symbol_and_day() -> None:
    prices = parse(
        HEADER + "B,2025-01-02,1,9,1,4,1\nA,2025-01-02,1,9,1,2,1\nB,2025-01-01,1,9,1,3,1\nA,2025-01-01,1,9,1,1,1\n"
    )
    assert prices.ohlc[:, 3].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_of_identical_rows_one_is_kept_in_silence() -> None:
    prices = parse(with_rows(GOOD[0], GOOD[0]))
    assert len(prices.days) == 10
    assert prices.rejected == ()


def test_identical_rows_with_missing_cells_count_as_identical() -> None:
    assert len(parse(with_rows("B,2025-01-01,,,,5,", "B,2025-01-01,,,,5,")).days) == 11


def test_rows_that_disagree_on_the_close_of_a_day_are_all_rejected_and_named() -> None:
    prices = parse(with_rows("AAA,2025-01-10,10,12,9,11.5,100"))
    assert date(2025, 1, 10) not in prices.days.tolist()
    assert [message[:40] for message in prices.rejected] == [
        "p.csv, row 11, AAA 2025-01-10: close '11",
        "p.csv, row 12, AAA 2025-01-10: close '11",
    ]


def test_a_file_with_more_than_a_fifth_of_faulty_rows_is_refused() -> None:
    bad = [f"AAA,2025-02-{day:02d},10,12,9,0,100" for day in range(1, 4)]
    assert len(parse(with_rows(*bad[:2])).rejected) == 2
    with pytest.raises(InputFileError, match=r"3 of 13 rows are faulty: p\.csv, row 12"):
        parse(with_rows(*bad))


def test_at_most_fifty_rows_are_named() -> None:
    good = [f"S{n},2025-01-01,1,1,1,1,1" for n in range(300)]
    bad = [f"T{n},2025-01-01,1,1,1,0,1" for n in range(60)]
    prices = parse(HEADER + "\n".join(good + bad))
    assert len(prices.rejected) == 51
    assert prices.rejected[-1] == "and 10 more rows"


def test_shares_and_etfs_are_kept_by_series_and_the_rest_is_counted_once() -> None:
    rows = "".join(
        f"X{series},{series},2023-01-02,10,10,12,9,11,10,100,1,5,50\n"
        for series in ("EQ", "BE", "BZ", "SM", "ST", "GS", "N1", "GB")
    )
    prices = parse(MERGED + rows)
    assert prices.symbols.tolist() == ["M&M", "XBE", "XBZ", "XEQ", "XSM", "XST"]
    assert prices.rejected == ("p.csv: 3 rows of other series ignored (GB, GS, N1)",)


def test_of_two_series_of_a_symbol_on_a_day_eq_is_kept() -> None:
    other = MERGED.splitlines()[1].replace(",EQ,", ",BE,").replace(",11,", ",10,")
    header, row = MERGED.splitlines()
    prices = parse(f"{header}\n{other}\n{row}\n")
    assert prices.ohlc[:, 3].tolist() == [11.0]
    assert prices.rejected == ()


def test_a_bhavcopy_without_any_share_is_refused() -> None:
    with pytest.raises(InputFileError, match="no row of the series EQ, BE"):
        parse(MERGED.replace(",EQ,", ",GS,"))


@pytest.mark.parametrize(
    "text",
    [
        UDIFF.replace(",STK,", ",STF,"),
        UDIFF.replace(",STK,", ",IDO,"),
        "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,TIMESTAMP\nFUTIDX,NIFTY,1,2,XX,1,1,1,1,1\n",
        "TradDt,FinInstrmTp,TckrSymb,XpryDt,StrkPric,ClsPric\n2025-09-11,IDF,NIFTY,2025-09-30,,100\n",
    ],
)
def test_a_derivatives_bhavcopy_is_refused_as_such(text: str) -> None:
    with pytest.raises(InputFileError, match="bhavcopy of futures and options"):
        parse(text)


def test_rows_that_all_end_before_the_day_are_refused_and_not_misread() -> None:
    with pytest.raises(InputFileError, match=r"1 of 1 rows are faulty: p\.csv, row 2, M&M: has fewer cells"):
        parse(CLASSIC.splitlines()[0] + "\nM&M,EQ,10,12,9,11,11.1,10,100\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEADER, "has a header and no rows"),
        (
            "symbol,date,open\nA,2025-01-01,1\n",
            "lacks the columns close of the layout long table; found: symbol, date, open",
        ),
        ("Date,Open,High,Low,Close,Adj Close,Volume\n2025-01-01,1,1,1,1,1,1\n", "lacks the columns symbol"),
        (HEADER.replace("volume", "close"), "has the column close twice"),
        ("<html>sign in</html>", "web page"),
        ("A,2025-01-01,1,1,1,1,1\n", "no known header"),
        (HEADER + "A,2025-01-01\n", "1 of 1 rows are faulty: .* has fewer cells"),
        (HEADER.strip(), "has a header and no rows"),
        (HEADER + 'A,"2025-01-01,1,1,1,1,1\n', "can't be cut into columns"),
    ],
)
def test_a_file_that_is_no_price_file_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason) as refused:
        parse(text)
    assert refused.value.remedy


def test_the_refusal_of_unknown_columns_lists_the_accepted_layouts() -> None:
    with pytest.raises(InputFileError) as refused:
        parse("a,b,c\n1,2,3\n")
    assert "long table (symbol, date, open, high, low, close, volume)" in refused.value.remedy
    assert "UDiFF bhavcopy" in refused.value.remedy
    assert "derivatives" not in refused.value.remedy


PRICES = st.floats(0.05, 1e6)
BARS = st.dictionaries(
    st.tuples(st.sampled_from(["M&M", "BAJAJ-AUTO", "TCS", "20MICRONS"]), st.integers(0, 400)),
    st.tuples(PRICES, st.integers(0, 10**12)),
    min_size=1,
    max_size=30,
)


@unhurried
@given(BARS, st.randoms(use_true_random=False))
def test_any_table_written_out_reads_back_to_the_last_digit(
    bars: dict[tuple[str, int], tuple[float, int]], random: Random
) -> None:
    items = list(bars.items())
    random.shuffle(items)
    first = date(2024, 1, 1)
    rows = [f"{s},{first + timedelta(d)},{c!r},{c!r},{c!r},{c!r},{v}\n" for (s, d), (c, v) in items]
    prices = parse(HEADER + "".join(rows))
    expected = [(s, first + timedelta(d), c, float(v)) for (s, d), (c, v) in sorted(bars.items())]
    assert list(zip(prices.symbols, prices.days.tolist(), prices.ohlc[:, 3], prices.volume)) == expected
    assert prices.rejected == ()


@unhurried
@given(
    st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=3)), min_size=1, max_size=8), st.sampled_from(range(6))
)
def test_a_mutated_file_is_read_or_refused(edits: list[tuple[int, bytes]], which: int) -> None:
    texts = (CLASSIC, FULL, UDIFF, MERGED, with_rows(), LONG)
    data = bytearray(texts[which].encode())
    for place, piece in edits:
        data[place % len(data) : place % len(data) + len(piece)] = piece
    try:
        prices = parse(bytes(data))
    except InputFileError:
        return
    assert np.isfinite(prices.ohlc[:, 3]).all()
    assert (prices.ohlc[:, 3] > 0).all()


def test_the_daily_prices_of_378_symbols_are_read_whole() -> None:
    prices = parse_prices(shared_file("market/nse_daily.csv.gz").read_bytes(), "nse_daily.csv.gz", TODAY)
    assert len(prices.days) == 487_240
    assert len(set(prices.symbols)) == 378
    assert (prices.days.min().item(), prices.days.max().item()) == (date(2020, 1, 1), date(2025, 9, 17))
    assert prices.rejected == ()
    assert not np.isnan(prices.volume).any()
    without_open = np.isnan(prices.ohlc[:, :3]).all(axis=1)
    assert prices.symbols[without_open].tolist() == ["INDIAVIX", "INDIAVIX"]
    assert prices.days[without_open].tolist() == [date(2021, 2, 12), date(2021, 3, 30)]
    assert {"M&M", "BAJAJ-AUTO", "NIFTY50"} <= set(prices.symbols)


def test_the_official_bhavcopies_of_2025_are_read_whole() -> None:
    prices = parse_prices(shared_file("market/nse_raw_bhavcopy_2025.csv.gz").read_bytes(), "raw.csv.gz", TODAY)
    assert (prices.kind, len(prices.days), len(set(prices.symbols))) == ("bhavcopy", 58_574, 361)
    ex_date = (prices.symbols == "BAJFINANCE") & (prices.days == np.datetime64("2025-06-16"))
    assert prices.ohlc[ex_date, 3].tolist() == [938.0]


def test_the_second_price_source_is_read_whole() -> None:
    prices = parse_prices(shared_file("market/upstox_nifty50_daily.csv.gz").read_bytes(), "upstox.csv.gz", TODAY)
    assert (prices.kind, len(prices.days), len(set(prices.symbols))) == ("csv", 61_135, 50)


def test_the_real_derivatives_bhavcopy_is_refused() -> None:
    data = shared_file("market/nse_fo_bhavcopy_2025-09-11.csv.gz").read_bytes()
    with pytest.raises(InputFileError, match="futures and options"):
        parse_prices(data, "fo.csv.gz", TODAY)


def test_nses_index_closes_are_read_under_the_names_of_kite() -> None:
    header = "Index Name,Index Date,Open Index Value,High Index Value,Low Index Value,Closing Index Value,Volume"
    rows = ["Nifty 50,20-11-2026,1,3,0.5,2,10", "Nifty Financial Services,20-11-2026,-,-,-,5,-"]
    prices = parse_prices("\n".join([header, *rows]).encode(), "ind_close_all_20112026.csv", date(2026, 11, 20))
    assert prices.symbols.tolist() == ["NIFTY50", "NIFTYFINSERVICE"]
    assert prices.ohlc[0].tolist() == [1.0, 3.0, 0.5, 2.0]
    assert np.isnan(prices.ohlc[1, :3]).all()
    assert prices.price_basis is Basis.AS_TRADED
