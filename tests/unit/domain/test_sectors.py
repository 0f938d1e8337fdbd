from __future__ import annotations

import pytest

from app.domain.scenarios import DEFAULT_SCENARIOS
from app.domain.sectors import HOST_SECTORS, SECTORS, sector_of_host_code
from app.domain.securities import UNCLASSIFIED
from app.sources.security_lists import parse_security_list
from tests.shared_data import shared_file


@pytest.mark.parametrize(
    ("code", "sector"),
    [
        ("FINANCIAL", "Financial Services"),
        (" software ", "Information Technology"),
        ("MISC", UNCLASSIFIED),
        ("ADANI", UNCLASSIFIED),
        ("", UNCLASSIFIED),
    ],
)
def test_a_code_of_the_dashboard_is_translated_or_unclassified(code: str, sector: str) -> None:
    assert sector_of_host_code(code) == sector


def test_the_sectors_are_those_of_nses_widest_list() -> None:
    file = shared_file("market/ind_niftytotalmarket_list.csv")
    listed = {security.sector for security in parse_security_list(file.read_bytes(), file.name).securities}
    assert listed == set(SECTORS)


def test_what_codes_of_the_dashboard_and_default_scenarios_name_is_a_sector() -> None:
    assert set(HOST_SECTORS.values()) <= set(SECTORS)
    named = {group for scenario in DEFAULT_SCENARIOS for group in scenario.groups}
    assert named - {"Banks"} <= set(SECTORS)
