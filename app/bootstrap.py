"""The one place where the doors are built and handed their collaborators; used by web, jobs and command line alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.Boilerplate import Boilerplate
from app.domain.redaction import CHATTY_LOGGERS, RedactingFilter, guard_logging
from app.ingest.kite_account import KiteAccount
from app.risk.equity_measures import RiskOptions
from app.risk.EquityRiskCalculator import EquityRiskCalculator
from app.settings import Settings
from app.sources.kite import KiteAddress
from app.store.secrets import Vault

BLANK = RedactingFilter()
"""One for the process, as its logging is: secrets are blanked in it wherever they come from."""
SERVER_LOGGERS = ("gunicorn.error", "gunicorn.access")


@dataclass(frozen=True, slots=True)
class Services:
    """Every door of the app. ``close`` gives everything back."""

    settings: Settings
    database: Boilerplate
    equity: EquityRiskCalculator
    kite: KiteAccount
    now: Callable[[], datetime]

    def close(self) -> None:
        """Give back connections; stops the embedded database when nobody else uses it."""
        self.database.close()


def system_clock() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def build_services(settings: Settings, now: Callable[[], datetime] = system_clock) -> Services:
    """Services for these settings. Nothing connects before it is used.

    Raises:
        SettingsError: for a key file that others can read.
    """
    guard_logging(BLANK, (*CHATTY_LOGGERS, *SERVER_LOGGERS))
    database = Boilerplate(settings.database_url, settings.schema, settings.data_dir)
    options = RiskOptions(
        risk_free=settings.risk_free,
        participation=settings.participation,
        monte_carlo=settings.monte_carlo,
        paths=settings.simulation_paths,
        seed=settings.simulation_seed,
    )
    equity = EquityRiskCalculator(database, options, settings.benchmark, now)
    return Services(settings, database, equity, _kite_account(settings, database, now), now)


def _kite_account(settings: Settings, database: Boilerplate, now: Callable[[], datetime]) -> KiteAccount:
    if settings.kite_credentials:
        BLANK.add(settings.kite_credentials.api_secret)
    return KiteAccount(
        database,
        Vault(settings.secret_keys, settings.data_dir),
        KiteAddress(settings.kite_api_root, settings.kite_login_root),
        now,
        settings.kite_credentials,
        settings.kite_user_ids,
        BLANK,
    )
