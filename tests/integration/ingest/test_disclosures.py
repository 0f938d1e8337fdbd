"""Cases 58 to 69 of the fault matrix: what comes in, what stays, what is said."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.disclosures import Source
from app.ingest import disclosures
from app.ingest.disclosure_checks import SECURITIES
from app.ingest.disclosures import relink_symbols
from app.risk.fund_portfolio import fund_portfolio
from app.sources.amc.reader import PARSER_VERSION
from app.store.disclosures import load_issuer_weights
from tests.integration.disclosure_files import (
    OCTOBER,
    SCHEME,
    SEPTEMBER,
    SYMBOL,
    bring_disclosure,
    fund_file,
    one_fund,
    scaled,
    scheme_sheet,
    with_shares,
)
from tests.integration.fund_files import DIRECT, FUND, FUND_REGULAR, REGULAR, bring_navall, navall
from tests.integration.importing import bring_securities, contents, rows
from tests.integration.input_files import ISINS, index_list
from tests.unit.sources.amc.portfolios import SHARES, body, line, words
from tests.unit.sources.amc.test_opening import HOSTILE

OTHERS = (
    ("Tata Consultancy Services Limited", "INE467B01029", "IT - Software", 5_000, 126.50),
    ("Bharti Airtel Limited", "INE397D01024", "Telecom", 20_000, 340.00),
    ("ITC Limited", "INE154A01025", "Diversified FMCG", 80_000, 375.90),
    ("Hindustan Unilever Limited", "INE030A01027", "Diversified FMCG", 10_000, 188.00),
    ("Maruti Suzuki India Limited", "INE585B01010", "Automobiles", 4_000, 309.20),
    ("Sun Pharmaceutical Industries Limited", "INE044A01036", "Pharmaceuticals", 10_000, 178.40),
)
LINES = "SELECT count(*), round(sum(weight_pct)::numeric, 6)::float8, min(as_on_date)::text FROM mf_underlying_holdings"
GOOD = "quarantined IS NULL AND replaced_by IS NULL"


def reason(database: Boilerplate, data: bytes, name: str = "fund.xlsx", **asked: Any) -> str | None:
    """Why the only sheet of a file is refused."""
    (sheet,) = bring_disclosure(database, data, name, **asked).sheets
    return sheet.quarantined


def test_a_portfolio_is_stored_in_percent_and_rupees_one_row_a_line(database: Boilerplate) -> None:
    result = bring_disclosure(database, one_fund())
    (sheet,) = result.sheets
    assert (sheet.name, sheet.as_on, sheet.lines, result.lines_stored) == (SCHEME, OCTOBER, 9, 9)
    assert sheet.stated_total == pytest.approx(2000e5)
    assert sheet.sum_of_weights == pytest.approx(100)
    assert sheet.amfi_code is None
    found = rows(
        database,
        """SELECT mf_symbol, mf_scheme_name, stock_name, weight_pct, quantity, value, as_on_date, l.isin, l.industry,
                  l.kind, l.sign, l.in_total
           FROM mf_underlying_holdings h JOIN risk_disclosure_lines l USING (id) WHERE l.isin = 'INE002A01018'""",
    )
    assert found == [
        ("sample-large-cap-fund", SCHEME, "Reliance Industries Limited", pytest.approx(6.325), 10_000.0,
         pytest.approx(12_650_000.0), OCTOBER, "INE002A01018", "Petroleum Products", "equity", 1, True)
    ]  # fmt: skip
    assert rows(
        database, "SELECT file, sheet, length(sha256), parser_version, source, partial FROM risk_disclosures"
    ) == [("fund.xlsx", "S1", 64, PARSER_VERSION, "upload", False)]


def test_a_month_is_replaced_and_older_months_are_kept(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund(as_on=SEPTEMBER), "september.xlsx")
    bring_disclosure(database, one_fund(as_on=OCTOBER), "october.xlsx")
    bring_disclosure(database, one_fund(rows=with_shares(OTHERS)), "october corrected.xlsx")
    months = "SELECT as_on_date::text, count(*) FROM mf_underlying_holdings GROUP BY 1 ORDER BY 1"
    assert rows(database, months) == [("2026-09-30", 9), ("2026-10-31", 9)]
    assert rows(database, "SELECT count(*) FROM mf_underlying_holdings WHERE stock_name = 'ITC Limited'") == [(1,)]
    assert rows(database, "SELECT file, replaced_by FROM risk_disclosures ORDER BY disclosure_id") == [
        ("september.xlsx", None),
        ("october.xlsx", "october corrected.xlsx"),
        ("october corrected.xlsx", None),
    ]


def test_a_fund_of_funds_is_held_against_the_navs_of_amfis_list(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND, FUND_REGULAR))
    units = [("Alpha Direct", DIRECT, "", 1_000_000, 1000.0), ("Alpha Regular", REGULAR, "", 1_000_000, 900.0)]
    rows_ = [words("Mutual Fund Units"), *(line(unit, 1900.0) for unit in units), words("Grand Total", 1900.0, 1.0)]
    assert reason(database, one_fund(rows=rows_)) is None
    wrong = [[*row[:5], str(float(row[5]) * 10) if row[5] else "", row[6]] for row in rows_]
    assert reason(database, one_fund(rows=wrong)) == (
        "values are not in the unit stated: units of funds would cost 10 times their NAV"
    )


def test_rows_of_the_dashboard_stay_as_they_are(database: Boilerplate) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO mf_underlying_holdings (mf_symbol, stock_symbol, weight_pct, as_on_date) "
            f"VALUES ('sample-large-cap-fund', 'INFY', 5, '{OCTOBER}')"
        )
    for data in (one_fund(), one_fund(rows=with_shares(OTHERS))):
        bring_disclosure(database, data)
    with database.transaction() as connection:
        relink_symbols(connection)
    assert rows(database, "SELECT stock_symbol, weight_pct FROM mf_underlying_holdings WHERE stock_name IS NULL") == [
        ("INFY", 5.0)
    ]
    assert rows(database, "SELECT count(*) FROM mf_underlying_holdings") == [(10,)]


# --- E58, E59


@pytest.mark.parametrize("kind", ["nothing", "pdf", "html", "encrypted ole", "cut at 8 of 16", "cell at XFD1048576"])
def test_a_broken_or_hostile_file_is_refused_with_its_reason_and_the_last_good_stays(
    database: Boilerplate, kind: str
) -> None:
    bring_disclosure(database, one_fund())
    before = rows(database, LINES)
    result = bring_disclosure(database, HOSTILE[kind], "bad.xlsx")
    assert result.unreadable
    assert result.lines_stored == 0
    assert rows(database, LINES) == before
    assert rows(database, "SELECT outcome FROM risk_disclosure_files WHERE name = 'bad.xlsx'") == [("refused",)]


# --- E60


@pytest.mark.parametrize(
    ("asked", "words_of_it"),
    [
        ({"month": date(2026, 9, 1)}, "is of 2026-10-31, not of 2026-09"),
        ({"today": date(2026, 10, 30)}, "which is not a day in the past"),
    ],
)
def test_another_month_than_asked_for_and_the_future_are_refused_but_not_for_good(
    database: Boilerplate, asked: dict[str, Any], words_of_it: str
) -> None:
    assert words_of_it in str(reason(database, one_fund(), **asked))
    assert rows(database, LINES) == [(0, None, None)]
    assert reason(database, one_fund()) is None
    assert rows(database, "SELECT quarantined FROM risk_disclosures") == [(None,)]


def test_the_month_asked_for_is_taken(database: Boilerplate) -> None:
    assert reason(database, one_fund(), month=date(2026, 10, 7)) is None


@pytest.mark.parametrize("source", [Source.UPLOAD, Source.FETCH])
def test_a_month_older_than_the_newest_loaded_is_refused_and_changes_nothing(
    database: Boilerplate, source: Source
) -> None:
    bring_disclosure(database, one_fund(as_on=SEPTEMBER), "september.xlsx")
    bring_disclosure(database, one_fund(as_on=OCTOBER))
    before = rows(database, "SELECT * FROM mf_underlying_holdings ORDER BY id")
    late = one_fund(as_on=SEPTEMBER, rows=with_shares(OTHERS))
    assert str(reason(database, late, "late.xlsx", source=source)).startswith(
        "is older than loaded: it is of 2026-09-30"
    )
    assert rows(database, "SELECT * FROM mf_underlying_holdings ORDER BY id") == before
    assert bring_disclosure(database, late, source=source).known, "it is not read again until it is wanted"


@pytest.mark.parametrize("asked", [{"older": True}, {"month": SEPTEMBER}])
def test_an_older_month_that_is_asked_for_becomes_history_and_never_the_newest(
    database: Boilerplate, asked: dict[str, Any]
) -> None:
    bring_disclosure(database, one_fund(as_on=OCTOBER))
    old = one_fund(as_on=SEPTEMBER)
    assert reason(database, old) is not None
    (older,) = bring_disclosure(database, old, "old.xlsx", **asked).sheets
    assert older.quarantined is None
    assert "is older than the portfolio of 2026-10-31 already stored: kept as history" in older.warnings
    assert rows(database, f"SELECT as_on::text FROM risk_disclosures WHERE {GOOD} ORDER BY 1") == [
        ("2026-09-30",),
        ("2026-10-31",),
    ]
    assert rows(database, "SELECT count(*) FROM risk_disclosures WHERE quarantined IS NOT NULL") == [(0,)]
    assert bring_disclosure(database, old, **asked).known


def test_a_refusal_for_its_age_says_nothing_against_the_month_in_use(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund(as_on=OCTOBER))
    bring_disclosure(database, one_fund(as_on=SEPTEMBER), "old.xlsx")
    with database.transaction() as connection:
        found = fund_portfolio(connection, SYMBOL, None, date(2026, 11, 20))
    assert "refused_disclosure" not in {issue.code for issue in found.data_issues}


def test_a_newer_reader_reads_an_older_month_again_too(database: Boilerplate, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_disclosure(database, one_fund(as_on=SEPTEMBER), "september.xlsx")
    bring_disclosure(database, one_fund(as_on=OCTOBER), "october.xlsx")
    monkeypatch.setattr(disclosures, "PARSER_VERSION", PARSER_VERSION + 1)
    assert reason(database, one_fund(as_on=SEPTEMBER), "september.xlsx") is None
    versions = f"SELECT as_on::text, parser_version FROM risk_disclosures WHERE {GOOD} ORDER BY 1"
    assert rows(database, versions) == [("2026-09-30", PARSER_VERSION + 1), ("2026-10-31", PARSER_VERSION)]


def test_the_same_file_twice_is_read_once(database: Boilerplate, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bring_disclosure(database, one_fund())
    before = contents(database)
    monkeypatch.setattr(disclosures, "read_disclosure", lambda *_: pytest.fail("read again"))
    second = bring_disclosure(database, one_fund(), "the same under another name.xlsx")
    assert (second.known, second.lines_stored, second.sheets) == (True, 0, first.sheets)
    assert contents(database) == before


def test_a_known_file_of_another_month_is_not_passed_off_as_the_one_asked_for(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund())
    result = bring_disclosure(database, one_fund(), month=date(2026, 11, 1))
    assert result.known
    assert result.sheets[0].quarantined == "is of 2026-10-31, not of 2026-11"
    assert rows(database, LINES)[0][0] == 9


def test_a_newer_reader_reads_the_same_bytes_again(database: Boilerplate, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_disclosure(database, one_fund())
    monkeypatch.setattr(disclosures, "PARSER_VERSION", PARSER_VERSION + 1)
    assert not bring_disclosure(database, one_fund()).known
    assert rows(database, "SELECT parser_version, replaced_by FROM risk_disclosures") == [(PARSER_VERSION + 1, None)]
    assert rows(database, LINES)[0][0] == 9


# --- E61


def test_another_scheme_or_fund_house_than_asked_for_is_refused(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund())
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE risk_portfolios SET house = 'Sample Mutual Fund'")
    other = one_fund(rows=with_shares(OTHERS))
    assert "not of Sample Small Cap Fund" in str(reason(database, other, scheme="Sample Small Cap Fund"))
    assert "is of Sample Mutual Fund, not of Other Mutual Fund" in str(
        reason(database, other, house="Other Mutual Fund")
    )
    assert reason(database, other, scheme=SCHEME.upper(), house="SAMPLE MUTUAL FUND") is None


# --- E62, E63


def test_an_empty_sheet_and_weights_far_from_the_total_are_refused(database: Boilerplate) -> None:
    assert "no grand total" in str(reason(database, one_fund(rows=[])))
    too_much = [*body()[:-1], words("GRAND TOTAL", 2000.0 / 1.3, 1.0)]
    assert "130.00 % of the file's own total" in str(reason(database, one_fund(rows=too_much)))
    too_little = [*body()[:-1], words("GRAND TOTAL", 2000.0 / 0.6, 1.0)]
    assert "60.00 % of the file's own total" in str(reason(database, one_fund(rows=too_little)))
    assert rows(database, LINES) == [(0, None, None)]


def test_fractions_and_negative_cash_are_stored_as_signed_percent(database: Boilerplate) -> None:
    changed = body()
    changed[-3:-1] = [
        line(("TREPS", "", "", "", 300.0)),
        line(("Net Receivables / (Payables)", "", "", "", -23.0)),
    ]
    assert reason(database, one_fund(rows=changed)) is None
    found = rows(
        database,
        """SELECT round(weight_pct::numeric, 4)::float8, value, sign FROM mf_underlying_holdings
           JOIN risk_disclosure_lines USING (id) WHERE stock_name LIKE 'Net Rec%'""",
    )
    assert found == [(-1.15, pytest.approx(-2_300_000.0), -1)]


def test_a_total_of_another_unit_than_last_months_is_refused(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund(as_on=SEPTEMBER))
    assert "a unit is read wrong" in str(reason(database, one_fund(rows=scaled(100))))
    assert rows(database, "SELECT max(as_on_date)::text FROM mf_underlying_holdings") == [("2026-09-30",)]
    assert reason(database, one_fund(rows=scaled(2))) is None


# --- E64, E65


def test_an_isin_in_two_rows_stays_two_rows_with_a_note(database: Boilerplate) -> None:
    name, isin, industry, quantity, value = SHARES[0]
    twice = ((name, isin, industry, quantity / 2, value / 2),) * 2
    (sheet,) = bring_disclosure(database, one_fund(rows=body((*twice, *SHARES[1:])))).sheets
    assert any("stand in several rows and add up" in warning for warning in sheet.warnings)
    total = "SELECT round(sum(weight_pct)::numeric, 6)::float8 FROM mf_underlying_holdings JOIN risk_disclosure_lines"
    assert rows(database, f"{total} USING (id) WHERE isin = 'INE002A01018'") == [(6.325,)]


@pytest.mark.parametrize(("spoiled", "partial"), [(1, False), (2, True)])
def test_shares_without_a_valid_isin_are_kept_and_above_a_tenth_the_portfolio_is_partial(
    database: Boilerplate, spoiled: int, partial: bool
) -> None:
    shares = [(n, f"{isin[:-1]}{(int(isin[-1]) + 1) % 10}", *rest) for n, isin, *rest in SHARES[:spoiled]]
    cells = body((*shares, *SHARES[spoiled:]))  # type: ignore[arg-type]
    (sheet,) = bring_disclosure(database, one_fund(rows=cells)).sheets
    assert sheet.quarantined is None
    assert any("look-through is partial" in warning for warning in sheet.warnings) == partial
    assert rows(database, "SELECT partial FROM risk_disclosures") == [(partial,)]
    assert rows(database, "SELECT count(*) FROM risk_disclosure_lines WHERE kind = 'equity' AND isin IS NULL") == [
        (spoiled,)
    ]


def test_nse_symbols_come_from_the_master_with_new_isins_of_an_issuer_and_follow_it(database: Boilerplate) -> None:
    old = [
        ("Infosys Limited", "INE009A01013", *rest) if n == "Infosys Limited" else (n, i, *rest)
        for n, i, *rest in SHARES
    ]
    bring_disclosure(database, one_fund(rows=body(old)))  # type: ignore[arg-type]
    found = "SELECT stock_name, stock_symbol FROM mf_underlying_holdings WHERE stock_symbol IS NOT NULL"
    assert rows(database, found) == []
    bring_securities(database, index_list([("INFY", ISINS["INFY"], "IT")]), "list.csv")
    assert rows(database, found) == [("Infosys Limited", "INFY")]
    bring_disclosure(database, one_fund(as_on=SEPTEMBER, rows=body(old)), older=True)  # type: ignore[arg-type]
    assert rows(database, found) == [("Infosys Limited", "INFY")] * 2


# --- E67


def test_securities_that_are_mostly_others_than_a_month_ago_are_stored_with_a_warning(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund(as_on=SEPTEMBER))
    (same,) = bring_disclosure(database, one_fund(), "same.xlsx").sheets
    assert not any("others than on" in warning for warning in same.warnings)
    (other,) = bring_disclosure(database, one_fund(rows=with_shares(OTHERS)), "other.xlsx").sheets
    assert other.quarantined is None
    assert "88 % of its securities are others than on 2026-09-30: is it another scheme's file?" in other.warnings


def test_a_gap_of_months_and_a_later_month_are_compared_as_well_and_debt_by_its_company(database: Boilerplate) -> None:
    june = date(2026, 6, 30)
    bring_disclosure(database, one_fund(as_on=june, rows=with_shares(OTHERS)))
    (october,) = bring_disclosure(database, one_fund()).sheets
    assert any("are others than on 2026-06-30" in warning for warning in october.warnings)
    (september,) = bring_disclosure(database, one_fund(as_on=SEPTEMBER), older=True).sheets
    assert not any("are others than on" in warning for warning in september.warnings)
    with database.transaction() as connection:
        ids = connection.scalars(text("SELECT disclosure_id FROM risk_disclosures")).all()
        weights = load_issuer_weights(connection, ids, SECURITIES)
    assert {"INE002A01", "IN00202"} <= weights[ids[-1]].keys()


# --- kinds of files


def test_a_fortnightly_file_is_refused_and_leaves_the_month_before(database: Boilerplate) -> None:
    bring_disclosure(database, one_fund())
    assert "fortnightly" in str(reason(database, one_fund(as_on=date(2026, 11, 15))))
    assert rows(database, "SELECT DISTINCT as_on_date::text FROM mf_underlying_holdings") == [("2026-10-31",)]


def test_of_one_scheme_twice_in_a_file_equal_portfolios_are_one_and_different_ones_none(database: Boilerplate) -> None:
    twice = bring_disclosure(database, fund_file(scheme_sheet(), scheme_sheet()))
    assert [sheet.quarantined for sheet in twice.sheets] == [None, "is the same portfolio as that of sheet S1"]
    different = fund_file(
        scheme_sheet("Sample Mid Cap Fund"), scheme_sheet("Sample Mid Cap Fund", rows=with_shares(OTHERS))
    )
    reasons = {sheet.quarantined for sheet in bring_disclosure(database, different).sheets}
    assert reasons == {"is one of 2 different portfolios of Sample Mid Cap Fund in the file"}


def test_a_bad_sheet_does_not_keep_the_good_ones_of_its_file_out(database: Boilerplate) -> None:
    data = fund_file(scheme_sheet(), scheme_sheet("Sample Mid Cap Fund", rows=[]), scheme_sheet("Sample Value Fund"))
    result = bring_disclosure(database, data)
    assert [sheet.quarantined is None for sheet in result.sheets] == [True, False, True]
    assert rows(database, "SELECT count(DISTINCT mf_symbol) FROM mf_underlying_holdings") == [(2,)]
    assert bring_disclosure(database, data).known


def test_a_failure_while_storing_leaves_nothing(database: Boilerplate, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_disclosure(database, one_fund())
    before = contents(database)

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(disclosures, "record_import", fail)
    with pytest.raises(RuntimeError):
        bring_disclosure(database, one_fund(rows=with_shares(OTHERS)))
    assert contents(database) == before


def test_a_file_name_that_no_encoding_can_write_is_stored_as_it_can_be(database: Boilerplate) -> None:
    assert bring_disclosure(database, one_fund(), "fund\udcff\0.xlsx").file.name == "fund?.xlsx"


def test_every_import_is_logged_and_a_known_one_is_not(database: Boilerplate) -> None:
    for _ in range(2):
        bring_disclosure(database, one_fund())
    assert rows(database, "SELECT kind, rows_read, rows_changed FROM risk_imports") == [("disclosures", 9, 9)]
