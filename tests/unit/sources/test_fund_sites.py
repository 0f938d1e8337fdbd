from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from app.domain.fetching import Fetched, NotPublished, PageChanged, Seen
from app.sources.fund_recipes import Recipe, Step, find_recipes, load_recipes, parse_recipes, variables
from app.sources.fund_sites import DIRECTORY, HousePage, fetch_directory, list_files, parse_directory
from app.sources.public_sites import check_url
from tests.fakes.fund_sites import directory_page
from tests.fakes.fund_sites.pages import links_page
from tests.unit.sources.house_pages import HOUSES

OCTOBER = date(2026, 10, 31)
RECIPES = {recipe.house: recipe for recipe in load_recipes()}


class Answers:
    """A client that has these answers and notes what it was asked; a query may be told apart by its body."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.headers: list[Mapping[str, str]] = []

    def get(self, url: str, seen: Seen | None = None, headers: Mapping[str, str] = {}) -> Fetched:
        return self._answer(url, url, headers)

    def post(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str] = {}) -> Fetched:
        exact = f"POST {url} {body.decode()}".strip()
        return self._answer(exact if exact in self.answers else f"POST {url}", url, headers)

    def _answer(self, key: str, url: str, headers: Mapping[str, str]) -> Fetched:
        self.asked.append(key)
        self.headers.append(headers)
        if key not in self.answers:
            raise NotPublished("host", f"nothing at {key}")
        return Fetched(url, 200, self.answers[key].encode(), "text/html", Seen())


@pytest.mark.parametrize("house", sorted(HOUSES))
def test_the_recipe_of_a_house_finds_the_files_of_the_month_and_no_others(house: str) -> None:
    found = list_files(RECIPES[house], OCTOBER, Answers(HOUSES[house].answers))
    assert tuple(link.url for link in found) == HOUSES[house].files


@pytest.mark.parametrize("house", sorted(HOUSES))
def test_everything_a_recipe_asks_for_is_on_the_list_of_its_house(house: str) -> None:
    recipe = RECIPES[house]
    client = Answers(HOUSES[house].answers)
    files = [link.url for link in list_files(recipe, OCTOBER, client)]
    for url in (*(key.removeprefix("POST ").split(" {")[0].split(" [")[0] for key in client.asked), *files):
        assert check_url(url, frozenset(recipe.hosts)).host


@pytest.mark.parametrize("house", sorted(HOUSES))
def test_a_month_that_the_house_does_not_list_is_not_published(house: str) -> None:
    recipe = RECIPES[house]
    with pytest.raises((NotPublished, PageChanged)):
        list_files(recipe, date(2027, 1, 1), Answers(HOUSES[house].answers))


def test_every_house_has_a_recipe_that_is_tried_here_or_a_reason_why_there_is_none() -> None:
    automatic = {recipe.house for recipe in RECIPES.values() if recipe.manual is None}
    assert automatic == set(HOUSES)
    assert {recipe.house for recipe in RECIPES.values() if recipe.manual} == {
        "ASK Mutual Fund", "Edelweiss Mutual Fund", "ITI Mutual Fund", "JM Financial Mutual Fund",
        "Kotak Mahindra Mutual Fund", "Mahindra Manulife Mutual Fund",
    }  # fmt: skip
    assert len({recipe.amfi_id for recipe in RECIPES.values()}) == len(RECIPES)


def test_a_token_of_one_step_goes_into_the_headers_of_the_next() -> None:
    client = Answers(HOUSES["Navi Mutual Fund"].answers)
    list_files(RECIPES["Navi Mutual Fund"], OCTOBER, client)
    assert client.headers[1]["WP-NONCE"] == "n2"


def test_a_page_where_something_looked_for_is_gone_has_changed() -> None:
    client = Answers({"https://navi.com/mutual-fund/downloads/portfolio": "<html>new design</html>"})
    with pytest.raises(PageChanged, match="not as it was"):
        list_files(RECIPES["Navi Mutual Fund"], OCTOBER, client)


def test_a_page_without_any_file_has_changed() -> None:
    client = Answers({"https://amc.ppfas.com/downloads/portfolio-disclosure/": "<html>new design</html>"})
    with pytest.raises(PageChanged, match="no files at all"):
        list_files(RECIPES["PPFAS Mutual Fund"], OCTOBER, client)


def test_a_page_that_has_moved_is_found_through_the_directory_of_amfi() -> None:
    moved = "https://amc.ppfas.com/new-place/"
    file = "/d/PPFAS_Monthly_Portfolio_Report_October_31_2026.xls"
    client = Answers({moved: links_page([(file, "October")])})
    (found,) = list_files(RECIPES["PPFAS Mutual Fund"], OCTOBER, client, moved)
    assert found.url == f"https://amc.ppfas.com{file}"
    assert client.asked == ["https://amc.ppfas.com/downloads/portfolio-disclosure/", moved]


def test_a_recipe_can_not_be_led_into_endless_requests() -> None:
    step = Step("https://h.example/", each={"n": tuple(str(n) for n in range(1000))}, find={"x": "(x)"})
    recipe = Recipe("H", 1, "https://h.example/", ("h.example",), steps=(step, Step("https://h.example/$n")))
    client = Answers({"https://h.example/": "x"})
    with pytest.raises(PageChanged, match="more requests"):
        list_files(recipe, OCTOBER, client)
    assert len(client.asked) == 60


def test_the_directory_is_read_from_the_data_of_the_page() -> None:
    page = directory_page({22: ("SBI Mutual Fund", "https://www.sbimf.com/portfolios"), 99: ('New "X" Fund', "")})
    assert parse_directory(page) == (
        HousePage(22, "SBI Mutual Fund", "https://www.sbimf.com/portfolios"),
        HousePage(99, 'New "X" Fund', ""),
    )


@pytest.mark.parametrize("page", ["", "<html></html>", 'self.__next_f.push([1,"x"])', directory_page({})])
def test_a_directory_without_houses_is_told_and_not_taken_for_an_empty_one(page: str) -> None:
    assert parse_directory(page) == ()
    with pytest.raises(PageChanged):
        fetch_directory(Answers({DIRECTORY: page}))


def test_the_financial_year_begins_in_april() -> None:
    assert variables(date(2027, 3, 1), "")["fy"] == "2026-2027"
    assert variables(date(2027, 4, 1), "")["fy"] == "2027-2028"
    december = variables(date(2026, 12, 31), "")
    assert (december["next_year"], december["next_Month"], december["last"]) == ("2027", "January", "31")


def test_a_house_is_found_by_its_name_or_a_part_of_it() -> None:
    recipes = load_recipes()
    assert [recipe.house for recipe in find_recipes(recipes, "sbi")] == ["SBI Mutual Fund"]
    assert [recipe.house for recipe in find_recipes(recipes, "HDFC MUTUAL FUND")] == ["HDFC Mutual Fund"]
    assert [recipe.house for recipe in find_recipes(recipes, "quant")] == ["quant Mutual Fund"]
    assert [recipe.house for recipe in find_recipes(recipes, "india")] != []
    assert find_recipes(recipes, "nobody") == ()
    assert find_recipes(recipes, "mutual fund") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        'manual = "x"\nhosts = ["h"]\n[[houses.steps]]\nask = "u"\nread = "links"',
        '[[houses.steps]]\nask = "u"\nread = "links"',
        'hosts = ["h"]\n[[houses.steps]]\nask = "u"',
        'hosts = ["h"]\n[[houses.steps]]\nask = "u"\nread = "magic"',
    ],
)
def test_a_recipe_that_could_not_work_is_a_fault_at_once(text: str) -> None:
    with pytest.raises(ValueError):
        parse_recipes('[[houses]]\nhouse = "A"\namfi_id = 1\npage = ""\n' + text)
