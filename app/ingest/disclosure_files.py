"""Many disclosure files at once: found in folders, read two at a time, stored each in a transaction of its own."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from app.Boilerplate import Boilerplate
from app.domain.disclosures import DisclosureFile, SchemeSheet
from app.domain.errors import InputFileError
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosures import DisclosureImport, describe, load_known, store_disclosure
from app.ingest.portfolios import load_index
from app.ingest.scheme_matching import SchemeIndex
from app.sources.amc.reader import read_disclosure
from app.sources.workbooks import WorkbookReader

SUFFIXES = frozenset({".xlsx", ".xlsb", ".xls", ".zip"})
"""What is looked at in a folder; what a file is, its bytes decide."""
Item = TypeVar("Item")
Result = TypeVar("Result")
AT_ONCE = 2
AHEAD = 6
"""Files read before they are stored, at most."""
TURN = 0.0005
"""Seconds that a busy thread keeps the others waiting; with Python's 5 ms the child processes stand idle for long."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file with the scheme sheets read from it, or what is known of its bytes already."""

    file: DisclosureFile
    sheets: tuple[SchemeSheet, ...]
    known: DisclosureImport | None = None


def drop_folder(data_dir: Path) -> Path:
    """Where files may be left to be imported; made here, so that there is something to find."""
    folder = data_dir / "disclosures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and in place of each folder the workbooks and archives in it and below, by name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (at for at in path.rglob("*") if at.suffix.lower() in SUFFIXES and not _is_hidden(at, path))
            found += sorted(at for at in inside if at.is_file())
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def import_files(
    database: Boilerplate, paths: Sequence[Path], asked: Asked, progress: Callable[[Path], None]
) -> Iterator[DisclosureImport | InputFileError]:
    """Import the files in order, yielding what became of each; ``progress`` is called with the one that is next.

    A file that was imported before is not read again. One that can't be read from the disk comes as its error.
    """
    index: SchemeIndex | None = None
    for path, one in read_ahead(paths, lambda path, reader: _read(database, path, asked, reader)):
        progress(path)
        try:
            done = one.result()
        except InputFileError as error:
            yield error
            continue
        if done.known is None:
            with database.transaction() as connection:
                index = index or load_index(connection)
                result = store_disclosure(connection, done.file, done.sheets, asked, index)
        yield done.known or result


def read_ahead(
    items: Iterable[Item], read: Callable[[Item, WorkbookReader], Result]
) -> Iterator[tuple[Item, Future[Result]]]:
    """Each item with its reading, in order: two are under way at a time, some ahead of the one asked for."""
    begun: deque[tuple[Item, Future[Result]]] = deque()
    readers: SimpleQueue[WorkbookReader] = SimpleQueue()

    def with_reader(item: Item) -> Result:
        reader = readers.get()
        try:
            return read(item, reader)
        finally:
            readers.put(reader)

    with ExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(TURN)
        for _ in range(AT_ONCE):
            readers.put(stack.enter_context(WorkbookReader()))
        pool = ThreadPoolExecutor(AT_ONCE)
        stack.callback(pool.shutdown, cancel_futures=True)
        for item in items:
            begun.append((item, pool.submit(with_reader, item)))
            if len(begun) > AHEAD:
                yield begun.popleft()
        while begun:
            yield begun.popleft()


def _read(database: Boilerplate, path: Path, asked: Asked, reader: WorkbookReader) -> ReadFile:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputFileError(str(path), error.strerror or "it can't be read", "Check the path.") from None
    file = describe(data, path.name)
    with database.transaction() as connection:
        known = load_known(connection, file, asked)
    return ReadFile(file, () if known else read_disclosure(data, file.name, reader), known)


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
