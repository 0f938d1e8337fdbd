"""In the evening: bring in the fund houses' files that were left in the drop folder."""

from __future__ import annotations

from app.bootstrap import Services
from app.domain.disclosures import Source
from app.domain.errors import InputFileError
from app.domain.market_hours import trading_day
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosure_files import drop_folder, find_files, import_files
from app.scheduled_jobs.heartbeats import noted

NAME = "fund_files"


def run(services: Services) -> str:
    """Import what is new in the folder; returns one line for the log. Files that are known cost nothing."""
    files = find_files([drop_folder(services.settings.data_dir)])
    asked = Asked(trading_day(services.now()), Source.FOLDER)
    new, unusable = 0, []
    for result in import_files(services.database, files, asked, lambda _path: None):
        if isinstance(result, InputFileError):
            unusable.append(result.message)
        elif not result.known:
            new += 1
            unusable += [f"{result.file.name} {result.unreadable}"] if result.unreadable else []
    detail = "; ".join([f"{new} new of {len(files)} files", *unusable])
    return noted(services, NAME, "error" if unusable else "ok", detail)
