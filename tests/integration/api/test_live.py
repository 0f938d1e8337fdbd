from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import live
from app.api.live import Caps, attach_sockets
from app.bootstrap import Services
from app.KiteAccessToken import create_app
from tests.integration.importing import bring_holdings, bring_prices
from tests.integration.input_files import book, price_csv, random_closes
from tests.integration.live_pages import ADDRESS, LivePage, answer_to_handshake, tick, trade
from tests.serving import served


@pytest.fixture
def stocked(services: Services) -> Services:
    bring_prices(services.database, price_csv(random_closes(300)))
    bring_holdings(services.database, book())
    return services


def tomorrow(services: Services) -> datetime:
    """A moment of the trading day after the newest close."""
    return services.now() + timedelta(days=1)


def test_live_figures_follow_a_tick(stocked: Services) -> None:
    client = create_app(stocked).test_client()
    before = client.get("/api/risk/live").get_json()
    assert before["as_of"] is None
    assert before["day_pnl"] is None
    now = tomorrow(stocked)
    trade(stocked.database, [tick("INFY", 5000.0, 4000.0, now)])
    after = client.get("/api/risk/live").get_json()
    infy = next(holding for holding in after["holdings"] if holding["symbol"] == "INFY")
    assert (infy["price"], infy["day_change"]) == (5000.0, pytest.approx(25.0))
    assert after["as_of"].startswith(now.date().isoformat())
    assert after["priced_live"] == 1
    full = client.get("/api/risk/equity").get_json()
    assert full["value"] == pytest.approx(after["value"], rel=1e-12)
    assert next(row for row in full["holdings"] if row["symbol"] == "INFY")["price_source"] == "live, Kite"
    expected = full["windows"]["1y"]["measures"]["var_historical_95"]
    found = after["windows"]["1y"]["measures"]["var_historical_95"]
    assert (found["value"], found["rupees"]) == (pytest.approx(expected["value"]), pytest.approx(expected["rupees"]))


def test_without_a_database_the_figures_are_unavailable_and_say_so(lonely_client: FlaskClient) -> None:
    answer = lonely_client.get("/api/risk/live")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.content_type == "application/problem+json"


def test_an_empty_book_has_live_figures_without_values(empty_client: FlaskClient) -> None:
    assert empty_client.get("/api/risk/live").get_json()["value"] is None


def test_the_api_describes_the_live_figures(client: FlaskClient) -> None:
    assert "/api/risk/live" in client.get("/api/openapi.json").get_json()["paths"]


def test_every_open_page_is_told_of_a_batch_of_ticks(stocked: Services) -> None:
    with served(create_app(stocked)) as root, closing(LivePage(root)) as one, closing(LivePage(root)) as other:
        trade(stocked.database, [tick("INFY", 5000.0, 4000.0, tomorrow(stocked))])
        for page in (one, other):
            told = page.event()
            while not told[1]["as_of"]:
                told = page.event()
            assert told[0] == "risk:updated"
            assert told[1]["windows"]["1y"]["today"][0].startswith("▲ +₹")
            assert told[1]["say"].startswith("Portfolio value ₹")


def test_a_page_that_comes_late_is_told_at_once_where_things_stand(stocked: Services) -> None:
    trade(stocked.database, [tick("INFY", 5000.0, 4000.0, tomorrow(stocked))])
    with served(create_app(stocked)) as root, closing(LivePage(root)) as page:
        assert page.event()[1]["as_of"]


def test_pages_hear_again_after_the_database_connection_was_cut(stocked: Services) -> None:
    with served(create_app(stocked)) as root, closing(LivePage(root)) as page:
        page.event()
        with stocked.database.transaction() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query = 'LISTEN risk_ticks' AND datname = current_database()"
            )
        page.event()
        trade(stocked.database, [tick("INFY", 5001.0, 4000.0, tomorrow(stocked))])
        assert page.event()[1]["as_of"]


@contextmanager
def capped(services: Services, caps: Caps) -> Iterator[str]:
    app = Flask("capped")
    attach_sockets(app, services, lambda: "somebody", caps)
    with served(app) as root:
        yield root


def test_a_user_gets_no_more_sockets_than_the_cap_and_a_closed_one_makes_room(stocked: Services) -> None:
    with capped(stocked, Caps(total=9, a_user=2)) as root, ExitStack() as stack:
        first, _ = (stack.enter_context(closing(LivePage(root))) for _ in range(2))
        assert answer_to_handshake(root) == HTTPStatus.SERVICE_UNAVAILABLE
        first.close()
        assert eventually_open(root)


def test_all_users_together_get_no_more_sockets_than_the_cap(stocked: Services) -> None:
    with capped(stocked, Caps(total=1, a_user=5)) as root, closing(LivePage(root)):
        assert answer_to_handshake(root) == HTTPStatus.SERVICE_UNAVAILABLE


def eventually_open(root: str) -> bool:
    for _ in range(100):
        if answer_to_handshake(root) == HTTPStatus.SWITCHING_PROTOCOLS:
            return True
        threading.Event().wait(0.05)
    return False


def test_a_page_of_another_site_is_refused(stocked: Services) -> None:
    with served(create_app(stocked)) as root:
        assert answer_to_handshake(root) == HTTPStatus.SWITCHING_PROTOCOLS
        assert answer_to_handshake(root, "https://elsewhere.example") == HTTPStatus.BAD_REQUEST


def test_another_host_name_is_refused_even_where_origin_and_host_agree(stocked: Services) -> None:
    client = create_app(stocked).test_client()
    answer = client.get(ADDRESS, headers={"Host": "rebound.example", "Origin": "http://rebound.example"})
    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_who_may_not_see_the_book_gets_no_socket(stocked: Services) -> None:
    app = Flask("guarded")
    app.before_request(lambda: ("not for you", 401))
    attach_sockets(app, stocked, lambda: "stranger")
    with served(app) as root:
        assert answer_to_handshake(root) == HTTPStatus.UNAUTHORIZED


def test_a_page_whose_login_ended_is_cut(stocked: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RECHECK_SECONDS", 1)
    allowed = threading.Event()
    allowed.set()
    app = Flask("guarded")
    app.before_request(lambda: None if allowed.is_set() else ("not for you", 401))
    attach_sockets(app, stocked, lambda: "somebody")
    with served(app) as root, closing(LivePage(root)) as page:
        allowed.clear()
        assert page.is_cut()


def test_long_polling_is_refused(stocked: Services) -> None:
    client = create_app(stocked).test_client()
    assert client.get("/socket.io/?EIO=4&transport=polling").status_code == HTTPStatus.BAD_REQUEST


def test_a_frame_above_64_kilobytes_ends_the_connection(stocked: Services) -> None:
    with served(create_app(stocked)) as root, closing(LivePage(root)) as page:
        page.send("4" * (64 * 1024 + 1))
        assert page.is_cut()


def test_what_a_page_sends_changes_nothing(stocked: Services) -> None:
    with served(create_app(stocked)) as root, closing(LivePage(root)) as page:
        page.event()
        page.send('42["risk:updated",{"value":1}]')
        trade(stocked.database, [tick("INFY", 5000.0, 4000.0, tomorrow(stocked))])
        assert page.event()[1]["as_of"]
