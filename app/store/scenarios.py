"""Stress scenarios that a person wrote or changed."""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.domain.scenarios import Scenario
from app.domain.serialise import to_json


def load_scenarios(connection: Connection) -> dict[str, Scenario]:
    """By key; the defaults of the app are not among them unless somebody changed them."""
    rows = connection.execute(
        text("SELECT key, name, market, groups, from_day, to_day, source FROM risk_scenarios ORDER BY key")
    )
    return {row.key: Scenario(*row) for row in rows}


def save_scenario(connection: Connection, scenario: Scenario) -> None:
    """Keep a scenario under its key, in place of what was there."""
    connection.execute(
        text("""INSERT INTO risk_scenarios (key, name, market, groups, from_day, to_day, source)
                VALUES (:key, :name, :market, CAST(:groups AS jsonb), :from_day, :to_day, :source)
                ON CONFLICT (key) DO UPDATE
                SET name = excluded.name, market = excluded.market, groups = excluded.groups,
                    from_day = excluded.from_day, to_day = excluded.to_day, source = excluded.source,
                    updated_at = now()"""),
        {
            "key": scenario.key,
            "name": scenario.name,
            "market": scenario.market,
            "groups": to_json(dict(scenario.groups)).decode(),
            "from_day": scenario.from_day,
            "to_day": scenario.to_day,
            "source": scenario.source,
        },
    )


def delete_scenario(connection: Connection, key: str) -> bool:
    """Forget what was written under a key; False when nothing was."""
    gone = connection.execute(text("DELETE FROM risk_scenarios WHERE key = :key"), {"key": key})
    return bool(gone.rowcount)
