"""Upload of fund houses' files and what is told of a fund, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.api.mf_holdings import MAX_UPLOAD
from app.bootstrap import Services, build_services
from app.KiteAccessToken import MAX_BODY, create_app
from app.settings import read_settings
from app.sources.amc.reader import PARSER_VERSION
from tests.integration.api.kite_browser import Browser, hidden_fields
from tests.integration.conftest import TODAY, clock
from tests.integration.disclosure_files import OCTOBER, SCHEME, SEPTEMBER, SYMBOL, fund_file, one_fund, scheme_sheet
from tests.integration.importing import bring_securities, rows
from tests.integration.input_files import ISINS, index_list
from tests.unit.sources.amc.test_opening import HOSTILE

PATH = "/api/risk/mf-holdings"
SAME_PAGE = {"Sec-Fetch-Site": "same-origin"}


def upload(browser: Browser, *files: tuple[str, bytes], **fields: str) -> TestResponse:
    headers = SAME_PAGE | {"X-CSRF-Token": browser.form_token()}
    return send(browser.client, headers, *files, **fields)


def send(client: FlaskClient, headers: dict[str, str], *files: tuple[str, bytes], **fields: str) -> TestResponse:
    """The form is made in memory: the test client would leave the file of a large one open."""
    parts = {"files": [FileStorage(BytesIO(content), name) for name, content in files], **fields}
    boundary, body = encode_multipart(parts)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return client.post(f"{PATH}/upload", data=body, content_type=kind, headers=headers)


def holdings(client: FlaskClient, key: str = SYMBOL, **query: str) -> dict[str, Any]:
    answer = client.get(f"{PATH}/{key}", query_string=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    return body


def test_uploaded_files_are_stored_and_each_sheet_is_told_of(browser: Browser, services: Services) -> None:
    answer = upload(browser, ("october.xlsx", one_fund()), ("error.xls", HOSTILE["html"]))
    assert answer.status_code == 200, answer.text
    good, bad = answer.get_json()["files"]
    assert (good["file"], good["known"], good["lines_stored"], len(good["sha256"])) == ("october.xlsx", False, 9, 64)
    assert [(sheet["name"], sheet["as_on"], sheet["quarantined"]) for sheet in good["sheets"]] == [
        (SCHEME, str(OCTOBER), None)
    ]
    assert bad["sheets"][0]["quarantined"] == "is a web page or XML text, not a workbook"
    assert rows(services.database, "SELECT count(*) FROM mf_underlying_holdings") == [(9,)]
    assert rows(services.database, "SELECT source FROM risk_disclosures WHERE quarantined IS NULL") == [("upload",)]


def test_the_same_upload_again_does_nothing_and_says_so(browser: Browser) -> None:
    upload(browser, ("october.xlsx", one_fund()))
    (again,) = upload(browser, ("october.xlsx", one_fund())).get_json()["files"]
    assert (again["known"], again["lines_stored"], len(again["sheets"])) == (True, 0, 1)


def test_the_token_may_stand_in_the_form(browser: Browser) -> None:
    data = {"files": (BytesIO(one_fund()), "a.xlsx"), "csrf_token": browser.form_token()}
    assert browser.client.post(f"{PATH}/upload", data=data, headers=SAME_PAGE).status_code == 200


def test_without_the_token_of_this_browser_nothing_is_read(browser: Browser, services: Services) -> None:
    for headers in (SAME_PAGE, SAME_PAGE | {"X-CSRF-Token": "x"}):
        data = {"files": (BytesIO(one_fund()), "a.xlsx")}
        assert browser.client.post(f"{PATH}/upload", data=data, headers=headers).status_code == 403
    assert rows(services.database, "SELECT count(*) FROM risk_disclosure_files") == [(0,)]


def test_the_month_asked_for_holds_for_an_upload(browser: Browser) -> None:
    answer = upload(browser, ("october.xlsx", one_fund()), month="2026-09")
    assert answer.get_json()["files"][0]["sheets"][0]["quarantined"] == "is of 2026-10-31, not of 2026-09"
    assert upload(browser, ("october.xlsx", one_fund()), month="September").status_code == 400


def test_an_older_month_is_refused_without_the_box_and_kept_as_history_with_it(browser: Browser) -> None:
    old = ("september.xlsx", one_fund(as_on=SEPTEMBER))
    upload(browser, ("october.xlsx", one_fund()))
    (refused,) = upload(browser, old).get_json()["files"][0]["sheets"]
    assert refused["quarantined"].startswith("is older than loaded: it is of 2026-09-30, and 2026-10-31 is stored.")
    (taken,) = upload(browser, old, older="true").get_json()["files"][0]["sheets"]
    assert taken["quarantined"] is None
    found = holdings(browser.client)
    assert (found["as_on"], found["months"]) == (str(OCTOBER), [str(SEPTEMBER), str(OCTOBER)])


def test_two_months_of_one_upload_are_stored_in_any_order(browser: Browser) -> None:
    files = upload(browser, ("october.xlsx", one_fund()), ("september.xlsx", one_fund(as_on=SEPTEMBER)))
    assert [file["sheets"][0]["quarantined"] for file in files.get_json()["files"]] == [None, None]


def test_an_upload_without_a_file_is_a_bad_request(browser: Browser) -> None:
    answer = upload(browser)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "kind", ["nothing", "pdf", "html", "cell at XFD1048576", "bomb of shared text", "laughs", "climbing member"]
)
def test_a_hostile_file_is_a_problem_with_its_reason_and_the_server_goes_on(browser: Browser, kind: str) -> None:
    upload(browser, ("october.xlsx", one_fund()))
    answer = upload(browser, ("bad.xlsx", HOSTILE[kind]))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    body = answer.get_json()
    assert body["detail"].startswith("bad.xlsx ")
    assert body["remedy"]
    assert body["files"][0]["sheets"][0]["quarantined"]
    assert len(holdings(browser.client)["lines"]) == 9


def test_twenty_megabytes_may_be_uploaded_and_nothing_larger(browser: Browser) -> None:
    large = upload(browser, ("large.xlsx", bytes(MAX_BODY * 3)))
    assert (large.status_code, large.get_json()["detail"]) == (422, "large.xlsx is not a workbook")
    larger = upload(browser, ("larger.xlsx", bytes(MAX_UPLOAD)))
    assert (larger.status_code, larger.content_type) == (413, "application/problem+json")


def test_other_routes_take_no_more_than_before(browser: Browser) -> None:
    data = {"csrf_token": browser.form_token(), "api_key": "x" * (MAX_BODY + 1)}
    assert browser.client.post("/settings/kite", data=data, headers=SAME_PAGE).status_code == 413


@pytest.fixture
def guarded(database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    """The app behind a password that nobody has given."""
    (tmp_path / "password").write_text("a long enough password")
    settings = read_settings({"DATABASE_URL": database_url, "RISK_PASSWORD_FILE": str(tmp_path / "password")})
    built = build_services(settings, clock)
    yield create_app(built).test_client()
    built.close()


def test_a_stranger_may_neither_upload_nor_send_much_nor_read(guarded: FlaskClient) -> None:
    browser = Browser(guarded)
    token = hidden_fields(browser.get("/login").text, "/login")["csrf_token"]
    for size, status in ((1000, 401), (MAX_BODY + 1, 413)):
        answer = send(guarded, SAME_PAGE, ("a.xlsx", bytes(size)), csrf_token=token)
        assert answer.status_code == status, size
    assert guarded.get(f"{PATH}/{SYMBOL}").status_code == 401


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("folder/fund.xlsx", "fund.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("x" * 300, "x" * 200),
    ],
)
def test_of_the_name_of_a_file_the_last_part_is_kept(browser: Browser, said: str, kept: str) -> None:
    assert upload(browser, (said, one_fund())).get_json()["files"][0]["file"] == kept


def test_a_fund_is_told_with_lines_totals_coverage_and_provenance(browser: Browser, services: Services) -> None:
    upload(browser, ("september.xlsx", one_fund(as_on=SEPTEMBER)), ("october.xlsx", one_fund()))
    bring_securities(services.database, index_list([("INFY", ISINS["INFY"], "Information Technology")]), "l.csv")
    body = holdings(browser.client)
    assert (body["mf_symbol"], body["name"], body["as_on"]) == (SYMBOL, SCHEME, str(OCTOBER))
    assert body["age_days"] == (TODAY - OCTOBER).days == 20
    assert body["months"] == [str(SEPTEMBER), str(OCTOBER)]
    assert len(body["lines"]) == 9
    assert sum(line["weight"] for line in body["lines"]) == pytest.approx(100)
    infosys = next(line for line in body["lines"] if line["isin"] == ISINS["INFY"])
    assert (infosys["symbol"], infosys["sector"], infosys["kind"]) == ("INFY", "Information Technology", "equity")
    assert (infosys["weight"], infosys["value"]) == (pytest.approx(9.4), pytest.approx(18_800_000))
    assert body["gross_equity"] == body["net_equity"] == pytest.approx(75.9)
    assert body["sectors"] == [
        {"name": "Unclassified", "weight": pytest.approx(66.5)},
        {"name": "Information Technology", "weight": pytest.approx(9.4)},
    ]
    assert {share["name"]: share["weight"] for share in body["kinds"]} == {
        "equity": pytest.approx(75.9), "debt": pytest.approx(10.25), "cash": pytest.approx(13.85),
    }  # fmt: skip
    assert body["coverage"] == {
        "isin": pytest.approx(100), "symbol": pytest.approx(100 * 9.4 / 75.9), "sector": pytest.approx(100 * 9.4 / 75.9)
    }  # fmt: skip
    provenance = body["provenance"]
    assert (provenance["file"], provenance["sheet"], provenance["source"]) == ("october.xlsx", "S1", "upload")
    assert (len(provenance["sha256"]), provenance["parser_version"]) == (64, PARSER_VERSION)
    assert provenance["imported_at"].endswith("Z")
    assert {issue["code"] for issue in body["data_issues"]} == {"unmatched_scheme", "unknown_shares"}


def test_an_earlier_day_shows_the_portfolio_of_then_with_its_age(browser: Browser) -> None:
    upload(browser, ("september.xlsx", one_fund(as_on=SEPTEMBER)), ("october.xlsx", one_fund()))
    body = holdings(browser.client, as_on="2026-10-30")
    assert (body["as_on"], body["age_days"]) == (str(SEPTEMBER), 51)
    stale = next(issue for issue in body["data_issues"] if issue["code"] == "stale_disclosure")
    assert "51 days ago" in stale["message"]
    assert stale["remedy"]


def test_a_later_file_that_was_refused_is_told_beside_the_last_good_one(browser: Browser) -> None:
    upload(browser, ("september.xlsx", one_fund(as_on=SEPTEMBER)))
    upload(browser, ("october.xlsx", fund_file(scheme_sheet(rows=[]))))
    body = holdings(browser.client)
    assert body["as_on"] == str(SEPTEMBER)
    refused = next(issue for issue in body["data_issues"] if issue["code"] == "refused_disclosure")
    assert "october.xlsx has no grand total" in refused["message"]


@pytest.mark.parametrize("key", ["INF000A01011", "INF000A01029", "INF000A01037", "100001", "100002", SYMBOL])
def test_a_fund_is_found_by_any_isin_or_code_of_its_plans(browser: Browser, services: Services, key: str) -> None:
    upload(browser, ("october.xlsx", one_fund()))
    with services.database.transaction() as connection:
        connection.exec_driver_sql(
            """INSERT INTO risk_amfi_schemes (amfi_code, isin, other_isin, name, house, category, family, as_of) VALUES
               (100001, 'INF000A01011', NULL, 'S', 'H', 'C', 'f', '2026-11-20'),
               (100002, 'INF000A01029', 'INF000A01037', 'S', 'H', 'C', 'f', '2026-11-20')"""
        )
        connection.exec_driver_sql("UPDATE risk_portfolios SET amfi_code = 100001")
    assert holdings(browser.client, key)["name"] == SCHEME


@pytest.mark.parametrize(
    ("key", "query"), [("INF000A01045", {}), ("nothing-of-the-kind", {}), (SYMBOL, {"as_on": "2026-09-29"})]
)
def test_what_is_not_stored_is_not_found_and_the_remedy_is_told(
    browser: Browser, key: str, query: dict[str, str]
) -> None:
    upload(browser, ("september.xlsx", one_fund(as_on=SEPTEMBER)))
    answer = browser.client.get(f"{PATH}/{key}", query_string=query)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.get_json()["remedy"]


@pytest.mark.parametrize("query", ["?as_on=yesterday", "?as_on=1900-01-01", "?when=2026-10-31"])
def test_a_wrong_question_is_a_bad_request(browser: Browser, query: str) -> None:
    assert browser.client.get(f"{PATH}/{SYMBOL}{query}").status_code == 400


def test_both_routes_are_described(browser: Browser) -> None:
    paths = browser.client.get("/api/openapi.json").get_json()["paths"]
    form = paths[f"{PATH}/upload"]["post"]["requestBody"]["content"]
    assert "multipart/form-data" in form
    answers = paths[PATH + "/{mf_symbol}"]["get"]["responses"]
    assert {"200", "400", "404"} <= answers.keys()
    assert "coverage" in answers["200"]["content"]["application/json"]["schema"]["properties"]
