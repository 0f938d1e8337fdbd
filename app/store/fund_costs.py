"""Expense ratios and official tracking figures by scheme, plan and day; older days are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.domain.fund_costs import CostKind, FundCost, FundTracking, TrackingKind
from app.domain.schemes import Plan

COST = "scheme_key, scheme_name, family, plan, kind, percent, as_of, source"
TRACKING = "scheme_key, scheme_name, family, plan, kind, period, percent, benchmark, as_of, source"
KEYS = {
    "risk_fund_costs": "scheme_key, plan, kind, as_of",
    "risk_fund_tracking": "scheme_key, plan, kind, period, as_of",
}
OF_ISINS = """
    WITH held AS (
        SELECT DISTINCT ON (k.isin) k.isin, s.family, coalesce(s.plan, 'regular') AS plan
        FROM unnest(CAST(:isins AS text[])) AS k (isin)
        JOIN risk_amfi_schemes s ON s.isin = k.isin OR s.other_isin = k.isin
        ORDER BY k.isin, s.nav_date DESC NULLS LAST, s.amfi_code)
"""


def save_costs(
    connection: Connection, costs: Sequence[FundCost], keys: Mapping[str, str], families: Mapping[str, str], source: str
) -> int:
    """Insert or correct ratios; returns how many changed. ``keys`` and ``families`` are by scheme name."""
    rows = [_row(cost, keys, families, source) for cost in costs]
    return _save(connection, "risk_fund_costs", COST, rows)


def save_tracking(
    connection: Connection,
    figures: Sequence[FundTracking],
    keys: Mapping[str, str],
    families: Mapping[str, str],
    source: str,
) -> int:
    """Insert or correct tracking figures; returns how many changed. As ``save_costs``."""
    rows = [
        {**_row(figure, keys, families, source), "period": figure.period, "benchmark": figure.benchmark}
        for figure in figures
    ]
    return _save(connection, "risk_fund_tracking", TRACKING, rows)


def load_costs(connection: Connection, isins: Sequence[str]) -> dict[str, tuple[FundCost, ...]]:
    """The newest ratio of each kind for each ISIN's own plan and for the other one; ISINs without any are absent."""
    rows = connection.execute(
        text(f"""{OF_ISINS}
        SELECT DISTINCT ON (h.isin, c.plan, c.kind) h.isin, c.scheme_name, c.plan, c.kind, c.percent, c.as_of
        FROM held h JOIN risk_fund_costs c USING (family)
        ORDER BY h.isin, c.plan, c.kind, c.as_of DESC"""),  # noqa: S608
        {"isins": list(isins)},
    )
    found: dict[str, tuple[FundCost, ...]] = {}
    for row in rows:
        cost = FundCost(row.scheme_name, Plan(row.plan), CostKind(row.kind), row.percent, row.as_of)
        found[row.isin] = (*found.get(row.isin, ()), cost)
    return found


def load_tracking(connection: Connection, isins: Sequence[str]) -> dict[str, tuple[FundTracking, ...]]:
    """The newest official figures of each ISIN's own plan, by kind and period; ISINs without any are absent."""
    rows = connection.execute(
        text(f"""{OF_ISINS}
        SELECT DISTINCT ON (h.isin, t.kind, t.period)
               h.isin, t.scheme_name, t.plan, t.kind, t.period, t.percent, t.benchmark, t.as_of
        FROM held h JOIN risk_fund_tracking t USING (family, plan)
        ORDER BY h.isin, t.kind, t.period, t.as_of DESC"""),  # noqa: S608
        {"isins": list(isins)},
    )
    found: dict[str, tuple[FundTracking, ...]] = {}
    for row in rows:
        figure = FundTracking(
            row.scheme_name, Plan(row.plan), TrackingKind(row.kind), row.period, row.percent, row.benchmark, row.as_of
        )
        found[row.isin] = (*found.get(row.isin, ()), figure)
    return found


def newest_costs(connection: Connection) -> dict[str, date]:
    """The newest day of ``ter`` and of the tracking ``error`` and ``difference``; what was never stored is absent."""
    rows = connection.execute(
        text("""SELECT 'ter' AS kind, max(as_of) AS newest FROM risk_fund_costs HAVING count(*) > 0
                UNION ALL SELECT kind, max(as_of) FROM risk_fund_tracking GROUP BY kind""")
    )
    return {row.kind: row.newest for row in rows}


def load_cost_names(connection: Connection) -> tuple[str, ...]:
    """Every scheme name that a list of costs or tracking figures has used."""
    query = "SELECT scheme_name FROM risk_fund_costs UNION SELECT scheme_name FROM risk_fund_tracking ORDER BY 1"
    return tuple(connection.scalars(text(query)))


def relink_costs(connection: Connection, families: Mapping[str, str]) -> int:
    """Tie costs and figures to AMFI's families anew, by scheme name; returns how many rows changed."""
    return sum(
        connection.execute(
            text(f"""UPDATE {table} c SET family = k.family
                     FROM unnest(CAST(:names AS text[]), CAST(:families AS text[])) AS k (name, family)
                     WHERE c.scheme_name = k.name AND c.family IS DISTINCT FROM k.family"""),  # noqa: S608
            {"names": list(families), "families": list(families.values())},
        ).rowcount
        for table in KEYS
    )


def _row(
    figure: FundCost | FundTracking, keys: Mapping[str, str], families: Mapping[str, str], source: str
) -> dict[str, Any]:
    return {
        "scheme_key": keys[figure.scheme_name],
        "scheme_name": figure.scheme_name,
        "family": families.get(figure.scheme_name),
        "plan": figure.plan,
        "kind": figure.kind,
        "percent": figure.percent,
        "as_of": figure.as_of,
        "source": source,
    }


def _save(connection: Connection, table: str, columns: str, rows: Sequence[Mapping[str, Any]]) -> int:
    unique = list({tuple(row[key] for key in KEYS[table].split(", ")): row for row in rows}.values())
    names = columns.split(", ")
    types = {"percent": "float8", "as_of": "date"}
    arrays = ", ".join(f"CAST(:{name} AS {types.get(name, 'text')}[])" for name in names)
    changed = connection.execute(
        text(f"""INSERT INTO {table} AS kept ({columns}) SELECT * FROM unnest({arrays})
                 ON CONFLICT ({KEYS[table]}) DO UPDATE
                 SET percent = excluded.percent, family = excluded.family, scheme_name = excluded.scheme_name,
                     source = excluded.source
                 WHERE (kept.percent, kept.family) IS DISTINCT FROM (excluded.percent, excluded.family)"""),  # noqa: S608
        {name: [row[name] for row in unique] for name in names},
    )
    return changed.rowcount
