"""The real app over a real database, with a book that has nearly everything in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Services, build_services
from app.domain.market_hours import last_final_day
from app.ingest.sample_book import load_sample
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.integration.api.kite_browser import Browser
from tests.integration.conftest import NOW, clock
from tests.integration.importing import bring_holdings, bring_prices, bring_securities
from tests.integration.input_files import ISINS, book, index_list, price_csv, random_closes


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """The app with prices of two years and a book of five shares, one of them listed twelve days ago."""
    closes = {name: series[-12:] if name == "ITC" else series for name, series in random_closes(500).items()}
    bring_prices(services.database, price_csv(closes))
    bring_securities(
        services.database, index_list([("INFY", ISINS["INFY"], "IT"), ("TCS", ISINS["TCS"], "IT")]), "l.csv"
    )
    bring_holdings(services.database, book())
    return create_app(services).test_client()


@pytest.fixture
def empty_client(services: Services) -> FlaskClient:
    """The app over a migrated database without anything in it."""
    return create_app(services).test_client()


@pytest.fixture
def lonely_client() -> Iterator[FlaskClient]:
    """The app whose database is not there."""
    built = build_services(read_settings({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}), clock)
    yield create_app(built).test_client()
    built.close()


@pytest.fixture
def sample_client(services: Services) -> FlaskClient:
    """The app with the sample book."""
    with services.database.transaction() as connection:
        load_sample(connection, last_final_day(NOW))
    return create_app(services).test_client()


@pytest.fixture
def browser(services: Services) -> Browser:
    """A person in front of the app."""
    return Browser(create_app(services).test_client())
