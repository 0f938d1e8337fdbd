from __future__ import annotations

from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.store.securities import load_host_scrips


def test_ids_of_one_yahoo_ticker_are_twins_and_commodities_have_no_ticker(database: Boilerplate) -> None:
    rows = [
        ("VEDANTA", "VEDL.NS", "METAL"),
        ("VEDL", "VEDL.NS", None),
        ("L_TFH", "LTF.NS", ""),
        ("TCS", "TCS.NS", "SOFTWARE"),
        ("GOLD", "GC=F", "COMMODITY"),
    ]
    with database.transaction() as connection:
        connection.execute(
            text("""INSERT INTO master_scrips (scrip_id, yahoo_code, sector_code, scrip_country)
                    VALUES (:scrip, :yahoo, :sector, 'IN')"""),
            [dict(zip(("scrip", "yahoo", "sector"), row, strict=True)) for row in rows],
        )
        host = load_host_scrips(connection)
    assert set(host.twins["VEDL"]) == set(host.twins["VEDANTA"]) == {"VEDL", "VEDANTA"}
    assert host.twins["LTF"] == ("L_TFH",)
    assert "TCS" not in host.twins
    assert "GOLD" not in host.twins
    assert host.sectors == {"VEDANTA": "METAL", "TCS": "SOFTWARE", "GOLD": "COMMODITY"}
