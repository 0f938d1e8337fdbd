from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.api.combined_screen import PANELS
from app.api.formats import day
from app.api.scenario_form import ScenarioForm, read_form
from app.domain.combined_reports import CombinedRiskReport
from app.domain.errors import RiskError
from app.domain.scenarios import DEFAULT_SCENARIOS, UnclearScenario
from tests.fakes.combined_reports import FakeCombined, combined_report, empty_combined_report, stock
from tests.fakes.fund_reports import NAMES
from tests.unit.api.tab_pages import HOSTILE, page, tabs, words

DOWN = RiskError("The database can't be reached.", "Start it, then reload.")
SENT: dict[str, str | list[str]] = {
    "name": "Rupee crisis", "market": "−12", "group": ["information technology", "", "foreign"],
    "shock": ["5", "", "8 %"], "from_day": "", "to_day": "", "key": "",
}  # fmt: skip
IN_PANEL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def panel(name: str, combined: FakeCombined | None = None) -> str:
    return page(f"/combined/panels/{name}", combined=combined)


def test_the_tab_leads_with_everything_its_split_the_losses_and_both_betas() -> None:
    text = words(page("/combined"))
    assert "Everything you own ₹46,96,475 shares ₹28.18 L (60.0%) funds ₹18.79 L (40.0%)" in text
    for name in ("Bad-day loss ₹", "Average worse day ₹", "Deepest fall ₹"):
        assert name in text
    assert re.search(r"Move for 1% of the market \d\.\d\d beta of all together 0\.94 as the average", text)


def test_the_days_that_the_losses_rest_on_are_told_beside_them() -> None:
    window = combined_report().windows["1y"]
    assert window.from_date
    assert window.to_date
    text = words(page("/combined"))
    assert f"Daily returns {window.observations}, {day(window.from_date)} to {day(window.to_date)}" in text


def test_one_page_asks_for_one_report_and_every_panel_comes_alone() -> None:
    combined = FakeCombined()
    whole = words(page("/combined", combined=combined))
    assert combined.reports_asked == 1
    for name in PANELS:
        html = panel(name)
        assert f'id="{name}"' in html
        assert "<html" not in html
        assert words(html).strip() in whole


def test_companies_are_split_into_direct_and_through_funds_on_one_scale() -> None:
    html = panel("own-companies")
    widths = re.findall(r'class="fill" y="3" width="([\d.]+)%".*\n.*x="([\d.]+)%" y="3" width="([\d.]+)%"', html)
    assert widths[0] == ("69.86", "69.86", "30.14")
    assert widths[1] == ("39.92", "39.92", "0.0"), "a short through funds shortens the bar to the total"
    assert widths[2] == ("0.0", "0.0", "24.95")
    text = words(html)
    assert "Company 0 Ltd. Financial Services 14.0% 6.0% 20.0% ₹9.41 L" in text
    assert f"{NAMES[0]} 3.62%, {NAMES[1]} 2.42%" in text
    assert "8 more" in text
    assert "19 companies are held directly and through funds." in text


def test_hundreds_of_small_companies_are_counted_and_not_drawn() -> None:
    report = combined_report()
    many = tuple(stock(at, 0.0, 0.125) for at in range(200))
    html = panel("own-companies", FakeCombined(replace(report, exposure=replace(report.exposure, stocks=many))))
    assert len(re.findall('class="fill through"', html)) == 60
    assert "140 smaller companies are not drawn: together 17.5%." in words(html)


def test_a_company_above_its_limit_is_told_in_words_that_do_not_touch_the_limit() -> None:
    text = words(panel("own-companies"))
    assert "Company 0 Ltd. is 20.04% of everything you own: 14.0% directly, 6.0% through funds." in text
    assert "The limit is 20.0%; ₹1,879 is above it." in text


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (100.0, "No company is above 20% and no sector is above 40% of everything you own."),
        (97.4, "Of the 97.4% that is seen through, no company is above 20% and no sector is above 40% of everything"),
        (75.0, "Of the 75% that is seen through, no sector is above 40% of everything you own."),
    ],
)
def test_a_book_within_its_limits_is_called_so_as_far_as_it_is_seen_through(seen: float, said: str) -> None:
    assert said in words(panel("own-companies", FakeCombined(within_limits(seen))))


@pytest.mark.parametrize("seen", [80.0, 2.6])
def test_what_is_not_seen_through_and_could_pass_a_limit_is_a_warning(seen: float) -> None:
    text = words(panel("own-companies", FakeCombined(within_limits(seen))))
    assert f"{100 - seen:.1f}% of everything you own is not seen through" in text
    assert "o company is above" not in text


def within_limits(seen: float) -> CombinedRiskReport:
    report = combined_report()
    return replace(report, over_concentrations=(), coverage=replace(report.coverage, look_through=seen))


def test_kinds_of_assets_are_said_in_words() -> None:
    text = words(panel("own-groups"))
    assert "Indian shares and index futures ₹42.27 L 60.0% 30.0% 90.0%" in text
    assert "Not explained by any portfolio ₹1.88 L 0.0% 4.0% 4.0%" in text
    assert "88% of Indian shares have a sector." in text


def test_money_stands_against_risk_and_much_more_risk_is_marked() -> None:
    html = panel("own-risk")
    first = html[: html.index("<details")]
    assert len(re.findall('class="fill quiet"', first)) == 10
    assert len(re.findall("fill heavy", first)) == 1
    assert "11.0% 16.5% , much more risk than money" in words(first)
    assert "Too little history." in words(first)
    assert "By company, whichever way it is held" in words(html)


def test_stress_is_sorted_by_loss_and_each_has_its_method_coverage_and_source() -> None:
    html = panel("own-stress")
    assert re.findall(r'id="stress-(\w+)"', html) == ["crisis_2008", "nifty_5", "election_2024", "gone"]
    text = words(html)
    assert "55.0% ₹23,00,000" in text
    assert "gain 0.4% ₹20,000 gain" in text
    assert "Nifty 50 −59.9%; shares by their betas." in text
    assert "98% of what you own, 2.5% of it by a beta that is not its own" in text
    assert "Deepest on the way 1.2% on 4 Jun 2024" in text
    assert "No price." in text


def test_how_far_the_market_may_fall_is_a_sentence_for_each_limit() -> None:
    text = words(panel("own-stress"))
    assert "Loss of 5%, warning level: passed when the market falls by 5.4% (at once)." in text
    assert "25% below the high, critical level: passed already." in text
    assert "One company above 20% (Company 0 Ltd.), warning level: passed when the market falls by 91.0%" in text
    assert "One sector above 40%, warning level: no fall of the market does it." in text


def test_the_score_shows_what_each_part_earns_and_an_unknown_one_as_unknown() -> None:
    text = words(panel("own-spread"))
    assert "79 of 100" in text
    assert "18.6 equal positions would be as spread 86" in text
    assert "28% of two funds is the same on average 72" in text
    assert "How little they move together not known –" in text


def test_measures_stand_beside_those_of_the_look_through_with_the_difference() -> None:
    html = panel("own-measures")
    text = words(html[html.index('id="measure-var_historical_95"') :].split("</details>")[0])
    assert re.search(r"1\.57% ₹47,703 by look-through 1\.65% difference \+0\.08 points", text), (
        "percent differ by points"
    )
    assert "linear quantile" in text.lower()
    assert "Bad-day loss, Monte Carlo" in words(html)
    assert "difference +0.08 " in words(html[html.index('id="measure-beta"') :].split("</details>")[0])
    assert "Not worked out for this measure." in words(html[html.index('id="measure-beta_weighted"') :])


def test_coverage_names_old_portfolios_and_funds_without_one() -> None:
    text = words(panel("own-coverage"))
    assert "Of value, held directly or seen through 97.4%" in text
    assert f"{NAMES[0]} 10.6% 30 Sep 2026 54 days old 1.8%" in text
    assert f"{NAMES[1]} 10.6% No portfolio of it is stored. Bring it in 100.0%" in text
    assert "2 returns run over more than one day" in text


def test_nothing_owned_gives_the_commands_and_no_panel() -> None:
    text = words(page("/combined", combined=FakeCombined(empty_combined_report())))
    assert "Nothing is loaded" in text
    assert "python -m app import fund-holdings FUNDS.json" in text
    assert "Money against risk" not in text


@pytest.mark.parametrize("name", PANELS)
def test_a_database_that_is_down_is_said_in_every_panel(name: str) -> None:
    answer = tabs(combined=FakeCombined(DOWN)).get(f"/combined/panels/{name}?window=60d")
    assert answer.status_code == 503
    assert "The database can't be reached. Start it, then reload. Try again" in words(answer.text)
    assert f'hx-get="/combined/panels/{name}?window=60d"' in answer.text


def test_a_scenario_of_ones_own_is_kept_under_a_key_made_of_its_name() -> None:
    combined = FakeCombined()
    answer = tabs(combined=combined).post("/combined/scenarios?window=60d", data=SENT)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/combined?window=60d&kept=rupee_crisis#own-stress"
    assert "Kept “Rupee crisis”: its loss is in the list." in words(
        tabs(combined=combined).get(answer.headers["Location"]).text
    )
    kept = combined.written["rupee_crisis"]
    assert (kept.name, kept.market, kept.groups) == (
        "Rupee crisis",
        -12.0,
        {"Information Technology": 5.0, "foreign": 8.0},
    )


def test_a_default_is_opened_in_the_form_changed_and_forgotten() -> None:
    combined, first = FakeCombined(), DEFAULT_SCENARIOS[1]
    client = tabs(combined=combined)
    html = client.get(f"/combined?scenario={first.key}").text
    assert f'name="key" value="{first.key}"' in html
    assert re.search(r'name="group" value="Metals &amp; Mining"[^>]*><input[^>]*name="shock" value="-48.4"', html)
    client.post(
        "/combined/scenarios", data={**SENT, "key": first.key, "from_day": "2020-01-14", "to_day": "2020-03-23"}
    )
    assert combined.written[first.key].is_episode
    assert "changed by you" in words(client.get("/combined").text)
    for _ in range(2):
        assert client.post(f"/combined/scenarios/{first.key}/forget").status_code == 303
    assert combined.written == {}


@pytest.mark.parametrize(
    ("wrong", "complaint", "field"),
    [
        ({"market": "much"}, "The shock of the market is not a number.", "market"),
        ({"market": "-150"}, "Market: Input should be greater than or equal to -100.", "market"),
        ({"group": ["foreign", "Medals"], "shock": ["", "-20"]}, "The shock of foreign is not a number.", "shock-0"),
        ({"group": ["foreign", "Medals"], "shock": ["1", "-20"]}, "There is no sector or kind 'Medals'.", "group-1"),
        ({"group": ["foreign", ""], "shock": ["1", "-20"]}, "A sector or kind must stand beside -20.", "group-1"),
        ({"group": ["gold", "Gold"], "shock": ["1", "2"]}, "gold is named twice.", "group-1"),
        ({"group": ["gold", "gold"], "shock": ["1", "2"]}, "gold is named twice.", "group-1"),
        ({"name": "!!!"}, "The scenario needs a name with letters or digits.", "name"),
        ({"from_day": "2020-01-14"}, "An episode has a first and a last day. Give both days or none.", "to-day"),
        ({"from_day": "soon"}, "From day: Input should be a valid date", "from-day"),
    ],
    ids=["market", "bounds", "shock", "sector", "no sector", "case", "twice", "name", "one day", "no day"],
)
def test_a_scenario_that_cannot_be_is_told_beside_the_field_at_fault_and_the_form_stays_filled(
    wrong: dict[str, str | list[str]], complaint: str, field: str
) -> None:
    combined = FakeCombined()
    for headers in ({}, IN_PANEL):
        answer = tabs(combined=combined).post("/combined/scenarios", data={**SENT, **wrong}, headers=headers)
        assert answer.status_code == 400
        assert complaint in words(answer.text)
        assert "Rupee crisis" in answer.text or "name" in wrong
        marked = re.findall(r'id="scenario-([\w-]+)"[^>]*aria-invalid="true" aria-describedby="([\w-]+)"', answer.text)
        assert marked == [(field, "scenario-complaint")]
        assert ("<html" in answer.text) is (not headers)
    assert combined.written == {}


def test_with_scripts_the_panel_alone_comes_back_and_says_what_became_of_the_scenario() -> None:
    client = tabs(combined=FakeCombined())
    kept = client.post("/combined/scenarios?window=60d", data=SENT, headers=IN_PANEL)
    assert (kept.status_code, "<html" in kept.text) == (200, False)
    assert "Kept “Rupee crisis”" in words(kept.text)
    assert 'id="scenario-name" name="name" value=""' in kept.text
    gone = client.post("/combined/scenarios/rupee_crisis/forget", headers=IN_PANEL)
    assert (gone.status_code, "Forgotten." in words(gone.text)) == (200, True)


def test_the_form_suggests_every_sector_and_kind() -> None:
    html = panel("own-stress")
    offered = re.findall(r'<option value="([^"]+)">', html)
    assert {"Telecommunication", "Banks", "gold"} <= set(offered)


def test_a_form_without_a_market_move_leaves_the_market_alone() -> None:
    assert read_form(ScenarioForm(name="Gold", groups=(("gold", "-20"),))).market == 0.0
    with pytest.raises(UnclearScenario):
        read_form(ScenarioForm(name="Gold", groups=(("gold", "-20 -30"),)))


def test_hostile_names_are_shown_as_text() -> None:
    report = combined_report()
    stocks = (replace(report.exposure.stocks[0], name=HOSTILE, sector=HOSTILE), *report.exposure.stocks[1:])
    hostile = replace(
        report,
        exposure=replace(report.exposure, stocks=stocks),
        over_concentrations=(replace(report.over_concentrations[0], name=HOSTILE),),
        contributions=(replace(report.contributions[0], name=HOSTILE),),
        stress=(replace(report.stress[0], name=HOSTILE, detail=HOSTILE, source=HOSTILE),),
    )
    html = page("/combined", combined=FakeCombined(hostile))
    assert "&lt;img src=x onerror" in html
    assert "<img" not in html
    assert "<script>" not in html


def test_no_state_prints_a_programmers_word_for_nothing_or_an_inline_style() -> None:
    report = combined_report()
    bare = replace(report, benchmark=None, contribution_window=None, as_of=None, book_as_of=None)
    for combined in (FakeCombined(), FakeCombined(bare), FakeCombined(empty_combined_report())):
        html = page("/combined", combined=combined)
        assert not re.search(r"\b(None(?!\. Nothing)|nan|NaN|inf|null|undefined)\b", words(html))
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", html)


def test_the_two_tabs_stand_in_the_shell_of_every_page() -> None:
    for address, tab in (("/funds", "Funds"), ("/combined", "Everything I own")):
        html = page(address)
        assert f'<a href="{address}" aria-current=page>{tab}</a>' in html
    assert '<a href="/combined">Everything I own</a>' in page("/")
