"""What the Funds tab says of bringing portfolios in: files that were given, and runs over the fund houses' sites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.api.formats import day, percent, plain, sentence
from app.api.summaries import counted
from app.domain.disclosures import ImportedSheet
from app.domain.fund_fetches import FetchOutcome, FundJobReport, HouseFetch, HouseStatus, JobStatus
from app.ingest.disclosures import DisclosureImport

SAID_OF_IT = frozenset({"adds", "contains", "does", "has", "holds", "is", "lists", "names", "shows", "totals"})
"""First words of the faults that are said of a file or sheet."""
_OUTCOMES = {
    FetchOutcome.DONE: ("ok", "Stored"),
    FetchOutcome.NOTHING_NEW: ("ok", "Nothing new"),
    FetchOutcome.NOT_PUBLISHED: ("info", "Not published yet"),
    FetchOutcome.REFUSED: ("warning", "Refused"),
    FetchOutcome.FAILED: ("critical", "No answer"),
    FetchOutcome.MANUAL: ("info", "By hand"),
}
_STATES = {JobStatus.RUNNING: "Fetching", JobStatus.ENDED: "Done", JobStatus.STOPPED: "Stopped half way"}


@dataclass(frozen=True, slots=True)
class Item:
    """One outcome in words: of a sheet or of a fund house."""

    name: str
    tone: str
    verdict: str
    detail: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file: the whole of it, then each sheet."""

    name: str
    tone: str
    verdict: str
    sheets: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A run over fund houses. ``done`` of ``total`` have ended; it is asked for again while ``is_running``."""

    job_id: str
    state: str
    is_running: bool
    month: str
    detail: str
    done: int
    total: int
    houses: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class House:
    """What is there of a fund house. ``page`` is where it publishes, "" where that is not known."""

    name: str
    newest: str
    is_old: bool
    last: str
    by_hand: str
    page: str


@dataclass(frozen=True, slots=True)
class BringData:
    """The panel: what was just given, what is wrong with it, the last run, and the age of what is there.

    ``unmatched`` are the names in disclosures that are tied to no scheme of AMFI's.
    """

    files: tuple[FileResult, ...]
    complaint: str
    run: Run | None
    houses: tuple[House, ...]
    unmatched: tuple[str, ...]


def bring_data(
    imports: Iterable[DisclosureImport],
    complaint: str,
    job: FundJobReport | None,
    houses: Sequence[HouseStatus],
    unmatched: Sequence[str],
) -> BringData:
    """The panel out of its parts; the houses with portfolios first."""
    ordered = sorted(houses, key=lambda house: (house.newest is None, house.house.casefold()))
    return BringData(
        tuple(map(file_result, imports)),
        complaint,
        None if job is None else run_view(job),
        tuple(map(_house, ordered)),
        tuple(unmatched),
    )


def file_result(result: DisclosureImport) -> FileResult:
    """One file in words."""
    if result.unreadable:
        return FileResult(result.file.name, "critical", _not_used(result.unreadable), ())
    used = sum(sheet.quarantined is None for sheet in result.sheets)
    sheets = tuple(map(_sheet, result.sheets))
    if result.known:
        return FileResult(result.file.name, "info", "These very bytes were here before: nothing to do.", sheets)
    if not used:
        return FileResult(result.file.name, "warning", "No portfolio of it is used.", sheets)
    words = f"{counted(used, 'portfolio')} stored, {counted(result.lines_stored, 'line')}."
    return FileResult(result.file.name, "ok" if used == len(sheets) else "warning", words, sheets)


def _sheet(sheet: ImportedSheet) -> Item:
    name = sheet.name or sheet.sheet or "Unnamed sheet"
    since = f"as of {day(sheet.as_on)}" if sheet.as_on else "of no day"
    total = f", adding up to {percent(sheet.sum_of_weights, 1)}" if sheet.sum_of_weights is not None else ""
    detail = f"{since}, {counted(sheet.lines, 'line')}{total}"
    notes = tuple(map(sentence, sheet.warnings))
    if sheet.quarantined:
        return Item(name, "warning", _not_used(sheet.quarantined), detail, notes)
    unknown = () if sheet.amfi_code else ("AMFI's list has no scheme that is surely this one: say below which it is.",)
    return Item(name, "ok", "Used", detail, notes + unknown)


def _not_used(reason: str) -> str:
    """Faults are said of the file, ``names no scheme``, or are sentences of their own: ``lines add up to ...``."""
    faults = (f"it {fault}" if fault.split(" ")[0] in SAID_OF_IT else fault for fault in reason.split("; "))
    return f"Not used: {plain('; '.join(faults)).rstrip('.')}."


def run_view(report: FundJobReport) -> Run:
    """A run in words."""
    job = report.job
    return Run(
        job_id=job.job_id,
        state=_STATES[job.status],
        is_running=job.status is JobStatus.RUNNING,
        month=day(job.month).split(" ", 1)[1],
        detail=job.detail,
        done=job.done,
        total=job.total,
        houses=tuple(map(_fetched, report.houses)),
    )


def _fetched(house: HouseFetch) -> Item:
    tone, verdict = _OUTCOMES[house.outcome]
    found = f"{counted(house.schemes, 'portfolio')} from {house.files_done} of {counted(house.files, 'file')}"
    return Item(
        house.house, tone, verdict, found if house.files else "", (sentence(house.reason),) * bool(house.reason)
    )


def _house(house: HouseStatus) -> House:
    newest = f"{day(house.newest)}, {counted(house.portfolios, 'portfolio')}" if house.newest else ""
    last = f"{_OUTCOMES[house.last.outcome][1]}. {sentence(house.last.reason)}".strip() if house.last else ""
    page = house.page if house.page.startswith(("https://", "http://")) else ""
    return House(house.house, newest, house.is_stale, last, sentence(house.manual), page)
