"""Which rows are positions: unnamed sums are found by arithmetic, and all is held against the file's own total."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.sources.amc.kinds import is_contract
from app.sources.amc.rows import Row, RowKind

ROUNDING = 0.006
"""Half a unit of the second decimal, and a little: what each printed value may differ from the true one."""
CLOSE = 0.015
"""Share of its own total that a sheet may be off."""
HUNDRED = 0.0003
"""What the printed weight of a total of everything may miss 100 percent by, as a share. Shares alone may be 99.9."""
TINY = 0.0001
"""The same for each line where the total's weight is not printed: a rounded weight, or a mark for a tiny one."""
MAX_AMBIGUOUS = 400
ROUGHLY = 1e-4
"""What a total of totals may be off beyond rounding: some houses print crores."""
MOST_BETWEEN = 12
"""Rows that receivables and blanks may fill between the total of the investments and that of the net assets."""
_OF_A_PART = re.compile(r"sub\b", re.IGNORECASE)


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

    The first row that says so is the grand total, unless a later one says so too and adds nothing but cash: then the
    first was the total of the investments. Without the word it is the last plain total that equals all positions above
    it, whose printed weights must make 100 percent: else it is the total of a section, or the sheet is cut short.
    """
    above: list[Row] = []
    coming = iter(rows)
    for row in coming:
        if row.kind is RowKind.GRAND and row.value is not None:
            later = _later_total(above, row, coming)
            return later or Body(_with_sums_as_headings(above), row)
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
    """The named subtotals that no run of lines right above or below adds up to, with or without those ``left_out``."""
    totals = [at for at, row in enumerate(rows) if row.kind is RowKind.TOTAL and row.value]
    return [rows[at] for at in totals[:MAX_AMBIGUOUS] if not _adds_up_beside(rows, at, left_out)]


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


def _adds_up_beside(rows: Sequence[Row], at: int, left_out: frozenset[int]) -> bool:
    value = rows[at].value or 0.0
    return _adds_up(reversed(rows[:at]), value, left_out) or _adds_up(rows[at + 1 :], value, left_out)


def _adds_up(run: Iterable[Row], value: float, left_out: frozenset[int]) -> bool:
    everything, counted, parts = 0.0, 0.0, 0
    for row in run:
        if row.kind is not RowKind.LINE:
            continue
        everything, parts = everything + (row.value or 0.0), parts + 1
        counted += 0.0 if row.at in left_out else row.value or 0.0
        if _near(everything, value, parts) or _near(counted, value, parts):
            return True
    return False


def _with_sums_as_headings(rows: Sequence[Row]) -> tuple[Row, ...]:
    sums = unnamed_sums(rows)
    return tuple(row._replace(kind=RowKind.HEADING) if row.at in sums else row for row in rows)


def _later_total(above: Sequence[Row], total: Row, coming: Iterator[Row]) -> Body | None:
    """The body down to a second grand total that the positions above the first and the cash between make up."""
    between: list[Row] = []
    for row in islice(coming, MOST_BETWEEN):
        if row.kind is RowKind.GRAND and row.value is not None:
            added = [cash for cash in between if cash.kind is RowKind.LINE and cash.value]
            size = (total.value or 0.0) + sum(cash.value or 0.0 for cash in added)
            if not added or abs(size - row.value) > ROUNDING * (len(added) + 2) + ROUGHLY * abs(row.value):
                return None
            return Body((*_with_sums_as_headings(above), total._replace(kind=RowKind.TOTAL), *between), row)
        if row.identified:
            return None
        between.append(row)
    return None


def _last_full_total(above: Sequence[Row]) -> Body | None:
    rows = _with_sums_as_headings(above)
    values, weights, lines, found = 0.0, 0.0, 0, None
    for at, row in enumerate(rows):
        if row.kind is RowKind.LINE:
            values, weights, lines = values + (row.value or 0.0), weights + (row.weight or 0.0), lines + 1
        if row.kind is RowKind.TOTAL and row.value and not _OF_A_PART.match(row.label):
            is_all = _near_hundred(row.weight, HUNDRED) if row.weight else _near_hundred(weights, TINY * lines)
            found = at if is_all and abs(values - row.value) <= CLOSE * abs(row.value) else found
    return None if found is None else Body(rows[:found], rows[found])


def _near_hundred(weight: float, allowed: float) -> bool:
    return min(abs(weight - 1.0), abs(weight - 100.0) / 100) <= allowed
