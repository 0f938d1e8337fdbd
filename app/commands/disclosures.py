"""The command line of fund disclosures: python -m app import disclosures FILE..."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.bootstrap import Services
from app.domain.disclosures import ImportedSheet, Source
from app.domain.errors import InputFileError
from app.domain.market_hours import trading_day
from app.domain.serialise import to_json
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosure_files import drop_folder, find_files, import_files, without_files
from app.ingest.disclosures import DisclosureImport
from app.store.migrations import migrate

OpenServices = Callable[[], AbstractContextManager[Services]]
SHOWN = 10
"""Refused sheets printed of a file before "and more"."""
HELP = "portfolios of mutual funds as their houses publish them: .xlsx, .xlsb, .xls or .zip"


def add_disclosure_import(parser: argparse.ArgumentParser, open_services: OpenServices, console: Console) -> None:
    """Give ``import disclosures`` its arguments and what it runs."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", type=Path, help="files and folders; by default the drop folder"
    )
    parser.add_argument("--month", type=_month, metavar="YYYY-MM", help="refuse portfolios of any other month")
    parser.add_argument(
        "--older",
        action="store_true",
        help="keep months older than the newest stored of a scheme as history. Otherwise they are refused, but for "
        "what one command brings together and the month that --month names",
    )
    parser.add_argument("--json", action="store_true", help="a list of what was made of each scheme sheet")
    parser.set_defaults(run=lambda options: _run(options, open_services, console))


def _run(options: argparse.Namespace, open_services: OpenServices, console: Console) -> int:
    failures: list[InputFileError] = []
    sheets: list[ImportedSheet] = []
    with open_services() as services, _progress(console) as bar:
        with services.database.transaction() as connection:
            migrate(connection, services.database.schema)
        paths = options.files or [drop_folder(services.settings.data_dir)]
        source = Source.FOLDER if all(path.is_dir() for path in paths) else Source.UPLOAD
        failures += without_files(paths)
        for failure in failures:
            _complain(console, failure)
        files = find_files(paths)
        task = bar.add_task("", total=len(files))
        asked = Asked(trading_day(services.now()), source, options.month, older=options.older)
        done = import_files(services.database, files, asked, lambda path: bar.update(task, description=path.name))
        for result in done:
            bar.advance(task)
            if isinstance(result, InputFileError):
                failures.append(result)
                _complain(console, result)
                continue
            sheets += result.sheets
            _tell(console, result)
            if result.unreadable:
                failures.append(InputFileError(result.file.name, result.unreadable))
    if options.month and sheets and all(sheet.quarantined for sheet in sheets):
        failures.append(InputFileError("Nothing is used", f"no sheet holds a good portfolio of {options.month:%Y-%m}."))
        _complain(console, failures[-1])
    if options.json:
        sys.stdout.buffer.write(to_json(sheets) + b"\n")
    return failures[0].exit_code if failures else 0


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month has no time zone
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month like 2026-10") from None


def _tell(console: Console, result: DisclosureImport) -> None:
    refused = [sheet for sheet in result.sheets if sheet.quarantined]
    used = len(result.sheets) - len(refused)
    known = " (all known already)" if result.known else f", {result.lines_stored:,} lines stored"
    _say(console, f"{result.file.name}: {used} portfolios used, {len(refused)} refused{known}.")
    for sheet in refused[:SHOWN]:
        _say(console, f"  Refused: {sheet.sheet or sheet.file}: {sheet.quarantined}")
    if len(refused) > SHOWN:
        _say(console, f"  Refused: and {len(refused) - SHOWN} more")


def _complain(console: Console, error: InputFileError) -> None:
    _say(console, f"error: {error.message}", style="bold red")
    if error.remedy:
        _say(console, f"  {error.remedy}")


def _say(console: Console, line: str, style: str | None = None) -> None:
    console.print(line, style=style, markup=False, soft_wrap=True)
