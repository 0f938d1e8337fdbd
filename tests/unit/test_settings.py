from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.errors import SettingsError
from app.settings import Settings, default_data_dir, read_settings


def test_without_any_variable_the_database_is_embedded_and_only_this_machine_is_served() -> None:
    settings = read_settings({})
    assert settings == Settings(
        database_url=None,
        schema="my_schema",
        data_dir=default_data_dir(),
        host="127.0.0.1",
        port=5000,
        allow_remote=False,
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
        ("RISK_ALLOW_REMOTE", "maybe"),
        ("RISK_FREE_RATE", "nan"),
        ("RISK_FREE_RATE", "51"),
        ("RISK_PARTICIPATION", "0"),
        ("RISK_SIMULATION_SEED", "-1"),
        ("RISK_SIMULATION_PATHS", "10"),
        ("RISK_MONTE_CARLO", "guess"),
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


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_other_machines_are_served_only_when_asked_for(host: str) -> None:
    with pytest.raises(SettingsError, match="RISK_ALLOW_REMOTE=1"):
        read_settings({"HOST": host})
    assert not read_settings({"HOST": host, "RISK_ALLOW_REMOTE": "1"}).serves_loopback_only


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
