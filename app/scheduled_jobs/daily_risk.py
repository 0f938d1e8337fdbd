"""After the close: compute the day's report and keep it."""

from __future__ import annotations

from hashlib import sha256

from app import __version__
from app.bootstrap import Services
from app.domain.serialise import to_json
from app.store.heartbeats import Heartbeat, save_heartbeat
from app.store.risk_reports import save_report

NAME = "daily_risk"


def run(services: Services) -> str:
    """Keep the newest report under the day of its prices; returns one line for the log."""
    report = services.equity.report()
    body = to_json(report)
    with services.database.transaction() as connection:
        if report.as_of is None:
            detail = "nothing to keep: there are no prices yet"
        else:
            detail = f"equity report of {report.as_of} kept"
            inputs = sha256(to_json([report.as_of, report.book_as_of, report.holdings])).hexdigest()
            save_report(connection, report.scope, report.as_of, inputs, __version__, body)
        save_heartbeat(connection, Heartbeat(NAME, services.now(), "ok", detail))
    return detail
