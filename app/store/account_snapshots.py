"""What Kite said of the account, day by day: the newest good answer of each day, and at most one that is held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from app.domain.serialise import to_json


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """``part`` is holdings, mf_holdings, positions or margins; ``content`` its rows as the domain has them.

    ``fingerprint`` is equal for answers that own the same. ``held_back`` says why it is not believed, None if it is.
    """

    part: str
    as_of: date
    fetched_at: datetime
    fingerprint: str
    content: Any
    held_back: str | None = None


def save_account_snapshot(connection: Connection, snapshot: AccountSnapshot) -> None:
    """Keep it as the day's, or as the one held back. A good one settles what was held back before."""
    connection.execute(
        text("DELETE FROM risk_account_snapshots WHERE part = :part AND (held_back IS NOT NULL OR "
             "(CAST(:held_back AS text) IS NULL AND as_of = :as_of))"),
        {"part": snapshot.part, "held_back": snapshot.held_back, "as_of": snapshot.as_of},
    )  # fmt: skip
    connection.execute(
        text("""INSERT INTO risk_account_snapshots (part, as_of, fetched_at, fingerprint, held_back, content)
                VALUES (:part, :as_of, :fetched_at, :fingerprint, :held_back, CAST(:content AS jsonb))"""),
        {
            "part": snapshot.part,
            "as_of": snapshot.as_of,
            "fetched_at": snapshot.fetched_at,
            "fingerprint": snapshot.fingerprint,
            "held_back": snapshot.held_back,
            "content": to_json(snapshot.content).decode(),
        },
    )


def newest_good(connection: Connection, part: str) -> AccountSnapshot | None:
    """The newest answer that is believed; None before the first."""
    return _one(connection, part, "held_back IS NULL ORDER BY as_of DESC LIMIT 1")


def held_back(connection: Connection, part: str) -> AccountSnapshot | None:
    """The answer that waits for a person's word; None when there is none."""
    return _one(connection, part, "held_back IS NOT NULL")


def _one(connection: Connection, part: str, condition: str) -> AccountSnapshot | None:
    row = connection.execute(
        text(f"""SELECT part, as_of, fetched_at, fingerprint, content, held_back
                 FROM risk_account_snapshots WHERE part = :part AND {condition}"""),  # noqa: S608
        {"part": part},
    ).one_or_none()
    return AccountSnapshot(*row) if row else None
