from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.domain.holdings import Holding
from app.domain.securities import UNCLASSIFIED, HostScrips, MatchKind, Security, SecurityMaster, SymbolChange
from app.risk.positions import MasterIndex, identify, index_master, merge_positions

TATA = Security("INE155A01022", "Tata Motors PV", "NSE", "TMPV", sector="Automobile and Auto Components")
KOTAK_NEW = Security("INE237A01036", "Kotak Bank", "NSE", "KOTAKBANK", sector="Financial Services")
SBIN = Security("INE062A01020", "State Bank of India", "NSE", "SBIN", sector="Financial Services")
OTHER = Security("INE999B01015", "Another Issuer", "NSE", "GIVENAWAY")


def index(
    *securities: Security,
    changes: tuple[SymbolChange, ...] = (),
    sectors: Mapping[str, str] | None = None,
    twins: Mapping[str, tuple[str, ...]] | None = None,
) -> MasterIndex:
    master = SecurityMaster(securities or (TATA, KOTAK_NEW, SBIN, OTHER), changes)
    return index_master(master, HostScrips(sectors or {}, twins or {}))


def held(symbol: str, isin: str | None = None, quantity: float = 10, **fields: object) -> Holding:
    usual: dict[str, object] = {"exchange": "NSE", "average_price": 100.0}
    return Holding(symbol=symbol, isin=isin, quantity=quantity, **{**usual, **fields})  # type: ignore[arg-type]


RENAMES = (SymbolChange("TATAMOTORS", "TMPV", None),)


@pytest.mark.parametrize(
    ("holding", "found", "match"),
    [
        (held("TMPV", "INE155A01022"), TATA, MatchKind.ISIN),
        (held("ANYTHING", "INE155A01022"), TATA, MatchKind.ISIN),
        (held("KOTAKBANK", "INE237A01028"), KOTAK_NEW, MatchKind.ISIN_CHANGE),
        (held("KOTAKBANK-BE", "INE237A01028"), KOTAK_NEW, MatchKind.ISIN_CHANGE),
        (held("KOTAK1", "INE237A01028"), KOTAK_NEW, MatchKind.ISSUER_PREFIX),
        (held("SBIN"), SBIN, MatchKind.SYMBOL),
        (held("TATAMOTORS"), TATA, MatchKind.SYMBOL_CHANGE),
        (held("TATAMOTORS-BE"), TATA, MatchKind.SYMBOL_CHANGE),
        (held("SBIN-BE"), SBIN, MatchKind.SERIES_SUFFIX),
        (held("UNKNOWN", "INE111C01011"), None, MatchKind.NONE),
        (held("GIVENAWAY", "INE111C01011"), None, MatchKind.NONE),
        (held("BAJAJ-AUTO"), None, MatchKind.NONE),
    ],
)
def test_every_step_of_identification_is_marked(holding: Holding, found: Security | None, match: MatchKind) -> None:
    assert identify(holding, index(changes=RENAMES)) == (found, match)


def test_a_new_isin_among_several_of_its_issuer_is_matched_by_symbol_and_still_marked_as_a_change() -> None:
    older, newer = (Security(isin, "Kotak", "NSE", "KOTAKBANK") for isin in ("INE237A01010", "INE237A01028"))
    assert identify(held("KOTAKBANK", "INE237A01036"), index(older, newer)) == (newer, MatchKind.ISIN_CHANGE)


def test_a_symbol_used_by_two_issuers_is_no_evidence_without_an_isin() -> None:
    twice = Security("INE062A01020", "First", "NSE", "SAME"), Security("INE999B01015", "Second", "NSE", "SAME")
    assert identify(held("SAME"), index(*twice)) == (None, MatchKind.NONE)
    assert identify(held("SAME", "INE999B01023"), index(*twice))[0] == twice[1]


def test_a_holding_never_takes_prices_of_a_symbol_given_away_to_another_issuer() -> None:
    (found,) = merge_positions([held("GIVENAWAY", "INE111C01011")], index())
    assert (found.matched_by, found.price_symbols) == (MatchKind.NONE, ())
    (renamed,) = merge_positions([held("TMPV", TATA.isin)], index(changes=(SymbolChange("GIVENAWAY", "TMPV", None),)))
    assert renamed.price_symbols == ("TMPV",)


def test_renames_in_a_chain_lead_to_the_newest_symbol_and_back_to_every_older_one() -> None:
    chain = (SymbolChange("OLDEST", "OLDER", None), SymbolChange("OLDER", "TMPV", None))
    found = merge_positions([held("OLDEST"), held("OLDER"), held("TMPV", TATA.isin)], index(changes=chain))
    assert [(p.symbol, p.quantity) for p in found] == [("TMPV", 30)]
    assert set(found[0].price_symbols) == {"TMPV", "OLDER", "OLDEST"}
    assert found[0].price_symbols[0] == "TMPV"


def test_a_cycle_of_renames_ends_and_matches_nothing_twice() -> None:
    cycle = (SymbolChange("ONE", "TWO", None), SymbolChange("TWO", "ONE", None))
    (found,) = merge_positions([held("ONE")], index(SBIN, changes=cycle))
    assert (found.symbol, found.matched_by) == ("ONE", MatchKind.NONE)
    assert found.price_symbols.count("ONE") == 1


def test_an_unmatched_share_looks_for_prices_under_all_names_it_was_renamed_from_and_to() -> None:
    (found,) = merge_positions([held("LTIM-BE")], index(SBIN, changes=(SymbolChange("LTIM", "LTM", None),)))
    assert found.price_symbols == ("LTIM-BE", "LTIM", "LTM")


def test_rows_of_one_isin_become_one_position_that_knows_both_exchanges() -> None:
    rows = [
        held("SBIN", SBIN.isin, 5, exchange="BSE", average_price=800.0, last_price=811.0),
        held("SBIN", SBIN.isin, 10, average_price=500.0, last_price=810.0),
    ]
    (found,) = merge_positions(rows, index())
    assert (found.exchanges, found.quantity, found.average_price) == (("NSE", "BSE"), 15, 600)
    assert found.last_price == 810.0


def test_owned_shares_count_free_undelivered_and_pledged_but_not_margin_funded_ones() -> None:
    (found,) = merge_positions(
        [held("SBIN", SBIN.isin, 1, t1_quantity=2, collateral_quantity=4, mtf_quantity=8)], index()
    )
    assert (found.quantity, found.mtf_quantity) == (7, 8)


def test_a_row_without_any_share_is_no_position() -> None:
    assert merge_positions([held("SBIN", SBIN.isin, 0)], index()) == ()


def test_part_of_a_cost_is_no_cost() -> None:
    (found,) = merge_positions([held("SBIN", average_price=500.0), held("SBIN", average_price=None)], index())
    assert found.average_price is None


def test_a_row_that_owns_nothing_needs_no_cost() -> None:
    rows = [held("SBIN", average_price=500.0), held("SBIN", quantity=0, mtf_quantity=3, average_price=None)]
    (found,) = merge_positions(rows, index())
    assert found.average_price == 500.0


def test_a_missing_last_price_is_taken_from_the_other_exchange() -> None:
    rows = [held("SBIN", SBIN.isin), held("SBIN", SBIN.isin, exchange="BSE", last_price=811.0)]
    (found,) = merge_positions(rows, index())
    assert found.last_price == 811.0


@pytest.mark.parametrize(
    ("holding", "sectors", "sector"),
    [
        (held("SBIN", SBIN.isin), {"SBIN": "IT"}, "Financial Services"),
        (held("GIVENAWAY", OTHER.isin, sector="Textiles"), {"GIVENAWAY": "IT"}, "Textiles"),
        (held("GIVENAWAY", OTHER.isin), {"GIVENAWAY": "IT"}, "Information Technology"),
        (held("GIVENAWAY", OTHER.isin), {"GIVENAWAY": "MISC"}, UNCLASSIFIED),
        (held("GIVENAWAY", OTHER.isin), {}, UNCLASSIFIED),
    ],
)
def test_the_sector_is_of_the_best_source_that_names_one(
    holding: Holding, sectors: dict[str, str], sector: str
) -> None:
    (found,) = merge_positions([holding], index(sectors=sectors))
    assert found.sector == sector


def test_a_list_without_sectors_does_not_hide_the_sector_of_another_list() -> None:
    newer = Security(SBIN.isin, SBIN.name, "BSE", "SBINBSE")
    (found,) = merge_positions([held("SBIN", SBIN.isin)], index(newer, SBIN))
    assert found.sector == "Financial Services"
    assert found.price_symbols == ("SBINBSE", "SBIN")


def test_prices_are_looked_for_under_every_id_that_the_dashboard_has_for_the_ticker() -> None:
    twins = {"M&M": ("M&M", "M_M"), "M_M": ("M&M", "M_M")}
    (position,) = merge_positions([held("M&M", "INE101A01026")], index(twins=twins))
    assert position.price_symbols == ("M&M", "M_M")


def test_an_id_of_the_dashboard_that_belongs_to_another_issuer_lends_no_prices() -> None:
    (position,) = merge_positions([held("OLDNAME", "INE111A01025")], index(twins={"OLDNAME": ("GIVENAWAY",)}))
    assert position.price_symbols == ("OLDNAME",)
