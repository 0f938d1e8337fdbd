from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import Services, build_services
from app.ingest.disclosure_files import drop_folder
from app.scheduled_jobs import fund_files
from app.settings import read_settings
from tests.integration.conftest import clock
from tests.integration.disclosure_files import one_fund
from tests.integration.importing import rows
from tests.unit.sources.amc.test_opening import HOSTILE


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    """Services with a data folder of their own."""
    built = build_services(read_settings({"DATABASE_URL": database_url, "RISK_DATA_DIR": str(tmp_path)}), clock)
    yield built
    built.close()


def test_an_empty_folder_is_no_fault(services: Services) -> None:
    assert fund_files.run(services) == "0 new of 0 files"


def test_what_is_left_in_the_folder_is_brought_in_once(services: Services, tmp_path: Path) -> None:
    (drop_folder(tmp_path) / "october.xlsx").write_bytes(one_fund())
    assert fund_files.run(services) == "1 new of 1 files"
    assert fund_files.run(services) == "0 new of 1 files"
    assert rows(services.database, "SELECT source, count(*) FROM risk_disclosures GROUP BY 1") == [("folder", 1)]
    assert rows(services.database, "SELECT job, status FROM risk_heartbeats") == [("fund_files", "ok")]


def test_a_file_that_is_no_disclosure_is_named_in_the_heartbeat(services: Services, tmp_path: Path) -> None:
    (drop_folder(tmp_path) / "page.xlsx").write_bytes(HOSTILE["html"])
    (drop_folder(tmp_path) / "z.xlsx").write_bytes(one_fund())
    detail = "2 new of 2 files; page.xlsx is a web page or XML text, not a workbook"
    assert fund_files.run(services) == detail
    assert rows(services.database, "SELECT status, detail FROM risk_heartbeats") == [("error", detail)]
