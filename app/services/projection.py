"""The projection `consent`, folded anew from the whole ledger: to compare it, or to put it right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from sqlalchemy import RowMapping, Select, select, text, tuple_

from app.db import Session
from app.models import Consent, ConsentEvent
from app.services import folding, ledger, streaming
from app.services.folding import State

CHUNK = 20_000
"""Lines in memory at a time."""

_COLUMNS = [column.name for column in Consent.__table__.columns]
_STATE = attrgetter(*_COLUMNS[2:])
_EVENT = [column for column in ConsentEvent.__table__.columns if column.name not in {"mac", "detail_hash"}]


@dataclass(frozen=True, slots=True)
class Difference:
    """A consent that is not what its lines lead to; None where there is no row, and where there should be none."""

    account_id: UUID
    item_id: int
    stored: str | None
    folded: str | None

    def __str__(self) -> str:
        return f"account {self.account_id}, item {self.item_id}: is {self.stored}, should be {self.folded}"


def differences(session: Session, limit: int = 100) -> list[Difference]:
    """Fold everything and give up to `limit` differences, by account and item; none where all is well.

    Must be the first thing in its transaction, which stays in one snapshot.
    """
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    _prepare(session)
    _fold(session, _LINES)
    rows = session.execute(text(f"{_DIFFERENT} ORDER BY account_id, item_id LIMIT {limit:d}"))
    return [Difference(row.account_id, row.item_id, row.stored, row.folded) for row in rows]


def rebuild(session: Session) -> int:
    """Put right the consents that differ, and give how many.

    What differs at a first look is folded once more with its accounts locked, so that it may run beside writers.
    """
    _prepare(session)
    _fold(session, _LINES)
    session.execute(text(f"INSERT INTO suspect SELECT DISTINCT account_id FROM ({_DIFFERENT}) AS d"))  # noqa: S608
    session.execute(text(f"SELECT FROM account WHERE id IN {_SUSPECTS} ORDER BY id FOR UPDATE"))
    session.execute(text("TRUNCATE folded"))
    _fold(session, _LINES.where(ConsentEvent.account_id.in_(text(_SUSPECTS))))
    session.execute(text(f"INSERT INTO different SELECT d.* FROM ({_DIFFERENT}) AS d WHERE account_id IN {_SUSPECTS}"))  # noqa: S608
    session.execute(text("DELETE FROM consent USING different WHERE (consent.account_id, consent.item_id) "
                         "= (different.account_id, different.item_id)"))  # fmt: skip
    session.execute(text("INSERT INTO consent SELECT folded.* FROM folded JOIN different USING (account_id, item_id)"))
    return int(session.scalar(text("SELECT count(*) FROM different")) or 0)


_LINES = select(*_EVENT).order_by(ConsentEvent.account_id, ConsentEvent.sequence).limit(CHUNK)
_SUSPECTS = "(SELECT account_id FROM suspect)"
_DIFFERENT = """
    SELECT coalesce(c.account_id, f.account_id) AS account_id, coalesce(c.item_id, f.item_id) AS item_id,
           to_jsonb(c)::text AS stored, to_jsonb(f)::text AS folded
      FROM consent AS c FULL JOIN folded AS f ON f.account_id = c.account_id AND f.item_id = c.item_id
     WHERE c IS DISTINCT FROM f"""


def _prepare(session: Session) -> None:
    """Make the temporary tables: the new projection, accounts that may differ, and what does."""
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("CREATE TEMPORARY TABLE folded (LIKE consent) ON COMMIT DROP"))
    session.execute(text("CREATE TEMPORARY TABLE suspect (account_id uuid) ON COMMIT DROP"))
    session.execute(
        text("CREATE TEMPORARY TABLE different (account_id uuid, item_id int, stored text, folded text) ON COMMIT DROP")
    )


def _fold(session: Session, lines: Select[Any]) -> None:
    """Fold the lines into the table `folded`, which is like `consent`."""
    account_id, states = None, dict[int, State | None]()
    for chunk in _chunks(session, lines):
        done: list[tuple[UUID, dict[int, State | None]]] = []
        for event in chunk:
            if event["account_id"] != account_id:
                done += [(account_id, states)] if account_id else []
                account_id, states = event["account_id"], {}
            line = ledger.line_of(cast("Mapping[str, Any]", event))
            states[line.item_id] = folding.apply(states.get(line.item_id), line)
        _copy(session, done)
    _copy(session, [(account_id, states)] if account_id else [])


def _chunks(session: Session, lines: Select[Any]) -> Iterator[Sequence[RowMapping]]:
    key = tuple_(ConsentEvent.account_id, ConsentEvent.sequence)
    chunk = session.execute(lines).mappings().all()
    while chunk:
        yield chunk
        last = (chunk[-1]["account_id"], chunk[-1]["sequence"])
        chunk = session.execute(lines.where(key > last)).mappings().all()


def _copy(session: Session, done: list[tuple[UUID, dict[int, State | None]]]) -> None:
    with streaming.driver(session).cursor() as cursor, cursor.copy("COPY folded FROM STDIN") as copy:
        for account_id, states in done:
            for item_id, state in states.items():
                if state is not None:
                    copy.write_row((account_id, item_id, *_STATE(state)))
