"""Finding a month's portfolio files of a fund house: its recipe is followed step by step, from page to links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from string import Template
from typing import Any, Protocol
from urllib.parse import urlsplit

from app.domain.fetching import Fetched, NotPublished, PageChanged, Seen
from app.sources.fund_recipes import Read, Recipe, Step, variables
from app.sources.site_pages import Link, flight_text, joined, json_after, links_in, parse_json, values_at

DIRECTORY = "https://www.amfiindia.com/online-center/portfolio-disclosure"
"""AMFI's list of the fund houses' disclosure pages: links to pages, no files."""
DIRECTORY_HOSTS = ("www.amfiindia.com",)
PAGE_FIELD = "amc_monthly_portfolio_disclosure"
MOST_REQUESTS = 60
"""Of one recipe for one month; a page that leads to more is not what the recipe was written for."""
MOST_FILES = 300
"""The largest house has about 130 schemes."""
FORM, JSON, TEXT = "application/x-www-form-urlencoded; charset=UTF-8", "application/json; charset=UTF-8", "text/plain"


class Client(Protocol):
    """Asks a site; raises FetchError."""

    def get(self, url: str, seen: Seen | None = None, headers: Mapping[str, str] = ...) -> Fetched:
        """The file at an address."""

    def post(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str] = ...) -> Fetched:
        """The answer to a query."""


@dataclass(frozen=True, slots=True)
class HousePage:
    """A fund house in AMFI's directory and the page that it names; ``page`` "" where it names none."""

    amfi_id: int
    house: str
    page: str


def parse_directory(html: str) -> tuple[HousePage, ...]:
    """The houses of AMFI's directory; empty for a page without the list."""
    members = json_after(flight_text(html), '"members":')
    if not isinstance(members, list):
        return ()
    return tuple(
        HousePage(int(member["mf_id"]), str(member.get("mf_name", "")), str(member.get(PAGE_FIELD) or ""))
        for member in members
        if isinstance(member, dict) and str(member.get("mf_id", "")).isdecimal()
    )


def fetch_directory(client: Client) -> tuple[HousePage, ...]:
    """AMFI's directory as it is now. Raises FetchError, PageChanged where the page holds no list."""
    houses = parse_directory(_text(client.get(DIRECTORY)))
    if not houses:
        raise PageChanged(DIRECTORY_HOSTS[0], "the directory of disclosure pages holds no list of fund houses")
    return houses


def list_files(recipe: Recipe, month: date, client: Client, page: str | None = None) -> tuple[Link, ...]:
    """The files of a month (any day of it) that the house lists, with full addresses.

    ``page`` is where AMFI says that the house publishes; it is tried when the recipe's own page has no files.

    Raises:
        NotPublished: the list is there and does not name the month.
        PageChanged: something that the recipe looks for is not there any more.
        FetchError: the site can't be asked.
    """
    try:
        return _list_files(recipe, month, client, recipe.page)
    except (NotPublished, PageChanged):
        if not page or page == recipe.page or not _asks_page(recipe):
            raise
        return _list_files(recipe, month, client, page)


def _asks_page(recipe: Recipe) -> bool:
    return any("$page" in step.ask for step in recipe.steps)


def _list_files(recipe: Recipe, month: date, client: Client, page: str) -> tuple[Link, ...]:
    walk = _Walk(recipe, client)
    contexts = [variables(month, page)]
    for step in recipe.steps[:-1]:
        contexts = [new for context in contexts for new in walk.pass_through(step, context)]
    listed = [link for context in contexts for link in walk.read(recipe.steps[-1], context)]
    chosen = choose(recipe, listed, month)
    if not listed and recipe.steps[-1].says is None:
        raise PageChanged(_host(page), "the page lists no files at all")
    if not chosen:
        raise NotPublished(
            _host(page), f"lists no portfolio of {month:%B %Y} yet ({len(listed)} files of other months)"
        )
    return chosen[:MOST_FILES]


def choose(recipe: Recipe, links: list[Link], month: date) -> tuple[Link, ...]:
    """Those of the listed files that are the month's portfolios by their words, each address once, in order."""
    wanted = (month.year, month.month)
    found: dict[str, Link] = {}
    for link in links:
        said = _stripped(recipe, link)
        is_kept = _matches(recipe.keep, said.words) and not (recipe.drop and _matches(recipe.drop, said.words))
        if is_kept and wanted in said.months():
            found.setdefault(link.url, link)
    preferred = {url: link for url, link in found.items() if recipe.prefer and _matches(recipe.prefer, link.words)}
    return tuple((preferred or found).values())


def _stripped(recipe: Recipe, link: Link) -> Link:
    if recipe.strip is None:
        return link
    return Link(re.sub(recipe.strip, "", link.url), tuple(re.sub(recipe.strip, "", label) for label in link.labels))


def _matches(pattern: str, text: str) -> bool:
    return bool(re.search(pattern, text, re.IGNORECASE))


class _Walk:
    """One walk through a recipe; counts its requests."""

    def __init__(self, recipe: Recipe, client: Client) -> None:
        self._recipe = recipe
        self._client = client
        self._asked = 0

    def pass_through(self, step: Step, context: dict[str, str]) -> Iterator[dict[str, str]]:
        """The names known after a step, once for each value that it repeats for."""
        for known in _repeated(step, context):
            answer, _ = self._ask(step, known)
            found = known | {name: self._find(pattern, known, answer) for name, pattern in step.find.items()}
            data = parse_json(answer) if step.find_json or step.each_json else None
            found |= {name: self._first(data, path, known) for name, path in step.find_json.items()}
            yield from _spread(found, {name: _all(data, path, known) for name, path in step.each_json.items()})

    def read(self, step: Step, context: dict[str, str]) -> Iterator[Link]:
        """The files that the last step's answer lists."""
        for known in _repeated(step, context):
            if step.read is Read.FIXED:
                url = _fill(step.ask, known)
                yield Link(url, (_fill(step.says or "", known),))
                continue
            answer, base = self._ask(step, known)
            yield from (placed for link in _read(step, known, answer) if (placed := _placed(step, link, base, known)))

    def _ask(self, step: Step, known: Mapping[str, str]) -> tuple[str, str]:
        """The text of the answer, and the address it came from."""
        self._asked += 1
        url = _fill(step.ask, known)
        if self._asked > MOST_REQUESTS:
            raise PageChanged(_host(url), "the page leads to more requests than its recipe was written for")
        headers = {name: _fill(value, known) for name, value in step.headers.items()}
        content, kind = next(((text, kind) for text, kind in _bodies(step) if text is not None), ("", ""))
        if kind:
            fetched = self._client.post(url, _fill(content, known).encode(), kind, headers)
        else:
            fetched = self._client.get(url, None, headers)
        return _text(fetched), fetched.url

    def _find(self, pattern: str, known: Mapping[str, str], text: str) -> str:
        match = re.search(_fill(pattern, known), text, re.DOTALL | re.IGNORECASE)
        if match is None:
            raise self._changed(pattern)
        return match[1]

    def _first(self, data: Any, path: str, known: Mapping[str, str]) -> str:
        found = _all(data, path, known)
        if not found:
            raise self._changed(path)
        return found[0]

    def _changed(self, what: str) -> PageChanged:
        return PageChanged(_host(self._recipe.page), f"the page is not as it was: nothing matches {what}")


def _repeated(step: Step, context: dict[str, str]) -> Iterator[dict[str, str]]:
    return _spread(context, step.each)


def _spread(context: dict[str, str], many: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    for values in product(*many.values()):
        yield context | dict(zip(many, values, strict=True))


def _all(data: Any, path: str, known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values_at(data, _fill(path, known)) if value))


def _bodies(step: Step) -> tuple[tuple[str | None, str], ...]:
    return (step.form, FORM), (step.json, JSON), (step.body, TEXT)


def _read(step: Step, known: Mapping[str, str], answer: str) -> Iterator[Link]:
    text = flight_text(answer) if step.flight else answer
    if step.read is Read.JSON:
        return _json_links(step, known, text)
    text = _cut(step, known, text)
    if step.read is Read.PATTERN:
        found = re.finditer(_fill(step.pattern or "", known), text, re.DOTALL | re.IGNORECASE)
        return (Link(match["url"], _given(match.groupdict().get("label"))) for match in found)
    if step.inner:
        text = "".join(str(part) for part in values_at(parse_json(text), step.inner))
    return links_in(text, step.within, step.heading)


def _json_links(step: Step, known: Mapping[str, str], text: str) -> Iterator[Link]:
    data = json_after(text, _fill(step.after, known)) if step.after else parse_json(text)
    if step.unpack:
        data = next((parse_json(str(part)) for part in values_at(data, step.unpack)), None)
    for item in values_at(data, _fill(step.items or "*", known)):
        url = _first_text(item, _fill(step.url or "url", known))
        if url:
            yield Link(url, _given(_first_text(item, _fill(step.label or "", known))))


def _first_text(item: Any, paths: str) -> str:
    """The first text at the first of the alternative paths that has one; "" where none has."""
    found = (value for path in paths.split("|") if path for value in values_at(item, path))
    return next((str(value).strip() for value in found if isinstance(value, str | int) and str(value).strip()), "")


def _cut(step: Step, known: Mapping[str, str], text: str) -> str:
    start = text.find(_fill(step.after, known)) if step.after else 0
    if start < 0:
        return ""
    end = text.find(_fill(step.until, known), start + 1) if step.until else -1
    return text[start:end] if end > start else text[start:]


def _placed(step: Step, link: Link, base: str, known: Mapping[str, str]) -> Link | None:
    """The link with its full address and, where the request named the month, with the step's own words."""
    url = link.url
    if step.file:
        url = Template(step.file).safe_substitute(known, path=link.url, tail=_tail(link.url))
    full = joined(base, url)
    labels = (_fill(step.says, known), *link.labels) if step.says else link.labels
    return None if full is None else Link(full, labels)


def _tail(url: str) -> str:
    full = joined("https://host", url)
    return urlsplit(full).path if full else ""


def _given(label: str | None) -> tuple[str, ...]:
    return (label,) if label else ()


def _fill(text: str, known: Mapping[str, str]) -> str:
    return Template(text).safe_substitute(known)


def _text(fetched: Fetched) -> str:
    return fetched.body.decode("utf-8", "replace")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "?"
