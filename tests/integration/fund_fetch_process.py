"""A run over fund houses as a program, to be killed: ``python -m tests.integration.fund_fetch_process HOUSE``.

Settings come from the environment, as in the product; the clock stands still.
"""

from __future__ import annotations

import os
import sys

from app.bootstrap import build_services
from app.domain.fund_fetches import FetchWish
from app.settings import read_settings
from tests.integration.conftest import clock

if __name__ == "__main__":
    services = build_services(read_settings(os.environ), clock)
    services.funds.fetch(FetchWish(houses=(sys.argv[1],)))
    services.close()
