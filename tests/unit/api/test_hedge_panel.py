from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.api.hedge_words import loss_words, origin_words
from app.api.screen import screen_blueprint
from app.domain import derivatives as dv
from app.domain import hedges as hd
from app.ingest.derivative_quotes import Outlook
from tests.fakes.equity_reports import FakeEquity, FakeServices
from tests.fakes.hedges import NOW, FakeQuotes, analyzer_of, book, market
from tests.unit.api.tab_pages import words

BETA = "goal=beta&target_beta=0.5&loss_budget=&fall=10"
CROSSED = replace(
    market(), options=tuple(replace(o, quote=replace(o.quote, bid=9e3, ask=1.0)) for o in market().options)
)


def panel(query: str = "", base: hd.HedgeBase | None = None, quotes: FakeQuotes | None = None) -> str:
    found = quotes or FakeQuotes()
    app = Flask("screen_under_test", static_folder=None)
    services = FakeServices(FakeEquity(), analyzer_of(base, found), found)
    app.register_blueprint(screen_blueprint(services))
    answer = app.test_client().get(f"/risk/panels/hedge?{query}")
    assert answer.status_code == 200
    return answer.text


def test_before_a_question_there_are_betas_a_form_and_no_quote_is_asked_for() -> None:
    quotes = FakeQuotes()
    text = words(panel(quotes=quotes))
    assert "Beta over 60 days 1.10 Beta over 90 days 1.10 Beta over 1 year used here 1.10" in text
    assert "This app never places an order" in text
    assert "Quotes will be asked of Kite" in text
    assert quotes.asked == 0


def test_the_form_starts_with_half_of_the_beta_and_half_of_the_loss() -> None:
    html = panel()
    assert re.findall(r'name="(target_beta|loss_budget|fall)"[^>]*value="([^"]*)"', html) == [
        ("target_beta", "0.6"),
        ("loss_budget", "5,50,000"),
        ("fall", "10"),
    ]


def test_an_answer_names_orders_lots_cost_margin_break_even_betas_and_losses() -> None:
    html = panel(BETA)
    text = words(html)
    for name in ("Index future sold", "Protective put", "Put spread", "Collar"):
        assert name in text
    assert re.search(r"Sell 3 lots \(195 units\) F2026-12-29 at 25,\d{3}\.\d\d Expires 29 Dec 2026 ₹0 not known", text)
    assert "Index −5%" in text
    assert "₹5,50,000 ₹11,00,000 ₹22,00,000" in text
    assert "Margin not known: The exchange's margin for sold contracts" in text
    assert "Quotes: Kite, bid and ask of 23 Nov 2026, 12:00 IST, 0 min old" in text
    assert not re.findall(r"<form[^>]*method=\"post\"", html)


def test_a_loss_budget_may_be_written_as_people_write_rupees() -> None:
    text = words(panel("goal=budget&target_beta=0.5&loss_budget=6,00,000&fall=10"))
    assert "Hedges to lose at most ₹6,00,000 when the index falls by 10%" in text
    assert "Budget not kept" not in text
    assert "Budget not kept" in words(panel("goal=budget&loss_budget=1000&fall=10"))


def test_refused_quotes_are_counted_with_their_reasons_and_what_they_leave_out() -> None:
    text = words(panel(BETA, quotes=FakeQuotes(CROSSED)))
    assert "132 of 134 quotes refused: 132 bid above ask" in text
    assert "Not offered Protective put, Put spread, Collar." in text
    assert "Index future sold" in text


def test_a_small_book_reads_that_it_is_below_one_lot_and_what_to_do_instead() -> None:
    text = words(panel(BETA, book(value=700_000.0)))
    assert "Below one lot" in text
    assert "Your book is below one lot: ₹7.00 L x beta 1.10 = ₹7.70 L" in text
    assert "Selling" in text
    assert "Break-even" not in text


def test_a_book_of_less_than_a_lot_may_ask_for_the_nearest() -> None:
    small = book(value=1_200_000.0)
    assert "rounded to the nearest lot it would be 1" in words(panel("goal=beta&target_beta=0", small))
    html = panel("goal=beta&target_beta=0&rounding=nearest", small)
    assert "Over-hedged" in words(html)
    assert re.search(r'name="rounding" value="nearest" checked', html)


def test_below_one_lot_is_told_once_for_all_strategies() -> None:
    text = words(panel(BETA, book(value=700_000.0)))
    assert text.count("Your book is below one lot") == 1


def test_without_quotes_the_panel_says_so_before_and_after_a_question() -> None:
    missing = FakeQuotes(dv.NoDerivatives("There are no quotes.", "Import a file."), Outlook(None, None, "No key yet."))
    assert "No derivatives data" in words(panel(quotes=missing))
    assert "python -m app import derivatives FILE" in words(panel(quotes=missing))
    assert "There are no quotes. Import a file." in words(panel(BETA, quotes=missing))
    assert "1.10" in words(panel(BETA, quotes=missing))


def test_closes_are_announced_with_their_day_and_old_ones_called_too_old() -> None:
    day = date(2026, 11, 20)
    known = FakeQuotes(outlook_of=Outlook(dv.PriceBasis.END_OF_DAY, day, "Nobody is logged in."))
    assert "closes of 20 Nov 2026 from NSE's end-of-day file. Nobody is logged in." in words(panel(quotes=known))
    old = FakeQuotes(outlook_of=Outlook(None, day, ""))
    assert "The newest file here is of 20 Nov 2026: too old." in words(panel(quotes=old))


def test_an_answer_from_closes_shows_their_age() -> None:
    listed = replace(
        market(dv.PriceBasis.END_OF_DAY), source="NSE end-of-day file", asked_at=NOW + timedelta(days=3),
        why_not_live="nobody is logged in",
    )  # fmt: skip
    text = words(panel(BETA, quotes=FakeQuotes(listed)))
    assert "Quotes: NSE end-of-day file, closes of 23 Nov 2026, 3 days old . Not live: nobody is logged in." in text


@pytest.mark.parametrize(
    ("goal", "field", "typed", "complaint"),
    [
        ("beta", "target_beta", "much", "The beta is not a number from 0 to 5."),
        ("beta", "target_beta", "-1", "The beta is not a number"),
        ("beta", "target_beta", "nan", "The beta is not a number"),
        ("budget", "loss_budget", "", "The budget is not a number"),
        ("budget", "fall", "90", "The fall is not a number from 1 to 50."),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_stays_as_it_was_typed(
    goal: str, field: str, typed: str, complaint: str
) -> None:
    fields = {"goal": goal, "target_beta": "0.5", "loss_budget": "1000", "fall": "10"} | {field: typed}
    html = panel(urlencode(fields))
    assert complaint in words(html)
    assert re.search(rf'name="{field}"[^>]*value="{typed}"', html)


def test_the_field_at_fault_is_marked_and_the_quotes_are_still_announced() -> None:
    html = panel("goal=beta&target_beta=much")
    assert re.search(r'name="target_beta"[^>]*aria-invalid="true" aria-describedby="hedge-complaint"', html)
    assert html.count("aria-invalid") == 1
    assert "Quotes will be asked of Kite" in words(html)


def test_a_large_bound_is_grouped_as_people_in_india_group() -> None:
    assert "from 0 to 10,00,00,00,00,000." in words(panel("goal=budget&loss_budget=much&fall=10"))


def test_closes_of_an_earlier_day_are_asked_for_in_the_form() -> None:
    old = FakeQuotes(outlook_of=Outlook(None, date(2026, 9, 11), ""))
    assert "give it above as the day to ask about" in words(panel(quotes=old))
    quotes = FakeQuotes()
    html = panel(f"{BETA}&as_of=2026-09-11", quotes=quotes)
    assert quotes.requests[-1].as_of == date(2026, 9, 11)
    assert 'name="as_of" value="2026-09-11"' in html
    assert "“then” is not a day" in words(panel(f"{BETA}&as_of=then"))
    assert "The day is before" in words(panel(f"{BETA}&as_of=1950-01-01"))


def test_what_is_typed_is_never_markup() -> None:
    assert "<script>" not in panel("goal=beta&target_beta=%22%3E%3Cscript%3E")


def test_a_book_without_a_beta_shows_the_reason_in_its_window() -> None:
    assert "Only 30 of 252 returns." in words(panel(base=book(beta=None)))
    assert "No hedge can be offered" in words(panel(BETA, base=book(beta=None)))


def test_a_negative_loss_is_called_a_gain() -> None:
    assert (loss_words(-12_345.0), loss_words(0.2), loss_words(10.0)) == ("₹12,345 gain", "₹0", "₹10")


def test_the_age_of_quotes_is_told_in_minutes_or_days() -> None:
    at = hd.QuoteOrigin("NIFTY", dv.PriceBasis.LIVE, "Kite", NOW, 0.2, "", 10, {})
    assert origin_words(at).endswith("12 min old")
    closes = replace(at, basis=dv.PriceBasis.END_OF_DAY)
    assert origin_words(replace(closes, age_hours=20.0)).endswith("less than a day old")
    assert origin_words(replace(closes, age_hours=30.0)).endswith("1 day old")
