"""The one place where the doors are built and handed their collaborators; used by web, jobs and command line alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.Boilerplate import Boilerplate
from app.risk.equity_measures import RiskOptions
from app.risk.EquityRiskCalculator import EquityRiskCalculator
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Every door of the app. ``close`` gives everything back."""

    settings: Settings
    database: Boilerplate
    equity: EquityRiskCalculator
    now: Callable[[], datetime]

    def close(self) -> None:
        """Give back connections; stops the embedded database when nobody else uses it."""
        self.database.close()


def system_clock() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def build_services(settings: Settings, now: Callable[[], datetime] = system_clock) -> Services:
    """Services for these settings. Nothing connects before it is used."""
    database = Boilerplate(settings.database_url, settings.schema, settings.data_dir)
    options = RiskOptions(
        risk_free=settings.risk_free,
        participation=settings.participation,
        monte_carlo=settings.monte_carlo,
        paths=settings.simulation_paths,
        seed=settings.simulation_seed,
    )
    equity = EquityRiskCalculator(database, options, settings.benchmark, now)
    return Services(settings, database, equity, now)
