from __future__ import annotations

import pytest

from app.domain.sectors import sector_of_host_code
from app.domain.securities import UNCLASSIFIED


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
