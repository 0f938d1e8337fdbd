"""A Kite that speaks the real protocol over real sockets, for tests and for seeing the live mode without an account."""

from tests.fakes.kite.bad_answers import BAD_ANSWERS, BadAnswer, Trouble
from tests.fakes.kite.market import FakeInstrument, FakeMarket
from tests.fakes.kite.server import FakeKite

__all__ = ["BAD_ANSWERS", "BadAnswer", "FakeInstrument", "FakeKite", "FakeMarket", "Trouble"]
