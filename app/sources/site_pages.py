"""What stands on a fund house's page: links with the words about them, JSON that is the answer or hidden in it, months.

Everything takes text and gives values; a page that is not as expected gives nothing, never an error of a parser.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from app.sources.amc.cells import days_in, squeeze

Month = tuple[int, int]
"""Year and month."""

_FLIGHT = re.compile(r'self\.__next_f\.push\(\[1,("(?:[^"\\]|\\.)*")\]\)')
_MONTHS = {name.casefold(): at for at, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: at for name, at in _MONTHS.items()} | {"sept": 9}
_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH_YEAR = re.compile(rf"(?<![a-z])({_NAMES})[\s,./_\-]*'?(20\d\d|\d\d)(?!\d)")
_DIGITS = (
    re.compile(r"(?<!\d)(?P<year>20\d\d)[-_. ]?(?P<month>0[1-9]|1[0-2])(?:[-_. ]?(?:0[1-9]|[12]\d|3[01]))?(?!\d)"),
    re.compile(r"(?<!\d)(?:(?:0[1-9]|[12]\d|3[01])[-_. ]?)?(?P<month>0[1-9]|1[0-2])[-_. ]?(?P<year>20\d\d)(?!\d)"),
)
_GLUED = re.compile(r"(?<=[A-Za-z])(?=\d)|_")
_PATH_STEP = re.compile(r"([^.\[\]]+)((?:\[[^\]]*\])*)")


@dataclass(frozen=True, slots=True)
class Link:
    """An address as the page writes it, and the words about it, the nearest first."""

    url: str
    labels: tuple[str, ...]

    @property
    def words(self) -> str:
        """All that is said about it, its file's name included."""
        return " | ".join((*self.labels, file_name(self.url)))

    def months(self) -> frozenset[Month]:
        """The months that the nearest words with any month name; of the file's name last."""
        return next((found for text in (*self.labels, file_name(self.url)) if (found := months_in(text))), frozenset())


def file_name(url: str) -> str:
    """The last part of an address's path or, where that is a script, its last parameter: ``get.php?file=a.xls``.

    "" for what is no address.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    last = parts.path.rsplit("/", 1)[-1]
    return unquote(parts.query.rsplit("=", 1)[-1] if parts.query and not _is_file(last) else last)


def joined(base: str, url: str) -> str | None:
    """The full address of a link on a page; None for what is no address."""
    try:
        return urljoin(base, url)
    except ValueError:
        return None


def months_in(text: str) -> frozenset[Month]:
    """The months written in a text: of full days if there are any, else of months with a year, else of bare digits."""
    plain = squeeze(_GLUED.sub(" ", text)).casefold()
    if days := days_in(plain):
        return frozenset((day.year, day.month) for day in days)
    if named := _MONTH_YEAR.findall(plain):
        return frozenset((int(year) if len(year) == 4 else 2000 + int(year), _MONTHS[name]) for name, year in named)
    found = (match for pattern in _DIGITS for match in pattern.finditer(text))
    return frozenset((int(match["year"]), int(match["month"])) for match in found)


def links_in(html: str, within: str | None = None, heading: str | None = None) -> Iterator[Link]:
    """The links of a page, or of its parts that the CSS selector ``within`` names, in order.

    A link's words are its own text and title, then the nearest element before it that the selector ``heading`` names.
    """
    try:
        soup = BeautifulSoup(f"{html}\n", "html.parser")  # a single line may look like an address, and warn
    except ParserRejectedMarkup:
        return
    heads = {id(tag) for tag in soup.select(heading)} if heading else set()
    parts = soup.select(within) if within else [soup]
    inside = {id(tag) for part in parts for tag in (part, *part.find_all("a"))}
    head = ""
    for tag in soup.find_all(True):
        if id(tag) in heads:
            head = squeeze(tag.get_text(" "))
        if tag.name == "a" and tag.get("href") and id(tag) in inside:
            own = squeeze(f"{tag.get_text(' ')} {tag.get('title', '')}")
            yield Link(str(tag["href"]).strip(), tuple(label for label in (own, head) if label))


def flight_text(html: str) -> str:
    """The data that a Next.js page streams to its own scripts, put together; "" for another page."""
    return "".join(str(json.loads(part)) for part in _FLIGHT.findall(html) if _is_json(part))


def json_after(text: str, marker: str) -> Any:
    """The JSON value that begins with, or next after, ``marker`` in a text; None where there is none."""
    at = text.find(marker)
    if at < 0:
        return None
    opening = re.compile(r"[\[{]").search(text, at if marker[:1] in "[{" else at + len(marker))
    if opening is None:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, opening.start())[0]
    except (ValueError, RecursionError):
        return None


def parse_json(text: str) -> Any:
    """The value of a JSON text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def values_at(value: Any, path: str) -> Iterator[Any]:
    """The values at a path such as ``data.*.files[kind=monthly].url``.

    ``*`` is every member of a list or an object, ``**`` every object at any depth. ``[path=text]`` keeps members where
    the inner path has exactly this text, ``[path~text]`` where it contains it, without case. A list where an object is
    expected means each of its members.
    """
    found: Iterator[Any] = iter([value])
    for name, conditions in _PATH_STEP.findall(_outside_brackets(path)):
        found = _step(found, name, re.findall(r"\[([^\]]*)\]", conditions))
    return found


def _outside_brackets(path: str) -> str:
    """The path with the dots inside brackets hidden from the split into steps."""
    return re.sub(r"\[[^\]]*\]", lambda match: match[0].replace(".", "\0"), path)


def _step(values: Iterator[Any], name: str, conditions: list[str]) -> Iterator[Any]:
    for value in values:
        for member in _members(value, name):
            flat = member if isinstance(member, list) and conditions else [member]
            yield from (one for one in flat if all(_holds(one, condition) for condition in conditions))


def _members(value: Any, name: str) -> Iterator[Any]:
    if name == "**":
        yield from _objects(value)
    elif name == "*":
        yield from value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    elif isinstance(value, list):
        yield from (found for one in value for found in _members(one, name))
    elif isinstance(value, dict) and name in value:
        yield value[name]


def _objects(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _holds(value: Any, condition: str) -> bool:
    match = re.fullmatch(r"([^=~]+)([=~])(.*)", condition.replace("\0", "."))
    if match is None:
        return False
    path, relation, wanted = match[1], match[2], match[3].casefold()
    texts = (str(found).strip().casefold() for found in values_at(value, path))
    return any(text == wanted if relation == "=" else wanted in text for text in texts)


def _is_file(name: str) -> bool:
    return bool(re.search(r"\.(?:xlsx?|xlsb|zip)$", name, re.IGNORECASE))


def _is_json(text: str) -> bool:
    return parse_json(text) is not None
