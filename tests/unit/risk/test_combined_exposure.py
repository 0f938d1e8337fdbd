from __future__ import annotations

from app.domain.disclosures import LineKind
from app.risk.combined_exposure import banks
from app.risk.fund_book import SecurityTable, texts


def test_a_bank_is_known_by_its_industry_or_by_the_word_in_its_name() -> None:
    rows = [
        ("HDFC Bank Limited", None, LineKind.EQUITY, True),
        ("Bank of Baroda", "Financial Services", LineKind.EQUITY, True),
        ("AU SFB", "Banks", LineKind.EQUITY, True),
        ("HDFC Life Insurance Company Limited", "Insurance", LineKind.EQUITY, False),
        ("Bajaj Finance Limited", None, LineKind.EQUITY, False),
        ("Riverbanks Hotels Limited", None, LineKind.EQUITY, False),
        ("8.1% ICICI Bank 2030", "Banks", LineKind.DEBT, False),
    ]
    names, industries, kinds, expected = zip(*rows, strict=True)
    nothing = texts([None] * len(rows))
    kinds_said = texts([str(kind) for kind in kinds])
    table = SecurityTable(
        texts(names), nothing, nothing, texts(names), nothing, texts(industries), kinds_said, kinds_said
    )
    assert banks(table).tolist() == list(expected)
