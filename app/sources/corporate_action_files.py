"""Splits, bonuses, demergers and rights issues from a table of factors or from NSE's corporate actions (JSON or CSV).

Only what changes the number or the worth of an equity share is returned. A subject that announces a split or bonus but
gives no readable ratio becomes ``other_adjustment``: named, not applied.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.errors import InputFileError
from app.domain.prices import CorporateAction
from app.sources import tabular
from app.sources.day_order import refuse_month_first
from app.sources.tabular import Layout, Table

SPLIT_OR_BONUS, DEMERGER, RIGHTS_ISSUE, OTHER = "split_or_bonus", "demerger", "rights_issue", "other_adjustment"
KINDS = frozenset({SPLIT_OR_BONUS, DEMERGER, RIGHTS_ISSUE, OTHER})
MAX_FACTOR = 10_000.0

FACTORS = Layout(
    "table of factors",
    {
        "symbol": ("symbol",),
        "ex_date": ("exdate",),
        "factor": ("volumefactor", "factor"),
        "kind": ("kind",),
    },
    ("symbol", "ex_date", "factor", "kind"),
    "symbol, ex_date, volume_factor, kind",
)
ANNOUNCEMENTS = Layout(
    "NSE corporate actions",
    {"symbol": ("symbol",), "ex_date": ("exdate",), "subject": ("purpose", "subject")},
    ("symbol", "ex_date", "subject"),
    "SYMBOL, PURPOSE, EX-DATE",
)
_ROW_REMEDY = "Correct the row, or remove it, and bring the file again."
_JSON_LISTS = ("equityActions", "smeActions", "data")

_BONUS = re.compile(r"bonus(?P<terms>(?:(?!bonus|split|splt|division|rights|dividend|demerger).)*)")
_BONUS_RATIO = re.compile(r"(\d+)\s*:\s*(\d+)")
_NOT_EQUITY = re.compile(r"ncrps|nrps|pref|deb|ncd|dvr|warrant|convertible")
_SPLIT = re.compile(r"split|splt|sub-?\s?division|consolidation")
_FACE_VALUES = re.compile(r"r[se]\.?\s*(\d+(?:\.\d+)?)\s*(?:/-)?\s*(?:per share)?\s*to\s*r[se]\.?\s*(\d+(?:\.\d+)?)")
_DEMERGER = re.compile(r"demerger|de-merger|spin-?\s?off")
_SCHEME = re.compile(r"sch\w*\s+(?:of\s+)?(?:arrangement|agmt)")
_RIGHTS = re.compile(r"\brights\b")


@dataclass(frozen=True, slots=True)
class _Announcement:
    """One row: ``where`` is its row in the file, for messages."""

    where: int
    symbol: str
    ex_date: str
    subject: str


def parse_corporate_actions(data: bytes, name: str) -> tuple[CorporateAction, ...]:
    """Every action that bears on prices, by symbol and ex-date; several ratios of one day are multiplied.

    Dividends, meetings and bonus issues of anything but equity shares are left out, as are rows without an ex-date.
    Raises InputFileError where the file is none of the layouts or a row can't be read: a lost split corrupts a history.
    """
    content = tabular.read_content(data, name)
    if isinstance(content, str) and content.lstrip().startswith(("{", "[")):
        return _combine(_from_announcements(_json_rows(tabular.read_json(content, name), name), name))
    table = tabular.find_table(content, (FACTORS, ANNOUNCEMENTS), name)
    refuse_month_first([record["ex_date"] for _, record in table.records()], name)
    rows = _from_factors(table, name) if table.layout is FACTORS else _from_announcements(_table_rows(table), name)
    return _combine(rows)


def subject_effects(subject: str) -> tuple[tuple[str, float], ...]:
    """(kind, factor) of everything a subject line announces, at most one of each kind.

    Bonus a:b gives a new shares for b held: (a + b) / b. A face value from x to y: x / y. Others have factor 1.
    """
    text = " ".join(subject.casefold().split())
    ratios = [*_bonus_factors(text), *_split_factors(text)]
    readable = [ratio for ratio in ratios if ratio is not None]
    effects = [(SPLIT_OR_BONUS, math.prod(readable))] if readable else []
    if len(readable) < len(ratios):
        effects = [(OTHER, 1.0)]
    if _DEMERGER.search(text) or (_SCHEME.search(text) and "bonus" not in text):
        effects.append((DEMERGER, 1.0))
    if _RIGHTS.search(text):
        effects.append((RIGHTS_ISSUE, 1.0))
    return tuple(effects)


def _bonus_factors(text: str) -> Iterator[float | None]:
    for clause in _BONUS.finditer(text):
        terms = clause["terms"]
        if _NOT_EQUITY.search(terms):
            continue
        ratio = _BONUS_RATIO.search(terms)
        yield _factor(float(ratio[1]) + float(ratio[2]), float(ratio[2])) if ratio else None


def _split_factors(text: str) -> Iterator[float | None]:
    if not _SPLIT.search(text):
        return
    values = _FACE_VALUES.search(text)
    yield _factor(float(values[1]), float(values[2])) if values else None


def _factor(new: float, old: float) -> float | None:
    """Ratio of new to old shares; None where no company could have decided on it."""
    factor = new / old if old else math.inf
    return factor if 1 / MAX_FACTOR <= factor <= MAX_FACTOR else None


def _json_rows(body: object, name: str) -> Iterator[_Announcement]:
    lists = [body] if isinstance(body, list) else []
    if isinstance(body, dict):
        lists = [body[key] for key in _JSON_LISTS if isinstance(body.get(key), list)]
    if not lists:
        reason = "holds no list of corporate actions."
        raise InputFileError(name, reason, "Accepted: a list, or an object with equityActions, smeActions or data.")
    for number, row in enumerate((row for rows in lists for row in rows), start=1):
        if not isinstance(row, dict) or not {"symbol", "subject", "exDate"} <= row.keys():
            raise InputFileError(name, "is not an object with symbol, subject and exDate.", _ROW_REMEDY, number)
        texts = (row[key] if isinstance(row[key], str) else "" for key in ("symbol", "exDate", "subject"))
        yield _Announcement(number, *texts)


def _table_rows(table: Table) -> Iterator[_Announcement]:
    for number, record in table.records():
        yield _Announcement(number, record["symbol"], record["ex_date"], record["subject"])


def _from_announcements(rows: Iterable[_Announcement], name: str) -> Iterator[CorporateAction]:
    seen = set()
    for row in rows:
        symbol, effects = row.symbol.strip().upper(), subject_effects(row.subject)
        key = (symbol, row.ex_date.strip(), " ".join(row.subject.casefold().split()))
        if not effects or tabular.is_missing(row.ex_date) or key in seen:
            continue
        seen.add(key)
        day = _required_day(row.ex_date, name, row.where)
        yield from (CorporateAction(_required_symbol(symbol, name, row.where), day, f, kind) for kind, f in effects)


def _from_factors(table: Table, name: str) -> Iterator[CorporateAction]:
    seen = set()
    for number, record in table.records():
        factor, kind = tabular.parse_number(record["factor"]), record["kind"].casefold()
        if factor is None or _factor(factor, 1.0) is None:
            raise InputFileError(
                name, f"volume_factor '{tabular.brief(record['factor'])}' is no ratio.", _ROW_REMEDY, number
            )
        if kind not in KINDS:
            reason = f"kind '{tabular.brief(kind)}' is not one of {', '.join(sorted(KINDS))}."
            raise InputFileError(name, reason, _ROW_REMEDY, number)
        symbol = _required_symbol(record["symbol"].upper(), name, number)
        action = CorporateAction(symbol, _required_day(record["ex_date"], name, number), factor, kind)
        if action not in seen:
            seen.add(action)
            yield action


def _required_symbol(symbol: str, name: str, row: int) -> str:
    if tabular.is_missing(symbol):
        raise InputFileError(name, "has no symbol.", _ROW_REMEDY, row)
    return symbol


def _required_day(text: str, name: str, row: int) -> date:
    day = tabular.parse_day(text)
    if day is None:
        raise InputFileError(name, f"ex-date '{tabular.brief(text)}' is not a day.", _ROW_REMEDY, row)
    return day


def _combine(actions: Iterable[CorporateAction]) -> tuple[CorporateAction, ...]:
    factors: dict[tuple[str, date, str], float] = {}
    for action in actions:
        key = (action.symbol, action.ex_date, action.kind)
        factors[key] = factors.get(key, 1.0) * action.factor
    return tuple(CorporateAction(symbol, day, factor, kind) for (symbol, day, kind), factor in sorted(factors.items()))
