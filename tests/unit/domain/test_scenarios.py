from __future__ import annotations

from datetime import date

import pytest

from app.domain.limits import LimitKind, limits_of
from app.domain.scenarios import DEFAULT_SCENARIOS, Scenario, UnclearScenario, check_scenario, merged

OWN = Scenario("oil", "Oil doubles", -8.0, {"Oil Gas & Consumable Fuels": 20.0}, None, None, "")


@pytest.mark.parametrize("scenario", DEFAULT_SCENARIOS, ids=lambda one: one.key)
def test_every_default_is_sound_and_names_its_source(scenario: Scenario) -> None:
    check_scenario(scenario)
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
    ],
)
def test_a_scenario_that_cannot_be_is_refused(scenario: Scenario) -> None:
    with pytest.raises(UnclearScenario):
        check_scenario(scenario)


def test_the_plans_limits_are_there_the_milder_first() -> None:
    assert [limit.value for limit in limits_of(LimitKind.VALUE_AT_RISK)] == [5.0, 10.0]
    assert [limit.value for limit in limits_of(LimitKind.DRAWDOWN)] == [15.0, 25.0]
    assert [limits_of(kind)[0].value for kind in (LimitKind.STOCK, LimitKind.SECTOR)] == [20.0, 40.0]
