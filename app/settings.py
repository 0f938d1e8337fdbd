"""The environment, read once into a frozen dataclass. Every bad value is named in one error, so a start fails once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from platformdirs import user_data_path
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.domain.errors import SettingsError
from app.domain.fund_reports import Style, StyleOverride
from app.domain.kite_login import KiteCredentials
from app.domain.secret_keys import parse_secret_key

APP_NAME = "kite-portfolio-risk"
HOST_DATABASE = ("postgres", "mydb", "postgres", "postgres", "5432")
"""Host, database, user, password and port that the Kite dashboard's own code falls back to."""
T = TypeVar("T")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
KITE_API_ROOT = "https://api.kite.trade"
KITE_WS_ROOT = "wss://ws.kite.trade"
KITE_LOGIN_ROOT = "https://kite.zerodha.com/connect/login"
PRICE_SOURCES = ("nse", "yahoo")
"""Public sources of daily prices, asked in this order for what Kite does not give."""
NSE_ARCHIVE_ROOT = "https://nsearchives.nseindia.com"
YAHOO_ROOT = "https://query2.finance.yahoo.com"
LARGEST_OFFSET = 31 * 24 * 3600
SHORTEST_PASSWORD = 15
"""Characters; NIST SP 800-63B asks for 15 where the password is the only proof."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``database_url`` None means the embedded Postgres under ``data_dir``. Rates are fractions a year.

    ``public_url`` is where browsers find the app when that is not the address served (a proxy, a container).
    ``clock_offset`` moves the time of a demonstration. Secrets are left out of ``repr``.
    """

    database_url: str | None = field(repr=False)
    schema: str
    data_dir: Path
    host: str
    port: int
    benchmark: str | None
    risk_free: float
    participation: float
    simulation_seed: int
    simulation_paths: int
    monte_carlo: str
    public_url: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)
    kite_user_ids: frozenset[str] = frozenset()
    kite_credentials: KiteCredentials | None = field(default=None, repr=False)
    kite_api_root: str = KITE_API_ROOT
    kite_ws_root: str = KITE_WS_ROOT
    kite_login_root: str = KITE_LOGIN_ROOT
    redis_url: str | None = field(default=None, repr=False)
    price_sources: tuple[str, ...] = PRICE_SOURCES
    nse_archive_root: str = NSE_ARCHIVE_ROOT
    yahoo_root: str = YAHOO_ROOT
    fund_sites_root: str | None = None
    funds_from_yahoo: bool = False
    fund_styles: Mapping[str, StyleOverride] = field(default_factory=dict)
    history_days: int | None = None
    on_demand_days: int = 90
    clock_offset: timedelta = timedelta()

    @property
    def serves_loopback_only(self) -> bool:
        """True when no other machine can reach the app, by the address served or by the public one."""
        return self.host in LOOPBACK and (self.public_url is None or urlsplit(self.public_url).hostname in LOOPBACK)

    @property
    def has_password(self) -> bool:
        """True when a password was set, hashed or in a file."""
        return bool(self.password_hash or self.password)

    @property
    def needs_login(self) -> bool:
        """True when the screen is shown only to who has logged in."""
        return self.has_password or not self.serves_loopback_only


class _Reader:
    """Reads values and gathers every complaint instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.errors: list[str] = []

    def text(self, name: str, default: str) -> str:
        """The variable, or the content of the file that ``NAME_FILE`` points to."""
        file = self._environ.get(f"{name}_FILE")
        if file is None:
            return self._environ.get(name) or default
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.errors.append(f"{name}_FILE: {file} can't be read ({type(error).__name__})")
            return default

    def secret(self, name: str) -> str | None:
        """As ``text``, None where it is not set."""
        return self.text(name, "") or None

    def checked(self, name: str, default: str, convert: Callable[[str], T], valid: Callable[[T], bool], rule: str) -> T:
        raw = self.text(name, default)
        try:
            value = convert(raw)
        except ValueError:
            self.errors.append(f"{name}={raw!r} is not {rule}")
            return convert(default)
        if not valid(value):
            self.errors.append(f"{name}={raw!r} is not {rule}")
            return convert(default)
        return value


def _url_from_parts(host: str, database: str, user: str, password: str, port: str) -> URL:
    return URL.create("postgresql+psycopg2", user, password, host, int(port), database)


def _database_url(reader: _Reader, environ: Mapping[str, str]) -> str | None:
    """DATABASE_URL, else the host dashboard's PG_* or DB_* set, else None."""
    text = reader.text("DATABASE_URL", "")
    if text:
        return _checked_url(reader, text)
    for names in (
        ("PG_HOST", "PG_DATABASE", "PG_USER", "PG_PASSWORD", "PG_PORT"),
        ("DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_PORT"),
    ):
        if any(name in environ or f"{name}_FILE" in environ for name in names):
            parts = [reader.text(name, default) for name, default in zip(names, HOST_DATABASE, strict=True)]
            if not re.fullmatch(r"[0-9]{1,5}", parts[4]):
                reader.errors.append(f"{names[4]}={parts[4]!r} is not a port number")
                return None
            return _url_from_parts(*parts).render_as_string(hide_password=False)
    return None


def _checked_url(reader: _Reader, text: str) -> str | None:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        reader.errors.append("DATABASE_URL is not a database address (postgresql://user:password@host:5432/name)")
        return None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        reader.errors.append(f"DATABASE_URL names {url.get_backend_name()}: only Postgres is supported")
        return None
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def default_data_dir() -> Path:
    """The user's data folder. For root a folder that the unprivileged database account can reach."""
    return Path("/var/lib") / APP_NAME if os.name == "posix" and os.geteuid() == 0 else user_data_path(APP_NAME)


def _public_url(reader: _Reader) -> str | None:
    """Scheme, name and port; the app can't live under a path. Plain http is for a network you trust."""
    written = (reader.secret("RISK_PUBLIC_URL") or "").rstrip("/")
    if written and not re.fullmatch(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?", written):
        reader.errors.append(f"RISK_PUBLIC_URL={written!r} is not like https://risk.example.com")
        return None
    return written.lower() or None


def _address(reader: _Reader, name: str, default: str, scheme: str) -> str:
    """An address of this scheme (http or ws), with TLS unless it is on this machine; without a slash at its end."""
    return reader.checked(
        name,
        default,
        lambda written: written.rstrip("/"),
        lambda url: _is_safe_address(url, scheme),
        f"an address that starts with {scheme}s:// ({scheme}:// only on this machine)",
    )


def _is_safe_address(url: str, scheme: str) -> bool:
    parts = urlsplit(url)
    on_this_machine = parts.hostname in LOOPBACK
    bare = parts.username is None and not parts.query and not parts.fragment
    return (
        bool(parts.hostname) and bare and (parts.scheme == f"{scheme}s" or (parts.scheme == scheme and on_this_machine))
    )


def _password_hash(reader: _Reader) -> str | None:
    written = reader.secret("RISK_PASSWORD_HASH")
    if written and not re.fullmatch(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+", written):
        reader.errors.append("RISK_PASSWORD_HASH is not an argon2id hash (python -m app password makes one)")
        return None
    return written


def _password(reader: _Reader, environ: Mapping[str, str]) -> str | None:
    """Only from a file: an environment is read by too many."""
    if "RISK_PASSWORD" in environ:
        reader.errors.append("RISK_PASSWORD is not read: use RISK_PASSWORD_HASH or RISK_PASSWORD_FILE")
    if "RISK_PASSWORD_FILE" not in environ:
        return None
    password = reader.text("RISK_PASSWORD", "")
    if len(password) < SHORTEST_PASSWORD:
        reader.errors.append(f"RISK_PASSWORD_FILE holds fewer than {SHORTEST_PASSWORD} characters")
    return password


def _secret_keys(reader: _Reader) -> tuple[bytes, ...]:
    try:
        return tuple(parse_secret_key(key) for key in re.split(r"[,\s]+", reader.text("RISK_SECRET_KEY", "")) if key)
    except ValueError:
        reader.errors.append("RISK_SECRET_KEY is not 32 random bytes in base64 or hexadecimal (several: by commas)")
        return ()


def _kite_credentials(reader: _Reader) -> KiteCredentials | None:
    key, secret = reader.secret("KITE_API_KEY"), reader.secret("KITE_API_SECRET")
    if key and secret:
        return KiteCredentials(key, secret)
    if key or secret:
        reader.errors.append("KITE_API_KEY and KITE_API_SECRET belong together; one of them is missing")
    return None


def _kite_user_ids(reader: _Reader) -> frozenset[str]:
    return frozenset(re.findall(r"[^,\s]+", reader.text("KITE_USER_IDS", "").upper()))


def _redis_url(reader: _Reader) -> str | None:
    """The dashboard's Redis; the address may hold a password."""
    written = reader.secret("REDIS_URL")
    if written and not re.fullmatch(
        r"(rediss?://([^/@]*@)?[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[0-9]*)?|unix://.+)", written
    ):
        reader.errors.append("REDIS_URL is not like redis://:password@host:6379/0")
        return None
    return written


def _price_sources(reader: _Reader) -> tuple[str, ...]:
    """Names in order, each once; ``none`` for none of them."""
    text = reader.text("RISK_PRICE_SOURCES", ",".join(PRICE_SOURCES)).lower()
    written = tuple(dict.fromkeys(re.findall(r"[^,\s]+", text)))
    if written == ("none",):
        return ()
    if not set(written) <= set(PRICE_SOURCES):
        reader.errors.append(f"RISK_PRICE_SOURCES={','.join(written)!r} is not of {', '.join(PRICE_SOURCES)}, or none")
    return written


def _fund_styles(reader: _Reader) -> dict[str, StyleOverride]:
    """``120716=index:Nifty 50, INF179K01UT0=active`` by AMFI code or ISIN; the index may be left out."""
    found: dict[str, StyleOverride] = {}
    for entry in filter(None, (part.strip() for part in reader.text("RISK_FUND_STYLES", "").split(","))):
        match = re.fullmatch(r"(\w+)\s*=\s*(index|active)\s*(?::\s*(\S.*))?", entry)
        if match is None:
            reader.errors.append(f"RISK_FUND_STYLES has {entry!r}, not like 120716=index or 120716=index:Nifty 50")
        else:
            found[match[1].upper()] = StyleOverride(Style(match[2]), match[3])
    return found


def _fund_sites_root(reader: _Reader) -> str | None:
    """A rehearsal's server on this machine that answers for every fund house; no other address is accepted."""
    written = (reader.secret("FUND_SITES_ROOT") or "").rstrip("/")
    if written and not re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}", written):
        reader.errors.append(f"FUND_SITES_ROOT={written!r} is not like http://127.0.0.1:8080: a server on this machine")
        return None
    return written or None


def _schema(reader: _Reader) -> str:
    def is_name(written: str) -> bool:
        return bool(re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", written))

    return reader.checked("RISK_DB_SCHEMA", "my_schema", str, is_name, "a schema name")


def _simulation_paths(reader: _Reader) -> int:
    words = "a whole number from 1000 to 10000000"
    return reader.checked("RISK_SIMULATION_PATHS", "10000", int, lambda n: 1000 <= n <= 10_000_000, words)


def _funds_from_yahoo(reader: _Reader) -> bool:
    name, words = "RISK_FUNDS_FROM_YAHOO", {"yes": True, "no": False}
    return words.get(reader.checked(name, "no", str.lower, words.__contains__, "yes or no"), False)


def _history_days(reader: _Reader) -> int | None:
    """None for ever."""
    return reader.checked(
        "RISK_HISTORY_DAYS",
        "forever",
        lambda word: None if word.lower() == "forever" else int(word),
        lambda days: days is None or days >= 1,
        "forever or a number of days from 1",
    )


def _clock_offset(reader: _Reader) -> timedelta:
    """For make run-live-demo, which trades at any time of day: only with a Kite on this machine."""
    name = "RISK_DEMO_CLOCK_SECONDS"
    seconds = reader.checked(name, "0", int, lambda s: abs(s) <= LARGEST_OFFSET, "a number of seconds within a month")
    if seconds and urlsplit(reader.text("KITE_API_ROOT", KITE_API_ROOT)).hostname not in LOOPBACK:
        reader.errors.append(f"{name} is for a demonstration: it needs a KITE_API_ROOT on this machine")
    return timedelta(seconds=seconds)


def _risk_free(reader: _Reader) -> float:
    meaning = "a percentage a year from -5 to 50"
    return reader.checked("RISK_FREE_RATE", "6", float, lambda rate: -5 <= rate <= 50, meaning) / 100


def _participation(reader: _Reader) -> float:
    meaning = "a percentage of daily volume above 0, up to 100"
    return reader.checked("RISK_PARTICIPATION", "20", float, lambda share: 0 < share <= 100, meaning) / 100


def _check_access(settings: Settings, reader: _Reader) -> None:
    """An address that others can reach needs somebody to ask who they are."""
    if not (settings.serves_loopback_only or settings.has_password or settings.kite_user_ids):
        reader.errors.append(
            f"HOST={settings.host!r} can be reached by other machines: set RISK_PASSWORD_HASH "
            "(python -m app password makes one), RISK_PASSWORD_FILE or KITE_USER_IDS"
        )


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment mapping.

    Raises:
        SettingsError: naming every variable that is wrong.
    """
    reader = _Reader(environ)
    settings = Settings(
        database_url=_database_url(reader, environ),
        schema=_schema(reader),
        data_dir=Path(reader.text("RISK_DATA_DIR", str(default_data_dir()))).expanduser().absolute(),
        host=reader.text("HOST", "127.0.0.1"),
        port=reader.checked("PORT", "5000", int, lambda p: 0 < p < 65536, "a port number from 1 to 65535"),
        benchmark=reader.text("RISK_BENCHMARK", "") or None,
        risk_free=_risk_free(reader),
        participation=_participation(reader),
        simulation_seed=reader.checked(
            "RISK_SIMULATION_SEED", "20260101", int, lambda s: s >= 0, "a whole number from 0"
        ),
        simulation_paths=_simulation_paths(reader),
        monte_carlo=reader.checked(
            "RISK_MONTE_CARLO", "bootstrap", str, lambda m: m in {"bootstrap", "student_t"}, "bootstrap or student_t"
        ),
        public_url=_public_url(reader),
        password_hash=_password_hash(reader),
        password=_password(reader, environ),
        secret_keys=_secret_keys(reader),
        kite_user_ids=_kite_user_ids(reader),
        kite_credentials=_kite_credentials(reader),
        kite_api_root=_address(reader, "KITE_API_ROOT", KITE_API_ROOT, "http"),
        kite_ws_root=_address(reader, "KITE_WS_ROOT", KITE_WS_ROOT, "ws"),
        kite_login_root=_address(reader, "KITE_LOGIN_ROOT", KITE_LOGIN_ROOT, "http"),
        redis_url=_redis_url(reader),
        price_sources=_price_sources(reader),
        nse_archive_root=_address(reader, "NSE_ARCHIVE_ROOT", NSE_ARCHIVE_ROOT, "http"),
        yahoo_root=_address(reader, "YAHOO_ROOT", YAHOO_ROOT, "http"),
        fund_sites_root=_fund_sites_root(reader),
        funds_from_yahoo=_funds_from_yahoo(reader),
        fund_styles=_fund_styles(reader),
        history_days=_history_days(reader),
        on_demand_days=reader.checked(
            "RISK_HISTORY_ON_DEMAND_DAYS", "90", int, lambda days: days >= 1, "a number of days from 1"
        ),
        clock_offset=_clock_offset(reader),
    )
    _check_access(settings, reader)
    if reader.errors:
        raise SettingsError(
            "Wrong settings: " + "; ".join(reader.errors) + ".", "Mend them in the environment and start again."
        )
    return settings
