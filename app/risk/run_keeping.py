"""Keeps every report that is computed: with its inputs, each set of inputs once, and at nobody's expense."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from queue import Full, Queue
from threading import Lock, Thread

from sqlalchemy.exc import SQLAlchemyError

from app.Boilerplate import Boilerplate
from app.domain.errors import RiskError
from app.domain.fingerprints import fingerprint
from app.domain.market_hours import trading_day
from app.domain.risk_runs import Computed, RiskRun, RunKind
from app.domain.serialise import to_json
from app.risk.run_figures import measures_of
from app.store.holdings import holds_sample_book
from app.store.risk_runs import save_run

log = logging.getLogger(__name__)
CODE = "the app's code"
MOST_WAITING = 64
"""Reports that may wait for the database; each holds its book, so one more is given up."""


class RunKeeper:
    """Writes runs of reports: at once for a job, in a thread of its own for who waits for an answer."""

    def __init__(self, database: Boilerplate, code_version: str, now: Callable[[], datetime]) -> None:
        self.code_version = code_version
        self._database = database
        self._now = now
        self._waiting: Queue[Computed | None] = Queue(MOST_WAITING)
        self._starting = Lock()
        self._writer: Thread | None = None
        self._names = _Names()
        self._kept: tuple[date, set[str]] = date.min, set()

    def keep(self, computed: Computed, kind: RunKind = RunKind.ON_DEMAND) -> int | None:
        """Keep a report now; returns the number of its run, None when nothing was new, or it has no prices.

        Raises:
            DatabaseUnavailable: when Postgres can't be reached.
        """
        return self._save(computed, inputs_of(computed, self.code_version), kind)

    def keep_later(self, computed: Computed) -> None:
        """Keep a report soon, and return at once. What goes wrong is logged, without anything of the report."""
        try:
            self._waiting.put_nowait(computed)
        except Full:
            log.warning("a report of %s is not kept: %d are waiting", computed.report.scope, MOST_WAITING)
        with self._starting:
            if self._writer is None or not self._writer.is_alive():
                self._writer = Thread(target=self._write, name="run-keeper", daemon=True)
                self._writer.start()

    def finish(self, seconds: float = 5.0) -> None:
        """Wait until what is waiting was written, or about so long; the thread ends. A later report starts another."""
        with self._starting:
            writer = self._writer
        if writer is None or not writer.is_alive():
            return
        try:
            self._waiting.put(None, timeout=seconds)
        except Full:
            return
        writer.join(seconds)

    def _write(self) -> None:
        while (computed := self._waiting.get()) is not None:
            try:
                self._keep_new(computed)
            except (RiskError, SQLAlchemyError) as error:
                log.warning("a report of %s is not kept: %s", computed.report.scope, type(error).__name__)

    def _keep_new(self, computed: Computed) -> None:
        """Ask the database about the same inputs once a day: it removes what is old."""
        inputs = inputs_of(computed, self.code_version, self._names)
        name, today = fingerprint((computed.report.scope, inputs)), trading_day(self._now())
        if self._kept[0] != today:
            self._kept = today, set()
        if name not in self._kept[1]:
            self._save(computed, inputs, RunKind.ON_DEMAND)
            self._kept[1].add(name)

    def _save(self, computed: Computed, inputs: Mapping[str, str], kind: RunKind) -> int | None:
        if computed.report.as_of is None:
            return None
        run = _run_of(computed, computed.report.as_of, kind, inputs, self.code_version, self._now())
        with self._database.transaction() as connection:
            if run.is_sample and not holds_sample_book(connection):
                return None  # the owner's own book came while this was computed
            return save_run(connection, run)


class _Names:
    """Fingerprints of inputs. What is the very object that the scope's last newest report had is not read again."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, tuple[object, str]]] = {}

    def of(self, computed: Computed) -> dict[str, str]:
        """Fingerprint of each input by its name."""
        scope = computed.report.scope
        before = self._last.get(scope, {})
        found = {
            name: before[name] if name in before and before[name][0] is content else (content, fingerprint(content))
            for name, content in computed.inputs.items()
        }
        if computed.asked.is_newest:
            self._last[scope] = found
        return {name: digest for name, (_, digest) in found.items()}


def inputs_of(computed: Computed, code_version: str, names: _Names | None = None) -> dict[str, str]:
    """Fingerprints of everything that a report was computed from, the code among it."""
    return {CODE: code_version} | (names or _Names()).of(computed)


def _run_of(
    computed: Computed, as_of: date, kind: RunKind, inputs: Mapping[str, str], code_version: str, now: datetime
) -> RiskRun:
    report = computed.report
    return RiskRun(
        scope=report.scope,
        kind=kind,
        as_of=as_of,
        asked=computed.asked,
        books=computed.books,
        computed_at=now.astimezone(UTC),
        value=report.value,
        is_sample=report.sample_data,
        code_version=code_version,
        inputs=inputs,
        measures=measures_of(report),
        issues=to_json(report.data_issues),
        report=to_json(report),
    )
