from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.domain.limits import LimitKind, limits_of
from app.domain.scenarios import DEFAULT_SCENARIOS, Scenario, UnclearScenario, check_scenario, merged

TODAY = date(2026, 11, 23)
OWN = Scenario("oil", "Oil doubles", -8.0, {"Oil Gas & Consumable Fuels": 20.0}, None, None, "")


@pytest.mark.parametrize("scenario", DEFAULT_SCENARIOS, ids=lambda one: one.key)
def test_every_default_is_sound_and_names_its_source(scenario: Scenario) -> None:
    assert check_scenario(scenario, TODAY) == scenario
    assert scenario.source


def test_a_written_scenario_takes_the_place_of_the_default_of_its_key() -> None:
    milder = Scenario("nifty_20", "Milder", -15.0, {}, None, None, "")
    entries = {entry.scenario.key: entry for entry in merged({"nifty_20": milder, "oil": OWN})}
    assert list(entries) == [*(one.key for one in DEFAULT_SCENARIOS), "oil"]
    assert (entries["nifty_20"].scenario.market, entries["nifty_20"].edited, entries["nifty_20"].is_default) == (
        -15.0,
        True,
        True,
    )
    assert (entries["oil"].edited, entries["oil"].is_default) == (True, False)
    assert not entries["nifty_5"].edited


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario("a", "a", -101.0, {}, None, None, ""),
        Scenario("a", "a", float("nan"), {}, None, None, ""),
        Scenario("a", "a", 0.0, {"Power": 500.0}, None, None, ""),
        Scenario("a", "a", 0.0, {}, date(2020, 1, 1), None, ""),
        Scenario("a", "a", 0.0, {}, date(2020, 1, 2), date(2020, 1, 1), ""),
        Scenario("a", "a", 0.0, {}, date(2010, 1, 2), date(2020, 1, 1), ""),
        Scenario("a", "a", 0.0, {}, TODAY, TODAY, ""),
        Scenario("a", "a", 0.0, {}, TODAY, date(2026, 11, 24), ""),
        Scenario("a", "a", 0.0, {"Power": -5.0, "power": -6.0}, None, None, ""),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(scenario: Scenario) -> None:
    with pytest.raises(UnclearScenario) as caught:
        check_scenario(scenario, TODAY)
    assert caught.value.remedy


def test_an_unknown_sector_or_kind_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnclearScenario, match="'Financal Services'") as caught:
        check_scenario(replace(OWN, groups={"Financal Services": -30.0}), TODAY)
    assert "Financial Services, " in caught.value.remedy
    assert caught.value.remedy.endswith("foreign, debt, gold, silver, trusts.")


def test_groups_are_kept_as_the_reports_spell_them() -> None:
    given = {"financial services": -30.0, " METALS  & mining": -20.0, "Gold": 5.0, "banks": -40.0, "unclassified": -1.0}
    assert check_scenario(replace(OWN, groups=given), TODAY).groups == {
        "Financial Services": -30.0,
        "Metals & Mining": -20.0,
        "gold": 5.0,
        "Banks": -40.0,
        "Unclassified": -1.0,
    }


def test_a_sector_of_an_imported_list_can_be_named() -> None:
    odd = replace(OWN, groups={"space travel": -30.0})
    assert check_scenario(odd, TODAY, ("Space Travel",)).groups == {"Space Travel": -30.0}
    with pytest.raises(UnclearScenario):
        check_scenario(odd, TODAY)


def test_the_plans_limits_are_there_the_milder_first() -> None:
    assert [limit.value for limit in limits_of(LimitKind.VALUE_AT_RISK)] == [5.0, 10.0]
    assert [limit.value for limit in limits_of(LimitKind.DRAWDOWN)] == [15.0, 25.0]
    assert [limits_of(kind)[0].value for kind in (LimitKind.STOCK, LimitKind.SECTOR)] == [20.0, 40.0]
