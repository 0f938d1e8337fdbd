"""Which rows are positions: unnamed sums are found by arithmetic, and all is held against the file's own total."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.sources.amc.kinds import is_contract
from app.sources.amc.rows import Row, RowKind

ROUNDING = 0.006
"""Half a unit of the second decimal, and a little: what each printed value may differ from the true one."""
CLOSE = 0.015
"""Share of its own total that a sheet may be off."""
NEAR_HUNDRED = 0.05
"""What the printed weights may miss 100 percent by: marks for tiny weights and contracts beside the total."""
MAX_AMBIGUOUS = 400


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of one portfolio: ``rows`` above the grand total, sums without the word made headings, and the total."""

    rows: tuple[Row, ...]
    total: Row


@dataclass(frozen=True, slots=True)
class Reading:
    """Which lines the file counts in its total. ``gap`` is what they miss it by, as a share of the total, signed."""

    counted: frozenset[int]
    gap: float


def find_body(rows: Iterable[Row]) -> Body | None:
    """The portfolio down to its grand total; None where no row can be that.

    The first row that says so is the grand total. Without the word it is the last plain total that equals all positions
    above it, whose printed weights must make 100 percent: else it is the total of a section, or the sheet is cut short.
    """
    above: list[Row] = []
    for row in rows:
        if row.kind is RowKind.GRAND and row.value is not None:
            return Body(_with_sums_as_headings(above), row)
        above.append(row)
    return _last_full_total(above)


def unnamed_sums(rows: Sequence[Row]) -> frozenset[int]:
    """Row numbers of lines that are sums of others: a heading that carries its section's sum, or a sum after its parts.

    Only rows without ISIN and quantity can be one. A heading's sum must end where its section ends; from below upwards,
    so that sums of sums are found.
    """
    suspects = [at for at, row in enumerate(rows) if _may_be_sum(row)]
    if len(suspects) > MAX_AMBIGUOUS:
        return frozenset()
    sums: set[int] = set()
    for is_sum in (_leads_its_parts, _follows_its_parts):
        for at in reversed(suspects):
            if at not in sums and is_sum(rows, at, sums):
                sums.add(at)
    return frozenset(rows[at].at for at in sums)


def subtotal_misfits(rows: Sequence[Row], left_out: frozenset[int]) -> list[Row]:
    """The named subtotals that no run of lines right above them adds up to, with or without the rows ``left_out``."""
    totals = [at for at, row in enumerate(rows) if row.kind is RowKind.TOTAL and row.value]
    return [rows[at] for at in totals[:MAX_AMBIGUOUS] if not _adds_up(rows[:at], rows[at].value or 0.0, left_out)]


def best_reading(body: Body, futures: frozenset[int], options: frozenset[int]) -> Reading:
    """The way of counting that meets the grand total best: with all contracts, without any, or with options alone.

    ``futures`` and ``options`` are row numbers of contracts above the total. The first of equals wins.
    """
    lines = {row.at: row.value or 0.0 for row in body.rows if row.kind is RowKind.LINE}
    contracts = futures | options
    outsides = (frozenset[int](), contracts, futures) if contracts else (frozenset[int](),)
    readings = (_reading(lines, outside, body.total.value or 0.0) for outside in outsides)
    return min(readings, key=lambda reading: abs(reading.gap))


def _reading(lines: dict[int, float], outside: frozenset[int], total: float) -> Reading:
    counted = lines.keys() - outside
    gap = (sum(lines[at] for at in counted) - total) / abs(total) if total else float("inf")
    return Reading(frozenset(counted), gap)


def _may_be_sum(row: Row) -> bool:
    unnamed = row.kind is RowKind.LINE and row.value and not row.identified
    return bool(unnamed) and not is_contract(row.label, row.code, None, None)


def _near(total: float, value: float, parts: int) -> bool:
    return abs(total - value) <= ROUNDING * (parts + 1) + 1e-9 * abs(value)


def _leads_its_parts(rows: Sequence[Row], at: int, sums: set[int]) -> bool:
    value, total, parts = rows[at].value or 0.0, 0.0, 0
    for here in range(at + 1, len(rows)):
        row = rows[here]
        if row.kind is RowKind.TOTAL and row.value:
            return False
        if row.kind is not RowKind.LINE or here in sums:
            continue
        total, parts = total + (row.value or 0.0), parts + 1
        if parts and _near(total, value, parts) and _ends_run(rows, here, sums):
            return True
    return False


def _ends_run(rows: Sequence[Row], at: int, sums: set[int]) -> bool:
    """True where the next row is not one more security: nothing, a heading, or a row that might itself be a sum."""
    following = rows[at + 1] if at + 1 < len(rows) else None
    return following is None or following.kind is not RowKind.LINE or not following.identified or at + 1 in sums


def _follows_its_parts(rows: Sequence[Row], at: int, sums: set[int]) -> bool:
    value, total, parts = rows[at].value or 0.0, 0.0, 0
    for here in range(at - 1, -1, -1):
        row = rows[here]
        if row.kind is not RowKind.LINE or row.identified or here in sums:
            return False
        total, parts = total + (row.value or 0.0), parts + 1
        if _near(total, value, parts):
            return True
    return False


def _adds_up(above: Sequence[Row], value: float, left_out: frozenset[int]) -> bool:
    everything, counted, parts = 0.0, 0.0, 0
    for row in reversed(above):
        if row.kind is not RowKind.LINE:
            continue
        everything, parts = everything + (row.value or 0.0), parts + 1
        counted += 0.0 if row.at in left_out else row.value or 0.0
        if _near(everything, value, parts) or _near(counted, value, parts):
            return True
    return False


def _with_sums_as_headings(rows: Sequence[Row]) -> tuple[Row, ...]:
    sums = unnamed_sums(rows)
    return tuple(replace(row, kind=RowKind.HEADING) if row.at in sums else row for row in rows)


def _last_full_total(above: Sequence[Row]) -> Body | None:
    rows = _with_sums_as_headings(above)
    values, weights, found = 0.0, 0.0, None
    for at, row in enumerate(rows):
        if row.kind is RowKind.LINE:
            values, weights = values + (row.value or 0.0), weights + (row.weight or 0.0)
        if row.kind is RowKind.TOTAL and row.value and _is_full(values, row.value, weights):
            found = at
    return None if found is None else Body(rows[:found], rows[found])


def _is_full(values: float, total: float, weights: float) -> bool:
    hundred = min(abs(weights - 1.0), abs(weights - 100.0) / 100)
    return abs(values - total) <= CLOSE * abs(total) and hundred <= NEAR_HUNDRED
