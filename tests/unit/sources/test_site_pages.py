from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.sources.site_pages import Link, file_name, flight_text, joined, json_after, links_in, months_in, values_at
from tests.fakes.fund_sites import flight_page

OCTOBER = frozenset({(2026, 10)})


@pytest.mark.parametrize(
    "text",
    [
        "as on October 31, 2026", "31st October2026", "31-Oct-26", "Oct_31_2026.xlsx", "OCTOBER 2026", "Oct'26",
        "Oct-26", "Oct2026", "31.10.2026", "31/10/2026", "31102026", "20261031", "2026-10-31", "2026-10", "10-2026",
        "for the month of\u200b Oct\u200b 2026", "G-Sec Jun 2027 Index Fund - 31 October 2026",
    ],
)  # fmt: skip
def test_a_month_is_found_in_every_spelling_that_houses_use(text: str) -> None:
    assert months_in(text) == OCTOBER


@pytest.mark.parametrize("text", ["", "Monthly portfolio", "october", "1762741234", "Nifty 50", "31.13.2026x", "v2026"])
def test_words_without_a_month_name_none(text: str) -> None:
    assert months_in(text) == frozenset()


def test_without_a_full_day_every_month_named_counts() -> None:
    assert months_in("G-Sec Jun 2027 Index Fund - October 2026") == {(2027, 6), (2026, 10)}


def test_the_nearest_words_that_name_a_month_decide() -> None:
    assert Link("/a/Portfolio_September_2026.xlsx", ("Download", "October 2026")).months() == OCTOBER
    assert Link("/2026/09/Portfolio_October_2026.xlsx", ("Download",)).months() == OCTOBER


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h/a/b%20c.xlsx?x=1", "b c.xlsx"),
        ("view.php?file=a.xls", "a.xls"),
        ("/d/", ""),
        ("https://[", ""),
    ],
)
def test_the_name_of_a_file_is_the_end_of_its_address(url: str, name: str) -> None:
    assert file_name(url) == name


def test_links_come_in_order_with_their_words_and_the_heading_before_them() -> None:
    page = '<h3>One</h3><a href="/a"> A\n<b>x</b> </a><a>no</a><h3> Two </h3><p><a href="/b" title="B"></a></p>'
    assert list(links_in(page, heading="h3")) == [Link("/a", ("A x", "One")), Link("/b", ("B", "Two"))]
    assert [link.url for link in links_in(page, within="p")] == ["/b"]


def test_the_data_of_a_page_is_put_together_from_its_pieces() -> None:
    assert flight_text(flight_page('{"a":"\\"₹"}')) == '{"a":"\\"₹"}'


@pytest.mark.parametrize(
    ("marker", "found"),
    [('{"b"', {"b": [1]}), ('"a":', [{"b": [1]}]), ("[{", [{"b": [1]}]), ("nothing", None), ('"a":[{"b":[1]}]}', None)],
)
def test_json_is_read_from_a_marker_on(marker: str, found: Any) -> None:
    assert json_after('x={y "a":[{"b":[1]}]} [', marker) == found


DATA = {"d": [{"k": "Monthly ", "f": [{"u": 1}, {"u": 2}]}, {"k": "Daily", "f": {"u": 3}}], "x": {"y": {"u": 4}}}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("d.*.f.u", [1, 2, 3]),
        ("d.f.u", [1, 2, 3]),
        ("d[k=monthly].f.u", [1, 2]),
        ("d.*[k~DAI].f.u", [3]),
        ("d[f.u=2].k", ["Monthly "]),
        ("d[f.u=2][k=daily].k", []),
        ("x.*.u", [4]),
        ("**.u", [4, 1, 2, 3]),
        ("nothing.at.all", []),
        ("d[broken].k", []),
        ("", [DATA]),
    ],
)
def test_values_are_found_by_their_path(path: str, found: list[Any]) -> None:
    assert sorted(map(str, values_at(DATA, path))) == sorted(map(str, found))


def test_an_address_that_is_none_is_told() -> None:
    assert joined("https://h/a", "https://[") is None
    assert joined("https://h/a/", "b") == "https://h/a/b"


def test_json_nested_without_end_is_none() -> None:
    assert json_after("[" * 100_000, "[") is None


@example(".HTM")
@example("http://house.example/page.html")
@given(st.text())
def test_no_page_breaks_the_reader_of_pages(text: str) -> None:
    for page in (text, f"<a href='{text}'>{text}</a>", f"<![{text}", f"self.__next_f.push([1,{json.dumps(text)}])"):
        assert all(isinstance(link.words, str) and link.months() is not None for link in links_in(page, None, "h2"))
        assert isinstance(flight_text(page), str)
    json_after(text, "[")


PARTS = st.sampled_from(["a", "*", "**", "a[b=c]", "a[b.c~d]", "[", "]", ".", "a[b]", ""])


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)),
    st.lists(PARTS),
)
def test_no_path_breaks_the_search_for_values(value: Any, parts: list[str]) -> None:
    assert list(values_at(value, ".".join(parts))) is not None
