"""Expense ratios and official tracking figures: AMFI's JSON answers, its spreadsheet of ratios, and CSV copies of it.

Ratios are percent. Zero means that the plan does not exist or is not filled in, so it becomes no figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from app.domain.errors import InputFileError
from app.domain.fund_costs import CostFile, CostKind, FundCost, FundTracking, TrackingFile, TrackingKind
from app.domain.schemes import Plan
from app.sources import tabular
from app.sources.holdings_files import is_json
from app.sources.tabular import Layout, header_key

COSTS: dict[str, tuple[Plan, CostKind, tuple[str, ...]]] = {
    "regular_total": (Plan.REGULAR, CostKind.TOTAL, ("regularplantotalter", "rter")),
    "direct_total": (Plan.DIRECT, CostKind.TOTAL, ("directplantotalter", "dter")),
    "regular_base": (Plan.REGULAR, CostKind.BASE, ("regularplanbaseter", "regularplanbaseexpenseratio", "rber")),
    "direct_base": (Plan.DIRECT, CostKind.BASE, ("directplanbaseter", "directplanbaseexpenseratio", "dber")),
}
SHARED = {"name": ("schemename",), "day": ("terdate", "date"), "benchmark": ("benchmark",)}
LAYOUT = Layout(
    "AMFI's expense ratios",
    SHARED | {field: names for field, (_, _, names) in COSTS.items()},
    ("name",),
    "Scheme Name, [TER Date,] Regular Plan - Total TER (%), Direct Plan - Total TER (%), ...",
)
TRACKING: dict[str, tuple[Plan, TrackingKind, str]] = {
    "regularpercent": (Plan.REGULAR, TrackingKind.ERROR, "1y"),
    "directpercent": (Plan.DIRECT, TrackingKind.ERROR, "1y"),
} | {
    f"{field}{letter}": (plan, TrackingKind.DIFFERENCE, period)
    for field, period in (("y1", "1y"), ("y3", "3y"), ("y5", "5y"), ("y10", "10y"), ("returnlaunch", "launch"))
    for letter, plan in (("r", Plan.REGULAR), ("d", Plan.DIRECT))
}
HIGHEST_RATIO = 5.0
"""Percent; SEBI's limits end at 2.25 and what is added on top stays below one."""
WIDEST_TRACKING = 50.0
_DAY_IN_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})")
_COST_REMEDY = "Bring AMFI's TER spreadsheet or its JSON answer."
_TRACKING_REMEDY = "Bring AMFI's JSON answer of tracking-error-data or tracking-difference."

Record = Mapping[str, str]


def parse_ter(data: bytes, name: str, today: date) -> CostFile:
    """The expense ratios in force on ``today`` by scheme name and plan; announced later ones are left out.

    The day is the row's, else the one in the file's name, else ``today``. Raises InputFileError for another file.
    """
    fallback = _day_in(name) or today
    newest: dict[tuple[str, Plan, CostKind], FundCost] = {}
    rejected: list[str] = []
    dated = fallback != today
    for number, record in _cost_records(data, name):
        day = tabular.parse_day(record.get("day", "")) or fallback
        dated = dated or bool(record.get("day"))
        if record["name"] and day <= today:
            for cost in _costs(record, day, f"row {number}", rejected):
                key = (cost.scheme_name, cost.plan, cost.kind)
                newest[key] = max(cost, newest.get(key, cost), key=lambda one: one.as_of)
    if not newest:
        raise InputFileError(name, "holds no expense ratio that is in force.", _COST_REMEDY)
    return CostFile(tuple(newest.values()), tabular.cap_messages(rejected), undated=not dated)


def parse_tracking(data: bytes, name: str, today: date) -> TrackingFile:
    """AMFI's tracking errors, or tracking differences, by scheme name and plan; the day as in ``parse_ter``.

    Raises InputFileError for another file.
    """
    day = _day_in(name)
    figures: dict[tuple[str, Plan, TrackingKind, str], FundTracking] = {}
    rejected: list[str] = []
    for number, record in _json_records(_text(data, name, _TRACKING_REMEDY), name, _TRACKING_REMEDY):
        for figure in _tracking(record, day or today, f"row {number}", rejected):
            figures[figure.scheme_name, figure.plan, figure.kind, figure.period] = figure
    if not figures:
        raise InputFileError(name, "holds no tracking figure.", _TRACKING_REMEDY)
    return TrackingFile(tuple(figures.values()), tabular.cap_messages(rejected), undated=day is None)


def _cost_records(data: bytes, name: str) -> Iterator[tuple[int, Record]]:
    content = tabular.read_content(data, name)
    if isinstance(content, str) and is_json(content):
        for number, row in _json_records(content, name, _COST_REMEDY):
            yield number, {field: _first(row, names) for field, names in LAYOUT.columns.items()}
        return
    table = tabular.find_table(content, (LAYOUT,), name)
    if not COSTS.keys() & table.positions.keys():
        raise InputFileError(name, "has no column of expense ratios.", f"Accepted: {LAYOUT.shown}.")
    yield from table.records()


def _costs(record: Record, day: date, where: str, rejected: list[str]) -> Iterator[FundCost]:
    for field, (plan, kind, _) in COSTS.items():
        percent = _percent(record.get(field, ""), 0.0, HIGHEST_RATIO, f"{where}: {field}", rejected)
        if percent:
            yield FundCost(_squeezed(record["name"]), plan, kind, percent, day)


def _tracking(record: Record, day: date, where: str, rejected: list[str]) -> Iterator[FundTracking]:
    name = _squeezed(_first(record, SHARED["name"]))
    for field, (plan, kind, period) in TRACKING.items():
        low = 0.0 if kind is TrackingKind.ERROR else -WIDEST_TRACKING
        percent = _percent(record.get(field, ""), low, WIDEST_TRACKING, f"{where}: {field}", rejected)
        if name and percent is not None:
            yield FundTracking(name, plan, kind, period, percent, record.get("benchmark") or None, day)


def _percent(text: str, low: float, high: float, where: str, rejected: list[str]) -> float | None:
    if tabular.is_missing(text):
        return None
    percent = tabular.parse_number(text.removesuffix("%"))
    if percent is None or not low <= percent <= high:
        rejected.append(f"{where}: '{tabular.brief(text)}' is no percentage from {low:g} to {high:g}")
        return None
    return percent


def _text(data: bytes, name: str, remedy: str) -> str:
    content = tabular.read_content(data, name)
    if not isinstance(content, str) or not is_json(content):
        raise InputFileError(name, "is not JSON.", remedy)
    return content


def _json_records(text: str, name: str, remedy: str) -> Iterator[tuple[int, Record]]:
    """The rows of ``{"data": [...]}`` or of a bare list, their keys as ``header_key`` writes them."""
    body = tabular.read_json(text, name)
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputFileError(name, 'is not a list of rows, nor has it one under "data".', remedy)
    for number, row in enumerate(rows, start=1):
        yield number, {header_key(key): _as_text(value) for key, value in row.items()}


def _as_text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _first(record: Record, names: Sequence[str]) -> str:
    return next((record[name] for name in names if record.get(name)), "")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _day_in(name: str) -> date | None:
    match = _DAY_IN_NAME.search(name)
    return tabular.parse_day(match[1]) if match else None
