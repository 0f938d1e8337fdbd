from __future__ import annotations

import pytest

from app.domain.indices import index_symbol
from app.ingest.candle_targets import INDICES


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Nifty 50", "NIFTY50"), ("NIFTY 50", "NIFTY50"), ("India VIX", "INDIAVIX"), ("Nifty Bank", "NIFTYBANK"),
        ("Nifty Financial Services", "NIFTYFINSERVICE"), ("NIFTY Smallcap 250", "NIFTYSMLCAP250"),
        ("Nifty Oil & Gas", "NIFTYOILANDGAS"), ("Nifty Private Bank", "NIFTYPVTBANK"),
        ("Nifty Healthcare Index", "NIFTYHEALTHCARE"), ("Nifty Infrastructure", "NIFTYINFRA"),
        ("Nifty Consumer Durables", "NIFTYCONSRDURBL"), ("Nifty Alpha 50", "NIFTYALPHA50"),
    ],
)  # fmt: skip
def test_every_publications_name_is_stored_under_one(name: str, stored: str) -> None:
    assert index_symbol(name) == stored


def test_kites_names_are_stored_as_they_are_without_spaces() -> None:
    assert [index_symbol(name) for name in INDICES] == [name.replace(" ", "") for name in INDICES]
