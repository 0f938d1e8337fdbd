"""The one place where the doors are built and handed their collaborators; used by web, jobs and command line alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from app import __version__
from app.Boilerplate import Boilerplate
from app.domain.backtests import BacktestReport
from app.domain.redaction import CHATTY_LOGGERS, RedactingFilter, guard_logging
from app.domain.risk_runs import Retention, Scope
from app.ingest.derivative_quotes import DerivativeQuotes
from app.ingest.kite_account import KiteAccount
from app.ingest.price_sources import Sites
from app.PortfolioHedgeAnalyzer import PortfolioHedgeAnalyzer
from app.risk.CombinedRiskAnalyzer import CombinedRiskAnalyzer
from app.risk.equity_measures import RiskOptions
from app.risk.EquityRiskCalculator import EquityRiskCalculator
from app.risk.fund_loading import FundChoices
from app.risk.MFHoldingsFetcher import MFHoldingsFetcher
from app.risk.MFRiskCalculator import MFRiskCalculator
from app.risk.run_history import RunHistory
from app.risk.run_keeping import RunKeeper
from app.settings import YAHOO_ROOT, Settings
from app.sources.host_token import HostTokenReader
from app.sources.kite import KiteAddress
from app.sources.nse import NseArchive
from app.sources.polite_client import PoliteClient, Timing
from app.sources.public_sites import open_stand_in
from app.sources.yahoo import Yahoo
from app.sources.yahoo_funds import YahooFunds
from app.store.secrets import Vault

BLANK = RedactingFilter()
"""One for the process, as its logging is: secrets are blanked in it wherever they come from."""
REHEARSAL_PER_SECOND = 1000.0
"""Requests to a server on this machine that stands for all sites."""
SERVER_LOGGERS = ("gunicorn.error", "gunicorn.access")
FIGURE_ROOMS = ("domain", "measures", "risk")
FIGURE_LIBRARIES = ("numpy", "scipy", "numba")
Backtester = Callable[[Sequence[str] | None, date | None], BacktestReport]
"""Windows (None: all) and the day (None: the newest) to the backtest of one scope."""


@dataclass(frozen=True, slots=True)
class Services:
    """Every door of the app. ``close`` gives everything back."""

    settings: Settings
    database: Boilerplate
    equity: EquityRiskCalculator
    mf: MFRiskCalculator
    combined: CombinedRiskAnalyzer
    kite: KiteAccount
    derivatives: DerivativeQuotes
    hedge: PortfolioHedgeAnalyzer
    price_sites: Sites
    funds: MFHoldingsFetcher
    keeper: RunKeeper
    history: RunHistory
    backtests: Mapping[str, Backtester]
    now: Callable[[], datetime]

    def close(self) -> None:
        """Finish what is to be kept and give back connections; stops the embedded database when nobody else uses it."""
        self.keeper.finish()
        self.database.close()


def clock_of(settings: Settings) -> Callable[[], datetime]:
    """What tells the current instant, in UTC; in a demonstration that of its market."""
    return lambda: datetime.now(UTC) + settings.clock_offset


def build_services(
    settings: Settings, now: Callable[[], datetime] | None = None, *, may_make_database: bool = True
) -> Services:
    """Services for these settings, by the clock ``now`` or that of the machine. Nothing connects before it is used.

    ``may_make_database``: an embedded one, where there is none.

    Raises:
        SettingsError: for a key file that others can read.
    """
    guard_logging(BLANK, (*CHATTY_LOGGERS, *SERVER_LOGGERS))
    now = now or clock_of(settings)
    database = Boilerplate(settings.database_url, settings.schema, settings.data_dir, is_new_allowed=may_make_database)
    options = RiskOptions(
        risk_free=settings.risk_free,
        participation=settings.participation,
        monte_carlo=settings.monte_carlo,
        paths=settings.simulation_paths,
        seed=settings.simulation_seed,
    )
    keeper = RunKeeper(database, code_version(), now)
    equity = EquityRiskCalculator(database, options, settings.benchmark, now, keeper.keep_later)
    choices = FundChoices(settings.benchmark, settings.fund_styles)
    mf = MFRiskCalculator(database, options, choices, now, keeper.keep_later)
    combined = CombinedRiskAnalyzer(database, options, equity, mf, settings.benchmark, now, keeper.keep_later)
    kite = _kite_account(settings, database, now)
    quotes = DerivativeQuotes(kite, database, now)
    hedge = PortfolioHedgeAnalyzer(equity.hedge_base, quotes.market, rate=settings.risk_free)
    funds = MFHoldingsFetcher(database, fund_clients(settings), _yahoo_funds(settings), now)
    sites = _price_sites(settings)
    scopes = (Scope("equity", equity.run), Scope("mf", mf.run), Scope("combined", combined.run))
    retention = Retention(settings.history_days, settings.on_demand_days)
    history = RunHistory(database, scopes, retention, keeper, now)
    backtests: dict[str, Backtester] = {
        "equity": equity.backtest,
        "mf": mf.backtest,
        "combined": combined.backtest,
    }
    return Services(
        settings, database, equity, mf, combined, kite, quotes, hedge, sites, funds, keeper, history, backtests, now
    )


@cache
def code_version() -> str:
    """The version with a digest of all that a figure depends on: our arithmetic and the libraries under it."""
    digest = sha256()
    root = Path(__file__).parent
    for path in sorted(path for room in FIGURE_ROOMS for path in (root / room).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    for library in FIGURE_LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def fund_clients(settings: Settings) -> Callable[[Iterable[str]], PoliteClient]:
    """What makes a client for the sites of AMFI and the fund houses, each limited to its hosts."""
    if settings.fund_sites_root is None:
        return PoliteClient
    opener = open_stand_in(settings.fund_sites_root)
    return lambda hosts: PoliteClient(hosts, opener=opener, timing=Timing(per_second=REHEARSAL_PER_SECOND))


def _yahoo_funds(settings: Settings) -> YahooFunds:
    root = None if settings.yahoo_root == YAHOO_ROOT else settings.yahoo_root
    return YahooFunds(root, settings.data_dir / "yahoo")


def _price_sites(settings: Settings) -> Sites:
    """Yahoo's own addresses are those that its client knows; any other is asked for everything."""
    yahoo = None if settings.yahoo_root == YAHOO_ROOT else settings.yahoo_root
    return Sites(NseArchive(settings.nse_archive_root), Yahoo(yahoo, settings.data_dir / "yahoo"))


def _kite_account(settings: Settings, database: Boilerplate, now: Callable[[], datetime]) -> KiteAccount:
    if settings.kite_credentials:
        BLANK.add(settings.kite_credentials.api_secret)
    if settings.redis_url:
        BLANK.add(urlsplit(settings.redis_url).password or "")
    return KiteAccount(
        database,
        Vault(settings.secret_keys, settings.data_dir),
        KiteAddress(settings.kite_api_root, settings.kite_login_root),
        now,
        settings.kite_credentials,
        settings.kite_user_ids,
        BLANK,
        HostTokenReader(settings.redis_url, now) if settings.redis_url else None,
    )
