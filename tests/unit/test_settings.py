from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.errors import SettingsError
from app.domain.fund_reports import Style, StyleOverride
from app.domain.kite_login import KiteCredentials
from app.settings import Settings, default_data_dir, read_settings


def test_without_any_variable_the_database_is_embedded_and_only_this_machine_is_served() -> None:
    settings = read_settings({})
    assert settings == Settings(
        database_url=None,
        schema="my_schema",
        data_dir=default_data_dir(),
        host="127.0.0.1",
        port=5000,
        benchmark=None,
        risk_free=0.06,
        participation=0.2,
        simulation_seed=20260101,
        simulation_paths=10_000,
        monte_carlo="bootstrap",
    )
    assert settings.serves_loopback_only


def test_a_database_address_wins_over_its_parts() -> None:
    settings = read_settings({"DATABASE_URL": "postgres://me:pass@server:5433/risk", "PG_HOST": "other"})
    assert settings.database_url == "postgresql+psycopg2://me:pass@server:5433/risk"


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"PG_HOST": "db"}, "postgres:postgres@db:5432/mydb"),
        ({"PG_PASSWORD": "a@b/c", "PG_PORT": "5434"}, "postgres:a%40b%2Fc@postgres:5434/mydb"),
        ({"DB_HOST": "db", "DB_NAME": "kite"}, "postgres:postgres@db:5432/kite"),
        ({"DB_NAME": "kite", "PG_DATABASE": "first"}, "postgres:postgres@postgres:5432/first"),
    ],
)
def test_the_dashboards_own_variables_are_understood(environ: dict[str, str], address: str) -> None:
    assert read_settings(environ).database_url == f"postgresql+psycopg2://{address}"


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://me:pass@server/risk\n")
    assert read_settings({"DATABASE_URL_FILE": str(secret)}).database_url == "postgresql+psycopg2://me:pass@server/risk"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"PG_PASSWORD_FILE: .*gone can't be read \(FileNotFoundError\)"):
        read_settings({"PG_PASSWORD_FILE": str(tmp_path / "gone")})


def test_rates_are_percent_outside_and_fractions_inside() -> None:
    settings = read_settings({"RISK_FREE_RATE": "6.5", "RISK_PARTICIPATION": "10"})
    assert (settings.risk_free, settings.participation) == (0.065, 0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "not an address"),
        ("DATABASE_URL", "mysql://me@server/risk"),
        ("DATABASE_URL", "postgresql://me@server:port/risk"),
        ("PG_PORT", "many"),
        ("PG_PORT", "²"),
        ("RISK_DB_SCHEMA", 'x"; DROP SCHEMA public'),
        ("RISK_DB_SCHEMA", "Upper"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("RISK_PUBLIC_URL", "risk.example.com"),
        ("RISK_PUBLIC_URL", "https://me@risk.example.com"),
        ("RISK_PUBLIC_URL", "https://risk.example.com/risk"),
        ("RISK_PASSWORD_HASH", "password"),
        ("RISK_PASSWORD_HASH", "$argon2i$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"),
        ("RISK_PASSWORD", "a password of many characters"),
        ("RISK_SECRET_KEY", "changeme"),
        ("RISK_SECRET_KEY", "0" * 64),
        ("RISK_SECRET_KEY", f"{'a1b2c3d4' * 8}"),
        ("KITE_API_KEY", "alone"),
        ("KITE_API_SECRET", "alone"),
        ("KITE_API_ROOT", "http://kite.example"),
        ("KITE_API_ROOT", "api.kite.trade"),
        ("KITE_API_ROOT", "https://me:pass@api.kite.trade"),
        ("KITE_WS_ROOT", "ws://kite.example"),
        ("KITE_WS_ROOT", "https://ws.kite.trade"),
        ("KITE_LOGIN_ROOT", "javascript:alert(1)"),
        ("RISK_FREE_RATE", "nan"),
        ("RISK_FREE_RATE", "51"),
        ("RISK_PARTICIPATION", "0"),
        ("RISK_SIMULATION_SEED", "-1"),
        ("RISK_SIMULATION_PATHS", "10"),
        ("RISK_MONTE_CARLO", "guess"),
        ("FUND_SITES_ROOT", "http://10.0.0.1:8080"),
        ("FUND_SITES_ROOT", "http://127.0.0.1.evil.example:8080"),
        ("FUND_SITES_ROOT", "https://127.0.0.1:8080"),
        ("FUND_SITES_ROOT", "http://127.0.0.1"),
        ("RISK_FUNDS_FROM_YAHOO", "perhaps"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings({name: value})
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"PORT": "x", "RISK_FREE_RATE": "x", "HOST": "0.0.0.0"})
    for name in ("PORT='x'", "RISK_FREE_RATE='x'", "HOST='0.0.0.0'"):
        assert name in caught.value.message


def test_a_message_never_holds_the_password() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"DATABASE_URL": "oracle://me:hidden@server/risk"})
    assert "hidden" not in str(caught.value)


HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"
ELSEWHERE = ({"HOST": "0.0.0.0"}, {"HOST": "192.168.1.5"}, {"HOST": "::"}, {"RISK_PUBLIC_URL": "https://r.example"})
HERE: tuple[dict[str, str], ...] = (
    {},
    {"HOST": "::1"},
    {"HOST": "localhost"},
    {"RISK_PUBLIC_URL": "http://localhost:8080"},
)


@pytest.mark.parametrize("reach", ELSEWHERE)
def test_other_machines_are_served_only_with_a_way_to_log_in(reach: dict[str, str]) -> None:
    for useless in ({}, {"KITE_USER_IDS": " , "}, {"KITE_API_KEY": "key", "KITE_API_SECRET": "secret"}):
        with pytest.raises(SettingsError, match=r"RISK_PASSWORD_HASH.*RISK_PASSWORD_FILE or KITE_USER_IDS"):
            read_settings(reach | useless)
    with pytest.raises(SettingsError):
        read_settings(reach | {"RISK_ALLOW_REMOTE": "1"})


@pytest.mark.parametrize("reach", ELSEWHERE)
@pytest.mark.parametrize("way", [{"RISK_PASSWORD_HASH": HASH}, {"KITE_USER_IDS": "AB1234"}])
def test_with_a_way_to_log_in_other_machines_are_served_after_it(reach: dict[str, str], way: dict[str, str]) -> None:
    settings = read_settings(reach | way)
    assert settings.needs_login
    assert not settings.serves_loopback_only


@pytest.mark.parametrize("reach", HERE)
def test_this_machine_alone_needs_no_login_unless_a_password_is_set(reach: dict[str, str]) -> None:
    assert not read_settings(reach).needs_login
    assert not read_settings(reach | {"KITE_USER_IDS": "AB1234"}).needs_login
    assert read_settings(reach | {"RISK_PASSWORD_HASH": HASH}).needs_login


def test_a_password_comes_from_a_file_and_is_long(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a password of many characters\n")
    environ = {"HOST": "0.0.0.0", "RISK_PASSWORD_FILE": str(file)}
    assert read_settings(environ).password == "a password of many characters"
    file.write_text("fourteen chars\n")
    with pytest.raises(SettingsError, match="fewer than 15 characters") as caught:
        read_settings(environ)
    assert "fourteen" not in str(caught.value)


def test_kite_users_are_listed_in_any_case_and_with_any_commas() -> None:
    assert read_settings({"KITE_USER_IDS": " ab1234,CD5678 ,"}).kite_user_ids == {"AB1234", "CD5678"}


def test_key_and_secret_of_kite_may_lie_in_files(tmp_path: Path) -> None:
    for name in ("key", "secret"):
        (tmp_path / name).write_text(f"my{name}\n")
    environ = {"KITE_API_KEY_FILE": str(tmp_path / "key"), "KITE_API_SECRET_FILE": str(tmp_path / "secret")}
    assert read_settings(environ).kite_credentials == KiteCredentials("mykey", "mysecret")


def test_kite_may_be_elsewhere_on_this_machine() -> None:
    settings = read_settings({"KITE_API_ROOT": "http://127.0.0.1:7000/", "KITE_WS_ROOT": "ws://localhost:7000"})
    assert (settings.kite_api_root, settings.kite_ws_root) == ("http://127.0.0.1:7000", "ws://localhost:7000")
    assert settings.kite_login_root == "https://kite.zerodha.com/connect/login"


def test_several_secret_keys_are_read_in_order() -> None:
    keys = [bytes(range(start, start + 32)) for start in (0, 100)]
    written = f"{keys[0].hex()}, {base64.urlsafe_b64encode(keys[1]).decode()}"
    assert read_settings({"RISK_SECRET_KEY": written}).secret_keys == tuple(keys)


def test_no_secret_shows_in_what_is_printed_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("canary password of many characters")
    shown = repr(
        read_settings(
            {
                "DATABASE_URL": "postgresql://me:canary1@server/risk",
                "RISK_PASSWORD_HASH": HASH,
                "RISK_PASSWORD_FILE": str(file),
                "RISK_SECRET_KEY": bytes(range(32)).hex(),
                "KITE_API_KEY": "canary2",
                "KITE_API_SECRET": "canary3",
            }
        )
    )
    for secret in ("canary", "argon2", "\\x01\\x02", "00010203"):
        assert secret not in shown


def test_the_data_folder_is_absolute_and_knows_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert read_settings({"RISK_DATA_DIR": "~/risk"}).data_dir == Path("/home/me/risk")
    assert read_settings({"RISK_DATA_DIR": "risk"}).data_dir == Path.cwd() / "risk"


def test_root_gets_a_data_folder_that_the_database_account_can_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/kite-portfolio-risk")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_data_dir().name == "kite-portfolio-risk"
    assert default_data_dir() != Path("/var/lib/kite-portfolio-risk")


def test_the_dashboards_redis_is_an_address_that_does_not_show() -> None:
    settings = read_settings({"REDIS_URL": "redis://:canary@redis:6379/0"})
    assert settings.redis_url == "redis://:canary@redis:6379/0"
    assert "canary" not in repr(settings)
    with pytest.raises(SettingsError, match="REDIS_URL is not like") as error:
        read_settings({"REDIS_URL": "http://:canary@redis"})
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    ("written", "order"),
    [("nse,yahoo", ("nse", "yahoo")), (" Yahoo  NSE ", ("yahoo", "nse")), ("yahoo", ("yahoo",)), ("none", ())],
)
def test_price_sources_are_asked_in_the_order_written(written: str, order: tuple[str, ...]) -> None:
    assert read_settings({"RISK_PRICE_SOURCES": written}).price_sources == order


@pytest.mark.parametrize("written", ["bse", "nse,none", "nse;drop"])
def test_an_unknown_price_source_is_named(written: str) -> None:
    with pytest.raises(SettingsError, match="RISK_PRICE_SOURCES="):
        read_settings({"RISK_PRICE_SOURCES": written})


def test_public_sources_are_elsewhere_only_with_tls_or_on_this_machine() -> None:
    settings = read_settings({"NSE_ARCHIVE_ROOT": "http://127.0.0.1:8080/", "YAHOO_ROOT": "https://mirror.example"})
    assert (settings.nse_archive_root, settings.yahoo_root) == ("http://127.0.0.1:8080", "https://mirror.example")
    with pytest.raises(SettingsError, match="NSE_ARCHIVE_ROOT"):
        read_settings({"NSE_ARCHIVE_ROOT": "http://mirror.example"})


def test_the_clock_of_a_demonstration_needs_a_kite_on_this_machine() -> None:
    offset = {"RISK_DEMO_CLOCK_SECONDS": "-3600"}
    local = {**offset, "KITE_API_ROOT": "http://127.0.0.1:8080"}
    assert read_settings(local).clock_offset == timedelta(hours=-1)
    assert read_settings({}).clock_offset == timedelta()
    for environ in (offset, {**local, "RISK_DEMO_CLOCK_SECONDS": "noon"}):
        with pytest.raises(SettingsError, match="RISK_DEMO_CLOCK_SECONDS"):
            read_settings(environ)


def test_styles_of_funds_are_by_code_or_isin() -> None:
    styles = read_settings({"RISK_FUND_STYLES": "120716=index:Nifty 50, inf179k01ut0=active"}).fund_styles
    assert styles == {
        "120716": StyleOverride(Style.INDEX, "Nifty 50"),
        "INF179K01UT0": StyleOverride(Style.ACTIVE, None),
    }


@pytest.mark.parametrize("written", ["120716", "120716=passive", "=index", "120716=index:"])
def test_a_style_that_cannot_be_read_is_named(written: str) -> None:
    with pytest.raises(SettingsError, match="RISK_FUND_STYLES"):
        read_settings({"RISK_FUND_STYLES": written})
