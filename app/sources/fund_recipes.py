"""How each fund house publishes its monthly portfolios, as data: ``fund_recipes.toml``, read and checked here."""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("fund_recipes.toml")
NOT_MONTHLY = r"fortnight|half[\s_-]*year|annual|factsheet|weekly|overlap"


class Read(StrEnum):
    """What the answer to a step is: only looked through, links of a page, members of JSON, matches, or not asked."""

    NOTHING = "nothing"
    LINKS = "links"
    JSON = "json"
    PATTERN = "pattern"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a recipe and what is taken from its answer.

    Texts may hold ``$names``: of the month (see ``variables``), of the steps before, of ``each``. With ``form``,
    ``json`` or ``body`` it is a POST. ``each`` repeats the step for every value; ``find`` takes the first group of a
    pattern, ``find_json`` and ``each_json`` the first and all values at a path, for the steps after it.

    The last step reads files. ``after`` and ``until`` cut the text, ``flight`` unfolds a Next.js page's data, ``inner``
    is the path of HTML inside JSON, ``unpack`` of JSON as a text inside JSON. ``items``, ``url`` and ``label`` are
    paths of JSON (``|`` between alternatives); ``pattern`` has groups url and label. ``file`` makes the address of
    ``$path`` (what was found) or ``$tail`` (its path alone). ``says`` is a label for all files where the request itself
    names the month.
    """

    ask: str
    form: str | None = None
    json: str | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    each: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    find: Mapping[str, str] = field(default_factory=dict)
    find_json: Mapping[str, str] = field(default_factory=dict)
    each_json: Mapping[str, str] = field(default_factory=dict)
    read: Read = Read.NOTHING
    after: str | None = None
    until: str | None = None
    flight: bool = False
    inner: str | None = None
    unpack: str | None = None
    within: str | None = None
    heading: str | None = None
    items: str | None = None
    url: str | None = None
    label: str | None = None
    pattern: str | None = None
    file: str | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A fund house. ``manual`` is why its files can't be fetched by a program, None where they can.

    ``house`` as AMFI spells it, ``amfi_id`` AMFI's number of it, ``page`` for a person with a browser. ``hosts`` are
    those that may be asked; one that begins with a dot stands for every host below it. Of the files listed those whose
    words match ``keep`` and not ``drop`` count; if some match ``prefer``, only those. ``strip`` is cut from the words
    first (time stamps that look like months).
    """

    house: str
    amfi_id: int
    page: str
    hosts: tuple[str, ...] = ()
    manual: str | None = None
    steps: tuple[Step, ...] = ()
    keep: str = ""
    drop: str = NOT_MONTHLY
    prefer: str | None = None
    strip: str | None = None


@cache
def load_recipes() -> tuple[Recipe, ...]:
    """Every fund house of the file, by name."""
    return parse_recipes(FILE.read_text(encoding="utf-8"))


def parse_recipes(text: str) -> tuple[Recipe, ...]:
    """Recipes from TOML. Raises ValueError or TypeError for one that could not work: this is a fault of ours."""
    recipes = tuple(_recipe(entry) for entry in tomllib.loads(text)["houses"])
    return tuple(sorted(recipes, key=lambda recipe: recipe.house.casefold()))


def find_recipes(recipes: tuple[Recipe, ...], name: str) -> tuple[Recipe, ...]:
    """The houses that a user's word means: the one so called, else all whose name holds the word."""
    wanted = _plain(name)
    same = tuple(recipe for recipe in recipes if _plain(recipe.house) == wanted)
    return same or tuple(recipe for recipe in recipes if wanted and wanted in _plain(recipe.house))


def variables(month: date, page: str) -> dict[str, str]:
    """What a recipe's texts may name, for October 2026: year 2026, mm 10, m 10, Month October, Mon Oct, month october,
    last 31, yy 26, fy 2026-2027, fy_short 2026-27, fy_start 2026, fy_end 2027, next_Month November and next_year 2026;
    page is the house's.
    """
    first = month.year if month.month >= 4 else month.year - 1
    name = calendar.month_name[month.month]
    posted = month.replace(day=1) + timedelta(days=31)
    return {
        "year": str(month.year), "yy": f"{month:%y}", "mm": f"{month.month:02}", "m": str(month.month),
        "Month": name, "Mon": name[:3], "month": name.lower(),
        "last": str(calendar.monthrange(month.year, month.month)[1]),
        "fy": f"{first}-{first + 1}", "fy_short": f"{first}-{(first + 1) % 100:02}",
        "fy_start": str(first), "fy_end": str(first + 1), "page": page,
        "next_year": str(posted.year), "next_Month": calendar.month_name[posted.month],
    }  # fmt: skip


def _recipe(entry: dict[str, Any]) -> Recipe:
    steps = tuple(_step(step) for step in entry.pop("steps", ()))
    recipe = Recipe(**{**entry, "hosts": tuple(entry.get("hosts", ())), "steps": steps})
    last = steps[-1].read if steps else Read.NOTHING
    if (recipe.manual is None) != (last is not Read.NOTHING) or (steps and not recipe.hosts):
        raise ValueError(f"{recipe.house}: either manual or steps of which the last one reads, and hosts")
    return recipe


def _step(entry: dict[str, Any]) -> Step:
    each = {name: tuple(values) for name, values in entry.pop("each", {}).items()}
    return Step(**{**entry, "read": Read(entry.get("read", "nothing")), "each": each})


def _plain(name: str) -> str:
    return re.sub(r"mutual fund|[^a-z0-9]", "", name.casefold())
