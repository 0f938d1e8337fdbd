from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from app.domain.scheme_names import family_of, scheme_key
from app.domain.schemes import AmfiScheme, MatchedBy, Option, Plan
from app.ingest.scheme_matching import Match, SchemeIndex, match_names
from app.ingest.scheme_renames import RENAMED
from app.sources.amc.reader import read_disclosure
from app.sources.amfi import parse_navall
from tests.shared_data import ROOT, shared_file

LISTS = ("mf/amfi/NAVAll_6col_2026-08-18.txt", "mf/amfi/NAVAll_8col_2026-08-21.txt")
HOUSES = (
    "360one", "absl", "bandhan", "dsp", "edelweiss", "groww", "hdfc", "helios", "icici", "invesco", "lic", "navi",
    "nippon", "nj", "pgim", "ppfas", "quant", "samco", "sbi", "uti", "zerodha",
)  # fmt: skip
COUNTS = {
    LISTS[0]: {MatchedBy.NAME: 675, MatchedBy.FORMER_NAME: 58, MatchedBy.TOKENS: 2, MatchedBy.NONE: 59},
    LISTS[1]: {MatchedBy.NAME: 675, MatchedBy.FORMER_NAME: 59, MatchedBy.TOKENS: 4, MatchedBy.NONE: 56},
}
"""Of the names that are not found, all but a few are of schemes that have matured and left AMFI's list."""
KNOWN = {
    # name as a house wrote it in 2025 -> AMFI code of the direct growth plan (the list of NAV series names most)
    "UTI - Corporate Bond Fund": 144339,
    "HDFC Nifty 50 Index Fund": 119063,
    "Bandhan Nifty 50 Index Fund": 118482,
    "Navi Nifty 50 Index Fund": 149039,
    "Parag Parikh Flexi Cap Fund": 122639,
    "HDFC Flexi Cap Fund": 118955,
    "HDFC Balanced Advantage Fund": 118968,
    "ICICI Prudential Balanced Advantage Fund": 120377,
    "ICICI Prudential Bluechip Fund": 120586,
    "SBI Large & Midcap Fund": 119721,
    "SBI Small Cap Fund": 125497,
    "NIPPON INDIA GROWTH FUND": 118668,
    "Nippon India Small Cap Fund": 118778,
    "quant Small Cap Fund": 120828,
    "quant Absolute Fund": 120819,
    "Invesco India Contra Fund": 120348,
    "Groww Large Cap Fund": 119133,
    "Helios Flexi Cap Fund": 152135,
    "HDFC Corporate Bond Fund": 118987,
}


def scheme(code: int, name: str, house: str = "Alpha Mutual Fund", former: tuple[str, ...] = ()) -> AmfiScheme:
    return AmfiScheme(
        code, f"INF{code:09d}", None, name, house, "Equity", family_of(house, name), Plan.DIRECT, Option.GROWTH, 10.0,
        date(2026, 11, 20), former,
    )  # fmt: skip


def match(schemes: list[AmfiScheme], *names: str, overrides: dict[str, int] | None = None) -> tuple[Match, ...]:
    return match_names(SchemeIndex(schemes, overrides or {}), names)


def test_the_name_itself_comes_first() -> None:
    (found,) = match([scheme(1, "Alpha Flexi Cap Fund"), scheme(2, "Alpha Mid Cap Fund")], "ALPHA FLEXI-CAP FUND")
    assert (found.matched_by, found.scheme and found.scheme.amfi_code) == (MatchedBy.NAME, 1)


def test_a_former_name_is_found_whoever_tells_it() -> None:
    schemes = [
        scheme(1, "Alpha One Fund"),
        scheme(2, "Alpha Two Fund (formerly Alpha Second Fund)"),
        scheme(3, "Alpha Three Fund", former=("alpha third",)),
    ]
    found = match(schemes, "Alpha First Fund (erstwhile Alpha One Fund)", "Alpha Second Fund", "Alpha Third Fund")
    assert [one.scheme and one.scheme.amfi_code for one in found] == [1, 2, 3]
    assert {one.matched_by for one in found} == {MatchedBy.FORMER_NAME}


def test_a_persons_word_goes_before_everything() -> None:
    overrides = {scheme_key("Alpha One Fund"): 2}
    (found,) = match([scheme(1, "Alpha One Fund"), scheme(2, "Alpha Two Fund")], "Alpha One Fund", overrides=overrides)
    assert (found.matched_by, found.scheme and found.scheme.amfi_code) == (MatchedBy.OVERRIDE, 2)


def test_a_name_that_two_houses_have_is_the_one_of_the_files_house() -> None:
    schemes = [scheme(1, "Value Fund"), scheme(2, "Value Fund", "Beta Mutual Fund")]
    own = [scheme(3, "Beta Liquid Fund", "Beta Mutual Fund"), scheme(4, "Beta Gilt Fund", "Beta Mutual Fund")]
    alone = match([*schemes, *own], "Value Fund")[0]
    assert (alone.matched_by, alone.scheme) == (MatchedBy.AMBIGUOUS, None)
    among = match([*schemes, *own], "Value Fund", "Beta Liquid Fund", "Beta Gilt Fund")[0]
    assert among.scheme is not None
    assert among.scheme.amfi_code == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Alpha Nifty 30 Index Fund", "another number"),
        ("Alpha Bluechip Fund", "another scheme"),
        ("Alpha Nifty Next 50 Index Fund", "another index"),
        ("Alpha Nifty 50 ETF", "another scheme of the same index"),
        ("Beta Nifty 50 Index Fund", "another house"),
    ],
)
def test_a_like_name_is_not_taken_for_the_same(name: str, reason: str) -> None:
    schemes = [scheme(1, "Alpha Nifty 50 Index Fund"), scheme(2, "Alpha US Bluechip Equity Fund")]
    assert match(schemes, name)[0].scheme is None, reason


def test_the_same_words_in_another_order_are_the_scheme_unless_two_have_them() -> None:
    (found,) = match([scheme(1, "Alpha Nasdaq Passive FoF"), scheme(2, "Alpha Gilt Fund")], "Alpha FoF Nasdaq")
    assert (found.matched_by, found.scheme and found.scheme.amfi_code) == (MatchedBy.TOKENS, 1)
    twins = [scheme(1, "Alpha Gold Active FoF"), scheme(2, "Alpha Gold Passive FoF")]
    (tie,) = match(twins, "Alpha Gold Fund of Fund")
    assert (tie.matched_by, tie.scheme, len(tie.candidates)) == (MatchedBy.AMBIGUOUS, None, 2)


def test_no_list_matches_nothing() -> None:
    assert [one.matched_by for one in match([], "Alpha Fund", "")] == [MatchedBy.NONE, MatchedBy.NONE]


@pytest.mark.parametrize("path", LISTS)
def test_every_rename_leads_to_a_scheme_of_todays_list(path: str) -> None:
    file = shared_file(path)
    index = SchemeIndex(parse_navall(file.read_bytes(), file.name).schemes, {})
    missing = [after for after in RENAMED.values() if len(index.by_key.get(scheme_key(after), ())) != 1]
    assert missing == {LISTS[0]: ["LIC MF Unit Linked Insurance Scheme (ULIS)"], LISTS[1]: []}[path]


@pytest.mark.slow
@pytest.mark.parametrize("path", LISTS)
def test_the_schemes_of_all_real_disclosures_are_found_and_none_is_taken_for_another(path: str) -> None:
    file = shared_file(path)
    index = SchemeIndex(parse_navall(file.read_bytes(), file.name).schemes, {})
    counts: Counter[MatchedBy] = Counter()
    codes: dict[str, int] = {}
    for house in HOUSES:
        shared_file(f"mf/{house}")
        for disclosure in sorted((ROOT / "mf" / house).iterdir()):
            names = [sheet.name for sheet in read_disclosure(disclosure.read_bytes(), disclosure.name) if sheet.name]
            for found in match_names(index, names):
                counts[found.matched_by] += 1
                if found.scheme:
                    codes[scheme_key(found.name)] = found.scheme.amfi_code
    assert sum(counts.values()) == 794
    assert {name: codes.get(scheme_key(name)) for name in KNOWN} == KNOWN
    assert dict(counts) == COUNTS[path]
