"""POST and GET /api/risk/mf-holdings/fetch, and the event ``funds``, over fund houses' sites on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.fakes.fund_sites import FakeSites, Reply
from tests.integration.api.kite_browser import Browser, hidden_fields
from tests.integration.conftest import clock
from tests.integration.fund_fetching import SBI_FILE, publish, publish_sbi
from tests.integration.live_pages import LivePage
from tests.serving import served

PATH = "/api/risk/mf-holdings/fetch"


@pytest.fixture
def sites() -> Iterator[FakeSites]:
    with FakeSites() as fake:
        publish(fake)
        yield fake


@pytest.fixture
def near(sites: FakeSites, database_url: str) -> Iterator[Services]:
    """Services that find every fund house on this machine."""
    built = build_services(read_settings({"DATABASE_URL": database_url, "FUND_SITES_ROOT": sites.root}), clock)
    yield built
    built.close()


@pytest.fixture
def client(near: Services) -> FlaskClient:
    return create_app(near).test_client()


def post(client: FlaskClient, body: Any) -> TestResponse:
    """As a page of the app would."""
    token = hidden_fields(Browser(client).get("/settings").text, "/settings/kite")["csrf_token"]
    return client.post(PATH, json=body, headers={"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": token})


def start(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = post(client, body)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    assert answer.headers["Location"] == answer.get_json()["location"]
    found: dict[str, Any] = answer.get_json()
    return found


def wait_for(client: FlaskClient, location: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run as soon as it is so, within a minute."""
    pause = threading.Event()
    for _ in range(3000):
        found: dict[str, Any] = client.get(location).get_json()
        if holds(found):
            return found
        pause.wait(0.02)
    raise AssertionError("it never came")


def ended(found: dict[str, Any]) -> bool:
    return bool(found["job"]["status"] == "ended")


def test_a_run_is_started_at_once_and_tells_how_it_ended(client: FlaskClient) -> None:
    begun = start(client, month="2026-10", houses=["sbi", "hdfc"])
    assert begun["started"]
    found = wait_for(client, begun["location"], ended)
    assert found["job"]["job_id"] == begun["job_id"]
    assert (found["job"]["done"], found["job"]["total"], found["job"]["month"]) == (2, 2, "2026-10-01")
    assert {house["house"]: house["outcome"] for house in found["houses"]} == {
        "SBI Mutual Fund": "done", "HDFC Mutual Fund": "done",
    }  # fmt: skip


def test_a_program_starts_a_run_without_a_body(client: FlaskClient) -> None:
    answer = client.post(PATH)
    assert answer.status_code == 202, answer.text
    assert answer.get_json()["started"]
    wait_for(client, answer.get_json()["location"], ended)


@pytest.mark.parametrize("body", [b"{", b"month=2026-10", b" "])
def test_a_body_that_is_no_json_starts_nothing(client: FlaskClient, sites: FakeSites, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        assert client.post(PATH, data=body, content_type=kind).status_code == 400
    assert sites.asked == []


def test_while_a_run_is_under_way_a_second_one_is_the_first(client: FlaskClient, sites: FakeSites) -> None:
    sites.put(SBI_FILE, Reply(hangs=True))
    first = start(client, houses=["sbi"])
    second = start(client)
    assert (second["job_id"], second["started"]) == (first["job_id"], False)
    running = wait_for(client, first["location"], lambda found: "file 1 of 1" in found["job"]["detail"])
    assert (running["job"]["status"], running["houses"]) == ("running", [])
    publish_sbi(sites)
    sites.stopping.set()
    assert wait_for(client, first["location"], ended)["houses"][0]["outcome"] == "done"


@pytest.mark.parametrize(
    "body",
    [{"month": "October"}, {"month": "2026-13"}, {"month": "2026-11"}, {"houses": ["nobody"]}, {"houses": "sbi"},
     {"address": "https://evil.example/"}, []],
)  # fmt: skip
def test_a_wrong_wish_is_a_bad_request_and_starts_nothing(client: FlaskClient, sites: FakeSites, body: Any) -> None:
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert sites.asked == []


@pytest.mark.parametrize("job_id", ["0" * 32, "f" * 32])
def test_a_run_that_never_was_is_not_found(client: FlaskClient, job_id: str) -> None:
    assert client.get(f"{PATH}/{job_id}").status_code == 404


def test_an_id_that_could_be_none_is_a_bad_request(client: FlaskClient) -> None:
    assert client.get(f"{PATH}/1;DROP").status_code == 400


def test_a_page_of_another_site_can_not_start_a_run(client: FlaskClient, sites: FakeSites) -> None:
    answer = client.post(PATH, json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert sites.asked == []


def test_open_pages_hear_how_far_a_run_is(near: Services) -> None:
    app = create_app(near)
    with served(app) as root, closing(LivePage(root)) as page:
        start(app.test_client(), houses=["sbi"])
        while True:
            name, job = page.event()
            if name == "funds" and job["status"] == "ended":
                break
        assert (job["done"], job["total"], job["detail"]) == (1, 1, "1 done")
